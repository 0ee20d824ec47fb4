//! Which of the agent's sources can be read here, tried out; for `bridgewalk doctor`.

use std::{fs, io, os::fd::OwnedFd, path::Path, thread};

use bridgewalk_model::{LimitReason, NotReadBecause, Remedy, SourceKind};
use netlink_sys::{
    Socket,
    protocols::{NETLINK_NETFILTER, NETLINK_SOCK_DIAG},
};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::{
    discovery::{self, Place},
    netlink::{Netlink, route::Route},
    privilege::{self, own_privilege},
    protocol::Hints,
    reading::{has_ipvs, readers::Here, remedy},
};

/// More closed namespaces are not named.
const MAX_NAMED: usize = 3;

/// Whether one source can be read, in every namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeResult {
    /// The source.
    pub source: SourceKind,
    /// Why not, or why only in part; none: it can.
    pub reason: Option<LimitReason>,
    /// What would help.
    pub remedy: Remedy,
    /// What belongs to others, whom nobody here may look at; the rest can be read.
    pub closed: Option<LimitReason>,
}

/// Tries out every source of the agent with this process's privilege.
pub fn probe() -> Vec<ProbeResult> {
    let can_enter = can_enter();
    let capabilities = own_privilege().capabilities;
    let has = |capability: &str| capabilities.iter().any(|name| name == capability);
    let needs = |capability: &str, is_there: bool| (!is_there).then(|| missing(capability));
    let entering = || needs("CAP_SYS_ADMIN", can_enter);
    let looking = || needs("CAP_SYS_PTRACE", has("CAP_SYS_PTRACE"));
    let closed = if can_enter { Closed::find() } else { Closed::default() };
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
        .map(|(source, reason)| {
            let closed = closed.of(source).filter(|_| reason.is_none());
            ProbeResult { source, remedy: reason.as_ref().map_or(Remedy::None, remedy), reason, closed }
        })
        .collect()
}

/// Also with the capability this process may be refused: by a namespace that belongs to others.
fn missing(capability: &str) -> LimitReason {
    privilege::refused(capability, || format!("net:[{}]", discovery::own_namespace().0))
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

/// What is closed to this process, though it has every capability for it.
#[derive(Debug, Default)]
struct Closed {
    /// Of looking for namespaces.
    looking: Option<LimitReason>,
    /// Namespaces that were found.
    namespaces: Option<LimitReason>,
}

impl Closed {
    fn find() -> Self {
        let try_all = || {
            let found = discovery::find(&Hints::default(), &[], |_| None);
            let mut here = Here::own();
            let mut is_closed = |place: &Place| {
                let entered = here.enter(place);
                entered.is_err_and(|error| matches!(error.raw_os_error(), Some(libc::EPERM | libc::EACCES)))
            };
            let closed: Vec<_> = found.places.iter().filter(|place| is_closed(place)).map(|it| it.name()).collect();
            let looking = found.limits.into_iter().map(|limit| limit.reason).find(LimitReason::is_closed);
            (looking, closed)
        };
        let thread = thread::Builder::new().name("agent-probe".to_owned()).spawn(try_all);
        let Some((looking, closed)) = thread.ok().and_then(|thread| thread.join().ok()) else { return Self::default() };
        let mut what = closed.iter().take(MAX_NAMED).cloned().collect::<Vec<_>>().join(", ");
        if closed.len() > MAX_NAMED {
            what += ", …";
        }
        let namespaces = (!closed.is_empty()).then_some(LimitReason::NotRead { what, because: NotReadBecause::Closed });
        Self { looking, namespaces }
    }

    /// What `source` does not tell for that.
    fn of(&self, source: SourceKind) -> Option<LimitReason> {
        match source {
            SourceKind::Namespaces | SourceKind::Processes => self.namespaces.clone().or_else(|| self.looking.clone()),
            _ => self.namespaces.clone(),
        }
    }
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
