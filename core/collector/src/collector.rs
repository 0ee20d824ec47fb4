//! The collector as the window and the command line hold it.

use std::{
    sync::{Arc, mpsc as std_mpsc},
    thread,
    time::{Duration, Instant},
};

use bridgewalk_docker::endpoint::{Endpoint, Environment};
use bridgewalk_model::{
    Observation, Snapshot,
    proof::{ProofFailure, ProofOrder},
};
use tokio::sync::mpsc;

use crate::{
    CollectorConfig, CollectorError, CollectorStatus, Command, PendingProof, Update,
    collecting::{self, Told},
    outbox::Outbox,
};

/// Commands are few, and each is obeyed at once.
const MAX_COMMANDS: usize = 16;
/// How long dropping waits for the helper container to be gone; after it its keeper is left alone with that.
const DROP_TIMEOUT: Duration = Duration::from_secs(5);
/// Until everything was observed once, whatever happens: the thread gives up what it waits for before this, and says so.
const ONCE_TIMEOUT: Duration = Duration::from_secs(300);

/// Follows a host on a thread of its own, named `collector`. Dropping it ends that, and takes the helper container
/// away.
pub struct Collector {
    outbox: Arc<Outbox>,
    commands: Option<mpsc::Sender<Told>>,
    ended: std_mpsc::Receiver<()>,
}

/// A host, observed once.
#[derive(Clone, Debug)]
pub struct Observed {
    /// Exactly what was said.
    pub observations: Vec<Observation>,
    /// What it makes together.
    pub snapshot: Arc<Snapshot>,
    /// What could be watched, and what not.
    pub status: CollectorStatus,
}

impl Collector {
    /// Starts following. `wake` is called from the collector's thread whenever there is something to take; it must not
    /// wait.
    ///
    /// # Errors
    /// The engine was chosen by an option or a variable that makes no sense (no such context, no address), or the
    /// thread cannot be started. An engine that cannot be reached is told by [`Self::failure`] and in the status.
    pub fn start(config: CollectorConfig, wake: Box<dyn Fn() + Send + Sync>) -> Result<Self, CollectorError> {
        let environment = Environment::of_process();
        let endpoint = Endpoint::resolve(&config.engine, &environment).map_err(CollectorError::from);
        let is_explicit = config.engine.host.is_some()
            || config.engine.context.is_some()
            || environment.get("DOCKER_HOST").is_some()
            || environment.get("DOCKER_CONTEXT").is_some();
        if is_explicit && let Err(error) = endpoint {
            return Err(error);
        }
        let outbox = Arc::new(Outbox::new(wake));
        let (commands, commanded) = mpsc::channel(MAX_COMMANDS);
        let (ending, ended) = std_mpsc::sync_channel(1);
        let failed = |error: std::io::Error| CollectorError::Thread { detail: error.to_string() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let for_thread = Arc::clone(&outbox);
        let run = move || {
            runtime.block_on(collecting::run(config, endpoint, commanded, Arc::clone(&for_thread)));
            // Whatever still waits for a name's resolution must not be waited for.
            runtime.shutdown_timeout(Duration::from_millis(100));
            for_thread.close();
            let _ = ending.try_send(());
        };
        thread::Builder::new().name("collector".to_owned()).spawn(run).map_err(failed)?;
        Ok(Self { outbox, commands: Some(commands), ended })
    }

    /// What is there to take, in order; none: nothing for now.
    pub fn try_recv(&self) -> Option<Update> {
        self.outbox.try_take()
    }

    /// Waits for the next update; none when the time is over or the collector has ended.
    pub fn recv_timeout(&self, limit: Duration) -> Option<Update> {
        self.outbox.take_within(limit)
    }

    /// Whether nothing comes any more: without watching, after the first observation.
    pub fn has_ended(&self) -> bool {
        self.outbox.is_closed()
    }

    /// The engine that was asked for by name could not be reached at the first try, or the agent that was could not read
    /// everything once. An engine that answered once and is lost later is no failure: it is followed, and waited for.
    pub fn failure(&self) -> Option<CollectorError> {
        self.outbox.failure()
    }

    /// Tells it something; false if so much is waiting to be obeyed that this was not taken.
    pub fn send(&self, command: Command) -> bool {
        self.commands.as_ref().is_some_and(|commands| commands.try_send(Told::Command(command)).is_ok())
    }

    /// Has the agent send one packet and tell what the kernel does with it; it must have been started with
    /// [`CollectorConfig::may_prove`], and have looked once. Returns at once.
    pub fn prove(&self, order: ProofOrder) -> PendingProof {
        let (pending, waiter) = PendingProof::new();
        if let Some(commands) = &self.commands
            && let Err(error) = commands.try_send(Told::Prove(Box::new(order), waiter))
            && let Told::Prove(_, waiter) = error.into_inner()
        {
            waiter.tell(Err(ProofFailure::Busy));
        }
        pending
    }

    /// Takes updates until everything was observed once. `progress` is told how many of how many namespaces are read.
    ///
    /// # Errors
    /// The engine that was asked for by option or variable cannot be reached, the agent that was asked for does not serve,
    /// or nothing was read in time.
    pub(crate) fn until_complete(&self, mut progress: impl FnMut(u32, u32)) -> Result<Observed, CollectorError> {
        let mut observed =
            Observed { observations: Vec::new(), snapshot: Arc::default(), status: CollectorStatus::default() };
        let until = Instant::now() + ONCE_TIMEOUT;
        let mut is_complete = false;
        while let Some(update) = self.recv_timeout(until.saturating_duration_since(Instant::now())) {
            if let Some(failure) = self.failure() {
                return Err(failure);
            }
            match update {
                Update::Observed { observations, snapshot } => {
                    observed.observations.extend_from_slice(&observations);
                    observed.snapshot = snapshot;
                }
                Update::Progress { done, total } => progress(done, total),
                Update::Status(status) => observed.status = status,
                Update::Complete => {
                    is_complete = true;
                    break;
                }
            }
        }
        match self.failure() {
            Some(failure) => Err(failure),
            None if is_complete => Ok(observed),
            None => Err(CollectorError::Timeout { seconds: ONCE_TIMEOUT.as_secs() }),
        }
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        drop(self.commands.take());
        let _ = self.ended.recv_timeout(DROP_TIMEOUT);
    }
}

impl std::fmt::Debug for Collector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Collector").finish_non_exhaustive()
    }
}

/// Observes a host once. `progress` is told how many of how many namespaces are read.
///
/// # Errors
/// As [`Collector::start`]; and the engine that was asked for by option or variable cannot be reached, or the agent that was
/// asked for by name does not serve. Without such an option, a host without an engine or an agent is observed as well: the
/// status and the snapshot's limits say what is missing.
pub fn observe_once(config: CollectorConfig, progress: impl FnMut(u32, u32)) -> Result<Observed, CollectorError> {
    Collector::start(CollectorConfig { watch: false, ..config }, Box::new(|| {}))?.until_complete(progress)
}
