//! What is asked of the graph: the one place where a relation between two things is worked out.

use petgraph::{Direction, graph::NodeIndex, visit::EdgeRef};

use super::{Edge, EdgeKind, Graph, NodeKind, Segment};
use crate::EntityId;

/// The kernel stacks devices no deeper (`MAX_NEST_DEV` in `linux/netdevice.h`); a recording might say anything.
const MOST_LAYERS: usize = 8;

impl Graph {
    /// The other end of a veth pair, where it is seen.
    pub fn peer(&self, id: &EntityId) -> Option<&EntityId> {
        self.inward(id, EdgeKind::VethPair).next().or_else(|| self.outward(id, EdgeKind::VethPair).next())
    }

    /// Of the inner end of a veth pair the other: the host's, an overlay's, or else what comes first.
    pub fn near_end(&self, id: &EntityId) -> Option<&EntityId> {
        self.outward(id, EdgeKind::VethPair).next()
    }

    /// The bridge, bond or VRF that an interface is a port of (`IFLA_MASTER`).
    pub fn master(&self, id: &EntityId) -> Option<&EntityId> {
        self.outward(id, EdgeKind::Port).next()
    }

    /// The ports of a bridge, bond or VRF, by ifindex.
    pub fn ports(&self, id: &EntityId) -> Vec<&EntityId> {
        in_order(self.inward(id, EdgeKind::Port))
    }

    /// The parent of a macvlan, ipvlan or VLAN, a VXLAN's underlay, or the interface that a macvlan or ipvlan network is
    /// on.
    pub fn parent(&self, id: &EntityId) -> Option<&EntityId> {
        self.outward(id, EdgeKind::Parent).next()
    }

    /// What is on a parent: interfaces, and the Docker networks whose parent it is.
    pub fn children(&self, id: &EntityId) -> Vec<&EntityId> {
        in_order(self.inward(id, EdgeKind::Parent))
    }

    /// The VXLANs at the other ends of a VXLAN's tunnels, on other observed hosts.
    pub fn tunnels(&self, id: &EntityId) -> Vec<&EntityId> {
        let mut ends = in_order(self.inward(id, EdgeKind::Tunnel));
        ends.extend(in_order(self.outward(id, EdgeKind::Tunnel)));
        ends
    }

    /// The interfaces of a host by which the outside comes in: each leads out itself and does not do so by another
    /// interface of the host's. Those that the default route leaves by come first, then by ifindex.
    pub fn uplinks(&self, host: &EntityId) -> Vec<&EntityId> {
        let default = self.default_uplink(host).and_then(|id| self.segment(id));
        let mut uplinks: Vec<&EntityId> = in_order(self.inward(&EntityId::outside(), EdgeKind::Uplink));
        uplinks.retain(|id| id.is_within(host));
        uplinks.sort_by_key(|id| default.is_none() || self.segment(id) != default);
        uplinks
    }

    /// The interface that a host's default route leaves by: of the first unicast route to everywhere, the first next hop.
    pub fn default_uplink(&self, host: &EntityId) -> Option<&EntityId> {
        self.id(*self.default_uplinks.get(&self.at(host)?)?)
    }

    /// Whether what an interface sends goes to somebody who is not observed: by itself (hardware, a veth whose other end is
    /// not seen, a tunnel), or by what is below it (its parent, its ports). Neither by the bridge that it is a port of nor
    /// by what is at the other end of a veth: see [`Self::is_open`].
    pub fn leads_out(&self, id: &EntityId) -> bool {
        self.leads_out_below(id, MOST_LAYERS)
    }

    fn leads_out_below(&self, id: &EntityId, layers: usize) -> bool {
        let Some(at) = self.at(id) else { return false };
        let below = || self.parent(id).into_iter().chain(self.inward(id, EdgeKind::Port));
        self.segments.is_exit(at)
            || self.outward(id, EdgeKind::Uplink).next().is_some()
            || (layers > 0 && below().any(|other| self.leads_out_below(other, layers - 1)))
    }

    /// Whether anybody on an interface's segment leads out: then not all who hear it are observed.
    pub fn is_open(&self, id: &EntityId) -> bool {
        self.segment(id).is_some_and(|segment| self.segments.is_open(segment))
    }

    /// The segment that an interface is on.
    pub fn segment(&self, id: &EntityId) -> Option<Segment> {
        self.segments.of(self.at(id)?)
    }

    /// The links that several observed hosts share, each with their interfaces on it.
    pub fn shared_links(&self) -> Vec<(&EntityId, Vec<&EntityId>)> {
        let links = self.nodes().filter(|node| node.kind == NodeKind::Link);
        links.map(|link| (&link.id, in_order(self.inward(&link.id, EdgeKind::Uplink)))).collect()
    }

    /// Everything that a thing is wired to: its edges but for [`EdgeKind::Contains`], in the order in which they were
    /// found.
    pub fn wired_to(&self, id: &EntityId) -> Vec<Edge<'_>> {
        let Some(at) = self.at(id) else { return Vec::new() };
        let mut edges: Vec<_> = [Direction::Incoming, Direction::Outgoing]
            .into_iter()
            .flat_map(|direction| self.petgraph.edges_directed(at, direction))
            .filter(|edge| *edge.weight() != EdgeKind::Contains)
            .collect();
        edges.sort_by_key(EdgeRef::id);
        edges.into_iter().filter_map(|edge| self.edge(edge.source(), *edge.weight(), edge.target())).collect()
    }

    /// The Docker network that a bridge is, where one is.
    pub fn network(&self, bridge: &EntityId) -> Option<&EntityId> {
        self.outward(bridge, EdgeKind::Realises).next()
    }

    /// What is inward of `id` by edges of this kind, last first.
    fn inward(&self, id: &EntityId, kind: EdgeKind) -> impl Iterator<Item = &EntityId> {
        self.next(id, Direction::Outgoing, kind)
    }

    /// What is outward of `id` by edges of this kind, last first.
    fn outward(&self, id: &EntityId, kind: EdgeKind) -> impl Iterator<Item = &EntityId> {
        self.next(id, Direction::Incoming, kind)
    }

    fn next(&self, id: &EntityId, direction: Direction, kind: EdgeKind) -> impl Iterator<Item = &EntityId> {
        let edges = self.at(id).into_iter().flat_map(move |at| self.petgraph.edges_directed(at, direction));
        edges.filter(move |edge| *edge.weight() == kind).filter_map(move |edge| {
            self.id(if direction == Direction::Outgoing { edge.target() } else { edge.source() })
        })
    }

    pub(super) fn id(&self, at: NodeIndex) -> Option<&EntityId> {
        self.petgraph.node_weight(at).map(|node| &node.id)
    }
}

/// petgraph walks edges from the last that was added to the first.
fn in_order<'a>(ids: impl Iterator<Item = &'a EntityId>) -> Vec<&'a EntityId> {
    let mut ids: Vec<_> = ids.collect();
    ids.reverse();
    ids
}
