//! Runs one rule on one packet.

use std::net::IpAddr;

use bridgewalk_model::firewall::{Comparison, Register, Set, XtTarget};

use super::{
    Truth, Undecided, fib,
    header::{Absent, address, octets},
    hooked::Hooked,
    load,
    lookup::{self, Found},
    mutant::Mutant,
    nat::{self, RANDOM, Wish},
    plan::{ChainNumbers, PlannedChain, PlannedRule},
    registers::Registers,
    state::State,
    step::{self, Base, Flow, LookupTo, NatKind, NatStep, Step},
    xt,
};
use crate::walk::{Connection, Layer4};

/// Where a rule leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// To the next rule.
    Next,
    /// Out of the base chain.
    Accept,
    /// Out of the chain.
    Return,
    /// Into a chain and back.
    Jump(usize),
    /// Into a chain.
    Goto(usize),
    /// The packet ends.
    Drop,
    /// The packet ends, and its sender hears of it.
    Reject(String),
    /// To a program.
    Queue,
}

/// What a step does.
#[derive(Debug)]
pub(super) enum Outcome {
    /// On with the next step.
    Goes,
    /// The rule does not match.
    Breaks,
    /// It cannot be told whether it matches.
    Perhaps(String),
    /// The rule ends.
    Ends(End),
    /// The rule ends, and something of the packet cannot be told that hardly matters.
    EndsOpen(End, &'static str),
    /// The rule ends in one of these ways.
    Split { asks: String, ways: Vec<(State, End)> },
}

/// Runs a rule. `state` becomes one way on; further ways are added to `forks`.
pub(super) fn run(
    hooked: &Hooked<'_>,
    chain: &PlannedChain<'_>,
    chains: &ChainNumbers<'_>,
    rule: &PlannedRule<'_>,
    state: &mut State,
    forks: &mut Vec<(State, End)>,
) -> End {
    let mut registers = Registers::new();
    let mut asks: Vec<String> = Vec::new();
    let mut unmatched: Option<State> = None;
    let mut end = End::Next;
    for step in &rule.steps {
        match self::step(hooked, chain, chains, step, &mut registers, state) {
            Outcome::Goes => {}
            Outcome::Breaks => {
                state.visit(rule.id, Truth::No);
                return End::Next;
            }
            Outcome::Perhaps(question) => {
                if unmatched.is_none() {
                    unmatched = Some(state.clone());
                }
                asks.push(question);
            }
            Outcome::Ends(found) => {
                end = found;
                break;
            }
            Outcome::EndsOpen(found, question) => {
                state.regardless.push(Undecided { rule: rule.id, asks: question.to_owned(), taken_as: true });
                end = found;
                break;
            }
            Outcome::Split { asks: question, ways } => {
                asks.push(question);
                let mut ways = ways.into_iter();
                if let Some((way, found)) = ways.next() {
                    (*state, end) = (way, found);
                }
                for (mut way, found) in ways {
                    undecided(&mut way, rule, &asks, true);
                    forks.push((way, found));
                }
                break;
            }
        }
    }
    if asks.is_empty() {
        state.visit(rule.id, Truth::Yes);
        return end;
    }
    undecided(state, rule, &asks, true);
    if let Some(mut way) = unmatched {
        undecided(&mut way, rule, &asks, false);
        forks.push((way, End::Next));
    }
    end
}

fn undecided(state: &mut State, rule: &PlannedRule<'_>, asks: &[String], taken_as: bool) {
    state.visit(rule.id, Truth::Unknown);
    state.undecided.push(Undecided { rule: rule.id, asks: asks.join(", "), taken_as });
}

/// A question's answer as an outcome.
fn question(truth: Truth, asks: impl FnOnce() -> String) -> Outcome {
    match truth {
        Truth::Yes => Outcome::Goes,
        Truth::No => Outcome::Breaks,
        Truth::Unknown => Outcome::Perhaps(asks()),
    }
}

fn loaded(result: Result<(), Absent>) -> Outcome {
    match result {
        Ok(()) => Outcome::Goes,
        Err(Absent::Missing) => Outcome::Breaks,
        Err(Absent::Unknown) => Outcome::Perhaps("header".to_owned()),
    }
}

fn step(
    hooked: &Hooked<'_>,
    chain: &PlannedChain<'_>,
    chains: &ChainNumbers<'_>,
    step: &Step<'_>,
    registers: &mut Registers,
    state: &mut State,
) -> Outcome {
    let ignores_not = hooked.mutant == Some(Mutant::IgnoresNot);
    match step {
        Step::Payload { base, offset, len, to } => {
            return loaded(load::payload(hooked, state, registers, (*base, *offset, *len, *to)));
        }
        Step::Meta { key, to } => return loaded(load::meta(hooked, chain.family, state, registers, *key, *to)),
        Step::Connection { key, is_reply, to } => {
            return loaded(load::connection(hooked, state, registers, (*key, *is_reply, *to)));
        }
        Step::Fib { result, by, is_present, to } => {
            load::fib(hooked, state, registers, (*result, *by, *is_present, *to));
        }
        Step::AbsentHeader { is_present: true, to } => registers.load(*to, &[0]),
        Step::AbsentHeader { is_present: false, .. } => return Outcome::Breaks,
        Step::Forget { len, to } => registers.forget(*to, *len as usize),
        Step::Immediate { to, value } => registers.load(*to, value),
        Step::MaskXor { from, to, mask, xor } => registers.mask_xor(*from, *to, mask, xor),
        Step::Shift { from, to, len, bits, is_left } => registers.shift(*from, *to, *len as usize, *bits, *is_left),
        Step::Swap { from, to, len, size } => registers.swap(*from, *to, *len as usize, *size as usize),
        Step::Compare { from, op, value } => {
            let op = match op {
                Comparison::NotEqual if ignores_not => Comparison::Equal,
                Comparison::LessOrEqual if hooked.mutant == Some(Mutant::CutsRanges) => Comparison::Less,
                op => *op,
            };
            let truth = registers.field(*from, value.len()).compares(op, value);
            return question(truth, || "a field that is not known".to_owned());
        }
        Step::Range { from, is_inverted, first, last } => {
            let field = registers.field(*from, first.len());
            let mut truth = field.is_within(first, last);
            if hooked.mutant == Some(Mutant::CutsRanges) {
                truth = truth.and(field.equals(last).not());
            }
            return question(truth.inverted(*is_inverted && !ignores_not), || "a field that is not known".to_owned());
        }
        Step::Lookup { from, name, set, to, is_inverted } => {
            return look_up(chains, (*from, name, *set), *to, *is_inverted && !ignores_not, registers, state);
        }
        Step::Verdict(flow) => return Outcome::Ends(end(*flow)),
        Step::Nat(wanted) => return translate(hooked, wanted, registers, state),
        Step::Reject { with } => return Outcome::Ends(End::Reject((*with).to_owned())),
        Step::NoTrack => {
            // A packet that has its flow keeps it.
            if state.connection.is_none() {
                state.connection = Some(Connection { is_untracked: true, ..Connection::new(&state.packet) });
            }
        }
        Step::Header(header) => return question(xt::header(hooked, &state.packet, header), String::new),
        Step::Match(wanted) => return question(xt::matches(hooked, state, wanted), || xt::asks(wanted)),
        Step::Target(target) => return self::target(hooked, target, state),
        Step::Undecided { asks } => return Outcome::Perhaps((*asks).to_owned()),
        Step::Ambiguous { asks } => return ambiguous(asks, state),
        Step::SetMark { from } => match number(registers, *from) {
            Some(mark) => state.packet.mark = mark,
            None => return ambiguous("mark", state),
        },
        Step::SetConnectionMark { from } => {
            let mark = number(registers, *from);
            if let Some(connection) = state.connection.as_mut().filter(|connection| !connection.is_untracked) {
                match mark {
                    Some(mark) => connection.mark = mark,
                    None => return ambiguous("ct mark", state),
                }
            }
        }
        Step::PayloadWrite { base, offset, len, from } => {
            let Some(bytes) = registers.bytes(*from, *len as usize) else { return ambiguous("payload", state) };
            write(*base, *offset, bytes, state);
        }
    }
    Outcome::Goes
}

const fn end(flow: Flow) -> End {
    match flow {
        Flow::Continue => End::Next,
        Flow::Accept => End::Accept,
        Flow::Drop | Flow::Jump(None) | Flow::Goto(None) => End::Drop,
        Flow::Return => End::Return,
        Flow::Jump(Some(chain)) => End::Jump(chain),
        Flow::Goto(Some(chain)) => End::Goto(chain),
        Flow::Queue => End::Queue,
    }
}

/// Nobody can tell what it does: the packet may go on, pass, or end.
fn ambiguous(asks: &str, state: &State) -> Outcome {
    let ends = [End::Next, End::Accept, End::Drop];
    Outcome::Split { asks: asks.to_owned(), ways: ends.map(|end| (state.clone(), end)).into() }
}

fn number(registers: &Registers, from: Register) -> Option<u32> {
    registers.bytes(from, 4)?.try_into().ok().map(u32::from_ne_bytes)
}

fn look_up(
    chains: &ChainNumbers<'_>,
    (from, name, set): (Register, &str, Option<&Set>),
    to: LookupTo,
    is_inverted: bool,
    registers: &mut Registers,
    state: &State,
) -> Outcome {
    let asks = || format!("set {name}");
    let Some(set) = set else {
        if let LookupTo::Value(to) = to {
            registers.forget(to, 16);
        }
        return Outcome::Perhaps(asks());
    };
    let found = lookup::find(set, registers.field(from, set.key_len as usize));
    let flow = |element: &bridgewalk_model::firewall::SetElement| {
        step::verdict_of(element.data.as_ref()).map_or(Flow::Continue, |verdict| step::flow(chains, verdict))
    };
    match (found, to) {
        (Found::Element(_), LookupTo::Question) if is_inverted => Outcome::Breaks,
        (Found::Nothing, LookupTo::Question) if is_inverted => Outcome::Goes,
        (Found::Element(_), LookupTo::Question) => Outcome::Goes,
        (Found::Nothing, _) => Outcome::Breaks,
        (Found::Element(element), LookupTo::Verdict) => Outcome::Ends(end(flow(element))),
        (Found::Element(element), LookupTo::Value(to)) => {
            match &element.data {
                Some(bridgewalk_model::firewall::Data::Value(value)) => registers.load(to, value),
                _ => registers.forget(to, 16),
            }
            Outcome::Goes
        }
        (Found::Perhaps(_), LookupTo::Question) => Outcome::Perhaps(asks()),
        (Found::Perhaps(_), LookupTo::Value(to)) => {
            registers.forget(to, 16);
            Outcome::Perhaps(asks())
        }
        (Found::Perhaps(elements), LookupTo::Verdict) => {
            let mut ends: Vec<End> = vec![End::Next];
            for element in elements {
                let end = end(flow(element));
                if !ends.contains(&end) {
                    ends.push(end);
                }
            }
            Outcome::Split { asks: asks(), ways: ends.into_iter().map(|end| (state.clone(), end)).collect() }
        }
    }
}

fn translate(hooked: &Hooked<'_>, wanted: &NatStep, registers: &Registers, state: &mut State) -> Outcome {
    let is_ipv6 = state.packet.is_ipv6();
    // In a table of both families a rule is for one of them.
    if wanted.is_ipv6.is_some_and(|wanted| wanted != is_ipv6) {
        return Outcome::Goes;
    }
    let len = if is_ipv6 { 16 } else { 4 };
    let address_in =
        |register: Option<Register>| register.map(|register| registers.bytes(register, len).and_then(address));
    let port_in = |register: Option<Register>| {
        register.map(|register| registers.bytes(register, 2)?.try_into().ok().map(u16::from_be_bytes))
    };
    let (first, last) = (address_in(wanted.addresses.0), address_in(wanted.addresses.1));
    let ports = (port_in(wanted.ports.0), port_in(wanted.ports.1));
    if [first, last].contains(&Some(None)) || [ports.0, ports.1].contains(&Some(None)) {
        return ambiguous("translation", state);
    }
    let addresses = first.flatten().map(|first| (first, last.flatten().unwrap_or(first)));
    let ports = ports.0.flatten().map(|first| (first, ports.1.flatten().unwrap_or(first)));
    let is_random = wanted.flags & RANDOM != 0;
    let is_netmap = wanted.flags & 64 != 0;
    match wanted.kind {
        NatKind::Destination | NatKind::Source => {
            let is_destination = wanted.kind == NatKind::Destination;
            nat::wish(state, &Wish { is_destination, addresses, ports, is_random, is_netmap })
        }
        NatKind::Masquerade => masquerade(hooked, state, ports, is_random),
        NatKind::Redirect => redirect(hooked, state, ports, is_random),
    }
}

/// The sender becomes the outgoing device's address, chosen by the route.
fn masquerade(hooked: &Hooked<'_>, state: &mut State, ports: Option<(u16, u16)>, is_random: bool) -> Outcome {
    // IPv4 asks with the gateway, IPv6 with the receiver.
    let towards = match (hooked.next_hop, state.packet.destination) {
        (Some(gateway @ IpAddr::V4(_)), IpAddr::V4(_)) => gateway,
        (_, destination) => destination,
    };
    let found = hooked.out_interface.and_then(|device| fib::source_address(hooked.namespace, device, towards));
    let Some(address) = found else { return Outcome::Ends(End::Drop) };
    let addresses = Some((address, address));
    nat::wish(state, &Wish { is_destination: false, addresses, ports, is_random, is_netmap: false })
}

/// The receiver becomes this host.
fn redirect(hooked: &Hooked<'_>, state: &mut State, ports: Option<(u16, u16)>, is_random: bool) -> Outcome {
    let Some(address) = fib::redirect_address(hooked.in_interface, state.packet.destination) else {
        return Outcome::Ends(End::Drop);
    };
    let addresses = Some((address, address));
    nat::wish(state, &Wish { is_destination: true, addresses, ports, is_random, is_netmap: false })
}

fn target(hooked: &Hooked<'_>, target: &XtTarget, state: &mut State) -> Outcome {
    let range = |to: &bridgewalk_model::firewall::NatRange, is_destination, is_netmap| Wish {
        is_destination,
        addresses: to.addresses,
        ports: to.ports.map(|ports| (ports.first, ports.last)),
        is_random: to.random || to.random_fully,
        is_netmap,
    };
    match target {
        XtTarget::Dnat { to } => nat::wish(state, &range(to, true, false)),
        XtTarget::Snat { to } => nat::wish(state, &range(to, false, false)),
        XtTarget::Netmap { to } => nat::wish(state, &range(to, nat::is_destination_hook(hooked.hook), true)),
        XtTarget::Masquerade { to } => {
            let wish = range(to, false, false);
            masquerade(hooked, state, wish.ports, wish.is_random)
        }
        XtTarget::Redirect { to } => {
            let wish = range(to, true, false);
            redirect(hooked, state, wish.ports, wish.is_random)
        }
        XtTarget::Mark { value, mask } => {
            state.packet.mark = (state.packet.mark & !mask) ^ value;
            Outcome::Goes
        }
        XtTarget::Connmark { mode, value, ct_mask, packet_mask } => {
            if let Some(connection) = state.connection.as_mut().filter(|connection| !connection.is_untracked) {
                match mode.as_str() {
                    "set" => connection.mark = (connection.mark & !ct_mask) ^ value,
                    "save" => connection.mark = (connection.mark & !ct_mask) ^ (state.packet.mark & packet_mask),
                    _ => {
                        let restored = connection.mark & ct_mask;
                        state.packet.mark = (state.packet.mark & !packet_mask) ^ restored;
                    }
                }
            }
            Outcome::Goes
        }
        XtTarget::TcpMss { .. } | XtTarget::Ct { .. } | XtTarget::Checksum | XtTarget::Trace => Outcome::Goes,
    }
}

/// `payload … set`: addresses, ports and the hop limit; what else is written nobody here looks at.
fn write(base: Base, offset: u32, bytes: &[u8], state: &mut State) {
    let packet = &mut state.packet;
    let is_ipv6 = packet.is_ipv6();
    let (source_at, destination_at, ttl_at) = if is_ipv6 { (8, 24, 7) } else { (12, 16, 8) };
    let port = || <[u8; 2]>::try_from(bytes).ok().map(u16::from_be_bytes);
    let len = octets(packet.source).1;
    match (base, offset) {
        (Base::Network, at) if at == source_at && bytes.len() == len => {
            packet.source = address(bytes).unwrap_or(packet.source);
        }
        (Base::Network, at) if at == destination_at && bytes.len() == len => {
            packet.destination = address(bytes).unwrap_or(packet.destination);
        }
        (Base::Network, at) if at == ttl_at && bytes.len() == 1 => packet.ttl = bytes[0],
        (Base::Transport, 0 | 2) => {
            if let (
                Some(port),
                Layer4::Tcp { source_port, destination_port, .. } | Layer4::Udp { source_port, destination_port },
            ) = (port(), &mut packet.layer4)
            {
                *(if offset == 0 { source_port } else { destination_port }) = port;
            }
        }
        _ => {}
    }
}
