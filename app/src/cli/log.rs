//! What the program does, line by line on stderr, for finding a fault: `--verbose`, or a level in
//! `BRIDGEWALK_LOG`.
//!
//! Lines come from this program's own packages alone, and name kinds, counts and addresses of engines: never what an engine
//! or a kernel answered, where labels, arguments, environments and keys may stand. They leave through the same gate as
//! everything else.

use std::io;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    Layer,
    filter::Targets,
    fmt::{self, MakeWriter, time::Uptime},
    layer::SubscriberExt,
    util::{SubscriberInitExt, TryInitError},
};

use super::{Failure, notes};
use crate::words::Words;

/// The variable that names the least grave level that is said.
const VARIABLE: &str = "BRIDGEWALK_LOG";
/// What the names of this program's packages begin with.
const OWN: &str = "bridgewalk";

/// Begins, if somebody asked for it.
///
/// # Errors
/// The variable names no level.
pub(super) fn start(is_verbose: bool, words: Words) -> Result<(), Failure> {
    let asked = std::env::var_os(VARIABLE).filter(|value| !value.is_empty());
    let level = match asked {
        Some(value) => value.to_str().and_then(|value| value.parse().ok()).ok_or_else(|| {
            let value = value.to_string_lossy().into_owned();
            Failure::input(words.format("cli-error-log", &[("value", value.into())]))
        })?,
        None if is_verbose => LevelFilter::DEBUG,
        None => return Ok(()),
    };
    let lines = fmt::layer().with_writer(Gate).with_ansi(false).with_timer(Uptime::default());
    let filtered = lines.with_filter(Targets::new().with_target(OWN, level));
    // Begun twice within one process, as only a test does, the first stays.
    let _: Result<(), TryInitError> = tracing_subscriber::registry().with(filtered).try_init();
    Ok(())
}

/// Takes whole lines.
struct Gate;

impl<'a> MakeWriter<'a> for Gate {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

impl io::Write for Gate {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        notes::say(&String::from_utf8_lossy(line));
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
