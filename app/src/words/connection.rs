//! The first line of a walk: whether it connects, and if not, why.

use bridgewalk_analysis::walk::{End, Evidence, Protocol, Question, Unknown, Verdict, Walk, Way, connects};
use bridgewalk_model::Snapshot;

use super::{Words, name, walk::with_port};

impl Words {
    /// Whether a walk connects, in a sentence; where that hangs on the interface that the packet comes in by, for each.
    pub fn walk_connection(self, snapshot: &Snapshot, walk: &Walk) -> String {
        let by_entry = walk.branches.iter().filter_map(|branch| {
            let interface = branch.assuming.iter().find_map(|assumed| match assumed {
                Unknown::Entry { interface } => Some(interface),
                _ => None,
            })?;
            let result = match connects(&branch.way, branch.reply.as_ref()) {
                Some(true) => "connection-yes",
                Some(false) => "connection-no",
                None => "connection-unknown",
            };
            let interface = name(snapshot, interface);
            Some(self.format(
                "connection-by-entry",
                &[("interface", interface.into()), ("result", self.text(result).into())],
            ))
        });
        let ways: Vec<String> = by_entry.collect();
        if walk.connects().is_none() && !ways.is_empty() {
            return self.format("connection-depends", &[("ways", ways.join("; ").into())]);
        }
        self.walk_way_connects(snapshot, &walk.question, &walk.way, walk.reply.as_ref())
    }

    /// Whether one way there and back connects, in a sentence.
    pub fn walk_way_connects(self, snapshot: &Snapshot, question: &Question, way: &Way, reply: Option<&Way>) -> String {
        let ends =
            [("from", self.walk_end(snapshot, &question.from).into()), ("to", self.asked(snapshot, question).into())];
        let why = |way: &Way| {
            let ending = self.walk_way(snapshot, way);
            match &way.decided_by {
                Some(evidence) => self.format(
                    "cli-walk-decided",
                    &[("ending", ending.into()), ("because", self.walk_evidence(snapshot, evidence).into())],
                ),
                None => ending,
            }
        };
        match (connects(way, reply), reply) {
            (Some(true), _) => self.format("connection-made", &ends),
            (None, _) => self.format("connection-undecided", &ends),
            (
                Some(false),
                Some(Way { decided_by: Some(Evidence::Astray { came_in, leaves_by, source, awaited }), .. }),
            ) if way.verdict == Verdict::Delivered => {
                let key = if source == awaited { "connection-astray" } else { "connection-astray-sender" };
                self.format(
                    key,
                    &[
                        ("in", name(snapshot, came_in).into()),
                        ("out", name(snapshot, leaves_by).into()),
                        ("source", source.to_string().into()),
                        ("awaited", awaited.to_string().into()),
                    ],
                )
            }
            (Some(false), Some(reply)) if way.verdict == Verdict::Delivered => {
                self.format("connection-no-answer", &[("why", why(reply).into())])
            }
            (Some(false), _) => {
                let [from, to] = ends;
                self.format("connection-none", &[from, to, ("why", why(way).into())])
            }
        }
    }

    /// The receiver with its port.
    fn asked(self, snapshot: &Snapshot, question: &Question) -> String {
        let port = match question.protocol {
            Protocol::Tcp => Some(question.port.unwrap_or(80)),
            Protocol::Udp => Some(question.port.unwrap_or(53)),
            Protocol::Icmp => None,
        };
        match (&question.to, port) {
            (End::Address { address, .. }, port) => with_port(*address, port),
            (end, Some(port)) => format!("{}:{port}", self.walk_end(snapshot, end)),
            (end, None) => self.walk_end(snapshot, end),
        }
    }
}
