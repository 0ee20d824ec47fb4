//! Writing recordings.

use std::{
    io::{self, Write},
    path::Path,
};

use bridgewalk_model::{
    Fact, Observation,
    recording::{Header, Writer},
};

use crate::new_file::NewFile;

/// This program, as a recording names it.
const PROGRAM: &str = concat!("bridgewalk ", env!("CARGO_PKG_VERSION"));

/// Appends observations to a recording as they come.
#[derive(Debug)]
pub struct Recorder<W: Write> {
    state: State<W>,
    count: usize,
}

/// The header names the host, so it waits until that is known.
#[derive(Debug)]
enum State<W: Write> {
    Waiting {
        out: W,
        observations: Vec<Observation>,
    },
    Writing(Writer<W>),
    /// Writing failed.
    Broken,
}

impl<W: Write> Recorder<W> {
    /// Begins a recording into `out`.
    pub const fn new(out: W) -> Self {
        Self { state: State::Waiting { out, observations: Vec::new() }, count: 0 }
    }

    /// Adds observations, in the order in which they were made.
    ///
    /// # Errors
    /// What the output answered.
    pub fn append(&mut self, observations: &[Observation]) -> io::Result<()> {
        self.count += observations.len();
        match &mut self.state {
            State::Writing(writer) => writer.append(observations),
            State::Waiting { observations: waiting, .. } => {
                waiting.extend_from_slice(observations);
                if host_name(waiting).is_some() { self.begin() } else { Ok(()) }
            }
            State::Broken => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Ends the recording: the output, and how many observations it holds.
    ///
    /// # Errors
    /// What the output answered.
    pub fn finish(mut self) -> io::Result<(W, usize)> {
        self.begin()?;
        match self.state {
            State::Writing(writer) => Ok((writer.finish()?, self.count)),
            State::Waiting { .. } | State::Broken => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn begin(&mut self) -> io::Result<()> {
        match std::mem::replace(&mut self.state, State::Broken) {
            State::Waiting { out, observations } => {
                let begun_ms = observations.first().map_or(0, |observation| observation.at_ms);
                let header = Header::new(PROGRAM, begun_ms, host_name(&observations).unwrap_or_default());
                let mut writer = Writer::new(out, &header)?;
                writer.append(&observations)?;
                self.state = State::Writing(writer);
            }
            other => self.state = other,
        }
        Ok(())
    }
}

/// Writes `observations` as the recording `path`, whole or not at all.
///
/// # Errors
/// The file cannot be written.
pub fn save(path: &Path, observations: &[Observation]) -> io::Result<()> {
    let mut recorder = Recorder::new(io::BufWriter::new(NewFile::create(path)?));
    recorder.append(observations)?;
    let (out, _) = recorder.finish()?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.commit()
}

fn host_name(observations: &[Observation]) -> Option<&str> {
    observations.iter().find_map(|observation| match &observation.fact {
        Fact::Host(facts) => Some(facts.hostname.as_str()),
        _ => None,
    })
}
