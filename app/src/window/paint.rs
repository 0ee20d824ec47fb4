//! Paints a scene, as it is: nothing added, nothing restyled. The exporters write the same shapes.

use bridgewalk_diagram::scene::{self, Anchor, Face, LineEnd, Point, Scene};
use egui::{
    Color32, CornerRadius, FontId, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, emath::TSTransform,
    epaint::TextShape, vec2,
};

use super::{camera::Camera, theme};

/// Text smaller than this cannot be read, however large the screen's pixels are made, and is left out.
const READABLE_PIXELS: f32 = 6.0;
/// As in the exporters: length of an arrow head, half its width, radius of a plug; in scene units.
const ARROW: (f32, f32) = (8.0, 4.0);
const PLUG_RADIUS: f32 = 3.0;

/// Paints what `camera` sees of `scene` into `canvas`. Texts are laid out for `text_zoom` and stretched from there, so
/// that a zoom under way asks for no new font sizes.
pub(super) fn scene(painter: &Painter, canvas: Rect, scene: &Scene, camera: Camera, text_zoom: f32) {
    let brush = Brush { painter, canvas, camera, text_zoom, seen: camera.seen(canvas) };
    for item in &scene.items {
        brush.shape(&item.shape);
    }
}

/// A scene's colour.
pub(super) fn color(color: scene::Color) -> Color32 {
    Color32::from_rgba_unmultiplied(color.r, color.g, color.b, color.a)
}

struct Brush<'a> {
    painter: &'a Painter,
    canvas: Rect,
    camera: Camera,
    text_zoom: f32,
    seen: scene::Rect,
}

impl Brush<'_> {
    fn shape(&self, shape: &scene::Shape) {
        match shape {
            scene::Shape::Box { rect, radius, fill, stroke } => {
                if self.sees(*rect) {
                    self.a_box(*rect, *radius, *fill, *stroke);
                }
            }
            scene::Shape::Line { points, stroke, start, end } => {
                if self.sees(extent(points)) {
                    self.line(points, *stroke, *start, *end);
                }
            }
            scene::Shape::Polygon { points, fill } => {
                if self.sees(extent(points)) {
                    self.polygon(points, *fill);
                }
            }
            scene::Shape::Text { at, text, size, face, color, anchor } => {
                if size * self.camera.zoom * self.painter.pixels_per_point() >= READABLE_PIXELS {
                    self.text(*at, text, *size, *face, *color, *anchor);
                }
            }
        }
    }

    /// Also what only touches the edge: a line has no area.
    fn sees(&self, rect: scene::Rect) -> bool {
        const SLACK: f32 = 12.0;
        rect.x <= self.seen.right() + SLACK
            && self.seen.x - SLACK <= rect.right()
            && rect.y <= self.seen.bottom() + SLACK
            && self.seen.y - SLACK <= rect.bottom()
    }

    fn place(&self, point: Point) -> Pos2 {
        self.camera.to_screen(self.canvas, point)
    }

    fn stroke(&self, stroke: scene::Stroke) -> Stroke {
        // Thinner than this a line is but a shimmer.
        Stroke::new((stroke.width * self.camera.zoom).max(0.6), color(stroke.color))
    }

    fn a_box(&self, rect: scene::Rect, radius: f32, fill: Option<scene::Color>, stroke: Option<scene::Stroke>) {
        let shown = self.camera.rect_to_screen(self.canvas, rect);
        let corner = CornerRadius::from((radius * self.camera.zoom).min(255.0));
        if let Some(fill) = fill {
            self.painter.rect_filled(shown, corner, color(fill));
        }
        let Some(stroke) = stroke else { return };
        match stroke.dash {
            None => {
                self.painter.rect_stroke(shown, corner, self.stroke(stroke), StrokeKind::Middle);
            }
            Some(dash) => self.dashed(&outline(shown, radius * self.camera.zoom), stroke, dash),
        }
    }

    fn dashed(&self, points: &[Pos2], stroke: scene::Stroke, (dash, gap): (f32, f32)) {
        let zoom = self.camera.zoom;
        // Dashes too fine to be told apart cost as much as they say nothing.
        let (dash, gap) = ((dash * zoom).max(1.5), (gap * zoom).max(1.5));
        self.painter.extend(Shape::dashed_line(points, self.stroke(stroke), dash, gap));
    }

    fn line(&self, points: &[Point], stroke: scene::Stroke, start: LineEnd, end: LineEnd) {
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
            None => {
                self.painter.add(Shape::line(points, self.stroke(stroke)));
            }
            Some(dash) => self.dashed(&points, stroke, dash),
        }
        for head in heads {
            self.painter.add(Shape::convex_polygon(head, color(stroke.color), Stroke::NONE));
        }
        for (kind, point) in [(start, first), (end, last)] {
            if let (LineEnd::Plug, Some(point)) = (kind, point) {
                self.painter.circle_filled(point, PLUG_RADIUS * self.camera.zoom, color(stroke.color));
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

    fn polygon(&self, points: &[Point], fill: scene::Color) {
        let points = points.iter().map(|point| self.place(*point)).collect();
        self.painter.add(Shape::convex_polygon(points, color(fill), Stroke::NONE));
    }

    fn text(&self, at: Point, text: &str, size: f32, face: Face, ink: scene::Color, anchor: Anchor) {
        // Before it is laid out, by a generous guess: most texts of a large scene are out of sight.
        let reach = size * text.chars().count() as f32;
        let around = scene::Rect { x: at.x - reach, y: at.y - size, width: 2.0 * reach, height: 2.0 * size };
        if !self.sees(around) {
            return;
        }
        let galley = self.painter.layout_no_wrap(text.to_owned(), font(face, size * self.text_zoom), color(ink));
        let stretch = self.camera.zoom / self.text_zoom;
        let ascent = galley.rows.first().and_then(|row| row.glyphs.first()).map_or(0.0, |glyph| glyph.pos.y) * stretch;
        let width = galley.size().x * stretch;
        let offset = match anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => width / 2.0,
            Anchor::End => width,
        };
        let corner = self.place(at) - vec2(offset, ascent);
        let mut shape = TextShape::new(Pos2::ZERO, galley, color(ink));
        if (stretch - 1.0).abs() > 0.001 {
            shape.transform(TSTransform::new(corner.to_vec2(), stretch));
        } else {
            shape.pos = corner;
        }
        self.painter.add(shape);
    }
}

fn font(face: Face, size: f32) -> FontId {
    match face {
        Face::Regular => FontId::proportional(size),
        Face::Strong => theme::strong(size),
        Face::Mono => FontId::monospace(size),
    }
}

fn extent(points: &[Point]) -> scene::Rect {
    let mut points = points.iter();
    let Some(first) = points.next() else { return scene::Rect::default() };
    let (mut left, mut top, mut right, mut bottom) = (first.x, first.y, first.x, first.y);
    for point in points {
        left = left.min(point.x);
        right = right.max(point.x);
        top = top.min(point.y);
        bottom = bottom.max(point.y);
    }
    scene::Rect { x: left, y: top, width: right - left, height: bottom - top }
}

/// A box's outline as one closed line, for dashes.
fn outline(rect: Rect, radius: f32) -> Vec<Pos2> {
    let radius = radius.min(rect.width() / 2.0).min(rect.height() / 2.0);
    let mut points = Vec::with_capacity(21);
    let corners = [
        (rect.right_top() + vec2(-radius, radius), -90.0_f32),
        (rect.right_bottom() - vec2(radius, radius), 0.0),
        (rect.left_bottom() + vec2(radius, -radius), 90.0),
        (rect.left_top() + vec2(radius, radius), 180.0),
    ];
    for (middle, from) in corners {
        for step in 0..=4_u8 {
            let angle = (from + f32::from(step) * 22.5).to_radians();
            points.push(middle + vec2(angle.cos(), angle.sin()) * radius);
        }
    }
    points.push(points[0]);
    points
}
