//! What a field is called and how its values are written, in nft's words.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::firewall::{Family, clause::Field};

/// How a value is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Address,
    Port,
    Protocol,
    Name,
    Mark,
    /// In the network's order.
    TurnedMark,
    State,
    Status,
    AddressType,
    PacketType,
    Mac,
    IcmpType,
    NfProto,
    EtherType,
    Flags,
    Presence,
    /// In the machine's order.
    HostNumber,
    Number,
}

pub(super) fn kind(family: Family, field: &Field) -> Kind {
    match field {
        Field::Payload(base, offset, len) => match (base.as_str(), family, offset, len) {
            ("network", Family::Ip6, 8 | 24, 1..=16) => Kind::Address,
            ("network", _, 12 | 16, 1..=4) => Kind::Address,
            ("network", _, 8 | 24, 16) => Kind::Address,
            ("network", _, 9 | 6, 1) => Kind::Protocol,
            ("transport", _, 0 | 2, 2) => Kind::Port,
            ("transport", _, 0, 1) => Kind::IcmpType,
            ("transport", _, 13, 1) => Kind::Flags,
            ("link_layer", _, 12, 2) => Kind::EtherType,
            ("link_layer", _, 0 | 6, 6) => Kind::Mac,
            _ => Kind::Number,
        },
        Field::Meta(key) => match key.as_str() {
            "iifname" | "oifname" | "ibrname" | "obrname" => Kind::Name,
            "l4proto" => Kind::Protocol,
            "nfproto" => Kind::NfProto,
            "mark" => Kind::Mark,
            "pkttype" => Kind::PacketType,
            "protocol" => Kind::EtherType,
            _ => Kind::HostNumber,
        },
        Field::Ct(key, _) => match key.as_str() {
            "state" => Kind::State,
            "status" => Kind::Status,
            "mark" => Kind::Mark,
            "saddr" | "daddr" | "ip saddr" | "ip daddr" | "ip6 saddr" | "ip6 daddr" => Kind::Address,
            "proto-src" | "proto-dst" => Kind::Port,
            "protocol" => Kind::Protocol,
            _ => Kind::HostNumber,
        },
        Field::Turned(field) => match kind(family, field) {
            Kind::Mark => Kind::TurnedMark,
            Kind::HostNumber => Kind::Number,
            other => other,
        },
        Field::Fib(.., true) => Kind::Presence,
        Field::Fib(result, ..) if result == "type" => Kind::AddressType,
        _ => Kind::Number,
    }
}

fn transport(protocol: Option<u8>) -> &'static str {
    match protocol {
        Some(6) => "tcp",
        Some(17) => "udp",
        Some(132) => "sctp",
        Some(33) => "dccp",
        Some(1) => "icmp",
        Some(58) => "icmpv6",
        _ => "th",
    }
}

pub(super) fn name(family: Family, field: &Field, protocol: Option<u8>) -> String {
    match field {
        Field::Payload(base, offset, len) => {
            let ip = if family == Family::Ip6 || (matches!(offset, 8 | 24) && *len == 16) { "ip6" } else { "ip" };
            match (base.as_str(), ip, offset, len) {
                ("network", "ip", 12, _) | ("network", "ip6", 8, _) => format!("{ip} saddr"),
                ("network", "ip", 16, _) | ("network", "ip6", 24, _) => format!("{ip} daddr"),
                ("network", "ip", 9, 1) => "ip protocol".to_owned(),
                ("network", "ip", 8, 1) => "ip ttl".to_owned(),
                ("network", "ip6", 7, 1) => "ip6 hoplimit".to_owned(),
                ("link_layer", _, 12, 2) => "ether type".to_owned(),
                ("transport", _, 1, 1) if matches!(protocol, Some(1 | 58)) => format!("{} code", transport(protocol)),
                ("network", "ip6", 6, 1) => "ip6 nexthdr".to_owned(),
                ("transport", _, 0, 2) => format!("{} sport", transport(protocol)),
                ("transport", _, 2, 2) => format!("{} dport", transport(protocol)),
                ("transport", _, 0, 1) => format!("{} type", transport(protocol)),
                ("transport", _, 13, 1) if protocol == Some(6) => "tcp flags".to_owned(),
                ("link_layer", _, 6, 6) => "ether saddr".to_owned(),
                ("link_layer", _, 0, 6) => "ether daddr".to_owned(),
                (base, ..) => {
                    let base = match base {
                        "link_layer" => "ll",
                        "network" => "nh",
                        "transport" => "th",
                        other => other,
                    };
                    format!("@{base},{},{}", offset * 8, len * 8)
                }
            }
        }
        Field::Meta(key) => match key.as_str() {
            "iif" | "oif" | "iifname" | "oifname" | "iifgroup" | "oifgroup" => key.clone(),
            _ => format!("meta {key}"),
        },
        Field::Ct(key, None) => format!("ct {key}"),
        Field::Ct(key, Some(direction)) => format!("ct {direction} {key}"),
        Field::Fib(result, by, _) => format!("fib {} {result}", by.join(" . ")),
        Field::Turned(field) => name(family, field, protocol),
        Field::Other(words) => words.clone(),
        Field::Constant(bytes) => value(Kind::Number, bytes),
        Field::Concatenation(fields) => {
            fields.iter().map(|field| name(family, field, protocol)).collect::<Vec<_>>().join(" . ")
        }
    }
}

const TYPES: [&str; 12] = [
    "unspec",
    "unicast",
    "local",
    "broadcast",
    "anycast",
    "multicast",
    "blackhole",
    "unreachable",
    "prohibit",
    "throw",
    "nat",
    "xresolve",
];

/// Flags' names that are set, or the number.
fn flags(bytes: &[u8], names: &[(&str, u32)]) -> String {
    let bits = host32(bytes);
    let set: Vec<&str> = names.iter().filter(|(_, bit)| bits & bit != 0).map(|(name, _)| *name).collect();
    if set.is_empty() { format!("{bits:#010x}") } else { set.join(",") }
}

/// `nf_conntrack_common.h`, in nft's order.
const STATES: [(&str, u32); 5] = [("invalid", 1), ("established", 2), ("related", 4), ("new", 8), ("untracked", 64)];
const STATUSES: [(&str, u32); 8] = [
    ("expected", 1),
    ("seen-reply", 2),
    ("assured", 4),
    ("confirmed", 8),
    ("snat", 16),
    ("dnat", 32),
    ("dying", 512),
    ("helper", 8192),
];

fn host32(bytes: &[u8]) -> u32 {
    bytes.get(..4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_ne_bytes)
}

pub(super) fn value(kind: Kind, bytes: &[u8]) -> String {
    match kind {
        Kind::Address => match bytes.len() {
            16 => <[u8; 16]>::try_from(bytes).map(|bytes| Ipv6Addr::from(bytes).to_string()).unwrap_or_default(),
            len => {
                let mut four = [0; 4];
                four.iter_mut().zip(bytes).take(len).for_each(|(place, byte)| *place = *byte);
                Ipv4Addr::from(four).to_string()
            }
        },
        Kind::Port => be(bytes).to_string(),
        Kind::Protocol => match bytes.first() {
            Some(1) => "icmp".to_owned(),
            Some(2) => "igmp".to_owned(),
            Some(6) => "tcp".to_owned(),
            Some(17) => "udp".to_owned(),
            Some(47) => "gre".to_owned(),
            Some(50) => "esp".to_owned(),
            Some(58) => "ipv6-icmp".to_owned(),
            Some(132) => "sctp".to_owned(),
            other => other.copied().unwrap_or(0).to_string(),
        },
        Kind::NfProto => match bytes.first() {
            Some(2) => "ipv4".to_owned(),
            Some(10) => "ipv6".to_owned(),
            other => other.copied().unwrap_or(0).to_string(),
        },
        Kind::Name => {
            let end = bytes.iter().position(|byte| *byte == 0);
            let name = String::from_utf8_lossy(&bytes[..end.unwrap_or(bytes.len())]).into_owned();
            if end.is_none() && bytes.len() < 16 { format!("\"{name}*\"") } else { format!("\"{name}\"") }
        }
        Kind::Mark => format!("{:#010x}", host32(bytes)),
        Kind::TurnedMark => format!("{:#010x}", be(bytes)),
        Kind::State => flags(bytes, &STATES),
        Kind::Status => flags(bytes, &STATUSES),
        Kind::AddressType => {
            let number = host32(bytes) as usize;
            TYPES.get(number).map_or_else(|| number.to_string(), |name| (*name).to_owned())
        }
        Kind::PacketType => match bytes.first() {
            Some(0) => "host".to_owned(),
            Some(1) => "broadcast".to_owned(),
            Some(2) => "multicast".to_owned(),
            _ => "other".to_owned(),
        },
        Kind::Mac => bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":"),
        Kind::EtherType => match be(bytes) {
            0x800 => "ip".to_owned(),
            0x806 => "arp".to_owned(),
            0x86dd => "ip6".to_owned(),
            0x8100 => "vlan".to_owned(),
            number => format!("{number:#06x}"),
        },
        Kind::Flags => tcp_flags(bytes).join(","),
        Kind::Presence => if bytes.iter().all(|byte| *byte == 0) { "missing" } else { "exists" }.to_owned(),
        Kind::HostNumber => {
            let mut bytes = bytes.to_vec();
            if cfg!(target_endian = "little") {
                bytes.reverse();
            }
            be(&bytes).to_string()
        }
        Kind::IcmpType => match bytes.first() {
            Some(0) => "echo-reply".to_owned(),
            Some(3) => "destination-unreachable".to_owned(),
            Some(8) => "echo-request".to_owned(),
            Some(11) => "time-exceeded".to_owned(),
            Some(12) => "parameter-problem".to_owned(),
            Some(2) => "packet-too-big".to_owned(),
            Some(13) => "timestamp-request".to_owned(),
            Some(14) => "timestamp-reply".to_owned(),
            Some(128) => "echo-request".to_owned(),
            Some(129) => "echo-reply".to_owned(),
            Some(130) => "mld-listener-query".to_owned(),
            Some(131) => "mld-listener-report".to_owned(),
            Some(132) => "mld-listener-done".to_owned(),
            Some(133) => "nd-router-solicit".to_owned(),
            Some(134) => "nd-router-advert".to_owned(),
            Some(135) => "nd-neighbor-solicit".to_owned(),
            Some(136) => "nd-neighbor-advert".to_owned(),
            Some(137) => "nd-redirect".to_owned(),
            Some(143) => "mld2-listener-report".to_owned(),
            other => other.copied().unwrap_or(0).to_string(),
        },
        Kind::Number => be(bytes).to_string(),
    }
}

fn tcp_flags(bytes: &[u8]) -> Vec<&'static str> {
    let names = ["fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr"];
    let bits = bytes.first().copied().unwrap_or(0);
    (0..8).filter(|bit| bits & (1 << bit) != 0).map(|bit| names[bit]).collect()
}

pub(super) fn be(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}
