//! xtables' extensions in iptables' words.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{NatRange, Negatable, PortRange, XtMatch, XtTarget};

/// Options put one behind the other.
#[derive(Default)]
struct Options(String);

impl Options {
    fn named(name: &str) -> Self {
        Self(format!("-m {name}"))
    }

    fn add<T>(&mut self, option: &str, value: Option<&Negatable<T>>, write: impl Fn(&T) -> String) {
        if let Some(Negatable { not, value }) = value {
            self.0 += if *not { " ! " } else { " " };
            self.0 += option;
            let written = write(value);
            if !written.is_empty() {
                self.0 += " ";
                self.0 += &written;
            }
        }
    }

    fn flag(&mut self, option: &str, is_asked: Option<bool>) {
        let asked = is_asked.map(|wanted| Negatable { not: !wanted, value: () });
        self.add(option, asked.as_ref(), |()| String::new());
    }
}

fn list(names: &[String]) -> String {
    names.join(",")
}

/// A network, a single address without its length.
fn network(net: &IpNet) -> String {
    if net.prefix_len() == net.max_prefix_len() { net.addr().to_string() } else { net.to_string() }
}

/// As `--dport` writes it.
pub(super) fn ports(range: &PortRange) -> String {
    if range.first == range.last { range.first.to_string() } else { format!("{}:{}", range.first, range.last) }
}

/// TCP's flags as `--tcp-flags` writes them.
pub(super) fn tcp_flags(flags: u8) -> String {
    const NAMES: [(u8, &str); 6] = [(1, "FIN"), (2, "SYN"), (4, "RST"), (8, "PSH"), (16, "ACK"), (32, "URG")];
    if flags & 0x3f == 0 {
        return "NONE".to_owned();
    }
    let found: Vec<&str> = NAMES.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, name)| *name).collect();
    found.join(",")
}

/// `value/mask`, the mask only where it is not full.
pub(super) fn mark((value, mask): &(u32, u32)) -> String {
    if *mask == u32::MAX { format!("0x{value:x}") } else { format!("0x{value:x}/0x{mask:x}") }
}

/// As xtables quotes a text.
pub(super) fn quoted(value: &str) -> String {
    let plain = |c: char| {
        c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/' | ',' | '=' | '+' | '@' | '%' | '^')
    };
    if !value.is_empty() && value.chars().all(plain) {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"").replace('\'', "\\'"))
}

fn span((first, last): &(IpAddr, IpAddr)) -> String {
    format!("{first}-{last}")
}

/// A match as iptables writes it: `-m tcp --dport 80`.
pub(super) fn match_text(extension: &XtMatch) -> String {
    match extension {
        XtMatch::Conntrack {
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
            is_state,
        } => {
            let mut options = Options::named(if *is_state { "state" } else { "conntrack" });
            options.add(if *is_state { "--state" } else { "--ctstate" }, states.as_ref(), |names| list(names));
            options.add("--ctproto", protocol.as_ref(), ToString::to_string);
            options.add("--ctorigsrc", original_source.as_ref(), network);
            options.add("--ctorigdst", original_destination.as_ref(), network);
            options.add("--ctreplsrc", reply_source.as_ref(), network);
            options.add("--ctrepldst", reply_destination.as_ref(), network);
            options.add("--ctorigsrcport", original_source_port.as_ref(), ports);
            options.add("--ctorigdstport", original_destination_port.as_ref(), ports);
            options.add("--ctreplsrcport", reply_source_port.as_ref(), ports);
            options.add("--ctrepldstport", reply_destination_port.as_ref(), ports);
            options.add("--ctstatus", status.as_ref(), |names| {
                if names.is_empty() { "NONE".to_owned() } else { list(names) }
            });
            let direction = direction.clone().map(Negatable::is);
            options.add("--ctdir", direction.as_ref(), Clone::clone);
            options.0
        }
        XtMatch::AddressType { source, destination, limit_in, limit_out } => {
            let mut options = Options::named("addrtype");
            options.add("--src-type", source.as_ref(), |names| list(names));
            options.add("--dst-type", destination.as_ref(), |names| list(names));
            options.flag("--limit-iface-in", limit_in.then_some(true));
            options.flag("--limit-iface-out", limit_out.then_some(true));
            options.0
        }
        XtMatch::Tcp { source_ports, destination_ports, flags, option } => {
            let mut options = Options::named("tcp");
            options.add("--sport", source_ports.as_ref(), ports);
            options.add("--dport", destination_ports.as_ref(), ports);
            options.add("--tcp-option", option.as_ref(), ToString::to_string);
            options.add("--tcp-flags", flags.as_ref(), |(mask, set)| {
                format!("{} {}", tcp_flags(*mask), tcp_flags(*set))
            });
            options.0
        }
        XtMatch::Udp { source_ports, destination_ports } => transport("udp", source_ports, destination_ports),
        XtMatch::Sctp { source_ports, destination_ports } => transport("sctp", source_ports, destination_ports),
        XtMatch::Icmp { kind, is_ipv6 } => {
            let mut options = Options::named(if *is_ipv6 { "icmp6" } else { "icmp" });
            options.add(if *is_ipv6 { "--icmpv6-type" } else { "--icmp-type" }, Some(kind), |(kind, first, last)| {
                match (kind, first, last) {
                    (255, 0, 255) if !is_ipv6 => "any".to_owned(),
                    (_, 0, 255) => kind.to_string(),
                    (_, first, last) if first == last => format!("{kind}/{first}"),
                    _ => format!("{kind}/{first}-{last}"),
                }
            });
            options.0
        }
        XtMatch::Multiport { side, ports: wanted } => {
            let mut options = Options::named("multiport");
            let option = match side.as_str() {
                "source" => "--sports",
                "destination" => "--dports",
                _ => "--ports",
            };
            options.add(option, Some(wanted), |list| list.iter().map(ports).collect::<Vec<_>>().join(","));
            options.0
        }
        XtMatch::Mark { mark: wanted } => {
            let mut options = Options::named("mark");
            options.add("--mark", Some(wanted), mark);
            options.0
        }
        XtMatch::Connmark { mark: wanted } => {
            let mut options = Options::named("connmark");
            options.add("--mark", Some(wanted), mark);
            options.0
        }
        XtMatch::Comment { text } => format!("-m comment --comment {}", quoted(text)),
        XtMatch::Physdev { in_interface, out_interface, is_in, is_out, is_bridged } => {
            let mut options = Options::named("physdev");
            options.flag("--physdev-is-in", *is_in);
            options.add("--physdev-in", in_interface.as_ref(), Clone::clone);
            options.flag("--physdev-is-out", *is_out);
            options.add("--physdev-out", out_interface.as_ref(), Clone::clone);
            options.flag("--physdev-is-bridged", *is_bridged);
            options.0
        }
        XtMatch::IpRange { source, destination } => {
            let mut options = Options::named("iprange");
            options.add("--src-range", source.as_ref(), span);
            options.add("--dst-range", destination.as_ref(), span);
            options.0
        }
        XtMatch::PacketType { kind } => {
            let mut options = Options::named("pkttype");
            options.add("--pkt-type", Some(kind), Clone::clone);
            options.0
        }
        XtMatch::Mac { source } => {
            let mut options = Options::named("mac");
            options.add("--mac-source", Some(source), ToString::to_string);
            options.0
        }
        XtMatch::IpSet { set, fields } => {
            let mut options = Options::named("set");
            options.add("--match-set", Some(set), |name| format!("{name} {}", list(fields)));
            options.0
        }
        XtMatch::Ipvs { text } => format!("-m ipvs {text}"),
        XtMatch::Policy { text } => format!("-m policy {text}"),
    }
}

fn transport(
    name: &str,
    source_ports: &Option<Negatable<PortRange>>,
    destination_ports: &Option<Negatable<PortRange>>,
) -> String {
    let mut options = Options::named(name);
    options.add("--sport", source_ports.as_ref(), ports);
    options.add("--dport", destination_ports.as_ref(), ports);
    options.0
}

/// A target as iptables writes it behind `-j`.
pub(super) fn target_text(target: &XtTarget) -> String {
    match target {
        XtTarget::Dnat { to } => format!("DNAT{}", nat(" --to-destination ", to)),
        XtTarget::Snat { to } => format!("SNAT{}", nat(" --to-source ", to)),
        XtTarget::Masquerade { to } => format!("MASQUERADE{}", nat(" --to-ports ", to)),
        XtTarget::Redirect { to } => format!("REDIRECT{}", nat(" --to-ports ", to)),
        XtTarget::Netmap { to } => format!("NETMAP --to {}", netmap(to)),
        XtTarget::Mark { value, mask } => format!("MARK --set-xmark 0x{value:x}/0x{mask:x}"),
        XtTarget::Connmark { mode, value, ct_mask, packet_mask } => match mode.as_str() {
            "set" => format!("CONNMARK --set-xmark 0x{value:x}/0x{ct_mask:x}"),
            _ => format!("CONNMARK --{mode}-mark --nfmask 0x{packet_mask:x} --ctmask 0x{ct_mask:x}"),
        },
        XtTarget::TcpMss { mss: Some(mss) } => format!("TCPMSS --set-mss {mss}"),
        XtTarget::TcpMss { mss: None } => "TCPMSS --clamp-mss-to-pmtu".to_owned(),
        XtTarget::Harmless { text } => text.clone(),
    }
}

/// A translation's option with its value, then its flags.
pub(super) fn nat(option: &str, to: &NatRange) -> String {
    let mut text = String::new();
    if to.addresses.is_some() || to.ports.is_some() {
        text += option;
    }
    let is_bracketed = to.ports.is_some() && to.addresses.is_some_and(|(first, _)| first.is_ipv6());
    if let Some((first, last)) = to.addresses {
        text += if is_bracketed { "[" } else { "" };
        text += &first.to_string();
        if first != last {
            text += &format!("-{last}");
        }
        text += if is_bracketed { "]" } else { "" };
    }
    if let Some(PortRange { first, last }) = to.ports {
        text += if to.addresses.is_some() || option.contains("--to-destination") || option.contains("--to-source") {
            ":"
        } else {
            ""
        };
        text += &first.to_string();
        if first != last {
            text += &format!("-{last}");
        }
    }
    for (is_set, flag) in
        [(to.random, " --random"), (to.random_fully, " --random-fully"), (to.persistent, " --persistent")]
    {
        text += if is_set { flag } else { "" };
    }
    text
}

/// `NETMAP` keeps a network as its first and last address.
fn netmap(to: &NatRange) -> String {
    let Some((first, last)) = to.addresses else { return String::new() };
    let differing = match (first, last) {
        (IpAddr::V4(first), IpAddr::V4(last)) => (u32::from(first) ^ u32::from(last)).count_ones(),
        (IpAddr::V6(first), IpAddr::V6(last)) => (u128::from(first) ^ u128::from(last)).count_ones(),
        _ => 0,
    };
    let full: u32 = if first.is_ipv6() { 128 } else { 32 };
    if differing == 0 { first.to_string() } else { format!("{first}/{}", full.saturating_sub(differing)) }
}
