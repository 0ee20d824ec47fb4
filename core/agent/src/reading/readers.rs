//! Threads that go from namespace to namespace and read there.
//!
//! A thread enters with `setns(2)`, opens its sockets, reads synchronously and goes on to the next; the process itself
//! stays where it is, and nothing is ever forked.
//!
//! One that the kernel keeps is given up, and another takes its place: what it was at is not read, the rest goes on. It
//! ends when the kernel lets go of it.

use std::{
    collections::HashMap,
    fs, io,
    os::fd::{AsFd, OwnedFd},
    sync::{Arc, Mutex, mpsc as queue},
    thread,
    time::{Duration, Instant},
};

use bridgewalk_model::{LimitReason, NamespaceInode, Via, kernel::Process};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tokio::sync::mpsc;

use super::{Known, Part, Parts, Reading, Record, inside::Inside, outside, read_inside};
use crate::{
    discovery::{self, Door, Found, Place, processes},
    netlink::route::Route,
    protocol::Hints,
    pulse::{FILE_TIMEOUT, Pulse},
    watching::subscription::Subscription,
};

/// The most readings under way at a time: what waits is merged with what comes meanwhile.
pub(crate) const MAX_UNDER_WAY: usize = 32;

/// What a reader is asked.
#[derive(Debug)]
pub(crate) enum Task {
    /// Read these parts of a namespace; before that, listen to its events if asked to.
    Read {
        /// Where.
        place: Arc<Place>,
        /// What.
        parts: Parts,
        /// Whether to listen first.
        subscribe: bool,
        /// What else is known.
        known: Arc<Known>,
    },
    /// Find out which process holds which socket.
    FindSocketOwners,
    /// Look into containers through these processes of theirs.
    LookInside {
        /// Those with a container, by PID.
        processes: Vec<Process>,
    },
    /// Find all namespaces.
    Find {
        /// What the engine knows.
        hints: Arc<Hints>,
        /// What was known before.
        before: Vec<Arc<Place>>,
    },
}

/// What a reader answers.
#[derive(Debug)]
pub(crate) enum Answer {
    /// To [`Task::Read`].
    Read {
        /// Where.
        namespace: NamespaceInode,
        /// What was asked for.
        parts: Parts,
        /// What was read.
        reading: Reading,
        /// The events' socket, or why there is none; none if it was not asked for.
        subscription: Option<io::Result<Subscription>>,
        /// How long it took.
        took: Duration,
    },
    /// To [`Task::Find`].
    Found(Found),
    /// To [`Task::FindSocketOwners`].
    SocketOwners {
        /// By the sockets' inodes.
        owners: HashMap<u64, u32>,
        /// Why not all of them are known.
        missing: Option<LimitReason>,
    },
    /// To [`Task::LookInside`].
    Inside(Inside),
}

/// How many threads may be given up at a time: each is one that the kernel keeps.
const MAX_GIVEN_UP: usize = 8;

/// A task on its way to a thread.
struct Asked {
    number: u64,
    task: Task,
    pulse: Arc<Pulse>,
}

/// An answer, and to which task.
#[derive(Debug)]
pub(crate) struct Answered {
    number: u64,
    pub(crate) answer: Answer,
}

/// A task that was given up.
#[derive(Debug)]
pub(crate) struct Late {
    /// Which.
    pub(crate) task: LateTask,
    /// Another thread took the place of the one that stands: the task may be asked for again, and leaves out the file at
    /// which that stands.
    pub(crate) is_replaced: bool,
}

/// Which task was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LateTask {
    /// [`Task::Read`] of this namespace.
    Read(NamespaceInode),
    /// [`Task::FindSocketOwners`].
    FindSocketOwners,
    /// [`Task::LookInside`].
    LookInside,
    /// [`Task::Find`].
    Find,
}

impl LateTask {
    fn of(task: &Task) -> Self {
        match task {
            Task::Read { place, .. } => Self::Read(place.inode),
            Task::FindSocketOwners => Self::FindSocketOwners,
            Task::LookInside { .. } => Self::LookInside,
            Task::Find { .. } => Self::Find,
        }
    }
}

/// The threads. They end when this is dropped, those that the kernel keeps as soon as it lets go.
#[derive(Debug)]
pub(crate) struct Readers {
    tasks: queue::SyncSender<Asked>,
    waiting: Arc<Mutex<queue::Receiver<Asked>>>,
    answers: mpsc::Sender<Answered>,
    next_number: u64,
    /// By number.
    under_way: HashMap<u64, (LateTask, Arc<Pulse>)>,
    /// How many threads are at work or free, and should be.
    threads: usize,
    wanted: usize,
    started: usize,
}

impl Readers {
    /// Starts one for each processor, at most four.
    ///
    /// # Errors
    /// What the system answers if it gives no thread.
    pub(crate) fn start(answers: mpsc::Sender<Answered>) -> io::Result<Self> {
        let (tasks, waiting) = queue::sync_channel(MAX_UNDER_WAY + MAX_GIVEN_UP);
        let waiting = Arc::new(Mutex::new(waiting));
        let under_way = HashMap::new();
        let wanted = thread::available_parallelism().map_or(1, usize::from).min(4);
        let mut readers = Self { tasks, waiting, answers, next_number: 0, under_way, threads: 0, wanted, started: 0 };
        for _ in 0..wanted {
            readers.start_thread()?;
        }
        Ok(readers)
    }

    fn start_thread(&mut self) -> io::Result<()> {
        let (waiting, answers) = (Arc::clone(&self.waiting), self.answers.clone());
        let name = format!("agent-reader-{}", self.started);
        thread::Builder::new().name(name).spawn(move || serve(&waiting, &answers))?;
        self.threads += 1;
        self.started += 1;
        Ok(())
    }

    /// Hands a task on. No more than [`MAX_UNDER_WAY`] may be unanswered.
    pub(crate) fn ask(&mut self, task: Task) {
        let avoided = self.given_up().filter_map(Pulse::stands_at).collect();
        let pulse = Arc::new(Pulse::new(avoided));
        self.next_number += 1;
        self.under_way.insert(self.next_number, (LateTask::of(&task), Arc::clone(&pulse)));
        // The queue holds all that may be unanswered; what nobody takes is given up in the end.
        let _ = self.tasks.try_send(Asked { number: self.next_number, task, pulse });
    }

    /// The answer if its task was not given up, else which task that was.
    pub(crate) fn take(&mut self, answered: Answered) -> Result<Answer, LateTask> {
        match self.under_way.remove(&answered.number) {
            Some((task, pulse)) if pulse.is_given_up() => {
                // There was no room for one in its place.
                if self.threads < self.wanted {
                    let _ = self.start_thread();
                }
                Err(task)
            }
            _ => Ok(answered.answer),
        }
    }

    /// When [`Self::give_up`] should be called; none while nothing is waited for.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        // A thread may take what waits at any time, and says nothing of it.
        let again = Instant::now() + FILE_TIMEOUT;
        self.pulses().filter_map(|pulse| self.due(pulse).or_else(|| pulse.is_waiting().then_some(again))).min()
    }

    /// What waits while no thread is left is given up at once.
    fn due(&self, pulse: &Pulse) -> Option<Instant> {
        if self.threads == 0 && pulse.is_waiting() { Some(Instant::now()) } else { pulse.due() }
    }

    /// Gives up what is overdue.
    pub(crate) fn give_up(&mut self, now: Instant) -> Vec<Late> {
        let is_overdue = |pulse: &Pulse| self.due(pulse).is_some_and(|due| due <= now);
        let overdue = self.under_way.iter().filter(|(_, (_, pulse))| is_overdue(pulse));
        let overdue: Vec<u64> = overdue.map(|(number, _)| *number).collect();
        let mut late = Vec::with_capacity(overdue.len());
        for number in overdue {
            let has_room = !self.is_exhausted();
            let Some((task, pulse)) = self.under_way.get(&number) else { continue };
            let (task, was_waiting) = (*task, pulse.is_waiting());
            if !pulse.give_up() {
                continue;
            }
            if was_waiting {
                self.under_way.remove(&number);
            } else {
                self.threads -= 1;
            }
            let is_replaced = !was_waiting && has_room && self.start_thread().is_ok();
            late.push(Late { task, is_replaced });
        }
        late
    }

    /// Whether as many threads are kept by the kernel as may be: what may keep another must wait.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.given_up().count() >= MAX_GIVEN_UP
    }

    fn given_up(&self) -> impl Iterator<Item = &Pulse> {
        self.pulses().filter(|pulse| pulse.is_given_up())
    }

    fn pulses(&self) -> impl Iterator<Item = &Pulse> {
        self.under_way.values().map(|(_, pulse)| pulse.as_ref())
    }
}

fn serve(waiting: &Mutex<queue::Receiver<Asked>>, answers: &mpsc::Sender<Answered>) {
    let mut here = Here::own();
    loop {
        let asked = match waiting.lock() {
            Ok(waiting) => waiting.recv(),
            Err(_) => return,
        };
        let Ok(Asked { number, task, pulse }) = asked else { return };
        if !pulse.begin() {
            continue;
        }
        let answer = match task {
            Task::Read { place, parts, subscribe, known } => here.read(&place, parts, subscribe, &known),
            Task::Find { hints, before } => Answer::Found(discovery::find(&hints, &before, |host| {
                here.enter(host).and_then(|()| Route::open()).ok()
            })),
            Task::LookInside { processes } => Answer::Inside(Inside::read(processes)),
            Task::FindSocketOwners => {
                let (owners, missing) = processes::socket_owners();
                Answer::SocketOwners { owners, missing }
            }
        };
        // Another thread has taken the place of one that was given up.
        let is_in_time = pulse.end();
        if answers.blocking_send(Answered { number, answer }).is_err() || !is_in_time {
            return;
        }
    }
}

/// The namespace that keeps its reader, for a test.
#[cfg(test)]
pub(crate) static SLOW_NAMESPACE: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

/// Where a thread is.
pub(crate) struct Here {
    /// The way back.
    own: Option<OwnedFd>,
    /// Where it is now; none: where it began.
    away: Option<NamespaceInode>,
}

impl Here {
    /// Where the thread was started.
    pub(crate) fn own() -> Self {
        Self { own: fs::File::open("/proc/thread-self/ns/net").ok().map(OwnedFd::from), away: None }
    }

    /// Goes there.
    pub(crate) fn enter(&mut self, place: &Place) -> io::Result<()> {
        match &place.door {
            Door::Own => self.go_home(),
            Door::Enter(_) if self.away == Some(place.inode) => Ok(()),
            Door::Enter(descriptor) => {
                move_into_link_name_space(descriptor.as_fd(), Some(LinkNameSpaceType::Network))?;
                self.away = Some(place.inode);
                Ok(())
            }
            Door::Closed => Err(io::Error::from_raw_os_error(libc::EACCES)),
        }
    }

    fn go_home(&mut self) -> io::Result<()> {
        if self.away.is_none() {
            return Ok(());
        }
        let own = self.own.as_ref().ok_or(io::ErrorKind::NotFound)?;
        move_into_link_name_space(own.as_fd(), Some(LinkNameSpaceType::Network))?;
        self.away = None;
        Ok(())
    }

    fn read(&mut self, place: &Place, parts: Parts, subscribe: bool, known: &Known) -> Answer {
        let namespace = place.inode;
        let begun = Instant::now();
        #[cfg(test)]
        while SLOW_NAMESPACE.load(std::sync::atomic::Ordering::Relaxed) == namespace.0 {
            thread::sleep(Duration::from_millis(10));
        }
        let (reading, subscription) = match self.enter(place) {
            Ok(()) => {
                let subscription = subscribe.then(Subscription::open);
                (read_inside(place, parts, known), subscription)
            }
            Err(error) => {
                let denied = matches!(error.raw_os_error(), Some(libc::EPERM | libc::EACCES));
                let reading = if denied && self.go_home().is_ok() {
                    outside::read(place, parts, known)
                } else {
                    let mut record = Record::new(place, Via::Netlink);
                    record.limit(Part::Links, Part::Links.source(), LimitReason::Vanished);
                    record.reading
                };
                (reading, subscribe.then_some(Err(error)))
            }
        };
        Answer::Read { namespace, parts, reading, subscription, took: begun.elapsed() }
    }
}
