//! A scene as egui's shapes, as it is: nothing added, nothing restyled. The exporters write the same shapes.

use std::f32::consts::FRAC_PI_2;

use bridgewalk_diagram::scene::{self, Anchor, Face, LineEnd, Point};
use egui::{
    Color32, Painter, Pos2, Rect, Shape, Stroke,
    emath::GuiRounding,
    epaint::{PathShape, TextShape},
    vec2,
};

use super::{super::camera::Camera, color, texts::Texts};

/// As in the exporters: length of an arrow head, half its width, radius of a plug; in scene units.
const ARROW: (f32, f32) = (8.0, 4.0);
const PLUG_RADIUS: f32 = 3.0;
/// The greatest distance of a round corner's line from the circle, in points.
const MAX_OFF_ROUND: f32 = 0.2;

/// What turns a scene's shapes into egui's.
pub(super) struct Brush<'a> {
    pub painter: &'a Painter,
    pub texts: &'a mut Texts,
    pub canvas: Rect,
    pub camera: Camera,
    /// What is painted, on the screen: of dashed lines that leave it only what is within.
    pub sight: Rect,
    pub shapes: Vec<Shape>,
}

impl Brush<'_> {
    pub(super) fn shape(&mut self, shape: &scene::Shape) {
        match shape {
            scene::Shape::Box { rect, radius, fill, stroke } => self.a_box(*rect, *radius, *fill, *stroke),
            scene::Shape::Line { points, stroke, start, end } => self.line(points, *stroke, *start, *end),
            scene::Shape::Polygon { points, fill } => self.polygon(points, *fill),
            scene::Shape::Text { at, text, size, face, color, anchor, .. } => {
                self.text(*at, text, *size, *face, *color, *anchor);
            }
        }
    }

    fn place(&self, point: Point) -> Pos2 {
        self.camera.to_screen(self.canvas, point)
    }

    fn stroke(&self, stroke: scene::Stroke) -> Stroke {
        // Thinner than this a line is but a shimmer.
        Stroke::new((stroke.width * self.camera.zoom).max(0.6), color(stroke.color))
    }

    fn a_box(&mut self, rect: scene::Rect, radius: f32, fill: Option<scene::Color>, stroke: Option<scene::Stroke>) {
        let shown = self.camera.rect_to_screen(self.canvas, rect);
        let radius = radius * self.camera.zoom;
        let fill = fill.map_or(Color32::TRANSPARENT, color);
        let pixels_per_point = self.painter.pixels_per_point();
        match stroke {
            Some(scene::Stroke { dash: None, .. }) | None => {
                let stroke = stroke.map_or(Stroke::NONE, |stroke| self.stroke(stroke));
                let points = outline(sharp(shown, stroke, pixels_per_point), radius);
                self.shapes.push(PathShape { points, closed: true, fill, stroke: stroke.into() }.into());
            }
            Some(stroke @ scene::Stroke { dash: Some(dash), .. }) => {
                let points = outline(sharp(shown, Stroke::NONE, pixels_per_point), radius);
                self.shapes.push(Shape::convex_polygon(points, fill, Stroke::NONE));
                let mut closed = outline(shown, radius);
                closed.extend(closed.first().copied());
                self.dashed(&closed, stroke, dash);
            }
        }
    }

    fn dashed(&mut self, points: &[Pos2], stroke: scene::Stroke, (dash, gap): (f32, f32)) {
        let zoom = self.camera.zoom;
        // Dashes too fine to be told apart cost as much as they say nothing.
        let (dash, gap) = ((dash * zoom).max(1.5), (gap * zoom).max(1.5));
        let stroke = self.stroke(stroke);
        for part in in_sight(points, dash + gap, self.sight) {
            self.shapes.extend(Shape::dashed_line(&part, stroke, dash, gap));
        }
    }

    fn line(&mut self, points: &[Point], stroke: scene::Stroke, start: LineEnd, end: LineEnd) {
        let mut points: Vec<Pos2> = points.iter().map(|point| self.place(*point)).collect();
        let (first, last) = (points.first().copied(), points.last().copied());
        let mut heads = Vec::new();
        if end == LineEnd::Arrow
            && let [.., before, tip] = &mut *points
        {
            heads.push(self.arrow_head(*before, tip));
        }
        if start == LineEnd::Arrow
            && let [tip, after, ..] = &mut *points
        {
            heads.push(self.arrow_head(*after, tip));
        }
        match stroke.dash {
            None => self.shapes.push(Shape::line(points, self.stroke(stroke))),
            Some(dash) => self.dashed(&points, stroke, dash),
        }
        for head in heads {
            self.shapes.push(Shape::convex_polygon(head, color(stroke.color), Stroke::NONE));
        }
        for (kind, point) in [(start, first), (end, last)] {
            if let (LineEnd::Plug, Some(point)) = (kind, point) {
                self.shapes.push(Shape::circle_filled(point, PLUG_RADIUS * self.camera.zoom, color(stroke.color)));
            }
        }
    }

    /// The head that ends at `tip`, which is moved back to the head's base.
    fn arrow_head(&self, from: Pos2, tip: &mut Pos2) -> Vec<Pos2> {
        let along = (*tip - from).normalized();
        let (length, half) = (ARROW.0 * self.camera.zoom, ARROW.1 * self.camera.zoom);
        let base = *tip - along * length;
        let aside = vec2(-along.y, along.x) * half;
        let head = vec![*tip, base + aside, base - aside];
        *tip = base + along;
        head
    }

    fn polygon(&mut self, points: &[Point], fill: scene::Color) {
        let points = points.iter().map(|point| self.place(*point)).collect();
        self.shapes.push(Shape::convex_polygon(points, color(fill), Stroke::NONE));
    }

    fn text(&mut self, at: Point, text: &str, size: f32, face: Face, ink: scene::Color, anchor: Anchor) {
        let galley = self.texts.line(self.painter, text, face, size * self.camera.zoom, color(ink));
        let ascent = galley.rows.first().and_then(|row| row.glyphs.first()).map_or(0.0, |glyph| glyph.pos.y);
        let offset = match anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => galley.size().x / 2.0,
            Anchor::End => galley.size().x,
        };
        let corner = self.place(at) - vec2(offset, ascent);
        self.shapes.push(TextShape::new(corner, galley, color(ink)).into());
    }
}

/// The parts of a line that are within `sight`; each begins a whole number of dashes, `period` long each with its gap,
/// from where the line does.
fn in_sight(points: &[Pos2], period: f32, sight: Rect) -> Vec<Vec<Pos2>> {
    if points.iter().all(|point| sight.contains(*point)) {
        return vec![points.to_vec()];
    }
    let mut parts: Vec<Vec<Pos2>> = Vec::new();
    let mut is_cut = true;
    let mut before = 0.0;
    for (from, to) in points.iter().zip(points.iter().skip(1)) {
        let along = *to - *from;
        let length = along.length();
        let (mut enter, mut leave) = (0.0_f32, 1.0_f32);
        for (start, step, low, high) in
            [(from.x, along.x, sight.left(), sight.right()), (from.y, along.y, sight.top(), sight.bottom())]
        {
            if step.abs() < 0.01 {
                if start < low || start > high {
                    leave = -1.0;
                }
                continue;
            }
            let (a, b) = ((low - start) / step, (high - start) / step);
            enter = enter.max(a.min(b));
            leave = leave.min(a.max(b));
        }
        if enter < leave && length > 0.0 {
            if is_cut {
                let begin = ((before + enter * length) / period).floor() * period - before;
                parts.push(vec![*from + along * (begin / length).max(0.0)]);
            }
            if let Some(part) = parts.last_mut() {
                part.push(*from + along * leave);
            }
        }
        is_cut = enter >= leave || leave < 1.0;
        before += length;
    }
    parts
}

/// A box on whole pixels, as egui has its own: else its edges are blurred.
fn sharp(mut rect: Rect, stroke: Stroke, pixels_per_point: f32) -> Rect {
    if stroke.is_empty() {
        return rect.round_to_pixels(pixels_per_point);
    }
    for edge in [&mut rect.min.x, &mut rect.min.y, &mut rect.max.x, &mut rect.max.y] {
        stroke.round_center_to_pixel(pixels_per_point, edge);
    }
    rect
}

/// A box's outline, its corners as round as the eye can tell: half of the triangles of egui's own.
fn outline(rect: Rect, radius: f32) -> Vec<Pos2> {
    let radius = radius.min(rect.width() / 2.0).min(rect.height() / 2.0);
    if radius < MAX_OFF_ROUND {
        return vec![rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom()];
    }
    let step = 2.0 * (1.0 - MAX_OFF_ROUND / radius).acos();
    let steps = (FRAC_PI_2 / step).ceil().max(1.0);
    let mut points = Vec::with_capacity(4 * (steps as usize + 1));
    let corners = [
        (rect.right_top() + vec2(-radius, radius), 3.0),
        (rect.right_bottom() - vec2(radius, radius), 0.0),
        (rect.left_bottom() + vec2(radius, -radius), 1.0),
        (rect.left_top() + vec2(radius, radius), 2.0),
    ];
    for (middle, quarters) in corners {
        for number in 0..=steps as u8 {
            let angle = FRAC_PI_2 * (quarters + f32::from(number) / steps);
            points.push(middle + vec2(angle.cos(), angle.sin()) * radius);
        }
    }
    points
}

#[cfg(test)]
mod tests {
    use egui::pos2;

    use super::*;

    #[test]
    fn of_a_long_line_only_what_is_in_sight_is_dashed() {
        let sight = Rect::from_min_max(pos2(0.0, 0.0), pos2(100.0, 100.0));
        let bent = [pos2(-1_000.0, 50.0), pos2(40.0, 50.0), pos2(40.0, 5_000.0)];
        let parts = in_sight(&bent, 10.0, sight);
        assert_eq!(parts, [vec![pos2(0.0, 50.0), pos2(40.0, 50.0), pos2(40.0, 100.0)]]);
        assert!(in_sight(&[pos2(-5.0, -5.0), pos2(500.0, -5.0)], 10.0, sight).is_empty());
    }
}
