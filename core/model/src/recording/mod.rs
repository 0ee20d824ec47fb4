//! Recordings (`.bwrec`): observations over time, compressed, documented, versioned.
//!
//! A recording is gzip (RFC 1952) of UTF-8 lines. The first line is the [`Header`], a JSON object such as
//! `{"bridgewalk_recording":1,"program":"bridgewalk 0.1.0","made_at_ms":1764000000000,"host":"alpha"}`; each line after
//! it is one [`Observation`](crate::Observation) as JSON, in the order in which it was made. A recording holds what the
//! sources said, no conclusions: today's program may see more in it than the one that made it. A recorder that was
//! killed leaves a file without its end: it opens, less its last lines. A recording of several hosts names the others in
//! its header, and a line such as `{"of_host":1}` says of which host the lines after it are. `docs/recording-format.md`
//! says the same to those who write programs of their own.

mod labels;
mod reader;
mod writer;

use serde::{Deserialize, Serialize};

pub use labels::without_labels;
pub use reader::{Recording, RecordingError};
pub use writer::Writer;

/// The newest version of the format that is read. A reader refuses a newer one.
pub const FORMAT_VERSION: u32 = 2;

/// The version of a recording of one host: a program that knows no later one reads it.
const ONE_HOST_VERSION: u32 = 1;

/// The most hosts in a recording that a reader takes.
pub const MAX_HOSTS: usize = 64;

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
    /// Which version of the format it has: 1 for one host, 2 for several.
    #[serde(rename = "bridgewalk_recording")]
    pub format_version: u32,
    /// Which program made it, with its version.
    pub program: String,
    /// When it was begun: milliseconds since 1970-01-01 UTC.
    pub made_at_ms: u64,
    /// The observed host's name; of several, the first's.
    pub host: String,
    /// The names of the hosts after the first, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub further_hosts: Vec<String>,
}

/// A line that says of which host those after it are: its place among the header's hosts, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OfHost {
    of_host: usize,
}

impl Header {
    /// The header of a recording of one host.
    pub fn new(program: &str, made_at_ms: u64, host: &str) -> Self {
        Self {
            format_version: ONE_HOST_VERSION,
            program: program.to_owned(),
            made_at_ms,
            host: host.to_owned(),
            further_hosts: Vec::new(),
        }
    }

    /// The same, with further hosts. A program that knows one host alone must not take theirs for its own.
    #[must_use]
    pub fn and_hosts(self, further_hosts: Vec<String>) -> Self {
        let format_version = if further_hosts.is_empty() { ONE_HOST_VERSION } else { FORMAT_VERSION };
        Self { format_version, further_hosts, ..self }
    }

    /// How many hosts were observed.
    pub const fn host_count(&self) -> usize {
        1 + self.further_hosts.len()
    }
}
