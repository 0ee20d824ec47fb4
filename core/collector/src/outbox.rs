//! What waits to be taken by whoever reads.
//!
//! A slow reader never holds up the collector, and what waits is bounded: there is one place for each kind of update,
//! and observations are appended up to a bound. What is beyond it is dropped, said as a limit, and read anew.

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bridgewalk_model::{Fact, Limit, LimitReason, Observation, Remedy, Snapshot, SourceKind};

use crate::{CollectorError, CollectorStatus, Update};

/// So many observations wait at most; one is a section of a namespace, some kilobytes.
const MAX_WAITING: usize = 20_000;
/// So much memory they take at most, but for what was handed over at once.
const MAX_WAITING_BYTES: usize = 64 << 20;

/// Updates on their way from the collector's thread.
pub(crate) struct Outbox {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
    wake: Box<dyn Fn() + Send + Sync>,
}

#[derive(Default)]
struct Waiting {
    status: Option<CollectorStatus>,
    progress: Option<(u32, u32)>,
    observations: Vec<Observation>,
    /// What the observations take.
    bytes: usize,
    snapshot: Option<Arc<Snapshot>>,
    is_complete: bool,
    is_closed: bool,
    failure: Option<CollectorError>,
}

impl Outbox {
    pub(crate) fn new(wake: Box<dyn Fn() + Send + Sync>) -> Self {
        Self { waiting: Mutex::default(), arrived: Condvar::new(), wake }
    }

    /// Observations, which take about so many `bytes`, with the snapshot that holds them. False if the reader is so slow that some were dropped: then
    /// everything must be read anew.
    pub(crate) fn observed(&self, observations: Vec<Observation>, bytes: usize, snapshot: Arc<Snapshot>) -> bool {
        let mut kept = true;
        self.put(|waiting| {
            let is_too_much = waiting.bytes > 0 && waiting.bytes + bytes > MAX_WAITING_BYTES;
            if is_too_much || waiting.observations.len() + observations.len() > MAX_WAITING {
                kept = false;
                let at_ms = observations.last().map_or(0, |observation| observation.at_ms);
                let dropped = waiting.observations.len() + observations.len();
                waiting.observations = vec![Observation { at_ms, fact: dropped_limit(dropped) }];
                waiting.bytes = 0;
            } else {
                waiting.bytes += bytes;
                waiting.observations.extend(observations);
            }
            waiting.snapshot = Some(snapshot);
        });
        kept
    }

    pub(crate) fn status(&self, status: CollectorStatus) {
        self.put(|waiting| waiting.status = Some(status));
    }

    pub(crate) fn progress(&self, done: u32, total: u32) {
        self.put(|waiting| waiting.progress = Some((done, total)));
    }

    pub(crate) fn complete(&self) {
        self.put(|waiting| waiting.is_complete = true);
    }

    /// The engine or agent that was asked for by name is not there. The first to fail is the cause of others.
    pub(crate) fn failed(&self, failure: CollectorError) {
        self.put(|waiting| {
            waiting.failure.get_or_insert(failure);
        });
    }

    /// Nothing comes any more.
    pub(crate) fn close(&self) {
        self.put(|waiting| waiting.is_closed = true);
    }

    pub(crate) fn failure(&self) -> Option<CollectorError> {
        self.lock().failure.clone()
    }

    pub(crate) fn try_take(&self) -> Option<Update> {
        self.lock().take()
    }

    /// Waits for an update; none when the time is over or nothing comes any more.
    pub(crate) fn take_within(&self, limit: Duration) -> Option<Update> {
        let idle = |waiting: &mut Waiting| !waiting.is_closed && waiting.is_empty();
        let (mut waiting, _) =
            self.arrived.wait_timeout_while(self.lock(), limit, idle).unwrap_or_else(PoisonError::into_inner);
        waiting.take()
    }

    pub(crate) fn is_closed(&self) -> bool {
        let waiting = self.lock();
        waiting.is_closed && waiting.is_empty()
    }

    fn put(&self, change: impl FnOnce(&mut Waiting)) {
        change(&mut self.lock());
        self.arrived.notify_all();
        (self.wake)();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    const fn is_empty(&self) -> bool {
        self.status.is_none() && self.progress.is_none() && self.snapshot.is_none() && !self.is_complete
    }

    /// What was observed comes before what says that it is complete.
    fn take(&mut self) -> Option<Update> {
        if let Some(status) = self.status.take() {
            return Some(Update::Status(status));
        }
        if let Some((done, total)) = self.progress.take() {
            return Some(Update::Progress { done, total });
        }
        if let Some(snapshot) = self.snapshot.take() {
            self.bytes = 0;
            let observations = std::mem::take(&mut self.observations).into();
            return Some(Update::Observed { observations, snapshot });
        }
        std::mem::take(&mut self.is_complete).then_some(Update::Complete)
    }
}

fn dropped_limit(count: usize) -> Fact {
    let source = SourceKind::Agent;
    let detail = format!("{count} observations were not taken in time");
    let reason = LimitReason::Resynchronised { detail };
    Fact::Limits { of: vec![source], limits: vec![Limit { source, namespace: None, reason, remedy: Remedy::None }] }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observations(count: usize) -> Vec<Observation> {
        vec![Observation { at_ms: 1, fact: Fact::Networks(Vec::new()) }; count]
    }

    #[test]
    fn a_slow_reader_gets_the_newest_snapshot_and_every_observation() {
        let outbox = Outbox::new(Box::new(|| {}));
        for at_ms in 1..=3 {
            let snapshot = Snapshot::new(at_ms, Vec::new());
            assert!(outbox.observed(observations(2), 9, Arc::new(snapshot)));
        }
        outbox.complete();
        let Some(Update::Observed { observations, snapshot }) = outbox.try_take() else { panic!("nothing observed") };
        assert_eq!((observations.len(), snapshot.at_ms), (6, 3));
        assert!(matches!(outbox.try_take(), Some(Update::Complete)));
        assert!(outbox.try_take().is_none());
    }

    #[test]
    fn what_waits_is_bounded_and_the_loss_is_said() {
        let outbox = Outbox::new(Box::new(|| {}));
        let snapshot = Arc::new(Snapshot::default());
        for (first, second) in [((MAX_WAITING, 9), (1, 9)), ((1, 2 * MAX_WAITING_BYTES), (1, 9))] {
            assert!(outbox.observed(observations(first.0), first.1, Arc::clone(&snapshot)));
            assert!(!outbox.observed(observations(second.0), second.1, Arc::clone(&snapshot)));
            let Some(Update::Observed { observations, .. }) = outbox.try_take() else { panic!("nothing observed") };
            assert!(matches!(&*observations, [Observation { fact: Fact::Limits { .. }, .. }]));
        }
    }

    #[test]
    fn waiting_ends_when_nothing_comes_any_more() {
        let outbox = Outbox::new(Box::new(|| {}));
        outbox.close();
        assert!(outbox.take_within(Duration::from_secs(60)).is_none());
        assert!(outbox.is_closed());
    }
}
