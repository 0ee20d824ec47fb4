//! A rule's expressions, made ready: names turned into numbers once, so that running them compares no text.

use bridgewalk_model::firewall::{
    Comparison, Data, Expression, IpHeader, Register, Set, Table, Verdict, XtMatch, XtTarget,
};

use super::plan::ChainNumbers;

/// One step of a rule.
#[derive(Debug)]
pub(super) enum Step<'a> {
    /// Loads from a header.
    Payload { base: Base, offset: u32, len: u32, to: Register },
    /// Writes into a header.
    PayloadWrite { base: Base, offset: u32, len: u32, from: Register },
    /// Loads what the kernel knows of the packet.
    Meta { key: MetaKey, to: Register },
    /// Sets the mark.
    SetMark { from: Register },
    /// Loads what conntrack knows of the flow.
    Connection { key: ConnectionKey, is_reply: Option<bool>, to: Register },
    /// Sets the connection's mark.
    SetConnectionMark { from: Register },
    /// Asks the routes.
    Fib { result: FibResult, by: FibBy, is_present: bool, to: Register },
    /// Asks for an IPv6 extension header or an IPv4 option: walked packets have none.
    AbsentHeader { is_present: bool, to: Register },
    /// Loads something that we cannot know.
    Forget { len: u32, to: Register },
    /// Compares.
    Compare { from: Register, op: Comparison, value: &'a [u8] },
    /// Compares with a span.
    Range { from: Register, is_inverted: bool, first: &'a [u8], last: &'a [u8] },
    /// `(from & mask) ^ xor`.
    MaskXor { from: Register, to: Register, mask: &'a [u8], xor: &'a [u8] },
    /// Shifts.
    Shift { from: Register, to: Register, len: u32, bits: u32, is_left: bool },
    /// Turns bytes around.
    Swap { from: Register, to: Register, len: u32, size: u32 },
    /// Asks a set or map; none: it was not read.
    Lookup { from: Register, name: &'a str, set: Option<&'a Set>, to: LookupTo, is_inverted: bool },
    /// Loads a value.
    Immediate { to: Register, value: &'a [u8] },
    /// Ends the rule.
    Verdict(Flow),
    /// Translates an address.
    Nat(NatStep),
    /// Answers with an error.
    Reject { with: &'a str },
    /// Takes the packet away from conntrack.
    NoTrack,
    /// xtables' fixed header.
    Header(&'a IpHeader),
    /// xtables' match.
    Match(&'a XtMatch),
    /// xtables' target.
    Target(&'a XtTarget),
    /// Might match and might not.
    Undecided { asks: &'a str },
    /// Might end the packet in some way, or go on.
    Ambiguous { asks: &'a str },
}

/// Where the rule leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// With the next rule.
    Continue,
    /// Ends the base chain.
    Accept,
    /// Ends the packet.
    Drop,
    /// Ends the chain.
    Return,
    /// Into a chain and back, by its place in the plan; none: there is no such chain.
    Jump(Option<usize>),
    /// Into a chain.
    Goto(Option<usize>),
    /// To a program.
    Queue,
}

/// Which header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    /// Ethernet's.
    Link,
    /// IP's.
    Network,
    /// TCP's, UDP's, ICMP's.
    Transport,
    /// Beyond.
    Other,
}

/// What `meta` asks that can be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MetaKey {
    /// `protocol`: Ethernet's number.
    Protocol,
    /// `nfproto`.
    Family,
    /// `l4proto`.
    Transport,
    /// `mark`.
    Mark,
    /// `iif`.
    InIndex,
    /// `oif`.
    OutIndex,
    /// `iifname`.
    InName,
    /// `oifname`.
    OutName,
    /// `iiftype`.
    InType,
    /// `oiftype`.
    OutType,
    /// `iifkind`.
    InKind,
    /// `oifkind`.
    OutKind,
    /// `pkttype`.
    PacketType,
    /// `skuid`, `skgid`, `cgroup`: of the socket that sent it.
    Socket,
}

/// What `ct` asks that can be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ConnectionKey {
    /// `state`.
    State,
    /// `direction`.
    Direction,
    /// `status`.
    Status,
    /// `mark`.
    Mark,
    /// `l3proto`.
    Family,
    /// `protocol`.
    Protocol,
    /// `saddr`.
    Source,
    /// `daddr`.
    Destination,
    /// `proto-src`.
    SourcePort,
    /// `proto-dst`.
    DestinationPort,
    /// `zone`.
    Zone,
    /// Anything else, of this length.
    Other(u32),
}

/// What `fib` gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FibResult {
    /// The interface's number.
    Index,
    /// The interface's name.
    Name,
    /// The address's kind.
    Kind,
}

/// What `fib` asks with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct FibBy {
    /// The source; else the destination.
    pub(super) is_source: bool,
    pub(super) mark: bool,
    pub(super) in_interface: bool,
    pub(super) out_interface: bool,
}

/// Where a lookup's answer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LookupTo {
    /// It is a question.
    Question,
    /// A map's value.
    Value(Register),
    /// A map's verdict.
    Verdict,
}

/// nf_tables' own translations, whose operands are in registers.
#[derive(Clone, Copy, Debug)]
pub(super) struct NatStep {
    pub(super) kind: NatKind,
    /// The family of the addresses; none: of the packet.
    pub(super) is_ipv6: Option<bool>,
    /// The lowest and the highest address.
    pub(super) addresses: (Option<Register>, Option<Register>),
    /// The lowest and the highest port.
    pub(super) ports: (Option<Register>, Option<Register>),
    /// `NF_NAT_RANGE_*`.
    pub(super) flags: u32,
}

/// What is translated, and to what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NatKind {
    /// The receiver.
    Destination,
    /// The sender.
    Source,
    /// The sender, to the outgoing interface's address.
    Masquerade,
    /// The receiver, to this host.
    Redirect,
}

/// Makes a rule's expressions ready.
pub(super) fn ready<'a>(table: &'a Table, chains: &ChainNumbers<'a>, expressions: &'a [Expression]) -> Vec<Step<'a>> {
    expressions.iter().filter_map(|expression| step(table, chains, expression)).collect()
}

/// A verdict with its chain's place.
pub(super) fn flow(chains: &ChainNumbers<'_>, verdict: &Verdict) -> Flow {
    match verdict {
        Verdict::Accept => Flow::Accept,
        Verdict::Drop => Flow::Drop,
        Verdict::Continue => Flow::Continue,
        Verdict::Return => Flow::Return,
        Verdict::Jump(name) => Flow::Jump(chains.get(name.as_str()).copied()),
        Verdict::Goto(name) => Flow::Goto(chains.get(name.as_str()).copied()),
        Verdict::Queue => Flow::Queue,
    }
}

fn step<'a>(table: &'a Table, chains: &ChainNumbers<'a>, expression: &'a Expression) -> Option<Step<'a>> {
    Some(match expression {
        Expression::Payload { base, offset, len, to } => {
            Step::Payload { base: self::base(base), offset: *offset, len: *len, to: *to }
        }
        Expression::PayloadWrite { base, offset, len, from } => {
            Step::PayloadWrite { base: self::base(base), offset: *offset, len: *len, from: *from }
        }
        Expression::Meta { key, to } => match meta_key(key) {
            Some(key) => Step::Meta { key, to: *to },
            None => Step::Forget { len: 16, to: *to },
        },
        Expression::MetaSet { key, from } if key == "mark" => Step::SetMark { from: *from },
        Expression::CtSet { key, from } if key == "mark" => Step::SetConnectionMark { from: *from },
        Expression::Ct { key, direction, to } => {
            let is_reply = direction.as_deref().map(|direction| direction == "reply");
            Step::Connection { key: connection_key(key), is_reply, to: *to }
        }
        Expression::Fib { result, by, is_present, to } => {
            let has = |name: &str| by.iter().any(|by| by == name);
            let result = match result.as_str() {
                "oif" => FibResult::Index,
                "oifname" => FibResult::Name,
                "type" => FibResult::Kind,
                _ => return Some(Step::Forget { len: 16, to: *to }),
            };
            let by = FibBy {
                is_source: has("saddr"),
                mark: has("mark"),
                in_interface: has("iif"),
                out_interface: has("oif"),
            };
            Step::Fib { result, by, is_present: *is_present, to: *to }
        }
        Expression::Rt { to, .. } => Step::Forget { len: 16, to: *to },
        Expression::ExtensionHeader { op, is_present, to, .. } if op == "ipv6" || op == "ipv4" => {
            Step::AbsentHeader { is_present: *is_present, to: *to }
        }
        Expression::ExtensionHeader { len, to, .. } => Step::Forget { len: *len, to: *to },
        Expression::Compare { from, op, value } => Step::Compare { from: *from, op: *op, value },
        Expression::Range { from, is_inverted, first, last } => {
            Step::Range { from: *from, is_inverted: *is_inverted, first, last }
        }
        Expression::Bitwise { from, to, len, op, mask, xor } => match op.as_str() {
            "mask_xor" => Step::MaskXor { from: *from, to: *to, mask, xor },
            "left_shift" | "right_shift" => {
                let bits = xor.as_slice().try_into().map_or(0, u32::from_ne_bytes);
                Step::Shift { from: *from, to: *to, len: *len, bits, is_left: op == "left_shift" }
            }
            _ => Step::Forget { len: *len, to: *to },
        },
        Expression::ByteOrder { from, to, len, size, .. } => {
            Step::Swap { from: *from, to: *to, len: *len, size: *size }
        }
        Expression::Lookup { from, set: name, to, is_verdict_map, is_inverted } => {
            let to = match to {
                _ if *is_verdict_map => LookupTo::Verdict,
                Some(to) => LookupTo::Value(*to),
                None => LookupTo::Question,
            };
            Step::Lookup { from: *from, name, set: table.set(name), to, is_inverted: *is_inverted }
        }
        Expression::Immediate { to, value } => Step::Immediate { to: *to, value },
        Expression::Verdict { verdict } => Step::Verdict(flow(chains, verdict)),
        Expression::Nat { is_destination, family, address_from, address_to, port_from, port_to, flags } => {
            Step::Nat(NatStep {
                kind: if *is_destination { NatKind::Destination } else { NatKind::Source },
                is_ipv6: Some(family == "ip6"),
                addresses: (*address_from, *address_to),
                ports: (*port_from, *port_to),
                flags: *flags,
            })
        }
        Expression::Masquerade { port_from, port_to, flags } => {
            nat(NatKind::Masquerade, (*port_from, *port_to), *flags)
        }
        Expression::Redirect { port_from, port_to, flags } => nat(NatKind::Redirect, (*port_from, *port_to), *flags),
        Expression::Reject { with } => Step::Reject { with },
        Expression::NoTrack => Step::NoTrack,
        Expression::IpHeader(header) => Step::Header(header),
        Expression::Xt(found) => Step::Match(found),
        Expression::XtTarget(target) => Step::Target(target),
        Expression::Unknown { name, bytes, is_match, .. } => return unknown(name, bytes, *is_match),
        // What else is set never decides; counters and logs neither.
        Expression::MetaSet { .. } | Expression::CtSet { .. } | Expression::Counter | Expression::Log { .. } => {
            return None;
        }
    })
}

const fn nat<'a>(kind: NatKind, ports: (Option<Register>, Option<Register>), flags: u32) -> Step<'a> {
    Step::Nat(NatStep { kind, is_ipv6: None, addresses: (None, None), ports, flags })
}

/// What is not decoded: what only acts is left out, a program's queue is a verdict, a match splits the way.
fn unknown<'a>(name: &'a str, bytes: &[u8], is_match: bool) -> Option<Step<'a>> {
    let asks = name.strip_prefix("xt_match ").or_else(|| name.strip_prefix("xt_target ")).unwrap_or(name);
    Some(match name {
        "queue" | "xt_target NFQUEUE" => Step::Verdict(Flow::Queue),
        // Objects of these types end a rule that is over its limit (`NFT_OBJECT_QUOTA`, `LIMIT`, `CONNLIMIT`).
        "objref" => match attribute(bytes, 1).and_then(|kind| kind.try_into().ok()).map(u32::from_be_bytes) {
            Some(1 | 3 | 6..=9) => return None,
            _ => Step::Undecided { asks },
        },
        // A limit within (`NFTA_DYNSET_EXPR`, `NFTA_DYNSET_EXPRESSIONS`) ends the rule; adding alone does not.
        "dynset" if attribute(bytes, 7).is_none() && attribute(bytes, 10).is_none() => return None,
        "dup" | "last" | "flow_offload" => return None,
        "synproxy" | "xt_target SYNPROXY" | "tproxy" | "xt_target TPROXY" | "fwd" => Step::Ambiguous { asks },
        _ if is_match || name == "dynset" => Step::Undecided { asks },
        "xt_target TEE"
        | "xt_target SET"
        | "xt_target HL"
        | "xt_target TTL"
        | "xt_target DSCP"
        | "xt_target TOS"
        | "xt_target TCPOPTSTRIP"
        | "xt_target CLASSIFY"
        | "xt_target SECMARK"
        | "xt_target CONNSECMARK"
        | "xt_target AUDIT"
        | "xt_target IDLETIMER"
        | "xt_target LED"
        | "xt_target RATEEST"
        | "xt_target ECN"
        | "xt_target CHECKSUM"
        | "xt_target TRACE"
        | "xt_target LOG"
        | "xt_target NFLOG"
        | "xt_target TCPMSS" => return None,
        _ => Step::Ambiguous { asks },
    })
}

/// A netlink attribute's value among `bytes`.
fn attribute(mut bytes: &[u8], kind: u16) -> Option<&[u8]> {
    while let [a, b, c, d, ..] = *bytes {
        let len = usize::from(u16::from_ne_bytes([a, b]));
        if u16::from_ne_bytes([c, d]) & 0x3fff == kind {
            return bytes.get(4..len);
        }
        bytes = bytes.get(len.max(4).next_multiple_of(4)..)?;
    }
    None
}

fn base(name: &str) -> Base {
    match name {
        "link_layer" => Base::Link,
        "network" => Base::Network,
        "transport" => Base::Transport,
        _ => Base::Other,
    }
}

fn meta_key(key: &str) -> Option<MetaKey> {
    Some(match key {
        "protocol" => MetaKey::Protocol,
        "nfproto" => MetaKey::Family,
        "l4proto" => MetaKey::Transport,
        "mark" => MetaKey::Mark,
        "iif" => MetaKey::InIndex,
        "oif" => MetaKey::OutIndex,
        "iifname" => MetaKey::InName,
        "oifname" => MetaKey::OutName,
        "iiftype" => MetaKey::InType,
        "oiftype" => MetaKey::OutType,
        "iifkind" => MetaKey::InKind,
        "oifkind" => MetaKey::OutKind,
        "pkttype" => MetaKey::PacketType,
        "skuid" | "skgid" | "cgroup" => MetaKey::Socket,
        _ => return None,
    })
}

fn connection_key(key: &str) -> ConnectionKey {
    match key {
        "state" => ConnectionKey::State,
        "direction" => ConnectionKey::Direction,
        "status" => ConnectionKey::Status,
        "mark" => ConnectionKey::Mark,
        "l3proto" => ConnectionKey::Family,
        "protocol" => ConnectionKey::Protocol,
        "saddr" | "ip saddr" | "ip6 saddr" => ConnectionKey::Source,
        "daddr" | "ip daddr" | "ip6 daddr" => ConnectionKey::Destination,
        "proto-src" => ConnectionKey::SourcePort,
        "proto-dst" => ConnectionKey::DestinationPort,
        "zone" => ConnectionKey::Zone,
        _ => ConnectionKey::Other(16),
    }
}

/// A map's value as a verdict.
pub(super) fn verdict_of(data: Option<&Data>) -> Option<&Verdict> {
    match data {
        Some(Data::Verdict(verdict)) => Some(verdict),
        _ => None,
    }
}
