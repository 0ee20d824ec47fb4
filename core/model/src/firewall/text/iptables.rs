//! A rule as `iptables-save` prints it: the header first, then matches, then the target.

use std::{
    fmt::Write as _,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use super::xt::{bang, mark, match_text, quoted, target_text};
use crate::firewall::{
    Chain, Comparison, Expression, Family, IpHeader, Negatable, PortRange, Rule, Table, Verdict, XtMatch,
    clause::{Clause, Field, clauses},
};

/// What a line is made of.
#[derive(Default)]
struct Line {
    header: IpHeader,
    /// Ports that are asked for natively, printed as the protocol's own match.
    ports: Vec<(bool, Negatable<PortRange>)>,
    matches: String,
    target: String,
}

pub(super) fn text(table: &Table, chain: &Chain, rule: &Rule) -> String {
    let mut line = Line::default();
    for clause in clauses(table, &rule.expressions) {
        take(&mut line, table.family, &clause);
    }
    line.flush_ports();
    if let Some(comment) = rule.comment.as_ref().filter(|_| !line.matches.contains(" -m comment ")) {
        let _ = write!(line.matches, " -m comment --comment {}", quoted(comment));
    }
    let mut text = format!("-A {}", chain.name);
    write_header(&mut text, &line.header, table.family);
    text += &line.matches;
    text += &line.target;
    text
}

impl Line {
    fn flush_ports(&mut self) {
        if self.ports.is_empty() {
            return;
        }
        let name = self.header.protocol.map_or("tcp", |protocol| protocol_name(protocol.value).unwrap_or("tcp"));
        self.matches += &format!(" -m {name}");
        for is_source in [true, false] {
            for (_, range) in self.ports.iter().filter(|(side, _)| *side == is_source) {
                let option = if is_source { "sport" } else { "dport" };
                let PortRange { first, last } = range.value;
                let _ = write!(self.matches, "{} --{option} {first}", bang(range));
                if first != last {
                    let _ = write!(self.matches, ":{last}");
                }
            }
        }
        self.ports.clear();
    }

    fn undecoded(&mut self, name: &str) {
        let _ = write!(self.matches, " [undecoded {name}]");
    }
}

fn take(line: &mut Line, family: Family, clause: &Clause<'_>) {
    match clause {
        Clause::Compare { field, mask, op, value } => {
            let not = *op == Comparison::NotEqual;
            if !header_question(line, family, field, mask.as_deref(), not, value) {
                native_question(line, field, mask.as_deref(), *op, value);
            }
        }
        Clause::Range { field: Field::Payload(base, offset, 2), not, first, last } if base == "transport" => {
            if let (Some(first), Some(last)) = (be16(first), be16(last)) {
                line.ports.push((*offset == 0, Negatable { not: *not, value: PortRange { first, last } }));
            }
        }
        Clause::Range { .. } => line.undecoded("range"),
        Clause::InSet { name, .. } | Clause::VerdictMap { name, .. } => line.undecoded(&format!("set {name}")),
        Clause::Deed { step, .. } => deed(line, step),
    }
}

/// What stands in the fixed header of an iptables rule.
fn header_question(
    line: &mut Line,
    family: Family,
    field: &Field,
    mask: Option<&[u8]>,
    not: bool,
    value: &[u8],
) -> bool {
    let header = &mut line.header;
    match field {
        Field::Meta(key) if key == "iifname" || key == "oifname" => {
            let name = interface(value);
            let place = if key == "iifname" { &mut header.in_interface } else { &mut header.out_interface };
            *place = Some(Negatable { not, value: name });
        }
        Field::Meta(key) if key == "l4proto" => {
            header.protocol = value.first().map(|protocol| Negatable { not, value: *protocol });
        }
        // What `iptables` adds for its own sake.
        Field::Meta(key) if key == "nfproto" || key == "protocol" => {}
        Field::Payload(base, offset, len) if base == "network" => {
            let at = match (family, offset) {
                (Family::Ip, 9) | (Family::Ip6, 6) if *len == 1 => {
                    header.protocol = value.first().map(|protocol| Negatable { not, value: *protocol });
                    return true;
                }
                // The fragment's offset, with or without the flag for more.
                (Family::Ip, 6) if *len == 2 && mask.is_some() && value.iter().all(|byte| *byte == 0) => {
                    header.fragment = Some(Negatable { not: !not, value: () });
                    return true;
                }
                (Family::Ip, 12) | (Family::Ip6, 8) => false,
                (Family::Ip, 16) | (Family::Ip6, 24) => true,
                _ => return false,
            };
            let width = if family == Family::Ip { 4 } else { 16 };
            // A prefix of whole bytes is loaded without a mask.
            let prefix = match mask {
                Some(mask) => match address(mask).and_then(|mask| ipnet::ip_mask_to_prefix(mask).ok()) {
                    Some(prefix) => u32::from(prefix),
                    None => {
                        let (Some(address), Some(mask)) = (address(value), address(mask)) else { return false };
                        let place = if at { &mut header.destination_mask } else { &mut header.source_mask };
                        *place = Some(Negatable { not, value: (address, mask) });
                        return true;
                    }
                },
                None => *len * 8,
            };
            let mut bytes = value.to_vec();
            bytes.resize(width, 0);
            let Some(net) =
                address(&bytes).and_then(|address| ipnet::IpNet::new(address, u8::try_from(prefix).ok()?).ok())
            else {
                return false;
            };
            let place = if at { &mut header.destination } else { &mut header.source };
            *place = Some(Negatable { not, value: net });
        }
        _ => return false,
    }
    true
}

/// What newer versions ask natively instead of by an extension.
fn native_question(line: &mut Line, field: &Field, mask: Option<&[u8]>, op: Comparison, value: &[u8]) {
    let not = op == Comparison::NotEqual;
    match field {
        Field::Payload(base, offset, 2) if base == "transport" && matches!(offset, 0 | 2) => {
            let Some(port) = be16(value) else { return line.undecoded("payload") };
            let range = match op {
                Comparison::Less => PortRange { first: 0, last: port.saturating_sub(1) },
                Comparison::LessOrEqual => PortRange { first: 0, last: port },
                Comparison::Greater => PortRange { first: port.saturating_add(1), last: u16::MAX },
                Comparison::GreaterOrEqual => PortRange { first: port, last: u16::MAX },
                Comparison::Equal | Comparison::NotEqual => PortRange::one(port),
            };
            line.ports.push((*offset == 0, Negatable { not, value: range }));
        }
        Field::Payload(base, 13, 1) if base == "transport" => {
            let mask = mask.and_then(|mask| mask.first()).copied().unwrap_or(0xff);
            let flags = Negatable { not, value: (mask, value.first().copied().unwrap_or(0)) };
            line.flush_ports();
            let found = XtMatch::Tcp { source_ports: None, destination_ports: None, flags: Some(flags), option: None };
            let text = match_text(&found);
            // With ports there is one `-m tcp` for all.
            if line.matches.contains(" -m tcp") {
                line.matches += text.trim_start_matches(" -m tcp");
            } else {
                line.matches += &text;
            }
        }
        Field::Payload(base, offset, 1) if base == "transport" && *offset == 0 => {
            let is_ipv6 = line.header.protocol.is_some_and(|protocol| protocol.value == 58);
            let kind = Negatable { not, value: (value.first().copied().unwrap_or(0), 0, 255) };
            line.matches += &match_text(&XtMatch::Icmp { kind, is_ipv6 });
        }
        Field::Meta(key) if key == "mark" => {
            let value = ne32(value);
            let mask = mask.map_or(u32::MAX, ne32);
            line.flush_ports();
            let _ = write!(line.matches, " -m mark{} --mark {}", if not { " !" } else { "" }, mark(value, mask));
        }
        Field::Ct(key, _) if key == "state" => {
            let (bits, not) = match mask {
                Some(mask) => (ne32(mask), op == Comparison::Equal),
                None => (ne32(value), not),
            };
            let states = [("INVALID", 1), ("NEW", 8), ("RELATED", 4), ("ESTABLISHED", 2), ("UNTRACKED", 64)];
            let names: Vec<&str> = states.iter().filter(|(_, bit)| bits & bit != 0).map(|(name, _)| *name).collect();
            let not = if not { " !" } else { "" };
            let _ = write!(line.matches, " -m conntrack{not} --ctstate {}", names.join(","));
        }
        Field::Meta(key) if key == "pkttype" => {
            let kind = ["unicast", "broadcast", "multicast"].get(usize::from(value.first().copied().unwrap_or(0)));
            let kind = Negatable { not, value: (*kind.unwrap_or(&"unicast")).to_owned() };
            line.matches += &match_text(&XtMatch::PacketType { kind });
        }
        field => line.undecoded(super::field::name(Family::Inet, field, None).trim()),
    }
}

fn deed(line: &mut Line, step: &Expression) {
    line.flush_ports();
    match step {
        Expression::Counter => {}
        Expression::IpHeader(header) => line.header = (**header).clone(),
        Expression::Xt(found) => line.matches += &match_text(found),
        Expression::XtTarget(target) => line.target = target_text(target),
        Expression::Verdict { verdict } => {
            line.target = match verdict {
                Verdict::Accept => " -j ACCEPT".to_owned(),
                Verdict::Drop => " -j DROP".to_owned(),
                Verdict::Return => " -j RETURN".to_owned(),
                Verdict::Queue => " -j QUEUE".to_owned(),
                Verdict::Continue => String::new(),
                Verdict::Jump(chain) => format!(" -j {chain}"),
                Verdict::Goto(chain) => format!(" -g {chain}"),
            };
        }
        Expression::Reject { with } => line.target = format!(" -j REJECT --reject-with {}", reject_word(with)),
        Expression::Log { text } => line.target = format!(" -j {}", native_log(text)),
        Expression::NoTrack => line.target = " -j CT --notrack".to_owned(),
        Expression::Masquerade { flags, .. } => {
            line.target = " -j MASQUERADE".to_owned();
            for (bit, flag) in [(4, " --random"), (16, " --random-fully")] {
                if flags & bit != 0 {
                    line.target += flag;
                }
            }
        }
        Expression::Unknown { name, bytes, .. } if name == "xt_match limit" => line.matches += &limit(bytes),
        Expression::Unknown { name, bytes, .. } if name == "limit" => line.matches += &native_limit(bytes),
        Expression::Unknown { name, .. } => match name.strip_prefix("xt_target ") {
            Some(target) => line.target = format!(" -j {target} [undecoded]"),
            None => line.undecoded(name.strip_prefix("xt_match ").unwrap_or(name)),
        },
        _ => line.undecoded("expression"),
    }
}

/// nft's `icmp port-unreachable` in iptables' word.
fn reject_word(with: &str) -> String {
    match with {
        "icmp prot-unreachable" => "icmp-proto-unreachable".to_owned(),
        "icmpv6 admin-prohibited" => "icmp6-adm-prohibited".to_owned(),
        _ => with.replacen("icmpv6 ", "icmp6-", 1).replace(' ', "-"),
    }
}

/// nft's `log prefix "x"` in iptables' words.
fn native_log(text: &str) -> String {
    let Some(rest) = text.strip_prefix("log") else { return text.to_owned() };
    let mut words = if rest.contains(" group ") { "NFLOG" } else { "LOG" }.to_owned();
    let option = if words == "NFLOG" { "nflog" } else { "log" };
    if let Some((_, prefix)) = rest.split_once(" prefix ") {
        let prefix = prefix.rsplit_once('"').map_or(prefix, |(prefix, _)| prefix).trim_start_matches('"');
        let _ = write!(words, " --{option}-prefix {}", quoted(prefix));
    }
    if let Some((_, group)) = rest.split_once(" group ") {
        let group = group.split(' ').next().unwrap_or_default();
        if group != "0" {
            let _ = write!(words, " --nflog-group {group}");
        }
    }
    if let Some((_, level)) = rest.split_once(" level ") {
        let levels = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"];
        if let Some(number) = levels.iter().position(|name| *name == level.trim()) {
            let _ = write!(words, " --log-level {number}");
        }
    }
    words
}

/// `struct xt_rateinfo`: the average in ten-thousandths of a second for each packet, then the burst.
fn limit(bytes: &[u8]) -> String {
    let word = |at: usize| bytes.get(at..at + 4).map_or(0, ne32);
    let (average, burst) = (word(0), word(4));
    if average == 0 {
        return " -m limit [undecoded]".to_owned();
    }
    let units = [("day", 864_000_000_u32), ("hour", 36_000_000), ("min", 600_000), ("sec", 10_000)];
    // The smallest unit in which the rate is still whole enough.
    let mut best = units[0];
    for unit in &units[1..] {
        if average > unit.1 || unit.1 / average < unit.1 % average {
            break;
        }
        best = *unit;
    }
    let mut text = format!(" -m limit --limit {}/{}", best.1 / average, best.0);
    if burst != 5 {
        let _ = write!(text, " --limit-burst {burst}");
    }
    text
}

/// nf_tables' own `limit`.
fn native_limit(bytes: &[u8]) -> String {
    let limit = super::limit::read(bytes).filter(|limit| !limit.is_over && !limit.is_bytes);
    let unit = limit.as_ref().and_then(|limit| match limit.unit_s {
        1 => Some("sec"),
        60 => Some("min"),
        3600 => Some("hour"),
        86400 => Some("day"),
        _ => None,
    });
    let Some((limit, unit)) = limit.zip(unit) else { return " [undecoded limit]".to_owned() };
    let mut text = format!(" -m limit --limit {}/{unit}", limit.rate);
    if limit.burst != 5 {
        let _ = write!(text, " --limit-burst {}", limit.burst);
    }
    text
}

fn write_header(text: &mut String, header: &IpHeader, family: Family) {
    for (option, net, masked) in
        [("-s", &header.source, &header.source_mask), ("-d", &header.destination, &header.destination_mask)]
    {
        if let Some(net) = net {
            let _ = write!(text, "{} {option} {}", bang(net), net.value);
        }
        if let Some(masked) = masked {
            let _ = write!(text, "{} {option} {}/{}", bang(masked), masked.value.0, masked.value.1);
        }
    }
    for (option, name) in [("-i", &header.in_interface), ("-o", &header.out_interface)] {
        if let Some(name) = name {
            let _ = write!(text, "{} {option} {}", bang(name), name.value);
        }
    }
    if let Some(protocol) = &header.protocol {
        let name = protocol_name(protocol.value).map_or_else(|| protocol.value.to_string(), str::to_owned);
        let name = if family == Family::Ip6 && protocol.value == 58 { "ipv6-icmp".to_owned() } else { name };
        let _ = write!(text, "{} -p {name}", bang(protocol));
    }
    if let Some(fragment) = &header.fragment {
        let _ = write!(text, "{} -f", bang(fragment));
    }
}

fn protocol_name(number: u8) -> Option<&'static str> {
    Some(match number {
        1 => "icmp",
        2 => "igmp",
        6 => "tcp",
        17 => "udp",
        33 => "dccp",
        47 => "gre",
        50 => "esp",
        51 => "ah",
        58 => "ipv6-icmp",
        132 => "sctp",
        136 => "udplite",
        _ => return None,
    })
}

fn interface(value: &[u8]) -> String {
    let end = value.iter().position(|byte| *byte == 0);
    let name = String::from_utf8_lossy(&value[..end.unwrap_or(value.len())]).into_owned();
    // A comparison without the terminating NUL asks for the beginning alone.
    if end.is_none() && value.len() < 16 { format!("{name}+") } else { name }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(|bytes| Ipv4Addr::from(bytes).into()),
        16 => <[u8; 16]>::try_from(bytes).ok().map(|bytes| Ipv6Addr::from(bytes).into()),
        _ => None,
    }
}

fn be16(value: &[u8]) -> Option<u16> {
    value.get(..2)?.try_into().ok().map(u16::from_be_bytes)
}

fn ne32(value: &[u8]) -> u32 {
    value.get(..4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_ne_bytes)
}
