//! Live hosts: one, or several with recordings beside them.

use std::sync::{Arc, Mutex, PoisonError};

use bridgewalk_collector::{Collector, CollectorConfig, Command, Update as Said};
use bridgewalk_model::Observation;

use super::{HostChoice, SourceError, Update, Wake, kept::Kept, several::SeveralHosts};

/// Live hosts, followed on threads of their own until this is dropped.
#[derive(Debug)]
pub struct LiveSource(Hosts);

#[derive(Debug)]
enum Hosts {
    One { collector: Collector, kept: Box<Kept>, wake: Waker },
    Several(SeveralHosts),
}

/// Whom a thread wakes: nobody until somebody waits.
#[derive(Clone, Default)]
pub(super) struct Waker(Arc<Mutex<Option<Wake>>>);

impl LiveSource {
    pub(super) fn start(config: CollectorConfig) -> Result<Self, SourceError> {
        let wake = Waker::default();
        let for_thread = wake.clone();
        let collector = Collector::start(config, Box::new(move || for_thread.wake()))?;
        Ok(Self(Hosts::One { collector, kept: Box::default(), wake }))
    }

    pub(super) fn start_several(hosts: &[HostChoice]) -> Result<Self, SourceError> {
        Ok(Self(Hosts::Several(SeveralHosts::start(hosts)?)))
    }

    /// How many hosts there are.
    pub fn host_count(&self) -> usize {
        match &self.0 {
            Hosts::One { .. } => 1,
            Hosts::Several(hosts) => hosts.host_count(),
        }
    }

    /// As [`Source::wake_with`](super::Source::wake_with).
    pub fn wake_with(&mut self, wake: Wake) {
        match &self.0 {
            Hosts::One { wake: waker, .. } => {
                waker.set(wake);
                // What came before somebody waited must not wait for what comes next.
                waker.wake();
            }
            Hosts::Several(hosts) => hosts.wake_with(wake),
        }
    }

    /// As [`Source::take`](super::Source::take).
    pub fn take(&mut self) -> Option<Update> {
        let (collector, kept) = match &mut self.0 {
            Hosts::One { collector, kept, .. } => (collector, kept),
            Hosts::Several(hosts) => return hosts.take(),
        };
        Some(match collector.try_recv()? {
            Said::Observed { observations, snapshot } => {
                observations.iter().for_each(|observation| kept.take(observation));
                Update::Observed { observations: vec![(0, observations)], snapshot }
            }
            Said::Progress { done, total } => Update::Progress { done, total },
            Said::Complete => Update::Complete,
            Said::Status(status) => Update::Status(vec![status]),
        })
    }

    /// Why an engine that was asked for by name cannot be reached, if one cannot.
    ///
    /// # Errors
    /// Exactly that.
    pub fn check(&self) -> Result<(), SourceError> {
        match &self.0 {
            Hosts::One { collector, .. } => collector.failure().map_or(Ok(()), |error| Err(error.into())),
            Hosts::Several(hosts) => hosts.check(),
        }
    }

    /// Whether nothing comes any more.
    pub fn has_ended(&self) -> bool {
        match &self.0 {
            Hosts::One { collector, .. } => collector.has_ended(),
            Hosts::Several(hosts) => hosts.has_ended(),
        }
    }

    /// As [`Source::command`](super::Source::command).
    pub fn command(&self, host: usize, command: Command) -> bool {
        match &self.0 {
            Hosts::One { collector, .. } => collector.send(command),
            Hosts::Several(hosts) => hosts.command(host, command),
        }
    }

    /// As [`Source::observations`](super::Source::observations).
    pub fn observations(&self) -> Vec<Vec<Observation>> {
        match &self.0 {
            Hosts::One { kept, .. } => vec![kept.observations()],
            Hosts::Several(hosts) => hosts.observations(),
        }
    }
}

impl Waker {
    pub(super) fn set(&self, wake: Wake) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(wake);
    }

    pub(super) fn wake(&self) {
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
