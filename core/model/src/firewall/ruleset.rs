//! Tables, chains, rules and sets.

use serde::{Deserialize, Serialize};

use super::{Data, Expression};

/// All rules of one backend in one namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ruleset {
    /// Where they live.
    pub backend: Backend,
    /// `NFTA_GEN_ID` when they were read; legacy tables have none.
    pub generation: Option<u32>,
    /// In the order in which the kernel lists them.
    pub tables: Vec<Table>,
}

/// Which machinery of the kernel runs the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backend {
    /// nf_tables, also when written by `iptables-nft`.
    NfTables,
    /// ip_tables and ip6_tables (`IPT_SO_GET_ENTRIES`).
    Legacy,
}

/// `NFPROTO_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// IPv4.
    Ip,
    /// IPv6.
    Ip6,
    /// IPv4 and IPv6.
    Inet,
    /// ARP.
    Arp,
    /// Frames on a bridge.
    Bridge,
    /// Ingress and egress of a device.
    Netdev,
}

/// One table (`NFT_MSG_NEWTABLE`, or a legacy table's name).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its family.
    pub family: Family,
    /// Its name.
    pub name: String,
    /// `NFTA_TABLE_HANDLE`.
    pub handle: Option<u64>,
    /// `NFTA_TABLE_FLAGS` has `NFT_TABLE_F_DORMANT`: its chains are not hooked.
    pub is_dormant: bool,
    /// How its rules' text is written: a table of iptables' names whose rules iptables can print, or nft's.
    pub syntax: Syntax,
    /// In the kernel's order.
    pub chains: Vec<Chain>,
    /// Sets and maps, the anonymous ones too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sets: Vec<Set>,
    /// Objects that rules refer to by name and flowtables, each `kind name`: kept, not decoded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objects: Vec<String>,
}

/// A rule's own language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Syntax {
    /// As `iptables-save` writes.
    Iptables,
    /// As `nft list ruleset` writes.
    Nft,
}

/// One chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// Its name.
    pub name: String,
    /// `NFTA_CHAIN_HANDLE`.
    pub handle: Option<u64>,
    /// Where it is hooked; none: it is jumped to.
    pub base: Option<BaseChain>,
    /// In order.
    pub rules: Vec<Rule>,
}

/// How a chain is hooked into a packet's way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BaseChain {
    /// `filter`, `nat` or `route`.
    pub kind: String,
    /// The hook.
    pub hook: Hook,
    /// Lower runs first.
    pub priority: i32,
    /// What becomes of a packet that no rule decided on.
    pub policy: Policy,
    /// The devices of a netdev chain.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<String>,
    /// `NFTA_CHAIN_COUNTERS`, or the policy's legacy counters.
    pub counter: Option<Counter>,
}

/// A place on a packet's way (`enum nf_inet_hooks`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hook {
    /// As a device takes it in (netdev, inet).
    Ingress,
    /// Before routing.
    Prerouting,
    /// For this host.
    Input,
    /// Through this host.
    Forward,
    /// From this host.
    Output,
    /// After routing.
    Postrouting,
    /// As a device sends it (netdev).
    Egress,
}

/// A base chain's default verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// Goes on.
    Accept,
    /// Ends here.
    Drop,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// Packets.
    pub packets: u64,
    /// Bytes.
    pub bytes: u64,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// `NFTA_RULE_HANDLE`; legacy rules have none. Changes while one looks: no key.
    pub handle: Option<u64>,
    /// Its place in the chain, from 1.
    pub position: u32,
    /// As its tool prints it: `-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80`
    /// (without counters), or nft's.
    pub text: String,
    /// `NFTNL_UDATA_RULE_COMMENT`, or the comment match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Its counter. Not part of what makes two states differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counter: Option<Counter>,
    /// What the kernel runs, in order.
    pub expressions: Vec<Expression>,
}

/// A set or map (`NFT_MSG_NEWSET`, with its `NFT_MSG_NEWSETELEM`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Set {
    /// Its name; anonymous ones are `__set0`, `__map1`.
    pub name: String,
    /// `NFTA_SET_FLAGS`.
    pub flags: u32,
    /// `NFTA_SET_KEY_TYPE`: nft's own number for the key's type.
    pub key_type: u32,
    /// `NFTA_SET_KEY_LEN`, in bytes.
    pub key_len: u32,
    /// `NFTA_SET_DATA_TYPE`: none for a set; `0xffffff00` for verdicts.
    pub data_type: Option<u32>,
    /// The lengths of a concatenated key's fields (`NFTA_SET_DESC_CONCAT`), in bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub field_lens: Vec<u32>,
    /// Its elements, sorted by their keys' bytes; intervals are joined into `key..=key_end`.
    pub elements: Vec<SetElement>,
}

/// One element.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetElement {
    /// `NFTA_SET_ELEM_KEY`; for the catch-all element, empty.
    pub key: Vec<u8>,
    /// The last key of an interval, inclusive.
    pub key_end: Option<Vec<u8>>,
    /// `NFTA_SET_ELEM_DATA` of a map.
    pub data: Option<Data>,
    /// `NFT_SET_ELEM_CATCHALL`.
    #[serde(default)]
    pub is_catch_all: bool,
}

impl Set {
    /// What is kept of a set's elements: blocklists have hundreds of thousands.
    pub const MAX_ELEMENTS: usize = 20_000;

    /// Whether there may be elements that are not listed.
    pub const fn is_cut(&self) -> bool {
        self.elements.len() >= Self::MAX_ELEMENTS
    }
}

impl Table {
    /// The chain of this name.
    pub fn chain(&self, name: &str) -> Option<&Chain> {
        self.chains.iter().find(|chain| chain.name == name)
    }

    /// The set or map of this name.
    pub fn set(&self, name: &str) -> Option<&Set> {
        self.sets.iter().find(|set| set.name == name)
    }
}

impl Family {
    /// As `nft` writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ip => "ip",
            Self::Ip6 => "ip6",
            Self::Inet => "inet",
            Self::Arp => "arp",
            Self::Bridge => "bridge",
            Self::Netdev => "netdev",
        }
    }
}

impl std::fmt::Display for Family {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}
