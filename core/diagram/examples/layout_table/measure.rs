//! What makes a drawing good or bad, in numbers: as docs/performance.md lists them.

use std::collections::{HashMap, HashSet};

use bridgewalk_diagram::scene::{Point, Rect};

use super::host::{Graph, Wiring};

/// A drawing measured.
#[derive(Debug, Default)]
pub(crate) struct Measures {
    /// Distinct points where lines of different ends cross: parallel lines in one trunk count once.
    pub crossings: usize,
    pub bends_an_edge: f64,
    pub oblique_share: f64,
    /// Width to height.
    pub aspect: f64,
    /// The whole by its boxes' own area.
    pub area_by_ink: f64,
    pub box_overlaps: usize,
    pub edges_through_boxes: usize,
}

/// A deviation up to this is a rounding error, in units.
const SLACK: f32 = 0.5;
/// Length of a side of the squares in which boxes are looked for.
const CELL: f32 = 200.0;

struct Segment {
    edge: usize,
    from: Point,
    to: Point,
}

impl Segment {
    fn left(&self) -> f32 {
        self.from.x.min(self.to.x)
    }

    fn right(&self) -> f32 {
        self.from.x.max(self.to.x)
    }

    fn top(&self) -> f32 {
        self.from.y.min(self.to.y)
    }

    fn bottom(&self) -> f32 {
        self.from.y.max(self.to.y)
    }

    fn is_orthogonal(&self) -> bool {
        self.right() - self.left() <= SLACK || self.bottom() - self.top() <= SLACK
    }

    fn runs_through(&self, rect: Rect) -> bool {
        let inner = Rect { x: rect.x + 1.0, y: rect.y + 1.0, width: rect.width - 2.0, height: rect.height - 2.0 };
        let (mut enter, mut leave) = (0.0_f32, 1.0_f32);
        let (dx, dy) = (self.to.x - self.from.x, self.to.y - self.from.y);
        for (along, room) in [
            (-dx, self.from.x - inner.x),
            (dx, inner.right() - self.from.x),
            (-dy, self.from.y - inner.y),
            (dy, inner.bottom() - self.from.y),
        ] {
            if along == 0.0 {
                if room < 0.0 {
                    return false;
                }
            } else if along < 0.0 {
                enter = enter.max(room / along);
            } else {
                leave = leave.min(room / along);
            }
        }
        enter < leave
    }
}

/// Measures a drawing of `graph`: its nodes' boxes and its edges' lines, in the graph's order.
pub(crate) fn measure(graph: &Graph, wiring: &Wiring, nodes: &[Rect], edges: &[Vec<Point>]) -> Measures {
    let segments: Vec<Segment> = edges
        .iter()
        .enumerate()
        .flat_map(|(edge, line)| line.windows(2).map(move |ends| Segment { edge, from: ends[0], to: ends[1] }))
        .filter(|piece| (piece.from.x - piece.to.x).abs() + (piece.from.y - piece.to.y).abs() > 0.01)
        .collect();
    let bends = segments.windows(2).filter(|pair| pair[0].edge == pair[1].edge && is_bend(&pair[0], &pair[1])).count();
    let oblique: HashSet<usize> =
        segments.iter().filter(|piece| !piece.is_orthogonal()).map(|piece| piece.edge).collect();
    let points = edges.iter().flatten();
    let left = points.clone().map(|at| at.x).chain(nodes.iter().map(|at| at.x)).fold(f32::MAX, f32::min);
    let right = points.clone().map(|at| at.x).chain(nodes.iter().map(|at| at.right())).fold(f32::MIN, f32::max);
    let top = points.clone().map(|at| at.y).chain(nodes.iter().map(|at| at.y)).fold(f32::MAX, f32::min);
    let bottom = points.map(|at| at.y).chain(nodes.iter().map(|at| at.bottom())).fold(f32::MIN, f32::max);
    let (width, height) = (f64::from(right - left), f64::from(bottom - top));
    let is_ink = |kind: &str| !matches!(kind, "host" | "iface");
    let ink: f64 =
        graph.nodes.iter().filter(|node| is_ink(&node.kind)).map(|node| f64::from(node.w) * f64::from(node.h)).sum();
    let owns = |owner: usize, mut node: usize| loop {
        if owner == node {
            return true;
        }
        match wiring.parents[node] {
            Some(parent) => node = parent,
            None => return false,
        }
    };
    let boxes: Vec<usize> = (0..nodes.len()).filter(|node| graph.nodes[*node].kind != "host").collect();
    Measures {
        crossings: crossings(graph, wiring, segments.as_slice()),
        bends_an_edge: bends as f64 / edges.len().max(1) as f64,
        oblique_share: oblique.len() as f64 / edges.len().max(1) as f64,
        aspect: width / height,
        area_by_ink: width * height / ink,
        box_overlaps: overlaps(nodes, &boxes, owns),
        edges_through_boxes: through(wiring, nodes, &boxes, &segments, owns),
    }
}

fn is_bend(before: &Segment, after: &Segment) -> bool {
    let (ux, uy) = (before.to.x - before.from.x, before.to.y - before.from.y);
    let (vx, vy) = (after.to.x - after.from.x, after.to.y - after.from.y);
    (ux * vy - uy * vx).atan2(ux * vx + uy * vy).abs() > 0.05
}

/// Lines that share an end may cross: they are one fan.
fn crossings(graph: &Graph, wiring: &Wiring, segments: &[Segment]) -> usize {
    let owner = |node: usize| match (graph.nodes[node].kind.as_str(), wiring.parents[node]) {
        ("iface", Some(container)) => container,
        _ => node,
    };
    let ends: Vec<(usize, usize)> = wiring.ends.iter().map(|(from, to)| (owner(*from), owner(*to))).collect();
    let mut order: Vec<usize> = (0..segments.len()).collect();
    order.sort_by(|a, b| segments[*a].left().total_cmp(&segments[*b].left()));
    let mut points = HashSet::new();
    let mut open: Vec<usize> = Vec::new();
    for index in order {
        let one = &segments[index];
        open.retain(|other| segments[*other].right() >= one.left());
        for &other in &open {
            let other = &segments[other];
            if other.edge == one.edge || other.bottom() < one.top() || other.top() > one.bottom() {
                continue;
            }
            let (a, b) = (ends[one.edge], ends[other.edge]);
            if a.0 == b.0 || a.0 == b.1 || a.1 == b.0 || a.1 == b.1 {
                continue;
            }
            if let Some((x, y)) = crossing(one, other) {
                points.insert(((x * 2.0).round() as i64, (y * 2.0).round() as i64));
            }
        }
        open.push(index);
    }
    points.len()
}

fn crossing(one: &Segment, other: &Segment) -> Option<(f64, f64)> {
    let side = |a: Point, b: Point, c: Point| {
        f64::from(b.x - a.x) * f64::from(c.y - a.y) - f64::from(b.y - a.y) * f64::from(c.x - a.x)
    };
    let (a, b) = (side(one.from, one.to, other.from), side(one.from, one.to, other.to));
    let (c, d) = (side(other.from, other.to, one.from), side(other.from, other.to, one.to));
    let share = c / (c - d);
    let at = |from: f32, to: f32| f64::from(from) + f64::from(to - from) * share;
    (a * b < 0.0 && c * d < 0.0).then(|| (at(one.from.x, one.to.x), at(one.from.y, one.to.y)))
}

fn overlaps(nodes: &[Rect], boxes: &[usize], owns: impl Fn(usize, usize) -> bool) -> usize {
    let mut order = boxes.to_vec();
    order.sort_by(|a, b| nodes[*a].y.total_cmp(&nodes[*b].y));
    let mut count = 0;
    for (place, &index) in order.iter().enumerate() {
        let one = nodes[index];
        for &other in order[place + 1..].iter().take_while(|other| nodes[**other].y < one.bottom() - SLACK) {
            let is_beside = nodes[other].x >= one.right() - SLACK || one.x >= nodes[other].right() - SLACK;
            count += usize::from(!is_beside && !owns(index, other) && !owns(other, index));
        }
    }
    count
}

fn through(
    wiring: &Wiring,
    nodes: &[Rect],
    boxes: &[usize],
    segments: &[Segment],
    owns: impl Fn(usize, usize) -> bool,
) -> usize {
    let cells = |left: f32, right: f32, top: f32, bottom: f32| {
        let range = |from: f32, to: f32| (from / CELL).floor() as i32..=(to / CELL).floor() as i32;
        range(left, right).flat_map(move |x| range(top, bottom).map(move |y| (x, y)))
    };
    let mut grid: HashMap<(i32, i32), Vec<usize>> = HashMap::new();
    for &index in boxes {
        let at = nodes[index];
        for cell in cells(at.x, at.right(), at.y, at.bottom()) {
            grid.entry(cell).or_default().push(index);
        }
    }
    let mut hits = HashSet::new();
    for piece in segments {
        let (from, to) = wiring.ends[piece.edge];
        for cell in cells(piece.left(), piece.right(), piece.top(), piece.bottom()) {
            for &index in grid.get(&cell).into_iter().flatten() {
                let is_end = [from, to].into_iter().any(|end| owns(index, end) || owns(end, index));
                if !is_end && piece.runs_through(nodes[index]) {
                    hits.insert((piece.edge, index));
                }
            }
        }
    }
    hits.len()
}
