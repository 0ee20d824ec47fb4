//! Where a snapshot comes from: the live host, recordings, or a bundled one.
//!
//! A [`Source`] hands on [`Update`]s whatever it is, so that window and command line cannot tell a live host from a
//! recording unless they ask.

mod demo;
mod kept;
mod live;
mod recorded;
mod recorder;
mod several;

use std::{path::PathBuf, sync::Arc, thread};

use bridgewalk_collector::{AgentChoice, CollectorConfig, CollectorError, CollectorStatus, Command, EngineChoice};
use bridgewalk_model::{
    Observation, Snapshot,
    assembly::{State, assemble},
    recording::RecordingError,
};

pub use demo::Demo;
pub use live::LiveSource;
pub use recorded::RecordedSource;
pub use recorder::{Content, Recorder, save};

/// Called when there may be something to take.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// Which source, as it was asked for.
#[derive(Clone, Debug)]
pub enum Choice {
    /// The live host.
    Live(LiveChoice),
    /// Recordings, their hosts side by side.
    Recordings(Vec<PathBuf>),
    /// Several hosts side by side, of which one at least is live.
    Several(Vec<HostChoice>),
    /// A bundled recording, made on a real engine.
    Demo(Demo),
}

/// One of several hosts, as it was asked for; a recording may hold several.
#[derive(Clone, Debug)]
pub enum HostChoice {
    /// A live host.
    Live(LiveChoice),
    /// A recording.
    Recording(PathBuf),
}

/// What a source has to say, in order. Hosts are those of the snapshot, by their place in it.
#[derive(Clone, Debug)]
pub enum Update {
    /// New observations of hosts, with the snapshot that holds them.
    Observed {
        /// Exactly what was said, for recordings.
        observations: Vec<(usize, Arc<[Observation]>)>,
        /// The newest snapshot.
        snapshot: Arc<Snapshot>,
    },
    /// How far the first observation (or a refresh) is.
    Progress {
        /// Done.
        done: u32,
        /// Of.
        total: u32,
    },
    /// The first full observation of all hosts is complete, as far as they can be reached.
    Complete,
    /// What is watched now of each host.
    Status(Vec<CollectorStatus>),
}

/// Which live host, and who reads it.
#[derive(Clone, Debug, Default)]
pub struct LiveChoice {
    /// Which engine.
    pub engine: EngineChoice,
    /// Who reads the kernel.
    pub agent: AgentChoice,
    /// Somebody asked for this agent by its name.
    pub agent_is_named: bool,
}

/// A snapshot that is complete, and what must be said beside it.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The snapshot.
    pub snapshot: Arc<Snapshot>,
    /// Recordings whose end is missing.
    pub cut_off: Vec<PathBuf>,
}

/// Why a source cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The live host.
    #[error(transparent)]
    Live(#[from] CollectorError),
    /// A recording.
    #[error("{}: {error}", path.display())]
    Recording {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        error: RecordingError,
    },
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
            Choice::Live(live) => Self::Live(LiveSource::start(live.config(true))?),
            Choice::Several(hosts) => Self::Live(LiveSource::start_several(hosts)?),
            Choice::Recordings(paths) => Self::Recorded(RecordedSource::read(paths)?),
            Choice::Demo(demo) => Self::Recorded(RecordedSource::demo(*demo)?),
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

    /// Tells a live host something; a recording takes no notice. False: so much is waiting to be done that this was not
    /// taken.
    pub fn command(&self, host: usize, command: Command) -> bool {
        match self {
            Self::Live(live) => live.command(host, command),
            Self::Recorded(_) => true,
        }
    }

    /// Each host's observations that make the present snapshot, for saving: all of a recording's, the last of each thing of
    /// a live host's.
    pub fn observations(&self) -> Vec<Vec<Observation>> {
        match self {
            Self::Live(live) => live.observations(),
            Self::Recorded(recorded) => recorded.observations().to_vec(),
        }
    }
}

/// The snapshot of what was chosen, once it is complete.
///
/// # Errors
/// As [`Source::open`]; and an engine or agent that was named and cannot be had.
pub fn observe_once(choice: &Choice) -> Result<Opened, SourceError> {
    let recorded = match choice {
        Choice::Live(live) => {
            let observed = bridgewalk_collector::observe_once(live.config(false), |_, _| {})?;
            return Ok(Opened { snapshot: observed.snapshot, cut_off: Vec::new() });
        }
        Choice::Several(hosts) => return observe_several(hosts),
        Choice::Recordings(paths) => RecordedSource::read(paths)?,
        Choice::Demo(demo) => RecordedSource::demo(*demo)?,
    };
    Ok(Opened { snapshot: recorded.last(), cut_off: recorded.cut_off().to_vec() })
}

/// What is known of the hosts of one choice, and a recording that is cut off.
type ObservedHosts = Result<(Vec<State>, Option<PathBuf>), SourceError>;

/// Observes each host on a thread of its own: none waits for another that does not answer.
fn observe_several(hosts: &[HostChoice]) -> Result<Opened, SourceError> {
    let observe = |host: &HostChoice| match host {
        HostChoice::Live(live) => {
            let observed = bridgewalk_collector::observe_once(live.config(false), |_, _| {})?;
            Ok((vec![recorded::fold(&observed.observations)], None))
        }
        HostChoice::Recording(path) => {
            let recording = recorded::open(path)?;
            Ok((recording.last_states(), recording.is_truncated.then(|| path.clone())))
        }
    };
    let failed = |error: std::io::Error| CollectorError::Thread { detail: error.to_string() };
    let observed: Vec<ObservedHosts> = thread::scope(|scope| {
        let begin = |host| thread::Builder::new().name("observe".to_owned()).spawn_scoped(scope, move || observe(host));
        let threads: Vec<_> = hosts.iter().map(begin).collect();
        let end = |thread: std::io::Result<thread::ScopedJoinHandle<'_, _>>| match thread.map_err(failed)?.join() {
            Ok(observed) => observed,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        threads.into_iter().map(end).collect()
    });
    let (mut states, mut cut_off) = (Vec::new(), Vec::new());
    for one in observed {
        let (of_host, path) = one?;
        states.extend(of_host);
        cut_off.extend(path);
    }
    let snapshot = assemble(&states.iter().collect::<Vec<_>>());
    Ok(Opened { snapshot: Arc::new(snapshot), cut_off })
}

impl LiveChoice {
    /// For the collector: once, or going on.
    pub fn config(&self, watch: bool) -> CollectorConfig {
        CollectorConfig {
            engine: self.engine.clone(),
            agent: self.agent,
            agent_is_named: self.agent_is_named,
            watch,
            may_prove: false,
        }
    }
}

/// Why the engine that `live` means cannot be reached; none: it can.
pub fn engine_failure(live: &LiveChoice) -> Option<CollectorError> {
    bridgewalk_collector::reach(&live.config(false)).err()
}
