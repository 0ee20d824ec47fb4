//! What is ours.

use std::{fmt, fs::File, io::Read};

use super::REPOSITORY;

/// A random number that names one helper container and its image, so that nobody else's can be taken for them: before
/// they are made nobody knows it, and afterwards the engine gives the name to nobody else. Written as 32 hexadecimal
/// digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Token(String);

impl Token {
    /// A new one; the error is what the system answered.
    pub(super) fn new() -> std::io::Result<Self> {
        let mut bytes = [0u8; 16];
        File::open("/dev/urandom")?.read_exact(&mut bytes)?;
        Ok(Self(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// As it was written.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let is_one =
            text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        is_one.then(|| Self(text.to_owned()))
    }

    /// The container's name.
    pub(super) fn container(&self) -> String {
        format!("{REPOSITORY}-{self}")
    }

    /// The image's tag.
    pub(super) fn tag(&self) -> String {
        format!("{}-{self}", env!("CARGO_PKG_VERSION"))
    }

    /// The image's name and tag.
    pub(super) fn image(&self) -> String {
        format!("{REPOSITORY}:{}", self.tag())
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_another_and_is_read_as_it_was_written() {
        let token = Token::new().unwrap();
        assert_ne!(token, Token::new().unwrap());
        assert_eq!(Token::parse(&token.to_string()), Some(token));
        for wrong in ["", "x", "1234", &"g".repeat(32), &"A".repeat(32), "../../../../../../../../../../etc"] {
            assert_eq!(Token::parse(wrong), None);
        }
    }
}
