//! xtables' fixed header and its matches.

use std::net::IpAddr;

use bridgewalk_model::{
    firewall::{Hook, IpHeader, Negatable, PortRange, XtMatch},
    kernel::RouteKind,
    snapshot::Interface,
};
use ipnet::IpNet;

use super::{
    Truth, fib,
    hooked::{ESTABLISHED, Hooked, INVALID, NEW, RELATED, UNTRACKED},
    load,
    mutant::Mutant,
    state::State,
};
use crate::walk::{Layer4, Packet};

/// `struct ipt_ip`, `struct ip6t_ip6`.
pub(super) fn header(hooked: &Hooked<'_>, packet: &Packet, header: &IpHeader) -> Truth {
    let holds = asked(hooked, header.source.as_ref(), |net| net.contains(&packet.source))
        && asked(hooked, header.destination.as_ref(), |net| net.contains(&packet.destination))
        && asked(hooked, header.source_mask.as_ref(), |masked| is_masked(packet.source, *masked))
        && asked(hooked, header.destination_mask.as_ref(), |masked| is_masked(packet.destination, *masked))
        && asked(hooked, header.in_interface.as_ref(), |name| is_named(hooked.in_interface, name))
        && asked(hooked, header.out_interface.as_ref(), |name| is_named(hooked.out_interface, name))
        && asked(hooked, header.protocol.as_ref(), |number| packet.layer4.number(packet.is_ipv6()) == *number)
        // A walked packet is whole.
        && asked(hooked, header.fragment.as_ref(), |()| false);
    holds.into()
}

/// A condition that may be left out or turned around.
fn asked<T>(hooked: &Hooked<'_>, wanted: Option<&Negatable<T>>, holds: impl FnOnce(&T) -> bool) -> bool {
    wanted.is_none_or(|wanted| holds(&wanted.value) != not(hooked, wanted.not))
}

fn not(hooked: &Hooked<'_>, not: bool) -> bool {
    not && hooked.mutant != Some(Mutant::IgnoresNot)
}

/// Whether the device has this name, or one that begins so if it ends in `+`. No device has the empty name.
fn is_named(interface: Option<&Interface>, wanted: &str) -> bool {
    let name = interface.map_or("", |interface| interface.link.name.as_str());
    wanted.strip_suffix('+').map_or(name == wanted, |start| name.starts_with(start))
}

fn is_masked(address: IpAddr, (wanted, mask): (IpAddr, IpAddr)) -> bool {
    match (address, wanted, mask) {
        (IpAddr::V4(address), IpAddr::V4(wanted), IpAddr::V4(mask)) => {
            u32::from(address) & u32::from(mask) == u32::from(wanted)
        }
        (IpAddr::V6(address), IpAddr::V6(wanted), IpAddr::V6(mask)) => {
            u128::from(address) & u128::from(mask) == u128::from(wanted)
        }
        _ => false,
    }
}

/// Whether a match holds.
pub(super) fn matches(hooked: &Hooked<'_>, state: &State, wanted: &XtMatch) -> Truth {
    let packet = &state.packet;
    let ports = |source: &Option<Negatable<PortRange>>, destination: &Option<Negatable<PortRange>>| {
        packet.layer4.ports().is_some_and(|ports| {
            asked(hooked, source.as_ref(), |range| contains(hooked, *range, ports.0))
                && asked(hooked, destination.as_ref(), |range| contains(hooked, *range, ports.1))
        })
    };
    match wanted {
        XtMatch::Conntrack { .. } => connection(hooked, state, wanted),
        XtMatch::AddressType { source, destination, limit_in, limit_out } => {
            let device = match (limit_in, limit_out) {
                (true, _) => hooked.in_interface,
                (_, true) => hooked.out_interface,
                _ => None,
            };
            let device = device.map(|device| device.link.if_index);
            let is = |address| move |kinds: &Vec<String>| is_of_kind(hooked, address, device, kinds);
            (asked(hooked, source.as_ref(), is(packet.source))
                && asked(hooked, destination.as_ref(), is(packet.destination)))
            .into()
        }
        XtMatch::Tcp { source_ports, destination_ports, flags, option } => {
            let Layer4::Tcp { flags: set, .. } = packet.layer4 else { return Truth::No };
            let holds = ports(source_ports, destination_ports)
                && asked(hooked, flags.as_ref(), |(mask, wanted)| set & mask == *wanted);
            // Which options it has is not known.
            Truth::from(holds).and(if option.is_some() { Truth::Unknown } else { Truth::Yes })
        }
        XtMatch::Udp { source_ports, destination_ports } => {
            (matches!(packet.layer4, Layer4::Udp { .. }) && ports(source_ports, destination_ports)).into()
        }
        // A walked packet has no ports then.
        XtMatch::Sctp { source_ports, destination_ports } => match packet.layer4 {
            Layer4::Other { number: 132 } if source_ports.is_some() || destination_ports.is_some() => Truth::Unknown,
            Layer4::Other { number: 132 } => Truth::Yes,
            _ => Truth::No,
        },
        XtMatch::Icmp { kind, is_ipv6 } => {
            let Layer4::Icmp { kind: found, code, .. } = packet.layer4 else { return Truth::No };
            let (wanted, first, last) = kind.value;
            let any = wanted == 0xff && !is_ipv6;
            let holds = any || wanted == found && (first..=last).contains(&code);
            (*is_ipv6 == packet.is_ipv6() && holds != not(hooked, kind.not)).into()
        }
        XtMatch::Multiport { side, ports } => {
            let Some((source, destination)) = packet.layer4.ports() else { return Truth::No };
            let has = |port| ports.value.iter().any(|range| contains(hooked, *range, port));
            let holds = match side.as_str() {
                "source" => has(source),
                "destination" => has(destination),
                _ => has(source) || has(destination),
            };
            (holds != not(hooked, ports.not)).into()
        }
        XtMatch::Mark { mark } => ((packet.mark & mark.value.1 == mark.value.0) != not(hooked, mark.not)).into(),
        XtMatch::Connmark { mark } => state
            .tracked()
            .is_some_and(|found| (found.mark & mark.value.1 == mark.value.0) != not(hooked, mark.not))
            .into(),
        XtMatch::Comment { .. } => Truth::Yes,
        XtMatch::Physdev { .. } => ports_of_bridge(hooked, wanted).into(),
        XtMatch::IpRange { source, destination } => {
            let within =
                |address: IpAddr| move |(first, last): &(IpAddr, IpAddr)| *first <= address && address <= *last;
            (asked(hooked, source.as_ref(), within(packet.source))
                && asked(hooked, destination.as_ref(), within(packet.destination)))
            .into()
        }
        XtMatch::PacketType { kind } => {
            let found = ["unicast", "broadcast", "multicast"][usize::from(load::packet_type(hooked, packet)).min(2)];
            ((found == kind.value) != not(hooked, kind.not)).into()
        }
        XtMatch::Mac { source } => match packet.source_mac {
            _ if hooked.in_interface.is_none() => Truth::No,
            Some(found) => ((found == source.value) != not(hooked, source.not)).into(),
            None => Truth::Unknown,
        },
        // What balances here is not known to the packet, unless nothing does.
        XtMatch::Ipvs { text } => ipvs(hooked, state, text),
        XtMatch::IpSet { .. } | XtMatch::Policy { .. } => Truth::Unknown,
    }
}

/// What an undecided match asks, in a word.
pub(super) fn asks(wanted: &XtMatch) -> String {
    match wanted {
        XtMatch::IpSet { set, .. } => format!("set {}", set.value),
        XtMatch::Ipvs { .. } => "ipvs".to_owned(),
        XtMatch::Policy { .. } => "policy".to_owned(),
        XtMatch::Mac { .. } => "mac".to_owned(),
        XtMatch::Tcp { .. } => "tcp option".to_owned(),
        XtMatch::Conntrack { .. } => "ctstatus".to_owned(),
        _ => "match".to_owned(),
    }
}

fn contains(hooked: &Hooked<'_>, range: PortRange, port: u16) -> bool {
    range.contains(port)
        && !(hooked.mutant == Some(Mutant::CutsRanges) && port == range.last && range.first != range.last)
}

/// `xt_ipvs`: whether IPVS has taken the packet for a virtual server (`skb->ipvs_property`). Which one is not looked at.
fn ipvs(hooked: &Hooked<'_>, state: &State, text: &str) -> Truth {
    let has_balancer = hooked.namespace.ipvs.is_some();
    let is_taken = match state.tracked() {
        _ if !has_balancer => false,
        // Replies are IPVS's too, but only after some hook.
        _ if hooked.is_reply => return Truth::Unknown,
        None => return Truth::Unknown,
        Some(connection) => connection.is_balanced && matches!(hooked.hook, Hook::Output | Hook::Postrouting),
    };
    match text.trim() {
        "--ipvs" => is_taken.into(),
        "! --ipvs" => (!is_taken).into(),
        _ if !is_taken => Truth::No,
        _ => Truth::Unknown,
    }
}

/// `xt_addrtype`.
fn is_of_kind(hooked: &Hooked<'_>, address: IpAddr, device: Option<u32>, kinds: &[String]) -> bool {
    let has = |name: &str| kinds.iter().any(|kind| kind == name);
    // `match_lookup_rt6` asks strictly: only for a route by this device.
    let found = fib::address_kind(hooked.namespace, address, device, device);
    let IpAddr::V6(ipv6) = address else {
        return has(match found {
            RouteKind::Unicast => "UNICAST",
            RouteKind::Local => "LOCAL",
            RouteKind::Broadcast => "BROADCAST",
            RouteKind::Anycast => "ANYCAST",
            RouteKind::Multicast => "MULTICAST",
            RouteKind::Blackhole => "BLACKHOLE",
            RouteKind::Unreachable => "UNREACHABLE",
            RouteKind::Prohibit => "PROHIBIT",
            RouteKind::Throw => "THROW",
            RouteKind::Other => "UNSPEC",
        });
    };
    // IPv6 asks the address itself first, and the routes only about what they alone know (`match_type6`).
    if has("MULTICAST") && !ipv6.is_multicast()
        || has("UNICAST") && (ipv6.is_multicast() || ipv6.is_unspecified())
        || has("UNSPEC") && !ipv6.is_unspecified()
    {
        return false;
    }
    if !["LOCAL", "ANYCAST", "PROHIBIT", "UNREACHABLE"].into_iter().any(has) {
        return true;
    }
    match found {
        RouteKind::Local => has("LOCAL"),
        RouteKind::Anycast => has("ANYCAST"),
        RouteKind::Unreachable | RouteKind::Blackhole | RouteKind::Prohibit => has("UNREACHABLE"),
        _ => false,
    }
}

/// `xt_conntrack`.
fn connection(hooked: &Hooked<'_>, state: &State, wanted: &XtMatch) -> Truth {
    let XtMatch::Conntrack {
        states,
        status,
        protocol,
        original_source,
        original_destination,
        reply_source,
        reply_destination,
        original_source_port,
        original_destination_port,
        reply_source_port,
        reply_destination_port,
        direction,
        is_state: _,
    } = wanted
    else {
        return Truth::Unknown;
    };
    let found = state.tracked();
    let bits = hooked.connection_state(state);
    let is_in_state = |names: &Vec<String>| {
        names.iter().any(|name| match name.as_str() {
            "INVALID" => bits & INVALID != 0,
            "NEW" => bits & NEW != 0,
            "RELATED" => bits & RELATED != 0,
            "ESTABLISHED" => bits & ESTABLISHED != 0,
            "UNTRACKED" => bits & UNTRACKED != 0,
            "SNAT" => found.is_some_and(|found| found.is_source_translated),
            "DNAT" => found.is_some_and(|found| found.is_destination_translated),
            _ => false,
        })
    };
    if !asked(hooked, states.as_ref(), is_in_state) {
        return Truth::No;
    }
    let Some(found) = found else { return states.is_some().into() };
    let (original, reply) = (&found.original, &found.reply);
    let net = |wanted: &Option<Negatable<IpNet>>, address: IpAddr| {
        asked(hooked, wanted.as_ref(), |net| net.contains(&address))
    };
    let port = |wanted: &Option<Negatable<PortRange>>, tuple: &Packet, is_source: bool| {
        let (source, destination) = tuple.layer4.ports().unwrap_or_default();
        asked(hooked, wanted.as_ref(), |range| range.contains(if is_source { source } else { destination }))
    };
    let holds = direction.as_deref().is_none_or(|wanted| (wanted == "REPLY") == hooked.is_reply)
        && net(original_source, original.source)
        && net(original_destination, original.destination)
        && net(reply_source, reply.source)
        && net(reply_destination, reply.destination)
        && asked(hooked, protocol.as_ref(), |number| original.layer4.number(original.is_ipv6()) == *number)
        && port(original_source_port, original, true)
        && port(original_destination_port, original, false)
        && port(reply_source_port, reply, true)
        && port(reply_destination_port, reply, false);
    let Some(status) = status.as_ref().filter(|_| holds) else { return holds.into() };
    let (value, known) = load::status(hooked, found);
    let asked_for = status.value.iter().fold(0, |bits, name| {
        bits | match name.as_str() {
            "EXPECTED" => 1,
            "SEEN_REPLY" => 2,
            "ASSURED" => 4,
            "CONFIRMED" => 8,
            _ => 0,
        }
    });
    let truth = if value & asked_for != 0 {
        Truth::Yes
    } else if asked_for & !known == 0 {
        Truth::No
    } else {
        Truth::Unknown
    };
    truth.inverted(not(hooked, status.not))
}

/// `xt_physdev`.
fn ports_of_bridge(hooked: &Hooked<'_>, wanted: &XtMatch) -> bool {
    let XtMatch::Physdev { in_interface, out_interface, is_in, is_out, is_bridged } = wanted else { return false };
    // Without a bridge every question is answered with no.
    asked(hooked, in_interface.as_ref(), |name| hooked.in_port.is_some() && is_named(hooked.in_port, name))
        && asked(hooked, out_interface.as_ref(), |name| hooked.out_port.is_some() && is_named(hooked.out_port, name))
        && is_in.is_none_or(|wanted| wanted == hooked.in_port.is_some())
        && is_out.is_none_or(|wanted| wanted == hooked.out_port.is_some())
        && is_bridged.is_none_or(|wanted| wanted == hooked.out_port.is_some())
}
