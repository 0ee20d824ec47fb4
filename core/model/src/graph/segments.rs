//! Segments: interfaces that hear each other's broadcasts, and which of them lead to what is not observed.

use std::collections::HashMap;

use petgraph::graph::NodeIndex;

use super::build::Port;
use crate::kernel::LinkKind;

/// A segment of Ethernet: a bridge with its ports and what is at their other ends, a parent with what is on it, a VLAN, a
/// VXLAN over all its observed ends. Good for comparing within one graph only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Segment(u32);

impl Segment {
    const NONE: Self = Self(u32::MAX);

    /// As a number below the count of the graph's interfaces.
    pub const fn number(self) -> usize {
        self.0 as usize
    }
}

/// The segments of a finished graph.
#[derive(Clone, Debug, Default)]
pub(super) struct Segments {
    /// By node.
    of: Vec<Segment>,
    /// By segment.
    is_open: Vec<bool>,
    /// By node: the interface itself leads out.
    exits: Vec<bool>,
}

impl Segments {
    pub(super) fn of(&self, node: NodeIndex) -> Option<Segment> {
        self.of.get(node.index()).copied().filter(|segment| *segment != Segment::NONE)
    }

    pub(super) fn is_open(&self, segment: Segment) -> bool {
        self.is_open.get(segment.number()).copied().unwrap_or(false)
    }

    pub(super) fn is_exit(&self, node: NodeIndex) -> bool {
        self.exits.get(node.index()).copied().unwrap_or(false)
    }
}

/// Segments while they are put together: union and find over the graph's interfaces, by their place among the ports.
pub(super) struct Sets {
    above: Vec<usize>,
    /// The interface itself leads to what is not observed.
    exits: Vec<bool>,
}

impl Sets {
    /// What one host's own interfaces tell: masters and their ports, the two ends of a veth, a parent and its macvlans and
    /// ipvlans. VLANs come last, by [`Self::finish`], for they go where their parents do.
    pub(super) fn new(ports: &[Port<'_>], port_at: &HashMap<NodeIndex, usize>) -> Self {
        let mut sets = Self { above: (0..ports.len()).collect(), exits: vec![false; ports.len()] };
        let mut has_ports = vec![false; ports.len()];
        for (own, port) in ports.iter().enumerate() {
            let place = |node: Option<NodeIndex>| node.and_then(|node| port_at.get(&node)).copied();
            if let Some(master) = place(port.master) {
                if let Some(has_ports) = has_ports.get_mut(master) {
                    *has_ports = true;
                }
                if !ports.get(master).is_some_and(is_vrf) {
                    sets.unite(own, master);
                }
            }
            match port.interface.link.kind {
                LinkKind::Veth => sets.unite_if(own, place(port.peer)),
                LinkKind::Macvlan { .. } | LinkKind::Ipvlan { .. } => sets.unite_if(own, place(port.parent)),
                _ => {}
            }
        }
        sets.exits = ports.iter().zip(has_ports).map(|(port, has_ports)| is_exit(port, has_ports)).collect();
        sets
    }

    /// Which interfaces lead out themselves, by their place.
    pub(super) fn is_exit(&self, at: usize) -> bool {
        self.exits.get(at).copied().unwrap_or(false)
    }

    /// The segment that an interface is on so far, by the place of one of its members.
    pub(super) fn root(&mut self, mut of: usize) -> usize {
        while let Some(above) = self.above.get(of).copied().filter(|above| *above != of) {
            let further = self.above.get(above).copied().unwrap_or(above);
            if let Some(slot) = self.above.get_mut(of) {
                *slot = further;
            }
            of = further;
        }
        of
    }

    pub(super) fn unite(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        if let Some(slot) = self.above.get_mut(a) {
            *slot = b;
        }
    }

    fn unite_if(&mut self, a: usize, b: Option<usize>) {
        if let Some(b) = b {
            self.unite(a, b);
        }
    }

    /// Puts VLANs of one number on one parent's segment together, and sees who leads out.
    pub(super) fn finish(mut self, ports: &[Port<'_>], port_at: &HashMap<NodeIndex, usize>, nodes: usize) -> Segments {
        let vlans: Vec<(usize, usize, u16)> = ports
            .iter()
            .enumerate()
            .filter_map(|(own, port)| match port.interface.link.kind {
                LinkKind::Vlan { vlan_id } => Some((own, *port_at.get(&port.parent?)?, vlan_id)),
                _ => None,
            })
            .collect();
        let mut known: HashMap<(usize, u16), usize> = HashMap::new();
        for (own, parent, vlan_id) in &vlans {
            let parent = self.root(*parent);
            let first = *known.entry((parent, *vlan_id)).or_insert(*own);
            self.unite(*own, first);
        }
        let mut open = vec![false; ports.len()];
        for at in 0..ports.len() {
            let root = self.root(at);
            if let (true, Some(slot)) = (self.is_exit(at), open.get_mut(root)) {
                *slot = true;
            }
        }
        // A VLAN may be on a VLAN.
        let mut has_changed = true;
        while has_changed {
            has_changed = false;
            for (own, parent, _) in &vlans {
                let (own, parent) = (self.root(*own), self.root(*parent));
                let is_open = |at: usize| open.get(at).copied().unwrap_or(false);
                if is_open(parent)
                    && !is_open(own)
                    && let Some(slot) = open.get_mut(own)
                {
                    (*slot, has_changed) = (true, true);
                }
            }
        }
        let mut segments = Segments { of: vec![Segment::NONE; nodes], is_open: open, exits: vec![false; nodes] };
        for (at, port) in ports.iter().enumerate() {
            let root = self.root(at);
            if let Some(slot) = segments.of.get_mut(port.node.index()) {
                *slot = Segment(u32::try_from(root).unwrap_or(u32::MAX));
            }
            if let Some(slot) = segments.exits.get_mut(port.node.index()) {
                *slot = self.is_exit(at);
            }
        }
        segments
    }
}

/// A VRF is a routing table: its ports do not hear each other.
fn is_vrf(port: &Port<'_>) -> bool {
    matches!(&port.interface.link.kind, LinkKind::Other { name } if name == "vrf")
}

/// Whether what the interface sends goes itself to somebody who is not observed. A bridge, a bond or a VRF sends by its
/// ports, and what is on a parent by that.
fn is_exit(port: &Port<'_>, has_ports: bool) -> bool {
    match &port.interface.link.kind {
        LinkKind::Physical | LinkKind::Tun => true,
        LinkKind::Other { name } => !has_ports && !matches!(name.as_str(), "vrf" | "ifb"),
        LinkKind::Veth => port.peer.is_none(),
        LinkKind::Macvlan { .. } | LinkKind::Ipvlan { .. } | LinkKind::Vlan { .. } => port.parent.is_none(),
        LinkKind::Vxlan { remote, .. } => {
            remote.is_some() || port.interface.fdb.iter().any(|entry| entry.remote.is_some())
        }
        LinkKind::Loopback | LinkKind::Bridge { .. } | LinkKind::Dummy => false,
    }
}
