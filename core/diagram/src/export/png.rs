//! PNG, painted by resvg from the scene's SVG with the bundled fonts alone: the same bytes on every machine.

use std::sync::{Arc, OnceLock};

use resvg::{tiny_skia, usvg};

use super::svg::document;
use crate::{fonts, scene::Scene};

/// The largest side of a picture, in pixels.
const MAX_SIDE_PX: f32 = 32_000.0;
/// The most pixels of a picture: 4 bytes each while it is painted.
const MAX_PIXELS: f32 = 400_000_000.0;

/// Why there is no picture.
#[derive(Debug, thiserror::Error)]
pub enum PngError {
    /// Larger than is sensible to hold in memory, or empty.
    #[error("a picture of {width} × {height} pixels cannot be made; choose a smaller scale")]
    Size {
        /// In pixels.
        width: u64,
        /// In pixels.
        height: u64,
    },
    /// The SVG was not understood.
    #[error("the scene's SVG cannot be painted")]
    Svg(#[from] usvg::Error),
    /// The encoder failed.
    #[error("the picture cannot be encoded: {0}")]
    Encoding(String),
}

/// The scene as a PNG of `scale` pixels a scene unit.
///
/// # Errors
/// If the picture would be larger than 32,000 pixels a side or 400 million pixels, or empty.
pub fn png(scene: &Scene, scale: f32, is_transparent: bool) -> Result<Vec<u8>, PngError> {
    painted(scene, scale, is_transparent)?.encode_png().map_err(|error| PngError::Encoding(error.to_string()))
}

/// A picture's pixels.
#[derive(Clone, Debug)]
pub struct Pixels {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Red, green, blue and opacity of each, not premultiplied, line by line.
    pub rgba: Vec<u8>,
}

/// The same as [`png`], not encoded: for the clipboard.
///
/// # Errors
/// As [`png`].
pub fn pixels(scene: &Scene, scale: f32, is_transparent: bool) -> Result<Pixels, PngError> {
    let pixmap = painted(scene, scale, is_transparent)?;
    Ok(Pixels { width: pixmap.width(), height: pixmap.height(), rgba: pixmap.take_demultiplied() })
}

fn painted(scene: &Scene, scale: f32, is_transparent: bool) -> Result<tiny_skia::Pixmap, PngError> {
    // A hundredth of a pixel is a rounding error, not a reason for one more.
    let pixels = |length: f32| (length * scale - 0.01).ceil();
    let (width, height) = (pixels(scene.bounds.width), pixels(scene.bounds.height));
    let too_big = || PngError::Size { width: width as u64, height: height as u64 };
    if !(width >= 1.0 && height >= 1.0 && width.max(height) <= MAX_SIDE_PX && width * height <= MAX_PIXELS) {
        return Err(too_big());
    }
    let options = usvg::Options { fontdb: bundled(), ..usvg::Options::default() };
    let tree = usvg::Tree::from_str(&document(scene, !is_transparent), &options)?;
    let mut pixmap = tiny_skia::Pixmap::new(width as u32, height as u32).ok_or_else(too_big)?;
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    Ok(pixmap)
}

fn bundled() -> Arc<usvg::fontdb::Database> {
    static FONTS: OnceLock<Arc<usvg::fontdb::Database>> = OnceLock::new();
    let fonts = FONTS.get_or_init(|| {
        let mut database = usvg::fontdb::Database::new();
        for bytes in [fonts::INTER_REGULAR, fonts::INTER_SEMI_BOLD, fonts::JETBRAINS_MONO] {
            database.load_font_data(bytes.to_vec());
        }
        database.set_sans_serif_family("Inter");
        database.set_monospace_family("JetBrains Mono");
        Arc::new(database)
    });
    Arc::clone(fonts)
}
