//! A generated host as the layout's plan, and the plan's result as the host's boxes and lines.

use std::collections::HashMap;

use bridgewalk_diagram::{
    layout::{BlockPlan, FeedPlan, HostLayout, Placed, Plan, RowPlan, Size, Terminal, arrange, by_shared_members},
    scene::{Point, Rect},
};
use bridgewalk_model::EntityId;
use serde::Deserialize;

/// A host as `generate.py` writes it.
#[derive(Deserialize)]
pub(crate) struct Graph {
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
}

#[derive(Deserialize)]
pub(crate) struct Node {
    pub id: String,
    pub kind: String,
    pub w: f32,
    pub h: f32,
    pub parent: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Edge {
    #[allow(dead_code, reason = "the table calls no edge by its name")]
    pub id: String,
    pub s: String,
    pub t: String,
    pub kind: String,
}

/// Every node's box and every edge's line, in the graph's order.
pub(crate) struct Drawing {
    pub nodes: Vec<Rect>,
    pub edges: Vec<Vec<Point>>,
    /// For the next time.
    pub layout: HostLayout,
}

/// Lays `graph` out; what `earlier` holds stays where it was, if that is as good.
pub(crate) fn lay_out(graph: &Graph, wiring: &Wiring, aspect: f32, earlier: Option<&HostLayout>) -> Drawing {
    let host = Host::of(graph, wiring, aspect);
    let placed = arrange(&host.plan, earlier);
    let (nodes, edges) = host.drawing(&placed);
    Drawing { nodes, edges, layout: placed.layout }
}

/// Between the boxes of a row.
const LANE_GAP: f32 = 18.0;
/// Between a row's cables and the bus of its bridge.
const BUS_GAP: f32 = 10.0;

/// Who is what and joined to whom, by places in the graph's lists.
pub(crate) struct Wiring {
    /// Both ends of each edge.
    pub ends: Vec<(usize, usize)>,
    /// Each node's owner.
    pub parents: Vec<Option<usize>>,
    outside: Vec<usize>,
    hosts: Vec<usize>,
    uplinks: Vec<usize>,
    bridges: Vec<usize>,
    containers: Vec<usize>,
}

impl Wiring {
    pub(crate) fn of(graph: &Graph) -> Result<Self, String> {
        let index: HashMap<&str, usize> =
            graph.nodes.iter().enumerate().map(|(place, node)| (node.id.as_str(), place)).collect();
        let find = |id: &String| index.get(id.as_str()).copied().ok_or_else(|| format!("no node {id}"));
        let of_kind = |kind: &str| {
            graph.nodes.iter().enumerate().filter(|(_, node)| node.kind == kind).map(|(place, _)| place).collect()
        };
        Ok(Self {
            ends: graph.edges.iter().map(|edge| Ok((find(&edge.s)?, find(&edge.t)?))).collect::<Result<_, String>>()?,
            parents: graph
                .nodes
                .iter()
                .map(|node| node.parent.as_ref().map(&find).transpose())
                .collect::<Result<_, _>>()?,
            outside: of_kind("internet"),
            hosts: of_kind("host"),
            uplinks: of_kind("hostif"),
            bridges: of_kind("bridge"),
            containers: of_kind("container"),
        })
    }
}

/// A container with its interfaces, cables and translations.
#[derive(Default)]
struct Row {
    container: usize,
    ends: Vec<Cable>,
    nats: Vec<usize>,
}

/// A veth pair.
struct Cable {
    interface: usize,
    veth: usize,
    /// The block of its bridge.
    block: usize,
}

/// Where an edge's line comes from.
#[derive(Clone, Copy, Default)]
enum Line {
    /// Straight or with one step, between its boxes.
    #[default]
    Own,
    /// A feed's, and which terminal's.
    Feed(usize, usize),
    /// A block's trunk's, and which terminal's.
    Trunk(usize, usize),
    /// Down the bus of its block: block and row.
    Bus(usize, usize),
}

struct Host<'a> {
    graph: &'a Graph,
    wiring: &'a Wiring,
    plan: Plan,
    /// Each block's bridge.
    bridges: Vec<usize>,
    /// For each block, its rows.
    rows: Vec<Vec<Row>>,
    container_x: f32,
    veth_x: f32,
    bus_x: f32,
    /// For each edge.
    lines: Vec<Line>,
}

impl<'a> Host<'a> {
    fn of(graph: &'a Graph, wiring: &'a Wiring, aspect: f32) -> Self {
        const NONE: usize = usize::MAX;
        let mut block_of = vec![NONE; graph.nodes.len()];
        let mut row_of = vec![NONE; graph.nodes.len()];
        for (place, &bridge) in wiring.bridges.iter().enumerate() {
            block_of[bridge] = place;
        }
        let mut all: Vec<Row> = Vec::with_capacity(wiring.containers.len());
        for &container in &wiring.containers {
            row_of[container] = all.len();
            all.push(Row { container, ..Row::default() });
        }
        for (edge, &(from, to)) in graph.edges.iter().zip(&wiring.ends) {
            match edge.kind.as_str() {
                "port" => block_of[to] = block_of[from],
                "dnat" if row_of[to] != NONE => all[row_of[to]].nats.push(from),
                _ => {}
            }
        }
        for (edge, &(veth, interface)) in graph.edges.iter().zip(&wiring.ends) {
            let row = wiring.parents[interface].map_or(NONE, |container| row_of[container]);
            if edge.kind == "veth" && row != NONE && block_of[veth] != NONE {
                all[row].ends.push(Cable { interface, veth, block: block_of[veth] });
            }
        }
        // A container is at home in its first network.
        let mut rows: Vec<Vec<Row>> = wiring.bridges.iter().map(|_| Vec::new()).collect();
        let mut shared = Vec::new();
        for row in all {
            let home = row.ends.first().map_or(0, |end| end.block);
            shared.extend(row.ends.iter().skip(1).map(|end| (home, end.block)));
            rows[home].push(row);
        }
        let order = by_shared_members(rows.len(), &shared);
        let mut place = vec![0; rows.len()];
        for (block, &bridge) in order.iter().enumerate() {
            place[bridge] = block;
        }
        let mut rows: Vec<Vec<Row>> = order.iter().map(|bridge| std::mem::take(&mut rows[*bridge])).collect();
        for block in &mut rows {
            block.sort_by_key(|row| (row.ends.len() > 1, row.nats.is_empty()));
            for end in block.iter_mut().flat_map(|row| &mut row.ends) {
                end.block = place[end.block];
            }
        }
        let bridges = order.iter().map(|bridge| wiring.bridges[*bridge]).collect();
        let widest =
            |kind: &str| graph.nodes.iter().filter(|node| node.kind == kind).map(|node| node.w).fold(0.0, f32::max);
        let container_x = widest("nat") + LANE_GAP;
        let veth_x = container_x + widest("container") + LANE_GAP;
        let bus_x = veth_x + widest("veth") + BUS_GAP;
        let lines = vec![Line::Own; graph.edges.len()];
        let mut host = Self { graph, wiring, plan: Plan::default(), bridges, rows, container_x, veth_x, bus_x, lines };
        host.make_plan(aspect);
        host
    }

    fn size(&self, node: usize) -> Size {
        let node = &self.graph.nodes[node];
        Size { width: node.w, height: node.h }
    }

    /// The top of each of a row's boxes from the row's top: translations in the middle of the container's height.
    fn nat_y(&self, row: &Row, index: usize) -> f32 {
        let each = self.size(row.nats[index]).height + 5.0;
        (self.size(row.container).height - each * row.nats.len() as f32 + 5.0) / 2.0 + each * index as f32
    }

    fn make_plan(&mut self, aspect: f32) {
        let (graph, wiring) = (self.graph, self.wiring);
        let owner = EntityId::host("lay_out");
        let head = self.bridges.iter().map(|bridge| self.size(*bridge).height).fold(0.0, f32::max);
        let row_width = self.bus_x + 4.0;
        let mut feeds: Vec<FeedPlan> = wiring
            .uplinks
            .iter()
            .enumerate()
            .map(|(uplink, &node)| FeedPlan { uplink, dy: self.size(node).height / 2.0, to: Vec::new() })
            .collect();
        let mut uplink_of = vec![usize::MAX; graph.nodes.len()];
        for (uplink, &node) in wiring.uplinks.iter().enumerate() {
            uplink_of[node] = uplink;
        }
        let mut terminals: Vec<Option<Terminal>> = vec![None; graph.nodes.len()];
        let mut veth_line = vec![Line::Own; graph.nodes.len()];
        let mut elsewhere: Vec<Vec<Terminal>> = vec![Vec::new(); self.bridges.len()];
        for (block, rows) in self.rows.iter().enumerate() {
            let bridge = self.size(self.bridges[block]);
            terminals[self.bridges[block]] =
                Some(Terminal { block, row: None, dx: row_width - bridge.width, dy: bridge.height / 2.0 });
            for (index, row) in rows.iter().enumerate() {
                for (number, &nat) in row.nats.iter().enumerate() {
                    let dy = self.nat_y(row, number) + self.size(nat).height / 2.0;
                    terminals[nat] = Some(Terminal { block, row: Some(index), dx: 0.0, dy });
                }
                for (number, end) in row.ends.iter().enumerate() {
                    if end.block == block {
                        veth_line[end.veth] = Line::Bus(block, index);
                        continue;
                    }
                    let size = self.size(end.veth);
                    let dy = end_y(number) + size.height / 2.0;
                    let to = &mut elsewhere[end.block];
                    veth_line[end.veth] = Line::Trunk(end.block, to.len());
                    to.push(Terminal { block, row: Some(index), dx: self.veth_x + size.width, dy });
                }
            }
        }
        for (place, (edge, &(from, to))) in graph.edges.iter().zip(&wiring.ends).enumerate() {
            match edge.kind.as_str() {
                "in" | "masq" => {
                    if let (Some(feed), Some(terminal)) = (feeds.get_mut(uplink_of[from]), terminals[to].take()) {
                        self.lines[place] = Line::Feed(uplink_of[from], feed.to.len());
                        feed.to.push(terminal);
                    }
                }
                "port" => self.lines[place] = veth_line[to],
                _ => {}
            }
        }
        self.plan = Plan {
            shape: "lay_out".into(),
            aspect,
            outside: wiring.outside.iter().map(|node| self.size(*node)).collect(),
            uplinks: wiring.uplinks.iter().map(|node| self.size(*node)).collect(),
            title_height: 30.0,
            row_width,
            blocks: self
                .rows
                .iter()
                .zip(elsewhere)
                .zip(&self.bridges)
                .map(|((rows, elsewhere), bridge)| BlockPlan {
                    key: owner.child("bridge", &graph.nodes[*bridge].id),
                    head_height: head + 10.0,
                    rows: rows
                        .iter()
                        .map(|row| &graph.nodes[row.container])
                        .map(|node| RowPlan { key: owner.child("container", &node.id), height: node.h })
                        .collect(),
                    foot_height: 0.0,
                    outlet: (row_width, head / 2.0),
                    elsewhere,
                })
                .collect(),
            feeds,
        };
    }

    /// Every node's box and every edge's line, in the graph's order.
    fn drawing(&self, placed: &Placed) -> (Vec<Rect>, Vec<Vec<Point>>) {
        let wiring = self.wiring;
        let mut nodes = vec![Rect::default(); self.graph.nodes.len()];
        for (&node, rect) in
            wiring.outside.iter().zip(&placed.outside).chain(wiring.uplinks.iter().zip(&placed.uplinks))
        {
            nodes[node] = *rect;
        }
        for &node in &wiring.hosts {
            nodes[node] = placed.host;
        }
        let mut put = |node: usize, x: f32, y: f32| {
            let size = self.size(node);
            nodes[node] = Rect { x, y, width: size.width, height: size.height };
        };
        for (block, rows) in self.rows.iter().enumerate() {
            let area = placed.blocks[block][0];
            let bridge = self.bridges[block];
            put(bridge, area.right() - self.size(bridge).width, area.y);
            for (row, place) in rows.iter().zip(&placed.rows[block]) {
                let Rect { x, y, .. } = place.rect;
                put(row.container, x + self.container_x, y);
                for (number, &nat) in row.nats.iter().enumerate() {
                    put(nat, x, y + self.nat_y(row, number));
                }
                for (number, end) in row.ends.iter().enumerate() {
                    let inset = (self.size(row.container).width - self.size(end.interface).width) / 2.0;
                    put(end.interface, x + self.container_x + inset, y + end_y(number));
                    put(end.veth, x + self.veth_x, y + end_y(number));
                }
            }
        }
        let edges = self.graph.edges.iter().zip(&wiring.ends).zip(&self.lines);
        let edges = edges
            .map(|((edge, &(from, to)), &line)| {
                let (from, to) = (nodes[from], nodes[to]);
                match (line, edge.kind.as_str()) {
                    (Line::Feed(feed, end), _) => placed.feeds[feed][end].clone(),
                    (Line::Trunk(block, end), _) => placed.trunks[block][end].clone(),
                    (Line::Bus(block, row), _) => self.bus(placed, block, placed.rows[block][row].part, from, to),
                    (Line::Own, "veth") => {
                        vec![Point { x: from.x, y: from.center().y }, Point { x: to.right(), y: from.center().y }]
                    }
                    (Line::Own, "dnat") => {
                        vec![Point { x: from.right(), y: from.center().y }, Point { x: to.x, y: from.center().y }]
                    }
                    (Line::Own, _) => step(from, to, placed.host.x),
                }
            })
            .collect();
        (nodes, edges)
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

/// From the outside to an uplink of the host that begins at `host_x`.
fn step(from: Rect, to: Rect, host_x: f32) -> Vec<Point> {
    let (a, b) = (from.center().y, to.center().y);
    let (start, goal) = (Point { x: from.right(), y: a }, Point { x: to.x, y: b });
    if (a - b).abs() < 0.5 {
        return vec![Point { y: b, ..start }, goal];
    }
    let middle = (from.right() + host_x) / 2.0;
    vec![start, Point { x: middle, y: a }, Point { x: middle, y: b }, goal]
}

/// The top of a container's nth interface: the generator leaves 34 for its name, 28 for each.
fn end_y(number: usize) -> f32 {
    34.0 + 28.0 * number as f32
}
