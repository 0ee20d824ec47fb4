//! What would let a packet through that does not arrive.

use bridgewalk_model::{
    AddressPort, EntityId, Text,
    engine::PortKey,
    firewall::RuleRef,
    kernel::{SocketState, Sysctl, Transport},
    snapshot::{Attachment, Container},
};
use serde::Serialize;

use super::{
    End, Evidence, Layer4, Protocol, Question, Verdict, Walker,
    flow::{Draft, Flow},
};

/// One change that would do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Opening {
    /// Put both into one network.
    ShareNetwork {
        /// The container that would join.
        container: EntityId,
        /// The network.
        network: EntityId,
    },
    /// Publish the port.
    PublishPort {
        /// Whose.
        container: EntityId,
        /// Which.
        port: PortKey,
    },
    /// Publish it on an address that can be reached from there, not on loopback.
    PublishOnAddress {
        /// Whose.
        container: EntityId,
        /// Which.
        port: PortKey,
    },
    /// Let the network's containers talk to each other (`com.docker.network.bridge.enable_icc`).
    AllowInterContainer {
        /// The network.
        network: EntityId,
    },
    /// Create the network again, not internal.
    NotInternal {
        /// The network.
        network: EntityId,
    },
    /// Take the rule away, or put one that accepts before it.
    RemoveRule {
        /// The rule.
        rule: RuleRef,
    },
    /// Change a base chain's policy, or accept before its end.
    ChangePolicy {
        /// The namespace.
        namespace: EntityId,
        /// The table.
        table: String,
        /// The chain.
        chain: String,
    },
    /// Listen on the port.
    Listen {
        /// Where.
        namespace: EntityId,
        /// The protocol.
        transport: Transport,
        /// The port.
        port: u16,
    },
    /// Listen on every address, not on this one alone.
    ListenEverywhere {
        /// Where.
        namespace: EntityId,
        /// The protocol.
        transport: Transport,
        /// Where it listens now.
        local: AddressPort,
    },
    /// Set a kernel setting.
    SetSysctl {
        /// Where.
        namespace: EntityId,
        /// The setting, with the value that would do.
        setting: Sysctl,
    },
    /// Add a route.
    AddRoute {
        /// Where.
        namespace: EntityId,
    },
    /// Set an interface up.
    SetUp {
        /// Which.
        interface: EntityId,
    },
    /// Start the container.
    StartContainer {
        /// Which.
        container: EntityId,
    },
}

/// A packet that did not arrive.
pub(super) struct Blocked<'b> {
    pub(super) question: &'b Question,
    pub(super) flow: &'b Flow,
    /// The hop at which it ended.
    pub(super) last: Option<&'b Draft>,
    pub(super) verdict: Verdict,
    pub(super) by: Option<&'b Evidence>,
}

impl Walker<'_> {
    /// What would let it through, the likeliest first.
    pub(super) fn openings(&self, blocked: &Blocked<'_>) -> Vec<Opening> {
        let mut openings = Vec::new();
        let from = self.container_of(&blocked.question.from);
        let to = self.container_of(&blocked.question.to).or_else(|| {
            let address = blocked.last.map(|hop| hop.before.destination)?;
            self.container_of(&End::Address { address, host: None })
        });
        match blocked.by {
            Some(Evidence::Container { container, .. }) => {
                return vec![Opening::StartContainer { container: container.clone() }];
            }
            Some(Evidence::LinkDown { interface }) => return vec![Opening::SetUp { interface: interface.clone() }],
            // A stranger's packet that is let in where no answer goes back is no connection.
            Some(Evidence::Sysctl { setting, .. })
                if setting.path.ends_with("rp_filter") && is_strangers(blocked.flow) => {}
            Some(Evidence::Sysctl { namespace, setting }) => {
                let value = if setting.path.ends_with("rp_filter") { "2" } else { "1" };
                let value = if setting.path.ends_with("disable_ipv6") { "0" } else { value };
                let setting = Sysctl { path: setting.path.clone(), value: value.to_owned() };
                openings.push(Opening::SetSysctl { namespace: namespace.clone(), setting });
            }
            _ => {}
        }
        if blocked.verdict == Verdict::NoListener {
            self.listening(blocked, &mut openings);
            return openings;
        }
        if blocked.flow.is_reply()
            && blocked.flow.first.as_ref().is_some_and(|first| first.verdict == Verdict::Delivered)
        {
            openings.extend(by_rule(blocked.by));
            return openings;
        }
        let shared: Vec<_> = from.zip(to).map_or_else(Vec::new, |(from, to)| {
            let is_shared = |end: &&Attachment| to.attachments.iter().any(|other| other.network == end.network);
            from.attachments.iter().filter(is_shared).collect()
        });
        let host = |container: &Container| self.snapshot().container(&container.id).map(|(host, _)| host);
        if let (Some(to), false) = (to, shared.is_empty()) {
            // On one network, and yet apart: the network keeps its containers from each other.
            let icc = Text::new("com.docker.network.bridge.enable_icc");
            let networks = shared.iter().filter_map(|end| host(to)?.network(&end.network));
            for network in networks.filter(|it| it.options.get(&icc).is_some_and(|value| value.as_str() == "false")) {
                openings.push(Opening::AllowInterContainer { network: network.id.clone() });
            }
        } else if let (Some(from), Some(to)) = (from, to)
            && let Some(end) = to.attachments.iter().find(|end| end.ipv4.is_some() || end.ipv6.is_some())
        {
            let network = end.network.clone();
            openings.push(Opening::ShareNetwork { container: from.id.clone(), network });
        }
        let outward = matches!(blocked.question.to, End::Outside | End::Address { .. }) && to.is_none();
        if let (true, Some(from)) = (outward, from) {
            for end in &from.attachments {
                let network = host(from).and_then(|host| host.network(&end.network));
                if let Some(network) = network.filter(|network| network.is_internal) {
                    openings.push(Opening::NotInternal { network: network.id.clone() });
                }
            }
        }
        if let (true, Some(to), Some(port)) = (shared.is_empty(), to, asked_port(blocked)) {
            let container = to.id.clone();
            let doors: Vec<_> = to.published.iter().filter(|door| door.container_port == port).collect();
            if doors.is_empty() {
                openings.push(Opening::PublishPort { container, port });
            } else if doors.iter().all(|door| door.host_ip.is_some_and(|address| address.is_loopback())) {
                openings.push(Opening::PublishOnAddress { container, port });
            }
        }
        openings.extend(by_rule(blocked.by));
        if blocked.verdict == Verdict::NoRoute && openings.is_empty() {
            let namespace = blocked.last.and_then(|hop| hop.at).and_then(|at| self.place(at));
            openings.extend(namespace.map(|place| Opening::AddRoute { namespace: place.namespace.id.clone() }));
        }
        openings
    }

    /// Nobody listens: or somebody does, on another address.
    fn listening(&self, blocked: &Blocked<'_>, openings: &mut Vec<Opening>) {
        let Some(hop) = blocked.last else { return };
        let Some(place) = hop.at.and_then(|at| self.place(at)) else { return };
        let Some((_, port)) = hop.before.layer4.ports() else { return };
        let transport = match hop.before.layer4 {
            Layer4::Udp { .. } => Transport::Udp,
            _ => Transport::Tcp,
        };
        let namespace = place.namespace.id.clone();
        let elsewhere = place.namespace.sockets.iter().map(|named| &named.socket).find(|socket| {
            socket.transport == transport && socket.state == SocketState::Listen && socket.local.port == port
        });
        openings.push(match elsewhere {
            Some(socket) => Opening::ListenEverywhere { namespace, transport, local: socket.local },
            None => Opening::Listen { namespace, transport, port },
        });
    }
}

/// The port as the packet has it where it is stopped: a published one may have become the container's own.
fn asked_port(blocked: &Blocked<'_>) -> Option<PortKey> {
    let transport = match blocked.question.protocol {
        Protocol::Tcp => Transport::Tcp,
        Protocol::Udp => Transport::Udp,
        Protocol::Icmp => return None,
    };
    let now = blocked.last.and_then(|hop| hop.before.layer4.ports()).map(|(_, port)| port);
    let usual = if transport == Transport::Tcp { 80 } else { 53 };
    Some(PortKey { port: now.or(blocked.question.port).unwrap_or(usual), transport })
}

fn is_strangers(flow: &Flow) -> bool {
    flow.legs.first().is_some_and(|leg| leg.origin.is_none())
}

fn by_rule(by: Option<&Evidence>) -> Option<Opening> {
    match by? {
        Evidence::Rule { rule, .. } => Some(Opening::RemoveRule { rule: rule.clone() }),
        Evidence::Policy { namespace, table, chain, .. } => {
            Some(Opening::ChangePolicy { namespace: namespace.clone(), table: table.clone(), chain: chain.clone() })
        }
        _ => None,
    }
}
