//! Paints a scene.
//!
//! A large scene takes longer to turn into triangles than a frame may take. So the triangles are kept, on a [`Plate`], those
//! a little beyond what is in sight too: while the camera moves, they are moved and stretched. The next plate is made bit by
//! bit before the camera has left this one, and when it rests after a zoom.

mod brush;
mod far;
mod fonts_mark;
mod making;
mod plate;
mod texts;

use std::{sync::Arc, time::Duration};

use bridgewalk_diagram::scene;
use egui::{Color32, Painter, Rect, Shape, emath::TSTransform};

use self::{
    fonts_mark::FontsMark,
    making::Making,
    plate::{Plate, Pose},
    texts::Texts,
};
use super::{camera::Camera, indexed_scene::IndexedScene};

/// What a frame gives to the next plate.
const SLICE: Duration = Duration::from_micros(150);

/// A scene's colour.
pub(super) fn color(color: scene::Color) -> Color32 {
    Color32::from_rgba_unmultiplied(color.r, color.g, color.b, color.a)
}

/// What is painted of a scene, kept from frame to frame.
#[derive(Default)]
pub(super) struct Picture {
    plate: Option<Plate>,
    /// The next one.
    making: Option<Making>,
    texts: Texts,
    /// How many plates were made.
    plates: u64,
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
        self.follow(&fonts);
        let pose = Pose::of(painter, canvas, drawn, camera);
        let usable = |plate: &&Pose| plate.is_akin(&pose) && plate.can_stretch(camera);
        let plate = self.plate.as_ref().map(|plate| &plate.pose).filter(usable);
        let is_covered = plate.is_some_and(|plate| plate.covers(canvas, camera));
        // While a zoom is under way, and where something is missing, the size in which texts are laid out already will do.
        let same_size = plate.filter(|plate| match rests {
            true => plate.is_sharp(camera),
            false => plate.is_far() == pose.is_far() && (!is_covered || !plate.is_stretched_far(camera)),
        });
        if same_size.is_none() || !is_covered || plate.is_some_and(|plate| plate.is_nearly_left(canvas, camera)) {
            let pose = same_size.map_or(pose.clone(), |plate| pose.made_as_large_as(plate));
            // Of a zoom that goes on, a size of a little before is still better than the one that there is.
            let is_nearer = |begun: &Pose| {
                let is_so = |plate: &Pose| begun.stretching(camera) < plate.stretching(camera);
                begun.camera.zoom == pose.camera.zoom || (is_covered && plate.is_some_and(is_so))
            };
            let is_better = |begun: &Pose| if rests { begun.is_sharp(camera) } else { is_nearer(begun) };
            let begun = self.making.take().filter(|making| {
                making.pose.is_akin(&pose) && making.pose.covers(canvas, camera) && is_better(&making.pose)
            });
            let making = begun.unwrap_or_else(|| Making::begin(pose, fonts));
            self.go_on(painter, making, is_covered.then_some(SLICE));
            // Its texts may have needed more room for glyphs, also of the plate that is shown.
            self.follow(&FontsMark::of(painter));
        } else {
            self.making = None;
        }
        let Some(plate) = &mut self.plate else {
            return (Shown { plate: 0, transform: TSTransform::IDENTITY, canvas }, Shape::Noop);
        };
        let (transform, mesh) = plate.moved(canvas, camera);
        (Shown { plate: self.plates, transform, canvas }, Shape::Mesh(mesh))
    }

    /// Makes some of the next plate, or, without an end, all of it.
    fn go_on(&mut self, painter: &Painter, mut making: Making, most: Option<Duration>) {
        if making.go_on(painter, &mut self.texts, most) {
            self.plate = Some(making.finish());
            self.plates += 1;
            self.texts.next_plate();
        } else {
            self.making = Some(making);
            painter.ctx().request_repaint();
        }
    }

    /// Whether egui has moved its glyphs since: what was painted in this frame is wrong then.
    pub(super) fn is_outdated(&self, painter: &Painter) -> bool {
        self.plate.as_ref().is_some_and(|plate| !plate.fonts.is_same(&FontsMark::of(painter)))
    }

    /// Has nothing to paint.
    pub(super) fn leave(&mut self) {
        (self.plate, self.making, self.texts) = (None, None, Texts::default());
    }

    /// Goes along with egui's picture of glyphs.
    fn follow(&mut self, fonts: &FontsMark) {
        if self.plate.as_ref().is_some_and(|plate| !plate.fonts.is_same(fonts)) {
            // What was painted meanwhile may have shown other glyphs.
            self.plates += 1;
        }
        let is_followed = self.plate.as_mut().is_none_or(|plate| plate.follow(fonts))
            && self.making.as_mut().is_none_or(|making| making.follow(fonts));
        if !is_followed {
            self.leave();
        }
    }
}
