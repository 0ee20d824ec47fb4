//! `-m conntrack` (`struct xt_conntrack_mtinfo1` to `3`) and the old `-m state`.

use bridgewalk_model::firewall::{Negatable, PortRange, XtMatch};
use ipnet::IpNet;

use super::{address_at, negatable, network};
use crate::netlink::attributes::{be16_at, u8_at, u16_at, u32_at};

const STATE: u16 = 1;
const PROTO: u16 = 1 << 1;
const STATUS: u16 = 1 << 6;
const EXPIRES: u16 = 1 << 7;
const DIRECTION: u16 = 1 << 12;
const STATE_ALIAS: u16 = 1 << 13;

/// In the order in which iptables writes them.
const STATES: [(u16, &str); 7] = [
    (1, "INVALID"),
    (1 << 3, "NEW"),
    (1 << 2, "RELATED"),
    (1 << 1, "ESTABLISHED"),
    (1 << 8, "UNTRACKED"),
    (1 << 6, "SNAT"),
    (1 << 7, "DNAT"),
];
const STATUSES: [(u16, &str); 4] = [(1, "EXPECTED"), (2, "SEEN_REPLY"), (4, "ASSURED"), (8, "CONFIRMED")];

fn named(mask: u16, names: &[(u16, &str)]) -> Vec<String> {
    names.iter().filter(|(bit, _)| mask & bit != 0).map(|(_, name)| (*name).to_owned()).collect()
}

pub(super) fn decode(family: u8, revision: u8, blob: &[u8]) -> Option<XtMatch> {
    let flags = u16_at(blob, 146)?;
    let inverted = u16_at(blob, 148)?;
    let (states, status) = match revision {
        1 => (u8_at(blob, 150)?.into(), u8_at(blob, 151)?.into()),
        2 | 3 => (u16_at(blob, 150)?, u16_at(blob, 152)?),
        _ => return None,
    };
    if flags & EXPIRES != 0 {
        return None;
    }
    let not = |flag: u16| inverted & flag != 0;
    // The address's flags follow each other, and so do address and mask.
    let address = |index: usize| -> Result<Option<Negatable<IpNet>>, ()> {
        let flag = 1 << (2 + index);
        if flags & flag == 0 {
            return Ok(None);
        }
        let at = index * 32;
        let found = address_at(family, blob, at).zip(address_at(family, blob, at + 16));
        let net = found.and_then(|(address, mask)| network(address, mask)).ok_or(())?;
        Ok(Some(negatable(not(flag), net)))
    };
    let port = |index: usize| -> Option<Option<Negatable<PortRange>>> {
        let flag = 1 << (8 + index);
        if flags & flag == 0 {
            return Some(None);
        }
        // Only the third revision has ranges, and only it has them in the machine's order.
        let at = 138 + 2 * index;
        let (first, last) = if revision == 3 {
            (u16_at(blob, at)?, u16_at(blob, 154 + 2 * index)?)
        } else {
            (be16_at(blob, at)?, be16_at(blob, at)?)
        };
        Some(Some(negatable(not(flag), PortRange { first, last: last.max(first) })))
    };
    let protocol = match flags & PROTO {
        0 => None,
        _ => Some(negatable(not(PROTO), u8::try_from(u16_at(blob, 136)?).ok()?)),
    };
    Some(XtMatch::Conntrack {
        states: (flags & STATE != 0).then(|| negatable(not(STATE), named(states, &STATES))),
        status: (flags & STATUS != 0).then(|| negatable(not(STATUS), named(status, &STATUSES))),
        protocol,
        original_source: address(0).ok()?,
        original_destination: address(1).ok()?,
        reply_source: address(2).ok()?,
        reply_destination: address(3).ok()?,
        original_source_port: port(0)?,
        original_destination_port: port(1)?,
        reply_source_port: port(2)?,
        reply_destination_port: port(3)?,
        direction: (flags & DIRECTION != 0).then(|| if not(DIRECTION) { "REPLY" } else { "ORIGINAL" }.to_owned()),
        is_state: flags & STATE_ALIAS != 0,
    })
}

/// `struct xt_state_info`: untracked has the bit that is SNAT's elsewhere.
pub(super) fn decode_state(blob: &[u8]) -> Option<XtMatch> {
    let mask = u32_at(blob, 0)?;
    let untracked = if mask & (1 << 6) == 0 { 0 } else { 1 << 8 };
    let mask = u16::try_from(mask & 0xf).ok()? | untracked;
    Some(XtMatch::of_states(negatable(false, named(mask, &STATES)), true))
}
