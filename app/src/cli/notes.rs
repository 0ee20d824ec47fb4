//! What was not seen, said beside the result: on stderr, so that a pipe carries the table alone.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use super::document::LimitRow;
use crate::words::Words;

/// Writes a line for each thing that is not seen; the same in several namespaces is one line with their number.
pub(super) fn write(limits: &[LimitRow], words: Words) {
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    for limit in limits {
        *lines.entry(words.limit(&limit.limit())).or_default() += 1;
    }
    for (line, count) in lines {
        let line = match count {
            1 => words.format("cli-note", &[("limit", line.into())]),
            _ => words.format("cli-note-count", &[("limit", line.into()), ("count", count.into())]),
        };
        say(&line);
    }
}

/// Writes one line.
pub(super) fn say(line: &str) {
    // Notes are a courtesy: where stderr is closed there is nobody to tell.
    let _ = writeln!(io::stderr(), "bridgewalk: {line}");
}
