//! Addresses, wherever they stand: each string that is an address, a network or a MAC address.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde_json::Value;

use crate::MacAddress;

/// The shortest prefix that a replaced IPv4 network is given while its members fit.
const PREFIX: u8 = 24;
/// Ranges for documentation (RFC 5737), for benchmarks (RFC 2544), and reserved ones, in the order of their use.
const IPV4_RANGES: [(Ipv4Addr, u64); 5] = [
    (Ipv4Addr::new(192, 0, 2, 0), 1 << 8),
    (Ipv4Addr::new(198, 51, 100, 0), 1 << 8),
    (Ipv4Addr::new(203, 0, 113, 0), 1 << 8),
    (Ipv4Addr::new(198, 18, 0, 0), 1 << 17),
    (Ipv4Addr::new(240, 0, 0, 0), 1 << 27),
];
/// For documentation (RFC 3849).
const IPV6_RANGE: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0);
/// For documentation (RFC 7042).
const MAC_RANGE: [u8; 5] = [0x00, 0x00, 0x5e, 0x00, 0x53];

/// Replaces every address in `document`.
pub(super) fn replace(document: &mut Value) {
    let mut found = Found::default();
    found.look(document);
    let mut replaced = Replaced::of(&found);
    replaced.walk(document);
}

/// What there is.
#[derive(Default)]
struct Found {
    addresses: BTreeSet<IpAddr>,
    /// Networks of pools and interfaces, and all others.
    networks: BTreeSet<IpNet>,
    macs: BTreeSet<MacAddress>,
}

impl Found {
    fn look(&mut self, value: &Value) {
        match value {
            Value::String(text) => match Kind::of(text) {
                Some(Kind::Address(address)) => {
                    self.addresses.insert(address);
                }
                Some(Kind::Network(network)) => {
                    self.addresses.insert(network.addr());
                    if network.prefix_len() < network.max_prefix_len() {
                        self.networks.insert(network.trunc());
                    }
                }
                Some(Kind::Mac(mac)) => {
                    self.macs.insert(mac);
                }
                None => {}
            },
            Value::Array(list) => list.iter().for_each(|value| self.look(value)),
            Value::Object(map) => {
                if let Some(network) = interface_address(map) {
                    self.addresses.insert(network.addr());
                    self.networks.insert(network.trunc());
                }
                map.values().for_each(|value| self.look(value));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

pub(super) enum Kind {
    Address(IpAddr),
    Network(IpNet),
    Mac(MacAddress),
}

impl Kind {
    pub(super) fn of(text: &str) -> Option<Self> {
        if !text.contains(['.', ':']) {
            return None;
        }
        let address = text.parse().ok().map(Self::Address);
        let network = || text.parse().ok().map(Self::Network);
        address.or_else(network).or_else(|| text.parse().ok().map(Self::Mac))
    }
}

/// An address whose prefix stands beside it.
fn interface_address(map: &serde_json::Map<String, Value>) -> Option<IpNet> {
    let address: IpAddr = map.get("address")?.as_str()?.parse().ok()?;
    let prefix = u8::try_from(map.get("prefix_len")?.as_u64()?).ok()?;
    IpNet::new(address, prefix).ok()
}

/// Addresses that mean the same on every machine.
pub(super) fn is_universal(address: IpAddr) -> bool {
    let is_broadcast = address == IpAddr::V4(Ipv4Addr::BROADCAST);
    address.is_unspecified() || address.is_loopback() || address.is_multicast() || is_broadcast
}

fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

/// What stands for what.
struct Replaced {
    networks: BTreeMap<IpNet, IpNet>,
    addresses: BTreeMap<IpAddr, IpAddr>,
    macs: BTreeMap<MacAddress, MacAddress>,
}

impl Replaced {
    fn of(found: &Found) -> Self {
        let mut blocks = Blocks { range: 0, used: 0, ipv6: 0, avoided: &found.addresses };
        let mut networks: BTreeMap<IpNet, IpNet> = BTreeMap::new();
        let mut addresses = BTreeMap::new();
        let is_own = |network: &IpNet| {
            network.prefix_len() >= 8 && !is_universal(network.addr()) && !is_link_local(network.addr())
        };
        // The outermost first, so that a range within a pool is found to be in it.
        let mut outer: Vec<IpNet> = Vec::new();
        for network in found.networks.iter().copied().filter(is_own) {
            if !outer.iter().any(|other| other.contains(&network)) {
                outer.retain(|other| !network.contains(other));
                outer.push(network);
            }
        }
        let mut loose = Vec::new();
        let mut members: BTreeMap<IpNet, Vec<IpAddr>> = BTreeMap::new();
        for address in found.addresses.iter().copied() {
            if is_universal(address) {
                continue;
            }
            match outer.iter().find(|network| network.contains(&address)) {
                Some(network) => members.entry(*network).or_default().push(address),
                None => loose.push(address),
            }
        }
        for network in outer {
            let inside = members.remove(&network).unwrap_or_default();
            let block = blocks.next(network, inside.len() as u64);
            place(network, block, &inside, &mut addresses);
            networks.insert(network, block);
        }
        let mut number = 0_u16;
        let mut rest: Option<(IpNet, u64)> = None;
        for address in loose {
            number += 1;
            while found.addresses.contains(&loose_ipv6(number)) {
                number += 1;
            }
            let other = match address {
                IpAddr::V6(_) if is_link_local(address) => IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, number)),
                IpAddr::V4(_) if is_link_local(address) => {
                    IpAddr::V4(Ipv4Addr::new(169, 254, (number >> 8) as u8, number as u8))
                }
                IpAddr::V6(_) => loose_ipv6(number),
                IpAddr::V4(_) => {
                    let (block, used) = match rest {
                        Some((block, used)) if used < 250 => (block, used),
                        _ => (blocks.next(IpNet::V4(Ipv4Net::default()), 0), 0),
                    };
                    rest = Some((block, used + 1));
                    nth(block, used + 1)
                }
            };
            addresses.insert(address, other);
        }
        let mut others = (0..).map(documentation_mac).filter(|other| !found.macs.contains(other));
        let is_own = |mac: &&MacAddress| mac.0 != [0; 6] && mac.0[0] & 1 == 0;
        let macs = found.macs.iter().filter(is_own).filter_map(|mac| Some((*mac, others.next()?))).collect();
        Self { networks, addresses, macs }
    }

    fn walk(&mut self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(other) = self.other(text) {
                    *text = other;
                }
            }
            Value::Array(list) => list.iter_mut().for_each(|value| self.walk(value)),
            Value::Object(map) => {
                if let Some(network) = interface_address(map) {
                    let other = self.network(network);
                    map.insert("prefix_len".into(), other.prefix_len().into());
                }
                map.values_mut().for_each(|value| self.walk(value));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn other(&self, text: &str) -> Option<String> {
        Some(match Kind::of(text)? {
            Kind::Address(address) => self.address(address).to_string(),
            Kind::Network(network) => self.network(network).to_string(),
            Kind::Mac(mac) => self.macs.get(&mac).copied().unwrap_or(mac).to_string(),
        })
    }

    fn address(&self, address: IpAddr) -> IpAddr {
        self.addresses.get(&address).copied().unwrap_or(address)
    }

    /// The network, or the address in its network.
    fn network(&self, network: IpNet) -> IpNet {
        let address = self.address(network.addr());
        let block = self.networks.iter().find(|(outer, _)| outer.contains(&network)).map(|(_, block)| *block);
        let prefix = match block {
            Some(block) if network.prefix_len() < network.max_prefix_len() => {
                block.prefix_len().max(network.prefix_len().min(block.max_prefix_len()))
            }
            _ => network.prefix_len(),
        };
        // A range within a pool is as long as its pool where that has grown shorter.
        IpNet::new(address, prefix).unwrap_or(network)
    }
}

/// The next free ranges.
struct Blocks<'a> {
    range: usize,
    used: u64,
    ipv6: u16,
    /// A host may itself use ranges set aside for documentation: what is replaced must not come back as another.
    avoided: &'a BTreeSet<IpAddr>,
}

impl Blocks<'_> {
    /// A block for `network`, with room for `members`, in which nothing is that there was.
    fn next(&mut self, network: IpNet, members: u64) -> IpNet {
        loop {
            let block = self.following(network, members);
            if self.avoided.range(block.network()..=block.broadcast()).next().is_none() {
                return block;
            }
        }
    }

    fn following(&mut self, network: IpNet, members: u64) -> IpNet {
        match network {
            IpNet::V4(network) => {
                let mut prefix = network.prefix_len().max(PREFIX);
                while prefix > 16 && prefix > network.prefix_len() && (1_u64 << (32 - prefix)) < members + 16 {
                    prefix -= 1;
                }
                let size = 1_u64 << (32 - prefix);
                loop {
                    let (first, room) = IPV4_RANGES[self.range];
                    let start = self.used.div_ceil(size) * size;
                    if start + size <= room || self.range + 1 == IPV4_RANGES.len() {
                        self.used = start + size;
                        let address = Ipv4Addr::from(u32::from(first).wrapping_add(start as u32));
                        return IpNet::V4(Ipv4Net::new(address, prefix).unwrap_or_default());
                    }
                    self.range += 1;
                    self.used = 0;
                }
            }
            IpNet::V6(network) => {
                self.ipv6 += 1;
                let base = u128::from(IPV6_RANGE) | (u128::from(self.ipv6) << 64);
                let prefix = network.prefix_len().max(64);
                IpNet::V6(Ipv6Net::new(Ipv6Addr::from(base), prefix).unwrap_or_default())
            }
        }
    }
}

/// Gives each of `inside` a place in `block`: the same as it had where there is room, else the next free one.
fn place(network: IpNet, block: IpNet, inside: &[IpAddr], addresses: &mut BTreeMap<IpAddr, IpAddr>) {
    let bits = u32::from(block.max_prefix_len() - block.prefix_len()).min(16);
    let size = 1_u64 << bits;
    let offset = |address: IpAddr| number(address).wrapping_sub(number(network.network()));
    let last = number(network.broadcast()).wrapping_sub(number(network.network()));
    let mut taken = BTreeSet::new();
    let mut later = Vec::new();
    for &address in inside {
        let offset = offset(address);
        if offset == last && network.addr().is_ipv4() {
            addresses.insert(address, nth(block, size - 1));
        } else if offset < u128::from(size - 1) && taken.insert(offset as u64) {
            addresses.insert(address, nth(block, offset as u64));
        } else {
            later.push(address);
        }
    }
    let mut next = 2;
    for address in later {
        while taken.contains(&next) {
            next += 1;
        }
        taken.insert(next);
        addresses.insert(address, nth(block, next));
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

fn nth(block: IpNet, n: u64) -> IpAddr {
    match block.network() {
        IpAddr::V4(first) => IpAddr::V4(Ipv4Addr::from(u32::from(first).wrapping_add(n as u32))),
        IpAddr::V6(first) => IpAddr::V6(Ipv6Addr::from(u128::from(first).wrapping_add(u128::from(n)))),
    }
}

/// The `number`th address of no subnet.
fn loose_ipv6(number: u16) -> IpAddr {
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0xffff, 0, 0, 0, 0, number))
}

pub(super) fn documentation_mac(index: usize) -> MacAddress {
    let [a, b, c, d, e] = MAC_RANGE;
    match u8::try_from(index) {
        Ok(last) => MacAddress([a, b, c, d, e, last]),
        // The range is full: locally administered addresses that look alike.
        Err(_) => MacAddress([a | 2, b, c, (index >> 16) as u8, (index >> 8) as u8, index as u8]),
    }
}
