//! A packet under way: one branch of a walk.

use std::net::IpAddr;

use bridgewalk_model::EntityId;

use super::{
    Action, Connection, Evidence, Packet, Unknown, Verdict,
    place::{At, Port},
    rules::{ChainId, RuleId},
};
use bridgewalk_model::firewall::Hook;

/// What happens next, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A process of this namespace sends: route, source, OUTPUT.
    Send { at: At },
    /// After OUTPUT: the route again if the receiver or the mark changed, then POSTROUTING.
    Sent { at: At, out: usize, gateway: Option<IpAddr>, destination: IpAddr, mark: u32 },
    /// After POSTROUTING: who has the next hop's address.
    Transmit { at: At, out: usize, gateway: Option<IpAddr> },
    /// A frame leaves by an interface.
    Frame { at: At, out: usize },
    /// A frame comes in by an interface.
    FrameIn { at: At, index: usize },
    /// After PREROUTING of a frame on a bridge: which port.
    Bridge { at: At, crossing: Crossing },
    /// After FORWARD of a bridged frame.
    Bridged { at: At, bridge: usize, from: usize, to: usize },
    /// After PREROUTING: the input route.
    Route { at: At, input: usize, from: Option<usize> },
    /// After FORWARD.
    Forwarded { at: At, input: usize, out: usize, gateway: Option<IpAddr>, from: Option<usize> },
    /// After INPUT.
    Deliver { at: At, input: usize },
    /// All is told.
    Over,
}

/// A frame at a bridge, after PREROUTING.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Crossing {
    pub(super) bridge: usize,
    /// The port that it came in by; none: the bridge's own host sends it.
    pub(super) from: Option<usize>,
    /// The receiver before PREROUTING.
    pub(super) destination: IpAddr,
    /// Whether PREROUTING was run on it: bridge netfilter is on.
    pub(super) was_filtered: bool,
}

/// A fact, as cheap as it can be while a packet is followed.
#[derive(Clone, Debug)]
pub(super) enum Fact {
    Rule(At, RuleId, Hook),
    Policy(At, ChainId),
    Ready(Box<Evidence>),
}

impl Fact {
    pub(super) fn ready(evidence: Evidence) -> Self {
        Self::Ready(Box::new(evidence))
    }
}

/// A hop, not yet told.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) at: Option<At>,
    pub(super) action: Action,
    pub(super) input: Option<usize>,
    pub(super) output: Option<usize>,
    pub(super) before: Packet,
    pub(super) after: Packet,
    pub(super) facts: Vec<Fact>,
    /// What lights up beside the interfaces: containers, bridges, the outside.
    pub(super) lights: Vec<EntityId>,
}

/// Who began a connection, and where it arrived. docker-proxy begins one of its own.
#[derive(Clone, Debug)]
pub(super) struct Leg {
    /// The sender; none: outside.
    pub(super) origin: Option<At>,
    /// The first packet as its sender knows it.
    pub(super) sent: Packet,
    /// The interface that a stranger's packet came in by.
    pub(super) entry: Option<Port>,
    /// Where it arrived, and as what; none in the first: outside, by that interface.
    pub(super) arrived: Option<(Arrival, Packet)>,
}

/// Where a packet arrived.
#[derive(Clone, Copy, Debug)]
pub(super) enum Arrival {
    At(At),
    /// Outside, having left by this interface.
    Outside(Port),
}

/// How a way ended.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    pub(super) verdict: Verdict,
    pub(super) fact: Option<Fact>,
}

/// One branch of a walk.
#[derive(Clone, Debug)]
pub(super) struct Flow {
    pub(super) packet: Packet,
    pub(super) step: Step,
    pub(super) hops: Vec<Draft>,
    /// How many of the hops are the first packet's.
    pub(super) reply_from: Option<usize>,
    pub(super) legs: Vec<Leg>,
    /// The leg whose reply is under way.
    pub(super) leg: usize,
    /// What each namespace's conntrack knows.
    pub(super) tracked: Vec<(At, Connection)>,
    /// The connection that the packet belongs to where it is, and whether it goes in the reply's direction.
    pub(super) current: Option<(usize, bool)>,
    /// The interface that the packet is on its way to, where it is seen.
    pub(super) target: Option<Port>,
    /// The VLAN's device that the frame left by, whose parent carries it.
    pub(super) vlan: Option<Port>,
    /// Which of several next hops of one route the next step takes.
    pub(super) path: Option<usize>,
    pub(super) unknowns: Vec<Unknown>,
    /// What makes no difference here.
    pub(super) regardless: Vec<Unknown>,
    pub(super) steps: u32,
    pub(super) first: Option<Ending>,
    pub(super) reply: Option<Ending>,
}

impl Flow {
    pub(super) fn new(packet: Packet, step: Step, origin: Option<At>) -> Self {
        Self {
            legs: vec![Leg { origin, sent: packet.clone(), entry: None, arrived: None }],
            packet,
            step,
            hops: Vec::with_capacity(16),
            reply_from: None,
            leg: 0,
            tracked: Vec::new(),
            current: None,
            target: None,
            vlan: None,
            path: None,
            unknowns: Vec::new(),
            regardless: Vec::new(),
            steps: 0,
            first: None,
            reply: None,
        }
    }

    pub(super) const fn is_reply(&self) -> bool {
        self.reply_from.is_some()
    }

    /// Adds a hop that changes nothing about the packet.
    pub(super) fn hop(
        &mut self,
        at: At,
        action: Action,
        input: Option<usize>,
        output: Option<usize>,
        facts: Vec<Fact>,
    ) {
        let packet = self.packet.clone();
        self.changed(at, action, (input, output), packet, facts);
    }

    /// Adds a hop; the packet is already as it is after it.
    pub(super) fn changed(
        &mut self,
        at: At,
        action: Action,
        (input, output): (Option<usize>, Option<usize>),
        before: Packet,
        facts: Vec<Fact>,
    ) {
        let after = self.packet.clone();
        self.hops.push(Draft { at: Some(at), action, input, output, before, after, facts, lights: Vec::new() });
    }

    /// The way that is under way ends.
    pub(super) fn end(&mut self, verdict: Verdict, fact: Option<Fact>) {
        let ending = Some(Ending { verdict, fact });
        if self.is_reply() {
            self.reply = ending;
        } else {
            self.first = ending;
        }
        self.step = Step::Over;
    }

    /// How it continues is undecided.
    pub(super) fn undecided(&mut self, unknown: Unknown) {
        self.unknowns.push(unknown);
        self.end(Verdict::Undecided, None);
    }

    /// Finds the connection that the packet belongs to in a namespace that it enters.
    pub(super) fn enter(&mut self, at: At) {
        self.current = self.tracked.iter().enumerate().find_map(|(index, (place, connection))| {
            if *place != at || connection.is_untracked {
                None
            } else if same_flow(&connection.original, &self.packet) {
                Some((index, false))
            } else if same_flow(&connection.reply, &self.packet) {
                Some((index, true))
            } else {
                None
            }
        });
        // The reply itself is seen as established.
        if let Some((index, true)) = self.current
            && let Some((_, connection)) = self.tracked.get_mut(index)
        {
            connection.is_established = true;
        }
    }
}

/// Whether two packets are of one flow and direction, as conntrack compares them.
pub(super) fn same_flow(a: &Packet, b: &Packet) -> bool {
    use super::Layer4::{Icmp, Other, Tcp, Udp};
    a.source == b.source
        && a.destination == b.destination
        && match (a.layer4, b.layer4) {
            (Tcp { .. }, Tcp { .. }) | (Udp { .. }, Udp { .. }) => a.layer4.ports() == b.layer4.ports(),
            (Icmp { identifier: a, kind: x, .. }, Icmp { identifier: b, kind: y, .. }) => a == b && x == y,
            (Other { number: a }, Other { number: b }) => a == b,
            _ => false,
        }
}

/// Whether two packets have the same addresses and ports.
pub(super) fn same_ends(a: &Packet, b: &Packet) -> bool {
    a.source == b.source && a.destination == b.destination && a.layer4.ports() == b.layer4.ports()
}
