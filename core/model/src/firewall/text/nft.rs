//! A rule as `nft list ruleset` prints it.

use std::fmt::Write as _;

use super::{
    field::{Kind, be, kind, name, value},
    xt::{match_text, target_text},
};
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
