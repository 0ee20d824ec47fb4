//! netlink(7), synchronously: a request, and the kernel's answer to it.
//!
//! A socket belongs for life to the network namespace in which it was opened. The routing family is rtnetlink's
//! ([`route`]). For the others, which no package decodes as well (`netlink-packet-netfilter` hands on most expressions
//! of nf_tables as bytes), messages are decoded here, attribute by attribute ([`attributes`]). With both, an attribute
//! that is new or odd costs that attribute and not the message that bears it.

pub(crate) mod attributes;
mod odd;
pub(crate) mod route;
mod wire;

use std::io;

use netlink_packet_core::{NLM_F_DUMP, NLM_F_DUMP_INTR, NLM_F_REQUEST, NLMSG_DONE, NLMSG_NOOP};

use attributes::{Body, i32_at, u16_at, u32_at};
use wire::Wire;

pub(crate) use netlink_packet_core::NLMSG_ERROR;

/// `struct nlmsghdr`.
pub(crate) const HEADER_LEN: usize = 16;
/// How often a dump that changed while it was read is begun again.
const MAX_DUMPS: usize = 8;

/// One message of the kernel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Message<'a> {
    /// `nlmsg_type`.
    pub(crate) kind: u16,
    /// `nlmsg_flags`.
    pub(crate) flags: u16,
    /// `nlmsg_seq`.
    pub(crate) sequence: u32,
    /// What follows the header.
    pub(crate) body: &'a [u8],
}

/// The messages in a datagram.
pub(crate) struct Messages<'a>(pub(crate) &'a [u8]);

impl<'a> Iterator for Messages<'a> {
    type Item = Message<'a>;

    fn next(&mut self) -> Option<Message<'a>> {
        let len = usize::try_from(u32_at(self.0, 0)?).ok()?;
        let body = self.0.get(HEADER_LEN..len)?;
        let message =
            Message { kind: u16_at(self.0, 4)?, flags: u16_at(self.0, 6)?, sequence: u32_at(self.0, 8)?, body };
        self.0 = self.0.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some(message)
    }
}

/// A socket that asks and reads answers.
pub(crate) struct Netlink {
    wire: Wire,
    sequence: u32,
}

impl Netlink {
    /// Opens a socket of this protocol (`NETLINK_NETFILTER` …) in the calling thread's network namespace.
    pub(crate) fn open(protocol: isize) -> io::Result<Self> {
        Ok(Self { wire: Wire::open(protocol)?, sequence: 0 })
    }

    /// All that the kernel lists for a request, as `decode` makes it of each message; what it makes nothing of is left
    /// out. A list that changed while it was read is read again.
    ///
    /// # Errors
    /// What the kernel refused with, also where it says so at the end only (`NLMSG_DONE` may carry an error).
    pub(crate) fn dump<T>(
        &mut self,
        kind: u16,
        body: &Body,
        decode: impl Fn(Message<'_>) -> Option<T>,
    ) -> io::Result<Vec<T>> {
        until_unchanged(|| self.dump_once(kind, body, &decode))
    }

    fn dump_once<T>(
        &mut self,
        kind: u16,
        body: &Body,
        decode: impl Fn(Message<'_>) -> Option<T>,
    ) -> io::Result<Option<Vec<T>>> {
        self.send(kind, NLM_F_REQUEST | NLM_F_DUMP, body)?;
        let mut list = Vec::new();
        let mut interrupted = false;
        loop {
            let len = self.wire.receive()?;
            for message in Messages(&self.wire.received()[..len]) {
                if message.sequence != self.sequence {
                    continue;
                }
                interrupted |= message.flags & NLM_F_DUMP_INTR != 0;
                match message.kind {
                    NLMSG_NOOP => {}
                    NLMSG_ERROR | NLMSG_DONE => {
                        refused(message.body)?;
                        return Ok((!interrupted).then_some(list));
                    }
                    _ => list.extend(decode(message)),
                }
            }
        }
    }

    /// The first message with which the kernel answers a request that is no dump.
    ///
    /// # Errors
    /// What the kernel refused with.
    pub(crate) fn ask<T>(
        &mut self,
        kind: u16,
        body: &Body,
        decode: impl Fn(Message<'_>) -> Option<T>,
    ) -> io::Result<Option<T>> {
        self.send(kind, NLM_F_REQUEST, body)?;
        loop {
            let len = self.wire.receive()?;
            for message in Messages(&self.wire.received()[..len]) {
                if message.sequence != self.sequence {
                    continue;
                }
                if message.kind == NLMSG_ERROR {
                    refused(message.body)?;
                    return Ok(None);
                }
                return Ok(decode(message));
            }
        }
    }

    fn send(&mut self, kind: u16, flags: u16, body: &Body) -> io::Result<()> {
        self.sequence = self.sequence.wrapping_add(1);
        let len = HEADER_LEN + body.0.len();
        let mut request = Vec::with_capacity(len);
        request.extend_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_ne_bytes());
        request.extend_from_slice(&kind.to_ne_bytes());
        request.extend_from_slice(&flags.to_ne_bytes());
        request.extend_from_slice(&self.sequence.to_ne_bytes());
        request.extend_from_slice(&[0; 4]);
        request.extend_from_slice(&body.0);
        self.wire.send(&request).map(|_| ())
    }
}

/// Reads a list until it did not change while it was read.
fn until_unchanged<T>(mut read: impl FnMut() -> io::Result<Option<T>>) -> io::Result<T> {
    for _ in 0..MAX_DUMPS {
        if let Some(list) = read()? {
            return Ok(list);
        }
    }
    Err(io::Error::new(io::ErrorKind::Interrupted, "the list changed each time it was read"))
}

/// `struct nlmsgerr`, and what `NLMSG_DONE` carries, begin with a negative error number or 0.
pub(crate) fn refused(body: &[u8]) -> io::Result<()> {
    match i32_at(body, 0) {
        None | Some(0) => Ok(()),
        Some(code) => Err(io::Error::from_raw_os_error(code.saturating_neg())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_error_in_done_is_an_error() {
        assert!(refused(&0_i32.to_ne_bytes()).is_ok());
        assert!(refused(&[]).is_ok());
        let error = refused(&(-libc::EACCES).to_ne_bytes()).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(libc::EACCES));
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            prop_assert!(Messages(&bytes).count() <= bytes.len() / HEADER_LEN);
        }
    }
}
