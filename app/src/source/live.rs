//! The live host.

use std::sync::{Arc, Mutex, PoisonError};

use bridgewalk_collector::{Collector, CollectorConfig, Command, Update};
use bridgewalk_model::Observation;

use super::{SourceError, Wake, kept::Kept};

/// A live host, followed on the collector's thread until this is dropped.
#[derive(Debug)]
pub struct LiveSource {
    collector: Collector,
    kept: Kept,
    wake: Waker,
}

/// Whom the collector's thread wakes: nobody until somebody waits.
#[derive(Clone, Default)]
struct Waker(Arc<Mutex<Option<Wake>>>);

impl LiveSource {
    pub(super) fn start(config: CollectorConfig) -> Result<Self, SourceError> {
        let wake = Waker::default();
        let for_thread = wake.clone();
        let collector = Collector::start(config, Box::new(move || for_thread.wake()))?;
        Ok(Self { collector, kept: Kept::default(), wake })
    }

    /// As [`Source::wake_with`](super::Source::wake_with).
    pub fn wake_with(&mut self, wake: Wake) {
        self.wake.set(wake);
        // What came before somebody waited must not wait for what comes next.
        self.wake.wake();
    }

    /// As [`Source::take`](super::Source::take).
    pub fn take(&mut self) -> Option<Update> {
        let update = self.collector.try_recv()?;
        if let Update::Observed { observations, .. } = &update {
            for observation in observations.iter() {
                self.kept.take(observation);
            }
        }
        Some(update)
    }

    /// Why the engine that was asked for by name cannot be reached, if it cannot.
    ///
    /// # Errors
    /// Exactly that.
    pub fn check(&self) -> Result<(), SourceError> {
        self.collector.failure().map_or(Ok(()), |error| Err(error.into()))
    }

    /// Whether nothing comes any more.
    pub fn has_ended(&self) -> bool {
        self.collector.has_ended()
    }

    /// As [`Source::command`](super::Source::command).
    pub fn command(&self, command: Command) -> bool {
        self.collector.send(command)
    }

    /// As [`Source::observations`](super::Source::observations).
    pub fn observations(&self) -> Vec<Vec<Observation>> {
        vec![self.kept.observations()]
    }
}

impl Waker {
    fn set(&self, wake: Wake) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(wake);
    }

    fn wake(&self) {
        let wake = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(wake) = wake {
            wake();
        }
    }
}

impl std::fmt::Debug for Waker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waker").finish_non_exhaustive()
    }
}
