//! Paints a scene.
//!
//! A large scene takes longer to turn into triangles than a frame may take. So the triangles are kept, those a little
//! beyond what is in sight too: while the eye moves, they are moved and stretched, and made anew when it rests.

mod brush;
mod far;

use std::sync::Arc;

use bridgewalk_diagram::scene;
use egui::{
    Color32, FontId, Galley, Mesh, Painter, Rect, Shape,
    emath::TSTransform,
    epaint::{ClippedShape, Primitive},
};

use self::brush::Brush;
use super::{camera::Camera, indexed_scene::IndexedScene};

/// At fewer pixels for a scene unit no text can be read, and corners are not seen to be round.
const FAR_ZOOM: f32 = 0.25;
/// How much further than it is in sight it is made, on each side, in parts of what is in sight.
const MARGIN: f32 = 0.08;
/// Stretched further than this, in either direction, the triangles are made anew.
const MAX_STRETCH: f32 = 1.4;

/// A scene's colour.
pub(super) fn color(color: scene::Color) -> Color32 {
    Color32::from_rgba_unmultiplied(color.r, color.g, color.b, color.a)
}

/// What is painted of a scene, kept from frame to frame.
#[derive(Default)]
pub(super) struct Picture {
    plate: Option<Plate>,
    /// How many plates were made.
    plates: u64,
}

/// Triangles, and what they were made for.
struct Plate {
    drawn: Arc<IndexedScene>,
    camera: Camera,
    canvas: Rect,
    /// What of the scene they show.
    sight: scene::Rect,
    pixels_per_point: f32,
    fonts: FontsMark,
    mesh: Arc<Mesh>,
    /// The same, as last moved.
    moved: (TSTransform, Arc<Mesh>),
}

/// What is another when egui has made its texture of glyphs anew.
#[derive(Clone)]
struct FontsMark {
    image_size: [usize; 2],
    /// A text that is laid out in every frame: as long as egui keeps it, it keeps all.
    text: Arc<Galley>,
}

/// What exactly is on the screen: as long as it is the same, so are the pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shown {
    plate: u64,
    transform: TSTransform,
    canvas: Rect,
}

impl Picture {
    /// Paints what `camera` sees of `drawn` into `canvas`. `rests`: no zoom is under way.
    pub(super) fn paint(
        &mut self,
        painter: &Painter,
        canvas: Rect,
        drawn: &Arc<IndexedScene>,
        camera: Camera,
        rests: bool,
    ) -> (Shown, Shape) {
        let fonts = FontsMark::of(painter);
        let is_current = self.plate.as_ref().is_some_and(|plate| {
            Arc::ptr_eq(&plate.drawn, drawn)
                && plate.fonts.is_same(&fonts)
                && plate.pixels_per_point == painter.pixels_per_point()
                && plate.is_good_for(canvas, camera, rests)
        });
        if !is_current {
            self.plate = Some(Plate::make(painter, canvas, drawn, camera));
            self.plates += 1;
        }
        let Some(plate) = &mut self.plate else { return (self.shown(canvas), Shape::Noop) };
        let transform = plate.transform(canvas, camera);
        if plate.moved.0 != transform {
            let moved = Arc::make_mut(&mut plate.moved.1);
            for (to, from) in moved.vertices.iter_mut().zip(&plate.mesh.vertices) {
                to.pos = transform * from.pos;
            }
            plate.moved.0 = transform;
        }
        let mesh = Shape::Mesh(Arc::clone(&plate.moved.1));
        (self.shown(canvas), mesh)
    }

    /// Whether egui has moved its glyphs since: what was painted in this frame is wrong then.
    pub(super) fn is_outdated(&self, painter: &Painter) -> bool {
        self.plate.as_ref().is_some_and(|plate| plate.fonts.image_size != image_size(painter))
    }

    fn shown(&self, canvas: Rect) -> Shown {
        let transform = self.plate.as_ref().map_or(TSTransform::IDENTITY, |plate| plate.moved.0);
        Shown { plate: self.plates, transform, canvas }
    }
}

/// What is in sight and some more.
fn sight(seen: scene::Rect) -> scene::Rect {
    let (x, y) = (seen.width * MARGIN, seen.height * MARGIN);
    scene::Rect { x: seen.x - x, y: seen.y - y, width: seen.width + 2.0 * x, height: seen.height + 2.0 * y }
}

impl Plate {
    fn make(painter: &Painter, canvas: Rect, drawn: &Arc<IndexedScene>, camera: Camera) -> Self {
        let pixels_per_point = painter.pixels_per_point();
        let sight = sight(camera.seen(canvas));
        let pixels = camera.zoom * pixels_per_point;
        let seen = drawn.shapes.seen(sight, pixels).map(|place| &drawn.scene.items[place].shape);
        let mesh = if pixels < FAR_ZOOM {
            far::mesh(seen, canvas, camera, pixels_per_point)
        } else {
            let on_screen = camera.rect_to_screen(canvas, sight);
            let mut brush = Brush { painter, canvas, camera, sight: on_screen, shapes: Vec::new() };
            seen.for_each(|shape| brush.shape(shape));
            let shapes = vec![ClippedShape::new(Rect::EVERYTHING, Shape::Vec(brush.shapes))];
            let mut whole = Mesh::default();
            for primitive in painter.ctx().tessellate(shapes, pixels_per_point) {
                if let Primitive::Mesh(mesh) = primitive.primitive {
                    whole.append(mesh);
                }
            }
            whole
        };
        let mesh = Arc::new(mesh);
        Self {
            drawn: Arc::clone(drawn),
            camera,
            canvas,
            sight,
            pixels_per_point,
            // Only now: texts that were laid out for it may have needed more room.
            fonts: FontsMark::of(painter),
            moved: (TSTransform::IDENTITY, Arc::clone(&mesh)),
            mesh,
        }
    }

    fn is_good_for(&self, canvas: Rect, camera: Camera, rests: bool) -> bool {
        let stretch = camera.zoom / self.camera.zoom;
        if stretch != 1.0 && (rests || !(1.0 / MAX_STRETCH..=MAX_STRETCH).contains(&stretch)) {
            return false;
        }
        // What is beyond the scene's bounds is empty.
        let (seen, all) = (camera.seen(canvas), self.drawn.scene.bounds);
        let covers = |from: f32, to: f32, first: f32, last: f32, sight: (f32, f32)| {
            from.max(first) >= sight.0 - 0.5 && to.min(last) <= sight.1 + 0.5
        };
        covers(seen.x, seen.right(), all.x, all.right(), (self.sight.x, self.sight.right()))
            && covers(seen.y, seen.bottom(), all.y, all.bottom(), (self.sight.y, self.sight.bottom()))
    }

    /// From where the triangles were made to where they are to be.
    fn transform(&self, canvas: Rect, camera: Camera) -> TSTransform {
        let stretch = camera.zoom / self.camera.zoom;
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

impl FontsMark {
    fn of(painter: &Painter) -> Self {
        let text = painter.layout_no_wrap("Bridgewalk".to_owned(), FontId::proportional(13.0), Color32::BLACK);
        Self { image_size: image_size(painter), text }
    }

    fn is_same(&self, other: &Self) -> bool {
        self.image_size == other.image_size && Arc::ptr_eq(&self.text, &other.text)
    }
}

fn image_size(painter: &Painter) -> [usize; 2] {
    #[allow(clippy::redundant_closure_for_method_calls, reason = "the method alone is of one lifetime")]
    painter.fonts(|fonts| fonts.font_image_size())
}
