//! A proof in words: what is sent, what came back, and how it compares with what was foretold.

use bridgewalk_analysis::walk::proof::{Difference, Note, Unprovable};
use bridgewalk_model::{
    NamespaceInode, Snapshot,
    firewall::RuleRef,
    proof::{Answer, ProbeProtocol, ProofFailure, ProofOrder},
};

use super::{Words, walk::with_port};

impl Words {
    /// Exactly what an order will do, a line each: what is sent, and what is put in to look at it.
    pub fn proof_plan(self, snapshot: &Snapshot, order: &ProofOrder) -> Vec<String> {
        let place = |inode: NamespaceInode| {
            let mut namespaces = snapshot.hosts.iter().flat_map(|host| &host.namespaces);
            let found = namespaces.find(|namespace| namespace.inode == inode);
            found.map_or_else(|| inode.0.to_string(), |namespace| self.walk_place(snapshot, &namespace.id))
        };
        let port = Some(order.port).filter(|_| order.protocol != ProbeProtocol::Icmp);
        let arguments = [("from", place(order.from).into()), ("to", with_port(order.destination, port).into())];
        let sent = match order.protocol {
            ProbeProtocol::Tcp => self.format("proof-sends-tcp", &arguments),
            ProbeProtocol::Udp => self.format("proof-sends-udp", &arguments),
            ProbeProtocol::Icmp => self.format("proof-sends-icmp", &arguments),
        };
        let mut places = vec![place(order.from)];
        for inode in &order.namespaces {
            let place = place(*inode);
            if !places.contains(&place) {
                places.push(place);
            }
        }
        let looks = self.format("proof-looks", &[("places", places.join(", ").into())]);
        vec![sent, looks, self.text("proof-leaves-nothing")]
    }

    /// Why a walk cannot be proved.
    pub fn unprovable(self, why: Unprovable) -> String {
        match why {
            Unprovable::StartsElsewhere => self.text("proof-starts-elsewhere"),
            Unprovable::NothingSent => self.text("proof-nothing-sent"),
            Unprovable::ManyReceivers => self.text("proof-many-receivers"),
        }
    }

    /// Why a proof failed.
    pub fn proof_failure(self, failure: &ProofFailure) -> String {
        let detail = |key: &str, detail: &str| self.format(key, &[("detail", detail.to_owned().into())]);
        match failure {
            ProofFailure::NotAllowed => self.text("proof-not-allowed"),
            ProofFailure::NoAgent => self.text("proof-no-agent"),
            ProofFailure::Order { detail: why } => detail("proof-order", why),
            ProofFailure::Vanished { .. } => self.text("proof-vanished"),
            ProofFailure::Closed { detail: why } => detail("proof-closed", why),
            ProofFailure::Send { detail: why } => detail("proof-not-sent", why),
            ProofFailure::Busy => self.text("proof-busy"),
            ProofFailure::NoAnswer { detail: why } => detail("proof-no-answer", why),
        }
    }

    /// What came back.
    pub fn proof_answer(self, answer: &Answer) -> String {
        match answer {
            Answer::Answered => self.text("proof-answered"),
            Answer::Refused => self.text("proof-refused"),
            Answer::Unreachable { error } => self.format("proof-unreachable", &[("error", error.as_str().into())]),
            Answer::Forbidden => self.text("proof-forbidden"),
            Answer::Silence => self.text("proof-silence"),
        }
    }

    /// Whether the kernel did as foretold.
    pub fn proof_agrees(self, agrees: Option<bool>) -> String {
        match agrees {
            Some(true) => self.text("proof-agrees"),
            Some(false) => self.text("proof-differs"),
            None => self.text("proof-not-judged"),
        }
    }

    /// Where foretold and observed part.
    pub fn proof_difference(self, snapshot: &Snapshot, difference: &Difference) -> String {
        match difference {
            Difference::NotSeen { namespace, .. } => {
                self.format("proof-not-seen", &[("place", self.walk_place(snapshot, namespace).into())])
            }
            Difference::Rules { namespace, foretold, observed, .. } => {
                let text = |rule: &Option<RuleRef>| {
                    rule.as_ref().map_or_else(|| self.text("proof-no-rule"), |rule| rule.text.clone())
                };
                self.format(
                    "proof-other-rules",
                    &[
                        ("place", self.walk_place(snapshot, namespace).into()),
                        ("foretold", text(foretold).into()),
                        ("observed", text(observed).into()),
                    ],
                )
            }
            Difference::Answer { foretold, observed } => self.format(
                "proof-other-answer",
                &[("foretold", self.walk_verdict(*foretold).into()), ("observed", self.proof_answer(observed).into())],
            ),
        }
    }

    /// What must be known to judge a comparison.
    pub fn proof_note(self, snapshot: &Snapshot, note: &Note) -> String {
        let place = |id| self.walk_place(snapshot, id).into();
        match note {
            Note::RulesChanged { namespace } => self.format("proof-rules-changed", &[("place", place(namespace))]),
            Note::LegacyTables { namespace } => self.format("proof-legacy-tables", &[("place", place(namespace))]),
            Note::NotTraced { namespace, detail } => {
                self.format("proof-not-traced", &[("place", place(namespace)), ("detail", detail.as_str().into())])
            }
            Note::Truncated { namespace } => self.format("proof-truncated", &[("place", place(namespace))]),
        }
    }
}
