//! From expressions to [`RuleSummary`].

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use ipnet::IpNet;

use super::{
    Action, Chain, Comparison, Data, Expression, Family, Hook, Negatable, PortRange, Rule, RuleSummary, SetElement,
    Table, Verdict, XtMatch, XtTarget,
    clause::{Clause, Field, Operand, clauses},
};

/// What `rule` does, one summary for each thing it does (a rule with a verdict or address map does several).
pub fn summarise(table: &Table, chain: &Chain, rule: &Rule) -> Vec<RuleSummary> {
    let mut summaries = vec![RuleSummary { hooks: hooks(table, &chain.name), ..RuleSummary::default() }];
    let clauses = clauses(table, &rule.expressions);
    // Whether another question or the deed itself says of which family the packet is.
    let names_family = clauses.iter().any(|clause| match clause {
        Clause::Deed { step, .. } => matches!(step, Expression::Nat { .. } | Expression::Reject { .. }),
        Clause::Compare { field, .. } | Clause::Range { field, .. } | Clause::InSet { field, .. } => of_family(field),
        Clause::VerdictMap { field, .. } => of_family(field),
    });
    for clause in clauses {
        if let Clause::Compare { field: Field::Meta(key), .. } = &clause
            && matches!(key.as_str(), "nfproto" | "protocol")
            && !names_family
        {
            let words = super::text::question(table, &clause, None);
            summaries.iter_mut().for_each(|summary| summary.others.push(words.clone()));
        }
        match &clause {
            Clause::VerdictMap { field, set, .. } => {
                let elements = set.map(|set| set.elements.as_slice()).unwrap_or_default();
                summaries =
                    summaries.iter().flat_map(|summary| split(summary, table.family, field, elements)).collect();
            }
            Clause::Deed { step, operands } => {
                for summary in &mut summaries {
                    deed(summary, step, operands);
                }
                if let Some(Operand::Mapped { field, set, .. }) = operands.iter().flatten().next() {
                    let elements = set.map(|set| set.elements.as_slice()).unwrap_or_default();
                    summaries =
                        summaries.iter().flat_map(|summary| split(summary, table.family, field, elements)).collect();
                }
            }
            // One of several interfaces or protocols: a summary for each.
            Clause::InSet { field, not: false, set: Some(set), .. }
                if is_single(field) && (1..=MAX_SPLIT).contains(&set.elements.len()) =>
            {
                summaries =
                    summaries.iter().flat_map(|summary| split(summary, table.family, field, &set.elements)).collect();
            }
            clause => summaries.iter_mut().for_each(|summary| ask(summary, table, clause)),
        }
    }
    summaries
}

/// Whether a field is of one family's header.
fn of_family(field: &Field) -> bool {
    match field {
        Field::Payload(base, ..) => base == "network",
        Field::Concatenation(fields) => fields.iter().any(of_family),
        _ => false,
    }
}

/// How many values of a set are told apart, at most.
const MAX_SPLIT: usize = 64;

/// Whether a summary has room for one value of this field alone.
fn is_single(field: &Field) -> bool {
    match field {
        Field::Meta(key) => matches!(key.as_str(), "iifname" | "oifname" | "l4proto"),
        Field::Payload(base, 6 | 9, 1) => base == "network",
        _ => false,
    }
}

/// Hooks from which a chain can be reached.
fn hooks(table: &Table, chain: &str) -> Vec<Hook> {
    let mut callers: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut note = |from: &'_ Chain, verdict: &Verdict| {
        if let Verdict::Jump(to) | Verdict::Goto(to) = verdict
            && let (Some(from), Some(to)) = (table.chain(&from.name), table.chain(to))
        {
            callers.entry(&to.name).or_default().insert(&from.name);
        }
    };
    for from in &table.chains {
        for step in from.rules.iter().flat_map(|rule| &rule.expressions) {
            match step {
                Expression::Verdict { verdict } => note(from, verdict),
                Expression::Lookup { set, is_verdict_map: true, .. } => {
                    for element in table.set(set).into_iter().flat_map(|set| &set.elements) {
                        if let Some(Data::Verdict(verdict)) = &element.data {
                            note(from, verdict);
                        }
                    }
                }
                _ => {}
            }
        }
    }
    let (mut open, mut seen, mut hooks) = (vec![chain], BTreeSet::new(), BTreeSet::new());
    while let Some(name) = open.pop() {
        if !seen.insert(name) {
            continue;
        }
        hooks.extend(table.chain(name).and_then(|chain| chain.base.as_ref()).map(|base| base.hook));
        open.extend(callers.get(name).into_iter().flatten());
    }
    hooks.into_iter().collect()
}

/// One summary for each element of a map.
fn split(summary: &RuleSummary, family: Family, field: &Field, elements: &[SetElement]) -> Vec<RuleSummary> {
    elements
        .iter()
        .map(|element| {
            let mut one = summary.clone();
            if !element.is_catch_all {
                let fields = match field {
                    Field::Concatenation(fields) => fields.as_slice(),
                    field => std::slice::from_ref(field),
                };
                let mut at = 0;
                for field in fields {
                    let len = if fields.len() == 1 { element.key.len() } else { width(family, field) };
                    let key = element.key.get(at..(at + len).min(element.key.len())).unwrap_or_default();
                    let last = element.key_end.as_ref().and_then(|last| last.get(at..(at + len).min(last.len())));
                    if !value(&mut one, family, field, None, false, key, last) {
                        one.others.push(super::text::equality(family, field, key));
                    }
                    at += len.next_multiple_of(4);
                }
            }
            match &element.data {
                Some(Data::Verdict(verdict)) => one.action = verdict_action(verdict),
                Some(Data::Value(bytes)) => {
                    if let Action::DestinationNat { address, port } = &mut one.action {
                        let len = if family == Family::Ip6 || bytes.len() >= 16 { 16 } else { 4 };
                        *address = ip(bytes.get(..len).unwrap_or_default()).or(*address);
                        *port = bytes.get(len..len + 2).map(|port| PortRange::one(be16(port))).or(*port);
                    }
                }
                None => {}
            }
            one
        })
        .collect()
}

fn width(family: Family, field: &Field) -> usize {
    match field {
        Field::Payload(_, _, len) => *len as usize,
        Field::Meta(key) if key.ends_with("name") => 16,
        Field::Meta(key) if key == "l4proto" || key == "nfproto" => 1,
        Field::Ct(key, _) if key.ends_with("addr") && family == Family::Ip6 => 16,
        _ => 4,
    }
}

/// Takes a question into the summary: whole, or, where it has no field for it, in words.
fn ask(summary: &mut RuleSummary, table: &Table, clause: &Clause<'_>) {
    let mut asked = summary.clone();
    if ask_by_field(&mut asked, table.family, clause) {
        *summary = asked;
    } else {
        let protocol = summary.protocol.filter(|protocol| !protocol.not).map(|protocol| protocol.value);
        summary.others.push(super::text::question(table, clause, protocol));
    }
}

fn ask_by_field(summary: &mut RuleSummary, family: Family, clause: &Clause<'_>) -> bool {
    match clause {
        Clause::Compare { field, mask, op, value: bytes } => {
            let zero = bytes.iter().all(|byte| *byte == 0);
            match (field, mask, op) {
                (Field::Ct(key, _), Some(mask), Comparison::NotEqual | Comparison::Equal) if key == "state" && zero => {
                    states(summary, mask, *op == Comparison::Equal)
                }
                (field, mask, Comparison::Equal | Comparison::NotEqual) => {
                    value(summary, family, field, mask.as_deref(), *op == Comparison::NotEqual, bytes, None)
                }
                (Field::Payload(base, 2, 2), None, Comparison::GreaterOrEqual) if base == "transport" => {
                    value(summary, family, field, None, false, bytes, Some(&[0xff, 0xff]))
                }
                (Field::Payload(base, 2, 2), None, Comparison::LessOrEqual) if base == "transport" => {
                    at_most(summary, be16(bytes))
                }
                _ => false,
            }
        }
        Clause::Range { field, not, first, last } => value(summary, family, field, None, *not, first, Some(last)),
        Clause::InSet { field, not, set: Some(set), .. } if !matches!(field, Field::Concatenation(_)) => {
            // A named set's members come and go, and none of them may be left out.
            (!set.elements.is_empty() && set.elements.len() <= MAX_SPLIT)
                && set.elements.iter().all(|element| {
                    !element.is_catch_all
                        && value(summary, family, field, None, *not, &element.key, element.key_end.as_deref())
                })
        }
        Clause::InSet { .. } => false,
        Clause::VerdictMap { .. } | Clause::Deed { .. } => true,
    }
}

/// The upper end of a span whose lower one was asked just before.
fn at_most(summary: &mut RuleSummary, last: u16) -> bool {
    match summary.destination_ports.last_mut() {
        Some(Negatable { not: false, value }) if value.last == u16::MAX && value.first <= last => value.last = last,
        Some(_) => return false,
        None => summary.destination_ports.push(Negatable::is(PortRange { first: 0, last })),
    }
    true
}

fn states(summary: &mut RuleSummary, bits: &[u8], not: bool) -> bool {
    let bits = bits.get(..4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_ne_bytes);
    for (name, bit) in [("INVALID", 1), ("ESTABLISHED", 2), ("RELATED", 4), ("NEW", 8), ("UNTRACKED", 64)] {
        if bits & bit != 0 {
            summary.states.push(Negatable { not, value: name.to_owned() });
        }
    }
    true
}

/// One field has (or has not) one value, or one of a span. Whether the summary has room for it.
fn value(
    summary: &mut RuleSummary,
    family: Family,
    field: &Field,
    mask: Option<&[u8]>,
    not: bool,
    bytes: &[u8],
    last: Option<&[u8]>,
) -> bool {
    match field {
        Field::Ct(key, None) if key == "state" && mask.is_none() && last.is_none() => {
            return states(summary, bytes, not);
        }
        Field::Meta(key) if key == "iifname" || key == "oifname" => {
            let end = bytes.iter().position(|byte| *byte == 0);
            let mut name = String::from_utf8_lossy(&bytes[..end.unwrap_or(bytes.len())]).into_owned();
            if end.is_none() && bytes.len() < 16 {
                name.push('*');
            }
            let place = if key == "iifname" { &mut summary.in_interface } else { &mut summary.out_interface };
            match place {
                // One of several: no single name.
                Some(_) => return false,
                None => *place = Some(Negatable { not, value: name }),
            }
        }
        Field::Meta(key) if key == "l4proto" => {
            summary.protocol = bytes.first().map(|protocol| Negatable { not, value: *protocol });
        }
        Field::Meta(key) if key == "nfproto" || key == "protocol" => {}
        Field::Payload(base, offset, len) if base == "network" => {
            let is_ipv6 = family == Family::Ip6 || (*len == 16 && matches!(offset, 8 | 24));
            match (is_ipv6, offset) {
                (false, 9) | (true, 6) => {
                    summary.protocol = bytes.first().map(|protocol| Negatable { not, value: *protocol });
                }
                (false, 12 | 16) | (true, 8 | 24) => {
                    let list = if matches!(offset, 12 | 8) { &mut summary.sources } else { &mut summary.destinations };
                    match net(bytes, mask, last, *len, is_ipv6) {
                        Some(value) => list.push(Negatable { not, value }),
                        None => return false,
                    }
                }
                _ => return false,
            }
        }
        Field::Payload(base, offset, 2) if base == "transport" && matches!(offset, 0 | 2) => {
            let range = PortRange { first: be16(bytes), last: be16(last.unwrap_or(bytes)) };
            let list = if *offset == 0 { &mut summary.source_ports } else { &mut summary.destination_ports };
            list.push(Negatable { not, value: range });
        }
        Field::Fib(result, by, _) if result == "type" && by.iter().any(|by| by == "daddr") => {
            let kind = bytes.get(..4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_ne_bytes);
            if kind == 2 {
                summary.destination_is_local = Some(!not);
            } else {
                return false;
            }
        }
        _ => return false,
    }
    true
}

fn net(bytes: &[u8], mask: Option<&[u8]>, last: Option<&[u8]>, len: u32, is_ipv6: bool) -> Option<IpNet> {
    let width = if is_ipv6 { 16 } else { 4 };
    let mut padded = bytes.to_vec();
    padded.resize(width, 0);
    let prefix = match (mask, last) {
        (Some(mask), _) => u32::from(ipnet::ip_mask_to_prefix(ip(mask)?).ok()?),
        (None, Some(last)) => {
            let differing = padded.iter().zip(last).position(|(a, b)| a != b);
            match differing {
                None => len * 8,
                Some(at) => {
                    let bits = (padded[at] ^ last[at]).leading_zeros();
                    u32::try_from(at).ok()? * 8 + bits
                }
            }
        }
        (None, None) => len * 8,
    };
    let net = IpNet::new(ip(&padded)?, u8::try_from(prefix).ok()?).ok()?;
    // A span that is no prefix has no net.
    let spans = last.is_none_or(|last| ip(last) == Some(net.broadcast()) && ip(&padded) == Some(net.network()));
    spans.then_some(net)
}

fn ip(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
        16 => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
        _ => None,
    }
}

fn be16(bytes: &[u8]) -> u16 {
    bytes.get(..2).and_then(|bytes| bytes.try_into().ok()).map_or(0, u16::from_be_bytes)
}

fn verdict_action(verdict: &Verdict) -> Action {
    match verdict {
        Verdict::Accept => Action::Accept,
        Verdict::Drop => Action::Drop,
        Verdict::Continue => Action::Continue,
        Verdict::Return => Action::Return,
        Verdict::Queue => Action::Unknown { name: "queue".to_owned() },
        Verdict::Jump(chain) | Verdict::Goto(chain) => Action::Jump { chain: chain.clone() },
    }
}

fn deed(summary: &mut RuleSummary, step: &Expression, operands: &[Option<Operand<'_>>]) {
    let bytes = |index: usize| match operands.get(index) {
        Some(Some(Operand::Value(bytes))) => Some(bytes.as_slice()),
        _ => None,
    };
    match step {
        Expression::Verdict { verdict } => summary.action = verdict_action(verdict),
        Expression::Nat { is_destination: true, .. } => {
            let ports = bytes(2).map(|first| PortRange { first: be16(first), last: be16(bytes(3).unwrap_or(first)) });
            summary.action = Action::DestinationNat { address: bytes(0).and_then(ip), port: ports };
        }
        Expression::Nat { .. } => summary.action = Action::SourceNat { address: bytes(0).and_then(ip) },
        Expression::Masquerade { .. } => summary.action = Action::Masquerade,
        Expression::Redirect { .. } => {
            summary.action = Action::Redirect { port: bytes(0).map(|port| PortRange::one(be16(port))) };
        }
        Expression::Reject { .. } => summary.action = Action::Reject,
        Expression::IpHeader(header) => {
            summary.sources.extend(header.source);
            summary.destinations.extend(header.destination);
            summary.in_interface = header.in_interface.as_ref().map(wildcard);
            summary.out_interface = header.out_interface.as_ref().map(wildcard);
            summary.protocol = header.protocol;
            for masked in [&header.source_mask, &header.destination_mask].into_iter().flatten() {
                summary.others.push(format!("{}/{}", masked.value.0, masked.value.1));
            }
            if header.fragment.is_some() {
                summary.others.push("-f".to_owned());
            }
        }
        Expression::Xt(found) => extension(summary, found),
        Expression::XtTarget(target) => match &**target {
            XtTarget::Dnat { to } => {
                summary.action =
                    Action::DestinationNat { address: to.addresses.map(|(first, _)| first), port: to.ports };
            }
            XtTarget::Snat { to } => {
                summary.action = Action::SourceNat { address: to.addresses.map(|(first, _)| first) }
            }
            XtTarget::Masquerade { .. } => summary.action = Action::Masquerade,
            XtTarget::Redirect { to } => summary.action = Action::Redirect { port: to.ports },
            XtTarget::Netmap { .. } => summary.action = Action::Unknown { name: "NETMAP".to_owned() },
            _ => {}
        },
        Expression::Unknown { name, is_match: true, .. } => summary.undecoded.push(name.clone()),
        Expression::Unknown { name, .. } => summary.action = Action::Unknown { name: name.clone() },
        _ => {}
    }
}

/// Legacy xtables writes `br+` for what nf_tables writes `br*`.
fn wildcard(name: &Negatable<String>) -> Negatable<String> {
    let value = name.value.strip_suffix('+').map_or_else(|| name.value.clone(), |name| format!("{name}*"));
    Negatable { not: name.not, value }
}

fn extension(summary: &mut RuleSummary, found: &XtMatch) {
    let text = || super::text::xt_match_text(found);
    match found {
        XtMatch::Tcp { source_ports, destination_ports, flags, option } => {
            summary.source_ports.extend(*source_ports);
            summary.destination_ports.extend(*destination_ports);
            if flags.is_some() || option.is_some() {
                summary.others.push(text());
            }
        }
        XtMatch::Udp { source_ports, destination_ports } | XtMatch::Sctp { source_ports, destination_ports } => {
            summary.source_ports.extend(*source_ports);
            summary.destination_ports.extend(*destination_ports);
        }
        XtMatch::Multiport { side, ports } if side == "destination" => {
            summary
                .destination_ports
                .extend(ports.value.iter().map(|value| Negatable { not: ports.not, value: *value }));
        }
        XtMatch::AddressType { source: None, destination: Some(kinds), limit_in: false, limit_out: false }
            if kinds.value == ["LOCAL"] =>
        {
            summary.destination_is_local = Some(!kinds.not);
        }
        XtMatch::Comment { .. } => {}
        other => match other.states_alone() {
            Some(states) => {
                let named = states.value.iter().map(|name| Negatable { not: states.not, value: name.clone() });
                summary.states.extend(named);
            }
            None => summary.others.push(text()),
        },
    }
}
