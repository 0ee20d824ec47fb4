//! rtnetlink(7): rtnetlink makes the requests, matches the answers and decodes them.
//!
//! Beneath it is a socket of our own ([`Kernel`], netlink-sys's `AsyncSocket`), because netlink-proto's does not keep
//! all that a reader must:
//! - it is handed one message at a time, so that one that cannot be decoded, which netlink-proto logs and forgets, is
//!   known, and is handed over again without what is odd in it ([`odd`](super::odd)); nothing piles up in its channels;
//! - `NLM_F_DUMP_INTR`, and the error that `NLMSG_DONE` may carry, end with the message there, and are seen here;
//! - it waits, at most as long as [`Wire`] does, where a reader reads anyway: no reactor, no task, no registration in
//!   each of a thousand namespaces.

use std::{
    cell::{Cell, RefCell},
    io,
    ops::Range,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use bytes::BufMut;
use futures_util::{Stream, StreamExt};
use netlink_packet_core::{NLM_F_DUMP_INTR, NLM_F_REQUEST, NLMSG_DONE, NLMSG_NOOP, NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_proto::Connection;
use netlink_sys::{AsyncSocket, Socket, SocketAddr, protocols::NETLINK_ROUTE};
use rtnetlink::Handle;

use super::{
    HEADER_LEN, Message, Messages, NLMSG_ERROR, attributes::u32_at, odd, refused, until_unchanged, wire::Wire,
};

/// A connection to the routing family of one network namespace.
pub(crate) struct Route {
    connection: Connection<RouteNetlinkMessage, Kernel>,
    handle: Handle,
}

impl Route {
    /// Opens one in the calling thread's network namespace.
    pub(crate) fn open() -> io::Result<Self> {
        // What nobody asked for never comes so far.
        let (connection, handle, _) = rtnetlink::from_socket(Kernel::new(NETLINK_ROUTE)?);
        Ok(Self { connection, handle })
    }

    /// Has the kernel check headers and filters strictly, which `TARGET_NETNSID` needs.
    pub(crate) fn check_strictly(&mut self) -> io::Result<()> {
        self.kernel().wire.socket.set_netlink_get_strict_chk(true)
    }

    /// All that the kernel lists for a request, as `decode` makes it of each message; what it makes nothing of is left
    /// out. A list that changed while it was read is read again.
    ///
    /// # Errors
    /// What the kernel refused with, also where it says so at the end only.
    pub(crate) fn dump<M, T, S>(
        &mut self,
        request: impl Fn(&Handle) -> S,
        decode: impl Fn(M) -> Option<T>,
    ) -> io::Result<Vec<T>>
    where
        S: Stream<Item = Result<M, rtnetlink::Error>>,
    {
        until_unchanged(|| {
            let answers = request(&self.handle);
            let mut answers = pin!(answers);
            self.send()?;
            let mut list = Vec::new();
            while self.kernel().next()? {
                list.extend(self.take(answers.as_mut())?.and_then(Result::ok).and_then(&decode));
            }
            // The connection forgets the request.
            self.run();
            Ok((!self.kernel().is_interrupted).then_some(list))
        })
    }

    /// The first message with which the kernel answers a request that is no dump; none if it only acknowledges it.
    ///
    /// # Errors
    /// What the kernel refused with.
    pub(crate) fn ask(&mut self, request: RouteNetlinkMessage) -> io::Result<Option<RouteNetlinkMessage>> {
        let mut message = NetlinkMessage::from(request);
        message.header.flags = NLM_F_REQUEST;
        let answers = self.handle.request(message).map_err(io::Error::other)?;
        let mut answers = pin!(answers.map(|answer| match answer.payload {
            NetlinkPayload::InnerMessage(message) => Some(message),
            _ => None,
        }));
        self.send()?;
        if self.kernel().next()? { self.take(answers.as_mut()).map(Option::flatten) } else { Ok(None) }
    }

    /// Lets the connection send the request that was made.
    fn send(&mut self) -> io::Result<()> {
        self.kernel().is_interrupted = false;
        self.run();
        self.kernel().sent.take().unwrap_or_else(|| Err(io::Error::other("rtnetlink sent no request")))
    }

    /// What rtnetlink makes of the message in hand; nothing if it makes nothing of it even without what is odd.
    fn take<T>(&mut self, mut answers: Pin<&mut impl Stream<Item = T>>) -> io::Result<Option<T>> {
        let mut context = Context::from_waker(Waker::noop());
        loop {
            self.run();
            match answers.as_mut().poll_next(&mut context) {
                Poll::Ready(Some(answer)) => return Ok(Some(answer)),
                Poll::Ready(None) => return Err(io::Error::other("rtnetlink ended a list before the kernel did")),
                Poll::Pending if self.kernel().is_repaired => return Ok(None),
                Poll::Pending => {
                    let Some(repaired) = odd::without_odd(self.kernel().message()) else { return Ok(None) };
                    self.kernel().hand_over(repaired);
                    self.kernel().is_repaired = true;
                }
            }
        }
    }

    /// Lets the connection do what it can without waiting.
    fn run(&mut self) {
        let _ = Pin::new(&mut self.connection).poll(&mut Context::from_waker(Waker::noop()));
    }

    fn kernel(&mut self) -> &mut Kernel {
        self.connection.socket_mut()
    }
}

/// What rtnetlink takes for its socket.
struct Kernel {
    wire: Wire,
    /// Where the datagram in hand is read on, and where it ends.
    at: usize,
    end: usize,
    /// The message in hand lies there.
    message: Range<usize>,
    /// It was handed over without what is odd in it.
    is_repaired: bool,
    /// What is listed changed meanwhile (`NLM_F_DUMP_INTR`).
    is_interrupted: bool,
    /// Of the last request.
    sequence: Cell<u32>,
    sent: Cell<Option<io::Result<()>>>,
    /// What the connection receives next.
    ready: RefCell<Option<Vec<u8>>>,
}

impl Kernel {
    /// Waits for the next message of the answer and hands it over; or its end, which is handed over too: then false.
    fn next(&mut self) -> io::Result<bool> {
        loop {
            if self.at >= self.end {
                self.end = self.wire.receive()?;
                self.at = 0;
            }
            let Some(message) = Messages(&self.wire.received()[self.at..self.end]).next() else {
                self.at = self.end;
                continue;
            };
            let Message { kind, flags, sequence, body } = message;
            let is_end = matches!(kind, NLMSG_ERROR | NLMSG_DONE);
            let refused = if is_end { refused(body) } else { Ok(()) };
            self.message = self.at..self.at + HEADER_LEN + body.len();
            self.at = self.message.end.next_multiple_of(4);
            if sequence == self.sequence.get() && kind != NLMSG_NOOP {
                refused?;
                self.is_interrupted |= flags & NLM_F_DUMP_INTR != 0;
                let whole = odd::without_short_table(self.message());
                self.is_repaired = whole.is_some();
                self.hand_over(whole.unwrap_or_else(|| odd::without_unread(self.message())));
                return Ok(!is_end);
            }
        }
    }

    fn message(&self) -> &[u8] {
        self.wire.received().get(self.message.clone()).unwrap_or_default()
    }

    fn hand_over(&self, message: Vec<u8>) {
        self.ready.replace(Some(message));
    }
}

impl AsyncSocket for Kernel {
    fn socket_ref(&self) -> &Socket {
        &self.wire.socket
    }

    fn socket_mut(&mut self) -> &mut Socket {
        &mut self.wire.socket
    }

    fn new(protocol: isize) -> io::Result<Self> {
        Ok(Self {
            wire: Wire::open(protocol)?,
            at: 0,
            end: 0,
            message: 0..0,
            is_repaired: false,
            is_interrupted: false,
            sequence: Cell::new(0),
            sent: Cell::new(None),
            ready: RefCell::new(None),
        })
    }

    fn poll_send(&self, _: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.sequence.set(u32_at(buf, 8).unwrap_or(0));
        // The caller reports an error; the connection would close.
        self.sent.set(Some(self.wire.send(buf).map(|_| ())));
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_send_to(&self, cx: &mut Context<'_>, buf: &[u8], _: &SocketAddr) -> Poll<io::Result<usize>> {
        self.poll_send(cx, buf)
    }

    fn poll_recv<B: BufMut>(&self, _: &mut Context<'_>, buf: &mut B) -> Poll<io::Result<()>> {
        match self.ready.take() {
            Some(message) => {
                buf.put_slice(&message);
                Poll::Ready(Ok(()))
            }
            None => Poll::Pending,
        }
    }

    fn poll_recv_from<B: BufMut>(&self, cx: &mut Context<'_>, buf: &mut B) -> Poll<io::Result<SocketAddr>> {
        self.poll_recv(cx, buf).map_ok(|()| SocketAddr::new(0, 0))
    }

    fn poll_recv_from_full(&self, _: &mut Context<'_>) -> Poll<io::Result<(Vec<u8>, SocketAddr)>> {
        match self.ready.take() {
            Some(message) => Poll::Ready(Ok((message, SocketAddr::new(0, 0)))),
            None => Poll::Pending,
        }
    }
}

/// A message's bytes as [`Route`] would decode them.
#[cfg(any(test, fuzzing))]
pub(crate) fn decode(message: &[u8]) -> Option<RouteNetlinkMessage> {
    let parse = |bytes: &[u8]| NetlinkMessage::<RouteNetlinkMessage>::deserialize(bytes).ok();
    let message = match odd::without_short_table(message) {
        Some(repaired) => parse(&repaired)?,
        None => parse(&odd::without_unread(message)).or_else(|| parse(&odd::without_odd(message)?))?,
    };
    match message.payload {
        NetlinkPayload::InnerMessage(message) => Some(message),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
