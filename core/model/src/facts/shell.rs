//! Commands to copy, quoted for a POSIX shell. Names come from strangers.

/// `word` as one word of a POSIX shell. A word that could be taken for an option stays what it is: quoting cannot help
/// there, so names follow keywords (`dev NAME`) or `--` where the tool allows.
pub fn quote(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@%+,=".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        word.to_owned()
    } else if word.chars().any(char::is_control) {
        // A pasted control character acts on the terminal before the shell sees it: the shell's printf makes it.
        let octal: String =
            word.bytes()
                .map(|byte| {
                    if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("\\\\{byte:03o}") }
                })
                .collect();
        format!("\"$(printf {octal})\"")
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// A command of these words.
pub(super) fn command(words: &[&str]) -> String {
    words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quotes_what_needs_it() {
        assert_eq!(quote("eth0"), "eth0");
        assert_eq!(quote(""), "''");
        assert_eq!(quote("<b>&\"x"), "'<b>&\"x'");
        assert_eq!(quote("it's; rm -rf ~"), "'it'\\''s; rm -rf ~'");
        assert_eq!(quote("a\u{1b}[31m"), r#""$(printf a\\033\\13331m)""#);
    }

    proptest! {
        #[test]
        fn a_shell_reads_back_the_same_word(word in "[^\\x00\\n]{0,12}") {
            let script = format!("printf %s {}", quote(&word));
            // The one place where a process is right: the shell itself is the oracle.
            #[allow(clippy::disallowed_types, clippy::disallowed_methods, reason = "the shell is the oracle")]
            let output = std::process::Command::new("sh").arg("-c").arg(script).output().unwrap();
            prop_assert_eq!(output.stdout, word.as_bytes());
        }
    }
}
