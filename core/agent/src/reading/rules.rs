//! Routing policy rules, IPv4 and IPv6 (`RTM_GETRULE`).

use std::io;

use bridgewalk_model::kernel::RoutingRule;
use ipnet::IpNet;
use linux_raw_sys::netlink::{FRA_DSCP, FRA_FLOWLABEL, FRA_PAD};
use netlink_packet_core::Nla;
use netlink_packet_route::{
    AddressFamily,
    rule::{RuleAction, RuleAttribute, RuleFlags, RuleMessage},
};
use rtnetlink::IpVersion;

use crate::netlink::route::Route;

/// The rules of the namespace that `route` is in, IPv4 first, by priority.
pub(crate) fn read(route: &mut Route) -> io::Result<Vec<RoutingRule>> {
    let mut rules = Vec::new();
    for version in [IpVersion::V4, IpVersion::V6] {
        match route.dump(|handle| handle.rule().get(version.clone()).execute(), decode) {
            Ok(list) => rules.extend(list),
            Err(error) if matches!(error.raw_os_error(), Some(libc::EAFNOSUPPORT | libc::EOPNOTSUPP)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(rules)
}

pub(super) fn decode(message: RuleMessage) -> Option<RoutingRule> {
    let header = message.header;
    let mut rule = RoutingRule {
        is_ipv6: header.family == AddressFamily::Inet6,
        priority: 0,
        table: header.table.into(),
        action: action(header.action),
        is_inverted: header.flags.contains(RuleFlags::Invert),
        source: None,
        destination: None,
        in_interface: None,
        out_interface: None,
        mark: None,
        suppress_prefix_len: None,
        others: Vec::new(),
    };
    let (mut mark, mut mask) = (None, u32::MAX);
    for attribute in message.attributes {
        match attribute {
            RuleAttribute::Priority(priority) => rule.priority = priority,
            RuleAttribute::Table(table) => rule.table = table,
            RuleAttribute::Source(address) => rule.source = IpNet::new(address, header.src_len).ok(),
            RuleAttribute::Destination(address) => rule.destination = IpNet::new(address, header.dst_len).ok(),
            RuleAttribute::Iifname(name) => rule.in_interface = Some(name),
            RuleAttribute::Oifname(name) => rule.out_interface = Some(name),
            RuleAttribute::FwMark(value) => mark = Some(value),
            RuleAttribute::FwMask(value) => mask = value,
            RuleAttribute::SuppressPrefixLen(len) => {
                rule.suppress_prefix_len = Some(len).filter(|len| *len != u32::MAX);
            }
            other => rule.others.extend(other_condition(&other)),
        }
    }
    rule.mark = mark.map(|mark| (mark, mask));
    if header.tos != 0 {
        rule.others.push("tos".to_owned());
    }
    Some(rule)
}

/// What a rule may have beside what the model holds. Some attributes are always there, with a value that means nothing.
fn other_condition(attribute: &RuleAttribute) -> Option<String> {
    let name = match attribute {
        RuleAttribute::Goto(_) => "FRA_GOTO",
        RuleAttribute::Realm(realm) if realm.source != 0 || realm.destination != 0 => "FRA_FLOW",
        RuleAttribute::TunId(_) => "FRA_TUN_ID",
        RuleAttribute::SuppressIfGroup(group) if *group != u32::MAX => "FRA_SUPPRESS_IFGROUP",
        RuleAttribute::L3MDev(true) => "FRA_L3MDEV",
        RuleAttribute::UidRange(_) => "FRA_UID_RANGE",
        RuleAttribute::IpProtocol(_) => "FRA_IP_PROTO",
        RuleAttribute::SourcePortRange(_) => "FRA_SPORT_RANGE",
        RuleAttribute::DestinationPortRange(_) => "FRA_DPORT_RANGE",
        RuleAttribute::Other(other) => match u32::from(other.kind()) {
            kind if kind == FRA_PAD as u32 => return None,
            kind if kind == FRA_DSCP as u32 => "FRA_DSCP",
            kind if kind == FRA_FLOWLABEL as u32 => "FRA_FLOWLABEL",
            // Newer than this program: the rule asks for more than is known here.
            kind => return Some(format!("FRA_{kind}")),
        },
        _ => return None,
    };
    Some(name.to_owned())
}

/// `FR_ACT_*`, in `ip rule`'s words.
fn action(action: RuleAction) -> String {
    let name = match action {
        RuleAction::ToTable => "lookup",
        RuleAction::Goto => "goto",
        RuleAction::Nop => "nop",
        RuleAction::Blackhole => "blackhole",
        RuleAction::Unreachable => "unreachable",
        RuleAction::Prohibit => "prohibit",
        other => return u8::from(other).to_string(),
    };
    name.to_owned()
}
