//! A rule as `nft list ruleset` prints it.

use std::{
    fmt::Write as _,
    net::{Ipv4Addr, Ipv6Addr},
};

use super::xt::{match_text, target_text};
use crate::firewall::{
    Comparison, Data, Expression, Family, Rule, Set, SetElement, Table, Verdict,
    clause::{Clause, Field, Operand, clauses},
};

pub(super) fn text(table: &Table, rule: &Rule) -> String {
    let mut words: Vec<String> = Vec::new();
    let clauses = clauses(table, &rule.expressions);
    let mut protocol = None;
    let mut is_done = false;
    for (index, clause) in clauses.iter().enumerate() {
        if std::mem::take(&mut is_done) {
            continue;
        }
        let rest = clauses.get(index + 1..).unwrap_or_default();
        // A question that the next one implies is not printed: `meta l4proto tcp tcp dport 80` is `tcp dport 80`.
        if let Clause::Compare { field: Field::Meta(key), op: Comparison::Equal, value, .. } = clause {
            if key == "l4proto" {
                protocol = value.first().copied();
                if rest.iter().any(asks_transport) {
                    continue;
                }
            }
            if key == "nfproto" && rest.iter().any(|later| asks_network(later) || asks_icmp(later, protocol, rest)) {
                continue;
            }
            let is_implied = match key.as_str() {
                "protocol" => rest.iter().any(asks_network),
                "iiftype" => rest.iter().any(|later| asks(later, "link_layer")),
                _ => false,
            };
            if is_implied {
                continue;
            }
        }
        // A span is two questions.
        if let Some(text) = span(table.family, clause, rest.first(), protocol) {
            words.push(text);
            is_done = true;
            continue;
        }
        if let Clause::Compare { field: Field::Payload(base, offset, 1), op: Comparison::Equal, value, .. } = clause
            && base == "network"
            && matches!((table.family, offset), (Family::Ip, 9) | (Family::Ip6, 6))
        {
            protocol = value.first().copied();
            if rest.iter().any(asks_transport) {
                continue;
            }
        }
        words.push(clause_text(table, clause, protocol));
    }
    if let Some(comment) = &rule.comment {
        words.push(format!("comment \"{comment}\""));
    }
    words.retain(|word| !word.is_empty());
    words.join(" ")
}

/// A question in words, for a summary.
pub(super) fn question(table: &Table, clause: &Clause<'_>, protocol: Option<u8>) -> String {
    clause_text(table, clause, protocol)
}

/// That a field has a value, in words.
pub(super) fn equality(family: Family, field: &Field, bytes: &[u8]) -> String {
    compare(family, field, None, Comparison::Equal, bytes, None)
}

/// At least one value, then at most another, of the same field.
fn span(family: Family, clause: &Clause<'_>, next: Option<&Clause<'_>>, protocol: Option<u8>) -> Option<String> {
    let Clause::Compare { field, mask: None, op: Comparison::GreaterOrEqual, value: first } = clause else {
        return None;
    };
    match next? {
        Clause::Compare { field: same, mask: None, op: Comparison::LessOrEqual, value: last } if same == field => {
            let kind = kind(family, field);
            Some(format!("{} {}-{}", name(family, field, protocol), value(kind, first), value(kind, last)))
        }
        _ => None,
    }
}

fn field_of<'a>(clause: &'a Clause<'_>) -> Option<&'a Field> {
    match clause {
        Clause::Compare { field, .. } | Clause::Range { field, .. } | Clause::InSet { field, .. } => Some(field),
        Clause::VerdictMap { field, .. } => Some(field),
        Clause::Deed { operands, .. } => operands.iter().flatten().find_map(|operand| match operand {
            Operand::Mapped { field, .. } | Operand::Field(field) => Some(field),
            Operand::Value(_) => None,
        }),
    }
}

fn has(field: &Field, wanted: &str) -> bool {
    match field {
        Field::Payload(base, ..) => base == wanted,
        Field::Concatenation(fields) => fields.iter().any(|field| has(field, wanted)),
        _ => false,
    }
}

fn asks(clause: &Clause<'_>, base: &str) -> bool {
    field_of(clause).is_some_and(|field| has(field, base))
}

fn asks_transport(clause: &Clause<'_>) -> bool {
    asks(clause, "transport")
}

fn asks_network(clause: &Clause<'_>) -> bool {
    asks(clause, "network")
}

/// ICMP's own fields say of which family they are.
fn asks_icmp(clause: &Clause<'_>, before: Option<u8>, rest: &[Clause<'_>]) -> bool {
    let protocol = rest.iter().find_map(|clause| match clause {
        Clause::Compare { field: Field::Meta(key), op: Comparison::Equal, value, .. } if key == "l4proto" => {
            value.first().copied()
        }
        _ => None,
    });
    matches!(protocol.or(before), Some(1 | 58)) && asks_transport(clause)
}

fn clause_text(table: &Table, clause: &Clause<'_>, protocol: Option<u8>) -> String {
    match clause {
        Clause::Compare { field, mask, op, value } => {
            compare(table.family, field, mask.as_deref(), *op, value, protocol)
        }
        Clause::Range { field, not, first, last } => {
            let kind = kind(table.family, field);
            let not = if *not { "!= " } else { "" };
            format!("{} {not}{}-{}", name(table.family, field, protocol), value(kind, first), value(kind, last))
        }
        Clause::InSet { field, not, name: set_name, set, .. } => {
            let not = if *not { "!= " } else { "" };
            format!("{} {not}{}", name(table.family, field, protocol), set_text(table.family, field, set_name, *set))
        }
        Clause::VerdictMap { field, name: set_name, set } => {
            format!("{} vmap {}", name(table.family, field, protocol), set_text(table.family, field, set_name, *set))
        }
        Clause::Deed { step, operands } => deed(table.family, step, operands, protocol),
    }
}

/// How a value is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Address,
    Port,
    Protocol,
    Name,
    Mark,
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

fn kind(family: Family, field: &Field) -> Kind {
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

fn value(kind: Kind, bytes: &[u8]) -> String {
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

fn be(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn compare(
    family: Family,
    field: &Field,
    mask: Option<&[u8]>,
    op: Comparison,
    bytes: &[u8],
    protocol: Option<u8>,
) -> String {
    let field_name = name(family, field, protocol);
    let kind = kind(family, field);
    let sign = match op {
        Comparison::Equal => "",
        Comparison::NotEqual => "!= ",
        Comparison::Less => "< ",
        Comparison::LessOrEqual => "<= ",
        Comparison::Greater => "> ",
        Comparison::GreaterOrEqual => ">= ",
    };
    match (kind, mask) {
        // `ct state established,related` is "masked with these, not zero".
        (Kind::State | Kind::Status, Some(mask))
            if op == Comparison::NotEqual && bytes.iter().all(|byte| *byte == 0) =>
        {
            format!("{field_name} {}", value(kind, mask))
        }
        (Kind::State | Kind::Status, Some(mask)) if op == Comparison::Equal && bytes.iter().all(|byte| *byte == 0) => {
            format!("{field_name} != {}", value(kind, mask))
        }
        (Kind::Address, mask) => {
            let full = if family == Family::Ip6 || bytes.len() > 4 { 16 } else { 4 };
            let mut padded = bytes.to_vec();
            padded.resize(full, 0);
            let prefix = match (mask, field) {
                (Some(mask), _) => match prefix_len(mask) {
                    Some(len) => len,
                    None => {
                        let sign = if sign.is_empty() { "== " } else { sign };
                        return format!("{field_name} & {} {sign}{}", value(kind, mask), value(kind, &padded));
                    }
                },
                (None, Field::Payload(_, _, len)) => *len as usize * 8,
                _ => full * 8,
            };
            let address = value(kind, &padded);
            if prefix == full * 8 {
                format!("{field_name} {sign}{address}")
            } else {
                format!("{field_name} {sign}{address}/{prefix}")
            }
        }
        (Kind::Mark, Some(mask)) => format!(
            "{field_name} & {} {}{}",
            value(kind, mask),
            if sign.is_empty() { "== " } else { sign },
            value(kind, bytes)
        ),
        (Kind::Flags, Some(mask)) if !bytes.iter().all(|byte| *byte == 0) => {
            format!("{field_name} {sign}{} / {}", value(kind, bytes), value(kind, mask))
        }
        (_, Some(mask)) => {
            format!("{field_name} & {:#x} {}{}", be(mask), if sign.is_empty() { "== " } else { sign }, be(bytes))
        }
        (kind, None) => format!("{field_name} {sign}{}", value(kind, bytes)),
    }
}

fn set_text(family: Family, field: &Field, name: &str, set: Option<&Set>) -> String {
    let Some(set) = set.filter(|_| name.starts_with("__")) else { return format!("@{name}") };
    // The kernel lists them as they are hashed; nft prints them by value.
    let is_host_order =
        matches!(kind(family, field), Kind::State | Kind::Status | Kind::Mark | Kind::HostNumber | Kind::AddressType);
    let mut sorted: Vec<&SetElement> = set.elements.iter().collect();
    sorted.sort_by_cached_key(|element| {
        let mut key = element.key.clone();
        if is_host_order && cfg!(target_endian = "little") {
            key.reverse();
        }
        (element.is_catch_all, key)
    });
    let elements: Vec<String> = sorted.into_iter().map(|element| element_text(family, field, set, element)).collect();
    format!("{{ {} }}", elements.join(", "))
}

fn element_text(family: Family, field: &Field, set: &Set, element: &SetElement) -> String {
    let mut text = if element.is_catch_all {
        "*".to_owned()
    } else {
        match field {
            Field::Concatenation(fields) => {
                let mut at = 0;
                let mut parts = Vec::new();
                for (index, part) in fields.iter().enumerate() {
                    let len = set.field_lens.get(index).map_or_else(|| part_len(part), |len| (*len as usize).min(80));
                    let width = match part {
                        Field::Payload(_, _, width) => (*width as usize).min(len),
                        _ => len,
                    };
                    let bytes = element.key.get(at..at + width).unwrap_or_default();
                    parts.push(value(kind(family, part), bytes));
                    at += len.next_multiple_of(4);
                }
                parts.join(" . ")
            }
            field => {
                let kind = kind(family, field);
                let first = value(kind, &element.key);
                match &element.key_end {
                    Some(last) if *last != element.key => {
                        match prefix(&element.key, last).filter(|_| kind == Kind::Address) {
                            Some(len) => format!("{first}/{len}"),
                            None => format!("{first}-{}", value(kind, last)),
                        }
                    }
                    _ => first,
                }
            }
        }
    };
    match &element.data {
        Some(Data::Verdict(verdict)) => text += &format!(" : {}", verdict_text(verdict)),
        Some(Data::Value(bytes)) => text += &format!(" : {}", value(Kind::Address, bytes)),
        None => {}
    }
    text
}

/// The length of a mask that is a prefix.
fn prefix_len(mask: &[u8]) -> Option<usize> {
    let len = mask.iter().map(|byte| byte.count_ones() as usize).sum();
    (0..mask.len() * 8).all(|at| (mask[at / 8] >> (7 - at % 8) & 1 == 1) == (at < len)).then_some(len)
}

/// How long a part of a concatenated key is where the set does not say.
fn part_len(part: &Field) -> usize {
    match part {
        Field::Payload(_, _, len) => *len as usize,
        Field::Meta(key) if key.ends_with("name") => 16,
        _ => 4,
    }
}

/// The length of a prefix that spans just these keys.
fn prefix(first: &[u8], last: &[u8]) -> Option<usize> {
    let bits = |bytes: &[u8], at: usize| bytes.get(at / 8).map_or(0, |byte| byte >> (7 - at % 8) & 1);
    let total = first.len() * 8;
    let len = (0..total).find(|at| bits(first, *at) != bits(last, *at))?;
    (len..total).all(|at| bits(first, at) == 0 && bits(last, at) == 1).then_some(len)
}

fn verdict_text(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Accept => "accept".to_owned(),
        Verdict::Drop => "drop".to_owned(),
        Verdict::Continue => "continue".to_owned(),
        Verdict::Return => "return".to_owned(),
        Verdict::Queue => "queue".to_owned(),
        Verdict::Jump(chain) => format!("jump {chain}"),
        Verdict::Goto(chain) => format!("goto {chain}"),
    }
}

fn operand_text(family: Family, operand: &Operand<'_>, kind_wanted: Kind, protocol: Option<u8>) -> String {
    match operand {
        Operand::Value(bytes) => value(kind_wanted, bytes),
        Operand::Mapped { field, name: map, set, .. } => {
            format!("{} map {}", name(family, field, protocol), set_text(family, field, map, *set))
        }
        Operand::Field(field) => name(family, field, protocol),
    }
}

fn deed(family: Family, step: &Expression, operands: &[Option<Operand<'_>>], protocol: Option<u8>) -> String {
    let operand = |index: usize, kind: Kind| {
        operands.get(index).and_then(Option::as_ref).map(|operand| operand_text(family, operand, kind, protocol))
    };
    match step {
        // What was counted is no part of what a rule says.
        Expression::Counter => "counter".to_owned(),
        Expression::Verdict { verdict } => verdict_text(verdict),
        Expression::Nat { is_destination, family: to_family, flags, .. } => {
            let mut text = if *is_destination { "dnat" } else { "snat" }.to_owned();
            if matches!(family, Family::Inet) {
                let _ = write!(text, " {to_family}");
            }
            let (mut address, mut port) = (operand(0, Kind::Address), operand(2, Kind::Port));
            if let Some(last) = operand(1, Kind::Address).filter(|last| address.as_ref() != Some(last)) {
                address = address.map(|first| format!("{first}-{last}"));
            }
            if let Some(last) = operand(3, Kind::Port).filter(|last| port.as_ref() != Some(last)) {
                port = port.map(|first| format!("{first}-{last}"));
            }
            // One map may give both.
            if let [Some(Operand::Mapped { .. }), _, Some(_), ..] = operands {
                port = None;
            }
            match (address, port) {
                (Some(address), Some(port)) if to_family == "ip6" => {
                    let _ = write!(text, " to [{address}]:{port}");
                }
                (Some(address), Some(port)) => {
                    let _ = write!(text, " to {address}:{port}");
                }
                (Some(address), None) => {
                    let _ = write!(text, " to {address}");
                }
                (None, Some(port)) => {
                    let _ = write!(text, " to :{port}");
                }
                (None, None) => {}
            }
            text + &nat_flags(*flags)
        }
        Expression::Masquerade { flags, .. } => {
            let to = operand(0, Kind::Port).map(|port| format!(" to :{port}")).unwrap_or_default();
            format!("masquerade{to}{}", nat_flags(*flags))
        }
        Expression::Redirect { flags, .. } => {
            let to = operand(0, Kind::Port).map(|port| format!(" to :{port}")).unwrap_or_default();
            format!("redirect{to}{}", nat_flags(*flags))
        }
        Expression::Reject { with } => match with.as_str() {
            "icmp port-unreachable" if family == Family::Ip => "reject".to_owned(),
            "icmpv6 port-unreachable" if family == Family::Ip6 => "reject".to_owned(),
            "icmpx port-unreachable" => "reject".to_owned(),
            with => format!("reject with {with}"),
        },
        Expression::Log { text } => text.clone(),
        Expression::NoTrack => "notrack".to_owned(),
        Expression::MetaSet { key, .. } => {
            format!(
                "meta {key} set {}",
                operand(0, if key == "mark" { Kind::Mark } else { Kind::Number }).unwrap_or_default()
            )
        }
        Expression::CtSet { key, .. } => {
            format!(
                "ct {key} set {}",
                operand(0, if key == "mark" { Kind::Mark } else { Kind::Number }).unwrap_or_default()
            )
        }
        Expression::Xt(found) => format!("xt match{}", match_text(found)),
        Expression::XtTarget(target) => format!("xt target{}", target_text(target)),
        Expression::Unknown { name, bytes, .. } => match limit(bytes).filter(|_| name == "limit") {
            Some(text) => text,
            None => format!("[undecoded {name}]"),
        },
        _ => "[undecoded]".to_owned(),
    }
}

/// `NFTA_LIMIT_*`.
fn limit(bytes: &[u8]) -> Option<String> {
    let limit = super::limit::read(bytes)?;
    let over = if limit.is_over { "over " } else { "" };
    let unit = match limit.unit_s {
        1 => "second",
        60 => "minute",
        3600 => "hour",
        86400 => "day",
        604_800 => "week",
        _ => return None,
    };
    let burst =
        if limit.burst == 0 || limit.burst == 5 { String::new() } else { format!(" burst {} packets", limit.burst) };
    (!limit.is_bytes).then(|| format!("limit rate {over}{}/{unit}{burst}", limit.rate))
}

fn nat_flags(flags: u32) -> String {
    let mut text = String::new();
    for (bit, name) in [(4, "random"), (16, "fully-random"), (8, "persistent")] {
        if flags & bit != 0 {
            text += if text.is_empty() { " " } else { "," };
            text += name;
        }
    }
    text
}
