//! Triangles of a part of a scene, kept to be shown again.

use std::sync::Arc;

use bridgewalk_diagram::scene;
use egui::{Mesh, Painter, Rect, emath::TSTransform};

use super::{
    super::{camera::Camera, indexed_scene::IndexedScene},
    fonts_mark::FontsMark,
};

/// At fewer pixels for a scene unit it is far away.
const FAR_ZOOM: f32 = 0.25;
/// How much further than it is in sight it is made, on each side, in parts of what is in sight.
const MARGIN: f32 = 0.25;
/// Of that so much is left when the next one is begun.
const MARGIN_LEFT: f32 = 0.12;
/// Larger or smaller than this it is too blurred, or too grainy, for long.
const FAR_STRETCH: std::ops::RangeInclusive<f32> = 0.4..=1.25;
/// Stretched further than this it is not shown.
const MAX_STRETCH: f32 = 3.0;

/// What triangles are made for.
#[derive(Clone)]
pub(super) struct Pose {
    pub drawn: Arc<IndexedScene>,
    pub camera: Camera,
    /// The zoom for which what is too small is left out.
    pub seen_zoom: f32,
    pub canvas: Rect,
    /// What of the scene they show.
    pub sight: scene::Rect,
    pub pixels_per_point: f32,
}

/// Triangles, and what they were made for.
pub(super) struct Plate {
    pub pose: Pose,
    pub fonts: FontsMark,
    mesh: Arc<Mesh>,
    /// The same, as last moved.
    moved: (TSTransform, Arc<Mesh>),
}

impl Pose {
    /// For what `camera` sees and some more.
    pub(super) fn of(painter: &Painter, canvas: Rect, drawn: &Arc<IndexedScene>, camera: Camera) -> Self {
        let sight = with_margin(camera.seen(canvas), MARGIN);
        let seen_zoom = camera.zoom;
        Self {
            drawn: Arc::clone(drawn),
            camera,
            seen_zoom,
            canvas,
            sight,
            pixels_per_point: painter.pixels_per_point(),
        }
    }

    /// The same made as large as `other`: it is stretched then.
    pub(super) fn made_as_large_as(&self, other: &Self) -> Self {
        let camera = Camera { zoom: other.camera.zoom, ..self.camera };
        Self { camera, ..self.clone() }
    }

    /// Whether both are of the same thing.
    pub(super) fn is_akin(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.drawn, &other.drawn) && self.pixels_per_point == other.pixels_per_point
    }

    /// Whether it is seen from so far that corners are not seen to be round.
    pub(super) fn is_far(&self) -> bool {
        self.camera.zoom * self.pixels_per_point < FAR_ZOOM
    }

    /// Whether it is as large as `camera` sees it, and nothing is left out.
    pub(super) fn is_sharp(&self, camera: Camera) -> bool {
        camera.zoom == self.camera.zoom && camera.zoom == self.seen_zoom
    }

    /// How much larger it would have to be for `camera`.
    fn stretch(&self, camera: Camera) -> f32 {
        camera.zoom / self.camera.zoom
    }

    /// How far it would have to be stretched, in either direction.
    pub(super) fn stretching(&self, camera: Camera) -> f32 {
        self.stretch(camera).ln().abs()
    }

    /// Whether it can be shown stretched so far.
    pub(super) fn can_stretch(&self, camera: Camera) -> bool {
        self.stretching(camera) <= MAX_STRETCH.ln()
    }

    /// Whether the next should be made in another size, even while a zoom goes on.
    pub(super) fn is_stretched_far(&self, camera: Camera) -> bool {
        !FAR_STRETCH.contains(&self.stretch(camera))
    }

    /// Whether all that is seen is on it.
    pub(super) fn covers(&self, canvas: Rect, camera: Camera) -> bool {
        self.holds(camera.seen(canvas))
    }

    /// Whether soon something will be seen that is not.
    pub(super) fn is_nearly_left(&self, canvas: Rect, camera: Camera) -> bool {
        !self.holds(with_margin(camera.seen(canvas), MARGIN_LEFT))
    }

    fn holds(&self, seen: scene::Rect) -> bool {
        // What is beyond the scene's bounds is empty.
        let all = self.drawn.scene.bounds;
        let covers = |from: f32, to: f32, first: f32, last: f32, sight: (f32, f32)| {
            from.max(first) >= sight.0 - 0.5 && to.min(last) <= sight.1 + 0.5
        };
        covers(seen.x, seen.right(), all.x, all.right(), (self.sight.x, self.sight.right()))
            && covers(seen.y, seen.bottom(), all.y, all.bottom(), (self.sight.y, self.sight.bottom()))
    }

    /// From where the triangles were made to where they are to be.
    fn transform(&self, canvas: Rect, camera: Camera) -> TSTransform {
        let stretch = self.stretch(camera);
        let translation = canvas.min - self.canvas.min * stretch + (self.camera.origin - camera.origin) * camera.zoom;
        let translation = if stretch == 1.0 {
            // By whole pixels: texts stay sharp.
            (translation * self.pixels_per_point).round() / self.pixels_per_point
        } else {
            translation
        };
        TSTransform::new(translation, stretch)
    }
}

impl Plate {
    pub(super) fn new(pose: Pose, fonts: FontsMark, mesh: Mesh) -> Self {
        let mesh = Arc::new(mesh);
        Self { pose, fonts, moved: (TSTransform::IDENTITY, Arc::clone(&mesh)), mesh }
    }

    /// The triangles where `camera` sees them.
    pub(super) fn moved(&mut self, canvas: Rect, camera: Camera) -> (TSTransform, Arc<Mesh>) {
        let transform = self.pose.transform(canvas, camera);
        if self.moved.0 != transform {
            let moved = Arc::make_mut(&mut self.moved.1);
            for (to, from) in moved.vertices.iter_mut().zip(&self.mesh.vertices) {
                to.pos = transform * from.pos;
            }
            self.moved.0 = transform;
        }
        (transform, Arc::clone(&self.moved.1))
    }

    /// Goes along with egui's picture of glyphs, where that has only become larger: whether it could.
    pub(super) fn follow(&mut self, fonts: &FontsMark) -> bool {
        self.fonts.is_same(fonts)
            || self.fonts.follow(fonts, [Arc::make_mut(&mut self.mesh), Arc::make_mut(&mut self.moved.1)])
    }
}

fn with_margin(seen: scene::Rect, margin: f32) -> scene::Rect {
    let (x, y) = (seen.width * margin, seen.height * margin);
    scene::Rect { x: seen.x - x, y: seen.y - y, width: seen.width + 2.0 * x, height: seen.height + 2.0 * y }
}
