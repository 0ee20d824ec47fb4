//! A rule's expressions read as statements: what was loaded into a register is put where it is used.
//!
//! Texts and summaries are made of these, so that both tell the same story.

use std::collections::BTreeMap;

use super::{Comparison, Expression, Register, Rule, Table, Verdict};

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Origin {
    /// Bytes of the packet.
    Payload { base: String, offset: u32, len: u32 },
    /// `meta`.
    Meta(String),
    /// `ct`.
    Ct { key: String, direction: Option<String> },
    /// `fib`.
    Fib { result: String, by: Vec<String>, is_present: bool },
    /// `rt`.
    Route(String),
    /// `exthdr`.
    ExtensionHeader { op: String, header: u8, offset: u32, len: u32, is_present: bool },
    /// A constant.
    Constant(Vec<u8>),
    /// What a map holds for a key.
    Map { key: Vec<Loaded>, set: String },
    /// Something not decoded, by name.
    Unknown(String),
}

/// A value in a register.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Loaded {
    pub(super) origin: Origin,
    /// `& mask` was taken of it.
    pub(super) mask: Option<Vec<u8>>,
    /// `^ xor` after the mask, if it is not zero.
    pub(super) xor: Option<Vec<u8>>,
    /// A shift, in nft's words: `<< 8`.
    pub(super) shift: Option<String>,
}

/// Where an address or port translation goes to: first and last.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct NatTo {
    pub(super) addresses: Vec<Loaded>,
    pub(super) ports: Vec<Loaded>,
    pub(super) flags: u32,
}

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Statement<'a> {
    Compare { left: Loaded, op: Comparison, value: &'a [u8] },
    Range { left: Loaded, is_inverted: bool, first: &'a [u8], last: &'a [u8] },
    Lookup { key: Vec<Loaded>, set: &'a str, is_inverted: bool, is_verdict_map: bool },
    Set { what: String, value: Loaded },
    DestinationNat { family: &'a str, to: NatTo },
    SourceNat { family: &'a str, to: NatTo },
    Masquerade(NatTo),
    Redirect(NatTo),
    Verdict(&'a Verdict),
    /// One that stands for itself.
    Other(&'a Expression),
}

impl Loaded {
    fn of(origin: Origin) -> Self {
        Self { origin, mask: None, xor: None, shift: None }
    }

    /// How many bytes of registers it takes, rounded to whole registers.
    fn width(&self) -> u32 {
        let len = match &self.origin {
            Origin::Payload { len, .. } | Origin::ExtensionHeader { len, .. } => *len,
            Origin::Meta(key) => match key.as_str() {
                "iifname" | "oifname" | "iifkind" | "oifkind" | "ibrname" | "obrname" | "sdifname" => 16,
                "time" => 8,
                _ => 4,
            },
            Origin::Ct { key, .. } => match key.as_str() {
                "helper" | "label" | "ip6 saddr" | "ip6 daddr" => 16,
                "bytes" | "packets" | "avgpkt" => 8,
                _ => 4,
            },
            Origin::Fib { result, .. } if result == "oifname" => 16,
            Origin::Constant(value) => u32::try_from(value.len()).unwrap_or(u32::MAX),
            Origin::Fib { .. } | Origin::Route(_) | Origin::Map { .. } | Origin::Unknown(_) => 4,
        };
        len.max(1).checked_next_multiple_of(4).unwrap_or(u32::MAX)
    }
}

/// The registers as a rule fills them.
#[derive(Default)]
struct Registers(BTreeMap<u32, Loaded>);

impl Registers {
    fn load(&mut self, to: Register, origin: Origin) {
        self.0.insert(to.0, Loaded::of(origin));
    }

    fn at(&self, from: Register) -> Loaded {
        self.0.get(&from.0).cloned().unwrap_or_else(|| Loaded::of(Origin::Unknown("register".to_owned())))
    }

    fn list(&self, from: &[Option<Register>]) -> Vec<Loaded> {
        let mut list: Vec<Loaded> = from.iter().flatten().map(|register| self.at(*register)).collect();
        // First and last in the same register are one.
        if matches!(from, [Some(first), Some(last)] if first == last) {
            list.truncate(1);
        }
        list
    }

    /// The fields of a key of this length, which may be concatenated over several registers.
    fn key(&self, from: Register, len: u32) -> Vec<Loaded> {
        let mut fields = Vec::new();
        let mut at = from.0;
        while at < from.0.saturating_add(len.max(1)) && fields.len() < 16 {
            let field = self.at(Register(at));
            at = at.saturating_add(field.width());
            fields.push(field);
        }
        fields
    }
}

/// Reads a rule's expressions.
pub(super) fn statements<'a>(table: &Table, rule: &'a Rule) -> Vec<Statement<'a>> {
    let mut registers = Registers::default();
    rule.expressions.iter().filter_map(|expression| step(table, &mut registers, expression)).collect()
}

fn step<'a>(table: &Table, registers: &mut Registers, expression: &'a Expression) -> Option<Statement<'a>> {
    let (to, origin) = match expression {
        Expression::Payload { base, offset, len, to } => {
            (to, Origin::Payload { base: base.clone(), offset: *offset, len: *len })
        }
        Expression::Meta { key, to } => (to, Origin::Meta(key.clone())),
        Expression::Ct { key, direction, to } => {
            (to, Origin::Ct { key: key.clone(), direction: direction.clone() })
        }
        Expression::Fib { result, by, is_present, to } => {
            (to, Origin::Fib { result: result.clone(), by: by.clone(), is_present: *is_present })
        }
        Expression::Rt { key, to } => (to, Origin::Route(key.clone())),
        Expression::ExtensionHeader { op, header, offset, len, is_present, to } => {
            let (op, header, offset, len) = (op.clone(), *header, *offset, *len);
            (to, Origin::ExtensionHeader { op, header, offset, len, is_present: *is_present })
        }
        Expression::Immediate { to, value } => (to, Origin::Constant(value.clone())),
        Expression::Lookup { from, set, to: Some(to), is_verdict_map: false, .. } => {
            let len = table.set(set).map_or(4, |set| set.key_len);
            (to, Origin::Map { key: registers.key(*from, len), set: set.clone() })
        }
        Expression::Bitwise { from, to, op, mask, xor, .. } => {
            let mut loaded = registers.at(*from);
            match op.as_str() {
                "left_shift" | "right_shift" => {
                    let sign = if op == "left_shift" { "<<" } else { ">>" };
                    loaded.shift = Some(format!("{sign} {}", number(xor, true)));
                }
                _ => {
                    loaded.mask = Some(mask.clone());
                    loaded.xor = xor.iter().any(|byte| *byte != 0).then(|| xor.clone());
                }
            }
            registers.0.insert(to.0, loaded);
            return None;
        }
        Expression::ByteOrder { from, to, .. } => {
            let loaded = registers.at(*from);
            registers.0.insert(to.0, loaded);
            return None;
        }
        other => return statement(table, registers, other),
    };
    registers.load(*to, origin);
    None
}

fn statement<'a>(table: &Table, registers: &Registers, expression: &'a Expression) -> Option<Statement<'a>> {
    Some(match expression {
        Expression::Compare { from, op, value } => Statement::Compare { left: registers.at(*from), op: *op, value },
        Expression::Range { from, is_inverted, first, last } => {
            Statement::Range { left: registers.at(*from), is_inverted: *is_inverted, first, last }
        }
        Expression::Lookup { from, set, is_inverted, is_verdict_map, .. } => {
            let len = table.set(set).map_or(4, |set| set.key_len);
            let key = registers.key(*from, len);
            Statement::Lookup { key, set, is_inverted: *is_inverted, is_verdict_map: *is_verdict_map }
        }
        Expression::MetaSet { key, from } => Statement::Set { what: format!("meta {key}"), value: registers.at(*from) },
        Expression::CtSet { key, from } => Statement::Set { what: format!("ct {key}"), value: registers.at(*from) },
        Expression::PayloadWrite { base, offset, len, from } => {
            let what = format!("@{},{},{}", base_word(base), offset * 8, len * 8);
            Statement::Set { what, value: registers.at(*from) }
        }
        Expression::Nat { is_destination, family, address_from, address_to, port_from, port_to, flags } => {
            let to = NatTo {
                addresses: registers.list(&[*address_from, *address_to]),
                ports: registers.list(&[*port_from, *port_to]),
                flags: *flags,
            };
            if *is_destination { Statement::DestinationNat { family, to } } else { Statement::SourceNat { family, to } }
        }
        Expression::Masquerade { port_from, port_to, flags } => Statement::Masquerade(NatTo {
            addresses: Vec::new(),
            ports: registers.list(&[*port_from, *port_to]),
            flags: *flags,
        }),
        Expression::Redirect { port_from, port_to, flags } => Statement::Redirect(NatTo {
            addresses: Vec::new(),
            ports: registers.list(&[*port_from, *port_to]),
            flags: *flags,
        }),
        Expression::Verdict { verdict } => Statement::Verdict(verdict),
        other => Statement::Other(other),
    })
}

/// nft's word for a raw payload's base.
pub(super) fn base_word(base: &str) -> &str {
    match base {
        "link_layer" => "ll",
        "network" => "nh",
        "transport" => "th",
        "inner" => "ih",
        other => other,
    }
}

/// A number of up to eight bytes, in the machine's order (little, on all that Docker runs on but s390x) or the network's.
pub(super) fn number(bytes: &[u8], is_host_order: bool) -> u64 {
    let fold = |sum: u64, byte: &u8| (sum << 8) | u64::from(*byte);
    if is_host_order && cfg!(target_endian = "little") {
        bytes.iter().take(8).rev().fold(0, fold)
    } else {
        bytes.iter().take(8).fold(0, fold)
    }
}
