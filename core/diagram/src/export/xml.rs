//! What every XML file here needs.

use crate::scene::Color;

/// Text for element or attribute, without what XML 1.0 forbids. Text is sanitised at assembly; this keeps the file valid
/// whatever it is handed.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {}
            '\t' => escaped.push_str("&#9;"),
            '\n' => escaped.push_str("&#10;"),
            '\r' => escaped.push_str("&#13;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// `rrggbb`.
pub(super) fn rgb(color: Color) -> String {
    format!("{:02x}{:02x}{:02x}", color.r, color.g, color.b)
}

/// At most two decimals, no negative zero: the same on every machine.
pub(super) fn number(value: f32) -> String {
    let hundredths = (f64::from(value) * 100.0).round() / 100.0;
    format!("{}", if hundredths == 0.0 { 0.0 } else { hundredths })
}
