//! Which of the agent's sources can be read here, tried out; for `bridgewalk doctor`.

use std::{fs, io, os::fd::OwnedFd, path::Path, thread};

use bridgewalk_model::{LimitReason, Remedy, SourceKind};
use netlink_sys::{
    Socket,
    protocols::{NETLINK_NETFILTER, NETLINK_SOCK_DIAG},
};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::{
    netlink::{Netlink, route::Route},
    privilege::own_privilege,
    reading::{has_ipvs, remedy},
};

/// Whether one source can be read, in every namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeResult {
    /// The source.
    pub source: SourceKind,
    /// Why not, or why only in part; none: it can.
    pub reason: Option<LimitReason>,
    /// What would help.
    pub remedy: Remedy,
}

/// Tries out every source of the agent with this process's privilege.
pub fn probe() -> Vec<ProbeResult> {
    let can_enter = can_enter();
    let capabilities = own_privilege().capabilities;
    let has = |capability: &str| capabilities.iter().any(|name| name == capability);
    let needs = |capability: &str, is_there: bool| (!is_there).then(|| missing(capability));
    let entering = || needs("CAP_SYS_ADMIN", can_enter);
    let looking = || needs("CAP_SYS_PTRACE", has("CAP_SYS_PTRACE"));
    let legacy_is_in_kernel = ["ip_tables_names", "ip6_tables_names"]
        .iter()
        .any(|file| Path::new("/proc/self/net").join(file).symlink_metadata().is_ok());
    let results = [
        (SourceKind::Namespaces, looking().or_else(entering)),
        (SourceKind::Links, opened(Route::open()).or_else(entering)),
        (SourceKind::Fdb, entering()),
        (SourceKind::NfTables, nf_tables().or_else(entering)),
        (
            SourceKind::LegacyTables,
            if legacy_is_in_kernel {
                needs("CAP_NET_ADMIN", has("CAP_NET_ADMIN")).or_else(entering)
            } else {
                Some(LimitReason::NotInKernel)
            },
        ),
        (SourceKind::Sockets, opened(Netlink::open(NETLINK_SOCK_DIAG)).or_else(entering)),
        (SourceKind::Processes, looking()),
        (SourceKind::NameFiles, looking()),
        (SourceKind::Sysctls, entering()),
        (SourceKind::Ipvs, if has_ipvs() { entering() } else { Some(LimitReason::NotInKernel) }),
        (SourceKind::KernelEvents, entering()),
    ];
    results
        .into_iter()
        .map(|(source, reason)| ProbeResult { source, remedy: reason.as_ref().map_or(Remedy::None, remedy), reason })
        .collect()
}

fn missing(capability: &str) -> LimitReason {
    LimitReason::Privilege { missing: capability.to_owned() }
}

fn opened<T>(socket: io::Result<T>) -> Option<LimitReason> {
    let error = socket.err()?;
    Some(match error.raw_os_error() {
        Some(libc::EPROTONOSUPPORT | libc::EAFNOSUPPORT) => LimitReason::NotInKernel,
        Some(libc::EPERM | libc::EACCES) => missing("CAP_NET_ADMIN"),
        _ => LimitReason::Unreachable { detail: error.to_string() },
    })
}

/// Only who may read rules may listen to their changes.
fn nf_tables() -> Option<LimitReason> {
    opened(Socket::new(NETLINK_NETFILTER).and_then(|mut socket| {
        socket.bind_auto()?;
        socket.add_membership(libc::NFNLGRP_NFTABLES.cast_unsigned())
    }))
}

/// On a thread that is thrown away, into the namespace that it is in already: that needs the same privilege.
fn can_enter() -> bool {
    let try_it = || {
        let own: OwnedFd = fs::File::open("/proc/thread-self/ns/net")?.into();
        move_into_link_name_space(std::os::fd::AsFd::as_fd(&own), Some(LinkNameSpaceType::Network))?;
        Ok::<(), io::Error>(())
    };
    let thread = thread::Builder::new().name("agent-probe".to_owned()).spawn(try_it);
    thread.ok().and_then(|thread| thread.join().ok()).is_some_and(|tried| tried.is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speaks_of_every_source_once_and_helps_where_it_can() {
        let results = probe();
        assert_eq!(results.len(), 11);
        for result in results {
            let is_privilege = matches!(result.reason, Some(LimitReason::Privilege { .. }));
            assert_eq!(is_privilege, result.remedy == Remedy::StartAgent, "{result:?}");
        }
    }
}
