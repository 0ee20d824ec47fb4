//! `export`: the diagram as a file.

use std::{path::Path, sync::Arc};

use bridgewalk_diagram::{View, draw, export};
use bridgewalk_model::Snapshot;

use super::{
    Failure,
    arguments::{Detail, Export, Theme},
};
use crate::{new_file, words::Words};

/// Pixels for each scene unit of a PNG: sharp on paper and on a projector.
const PNG_SCALE: f32 = 2.0;

/// A file's format, by its name's ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Svg,
    Png,
}

/// Writes the picture that `asked` describes.
///
/// # Errors
/// An ending that is no format of ours, a file that cannot be written, a picture that is too large, or no snapshot.
pub(super) fn run(
    asked: &Export,
    snapshot: &dyn Fn() -> Result<Arc<Snapshot>, Failure>,
    words: Words,
) -> Result<(), Failure> {
    let path = &asked.output;
    let cannot = |detail: String| {
        words.format("cli-error-write", &[("path", path.display().to_string().into()), ("detail", detail.into())])
    };
    let format = format(path).ok_or_else(|| {
        Failure::input(words.format("cli-error-ending", &[("path", path.display().to_string().into())]))
    })?;
    let snapshot = snapshot()?;
    let drawing = draw(&snapshot, &view(asked), None, &words);
    let bytes = match format {
        Format::Svg => export::svg(&drawing.scene).into_bytes(),
        Format::Png => {
            export::png(&drawing.scene, PNG_SCALE, false).map_err(|error| Failure::input(cannot(error.to_string())))?
        }
    };
    new_file::write(path, &bytes).map_err(|error| Failure::input(cannot(error.to_string())))
}

fn format(path: &Path) -> Option<Format> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "svg" => Some(Format::Svg),
        "png" => Some(Format::Png),
        _ => None,
    }
}

fn view(asked: &Export) -> View {
    View {
        detail: match asked.detail {
            Detail::Concept => bridgewalk_diagram::Detail::Concept,
            Detail::Plumbing => bridgewalk_diagram::Detail::Plumbing,
            Detail::Everything => bridgewalk_diagram::Detail::Everything,
        },
        theme: match asked.theme {
            Theme::Light => bridgewalk_diagram::ThemeName::Light,
            Theme::Dark => bridgewalk_diagram::ThemeName::Dark,
        },
        ..View::default()
    }
}
