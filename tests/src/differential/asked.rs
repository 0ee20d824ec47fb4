//! What a rule asks, read from what the kernel runs and not by the evaluator, so that one does not hide the other's mistakes.

mod xt;

use std::{collections::BTreeMap, net::IpAddr};

use bridgewalk_model::{
    firewall::{Comparison, Data, Expression, Rule, Set, Table, Verdict, XtTarget},
    snapshot::Namespace,
};
use ipnet::IpNet;

/// What is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// The sender's address, as a number.
    Source,
    /// The receiver's.
    Destination,
    /// The device it came in by, by its place in the namespace's list.
    In,
    /// The device it leaves by.
    Out,
    /// IP's number of the protocol.
    Protocol,
    /// The transport header's first two bytes.
    SourcePort,
    /// Its next two bytes.
    DestinationPort,
    /// Conntrack's state: a bit's number, as the kernel has it.
    State,
    /// The kind of the receiver's address (`RTN_*`).
    Kind,
    /// Anything else that stays as it is within a hook, in words: 1 if so.
    Other(String),
}

/// One question.
#[derive(Clone, Debug)]
pub struct Question {
    /// What about.
    pub field: Field,
    /// Spans, from the first value to the last.
    pub spans: Vec<(u128, u128)>,
    /// Whether it must be in none of them.
    pub not: bool,
}

/// What a rule does in the end.
#[derive(Clone, Debug)]
pub enum Deed {
    /// The next rule.
    Next,
    /// The base chain ends, or the packet.
    Ends {
        /// Whether the packet goes on after it.
        is_accepted: bool,
    },
    /// The chain ends.
    Return,
    /// Another chain.
    Chain {
        /// Which.
        name: String,
        /// Whether what it does not decide comes back.
        comes_back: bool,
    },
    /// One of several, by another question; in the kernel's order they do not overlap.
    Choice(Vec<(Question, Deed)>),
    /// One of these chains, or anything.
    Unknown(Vec<String>),
}

/// A rule, read.
#[derive(Clone, Debug)]
pub struct Asked {
    /// All of it must hold.
    pub questions: Vec<Question>,
    /// Whether nothing else is asked.
    pub is_all: bool,
    /// What then is done.
    pub deed: Deed,
}

/// Names of states by their bits (`NF_CT_STATE_BIT`).
const STATES: [(&str, u128); 5] = [("INVALID", 0), ("ESTABLISHED", 1), ("RELATED", 2), ("NEW", 3), ("UNTRACKED", 6)];
/// `IPS_DST_NAT`'s bit.
const DESTINATION_NAT: u128 = 5;
/// Kinds of addresses (`RTN_*`). IPv6 has other ideas of all but what is local.
const KINDS: [(&str, u32); 4] = [("UNICAST", 1), ("LOCAL", 2), ("BROADCAST", 3), ("MULTICAST", 5)];
/// `NFT_SET_TIMEOUT` and `NFT_SET_EVAL`: members come and go.
const COMES_AND_GOES: u32 = 0x8 | 0x20;

/// What stands in a register.
#[derive(Clone, Debug)]
struct Loaded {
    what: What,
    mask: Option<Vec<u8>>,
    text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Source,
    Destination,
    In,
    Out,
    Protocol,
    SourcePort,
    DestinationPort,
    State,
    Status,
    Family,
    DestinationKind,
    /// A mark that no rule sets.
    Zero,
    Constant,
    Changing,
}

/// Reads the rules of one namespace, for packets of one family.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    /// Whose.
    pub namespace: &'a Namespace,
    /// Which family.
    pub is_ipv6: bool,
    /// Whether some rule gives packets another receiver.
    pub translates: bool,
    /// Whether some rule marks packets; else all have the mark 0.
    pub marks: bool,
}

impl Reader<'_> {
    /// Reads a rule.
    pub fn read(self, table: &Table, rule: &Rule) -> Asked {
        let mut asked = Asked { questions: Vec::new(), is_all: true, deed: Deed::Next };
        let mut registers: BTreeMap<u32, Loaded> = BTreeMap::new();
        for step in &rule.expressions {
            self.step(table, step, &mut registers, &mut asked);
        }
        asked
    }

    fn step(self, table: &Table, step: &Expression, registers: &mut BTreeMap<u32, Loaded>, asked: &mut Asked) {
        let loaded = |what| Loaded { what, mask: None, text: without_register(step) };
        let mut ask = |question: Option<Question>| match question {
            Some(question) => asked.questions.push(question),
            None => asked.is_all = false,
        };
        match step {
            Expression::Payload { base, offset, len, to } => {
                let what = self.payload(base, *offset, *len);
                registers.insert(to.0, loaded(what));
            }
            Expression::Meta { key, to } => {
                let what = match key.as_str() {
                    "iifname" => What::In,
                    "oifname" => What::Out,
                    "l4proto" => What::Protocol,
                    "nfproto" => What::Family,
                    "mark" if !self.marks => What::Zero,
                    "pkttype" | "iif" | "oif" | "iiftype" | "oiftype" | "iifkind" | "oifkind" | "protocol" => {
                        What::Constant
                    }
                    _ => What::Changing,
                };
                registers.insert(to.0, loaded(what));
            }
            Expression::Ct { key, direction, to } => {
                let what = match key.as_str() {
                    "state" => What::State,
                    "status" => What::Status,
                    "direction" if direction.is_none() => What::Constant,
                    _ => What::Changing,
                };
                registers.insert(to.0, loaded(what));
            }
            Expression::Fib { result, by, is_present, to } => {
                let what = match (result.as_str(), by.as_slice(), is_present) {
                    ("type", [by], false) if by == "daddr" => What::DestinationKind,
                    _ if by.iter().any(|by| by == "mark") => What::Changing,
                    _ => What::Constant,
                };
                registers.insert(to.0, loaded(what));
            }
            Expression::Bitwise { from, to, op, mask, xor, .. } => {
                let before = registers.get(&from.0).cloned();
                let is_mask = op == "mask_xor" && xor.iter().all(|byte| *byte == 0);
                let after = before.map(|before| Loaded {
                    mask: is_mask.then(|| mask.clone()),
                    text: format!("{} {}", before.text, without_register(step)),
                    what: match before.what {
                        what if is_mask && before.mask.is_none() => what,
                        What::Zero if !is_mask => What::Changing,
                        what => what.opaque(),
                    },
                });
                registers.insert(to.0, after.unwrap_or_else(|| loaded(What::Changing)));
            }
            Expression::ByteOrder { from, to, .. } => {
                let before = registers.get(&from.0);
                let what = before.map_or(What::Changing, |before| before.what.opaque());
                let text = before.map(|before| before.text.clone()).unwrap_or_default();
                registers.insert(to.0, Loaded { what, mask: None, text: format!("{text} swapped") });
            }
            Expression::Rt { to, .. } | Expression::ExtensionHeader { to, .. } => {
                registers.insert(to.0, loaded(What::Changing));
            }
            Expression::Compare { from, op, value } => {
                ask(registers.get(&from.0).and_then(|loaded| self.compare(loaded, *op, value)));
            }
            Expression::Range { from, is_inverted, first, last } => {
                ask(registers.get(&from.0).and_then(|loaded| {
                    let spans = self.spans(loaded, first, Some(last));
                    spans.map_or_else(
                        || opaque(loaded, &format!("{first:?} {last:?}"), *is_inverted),
                        |spans| loaded.what.question(spans, *is_inverted),
                    )
                }));
            }
            Expression::Lookup { from, set, to, is_verdict_map, is_inverted } => {
                let found = table.set(set).filter(|set| !set.is_cut() && set.flags & COMES_AND_GOES == 0);
                let loaded = registers.get(&from.0);
                if *is_verdict_map {
                    asked.deed = self.choice(table.set(set), loaded);
                } else {
                    ask(loaded.zip(found).and_then(|(loaded, found)| {
                        self.members(loaded, found).map_or_else(
                            || {
                                let all: Vec<&Loaded> = registers.values().collect();
                                let is_constant =
                                    all.iter().all(|loaded| !matches!(loaded.what, What::Changing | What::Status));
                                let name = format!("{all:?} in {set}");
                                is_constant.then(|| Question::other(name, *is_inverted))
                            },
                            |spans| loaded.what.question(spans, *is_inverted),
                        )
                    }));
                    if let Some(to) = to {
                        registers.insert(to.0, Loaded { what: What::Changing, mask: None, text: String::new() });
                    }
                }
            }
            Expression::Immediate { to, .. } => {
                registers.insert(to.0, loaded(What::Changing));
            }
            Expression::Verdict { verdict } => asked.deed = deed(verdict),
            Expression::Reject { .. } => asked.deed = Deed::Ends { is_accepted: false },
            Expression::Nat { .. } | Expression::Masquerade { .. } | Expression::Redirect { .. } => {
                asked.deed = Deed::Ends { is_accepted: true };
            }
            Expression::XtTarget(target) => match **target {
                XtTarget::Dnat { .. }
                | XtTarget::Snat { .. }
                | XtTarget::Masquerade { .. }
                | XtTarget::Redirect { .. }
                | XtTarget::Netmap { .. } => asked.deed = Deed::Ends { is_accepted: true },
                XtTarget::Mark { .. }
                | XtTarget::Connmark { .. }
                | XtTarget::TcpMss { .. }
                | XtTarget::Ct { .. }
                | XtTarget::Checksum
                | XtTarget::Trace => {}
            },
            Expression::IpHeader(header) => self.header(header, asked),
            Expression::Xt(found) => self.extension(found, asked),
            Expression::Unknown { is_match: true, .. } => asked.is_all = false,
            // What it does is not known: it may end the packet or not.
            Expression::Unknown { .. } => asked.is_all = false,
            Expression::PayloadWrite { .. }
            | Expression::MetaSet { .. }
            | Expression::CtSet { .. }
            | Expression::Counter
            | Expression::Log { .. }
            | Expression::NoTrack => {}
        }
    }

    fn payload(self, base: &str, offset: u32, len: u32) -> What {
        let (source, destination, protocol, width) = if self.is_ipv6 { (8, 24, 6, 16) } else { (12, 16, 9, 4) };
        match (base, offset, len) {
            ("network", at, len) if at == source && len <= width => What::Source,
            ("network", at, len) if at == destination && len <= width => What::Destination,
            ("network", at, 1) if at == protocol => What::Protocol,
            ("transport", 0, 2) => What::SourcePort,
            ("transport", 2, 2) => What::DestinationPort,
            _ => What::Constant,
        }
    }

    fn compare(self, loaded: &Loaded, op: Comparison, value: &[u8]) -> Option<Question> {
        let is_zero = value.iter().all(|byte| *byte == 0);
        if let (What::State, Some(mask)) = (loaded.what, &loaded.mask) {
            let not = match op {
                Comparison::NotEqual if is_zero => false,
                Comparison::Equal if is_zero => true,
                _ => return None,
            };
            return loaded.what.question(bits(mask), not);
        }
        if loaded.what == What::Status {
            let asks_it = loaded.mask.as_deref().is_some_and(|mask| bits(mask) == [(DESTINATION_NAT, DESTINATION_NAT)]);
            let is_never = asks_it && op == Comparison::NotEqual && is_zero && !self.translates;
            return is_never.then(|| Question { field: Field::Protocol, spans: Vec::new(), not: false });
        }
        let (not, first, last) = match op {
            Comparison::Equal => (false, value, value),
            Comparison::NotEqual => (true, value, value),
            _ => {
                let [(value, _)] = self.spans(loaded, value, None)?[..] else { return None };
                if !loaded.what.is_number() || loaded.mask.is_some() {
                    return opaque(loaded, &format!("{op:?} {value}"), false);
                }
                let span = match op {
                    Comparison::Less => (0, value.checked_sub(1)?),
                    Comparison::LessOrEqual => (0, value),
                    Comparison::Greater => (value.checked_add(1)?, u128::MAX),
                    _ => (value, u128::MAX),
                };
                return loaded.what.question(vec![span], false);
            }
        };
        self.spans(loaded, first, (first != last).then_some(last))
            .map_or_else(|| opaque(loaded, &format!("{value:?}"), not), |spans| loaded.what.question(spans, not))
    }

    /// The values that a field may have to be what is asked; none: it is not that simple.
    fn spans(self, loaded: &Loaded, first: &[u8], last: Option<&[u8]>) -> Option<Vec<(u128, u128)>> {
        let width = if self.is_ipv6 { 16 } else { 4 };
        let padded = |bytes: &[u8], with: u8| {
            let mut bytes = bytes.to_vec();
            bytes.resize(width, with);
            number(&bytes)
        };
        match (loaded.what, &loaded.mask) {
            (What::Source | What::Destination, None) => {
                Some(vec![(padded(first, 0), padded(last.unwrap_or(first), 0xff))])
            }
            (What::Source | What::Destination, Some(mask)) if last.is_none() => {
                let mask = padded(mask, 0);
                let all = if self.is_ipv6 { u128::MAX } else { u128::from(u32::MAX) };
                // Only of a prefix.
                let host = all & !mask;
                (host & (host.wrapping_add(1)) == 0).then(|| vec![(padded(first, 0), padded(first, 0) | host)])
            }
            (What::Protocol | What::SourcePort | What::DestinationPort, None) => {
                Some(vec![(number(first), number(last.unwrap_or(first)))])
            }
            (What::In | What::Out, None) if last.is_none() => Some(self.devices(first)),
            (What::State, None) if last.is_none() => {
                let is_one = first.iter().map(|byte| byte.count_ones()).sum::<u32>() == 1;
                is_one.then(|| bits(first))
            }
            (What::Family, None) if last.is_none() => {
                let is_it = first == [if self.is_ipv6 { 10 } else { 2 }];
                Some(if is_it { vec![(0, u128::MAX)] } else { Vec::new() })
            }
            (What::Zero, _) => {
                let is_it = first.iter().all(|byte| *byte == 0);
                Some(if is_it { vec![(0, u128::MAX)] } else { Vec::new() })
            }
            (What::DestinationKind, None) if last.is_none() => {
                let kind = first.get(..4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_ne_bytes);
                kind.filter(|kind| !self.is_ipv6 || *kind == KINDS[1].1).map(|kind| vec![(kind.into(), kind.into())])
            }
            _ => None,
        }
    }

    /// Devices whose names are these bytes, or begin so if no zero ends them.
    fn devices(self, name: &[u8]) -> Vec<(u128, u128)> {
        let end = name.iter().position(|byte| *byte == 0);
        let start = &name[..end.unwrap_or(name.len())];
        let is_whole = end.is_some() || name.len() >= 16;
        let devices = (0..).zip(&self.namespace.interfaces).filter(|(_, device)| {
            let own = device.link.name.as_bytes();
            if is_whole { own == start } else { own.starts_with(start) }
        });
        devices.map(|(number, _)| (number, number)).collect()
    }

    fn members(self, loaded: &Loaded, set: &Set) -> Option<Vec<(u128, u128)>> {
        let is_one = set.elements.iter().all(|element| element.key.len() <= self.width(loaded.what));
        if !is_one || set.elements.iter().any(|element| element.is_catch_all) {
            return None;
        }
        let spans = set.elements.iter().map(|element| self.spans(loaded, &element.key, element.key_end.as_deref()));
        Some(spans.collect::<Option<Vec<_>>>()?.concat())
    }

    /// How long a field is in a set of it alone, in bytes.
    const fn width(self, what: What) -> usize {
        match what {
            What::Source | What::Destination if self.is_ipv6 => 16,
            What::In | What::Out => 16,
            What::Protocol | What::Family => 1,
            What::SourcePort | What::DestinationPort => 2,
            _ => 4,
        }
    }

    fn choice(self, set: Option<&Set>, loaded: Option<&Loaded>) -> Deed {
        let Some(set) = set else { return Deed::Unknown(Vec::new()) };
        let verdict = |data: &Option<Data>| match data {
            Some(Data::Verdict(verdict)) => deed(verdict),
            _ => Deed::Next,
        };
        let chosen = set.elements.iter().map(|element| {
            let loaded =
                loaded.filter(|loaded| !element.is_catch_all && element.key.len() <= self.width(loaded.what))?;
            let spans = self.spans(loaded, &element.key, element.key_end.as_deref())?;
            Some((loaded.what.question(spans, false)?, verdict(&element.data)))
        });
        let all = chosen.collect::<Option<Vec<_>>>().filter(|_| !set.is_cut() && set.flags & COMES_AND_GOES == 0);
        all.map_or_else(
            || {
                let chains = set.elements.iter().filter_map(|element| match verdict(&element.data) {
                    Deed::Chain { name, .. } => Some(name),
                    _ => None,
                });
                Deed::Unknown(chains.collect())
            },
            Deed::Choice,
        )
    }
}

impl What {
    /// What is left of it once it was changed in a way that is not looked into.
    const fn opaque(self) -> Self {
        if matches!(self, Self::Zero) {
            return self;
        }
        if matches!(self, Self::Changing | Self::State | Self::Status) { Self::Changing } else { Self::Constant }
    }

    const fn is_number(self) -> bool {
        matches!(self, Self::Source | Self::Destination | Self::Protocol | Self::SourcePort | Self::DestinationPort)
    }

    fn question(self, spans: Vec<(u128, u128)>, not: bool) -> Option<Question> {
        let field = match self {
            Self::Source => Field::Source,
            Self::Destination => Field::Destination,
            Self::In => Field::In,
            Self::Out => Field::Out,
            // Every packet has a protocol: a question of its family or of no mark is one of all of them or of none.
            Self::Protocol | Self::Family | Self::Zero => Field::Protocol,
            Self::SourcePort => Field::SourcePort,
            Self::DestinationPort => Field::DestinationPort,
            Self::State => Field::State,
            Self::DestinationKind => Field::Kind,
            Self::Status | Self::Constant | Self::Changing => return None,
        };
        Some(Question { field, spans, not })
    }
}

impl Question {
    fn one(field: Field, value: u128, not: bool) -> Self {
        Self { field, spans: vec![(value, value)], not }
    }

    fn other(text: String, not: bool) -> Self {
        Self::one(Field::Other(text), 1, not)
    }
}

/// A question that is not looked into, but has the same answer whenever it is asked in the same words.
fn opaque(loaded: &Loaded, value: &str, not: bool) -> Option<Question> {
    let is_constant = !matches!(loaded.what, What::Changing | What::State | What::Status);
    is_constant.then(|| Question::other(format!("{} {:?} {value}", loaded.text, loaded.mask), not))
}

/// An expression in words that are the same whatever register it uses.
fn without_register(step: &Expression) -> String {
    match step {
        Expression::Payload { base, offset, len, .. } => format!("{base} {offset} {len}"),
        Expression::Bitwise { op, mask, xor, .. } => format!("{op} {mask:?} {xor:?}"),
        Expression::Meta { key, .. } => format!("meta {key}"),
        Expression::Ct { key, direction, .. } => format!("ct {key} {direction:?}"),
        Expression::Fib { result, by, is_present, .. } => format!("fib {result} {by:?} {is_present}"),
        other => format!("{other:?}"),
    }
}

fn kind(name: &str) -> Option<u32> {
    KINDS.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
}

fn deed(verdict: &Verdict) -> Deed {
    match verdict {
        Verdict::Accept => Deed::Ends { is_accepted: true },
        Verdict::Drop => Deed::Ends { is_accepted: false },
        Verdict::Continue => Deed::Next,
        Verdict::Return => Deed::Return,
        Verdict::Jump(name) => Deed::Chain { name: name.clone(), comes_back: true },
        Verdict::Goto(name) => Deed::Chain { name: name.clone(), comes_back: false },
        Verdict::Queue => Deed::Unknown(Vec::new()),
    }
}

/// The numbers of the bits that are set in a register's word.
fn bits(word: &[u8]) -> Vec<(u128, u128)> {
    let word = word.get(..4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_ne_bytes);
    (0..32).filter(|bit| word >> bit & 1 == 1).map(|bit| (bit, bit)).collect()
}

fn number(bytes: &[u8]) -> u128 {
    bytes.iter().take(16).fold(0, |number, byte| number << 8 | u128::from(*byte))
}

/// An address as a number.
pub fn address(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

/// A network's first and last address.
pub fn span(net: IpNet) -> (u128, u128) {
    (address(net.network()), address(net.broadcast()))
}
