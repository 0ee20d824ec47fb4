//! The files that hold a scene. Each format is one file here; none adds anything to the scene.

mod dot;
mod drawio;
mod excalidraw;
mod line;
mod mermaid;
mod pdf;
mod png;
mod pptx;
mod structure;
mod svg;
mod xml;
mod zip;

pub use dot::dot;
pub use drawio::drawio;
pub use excalidraw::excalidraw;
pub use mermaid::mermaid;
pub use pdf::{PdfError, pdf};
pub use png::{Pixels, PngError, pixels, png};
pub use pptx::{PptxError, Slide, pptx};
pub use svg::{svg, svg_transparent};
