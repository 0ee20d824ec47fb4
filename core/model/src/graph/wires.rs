//! What lies between two things: the veth pairs, ports, bridges, parents and tunnels on the way, without any packet.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
};

use petgraph::{Direction, graph::NodeIndex, visit::EdgeRef};

use super::{EdgeKind, Graph, Node, NodeKind};
use crate::EntityId;

/// What a step into or out of a namespace's stack counts, against 1 for any wire: the stack joins what no wire does.
const THROUGH_A_STACK: u32 = 100;

/// One stretch of the way from one thing to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch<'a> {
    /// Where it begins.
    pub from: &'a Node,
    /// What leads on.
    pub by: EdgeKind,
    /// Where it ends.
    pub to: &'a Node,
}

impl Graph {
    /// The wires between two things, in order; the way that crosses the fewest stacks, of those the shortest. None: no wire
    /// is seen. A host stands for its own namespace. Nothing of this says that a packet may pass.
    pub fn wires(&self, from: &EntityId, to: &EntityId) -> Option<Vec<Stretch<'_>>> {
        let (from, to) = (self.end(from)?, self.end(to)?);
        let mut reached: HashMap<NodeIndex, (u32, Option<(NodeIndex, EdgeKind)>)> = HashMap::from([(from, (0, None))]);
        let mut next = BinaryHeap::from([Reverse((0_u32, from))]);
        while let Some(Reverse((cost, at))) = next.pop() {
            if at == to {
                break;
            }
            if reached.get(&at).is_some_and(|(best, _)| *best < cost) {
                continue;
            }
            for (kind, other) in self.around(at) {
                let Some(step) = self.step(at, kind, other, [from, to]) else { continue };
                let cost = cost.saturating_add(step);
                if reached.get(&other).is_none_or(|(best, _)| cost < *best) {
                    reached.insert(other, (cost, Some((at, kind))));
                    next.push(Reverse((cost, other)));
                }
            }
        }
        let mut stretches = Vec::new();
        let mut at = to;
        while let (_, Some((before, by))) = reached.get(&at)? {
            stretches.push(Stretch {
                from: self.petgraph.node_weight(*before)?,
                by: *by,
                to: self.petgraph.node_weight(at)?,
            });
            at = *before;
        }
        stretches.reverse();
        Some(stretches)
    }

    fn end(&self, id: &EntityId) -> Option<NodeIndex> {
        let at = self.at(id)?;
        if self.petgraph.node_weight(at)?.kind == NodeKind::Host {
            return self.at(&id.namespace("host"));
        }
        Some(at)
    }

    /// All edges of a node, with what is at their other ends.
    fn around(&self, at: NodeIndex) -> impl Iterator<Item = (EdgeKind, NodeIndex)> {
        let out = self.petgraph.edges_directed(at, Direction::Outgoing).map(|edge| (*edge.weight(), edge.target()));
        let back = self.petgraph.edges_directed(at, Direction::Incoming).map(|edge| (*edge.weight(), edge.source()));
        out.chain(back)
    }

    /// What a step counts; none: it is no wire. A container, a network or the outside is no wire but where it is an end.
    fn step(&self, at: NodeIndex, kind: EdgeKind, other: NodeIndex, ends: [NodeIndex; 2]) -> Option<u32> {
        let kind_of = |node: NodeIndex| self.petgraph.node_weight(node).map(|node| node.kind);
        let passes = |node: NodeIndex| {
            ends.contains(&node)
                || kind_of(node).is_some_and(|kind| {
                    matches!(kind, NodeKind::Interface | NodeKind::Bridge | NodeKind::Namespace | NodeKind::Link)
                })
        };
        if !passes(at) || !passes(other) {
            return None;
        }
        match kind {
            EdgeKind::Contains => {
                // What comes in at a port goes up by its bridge.
                let is_port = |node: NodeIndex| {
                    let mut outer = self.petgraph.edges_directed(node, Direction::Incoming);
                    outer.any(|edge| *edge.weight() == EdgeKind::Port)
                };
                if is_port(at) || is_port(other) {
                    return None;
                }
                let is_home = [at, other].into_iter().any(|node| kind_of(node) == Some(NodeKind::Container));
                Some(if is_home { 1 } else { THROUGH_A_STACK })
            }
            EdgeKind::VethPair
            | EdgeKind::Port
            | EdgeKind::Parent
            | EdgeKind::Realises
            | EdgeKind::Uplink
            | EdgeKind::Tunnel
            | EdgeKind::NatOut => Some(1),
            // Docker's word, or a rule's: no wire.
            EdgeKind::Member | EdgeKind::NatIn | EdgeKind::Task => None,
        }
    }
}
