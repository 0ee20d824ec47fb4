//! Recordings: everything in them has happened.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use bridgewalk_collector::Update;
use bridgewalk_model::{
    Observation, Snapshot,
    assembly::{State, assemble},
    recording,
};

use super::SourceError;

/// The bundled recording, made on a real engine.
const DEMO: &[u8] = include_bytes!("../../../assets/recordings/demo.bwrec");

/// The observations of a recording that come this close together after its beginning are its first full observation.
const QUIET_MS: u64 = 200;

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The file.
    #[error(transparent)]
    File(#[from] io::Error),
    /// What is in it.
    #[error(transparent)]
    Content(#[from] recording::ReadError),
}

/// One or several recordings, a host each.
#[derive(Debug)]
pub struct RecordedSource {
    /// Each recording's observations, in its order.
    hosts: Vec<Vec<Observation>>,
    /// What is still to be handed on.
    updates: std::vec::IntoIter<Update>,
    last: Arc<Snapshot>,
}

impl RecordedSource {
    /// Reads the recordings at `paths`, in this order.
    ///
    /// # Errors
    /// The first that cannot be read.
    pub fn read(paths: &[PathBuf]) -> Result<Self, SourceError> {
        let read = |path: &PathBuf| {
            read(path).map_err(|error| SourceError::Recording { path: path.clone(), error })
        };
        paths.iter().map(read).collect::<Result<_, _>>().map(Self::of)
    }

    /// The bundled recording.
    ///
    /// # Errors
    /// It is damaged: a test sees to it that it is not.
    pub fn demo() -> Result<Self, SourceError> {
        let observations = recording::read(DEMO)
            .map_err(|error| SourceError::Recording { path: "demo.bwrec".into(), error: error.into() })?;
        Ok(Self::of(vec![observations]))
    }

    /// A source of these observations, a list for each host.
    pub fn of(hosts: Vec<Vec<Observation>>) -> Self {
        let states: Vec<State> = hosts.iter().map(|observations| fold(observations)).collect();
        let last = Arc::new(assemble(&states.iter().collect::<Vec<_>>()));
        let observed = Update::Observed {
            observations: hosts.iter().flatten().cloned().collect(),
            snapshot: Arc::clone(&last),
        };
        Self { hosts, updates: vec![observed, Update::Complete].into_iter(), last }
    }

    /// What is still to be handed on: one update with everything, and that it is complete.
    pub fn take(&mut self) -> Option<Update> {
        self.updates.next()
    }

    /// The snapshot at the recording's end.
    pub fn last(&self) -> Arc<Snapshot> {
        Arc::clone(&self.last)
    }

    /// All observations: a host's after another's.
    pub fn observations(&self) -> Vec<Observation> {
        self.hosts.iter().flatten().cloned().collect()
    }

    /// Snapshots as time goes on: first that of the first full observation, then one for each moment at which something
    /// was observed.
    pub fn moments(&self) -> impl Iterator<Item = Snapshot> {
        let mut in_time: Vec<(usize, &Observation)> =
            self.hosts.iter().enumerate().flat_map(|(host, all)| all.iter().map(move |one| (host, one))).collect();
        in_time.sort_by_key(|(_, observation)| observation.at_ms);
        let mut moments: Vec<Vec<(usize, &Observation)>> = Vec::new();
        for each in in_time {
            let is_first = moments.len() <= 1;
            match moments.last_mut() {
                Some(moment) if belongs(moment, each.1, is_first) => moment.push(each),
                _ => moments.push(vec![each]),
            }
        }
        let mut states = vec![State::default(); self.hosts.len()];
        moments.into_iter().map(move |moment| {
            for (host, observation) in moment {
                if let Some(state) = states.get_mut(host) {
                    state.apply(observation);
                }
            }
            assemble(&states.iter().collect::<Vec<_>>())
        })
    }
}

fn belongs(moment: &[(usize, &Observation)], observation: &Observation, is_first: bool) -> bool {
    moment.last().is_some_and(|(_, last)| {
        let pause_ms = observation.at_ms.saturating_sub(last.at_ms);
        pause_ms == 0 || (is_first && pause_ms < QUIET_MS)
    })
}

fn fold(observations: &[Observation]) -> State {
    let mut state = State::default();
    for observation in observations {
        state.apply(observation);
    }
    state
}

fn read(path: &Path) -> Result<Vec<Observation>, RecordingError> {
    Ok(recording::read(&std::fs::read(path)?)?)
}
