//! Matches, by name.

use bridgewalk_model::firewall::{Negatable, PortRange, XtMatch};

use super::{address_at, conntrack, negatable, ports};
use crate::netlink::attributes::{be16_at, mac, text, u8_at, u16_at, u32_at};

pub(super) fn decode(family: u8, name: &str, revision: u8, blob: &[u8]) -> Option<XtMatch> {
    match (name, revision) {
        ("conntrack", _) => conntrack::decode(family, revision, blob),
        ("state", 0) => conntrack::decode_state(blob),
        ("addrtype", 0 | 1) => address_type(revision, blob),
        ("tcp", 0) => tcp(blob),
        ("udp" | "udplite", 0) => {
            let inverted = u8_at(blob, 8)?;
            Some(XtMatch::Udp {
                source_ports: ports(u16_at(blob, 0)?, u16_at(blob, 2)?, inverted & 1 != 0),
                destination_ports: ports(u16_at(blob, 4)?, u16_at(blob, 6)?, inverted & 2 != 0),
            })
        }
        ("sctp", 0) => sctp(blob),
        ("icmp" | "icmp6", 0) => Some(XtMatch::Icmp {
            kind: negatable(u8_at(blob, 3)? & 1 != 0, (u8_at(blob, 0)?, u8_at(blob, 1)?, u8_at(blob, 2)?)),
            is_ipv6: name == "icmp6",
        }),
        ("multiport", 0 | 1) => multiport(revision, blob),
        ("mark", 1) => Some(XtMatch::Mark { mark: mark(blob)? }),
        ("connmark", 1) => Some(XtMatch::Connmark { mark: mark(blob)? }),
        ("comment", 0) => Some(XtMatch::Comment { text: text(blob) }),
        ("physdev", 0) => physdev(blob),
        ("iprange", 1) => {
            let flags = u8_at(blob, 64)?;
            let range = |flag: u8, at| -> Option<Option<_>> {
                if flags & flag == 0 {
                    return Some(None);
                }
                let span = (address_at(family, blob, at)?, address_at(family, blob, at + 16)?);
                Some(Some(negatable(flags & (flag << 4) != 0, span)))
            };
            Some(XtMatch::IpRange { source: range(1, 0)?, destination: range(2, 32)? })
        }
        ("pkttype", 0) => {
            let kind = ["unicast", "broadcast", "multicast"].get(u32_at(blob, 0)? as usize)?;
            Some(XtMatch::PacketType { kind: negatable(u32_at(blob, 4)? != 0, (*kind).to_owned()) })
        }
        ("mac", 0) => Some(XtMatch::Mac { source: negatable(u32_at(blob, 8)? != 0, mac(blob.get(..6)?)?) }),
        ("set", 1..=4) => ip_set(revision, blob),
        ("ipvs", 0) => ipvs(blob),
        ("policy", 0) => policy(blob),
        _ => None,
    }
}

fn address_type(revision: u8, blob: &[u8]) -> Option<XtMatch> {
    const TYPES: [&str; 12] = [
        "UNSPEC",
        "UNICAST",
        "LOCAL",
        "BROADCAST",
        "ANYCAST",
        "MULTICAST",
        "BLACKHOLE",
        "UNREACHABLE",
        "PROHIBIT",
        "THROW",
        "NAT",
        "XRESOLVE",
    ];
    let named = |mask: u16, not| {
        let names = TYPES.iter().enumerate().filter(|(bit, _)| mask & (1 << bit) != 0);
        (mask != 0).then(|| negatable(not, names.map(|(_, name)| (*name).to_owned()).collect()))
    };
    let flags = match revision {
        0 => u32::from(u32_at(blob, 4)? != 0) | (u32::from(u32_at(blob, 8)? != 0) << 1),
        _ => u32_at(blob, 4)?,
    };
    Some(XtMatch::AddressType {
        source: named(u16_at(blob, 0)?, flags & 1 != 0),
        destination: named(u16_at(blob, 2)?, flags & 2 != 0),
        limit_in: flags & 4 != 0,
        limit_out: flags & 8 != 0,
    })
}

fn tcp(blob: &[u8]) -> Option<XtMatch> {
    let inverted = u8_at(blob, 11)?;
    let (option, mask, set) = (u8_at(blob, 8)?, u8_at(blob, 9)?, u8_at(blob, 10)?);
    Some(XtMatch::Tcp {
        source_ports: ports(u16_at(blob, 0)?, u16_at(blob, 2)?, inverted & 1 != 0),
        destination_ports: ports(u16_at(blob, 4)?, u16_at(blob, 6)?, inverted & 2 != 0),
        flags: (mask != 0 || inverted & 4 != 0).then(|| negatable(inverted & 4 != 0, (mask, set))),
        option: (option != 0 || inverted & 8 != 0).then(|| negatable(inverted & 8 != 0, option)),
    })
}

/// `struct xt_sctp_info` has the destination first; chunk types are not decoded.
fn sctp(blob: &[u8]) -> Option<XtMatch> {
    let (flags, inverted) = (u32_at(blob, 284)?, u32_at(blob, 288)?);
    if flags & 4 != 0 {
        return None;
    }
    let range = |flag: u32, at| -> Option<Option<Negatable<PortRange>>> {
        if flags & flag == 0 {
            return Some(None);
        }
        let range = PortRange { first: u16_at(blob, at)?, last: u16_at(blob, at + 2)? };
        Some(Some(negatable(inverted & flag != 0, range)))
    };
    Some(XtMatch::Sctp { source_ports: range(1, 4)?, destination_ports: range(2, 0)? })
}

fn multiport(revision: u8, blob: &[u8]) -> Option<XtMatch> {
    let side = (*["source", "destination", "either"].get(usize::from(u8_at(blob, 0)?))?).to_owned();
    let count = usize::from(u8_at(blob, 1)?);
    if count > 15 {
        return None;
    }
    let mut list = Vec::with_capacity(count);
    let mut index = 0;
    while index < count {
        let first = u16_at(blob, 2 + 2 * index)?;
        // A range takes two places.
        let is_range = revision == 1 && u8_at(blob, 32 + index)? != 0;
        index += usize::from(is_range);
        let last = if is_range && index < 15 { u16_at(blob, 2 + 2 * index)? } else { first };
        list.push(PortRange { first, last });
        index += 1;
    }
    let not = revision == 1 && u8_at(blob, 47)? != 0;
    Some(XtMatch::Multiport { side, ports: negatable(not, list) })
}

fn mark(blob: &[u8]) -> Option<Negatable<(u32, u32)>> {
    Some(negatable(u8_at(blob, 8)? != 0, (u32_at(blob, 0)?, u32_at(blob, 4)?)))
}

fn physdev(blob: &[u8]) -> Option<XtMatch> {
    let (inverted, bits) = (u8_at(blob, 64)?, u8_at(blob, 65)?);
    let asked = |bit: u8| (bits & bit != 0).then_some(inverted & bit == 0);
    let interface = |bit: u8, at: usize| -> Option<Option<Negatable<String>>> {
        if bits & bit == 0 {
            return Some(None);
        }
        let name = super::super::interface(blob.get(at..at + 16)?, blob.get(at + 16..at + 32)?);
        Some(Some(negatable(inverted & bit != 0, name)))
    };
    Some(XtMatch::Physdev {
        in_interface: interface(1, 0)?,
        out_interface: interface(2, 32)?,
        is_in: asked(8),
        is_out: asked(16),
        is_bridged: asked(4),
    })
}

/// `struct xt_set_info`; later revisions append counters and flags, which nobody writes with Docker: not decoded.
fn ip_set(revision: u8, blob: &[u8]) -> Option<XtMatch> {
    let (index, fields, flags) = (u16_at(blob, 0)?, u8_at(blob, 2)?, u8_at(blob, 3)?);
    let extra = match revision {
        3 | 4 => blob.get(4..).is_some_and(|rest| rest.iter().any(|byte| *byte != 0)) && flags & !0xf != 0,
        _ => false,
    };
    if extra || fields > 6 {
        return None;
    }
    let side = |at: u8| if flags & (1 << at) == 0 { "dst" } else { "src" }.to_owned();
    Some(XtMatch::IpSet {
        set: negatable(flags & 1 != 0, format!("#{index}")),
        fields: (1..=fields).map(side).collect(),
    })
}

fn ipvs(blob: &[u8]) -> Option<XtMatch> {
    let (inverted, bits) = (u8_at(blob, 38)?, u8_at(blob, 39)?);
    let mut words = Vec::new();
    let mut word = |bit: u8, option: String| {
        if bits & bit != 0 {
            words.push(if inverted & bit == 0 { option } else { format!("! {option}") });
        }
    };
    if bits & 1 != 0 && bits == 1 {
        word(1, "--ipvs".to_owned());
    }
    word(2, format!("--vproto {}", u8_at(blob, 34)?));
    if bits & 4 != 0 {
        // Nobody writes a virtual address here; its family is not known from the blob.
        return None;
    }
    word(8, format!("--vport {}", be16_at(blob, 32)?));
    if bits & 16 != 0 {
        words.push(format!("--vdir {}", if inverted & 16 == 0 { "ORIGINAL" } else { "REPLY" }));
    }
    if bits & (32 | 64) != 0 {
        return None;
    }
    Some(XtMatch::Ipvs { text: words.join(" ") })
}

/// `struct xt_policy_info`: direction and whether IPsec is wanted, with the protocol and mode of each step.
fn policy(blob: &[u8]) -> Option<XtMatch> {
    let (flags, len) = (u16_at(blob, 304)?, u16_at(blob, 306)?);
    let direction = match flags & 3 {
        1 => "in",
        2 => "out",
        _ => return None,
    };
    let mut words = format!("--dir {direction} --pol {}", if flags & 4 == 0 { "ipsec" } else { "none" });
    if flags & 8 != 0 {
        words += " --strict";
    }
    for index in 0..usize::from(len.min(4)) {
        let step = blob.get(index * 76..(index + 1) * 76)?;
        let (asked, inverted) = (u8_at(step, 74)?, u8_at(step, 75)?);
        if asked & !0x3c != 0 || len > 1 {
            return None;
        }
        let mut word = |bit: u8, option: &str, value: String| {
            if asked & bit != 0 {
                words += if inverted & bit == 0 { " " } else { " ! " };
                words += &format!("{option} {value}");
            }
        };
        word(32, "--reqid", u32_at(step, 68)?.to_string());
        word(16, "--spi", format!("0x{:x}", u32_at(step, 64)?.swap_bytes()));
        let protocol = match u8_at(step, 72)? {
            50 => "esp".to_owned(),
            51 => "ah".to_owned(),
            108 => "ipcomp".to_owned(),
            number => number.to_string(),
        };
        word(4, "--proto", protocol);
        word(8, "--mode", if u8_at(step, 73)? == 0 { "transport" } else { "tunnel" }.to_owned());
    }
    Some(XtMatch::Policy { text: words })
}
