//! Sets of rules: those of engines, and others made by chance in the manner of the usual tools.

mod iptables;
mod native;
mod scene;

use anyhow::Result;

use super::{bed::Bed, random::Random};

/// How rules are loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// `nft -f -`.
    Nft,
    /// `iptables-nft-restore --noflush`.
    IptablesNft,
    /// `ip6tables-nft-restore --noflush`.
    Ip6tablesNft,
    /// `iptables-legacy-restore --noflush`.
    IptablesLegacy,
    /// `ip6tables-legacy-restore --noflush`.
    Ip6tablesLegacy,
}

/// One set of rules.
#[derive(Clone, Debug)]
pub struct Rules {
    /// What it is.
    pub name: String,
    /// What to load, in order.
    pub parts: Vec<(Tool, String)>,
}

impl Tool {
    const fn program(self) -> &'static str {
        match self {
            Self::Nft => "nft",
            Self::IptablesNft => "iptables-nft-restore",
            Self::Ip6tablesNft => "ip6tables-nft-restore",
            Self::IptablesLegacy => "iptables-legacy-restore",
            Self::Ip6tablesLegacy => "ip6tables-legacy-restore",
        }
    }
}

impl Rules {
    /// All text of it.
    pub fn text(&self) -> String {
        self.parts.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// Loads it into the router.
    pub fn load(&self, bed: &Bed) -> Result<()> {
        let router = bed.router()?;
        for (tool, text) in &self.parts {
            if text.contains("docker-ext-bridges-v4") {
                router.run(
                    "sh",
                    &[
                        "-c",
                        "ipset create docker-ext-bridges-v4 hash:net -exist; \
                     for net in 172.17.0.0/16 192.0.2.0/24; do ipset add docker-ext-bridges-v4 $net -exist; done",
                    ],
                    "",
                )?;
            }
            let args: &[&str] = if *tool == Tool::Nft { &["-f", "-"] } else { &["--noflush"] };
            router.run(tool.program(), args, text)?;
        }
        Ok(())
    }
}

/// Rules that engines write, which cannot be run here (from the moby project's own tests, see the folder's README).
pub fn engines() -> Vec<Rules> {
    macro_rules! file {
        ($name:literal) => {
            ($name, include_str!(concat!("../../../core/agent/tests/data/rulesets/", $name)))
        };
    }
    let iptables = [
        file!("docker-28.0.0-iptables-portmap.rules"),
        file!("docker-28.0.0-iptables-portmap-lo.rules"),
        file!("docker-29-iptables-portmap.rules"),
        file!("docker-29-iptables-portmap-lo.rules"),
        file!("docker-29-iptables-portmap-routed.rules"),
    ];
    let native = [
        file!("docker-29-nftables-portmap.nft"),
        file!("docker-29-nftables-portmap-lo.nft"),
        file!("docker-29-nftables-portmap-natunprot.nft"),
        file!("docker-29-nftables-portmap-routed.nft"),
    ];
    let mut all = Vec::new();
    for (name, text) in iptables {
        for (tool, by) in [(Tool::IptablesNft, "over nf_tables"), (Tool::IptablesLegacy, "legacy")] {
            all.push(Rules { name: format!("{name}, {by}"), parts: vec![(tool, text.to_owned())] });
        }
    }
    for (name, text) in native {
        all.push(Rules { name: name.to_owned(), parts: vec![(Tool::Nft, text.to_owned())] });
    }
    all
}

/// A set made by chance.
pub fn by_chance(random: &mut Random) -> Rules {
    let number = random.next() % 100_000;
    let (name, parts) = match random.below(8) {
        0 | 1 => ("iptables over nf_tables", iptables::both(random, false)),
        2 => ("legacy iptables", iptables::both(random, true)),
        3 => ("ufw's manner", iptables::ufw(random)),
        4 => ("firewalld's manner", vec![(Tool::Nft, native::firewalld(random))]),
        5 => {
            let engines = engines();
            let docker = random.pick(&engines).map(|rules| rules.parts.clone()).unwrap_or_default();
            ("an engine's beside a user's", [docker, vec![(Tool::Nft, native::tables(random))]].concat())
        }
        _ => ("native", vec![(Tool::Nft, native::tables(random))]),
    };
    Rules { name: format!("{name} {number}"), parts }
}

/// IPv4 addresses and networks that rules ask for.
const NETS4: [&str; 14] = [
    "172.17.0.2",
    "172.17.0.3",
    "192.0.2.2",
    "198.51.100.2",
    "198.51.100.1",
    "172.17.0.0/16",
    "192.0.2.0/24",
    "198.51.100.0/25",
    "203.0.113.0/24",
    "203.0.113.7",
    "172.17.0.0/30",
    "10.0.0.0/8",
    "192.0.2.1",
    "172.17.0.2/31",
];
/// IPv6 addresses and networks that rules ask for.
const NETS6: [&str; 10] = [
    "2001:db8:2::2",
    "2001:db8:2::3",
    "2001:db8:3::2",
    "2001:db8:1::2",
    "2001:db8:1::1",
    "2001:db8:2::/64",
    "2001:db8:3::/64",
    "2001:db8:ffff::/64",
    "2001:db8:2::/126",
    "fd00::/8",
];
/// Ports that rules ask for.
const PORTS: [&str; 9] = ["22", "53", "80", "443", "8080", "5000-5010", "1-1023", "30000-39999", "65535"];
