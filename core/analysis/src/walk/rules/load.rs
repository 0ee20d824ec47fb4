//! What `payload`, `meta`, `ct` and `fib` load.

use bridgewalk_model::{
    firewall::{Family, Hook, Register},
    kernel::{LinkKind, RouteKind},
    snapshot::Interface,
};

use super::{
    fib::{self, Question},
    header::{Absent, HeaderBytes, octets},
    hooked::Hooked,
    registers::Registers,
    state::State,
    step::{Base, ConnectionKey, FibBy, FibResult, MetaKey},
};
use crate::walk::{Connection, Layer4, Packet};

/// `IFNAMSIZ`.
const NAME_LEN: usize = 16;
/// `ARPHRD_ETHER`, `ARPHRD_LOOPBACK`, `ARPHRD_NONE`.
const TYPES: (u16, u16, u16) = (1, 772, 0xfffe);

/// `payload`.
pub(super) fn payload(
    hooked: &Hooked<'_>,
    state: &State,
    registers: &mut Registers,
    (base, offset, len, to): (Base, u32, u32, Register),
) -> Result<(), Absent> {
    let header = match base {
        Base::Network => HeaderBytes::network(&state.packet),
        Base::Transport => HeaderBytes::transport(&state.packet),
        // What this host sends has no Ethernet header yet.
        Base::Link if hooked.in_interface.is_none() => return Err(Absent::Missing),
        Base::Link => HeaderBytes::link(&state.packet, hooked.is_looped()),
        Base::Other => {
            registers.forget(to, len as usize);
            return Ok(());
        }
    };
    match header.get(offset, len) {
        Ok((value, known)) => registers.load_partly(to, value, known),
        // Whether the packet is that long is not known either.
        Err(_) => registers.forget(to, len as usize),
    }
    Ok(())
}

/// `meta`.
pub(super) fn meta(
    hooked: &Hooked<'_>,
    family: Family,
    state: &State,
    registers: &mut Registers,
    key: MetaKey,
    to: Register,
) -> Result<(), Absent> {
    let is_ipv6 = state.packet.is_ipv6();
    match key {
        MetaKey::Protocol => registers.load(to, if is_ipv6 { &[0x86, 0xdd] } else { &[0x08, 0x00] }),
        MetaKey::Family => registers.load(
            to,
            &[match family {
                Family::Netdev => 5,
                _ if is_ipv6 => 10,
                _ => 2,
            }],
        ),
        MetaKey::Transport => registers.load(to, &[state.packet.layer4.number(is_ipv6)]),
        MetaKey::Mark => registers.load(to, &state.packet.mark.to_ne_bytes()),
        MetaKey::InIndex => registers.load(to, &index(hooked.in_interface).to_ne_bytes()),
        MetaKey::OutIndex => registers.load(to, &index(hooked.out_interface).to_ne_bytes()),
        MetaKey::InName => registers.load(to, &name(hooked.in_interface)),
        MetaKey::OutName => registers.load(to, &name(hooked.out_interface)),
        MetaKey::InType => link_type(registers, hooked.in_interface, to)?,
        MetaKey::OutType => link_type(registers, hooked.out_interface, to)?,
        MetaKey::InKind => link_kind(registers, hooked.in_interface, to)?,
        MetaKey::OutKind => link_kind(registers, hooked.out_interface, to)?,
        MetaKey::PacketType => registers.load(to, &[packet_type(hooked, &state.packet)]),
        // Only what is sent or received here has a socket.
        MetaKey::Socket if matches!(hooked.hook, Hook::Prerouting | Hook::Forward) => return Err(Absent::Missing),
        MetaKey::Socket if hooked.hook == Hook::Postrouting && hooked.in_interface.is_some() => {
            return Err(Absent::Missing);
        }
        MetaKey::Socket => registers.forget(to, 4),
    }
    Ok(())
}

fn index(interface: Option<&Interface>) -> u32 {
    interface.map_or(0, |interface| interface.link.if_index)
}

/// A device's name, filled up with zeros; all zeros for none.
fn name(interface: Option<&Interface>) -> [u8; NAME_LEN] {
    let mut bytes = [0; NAME_LEN];
    let name = interface.map_or("", |interface| interface.link.name.as_str());
    for (to, from) in bytes.iter_mut().zip(name.bytes().take(NAME_LEN - 1)) {
        *to = from;
    }
    bytes
}

fn link_type(registers: &mut Registers, interface: Option<&Interface>, to: Register) -> Result<(), Absent> {
    let kind = match &interface.ok_or(Absent::Missing)?.link.kind {
        LinkKind::Loopback => TYPES.1,
        LinkKind::Tun | LinkKind::Other { .. } | LinkKind::Physical => {
            registers.forget(to, 2);
            return Ok(());
        }
        _ => TYPES.0,
    };
    registers.load(to, &kind.to_ne_bytes());
    Ok(())
}

fn link_kind(registers: &mut Registers, interface: Option<&Interface>, to: Register) -> Result<(), Absent> {
    let kind = match &interface.ok_or(Absent::Missing)?.link.kind {
        LinkKind::Loopback | LinkKind::Physical => return Err(Absent::Missing),
        LinkKind::Veth => "veth",
        LinkKind::Bridge { .. } => "bridge",
        LinkKind::Vxlan { .. } => "vxlan",
        LinkKind::Macvlan { .. } => "macvlan",
        LinkKind::Ipvlan { .. } => "ipvlan",
        LinkKind::Vlan { .. } => "vlan",
        LinkKind::Dummy => "dummy",
        LinkKind::Tun => "tun",
        LinkKind::Other { name } => name.as_str(),
    };
    let mut bytes = [0; NAME_LEN];
    for (to, from) in bytes.iter_mut().zip(kind.bytes()) {
        *to = from;
    }
    registers.load(to, &bytes);
    Ok(())
}

/// `PACKET_HOST`, `PACKET_BROADCAST` or `PACKET_MULTICAST`. A bridge shows its frames to IP's hooks as if they were for it.
pub(super) fn packet_type(hooked: &Hooked<'_>, packet: &Packet) -> u8 {
    // What is sent is only told apart when it arrives.
    if hooked.in_interface.is_none() {
        return 0;
    }
    if packet.destination.is_multicast() {
        return 2;
    }
    let is_broadcast = match packet.destination {
        std::net::IpAddr::V4(address) => {
            address.is_broadcast()
                || fib::address_kind(hooked.namespace, address.into(), None, None) == RouteKind::Broadcast
        }
        std::net::IpAddr::V6(_) => false,
    };
    u8::from(is_broadcast)
}

/// `ct`.
pub(super) fn connection(
    hooked: &Hooked<'_>,
    state: &State,
    registers: &mut Registers,
    (key, is_reply, to): (ConnectionKey, Option<bool>, Register),
) -> Result<(), Absent> {
    if key == ConnectionKey::State {
        registers.load(to, &hooked.connection_state(state).to_ne_bytes());
        return Ok(());
    }
    let found = state.tracked().ok_or(Absent::Missing)?;
    let tuple = if is_reply.unwrap_or(hooked.is_reply) { &found.reply } else { &found.original };
    let ports = match tuple.layer4 {
        Layer4::Icmp { identifier, .. } => Some((identifier, 0)),
        other => other.ports(),
    };
    match key {
        ConnectionKey::State => {}
        ConnectionKey::Direction => registers.load(to, &[u8::from(hooked.is_reply)]),
        ConnectionKey::Status => {
            let (value, known) = status(hooked, found);
            registers.load_partly(to, &value.to_ne_bytes(), &known.to_ne_bytes());
        }
        ConnectionKey::Mark => registers.load(to, &found.mark.to_ne_bytes()),
        ConnectionKey::Family => registers.load(to, &[if tuple.is_ipv6() { 10 } else { 2 }]),
        ConnectionKey::Protocol => registers.load(to, &[tuple.layer4.number(tuple.is_ipv6())]),
        ConnectionKey::Source | ConnectionKey::Destination => {
            let address = if key == ConnectionKey::Source { tuple.source } else { tuple.destination };
            let (bytes, len) = octets(address);
            registers.load(to, &bytes[..len]);
        }
        ConnectionKey::SourcePort | ConnectionKey::DestinationPort => {
            let port = ports.map(|ports| if key == ConnectionKey::SourcePort { ports.0 } else { ports.1 });
            match port {
                Some(port) => registers.load(to, &port.to_be_bytes()),
                None => registers.forget(to, 2),
            }
        }
        ConnectionKey::Zone => registers.load(to, &[0, 0]),
        ConnectionKey::Other(len) => registers.forget(to, len as usize),
    }
    Ok(())
}

/// `IPS_*`: the bits, and which of them are known.
pub(super) fn status(hooked: &Hooked<'_>, connection: &Connection) -> (u32, u32) {
    const EXPECTED: u32 = 1;
    const SEEN_REPLY: u32 = 2;
    const CONFIRMED: u32 = 8;
    const SOURCE: u32 = 16;
    const DESTINATION: u32 = 32;
    let is_answered = hooked.is_reply || connection.is_established;
    let mut value = 0;
    for (holds, bit) in [
        (is_answered, SEEN_REPLY | CONFIRMED),
        (connection.is_source_translated, SOURCE),
        (connection.is_destination_translated, DESTINATION),
    ] {
        if holds {
            value |= bit;
        }
    }
    (value, EXPECTED | SEEN_REPLY | CONFIRMED | SOURCE | DESTINATION)
}

/// `fib`.
pub(super) fn fib(
    hooked: &Hooked<'_>,
    state: &State,
    registers: &mut Registers,
    (result, by, is_present, to): (FibResult, FibBy, bool, Register),
) {
    let packet = &state.packet;
    let address = if by.is_source { packet.source } else { packet.destination };
    let device = match (by.in_interface, by.out_interface) {
        (true, _) => hooked.in_interface,
        (_, true) => hooked.out_interface,
        _ => None,
    };
    let device_index = device.map(|device| device.link.if_index);
    let bound_to = fib::bound_to(address, device_index);
    if result == FibResult::Kind {
        let kind = fib::address_kind(hooked.namespace, address, device_index, bound_to);
        registers.load(to, &fib::kind_number(kind).to_ne_bytes());
        return;
    }
    let found = if hooked.hook == Hook::Prerouting && hooked.is_looped() {
        hooked.in_interface
    } else {
        let question = Question {
            destination: address,
            source: Some(if by.is_source { packet.destination } else { packet.source }),
            mark: if by.mark { packet.mark } else { 0 },
            in_interface: None,
            out_index: bound_to,
        };
        let route = fib::lookup(hooked.namespace, &question).filter(|route| route.kind == RouteKind::Unicast);
        let hops = route.map(|route| route.next_hops.as_slice()).unwrap_or_default();
        match device {
            Some(device) => hops.iter().any(|hop| hop.if_index == device.link.if_index).then_some(device),
            None => hops.first().and_then(|hop| {
                hooked.namespace.interfaces.iter().find(|interface| interface.link.if_index == hop.if_index)
            }),
        }
    };
    match result {
        _ if is_present => registers.load(to, &[u8::from(found.is_some())]),
        FibResult::Name => registers.load(to, &name(found)),
        FibResult::Index | FibResult::Kind => registers.load(to, &index(found).to_ne_bytes()),
    }
}
