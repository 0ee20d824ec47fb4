//! Picture and graph say the same: each line is an edge of the graph or one named path of edges, and each edge that is to
//! be seen is a line.

#![allow(clippy::unwrap_used, reason = "a test fails where it is wrong")]

mod support;

use std::collections::{BTreeSet, HashMap};

use bridgewalk_diagram::{
    View, draw,
    scene::{EdgeKind as Line, Point, Scene, Target},
};
use bridgewalk_model::{
    EntityId, Snapshot,
    graph::{EdgeKind, EdgeKind as E, Graph},
    recording::Recording,
    snapshot::NatKind,
};
use support::English;

const RECORDINGS: [&str; 4] = [
    "../../app/tests/recordings/bed.bwrec",
    "../../assets/recordings/demo.bwrec",
    "../../assets/recordings/demo-overlay.bwrec",
    "../../assets/recordings/demo-ingress.bwrec",
];

/// What a line may stand for: the edges on the way from one box to the other, in order, from whichever end.
fn paths(of: Line) -> &'static [&'static [EdgeKind]] {
    match of {
        Line::Uplink => &[&[E::Uplink]],
        // What comes in by an uplink or goes out by it, translated; and on to the network of who gets it.
        Line::Inward | Line::Outward => {
            &[&[E::Uplink, E::NatIn], &[E::NatOut, E::Realises], &[E::NatOut, E::Member], &[E::NatOut]]
        }
        // The underlay, and the bridge inside that the network is. Docker's VXLANs name no underlay (`IFLA_VXLAN_LINK`): what
        // they send leaves the same host's namespace by its uplink.
        Line::Tunnel => &[&[E::Parent], &[E::Port, E::Realises], &[E::Contains, E::Contains, E::Contains, E::Contains]],
        Line::Attachment => &[&[E::Parent], &[E::Contains]],
        // A name in a hosts file is no wire.
        Line::Link => &[],
        // A cable from its port, or from the network that its bridge is; a membership where there is no cable.
        Line::Cable => &[
            &[E::VethPair, E::Contains, E::Contains],
            &[E::Realises, E::Port, E::VethPair],
            &[E::Member],
            &[E::Member, E::Contains, E::Contains],
        ],
    }
}

#[test]
fn each_line_is_an_edge_and_each_edge_a_line() {
    for file in RECORDINGS {
        let snapshot = recorded(file);
        let scene = draw(&snapshot, &View::default(), None, &English).scene;
        let wrong = [lines_without_edges(&snapshot, &scene), edges_without_lines(&snapshot, &scene)].concat();
        assert!(wrong.is_empty(), "{file}:\n{}", wrong.join("\n"));
    }
}

fn lines_without_edges(snapshot: &Snapshot, scene: &Scene) -> Vec<String> {
    let around = around(snapshot.graph());
    let mut wrong = Vec::new();
    for edge in scene.edges.iter().filter(|edge| !paths(edge.kind).is_empty()) {
        let ends = [edge.points.first(), edge.points.last()].map(|at| boxes_at(scene, *at.unwrap()));
        // A peer that Docker lists and nobody observes is part of the outside.
        let outside = EntityId::outside();
        let ends = ends.map(|ids| -> BTreeSet<&EntityId> {
            ids.into_iter().map(|id| if id.as_str().contains("/peer:") { &outside } else { id }).collect()
        });
        let leads = |from: &BTreeSet<&EntityId>, to: &BTreeSet<&EntityId>, path: &[EdgeKind]| {
            let mut at: BTreeSet<&EntityId> = from.clone();
            for kind in path {
                at = at
                    .iter()
                    .flat_map(|id| around.get(*id).into_iter().flatten())
                    .filter(|(by, _)| by == kind)
                    .map(|(_, id)| *id)
                    .collect();
            }
            !at.is_disjoint(to)
        };
        let is_wire =
            paths(edge.kind).iter().any(|path| leads(&ends[0], &ends[1], path) || leads(&ends[1], &ends[0], path));
        if !is_wire {
            wrong.push(format!("no edge: {:?} of {:?} from {:?} to {:?}", edge.kind, edge.entity, ends[0], ends[1]));
        }
    }
    wrong
}

fn edges_without_lines(snapshot: &Snapshot, scene: &Scene) -> Vec<String> {
    let graph = snapshot.graph();
    let lines: BTreeSet<&EntityId> = scene.edges.iter().filter_map(|edge| edge.entity.as_ref()).collect();
    let has_line = |id: &EntityId| lines.contains(id);
    let mut wrong = Vec::new();
    for edge in graph.edges() {
        let (from, to) = (&edge.from.id, &edge.to.id);
        let is_there = match edge.kind {
            // A container's second network is reached by a line of that network's.
            E::VethPair => {
                let network = graph.master(from).and_then(|bridge| graph.network(bridge));
                !is_home(snapshot, to) || has_line(from) || has_line(to) || network.is_some_and(has_line)
            }
            E::Uplink => has_line(from) || has_line(to),
            E::NatOut => !is_shown(snapshot, from) || has_line(from),
            _ => true,
        };
        if !is_there {
            wrong.push(format!("no line: {:?} from {from:?} to {to:?}", edge.kind));
        }
    }
    wrong
}

/// Whether a translation stands in this view: what a published port does, and what hides a network. docker-proxy stands in
/// the port's own sign, and so does the rule that lets a container reach itself by it; both are among its facts.
fn is_shown(snapshot: &Snapshot, nat: &EntityId) -> bool {
    let mapping = snapshot.hosts.iter().flat_map(|host| &host.nat).find(|mapping| mapping.id == *nat).unwrap();
    match mapping.kind {
        NatKind::DestinationNat | NatKind::Redirect => true,
        NatKind::Masquerade | NatKind::SourceNat => {
            mapping.source.is_none_or(|source| source.prefix_len() < source.max_prefix_len())
        }
        NatKind::Proxy => false,
    }
}

/// Whether containers live where an interface is.
fn is_home(snapshot: &Snapshot, interface: &EntityId) -> bool {
    let found = snapshot.interface(interface);
    found.is_some_and(|(_, namespace, _)| !namespace.is_host && !namespace.containers.is_empty())
}

/// What each thing is wired to, whichever way.
fn around(graph: &Graph) -> HashMap<&EntityId, Vec<(EdgeKind, &EntityId)>> {
    let mut around: HashMap<_, Vec<_>> = HashMap::new();
    for edge in graph.edges() {
        around.entry(&edge.from.id).or_default().push((edge.kind, &edge.to.id));
        around.entry(&edge.to.id).or_default().push((edge.kind, &edge.from.id));
    }
    around
}

/// The things whose boxes a line ends at.
fn boxes_at(scene: &Scene, at: Point) -> BTreeSet<&EntityId> {
    /// A plug stands before the box.
    const NEAR: f32 = 8.0;
    let is_at = |target: &&Target| {
        let rect = target.rect;
        let is_near = at.x >= rect.x - NEAR
            && at.x <= rect.right() + NEAR
            && at.y >= rect.y - NEAR
            && at.y <= rect.bottom() + NEAR;
        target.line.is_empty() && target.depth >= 1 && is_near
    };
    scene.targets.iter().filter(is_at).map(|target| &target.entity).collect()
}

#[allow(clippy::disallowed_types, reason = "a test reads what is in the tree")]
fn recorded(file: &str) -> Snapshot {
    let path = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
    Recording::read(std::fs::File::open(path).unwrap()).unwrap().last_snapshot()
}
