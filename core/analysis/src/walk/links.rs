//! Who hears whom on a link: which interfaces a broadcast reaches, and who answers for an address.

use std::{collections::HashMap, net::IpAddr};

use bridgewalk_model::{
    EntityId, MacAddress,
    kernel::{LinkKind, NeighbourState},
};
use ipnet::IpNet;

use super::place::{At, Place, Port};

/// The links of a snapshot: interfaces that hear each other's broadcasts have one link's number.
#[derive(Debug)]
pub(super) struct Links {
    /// By namespace and interface.
    link: Vec<Vec<usize>>,
    /// Links that lead to what is not observed.
    is_open: Vec<bool>,
    /// Interfaces by address, in all namespaces.
    by_address: HashMap<IpAddr, Vec<Port>>,
    by_id: HashMap<EntityId, Port>,
    /// Interfaces that answer for others (`proxy_arp`).
    proxies: Vec<Port>,
    /// The interfaces that are children of this one (macvlan, ipvlan), by parent.
    children: HashMap<(At, usize), Vec<Port>>,
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
    pub(super) fn new(places: &[Place<'_>]) -> Self {
        let mut by_id = HashMap::new();
        let mut flat: Vec<Port> = Vec::new();
        let mut base: Vec<usize> = Vec::new();
        for (at, place) in places.iter().enumerate() {
            base.push(flat.len());
            for (index, interface) in place.namespace.interfaces.iter().enumerate() {
                by_id.insert(interface.id.clone(), Port { at, index });
                flat.push(Port { at, index });
            }
        }
        let number = |port: Port| base.get(port.at).map_or(usize::MAX, |first| first + port.index);
        let mut sets = Sets { parent: (0..flat.len()).collect() };
        let mut open = vec![false; flat.len()];
        let mut children: HashMap<(At, usize), Vec<Port>> = HashMap::new();
        let mut uplinks: HashMap<IpNet, usize> = HashMap::new();
        let mut tunnels: HashMap<u32, usize> = HashMap::new();
        let mut vlans: HashMap<(usize, u16), usize> = HashMap::new();
        for (own, port) in flat.iter().enumerate() {
            let Some(interface) = places.get(port.at).and_then(|place| place.interface(port.index)) else { continue };
            let other = |id: &Option<EntityId>| id.as_ref().and_then(|id| by_id.get(id)).copied();
            if let Some(master) = other(&interface.master) {
                sets.unite(own, number(master));
            }
            let mut is_uplink = false;
            match interface.link.kind {
                LinkKind::Veth => match other(&interface.peer) {
                    Some(peer) => sets.unite(own, number(peer)),
                    None => is_uplink = true,
                },
                LinkKind::Macvlan { .. } | LinkKind::Ipvlan { .. } => match other(&interface.parent) {
                    Some(parent) => {
                        sets.unite(own, number(parent));
                        children.entry((parent.at, parent.index)).or_default().push(*port);
                    }
                    None => is_uplink = true,
                },
                LinkKind::Vlan { vlan_id } => {
                    let parent = other(&interface.parent).map_or(usize::MAX, number);
                    sets.unite(own, *vlans.entry((parent, vlan_id)).or_insert(own));
                    is_uplink = true;
                }
                LinkKind::Vxlan { vni, .. } => {
                    sets.unite(own, *tunnels.entry(vni).or_insert(own));
                    is_uplink = interface.fdb.iter().any(|entry| entry.remote.is_some());
                }
                LinkKind::Physical | LinkKind::Tun | LinkKind::Other { .. } => is_uplink = true,
                LinkKind::Loopback | LinkKind::Bridge { .. } | LinkKind::Dummy => {}
            }
            if is_uplink {
                if let Some(open) = open.get_mut(own) {
                    *open = true;
                }
                // Two observed hosts whose uplinks are in one subnet are on one link.
                for address in interface.addresses.iter().filter(|address| address.address.is_ipv4()) {
                    if let Ok(net) = IpNet::new(address.address, address.prefix_len) {
                        sets.unite(own, *uplinks.entry(net.trunc()).or_insert(own));
                    }
                }
            }
        }
        let mut link: Vec<Vec<usize>> =
            places.iter().map(|place| Vec::with_capacity(place.namespace.interfaces.len())).collect();
        let mut is_open = vec![false; flat.len()];
        let mut by_address: HashMap<IpAddr, Vec<Port>> = HashMap::new();
        let mut proxies = Vec::new();
        for (own, port) in flat.iter().enumerate() {
            let root = sets.root(own);
            if let Some(list) = link.get_mut(port.at) {
                list.push(root);
            }
            if let (Some(flag), Some(true)) = (is_open.get_mut(root), open.get(own)) {
                *flag = true;
            }
            let Some(place) = places.get(port.at) else { continue };
            let Some(interface) = place.interface(port.index) else { continue };
            for address in interface.addresses.iter().filter(|address| !address.is_tentative) {
                by_address.entry(address.address).or_default().push(*port);
            }
            let name = &interface.link.name;
            let proxies_arp = |name: &str| place.sysctl(&format!("net/ipv4/conf/{name}/proxy_arp")) == Some("1");
            if proxies_arp(name) || proxies_arp("all") {
                proxies.push(*port);
            }
        }
        Self { link, is_open, by_address, by_id, proxies, children }
    }

    /// The interface with this id.
    pub(super) fn port(&self, id: &EntityId) -> Option<Port> {
        self.by_id.get(id).copied()
    }

    /// All interfaces that have this address.
    pub(super) fn owners(&self, address: IpAddr) -> &[Port] {
        self.by_address.get(&address).map_or(&[], Vec::as_slice)
    }

    /// The macvlans and ipvlans on this interface.
    pub(super) fn children(&self, port: Port) -> &[Port] {
        self.children.get(&(port.at, port.index)).map_or(&[], Vec::as_slice)
    }

    /// Whether two interfaces are on one link.
    pub(super) fn are_together(&self, a: Port, b: Port) -> bool {
        let number = self.number(a);
        number.is_some() && number == self.number(b)
    }

    /// Whether the interface's link leads to what is not observed.
    pub(super) fn is_open(&self, port: Port) -> bool {
        self.number(port).and_then(|number| self.is_open.get(number)).copied().unwrap_or(false)
    }

    fn number(&self, port: Port) -> Option<usize> {
        self.link.get(port.at)?.get(port.index).copied()
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

/// Union and find.
struct Sets {
    parent: Vec<usize>,
}

impl Sets {
    fn root(&mut self, mut of: usize) -> usize {
        while let Some(parent) = self.parent.get(of).copied().filter(|parent| *parent != of) {
            let grand = self.parent.get(parent).copied().unwrap_or(parent);
            if let Some(slot) = self.parent.get_mut(of) {
                *slot = grand;
            }
            of = grand;
        }
        of
    }

    fn unite(&mut self, a: usize, b: usize) {
        if b == usize::MAX {
            return;
        }
        let (a, b) = (self.root(a), self.root(b));
        if let Some(slot) = self.parent.get_mut(a) {
            *slot = b;
        }
    }
}
