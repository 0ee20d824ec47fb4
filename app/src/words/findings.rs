//! Findings in words: what is wrong or worth knowing, with the names that people gave.

use bridgewalk_analysis::{Disagreement, Doubt, Finding, FindingKind, Published, Reach, Severity};
use bridgewalk_model::{EntityId, Snapshot, Text};

use super::{FluentValue, Words};

impl Words {
    /// A finding in one sentence.
    pub fn finding(self, snapshot: &Snapshot, finding: &Finding) -> String {
        let key = format!("finding-{}", finding.kind.key());
        let mut arguments: Vec<(&'static str, FluentValue<'static>)> =
            vec![("subject", name(snapshot, &finding.subject).into())];
        let mut say = |name: &'static str, value: String| arguments.push((name, value.into()));
        match &finding.kind {
            FindingKind::PublishedPortWithoutRule { port, published } => {
                say("port", port.to_string());
                say("published", self.published(published));
            }
            FindingKind::RuleWithoutBinding { port } | FindingKind::PausedContainerPublishes { port } => {
                say("port", port.to_string());
            }
            FindingKind::RuleForNobody { address, port } => {
                say("address", port.map_or_else(|| address.to_string(), |port| socket(*address, port)));
            }
            FindingKind::PublishedOnEveryAddress { port, host_port } => {
                say("port", port.to_string());
                say("host_port", host_port.map_or_else(|| self.text("unknown"), |port| port.to_string()));
            }
            FindingKind::AddressOutsideSubnet { address, network } => {
                say("address", address.to_string());
                say("network", name(snapshot, network));
            }
            FindingKind::AddressDiffers { docker, kernel } => {
                let kernel: Vec<_> = kernel.iter().map(ToString::to_string).collect();
                say("docker", docker.to_string());
                say("kernel", if kernel.is_empty() { self.text("nothing") } else { kernel.join(", ") });
            }
            FindingKind::AttachmentWithoutInterface { network } => say("network", name(snapshot, network)),
            FindingKind::DuplicateAddress { address, network } => {
                say("address", address.to_string());
                say("network", name(snapshot, network));
            }
            FindingKind::OverlappingSubnets { subnet, other, other_subnet } => {
                say("subnet", subnet.to_string());
                say("other", name(snapshot, other));
                say("other_subnet", other_subnet.to_string());
            }
            FindingKind::NetworkWithoutBridge { bridge } => say("bridge", bridge.to_string()),
            FindingKind::ForwardingOff { is_ipv6 } => say("family", if *is_ipv6 { "IPv6" } else { "IPv4" }.to_owned()),
            FindingKind::NameAltered { name } => say("name", name.to_string()),
            FindingKind::BridgeWithoutNetwork
            | FindingKind::BridgeDown
            | FindingKind::BridgeWithoutCarrier
            | FindingKind::VethWithoutPeer
            | FindingKind::BridgeNetfilterOff
            | FindingKind::MeshNotProgrammed => {}
        }
        self.format(&key, &arguments)
    }

    /// How bad a finding is.
    pub fn severity(self, severity: Severity) -> String {
        self.text(match severity {
            Severity::Error => "severity-error",
            Severity::Warning => "severity-warning",
            Severity::Info => "severity-info",
        })
    }

    /// From where a port can be reached.
    pub fn reach(self, reach: Reach) -> String {
        self.text(match reach {
            Reach::ExposedOnly => "reach-exposed-only",
            Reach::Loopback => "reach-loopback",
            Reach::SomeAddresses => "reach-some-addresses",
            Reach::EveryAddress => "reach-every-address",
        })
    }

    /// A door on the host: `0.0.0.0:8080`.
    pub fn published(self, published: &Published) -> String {
        let port = published.host_port.map_or_else(|| "?".to_owned(), |port| port.to_string());
        match published.host_ip {
            Some(address) if address.is_ipv6() => format!("[{address}]:{port}"),
            Some(address) => format!("{address}:{port}"),
            None => format!("*:{port}"),
        }
    }

    /// How Docker's intent and the host's state differ.
    pub fn disagreement(self, disagreement: &Disagreement) -> String {
        match disagreement {
            Disagreement::WithoutRule(published) => {
                self.format("disagreement-without-rule", &[("published", self.published(published).into())])
            }
            Disagreement::WithoutBinding(_) => self.text("disagreement-without-binding"),
        }
    }

    /// Why it is unknown whether they differ.
    pub fn doubt(self, doubt: Doubt) -> String {
        self.text(match doubt {
            Doubt::RulesNotRead => "doubt-rules-not-read",
            Doubt::ProcessesNotRead => "doubt-processes-not-read",
            Doubt::EngineNotRead => "doubt-engine-not-read",
            Doubt::EngineLost => "doubt-engine-lost",
        })
    }
}

fn socket(address: std::net::IpAddr, port: u16) -> String {
    std::net::SocketAddr::new(address, port).to_string()
}

/// What people call a thing; its id's last part where it has gone.
pub(crate) fn name(snapshot: &Snapshot, id: &EntityId) -> String {
    let named = snapshot
        .container(id)
        .map(|(_, container)| &container.name)
        .or_else(|| snapshot.network(id).map(|(_, network)| &network.name))
        .or_else(|| snapshot.interface(id).map(|(_, _, interface)| &interface.name))
        .or_else(|| snapshot.namespace(id).map(|(_, namespace)| &namespace.name))
        .or_else(|| snapshot.hosts.iter().find(|host| host.id == *id).map(|host| &host.name));
    let last = || Text::new(id.as_str().rsplit(['/', ':']).next().unwrap_or_default());
    named.cloned().unwrap_or_else(last).to_string()
}
