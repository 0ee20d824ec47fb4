//! From the branches of a walk to its answer.

use bridgewalk_model::EntityId;

use super::{
    Alternative, Evidence, Hop, Question, Unknown, Verdict, Walk, Walker, Way,
    flow::{Draft, Ending, Fact, Flow},
    opening::Blocked,
};

/// More branches than these are not shown.
const MAX_SHOWN: usize = 8;

/// A walk's end alone.
#[derive(Clone, Debug)]
pub(super) struct Brief {
    pub(super) verdict: Verdict,
    pub(super) is_reply_lost: bool,
    /// What stopped it.
    pub(super) decided_by: Option<Evidence>,
}

impl Walker<'_> {
    /// How a walk ends: where the first packet arrives and only its reply does not, how the reply ends.
    pub(super) fn brief(&self, question: &Question) -> Brief {
        let flows = self.flows(question);
        let ends = |flow: &Flow| {
            let first = verdict(flow.first.as_ref());
            match flow.reply.as_ref().map(|reply| reply.verdict) {
                Some(reply) if first == Verdict::Delivered && reply != Verdict::Delivered => (reply, true),
                _ => (first, false),
            }
        };
        let Some(flow) = flows.first() else {
            return Brief { verdict: Verdict::Undecided, is_reply_lost: false, decided_by: None };
        };
        let (verdict, is_reply_lost) = ends(flow);
        if flows.iter().any(|other| ends(other) != (verdict, is_reply_lost)) {
            return Brief { verdict: Verdict::Undecided, is_reply_lost: false, decided_by: None };
        }
        let ending = if is_reply_lost { flow.reply.as_ref() } else { flow.first.as_ref() };
        let stopped = ending.filter(|_| verdict != Verdict::Delivered);
        let decided_by = stopped.and_then(|ending| ending.fact.as_ref()).and_then(|fact| self.evidence(fact));
        Brief { verdict, is_reply_lost, decided_by }
    }

    /// Puts the branches together: one answer where they end alike, else all of them.
    pub(super) fn conclude(&self, question: &Question, flows: &[Flow]) -> Walk {
        let Some(first) = flows.first() else { return nothing(question) };
        let ends = |flow: &Flow| (verdict(flow.first.as_ref()), flow.reply.as_ref().map(|reply| reply.verdict));
        let is_alike = flows.iter().all(|flow| verdict(flow.first.as_ref()) == verdict(first.first.as_ref()));
        let is_reply_alike = flows.iter().all(|flow| ends(flow) == ends(first));
        let mut unknowns: Vec<Unknown> = Vec::new();
        for unknown in flows.iter().flat_map(|flow| flow.unknowns.iter().chain(&flow.regardless)) {
            let is_known = unknowns.iter().any(|known| is_same_doubt(known, unknown));
            if !is_known {
                unknowns.push(unknown.clone());
            }
        }
        let branches = if is_reply_alike { Vec::new() } else { self.alternatives(question, flows) };
        let (way, reply) = if is_reply_alike {
            (self.first_way(question, first), self.reply_way(question, first))
        } else if is_alike {
            let mut reply = self.reply_way(question, first);
            if let Some(reply) = &mut reply {
                reply.verdict = Verdict::Undecided;
                reply.decided_by = None;
                reply.openings = Vec::new();
            }
            (self.first_way(question, first), reply)
        } else {
            (self.common_way(flows), None)
        };
        Walk { question: question.clone(), way, reply, unknowns, branches }
    }

    fn alternatives(&self, question: &Question, flows: &[Flow]) -> Vec<Alternative> {
        let mut shown: Vec<Alternative> = Vec::new();
        for flow in flows {
            let way = self.first_way(question, flow);
            let reply = self.reply_way(question, flow);
            let is_known = shown.iter().any(|known| {
                entry(&known.assuming) == entry(&flow.unknowns)
                    && known.way.verdict == way.verdict
                    && known.way.decided_by == way.decided_by
                    && known.reply.as_ref().map(|reply| reply.verdict) == reply.as_ref().map(|reply| reply.verdict)
            });
            if !is_known && shown.len() < MAX_SHOWN {
                shown.push(Alternative { assuming: flow.unknowns.clone(), way, reply });
            }
        }
        shown
    }

    fn first_way(&self, question: &Question, flow: &Flow) -> Way {
        let drafts = flow.hops.get(..flow.reply_from.unwrap_or(flow.hops.len())).unwrap_or_default();
        self.way(question, flow, drafts, flow.first.as_ref())
    }

    fn reply_way(&self, question: &Question, flow: &Flow) -> Option<Way> {
        let drafts = flow.hops.get(flow.reply_from?..).unwrap_or_default();
        Some(self.way(question, flow, drafts, flow.reply.as_ref()))
    }

    fn way(&self, question: &Question, flow: &Flow, drafts: &[Draft], ending: Option<&Ending>) -> Way {
        let verdict = verdict(ending);
        let decided_by = ending.and_then(|ending| ending.fact.as_ref()).and_then(|fact| self.evidence(fact));
        let mut openings = Vec::new();
        if matches!(verdict, Verdict::Dropped | Verdict::Rejected | Verdict::NoRoute | Verdict::NoListener) {
            let blocked = Blocked { question, flow, last: drafts.last(), verdict, by: decided_by.as_ref() };
            openings = self.openings(&blocked);
        }
        Way { verdict, hops: drafts.iter().map(|draft| self.hop(draft)).collect(), decided_by, openings }
    }

    /// As far as all branches go together.
    fn common_way(&self, flows: &[Flow]) -> Way {
        let Some((first, others)) = flows.split_first() else {
            return Way { verdict: Verdict::Undecided, hops: Vec::new(), decided_by: None, openings: Vec::new() };
        };
        let is_common = |index: usize, draft: &Draft| {
            others.iter().all(|other| {
                other.hops.get(index).is_some_and(|there| {
                    (there.at, there.action, there.input, there.output)
                        == (draft.at, draft.action, draft.input, draft.output)
                        && there.after == draft.after
                })
            })
        };
        let drafts = first.hops.iter().enumerate().take_while(|(index, draft)| is_common(*index, draft));
        let hops = drafts.map(|(_, draft)| self.hop(draft)).collect();
        Way { verdict: Verdict::Undecided, hops, decided_by: None, openings: Vec::new() }
    }

    fn hop(&self, draft: &Draft) -> Hop {
        let place = draft.at.and_then(|at| self.place(at));
        let interface = |index: Option<usize>| {
            index.and_then(|index| place.and_then(|place| place.interface(index))).map(|interface| interface.id.clone())
        };
        let (input, output) = (interface(draft.input), interface(draft.output));
        let mut lights: Vec<EntityId> = Vec::with_capacity(4);
        // A sender's container lights up with its first hop.
        if draft.action == super::Action::Sent {
            lights.extend(place.and_then(|place| place.namespace.containers.first()).cloned());
        }
        for id in input.iter().chain(&draft.lights).chain(&output) {
            if !lights.contains(id) {
                lights.push(id.clone());
            }
        }
        Hop {
            host: place.map_or_else(EntityId::outside, |place| place.host.id.clone()),
            namespace: place.map_or_else(EntityId::outside, |place| place.namespace.id.clone()),
            action: draft.action,
            in_interface: input,
            out_interface: output,
            before: draft.before.clone(),
            after: draft.after.clone(),
            evidence: draft.facts.iter().filter_map(|fact| self.evidence(fact)).collect(),
            lights,
        }
    }

    /// A fact by its names.
    pub(super) fn evidence(&self, fact: &Fact) -> Option<Evidence> {
        match fact {
            Fact::Rule(at, rule, hook) => {
                let rule = rule.reference(self.place(*at)?.namespace)?;
                Some(Evidence::Rule { rule, hook: *hook })
            }
            Fact::Policy(at, chain) => {
                let namespace = self.place(*at)?.namespace;
                let (_, table, chain) = chain.find(namespace)?;
                Some(Evidence::Policy {
                    namespace: namespace.id.clone(),
                    family: table.family,
                    table: table.name.clone(),
                    chain: chain.name.clone(),
                })
            }
            Fact::Ready(evidence) => Some((**evidence).clone()),
        }
    }
}

/// The interface that a packet is assumed to come in by: each is told, for nobody but its sender knows.
fn entry(assumed: &[Unknown]) -> Option<&EntityId> {
    assumed.iter().find_map(|one| match one {
        Unknown::Entry { interface } => Some(interface),
        _ => None,
    })
}

fn verdict(ending: Option<&Ending>) -> Verdict {
    ending.map_or(Verdict::Undecided, |ending| ending.verdict)
}

/// Whether two unknowns are about the same thing, whatever was taken for it.
fn is_same_doubt(a: &Unknown, b: &Unknown) -> bool {
    match (a, b) {
        (Unknown::Match { rule: a, asks: x, .. }, Unknown::Match { rule: b, asks: y, .. }) => a == b && x == y,
        (Unknown::Server { .. }, Unknown::Server { .. }) | (Unknown::Entry { .. }, Unknown::Entry { .. }) => true,
        _ => a == b,
    }
}

fn nothing(question: &Question) -> Walk {
    Walk {
        question: question.clone(),
        way: Way { verdict: Verdict::Undecided, hops: Vec::new(), decided_by: None, openings: Vec::new() },
        reply: None,
        unknowns: vec![Unknown::TooLong],
        branches: Vec::new(),
    }
}
