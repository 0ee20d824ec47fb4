//! The table that marks a packet: a family-wide one with the proof's own chains, owned by a netlink socket.

use std::{
    io,
    net::IpAddr,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use bridgewalk_model::proof::{ProbeProtocol, ProofOrder};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_NETFILTER};
use rustix::net::sockopt::{self, Timeout};

use super::TABLE_PREFIX;
use crate::netlink::{Messages, NLMSG_ERROR, attributes::Body, refused};

const SUBSYSTEM: u16 = 10 << 8;
const NEW_TABLE: u16 = SUBSYSTEM;
const NEW_CHAIN: u16 = SUBSYSTEM | 3;
const NEW_RULE: u16 = SUBSYSTEM | 6;
const BATCH_BEGIN: u16 = 0x10;
const BATCH_END: u16 = 0x11;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_ACK: u16 = 4;
const NLM_F_EXCL: u16 = 0x200;
const NLM_F_CREATE: u16 = 0x400;
const NLM_F_APPEND: u16 = 0x800;
const NLA_F_NESTED: u16 = 0x8000;
const NFPROTO_INET: u8 = 1;
/// `NFT_TABLE_F_OWNER` (Linux 5.12): it goes with the socket that made it.
const OWNER: u32 = 2;
const TIMEOUT: Duration = Duration::from_secs(5);

/// The chains: name, hook, priority, whether the rules are in it. The first two see a packet before all others do, the
/// last two after.
const CHAINS: [(&str, u32, i32, bool); 4] = [
    ("prerouting", 0, -350, true),
    ("output", 3, -350, true),
    ("input", 1, i32::MAX, false),
    ("postrouting", 4, i32::MAX, false),
];

/// What a packet must be to be traced: all of these.
pub(super) type Match = Vec<Field>;

/// Bytes of a packet.
#[derive(Clone, Debug)]
pub(super) struct Field {
    place: FieldPlace,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
enum FieldPlace {
    /// `NFT_META_NFPROTO`.
    Family,
    /// `NFT_META_L4PROTO`.
    Protocol,
    /// At this offset of the IP header.
    Network(u32),
    /// At this offset of the header behind it.
    Transport(u32),
}

/// The packets of an order: those that bear the sender's port, which address translation leaves as it is unless another
/// flow has it already, and those of second flows by their receiver; there and back.
pub(super) fn matches(order: &ProofOrder, port: u16) -> Vec<Match> {
    let is_ipv6 = order.destination.is_ipv6();
    let field = |place, bytes: &[u8]| Field { place, bytes: bytes.to_vec() };
    let of = |protocol: ProbeProtocol, is_ipv6: bool| {
        let family = if is_ipv6 { 10 } else { 2 };
        vec![field(FieldPlace::Family, &[family]), field(FieldPlace::Protocol, &[protocol.number(is_ipv6)])]
    };
    let port = port.to_be_bytes();
    let mut matches = Vec::new();
    match order.protocol {
        ProbeProtocol::Icmp => {
            // Echo requests and their replies: other messages have other things there.
            for kind in if is_ipv6 { [128, 129] } else { [8, 0] } {
                let echo = [field(FieldPlace::Transport(0), &[kind]), field(FieldPlace::Transport(4), &port)];
                matches.push([of(order.protocol, is_ipv6), echo.to_vec()].concat());
            }
        }
        ProbeProtocol::Tcp | ProbeProtocol::Udp => {
            for offset in [0, 2] {
                let ports = vec![field(FieldPlace::Transport(offset), &port)];
                matches.push([of(order.protocol, is_ipv6), ports].concat());
            }
        }
    }
    for flow in &order.second_flows {
        let is_ipv6 = flow.destination.is_ipv6();
        let offsets = if is_ipv6 { [(24, 2), (8, 0)] } else { [(16, 2), (12, 0)] };
        let address = match flow.destination {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets().to_vec(),
        };
        for (network, transport) in offsets {
            let ends = vec![
                field(FieldPlace::Network(network), &address),
                field(FieldPlace::Transport(transport), &flow.port.to_be_bytes()),
            ];
            matches.push([of(flow.protocol, is_ipv6), ends].concat());
        }
    }
    matches
}

/// A number for a proof's tables, unlike those of others on this machine that are at work now.
pub(super) fn number() -> u64 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    (u64::from(std::process::id()) << 32) | u64::from(NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The name of the tables of this number.
pub(super) fn name(number: u64) -> String {
    format!("{TABLE_PREFIX}{number:x}")
}

/// A table in the namespace in which it was made. Dropping it takes it away.
pub(super) struct TraceTable {
    _socket: Socket,
}

impl TraceTable {
    /// Makes it in the calling thread's namespace.
    ///
    /// # Errors
    /// What the kernel refused with: `EPERM` without CAP_NET_ADMIN, `EOPNOTSUPP` without owned tables.
    pub(super) fn make(number: u64, matches: &[Match]) -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_NETFILTER)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        sockopt::set_socket_timeout(&socket, Timeout::Recv, Some(TIMEOUT))?;
        let (batch, expected) = batch(&name(number), matches);
        socket.send(&batch, 0)?;
        let mut acknowledged = 0;
        let mut buffer = vec![0; 16 << 10];
        while acknowledged < expected {
            let mut free = &mut buffer[..];
            let len = match socket.recv(&mut free, 0) {
                Ok(len) => len.min(buffer.len()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            for message in Messages(&buffer[..len]) {
                if message.kind == NLMSG_ERROR {
                    refused(message.body)?;
                    acknowledged += 1;
                }
            }
        }
        Ok(Self { _socket: socket })
    }
}

/// All in one transaction, and how many acknowledgements it is answered with.
fn batch(table: &str, matches: &[Match]) -> (Vec<u8>, usize) {
    let name = [table.as_bytes(), b"\0"].concat();
    let mut batch = Batch::default();
    batch.add(BATCH_BEGIN, 0, &Body::new(&[0, 0, 0, 10]));
    let inet = || Body::new(&[NFPROTO_INET, 0, 0, 0]);
    batch.add(NEW_TABLE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &inet().with(1, &name).with(2, &OWNER.to_be_bytes()));
    for (chain, hook, priority, _) in CHAINS {
        let hook = Body::default().with(1, &hook.to_be_bytes()).with(2, &priority.to_be_bytes());
        let chain = inet()
            .with(1, &name)
            .with(3, &[chain.as_bytes(), b"\0"].concat())
            .with(4 | NLA_F_NESTED, &hook.0)
            .with(5, &1_u32.to_be_bytes())
            .with(7, b"filter\0");
        batch.add(NEW_CHAIN, NLM_F_ACK | NLM_F_CREATE, &chain);
    }
    for (chain, ..) in CHAINS.iter().filter(|(.., has_rules)| *has_rules) {
        for fields in matches {
            let mut list = Body::default();
            for field in fields {
                list = field.load(list);
                list = expression(list, "cmp", &compare(&field.bytes));
            }
            list =
                expression(list, "immediate", &Body::default().with(1, &REGISTER).with(2 | NLA_F_NESTED, &value(&[1])));
            // `meta nftrace set`
            list = expression(list, "meta", &Body::default().with(2, &12_u32.to_be_bytes()).with(3, &REGISTER));
            let rule =
                inet().with(1, &name).with(2, &[chain.as_bytes(), b"\0"].concat()).with(4 | NLA_F_NESTED, &list.0);
            batch.add(NEW_RULE, NLM_F_ACK | NLM_F_CREATE | NLM_F_APPEND, &rule);
        }
    }
    batch.add(BATCH_END, 0, &Body::new(&[0, 0, 0, 10]));
    (batch.bytes, batch.acknowledged)
}

/// `NFT_REG_1`.
const REGISTER: [u8; 4] = 1_u32.to_be_bytes();

fn expression(list: Body, name: &str, data: &Body) -> Body {
    let one = Body::default().with(1, &[name.as_bytes(), b"\0"].concat()).with(2 | NLA_F_NESTED, &data.0);
    list.with(1 | NLA_F_NESTED, &one.0)
}

fn value(bytes: &[u8]) -> Vec<u8> {
    Body::default().with(1, bytes).0
}

/// `NFT_CMP_EQ`.
fn compare(bytes: &[u8]) -> Body {
    Body::default().with(1, &REGISTER).with(2, &0_u32.to_be_bytes()).with(3 | NLA_F_NESTED, &value(bytes))
}

impl Field {
    /// Loads it into the register.
    fn load(&self, list: Body) -> Body {
        let meta = |key: u32| Body::default().with(1, &REGISTER).with(2, &key.to_be_bytes());
        let payload = |base: u32, offset: u32| {
            Body::default()
                .with(1, &REGISTER)
                .with(2, &base.to_be_bytes())
                .with(3, &offset.to_be_bytes())
                .with(4, &u32::try_from(self.bytes.len()).unwrap_or(0).to_be_bytes())
        };
        match self.place {
            FieldPlace::Family => expression(list, "meta", &meta(15)),
            FieldPlace::Protocol => expression(list, "meta", &meta(16)),
            FieldPlace::Network(offset) => expression(list, "payload", &payload(1, offset)),
            FieldPlace::Transport(offset) => expression(list, "payload", &payload(2, offset)),
        }
    }
}

/// Messages, one behind the other.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    count: u32,
    acknowledged: usize,
}

impl Batch {
    fn add(&mut self, kind: u16, flags: u16, body: &Body) {
        self.count += 1;
        self.acknowledged += usize::from(flags & NLM_F_ACK != 0);
        let len = u32::try_from(crate::netlink::HEADER_LEN + body.0.len()).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(&len.to_ne_bytes());
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.bytes.extend_from_slice(&(flags | NLM_F_REQUEST).to_ne_bytes());
        self.bytes.extend_from_slice(&self.count.to_ne_bytes());
        self.bytes.extend_from_slice(&[0; 4]);
        self.bytes.extend_from_slice(&body.0);
    }
}
