//! A rule as questions and deeds.
//!
//! The kernel loads registers, masks them and compares; people ask whether a field has a value. This follows the
//! registers of one rule and gives back the questions, for the rule's text and its summary.

use std::collections::BTreeMap;

use super::{Comparison, Expression, Register, Set, Table};

/// What a register was loaded with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// Bytes of the packet: base, offset, length.
    Payload(String, u32, u32),
    /// `meta`.
    Meta(String),
    /// `ct`, with its direction.
    Ct(String, Option<String>),
    /// `fib`: result, by, whether only the presence.
    Fib(String, Vec<String>, bool),
    /// Another load, in nft's words.
    Other(String),
    /// A value of the rule's own.
    Constant(Vec<u8>),
    /// Several fields side by side.
    Concatenation(Vec<Field>),
    /// A field of the machine's own order, turned into the network's so that it can be compared with spans.
    Turned(Box<Field>),
}

/// More than all registers hold, in bytes.
const MAX_LEN: u32 = 80;

/// One question or deed.
#[derive(Clone, Debug)]
pub(super) enum Clause<'a> {
    /// Goes on if the field compares so.
    Compare { field: Field, mask: Option<Vec<u8>>, op: Comparison, value: &'a [u8] },
    /// Goes on if the field is within, or not.
    Range { field: Field, not: bool, first: &'a [u8], last: &'a [u8] },
    /// Goes on if the field is in the set, or not.
    InSet { field: Field, not: bool, name: &'a str, set: Option<&'a Set> },
    /// Does as the map says for the field.
    VerdictMap { field: Field, name: &'a str, set: Option<&'a Set> },
    /// Any other expression, with what its registers hold, in the order of the expression's fields.
    Deed { step: &'a Expression, operands: Vec<Option<Operand<'a>>> },
}

/// What a deed works with.
#[derive(Clone, Debug)]
pub(super) enum Operand<'a> {
    /// A value of the rule's own.
    Value(Vec<u8>),
    /// What a map gives for a field.
    Mapped { field: Field, name: &'a str, set: Option<&'a Set> },
    /// Another field.
    Field(Field),
}

#[derive(Clone, Debug)]
enum Held<'a> {
    Field(Field, Option<Vec<u8>>),
    Mapped { field: Field, name: &'a str, set: Option<&'a Set> },
}

/// The clauses of `steps`, in order; `table` is where its sets are.
pub(super) fn clauses<'a>(table: &'a Table, steps: &'a [Expression]) -> Vec<Clause<'a>> {
    let mut registers: BTreeMap<u32, (Held<'a>, u32)> = BTreeMap::new();
    let mut clauses = Vec::new();
    let mut protocol = None;
    for step in steps {
        match step {
            Expression::Payload { base, offset, len, to } => {
                // No register holds more, and no header is longer; a recording may say anything.
                let (offset, len) = ((*offset).min(0xffff), (*len).min(MAX_LEN));
                load(&mut registers, *to, Field::Payload(base.clone(), offset, len), len);
            }
            Expression::Meta { key, to } => load(&mut registers, *to, Field::Meta(key.clone()), meta_len(key)),
            Expression::Ct { key, direction, to } => {
                load(&mut registers, *to, Field::Ct(key.clone(), direction.clone()), 4);
            }
            Expression::Fib { result, by, is_present, to } => {
                load(&mut registers, *to, Field::Fib(result.clone(), by.clone(), *is_present), 4);
            }
            Expression::Rt { key, to } => load(&mut registers, *to, Field::Other(format!("rt {key}")), 4),
            Expression::ExtensionHeader { op, header, offset, len, to, .. } => {
                load(&mut registers, *to, Field::Other(format!("exthdr {op} {header} {offset} {len}")), *len);
            }
            Expression::Immediate { to, value } => {
                let len = u32::try_from(value.len()).unwrap_or(u32::MAX);
                load(&mut registers, *to, Field::Constant(value.clone()), len);
            }
            Expression::Bitwise { from, to, mask, op, xor, .. }
                if op == "mask_xor" && xor.iter().all(|byte| *byte == 0) =>
            {
                if let Some((Held::Field(field, _), len)) = registers.get(&from.0).cloned() {
                    registers.insert(to.0, (Held::Field(field, Some(mask.clone())), len));
                }
            }
            Expression::Bitwise { from, to, op, .. } => {
                if let Some((Held::Field(field, _), len)) = registers.get(&from.0).cloned() {
                    registers.insert(to.0, (Held::Field(Field::Other(format!("{op} of {field:?}")), None), len));
                }
            }
            Expression::ByteOrder { from, to, .. } => {
                if let Some((held, len)) = registers.get(&from.0).cloned() {
                    let turned = match held {
                        Held::Field(field, mask) => Held::Field(Field::Turned(Box::new(field)), mask),
                        mapped @ Held::Mapped { .. } => mapped,
                    };
                    registers.insert(to.0, (turned, len));
                }
            }
            Expression::Compare { from, op, value } => {
                let (field, mask) = field_at(&registers, *from, value.len());
                let is_protocol = matches!(&field, Field::Meta(key) if key == "l4proto")
                    || matches!(&field, Field::Payload(base, 6 | 9, 1) if base == "network");
                if is_protocol && *op == Comparison::Equal {
                    protocol = value.first().copied();
                }
                match parts(&field, protocol).filter(|_| mask.is_none() && *op == Comparison::Equal) {
                    Some(lens) => clauses.extend(split(&field, lens, value)),
                    None => clauses.push(Clause::Compare { field, mask, op: *op, value }),
                }
            }
            Expression::Range { from, is_inverted, first, last } => {
                let (field, _) = field_at(&registers, *from, first.len());
                clauses.push(Clause::Range { field, not: *is_inverted, first, last });
            }
            Expression::Lookup { from, set: name, to, is_verdict_map, is_inverted } => {
                let set = table.set(name);
                let len = set.map_or(0, |set| set.key_len as usize);
                let (field, _) = field_at(&registers, *from, len);
                match to {
                    _ if *is_verdict_map => clauses.push(Clause::VerdictMap { field, name, set }),
                    Some(to) => {
                        registers.insert(to.0, (Held::Mapped { field, name, set }, 16));
                    }
                    None => clauses.push(Clause::InSet { field, not: *is_inverted, name, set }),
                }
            }
            Expression::Nat { address_from, address_to, port_from, port_to, .. } => {
                let operands = [address_from, address_to, port_from, port_to];
                clauses.push(deed(&registers, step, &operands));
            }
            Expression::Masquerade { port_from, port_to, .. } | Expression::Redirect { port_from, port_to, .. } => {
                clauses.push(deed(&registers, step, &[port_from, port_to]));
            }
            Expression::MetaSet { from, .. }
            | Expression::CtSet { from, .. }
            | Expression::PayloadWrite { from, .. } => {
                clauses.push(deed(&registers, step, &[&Some(*from)]));
            }
            _ => clauses.push(Clause::Deed { step, operands: Vec::new() }),
        }
    }
    clauses
}

/// Both tools ask for neighbouring fields in one comparison: the lengths of these.
fn parts(field: &Field, protocol: Option<u8>) -> Option<&'static [u32]> {
    let Field::Payload(base, offset, len) = field else { return None };
    Some(match (base.as_str(), offset, len) {
        ("network", 12, 8) => &[4, 4],
        ("transport", 0, 2) if matches!(protocol, Some(1 | 58)) => &[1, 1],
        ("transport", 0, 4) if !matches!(protocol, Some(1 | 58)) => &[2, 2],
        ("link_layer", 0, 12) => &[6, 6],
        ("link_layer", 6, 8) => &[6, 2],
        ("link_layer", 0, 14) => &[6, 6, 2],
        _ => return None,
    })
}

fn split<'a>(field: &Field, lens: &[u32], value: &'a [u8]) -> Vec<Clause<'a>> {
    let Field::Payload(base, offset, _) = field else { return Vec::new() };
    let mut at = 0_u32;
    let mut clauses = Vec::with_capacity(lens.len());
    for len in lens {
        let field = Field::Payload(base.clone(), offset.saturating_add(at), *len);
        let (from, to) = (at as usize, at.saturating_add(*len) as usize);
        let value = value.get(from..to).unwrap_or_default();
        clauses.push(Clause::Compare { field, mask: None, op: Comparison::Equal, value });
        at = at.saturating_add(*len);
    }
    clauses
}

fn load<'a>(registers: &mut BTreeMap<u32, (Held<'a>, u32)>, to: Register, field: Field, len: u32) {
    registers.insert(to.0, (Held::Field(field, None), len.min(MAX_LEN)));
}

/// Interfaces' names fill a whole register.
fn meta_len(key: &str) -> u32 {
    match key {
        "iifname" | "oifname" | "ibrname" | "obrname" | "sdifname" | "iifkind" | "oifkind" => 16,
        "nfproto" | "l4proto" | "pkttype" => 1,
        "protocol" | "iiftype" | "oiftype" => 2,
        _ => 4,
    }
}

/// The field in a register, or the fields side by side that a value of `len` bytes spans.
fn field_at(registers: &BTreeMap<u32, (Held<'_>, u32)>, from: Register, len: usize) -> (Field, Option<Vec<u8>>) {
    let mut fields = Vec::new();
    let mut mask = None;
    let mut at = from.0;
    let end = from.0.saturating_add(u32::try_from(len.max(1)).unwrap_or(u32::MAX));
    while at < end {
        let Some((Held::Field(field, masked), len)) = registers.get(&at) else { break };
        fields.push(field.clone());
        mask = mask.or_else(|| masked.clone());
        at = at.saturating_add(len.next_multiple_of(4).max(4));
    }
    match fields.len() {
        0 => (Field::Other("unknown".to_owned()), None),
        1 => (fields.remove(0), mask),
        _ => (Field::Concatenation(fields), None),
    }
}

fn deed<'a>(
    registers: &BTreeMap<u32, (Held<'a>, u32)>,
    step: &'a Expression,
    operands: &[&Option<Register>],
) -> Clause<'a> {
    let operand = |register: &Option<Register>| {
        let register = (*register)?;
        // A map's data may span several registers: an address, then a port.
        let (start, (held, _)) = registers.range(..=register.0).next_back()?;
        Some(match held {
            Held::Mapped { field, name, set } => Operand::Mapped { field: field.clone(), name, set: *set },
            Held::Field(Field::Constant(value), _) if *start == register.0 => Operand::Value(value.clone()),
            Held::Field(field, _) if *start == register.0 => Operand::Field(field.clone()),
            Held::Field(..) => return None,
        })
    };
    Clause::Deed { step, operands: operands.iter().map(|register| operand(register)).collect() }
}
