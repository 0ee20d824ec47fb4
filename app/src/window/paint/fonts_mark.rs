//! Tells when egui has made its glyph atlas again.

use std::sync::Arc;

use egui::{Color32, FontId, Galley, Mesh, Painter, vec2};

/// egui's picture of glyphs as it was.
#[derive(Clone)]
pub(super) struct FontsMark {
    image_size: [usize; 2],
    /// A text that is laid out in every frame: as long as egui keeps it, it keeps all.
    text: Arc<Galley>,
}

impl FontsMark {
    pub(super) fn of(painter: &Painter) -> Self {
        let text = painter.layout_no_wrap("Bridgewalk".to_owned(), FontId::proportional(13.0), Color32::BLACK);
        Self { image_size: image_size(painter), text }
    }

    /// Whether nothing has changed.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.image_size == other.image_size && Arc::ptr_eq(&self.text, &other.text)
    }

    /// Goes along with a picture that has only become larger, and has what was made find its glyphs there. Whether it is
    /// that picture; else nothing is done.
    pub(super) fn follow<'a>(&mut self, newer: &Self, made: impl IntoIterator<Item = &'a mut Mesh>) -> bool {
        if !Arc::ptr_eq(&self.text, &newer.text) {
            return false;
        }
        let part = |side: usize| self.image_size[side] as f32 / newer.image_size[side] as f32;
        let part = vec2(part(0), part(1));
        if self.image_size != newer.image_size {
            for vertex in made.into_iter().flat_map(|mesh| &mut mesh.vertices) {
                vertex.uv = (vertex.uv.to_vec2() * part).to_pos2();
            }
            self.image_size = newer.image_size;
        }
        true
    }
}

fn image_size(painter: &Painter) -> [usize; 2] {
    #[allow(clippy::redundant_closure_for_method_calls, reason = "the method alone is of one lifetime")]
    painter.fonts(|fonts| fonts.font_image_size())
}
