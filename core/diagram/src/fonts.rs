//! The bundled fonts and their own measure, so that a text takes the same room in the window and in every file.

use std::sync::OnceLock;

use crate::scene::Face;

/// Inter Regular (OpenType with CFF outlines).
pub const INTER_REGULAR: &[u8] = include_bytes!("../../../assets/fonts/Inter-Regular.otf");
/// Inter SemiBold.
pub const INTER_SEMI_BOLD: &[u8] = include_bytes!("../../../assets/fonts/Inter-SemiBold.otf");
/// JetBrains Mono Regular.
pub const JETBRAINS_MONO: &[u8] = include_bytes!("../../../assets/fonts/JetBrainsMono-Regular.ttf");

/// The advance of a character that a face lacks, in em.
const UNKNOWN_ADVANCE_EM: f32 = 0.62;

struct Metrics {
    face: Option<ttf_parser::Face<'static>>,
    /// Of U+0000 to U+00FF, in em: nearly all that is measured.
    latin_em: [f32; 256],
}

impl Metrics {
    fn of(bytes: &'static [u8]) -> Self {
        let face = ttf_parser::Face::parse(bytes, 0).ok();
        let mut latin_em = [UNKNOWN_ADVANCE_EM; 256];
        for (code, advance) in (0_u8..=255).zip(&mut latin_em) {
            *advance = advance_em(face.as_ref(), char::from(code));
        }
        Self { face, latin_em }
    }
}

fn advance_em(face: Option<&ttf_parser::Face<'_>>, character: char) -> f32 {
    face.and_then(|face| {
        let glyph = face.glyph_index(character)?;
        Some(f32::from(face.glyph_hor_advance(glyph)?) / f32::from(face.units_per_em()))
    })
    .unwrap_or(UNKNOWN_ADVANCE_EM)
}

fn metrics(face: Face) -> &'static Metrics {
    static METRICS: [OnceLock<Metrics>; 3] = [const { OnceLock::new() }; 3];
    let (cell, bytes) = match face {
        Face::Regular => (&METRICS[0], INTER_REGULAR),
        Face::Strong => (&METRICS[1], INTER_SEMI_BOLD),
        Face::Mono => (&METRICS[2], JETBRAINS_MONO),
    };
    cell.get_or_init(|| Metrics::of(bytes))
}

/// The width of `text` in scene units at `size`, without kerning: never less than what is painted.
pub fn text_width(text: &str, face: Face, size: f32) -> f32 {
    let metrics = metrics(face);
    let em: f32 = text
        .chars()
        .map(|character| match u8::try_from(u32::from(character)) {
            Ok(code) => metrics.latin_em[usize::from(code)],
            Err(_) if is_wide(character) => 1.0,
            Err(_) => advance_em(metrics.face.as_ref(), character),
        })
        .sum();
    em * size
}

/// The face's glyph for `character`; 0 is the glyph of what it lacks.
pub(crate) fn glyph(character: char, face: Face) -> u32 {
    let glyph = metrics(face).face.as_ref().and_then(|face| face.glyph_index(character));
    glyph.map_or(0, |glyph| u32::from(glyph.0))
}

/// East Asian characters come from a fallback font, a full em wide.
fn is_wide(character: char) -> bool {
    matches!(u32::from(character), 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0x1f000..=0x1faff | 0x20000..=0x3fffd)
}

/// `text`, its end cut off and marked by `…` where it is wider than `max_width`.
pub fn fit(text: &str, face: Face, size: f32, max_width: f32) -> String {
    if text_width(text, face, size) <= max_width {
        return text.to_owned();
    }
    let room = max_width - text_width("…", face, size);
    let mut width = 0.0;
    let mut kept = String::new();
    for character in text.chars() {
        width += text_width(character.encode_utf8(&mut [0; 4]), face, size);
        if width > room {
            break;
        }
        kept.push(character);
    }
    kept.push('…');
    kept
}

/// `text`, its middle cut out and marked by `…` where it is wider than `max_width`: names differ at their ends.
pub fn fit_middle(text: &str, face: Face, size: f32, max_width: f32) -> String {
    if text_width(text, face, size) <= max_width {
        return text.to_owned();
    }
    let characters: Vec<char> = text.chars().collect();
    let width = |character: char| text_width(character.encode_utf8(&mut [0; 4]), face, size);
    let mut room = max_width - text_width("…", face, size);
    let (mut first, mut last) = (0, characters.len());
    // The beginning gets one more: it is read first.
    while first < last {
        let next = if first <= characters.len() - last { characters[first] } else { characters[last - 1] };
        room -= width(next);
        if room < 0.0 {
            break;
        }
        if first <= characters.len() - last { first += 1 } else { last -= 1 }
    }
    let end: String = characters[last..].iter().collect();
    format!("{}…{end}", characters[..first].iter().collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_face_is_read_and_monospace_is_one() {
        for face in [Face::Regular, Face::Strong, Face::Mono] {
            assert!(metrics(face).face.is_some());
            for needed in ['→', '…', '·', 'é', '×'] {
                assert!(metrics(face).face.as_ref().unwrap().glyph_index(needed).is_some(), "{face:?} {needed}");
            }
        }
        assert_eq!(text_width("iiii", Face::Mono, 10.0), text_width("WWWW", Face::Mono, 10.0));
        assert!(text_width("iiii", Face::Regular, 10.0) < text_width("WWWW", Face::Regular, 10.0));
    }

    #[test]
    fn a_text_that_is_cut_fits_and_says_so() {
        let cut = fit("a-very-long-container-name-1", Face::Strong, 14.0, 90.0);
        assert!(cut.ends_with('…') && text_width(&cut, Face::Strong, 14.0) <= 90.0, "{cut}");
        assert_eq!(fit("web", Face::Strong, 14.0, 90.0), "web");
    }

    #[test]
    fn a_name_is_cut_in_its_middle() {
        let cut = fit_middle("a-very-long-container-name-1", Face::Strong, 14.0, 90.0);
        assert!(cut.starts_with("a-v") && cut.ends_with("e-1") && cut.contains('…'), "{cut}");
        assert!(text_width(&cut, Face::Strong, 14.0) <= 90.0, "{cut}");
        assert_eq!(fit_middle("web", Face::Strong, 14.0, 90.0), "web");
        assert_eq!(fit_middle("web-1", Face::Strong, 14.0, 1.0), "…");
    }
}
