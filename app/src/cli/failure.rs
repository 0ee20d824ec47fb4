//! What ends the program early: one line on stderr and an exit status.

/// The exit status of a mistake in what was asked for.
const INPUT: u8 = 2;
/// The exit status of everything else that went wrong.
const ENVIRONMENT: u8 = 1;

/// Why the program ends early.
#[derive(Debug)]
pub(super) struct Failure {
    /// The line, without its end; none: nothing is to be said.
    pub line: Option<String>,
    /// The exit status.
    pub status: u8,
}

impl Failure {
    /// Something that was asked for cannot be: names the thing and the remedy.
    pub(super) fn input(line: impl AsRef<str>) -> Self {
        Self { line: Some(one_line(line.as_ref())), status: INPUT }
    }

    /// The environment does not let us.
    pub(super) fn environment(line: impl AsRef<str>) -> Self {
        Self { line: Some(one_line(line.as_ref())), status: ENVIRONMENT }
    }

    /// The reader of our output has gone: that is its right, and no error.
    pub(super) const fn reader_gone() -> Self {
        Self { line: None, status: 0 }
    }
}

/// `text` on one line: line ends become spaces, other controls visible escapes, so that no name can forge a second.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split(['\n', '\r']).map(str::trim).filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        for character in word.chars() {
            if character.is_control() || matches!(character, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
                line.extend(character.escape_unicode());
            } else {
                line.push(character);
            }
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_line() {
        assert_eq!(one_line("a\nb\u{1b}[31m\r\n c\n"), "a b\\u{1b}[31m c");
    }
}
