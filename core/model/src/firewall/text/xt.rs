//! xtables' matches and targets as `iptables-save` prints them.

use std::{fmt::Write as _, net::IpAddr};

use ipnet::IpNet;

use crate::firewall::{NatRange, Negatable, PortRange, XtMatch, XtTarget};

/// ` ! ` before what is negated.
pub(super) fn bang<T>(value: &Negatable<T>) -> &'static str {
    if value.not { " !" } else { "" }
}

fn range(range: PortRange) -> String {
    if range.first == range.last { range.first.to_string() } else { format!("{}:{}", range.first, range.last) }
}

fn list(ranges: &[PortRange]) -> String {
    ranges.iter().map(|one| range(*one)).collect::<Vec<_>>().join(",")
}

/// A net as an option's value: without the length if it is a single address.
fn net(net: &IpNet) -> String {
    if net.prefix_len() == net.max_prefix_len() { net.addr().to_string() } else { net.to_string() }
}

pub(super) fn mark(value: u32, mask: u32) -> String {
    if mask == u32::MAX { format!("{value:#x}") } else { format!("{value:#x}/{mask:#x}") }
}

pub(super) fn quoted(text: &str) -> String {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if plain && !text.is_empty() {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\'', "\\'"))
}

fn ports(line: &mut String, option: &str, value: &Option<Negatable<PortRange>>) {
    if let Some(value) = value {
        let _ = write!(line, "{} --{option} {}", bang(value), range(value.value));
    }
}

fn flags(bits: u8) -> String {
    let names = ["FIN", "SYN", "RST", "PSH", "ACK", "URG"];
    match bits & 0x3f {
        0 => "NONE".to_owned(),
        bits => {
            let set: Vec<&str> = (0..6).filter(|bit| bits & (1 << bit) != 0).map(|bit| names[bit]).collect();
            set.join(",")
        }
    }
}

/// ` -m NAME OPTIONS`.
pub(super) fn match_text(found: &XtMatch) -> String {
    let mut line = String::new();
    match found {
        XtMatch::Conntrack { is_state: true, states: Some(states), .. } => {
            let _ = write!(line, " -m state{} --state {}", bang(states), states.value.join(","));
        }
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
            ..
        } => {
            line += " -m conntrack";
            if let Some(states) = states {
                let _ = write!(line, "{} --ctstate {}", bang(states), states.value.join(","));
            }
            if let Some(protocol) = protocol {
                let _ = write!(line, "{} --ctproto {}", bang(protocol), protocol.value);
            }
            let nets = [
                ("ctorigsrc", original_source),
                ("ctorigdst", original_destination),
                ("ctreplsrc", reply_source),
                ("ctrepldst", reply_destination),
            ];
            for (option, value) in nets {
                if let Some(value) = value {
                    let _ = write!(line, "{} --{option} {}", bang(value), net(&value.value));
                }
            }
            ports(&mut line, "ctorigsrcport", original_source_port);
            ports(&mut line, "ctorigdstport", original_destination_port);
            ports(&mut line, "ctreplsrcport", reply_source_port);
            ports(&mut line, "ctrepldstport", reply_destination_port);
            if let Some(status) = status {
                let _ = write!(line, "{} --ctstatus {}", bang(status), status.value.join(","));
            }
            if let Some(direction) = direction {
                let _ = write!(line, " --ctdir {direction}");
            }
        }
        XtMatch::AddressType { source, destination, limit_in, limit_out } => {
            line += " -m addrtype";
            for (option, value) in [("src", source), ("dst", destination)] {
                if let Some(value) = value {
                    let _ = write!(line, "{} --{option}-type {}", bang(value), value.value.join(","));
                }
            }
            if *limit_in {
                line += " --limit-iface-in";
            }
            if *limit_out {
                line += " --limit-iface-out";
            }
        }
        XtMatch::Tcp { source_ports, destination_ports, flags: wanted, option } => {
            line += " -m tcp";
            ports(&mut line, "sport", source_ports);
            ports(&mut line, "dport", destination_ports);
            if let Some(option) = option {
                let _ = write!(line, "{} --tcp-option {}", bang(option), option.value);
            }
            if let Some(wanted) = wanted {
                let _ =
                    write!(line, "{} --tcp-flags {} {}", bang(wanted), flags(wanted.value.0), flags(wanted.value.1));
            }
        }
        XtMatch::Udp { source_ports, destination_ports } => {
            line += " -m udp";
            ports(&mut line, "sport", source_ports);
            ports(&mut line, "dport", destination_ports);
        }
        XtMatch::Sctp { source_ports, destination_ports } => {
            line += " -m sctp";
            ports(&mut line, "sport", source_ports);
            ports(&mut line, "dport", destination_ports);
        }
        XtMatch::Icmp { kind, is_ipv6 } => {
            let (name, option) = if *is_ipv6 { ("icmp6", "icmpv6-type") } else { ("icmp", "icmp-type") };
            let (number, first, last) = kind.value;
            let _ = write!(line, " -m {name}{} --{option} ", bang(kind));
            match (number, first, last) {
                (255, 0, 255) if !is_ipv6 => line += "any",
                (_, 0, 255) => {
                    let _ = write!(line, "{number}");
                }
                _ if first == last => {
                    let _ = write!(line, "{number}/{first}");
                }
                _ => {
                    let _ = write!(line, "{number}/{first}-{last}");
                }
            }
        }
        XtMatch::Multiport { side, ports } => {
            let option = match side.as_str() {
                "source" => "sports",
                "destination" => "dports",
                _ => "ports",
            };
            let _ = write!(line, " -m multiport{} --{option} {}", bang(ports), list(&ports.value));
        }
        XtMatch::Mark { mark: wanted } => {
            let _ = write!(line, " -m mark{} --mark {}", bang(wanted), mark(wanted.value.0, wanted.value.1));
        }
        XtMatch::Connmark { mark: wanted } => {
            let _ = write!(line, " -m connmark{} --mark {}", bang(wanted), mark(wanted.value.0, wanted.value.1));
        }
        XtMatch::Comment { text } => {
            let _ = write!(line, " -m comment --comment {}", quoted(text));
        }
        XtMatch::Physdev { in_interface, out_interface, is_in, is_out, is_bridged } => {
            line += " -m physdev";
            let mut ask = |value: &Option<bool>, option: &str| {
                if let Some(wanted) = value {
                    let _ = write!(line, "{} --physdev-{option}", if *wanted { "" } else { " !" });
                }
            };
            ask(is_in, "is-in");
            if let Some(name) = in_interface {
                let _ = write!(line, "{} --physdev-in {}", bang(name), name.value);
            }
            let mut ask = |value: &Option<bool>, option: &str| {
                if let Some(wanted) = value {
                    let _ = write!(line, "{} --physdev-{option}", if *wanted { "" } else { " !" });
                }
            };
            ask(is_out, "is-out");
            if let Some(name) = out_interface {
                let _ = write!(line, "{} --physdev-out {}", bang(name), name.value);
            }
            if let Some(wanted) = is_bridged {
                let _ = write!(line, "{} --physdev-is-bridged", if *wanted { "" } else { " !" });
            }
        }
        XtMatch::IpRange { source, destination } => {
            line += " -m iprange";
            for (option, value) in [("src", source), ("dst", destination)] {
                if let Some(value) = value {
                    let (first, last) = value.value;
                    let _ = write!(line, "{} --{option}-range {first}-{last}", bang(value));
                }
            }
        }
        XtMatch::PacketType { kind } => {
            let _ = write!(line, " -m pkttype{} --pkt-type {}", bang(kind), kind.value);
        }
        XtMatch::Mac { source } => {
            let _ = write!(line, " -m mac{} --mac-source {}", bang(source), source.value);
        }
        XtMatch::IpSet { set, fields } => {
            let _ = write!(line, " -m set{} --match-set {} {}", bang(set), set.value, fields.join(","));
        }
        XtMatch::Ipvs { text } => {
            let _ = write!(line, " -m ipvs {text}");
        }
        XtMatch::Policy { text } => {
            let _ = write!(line, " -m policy {text}");
        }
    }
    line
}

fn nat(to: &NatRange, option: &str) -> String {
    let mut line = String::new();
    let address = to.addresses.map(|(first, last)| {
        let bracket = |address: IpAddr| match address {
            IpAddr::V6(address) if to.ports.is_some() => format!("[{address}]"),
            _ => address.to_string(),
        };
        if first == last { bracket(first) } else { format!("{}-{}", bracket(first), bracket(last)) }
    });
    let port = to.ports.map(|ports| match ports.first == ports.last {
        true => ports.first.to_string(),
        false => format!("{}-{}", ports.first, ports.last),
    });
    match (address, port) {
        (Some(address), Some(port)) => line += &format!(" {option} {address}:{port}"),
        (Some(address), None) => line += &format!(" {option} {address}"),
        (None, Some(port)) if option == "--to-ports" => line += &format!(" {option} {port}"),
        (None, Some(port)) => line += &format!(" {option} :{port}"),
        (None, None) => {}
    }
    for (set, flag) in
        [(to.random, " --random"), (to.random_fully, " --random-fully"), (to.persistent, " --persistent")]
    {
        if set {
            line += flag;
        }
    }
    line
}

/// ` -j NAME OPTIONS`.
pub(super) fn target_text(target: &XtTarget) -> String {
    match target {
        XtTarget::Dnat { to } => format!(" -j DNAT{}", nat(to, "--to-destination")),
        XtTarget::Snat { to } => format!(" -j SNAT{}", nat(to, "--to-source")),
        XtTarget::Masquerade { to } => format!(" -j MASQUERADE{}", nat(to, "--to-ports")),
        XtTarget::Redirect { to } => format!(" -j REDIRECT{}", nat(to, "--to-ports")),
        XtTarget::Netmap { to } => {
            // Kept as the first and last address; printed as a net.
            let net = to.addresses.map(|(first, last)| match (first, last) {
                (IpAddr::V4(first), IpAddr::V4(last)) => {
                    let len = (u32::from(first) ^ u32::from(last)).leading_zeros();
                    if len == 32 { first.to_string() } else { format!("{first}/{len}") }
                }
                (IpAddr::V6(first), IpAddr::V6(last)) => {
                    let len = (u128::from(first) ^ u128::from(last)).leading_zeros();
                    if len == 128 { first.to_string() } else { format!("{first}/{len}") }
                }
                _ => first.to_string(),
            });
            format!(" -j NETMAP --to {}", net.unwrap_or_default())
        }
        XtTarget::Mark { value, mask } => match (*value, *mask) {
            (0, mask) => format!(" -j MARK --set-xmark 0x0/{mask:#x}"),
            (value, mask) => format!(" -j MARK --set-xmark {value:#x}/{mask:#x}"),
        },
        XtTarget::Connmark { mode, value, ct_mask, packet_mask } => match mode.as_str() {
            "set" => format!(" -j CONNMARK --set-xmark {value:#x}/{ct_mask:#x}"),
            mode => format!(" -j CONNMARK --{mode}-mark --nfmask {packet_mask:#x} --ctmask {ct_mask:#x}"),
        },
        XtTarget::TcpMss { mss: Some(mss) } => format!(" -j TCPMSS --set-mss {mss}"),
        XtTarget::TcpMss { mss: None } => " -j TCPMSS --clamp-mss-to-pmtu".to_owned(),
        XtTarget::Ct { helper, zone } => {
            let mut line = " -j CT".to_owned();
            if let Some(helper) = helper {
                let _ = write!(line, " --helper {helper}");
            }
            if *zone != 0 {
                let _ = write!(line, " --zone {zone}");
            }
            line
        }
        XtTarget::Checksum => " -j CHECKSUM --checksum-fill".to_owned(),
        XtTarget::Trace => " -j TRACE".to_owned(),
    }
}
