//! A picture as a file's bytes, for the command line and the window alike.

use std::{path::Path, str::FromStr};

use bridgewalk_diagram::{
    Word, Words as _, export,
    scene::{Rect, Scene},
};
use bridgewalk_model::Snapshot;
use clap::ValueEnum;

use crate::words::{Language, Words};

/// The most lines of a slide's notes.
const MAX_NOTES: usize = 60;
/// What is deeper nested than a container is not read out.
const NOTES_DEPTH: u16 = 3;

/// A file's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Vectors for the web.
    Svg,
    /// Pixels.
    Png,
    /// A page.
    Pdf,
    /// A slide.
    Pptx,
    /// diagrams.net.
    Drawio,
    /// Excalidraw.
    Excalidraw,
    /// Mermaid.
    #[value(name = "mmd", alias = "mermaid")]
    Mermaid,
    /// Graphviz.
    Dot,
}

impl Format {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 8] =
        [Self::Svg, Self::Png, Self::Pdf, Self::Pptx, Self::Drawio, Self::Excalidraw, Self::Mermaid, Self::Dot];

    /// By a file name's ending.
    pub fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        Self::ALL.into_iter().find(|format| format.ending() == ending)
    }

    /// The ending of its files' names, without the dot.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
            Self::Pdf => "pdf",
            Self::Pptx => "pptx",
            Self::Drawio => "drawio",
            Self::Excalidraw => "excalidraw",
            Self::Mermaid => "mmd",
            Self::Dot => "dot",
        }
    }

    /// Whether it may be without a background.
    pub const fn may_be_transparent(self) -> bool {
        matches!(self, Self::Svg | Self::Png)
    }
}

/// A picture's outer measure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Size {
    /// Width to height.
    Aspect(f32),
    /// Paper, in millimetres.
    Paper(f32, f32),
    /// Pixels.
    Pixels(u32, u32),
}

impl Size {
    /// Width to height.
    pub fn aspect(self) -> f32 {
        match self {
            Self::Aspect(aspect) => aspect,
            Self::Paper(width, height) => width / height,
            Self::Pixels(width, height) => width as f32 / height as f32,
        }
    }
}

impl FromStr for Size {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text.eq_ignore_ascii_case("a4") {
            return Ok(Self::Paper(297.0, 210.0));
        }
        let number = |text: &str| text.parse::<u32>().ok().filter(|number| (1..=32_000).contains(number)).ok_or(());
        if let Some((width, height)) = text.split_once(':') {
            let aspect = number(width)? as f32 / number(height)? as f32;
            return if (0.1..=10.0).contains(&aspect) { Ok(Self::Aspect(aspect)) } else { Err(()) };
        }
        let (width, height) = text.split_once(['x', 'X', '×']).ok_or(())?;
        let (width, height) = (number(width)?, number(height)?);
        let aspect = width as f32 / height as f32;
        if width.min(height) >= 16 && (0.1..=10.0).contains(&aspect) {
            Ok(Self::Pixels(width, height))
        } else {
            Err(())
        }
    }
}

/// How a file is to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Its format.
    pub format: Format,
    /// Pixels for each scene unit, of a PNG.
    pub scale: f32,
    /// Without a background, where the format may be.
    pub is_transparent: bool,
    /// Its outer measure; none: the scene's own.
    pub size: Option<Size>,
    /// What it is called.
    pub title: String,
}

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// No PNG.
    #[error(transparent)]
    Png(#[from] export::PngError),
    /// No PDF.
    #[error(transparent)]
    Pdf(#[from] export::PdfError),
    /// No PPTX.
    #[error(transparent)]
    Pptx(#[from] export::PptxError),
}

/// The file that holds `scene`.
///
/// # Errors
/// If it would be larger than is sensible, or empty.
pub fn file(scene: &Scene, request: &Request, words: Words) -> Result<Vec<u8>, PictureError> {
    let framed = request.size.map(|size| framed(scene, size.aspect()));
    let scene = framed.as_ref().unwrap_or(scene);
    Ok(match request.format {
        Format::Svg if request.is_transparent => export::svg_transparent(scene).into_bytes(),
        Format::Svg => export::svg(scene).into_bytes(),
        Format::Png => {
            let scale = match request.size {
                Some(Size::Pixels(width, _)) => width as f32 / scene.bounds.width,
                _ => request.scale,
            };
            export::png(scene, scale, request.is_transparent)?
        }
        Format::Pdf => {
            let page_mm = match request.size {
                Some(Size::Paper(width, height)) => Some((width, height)),
                Some(Size::Pixels(width, height)) => Some((millimetres(width), millimetres(height))),
                Some(Size::Aspect(_)) | None => None,
            };
            export::pdf(scene, &request.title, page_mm)?
        }
        Format::Pptx => {
            let language = match words.language() {
                Language::En => "en-GB",
                Language::Fr => "fr-FR",
            };
            let notes = notes(scene);
            export::pptx(&[export::Slide { scene, title: &request.title, notes: &notes }], language)?
        }
        Format::Drawio => export::drawio(scene, &request.title).into_bytes(),
        Format::Excalidraw => export::excalidraw(scene).into_bytes(),
        Format::Mermaid => export::mermaid(scene).into_bytes(),
        Format::Dot => export::dot(scene, &request.title).into_bytes(),
    })
}

/// What a picture of `snapshot` is called.
pub fn title(snapshot: &Snapshot, words: Words) -> String {
    let hosts: Vec<&str> = snapshot.hosts.iter().map(|host| host.name.as_str()).collect();
    format!("{} {}", words.word(Word::Host), hosts.join(", "))
}

/// The picture read out, a thing a line.
pub fn notes(scene: &Scene) -> String {
    let things = scene.targets.iter().filter(|target| target.line.is_empty() && target.depth <= NOTES_DEPTH);
    let mut lines: Vec<&str> = things.map(|target| target.name.as_str()).take(MAX_NOTES + 1).collect();
    if lines.len() > MAX_NOTES {
        lines[MAX_NOTES] = "…";
    }
    lines.join("\n")
}

/// A CSS pixel is 1/96 inch.
fn millimetres(pixels: u32) -> f32 {
    pixels as f32 / 96.0 * 25.4
}

/// `scene` with room around it, so that its width is to its height as asked.
fn framed(scene: &Scene, aspect: f32) -> Scene {
    let bounds = scene.bounds;
    let (width, height) = (bounds.width.max(bounds.height * aspect), bounds.height.max(bounds.width / aspect));
    let (x, y) = (bounds.x - (width - bounds.width) / 2.0, bounds.y - (height - bounds.height) / 2.0);
    Scene { bounds: Rect { x, y, width, height }, ..scene.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read() {
        assert_eq!("16:9".parse(), Ok(Size::Aspect(16.0 / 9.0)));
        assert_eq!("a4".parse(), Ok(Size::Paper(297.0, 210.0)));
        assert_eq!("1920x1080".parse(), Ok(Size::Pixels(1920, 1080)));
        for wrong in ["", "x", "0x0", "16:0", "1x1", "99999x10", "-4x4", "1e9x1", "A5", "nan:1"] {
            assert_eq!(wrong.parse::<Size>(), Err(()), "{wrong}");
        }
    }

    #[test]
    fn endings_are_formats() {
        for format in Format::ALL {
            assert_eq!(Format::of(Path::new(&format!("a.{}", format.ending().to_uppercase()))), Some(format));
        }
        assert_eq!(Format::of(Path::new("svg")), None);
    }
}
