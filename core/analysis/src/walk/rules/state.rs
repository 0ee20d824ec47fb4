//! A packet on its way through a hook: one way of perhaps several.

use super::{Branch, RuleId, RuleVisit, Truth, Undecided, Verdict};
use crate::walk::{Connection, Packet};

/// More ways than this are not followed apart.
const MAX_WAYS: usize = 32;

/// One way, so far.
#[derive(Clone, Debug)]
pub(super) struct State {
    pub(super) packet: Packet,
    /// Conntrack's view, once conntrack has seen the packet at this hook or before.
    pub(super) connection: Option<Connection>,
    pub(super) visits: Vec<RuleVisit>,
    pub(super) undecided: Vec<Undecided>,
    pub(super) regardless: Vec<Undecided>,
}

/// A way that has ended.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    pub(super) state: State,
    pub(super) verdict: Verdict,
}

/// Ways that go on, merged where they do not differ any more.
#[derive(Debug, Default)]
pub(super) struct Ways {
    pub(super) states: Vec<State>,
    /// Whether there were too many to follow.
    pub(super) is_cut: bool,
}

impl State {
    pub(super) fn visit(&mut self, rule: RuleId, matched: Truth) {
        self.visits.push(RuleVisit { rule, matched });
    }

    /// Takes up the other way, whose packet fares alike: what they disagree on makes no difference here.
    fn merge(&mut self, other: Self) {
        let mut regardless = std::mem::take(&mut self.regardless);
        regardless.extend(other.regardless);
        let (mut both, others): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.undecided).into_iter().partition(|question| other.undecided.contains(question));
        regardless.extend(others);
        regardless.extend(other.undecided.into_iter().filter(|question| !both.contains(question)));
        self.undecided.append(&mut both);
        let mut unique: Vec<Undecided> = Vec::with_capacity(regardless.len());
        for question in regardless {
            if !unique.iter().any(|known| known.rule == question.rule && known.asks == question.asks) {
                unique.push(question);
            }
        }
        self.regardless = unique;
    }

    fn is_alike(&self, other: &Self) -> bool {
        self.packet == other.packet && self.connection == other.connection
    }
}

impl Ways {
    pub(super) fn one(state: State) -> Self {
        Self { states: vec![state], is_cut: false }
    }

    pub(super) fn add(&mut self, state: State) {
        if let Some(alike) = self.states.iter_mut().find(|known| known.is_alike(&state)) {
            alike.merge(state);
        } else if self.states.len() < MAX_WAYS {
            self.states.push(state);
        } else {
            self.is_cut = true;
        }
    }

    pub(super) fn add_all(&mut self, other: Self) {
        self.is_cut |= other.is_cut;
        for state in other.states {
            self.add(state);
        }
    }
}

/// All ends of a hook as its ways out: those that end alike become one.
pub(super) fn branches(through: Ways, ended: Vec<Ended>) -> Vec<Branch> {
    let is_cut = through.is_cut;
    let accepted = through.states.into_iter().map(|state| Ended { state, verdict: Verdict::Accept });
    let mut ends: Vec<Ended> = Vec::with_capacity(1);
    for end in accepted.chain(ended) {
        match ends.iter_mut().find(|known| ends_alike(known, &end)) {
            Some(known) => known.state.merge(end.state),
            None => ends.push(end),
        }
    }
    let is_certain = ends.len() == 1 && !is_cut;
    ends.into_iter()
        .map(|Ended { mut state, verdict }| {
            if is_certain {
                state.regardless.append(&mut state.undecided);
            } else if state.undecided.is_empty() {
                // It depends on something after all: the other ways end otherwise.
                state.undecided.append(&mut state.regardless);
            }
            Branch {
                verdict,
                packet: state.packet,
                connection: state.connection,
                visits: state.visits,
                undecided: state.undecided,
                regardless: state.regardless,
            }
        })
        .collect()
}

/// A packet that has ended is the same however it had been changed.
fn ends_alike(one: &Ended, other: &Ended) -> bool {
    match (&one.verdict, &other.verdict) {
        (Verdict::Accept, Verdict::Accept) => one.state.is_alike(&other.state),
        (Verdict::Drop { .. }, Verdict::Drop { .. }) | (Verdict::Queue { .. }, Verdict::Queue { .. }) => true,
        (Verdict::Reject { with, .. }, Verdict::Reject { with: other, .. }) => with == other,
        _ => false,
    }
}
