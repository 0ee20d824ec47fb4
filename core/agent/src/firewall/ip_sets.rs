//! Names of ipsets, which rules refer to by the kernel's number (`IPSET_CMD_GET_BYINDEX`, `linux/netfilter/ipset`).

use std::collections::HashMap;

use bridgewalk_model::firewall::{Expression, Ruleset, XtMatch};

use crate::netlink::{
    Netlink,
    attributes::{Attributes, Body, text},
};

const NETLINK_NETFILTER: isize = 12;
const GET_BY_INDEX: u16 = (6 << 8) | 15;
/// `struct nfgenmsg`.
const HEADER_LEN: usize = 4;
const PROTOCOL: u16 = 1;
const SET_NAME: u16 = 2;
const INDEX: u16 = 11;
/// The protocol that knows this question.
const VERSION: u8 = 7;

/// Puts names in the place of `#number`; a set whose name cannot be asked for keeps its number.
pub(super) fn name(rulesets: &mut [Ruleset]) {
    let mut names: HashMap<String, Option<String>> = HashMap::new();
    // Without a rule that uses one, ipset may not be loaded, and is not to be.
    let mut netlink = None;
    let rules = rulesets.iter_mut().flat_map(|set| &mut set.tables).flat_map(|table| &mut table.chains);
    for step in rules.flat_map(|chain| &mut chain.rules).flat_map(|rule| &mut rule.expressions) {
        let Expression::Xt(found) = step else { continue };
        let XtMatch::IpSet { set, .. } = &mut **found else { continue };
        let Some(index) = set.value.strip_prefix('#').and_then(|number| number.parse::<u16>().ok()) else { continue };
        let name = names.entry(set.value.clone()).or_insert_with(|| {
            if netlink.is_none() {
                netlink = Netlink::open(NETLINK_NETFILTER).ok();
            }
            ask(netlink.as_mut()?, index)
        });
        if let Some(name) = name {
            set.value.clone_from(name);
        }
    }
}

fn ask(netlink: &mut Netlink, index: u16) -> Option<String> {
    let body = Body::new(&[2, 0, 0, 0]).with(PROTOCOL, &[VERSION]).with(INDEX, &index.to_be_bytes());
    let name =
        |message: crate::netlink::Message<'_>| Attributes::after(message.body, HEADER_LEN).find(SET_NAME).map(text);
    netlink.ask(GET_BY_INDEX, &body, name).ok()?
}
