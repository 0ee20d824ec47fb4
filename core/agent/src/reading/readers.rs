//! Threads that go from namespace to namespace and read there.
//!
//! A thread enters with `setns(2)`, opens its sockets, reads synchronously and goes on to the next; the process itself
//! stays where it is, and nothing is ever forked.

use std::{
    collections::HashMap,
    fs, io,
    os::fd::{AsFd, OwnedFd},
    sync::{Arc, Mutex, mpsc as queue},
    thread,
};

use bridgewalk_model::{LimitReason, NamespaceInode, Via};
use netlink_sys::protocols::NETLINK_ROUTE;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use tokio::sync::mpsc;

use super::{Known, Part, Parts, Reading, Record, outside, read_inside};
use crate::{
    discovery::{self, Door, Found, Place, processes},
    netlink::Netlink,
    protocol::Hints,
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
    },
    /// To [`Task::Find`].
    Found(Found),
    /// To [`Task::FindSocketOwners`].
    SocketOwners {
        /// By the sockets' inodes.
        owners: HashMap<u64, u32>,
        /// Whether some processes may not be looked at.
        is_partial: bool,
    },
}

/// The threads. They end when this is dropped.
#[derive(Debug)]
pub(crate) struct Readers {
    tasks: Option<queue::SyncSender<Task>>,
    threads: Vec<thread::JoinHandle<()>>,
}

impl Readers {
    /// Starts one for each processor, at most four.
    ///
    /// # Errors
    /// What the system answers if it gives no thread.
    pub(crate) fn start(answers: &mpsc::Sender<Answer>) -> io::Result<Self> {
        let (tasks, waiting) = queue::sync_channel(MAX_UNDER_WAY);
        let waiting = Arc::new(Mutex::new(waiting));
        let count = thread::available_parallelism().map_or(1, usize::from).min(4);
        let threads = (0..count)
            .map(|number| {
                let (waiting, answers) = (Arc::clone(&waiting), answers.clone());
                thread::Builder::new().name(format!("agent-reader-{number}")).spawn(move || serve(&waiting, &answers))
            })
            .collect::<io::Result<_>>()?;
        Ok(Self { tasks: Some(tasks), threads })
    }

    /// Hands a task on. No more than [`MAX_UNDER_WAY`] may be unanswered.
    pub(crate) fn ask(&self, task: Task) {
        if let Some(tasks) = &self.tasks {
            // Fails only if all threads are gone, and then nothing can be read any more.
            let _ = tasks.send(task);
        }
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.tasks = None;
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn serve(waiting: &Mutex<queue::Receiver<Task>>, answers: &mpsc::Sender<Answer>) {
    let mut here = Here::own();
    loop {
        let task = match waiting.lock() {
            Ok(waiting) => waiting.recv(),
            Err(_) => return,
        };
        let Ok(task) = task else { return };
        let answer = match task {
            Task::Read { place, parts, subscribe, known } => here.read(&place, parts, subscribe, &known),
            Task::Find { hints, before } => Answer::Found(discovery::find(&hints, &before, |host| {
                here.enter(host).and_then(|()| Netlink::open(NETLINK_ROUTE)).ok()
            })),
            Task::FindSocketOwners => {
                let (owners, is_partial) = processes::socket_owners();
                Answer::SocketOwners { owners, is_partial }
            }
        };
        if answers.blocking_send(answer).is_err() {
            return;
        }
    }
}

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
        match self.enter(place) {
            Ok(()) => {
                let subscription = subscribe.then(Subscription::open);
                Answer::Read { namespace, parts, reading: read_inside(place, parts, known), subscription }
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
                Answer::Read { namespace, parts, reading, subscription: subscribe.then_some(Err(error)) }
            }
        }
    }
}
