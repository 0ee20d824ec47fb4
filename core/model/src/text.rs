//! Text from outside, made safe once.
//!
//! A daemon accepts almost anything as a network's name: terminal escapes, right-to-left overrides, 5,000 characters,
//! U+0001 (illegal in XML 1.0). What is shown has controls and invisible marks as visible escapes and a bounded
//! length. What the source said is kept beside it: by that texts are compared, so that two names which look alike once
//! they are shown stay two.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::SerializeStruct};

/// The longest text shown, in characters; what is cut off is marked by `…`.
pub(crate) const MAX_SHOWN_CHARS: usize = 120;

/// A name or label given by a stranger. Compared, hashed and ordered by what the source said, displayed as it is shown.
///
/// Serialised it is a string, or, where the two differ, an object with both: `{"shown": "a\u{1b}", "raw": …}`.
#[derive(Clone, Default)]
pub struct Text {
    shown: Arc<str>,
    raw: Option<Arc<str>>,
}

impl Text {
    /// Makes `raw` safe to show.
    pub fn new(raw: &str) -> Self {
        // Almost all of them are plain, and there are thousands in a snapshot.
        if raw.len() <= MAX_SHOWN_CHARS && raw.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return Self { shown: raw.into(), raw: None };
        }
        let mut shown = String::with_capacity(raw.len().min(4 * MAX_SHOWN_CHARS));
        for (index, character) in raw.chars().enumerate() {
            if index == MAX_SHOWN_CHARS {
                shown.push('…');
                break;
            }
            if is_hidden(character) {
                shown.push_str(&format!("\\u{{{:x}}}", u32::from(character)));
            } else {
                shown.push(character);
            }
        }
        let raw = (shown != raw).then(|| raw.into());
        Self { shown: shown.into(), raw }
    }

    /// What may be painted, printed and exported.
    pub fn as_str(&self) -> &str {
        &self.shown
    }

    /// What the source really said.
    pub fn raw(&self) -> &str {
        self.raw.as_deref().unwrap_or(&self.shown)
    }

    /// Whether the shown text differs from what the source said: two such names can look alike elsewhere.
    pub fn is_altered(&self) -> bool {
        self.raw.is_some()
    }
}

/// `raw` with everything hidden as visible escapes, whole: for texts that must not be cut, such as rules. None: nothing
/// was hidden.
pub fn reveal(raw: &str) -> Option<String> {
    // Almost all of what is looked at is plain.
    if raw.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return None;
    }
    raw.chars().any(is_hidden).then(|| {
        let mut shown = String::with_capacity(raw.len() + 16);
        for character in raw.chars() {
            if is_hidden(character) {
                shown.push_str(&format!("\\u{{{:x}}}", u32::from(character)));
            } else {
                shown.push(character);
            }
        }
        shown
    })
}

/// Controls, bidirectional and zero-width marks, line separators, variation and tag characters, noncharacters,
/// private use: all that can hide, reorder or break a line. Unicode's `Default_Ignorable_Code_Point` is within.
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(u32::from(character),
            0xad | 0x34f | 0x61c | 0x115f | 0x1160 | 0x17b4 | 0x17b5 | 0x180b..=0x180f | 0x200b..=0x200f
            | 0x2028..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0 | 0xfff0..=0xffff
            | 0x13430..=0x1343f | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe000..=0xf8ff | 0xfdd0..=0xfdef
            | 0xe0000..=0x10ffff)
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.shown, f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.shown)
    }
}

impl From<&str> for Text {
    fn from(raw: &str) -> Self {
        Self::new(raw)
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.raw() == other.raw()
    }
}

impl Eq for Text {}

impl std::hash::Hash for Text {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.raw().hash(state);
    }
}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.raw().cmp(other.raw())
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(raw) = &self.raw else { return serializer.serialize_str(&self.shown) };
        let mut both = serializer.serialize_struct("Text", 2)?;
        both.serialize_field("shown", &*self.shown)?;
        both.serialize_field("raw", &**raw)?;
        both.end()
    }
}

/// As [`Text`] is serialised.
#[derive(Deserialize)]
#[serde(untagged)]
enum Serialised {
    Plain(String),
    Both { raw: String },
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Serialised::deserialize(deserializer)? {
            Serialised::Plain(raw) | Serialised::Both { raw } => Self::new(&raw),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_is_harmless_as_it_is() {
        let text = Text::new("réseau <b>&\"x'] 日本");
        assert_eq!(text.as_str(), text.raw());
        assert!(!text.is_altered());
    }

    #[test]
    fn makes_the_hidden_visible_and_keeps_the_raw() {
        let text = Text::new("a\u{1b}[31mb\u{202e}c\nd\u{1}");
        assert_eq!(text.as_str(), "a\\u{1b}[31mb\\u{202e}c\\u{a}d\\u{1}");
        assert_eq!(text.raw(), "a\u{1b}[31mb\u{202e}c\nd\u{1}");
    }

    #[test]
    fn caps_the_length() {
        let text = Text::new(&"x".repeat(5_000));
        assert_eq!(text.as_str().chars().count(), MAX_SHOWN_CHARS + 1);
        assert_eq!(text.raw().len(), 5_000);
    }

    #[test]
    fn texts_that_look_alike_stay_two() {
        let begin = "x".repeat(MAX_SHOWN_CHARS);
        let pairs = [(format!("{begin}one"), format!("{begin}two")), ("a\u{1b}".to_owned(), "a\\u{1b}".to_owned())];
        for (one, two) in pairs {
            let (one, two) = (Text::new(&one), Text::new(&two));
            assert_eq!(one.as_str(), two.as_str());
            assert_ne!(one, two);
            assert_ne!(one.cmp(&two), std::cmp::Ordering::Equal);
            assert_eq!(std::collections::HashSet::from([one, two]).len(), 2);
        }
    }

    #[test]
    fn a_document_has_both_and_a_plain_one_is_a_string() {
        assert_eq!(serde_json::to_string(&Text::new("plain")).unwrap(), r#""plain""#);
        for raw in ["plain".to_owned(), "a\u{1b}b".to_owned(), "x".repeat(500)] {
            let text = Text::new(&raw);
            let back: Text = serde_json::from_str(&serde_json::to_string(&text).unwrap()).unwrap();
            assert_eq!((back.raw(), back.as_str()), (raw.as_str(), text.as_str()));
        }
    }
}
