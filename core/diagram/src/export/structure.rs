//! A scene as programs with shapes of their own want it: which shapes make one box and what is written in it, which box
//! is in which, and which box each line leads to. All of it read off the scene: nothing is added.

use std::collections::{BTreeMap, HashMap};

use bridgewalk_model::EntityId;

use crate::{
    fonts::text_width,
    scene::{Anchor, Edge, EdgeKind, Layer, LineEnd, Point, Rect, Scene, Shape, Stroke},
};

/// Smaller outlined shapes are icons.
const LEAST_SIDE: f32 = 12.0;
/// How far from a box a line may end that leads to it: a plug and its gap.
const REACH: f32 = 16.0;
/// Boxes are looked up by horizontal bands of this height.
const BAND: f32 = 64.0;

/// What a box is among boxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// Holds boxes: a host, a project, a namespace.
    Group,
    /// A thing.
    Box,
    /// A part of the box that it is in: an interface, a port, a door.
    Part,
}

/// A box.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    /// Its shape, among the scene's items.
    pub item: usize,
    pub entity: Option<&'a EntityId>,
    /// What it is to be called: its accessible name, or what is written first in it.
    pub name: String,
    pub rect: Rect,
    pub level: Level,
    /// The box that it is in, among the nodes.
    pub parent: Option<usize>,
    /// The boxes in it.
    pub children: Vec<usize>,
    /// The text that comes first in it, among the scene's items.
    pub title: Option<usize>,
    /// What else is in it and in no other box in it: texts, icons.
    pub rest: Vec<usize>,
}

/// A line's end at a box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct End {
    /// Among the nodes.
    pub node: usize,
    /// On the box's outline.
    pub at: Point,
}

/// A line.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    pub kind: EdgeKind,
    /// Its accessible name; empty: it has none.
    pub name: String,
    pub from: Option<End>,
    pub to: Option<End>,
    /// Its ends are those at the boxes.
    pub points: Vec<Point>,
    pub stroke: Stroke,
    pub start: LineEnd,
    pub end: LineEnd,
}

/// A scene's boxes and lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Structure<'a> {
    /// In painting order.
    pub nodes: Vec<Node<'a>>,
    /// Those that are in no other.
    pub roots: Vec<usize>,
    pub wires: Vec<Wire>,
    /// Items below all boxes that belong to none: dots where lines branch.
    pub below: Vec<usize>,
    /// The other items that belong to no box and no line.
    pub loose: Vec<usize>,
}

impl<'a> Structure<'a> {
    /// Reads it off `scene`.
    pub(super) fn of(scene: &'a Scene) -> Self {
        let mut nodes = boxes(scene);
        let bands = Bands::of(&nodes);
        nest(&mut nodes, &bands);
        let (below, loose) = fill(scene, &mut nodes, &bands);
        name(scene, &mut nodes);
        let names: HashMap<&EntityId, &str> = scene
            .targets
            .iter()
            .filter(|target| !target.line.is_empty())
            .map(|target| (&target.entity, target.name.as_str()))
            .collect();
        let wires = scene.edges.iter().filter_map(|edge| wire(scene, edge, &names, &nodes, &bands)).collect();
        let roots = (0..nodes.len()).filter(|index| nodes[*index].parent.is_none()).collect();
        Self { nodes, roots, wires, below, loose }
    }

    /// The boxes in `node`, or those that are in none.
    pub(super) fn children(&self, node: Option<usize>) -> &[usize] {
        node.map_or(&self.roots, |node| &self.nodes[node].children)
    }

    /// The parts of `node`, and theirs.
    pub(super) fn parts(&self, node: usize) -> Vec<usize> {
        let mut parts = Vec::new();
        for &child in &self.nodes[node].children {
            parts.push(child);
            parts.extend(self.parts(child));
        }
        parts
    }

    /// Whether something is written in `node` or in a box in it, or it stands for something: other boxes are a legend's.
    pub(super) fn is_told(&self, scene: &Scene, node: usize) -> bool {
        let node = &self.nodes[node];
        node.entity.is_some() || node.title.iter().chain(&node.rest).any(|item| text_of(scene, *item).is_some())
    }

    /// The box that moves as one with `node`: itself, or the box that it is a part of.
    pub(super) fn whole(&self, mut node: usize) -> usize {
        while self.nodes[node].level == Level::Part
            && let Some(parent) = self.nodes[node].parent
        {
            node = parent;
        }
        node
    }
}

/// What is written: its text, place and look.
pub(super) fn text_of(scene: &Scene, item: usize) -> Option<&str> {
    match &scene.items.get(item)?.shape {
        Shape::Text { text, .. } => Some(text),
        Shape::Box { .. } | Shape::Line { .. } | Shape::Polygon { .. } => None,
    }
}

fn boxes(scene: &Scene) -> Vec<Node<'_>> {
    let mut nodes = Vec::new();
    for (index, item) in scene.items.iter().enumerate() {
        let Shape::Box { rect, radius, fill, stroke: Some(_) } = &item.shape else { continue };
        let is_round = fill.is_none() && *radius >= rect.width.min(rect.height) / 2.0 - 0.1;
        let is_solid = match item.layer {
            Layer::Ground | Layer::Boxes => !is_round,
            Layer::Lines => false,
            Layer::Marks => fill.is_some(),
        };
        if is_solid && rect.width.min(rect.height) >= LEAST_SIDE {
            nodes.push(Node {
                item: index,
                entity: item.entity.as_ref(),
                name: String::new(),
                rect: *rect,
                level: if item.layer == Layer::Ground { Level::Group } else { Level::Box },
                parent: None,
                children: Vec::new(),
                title: None,
                rest: Vec::new(),
            });
        }
    }
    nodes
}

/// Which boxes are where.
struct Bands(BTreeMap<i32, Vec<usize>>);

impl Bands {
    fn of(nodes: &[Node<'_>]) -> Self {
        let mut bands: BTreeMap<i32, Vec<usize>> = BTreeMap::new();
        for (index, node) in nodes.iter().enumerate() {
            for band in band(node.rect.y - REACH)..=band(node.rect.bottom() + REACH) {
                bands.entry(band).or_default().push(index);
            }
        }
        Self(bands)
    }

    /// Those that `y` may be at.
    fn at(&self, y: f32) -> &[usize] {
        self.0.get(&band(y)).map_or(&[], Vec::as_slice)
    }
}

fn band(y: f32) -> i32 {
    (y / BAND).floor() as i32
}

fn area(rect: Rect) -> f32 {
    rect.width * rect.height
}

/// The smallest box around `point`, of those that are larger than `than`.
fn around(nodes: &[Node<'_>], bands: &Bands, point: Point, than: f32) -> Option<usize> {
    let holds = |rect: Rect| {
        let wider = Rect { x: rect.x - 0.5, y: rect.y - 0.5, width: rect.width + 1.0, height: rect.height + 1.0 };
        wider.contains(point)
    };
    let candidates = bands.at(point.y).iter().copied();
    let candidates = candidates.filter(|index| area(nodes[*index].rect) > than && holds(nodes[*index].rect));
    candidates.min_by(|a, b| area(nodes[*a].rect).total_cmp(&area(nodes[*b].rect)))
}

fn nest(nodes: &mut [Node<'_>], bands: &Bands) {
    let parents: Vec<Option<usize>> =
        nodes.iter().map(|node| around(nodes, bands, node.rect.center(), area(node.rect))).collect();
    let mut order: Vec<usize> = (0..nodes.len()).collect();
    order.sort_by(|a, b| area(nodes[*b].rect).total_cmp(&area(nodes[*a].rect)));
    for index in order {
        nodes[index].parent = parents[index];
        let is_in_box = parents[index].is_some_and(|parent| nodes[parent].level != Level::Group);
        if nodes[index].level == Level::Box && is_in_box {
            nodes[index].level = Level::Part;
        }
    }
    for (index, parent) in parents.into_iter().enumerate() {
        if let Some(parent) = parent {
            nodes[parent].children.push(index);
        }
    }
}

/// Gives each item to the box that it is in; those that are in none.
fn fill(scene: &Scene, nodes: &mut [Node<'_>], bands: &Bands) -> (Vec<usize>, Vec<usize>) {
    let (mut below, mut loose) = (Vec::new(), Vec::new());
    let boxes: Vec<usize> = nodes.iter().map(|node| node.item).collect();
    let mut covered = vec![false; scene.items.len()];
    for item in scene.edges.iter().flat_map(|edge| edge.items.clone()) {
        if matches!(scene.items.get(item).map(|item| &item.shape), Some(Shape::Line { .. })) {
            covered[item] = true;
        }
    }
    for (index, item) in scene.items.iter().enumerate() {
        if covered[index] || boxes.binary_search(&index).is_ok() {
            continue;
        }
        if item.layer <= Layer::Lines {
            below.push(index);
            continue;
        }
        let center = extent(&item.shape).center();
        let Some(node) = around(nodes, bands, center, 0.0) else {
            loose.push(index);
            continue;
        };
        let is_title = matches!(&item.shape, Shape::Text { anchor: Anchor::Start, .. });
        if is_title && nodes[node].title.is_none() {
            nodes[node].title = Some(index);
        } else {
            nodes[node].rest.push(index);
        }
    }
    (below, loose)
}

/// A shape's extent; of a text, that of its letters.
pub(super) fn extent(shape: &Shape) -> Rect {
    match shape {
        Shape::Box { rect, .. } => *rect,
        Shape::Line { points, .. } | Shape::Polygon { points, .. } => {
            let (mut left, mut top, mut right, mut bottom) = (f32::MAX, f32::MAX, f32::MIN, f32::MIN);
            for point in points {
                (left, right) = (left.min(point.x), right.max(point.x));
                (top, bottom) = (top.min(point.y), bottom.max(point.y));
            }
            Rect { x: left, y: top, width: right - left, height: bottom - top }
        }
        Shape::Text { at, text, size, face, anchor, .. } => {
            let width = text_width(text, *face, *size);
            let x = match anchor {
                Anchor::Start => at.x,
                Anchor::Middle => at.x - width / 2.0,
                Anchor::End => at.x - width,
            };
            Rect { x, y: at.y - size * 0.74, width, height: size * 0.92 }
        }
    }
}

fn name(scene: &Scene, nodes: &mut [Node<'_>]) {
    let key = |entity: &EntityId, rect: Rect| (entity.clone(), rect.x.to_bits(), rect.y.to_bits());
    let names: HashMap<_, &str> = scene
        .targets
        .iter()
        .filter(|target| target.line.is_empty())
        .map(|target| (key(&target.entity, target.rect), target.name.as_str()))
        .collect();
    for node in nodes {
        let accessible = node.entity.and_then(|entity| names.get(&key(entity, node.rect)).copied());
        let first = node.title.or(node.rest.first().copied()).and_then(|item| text_of(scene, item));
        node.name = accessible.or(first).unwrap_or_default().to_owned();
    }
}

fn wire(
    scene: &Scene,
    edge: &Edge,
    names: &HashMap<&EntityId, &str>,
    nodes: &[Node<'_>],
    bands: &Bands,
) -> Option<Wire> {
    let stroke = scene.items.get(edge.items.clone())?.iter().find_map(|item| match &item.shape {
        Shape::Line { stroke, .. } => Some(*stroke),
        Shape::Box { .. } | Shape::Polygon { .. } | Shape::Text { .. } => None,
    })?;
    let mut points = edge.points.clone();
    points.dedup_by(|a, b| (a.x - b.x).abs() < 0.05 && (a.y - b.y).abs() < 0.05);
    let (from, to) = match &mut *points {
        [first, .., last] => (attach(nodes, bands, first), attach(nodes, bands, last)),
        _ => return None,
    };
    Some(Wire {
        kind: edge.kind,
        name: edge.entity.as_ref().and_then(|entity| names.get(entity)).copied().unwrap_or_default().to_owned(),
        from,
        to,
        points,
        stroke,
        start: edge.start,
        end: edge.end,
    })
}

/// The box whose outline is nearest to `point`, which is moved onto it.
fn attach(nodes: &[Node<'_>], bands: &Bands, point: &mut Point) -> Option<End> {
    let (at, node) = bands
        .at(point.y)
        .iter()
        .map(|&index| (onto(nodes[index].rect, *point), index))
        .map(|(at, index)| ((at.x - point.x).hypot(at.y - point.y), at, index))
        .filter(|(distance, _, _)| *distance <= REACH)
        .min_by(|a, b| {
            let round = |distance: f32| (distance * 2.0).round();
            round(a.0).total_cmp(&round(b.0)).then(area(nodes[a.2].rect).total_cmp(&area(nodes[b.2].rect)))
        })
        .map(|(_, at, index)| (at, index))?;
    *point = at;
    Some(End { node, at })
}

/// The point of `rect`'s outline that is nearest to `point`.
fn onto(rect: Rect, point: Point) -> Point {
    let clamped = Point { x: point.x.clamp(rect.x, rect.right()), y: point.y.clamp(rect.y, rect.bottom()) };
    if !rect.contains(point) {
        return clamped;
    }
    let sides = [
        (point.x - rect.x, Point { x: rect.x, ..clamped }),
        (rect.right() - point.x, Point { x: rect.right(), ..clamped }),
        (point.y - rect.y, Point { y: rect.y, ..clamped }),
        (rect.bottom() - point.y, Point { y: rect.bottom(), ..clamped }),
    ];
    sides.into_iter().min_by(|a, b| a.0.total_cmp(&b.0)).map_or(clamped, |(_, at)| at)
}
