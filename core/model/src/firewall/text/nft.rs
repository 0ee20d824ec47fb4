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
    for (index, clause) in clauses.iter().enumerate() {
        // A question that the next one implies is not printed: `meta l4proto tcp tcp dport 80` is `tcp dport 80`.
        if let Clause::Compare { field: Field::Meta(key), op: Comparison::Equal, value, .. } = clause {
            if key == "l4proto" {
                protocol = value.first().copied();
                if clauses.get(index + 1..).unwrap_or_default().iter().any(asks_transport) {
                    continue;
                }
            }
            if key == "nfproto" && clauses.get(index + 1..).unwrap_or_default().iter().any(asks_network) {
                continue;
            }
        }
        if let Clause::Compare { field: Field::Payload(base, offset, 1), op: Comparison::Equal, value, .. } = clause
            && base == "network"
            && matches!((table.family, offset), (Family::Ip, 9) | (Family::Ip6, 6))
        {
            protocol = value.first().copied();
            if clauses.get(index + 1..).unwrap_or_default().iter().any(asks_transport) {
                continue;
            }
        }
        words.push(clause_text(table, rule, clause, protocol));
    }
    if let Some(comment) = &rule.comment {
        words.push(format!("comment \"{comment}\""));
    }
    words.retain(|word| !word.is_empty());
    words.join(" ")
}

fn field_of<'a>(clause: &'a Clause<'_>) -> Option<&'a Field> {
    match clause {
        Clause::Compare { field, .. } | Clause::Range { field, .. } | Clause::InSet { field, .. } => Some(field),
        Clause::VerdictMap { field, .. } => Some(field),
        Clause::Deed { .. } => None,
    }
}

fn has(field: &Field, wanted: &str) -> bool {
    match field {
        Field::Payload(base, ..) => base == wanted,
        Field::Concatenation(fields) => fields.iter().any(|field| has(field, wanted)),
        _ => false,
    }
}

fn asks_transport(clause: &Clause<'_>) -> bool {
    field_of(clause).is_some_and(|field| has(field, "transport"))
}

fn asks_network(clause: &Clause<'_>) -> bool {
    field_of(clause).is_some_and(|field| has(field, "network"))
}

fn clause_text(table: &Table, rule: &Rule, clause: &Clause<'_>, protocol: Option<u8>) -> String {
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
        Clause::Deed { step, operands } => deed(table.family, rule, step, operands, protocol),
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
            ("link_layer", _, 0 | 6, 6) => Kind::Mac,
            _ => Kind::Number,
        },
        Field::Meta(key) => match key.as_str() {
            "iifname" | "oifname" | "ibrname" | "obrname" => Kind::Name,
            "l4proto" => Kind::Protocol,
            "nfproto" => Kind::NfProto,
            "mark" => Kind::Mark,
            "pkttype" => Kind::PacketType,
            _ => Kind::Number,
        },
        Field::Ct(key, _) => match key.as_str() {
            "state" => Kind::State,
            "status" => Kind::Status,
            "mark" => Kind::Mark,
            "saddr" | "daddr" | "ip saddr" | "ip daddr" | "ip6 saddr" | "ip6 daddr" => Kind::Address,
            "proto-src" | "proto-dst" => Kind::Port,
            "protocol" => Kind::Protocol,
            _ => Kind::Number,
        },
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

fn name(family: Family, field: &Field, protocol: Option<u8>) -> String {
    match field {
        Field::Payload(base, offset, len) => {
            let ip = if family == Family::Ip6 || (matches!(offset, 8 | 24) && *len == 16) { "ip6" } else { "ip" };
            match (base.as_str(), ip, offset, len) {
                ("network", "ip", 12, _) | ("network", "ip6", 8, _) => format!("{ip} saddr"),
                ("network", "ip", 16, _) | ("network", "ip6", 24, _) => format!("{ip} daddr"),
                ("network", "ip", 9, 1) => "ip protocol".to_owned(),
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
        Field::Fib(result, by, is_present) => {
            let check = if *is_present { "exists" } else { "" };
            format!("fib {} {result} {check}", by.join(" . ")).trim_end().to_owned()
        }
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
        Kind::IcmpType => match bytes.first() {
            Some(0) => "echo-reply".to_owned(),
            Some(3) => "destination-unreachable".to_owned(),
            Some(8) => "echo-request".to_owned(),
            Some(11) => "time-exceeded".to_owned(),
            Some(12) => "parameter-problem".to_owned(),
            other => other.copied().unwrap_or(0).to_string(),
        },
        Kind::Number => be(bytes).to_string(),
    }
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
                (Some(mask), _) => mask.iter().map(|byte| byte.count_ones()).sum::<u32>() as usize,
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
            "{field_name} and {} {}{}",
            value(kind, mask),
            if sign.is_empty() { "" } else { sign },
            value(kind, bytes)
        ),
        (_, Some(mask)) => {
            format!("{field_name} & {:#x} {}{}", be(mask), if sign.is_empty() { "== " } else { sign }, be(bytes))
        }
        (kind, None) => format!("{field_name} {sign}{}", value(kind, bytes)),
    }
}

fn set_text(family: Family, field: &Field, name: &str, set: Option<&Set>) -> String {
    let Some(set) = set.filter(|_| name.starts_with("__")) else { return format!("@{name}") };
    let elements: Vec<String> = set.elements.iter().map(|element| element_text(family, field, set, element)).collect();
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
                    let len = set.field_lens.get(index).map_or(4, |len| *len as usize);
                    let bytes = element.key.get(at..at + len).unwrap_or_default();
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

/// The length of a prefix that spans just these keys.
fn prefix(first: &[u8], last: &[u8]) -> Option<usize> {
    let bits = |bytes: &[u8], at: usize| bytes[at / 8] >> (7 - at % 8) & 1;
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

fn deed(
    family: Family,
    rule: &Rule,
    step: &Expression,
    operands: &[Option<Operand<'_>>],
    protocol: Option<u8>,
) -> String {
    let operand = |index: usize, kind: Kind| {
        operands.get(index).and_then(Option::as_ref).map(|operand| operand_text(family, operand, kind, protocol))
    };
    match step {
        Expression::Counter => {
            let counter = rule.counter.unwrap_or_default();
            format!("counter packets {} bytes {}", counter.packets, counter.bytes)
        }
        Expression::Verdict { verdict } => verdict_text(verdict),
        Expression::Nat { is_destination, family: to_family, flags, .. } => {
            let mut text = if *is_destination { "dnat" } else { "snat" }.to_owned();
            if matches!(family, Family::Inet) {
                let _ = write!(text, " {to_family}");
            }
            let (address, port) = (operand(0, Kind::Address), operand(2, Kind::Port));
            match (address, port) {
                (Some(address), Some(port)) if address.contains(':') => {
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
        Expression::Unknown { name, .. } => format!("[undecoded {name}]"),
        _ => "[undecoded]".to_owned(),
    }
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
