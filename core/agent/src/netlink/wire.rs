//! A netlink socket and the buffer into which it receives, one datagram at a time.

use std::{cell::Cell, io, time::Duration};

use netlink_sys::{Socket, SocketAddr};
use rustix::net::sockopt::{self, Timeout};

use crate::pulse;

/// Longer than any answer takes; a kernel that does not answer must not hold the reader for ever.
const ANSWER_TIMEOUT_MS: u64 = 5_000;
/// What the kernel fills at most at once in a dump, with room.
const BUFFER_LEN: usize = 64 << 10;

thread_local! {
    /// The buffer of the socket before: a reader opens several in each of hundreds of namespaces.
    static SPARE: Cell<Option<Vec<u8>>> = const { Cell::new(None) };
}

/// Belongs for life to the network namespace in which it was opened.
pub(super) struct Wire {
    pub(super) socket: Socket,
    buffer: Vec<u8>,
}

impl Wire {
    /// Opens a socket of this protocol in the calling thread's network namespace.
    pub(super) fn open(protocol: isize) -> io::Result<Self> {
        let mut socket = Socket::new(protocol)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        sockopt::set_socket_timeout(&socket, Timeout::Recv, Some(Duration::from_millis(ANSWER_TIMEOUT_MS)))?;
        let buffer = SPARE.take().unwrap_or_else(|| vec![0; BUFFER_LEN]);
        Ok(Self { socket, buffer })
    }

    /// Sends a request.
    pub(super) fn send(&self, request: &[u8]) -> io::Result<usize> {
        pulse::beat();
        self.socket.send(request, 0)
    }

    /// Waits for the next datagram; its length.
    pub(super) fn receive(&mut self) -> io::Result<usize> {
        pulse::beat();
        loop {
            let mut free = &mut self.buffer[..];
            match self.socket.recv(&mut free, libc::MSG_TRUNC) {
                Ok(len) if len <= self.buffer.len() => return Ok(len),
                // A datagram longer than the buffer is lost: ask again with a longer one.
                Ok(len) => {
                    self.buffer.resize(len.next_power_of_two(), 0);
                    return Err(io::Error::from_raw_os_error(libc::EMSGSIZE));
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// What was received; the last datagram is at its beginning.
    pub(super) fn received(&self) -> &[u8] {
        &self.buffer
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        SPARE.set(Some(std::mem::take(&mut self.buffer)));
    }
}
