//! Routing policy rules, IPv4 and IPv6 (`RTM_GETRULE`).

use std::io;

use bridgewalk_model::kernel::RoutingRule;
use ipnet::IpNet;

use crate::netlink::{
    Message, Netlink,
    attributes::{Attributes, Body, ip, text, u8_at, u32_at},
};

const RTM_GETRULE: u16 = 34;
const FIB_RULE_HDR_LEN: usize = 12;
const FRA_DST: u16 = 1;
const FRA_SRC: u16 = 2;
const FRA_IIFNAME: u16 = 3;
const FRA_GOTO: u16 = 4;
const FRA_PRIORITY: u16 = 6;
const FRA_FWMARK: u16 = 10;
const FRA_SUPPRESS_PREFIXLEN: u16 = 14;
const FRA_TABLE: u16 = 15;
const FRA_FWMASK: u16 = 16;
const FRA_OIFNAME: u16 = 17;
const FIB_RULE_INVERT: u32 = 2;

/// What a rule may have beside what the model holds.
const OTHERS: [(u16, &str); 11] = [
    (FRA_GOTO, "FRA_GOTO"),
    (11, "FRA_FLOW"),
    (12, "FRA_TUN_ID"),
    (13, "FRA_SUPPRESS_IFGROUP"),
    (19, "FRA_L3MDEV"),
    (20, "FRA_UID_RANGE"),
    (22, "FRA_IP_PROTO"),
    (23, "FRA_SPORT_RANGE"),
    (24, "FRA_DPORT_RANGE"),
    (25, "FRA_DSCP"),
    (26, "FRA_FLOWLABEL"),
];

/// The rules of the namespace that `netlink` is in, IPv4 first, by priority.
pub(crate) fn read(netlink: &mut Netlink) -> io::Result<Vec<RoutingRule>> {
    let mut rules = Vec::new();
    for family in [libc::AF_INET, libc::AF_INET6] {
        let mut header = [0; FIB_RULE_HDR_LEN];
        header[0] = family as u8;
        match netlink.dump(RTM_GETRULE, &Body::new(&header), decode) {
            Ok(list) => rules.extend(list),
            Err(error) if error.raw_os_error() == Some(libc::EAFNOSUPPORT) => {}
            Err(error) if error.raw_os_error() == Some(libc::EOPNOTSUPP) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(rules)
}

pub(super) fn decode(message: Message<'_>) -> Option<RoutingRule> {
    let body = message.body;
    let attributes = Attributes::after(body, FIB_RULE_HDR_LEN);
    let number = |kind| attributes.find(kind).and_then(|value| u32_at(value, 0));
    let prefix = |kind, prefix_len| IpNet::new(attributes.find(kind).and_then(ip)?, prefix_len).ok();
    let mut others: Vec<String> =
        OTHERS.iter().filter(|(kind, _)| is_meant(*kind, attributes)).map(|(_, name)| (*name).to_owned()).collect();
    if u8_at(body, 3)? != 0 {
        others.push("tos".to_owned());
    }
    Some(RoutingRule {
        is_ipv6: i32::from(u8_at(body, 0)?) == libc::AF_INET6,
        priority: number(FRA_PRIORITY).unwrap_or(0),
        table: number(FRA_TABLE).unwrap_or_else(|| u8_at(body, 4).unwrap_or(0).into()),
        action: action(u8_at(body, 7)?),
        is_inverted: u32_at(body, 8)? & FIB_RULE_INVERT != 0,
        source: prefix(FRA_SRC, u8_at(body, 2)?),
        destination: prefix(FRA_DST, u8_at(body, 1)?),
        in_interface: attributes.find(FRA_IIFNAME).map(text),
        out_interface: attributes.find(FRA_OIFNAME).map(text),
        mark: number(FRA_FWMARK).map(|mark| (mark, number(FRA_FWMASK).unwrap_or(u32::MAX))),
        suppress_prefix_len: number(FRA_SUPPRESS_PREFIXLEN).filter(|len| *len != u32::MAX),
        others,
    })
}

/// Some attributes are always there, with a value that means nothing.
fn is_meant(kind: u16, attributes: Attributes<'_>) -> bool {
    match (kind, attributes.find(kind)) {
        (_, None) => false,
        (13, Some(group)) => u32_at(group, 0) != Some(u32::MAX),
        (11 | 19, Some(value)) => value.iter().any(|byte| *byte != 0),
        _ => true,
    }
}

/// `FR_ACT_*`, in `ip rule`'s words.
fn action(number: u8) -> String {
    let name = match number {
        1 => "lookup",
        2 => "goto",
        3 => "nop",
        6 => "blackhole",
        7 => "unreachable",
        8 => "prohibit",
        _ => return number.to_string(),
    };
    name.to_owned()
}
