//! A plate on its way: a little of it is made in each frame, while the one before is still shown.

use std::time::{Duration, Instant};

use egui::{
    Mesh, Painter, Rect, Shape,
    epaint::{ClippedShape, Primitive},
};

use super::{
    brush::Brush,
    far,
    fonts_mark::FontsMark,
    plate::{Plate, Pose},
    texts::Texts,
};

/// The most shapes that are made in a frame: when all texts are known, the triangles take the time.
const MOST: usize = 140;
/// From far away they are simpler.
const FAR_STEP: usize = 1_000;

/// What is made of a plate.
pub(super) struct Making {
    pub pose: Pose,
    fonts: FontsMark,
    /// The places of the shapes that are to be made, and how many of them are.
    places: Vec<usize>,
    made: usize,
    mesh: Mesh,
}

impl Making {
    pub(super) fn begin(pose: Pose, fonts: FontsMark) -> Self {
        let pixels = pose.seen_zoom * pose.pixels_per_point;
        let places = pose.drawn.shapes.seen(pose.sight, pixels).collect();
        Self { pose, fonts, places, made: 0, mesh: Mesh::default() }
    }

    /// Makes more of it, for about so long; without an end all. Whether all is made.
    pub(super) fn go_on(&mut self, painter: &Painter, texts: &mut Texts, most: Option<Duration>) -> bool {
        let begin = Instant::now();
        let is_over = || most.is_some_and(|most| begin.elapsed() >= most);
        loop {
            if self.pose.is_far() {
                self.make_far(is_over);
            }
            // From far away these are words: they are as large as ever.
            self.make_near(painter, texts, most.is_none(), is_over);
            if self.made == self.places.len() || is_over() || most.is_some() {
                return self.made == self.places.len();
            }
        }
    }

    /// Once all is made.
    pub(super) fn finish(self) -> Plate {
        Plate::new(self.pose, self.fonts, self.mesh)
    }

    /// As [`Plate::follow`].
    pub(super) fn follow(&mut self, fonts: &FontsMark) -> bool {
        self.fonts.follow(fonts, [&mut self.mesh])
    }

    fn make_far(&mut self, is_over: impl Fn() -> bool) {
        let Pose { drawn, camera, canvas, pixels_per_point, .. } = &self.pose;
        let shape = |place: &usize| &drawn.scene.items[*place].shape;
        while self.made < self.places.len() && !is_over() {
            let ahead = self.places.iter().skip(self.made).take(FAR_STEP).map(shape);
            let shapes: Vec<_> = ahead.take_while(|shape| !far::is_word(shape)).collect();
            if shapes.is_empty() {
                break;
            }
            self.made += shapes.len();
            far::add(&mut self.mesh, shapes.into_iter(), *canvas, *camera, *pixels_per_point);
        }
    }

    fn make_near(&mut self, painter: &Painter, texts: &mut Texts, is_whole: bool, is_over: impl Fn() -> bool) {
        let Pose { drawn, camera, canvas, sight, pixels_per_point, .. } = &self.pose;
        let (camera, canvas, pixels_per_point) = (*camera, *canvas, *pixels_per_point);
        let sight = camera.rect_to_screen(canvas, *sight);
        let mut brush = Brush { painter, texts, canvas, camera, sight, shapes: Vec::new() };
        let end = if is_whole { usize::MAX } else { self.made + MOST };
        while let Some(place) = self.places.get(self.made).filter(|_| self.made < end && !is_over()) {
            let shape = &drawn.scene.items[*place].shape;
            if self.pose.is_far() && !far::is_word(shape) {
                break;
            }
            brush.shape(shape);
            self.made += 1;
        }
        let shapes = vec![ClippedShape::new(Rect::EVERYTHING, Shape::Vec(brush.shapes))];
        // To lay out may have needed more room for glyphs: what was made before finds its own elsewhere then. Another picture
        // of them comes only with another frame.
        self.follow(&FontsMark::of(painter));
        for primitive in painter.ctx().tessellate(shapes, pixels_per_point) {
            if let Primitive::Mesh(mesh) = primitive.primitive {
                self.mesh.append(mesh);
            }
        }
    }
}
