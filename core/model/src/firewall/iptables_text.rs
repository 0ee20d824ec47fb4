//! A rule as `iptables-save` prints it.
//!
//! `iptables-nft` writes addresses, interfaces and the protocol as nf_tables' own expressions, newer versions also
//! ports, marks, limits and more; whichever way a rule is kept, its line is the same.

use std::net::IpAddr;

use super::{
    Chain, Comparison, Expression, IpHeader, NatRange, Negatable, PortRange, Rule, Table, Verdict, XtMatch,
    field::{Context, Kind, address, field_of, interface, prefix_len, protocol_name},
    limit,
    statement::{Loaded, NatTo, Origin, Statement, number, statements},
    xt_text::{mark, match_text, nat, ports, quoted, target_text, tcp_flags},
};

/// The parts of a line, in the order in which they are printed.
#[derive(Default)]
struct Line {
    source: Option<String>,
    destination: Option<String>,
    in_interface: Option<String>,
    out_interface: Option<String>,
    protocol: Option<String>,
    fragment: Option<String>,
    matches: Vec<String>,
    target: Option<String>,
    context: Context,
    /// The lower bound of a range whose upper one follows.
    at_least: Option<(String, u16)>,
}

fn option(not: bool, option: &str, value: &str) -> String {
    format!("{}{option} {value}", if not { "! " } else { "" })
}

/// The line of a rule of one of iptables' tables.
pub(super) fn line(table: &Table, chain: &Chain, rule: &Rule) -> String {
    let is_ipv6 = table.family == super::Family::Ip6;
    let mut line = Line { context: Context { is_ipv6: Some(is_ipv6), protocol: None }, ..Line::default() };
    for statement in statements(table, rule) {
        line.take(table, &statement);
    }
    let has_comment_match = line.matches.iter().any(|words| words.starts_with("-m comment"));
    if let Some(comment) = rule.comment.as_ref().filter(|_| !has_comment_match) {
        line.matches.push(format!("-m comment --comment {}", quoted(comment)));
    }
    let mut text = format!("-A {}", quoted(&chain.name));
    let head = [line.source, line.destination, line.in_interface, line.out_interface, line.protocol, line.fragment];
    for part in head.into_iter().flatten().chain(line.matches).chain(line.target) {
        text.push(' ');
        text += &part;
    }
    text
}

impl Line {
    fn take(&mut self, table: &Table, statement: &Statement<'_>) {
        match statement {
            Statement::Compare { left, op, value } => self.compare(left, *op, value),
            Statement::Range { left, is_inverted, first, last } => {
                let field = field_of(left, self.context);
                let range = PortRange { first: port(first), last: port(last) };
                if field.kind == Kind::Port {
                    self.ports(&field.name, *is_inverted, &ports(&range));
                } else {
                    self.matches.push(format!("[undecoded {}]", field.name));
                }
            }
            Statement::Lookup { set, key, is_inverted, .. } => self.lookup(table, set, key, *is_inverted),
            Statement::Set { what, value } => self.set(what, value),
            Statement::DestinationNat { to, .. } => self.jump(format!("DNAT{}", translation(" --to-destination ", to))),
            Statement::SourceNat { to, .. } => self.jump(format!("SNAT{}", translation(" --to-source ", to))),
            Statement::Masquerade(to) => self.jump(format!("MASQUERADE{}", translation(" --to-ports ", to))),
            Statement::Redirect(to) => self.jump(format!("REDIRECT{}", translation(" --to-ports ", to))),
            Statement::Verdict(verdict) => match verdict {
                Verdict::Goto(chain) => self.target = Some(format!("-g {}", quoted(chain))),
                Verdict::Jump(chain) => self.jump(quoted(chain)),
                Verdict::Accept => self.jump("ACCEPT".to_owned()),
                Verdict::Drop => self.jump("DROP".to_owned()),
                Verdict::Return => self.jump("RETURN".to_owned()),
                Verdict::Queue => self.jump("NFQUEUE".to_owned()),
                Verdict::Continue => {}
            },
            Statement::Other(expression) => self.other(expression),
        }
    }

    fn jump(&mut self, target: String) {
        self.target = Some(format!("-j {target}"));
    }

    fn compare(&mut self, left: &Loaded, op: Comparison, value: &[u8]) {
        let field = field_of(left, self.context);
        let not = op == Comparison::NotEqual;
        let is_ipv6 = self.context.is_ipv6.unwrap_or(false);
        match (field.name.as_str(), field.kind) {
            (name @ ("ip saddr" | "ip daddr" | "ip6 saddr" | "ip6 daddr"), _) => {
                let is_source = name.ends_with("saddr");
                let words = option(not, if is_source { "-s" } else { "-d" }, &net(left, value, is_ipv6));
                *(if is_source { &mut self.source } else { &mut self.destination }) = Some(words);
            }
            ("iifname", _) => self.in_interface = Some(option(not, "-i", &interface(value, "+"))),
            ("oifname", _) => self.out_interface = Some(option(not, "-o", &interface(value, "+"))),
            ("meta l4proto" | "ip protocol" | "ip6 nexthdr", _) => {
                let number = value.first().copied().unwrap_or(0);
                if !not {
                    self.context.protocol = Some(number);
                }
                self.protocol = Some(option(not, "-p", &protocol(number)));
            }
            ("ip frag-off", _) => self.fragment = Some(if not { "-f" } else { "! -f" }.to_owned()),
            (name, Kind::Port) => match op {
                Comparison::Equal | Comparison::NotEqual => {
                    let name = name.to_owned();
                    self.ports(&name, not, &port(value).to_string());
                }
                Comparison::GreaterOrEqual => {
                    let low = port(value);
                    let words = PortRange { first: low, last: u16::MAX };
                    self.ports(name, false, &ports(&words));
                    self.at_least = Some((name.to_owned(), low));
                }
                Comparison::LessOrEqual => {
                    let high = port(value);
                    match self.at_least.take().filter(|(of, _)| of == name) {
                        Some((_, first)) => {
                            let (open, closed) = (PortRange { first, last: u16::MAX }, PortRange { first, last: high });
                            if let Some(words) = self.matches.last_mut() {
                                *words = words.replacen(&ports(&open), &ports(&closed), 1);
                            }
                        }
                        None => self.ports(name, false, &ports(&PortRange { first: 0, last: high })),
                    }
                }
                _ => self.matches.push(format!("[undecoded {name}]")),
            },
            ("tcp flags", _) => {
                let mask = left.mask.as_deref().and_then(|mask| mask.first()).copied().unwrap_or(0xff);
                let set = value.first().copied().unwrap_or(0);
                self.transport("tcp", &option(not, "--tcp-flags", &format!("{} {}", tcp_flags(mask), tcp_flags(set))));
            }
            ("icmp type" | "icmpv6 type", _) => {
                let (module, name) =
                    if is_ipv6 { ("icmp6", "--icmpv6-type") } else { ("icmp", "--icmp-type") };
                let number = value.first().copied().unwrap_or(0).to_string();
                self.transport(module, &option(not, name, &number));
            }
            ("icmp code" | "icmpv6 code", _) => {
                if let Some(words) = self.matches.last_mut() {
                    *words += &format!("/{}", value.first().copied().unwrap_or(0));
                }
            }
            (name @ ("meta mark" | "ct mark"), _) => {
                let mask = left.mask.as_deref().map_or(u32::MAX, word);
                let module = if name == "ct mark" { "connmark" } else { "mark" };
                self.matches.push(format!("-m {module} {}", option(not, "--mark", &mark(&(word(value), mask)))));
            }
            ("ct state", _) => {
                // `& mask != 0`: one of them; `== 0`: none.
                let mask = left.mask.as_deref().unwrap_or(value);
                let is_none = left.mask.is_some() && op == Comparison::Equal;
                let names = [(1, "INVALID"), (8, "NEW"), (4, "RELATED"), (2, "ESTABLISHED"), (64, "UNTRACKED")];
                let words = super::field::bits(number(mask, true), &names, ",");
                let not = is_none || (left.mask.is_none() && not);
                self.matches.push(format!("-m conntrack {}", option(not, "--ctstate", &words)));
            }
            ("meta pkttype", _) => {
                let kind = match number(value, true) {
                    0 => "unicast",
                    1 => "broadcast",
                    2 => "multicast",
                    _ => "[undecoded pkttype]",
                };
                self.matches.push(format!("-m pkttype {}", option(not, "--pkt-type", kind)));
            }
            (name, _) => self.matches.push(format!("[undecoded {name}]")),
        }
    }

    /// An option of `-m tcp`, `-m udp` …, which is written once for all of them.
    fn transport(&mut self, module: &str, words: &str) {
        let head = format!("-m {module} ");
        match self.matches.last_mut().filter(|last| last.starts_with(&head)) {
            Some(last) => {
                last.push(' ');
                *last += words;
            }
            None => self.matches.push(head + words),
        }
    }

    fn ports(&mut self, field: &str, not: bool, value: &str) {
        let (module, side) = field.split_once(' ').unwrap_or(("tcp", field));
        self.transport(module, &option(not, &format!("--{side}"), value));
    }

    /// An anonymous set of ports or protocols, as newer versions keep `multiport`.
    fn lookup(&mut self, table: &Table, set: &str, key: &[Loaded], is_inverted: bool) {
        let found = table.set(set).filter(|set| set.name.starts_with("__"));
        let field = key.first().map(|loaded| field_of(loaded, self.context));
        match (found, field) {
            (Some(found), Some(field)) if field.kind == Kind::Port && key.len() == 1 => {
                let side = if field.name.ends_with("sport") { "--sports" } else { "--dports" };
                let list: Vec<String> = (found.elements.iter())
                    .map(|element| {
                        let first = port(&element.key);
                        ports(&PortRange { first, last: element.key_end.as_deref().map_or(first, port) })
                    })
                    .collect();
                self.matches.push(format!("-m multiport {}", option(is_inverted, side, &list.join(","))));
            }
            _ => self.matches.push(format!("[undecoded lookup {set}]")),
        }
    }

    fn set(&mut self, what: &str, value: &Loaded) {
        match (what, &value.origin, &value.mask) {
            ("meta mark", Origin::Constant(bytes), _) => {
                self.jump(format!("MARK --set-xmark 0x{:x}/0xffffffff", word(bytes)));
            }
            ("meta mark", Origin::Meta(key), Some(mask)) if key == "mark" => {
                let xor = value.xor.as_deref().map_or(0, word);
                self.jump(format!("MARK --set-xmark 0x{xor:x}/0x{:x}", !word(mask)));
            }
            ("meta nftrace", ..) => self.jump("TRACE".to_owned()),
            _ => self.jump(format!("[undecoded {what}]")),
        }
    }

    fn other(&mut self, expression: &Expression) {
        match expression {
            Expression::IpHeader(header) => self.header(header),
            Expression::Xt(extension) => {
                if let XtMatch::Icmp { is_ipv6, .. } = **extension {
                    self.context.protocol = Some(if is_ipv6 { 58 } else { 1 });
                }
                let words = match_text(extension);
                // 255 in both is how `-p icmp` alone is kept by some.
                self.matches.push(words);
            }
            Expression::XtTarget(target) => self.jump(target_text(target)),
            Expression::Reject { with } => self.jump(format!("REJECT --reject-with {}", reject(with))),
            Expression::Log { text } => self.jump(log(text)),
            Expression::NoTrack => self.jump("CT --notrack".to_owned()),
            Expression::Unknown { name, bytes, is_match, .. } => match limit::iptables(name, bytes) {
                Some(words) => self.matches.push(words),
                None if *is_match => self.matches.push(format!("[undecoded {name}]")),
                None => self.jump(format!("[undecoded {name}]")),
            },
            _ => {}
        }
    }

    fn header(&mut self, header: &IpHeader) {
        let write = |name: &str, value: &Option<Negatable<String>>| {
            value.as_ref().map(|wanted| option(wanted.not, name, &wanted.value))
        };
        let side = |name: &str, net: &Option<Negatable<ipnet::IpNet>>, mask: &Option<Negatable<(IpAddr, IpAddr)>>| {
            let net = net.map(|wanted| option(wanted.not, name, &wanted.value.to_string()));
            let masked = mask.map(|wanted| option(wanted.not, name, &format!("{}/{}", wanted.value.0, wanted.value.1)));
            net.or(masked)
        };
        self.source = side("-s", &header.source, &header.source_mask);
        self.destination = side("-d", &header.destination, &header.destination_mask);
        self.in_interface = write("-i", &header.in_interface);
        self.out_interface = write("-o", &header.out_interface);
        self.protocol = header.protocol.map(|wanted| option(wanted.not, "-p", &protocol(wanted.value)));
        self.context.protocol = header.protocol.filter(|wanted| !wanted.not).map(|wanted| wanted.value);
        self.fragment = header.fragment.map(|wanted| if wanted.not { "! -f" } else { "-f" }.to_owned());
    }
}

fn protocol(number: u8) -> String {
    protocol_name(number).map_or_else(|| number.to_string(), str::to_owned)
}

fn port(bytes: &[u8]) -> u16 {
    u16::try_from(number(bytes, false)).unwrap_or(u16::MAX)
}

fn word(bytes: &[u8]) -> u32 {
    u32::try_from(number(bytes, true)).unwrap_or(u32::MAX)
}

/// An address with its mask, always written.
fn net(left: &Loaded, value: &[u8], is_ipv6: bool) -> String {
    let found = address(value, is_ipv6);
    match &left.mask {
        Some(mask) => match prefix_len(mask) {
            Some(len) => format!("{found}/{len}"),
            None => format!("{found}/{}", address(mask, is_ipv6)),
        },
        None => format!("{found}/{}", value.len() * 8),
    }
}

/// `nat`, `masq` or `redir` with constants; anything else is said to be undecoded.
fn translation(option: &str, to: &NatTo) -> String {
    let constant = |loaded: &Loaded| match &loaded.origin {
        Origin::Constant(bytes) => Some(bytes.clone()),
        _ => None,
    };
    let addresses: Option<Vec<_>> = to.addresses.iter().map(constant).collect();
    let found: Option<Vec<_>> = to.ports.iter().map(constant).collect();
    let (Some(addresses), Some(found)) = (addresses, found) else { return format!("{option}[undecoded map]") };
    let range = NatRange {
        addresses: addresses.first().zip(addresses.last()).map(|(first, last)| {
            (address(first, first.len() > 4), address(last, last.len() > 4))
        }),
        ports: found.first().zip(found.last()).map(|(first, last)| PortRange { first: port(first), last: port(last) }),
        random: to.flags & 4 != 0,
        random_fully: to.flags & 16 != 0,
        persistent: to.flags & 8 != 0,
    };
    nat(option, &range)
}

fn reject(with: &str) -> String {
    match with {
        "icmp prot-unreachable" => "icmp-proto-unreachable".to_owned(),
        "icmp net-prohibited" => "icmp-net-prohibited".to_owned(),
        "icmpv6 admin-prohibited" => "icmp6-adm-prohibited".to_owned(),
        "icmpv6 addr-unreachable" => "icmp6-addr-unreachable".to_owned(),
        other => other.replacen("icmpv6 ", "icmp6-", 1).replace(' ', "-"),
    }
}

/// nf_tables' own `log` with a group is what newer versions keep `NFLOG` as.
fn log(text: &str) -> String {
    let Some(rest) = text.strip_prefix("log") else { return text.to_owned() };
    let (head, rest) = match rest.strip_prefix(" prefix \"").and_then(|rest| rest.rsplit_once('"')) {
        Some((prefix, rest)) => (Some(prefix), rest),
        None => (None, rest),
    };
    let mut words = rest.split_whitespace();
    let (mut group, mut level) = (None, None);
    while let Some(word) = words.next() {
        match word {
            "group" => group = words.next(),
            "level" => level = words.next(),
            _ => {}
        }
    }
    let name = if group.is_some() { "nflog" } else { "log" };
    let mut text = name.to_ascii_uppercase();
    if let Some(prefix) = head {
        text += &format!(" --{name}-prefix {}", quoted(prefix));
    }
    if let Some(group) = group.filter(|group| *group != "0") {
        text += &format!(" --nflog-group {group}");
    }
    if let Some(level) = level {
        let levels = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"];
        let number = levels.iter().position(|name| *name == level).unwrap_or(4);
        text += &format!(" --log-level {number}");
    }
    text
}
