//! Where the camera is: how scene units become points on the screen.

use bridgewalk_diagram::scene;
use egui::{Pos2, Rect, Vec2, vec2};

/// The zooms between which the camera moves.
const ZOOM_RANGE: std::ops::RangeInclusive<f32> = 0.02..=6.0;
/// Never larger than this when everything is fitted in: a small host should not fill a wall.
const FIT_ZOOM_MAX: f32 = 1.35;
/// Room left around what is fitted in, in points.
const FIT_MARGIN: f32 = 20.0;

/// An eye on a scene.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Camera {
    /// The scene's point at the upper left corner of the canvas.
    pub origin: Vec2,
    /// Points on the screen for one scene unit.
    pub zoom: f32,
}

impl Default for Camera {
    fn default() -> Self {
        Self { origin: Vec2::ZERO, zoom: 1.0 }
    }
}

impl Camera {
    /// Sees all of `bounds` in a canvas of the size of `canvas`, in its middle.
    pub(super) fn fit(bounds: scene::Rect, canvas: Rect) -> Self {
        let room = (canvas.size() - Vec2::splat(2.0 * FIT_MARGIN)).max(Vec2::splat(1.0));
        let (width, height) = (bounds.width.max(1.0), bounds.height.max(1.0));
        let zoom = (room.x / width).min(room.y / height).clamp(*ZOOM_RANGE.start(), FIT_ZOOM_MAX);
        let middle = vec2(bounds.x + bounds.width / 2.0, bounds.y + bounds.height / 2.0);
        Self { origin: middle - canvas.size() / 2.0 / zoom, zoom }
    }

    /// A scene's point on the screen.
    pub(super) fn to_screen(self, canvas: Rect, point: scene::Point) -> Pos2 {
        canvas.min + (vec2(point.x, point.y) - self.origin) * self.zoom
    }

    /// A scene's box on the screen.
    pub(super) fn rect_to_screen(self, canvas: Rect, rect: scene::Rect) -> Rect {
        let min = self.to_screen(canvas, scene::Point { x: rect.x, y: rect.y });
        Rect::from_min_size(min, vec2(rect.width, rect.height) * self.zoom)
    }

    /// The scene's point under a point of the screen.
    pub(super) fn to_scene(self, canvas: Rect, at: Pos2) -> scene::Point {
        let point = self.origin + (at - canvas.min) / self.zoom;
        scene::Point { x: point.x, y: point.y }
    }

    /// What of the scene is seen.
    pub(super) fn seen(self, canvas: Rect) -> scene::Rect {
        let size = canvas.size() / self.zoom;
        scene::Rect { x: self.origin.x, y: self.origin.y, width: size.x, height: size.y }
    }

    /// Moves the scene by `delta` points.
    pub(super) fn pan(&mut self, delta: Vec2) {
        self.origin -= delta / self.zoom;
    }

    /// Zooms by `factor`, keeping what is under `at` there.
    pub(super) fn zoom_at(&mut self, canvas: Rect, at: Pos2, factor: f32) {
        let held = self.to_scene(canvas, at);
        self.zoom = (self.zoom * factor).clamp(*ZOOM_RANGE.start(), *ZOOM_RANGE.end());
        self.origin = vec2(held.x, held.y) - (at - canvas.min) / self.zoom;
    }

    /// Moves as little as needed to bring `rect` into sight.
    pub(super) fn reveal(&mut self, canvas: Rect, rect: scene::Rect) {
        let shown = self.rect_to_screen(canvas, rect);
        let room = canvas.shrink(40.0);
        let shift = |low: f32, high: f32, from: f32, to: f32| {
            if high - low > to - from {
                (from + to - low - high) / 2.0
            } else {
                (from - low).max(0.0) + (to - high).min(0.0)
            }
        };
        let delta = vec2(
            shift(shown.left(), shown.right(), room.left(), room.right()),
            shift(shown.top(), shown.bottom(), room.top(), room.bottom()),
        );
        if shown.width() > 0.0 && !room.contains_rect(shown) {
            self.pan(delta);
        }
    }
}

#[cfg(test)]
mod tests {
    use egui::pos2;

    use super::*;

    const CANVAS: Rect = Rect { min: pos2(100.0, 50.0), max: pos2(900.0, 650.0) };

    #[test]
    fn a_point_comes_back_where_it_was() {
        let camera = Camera { origin: vec2(-30.0, 12.0), zoom: 0.7 };
        let back = camera.to_screen(CANVAS, camera.to_scene(CANVAS, pos2(333.0, 444.0)));
        assert!((back - pos2(333.0, 444.0)).length() < 0.01);
    }

    #[test]
    fn zooming_keeps_what_is_under_the_pointer() {
        let mut camera = Camera::default();
        let before = camera.to_scene(CANVAS, pos2(500.0, 300.0));
        camera.zoom_at(CANVAS, pos2(500.0, 300.0), 1.7);
        let after = camera.to_scene(CANVAS, pos2(500.0, 300.0));
        assert!((before.x - after.x).abs() < 0.01 && (before.y - after.y).abs() < 0.01);
    }

    #[test]
    fn fitting_shows_everything() {
        let bounds = scene::Rect { x: -50.0, y: 20.0, width: 4_000.0, height: 900.0 };
        let camera = Camera::fit(bounds, CANVAS);
        assert!(CANVAS.contains_rect(camera.rect_to_screen(CANVAS, bounds)));
    }

    #[test]
    fn revealing_brings_into_sight_and_otherwise_does_nothing() {
        let mut camera = Camera::default();
        camera.reveal(CANVAS, scene::Rect { x: 100.0, y: 100.0, width: 50.0, height: 50.0 });
        assert_eq!(camera, Camera::default());
        camera.reveal(CANVAS, scene::Rect { x: 5_000.0, y: -300.0, width: 50.0, height: 50.0 });
        let shown = camera.rect_to_screen(CANVAS, scene::Rect { x: 5_000.0, y: -300.0, width: 50.0, height: 50.0 });
        assert!(CANVAS.contains_rect(shown));
    }
}
