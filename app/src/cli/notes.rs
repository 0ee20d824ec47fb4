//! What was not seen, said beside the result: on stderr, so that a pipe carries the table alone. All that goes to stderr goes
//! through here.

use std::{
    io::{self, Write},
    panic::PanicHookInfo,
};

use super::{document::LimitRow, gate};
use crate::words::Words;

/// Writes a line for each thing that is not seen; the same in several namespaces is one line with their number, and many
/// of a kind are a few lines.
pub(super) fn write(limits: &[LimitRow], words: Words) {
    let limits: Vec<_> = limits.iter().map(LimitRow::limit).collect();
    for line in words.limit_lines(&limits) {
        say(&match line.places {
            1 => words.format("cli-note", &[("limit", line.text.into())]),
            places => words.format("cli-note-count", &[("limit", line.text.into()), ("count", places.into())]),
        });
    }
}

/// Writes one line.
pub(super) fn say(line: &str) {
    // Notes are a courtesy: where stderr is closed there is nobody to tell.
    let _ = writeln!(io::stderr(), "bridgewalk: {}", gate::sentence(line));
}

/// Has a fault of ours said here too: what it quotes may be from outside.
pub(super) fn take_panics() {
    // With a backtrace asked for, somebody looks for the fault, and wants all that there is.
    if std::env::var_os("RUST_BACKTRACE").is_none() {
        std::panic::set_hook(Box::new(|fault: &PanicHookInfo<'_>| say(&fault.to_string())));
    }
}
