//! Waiting for an engine to come back.
//!
//! A Unix socket's folder is watched with inotify: dockerd makes the socket anew when it starts, and gives it to its
//! group a moment later. A few tries at growing distances are for what inotify cannot see; after them a Unix socket is
//! only watched, while a far engine is tried twice a minute.

use std::{os::fd::OwnedFd, path::PathBuf, time::Duration};

use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use tokio::io::unix::AsyncFd;

use crate::endpoint::Address;

const FIRST_DELAY: Duration = Duration::from_millis(250);
const LONGEST_DELAY: Duration = Duration::from_secs(30);
/// After this many tries at a local socket only inotify is waited for: about three minutes.
const LOCAL_TRIES: u32 = 12;

/// When to try again.
pub(crate) struct Waiting {
    folder: Option<PathBuf>,
    tries: u32,
}

impl Waiting {
    pub(crate) fn new(address: &Address) -> Self {
        let folder = match address {
            Address::Unix(path) => path.parent().map(PathBuf::from),
            Address::Tcp { .. } | Address::Ssh { .. } => None,
        };
        Self { folder, tries: 0 }
    }

    /// It answered: the next loss begins with short delays again.
    pub(crate) const fn reset(&mut self) {
        self.tries = 0;
    }

    /// Returns when it makes sense to try again.
    pub(crate) async fn until_it_may_be_back(&mut self) {
        let delay = FIRST_DELAY.saturating_mul(1 << self.tries.min(10)).min(LONGEST_DELAY);
        let gives_up = self.folder.is_some() && self.tries >= LOCAL_TRIES;
        self.tries = self.tries.saturating_add(1);
        let pause = async {
            if gives_up {
                std::future::pending::<()>().await;
            }
            tokio::time::sleep(delay).await;
        };
        tokio::select! {
            () = pause => {}
            () = self.changed() => {
                // It is there, but not given to its group yet, or not listening: let the next delays be short.
                self.tries = 1;
            }
        }
    }

    /// Returns when something in the socket's folder was made or given to somebody.
    async fn changed(&self) {
        if let Some(watch) = self.folder.as_ref().and_then(watch)
            && watch.readable().await.is_ok()
        {
            // The socket is made, then listened on: a moment later it answers.
            tokio::time::sleep(Duration::from_millis(20)).await;
            return;
        }
        std::future::pending().await
    }
}

fn watch(folder: &PathBuf) -> Option<AsyncFd<OwnedFd>> {
    let descriptor = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok()?;
    let flags = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::ATTRIB | WatchFlags::ONLYDIR;
    inotify::add_watch(&descriptor, folder, flags).ok()?;
    AsyncFd::register(descriptor).ok()
}
