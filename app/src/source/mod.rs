//! Where a snapshot comes from: the live host, recordings, or the bundled one.
//!
//! A [`Source`] hands on [`Update`]s whatever it is, so that window and command line cannot tell a live host from a
//! recording unless they ask.

mod kept;
mod live;
mod recorded;

use std::{path::PathBuf, sync::Arc};

use bridgewalk_collector::{AgentChoice, Command, EngineChoice, Update};
use bridgewalk_model::{Observation, Snapshot};

pub use live::LiveSource;
pub use recorded::{RecordedSource, RecordingError};

/// Called when there may be something to take.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// Which source, as it was asked for.
#[derive(Clone, Debug)]
pub enum Choice {
    /// The live host.
    Live {
        /// Which engine.
        engine: EngineChoice,
        /// Who reads the kernel.
        agent: AgentChoice,
    },
    /// Recordings, a host each, side by side.
    Recordings(Vec<PathBuf>),
    /// The bundled recording, made on a real engine.
    Demo,
}

/// Why a source cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The live host.
    #[error(transparent)]
    Live(#[from] bridgewalk_collector::CollectorError),
    /// A recording.
    #[error("{}: {error}", path.display())]
    Recording {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        error: RecordingError,
    },
}

/// What a source is, for a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A host as it is now.
    Live,
    /// Recordings, by their files.
    Recordings(Vec<PathBuf>),
    /// The bundled recording.
    Demo,
}

/// A source at work.
#[derive(Debug)]
pub enum Source {
    /// The live host: updates come as it changes.
    Live(LiveSource),
    /// A recording: everything in it has happened.
    Recorded(RecordedSource),
}

impl Source {
    /// Opens what was chosen. A live source starts its thread.
    ///
    /// # Errors
    /// A recording that cannot be read, or an engine that was named and cannot be.
    pub fn open(choice: &Choice) -> Result<Self, SourceError> {
        Ok(match choice {
            Choice::Live { engine, agent } => Self::Live(LiveSource::start(engine.clone(), *agent)?),
            Choice::Recordings(paths) => Self::Recorded(RecordedSource::read(paths)?),
            Choice::Demo => Self::Recorded(RecordedSource::demo()?),
        })
    }

    /// Has `wake` called whenever there may be something to [`take`](Self::take). A recording has it all from the
    /// beginning and calls once, now.
    pub fn wake_with(&mut self, wake: Wake) {
        match self {
            Self::Live(live) => live.wake_with(wake),
            Self::Recorded(_) => wake(),
        }
    }

    /// The next thing it has to say, without waiting; none: nothing more for now.
    pub fn take(&mut self) -> Option<Update> {
        match self {
            Self::Live(live) => live.take(),
            Self::Recorded(recorded) => recorded.take(),
        }
    }

    /// Tells a live source something; a recording takes no notice.
    pub fn command(&self, command: Command) {
        match self {
            Self::Live(live) => live.command(command),
            Self::Recorded(_) => drop(command),
        }
    }

    /// Observations that make the present snapshot, for saving: all of a recording's, the last of each thing of a live
    /// host's.
    pub fn observations(&self) -> Vec<Observation> {
        match self {
            Self::Live(live) => live.observations(),
            Self::Recorded(recorded) => recorded.observations(),
        }
    }
}

/// The snapshot of what was chosen, once it is complete.
///
/// # Errors
/// As [`Source::open`].
pub fn observe_once(choice: &Choice) -> Result<Arc<Snapshot>, SourceError> {
    match choice {
        Choice::Live { engine, agent } => live::observe_once(engine.clone(), *agent),
        Choice::Recordings(paths) => Ok(RecordedSource::read(paths)?.last()),
        Choice::Demo => Ok(RecordedSource::demo()?.last()),
    }
}
