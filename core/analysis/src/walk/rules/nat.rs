//! Translation: rules choose once what a flow becomes, and every packet of the flow is then changed accordingly.

use std::net::IpAddr;

use bridgewalk_model::firewall::Hook;

use super::{
    hooked::Hooked,
    rule::{End, Outcome},
    state::State,
};
use crate::walk::{Connection, Layer4, Packet};

/// `NF_NAT_RANGE_PROTO_RANDOM` and `NF_NAT_RANGE_PROTO_RANDOM_FULLY`.
pub(super) const RANDOM: u32 = 4 | 16;
/// Of so many addresses to choose from each is followed.
const MAX_CHOICES: u128 = 4;

/// What a rule wants a flow to become (`struct nf_nat_range2`).
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    /// The receiver; else the sender.
    pub(super) is_destination: bool,
    /// From the first address to the last.
    pub(super) addresses: Option<(IpAddr, IpAddr)>,
    /// From the first port to the last.
    pub(super) ports: Option<(u16, u16)>,
    /// Whether the port is chosen by chance.
    pub(super) is_random: bool,
    /// Whether the addresses are a network onto which the packet's is mapped.
    pub(super) is_netmap: bool,
}

/// Whether a hook translates the receiver; the others translate the sender (`HOOK2MANIP`).
pub(super) const fn is_destination_hook(hook: Hook) -> bool {
    matches!(hook, Hook::Prerouting | Hook::Output)
}

/// Does what a rule asks for: the flow is edited, the packet follows when NAT's hook ends.
pub(super) fn wish(state: &mut State, wish: &Wish) -> Outcome {
    let Some(connection) = state.connection.as_mut().filter(|connection| !connection.is_untracked) else {
        return Outcome::Goes;
    };
    // It only applies to addresses of the packet's own family.
    if wish.addresses.is_some_and(|(first, _)| first.is_ipv6() != connection.original.is_ipv6()) {
        return Outcome::Ends(End::Drop);
    }
    let now = sides(connection, wish.is_destination);
    let choices = choices(wish, now.0);
    if choices.len() == 1 {
        let is_open = set(connection, wish, choices[0], now.1);
        return if is_open { Outcome::EndsOpen(End::Accept, "port") } else { Outcome::Ends(End::Accept) };
    }
    let ways = choices.into_iter().map(|address| {
        let mut way = state.clone();
        if let Some(connection) = &mut way.connection {
            set(connection, wish, address, now.1);
        }
        (way, End::Accept)
    });
    Outcome::Split { asks: "address".to_owned(), ways: ways.collect() }
}

/// The address and port to be translated, as they stand now.
fn sides(connection: &Connection, is_destination: bool) -> (IpAddr, Option<u16>) {
    let reply = &connection.reply;
    if is_destination {
        (reply.source, reply.layer4.ports().map(|ports| ports.0))
    } else {
        (reply.destination, reply.layer4.ports().map(|ports| ports.1))
    }
}

/// The addresses that it may become.
fn choices(wish: &Wish, now: IpAddr) -> Vec<IpAddr> {
    let Some((first, last)) = wish.addresses else { return vec![now] };
    if wish.is_netmap {
        return vec![mapped(now, first, last)];
    }
    let (low, high) = (number(first), number(last));
    // A sender that already is as wanted stays (`get_unique_tuple`).
    if first == last || !wish.is_destination && (low..=high).contains(&number(now)) {
        return vec![if first == last { first } else { now }];
    }
    let many = high.saturating_sub(low).saturating_add(1);
    (0..many.min(MAX_CHOICES)).map(|at| address(low.saturating_add(at), first)).collect()
}

fn mapped(now: IpAddr, first: IpAddr, last: IpAddr) -> IpAddr {
    let host = number(first) ^ number(last);
    address(number(now) & host | number(first) & !host, first)
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

fn address(number: u128, like: IpAddr) -> IpAddr {
    match like {
        IpAddr::V4(_) => IpAddr::V4(u32::try_from(number & u128::from(u32::MAX)).unwrap_or_default().into()),
        IpAddr::V6(_) => IpAddr::V6(number.into()),
    }
}

/// Edits the flow. Gives whether the port cannot be told.
fn set(connection: &mut Connection, wish: &Wish, address: IpAddr, now: Option<u16>) -> bool {
    let (port, is_open) = match (now, wish.ports) {
        (Some(now), Some((first, last))) if first != last => {
            let stays = (first..=last).contains(&now) && !wish.is_random;
            (Some(if stays { now } else { first }), !stays)
        }
        (Some(_), Some((first, _))) => (Some(first), false),
        (now, _) => (now, wish.is_random && now.is_some()),
    };
    let before = sides(connection, wish.is_destination);
    let reply = &mut connection.reply;
    if wish.is_destination {
        reply.source = address;
        if let Some(port) = port {
            set_ports(&mut reply.layer4, Some(port), None);
        }
        connection.is_destination_decided = true;
        connection.is_destination_translated |= before != (address, port.or(before.1)) || is_open;
    } else {
        reply.destination = address;
        if let Some(port) = port {
            set_ports(&mut reply.layer4, None, Some(port));
        }
        connection.is_source_decided = true;
        connection.is_source_translated |= before != (address, port.or(before.1)) || is_open;
    }
    is_open
}

const fn set_ports(layer4: &mut Layer4, source: Option<u16>, destination: Option<u16>) {
    if let Layer4::Tcp { source_port, destination_port, .. } | Layer4::Udp { source_port, destination_port } = layer4 {
        if let Some(port) = source {
            *source_port = port;
        }
        if let Some(port) = destination {
            *destination_port = port;
        }
    }
}

/// Changes a packet as its flow says (`nf_nat_packet`).
pub(super) fn translate(hooked: &Hooked<'_>, state: &mut State) {
    let Some(connection) = state.connection.as_ref().filter(|connection| !connection.is_untracked) else { return };
    let is_destination = is_destination_hook(hooked.hook);
    // A reply's receiver is the original's sender, and the other way round (`IPS_NAT_MASK` turned over).
    let is_translated = if is_destination == hooked.is_reply {
        connection.is_source_translated
    } else {
        connection.is_destination_translated
    };
    if !is_translated {
        return;
    }
    // What the packet becomes is what the other direction's packets come from or go to.
    let opposite = if hooked.is_reply { &connection.original } else { &connection.reply };
    put(&mut state.packet, opposite, is_destination);
}

fn put(packet: &mut Packet, opposite: &Packet, is_destination: bool) {
    let ports = opposite.layer4.ports();
    if is_destination {
        packet.destination = opposite.source;
        set_ports(&mut packet.layer4, None, ports.map(|ports| ports.0));
    } else {
        packet.source = opposite.destination;
        set_ports(&mut packet.layer4, ports.map(|ports| ports.1), None);
    }
}
