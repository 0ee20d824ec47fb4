//! A packet that may come to a hook, so that a rule asks for what there is: each question is one that the packet answers.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{NETS4, NETS6, PORTS};
use crate::differential::random::Random;

/// The router's devices, and who is behind them: IPv4, then IPv6.
const BEHIND: [(&str, [&[&str]; 2]); 3] = [
    ("up0", [&["198.51.100.2", "203.0.113.7"], &["2001:db8:1::2", "2001:db8:ffff::7"]]),
    ("docker0", [&["172.17.0.2", "172.17.0.3"], &["2001:db8:2::2", "2001:db8:2::3"]]),
    ("bridge1", [&["192.0.2.2", "192.0.2.3"], &["2001:db8:3::2", "2001:db8:3::3"]]),
];
/// The router's own addresses.
const OWN: [&[&str]; 2] =
    [&["198.51.100.1", "192.0.2.1", "172.17.0.1"], &["2001:db8:1::1", "2001:db8:2::1", "2001:db8:3::1"]];

/// A packet at a hook.
pub(super) struct Scene {
    pub(super) is_ipv6: bool,
    pub(super) source: &'static str,
    pub(super) destination: &'static str,
    pub(super) in_device: Option<&'static str>,
    pub(super) out_device: Option<&'static str>,
    /// `tcp`, `udp` or `icmp`.
    pub(super) protocol: &'static str,
    pub(super) state: &'static str,
    pub(super) source_port: u16,
    pub(super) destination_port: u16,
}

impl Scene {
    /// At a hook, by its name in any case. Nat's chains are asked about a flow's first packet, and conntrack has not seen
    /// any packet of which chains before it are asked.
    pub(super) fn at(hook: &str, is_nat: bool, is_before_conntrack: bool, is_ipv6: bool, random: &mut Random) -> Self {
        let family = usize::from(is_ipv6);
        let (in_device, from) = BEHIND[random.below(3)];
        let (out_device, to) = BEHIND[random.below(3)];
        let (from, to, own) = (from[family], to[family], OWN[family]);
        let hook = hook.to_lowercase();
        let is_sent = hook == "output" || hook == "postrouting" && random.chance(30);
        let is_for_here = hook == "input" || hook == "prerouting" && random.chance(40);
        let has_in = matches!(hook.as_str(), "prerouting" | "input" | "forward");
        let has_out = matches!(hook.as_str(), "output" | "postrouting" | "forward");
        let port = |random: &mut Random| [22, 53, 80, 443, 5000, 8080][random.below(6)];
        let mut ports = (30_000 + random.below(9_999) as u16, port(random));
        let is_odd = random.chance(10) && !is_nat;
        let state = if is_before_conntrack || is_odd {
            "invalid"
        } else if is_nat || random.chance(75) {
            "new"
        } else {
            "established"
        };
        if state == "established" && random.chance(60) {
            ports = (ports.1, ports.0);
        }
        Self {
            is_ipv6,
            source: random.word(if is_sent { own } else { from }),
            destination: random.word(if is_for_here { own } else { to }),
            in_device: has_in.then_some(in_device),
            out_device: has_out.then_some(out_device),
            protocol: random.word(if is_odd { &["tcp"] } else { &["tcp", "tcp", "udp", "icmp"] }),
            state,
            source_port: ports.0,
            destination_port: ports.1,
        }
    }

    /// Whether the packet is for the router itself.
    pub(super) fn is_for_here(&self) -> bool {
        OWN[usize::from(self.is_ipv6)].contains(&self.destination)
    }

    /// Whether the router itself sends it.
    pub(super) fn is_from_here(&self) -> bool {
        OWN[usize::from(self.is_ipv6)].contains(&self.source)
    }

    /// Whether the set of pairs has its receiver's address and port.
    pub(super) fn is_of_pairs(&self) -> bool {
        match self.destination {
            "172.17.0.1" | "172.17.0.2" | "172.17.0.3" => (80..=443).contains(&self.destination_port),
            "192.0.2.2" => self.destination_port == 22,
            "198.51.100.1" | "198.51.100.2" => (5000..=5010).contains(&self.destination_port),
            _ => false,
        }
    }

    /// A network that one of its addresses is in, or (first value) is not in.
    pub(super) fn net(&self, is_source: bool, random: &mut Random) -> (bool, &'static str) {
        let nets: &[&'static str] = if self.is_ipv6 { &NETS6 } else { &NETS4 };
        let own = if is_source { self.source } else { self.destination };
        pick(nets, own, |net| contains(net, own), random)
    }

    /// Ports that one of its ports is among, or (first value) is not among.
    pub(super) fn ports(&self, is_source: bool, random: &mut Random) -> (bool, &'static str) {
        let own = if is_source { self.source_port } else { self.destination_port };
        let is_among = |ports: &str| {
            let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
            first.parse().is_ok_and(|first: u16| first <= own) && last.parse().is_ok_and(|last: u16| own <= last)
        };
        pick(&PORTS, "1-65535", is_among, random)
    }

    /// One of several words, each with the names that it stands for: one that stands for this name, or (first value) not.
    pub(super) fn word(name: &str, words: &[(&'static str, &[&str])], random: &mut Random) -> (bool, &'static str) {
        let all: Vec<&'static str> = words.iter().map(|(word, _)| *word).collect();
        let stands_for = |word: &str| words.iter().any(|(own, names)| *own == word && names.contains(&name));
        pick(&all, all[0], stands_for, random)
    }
}

fn contains(net: &str, address: &str) -> bool {
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let net = net.parse::<IpNet>().or_else(|_| net.parse::<IpAddr>().map(IpNet::from));
    net.is_ok_and(|net| net.contains(&address))
}

/// Mostly one that holds, else one that does not.
fn pick<'a>(all: &[&'a str], usual: &'a str, holds: impl Fn(&str) -> bool, random: &mut Random) -> (bool, &'a str) {
    let not = random.chance(20);
    let found: Vec<&str> = all.iter().copied().filter(|one| holds(one) != not).collect();
    match random.pick(&found) {
        Some(found) => (not, found),
        None => (!holds(usual), usual),
    }
}
