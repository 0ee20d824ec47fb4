//! What a rule is made of, as the kernel runs it.
//!
//! nf_tables is a little machine with registers (`linux/netfilter/nf_tables.h`); `iptables-nft` calls xtables'
//! extensions from it, and legacy xtables has a fixed header before its extensions. One enum holds all three.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::{Negatable, PortRange};

/// A register as a byte offset into the kernel's 80 bytes of registers: the 16-byte `NFT_REG_1` is 16, `NFT_REG32_00`
/// is 16, `NFT_REG32_01` is 20. The verdict register never stands here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Register(pub u32);

/// A value or a verdict (`NFTA_DATA_VALUE`, `NFTA_DATA_VERDICT`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Data {
    /// Bytes as they stand in registers.
    Value(Vec<u8>),
    /// What to do next.
    Verdict(Verdict),
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Ends this base chain; later ones still see the packet.
    Accept,
    /// Ends the packet.
    Drop,
    /// With the next rule.
    Continue,
    /// Back to the calling chain, or to the policy.
    Return,
    /// Into a chain and back.
    Jump(String),
    /// Into a chain, not back.
    Goto(String),
    /// To user space.
    Queue,
}

/// `NFT_CMP_*` and `NFT_RANGE_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names say it all")]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// One step of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Expression {
    /// `payload`: loads bytes of the packet.
    Payload {
        /// `link_layer`, `network`, `transport`, `inner`, `tunnel`.
        base: String,
        /// In bytes.
        offset: u32,
        /// In bytes.
        len: u32,
        /// Where to.
        to: Register,
    },
    /// `payload` that writes.
    PayloadWrite {
        /// As in [`Expression::Payload`].
        base: String,
        /// In bytes.
        offset: u32,
        /// In bytes.
        len: u32,
        /// Where from.
        from: Register,
    },
    /// `meta` that loads: `key` in nft's words (`iifname`, `oif`, `l4proto`, `nfproto`, `mark`, `pkttype` …).
    Meta {
        /// Which.
        key: String,
        /// Where to.
        to: Register,
    },
    /// `meta` that sets: `mark`, `priority`, `nftrace` …
    MetaSet {
        /// Which.
        key: String,
        /// Where from.
        from: Register,
    },
    /// `ct` that loads: `state`, `status`, `mark`, `direction`, `zone`, `proto-src` …
    Ct {
        /// Which.
        key: String,
        /// `original` or `reply`, for keys that have a direction.
        direction: Option<String>,
        /// Where to.
        to: Register,
    },
    /// `ct` that sets.
    CtSet {
        /// Which.
        key: String,
        /// Where from.
        from: Register,
    },
    /// `fib`: asks the routes.
    Fib {
        /// `oif`, `oifname`, `type`.
        result: String,
        /// `saddr`, `daddr`, `mark`, `iif`, `oif`.
        by: Vec<String>,
        /// Whether only the presence is asked for.
        is_present: bool,
        /// Where to.
        to: Register,
    },
    /// `rt`: asks the packet's own route.
    Rt {
        /// `classid`, `nexthop4`, `nexthop6`, `mtu`, `ipsec`.
        key: String,
        /// Where to.
        to: Register,
    },
    /// `exthdr`: loads an IPv6 extension header or a TCP or IPv4 option.
    ExtensionHeader {
        /// `ipv6`, `tcp`, `ipv4`, `sctp`, `dccp`.
        op: String,
        /// The header's or option's number.
        header: u8,
        /// In bytes.
        offset: u32,
        /// In bytes.
        len: u32,
        /// Whether only the presence is asked for.
        is_present: bool,
        /// Where to.
        to: Register,
    },
    /// `cmp`: goes on if it holds.
    Compare {
        /// What.
        from: Register,
        /// How.
        op: Comparison,
        /// With what.
        value: Vec<u8>,
    },
    /// `range`: goes on if it is within (or not).
    Range {
        /// What.
        from: Register,
        /// Whether it must be outside.
        is_inverted: bool,
        /// The first.
        first: Vec<u8>,
        /// The last.
        last: Vec<u8>,
    },
    /// `bitwise`: `(from & mask) ^ xor`, or a shift.
    Bitwise {
        /// What.
        from: Register,
        /// Where to.
        to: Register,
        /// In bytes.
        len: u32,
        /// `mask_xor`, `left_shift`, `right_shift`, `and`, `or`, `xor`.
        op: String,
        /// The mask.
        mask: Vec<u8>,
        /// The xor, or the shift's width.
        xor: Vec<u8>,
    },
    /// `byteorder`.
    ByteOrder {
        /// What.
        from: Register,
        /// Where to.
        to: Register,
        /// In bytes.
        len: u32,
        /// Of one number, in bytes.
        size: u32,
        /// From network to host order; else the other way.
        to_host: bool,
    },
    /// `lookup` in a set or map.
    Lookup {
        /// What.
        from: Register,
        /// The set's name, in the same table.
        set: String,
        /// A map's data go there; none: a set, or a verdict map.
        to: Option<Register>,
        /// Whether the map holds verdicts.
        is_verdict_map: bool,
        /// Goes on if it is not found.
        is_inverted: bool,
    },
    /// `immediate`: loads a value.
    Immediate {
        /// Where to.
        to: Register,
        /// What.
        value: Vec<u8>,
    },
    /// `immediate` into the verdict register.
    Verdict {
        /// What to do.
        verdict: Verdict,
    },
    /// `nat`.
    Nat {
        /// DNAT; else SNAT.
        is_destination: bool,
        /// `ip` or `ip6`.
        family: String,
        /// The lowest address.
        address_from: Option<Register>,
        /// The highest.
        address_to: Option<Register>,
        /// The lowest port.
        port_from: Option<Register>,
        /// The highest.
        port_to: Option<Register>,
        /// `NF_NAT_RANGE_*`.
        flags: u32,
    },
    /// `masq`.
    Masquerade {
        /// The lowest port.
        port_from: Option<Register>,
        /// The highest.
        port_to: Option<Register>,
        /// `NF_NAT_RANGE_*`.
        flags: u32,
    },
    /// `redir`.
    Redirect {
        /// The lowest port.
        port_from: Option<Register>,
        /// The highest.
        port_to: Option<Register>,
        /// `NF_NAT_RANGE_*`.
        flags: u32,
    },
    /// `reject`, or xtables' `REJECT`.
    Reject {
        /// In nft's words: `icmp port-unreachable`, `tcp reset`.
        with: String,
    },
    /// `counter`.
    Counter,
    /// `log`, `nflog`: never decides.
    Log {
        /// What is logged, in the tool's words.
        text: String,
    },
    /// `notrack`, or xtables' `CT --notrack`.
    NoTrack,
    /// Legacy xtables' fixed header (`struct ipt_ip`, `struct ip6t_ip6`).
    IpHeader(Box<IpHeader>),
    /// An extension that we decode.
    Xt(Box<XtMatch>),
    /// A target that we decode.
    XtTarget(#[serde(deserialize_with = "super::written::target")] Box<XtTarget>),
    /// A match or statement that we name and keep, but cannot or must not decide: `limit`, `hashlimit`, `recent`,
    /// `quota`, `connlimit`, `numgen`, `queue`, `dynset`, any unknown expression or xtables' extension.
    Unknown {
        /// Its name in the kernel; xtables' extensions have `xt_match ` or `xt_target ` before theirs.
        name: String,
        /// Its revision, for xtables.
        revision: u8,
        /// Its attributes or blob, at most 4 KiB.
        bytes: Vec<u8>,
        /// Whether it can decide the rule (a match), or only acts.
        is_match: bool,
    },
}

/// `struct ipt_ip` and `struct ip6t_ip6`. Interfaces may end in `+`: any that begins so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IpHeader {
    /// `-s`.
    pub source: Option<Negatable<IpNet>>,
    /// A source mask that is no prefix, with its address.
    pub source_mask: Option<Negatable<(IpAddr, IpAddr)>>,
    /// `-d`.
    pub destination: Option<Negatable<IpNet>>,
    /// A destination mask that is no prefix, with its address.
    pub destination_mask: Option<Negatable<(IpAddr, IpAddr)>>,
    /// `-i`.
    pub in_interface: Option<Negatable<String>>,
    /// `-o`.
    pub out_interface: Option<Negatable<String>>,
    /// `-p`.
    pub protocol: Option<Negatable<u8>>,
    /// `-f`.
    pub fragment: Option<Negatable<()>>,
}

/// xtables' matches that Docker or its users write. Everything else is [`Expression::Unknown`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "match", rename_all = "snake_case")]
pub enum XtMatch {
    /// `-m conntrack` (revisions 1 to 3) and `-m state`.
    Conntrack {
        /// `--ctstate`: names as iptables writes them, `INVALID`, `NEW`, `ESTABLISHED`, `RELATED`, `UNTRACKED`, `SNAT`, `DNAT`.
        states: Option<Negatable<Vec<String>>>,
        /// `--ctstatus`.
        status: Option<Negatable<Vec<String>>>,
        /// `--ctproto`.
        protocol: Option<Negatable<u8>>,
        /// `--ctorigsrc`.
        original_source: Option<Negatable<IpNet>>,
        /// `--ctorigdst`.
        original_destination: Option<Negatable<IpNet>>,
        /// `--ctreplsrc`.
        reply_source: Option<Negatable<IpNet>>,
        /// `--ctrepldst`.
        reply_destination: Option<Negatable<IpNet>>,
        /// `--ctorigsrcport`.
        original_source_port: Option<Negatable<PortRange>>,
        /// `--ctorigdstport`.
        original_destination_port: Option<Negatable<PortRange>>,
        /// `--ctreplsrcport`.
        reply_source_port: Option<Negatable<PortRange>>,
        /// `--ctrepldstport`.
        reply_destination_port: Option<Negatable<PortRange>>,
        /// `--ctdir`: `ORIGINAL` or `REPLY`.
        direction: Option<String>,
        /// Whether it was written `-m state`.
        is_state: bool,
    },
    /// `-m addrtype`.
    AddressType {
        /// `--src-type`.
        source: Option<Negatable<Vec<String>>>,
        /// `--dst-type`.
        destination: Option<Negatable<Vec<String>>>,
        /// `--limit-iface-in`.
        limit_in: bool,
        /// `--limit-iface-out`.
        limit_out: bool,
    },
    /// `-m tcp`.
    Tcp {
        /// `--sport`.
        source_ports: Option<Negatable<PortRange>>,
        /// `--dport`.
        destination_ports: Option<Negatable<PortRange>>,
        /// `--tcp-flags`: mask, then those set.
        flags: Option<Negatable<(u8, u8)>>,
        /// `--tcp-option`.
        option: Option<Negatable<u8>>,
    },
    /// `-m udp`, `-m udplite`.
    Udp {
        /// `--sport`.
        source_ports: Option<Negatable<PortRange>>,
        /// `--dport`.
        destination_ports: Option<Negatable<PortRange>>,
    },
    /// `-m sctp` with ports alone.
    Sctp {
        /// `--sport`.
        source_ports: Option<Negatable<PortRange>>,
        /// `--dport`.
        destination_ports: Option<Negatable<PortRange>>,
    },
    /// `-m icmp` and `-m icmp6`.
    Icmp {
        /// `--icmp-type`: type, then the codes.
        kind: Negatable<(u8, u8, u8)>,
        /// ICMPv6.
        is_ipv6: bool,
    },
    /// `-m multiport`.
    Multiport {
        /// `source`, `destination` or `either`.
        side: String,
        /// The ports.
        ports: Negatable<Vec<PortRange>>,
    },
    /// `-m mark`.
    Mark {
        /// `--mark value/mask`.
        mark: Negatable<(u32, u32)>,
    },
    /// `-m connmark`.
    Connmark {
        /// `--mark value/mask`.
        mark: Negatable<(u32, u32)>,
    },
    /// `-m comment`.
    Comment {
        /// The text.
        text: String,
    },
    /// `-m physdev`.
    Physdev {
        /// `--physdev-in`.
        in_interface: Option<Negatable<String>>,
        /// `--physdev-out`.
        out_interface: Option<Negatable<String>>,
        /// `--physdev-is-in`.
        is_in: Option<bool>,
        /// `--physdev-is-out`.
        is_out: Option<bool>,
        /// `--physdev-is-bridged`.
        is_bridged: Option<bool>,
    },
    /// `-m iprange`.
    IpRange {
        /// `--src-range`.
        source: Option<Negatable<(IpAddr, IpAddr)>>,
        /// `--dst-range`.
        destination: Option<Negatable<(IpAddr, IpAddr)>>,
    },
    /// `-m pkttype`.
    PacketType {
        /// `unicast`, `broadcast`, `multicast`.
        kind: Negatable<String>,
    },
    /// `-m mac`.
    Mac {
        /// `--mac-source`.
        source: Negatable<crate::MacAddress>,
    },
    /// `-m set` (ipset): decided by the set's members.
    IpSet {
        /// The set, by name or, where that cannot be asked for, `#index`.
        set: Negatable<String>,
        /// `src` and `dst`, in order.
        fields: Vec<String>,
    },
    /// `-m ipvs`.
    Ipvs {
        /// Its options in iptables' words.
        text: String,
    },
    /// `-m policy` (IPsec).
    Policy {
        /// Its options in iptables' words.
        text: String,
    },
}

impl XtMatch {
    /// A conntrack match that asks for states and nothing else.
    pub fn of_states(states: Negatable<Vec<String>>, is_state: bool) -> Self {
        Self::Conntrack {
            states: Some(states),
            status: None,
            protocol: None,
            original_source: None,
            original_destination: None,
            reply_source: None,
            reply_destination: None,
            original_source_port: None,
            original_destination_port: None,
            reply_source_port: None,
            reply_destination_port: None,
            direction: None,
            is_state,
        }
    }

    /// The states asked for, if it asks for states and nothing else.
    pub fn states_alone(&self) -> Option<&Negatable<Vec<String>>> {
        let Self::Conntrack { states: Some(states), is_state, .. } = self else { return None };
        (*self == Self::of_states(states.clone(), *is_state)).then_some(states)
    }
}

/// xtables' targets that Docker or its users write; verdicts are [`Expression::Verdict`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "target", rename_all = "snake_case")]
pub enum XtTarget {
    /// `-j DNAT`.
    Dnat {
        /// Where to.
        to: NatRange,
    },
    /// `-j SNAT`.
    Snat {
        /// Where to.
        to: NatRange,
    },
    /// `-j MASQUERADE`.
    Masquerade {
        /// `--to-ports` and flags.
        to: NatRange,
    },
    /// `-j REDIRECT`.
    Redirect {
        /// `--to-ports` and flags.
        to: NatRange,
    },
    /// `-j NETMAP`.
    Netmap {
        /// `--to`.
        to: NatRange,
    },
    /// `-j MARK --set-xmark value/mask`.
    Mark {
        /// The value.
        value: u32,
        /// The mask.
        mask: u32,
    },
    /// `-j CONNMARK`.
    Connmark {
        /// `set`, `save` or `restore`.
        mode: String,
        /// The value, for `set`.
        value: u32,
        /// The mask on the connection's mark.
        ct_mask: u32,
        /// The mask on the packet's mark.
        packet_mask: u32,
    },
    /// `-j TCPMSS`: never decides.
    TcpMss {
        /// `--set-mss`; none: `--clamp-mss-to-pmtu`.
        mss: Option<u16>,
    },
    /// `-j CT` without `--notrack`, which is [`Expression::NoTrack`]: never decides, and has conntrack work.
    Ct {
        /// `--helper`.
        helper: Option<String>,
        /// `--zone`; 0: none is given.
        zone: u16,
    },
    /// `-j CHECKSUM --checksum-fill`: never decides.
    Checksum,
    /// `-j TRACE`: never decides.
    Trace,
}

/// `struct nf_nat_range2`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NatRange {
    /// The first and the last address.
    pub addresses: Option<(IpAddr, IpAddr)>,
    /// The first and the last port.
    pub ports: Option<PortRange>,
    /// `--random`.
    pub random: bool,
    /// `--random-fully`.
    pub random_fully: bool,
    /// `--persistent`.
    pub persistent: bool,
}
