//! A proof in words: what is sent, what came of it, where the kernel did otherwise than predicted.

use std::net::SocketAddr;

use bridgewalk_analysis::walk::proof::{Comparison, Difference, Note, Unprovable};
use bridgewalk_model::{
    Snapshot,
    firewall::RuleRef,
    proof::{Answer, ProbeProtocol, ProofFailure, ProofOrder},
};

use super::Words;

impl Words {
    /// Exactly what a proof sends, and from where; said before it is sent.
    pub fn proof_sends(self, snapshot: &Snapshot, order: &ProofOrder) -> String {
        let namespace = snapshot
            .hosts
            .first()
            .and_then(|host| host.namespaces.iter().find(|namespace| namespace.inode == order.from));
        let from = namespace.map_or_else(|| order.from.0.to_string(), |it| self.walk_place(snapshot, &it.id));
        let (key, to) = match order.protocol {
            ProbeProtocol::Tcp => ("proof-sends-tcp", SocketAddr::new(order.destination, order.port).to_string()),
            ProbeProtocol::Udp => ("proof-sends-udp", SocketAddr::new(order.destination, order.port).to_string()),
            ProbeProtocol::Icmp => ("proof-sends-icmp", order.destination.to_string()),
        };
        let places = order.namespaces.len().max(1);
        self.format(key, &[("from", from.into()), ("to", to.into()), ("places", places.into())])
    }

    /// Why a walk cannot be proved from here.
    pub fn unprovable(self, reason: Unprovable) -> String {
        self.text(match reason {
            Unprovable::StartsElsewhere => "proof-starts-elsewhere",
            Unprovable::NothingSent => "proof-nothing-sent",
            Unprovable::ManyReceivers => "proof-many-receivers",
        })
    }

    /// Why nothing was proved.
    pub fn proof_failure(self, failure: &ProofFailure) -> String {
        let detail = |key: &str, detail: &str| self.format(key, &[("detail", detail.to_owned().into())]);
        match failure {
            ProofFailure::NotAllowed => self.text("proof-not-allowed"),
            ProofFailure::NoAgent => self.text("proof-no-agent"),
            ProofFailure::Order { detail: why } => detail("proof-order", why),
            ProofFailure::Vanished { .. } => self.text("proof-vanished"),
            ProofFailure::Closed { detail: why } => detail("proof-closed", why),
            ProofFailure::Send { detail: why } => detail("proof-send", why),
            ProofFailure::Busy => self.text("proof-busy"),
            ProofFailure::NoAnswer { detail: why } => detail("proof-no-answer", why),
        }
    }

    /// What came back to the sender.
    pub fn proof_answer(self, answer: &Answer) -> String {
        match answer {
            Answer::Answered => self.text("proof-answered"),
            Answer::Refused => self.text("proof-refused"),
            Answer::Unreachable { error } => self.format("proof-unreachable", &[("error", error.clone().into())]),
            Answer::Forbidden => self.text("proof-forbidden"),
            Answer::Silence => self.text("proof-silence"),
        }
    }

    /// Whether the kernel did as predicted, and if not, where it first did otherwise.
    pub fn proof_outcome(self, snapshot: &Snapshot, comparison: &Comparison) -> String {
        match (&comparison.agrees, &comparison.differs) {
            (Some(true), _) => self.text("proof-agrees"),
            (_, Some(difference)) => {
                let where_ = self.proof_difference(snapshot, difference);
                let key = if comparison.agrees.is_some() { "proof-differs" } else { "proof-differs-perhaps" };
                self.format(key, &[("where", where_.into())])
            }
            _ => self.text("proof-not-judged"),
        }
    }

    /// Where predicted and observed part.
    pub fn proof_difference(self, snapshot: &Snapshot, difference: &Difference) -> String {
        let rule = |rule: &Option<RuleRef>| {
            rule.as_ref().map_or_else(
                || self.text("proof-no-rule"),
                |rule| format!("{} {} {}: {}", rule.family, rule.table, rule.chain, rule.text),
            )
        };
        match difference {
            Difference::NotSeen { namespace, is_reply } => self.format(
                if *is_reply { "proof-reply-not-seen" } else { "proof-not-seen" },
                &[("place", self.walk_place(snapshot, namespace).into())],
            ),
            Difference::Rules { namespace, predicted, observed, .. } => self.format(
                "proof-other-rule",
                &[
                    ("place", self.walk_place(snapshot, namespace).into()),
                    ("predicted", rule(predicted).into()),
                    ("observed", rule(observed).into()),
                ],
            ),
            Difference::Answer { predicted, observed } => self.format(
                "proof-other-answer",
                &[
                    ("predicted", self.walk_verdict(*predicted).into()),
                    ("observed", self.proof_answer(observed).into()),
                ],
            ),
        }
    }

    /// What must be known to judge it.
    pub fn proof_note(self, snapshot: &Snapshot, note: &Note) -> String {
        let place = |namespace| self.walk_place(snapshot, namespace).into();
        match note {
            Note::RulesChanged { namespace } => self.format("proof-rules-changed", &[("place", place(namespace))]),
            Note::LegacyTables { namespace } => self.format("proof-legacy", &[("place", place(namespace))]),
            Note::NotTraced { namespace, detail } => {
                self.format("proof-not-traced", &[("place", place(namespace)), ("detail", detail.clone().into())])
            }
            Note::Truncated { namespace } => self.format("proof-truncated", &[("place", place(namespace))]),
        }
    }
}
