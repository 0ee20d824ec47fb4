//! From a snapshot to a picture: what is shown (the [`view`]), where it stands (the [`layout`]), what is painted
//! ([`scene`]), and the files that hold it ([`export`]).

#![forbid(unsafe_code)]

pub mod check;
pub mod export;
pub mod fonts;
pub mod layout;
pub mod scene;
pub mod theme;
pub mod view;

mod chart;
mod content;
mod legible;
mod paint;
mod words;

use bridgewalk_model::Snapshot;

pub use legible::{LEGIBLE_POINTS, legible};
pub use view::{Detail, Filter, Scope, Station, ThemeName, View};
pub use words::{Word, Words};

/// A picture and where everything in it stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Drawing {
    /// To be handed in again with the next snapshot, so that what need not move does not.
    pub layout: layout::Layout,
    /// What is painted.
    pub scene: scene::Scene,
}

/// Draws what `view` shows of `snapshot`. `previous` is the layout of the drawing before, if there was one: things
/// that it holds stay where they were as far as the drawing is then as good as a fresh one. The same arguments give the same drawing.
pub fn draw(snapshot: &Snapshot, view: &View, previous: Option<&layout::Layout>, words: &dyn Words) -> Drawing {
    paint::draw(snapshot, view, previous, words)
}
