//! What a walk comes to.

use serde::Serialize;

use super::{Evidence, Hop, Opening, Question, Unknown};

/// A flow's first packet and its reply, from end to end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Walk {
    /// What was asked.
    pub question: Question,
    /// The first packet's way. Where it cannot be decided, as far as it can be told.
    #[serde(flatten)]
    pub way: Way,
    /// The reply's way back, where there is one: of a delivered packet, and of one that found no listener and is
    /// answered by a reset or "port unreachable".
    pub reply: Option<Way>,
    /// What could not be told on the way. Where the verdict is not `undecided`, it is decided regardless of it.
    pub unknowns: Vec<Unknown>,
    /// How it ends by what is assumed of the unknown, where that makes a difference; else empty.
    pub branches: Vec<Alternative>,
}

/// One packet's way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Way {
    /// How it ends.
    pub verdict: Verdict,
    /// Hop by hop.
    pub hops: Vec<Hop>,
    /// What decided: the rule that ended it, the route that leads nowhere, the socket that takes it.
    pub decided_by: Option<Evidence>,
    /// What would let it through, the likeliest first; empty for what arrives.
    pub openings: Vec<Opening>,
}

/// How a packet ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It arrives: a socket takes it, an echo is answered, or it has left for the outside world.
    Delivered,
    /// It ends silently.
    Dropped,
    /// It ends, and its sender is told.
    Rejected,
    /// There is no way on: no route, or nobody on the link has the address.
    NoRoute,
    /// It arrives, and nobody listens.
    NoListener,
    /// It is undecided.
    Undecided,
}

/// How a walk ends if the unknown is so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alternative {
    /// What is assumed.
    pub assuming: Vec<Unknown>,
    /// The first packet's way then.
    #[serde(flatten)]
    pub way: Way,
    /// The reply's way then.
    pub reply: Option<Way>,
}

impl Walk {
    /// Whether a connection comes about: the packet arrives and so does its reply. None: undecided.
    pub fn connects(&self) -> Option<bool> {
        connects(&self.way, self.reply.as_ref())
    }

    /// The hops there and back.
    pub fn all_hops(&self) -> impl Iterator<Item = &Hop> {
        self.way.hops.iter().chain(self.reply.iter().flat_map(|reply| &reply.hops))
    }
}

/// Whether a connection comes about by this way there and back. None: undecided.
pub fn connects(way: &Way, reply: Option<&Way>) -> Option<bool> {
    match (way.verdict, reply.map(|reply| reply.verdict)) {
        (Verdict::Undecided, _) | (Verdict::Delivered, Some(Verdict::Undecided)) => None,
        (Verdict::Delivered, reply) => Some(reply.is_none_or(|reply| reply == Verdict::Delivered)),
        _ => Some(false),
    }
}

impl Verdict {
    /// As the JSON writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Dropped => "dropped",
            Self::Rejected => "rejected",
            Self::NoRoute => "no_route",
            Self::NoListener => "no_listener",
            Self::Undecided => "undecided",
        }
    }
}
