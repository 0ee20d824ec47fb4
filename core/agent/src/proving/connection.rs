//! What conntrack made of a flow (`linux/netfilter/nfnetlink_conntrack.h`).

use std::{io, net::IpAddr};

use bridgewalk_model::{
    AddressPort,
    proof::{TracedConnection, Tuple},
};
use netlink_sys::protocols::NETLINK_NETFILTER;

use crate::netlink::{
    Netlink,
    attributes::{Attributes, Body, be16_at, ip, u8_at},
};

/// `NFNL_SUBSYS_CTNETLINK`, `IPCTNL_MSG_CT_GET`.
const GET: u16 = (1 << 8) | 1;
const NLA_F_NESTED: u16 = 0x8000;
const HEADER_LEN: usize = 4;

/// Asks the conntrack of the namespace in which it was opened.
pub(super) struct Conntrack(Netlink);

impl Conntrack {
    /// In the calling thread's namespace.
    pub(super) fn open() -> io::Result<Self> {
        Netlink::open(NETLINK_NETFILTER).map(Self)
    }

    /// The flow whose first packet this was; none if there is none, or it may not be asked for.
    pub(super) fn find(&mut self, first: &Tuple) -> Option<TracedConnection> {
        let is_ipv6 = first.source.address.is_ipv6();
        let family = if is_ipv6 { 10 } else { 2 };
        let body = Body::new(&[family, 0, 0, 0]).with(1 | NLA_F_NESTED, &encode(first).0);
        self.0.ask(GET, &body, |message| decode(message.body)).ok().flatten()
    }
}

/// `CTA_TUPLE_ORIG` of a first packet.
fn encode(tuple: &Tuple) -> Body {
    let octets = |address: IpAddr| match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    let is_ipv6 = tuple.source.address.is_ipv6();
    let (source, destination) = if is_ipv6 { (3, 4) } else { (1, 2) };
    let addresses = Body::default()
        .with(source, &octets(tuple.source.address))
        .with(destination, &octets(tuple.destination.address));
    let number = Body::default().with(1, &[tuple.protocol]);
    let ends = match tuple.protocol {
        1 => number.with(4, &tuple.source.port.to_be_bytes()).with(5, &[8]).with(6, &[0]),
        58 => number.with(7, &tuple.source.port.to_be_bytes()).with(8, &[128]).with(9, &[0]),
        _ => number.with(2, &tuple.source.port.to_be_bytes()).with(3, &tuple.destination.port.to_be_bytes()),
    };
    Body::default().with(1 | NLA_F_NESTED, &addresses.0).with(2 | NLA_F_NESTED, &ends.0)
}

/// What is behind `struct nlmsghdr`.
pub(super) fn decode(body: &[u8]) -> Option<TracedConnection> {
    let attributes = Attributes::after(body, HEADER_LEN);
    Some(TracedConnection {
        original: tuple(attributes.nested(1))?,
        reply: tuple(attributes.nested(2))?,
        status: be32(attributes, 3).unwrap_or(0),
        id: be32(attributes, 12),
    })
}

fn tuple(attributes: Attributes<'_>) -> Option<Tuple> {
    let (addresses, ends) = (attributes.nested(1), attributes.nested(2));
    let address = |v4, v6| addresses.find(v4).or_else(|| addresses.find(v6)).and_then(ip);
    let protocol = ends.find(1).and_then(|value| u8_at(value, 0))?;
    let port = |kind| ends.find(kind).and_then(|value| be16_at(value, 0));
    let (source, destination) = match protocol {
        1 => (port(4)?, port(4)?),
        58 => (port(7)?, port(7)?),
        _ => (port(2)?, port(3)?),
    };
    Some(Tuple {
        protocol,
        source: AddressPort { address: address(1, 3)?, port: source },
        destination: AddressPort { address: address(2, 4)?, port: destination },
    })
}

fn be32(attributes: Attributes<'_>, kind: u16) -> Option<u32> {
    attributes.find(kind)?.try_into().ok().map(u32::from_be_bytes)
}
