//! The one way out. Everything that this program prints passes here, whatever its source: nothing that leaves can move a cursor, forge
//! a line, turn a text's direction or hide. Only [`Output`](super::output::Output) and [`notes`](super::notes) write to
//! the standard streams, and both write nothing that has not passed.

use std::borrow::Cow;

use bridgewalk_model::{is_hidden, reveal};

/// `text` for one line: all that is hidden as visible escapes, line feeds too.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    reveal(text).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// `text` of ours of several lines: line feeds stay.
pub(super) fn lines(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|character| character != '\n' && is_hidden(character)) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.split('\n').map(plain).collect::<Vec<_>>().join("\n"))
}

/// `text` as one sentence on one line: line ends and what stands around them become a space.
pub(super) fn sentence(text: &str) -> String {
    let words = text.split(['\n', '\r']).map(str::trim).filter(|word| !word.is_empty());
    words.map(plain).collect::<Vec<_>>().join(" ")
}

/// A JSON document: the same document, with all that is hidden written as `\uXXXX`. It can stand in strings alone, but for
/// the line feeds between the values.
pub(super) fn json(document: String) -> String {
    let must = |character: char| character != '\n' && is_hidden(character);
    if !document.chars().any(must) {
        return document;
    }
    let mut escaped = String::with_capacity(document.len() + 64);
    for character in document.chars() {
        if must(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            escaped.push(character);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a\u{1b}[31m\u{9b}\u{7f}\u{202e}\u{200b}\u{e0041}\nb\u{2028}c";

    #[test]
    fn nothing_hidden_passes() {
        assert_eq!(plain("réseau 日本"), "réseau 日本");
        assert_eq!(plain("a\n\u{9b}\u{7f}"), "a\\u{a}\\u{9b}\\u{7f}");
        assert_eq!(lines("a\n\tb"), "a\n\\u{9}b");
        assert_eq!(sentence("a\nb\u{1b}[31m\r\n c\n"), "a b\\u{1b}[31m c");
        for text in [plain(HOSTILE).into_owned(), sentence(HOSTILE)] {
            assert!(!text.chars().any(is_hidden), "{text:?}");
        }
    }

    #[test]
    fn a_document_stays_the_same_document() {
        let written = serde_json::to_string_pretty(&[HOSTILE]).unwrap();
        let safe = json(written.clone());
        assert!(!safe.chars().any(|character| character != '\n' && is_hidden(character)), "{safe:?}");
        assert!(safe.contains("\\u009b\\u007f\\u202e\\u200b\\udb40\\udc41\\nb"), "{safe}");
        let read = |text: &str| serde_json::from_str::<Vec<String>>(text).unwrap();
        assert_eq!(read(&safe), read(&written));
    }
}
