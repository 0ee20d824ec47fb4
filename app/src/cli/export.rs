//! `export`: the diagram as a file.

use std::sync::Arc;

use bridgewalk_diagram::{View, draw};
use bridgewalk_model::{Answer, Snapshot, anonymise::anonymise};

use super::{
    Failure,
    arguments::{Detail, Export, Theme},
    closing, destination,
    hops::with_walk,
    select::LeftOut,
};
use crate::{
    new_file::Readers,
    picture::{self, Format, Request, Size},
    views::ViewName,
    words::Words,
};

/// Pixels for each scene unit of a PNG: sharp on paper and on a projector.
const PNG_SCALE: f32 = 2.0;

/// Writes the picture that `asked` describes.
///
/// # Errors
/// An ending that is no format of ours, options that do not go with it, a name that nothing bears, a file that cannot be
/// written, a picture that is too large, or no snapshot.
pub(super) fn run(
    asked: &Export,
    snapshot: &dyn Fn() -> Result<Arc<Snapshot>, Failure>,
    words: Words,
) -> Result<(), Failure> {
    let path = &asked.output;
    let shown_path = || path.display().to_string();
    let cannot = |detail: String| {
        Failure::input(words.format("cli-error-write", &[("path", shown_path().into()), ("detail", detail.into())]))
    };
    let format = asked.format.or_else(|| Format::of(path)).ok_or_else(|| {
        let known: Vec<String> = Format::ALL.iter().map(|format| format!(".{}", format.ending())).collect();
        let arguments = [("path", shown_path().into()), ("known", known.join(" ").into())];
        Failure::input(words.format("cli-error-ending", &arguments))
    })?;
    let wrong_with = |argument: &'static str| {
        let arguments = [("argument", argument.into()), ("format", format.ending().into())];
        Failure::input(words.format("cli-error-option-format", &arguments))
    };
    if asked.transparent && !format.may_be_transparent() {
        return Err(wrong_with("--transparent"));
    }
    if asked.scale.is_some() && format != Format::Png {
        return Err(wrong_with("--scale"));
    }
    let size = asked.size.as_deref().map(|text| size(text, words)).transpose()?;
    if asked.scale.is_some() && matches!(size, Some(Size::Pixels(..))) {
        let arguments = [("argument", "--scale".into()), ("other", "--size WxH".into())];
        return Err(Failure::input(words.format("cli-error-conflict", &arguments)));
    }
    let mut snapshot = snapshot()?;
    let left_out = LeftOut::all_but(&asked.select, &snapshot)
        .map_err(|name| Failure::input(words.format("cli-error-select", &[("name", name.to_owned().into())])))?;
    if asked.anonymise {
        snapshot = Arc::new(anonymise(&snapshot).map_err(|error| cannot(error.to_string()))?);
    }
    let view = View { hidden: left_out.ids(&snapshot), aspect: size.map(Size::aspect), ..view(asked) };
    let view = asked.view.within(&snapshot, view);
    let view = if asked.view == ViewName::Walk || asked.walk.is_some() {
        with_walk(asked.walk.as_deref(), &snapshot, view, words)?
    } else {
        view
    };
    closing::say(&snapshot, Answer::Picture, words);
    let drawing = draw(&snapshot, &view, None, &words);
    let request = Request {
        format,
        scale: asked.scale.unwrap_or(PNG_SCALE),
        is_transparent: asked.transparent,
        size,
        title: picture::title(&snapshot, words),
    };
    let bytes = picture::file(&drawing.scene, &request, words).map_err(|error| cannot(error.to_string()))?;
    destination::write(path, Readers::Usual, &bytes, words)
}

fn size(text: &str, words: Words) -> Result<Size, Failure> {
    text.parse().map_err(|()| {
        let known = "16:9, 4:3, A4, 1920x1080";
        let arguments = [("argument", "--size".into()), ("value", text.to_owned().into()), ("known", known.into())];
        Failure::input(words.format("cli-error-value-known", &arguments))
    })
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
            Theme::Projector => bridgewalk_diagram::ThemeName::Projector,
            Theme::Print => bridgewalk_diagram::ThemeName::Print,
        },
        ..View::default()
    }
}
