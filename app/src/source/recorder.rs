//! Writing recordings.

use std::{
    io::{self, Write},
    path::Path,
};

use bridgewalk_model::{
    Fact, Observation,
    anonymise::Anonymiser,
    recording::{Header, Writer, without_labels},
};

use crate::new_file::{NewFile, Readers};

/// This program, as a recording names it.
const PROGRAM: &str = concat!("bridgewalk ", env!("CARGO_PKG_VERSION"));

/// What of an observation is recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Content {
    /// All of it.
    #[default]
    Everything,
    /// All but the labels that people wrote.
    WithoutLabels,
    /// With other names, ids and addresses.
    Anonymised,
}

/// Appends observations to a recording as they come.
pub struct Recorder<W: Write> {
    state: State<W>,
    content: Content,
    anonymiser: Anonymiser,
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
    /// Begins a recording of `content` into `out`.
    pub fn new(out: W, content: Content) -> Self {
        let state = State::Waiting { out, observations: Vec::new() };
        Self { state, content, anonymiser: Anonymiser::new(), count: 0 }
    }

    /// How many observations it has been given.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// Adds observations, in the order in which they were made.
    ///
    /// # Errors
    /// What the output answered.
    pub fn append(&mut self, observations: &[Observation]) -> io::Result<()> {
        self.count += observations.len();
        let changed: Vec<Observation>;
        let observations = match self.content {
            Content::Everything => observations,
            Content::WithoutLabels => {
                changed = observations.iter().map(without_labels).collect();
                &changed
            }
            Content::Anonymised => {
                let each: Result<Vec<_>, _> = observations.iter().map(|it| self.anonymiser.observation(it)).collect();
                changed = each?.into_iter().flatten().collect();
                &changed
            }
        };
        match &mut self.state {
            State::Writing(writer) => writer.append(observations),
            State::Waiting { observations: waiting, .. } => {
                waiting.extend_from_slice(observations);
                if host_name(waiting).is_some() { self.begin() } else { Ok(()) }
            }
            State::Broken => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Brings what was recorded so far to the output: a recorder that is killed later loses only what came after.
    ///
    /// # Errors
    /// What the output answered.
    pub fn flush(&mut self) -> io::Result<()> {
        // Without a host's name there is none to wait for.
        self.begin()?;
        match &mut self.state {
            State::Writing(writer) => writer.flush(),
            State::Waiting { .. } | State::Broken => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Ends the recording, and gives back the output.
    ///
    /// # Errors
    /// What the output answered.
    pub fn finish(mut self) -> io::Result<W> {
        self.begin()?;
        match self.state {
            State::Writing(writer) => writer.finish(),
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
    let out = io::BufWriter::new(NewFile::create(path, Readers::Owner)?);
    let mut recorder = Recorder::new(out, Content::Everything);
    recorder.append(observations)?;
    recorder.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?.commit()
}

fn host_name(observations: &[Observation]) -> Option<&str> {
    observations.iter().find_map(|observation| {
        let Fact::Host(facts) = &observation.fact else { return None };
        Some(facts.hostname.as_str())
    })
}
