//! Strokes of the brush: what a picture is made of, in four layers.

use bridgewalk_model::EntityId;

pub(crate) use crate::scene::Layer;
use crate::{
    fonts::{fit, text_width},
    scene::{Anchor, Color, Edge, EdgeKind, Face, Item, LineEnd, Point, Rect, Role, Shape, Stroke, Target},
    theme::Theme,
};

/// Sizes of text, in scene units.
pub(crate) mod size {
    pub(crate) const HOST: f32 = 18.0;
    pub(crate) const TITLE: f32 = 14.0;
    pub(crate) const BODY: f32 = 12.0;
    pub(crate) const SMALL: f32 = 11.0;
}

/// Collects a picture's items and targets.
pub(crate) struct Brush<'a> {
    pub theme: &'a Theme,
    layers: [Vec<Item>; 4],
    pub targets: Vec<Target>,
    /// Their items counted within the lines' layer.
    edges: Vec<Edge>,
}

impl<'a> Brush<'a> {
    pub(crate) fn new(theme: &'a Theme) -> Self {
        Self { theme, layers: Default::default(), targets: Vec::new(), edges: Vec::new() }
    }

    pub(crate) fn into_parts(mut self) -> (Vec<Item>, Vec<Target>, Vec<Edge>) {
        let below = self.layers[Layer::Ground as usize].len();
        for edge in &mut self.edges {
            edge.items = edge.items.start + below..edge.items.end + below;
        }
        (self.layers.into_iter().flatten().collect(), self.targets, self.edges)
    }

    pub(crate) fn add(&mut self, layer: Layer, entity: Option<&EntityId>, shape: Shape) {
        self.layers[layer as usize].push(Item { layer, shape, entity: entity.cloned() });
    }

    pub(crate) fn rect(
        &mut self,
        layer: Layer,
        entity: Option<&EntityId>,
        rect: Rect,
        radius: f32,
        fill: Option<Color>,
        stroke: Option<Stroke>,
    ) {
        let wider = |stroke: Stroke| Stroke { width: stroke.width * self.theme.line_width, ..stroke };
        let stroke = stroke.map(wider);
        self.add(layer, entity, Shape::Box { rect, radius, fill, stroke });
    }

    /// One line of text, cut where it is wider than `max_width`; its width. What is strong is a name.
    #[allow(clippy::too_many_arguments, reason = "a text has this many sides")]
    pub(crate) fn text(
        &mut self,
        entity: Option<&EntityId>,
        x: f32,
        baseline: f32,
        text: &str,
        style: (Face, f32, Color),
        anchor: Anchor,
        max_width: f32,
    ) -> f32 {
        let role = if style.0 == Face::Strong { Role::Name } else { Role::Note };
        self.text_as(role, entity, x, baseline, text, style, anchor, max_width)
    }

    /// The same, said to be what it is.
    #[allow(clippy::too_many_arguments, reason = "a text has this many sides")]
    pub(crate) fn text_as(
        &mut self,
        role: Role,
        entity: Option<&EntityId>,
        x: f32,
        baseline: f32,
        text: &str,
        (face, size, color): (Face, f32, Color),
        anchor: Anchor,
        max_width: f32,
    ) -> f32 {
        if text.is_empty() || max_width < size {
            return 0.0;
        }
        let text = fit(text, face, size, max_width);
        let width = text_width(&text, face, size);
        let at = Point { x, y: baseline };
        self.add(Layer::Marks, entity, Shape::Text { at, text, size, face, color, anchor, role });
        width
    }

    pub(crate) fn line(
        &mut self,
        entity: Option<&EntityId>,
        points: Vec<Point>,
        stroke: Stroke,
        start: LineEnd,
        end: LineEnd,
    ) {
        if points.len() > 1 {
            let stroke = Stroke { width: stroke.width * self.theme.line_width, ..stroke };
            self.add(Layer::Lines, entity, Shape::Line { points, stroke, start, end });
        }
    }

    /// A line from box to box.
    pub(crate) fn edge(
        &mut self,
        kind: EdgeKind,
        entity: Option<&EntityId>,
        points: Vec<Point>,
        stroke: Stroke,
        (start, end): (LineEnd, LineEnd),
    ) {
        let first = self.lines_painted();
        self.line(entity, points.clone(), stroke, start, end);
        self.note_edge(kind, entity, points, (start, end), first);
    }

    /// How many items there are among the lines.
    pub(crate) fn lines_painted(&self) -> usize {
        self.layers[Layer::Lines as usize].len()
    }

    /// Notes that what was painted among the lines since `first` shows, among others, an edge along `points`.
    pub(crate) fn note_edge(
        &mut self,
        kind: EdgeKind,
        entity: Option<&EntityId>,
        points: Vec<Point>,
        (start, end): (LineEnd, LineEnd),
        first: usize,
    ) {
        let items = first..self.lines_painted();
        if points.len() > 1 && !items.is_empty() {
            self.edges.push(Edge { entity: entity.cloned(), kind, points, start, end, items });
        }
    }

    pub(crate) fn polygon(&mut self, entity: Option<&EntityId>, points: &[(f32, f32)], at: Point, fill: Color) {
        let points = points.iter().map(|(x, y)| Point { x: at.x + x, y: at.y + y }).collect();
        self.add(Layer::Marks, entity, Shape::Polygon { points, fill });
    }

    pub(crate) fn target(&mut self, entity: &EntityId, name: String, rect: Rect, depth: u16, is_movable: bool) {
        self.targets.push(Target {
            entity: entity.clone(),
            name,
            rect,
            line: Vec::new(),
            depth,
            is_movable,
            is_folded: false,
        });
    }

    pub(crate) fn line_target(&mut self, entity: &EntityId, name: String, line: Vec<Point>) {
        let (mut left, mut top, mut right, mut bottom) = (f32::MAX, f32::MAX, f32::MIN, f32::MIN);
        for point in &line {
            (left, right) = (left.min(point.x), right.max(point.x));
            (top, bottom) = (top.min(point.y), bottom.max(point.y));
        }
        let rect = Rect { x: left, y: top, width: right - left, height: bottom - top };
        self.targets.push(Target {
            entity: entity.clone(),
            name,
            rect,
            line,
            depth: 1,
            is_movable: false,
            is_folded: false,
        });
    }
}
