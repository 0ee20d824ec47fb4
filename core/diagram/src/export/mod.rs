//! The files that hold a scene. Each format is one file here; none adds anything to the scene.

mod png;
mod svg;

pub use png::{PngError, png};
pub use svg::svg;
