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

use bridgewalk_model::{LimitReason, NamespaceInode};
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

/// A process that alone keeps a namespace, and whose end is not heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unwatched {
    /// The namespace.
    pub(crate) namespace: NamespaceInode,
    /// It has ended already: the namespaces are to be looked for again.
    pub(crate) has_ended: bool,
    /// Why not.
    pub(crate) detail: String,
}

/// All that is listened to.
#[derive(Debug)]
pub(crate) struct Watch {
    epoll: AsyncFd<OwnedFd>,
    /// `/proc/PID/mountinfo` of this process, and of a daemon with other mounts: tells of each change once to whoever
    /// asks first, and so cannot be in the epoll, which asks it before we do.
    own_mounts: io::Result<AsyncFd<OwnedFd>>,
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
            daemon_mounts: daemon.and_then(|pid| mounts(&pid).ok()),
            sources: HashMap::new(),
            next_key: 0,
            buffer: vec![0; BUFFER_LEN],
        })
    }

    /// Why mounts that come and go are not heard of, if they are not.
    pub(crate) fn unwatched_mounts(&self) -> Option<LimitReason> {
        let error = self.own_mounts.as_ref().err()?;
        Some(LimitReason::Unreachable { detail: format!("/proc/self/mountinfo: {error}") })
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

    /// Waits for the end of the processes that alone keep these namespaces; gives back those for which that fails.
    pub(crate) fn watch_processes(&mut self, places: &[(Arc<Place>, bool)]) -> Vec<Unwatched> {
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
        let mut unwatched = Vec::new();
        for (inode, pid) in wanted {
            if watched.contains_key(&inode) {
                continue;
            }
            if let Err(error) = self.watch_process(inode, pid) {
                let has_ended = error.raw_os_error() == Some(libc::ESRCH);
                let detail = format!("the end of process {pid} is not heard: {error}");
                unwatched.push(Unwatched { namespace: inode, has_ended, detail });
            }
        }
        unwatched
    }

    fn watch_process(&mut self, inode: NamespaceInode, pid: u32) -> io::Result<()> {
        let known = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(io::ErrorKind::InvalidInput)?;
        let descriptor = pidfd_open(known, PidfdFlags::empty())?;
        self.add(Source::Process(inode, pid, descriptor), epoll::EventFlags::IN)
    }

    /// Waits until something is heard. May be cancelled: what was not taken yet is heard next time.
    pub(crate) async fn hear(&mut self) -> io::Result<Vec<Event>> {
        let mut ready = tokio::select! {
            ready = self.epoll.readable() => ready?,
            () = mounts_changed(self.own_mounts.as_ref().ok()) => return Ok(vec![Event::LookForNamespaces]),
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

fn mounts(process: &str) -> io::Result<AsyncFd<OwnedFd>> {
    register(fs::File::open(format!("/proc/{process}/mountinfo"))?.into(), Interest::PRIORITY)
}

fn mount_namespace(process: &str) -> Option<u64> {
    fs::metadata(format!("/proc/{process}/ns/mnt")).ok().map(|metadata| metadata.ino())
}

#[allow(unsafe_code, reason = "tokio cannot know that an OwnedFd stays the same descriptor until it is dropped")]
fn register(descriptor: OwnedFd, interest: Interest) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` is open until it is dropped, and `AsyncFd` deregisters it before that.
    unsafe { AsyncFd::register_with_interest(descriptor, interest) }.map_err(Into::into)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discovery::Door;

    #[test]
    fn a_process_that_cannot_be_watched_is_named() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let _guard = runtime.enter();
        let mut watch = Watch::start(None).unwrap();
        assert_eq!(watch.unwatched_mounts(), None);
        let place = |inode, pid| {
            let place =
                Place { inode: NamespaceInode(inode), is_host: false, pid: Some(pid), nsid: None, door: Door::Closed };
            (Arc::new(place), false)
        };
        // No kernel has so many processes; and none has a number beyond that of a `pid_t`.
        let ended = u32::try_from(i32::MAX).unwrap();
        let places = [place(1, std::process::id()), place(2, ended), place(3, u32::MAX)];
        let mut unwatched = watch.watch_processes(&places);
        unwatched.sort_by_key(|one| one.namespace);
        let found: Vec<_> = unwatched.iter().map(|one| (one.namespace.0, one.has_ended)).collect();
        assert_eq!(found, [(2, true), (3, false)]);
        assert!(unwatched[1].detail.contains("process 4294967295"), "{unwatched:?}");
    }
}
