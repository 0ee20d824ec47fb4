//! The raw dump of nf_tables (`linux/netfilter/nf_tables.h`), between two looks at the generation id.

use std::{collections::HashMap, io};

use bridgewalk_model::firewall::{
    Backend, BaseChain, Chain, Counter, Expression, Family, Hook, Policy, Rule, Ruleset, Table,
};

use super::{expression, sets, syntax_of};
use crate::{
    netlink::{
        Message, Netlink,
        attributes::{Attributes, Body, text},
    },
    proving::TABLE_PREFIX,
};

const NETLINK_NETFILTER: isize = 12;
const SUBSYSTEM: u16 = 10 << 8;
const GET_TABLE: u16 = SUBSYSTEM | 1;
const GET_CHAIN: u16 = SUBSYSTEM | 4;
const GET_RULE: u16 = SUBSYSTEM | 7;
const GET_GENERATION: u16 = SUBSYSTEM | 16;
const GET_OBJECT: u16 = SUBSYSTEM | 19;
const GET_FLOWTABLE: u16 = SUBSYSTEM | 23;
/// `struct nfgenmsg`.
pub(super) const HEADER_LEN: usize = 4;
/// How often rules that changed under the reader are read again.
const MAX_READINGS: usize = 6;

/// `NFT_TABLE_F_OWNER`.
const OWNER: u32 = 2;

/// Where something stands: family, table.
pub(super) type Place = (u8, String);

/// All nf_tables rules of the calling thread's network namespace.
///
/// # Errors
/// What the kernel refused with: `EPERM` without CAP_NET_ADMIN, `EPROTONOSUPPORT` without nf_tables.
pub(super) fn read() -> io::Result<Ruleset> {
    let mut netlink = Netlink::open(NETLINK_NETFILTER)?;
    let mut last = None;
    for _ in 0..MAX_READINGS {
        let before = generation(&mut netlink)?;
        match read_once(&mut netlink) {
            Ok(tables) if generation(&mut netlink)? == before => {
                return Ok(Ruleset { backend: Backend::NfTables, generation: before, tables });
            }
            Ok(tables) => last = Some(Ok(tables)),
            // A table or set that went away between two lists, or a datagram longer than expected.
            Err(error) if matches!(error.raw_os_error(), Some(libc::ENOENT | libc::EINTR | libc::EMSGSIZE)) => {
                last.get_or_insert(Err(error));
            }
            Err(error) => return Err(error),
        }
    }
    let tables = last.unwrap_or_else(|| Err(io::Error::from_raw_os_error(libc::EINTR)))?;
    Ok(Ruleset { backend: Backend::NfTables, generation: None, tables })
}

pub(super) fn generation(netlink: &mut Netlink) -> io::Result<Option<u32>> {
    netlink.ask(GET_GENERATION, &Body::new(&[0; HEADER_LEN]), |message| {
        be32(Attributes::after(message.body, HEADER_LEN), 1)
    })
}

/// A message's family and attributes.
pub(super) fn parts(message: Message<'_>) -> (u8, Attributes<'_>) {
    (message.body.first().copied().unwrap_or(0), Attributes::after(message.body, HEADER_LEN))
}

fn read_once(netlink: &mut Netlink) -> io::Result<Vec<Table>> {
    let all = Body::new(&[0; HEADER_LEN]);
    let mut heads = netlink.dump(GET_TABLE, &all, |message| {
        let (family, attributes) = parts(message);
        Some((family, text(attributes.find(1)?), be32(attributes, 2).unwrap_or(0), be64(attributes, 4)))
    })?;
    // A proof's own table is there for a second, and is not the host's.
    heads.retain(|(_, name, flags, _)| flags & OWNER == 0 || !name.starts_with(TABLE_PREFIX));
    if heads.is_empty() {
        return Ok(Vec::new());
    }
    let mut chains: HashMap<Place, Vec<Chain>> = HashMap::new();
    for (place, chain) in netlink.dump(GET_CHAIN, &all, chain)? {
        chains.entry(place).or_default().push(chain);
    }
    let mut rules: HashMap<(Place, String), Vec<Rule>> = HashMap::new();
    for (place, chain, rule) in netlink.dump(GET_RULE, &all, rule)? {
        rules.entry((place, chain)).or_default().push(rule);
    }
    let mut sets = sets::read(netlink)?;
    let mut objects: HashMap<Place, Vec<String>> = HashMap::new();
    for (kind, get) in [("object", GET_OBJECT), ("flowtable", GET_FLOWTABLE)] {
        // Kernels without them refuse to list them.
        let names = netlink.dump(get, &all, |message| {
            let (family, attributes) = parts(message);
            Some(((family, text(attributes.find(1)?)), format!("{kind} {}", text(attributes.find(2)?))))
        });
        for (place, name) in names.unwrap_or_default() {
            objects.entry(place).or_default().push(name);
        }
    }
    let mut tables = Vec::with_capacity(heads.len());
    for (number, name, flags, handle) in heads {
        let Some(family) = family(number) else { continue };
        let place = (number, name.clone());
        let mut table = Table {
            family,
            handle,
            is_dormant: flags & 1 != 0,
            syntax: bridgewalk_model::firewall::Syntax::Nft,
            chains: chains.remove(&place).unwrap_or_default(),
            sets: sets.remove(&place).unwrap_or_default(),
            objects: objects.remove(&place).unwrap_or_default(),
            name,
        };
        for chain in &mut table.chains {
            chain.rules = rules.remove(&(place.clone(), chain.name.clone())).unwrap_or_default();
            for (position, rule) in (1..).zip(&mut chain.rules) {
                rule.position = position;
            }
        }
        let speaks_xt = table.chains.iter().flat_map(|chain| &chain.rules).any(|rule| {
            rule.expressions.iter().any(|step| match step {
                Expression::Xt(_) | Expression::XtTarget(_) => true,
                Expression::Unknown { name, .. } => name.starts_with("xt_"),
                _ => false,
            })
        });
        let base_names = ["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"];
        let bases = table.chains.iter().filter(|chain| chain.base.is_some());
        let chains_are_iptables = matches!(family, Family::Ip | Family::Ip6)
            && bases.clone().count() > 0
            && bases.clone().all(|chain| base_names.contains(&chain.name.as_str()));
        table.syntax = syntax_of(&table.name, speaks_xt, !table.sets.is_empty(), chains_are_iptables);
        tables.push(table);
    }
    Ok(tables)
}

pub(super) fn chain(message: Message<'_>) -> Option<(Place, Chain)> {
    let (family, attributes) = parts(message);
    let hook = attributes.nested(4);
    let base = be32(hook, 1).and_then(|number| {
        let counters = attributes.nested(8);
        let devices = hook.find(3).map(text).into_iter();
        let more = hook.nested(4).into_iter().map(|(_, name)| text(name));
        Some(BaseChain {
            kind: attributes.find(7).map(text).unwrap_or_default(),
            hook: self::hook(family, number)?,
            priority: hook.find(2).and_then(|value| value.try_into().ok()).map_or(0, i32::from_be_bytes),
            policy: if be32(attributes, 5) == Some(0) { Policy::Drop } else { Policy::Accept },
            devices: devices.chain(more).collect(),
            counter: attributes
                .find(8)
                .map(|_| Counter { bytes: be64(counters, 1).unwrap_or(0), packets: be64(counters, 2).unwrap_or(0) }),
        })
    });
    let chain = Chain { name: text(attributes.find(3)?), handle: be64(attributes, 2), base, rules: Vec::new() };
    Some(((family, text(attributes.find(1)?)), chain))
}

pub(super) fn rule(message: Message<'_>) -> Option<(Place, String, Rule)> {
    let (family, attributes) = parts(message);
    let mut counter = None;
    let expressions = attributes
        .nested(4)
        .into_iter()
        .map(|(_, element)| expression::decode(family, Attributes(element), &mut counter))
        .collect();
    let rule = Rule {
        handle: be64(attributes, 3),
        position: 0,
        text: String::new(),
        comment: attributes.find(7).and_then(comment),
        counter,
        expressions,
    };
    Some(((family, text(attributes.find(1)?)), text(attributes.find(2)?), rule))
}

/// `NFTNL_UDATA_RULE_COMMENT` among type-length-value triples of one byte each for type and length.
fn comment(mut data: &[u8]) -> Option<String> {
    while let [kind, len, rest @ ..] = data {
        let value = rest.get(..usize::from(*len))?;
        if *kind == 0 {
            return Some(text(value));
        }
        data = rest.get(usize::from(*len)..)?;
    }
    None
}

fn family(number: u8) -> Option<Family> {
    Some(match number {
        1 => Family::Inet,
        2 => Family::Ip,
        3 => Family::Arp,
        5 => Family::Netdev,
        7 => Family::Bridge,
        10 => Family::Ip6,
        _ => return None,
    })
}

fn hook(family: u8, number: u32) -> Option<Hook> {
    Some(match (family, number) {
        (5, 0) | (1, 5) => Hook::Ingress,
        (5, 1) => Hook::Egress,
        (3, 0) => Hook::Input,
        (3, 1) => Hook::Output,
        (_, 0) => Hook::Prerouting,
        (_, 1) => Hook::Input,
        (_, 2) => Hook::Forward,
        (_, 3) => Hook::Output,
        (_, 4) => Hook::Postrouting,
        _ => return None,
    })
}

/// A big-endian number of four bytes, as all of nf_tables' are.
pub(super) fn be32(attributes: Attributes<'_>, kind: u16) -> Option<u32> {
    attributes.find(kind)?.try_into().ok().map(u32::from_be_bytes)
}

/// A big-endian number of eight bytes.
pub(super) fn be64(attributes: Attributes<'_>, kind: u16) -> Option<u64> {
    attributes.find(kind)?.try_into().ok().map(u64::from_be_bytes)
}
