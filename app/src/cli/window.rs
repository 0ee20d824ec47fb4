//! No subcommand: the window.

use super::{Failure, arguments::Common};
use crate::words::Words;

/// Opens the window, until it is closed.
///
/// # Errors
/// There is no display, or the window cannot be opened.
pub(super) fn open(common: &Common, words: Words) -> Result<(), Failure> {
    let _ = common;
    if !has_display(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty())) {
        return Err(Failure::environment(words.text("cli-error-no-display")));
    }
    Ok(())
}

/// Whether there is a display server to ask; only the environment can tell.
fn has_display(is_set: impl Fn(&str) -> bool) -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"].into_iter().any(is_set)
}
