//! Addresses as they come: no later one is known when the first must be replaced, so each network is given a number when it
//! is first met, and an address keeps what tells it from others of its network.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::IpNet;
use serde_json::Value;

use super::super::addresses::{Kind, documentation_mac, is_universal};
use crate::MacAddress;

/// Private ranges (RFC 1918), each with the bits by which its networks differ: those are replaced, in the range.
const PRIVATE: [(Ipv4Addr, u8, u8); 3] = [
    (Ipv4Addr::new(10, 0, 0, 0), 8, 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12, 16),
    (Ipv4Addr::new(192, 168, 0, 0), 16, 24),
];
/// Every other network of 16 bits becomes one of these (RFC 1112, reserved).
const OTHERS: (Ipv4Addr, u8, u8) = (Ipv4Addr::new(240, 0, 0, 0), 4, 16);

/// What stands for what.
#[derive(Default)]
pub(super) struct Addresses {
    /// By range, the networks of each in the order in which they were met.
    ipv4: BTreeMap<Ipv4Addr, BTreeMap<u32, u32>>,
    /// Networks of 48 bits, and what follows the first 64 bits where it is long.
    ipv6: BTreeMap<u64, u64>,
    hosts: BTreeMap<u64, u64>,
    macs: BTreeMap<MacAddress, MacAddress>,
}

impl Addresses {
    /// Replaces each string of `document` that is an address, a network or a MAC address.
    pub(super) fn replace(&mut self, document: &mut Value) {
        match document {
            Value::String(text) => {
                let other = Kind::of(text).map(|kind| match kind {
                    Kind::Address(address) => self.address(address).to_string(),
                    Kind::Network(network) => self.network(network).to_string(),
                    Kind::Mac(mac) => self.mac(mac).to_string(),
                });
                if let Some(other) = other {
                    *text = other;
                }
            }
            Value::Array(list) => list.iter_mut().for_each(|value| self.replace(value)),
            Value::Object(map) => map.values_mut().for_each(|value| self.replace(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn network(&mut self, network: IpNet) -> IpNet {
        let address = self.address(network.addr());
        IpNet::new(address, network.prefix_len()).unwrap_or(network)
    }

    fn address(&mut self, address: IpAddr) -> IpAddr {
        match address {
            _ if is_universal(address) => address,
            IpAddr::V4(address) if address.is_link_local() => IpAddr::V4(address),
            IpAddr::V4(address) => IpAddr::V4(self.ipv4(address)),
            IpAddr::V6(address) => IpAddr::V6(self.ipv6(address)),
        }
    }

    fn ipv4(&mut self, address: Ipv4Addr) -> Ipv4Addr {
        let number = u32::from(address);
        let is_in = |range: &&(Ipv4Addr, u8, u8)| number >> (32 - range.1) == u32::from(range.0) >> (32 - range.1);
        let (range, outer, inner) = *PRIVATE.iter().find(is_in).unwrap_or(&OTHERS);
        let host_bits = 32 - inner;
        let known = self.ipv4.entry(range).or_default();
        let next = u32::try_from(known.len()).unwrap_or(u32::MAX);
        let slot = *known.entry(number >> host_bits).or_insert(next);
        // There are no more networks in a private range than numbers; of the others the first come again, at last.
        let slot = slot % (1 << (inner - outer));
        Ipv4Addr::from(u32::from(range) | (slot << host_bits) | (number & ((1 << host_bits) - 1)))
    }

    fn ipv6(&mut self, address: Ipv6Addr) -> Ipv6Addr {
        let number = u128::from(address);
        let (network, host) = ((number >> 64) as u64, number as u64);
        // What follows is a number somebody chose, or made of a MAC address or by chance.
        let host = if host < 1 << 16 {
            host
        } else {
            let next = (self.hosts.len() as u64) + (1 << 16);
            *self.hosts.entry(host).or_insert(next)
        };
        if address.is_unicast_link_local() {
            return Ipv6Addr::from(u128::from(network) << 64 | u128::from(host));
        }
        let next = self.ipv6.len() as u64;
        let slot = *self.ipv6.entry(network >> 16).or_insert(next) & 0xffff;
        let documentation = 0x2001_0db8_0000_u64 | slot;
        Ipv6Addr::from(u128::from(documentation << 16 | (network & 0xffff)) << 64 | u128::from(host))
    }

    fn mac(&mut self, mac: MacAddress) -> MacAddress {
        if mac.0 == [0; 6] || mac.0[0] & 1 == 1 {
            return mac;
        }
        let next = documentation_mac(self.macs.len());
        *self.macs.entry(mac).or_insert(next)
    }
}
