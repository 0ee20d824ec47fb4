//! `man` and `completions`: what a package installs beside the program. Made in English, as packages are.

use super::{Failure, help, output::Output};
use crate::words::{Language, Words};

/// Prints the man page, section 1, in roff.
///
/// # Errors
/// The output cannot be written.
pub(super) fn man(output: &mut Output) -> Result<(), Failure> {
    output.own(&man_page())
}

/// Prints the completions of `shell`.
///
/// # Errors
/// The output cannot be written.
pub(super) fn completions(shell: clap_complete::Shell, output: &mut Output) -> Result<(), Failure> {
    let mut bytes = Vec::new();
    clap_complete::generate(shell, &mut help::command(Words::new(Language::En)), "bridgewalk", &mut bytes);
    output.own(&bytes)
}

fn man_page() -> Vec<u8> {
    let mut command = help::command(Words::new(Language::En));
    command.build();
    let mut page = Vec::new();
    // Writing into memory does not fail.
    let _ = clap_mangen::Man::new(command.clone()).render(&mut page);
    page
}
