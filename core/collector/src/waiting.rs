//! Waiting for an engine to come back.
//!
//! A Unix socket's folder is watched with inotify: dockerd creates the socket again when it starts, and gives it to its
//! group a moment later. A few tries at growing distances are for what inotify cannot see; after them a Unix socket is
//! only watched, while a far engine is tried twice a minute.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use bridgewalk_docker::endpoint::Address;
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use tokio::{io::AsyncReadExt, net::unix::pipe::Receiver};

const FIRST_DELAY: Duration = Duration::from_millis(250);
const LONGEST_DELAY: Duration = Duration::from_secs(30);
/// After this many tries at a local socket only inotify is waited for: about three minutes.
const LOCAL_TRIES: u32 = 12;

/// When to try again.
pub(crate) struct Waiting {
    socket: Option<PathBuf>,
    tries: u32,
}

impl Waiting {
    pub(crate) fn new(address: &Address) -> Self {
        let socket = match address {
            Address::Unix(path) => Some(path.clone()),
            Address::Tcp { .. } | Address::Ssh { .. } => None,
        };
        Self { socket, tries: 0 }
    }

    /// It answered: the next loss begins with short delays again.
    pub(crate) const fn reset(&mut self) {
        self.tries = 0;
    }

    /// Returns when it makes sense to try again.
    pub(crate) async fn until_it_may_be_back(&mut self) {
        let delay = FIRST_DELAY.saturating_mul(1 << self.tries.min(10)).min(LONGEST_DELAY);
        let gives_up = self.socket.is_some() && self.tries >= LOCAL_TRIES;
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

    /// Returns when the socket was made or given to somebody.
    async fn changed(&self) {
        let Some((mut events, name)) = self.socket.as_deref().and_then(watch) else { std::future::pending().await };
        let mut buffer = [0; 4096];
        while let Ok(count) = events.read(&mut buffer).await {
            // An event's name ends with a NUL; where names lie in the buffer need not be known.
            if buffer.get(..count).is_some_and(|read| read.windows(name.len()).any(|window| window == name)) {
                // The socket is made, then listened on: a moment later it answers.
                tokio::time::sleep(Duration::from_millis(20)).await;
                return;
            }
        }
        std::future::pending::<()>().await;
    }
}

/// Events of the socket's folder, with the socket's name and its NUL.
fn watch(socket: &Path) -> Option<(Receiver, Vec<u8>)> {
    let mut name = socket.file_name()?.as_encoded_bytes().to_vec();
    name.push(0);
    let descriptor = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok()?;
    let flags = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::ATTRIB | WatchFlags::ONLYDIR;
    inotify::add_watch(&descriptor, socket.parent()?, flags).ok()?;
    // What tokio calls the end of a pipe is any descriptor that is read.
    Some((Receiver::from_owned_fd_unchecked(descriptor).ok()?, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_the_socket_and_nothing_else() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let waiting = Waiting::new(&Address::Unix(folder.path().join("docker.sock")));
            let limit = Duration::from_millis(300);
            let changed = waiting.changed();
            tokio::pin!(changed);
            assert!(tokio::time::timeout(limit, &mut changed).await.is_err());
            std::fs::File::create(folder.path().join("other")).unwrap();
            assert!(tokio::time::timeout(limit, &mut changed).await.is_err());
            let _listener = std::os::unix::net::UnixListener::bind(folder.path().join("docker.sock")).unwrap();
            assert!(tokio::time::timeout(limit, &mut changed).await.is_ok());
        });
    }
}
