//! Writes a recording.

use std::io::{self, Write};

use flate2::{Compression, write::GzEncoder};
use serde::Serialize;

use super::{Header, OfHost};
use crate::Observation;

/// Appends observations to a recording.
#[derive(Debug)]
pub struct Writer<W: Write> {
    pub(super) encoder: GzEncoder<W>,
    /// Of which host the lines are.
    host: usize,
}

impl<W: Write> Writer<W> {
    /// Begins a recording with its header.
    ///
    /// # Errors
    /// What `out` answered.
    pub fn new(out: W, header: &Header) -> io::Result<Self> {
        let mut writer = Self { encoder: GzEncoder::new(out, Compression::default()), host: 0 };
        writer.line(header)?;
        Ok(writer)
    }

    /// What is added from now on is of the header's `host`-th host, from 0. The first is meant at the beginning.
    ///
    /// # Errors
    /// What the output answered.
    pub fn turn_to(&mut self, host: usize) -> io::Result<()> {
        if std::mem::replace(&mut self.host, host) == host { Ok(()) } else { self.line(&OfHost { of_host: host }) }
    }

    /// Adds observations, in the order in which they were made.
    ///
    /// # Errors
    /// What the output answered.
    pub fn append<'o>(&mut self, observations: impl IntoIterator<Item = &'o Observation>) -> io::Result<()> {
        observations.into_iter().try_for_each(|observation| self.line(observation))
    }

    /// Brings everything so far to the output: a recorder that is killed later loses only what came after. Costs some
    /// compression, so not after every line.
    ///
    /// # Errors
    /// What the output answered.
    pub fn flush(&mut self) -> io::Result<()> {
        self.encoder.flush()
    }

    /// Ends the recording and hands back the output.
    ///
    /// # Errors
    /// What the output answered.
    pub fn finish(self) -> io::Result<W> {
        self.encoder.finish()
    }

    fn line(&mut self, value: &impl Serialize) -> io::Result<()> {
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        self.encoder.write_all(&line)
    }
}
