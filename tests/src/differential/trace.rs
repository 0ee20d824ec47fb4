//! nf_tables' own trace (`NFNLGRP_NFTRACE`), one listener for each namespace.
//!
//! A trace id is neither unique nor stable: a run of one base chain begins with the packet's header, and the events that
//! follow with the same id belong to it. Packets are known again by IPv4's identification and IPv6's flow label.

use std::{collections::HashMap, os::fd::OwnedFd};

use anyhow::{Context, Result};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::{
        AddressFamily, RecvFlags, SocketFlags, SocketType, bind,
        netlink::{self, SocketAddrNetlink},
        recv, socket_with,
    },
};

use super::{seen::Header, wire};

/// `NFNLGRP_NFTRACE` as a bit.
const GROUP: u32 = 1 << (9 - 1);
/// `NFNL_SUBSYS_NFTABLES` and `NFT_MSG_TRACE`.
const TRACE: u16 = (10 << 8) | 17;
/// `NFT_TRACETYPE_POLICY`.
const POLICY: u32 = 1;

/// A listener in one namespace.
#[derive(Debug)]
pub struct Trace {
    socket: OwnedFd,
    /// The packet, and the header, of each trace id's newest run.
    runs: HashMap<u32, Run>,
}

/// What the first event of a base chain's run says of the packet.
#[derive(Clone, Debug)]
struct Run {
    id: u16,
    header: Header,
    in_index: Option<u32>,
    out_index: Option<u32>,
}

/// One thing that happened to a packet.
#[derive(Clone, Debug)]
pub struct Event {
    /// The packet.
    pub id: u16,
    /// The table's family, as a number (`NFPROTO_*`).
    pub family: u8,
    /// The table.
    pub table: String,
    /// The chain.
    pub chain: String,
    /// The rule's handle; none at a chain's end.
    pub handle: Option<u64>,
    /// Whether a policy decided.
    pub is_policy: bool,
    /// The header as the base chain saw it first.
    pub header: Header,
    /// The device it came in by.
    pub in_index: Option<u32>,
    /// The device it leaves by.
    pub out_index: Option<u32>,
}

impl Trace {
    /// Listens in the calling thread's network namespace, for as long as this lives.
    pub fn listen() -> Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket =
            socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, Some(netlink::NETFILTER)).context("netlink")?;
        rustix::net::sockopt::set_socket_recv_buffer_size_force(&socket, 8 << 20)?;
        bind(&socket, &SocketAddrNetlink::new(0, GROUP))?;
        Ok(Self { socket, runs: HashMap::new() })
    }

    /// Waits for something to come, no longer than this.
    pub fn wait(&self, milliseconds: i64) -> Result<bool> {
        let limit = Timespec { tv_sec: 0, tv_nsec: milliseconds * 1_000_000 };
        Ok(poll(&mut [PollFd::new(&self.socket, PollFlags::IN)], Some(&limit))? > 0)
    }

    /// All that has come, without waiting.
    pub fn take(&mut self) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        let mut buffer = vec![0; 64 << 10];
        loop {
            let len = match recv(&self.socket, &mut buffer[..], RecvFlags::empty()) {
                Ok((len, _)) => len,
                Err(Errno::AGAIN) => return Ok(events),
                // Some were lost: what is then seen is wrong, and asked again.
                Err(Errno::NOBUFS) => continue,
                Err(error) => return Err(error).context("the trace was lost"),
            };
            let mut rest = &buffer[..len];
            while let Some(message) = next_message(&mut rest) {
                events.extend(self.event(message));
            }
        }
    }

    fn event(&mut self, message: &[u8]) -> Option<Event> {
        if u16::from_ne_bytes(message.get(4..6)?.try_into().ok()?) != TRACE {
            return None;
        }
        let attributes = Attributes(message.get(20..)?);
        let trace_id = attributes.be32(6)?;
        if let Some(network) = attributes.find(8) {
            let (transport, mark) = (attributes.find(9).unwrap_or_default(), attributes.be32(14).unwrap_or(0));
            let (id, header) = wire::parse(network, transport, mark)?;
            let (in_index, out_index) = (attributes.be32(10), attributes.be32(12));
            self.runs.insert(trace_id, Run { id, header, in_index, out_index });
        }
        let Run { id, header, in_index, out_index } = self.runs.get(&trace_id)?.clone();
        Some(Event {
            id,
            family: *message.get(16)?,
            table: attributes.text(1)?,
            chain: attributes.text(2)?,
            handle: attributes.find(3).and_then(|bytes| bytes.try_into().ok()).map(u64::from_be_bytes),
            is_policy: attributes.be32(4)? == POLICY,
            header,
            in_index,
            out_index,
        })
    }
}

fn next_message<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let len = u32::from_ne_bytes(rest.get(..4)?.try_into().ok()?) as usize;
    let message = rest.get(..len.max(20))?;
    *rest = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
    Some(message)
}

/// Netlink's attributes.
#[derive(Clone, Copy)]
struct Attributes<'a>(&'a [u8]);

impl<'a> Attributes<'a> {
    fn find(self, kind: u16) -> Option<&'a [u8]> {
        let mut rest = self.0;
        while rest.len() >= 4 {
            let len = usize::from(u16::from_ne_bytes(rest[..2].try_into().ok()?));
            if u16::from_ne_bytes(rest[2..4].try_into().ok()?) & 0x3fff == kind {
                return rest.get(4..len);
            }
            rest = rest.get(len.max(4).next_multiple_of(4)..)?;
        }
        None
    }

    fn be32(self, kind: u16) -> Option<u32> {
        self.find(kind)?.try_into().ok().map(u32::from_be_bytes)
    }

    fn text(self, kind: u16) -> Option<String> {
        let bytes = self.find(kind)?;
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        Some(String::from_utf8_lossy(&bytes[..end]).into_owned())
    }
}
