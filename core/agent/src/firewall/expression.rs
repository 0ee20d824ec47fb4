//! One expression of a rule: its name and its attributes.

use bridgewalk_model::firewall::{Comparison, Counter, Data, Expression, Register, Verdict};

use super::{
    nftables::{be32, be64},
    xt,
};
use crate::netlink::attributes::{Attributes, text};

/// What is kept of an expression that is not decoded, in bytes.
const MAX_RAW: usize = 4096;

/// Decodes one expression of a rule of this family (`NFPROTO_*`); what a counter says goes into `counter`.
pub(super) fn decode(family: u8, element: Attributes<'_>, counter: &mut Option<Counter>) -> Expression {
    let name = element.find(1).map(text).unwrap_or_default();
    let attributes = element.nested(2);
    if name == "counter" {
        *counter = Some(Counter { bytes: be64(attributes, 1).unwrap_or(0), packets: be64(attributes, 2).unwrap_or(0) });
    }
    known(family, &name, attributes).unwrap_or_else(|| Expression::Unknown {
        is_match: is_match(&name),
        bytes: attributes.0.get(..MAX_RAW).unwrap_or(attributes.0).to_vec(),
        revision: 0,
        name,
    })
}

/// Whether an expression that we do not decode can decide a rule: all but those that are known only to act.
fn is_match(name: &str) -> bool {
    !matches!(name, "objref" | "dup" | "last" | "flow_offload" | "dynset" | "tproxy" | "synproxy")
}

fn known(family: u8, name: &str, a: Attributes<'_>) -> Option<Expression> {
    let number = |kind| be32(a, kind);
    let register = |kind| number(kind).and_then(register);
    let value = |kind| a.nested(kind).find(1).map(<[u8]>::to_vec);
    Some(match name {
        "immediate" => match data(a.nested(2))? {
            Data::Verdict(verdict) => Expression::Verdict { verdict },
            Data::Value(value) => Expression::Immediate { to: register(1)?, value },
        },
        "payload" => {
            let base = ["link_layer", "network", "transport", "inner", "tunnel"].get(number(2)? as usize)?;
            let (base, offset, len) = ((*base).to_owned(), number(3)?, number(4)?);
            match register(5) {
                Some(from) => Expression::PayloadWrite { base, offset, len, from },
                None => Expression::Payload { base, offset, len, to: register(1)? },
            }
        }
        "meta" => {
            let key = (*META_KEYS.get(number(2)? as usize)?).to_owned();
            match register(3) {
                Some(from) => Expression::MetaSet { key, from },
                None => Expression::Meta { key, to: register(1)? },
            }
        }
        "ct" => {
            let key = (*CT_KEYS.get(number(2)? as usize)?).to_owned();
            match register(4) {
                Some(from) => Expression::CtSet { key, from },
                None => Expression::Ct {
                    key,
                    direction: a
                        .find(3)
                        .and_then(|d| d.first())
                        .map(|d| if *d == 0 { "original" } else { "reply" }.to_owned()),
                    to: register(1)?,
                },
            }
        }
        "fib" => {
            let flags = number(3).unwrap_or(0);
            let by = ["saddr", "daddr", "mark", "iif", "oif"];
            Expression::Fib {
                result: (*["", "oif", "oifname", "type"].get(number(2)? as usize)?).to_owned(),
                by: (0..5).filter(|bit| flags & (1 << bit) != 0).map(|bit| by[bit].to_owned()).collect(),
                is_present: flags & 32 != 0,
                to: register(1)?,
            }
        }
        "rt" => Expression::Rt {
            key: (*["classid", "nexthop4", "nexthop6", "mtu", "ipsec"].get(number(2)? as usize)?).to_owned(),
            to: register(1)?,
        },
        "exthdr" => Expression::ExtensionHeader {
            op: (*["ipv6", "tcp", "ipv4", "sctp", "dccp"].get(number(6).unwrap_or(0) as usize)?).to_owned(),
            header: *a.find(2)?.first()?,
            offset: number(3)?,
            len: number(4)?,
            is_present: number(5).unwrap_or(0) & 1 != 0,
            to: register(1)?,
        },
        "cmp" => Expression::Compare { from: register(1)?, op: comparison(number(2)?)?, value: value(3)? },
        "range" => {
            Expression::Range { from: register(1)?, is_inverted: number(2)? == 1, first: value(3)?, last: value(4)? }
        }
        "bitwise" => {
            let op =
                *["mask_xor", "left_shift", "right_shift", "and", "or", "xor"].get(number(6).unwrap_or(0) as usize)?;
            // `and`, `or`, `xor` of two registers are new, and nobody writes them yet.
            if matches!(op, "and" | "or" | "xor") {
                return None;
            }
            Expression::Bitwise {
                from: register(1)?,
                to: register(2)?,
                len: number(3)?,
                op: op.to_owned(),
                mask: value(4).unwrap_or_default(),
                xor: value(5).or_else(|| value(7)).unwrap_or_default(),
            }
        }
        "byteorder" => Expression::ByteOrder {
            from: register(1)?,
            to: register(2)?,
            to_host: number(3)? == 0,
            len: number(4)?,
            size: number(5)?,
        },
        "lookup" => Expression::Lookup {
            set: text(a.find(1)?),
            from: register(2)?,
            to: register(3),
            is_verdict_map: number(3) == Some(0),
            is_inverted: number(5).unwrap_or(0) & 1 != 0,
        },
        "nat" => Expression::Nat {
            is_destination: number(1)? == 1,
            family: if number(2)? == 10 { "ip6" } else { "ip" }.to_owned(),
            address_from: register(3),
            address_to: register(4),
            port_from: register(5),
            port_to: register(6),
            flags: number(7).unwrap_or(0),
        },
        "masq" => {
            Expression::Masquerade { flags: number(1).unwrap_or(0), port_from: register(2), port_to: register(3) }
        }
        "redir" => Expression::Redirect { port_from: register(1), port_to: register(2), flags: number(3).unwrap_or(0) },
        "reject" => {
            Expression::Reject { with: reject(family, number(1)?, a.find(2).and_then(|code| code.first()).copied()) }
        }
        "counter" => Expression::Counter,
        "notrack" => Expression::NoTrack,
        "log" => Expression::Log { text: log(a) },
        "match" => xt::decode_match(family, &text(a.find(1)?), number(2)?.try_into().ok()?, a.find(3)?),
        "target" => xt::decode_target(family, &text(a.find(1)?), number(2)?.try_into().ok()?, a.find(3)?),
        _ => return None,
    })
}

fn log(a: Attributes<'_>) -> String {
    let mut words = "log".to_owned();
    if let Some(prefix) = a.find(2).map(text) {
        words += &format!(" prefix {prefix:?}");
    }
    if let Some(group) = a.find(1).and_then(|group| group.try_into().ok()).map(u16::from_be_bytes) {
        words += &format!(" group {group}");
    }
    let levels = ["emerg", "alert", "crit", "err", "warn", "notice", "info", "debug", "audit"];
    if let Some(level) = be32(a, 5).filter(|level| *level != 4).and_then(|level| levels.get(level as usize)) {
        words += &format!(" level {level}");
    }
    words
}

fn reject(family: u8, kind: u32, code: Option<u8>) -> String {
    let names: &[&str] = match (kind, family) {
        (1, _) => return "tcp reset".to_owned(),
        (2, _) => &["no-route", "port-unreachable", "host-unreachable", "admin-prohibited"],
        (_, 10) => {
            &["no-route", "admin-prohibited", "", "addr-unreachable", "port-unreachable", "policy-fail", "reject-route"]
        }
        _ => &[
            "net-unreachable",
            "host-unreachable",
            "prot-unreachable",
            "port-unreachable",
            "",
            "",
            "",
            "",
            "",
            "net-prohibited",
            "host-prohibited",
            "",
            "",
            "admin-prohibited",
        ],
    };
    let protocol = match (kind, family) {
        (2, _) => "icmpx",
        (_, 10) => "icmpv6",
        _ => "icmp",
    };
    let code = usize::from(code.unwrap_or(0));
    format!(
        "{protocol} {}",
        names.get(code).filter(|name| !name.is_empty()).map_or_else(|| code.to_string(), |name| (*name).to_owned())
    )
}

/// `NFTA_DATA_VALUE` or `NFTA_DATA_VERDICT`.
pub(super) fn data(a: Attributes<'_>) -> Option<Data> {
    if let Some(value) = a.find(1) {
        return Some(Data::Value(value.to_vec()));
    }
    let verdict = a.nested(2);
    let chain = || verdict.find(2).map(text).unwrap_or_default();
    Some(Data::Verdict(match be32(verdict, 1)?.cast_signed() {
        0 => Verdict::Drop,
        1 => Verdict::Accept,
        3 => Verdict::Queue,
        -1 | -2 => Verdict::Continue,
        -3 => Verdict::Jump(chain()),
        -4 => Verdict::Goto(chain()),
        -5 => Verdict::Return,
        _ => return None,
    }))
}

/// `NFT_REG_1` … `NFT_REG_4` are 16 bytes each, `NFT_REG32_00` … are 4; 0 is the verdict's.
fn register(number: u32) -> Option<Register> {
    match number {
        1..=4 => Some(Register(number * 16)),
        8..=23 => Some(Register(16 + (number - 8) * 4)),
        _ => None,
    }
}

fn comparison(number: u32) -> Option<Comparison> {
    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual};
    [Equal, NotEqual, Less, LessOrEqual, Greater, GreaterOrEqual].get(number as usize).copied()
}

const META_KEYS: [&str; 35] = [
    "length",
    "protocol",
    "priority",
    "mark",
    "iif",
    "oif",
    "iifname",
    "oifname",
    "iiftype",
    "oiftype",
    "skuid",
    "skgid",
    "nftrace",
    "rtclassid",
    "secmark",
    "nfproto",
    "l4proto",
    "ibrname",
    "obrname",
    "pkttype",
    "cpu",
    "iifgroup",
    "oifgroup",
    "cgroup",
    "random",
    "ipsec",
    "iifkind",
    "oifkind",
    "ibrpvid",
    "ibrvproto",
    "time",
    "day",
    "hour",
    "sdif",
    "sdifname",
];

const CT_KEYS: [&str; 24] = [
    "state",
    "direction",
    "status",
    "mark",
    "secmark",
    "expiration",
    "helper",
    "l3proto",
    "saddr",
    "daddr",
    "protocol",
    "proto-src",
    "proto-dst",
    "label",
    "packets",
    "bytes",
    "avgpkt",
    "zone",
    "event",
    "ip saddr",
    "ip daddr",
    "ip6 saddr",
    "ip6 daddr",
    "id",
];
