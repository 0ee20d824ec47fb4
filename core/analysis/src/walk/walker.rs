//! Walks on one snapshot.

use std::{
    collections::{BTreeSet, HashMap},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use bridgewalk_model::{
    EntityId, Snapshot, SourceKind, Text,
    kernel::{AddressScope, LinkKind, RouteKind},
    snapshot::{Container, Host},
};

use super::{
    Action, End, Evidence, Layer4, Packet, Protocol, Question, Unknown, Verdict, Walk,
    engine::is_private,
    entry::Entrances,
    flow::{Draft, Fact, Flow, Step},
    links::Links,
    lookup::Meaning,
    place::{At, Place, Port},
};

/// Follows packets through a snapshot. Making one takes time by the snapshot's size; a walk takes little.
#[derive(Debug)]
pub struct Walker<'a> {
    snapshot: &'a Snapshot,
    pub(super) places: Vec<Place<'a>>,
    pub(super) links: Links,
    pub(super) entrances: Entrances,
    by_id: HashMap<&'a EntityId, At>,
    outside: [IpAddr; 2],
}

/// The port of a sender of which no other is said: out of those that systems choose from.
const SOURCE_PORT: u16 = 40_000;
/// An ICMP echo's identifier.
const ECHO_IDENTIFIER: u16 = 4_242;
const OUTSIDE_IPV4: [Ipv4Addr; 4] = [
    Ipv4Addr::new(203, 0, 113, 77),
    Ipv4Addr::new(198, 51, 100, 77),
    Ipv4Addr::new(192, 0, 2, 77),
    Ipv4Addr::new(8, 8, 8, 8),
];
const OUTSIDE_IPV6: [Ipv6Addr; 2] =
    [Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, 0x77), Ipv6Addr::new(0x2001, 0x4860, 0x4860, 0, 0, 0, 0, 0x8888)];

impl<'a> Walker<'a> {
    /// For walks on `snapshot`.
    pub fn new(snapshot: &'a Snapshot) -> Self {
        let places: Vec<Place<'a>> = snapshot
            .hosts
            .iter()
            .flat_map(|host| host.namespaces.iter().map(move |namespace| Place::new(host, namespace)))
            .collect();
        let links = Links::new(snapshot, &places);
        let entrances = Entrances::new(&places, &links);
        let by_id = places.iter().enumerate().map(|(at, place)| (&place.namespace.id, at)).collect();
        // An address that no network of the hosts has.
        let is_free = |address: &IpAddr| {
            !places
                .iter()
                .flat_map(|place| place.namespace.routes.iter())
                .any(|route| route.destination.prefix_len() > 0 && route.destination.contains(address))
        };
        let pick =
            |all: &[IpAddr]| all.iter().copied().find(|address| is_free(address)).or_else(|| all.last().copied());
        let ipv4: Vec<IpAddr> = OUTSIDE_IPV4.into_iter().map(IpAddr::V4).collect();
        let ipv6: Vec<IpAddr> = OUTSIDE_IPV6.into_iter().map(IpAddr::V6).collect();
        let outside = [
            pick(&ipv4).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            pick(&ipv6).unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED)),
        ];
        Self { snapshot, places, links, entrances, by_id, outside }
    }

    /// The snapshot that it walks on.
    pub const fn snapshot(&self) -> &'a Snapshot {
        self.snapshot
    }

    /// Follows the packet that is asked for, and its reply.
    pub fn walk(&self, question: &Question) -> Walk {
        self.conclude(question, &self.flows(question))
    }

    /// All branches of a walk, each at its end.
    pub(super) fn flows(&self, question: &Question) -> Vec<Flow> {
        match self.start(question) {
            Start::Flows(flows) => flows.into_iter().flat_map(|flow| self.run(flow)).collect(),
            Start::Ended(flow) => vec![*flow],
        }
    }

    /// The namespace with this id.
    pub(super) fn at(&self, id: &EntityId) -> Option<At> {
        self.by_id.get(id).copied()
    }

    /// The hosts that have this address.
    pub(super) fn owning_hosts(&self, address: IpAddr) -> BTreeSet<&'a EntityId> {
        let owners = self.links.owners(address).iter();
        owners.filter_map(|port| self.place(port.at)).map(|place| &place.host.id).collect()
    }

    /// The container that an end is, if it is one.
    pub(super) fn container_of(&self, end: &End) -> Option<&'a Container> {
        match end {
            End::Namespace { id, .. } => {
                let place = self.at(id).and_then(|at| self.places.get(at))?;
                place.namespace.containers.first().and_then(|id| place.host.container(id))
            }
            End::Absent { id, .. } => self.snapshot.container(id).map(|(_, container)| container),
            End::Name { name } => self
                .snapshot
                .hosts
                .iter()
                .flat_map(|host| &host.containers)
                .find(|container| super::lookup::is_called(container, name)),
            // What is at the host's own address is the host's, also where a container shares its namespace.
            End::Address { address, host } => self.places.iter().find_map(|place| {
                let is_meant = host.as_ref().is_none_or(|host| place.host.id == *host);
                let has_it = is_meant && place.by_address.contains_key(address) && !address.is_loopback();
                let place = Some(place).filter(|place| has_it && !place.namespace.is_host)?;
                place.namespace.containers.first().and_then(|id| place.host.container(id))
            }),
            End::Host { .. } | End::Outside => None,
        }
    }

    /// All global addresses of a namespace, IPv4 first, those of interfaces that lead out before others.
    pub(super) fn addresses_at(&self, at: At) -> Vec<IpAddr> {
        let Some(place) = self.places.get(at) else { return Vec::new() };
        let by_default: Vec<u32> = place
            .namespace
            .routes
            .iter()
            .filter(|route| route.destination.prefix_len() == 0 && route.kind == RouteKind::Unicast)
            .flat_map(|route| route.next_hops.iter().map(|hop| hop.if_index))
            .collect();
        let mut found: Vec<(bool, bool, IpAddr)> = place
            .namespace
            .interfaces
            .iter()
            .filter(|interface| interface.link.kind != LinkKind::Loopback)
            .flat_map(|interface| interface.addresses.iter().map(move |address| (interface, address)))
            .filter(|(_, address)| address.scope == AddressScope::Global && !address.is_tentative)
            .map(|(interface, address)| {
                (address.address.is_ipv6(), !by_default.contains(&interface.link.if_index), address.address)
            })
            .collect();
        found.sort_by_key(|(is_ipv6, is_inner, _)| (*is_ipv6, *is_inner));
        found.into_iter().map(|(_, _, address)| address).collect()
    }

    /// Why nothing can be told of a host at all: its own namespace was not seen.
    pub(super) fn unseen_host(&self, host: &Host) -> Option<Unknown> {
        let source = if host.namespaces.is_empty() { SourceKind::Agent } else { SourceKind::Namespaces };
        host.own_namespace().is_none().then(|| Unknown::NotRead { namespace: host.id.clone(), source })
    }

    /// Why somebody may have an address that nobody is seen to have: a namespace whose interfaces were not all read.
    pub(super) fn unseen_owner(&self, address: IpAddr) -> Option<Unknown> {
        if !self.links.owners(address).is_empty() {
            return None;
        }
        let unseen = self.snapshot.hosts.iter().find_map(|host| self.unseen_host(host));
        let sources = [SourceKind::Namespaces, SourceKind::Links];
        let unread = || {
            self.places.iter().find_map(|place| {
                sources.into_iter().find(|source| place.is_unread(*source)).map(|source| place.not_read(source))
            })
        };
        unseen.or_else(unread)
    }

    /// Whether an address may be that of something behind the host: a private one, or one of a Docker network's.
    pub(super) fn is_inside(&self, address: IpAddr) -> bool {
        let mut pools = self.snapshot.hosts.iter().flat_map(|host| &host.networks).flat_map(|network| &network.pools);
        is_private(address) || pools.any(|pool| pool.subnet.contains(&address))
    }

    fn start(&self, question: &Question) -> Start {
        let is_seen = self.snapshot.hosts.iter().any(|host| !host.namespaces.is_empty());
        if !is_seen {
            let unknown = self.snapshot.hosts.iter().find_map(|host| self.unseen_host(host));
            return Start::undecided(
                question,
                unknown
                    .unwrap_or_else(|| Unknown::NotRead { namespace: EntityId::outside(), source: SourceKind::Agent }),
            );
        }
        let sender = self.sending(&question.from);
        let (at, fixed) = match sender {
            Ok(sender) => sender,
            Err(Stop::Fact(fact)) => return Start::Ended(Box::new(ended(blank(question), None, fact))),
            Err(Stop::Unknown(unknown)) => return Start::undecided(question, *unknown),
        };
        let (addresses, named) = match self.receiving(question, at) {
            Ok(found) => found,
            Err(flow) => return Start::Ended(flow),
        };
        let usable = |address: &&IpAddr| fixed.is_none_or(|fixed| fixed.is_ipv6() == address.is_ipv6());
        let Some(destination) = addresses.iter().find(usable).copied() else {
            if let Some(unknown) = self.unread_addresses(&question.to) {
                return Start::undecided(question, unknown);
            }
            let of = self.container_of(&question.to).map_or_else(EntityId::outside, |container| container.id.clone());
            let is_ipv6 = fixed.is_some_and(|fixed| fixed.is_ipv6());
            let fact = Fact::ready(Evidence::NoAddress { of, is_ipv6 });
            return Start::Ended(Box::new(ended(blank(question), at, fact)));
        };
        let family = usize::from(destination.is_ipv6());
        let unspecified =
            if destination.is_ipv6() { IpAddr::V6(Ipv6Addr::UNSPECIFIED) } else { IpAddr::V4(Ipv4Addr::UNSPECIFIED) };
        let outside = self.outside.get(family).copied().unwrap_or(unspecified);
        let source = fixed.unwrap_or(if at.is_some() { unspecified } else { outside });
        let packet = packet(question, source, destination);
        let mut flow = match at {
            Some(at) => Flow::new(packet, Step::Send { at }, Some(at)),
            None => Flow::new(packet, Step::Over, None),
        };
        if let Some(evidence) = named {
            let action = Action::Resolved;
            flow.hops.push(Draft {
                at,
                action,
                input: None,
                output: None,
                before: flow.packet.clone(),
                after: flow.packet.clone(),
                facts: vec![Fact::ready(evidence)],
                lights: Vec::new(),
            });
        }
        Start::Flows(match at {
            Some(_) => vec![flow],
            None => self.enter_from_outside(flow, matches!(question.from, End::Outside)),
        })
    }

    /// Why it cannot be told that an end has no address.
    fn unread_addresses(&self, end: &End) -> Option<Unknown> {
        let of_place = |id: &EntityId| {
            let place = self.at(id).and_then(|at| self.places.get(at));
            place.filter(|place| place.is_unread(SourceKind::Links)).map(|place| place.not_read(SourceKind::Links))
        };
        match end {
            End::Host { id } => {
                let host = self.snapshot.hosts.iter().find(|host| host.id == *id)?;
                self.unseen_host(host).or_else(|| of_place(&host.own_namespace()?.id))
            }
            End::Namespace { id, .. } => of_place(id),
            End::Name { .. } => {
                let home = self.container_of(end).and_then(|container| container.namespace.as_ref());
                home.and_then(of_place)
            }
            End::Absent { .. } | End::Address { .. } | End::Outside => None,
        }
    }

    /// Where a sender is, and the address that it sends from if that is fixed. Outside, or on a link: nowhere.
    fn sending(&self, end: &End) -> Result<(Option<At>, Option<IpAddr>), Stop> {
        match end {
            End::Outside => Ok((None, None)),
            End::Host { id } => {
                let host = self.snapshot.hosts.iter().find(|host| host.id == *id);
                if let Some(unknown) = host.and_then(|host| self.unseen_host(host)) {
                    return Err(Stop::Unknown(Box::new(unknown)));
                }
                host.and_then(|host| host.own_namespace())
                    .and_then(|own| self.at(&own.id))
                    .map(|at| (Some(at), None))
                    .ok_or_else(|| Stop::Fact(Fact::ready(Evidence::NoAddress { of: id.clone(), is_ipv6: false })))
            }
            End::Namespace { id, .. } => self
                .at(id)
                .map(|at| (Some(at), None))
                .ok_or_else(|| Stop::Fact(Fact::ready(Evidence::NoAddress { of: id.clone(), is_ipv6: false }))),
            End::Absent { id, .. } => Err(self.absent(id)),
            End::Address { address, host } => {
                let address = address.to_canonical();
                let mut owners = self.links.owners(address).iter().filter(|_| !address.is_loopback());
                let is_meant = |port: &&Port| match host {
                    Some(host) => self.place(port.at).is_some_and(|place| place.host.id == *host),
                    None => true,
                };
                let owner = owners.find(is_meant);
                match self.unseen_owner(address).filter(|_| self.is_inside(address)) {
                    Some(unknown) => Err(Stop::Unknown(Box::new(unknown))),
                    None => Ok((owner.map(|port| port.at), Some(address))),
                }
            }
            End::Name { name } => Err(Stop::Fact(Fact::ready(Evidence::Name {
                name: name.clone(),
                by: super::NameSource::EngineOnly,
                network: None,
                addresses: Vec::new(),
            }))),
        }
    }

    /// Why a container has no network stack to begin or end in: it does not run, or where it runs was not found.
    fn absent(&self, id: &EntityId) -> Stop {
        let container = self.snapshot.container(id).map(|(_, container)| container);
        if container.is_some_and(|container| container.state.is_alive()) {
            let unknown = Unknown::NotRead { namespace: id.clone(), source: SourceKind::Namespaces };
            return Stop::Unknown(Box::new(unknown));
        }
        let state = container.map(|container| container.state).unwrap_or_default();
        Stop::Fact(Fact::ready(Evidence::Container { container: id.clone(), state }))
    }

    /// The receiver's addresses as the sender knows them, and how it does.
    fn receiving(&self, question: &Question, at: Option<At>) -> Result<(Vec<IpAddr>, Option<Evidence>), Box<Flow>> {
        match &question.to {
            // What is sent to an IPv4-mapped address is sent by IPv4.
            End::Address { address, .. } => Ok((vec![address.to_canonical()], None)),
            End::Outside => Ok((self.outside.to_vec(), None)),
            End::Host { id } => {
                let own = self.snapshot.hosts.iter().find(|host| host.id == *id).and_then(|host| host.own_namespace());
                let own = own.and_then(|own| self.at(&own.id));
                if own.is_some() && own == at {
                    return Ok((vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()], None));
                }
                Ok((own.map_or_else(Vec::new, |own| self.addresses_at(own)), None))
            }
            End::Absent { id, .. } => Err(match self.absent(id) {
                Stop::Fact(fact) => Box::new(ended(blank(question), at, fact)),
                Stop::Unknown(unknown) => undecided(question, *unknown),
            }),
            End::Namespace { id, name } => match (self.container_of(&question.to), self.at(id)) {
                (_, Some(own)) if Some(own) == at => {
                    Ok((vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()], None))
                }
                (Some(_), _) => self.meaning(question, at, name),
                (None, own) => Ok((own.map_or_else(Vec::new, |own| self.addresses_at(own)), None)),
            },
            End::Name { name } => self.meaning(question, at, name),
        }
    }

    fn meaning(
        &self,
        question: &Question,
        at: Option<At>,
        name: &Text,
    ) -> Result<(Vec<IpAddr>, Option<Evidence>), Box<Flow>> {
        match self.look_up_name(at, name) {
            Meaning::Addresses(addresses, evidence) => Ok((addresses, Some(evidence))),
            Meaning::Elsewhere(unknown) => Err(undecided(question, unknown)),
        }
    }

    /// Whether an address is in a subnet of the interface's, or of the bridge's that it is a port of.
    pub(super) fn is_on_link(&self, port: Port, address: IpAddr) -> bool {
        let Some(place) = self.places.get(port.at) else { return false };
        let own = place.interface(port.index);
        let master = own.and_then(|one| one.link.master_if_index).and_then(|master| place.by_if_index(master));
        own.into_iter()
            .chain(master.map(|(_, device)| device))
            .flat_map(|one| &one.addresses)
            .any(|one| ipnet::IpNet::new(one.address, one.prefix_len).is_ok_and(|net| net.contains(&address)))
    }
}

/// A walk that can be begun, or has ended before it did.
enum Start {
    /// One for each interface by which it may come in.
    Flows(Vec<Flow>),
    Ended(Box<Flow>),
}

impl Start {
    fn undecided(question: &Question, unknown: Unknown) -> Self {
        Self::Ended(undecided(question, unknown))
    }
}

/// Why an end is none.
enum Stop {
    /// By what was read.
    Fact(Fact),
    /// It was not read.
    Unknown(Box<Unknown>),
}

fn undecided(question: &Question, unknown: Unknown) -> Box<Flow> {
    let mut flow = blank(question);
    flow.undecided(unknown);
    Box::new(flow)
}

fn packet(question: &Question, source: IpAddr, destination: IpAddr) -> Packet {
    let source_port = question.source_port.unwrap_or(SOURCE_PORT);
    let layer4 = match question.protocol {
        Protocol::Tcp => Layer4::Tcp { source_port, destination_port: question.port.unwrap_or(80), flags: 2 },
        Protocol::Udp => Layer4::Udp { source_port, destination_port: question.port.unwrap_or(53) },
        Protocol::Icmp => {
            Layer4::Icmp { kind: if destination.is_ipv6() { 128 } else { 8 }, code: 0, identifier: ECHO_IDENTIFIER }
        }
    };
    Packet { source, destination, layer4, ttl: 64, mark: 0, source_mac: None, destination_mac: None }
}

/// A flow of a packet without addresses.
fn blank(question: &Question) -> Flow {
    let nowhere = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    Flow::new(packet(question, nowhere, nowhere), Step::Over, None)
}

fn ended(mut flow: Flow, at: Option<At>, fact: Fact) -> Flow {
    if let Some(at) = at {
        flow.hop(at, Action::Unroutable, None, None, vec![fact.clone()]);
    }
    flow.end(Verdict::NoRoute, Some(fact));
    flow
}
