//! The one thing beyond reading that an agent can do, and only if it was started with leave to: send one packet, or try
//! one connection, and have the kernel trace it.
//!
//! In each namespace on the way a table of our own marks the packet ([`table`]) and the kernel tells what its rules do
//! with it ([`listener`]). The table belongs to a netlink socket (`NFT_TABLE_F_OWNER`) and is gone with it: when the proof
//! is over, and just so when the process is killed. One thread goes from namespace to namespace, opens its sockets there
//! and keeps them; the sockets stay where they were opened.

mod connection;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzz;
mod header;
mod listener;
mod passages;
mod probe;
mod table;
pub(crate) mod trace;

use std::{
    fs, io,
    os::fd::BorrowedFd,
    sync::Arc,
    time::{Duration, Instant},
};

use bridgewalk_model::{
    NamespaceInode,
    proof::{
        Answer, MAX_TRACED_NAMESPACES, MAX_WAIT_MS, NamespaceTrace, ProbeProtocol, Proof, ProofFailure, ProofOrder,
        TracedFlow,
    },
};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::{discovery::Place, firewall, reading::readers::Here};
use listener::Listener;
use passages::Passages;
use probe::Probe;
use table::TraceTable;

/// What every table of a proof is called, before a number.
pub(crate) const TABLE_PREFIX: &str = "bridgewalk-proof-";

/// How many proofs one agent has under way at most.
pub(crate) const MAX_UNDER_WAY: usize = 4;

/// What the kernel still has to say after an answer comes within this time of silence.
const QUIET: Duration = Duration::from_millis(40);

/// A namespace that is looked into.
struct Site {
    trace: NamespaceTrace,
    passages: Passages,
    /// None where nothing can be looked at.
    open: Option<Open>,
}

/// What is held open there.
struct Open {
    listener: Listener,
    conntrack: Option<connection::Conntrack>,
    /// Dropped, it is gone.
    _table: TraceTable,
}

/// Sends what is asked for and tells what came of it. `places` are the namespaces of the order that are known. Takes as
/// long as the order waits, and a little more; on a thread of its own, since it goes into namespaces.
///
/// # Errors
/// Nothing was sent.
pub(crate) fn prove(order: &ProofOrder, places: &[Arc<Place>]) -> Result<Proof, ProofFailure> {
    check(order)?;
    let mut here = Here::own();
    let place = |inode: NamespaceInode| places.iter().find(|place| place.inode == inode);
    let from = place(order.from).ok_or(ProofFailure::Vanished { namespace: order.from })?;
    here.enter(from).map_err(|error| ProofFailure::Closed { detail: describe(&error, "CAP_SYS_ADMIN") })?;
    // The port must be known before anything is watched, and nothing is sent yet.
    let probe = Probe::open(order)?;
    let number = table::number();
    let mut sites = Vec::with_capacity(1 + order.namespaces.len());
    for inode in std::iter::once(order.from).chain(order.namespaces.iter().copied().filter(|it| *it != order.from)) {
        if sites.iter().any(|site: &Site| site.trace.namespace == inode) {
            continue;
        }
        let opened = place(inode)
            .ok_or_else(|| "the namespace is not there any more".to_owned())
            .and_then(|place| here.enter(place).map_err(|error| describe(&error, "CAP_SYS_ADMIN")))
            .and_then(|()| open(order, &probe, number));
        let mut trace = NamespaceTrace { namespace: inode, ..NamespaceTrace::default() };
        let open = match opened {
            Ok((open, generation)) => {
                trace.generation = generation;
                trace.has_legacy_tables = has_legacy_tables();
                Some(open)
            }
            Err(detail) if inode == order.from => return Err(ProofFailure::Closed { detail }),
            Err(detail) => {
                trace.failure = Some(detail);
                None
            }
        };
        sites.push(Site { trace, passages: Passages::new(order, probe.port(), number), open });
    }
    let (sent, answer, answer_us) = send_and_follow(order, probe, &mut sites)?;
    let namespaces = sites.into_iter().map(finish).collect();
    Ok(Proof { order: order.clone(), sent, answer, answer_us, namespaces })
}

fn check(order: &ProofOrder) -> Result<(), ProofFailure> {
    let wrong = |detail: &str| Err(ProofFailure::Order { detail: detail.to_owned() });
    if order.namespaces.len() > MAX_TRACED_NAMESPACES {
        return wrong("more namespaces than are looked into at a time");
    }
    if order.second_flows.len() > 4 {
        return wrong("more flows than are followed at a time");
    }
    if order.wait_ms > MAX_WAIT_MS {
        return wrong("the wait is too long: a second packet would be sent");
    }
    if order.protocol != ProbeProtocol::Icmp && order.port == 0 {
        return wrong("no port is given");
    }
    // A socket would send IPv4 there, and the trace waits for IPv6.
    if order.destination != order.destination.to_canonical() {
        return wrong("an IPv4-mapped address is sent to by IPv4");
    }
    if order.destination.is_multicast() || order.destination.is_unspecified() {
        return wrong("the receiver is not one host");
    }
    if matches!(order.destination, std::net::IpAddr::V4(address) if address.is_broadcast()) {
        return wrong("the receiver is not one host");
    }
    Ok(())
}

/// In the namespace that the thread is in: listens, then makes the table.
fn open(order: &ProofOrder, probe: &Probe, number: u64) -> Result<(Open, Option<u32>), String> {
    let failed = |error: io::Error| describe(&error, "CAP_NET_ADMIN");
    let generation = firewall::generation().map_err(failed)?;
    let listener = Listener::open().map_err(failed)?;
    let table = TraceTable::make(number, &table::matches(order, probe.port())).map_err(failed)?;
    let conntrack = connection::Conntrack::open().ok();
    Ok((Open { listener, conntrack, _table: table }, generation))
}

/// What the system answered, and what is probably missing.
fn describe(error: &io::Error, capability: &str) -> String {
    match error.raw_os_error() {
        Some(libc::EPERM | libc::EACCES) => format!("{capability} is missing there"),
        Some(libc::EOPNOTSUPP | libc::EPROTONOSUPPORT) => format!("this kernel cannot trace ({error})"),
        _ => error.to_string(),
    }
}

/// Legacy tables that are there; a namespace that never had one has an empty list, or no file.
fn has_legacy_tables() -> bool {
    ["ip_tables_names", "ip6_tables_names"].iter().any(|file| {
        fs::read_to_string(format!("/proc/thread-self/net/{file}")).is_ok_and(|names| !names.trim().is_empty())
    })
}

type Sent = (bridgewalk_model::proof::Tuple, Answer, Option<u64>);

fn send_and_follow(order: &ProofOrder, mut probe: Probe, sites: &mut [Site]) -> Result<Sent, ProofFailure> {
    let began = Instant::now();
    let end = began + Duration::from_millis(u64::from(order.wait_ms));
    let mut answered = probe.send(order)?.map(|answer| (answer, began.elapsed()));
    let sent = probe.tuple(order);
    let mut heard_at = Instant::now();
    loop {
        let now = Instant::now();
        let until = match answered {
            None => end,
            // A second connection is opened by a process, which may take its time.
            Some(_) if !has_second_answer(order, sites) => end,
            Some(_) => (heard_at + QUIET).min(now + QUIET),
        };
        if now >= until {
            break;
        }
        let (on_probe, on_listeners) = wait(answered.is_none().then(|| probe.to_poll()), sites, until - now)
            .map_err(|error| ProofFailure::Send { detail: error.to_string() })?;
        if on_probe && let Some(answer) = probe.answer() {
            answered = Some((answer, began.elapsed()));
            heard_at = Instant::now();
        }
        if on_listeners {
            heard_at = Instant::now();
            for site in sites.iter_mut() {
                site.listen();
            }
        }
    }
    for site in sites.iter_mut() {
        site.listen();
        site.ask_conntrack();
    }
    // What is connected is reset now, and no sooner: a proxy opens its own connection only while this one stands.
    drop(probe);
    let (answer, after) = answered.map_or((Answer::Silence, None), |(answer, after)| (answer, Some(after)));
    Ok((sent, answer, after.map(|after| u64::try_from(after.as_micros()).unwrap_or(u64::MAX))))
}

/// Whether each second flow was answered, as far as there are any.
fn has_second_answer(order: &ProofOrder, sites: &[Site]) -> bool {
    order.second_flows.is_empty()
        || sites
            .iter()
            .any(|site| site.passages.marks.iter().any(|mark| mark.flow == TracedFlow::Second && mark.is_reply))
}

/// Whether there is something on the probe, and on any listener.
fn wait(probe: Option<(BorrowedFd<'_>, PollFlags)>, sites: &[Site], limit: Duration) -> io::Result<(bool, bool)> {
    let mut list: Vec<PollFd<'_>> =
        probe.iter().map(|(probe, flags)| PollFd::from_borrowed_fd(*probe, *flags)).collect();
    let has_probe = list.len() == 1;
    let open = sites.iter().filter_map(|site| site.open.as_ref());
    list.extend(open.map(|open| PollFd::from_borrowed_fd(open.listener.as_fd(), PollFlags::IN)));
    let limit = Timespec { tv_sec: 0, tv_nsec: i64::from(limit.subsec_nanos()).max(1_000_000) };
    match poll(&mut list, Some(&limit)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => {}
        Err(error) => return Err(error.into()),
    }
    let is_ready = |polled: &PollFd<'_>| !polled.revents().is_empty();
    let (probes, listeners) = list.split_at(usize::from(has_probe));
    Ok((probes.iter().any(is_ready), listeners.iter().any(is_ready)))
}

impl Site {
    fn listen(&mut self) {
        let Some(open) = &mut self.open else { return };
        let (passages, changed) = (&mut self.passages, &mut self.trace.rules_changed);
        let is_whole = open.listener.take(|message| match message {
            listener::Heard::Trace(message) => passages.take(message),
            listener::Heard::Changed(table) => *changed |= !table.starts_with(TABLE_PREFIX),
        });
        self.trace.is_truncated |= !is_whole || self.passages.is_truncated;
    }

    fn ask_conntrack(&mut self) {
        let Some(conntrack) = self.open.as_mut().and_then(|open| open.conntrack.as_mut()) else { return };
        for flow in [TracedFlow::Probe, TracedFlow::Second] {
            let first = self.passages.marks.iter().find(|mark| mark.flow == flow && !mark.is_reply);
            self.trace.connections.extend(first.and_then(|mark| conntrack.find(&mark.packet)));
        }
    }
}

fn finish(site: Site) -> NamespaceTrace {
    let Passages { marks, list, .. } = site.passages;
    NamespaceTrace { marks, passages: list, ..site.trace }
}
