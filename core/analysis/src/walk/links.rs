//! Who answers for an address on a link. Who hears whom there is the graph's to say.

use std::{collections::HashMap, net::IpAddr};

use bridgewalk_model::{
    EntityId, MacAddress, Snapshot,
    graph::Segment,
    kernel::{LinkKind, NeighbourState},
    snapshot::Interface,
};

use super::place::{At, Place, Port};

/// What a snapshot's graph says of its links, by a walk's own numbers.
#[derive(Debug)]
pub(super) struct Links {
    /// By namespace and interface.
    wires: Vec<Vec<Wire>>,
    /// Interfaces by address, in all namespaces.
    by_address: HashMap<IpAddr, Vec<Port>>,
    /// Interfaces that answer for others (`proxy_arp`).
    proxies: Vec<Port>,
    /// The interfaces by which the outside comes in.
    uplinks: Vec<Port>,
}

/// How one interface is wired.
#[derive(Clone, Debug, Default)]
struct Wire {
    segment: Option<Segment>,
    /// Not all who hear it are observed.
    is_open: bool,
    leads_out: bool,
    peer: Option<Port>,
    master: Option<Port>,
    /// The master, if it is a bond or team.
    aggregate: Option<Port>,
    parent: Option<Port>,
    /// The macvlans and ipvlans on it.
    children: Vec<Port>,
    tunnels: Vec<Port>,
}

/// Who answers for an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// This interface.
    Interface(Port, Option<MacAddress>),
    /// Somebody who is not observed, whom the namespace's own table or nobody knows.
    Beyond(Option<MacAddress>, Option<NeighbourState>),
    /// Nobody.
    Nobody(Option<NeighbourState>),
    /// The one who has it does not hear it: a parent and its child.
    Isolated(Port),
    /// It may be somebody who is not observed, and may be nobody.
    Unknown,
}

impl Links {
    pub(super) fn new(snapshot: &Snapshot, places: &[Place<'_>]) -> Self {
        let graph = snapshot.graph();
        let mut by_id: HashMap<&EntityId, Port> = HashMap::new();
        for (at, place) in places.iter().enumerate() {
            for (index, interface) in place.namespace.interfaces.iter().enumerate() {
                by_id.insert(&interface.id, Port { at, index });
            }
        }
        let port = |id: &EntityId| by_id.get(id).copied();
        let wire = |interface: &Interface| {
            let id = &interface.id;
            let is_child = |port: &Port| {
                let kind = places.get(port.at).and_then(|place| place.interface(port.index)).map(|it| &it.link.kind);
                matches!(kind, Some(LinkKind::Macvlan { .. } | LinkKind::Ipvlan { .. }))
            };
            let master = graph.master(id).and_then(port);
            let is_aggregate = |port: &Port| {
                let kind = places.get(port.at).and_then(|place| place.interface(port.index)).map(|it| &it.link.kind);
                matches!(kind, Some(LinkKind::Other { name }) if matches!(name.as_str(), "bond" | "team"))
            };
            Wire {
                segment: graph.segment(id),
                is_open: graph.is_open(id),
                leads_out: graph.leads_out(id),
                peer: graph.peer(id).and_then(port),
                master,
                aggregate: master.filter(is_aggregate),
                parent: graph.parent(id).and_then(port),
                children: graph.children(id).into_iter().filter_map(port).filter(is_child).collect(),
                tunnels: graph.tunnels(id).into_iter().filter_map(port).collect(),
            }
        };
        let wires = places.iter().map(|place| place.namespace.interfaces.iter().map(wire).collect()).collect();
        let uplinks = snapshot.hosts.iter().flat_map(|host| graph.uplinks(&host.id)).filter_map(port).collect();
        let mut by_address: HashMap<IpAddr, Vec<Port>> = HashMap::new();
        let mut proxies = Vec::new();
        for (at, place) in places.iter().enumerate() {
            for (index, interface) in place.namespace.interfaces.iter().enumerate() {
                let port = Port { at, index };
                for address in interface.addresses.iter().filter(|address| !address.is_tentative) {
                    by_address.entry(address.address).or_default().push(port);
                }
                let name = &interface.link.name;
                let proxies_arp = |name: &str| place.sysctl(&format!("net/ipv4/conf/{name}/proxy_arp")) == Some("1");
                if proxies_arp(name) || proxies_arp("all") {
                    proxies.push(port);
                }
            }
        }
        Self { wires, by_address, proxies, uplinks }
    }

    fn wire(&self, port: Port) -> Option<&Wire> {
        self.wires.get(port.at)?.get(port.index)
    }

    /// The interfaces of all hosts by which the outside comes in.
    pub(super) fn uplinks(&self) -> &[Port] {
        &self.uplinks
    }

    /// The other end of a veth pair.
    pub(super) fn peer(&self, port: Port) -> Option<Port> {
        self.wire(port)?.peer
    }

    /// The bridge that an interface is a port of.
    pub(super) fn master(&self, port: Port) -> Option<Port> {
        self.wire(port)?.master
    }

    /// The parent of a macvlan, ipvlan or VLAN.
    pub(super) fn parent(&self, port: Port) -> Option<Port> {
        self.wire(port)?.parent
    }

    /// The other ends of a VXLAN's tunnels.
    pub(super) fn tunnels(&self, port: Port) -> &[Port] {
        self.wire(port).map_or(&[], |wire| wire.tunnels.as_slice())
    }

    /// Whether what the interface sends goes to what is not observed.
    pub(super) fn leads_out(&self, port: Port) -> bool {
        self.wire(port).is_some_and(|wire| wire.leads_out)
    }

    /// All interfaces that have this address.
    pub(super) fn owners(&self, address: IpAddr) -> &[Port] {
        self.by_address.get(&address).map_or(&[], Vec::as_slice)
    }

    /// The macvlans and ipvlans on this interface.
    pub(super) fn children(&self, port: Port) -> &[Port] {
        self.wire(port).map_or(&[], |wire| wire.children.as_slice())
    }

    /// The bond or team that an interface is a port of: it takes all that the port receives.
    pub(super) fn aggregate(&self, port: Port) -> Option<Port> {
        self.wire(port)?.aggregate
    }

    /// The segment that an interface is on.
    pub(super) fn segment(&self, port: Port) -> Option<Segment> {
        self.wire(port)?.segment
    }

    /// Whether two interfaces are on one link.
    pub(super) fn are_together(&self, a: Port, b: Port) -> bool {
        self.segment(a).is_some() && self.segment(a) == self.segment(b)
    }

    /// Whether the interface's link leads to what is not observed.
    pub(super) fn is_open(&self, port: Port) -> bool {
        self.wire(port).is_some_and(|wire| wire.is_open)
    }

    /// Who answers when `asker` asks for `address` on its link.
    pub(super) fn answer(&self, places: &[Place<'_>], asker: Port, address: IpAddr) -> Answer {
        let Some(own) = places.get(asker.at) else { return Answer::Unknown };
        let Some(out) = own.interface(asker.index) else { return Answer::Unknown };
        let known = own.neighbours.get(&(out.link.if_index, address));
        let state = known.map(|known| known.state);
        let mut isolated = None;
        for owner in self.owners(address) {
            // IPv4 answers for every address of the namespace on each of its interfaces, IPv6 for the interface's own.
            let hears = if address.is_ipv4() && !self.are_together(asker, *owner) {
                self.hearing(places, owner.at, asker)
            } else {
                Some(*owner).filter(|owner| self.are_together(asker, *owner))
            };
            let Some(hears) = hears.filter(|hears| hears.at != asker.at || hears.index != asker.index) else {
                continue;
            };
            if self.is_parent_of_either(asker, hears) {
                isolated = Some(hears);
                continue;
            }
            let mac =
                places.get(hears.at).and_then(|place| place.interface(hears.index)).and_then(|it| it.link.mac_address);
            return Answer::Interface(hears, mac);
        }
        // What is set by hand, as Docker does on an overlay, needs no answer.
        let settled = known.filter(|known| {
            matches!(known.state, NeighbourState::Permanent | NeighbourState::NoArp) && known.mac_address.is_some()
        });
        if let Some(known) = settled {
            return Answer::Beyond(known.mac_address, state);
        }
        if let Some(proxy) =
            self.proxies.iter().find(|proxy| address.is_ipv4() && self.stands_in(places, **proxy, asker, address))
        {
            let mac =
                places.get(proxy.at).and_then(|place| place.interface(proxy.index)).and_then(|it| it.link.mac_address);
            return Answer::Interface(*proxy, mac);
        }
        if let Some(other) = isolated {
            return Answer::Isolated(other);
        }
        if !self.is_open(asker) {
            return Answer::Nobody(state);
        }
        match known {
            Some(known) if known.mac_address.is_some() && known.state != NeighbourState::Failed => {
                Answer::Beyond(known.mac_address, state)
            }
            Some(known) if matches!(known.state, NeighbourState::Failed | NeighbourState::Incomplete) => {
                Answer::Nobody(state)
            }
            _ => Answer::Unknown,
        }
    }

    /// The interface of `at` that hears what `asker` broadcasts: no port of a bridge, for the bridge hears instead.
    fn hearing(&self, places: &[Place<'_>], at: At, asker: Port) -> Option<Port> {
        let place = places.get(at)?;
        (0..place.namespace.interfaces.len()).map(|index| Port { at, index }).find(|port| {
            let is_port = place.interface(port.index).is_some_and(|one| one.link.master_if_index.is_some());
            !is_port && self.are_together(*port, asker)
        })
    }

    /// Whether `proxy` answers for an address that it routes elsewhere.
    fn stands_in(&self, places: &[Place<'_>], proxy: Port, asker: Port, address: IpAddr) -> bool {
        if proxy.at == asker.at || !self.are_together(proxy, asker) {
            return false;
        }
        let Some(place) = places.get(proxy.at) else { return false };
        let own = place.interface(proxy.index).map(|interface| interface.link.if_index);
        let route = place
            .routes
            .get(&(254, false))
            .and_then(|routes| routes.iter().find(|route| route.destination.contains(&address)));
        route.is_some_and(|route| route.next_hops.iter().any(|hop| Some(hop.if_index) != own))
    }

    fn is_parent_of_either(&self, a: Port, b: Port) -> bool {
        self.children(a).contains(&b) || self.children(b).contains(&a)
    }
}
