//! Who reaches whom: containers, hosts and the outside world, per network and published port.

use std::{collections::BTreeSet, net::IpAddr, panic, thread};

use bridgewalk_model::{
    EntityId, Snapshot, SourceKind, Text,
    engine::PortKey,
    kernel::{SocketState, Transport},
    snapshot::{Container, Host},
};
use serde::Serialize;

use super::{End, Evidence, Protocol, Question, Verdict, Walker};

/// Who reaches whom on a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Matrix {
    /// The rows: who sends. Containers by name, then the hosts, then outside.
    pub senders: Vec<Party>,
    /// The columns: what is sent to.
    pub receivers: Vec<Receiver>,
    /// A cell for each sender and receiver, sorted by them: row by row.
    pub cells: Vec<Cell>,
    /// What is open to the outside.
    pub open: Vec<Door>,
}

/// Somebody who sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Party {
    /// The end, as a walk asks for it.
    pub end: End,
    /// What it is: a container, a host, or [`EntityId::outside`].
    pub id: EntityId,
    /// Its name; for the outside none.
    pub name: Text,
}

/// Something that is sent to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Receiver {
    /// What it is: a container, a host, or [`EntityId::outside`].
    pub id: EntityId,
    /// Its name; for the outside none.
    pub name: Text,
    /// By which way it is tried.
    pub by: By,
    /// The address; none for the outside: one that no network of the hosts has.
    pub address: Option<IpAddr>,
    /// The port; none: an echo.
    pub port: Option<u16>,
    /// The protocol.
    pub protocol: Protocol,
}

/// By which way a receiver is tried.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum By {
    /// Its address on a network.
    Network {
        /// The network.
        network: EntityId,
    },
    /// A port that is published on the host.
    Published {
        /// The container's port.
        port: PortKey,
    },
    /// The host itself, or the outside.
    Itself,
}

/// How one sender fares with one receiver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cell {
    /// In [`Matrix::senders`].
    pub sender: usize,
    /// In [`Matrix::receivers`].
    pub receiver: usize,
    /// How the first packet ends; where only its reply is lost, how that ends.
    pub verdict: Verdict,
    /// Whether it is the reply that is lost.
    pub is_reply_lost: bool,
    /// What stopped it; none where it arrives.
    pub decided_by: Option<Evidence>,
}

/// A door from the outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Door {
    /// The host that it is on.
    pub host: EntityId,
    /// The host's address.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
    /// The protocol.
    pub protocol: Protocol,
    /// The container behind it; none: the host itself.
    pub container: Option<EntityId>,
    /// The process that listens on the host, where one does.
    pub command: Option<Text>,
    /// How a packet from outside ends there.
    pub verdict: Verdict,
    /// What stopped it; none where it arrives.
    pub decided_by: Option<Evidence>,
}

impl Matrix {
    /// The cell of a sender and a receiver, by their places in the lists.
    pub fn cell(&self, sender: usize, receiver: usize) -> Option<&Cell> {
        let at = self.cells.binary_search_by_key(&(sender, receiver), |cell| (cell.sender, cell.receiver)).ok()?;
        self.cells.get(at)
    }

    /// What to ask of a walk to see how a cell came about.
    pub fn question(&self, cell: &Cell) -> Option<Question> {
        Some(question(self.senders.get(cell.sender)?, self.receivers.get(cell.receiver)?))
    }
}

/// Who reaches whom.
pub fn reach(snapshot: &Snapshot) -> Matrix {
    let walker = Walker::new(snapshot);
    let senders = senders(snapshot);
    let receivers = receivers(&walker);
    let cells = cells(&walker, &senders, &receivers);
    Matrix { open: open(&walker), senders, receivers, cells }
}

fn cells(walker: &Walker<'_>, senders: &[Party], receivers: &[Receiver]) -> Vec<Cell> {
    let row = |(sender, party): (usize, &Party)| -> Vec<Cell> {
        receivers
            .iter()
            .enumerate()
            .map(|(receiver, target)| {
                let brief = walker.brief(&question(party, target));
                Cell {
                    sender,
                    receiver,
                    verdict: brief.verdict,
                    is_reply_lost: brief.is_reply_lost,
                    decided_by: brief.decided_by,
                }
            })
            .collect()
    };
    shared_out(senders, row)
}

/// The rows, one after the other, shared out among as many threads as the machine has cores for. A panic in one of them
/// is this thread's as well: rows that are missing would be taken for what is not there.
fn shared_out<P: Sync, C: Send>(senders: &[P], row: impl Fn((usize, &P)) -> Vec<C> + Sync) -> Vec<C> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(8);
    let share = senders.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let row = &row;
        let workers: Vec<_> = senders
            .chunks(share)
            .enumerate()
            .map(|(chunk, parties)| {
                let numbered = move || (chunk * share..).zip(parties).flat_map(row).collect::<Vec<_>>();
                let named = thread::Builder::new().name(format!("reach-{chunk}"));
                // Where no thread is to be had, this one does it.
                named.spawn_scoped(scope, numbered).map_err(|_| (chunk, parties))
            })
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| match worker {
                Ok(worker) => worker.join().unwrap_or_else(|fault| panic::resume_unwind(fault)),
                Err((chunk, parties)) => (chunk * share..).zip(parties).flat_map(row).collect(),
            })
            .collect()
    })
}

fn question(from: &Party, to: &Receiver) -> Question {
    Question {
        from: from.end.clone(),
        to: to.address.map_or(End::Outside, |address| End::Address { address, host: None }),
        port: to.port,
        protocol: to.protocol,
        source_port: None,
    }
}

fn senders(snapshot: &Snapshot) -> Vec<Party> {
    let mut senders = Vec::new();
    for host in &snapshot.hosts {
        for container in living(host) {
            let (id, name) = (container.id.clone(), container.name.clone());
            // Where it lives was not found: then nothing can be told of it, and it is not left out.
            let end = match container.namespace.clone() {
                Some(home) => End::Namespace { id: home, name: name.clone() },
                None => End::Absent { id: id.clone(), name: name.clone() },
            };
            senders.push(Party { end, id, name });
        }
    }
    senders.extend(snapshot.hosts.iter().map(|host| Party {
        end: End::Host { id: host.id.clone() },
        id: host.id.clone(),
        name: host.name.clone(),
    }));
    senders.push(Party { end: End::Outside, id: EntityId::outside(), name: Text::default() });
    senders
}

/// Containers with a network stack of their own: who joined another's is reached as that one is.
pub(super) fn living(host: &Host) -> impl Iterator<Item = &Container> {
    host.containers.iter().filter(|container| {
        let home = container.namespace.as_ref().and_then(|id| host.namespace(id));
        let is_own = match home {
            Some(home) => !home.is_host && home.containers.first() == Some(&container.id),
            None => container.shares_with.is_none() && container.network_mode.as_str() != "host",
        };
        container.state.is_alive() && is_own
    })
}

fn receivers(walker: &Walker<'_>) -> Vec<Receiver> {
    let mut receivers = Vec::new();
    for host in &walker.snapshot().hosts {
        for container in living(host) {
            let (protocol, port) = favourite(host, container);
            for end in &container.attachments {
                for address in end.ipv4.iter().chain(&end.ipv6).map(ipnet::IpNet::addr) {
                    receivers.push(Receiver {
                        id: container.id.clone(),
                        name: container.name.clone(),
                        by: By::Network { network: end.network.clone() },
                        address: Some(address),
                        port,
                        protocol,
                    });
                }
            }
        }
        for container in &host.containers {
            let mut doors = BTreeSet::new();
            for binding in &container.published {
                let Some(port) = binding.host_port else { continue };
                for address in host_addresses(walker, host, binding.host_ip) {
                    doors.insert((binding.container_port, address, port));
                }
            }
            receivers.extend(doors.into_iter().filter_map(|(key, address, port)| {
                Some(Receiver {
                    id: container.id.clone(),
                    name: container.name.clone(),
                    by: By::Published { port: key },
                    address: Some(address),
                    port: Some(port),
                    protocol: protocol(key.transport)?,
                })
            }));
        }
        receivers.extend(host_addresses(walker, host, None).into_iter().take(1).map(|address| Receiver {
            id: host.id.clone(),
            name: host.name.clone(),
            by: By::Itself,
            address: Some(address),
            port: None,
            protocol: Protocol::Icmp,
        }));
    }
    receivers.push(Receiver {
        id: EntityId::outside(),
        name: Text::default(),
        by: By::Itself,
        address: None,
        port: Some(443),
        protocol: Protocol::Tcp,
    });
    receivers
}

/// The port by which a container is tried: the first that it listens on, else that it exposes, else an echo.
fn favourite(host: &Host, container: &Container) -> (Protocol, Option<u16>) {
    let home = container.namespace.as_ref().and_then(|id| host.namespace(id));
    let listening = home.into_iter().flat_map(|home| &home.sockets).map(|named| &named.socket).filter(|socket| {
        socket.transport == Transport::Tcp && socket.state == SocketState::Listen && !socket.local.address.is_loopback()
    });
    let port = listening.map(|socket| socket.local.port).min().or_else(|| {
        container.exposed_ports.iter().filter(|key| key.transport == Transport::Tcp).map(|key| key.port).min()
    });
    port.map_or((Protocol::Icmp, None), |port| (Protocol::Tcp, Some(port)))
}

/// The addresses of a host by which a door may be tried: the one that it is on, or the first that leads out.
pub(super) fn host_addresses(walker: &Walker<'_>, host: &Host, on: Option<IpAddr>) -> Vec<IpAddr> {
    if let Some(address) = on.filter(|address| !address.is_unspecified()) {
        return vec![address];
    }
    let own = host.own_namespace();
    let all = own.and_then(|own| walker.at(&own.id)).map_or_else(Vec::new, |at| walker.addresses_at(at));
    let wants = |is_ipv6: bool| on.is_none_or(|on| on.is_ipv6() == is_ipv6);
    let found: Vec<IpAddr> = [false, true]
        .into_iter()
        .filter(|is_ipv6| wants(*is_ipv6))
        .filter_map(|is_ipv6| all.iter().copied().find(|address| address.is_ipv6() == is_ipv6))
        .collect();
    let was_read = own.is_some_and(|own| host.was_read(SourceKind::Links, Some(own.inode)));
    // What is published on addresses that were not read is told by what stands for them all.
    if found.is_empty() && !was_read { on.into_iter().collect() } else { found }
}

pub(super) const fn protocol(transport: Transport) -> Option<Protocol> {
    match transport {
        Transport::Tcp => Some(Protocol::Tcp),
        Transport::Udp => Some(Protocol::Udp),
        Transport::Sctp | Transport::Raw => None,
    }
}

/// Every port that a packet from outside could be for: those that something listens on, and those that are published.
fn open(walker: &Walker<'_>) -> Vec<Door> {
    let mut doors = Vec::new();
    for host in &walker.snapshot().hosts {
        let own = host.own_namespace();
        let outward = host_addresses(walker, host, None);
        let mut asked: BTreeSet<(IpAddr, u16, Transport)> = BTreeSet::new();
        for socket in own.into_iter().flat_map(|own| &own.sockets).map(|named| &named.socket) {
            if socket.state != SocketState::Listen || socket.local.address.is_loopback() || socket.local.port == 0 {
                continue;
            }
            let any = socket.local.address.is_unspecified();
            let takes = |address: &IpAddr| {
                address.is_ipv6() == socket.local.address.is_ipv6()
                    || (socket.local.address.is_ipv6() && !socket.is_ipv6_only)
            };
            let all = if any { outward.iter().copied().filter(takes).collect() } else { vec![socket.local.address] };
            asked.extend(all.into_iter().map(|address| (address, socket.local.port, socket.transport)));
        }
        for binding in host.containers.iter().flat_map(|container| &container.published) {
            if let Some(port) = binding.host_port {
                let all = host_addresses(walker, host, binding.host_ip);
                asked.extend(all.into_iter().map(|address| (address, port, binding.container_port.transport)));
            }
        }
        for (address, port, transport) in asked {
            let Some(protocol) = protocol(transport).filter(|_| !address.is_loopback()) else { continue };
            let brief = walker.brief(&Question {
                from: End::Outside,
                to: End::Address { address, host: None },
                port: Some(port),
                protocol,
                source_port: None,
            });
            let listener = own.into_iter().flat_map(|own| &own.sockets).find(|named| {
                named.socket.local.port == port
                    && named.socket.transport == transport
                    && named.socket.state == SocketState::Listen
                    && (named.socket.local.address.is_unspecified() || named.socket.local.address == address)
            });
            // Two containers may publish the same port, each on an address of its own.
            let container = host.containers.iter().find(|container| {
                container.published.iter().any(|binding| {
                    binding.host_port == Some(port)
                        && binding.container_port.transport == transport
                        && binding.host_ip.is_none_or(|ip| ip == address || ip.is_unspecified())
                })
            });
            doors.push(Door {
                host: host.id.clone(),
                address,
                port,
                protocol,
                container: container
                    .map(|one| one.id.clone())
                    .or_else(|| listener.and_then(|one| one.container.clone())),
                command: listener.and_then(|named| named.command.clone()),
                verdict: brief.verdict,
                decided_by: brief.decided_by,
            });
        }
    }
    doors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_in_one_row_is_passed_on() {
        let senders: Vec<usize> = (0..40).collect();
        let numbered = |(at, sender): (usize, &usize)| vec![(at, *sender)];
        assert_eq!(shared_out(&senders, numbered), senders.iter().map(|it| (*it, *it)).collect::<Vec<_>>());
        for broken in [0, 17, 39] {
            let row = |(at, sender): (usize, &usize)| {
                assert_ne!(*sender, broken, "a fault of ours");
                vec![(at, *sender)]
            };
            let came = panic::catch_unwind(|| shared_out(&senders, row));
            let fault = came.expect_err("rows without the broken one are no answer");
            assert!(fault.downcast_ref::<String>().is_some_and(|said| said.contains("a fault of ours")));
        }
    }

    #[test]
    fn a_missing_cell_is_missing_and_no_other_ones() {
        let cell =
            |sender, receiver, verdict| Cell { sender, receiver, verdict, is_reply_lost: false, decided_by: None };
        let receiver = Receiver {
            id: EntityId::outside(),
            name: Text::default(),
            by: By::Itself,
            address: None,
            port: None,
            protocol: Protocol::Icmp,
        };
        let party = Party { end: End::Outside, id: EntityId::outside(), name: Text::default() };
        let cells = vec![cell(0, 0, Verdict::Delivered), cell(1, 0, Verdict::Dropped), cell(1, 1, Verdict::Delivered)];
        let matrix = Matrix { senders: vec![party; 2], receivers: vec![receiver; 2], cells, open: Vec::new() };
        let verdict = |sender, receiver| matrix.cell(sender, receiver).map(|cell| cell.verdict);
        assert_eq!(verdict(0, 1), None);
        assert_eq!(verdict(1, 0), Some(Verdict::Dropped));
        assert_eq!(verdict(1, 1), Some(Verdict::Delivered));
        assert_eq!(verdict(2, 0), None);
    }
}
