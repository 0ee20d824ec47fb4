//! What the evaluator says of a whole flow beforehand, so that a packet that matters can be looked for without sending any.
//!
//! It only steers: where it is wrong, a packet is sent in vain. What was hit, the kernel alone says.

use std::net::IpAddr;

use bridgewalk_analysis::walk::{
    Connection, Packet,
    rules::{NamespaceRules, Passage, RuleId, Truth, Verdict},
};
use bridgewalk_model::{
    firewall::Hook,
    kernel::{LinkKind, RouteKind},
    snapshot::{Interface, Namespace},
};

use super::layout::{Layout, Probe, may_answer, next};

/// Follows flows through one namespace's rules.
#[derive(Debug)]
pub struct Predictor<'a> {
    rules: NamespaceRules<'a>,
    layout: &'a Layout,
}

/// What a flow does to the rules.
#[derive(Clone, Debug, Default)]
pub struct Prediction {
    /// Those that were looked at.
    pub looked_at: Vec<RuleId>,
    /// Of them, those that match, or may match.
    pub matched: Vec<RuleId>,
}

/// A packet that has come through.
struct Through {
    packet: Packet,
    connection: Option<Connection>,
    /// The end that it came to, and the device by which it left.
    end: usize,
    out: Option<String>,
}

/// Where the router sends a packet.
enum Way<'a> {
    Here,
    By(&'a Interface, IpAddr),
}

impl<'a> Predictor<'a> {
    /// For a namespace and what is around it.
    pub fn new(namespace: &'a Namespace, layout: &'a Layout) -> Self {
        Self { rules: NamespaceRules::new(namespace), layout }
    }

    /// What is around it.
    pub const fn layout(&self) -> &'a Layout {
        self.layout
    }

    /// Follows a first packet, its answer and one more, as far as they come.
    pub fn flow(&self, probe: &Probe) -> Prediction {
        let mut prediction = Prediction::default();
        self.follow(probe, &mut prediction);
        prediction
    }

    fn follow(&self, probe: &Probe, prediction: &mut Prediction) -> Option<()> {
        let first = self.through(probe.door, probe.packet.clone(), None, false, prediction)?;
        if !may_answer(self.layout, first.end, &first.packet) {
            return None;
        }
        let known = first.connection.filter(|connection| !connection.is_untracked);
        let back = self.layout.door(first.end, first.out.as_deref().filter(|_| first.end != 0))?;
        let answer = first.packet.reply();
        let is_reply = known.is_some();
        let answered = self.through(back, answer, known, is_reply, prediction)?;
        if answered.end != self.layout.end(probe.door) {
            return None;
        }
        let known = answered.connection.map(|connection| Connection { is_established: is_reply, ..connection });
        self.through(probe.door, next(&probe.packet), known, false, prediction)?;
        Some(())
    }

    /// One packet through all hooks.
    fn through(
        &self,
        door: usize,
        packet: Packet,
        known: Option<Connection>,
        is_reply: bool,
        prediction: &mut Prediction,
    ) -> Option<Through> {
        let namespace = self.rules.namespace();
        let (device, end) = self.layout.doors.get(door)?;
        let mut pass = |hook, packet, connection, in_interface, out_interface, next_hop| {
            let passage = Passage {
                hook,
                packet,
                connection,
                is_reply,
                in_interface,
                out_interface,
                in_port: None,
                out_port: None,
                is_bridged: false,
                next_hop,
            };
            let mut branches = self.rules.pass(passage);
            for visit in branches.iter().flat_map(|branch| &branch.visits) {
                prediction.looked_at.push(visit.rule);
                if visit.matched != Truth::No {
                    prediction.matched.push(visit.rule);
                }
            }
            // Where it is undecided, it is assumed to come through.
            branches.retain(|branch| branch.verdict == Verdict::Accept);
            let branch = branches.into_iter().next()?;
            Some((branch.packet, branch.connection))
        };
        let (mut packet, mut connection, mut in_interface) = (packet, known, None);
        if *end == 0 {
            let (out, mut hop) = match self.route(packet.destination)? {
                Way::Here => (self.loopback()?, packet.destination),
                Way::By(device, hop) => (device, hop),
            };
            (packet, connection) = pass(Hook::Output, packet, connection, None, Some(out), Some(hop))?;
            // After a translation the route is looked up again.
            let out = match self.route(packet.destination)? {
                Way::Here => self.loopback()?,
                Way::By(device, other) => {
                    hop = other;
                    device
                }
            };
            (packet, connection) = pass(Hook::Postrouting, packet, connection, None, Some(out), Some(hop))?;
            if out.link.kind != LinkKind::Loopback {
                return self.arrived(packet, connection, out, hop);
            }
            in_interface = Some(out);
        }
        let by = match in_interface {
            Some(loopback) => loopback,
            None => namespace.interfaces.iter().find(|found| found.link.name.as_str() == device.as_str())?,
        };
        (packet, connection) = pass(Hook::Prerouting, packet, connection, Some(by), None, None)?;
        if by.link.kind != LinkKind::Loopback && self.is_martian(&packet) {
            return None;
        }
        match self.route(packet.destination)? {
            Way::Here => {
                (packet, connection) = pass(Hook::Input, packet, connection, Some(by), None, None)?;
                Some(Through { packet, connection, end: 0, out: None })
            }
            Way::By(out, hop) => {
                (packet, connection) = pass(Hook::Forward, packet, connection, Some(by), Some(out), Some(hop))?;
                (packet, connection) = pass(Hook::Postrouting, packet, connection, Some(by), Some(out), Some(hop))?;
                self.arrived(packet, connection, out, hop)
            }
        }
    }

    fn arrived(&self, packet: Packet, connection: Option<Connection>, out: &Interface, hop: IpAddr) -> Option<Through> {
        let end = self.layout.owner(hop, out.link.name.as_str())?;
        Some(Through { packet, connection, end, out: Some(out.link.name.as_str().to_owned()) })
    }

    fn loopback(&self) -> Option<&'a Interface> {
        self.rules.namespace().interfaces.iter().find(|found| found.link.kind == LinkKind::Loopback)
    }

    /// The local table's answer, else the main one's: the longest prefix.
    fn route(&self, destination: IpAddr) -> Option<Way<'a>> {
        const TABLES: [u32; 2] = [255, 254];
        let namespace = self.rules.namespace();
        for table in TABLES {
            let routes = namespace.routes.iter().filter(|route| {
                route.table == table && route.destination.contains(&destination) && route.kind != RouteKind::Multicast
            });
            let longest = routes.max_by_key(|route| (route.destination.prefix_len(), std::cmp::Reverse(route.metric)));
            let Some(route) = longest else { continue };
            return match route.kind {
                RouteKind::Local | RouteKind::Broadcast | RouteKind::Anycast => Some(Way::Here),
                RouteKind::Unicast => {
                    let hop = route.next_hops.first()?;
                    let mut devices = namespace.interfaces.iter();
                    let device = devices.find(|device| device.link.if_index == hop.if_index)?;
                    Some(Way::By(device, hop.gateway.unwrap_or(destination)))
                }
                _ => None,
            };
        }
        None
    }

    /// Whether IPv4 takes nothing of the kind from a wire: a sender of here, or the loopback's addresses.
    fn is_martian(&self, packet: &Packet) -> bool {
        let IpAddr::V4(source) = packet.source else { return packet.source.is_loopback() };
        packet.destination.is_loopback() && !self.routes_loopback()
            || source.is_loopback()
            || matches!(self.route(packet.source), Some(Way::Here))
    }

    fn routes_loopback(&self) -> bool {
        let mut sysctls = self.rules.namespace().sysctls.iter();
        sysctls.any(|found| found.path.ends_with("/route_localnet") && found.value == "1")
    }
}
