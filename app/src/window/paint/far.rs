//! A scene seen from far away: boxes and lines as bare rectangles on whole pixels. Words are as large as ever, and
//! painted as ever.

use bridgewalk_diagram::scene::Shape;
use egui::{Color32, Mesh, Pos2, Rect, pos2};

use super::{super::camera::Camera, color};

/// Boxes narrower than this have no outline.
const MIN_OUTLINED_PIXELS: f32 = 4.0;

/// Whether it is painted as from near by: a text.
pub(super) fn is_word(shape: &Shape) -> bool {
    matches!(shape, Shape::Text { .. })
}

/// Adds the triangles of what is left of `shapes` to `mesh`.
pub(super) fn add<'a>(
    mesh: &mut Mesh,
    shapes: impl Iterator<Item = &'a Shape>,
    canvas: Rect,
    camera: Camera,
    pixels_per_point: f32,
) {
    let mut paper = Paper { mesh, pixels_per_point };
    for shape in shapes {
        match shape {
            Shape::Box { rect, fill, stroke, .. } => {
                let rect = paper.snapped(camera.rect_to_screen(canvas, *rect));
                paper.a_box(rect, fill.map(color), stroke.map(|stroke| color(stroke.color)));
            }
            Shape::Line { points, stroke, .. } => {
                let width = stroke.width * camera.zoom;
                for ends in points.windows(2) {
                    let [from, to] = [ends[0], ends[1]].map(|end| camera.to_screen(canvas, end));
                    paper.line(from, to, width, color(stroke.color));
                }
            }
            Shape::Polygon { .. } | Shape::Text { .. } => {}
        }
    }
}

struct Paper<'a> {
    mesh: &'a mut Mesh,
    pixels_per_point: f32,
}

impl Paper<'_> {
    fn snapped(&self, rect: Rect) -> Rect {
        let pixel = 1.0 / self.pixels_per_point;
        let snap = |at: Pos2| pos2((at.x / pixel).round() * pixel, (at.y / pixel).round() * pixel);
        let (min, max) = (snap(rect.min), snap(rect.max));
        Rect { min, max: pos2(max.x.max(min.x + pixel), max.y.max(min.y + pixel)) }
    }

    fn a_box(&mut self, rect: Rect, fill: Option<Color32>, outline: Option<Color32>) {
        let pixel = 1.0 / self.pixels_per_point;
        let is_outlined = rect.width().min(rect.height()) >= MIN_OUTLINED_PIXELS * pixel;
        match (fill, outline.filter(|_| is_outlined)) {
            (Some(fill), Some(outline)) if fill.is_opaque() => {
                self.mesh.add_colored_rect(rect, outline);
                self.mesh.add_colored_rect(rect.shrink(pixel), fill);
            }
            (fill, outline) => {
                if let Some(fill) = fill {
                    self.mesh.add_colored_rect(rect, fill);
                }
                if let Some(outline) = outline {
                    let corners = [rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom()];
                    for corner in 0..4 {
                        self.line(corners[corner], corners[(corner + 1) % 4], pixel, outline);
                    }
                }
            }
        }
    }

    /// One pixel wide; what is thinner is paler. Lines are orthogonal: the rectangle around both ends is the line.
    fn line(&mut self, from: Pos2, to: Pos2, width: f32, ink: Color32) {
        let pixel = 1.0 / self.pixels_per_point;
        let rect = self.snapped(Rect::from_two_pos(from, to));
        let width = (width / pixel).clamp(0.35, 1.0);
        let ink = if width < 1.0 { ink.gamma_multiply(width) } else { ink };
        self.mesh.add_colored_rect(rect, ink);
    }
}
