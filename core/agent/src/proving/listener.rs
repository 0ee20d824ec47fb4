//! Hears what the kernel traces in one namespace, and who changes its rules meanwhile.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd},
};

use netlink_sys::{Socket, protocols::NETLINK_NETFILTER};

use super::trace::{self, TraceMessage};
use crate::netlink::{
    Messages,
    attributes::{Attributes, text},
};

/// `NFNLGRP_NFTRACE`, `NFNLGRP_NFTABLES`.
const GROUPS: [u32; 2] = [9, 7];
/// Other traces may be running.
const RECEIVE_BUFFER_BYTES: i32 = 4 << 20;
/// `NFNL_SUBSYS_NFTABLES`.
const SUBSYSTEM: u16 = 10;
const NEW_GENERATION: u16 = 15;
const TRACE: u16 = 17;
const MAX_DATAGRAMS: usize = 4096;

/// What was heard.
pub(super) enum Heard<'a> {
    /// A step of some packet.
    Trace(TraceMessage<'a>),
    /// Something in this table was made or taken away.
    Changed(String),
}

/// Listens in the namespace in which it was opened.
pub(super) struct Listener {
    socket: Socket,
    buffer: Vec<u8>,
}

impl Listener {
    /// Listens in the calling thread's namespace.
    pub(super) fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_NETFILTER)?;
        let _ = rustix::net::sockopt::set_socket_recv_buffer_size_force(&socket, RECEIVE_BUFFER_BYTES as usize)
            .or_else(|_| rustix::net::sockopt::set_socket_recv_buffer_size(&socket, RECEIVE_BUFFER_BYTES as usize));
        socket.bind_auto()?;
        for group in GROUPS {
            socket.add_membership(group)?;
        }
        socket.set_non_blocking(true)?;
        Ok(Self { socket, buffer: vec![0; 64 << 10] })
    }

    pub(super) fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Takes what waits; false if the kernel had to leave something out.
    pub(super) fn take(&mut self, mut each: impl FnMut(Heard<'_>)) -> bool {
        let mut is_whole = true;
        for _ in 0..MAX_DATAGRAMS {
            let mut free = &mut self.buffer[..];
            match self.socket.recv(&mut free, 0) {
                Ok(len) => hear(&self.buffer[..len.min(self.buffer.len())], &mut each),
                Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => is_whole = false,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return is_whole,
            }
        }
        false
    }
}

/// The messages of one datagram.
fn hear(datagram: &[u8], each: &mut impl FnMut(Heard<'_>)) {
    for message in Messages(datagram) {
        if message.kind >> 8 != SUBSYSTEM {
            continue;
        }
        match message.kind & 0xff {
            TRACE => {
                if let Some(message) = trace::decode(message.body) {
                    each(Heard::Trace(message));
                }
            }
            NEW_GENERATION => {}
            // A table, and all that is in one, names the table first.
            _ => each(Heard::Changed(Attributes::after(message.body, 4).find(1).map(text).unwrap_or_default())),
        }
    }
}
