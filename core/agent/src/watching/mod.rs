//! Hears of changes: one epoll for the events of every namespace, for mounts that come and go, and for the end of
//! processes that alone keep a namespace. Nothing is polled, and nothing wakes an idle host.

pub(crate) mod subscription;

use std::{
    collections::HashMap,
    fs, io,
    os::{
        fd::{AsFd, OwnedFd},
        unix::fs::MetadataExt,
    },
    sync::Arc,
};

use bridgewalk_model::NamespaceInode;
use netlink_sys::Socket;
use rustix::{
    event::{Timespec, epoll},
    process::{Pid, PidfdFlags, pidfd_open},
};
use tokio::io::{Interest, unix::AsyncFd};

use crate::discovery::Place;
use subscription::{Heard, Subscription, hear_firewall, hear_route};

const BUFFER_LEN: usize = 64 << 10;
const MAX_READY: usize = 64;

/// What is listened to.
#[derive(Debug)]
enum Source {
    Route(NamespaceInode, Socket),
    Firewall(NamespaceInode, Socket),
    /// The last process known of a namespace without a name.
    Process(NamespaceInode, u32, #[allow(dead_code, reason = "held open: closing it ends the watch")] OwnedFd),
}

/// What was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// In a namespace.
    Heard(NamespaceInode, Heard),
    /// There may be other namespaces than before.
    LookForNamespaces,
}

/// All that is listened to.
#[derive(Debug)]
pub(crate) struct Watch {
    epoll: AsyncFd<OwnedFd>,
    /// `/proc/PID/mountinfo` of this process, and of a daemon with other mounts: tells of each change once to whoever
    /// asks first, and so cannot be in the epoll, which asks it before we do.
    own_mounts: Option<AsyncFd<OwnedFd>>,
    daemon_mounts: Option<AsyncFd<OwnedFd>>,
    sources: HashMap<u64, Source>,
    next_key: u64,
    buffer: Vec<u8>,
}

impl Watch {
    /// Listens to the mounts of this process and of the daemon. Must be called within a tokio runtime.
    pub(crate) fn start(daemon_pid: Option<u32>) -> io::Result<Self> {
        let epoll = register(epoll::create(epoll::CreateFlags::CLOEXEC)?, Interest::READABLE)?;
        let own = mount_namespace("self");
        // Where it may not be known which mounts the daemon has, they can be listened to all the same.
        let daemon = daemon_pid.map(|pid| pid.to_string()).filter(|pid| mount_namespace(pid) != own);
        Ok(Self {
            epoll,
            own_mounts: mounts("self"),
            daemon_mounts: daemon.and_then(|pid| mounts(&pid)),
            sources: HashMap::new(),
            next_key: 0,
            buffer: vec![0; BUFFER_LEN],
        })
    }

    fn add(&mut self, source: Source, flags: epoll::EventFlags) -> io::Result<()> {
        let key = self.next_key;
        self.next_key += 1;
        let descriptor = match &source {
            Source::Route(_, socket) | Source::Firewall(_, socket) => socket.as_fd(),
            Source::Process(_, _, descriptor) => descriptor.as_fd(),
        };
        epoll::add(self.epoll.get_ref(), descriptor, epoll::EventData::new_u64(key), flags)?;
        self.sources.insert(key, source);
        Ok(())
    }

    /// Listens to a namespace's events.
    pub(crate) fn subscribe(&mut self, namespace: NamespaceInode, subscription: Subscription) -> io::Result<()> {
        self.add(Source::Route(namespace, subscription.route), epoll::EventFlags::IN)?;
        if let Ok(socket) = subscription.firewall {
            self.add(Source::Firewall(namespace, socket), epoll::EventFlags::IN)?;
        }
        Ok(())
    }

    /// Forgets all of the namespaces that `is_there` does not know any more: a socket keeps its namespace alive.
    pub(crate) fn retain(&mut self, is_there: impl Fn(NamespaceInode) -> bool) {
        self.sources.retain(|_, source| match source {
            Source::Route(inode, _) | Source::Firewall(inode, _) | Source::Process(inode, ..) => is_there(*inode),
        });
    }

    /// Waits for the end of the processes that alone keep these namespaces.
    pub(crate) fn watch_processes(&mut self, places: &[(Arc<Place>, bool)]) {
        let wanted: HashMap<NamespaceInode, u32> = places
            .iter()
            .filter(|(place, is_named)| !is_named && !place.is_host)
            .filter_map(|(place, _)| Some((place.inode, place.pid?)))
            .collect();
        let mut watched: HashMap<NamespaceInode, u32> = HashMap::new();
        self.sources.retain(|_, source| match source {
            Source::Process(inode, pid, _) if wanted.get(inode) == Some(pid) => {
                watched.insert(*inode, *pid);
                true
            }
            Source::Process(..) => false,
            _ => true,
        });
        for (inode, pid) in wanted {
            if watched.contains_key(&inode) {
                continue;
            }
            let descriptor =
                i32::try_from(pid).ok().and_then(Pid::from_raw).map(|pid| pidfd_open(pid, PidfdFlags::empty()));
            if let Some(Ok(descriptor)) = descriptor {
                let _ = self.add(Source::Process(inode, pid, descriptor), epoll::EventFlags::IN);
            }
        }
    }

    /// Waits until something is heard. May be cancelled: what was not taken yet is heard next time.
    pub(crate) async fn hear(&mut self) -> io::Result<Vec<Event>> {
        let mut ready = tokio::select! {
            ready = self.epoll.readable() => ready?,
            () = mounts_changed(self.own_mounts.as_ref()) => return Ok(vec![Event::LookForNamespaces]),
            () = mounts_changed(self.daemon_mounts.as_ref()) => return Ok(vec![Event::LookForNamespaces]),
        };
        let mut list =
            [epoll::Event { flags: epoll::EventFlags::empty(), data: epoll::EventData::new_u64(0) }; MAX_READY];
        let no_wait = Timespec { tv_sec: 0, tv_nsec: 0 };
        let count = match epoll::wait(ready.get_inner(), &mut list[..], Some(&no_wait)) {
            Ok(count) => count,
            Err(error) if error == rustix::io::Errno::INTR => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        if count < MAX_READY {
            // Nothing is left behind: sockets are drained below, and tell anew when more comes.
            ready.clear_ready();
        }
        drop(ready);
        let mut heard = Vec::new();
        for event in &list[..count] {
            let key = event.data.u64();
            let Some(source) = self.sources.get(&key) else { continue };
            match source {
                Source::Route(inode, socket) => {
                    heard.push(Event::Heard(*inode, hear_route(socket, &mut self.buffer)));
                }
                Source::Firewall(inode, socket) => {
                    heard.push(Event::Heard(*inode, hear_firewall(socket, &mut self.buffer)));
                }
                Source::Process(..) => {
                    heard.push(Event::LookForNamespaces);
                    self.sources.remove(&key);
                }
            }
        }
        Ok(heard)
    }
}

/// Waits for a mount or an unmount; for ever where that cannot be told: the engine's word and links that change lead to
/// new namespaces all the same.
async fn mounts_changed(mounts: Option<&AsyncFd<OwnedFd>>) {
    if let Some(mounts) = mounts
        && let Ok(mut ready) = mounts.ready(Interest::PRIORITY).await
    {
        ready.clear_ready();
        return;
    }
    std::future::pending::<()>().await;
}

fn mounts(process: &str) -> Option<AsyncFd<OwnedFd>> {
    let file = fs::File::open(format!("/proc/{process}/mountinfo")).ok()?;
    register(file.into(), Interest::PRIORITY).ok()
}

fn mount_namespace(process: &str) -> Option<u64> {
    fs::metadata(format!("/proc/{process}/ns/mnt")).ok().map(|metadata| metadata.ino())
}

#[allow(unsafe_code, reason = "tokio cannot know that an OwnedFd stays the same descriptor until it is dropped")]
fn register(descriptor: OwnedFd, interest: Interest) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` is open until it is dropped, and `AsyncFd` deregisters it before that.
    unsafe { AsyncFd::register_with_interest(descriptor, interest) }.map_err(Into::into)
}
