//! Where the daemon runs: on this machine, and as which process.

use std::fs;

use bridgewalk_docker::{Peer, endpoint::Address};
use bridgewalk_model::engine::EngineFacts;

/// Whether the engine uses the kernel this program sees. A Unix socket may lead into a virtual machine, and a TCP port
/// of this host may be forwarded elsewhere: so the kernel's release must agree, and over TCP the host's name as well.
pub(super) fn is_local(address: &Address, facts: &EngineFacts) -> bool {
    let this = rustix::system::uname();
    let same_kernel =
        facts.kernel_release.is_empty() || this.release().to_string_lossy() == facts.kernel_release.as_str();
    match address {
        Address::Unix(_) => same_kernel,
        Address::Tcp { .. } => same_kernel && this.nodename().to_string_lossy() == facts.host_name.as_str(),
        Address::Ssh { .. } => false,
    }
}

/// The daemon's process: the socket's peer, if that is dockerd. With socket activation the peer is whoever made the
/// socket (PID 1): then the only dockerd of the same user, if there is only one. A name alone may be anybody's.
pub(super) fn pid(peer: Option<Peer>) -> Option<u32> {
    if let Some(peer) = peer.filter(|peer| is_daemon(peer.pid)) {
        return Some(peer.pid);
    }
    let uid = peer.map_or(0, |peer| peer.uid);
    let mut daemons = fs::read_dir("/proc")
        .ok()?
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| is_daemon(*pid) && runs_as(*pid, uid));
    let first = daemons.next();
    first.filter(|_| daemons.next().is_none())
}

/// Whether a process of this machine is called as a Docker daemon.
pub(super) fn is_daemon(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim_end() == "dockerd")
}

/// Whether a process runs as this user in every respect: a setuid program has its caller's real user.
fn runs_as(pid: u32, uid: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let uids = status.lines().find_map(|line| line.strip_prefix("Uid:"));
    uids.is_some_and(|uids| uids.split_ascii_whitespace().all(|one| one.parse() == Ok(uid)))
}
