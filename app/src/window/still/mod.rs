//! Keeps the pixels of what stands still.
//!
//! A machine without a GPU paints each pixel by hand, and most of them more than once: a screenful of boxes takes it
//! longer than a frame may take. While only a packet moves, the picture below it and the panels beside it are therefore
//! copied, not painted: from the screen into OpenGL's memory in one frame, and back in the frames that follow.

mod copied;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use eframe::egui_glow::{CallbackFn, Painter};
use egui::{
    InnerResponse, PaintCallbackInfo, Rect, Shape, Ui,
    epaint::{ClippedShape, PaintCallback},
    layers::ShapeIdx,
};

use self::copied::Copied;
use super::paint::Shown;

/// The picture's part of the screen.
const PICTURE: &str = "picture";

/// The parts of the screen, each of which may stand still.
#[derive(Default)]
pub(super) struct Still {
    parts: HashMap<&'static str, Part>,
    picture: Option<Shown>,
    copied: Arc<Mutex<Copied>>,
}

#[derive(Default)]
struct Part {
    place: Option<Place>,
    /// A panel's shapes, when it was last painted.
    shapes: Vec<ClippedShape>,
    /// Another number each time that it looks otherwise.
    state: u64,
    /// In which frame it was last there: who comes back may have been painted over.
    frame: u64,
    /// Whether it looked then as in the frame before.
    is_same: bool,
}

/// Where a part is, and on what a screen.
#[derive(Clone, Copy, PartialEq)]
struct Place {
    rect: Rect,
    screen: Rect,
    pixels_per_point: f32,
}

/// What has to be done with a part in a frame.
pub(super) enum Step {
    /// To paint it.
    Paint,
    /// To paint it, and this upon it: that keeps its pixels.
    Keep(Shape),
    /// To paint this in its stead: its pixels.
    Show(Shape),
}

impl Still {
    /// For the picture as it is `shown` in this frame, within `canvas`.
    pub(super) fn picture(&mut self, ui: &Ui, shown: Shown, canvas: Rect) -> Step {
        let is_same = self.picture.replace(shown) == Some(shown);
        self.step(ui, PICTURE, is_same, canvas)
    }

    /// Forgets what picture it was: another source's may look like it.
    pub(super) fn forget_picture(&mut self) {
        self.picture = None;
    }

    /// Shows a panel, or its pixels.
    pub(super) fn panel<R>(
        still: Option<&mut Self>,
        ui: &mut Ui,
        name: &'static str,
        show: impl FnOnce(&mut Ui) -> InnerResponse<R>,
    ) {
        let layer = ui.layer_id();
        let from = ui.ctx().graphics_mut(|graphics| graphics.entry(layer).next_idx());
        // What is too large for a panel is cut off there, and its neighbours are not its own.
        let room = ui.available_rect_before_wrap();
        let rect = show(ui).response.rect.intersect(room);
        let Some(still) = still else { return };
        let part = still.parts.entry(name).or_default();
        let is_same = ui.ctx().graphics_mut(|graphics| {
            let list = graphics.entry(layer);
            let is_same = list.next_idx().0 - from.0 == part.shapes.len()
                && list.all_entries().skip(from.0).zip(&part.shapes).all(|(a, b)| looks_as(a, b));
            if !is_same {
                part.shapes = list.all_entries().skip(from.0).cloned().collect();
            }
            is_same
        });
        let step = still.step(ui, name, is_same, rect);
        ui.ctx().graphics_mut(|graphics| {
            let list = graphics.entry(layer);
            match step {
                Step::Paint => {}
                Step::Keep(keep) => drop(list.add(rect, keep)),
                Step::Show(kept) => {
                    for place in from.0..list.next_idx().0 {
                        list.reset_shape(ShapeIdx(place));
                    }
                    list.add(rect, kept);
                }
            }
        });
    }

    fn step(&mut self, ui: &Ui, name: &'static str, is_same: bool, rect: Rect) -> Step {
        let frame = ui.ctx().cumulative_frame_nr();
        let part = self.parts.entry(name).or_default();
        // A frame may be made twice before it is painted.
        let was_there = part.frame + 1 == frame || (part.frame == frame && part.is_same);
        let place = Place { rect, screen: ui.ctx().viewport_rect(), pixels_per_point: ui.pixels_per_point() };
        let is_same = part.place.replace(place) == Some(place) && is_same && was_there;
        (part.frame, part.is_same) = (frame, is_same);
        if !is_same {
            part.state += 1;
            return Step::Paint;
        }
        let state = part.state;
        if self.copied.lock().unwrap_or_else(PoisonError::into_inner).holds(name, state) {
            Step::Show(self.callback(rect, |copied, info, painter| copied.put_back(info, painter)))
        } else {
            Step::Keep(self.callback(rect, move |copied, info, painter| copied.take(name, state, info, painter)))
        }
    }

    fn callback(
        &self,
        rect: Rect,
        run: impl Fn(&mut Copied, &PaintCallbackInfo, &Painter) + Send + Sync + 'static,
    ) -> Shape {
        let copied = Arc::clone(&self.copied);
        let callback = CallbackFn::new(move |info, painter| {
            run(&mut copied.lock().unwrap_or_else(PoisonError::into_inner), &info, painter);
        });
        Shape::Callback(PaintCallback { rect, callback: Arc::new(callback) })
    }
}

/// Whether both are the same pixels. Texts are: egui lays out a text once, as long as it is shown.
fn looks_as(one: &ClippedShape, other: &ClippedShape) -> bool {
    match (&one.shape, &other.shape) {
        (Shape::Text(text), Shape::Text(another)) => {
            (one.clip_rect, one.transform_after_tessellation) == (other.clip_rect, other.transform_after_tessellation)
                && Arc::ptr_eq(&text.galley, &another.galley)
                && (text.pos, text.underline, text.fallback_color, text.override_text_color)
                    == (another.pos, another.underline, another.fallback_color, another.override_text_color)
                && (text.opacity_factor, text.angle) == (another.opacity_factor, another.angle)
        }
        _ => one == other,
    }
}
