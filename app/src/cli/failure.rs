//! What ends the program early: one line on stderr and an exit status.

/// The exit status of a mistake in what was asked for.
const INPUT: u8 = 2;
/// The exit status of everything else that went wrong.
const ENVIRONMENT: u8 = 1;

/// Why the program ends early.
#[derive(Debug)]
pub(super) struct Failure {
    /// What [`notes::say`](super::notes::say) says; none: nothing is to be said.
    pub line: Option<String>,
    /// The exit status.
    pub status: u8,
}

impl Failure {
    /// Something that was asked for cannot be: names the thing and the remedy.
    pub(super) fn input(line: impl AsRef<str>) -> Self {
        Self { line: Some(line.as_ref().to_owned()), status: INPUT }
    }

    /// The environment does not let us.
    pub(super) fn environment(line: impl AsRef<str>) -> Self {
        Self { line: Some(line.as_ref().to_owned()), status: ENVIRONMENT }
    }

    /// The reader of our output has gone: that is its right, and no error.
    pub(super) const fn reader_gone() -> Self {
        Self { line: None, status: 0 }
    }
}
