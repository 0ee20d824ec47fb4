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

/// Appends observations of one or several hosts to a recording as they come.
pub struct Recorder<W: Write> {
    state: State<W>,
    content: Content,
    anonymiser: Anonymiser,
    count: usize,
}

/// The header names the hosts, so it waits until they are known.
#[derive(Debug)]
enum State<W: Write> {
    Waiting {
        out: W,
        /// Each host's.
        observations: Vec<Vec<Observation>>,
    },
    Writing(Writer<W>),
    /// Writing failed.
    Broken,
}

impl<W: Write> Recorder<W> {
    /// Begins a recording of `content` of so many hosts into `out`.
    pub fn new(out: W, content: Content, host_count: usize) -> Self {
        let state = State::Waiting { out, observations: vec![Vec::new(); host_count] };
        Self { state, content, anonymiser: Anonymiser::new(), count: 0 }
    }

    /// How many observations it has been given.
    pub const fn count(&self) -> usize {
        self.count
    }

    /// Adds observations of the `host`-th host, from 0, in the order in which they were made.
    ///
    /// # Errors
    /// What the output answered.
    pub fn append(&mut self, host: usize, observations: &[Observation]) -> io::Result<()> {
        self.count += observations.len();
        let changed: Vec<Observation>;
        let observations = match self.content {
            Content::Everything => observations,
            Content::WithoutLabels => {
                changed = observations.iter().map(without_labels).collect();
                &changed
            }
            Content::Anonymised => {
                let each: Result<Vec<_>, _> =
                    { observations.iter().map(|it| self.anonymiser.observation(host, it)).collect() };
                changed = each?.into_iter().flatten().collect();
                &changed
            }
        };
        match &mut self.state {
            State::Writing(writer) => {
                writer.turn_to(host)?;
                writer.append(observations)
            }
            State::Waiting { observations: waiting, .. } => {
                waiting.get_mut(host).ok_or(io::ErrorKind::InvalidInput)?.extend_from_slice(observations);
                if waiting.iter().all(|of_host| host_name(of_host).is_some()) { self.begin() } else { Ok(()) }
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
                let firsts = observations.iter().filter_map(|of_host| of_host.first());
                let begun_ms = firsts.map(|observation| observation.at_ms).min().unwrap_or(0);
                let mut names = observations.iter().map(|of_host| host_name(of_host).unwrap_or_default());
                let header = Header::new(PROGRAM, begun_ms, names.next().unwrap_or_default());
                let header = header.and_hosts(names.map(str::to_owned).collect());
                let mut writer = Writer::new(out, &header)?;
                for (host, of_host) in observations.iter().enumerate().filter(|(_, of_host)| !of_host.is_empty()) {
                    writer.turn_to(host)?;
                    writer.append(of_host)?;
                }
                self.state = State::Writing(writer);
            }
            other => self.state = other,
        }
        Ok(())
    }
}

/// Writes each host's observations as the recording `path`, whole or not at all.
///
/// # Errors
/// The file cannot be written.
pub fn save(path: &Path, hosts: &[Vec<Observation>]) -> io::Result<()> {
    let out = io::BufWriter::new(NewFile::create(path, Readers::Owner)?);
    let mut recorder = Recorder::new(out, Content::Everything, hosts.len());
    for (host, observations) in hosts.iter().enumerate() {
        recorder.append(host, observations)?;
    }
    recorder.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?.commit()
}

fn host_name(observations: &[Observation]) -> Option<&str> {
    observations.iter().find_map(|observation| {
        let Fact::Host(facts) = &observation.fact else { return None };
        Some(facts.hostname.as_str())
    })
}
