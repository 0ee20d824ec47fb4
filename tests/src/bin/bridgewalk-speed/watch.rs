//! A collector whose snapshots are looked at, with the times at which they came.

use std::{
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use bridgewalk_collector::{Collector, CollectorConfig, Update};
use bridgewalk_model::{Fact, Snapshot, engine::EngineEvent, snapshot::Host};

use crate::now_ms;

/// What the longest wait for a change may be before the measuring is given up.
const GIVE_UP: Duration = Duration::from_secs(60);
/// For so long after a change what follows from it is taken in, before the next is made.
const REST: Duration = Duration::from_millis(100);

/// One update, and when it came.
struct Seen {
    at_ms: f64,
    events: Vec<EngineEvent>,
    snapshot: Arc<Snapshot>,
}

pub(crate) struct Watch {
    seen: mpsc::Receiver<Seen>,
    events: Vec<EngineEvent>,
}

impl Watch {
    pub(crate) fn start() -> Result<Self> {
        let config = CollectorConfig { watch: true, ..CollectorConfig::default() };
        let collector = Collector::start(config, Box::new(|| {}))?;
        let (sender, seen) = mpsc::channel();
        let (complete_sender, complete) = mpsc::channel();
        std::thread::Builder::new().name("watch".to_owned()).spawn(move || {
            while !collector.has_ended() {
                match collector.recv_timeout(Duration::from_secs(1)) {
                    Some(Update::Observed { observations, snapshot }) => {
                        let at_ms = now_ms();
                        let events = observations.iter().filter_map(|observation| match &observation.fact {
                            Fact::EngineEvent(event) => Some((**event).clone()),
                            _ => None,
                        });
                        if sender.send(Seen { at_ms, events: events.collect(), snapshot }).is_err() {
                            return;
                        }
                    }
                    Some(Update::Complete) => drop(complete_sender.send(())),
                    _ => {}
                }
            }
        })?;
        complete.recv_timeout(GIVE_UP).context("the first observation did not end")?;
        Ok(Self { seen, events: Vec::new() })
    }

    /// Waits until the snapshot is as wanted; when that was.
    pub(crate) fn until(&mut self, what: &str, wanted: impl Fn(&Host) -> bool) -> Result<f64> {
        let deadline = Instant::now() + GIVE_UP;
        let mut at = None;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.seen.recv_timeout(if at.is_some() { REST } else { left }) {
                Ok(seen) => {
                    self.events.extend(seen.events);
                    if at.is_none() && seen.snapshot.hosts.first().is_some_and(&wanted) {
                        at = Some(seen.at_ms);
                    }
                }
                Err(_) if at.is_some() => break,
                Err(error) => bail!("{what} is not in the snapshot: {error}"),
            }
        }
        at.context("never")
    }

    /// The time of the last event of this kind.
    pub(crate) fn event_ms(&self, action: &str, about: &str) -> Result<f64> {
        let event = self.events.iter().rev().find(|event| {
            event.action == action
                && (event.actor_id == about || event.attributes.get("container").is_some_and(|id| id == about))
        });
        Ok(event.with_context(|| format!("no event {action}"))?.at_ns as f64 / 1e6)
    }
}
