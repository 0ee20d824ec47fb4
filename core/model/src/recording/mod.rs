//! Recordings (`.bwrec`): observations over time, compressed, documented, versioned.
//!
//! A recording is gzip (RFC 1952) of UTF-8 lines. The first line is the [`Header`], a JSON object such as
//! `{"bridgewalk_recording":1,"program":"bridgewalk 0.1.0","made_at_ms":1764000000000,"host":"alpha"}`; each line after
//! it is one [`Observation`](crate::Observation) as JSON, in the order in which it was made. A recording holds what the
//! sources said, no conclusions: today's program may see more in it than the one that made it. A recorder that was
//! killed leaves a file without its end: it opens, less its last lines. `docs/recording-format.md` says the same to
//! those who write programs of their own.

mod labels;
mod reader;
mod writer;

use serde::{Deserialize, Serialize};

pub use labels::without_labels;
pub use reader::{Recording, RecordingError};
pub use writer::Writer;

/// The format's version. A reader refuses a newer one.
pub const FORMAT_VERSION: u32 = 1;

/// The longest line, in bytes, that a reader takes.
pub const MAX_LINE_BYTES: usize = 32 << 20;

/// The most bytes, decompressed, that a reader takes.
pub const MAX_TOTAL_BYTES: u64 = 1 << 30;

/// The most values (numbers, texts, members, items) in a line that a reader takes.
pub const MAX_LINE_VALUES: usize = 1 << 20;

/// The most memory, in bytes, that a reader gives to all observations together.
pub const MAX_KEPT_BYTES: usize = 128 << 20;

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// [`FORMAT_VERSION`] of the program that made it.
    #[serde(rename = "bridgewalk_recording")]
    pub format_version: u32,
    /// Which program made it, with its version.
    pub program: String,
    /// When it was begun: milliseconds since 1970-01-01 UTC.
    pub made_at_ms: u64,
    /// The observed host's name.
    pub host: String,
}

impl Header {
    /// A header of today's format.
    pub fn new(program: &str, made_at_ms: u64, host: &str) -> Self {
        Self { format_version: FORMAT_VERSION, program: program.to_owned(), made_at_ms, host: host.to_owned() }
    }
}
