//! What a loaded value is called, and how its values are written.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::statement::{Loaded, Origin, base_word, number};

/// How a field's values are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Address,
    Port,
    Protocol,
    Interface,
    Mark,
    CtState,
    CtStatus,
    CtDirection,
    NfProtocol,
    EtherType,
    PacketType,
    RouteType,
    IcmpType,
    Icmpv6Type,
    TcpFlags,
    Hardware,
    Boolean,
    /// A number in the machine's order.
    HostNumber,
    /// A number in the network's order.
    NetNumber,
}

/// What a field is, in nft's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) kind: Kind,
}

/// What is known of the packet as a rule goes on.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Context {
    /// Whether it is IPv6, where the table's family or an earlier match says so.
    pub(super) is_ipv6: Option<bool>,
    /// Its protocol, where an earlier match says so.
    pub(super) protocol: Option<u8>,
}

fn field(name: &str, kind: Kind) -> Field {
    Field { name: name.to_owned(), kind }
}

/// What `loaded` is.
pub(super) fn field_of(loaded: &Loaded, context: Context) -> Field {
    match &loaded.origin {
        Origin::Payload { base, offset, len } => payload(base, *offset, *len, context),
        Origin::Meta(key) => match key.as_str() {
            "iifname" | "oifname" => field(key, Kind::Interface),
            "ibrname" | "obrname" | "iifkind" | "oifkind" => field(&format!("meta {key}"), Kind::Interface),
            "l4proto" => field("meta l4proto", Kind::Protocol),
            "nfproto" => field("meta nfproto", Kind::NfProtocol),
            "protocol" => field("meta protocol", Kind::EtherType),
            "mark" => field("meta mark", Kind::Mark),
            "pkttype" => field("meta pkttype", Kind::PacketType),
            "iif" | "oif" => field(key, Kind::HostNumber),
            _ => field(&format!("meta {key}"), Kind::HostNumber),
        },
        Origin::Ct { key, direction } => {
            let kind = match key.as_str() {
                "state" => Kind::CtState,
                "status" => Kind::CtStatus,
                "direction" => Kind::CtDirection,
                "mark" => Kind::Mark,
                "protocol" => Kind::Protocol,
                "proto-src" | "proto-dst" => Kind::Port,
                "saddr" | "daddr" | "ip saddr" | "ip daddr" | "ip6 saddr" | "ip6 daddr" => Kind::Address,
                "helper" => Kind::Interface,
                _ => Kind::HostNumber,
            };
            let direction = direction.as_ref().map(|direction| format!("{direction} ")).unwrap_or_default();
            field(&format!("ct {direction}{key}"), kind)
        }
        Origin::Fib { result, by, is_present } => {
            let kind = match result.as_str() {
                _ if *is_present => Kind::Boolean,
                "type" => Kind::RouteType,
                "oifname" => Kind::Interface,
                _ => Kind::HostNumber,
            };
            field(&format!("fib {} {result}", by.join(" . ")), kind)
        }
        Origin::Route(key) => match key.as_str() {
            "nexthop4" => field("rt ip nexthop", Kind::Address),
            "nexthop6" => field("rt ip6 nexthop", Kind::Address),
            _ => field(&format!("rt {key}"), Kind::HostNumber),
        },
        Origin::ExtensionHeader { op, header, offset, len, is_present } => {
            let kind = if *is_present { Kind::Boolean } else { Kind::NetNumber };
            let name = match (op.as_str(), header, offset) {
                ("tcp", 2, 2) => "tcp option maxseg size".to_owned(),
                ("tcp", 2, 0) => "tcp option maxseg".to_owned(),
                _ => format!("{op} option @{header},{},{}", offset * 8, len * 8),
            };
            field(if *is_present { &name } else { name.as_str() }, kind)
        }
        Origin::Constant(_) => field("constant", Kind::HostNumber),
        Origin::Map { set, .. } => field(&format!("map @{set}"), Kind::HostNumber),
        Origin::Unknown(name) => field(&format!("[undecoded {name}]"), Kind::NetNumber),
    }
}

fn payload(base: &str, offset: u32, len: u32, context: Context) -> Field {
    let is_ipv6 = context.is_ipv6.unwrap_or(len > 4 || matches!((offset, len), (8, 16) | (24, 16)));
    let (name, kind) = match (base, offset, len) {
        ("link_layer", 0, _) => ("ether daddr", Kind::Hardware),
        ("link_layer", 6, _) => ("ether saddr", Kind::Hardware),
        ("link_layer", 12, 2) => ("ether type", Kind::EtherType),
        ("network", 12, 1..=4) if !is_ipv6 => ("ip saddr", Kind::Address),
        ("network", 16, 1..=4) if !is_ipv6 => ("ip daddr", Kind::Address),
        ("network", 9, 1) if !is_ipv6 => ("ip protocol", Kind::Protocol),
        ("network", 8, 1) if !is_ipv6 => ("ip ttl", Kind::NetNumber),
        ("network", 2, 2) if !is_ipv6 => ("ip length", Kind::NetNumber),
        ("network", 6, 2) if !is_ipv6 => ("ip frag-off", Kind::NetNumber),
        ("network", 8, 1..=16) if is_ipv6 && (len > 1 || offset != 7) => ("ip6 saddr", Kind::Address),
        ("network", 24, 1..=16) if is_ipv6 => ("ip6 daddr", Kind::Address),
        ("network", 6, 1) if is_ipv6 => ("ip6 nexthdr", Kind::Protocol),
        ("network", 7, 1) if is_ipv6 => ("ip6 hoplimit", Kind::NetNumber),
        ("transport", 0, 1) if context.protocol == Some(1) => ("icmp type", Kind::IcmpType),
        ("transport", 1, 1) if context.protocol == Some(1) => ("icmp code", Kind::NetNumber),
        ("transport", 0, 1) if context.protocol == Some(58) => ("icmpv6 type", Kind::Icmpv6Type),
        ("transport", 1, 1) if context.protocol == Some(58) => ("icmpv6 code", Kind::NetNumber),
        ("transport", 13, 1) if context.protocol == Some(6) => ("tcp flags", Kind::TcpFlags),
        ("transport", 0 | 2, 2) => {
            let protocol = match context.protocol {
                Some(6) => "tcp",
                Some(17) => "udp",
                Some(33) => "dccp",
                Some(132) => "sctp",
                Some(136) => "udplite",
                _ => "th",
            };
            return field(&format!("{protocol} {}", if offset == 0 { "sport" } else { "dport" }), Kind::Port);
        }
        _ => return field(&format!("@{},{},{}", base_word(base), offset * 8, len * 8), Kind::NetNumber),
    };
    field(name, kind)
}

/// An address whose missing bytes are zero: shorter ones are prefixes that end at a byte.
pub(super) fn address(bytes: &[u8], is_ipv6: bool) -> IpAddr {
    let mut all = [0; 16];
    for (to, from) in all.iter_mut().zip(bytes) {
        *to = *from;
    }
    if is_ipv6 || bytes.len() > 4 {
        IpAddr::V6(Ipv6Addr::from(all))
    } else {
        IpAddr::V4(Ipv4Addr::new(all[0], all[1], all[2], all[3]))
    }
}

/// The length of a mask that is a prefix.
pub(super) fn prefix_len(mask: &[u8]) -> Option<u8> {
    let ones: u32 = mask.iter().map(|byte| byte.leading_ones()).sum();
    let all: u32 = mask.iter().map(|byte| byte.count_ones()).sum();
    let mut ended = false;
    for byte in mask {
        if ended && *byte != 0 {
            return None;
        }
        ended |= *byte != 0xff;
    }
    (ones == all).then(|| u8::try_from(ones).ok()).flatten()
}

/// The bits that are set, by name, in the table's order.
pub(super) fn bits(value: u64, names: &[(u64, &str)], separator: &str) -> String {
    let found: Vec<&str> = names.iter().filter(|(bit, _)| value & bit != 0).map(|(_, name)| *name).collect();
    let rest = names.iter().fold(value, |rest, (bit, _)| rest & !bit);
    match (rest, found.is_empty()) {
        (0, false) => found.join(separator),
        _ => format!("0x{value:x}"),
    }
}

/// `NF_CT_STATE_*`.
pub(super) const CT_STATES: [(u64, &str); 5] =
    [(1, "invalid"), (8, "new"), (2, "established"), (4, "related"), (64, "untracked")];
/// `IPS_*`.
pub(super) const CT_STATUSES: [(u64, &str); 9] = [
    (1, "expected"),
    (2, "seen-reply"),
    (4, "assured"),
    (8, "confirmed"),
    (16, "snat"),
    (32, "dnat"),
    (512, "dying"),
    (0x10, "snat"),
    (0x20, "dnat"),
];
/// TCP's flags.
pub(super) const TCP_FLAGS: [(u64, &str); 8] = [
    (1, "fin"),
    (2, "syn"),
    (4, "rst"),
    (8, "psh"),
    (16, "ack"),
    (32, "urg"),
    (64, "ecn"),
    (128, "cwr"),
];

/// A protocol's name, as both tools write it.
pub(super) fn protocol_name(number: u8) -> Option<&'static str> {
    Some(match number {
        1 => "icmp",
        2 => "igmp",
        6 => "tcp",
        17 => "udp",
        33 => "dccp",
        41 => "ipv6",
        47 => "gre",
        50 => "esp",
        51 => "ah",
        58 => "ipv6-icmp",
        108 => "ipcomp",
        132 => "sctp",
        136 => "udplite",
        _ => return None,
    })
}

/// A value of this kind, in nft's words.
pub(super) fn value(kind: Kind, bytes: &[u8], is_ipv6: bool) -> String {
    let by_name = |names: &[(u64, &str)], value: u64| {
        names.iter().find(|(number, _)| *number == value).map_or_else(|| value.to_string(), |(_, name)| (*name).to_owned())
    };
    match kind {
        Kind::Address => address(bytes, is_ipv6).to_string(),
        Kind::Port | Kind::NetNumber if bytes.len() <= 8 => number(bytes, false).to_string(),
        Kind::Port | Kind::NetNumber => {
            bytes.iter().fold("0x".to_owned(), |text, byte| text + &format!("{byte:02x}"))
        }
        Kind::Protocol => {
            let number = u8::try_from(number(&bytes[..bytes.len().min(1)], false)).unwrap_or(0);
            protocol_name(number).map_or_else(|| number.to_string(), str::to_owned)
        }
        Kind::Interface => format!("\"{}\"", interface(bytes, "*")),
        Kind::Mark => format!("0x{:08x}", number(bytes, true)),
        Kind::CtState => bits(number(bytes, true), &CT_STATES, ","),
        Kind::CtStatus => bits(number(bytes, true), &CT_STATUSES[..7], ","),
        Kind::CtDirection => by_name(&[(0, "original"), (1, "reply")], number(bytes, true)),
        Kind::NfProtocol => by_name(&[(2, "ipv4"), (10, "ipv6")], number(bytes, true)),
        Kind::EtherType => {
            by_name(&[(0x800, "ip"), (0x806, "arp"), (0x86dd, "ip6"), (0x8100, "8021q"), (0x88a8, "8021ad")], number(bytes, false))
        }
        Kind::PacketType => {
            by_name(&[(0, "host"), (1, "broadcast"), (2, "multicast"), (3, "other")], number(bytes, true))
        }
        Kind::RouteType => by_name(
            &[
                (0, "unspec"),
                (1, "unicast"),
                (2, "local"),
                (3, "broadcast"),
                (4, "anycast"),
                (5, "multicast"),
                (6, "blackhole"),
                (7, "unreachable"),
                (8, "prohibit"),
            ],
            number(bytes, true),
        ),
        Kind::IcmpType => by_name(
            &[
                (0, "echo-reply"),
                (3, "destination-unreachable"),
                (4, "source-quench"),
                (5, "redirect"),
                (8, "echo-request"),
                (9, "router-advertisement"),
                (10, "router-solicitation"),
                (11, "time-exceeded"),
                (12, "parameter-problem"),
                (13, "timestamp-request"),
                (14, "timestamp-reply"),
            ],
            number(bytes, false),
        ),
        Kind::Icmpv6Type => by_name(
            &[
                (1, "destination-unreachable"),
                (2, "packet-too-big"),
                (3, "time-exceeded"),
                (4, "parameter-problem"),
                (128, "echo-request"),
                (129, "echo-reply"),
                (130, "mld-listener-query"),
                (131, "mld-listener-report"),
                (132, "mld-listener-done"),
                (133, "nd-router-solicit"),
                (134, "nd-router-advert"),
                (135, "nd-neighbor-solicit"),
                (136, "nd-neighbor-advert"),
                (137, "nd-redirect"),
                (143, "mld2-listener-report"),
            ],
            number(bytes, false),
        ),
        Kind::TcpFlags => bits(number(bytes, false), &TCP_FLAGS, " | "),
        Kind::Hardware => {
            bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
        }
        Kind::Boolean => if bytes.iter().all(|byte| *byte == 0) { "missing" } else { "exists" }.to_owned(),
        Kind::HostNumber => number(bytes, true).to_string(),
    }
}

/// An interface's name; one that is compared without its NUL stands for any that begins so, written with `wildcard`.
pub(super) fn interface(bytes: &[u8], wildcard: &str) -> String {
    let end = bytes.iter().position(|byte| *byte == 0);
    let name = String::from_utf8_lossy(&bytes[..end.unwrap_or(bytes.len())]).into_owned();
    if end.is_none() && bytes.len() < 16 { name + wildcard } else { name }
}
