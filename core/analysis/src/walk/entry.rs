//! By which interface a packet of somebody who is not observed comes in.
//!
//! Of a stranger only the address is known. Who is a neighbour sends to what is on the own link at once, and anything
//! else to a router, which may be the host; who is farther off comes to an address by the link that the address is on.
//! What tells where somebody is: the neighbour tables, the bridges' forwarding tables, the routes of every table. Where
//! several interfaces are possible, the packet is followed by each.

use std::{cmp::Reverse, collections::HashMap, net::IpAddr};

use bridgewalk_model::{
    EntityId, SourceKind,
    graph::Segment,
    kernel::{LinkKind, NeighbourState, RouteKind},
};
use serde::Serialize;

use super::{
    Action, Evidence, Unknown, Verdict, Walker,
    engine::is_private,
    flow::{Draft, Fact, Flow, Step},
    links::Links,
    place::{Place, Port},
};

/// What says that a stranger's packet comes in by an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryBy {
    /// The receiver's address is on its link.
    Receiver,
    /// The neighbour table has the sender on its link.
    Neighbour,
    /// The bridge's forwarding table has the sender, or its router, at this port.
    ForwardingTable,
    /// The route to the sender leaves by it.
    Route,
    /// It leads out, and nothing names another.
    LeadsOut,
}

/// Where strangers come in, as far as a snapshot tells.
#[derive(Debug)]
pub(super) struct Entrances {
    /// The interfaces by which a segment's strangers come in, those of the default route first.
    doors: HashMap<Segment, Vec<Port>>,
    /// The hosts' routes to what is not observed, the longest prefix first.
    routes: Vec<Toward>,
    /// Who has been heard on which of the hosts' links.
    neighbours: HashMap<IpAddr, Vec<Port>>,
}

/// A route to what is not observed.
#[derive(Clone, Copy, Debug)]
struct Toward {
    to: ipnet::IpNet,
    device: Port,
    gateway: Option<IpAddr>,
}

/// One way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Entry {
    /// The interface that the frame comes in by: of a bridge the port.
    by: Port,
    /// The interface that takes it: of a bridge's port the bridge.
    device: Port,
    how: How,
    told_by: EntryBy,
}

/// To whom the frame is addressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    /// To the receiver, who is on the link, or to the machine that answers for it there.
    Receiver,
    /// To the host, as to a router.
    Router,
    /// To another stranger on the same link.
    Across,
}

impl Entrances {
    pub(super) fn new(places: &[Place<'_>], links: &Links) -> Self {
        let mut doors: HashMap<Segment, Vec<Port>> = HashMap::new();
        let mut routes = Vec::new();
        let mut neighbours: HashMap<IpAddr, Vec<Port>> = HashMap::new();
        for (at, place) in places.iter().enumerate() {
            let ports = (0..place.namespace.interfaces.len()).map(|index| Port { at, index });
            for door in ports.filter(|port| is_door(place, links, *port)) {
                if let Some(segment) = links.segment(door) {
                    doors.entry(segment).or_default().push(door);
                }
            }
        }
        for (at, place) in places.iter().enumerate().filter(|(_, place)| place.namespace.is_host) {
            let is_open = |device: &Port| {
                links.is_open(*device) || links.segment(*device).is_some_and(|segment| doors.contains_key(&segment))
            };
            let device = |if_index: u32| {
                let (index, _) = place.by_if_index(if_index)?;
                Some(Port { at, index }).filter(is_open)
            };
            for route in place.namespace.routes.iter().filter(|route| route.kind == RouteKind::Unicast) {
                let alive = route.next_hops.iter().filter(|hop| !hop.is_dead);
                routes.extend(alive.filter_map(|hop| {
                    Some(Toward { to: route.destination, device: device(hop.if_index)?, gateway: hop.gateway })
                }));
            }
            for (index, interface) in place.namespace.interfaces.iter().enumerate() {
                let device = Port { at, index };
                let nets = interface.addresses.iter().filter(|_| is_open(&device));
                routes.extend(nets.filter_map(|one| {
                    let to = ipnet::IpNet::new(one.address, one.prefix_len).ok()?.trunc();
                    Some(Toward { to, device, gateway: None })
                }));
            }
            for one in place.namespace.neighbours.iter() {
                let is_heard = one.mac_address.is_some()
                    && !matches!(one.state, NeighbourState::Failed | NeighbourState::Incomplete);
                if let Some(device) = device(one.if_index).filter(|_| is_heard) {
                    neighbours.entry(one.address).or_default().push(device);
                }
            }
        }
        for doors in doors.values_mut() {
            doors.sort_by_key(|door| links.uplinks().iter().position(|uplink| uplink == door).unwrap_or(usize::MAX));
        }
        routes.sort_by_key(|route| Reverse(route.to.prefix_len()));
        Self { doors, routes, neighbours }
    }

    /// The interfaces behind which this stranger is, and what says so; empty: somewhere beyond the routers.
    fn toward(&self, stranger: IpAddr) -> Vec<(Port, EntryBy)> {
        if let Some(devices) = self.neighbours.get(&stranger) {
            return devices.iter().map(|device| (*device, EntryBy::Neighbour)).collect();
        }
        let mut found: Vec<(Port, EntryBy)> = Vec::new();
        for route in self.best(stranger) {
            if !found.iter().any(|(device, _)| *device == route.device) {
                found.push((route.device, EntryBy::Route));
            }
        }
        found
    }

    /// The most particular routes to an address that are more than a way out to everywhere.
    fn best(&self, address: IpAddr) -> impl Iterator<Item = &Toward> {
        let fits = move |route: &&Toward| route.to.prefix_len() > 0 && route.to.contains(&address);
        let longest = self.routes.iter().find(fits).map(|route| route.to.prefix_len());
        self.routes.iter().filter(fits).filter(move |route| Some(route.to.prefix_len()) == longest)
    }

    /// Whether this address is on the interface's own link.
    fn is_on_link(&self, device: Port, address: IpAddr) -> bool {
        let is_heard = self.neighbours.get(&address).is_some_and(|devices| devices.contains(&device));
        is_heard || self.best(address).any(|route| route.device == device && route.gateway.is_none())
    }

    /// The routes to everywhere.
    fn defaults(&self, is_ipv6: bool) -> impl Iterator<Item = &Toward> {
        let is_default = move |route: &&Toward| route.to.prefix_len() == 0 && route.to.addr().is_ipv6() == is_ipv6;
        self.routes.iter().filter(is_default)
    }
}

/// Whether strangers come in by this interface itself: it leads out, and no device above it takes all it receives.
fn is_door(place: &Place<'_>, links: &Links, port: Port) -> bool {
    let Some(interface) = place.interface(port.index).filter(|interface| interface.link.is_up) else { return false };
    if links.aggregate(port).is_some() {
        return false;
    }
    let is_uplink = links.uplinks().contains(&port);
    match interface.link.kind {
        // What is in other namespaces by itself: a card that a container was given, a VPN's own tunnel.
        LinkKind::Physical | LinkKind::Tun => is_uplink || links.leads_out(port),
        LinkKind::Other { .. } | LinkKind::Vlan { .. } => is_uplink || links.leads_out(port),
        LinkKind::Vxlan { .. } => place.namespace.is_host && links.leads_out(port),
        _ => is_uplink,
    }
}

impl Walker<'_> {
    /// A stranger's packet comes in: a flow for each interface by which it may.
    pub(super) fn enter_from_outside(&self, mut flow: Flow, is_far: bool) -> Vec<Flow> {
        flow.packet.ttl = if is_far { 57 } else { 64 };
        let entries = self.entries(flow.packet.source, flow.packet.destination, is_far);
        if entries.is_empty() {
            self.no_entry(&mut flow);
            return vec![flow];
        }
        let is_open = entries.len() > 1;
        let enter = |entry: &Entry| {
            let mut flow = flow.clone();
            self.enter_by(&mut flow, *entry, is_open);
            flow
        };
        entries.iter().map(enter).collect()
    }

    /// Nothing leads in to that receiver, or what would was not read.
    fn no_entry(&self, flow: &mut Flow) {
        self.outside_hop(flow, Action::Sent, Vec::new());
        let unseen = self.snapshot().hosts.iter().find_map(|host| self.unseen_host(host));
        let unread = || self.places.iter().find(|it| it.namespace.is_host && it.is_unread(SourceKind::Links));
        if let Some(unknown) = unseen.or_else(|| unread().map(|place| place.not_read(SourceKind::Links))) {
            return flow.undecided(unknown);
        }
        let fact = Fact::ready(Evidence::Beyond { address: flow.packet.destination });
        flow.end(Verdict::NoRoute, Some(fact));
    }

    fn enter_by(&self, flow: &mut Flow, entry: Entry, is_one_of_several: bool) {
        let Some(interface) = self.interface_id(entry.by) else { return flow.undecided(Unknown::TooLong) };
        if is_one_of_several {
            flow.unknowns.push(Unknown::Entry { interface: interface.clone() });
        }
        let sent = flow.packet.clone();
        flow.hops.push(Draft {
            at: None,
            action: Action::Sent,
            input: None,
            output: None,
            before: sent.clone(),
            after: sent,
            facts: vec![Fact::ready(Evidence::Entry { interface, by: entry.told_by })],
            lights: vec![EntityId::outside()],
        });
        if let Some(leg) = flow.legs.first_mut() {
            leg.entry = Some(entry.by);
        }
        let Port { at, index } = entry.by;
        match entry.how {
            How::Receiver => self.come_in(flow, entry.by),
            How::Router => {
                // Who is on the link may hand us anything, if there is a route by us.
                flow.packet.destination_mac = self.mac_of(entry.device);
                flow.target = Some(entry.device);
                flow.step = Step::FrameIn { at, index };
            }
            How::Across => {
                let address = flow.packet.destination;
                match self.bridge_port(entry.device, address) {
                    Some(port) if port != entry.by => {
                        flow.packet.source_mac = self.neighbour_mac(entry.device, flow.packet.source);
                        flow.packet.destination_mac = self.neighbour_mac(entry.device, address);
                        flow.step = Step::FrameIn { at, index };
                    }
                    // The two may be on one side of us, and then nothing of it comes here.
                    _ => flow.undecided(Unknown::Beyond { address }),
                }
            }
        }
    }

    /// By which interfaces a packet between these two may come in, the likeliest first. `is_far`: its sender is beyond
    /// the routers, whatever the address.
    fn entries(&self, source: IpAddr, destination: IpAddr, is_far: bool) -> Vec<Entry> {
        let owners = if destination.is_loopback() { &[][..] } else { self.links.owners(destination) };
        let host = |port: Port| self.places.get(port.at).map(|place| &place.host.id);
        let is_receivers_host = |port: Port| owners.is_empty() || owners.iter().any(|it| host(*it) == host(port));
        let behind = if is_far { Vec::new() } else { self.entrances.toward(source) };
        let behind: Vec<(Port, EntryBy)> =
            behind.into_iter().filter(|(device, _)| is_receivers_host(*device)).collect();
        let leads_out = |port: &Port| self.doors_of(*port).next().is_some();
        let on_link: Vec<Port> = owners.iter().copied().filter(leads_out).collect();
        let shares = |device: Port| on_link.iter().copied().find(|owner| self.links.are_together(*owner, device));
        let mut entries: Vec<Entry> = Vec::new();
        let is_ipv6 = destination.is_ipv6();
        let add = |entries: &mut Vec<Entry>, device: Port, how: How, told_by: EntryBy| {
            let sender = Some(source).filter(|_| told_by != EntryBy::Receiver && told_by != EntryBy::LeadsOut);
            for (by, told_by) in self.doors(device, told_by, sender, is_ipv6) {
                if !entries.iter().any(|known| known.by == by && known.how == how) {
                    entries.push(Entry { by, device, how, told_by });
                }
            }
        };
        if behind.iter().any(|(device, _)| shares(*device).is_some()) {
            for (device, told_by) in &behind {
                if let Some(owner) = shares(*device) {
                    add(&mut entries, owner, How::Receiver, *told_by);
                }
            }
            return entries;
        }
        for (device, told_by) in &behind {
            let are_neighbours = owners.is_empty() && !destination.is_loopback();
            let is_across = are_neighbours && self.entrances.is_on_link(*device, destination);
            add(&mut entries, *device, if is_across { How::Across } else { How::Router }, *told_by);
        }
        for owner in &on_link {
            add(&mut entries, *owner, How::Receiver, EntryBy::Receiver);
        }
        if !entries.is_empty() || !behind.is_empty() {
            return entries;
        }
        // Beyond the routers nobody has a route to a private address behind the host.
        if destination.is_loopback() || (!owners.is_empty() && is_private(destination)) {
            return entries;
        }
        // An address that is on no link of a host's, or nobody's: the routers may send it here.
        let mut outward: Vec<Port> = self.entrances.defaults(destination.is_ipv6()).map(|route| route.device).collect();
        if outward.is_empty() {
            outward = self.links.uplinks().to_vec();
        }
        for device in outward.into_iter().filter(|device| is_receivers_host(*device)) {
            add(&mut entries, device, How::Receiver, EntryBy::LeadsOut);
        }
        let is_a_hosts = owners.iter().any(|owner| self.places.get(owner.at).is_some_and(|it| it.namespace.is_host));
        if !is_a_hosts {
            entries.truncate(1);
        }
        entries
    }

    /// The interfaces of a device's host by which the strangers of its link come in, or the one among them that the
    /// bridge's own table names for this sender, or for the link's router.
    fn doors(&self, device: Port, told_by: EntryBy, sender: Option<IpAddr>, is_ipv6: bool) -> Vec<(Port, EntryBy)> {
        let doors: Vec<Port> = self.doors_of(device).collect();
        if doors.len() > 1 {
            let above = doors.first().map_or(device, |door| self.above(*door));
            let defaults = self.entrances.defaults(is_ipv6).filter(|route| sender.is_none() && route.device == above);
            let mut routers = defaults.filter_map(|route| route.gateway);
            let known = sender
                .and_then(|sender| self.bridge_port(above, sender))
                .or_else(|| routers.find_map(|router| self.bridge_port(above, router)));
            if let Some(known) = known.filter(|known| doors.contains(known)) {
                return vec![(known, EntryBy::ForwardingTable)];
            }
        }
        doors.into_iter().map(|door| (door, told_by)).collect()
    }

    fn doors_of(&self, device: Port) -> impl Iterator<Item = Port> {
        let host = |port: Port| self.places.get(port.at).map(|place| &place.host.id);
        let doors = self.links.segment(device).and_then(|segment| self.entrances.doors.get(&segment));
        doors.into_iter().flatten().copied().filter(move |door| host(*door) == host(device))
    }

    /// The device that takes what comes in by this interface: its bridge, or itself.
    pub(super) fn above(&self, by: Port) -> Port {
        self.links.master(by).filter(|master| self.is_bridge(*master)).unwrap_or(by)
    }

    fn is_bridge(&self, port: Port) -> bool {
        let interface = self.places.get(port.at).and_then(|place| place.interface(port.index));
        interface.is_some_and(|interface| matches!(interface.link.kind, LinkKind::Bridge { .. }))
    }

    /// The port of a bridge behind which its tables have a neighbour.
    fn bridge_port(&self, bridge: Port, neighbour: IpAddr) -> Option<Port> {
        let place = self.places.get(bridge.at)?;
        let if_index = place.interface(bridge.index)?.link.if_index;
        let mac = self.neighbour_mac(bridge, neighbour)?;
        let entry = place.fdb.get(&(if_index, mac))?.iter().find(|entry| entry.if_index != if_index)?;
        let (index, _) = place.by_if_index(entry.if_index)?;
        Some(Port { at: bridge.at, index })
    }

    /// The MAC address that a namespace has for a neighbour on a device.
    pub(super) fn neighbour_mac(&self, device: Port, neighbour: IpAddr) -> Option<bridgewalk_model::MacAddress> {
        let place = self.places.get(device.at)?;
        place.neighbours.get(&(place.interface(device.index)?.link.if_index, neighbour))?.mac_address
    }

    pub(super) fn mac_of(&self, port: Port) -> Option<bridgewalk_model::MacAddress> {
        self.places.get(port.at).and_then(|place| place.interface(port.index)).and_then(|it| it.link.mac_address)
    }

    /// By which interface an answer comes back to an address that something left `by` with: by that, if the address is on
    /// its link or on no other.
    pub(super) fn way_back(&self, by: Port, address: IpAddr) -> Port {
        let open = || self.links.owners(address).iter().copied().filter(|owner| self.links.is_open(*owner));
        let is_here = open().any(|owner| self.links.are_together(owner, by));
        let elsewhere = open().filter(|owner| owner.at == by.at).find_map(|owner| self.doors_of(owner).next());
        elsewhere.filter(|_| !is_here).unwrap_or(by)
    }

    /// Whether what leaves by `exit` comes back to a stranger whose packet came in by `entry`: on the same link, or on
    /// one that the stranger is known to be behind.
    pub(super) fn leads_back(&self, entry: Port, exit: Port, stranger: IpAddr) -> bool {
        entry == exit
            || self.links.are_together(entry, exit)
            || self.entrances.toward(stranger).iter().any(|(device, _)| self.links.are_together(*device, exit))
    }
}
