//! Netfilter's hooks: conntrack finds the flow, the rules decide, and what they do is told.

use std::net::IpAddr;

use bridgewalk_model::{
    SourceKind,
    firewall::{Expression, Hook, XtTarget},
};

use crate::walk::{
    Action, Connection, Packet, Unknown, Verdict, Walker,
    flow::{Draft, Fact, Flow, Step},
    place::{At, Place},
    rules::{self, Branch, Passage, Reason, RuleId, Truth, Undecided},
};

/// The devices at a hook.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Doors {
    pub(super) input: Option<usize>,
    pub(super) output: Option<usize>,
    pub(super) in_port: Option<usize>,
    pub(super) out_port: Option<usize>,
    pub(super) is_bridged: bool,
    pub(super) next_hop: Option<IpAddr>,
}

impl Doors {
    /// The flow's packet as it comes to a hook by these devices.
    pub(super) fn passage<'a>(
        self,
        place: &'a Place<'a>,
        flow: &Flow,
        hook: Hook,
        connection: Option<Connection>,
    ) -> Passage<'a> {
        let interface = |index: Option<usize>| index.and_then(|index| place.interface(index));
        Passage {
            hook,
            packet: flow.packet.clone(),
            connection,
            is_reply: flow.current.is_some_and(|(_, is_reply)| is_reply),
            in_interface: interface(self.input),
            out_interface: interface(self.output),
            in_port: interface(self.in_port),
            out_port: interface(self.out_port),
            is_bridged: self.is_bridged,
            next_hop: self.next_hop,
        }
    }
}

impl<'a> Walker<'a> {
    /// Sends the packet through a hook; where it is let pass, `then` comes next.
    pub(super) fn pass(&self, flow: &mut Flow, (hook, at): (Hook, At), doors: Doors, then: Step, open: &mut Vec<Flow>) {
        let Some(place) = self.place(at) else { return flow.undecided(Unknown::TooLong) };
        flow.step = then;
        if !place.has_rules {
            let unread = [SourceKind::NfTables, SourceKind::LegacyTables].into_iter().find(|it| place.is_unread(*it));
            if let Some(source) = unread {
                flow.undecided(Unknown::NotRead { namespace: place.namespace.id.clone(), source });
            }
            return;
        }
        let unread = [SourceKind::NfTables, SourceKind::LegacyTables].into_iter().find(|it| place.is_unread(*it));
        if let Some(source) = unread {
            let unknown = Unknown::NotRead { namespace: place.namespace.id.clone(), source };
            return flow.undecided(unknown);
        }
        let current = flow.current;
        let connection =
            current.and_then(|(index, _)| flow.tracked.get(index)).map(|(_, connection)| connection.clone());
        let before = flow.packet.clone();
        let branches = place.rules.pass(doors.passage(place, flow, hook, connection));
        let mut branches = branches.into_iter();
        let Some(first) = branches.next() else { return };
        // What is put aside first is followed last.
        let mut aside: Vec<Flow> = Vec::new();
        for branch in branches {
            let mut other = flow.clone();
            leave(&mut other, place, (hook, at), doors, &before, branch);
            aside.push(other);
        }
        open.extend(aside.into_iter().rev());
        leave(flow, place, (hook, at), doors, &before, first);
    }

    /// Sends the packet through a namespace's first hook: conntrack looks for its flow.
    pub(super) fn enter_hook(
        &self,
        flow: &mut Flow,
        (hook, at): (Hook, At),
        doors: Doors,
        then: Step,
        open: &mut Vec<Flow>,
    ) {
        flow.enter(at);
        self.pass(flow, (hook, at), doors, then, open);
    }
}

/// The flow as it leaves a hook by one of its ways.
fn leave(flow: &mut Flow, place: &Place<'_>, (hook, at): (Hook, At), doors: Doors, before: &Packet, branch: Branch) {
    flow.packet = branch.packet;
    remember(flow, at, branch.connection);
    flow.unknowns.extend(branch.undecided.iter().filter_map(|one| unknown(place, one)));
    flow.regardless.extend(branch.regardless.iter().filter_map(|one| unknown(place, one)));

    let mut matched = branch.visits.iter().filter(|visit| visit.matched == Truth::Yes).map(|visit| visit.rule);
    let (verdict, deciding) = match branch.verdict {
        rules::Verdict::Accept => (None, None),
        rules::Verdict::Drop { by } => {
            let fact = match by {
                Reason::Rule(rule) => Fact::Rule(at, rule, hook),
                Reason::Policy(chain) => Fact::Policy(at, chain),
            };
            (Some(Verdict::Dropped), Some(fact))
        }
        rules::Verdict::Reject { by, .. } => (Some(Verdict::Rejected), Some(Fact::Rule(at, by, hook))),
        rules::Verdict::Queue { by } => {
            if let Some(rule) = by.reference(place.namespace) {
                flow.undecided(Unknown::Queue { rule });
            }
            return;
        }
    };
    let is_translated = !crate::walk::flow::same_ends(before, &flow.packet);
    let action = match verdict {
        Some(Verdict::Dropped) => Action::Dropped,
        Some(_) => Action::Rejected,
        None if is_translated => Action::Translated,
        None => Action::Filtered,
    };
    let translator = (is_translated && verdict.is_none())
        .then(|| matched.clone().rfind(|rule| translates(place, *rule)).map(|rule| Fact::Rule(at, rule, hook)));
    let first = deciding.clone().or_else(|| {
        translator.map(|rule| {
            // Later packets and replies are translated by what conntrack remembers.
            rule.unwrap_or_else(|| {
                Fact::ready(crate::walk::Evidence::Connection { namespace: place.namespace.id.clone() })
            })
        })
    });
    let is_same = |rule: RuleId| matches!(&first, Some(Fact::Rule(_, first, _)) if *first == rule);
    let mut facts: Vec<Fact> = Vec::new();
    facts.extend(first.clone());
    facts.extend(matched.by_ref().filter(|rule| !is_same(*rule)).map(|rule| Fact::Rule(at, rule, hook)));
    if !facts.is_empty() {
        flow.hops.push(Draft {
            at: Some(at),
            action,
            input: doors.in_port.or(doors.input),
            output: doors.out_port.or(doors.output),
            before: before.clone(),
            after: flow.packet.clone(),
            facts,
            lights: Vec::new(),
        });
    }
    if let Some(verdict) = verdict {
        flow.end(verdict, deciding);
    }
}

fn remember(flow: &mut Flow, at: At, connection: Option<Connection>) {
    let Some(connection) = connection else { return };
    match flow.current.and_then(|(index, _)| flow.tracked.get_mut(index)) {
        Some((_, known)) => *known = connection,
        None => {
            flow.current = Some((flow.tracked.len(), false));
            flow.tracked.push((at, connection));
        }
    }
}

fn unknown(place: &Place<'_>, one: &Undecided) -> Option<Unknown> {
    let rule = one.rule.reference(place.namespace)?;
    Some(Unknown::Match { rule, asks: one.asks.clone(), taken_as: one.taken_as })
}

/// Whether a rule is one that changes addresses or ports.
fn translates(place: &Place<'_>, rule: RuleId) -> bool {
    rule.find(place.namespace).is_some_and(|(.., rule)| rule.expressions.iter().any(changes_ends))
}

/// Whether a step of a rule changes addresses or ports: a translation, or a write into the packet's header.
fn changes_ends(step: &Expression) -> bool {
    match step {
        Expression::Nat { .. } | Expression::Masquerade { .. } | Expression::Redirect { .. } => true,
        Expression::XtTarget(target) => match &**target {
            XtTarget::Dnat { .. }
            | XtTarget::Snat { .. }
            | XtTarget::Masquerade { .. }
            | XtTarget::Redirect { .. }
            | XtTarget::Netmap { .. } => true,
            XtTarget::Mark { .. }
            | XtTarget::Connmark { .. }
            | XtTarget::TcpMss { .. }
            | XtTarget::Ct { .. }
            | XtTarget::Checksum
            | XtTarget::Trace => false,
        },
        // IPv4's and IPv6's source and destination, and the ports of TCP and UDP.
        Expression::PayloadWrite { base, offset, len, .. } => match base.as_str() {
            "network" => matches!((offset, len), (12 | 16, 4) | (8 | 24, 16)),
            "transport" => matches!((offset, len), (0 | 2, 2)),
            _ => false,
        },
        _ => false,
    }
}
