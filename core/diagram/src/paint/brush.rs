//! Strokes of the brush: what a picture is made of, in four layers.

use bridgewalk_model::EntityId;

use crate::{
    fonts::{fit, text_width},
    scene::{Anchor, Color, Face, Item, LineEnd, Point, Rect, Shape, Stroke, Target},
    theme::Theme,
};

/// Sizes of text, in scene units.
pub(crate) mod size {
    pub(crate) const HOST: f32 = 18.0;
    pub(crate) const TITLE: f32 = 14.0;
    pub(crate) const BODY: f32 = 12.0;
    pub(crate) const SMALL: f32 = 11.0;
}

/// What lies over what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layer {
    Ground,
    Lines,
    Boxes,
    Marks,
}

/// Collects a picture's items and targets.
pub(crate) struct Brush<'a> {
    pub theme: &'a Theme,
    layers: [Vec<Item>; 4],
    pub targets: Vec<Target>,
}

impl<'a> Brush<'a> {
    pub(crate) fn new(theme: &'a Theme) -> Self {
        Self { theme, layers: Default::default(), targets: Vec::new() }
    }

    pub(crate) fn into_items(self) -> (Vec<Item>, Vec<Target>) {
        (self.layers.into_iter().flatten().collect(), self.targets)
    }

    pub(crate) fn add(&mut self, layer: Layer, entity: Option<&EntityId>, shape: Shape) {
        self.layers[layer as usize].push(Item { shape, entity: entity.cloned() });
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
        self.add(layer, entity, Shape::Box { rect, radius, fill, stroke });
    }

    /// One line of text, cut where it is wider than `max_width`; its width.
    #[allow(clippy::too_many_arguments, reason = "a text has this many sides")]
    pub(crate) fn text(
        &mut self,
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
        self.add(Layer::Marks, entity, Shape::Text { at: Point { x, y: baseline }, text, size, face, color, anchor });
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
            self.add(Layer::Lines, entity, Shape::Line { points, stroke, start, end });
        }
    }

    pub(crate) fn polygon(&mut self, entity: Option<&EntityId>, points: &[(f32, f32)], at: Point, fill: Color) {
        let points = points.iter().map(|(x, y)| Point { x: at.x + x, y: at.y + y }).collect();
        self.add(Layer::Marks, entity, Shape::Polygon { points, fill });
    }

    pub(crate) fn target(&mut self, entity: &EntityId, name: String, rect: Rect, depth: u16, is_movable: bool) {
        self.targets.push(Target { entity: entity.clone(), name, rect, line: Vec::new(), depth, is_movable });
    }

    pub(crate) fn line_target(&mut self, entity: &EntityId, name: String, line: Vec<Point>) {
        let (mut left, mut top, mut right, mut bottom) = (f32::MAX, f32::MAX, f32::MIN, f32::MIN);
        for point in &line {
            (left, right) = (left.min(point.x), right.max(point.x));
            (top, bottom) = (top.min(point.y), bottom.max(point.y));
        }
        let rect = Rect { x: left, y: top, width: right - left, height: bottom - top };
        self.targets.push(Target { entity: entity.clone(), name, rect, line, depth: 1, is_movable: false });
    }
}
