//! Texts as they are laid out, kept from one plate to the next.
//!
//! To lay a text out takes longer than all else that is painted, and egui forgets it after a frame in which nobody asks
//! for it: in which the plate is shown as it is.

use std::{collections::HashMap, sync::Arc};

use bridgewalk_diagram::scene::Face;
use egui::{Color32, FontId, Galley, Painter};

use super::super::theme;

/// The texts of a plate and of the one that is being made.
#[derive(Default)]
pub(super) struct Texts {
    laid_out: HashMap<Style, HashMap<String, Text>>,
    /// How many plates were made.
    plates: u64,
}

/// What all of one kind have in common: their size by its bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Style {
    face: Face,
    size: u32,
    ink: Color32,
}

struct Text {
    galley: Arc<Galley>,
    /// For which plate it was last asked for.
    plate: u64,
}

impl Texts {
    /// A line of text, `size` points high.
    pub(super) fn line(&mut self, painter: &Painter, text: &str, face: Face, size: f32, ink: Color32) -> Arc<Galley> {
        let texts = self.laid_out.entry(Style { face, size: size.to_bits(), ink }).or_default();
        if let Some(known) = texts.get_mut(text) {
            known.plate = self.plates;
            return Arc::clone(&known.galley);
        }
        let galley = painter.layout_no_wrap(text.to_owned(), font(face, size), ink);
        texts.insert(text.to_owned(), Text { galley: Arc::clone(&galley), plate: self.plates });
        galley
    }

    /// A plate is made: what is not on it is forgotten.
    pub(super) fn next_plate(&mut self) {
        self.laid_out.retain(|_, texts| {
            texts.retain(|_, text| text.plate == self.plates);
            !texts.is_empty()
        });
        self.plates += 1;
    }
}

fn font(face: Face, size: f32) -> FontId {
    match face {
        Face::Regular => FontId::proportional(size),
        Face::Strong => theme::strong(size),
        Face::Mono => FontId::monospace(size),
    }
}
