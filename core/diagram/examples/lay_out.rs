//! Lays a generated host out with the window's own engine, so that it can be measured beside others:
//! `lay_out GRAPH.json [EARLIER_DRAWING.json] > DRAWING.json`. Sizes are taken as the graph has them; what the earlier
//! drawing (one of ours) holds stays where it was.

use std::{collections::BTreeMap, time::Instant};

use bridgewalk_diagram::{
    layout::{BlockPlan, FeedPlan, HostLayout, Placed, Plan, RowPlan, Size, Terminal, arrange, by_shared_members},
    scene::{Point, Rect},
};
use bridgewalk_model::EntityId;
use serde::{Deserialize, Serialize};

type Failure = Box<dyn std::error::Error>;

#[derive(Deserialize)]
struct Graph {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    kind: String,
    w: f32,
    h: f32,
    parent: Option<String>,
}

#[derive(Deserialize)]
struct Edge {
    id: String,
    s: String,
    t: String,
    kind: String,
}

#[derive(Default, Serialize, Deserialize)]
struct Drawing {
    nodes: BTreeMap<String, [f32; 4]>,
    #[serde(default)]
    edges: BTreeMap<String, Vec<[f32; 2]>>,
    /// Milliseconds in the engine.
    #[serde(default)]
    ms: f64,
    /// For the next time.
    #[serde(default)]
    state: Option<HostLayout>,
}

/// Between the boxes of a row.
const LANE_GAP: f32 = 18.0;
/// Between a row's cables and the bus of its bridge.
const BUS_GAP: f32 = 10.0;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let graph = arguments.next().ok_or("usage: lay_out GRAPH.json [EARLIER_DRAWING.json]")?;
    #[allow(clippy::disallowed_methods, reason = "an example reads its files")]
    let read = |path: &str| std::fs::read(path);
    let graph: Graph = serde_json::from_slice(&read(&graph)?)?;
    let earlier: Option<Drawing> = arguments
        .next()
        .map(|path| read(&path))
        .transpose()?
        .map(|bytes| serde_json::from_slice(&bytes))
        .transpose()?;
    #[allow(clippy::disallowed_methods, reason = "an example measures")]
    let begin = Instant::now();
    let host = Host::of(&graph)?;
    let placed = arrange(&host.plan, earlier.as_ref().and_then(|drawing| drawing.state.as_ref()));
    let mut drawing = host.drawing(&graph, &placed);
    drawing.ms = begin.elapsed().as_secs_f64() * 1e3;
    drawing.state = Some(placed.layout);
    serde_json::to_writer(std::io::stdout().lock(), &drawing)?;
    Ok(())
}

/// A container with its interfaces, cables and translations.
#[derive(Default)]
struct Row<'a> {
    node: Option<&'a Node>,
    /// Interface, cable, bridge.
    ends: Vec<(&'a str, &'a str, usize)>,
    nats: Vec<&'a str>,
}

struct Host<'a> {
    plan: Plan,
    nodes: BTreeMap<&'a str, &'a Node>,
    uplinks: Vec<&'a str>,
    bridges: Vec<&'a str>,
    /// For each block, its rows.
    rows: Vec<Vec<Row<'a>>>,
    container_x: f32,
    veth_x: f32,
    bus_x: f32,
    /// Which feed and terminal an edge is.
    fed: BTreeMap<&'a str, (usize, usize)>,
    /// Which trunk and terminal a cable's edge from its bridge is.
    trunked: BTreeMap<&'a str, (usize, usize)>,
}

impl<'a> Host<'a> {
    fn of(graph: &'a Graph) -> Result<Self, Failure> {
        let nodes: BTreeMap<&str, &Node> = graph.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
        let of_kind = |kind: &str| graph.nodes.iter().filter(|node| node.kind == kind).collect::<Vec<_>>();
        let bridges: Vec<&Node> = of_kind("bridge");
        let uplinks: Vec<&str> = of_kind("hostif").iter().map(|node| node.id.as_str()).collect();
        let bridge_index: BTreeMap<&str, usize> =
            bridges.iter().enumerate().map(|(index, node)| (node.id.as_str(), index)).collect();
        let mut bridge_of: BTreeMap<&str, usize> = BTreeMap::new();
        let mut rows: BTreeMap<&str, Row<'_>> = BTreeMap::new();
        for edge in &graph.edges {
            match edge.kind.as_str() {
                "port" => {
                    bridge_of.insert(&edge.t, *bridge_index.get(edge.s.as_str()).ok_or("a port of no bridge")?);
                }
                "dnat" => rows.entry(&edge.t).or_default().nats.push(&edge.s),
                _ => {}
            }
        }
        for edge in graph.edges.iter().filter(|edge| edge.kind == "veth") {
            let container = nodes
                .get(edge.t.as_str())
                .and_then(|node| node.parent.as_deref())
                .ok_or("an interface of no container")?;
            let bridge = *bridge_of.get(edge.s.as_str()).ok_or("a cable of no bridge")?;
            rows.entry(container).or_default().ends.push((&edge.t, &edge.s, bridge));
        }
        for node in of_kind("container") {
            rows.entry(&node.id).or_default().node = Some(node);
        }
        // A container is at home in its first network.
        let mut by_bridge: Vec<Vec<Row<'_>>> = bridges.iter().map(|_| Vec::new()).collect();
        let mut shared = Vec::new();
        for row in rows.into_values().filter(|row| row.node.is_some()) {
            let home = row.ends.first().map_or(0, |end| end.2);
            shared.extend(row.ends.iter().skip(1).map(|end| (home, end.2)));
            by_bridge[home].push(row);
        }
        let order = by_shared_members(bridges.len(), &shared);
        let mut block_of = vec![0; bridges.len()];
        for (block, &bridge) in order.iter().enumerate() {
            block_of[bridge] = block;
        }
        let mut slots: Vec<Option<Vec<Row<'_>>>> = by_bridge.into_iter().map(Some).collect();
        let mut rows: Vec<Vec<Row<'_>>> =
            order.iter().map(|bridge| slots[*bridge].take().unwrap_or_default()).collect();
        for block in &mut rows {
            block.sort_by_key(|row| (row.ends.len() > 1, row.nats.is_empty()));
            for end in block.iter_mut().flat_map(|row| &mut row.ends) {
                end.2 = block_of[end.2];
            }
        }
        let bridges: Vec<&str> = order.iter().map(|bridge| bridges[*bridge].id.as_str()).collect();

        let widest =
            |kind: &str| graph.nodes.iter().filter(|node| node.kind == kind).map(|node| node.w).fold(0.0, f32::max);
        let container_x = widest("nat") + LANE_GAP;
        let veth_x = container_x + widest("container") + LANE_GAP;
        let bus_x = veth_x + widest("veth") + BUS_GAP;
        let mut host = Self {
            plan: Plan::default(),
            nodes,
            uplinks,
            bridges,
            rows,
            container_x,
            veth_x,
            bus_x,
            fed: BTreeMap::new(),
            trunked: BTreeMap::new(),
        };
        host.make_plan(graph);
        Ok(host)
    }

    fn size(&self, id: &str) -> Size {
        self.nodes.get(id).map_or_else(Size::default, |node| Size { width: node.w, height: node.h })
    }

    /// The top of each of a row's boxes from the row's top: translations in the middle of the container's height.
    fn nat_y(&self, row: &Row<'_>, index: usize) -> f32 {
        let height = row.node.map_or(0.0, |node| node.h);
        let each = self.size(row.nats[index]).height + 5.0;
        (height - each * row.nats.len() as f32 + 5.0) / 2.0 + each * index as f32
    }

    fn make_plan(&mut self, graph: &'a Graph) {
        let key = |kind: &str, id: &str| EntityId::host("lay_out").child(kind, id);
        let head = self.bridges.iter().map(|bridge| self.size(bridge).height).fold(0.0, f32::max);
        let row_width = self.bus_x + 4.0;
        let mut feeds: Vec<FeedPlan> = (0..self.uplinks.len())
            .map(|uplink| FeedPlan { uplink, dy: self.size(self.uplinks[uplink]).height / 2.0, to: Vec::new() })
            .collect();
        let mut at: BTreeMap<&str, Terminal> = BTreeMap::new();
        let mut elsewhere: Vec<Vec<Terminal>> = vec![Vec::new(); self.bridges.len()];
        let mut trunked = BTreeMap::new();
        for (block, rows) in self.rows.iter().enumerate() {
            let bridge = self.size(self.bridges[block]);
            at.insert(
                self.bridges[block],
                Terminal { block, row: None, dx: row_width - bridge.width, dy: bridge.height / 2.0 },
            );
            for (index, row) in rows.iter().enumerate() {
                for (number, nat) in row.nats.iter().enumerate() {
                    let dy = self.nat_y(row, number) + self.size(nat).height / 2.0;
                    at.insert(nat, Terminal { block, row: Some(index), dx: 0.0, dy });
                }
                for (number, (_, veth, other)) in row.ends.iter().enumerate() {
                    if *other != block {
                        let size = self.size(veth);
                        let dy = end_y(number) + size.height / 2.0;
                        trunked.insert(*veth, (*other, elsewhere[*other].len()));
                        elsewhere[*other].push(Terminal { block, row: Some(index), dx: self.veth_x + size.width, dy });
                    }
                }
            }
        }
        self.trunked = trunked;
        for edge in graph.edges.iter().filter(|edge| matches!(edge.kind.as_str(), "in" | "masq")) {
            let uplink = self.uplinks.iter().position(|uplink| *uplink == edge.s);
            if let (Some(uplink), Some(terminal)) = (uplink, at.get(edge.t.as_str())) {
                self.fed.insert(&edge.id, (uplink, feeds[uplink].to.len()));
                feeds[uplink].to.push(terminal.clone());
            }
        }
        let outside = graph
            .nodes
            .iter()
            .filter(|node| node.kind == "internet")
            .map(|node| Size { width: node.w, height: node.h });
        self.plan = Plan {
            shape: "lay_out".into(),
            aspect: 16.0 / 9.0,
            outside: outside.collect(),
            uplinks: self.uplinks.iter().map(|uplink| self.size(uplink)).collect(),
            title_height: 30.0,
            row_width,
            blocks: self
                .rows
                .iter()
                .zip(elsewhere)
                .enumerate()
                .map(|(block, (rows, elsewhere))| BlockPlan {
                    key: key("bridge", self.bridges[block]),
                    head_height: head + 10.0,
                    rows: rows
                        .iter()
                        .filter_map(|row| row.node)
                        .map(|node| RowPlan { key: key("container", &node.id), height: node.h })
                        .collect(),
                    foot_height: 0.0,
                    outlet: (row_width, head / 2.0),
                    elsewhere,
                })
                .collect(),
            feeds,
        };
    }

    fn drawing(&self, graph: &Graph, placed: &Placed) -> Drawing {
        let mut nodes: BTreeMap<&str, Rect> = BTreeMap::new();
        let mut row_part = BTreeMap::new();
        for (node, rect) in graph.nodes.iter().filter(|node| node.kind == "internet").zip(&placed.outside) {
            nodes.insert(&node.id, *rect);
        }
        for (id, rect) in self.uplinks.iter().zip(&placed.uplinks) {
            nodes.insert(id, *rect);
        }
        for node in graph.nodes.iter().filter(|node| node.kind == "host") {
            nodes.insert(&node.id, placed.host);
        }
        let sized = |id: &str, x: f32, y: f32| {
            let size = self.size(id);
            Rect { x, y, width: size.width, height: size.height }
        };
        for (block, rows) in self.rows.iter().enumerate() {
            let area = placed.blocks[block][0];
            let bridge = self.size(self.bridges[block]);
            nodes.insert(self.bridges[block], sized(self.bridges[block], area.right() - bridge.width, area.y));
            for (row, place) in rows.iter().zip(&placed.rows[block]) {
                let Some(node) = row.node else { continue };
                let area = place.rect;
                nodes.insert(&node.id, sized(&node.id, area.x + self.container_x, area.y));
                for (number, nat) in row.nats.iter().enumerate() {
                    nodes.insert(nat, sized(nat, area.x, area.y + self.nat_y(row, number)));
                }
                for (number, (interface, veth, _)) in row.ends.iter().enumerate() {
                    let inset = (node.w - self.size(interface).width) / 2.0;
                    nodes
                        .insert(interface, sized(interface, area.x + self.container_x + inset, area.y + end_y(number)));
                    nodes.insert(veth, sized(veth, area.x + self.veth_x, area.y + end_y(number)));
                    row_part.insert(*veth, (block, place.part));
                }
            }
        }
        let mut edges = BTreeMap::new();
        for edge in &graph.edges {
            let (Some(from), Some(to)) = (nodes.get(edge.s.as_str()), nodes.get(edge.t.as_str())) else { continue };
            let straight = || vec![Point { x: from.right(), y: to.center().y }, Point { x: to.x, y: to.center().y }];
            let path = match edge.kind.as_str() {
                "in" | "masq" => self
                    .fed
                    .get(edge.id.as_str())
                    .map(|(feed, end)| placed.feeds[*feed][*end].clone())
                    .unwrap_or_default(),
                "dnat" => vec![Point { x: from.right(), y: from.center().y }, Point { x: to.x, y: from.center().y }],
                "veth" => vec![Point { x: from.x, y: from.center().y }, Point { x: to.right(), y: from.center().y }],
                "port" => match (self.trunked.get(edge.t.as_str()), row_part.get(edge.t.as_str())) {
                    (Some((block, end)), _) => placed.trunks[*block][*end].clone(),
                    (None, Some((block, part))) => self.bus(placed, *block, *part, *from, *to),
                    _ => straight(),
                },
                _ => {
                    let (a, b) = (from.center().y, to.center().y);
                    let middle = (from.right() + placed.host.x) / 2.0;
                    if (a - b).abs() < 0.5 {
                        straight()
                    } else {
                        vec![
                            Point { x: from.right(), y: a },
                            Point { x: middle, y: a },
                            Point { x: middle, y: b },
                            Point { x: to.x, y: b },
                        ]
                    }
                }
            };
            edges.insert(edge.id.clone(), path.iter().map(|point| [point.x, point.y]).collect());
        }
        Drawing {
            nodes: nodes
                .into_iter()
                .map(|(id, rect)| (id.to_owned(), [rect.x, rect.y, rect.width, rect.height]))
                .collect(),
            edges,
            ..Drawing::default()
        }
    }

    /// Down the bus of the row's piece of its block, then to the cable.
    fn bus(&self, placed: &Placed, block: usize, part: usize, bridge: Rect, veth: Rect) -> Vec<Point> {
        let y = veth.center().y;
        let x = placed.blocks[block][part].x + self.bus_x;
        let goal = Point { x: veth.right(), y };
        if part == 0 {
            return vec![Point { x, y: bridge.bottom() }, Point { x, y }, goal];
        }
        let mut path = placed.links[block][part - 1].clone();
        if let Some(last) = path.last_mut() {
            last.x = x;
        }
        path.extend([Point { x, y }, goal]);
        path
    }
}

/// The top of a container's nth interface: the generator leaves 34 for its name, 28 for each.
fn end_y(number: usize) -> f32 {
    34.0 + 28.0 * number as f32
}
