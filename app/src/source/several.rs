//! Several hosts in one snapshot, live ones and recorded.
//!
//! Each live host has its collector, with a thread of its own. One more thread, `hosts`, folds what they say and puts it
//! together, so that nobody waits for that who shows it.

use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

use bridgewalk_collector::{Collector, CollectorError, CollectorStatus, Command, Update as Said};
use bridgewalk_model::{
    Observation, Snapshot,
    assembly::{State, assemble},
};

use super::{HostChoice, SourceError, Update, Wake, kept::Kept, live::Waker, recorded};

/// When so many observations wait to be taken, no more are taken from the collectors, which have bounds of their own.
const MAX_WAITING: usize = 20_000;

/// Several hosts, followed until this is dropped.
#[derive(Debug)]
pub(super) struct SeveralHosts {
    shared: Arc<Shared>,
    /// Rung whenever there may be something to do.
    bell: SyncSender<()>,
    wake: Waker,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    /// By host; none: a recording.
    collectors: Vec<Option<Mutex<Collector>>>,
    waiting: Mutex<Waiting>,
    is_over: AtomicBool,
}

/// What waits to be taken, and what is known.
#[derive(Debug, Default)]
struct Waiting {
    observations: Vec<(usize, Arc<[Observation]>)>,
    snapshot: Option<Arc<Snapshot>>,
    has_status: bool,
    has_progress: bool,
    is_complete: bool,
    /// Each host's.
    hosts: Vec<Known>,
}

/// What is known of one host.
#[derive(Debug, Default)]
struct Known {
    kept: Kept,
    status: CollectorStatus,
    progress: (u32, u32),
    is_complete: bool,
}

impl SeveralHosts {
    pub(super) fn start(choices: &[HostChoice]) -> Result<Self, SourceError> {
        let (bell, rung) = sync_channel(1);
        let (mut collectors, mut states, mut hosts) = (Vec::new(), Vec::new(), Vec::new());
        for choice in choices {
            match choice {
                HostChoice::Live(live) => {
                    let bell = bell.clone();
                    let wake = move || {
                        // Where it has rung already, it need not ring twice.
                        let _ = bell.try_send(());
                    };
                    collectors.push(Some(Mutex::new(Collector::start(live.config(true), Box::new(wake))?)));
                    states.push(State::default());
                    hosts.push(Known::default());
                }
                HostChoice::Recording(path) => {
                    for observations in recorded::open(path)?.hosts {
                        let mut known = Known { is_complete: true, ..Known::default() };
                        observations.iter().for_each(|observation| known.kept.take(observation));
                        states.push(recorded::fold(&observations));
                        collectors.push(None);
                        hosts.push(known);
                    }
                }
            }
        }
        let waiting = Mutex::new(Waiting { hosts, ..Waiting::default() });
        let shared = Arc::new(Shared { collectors, waiting, is_over: AtomicBool::new(false) });
        let wake = Waker::default();
        let (for_thread, waker) = (Arc::clone(&shared), wake.clone());
        let work = move || {
            while rung.recv().is_ok() && !for_thread.is_over.load(Ordering::Relaxed) {
                for_thread.take_in(&mut states);
                waker.wake();
            }
        };
        let failed = |error: io::Error| CollectorError::Thread { detail: error.to_string() };
        let thread = thread::Builder::new().name("hosts".to_owned()).spawn(work).map_err(failed)?;
        Ok(Self { shared, bell, wake, thread: Some(thread) })
    }

    pub(super) fn wake_with(&self, wake: Wake) {
        self.wake.set(wake);
        self.wake.wake();
    }

    pub(super) fn take(&self) -> Option<Update> {
        let update = self.shared.waiting().take();
        if matches!(update, Some(Update::Observed { .. })) {
            let _ = self.bell.try_send(());
        }
        update
    }

    pub(super) fn check(&self) -> Result<(), SourceError> {
        let failure = self.shared.live().find_map(|collector| collector.failure());
        failure.map_or(Ok(()), |error| Err(error.into()))
    }

    pub(super) fn has_ended(&self) -> bool {
        self.shared.live().all(|collector| collector.has_ended()) && self.shared.waiting().snapshot.is_none()
    }

    pub(super) fn command(&self, host: usize, command: Command) -> bool {
        let collector = self.shared.collectors.get(host).and_then(Option::as_ref);
        collector.is_none_or(|collector| lock(collector).send(command))
    }

    pub(super) fn observations(&self) -> Vec<Vec<Observation>> {
        self.shared.waiting().hosts.iter().map(|host| host.kept.observations()).collect()
    }

    pub(super) fn host_count(&self) -> usize {
        self.shared.collectors.len()
    }
}

impl Drop for SeveralHosts {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
        let _ = self.bell.try_send(());
        if let Some(thread) = self.thread.take() {
            // Its panic was reported when it happened.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        lock(&self.waiting)
    }

    fn live(&self) -> impl Iterator<Item = MutexGuard<'_, Collector>> {
        self.collectors.iter().flatten().map(lock)
    }

    /// Takes what the collectors say, and puts it together.
    fn take_in(&self, states: &mut [State]) {
        let mut is_new = false;
        for (host, collector) in self.collectors.iter().enumerate() {
            let (Some(collector), Some(state)) = (collector, states.get_mut(host)) else { continue };
            loop {
                if self.waiting().count() > MAX_WAITING {
                    break;
                }
                let Some(said) = lock(collector).try_recv() else { break };
                if let Said::Observed { observations, .. } = &said {
                    observations.iter().for_each(|observation| state.apply(observation));
                    is_new = true;
                }
                self.waiting().put(host, said);
            }
        }
        if is_new {
            let snapshot = Arc::new(assemble(&states.iter().collect::<Vec<_>>()));
            snapshot.graph();
            self.waiting().snapshot = Some(snapshot);
        }
    }
}

impl Waiting {
    fn count(&self) -> usize {
        self.observations.iter().map(|(_, observations)| observations.len()).sum()
    }

    fn put(&mut self, host: usize, said: Said) {
        let Some(known) = self.hosts.get_mut(host) else { return };
        match said {
            Said::Observed { observations, .. } => {
                observations.iter().for_each(|observation| known.kept.take(observation));
                self.observations.push((host, observations));
            }
            Said::Progress { done, total } => {
                known.progress = (done, total);
                self.has_progress = true;
            }
            Said::Status(status) => {
                known.status = status;
                self.has_status = true;
            }
            Said::Complete => {
                known.is_complete = true;
                self.is_complete = self.hosts.iter().all(|host| host.is_complete);
            }
        }
    }

    /// What was observed comes before what says that it is complete.
    fn take(&mut self) -> Option<Update> {
        if std::mem::take(&mut self.has_status) {
            return Some(Update::Status(self.hosts.iter().map(|host| host.status.clone()).collect()));
        }
        if std::mem::take(&mut self.has_progress) {
            let sum = |part: fn(&Known) -> u32| self.hosts.iter().map(part).fold(0, u32::saturating_add);
            return Some(Update::Progress { done: sum(|host| host.progress.0), total: sum(|host| host.progress.1) });
        }
        if let Some(snapshot) = self.snapshot.take() {
            return Some(Update::Observed { observations: std::mem::take(&mut self.observations), snapshot });
        }
        // Until it was put together, what completes it is not there.
        (self.observations.is_empty() && std::mem::take(&mut self.is_complete)).then_some(Update::Complete)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
