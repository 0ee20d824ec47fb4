//! A packet's walk in words: what happens at a hop, how it ends, what is not known, what would let it through.

use std::net::SocketAddr;

use bridgewalk_analysis::walk::{
    Action, End, Evidence, Hop, Layer4, Opening, Packet, Unknown, Verdict, Way, qualified,
};
use bridgewalk_model::{AddressPort, EntityId, Snapshot, SourceKind, Text, kernel::LinkKind};

use super::{Words, name};

impl Words {
    /// An end of a walk.
    pub fn walk_end(self, snapshot: &Snapshot, end: &End) -> String {
        match end {
            End::Host { id } => name(snapshot, id),
            End::Outside => self.text("walk-outside"),
            End::Namespace { id, name } => match snapshot.namespace(id) {
                Some((host, _)) => qualified(snapshot, host, name.as_str()),
                None => name.to_string(),
            },
            End::Absent { id, name } => match snapshot.container(id) {
                Some((host, _)) => qualified(snapshot, host, name.as_str()),
                None => name.to_string(),
            },
            End::Name { name } => name.to_string(),
            End::Address { address, host: None } => address.to_string(),
            End::Address { address, host: Some(host) } => format!("{}/{address}", name(snapshot, host)),
        }
    }

    /// Several hosts have a thing of this name, and how each is written.
    pub fn ambiguous(self, name: &Text, choices: &[Text]) -> String {
        let choices: Vec<String> = choices.iter().map(Text::to_string).collect();
        self.format(
            "walk-error-ambiguous",
            &[("name", name.to_string().into()), ("choices", choices.join(", ").into())],
        )
    }

    /// Where something happens: a container, a host, a namespace, the outside world.
    pub fn walk_place(self, snapshot: &Snapshot, id: &EntityId) -> String {
        if *id == EntityId::outside() {
            return self.text("walk-outside");
        }
        match snapshot.namespace(id) {
            Some((host, namespace)) if namespace.is_host => host.name.to_string(),
            _ => name(snapshot, id),
        }
    }

    /// What happens at a hop, in a sentence.
    pub fn walk_hop(self, snapshot: &Snapshot, hop: &Hop) -> String {
        let named = |id: &Option<EntityId>| id.as_ref().map(|id| name(snapshot, id));
        let (by, out) = (named(&hop.in_interface), named(&hop.out_interface));
        let is_bridge = |id: &Option<EntityId>| {
            let interface = id.as_ref().and_then(|id| snapshot.interface(id));
            interface.is_some_and(|(_, _, interface)| matches!(interface.link.kind, LinkKind::Bridge { .. }))
        };
        let receiver = self.packet_receiver(&hop.after);
        match hop.action {
            Action::Resolved => match hop.evidence.iter().find_map(|it| match it {
                Evidence::Name { name, addresses, .. } => Some((name, addresses.first()?)),
                _ => None,
            }) {
                Some((name, address)) => self.format(
                    "hop-resolved",
                    &[("name", name.to_string().into()), ("address", address.to_string().into())],
                ),
                None => self.text("hop-looked-up"),
            },
            Action::Sent => match out {
                Some(out) => self.format("hop-sent-by", &[("receiver", receiver.into()), ("out", out.into())]),
                None => self.format("hop-sent", &[("receiver", receiver.into())]),
            },
            Action::Carried => match (by, out) {
                (Some(by), Some(out)) => self.format("hop-carried", &[("in", by.into()), ("out", out.into())]),
                (by, out) => self
                    .format("hop-carried-over", &[("interface", by.or(out).unwrap_or_else(|| "?".to_owned()).into())]),
            },
            // The bridge's own device is the host's side of it, and no port.
            Action::Bridged => {
                match (by.filter(|_| !is_bridge(&hop.in_interface)), out.filter(|_| !is_bridge(&hop.out_interface))) {
                    (Some(by), Some(out)) => self.format("hop-bridged", &[("in", by.into()), ("out", out.into())]),
                    (Some(by), None) => self.format("hop-bridged-up", &[("in", by.into())]),
                    (None, out) => {
                        self.format("hop-bridged-down", &[("out", out.unwrap_or_else(|| "?".to_owned()).into())])
                    }
                }
            }
            Action::Routed => match out {
                Some(out) => self.format("hop-routed", &[("out", out.into())]),
                None => self.text("hop-routed-here"),
            },
            Action::Translated => self.translated(hop),
            Action::Filtered => self.text("hop-filtered"),
            Action::Balanced => self.format("hop-balanced", &[("receiver", receiver.into())]),
            Action::Proxied => self.format("hop-proxied", &[("receiver", receiver.into())]),
            Action::Encapsulated => self.format("hop-encapsulated", &[("receiver", receiver.into())]),
            Action::Decapsulated => self.text("hop-decapsulated"),
            Action::Delivered => self.text("hop-delivered"),
            Action::Dropped => self.text("hop-dropped"),
            Action::Rejected => self.text("hop-rejected"),
            Action::Unroutable => self.format("hop-unroutable", &[("receiver", receiver.into())]),
            Action::Refused => self.format("hop-refused", &[("receiver", receiver.into())]),
        }
    }

    fn translated(self, hop: &Hop) -> String {
        let change = |key: &str, before: String, after: String| {
            (before != after).then(|| self.format(key, &[("before", before.into()), ("after", after.into())]))
        };
        let (before, after) = (&hop.before, &hop.after);
        let told = [
            change("hop-translated-receiver", self.packet_receiver(before), self.packet_receiver(after)),
            change("hop-translated-sender", self.packet_sender(before), self.packet_sender(after)),
        ];
        let told: Vec<String> = told.into_iter().flatten().collect();
        if told.is_empty() { self.text("hop-not-translated") } else { told.join("; ") }
    }

    /// The sender's address and port: `172.18.0.2:40000`.
    pub fn packet_sender(self, packet: &Packet) -> String {
        with_port(packet.source, packet.layer4.ports().map(|(source, _)| source))
    }

    /// The receiver's address and port.
    pub fn packet_receiver(self, packet: &Packet) -> String {
        with_port(packet.destination, packet.layer4.ports().map(|(_, destination)| destination))
    }

    /// What a packet carries: `TCP SYN`, `UDP`, `ICMP echo request`.
    pub fn packet_layer4(self, packet: &Packet) -> String {
        const FLAGS: [(u8, &str); 6] = [(2, "SYN"), (16, "ACK"), (1, "FIN"), (4, "RST"), (8, "PSH"), (32, "URG")];
        match packet.layer4 {
            Layer4::Tcp { flags, .. } => {
                let set = FLAGS.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, name)| *name);
                std::iter::once("TCP").chain(set).collect::<Vec<_>>().join(" ")
            }
            Layer4::Udp { .. } => "UDP".to_owned(),
            Layer4::Icmp { kind: 8 | 128, .. } => self.text("packet-echo-request"),
            Layer4::Icmp { kind: 0 | 129, .. } => self.text("packet-echo-reply"),
            Layer4::Icmp { kind, code, .. } => format!("ICMP {kind}/{code}"),
            Layer4::Other { number } => format!("IP {number}"),
        }
    }

    /// How a packet's way ends, in a sentence.
    pub fn walk_way(self, snapshot: &Snapshot, way: &Way) -> String {
        let place =
            way.hops.last().map_or_else(|| self.text("unknown"), |hop| self.walk_place(snapshot, &hop.namespace));
        let arguments = [("place", place.into())];
        match way.verdict {
            Verdict::Delivered => self.format("way-delivered", &arguments),
            Verdict::Dropped => self.format("way-dropped", &arguments),
            Verdict::Rejected => self.format("way-rejected", &arguments),
            Verdict::NoRoute => self.format("way-no-route", &arguments),
            Verdict::NoListener => self.format("way-no-listener", &arguments),
            Verdict::Undecided => self.text("way-undecided"),
        }
    }

    /// What is not known, in a sentence.
    pub fn walk_unknown(self, snapshot: &Snapshot, unknown: &Unknown) -> String {
        let place = |id: &EntityId| self.walk_place(snapshot, id);
        match unknown {
            Unknown::Match { rule, asks, taken_as } => {
                let arguments = [("does", self.rule_does(snapshot, rule).into()), ("asks", asks.as_str().into())];
                if *taken_as {
                    self.format("unknown-match-yes", &arguments)
                } else {
                    self.format("unknown-match-no", &arguments)
                }
            }
            Unknown::Queue { rule } => self.format("unknown-queue", &[("text", rule.text.as_str().into())]),
            Unknown::NotRead { namespace, source: SourceKind::Agent } => {
                self.format("unknown-kernel", &[("place", place(namespace).into())])
            }
            Unknown::NotRead { namespace, source: SourceKind::Namespaces } => {
                self.format("unknown-namespace", &[("place", place(namespace).into())])
            }
            Unknown::NotRead { namespace, source } => self.format(
                "unknown-not-read",
                &[("place", place(namespace).into()), ("source", self.source_kind(*source).into())],
            ),
            Unknown::Setting { namespace, path } => self.format(
                "unknown-setting",
                &[("place", place(namespace).into()), ("path", path.replace('/', ".").into())],
            ),
            Unknown::OtherEnd { interface } => {
                self.format("unknown-other-end", &[("interface", name(snapshot, interface).into())])
            }
            Unknown::Entry { interface } => {
                self.format("unknown-entry", &[("interface", name(snapshot, interface).into())])
            }
            Unknown::Beyond { address } => self.format("unknown-beyond", &[("address", address.to_string().into())]),
            Unknown::Name { name, server } => match server {
                Some(server) => self.format(
                    "unknown-name-at",
                    &[("name", name.to_string().into()), ("server", server.to_string().into())],
                ),
                None => self.format("unknown-name", &[("name", name.to_string().into())]),
            },
            Unknown::Path { namespace } => self.format("unknown-path", &[("place", place(namespace).into())]),
            Unknown::Server { taken } => self.format("unknown-server", &[("taken", socket(*taken).into())]),
            Unknown::TooLong => self.text("unknown-too-long"),
        }
    }

    /// What would let the packet through, in a sentence.
    pub fn walk_opening(self, snapshot: &Snapshot, opening: &Opening) -> String {
        let named = |id: &EntityId| name(snapshot, id);
        let place = |id: &EntityId| self.walk_place(snapshot, id);
        match opening {
            Opening::ShareNetwork { container, network } => self.format(
                "opening-share-network",
                &[("container", named(container).into()), ("network", named(network).into())],
            ),
            Opening::PublishPort { container, port } => self.format(
                "opening-publish-port",
                &[("container", named(container).into()), ("port", port.to_string().into())],
            ),
            Opening::PublishOnAddress { container, port } => self.format(
                "opening-publish-on-address",
                &[("container", named(container).into()), ("port", port.to_string().into())],
            ),
            Opening::AllowInterContainer { network } => {
                self.format("opening-allow-inter-container", &[("network", named(network).into())])
            }
            Opening::NotInternal { network } => {
                self.format("opening-not-internal", &[("network", named(network).into())])
            }
            Opening::RemoveRule { rule } => self.format(
                "opening-remove-rule",
                &[("does", self.rule_does(snapshot, rule).into()), ("text", rule.text.as_str().into())],
            ),
            Opening::ChangePolicy { namespace, table, chain } => self.format(
                "opening-change-policy",
                &[
                    ("place", place(namespace).into()),
                    ("table", table.as_str().into()),
                    ("chain", chain.as_str().into()),
                ],
            ),
            Opening::Listen { namespace, transport, port } => self.format(
                "opening-listen",
                &[("place", place(namespace).into()), ("port", format!("{port}/{transport}").into())],
            ),
            Opening::ListenEverywhere { namespace, transport, local } => self.format(
                "opening-listen-everywhere",
                &[
                    ("place", place(namespace).into()),
                    ("port", format!("{}/{transport}", local.port).into()),
                    ("local", local.address.to_string().into()),
                ],
            ),
            Opening::SetSysctl { namespace, setting } => self.format(
                "opening-set-sysctl",
                &[
                    ("place", place(namespace).into()),
                    ("path", setting.path.replace('/', ".").into()),
                    ("value", setting.value.as_str().into()),
                ],
            ),
            Opening::AddRoute { namespace } => self.format("opening-add-route", &[("place", place(namespace).into())]),
            Opening::SetUp { interface } => self.format("opening-set-up", &[("interface", named(interface).into())]),
            Opening::StartContainer { container } => {
                self.format("opening-start-container", &[("container", named(container).into())])
            }
        }
    }
}

/// An address with a port, if there is one.
pub(super) fn with_port(address: std::net::IpAddr, port: Option<u16>) -> String {
    port.map_or_else(|| address.to_string(), |port| SocketAddr::new(address, port).to_string())
}

/// A socket's address as people write it.
pub(super) fn socket(at: AddressPort) -> String {
    with_port(at.address, Some(at.port).filter(|port| *port != 0))
}
