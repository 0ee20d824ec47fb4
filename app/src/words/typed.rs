//! Typed messages of the packages below, put in words: each in one place.

use bridgewalk_analysis::walk::{Action, NameSource, PortSetting, Protocol, Verdict};
use bridgewalk_diagram::Word;
use bridgewalk_model::{
    Limit, LimitReason, NotReadBecause, Remedy, SourceKind, Text, Via,
    change::{Change, ChangeKind},
    engine::ContainerState,
    graph::{EdgeKind, NodeKind},
    kernel::{LinkKind, NeighbourState, OperState},
    snapshot::{NamespaceKind, NatKind},
};

use super::Words;

/// A container's port as people write it: `80/tcp`.
pub fn container_port(port: u16, transport: bridgewalk_model::kernel::Transport) -> String {
    format!("{port}/{transport}")
}

/// The keys of enumerations whose every value is a text of its own.
macro_rules! keyed {
    ($($(#[$doc:meta])* $method:ident, $key:ident($type:ty) { $($pattern:pat => $text:literal,)* })*) => {
        impl Words {
            $($(#[$doc])* pub fn $method(self, value: $type) -> String { self.text($key(value)) })*
        }

        $(pub(super) fn $key(value: $type) -> &'static str {
            match value { $($pattern => $text,)* }
        })*

        /// Every key that this file can ask for.
        #[cfg(test)]
        pub(super) const KEYS: &[&str] = &[$($($text,)*)*];
    };
}

keyed! {
    /// How two things are wired.
    edge_kind, edge_kind_key(EdgeKind) {
        EdgeKind::Contains => "edge-contains",
        EdgeKind::VethPair => "edge-veth-pair",
        EdgeKind::Port => "edge-port",
        EdgeKind::Parent => "edge-parent",
        EdgeKind::Member => "edge-member",
        EdgeKind::Realises => "edge-realises",
        EdgeKind::Uplink => "edge-uplink",
        EdgeKind::NatIn => "edge-nat-in",
        EdgeKind::NatOut => "edge-nat-out",
        EdgeKind::Tunnel => "edge-tunnel",
        EdgeKind::Task => "edge-task",
    }
    /// What kind of thing it is that is wired.
    node_kind, node_kind_key(NodeKind) {
        NodeKind::Outside => "node-outside",
        NodeKind::Link => "node-link",
        NodeKind::Host => "node-host",
        NodeKind::Namespace => "node-namespace",
        NodeKind::Interface => "node-interface",
        NodeKind::Bridge => "node-bridge",
        NodeKind::Network => "node-network",
        NodeKind::Container => "node-container",
        NodeKind::Service => "node-service",
        NodeKind::Nat => "node-nat",
    }
    /// The name of a source.
    source_kind, source_kind_key(SourceKind) {
        SourceKind::Engine => "source-engine",
        SourceKind::Namespaces => "source-namespaces",
        SourceKind::Links => "source-links",
        SourceKind::Fdb => "source-fdb",
        SourceKind::NfTables => "source-nf-tables",
        SourceKind::LegacyTables => "source-legacy-tables",
        SourceKind::Sockets => "source-sockets",
        SourceKind::Processes => "source-processes",
        SourceKind::NameFiles => "source-name-files",
        SourceKind::Sysctls => "source-sysctls",
        SourceKind::Ipvs => "source-ipvs",
        SourceKind::KernelEvents => "source-kernel-events",
        SourceKind::EngineEvents => "source-engine-events",
        SourceKind::Agent => "source-agent",
    }
    /// What would help.
    remedy, remedy_key(Remedy) {
        Remedy::StartAgent => "remedy-start-agent",
        Remedy::JoinDockerGroup => "remedy-join-docker-group",
        Remedy::ReachEngine => "remedy-reach-engine",
        Remedy::GrantCapability => "remedy-grant-capability",
        Remedy::None => "remedy-none",
    }
    /// A container's state.
    container_state, container_state_key(ContainerState) {
        ContainerState::Created => "container-created",
        ContainerState::Running => "container-running",
        ContainerState::Paused => "container-paused",
        ContainerState::Restarting => "container-restarting",
        ContainerState::Removing => "container-removing",
        ContainerState::Exited => "container-exited",
        ContainerState::Dead => "container-dead",
    }
    /// What a namespace is for.
    namespace_kind, namespace_kind_key(NamespaceKind) {
        NamespaceKind::Host => "namespace-host",
        NamespaceKind::Container => "namespace-container",
        NamespaceKind::Overlay => "namespace-overlay",
        NamespaceKind::Ingress => "namespace-ingress",
        NamespaceKind::LoadBalancer => "namespace-load-balancer",
        NamespaceKind::Named => "namespace-named",
        NamespaceKind::Process => "namespace-process",
        NamespaceKind::Unknown => "namespace-unknown",
    }
    /// What a translation does.
    nat_kind, nat_kind_key(NatKind) {
        NatKind::DestinationNat => "nat-destination",
        NatKind::Masquerade => "nat-masquerade",
        NatKind::SourceNat => "nat-source",
        NatKind::Redirect => "nat-redirect",
        NatKind::Proxy => "nat-proxy",
    }
    /// An interface's state as RFC 2863 names it.
    oper_state, oper_state_key(OperState) {
        OperState::Unknown => "oper-unknown",
        OperState::NotPresent => "oper-not-present",
        OperState::Down => "oper-down",
        OperState::LowerLayerDown => "oper-lower-layer-down",
        OperState::Testing => "oper-testing",
        OperState::Dormant => "oper-dormant",
        OperState::Up => "oper-up",
    }
    /// A neighbour's state.
    neighbour_state, neighbour_state_key(NeighbourState) {
        NeighbourState::None => "neighbour-none",
        NeighbourState::Incomplete => "neighbour-incomplete",
        NeighbourState::Reachable => "neighbour-reachable",
        NeighbourState::Stale => "neighbour-stale",
        NeighbourState::Delay => "neighbour-delay",
        NeighbourState::Probe => "neighbour-probe",
        NeighbourState::Failed => "neighbour-failed",
        NeighbourState::NoArp => "neighbour-no-arp",
        NeighbourState::Permanent => "neighbour-permanent",
    }
    /// How a fact was read.
    via, via_key(Via) {
        Via::Netlink => "via-netlink",
        Via::Proc => "via-proc",
        Via::HostSide => "via-host-side",
    }
    /// What happens at a hop, in one or two words.
    walk_action, walk_action_key(Action) {
        Action::Resolved => "walk-action-resolved",
        Action::Sent => "walk-action-sent",
        Action::Carried => "walk-action-carried",
        Action::Bridged => "walk-action-bridged",
        Action::Routed => "walk-action-routed",
        Action::Translated => "walk-action-translated",
        Action::Filtered => "walk-action-filtered",
        Action::Balanced => "walk-action-balanced",
        Action::Proxied => "walk-action-proxied",
        Action::Encapsulated => "walk-action-encapsulated",
        Action::Decapsulated => "walk-action-decapsulated",
        Action::Delivered => "walk-action-delivered",
        Action::Dropped => "walk-action-dropped",
        Action::Rejected => "walk-action-rejected",
        Action::Unroutable => "walk-action-unroutable",
        Action::Refused => "walk-action-refused",
    }
    /// How a packet ends, in one or two words.
    walk_verdict, walk_verdict_key(Verdict) {
        Verdict::Delivered => "walk-verdict-delivered",
        Verdict::Dropped => "walk-verdict-dropped",
        Verdict::Rejected => "walk-verdict-rejected",
        Verdict::NoRoute => "walk-verdict-no-route",
        Verdict::NoListener => "walk-verdict-no-listener",
        Verdict::Undecided => "walk-verdict-undecided",
    }
    /// By which means a name is known.
    name_source, name_source_key(NameSource) {
        NameSource::EmbeddedDns => "name-source-embedded-dns",
        NameSource::Alias => "name-source-alias",
        NameSource::Link => "name-source-link",
        NameSource::ServiceAddress => "name-source-service-address",
        NameSource::ServiceTasks => "name-source-service-tasks",
        NameSource::HostsFile => "name-source-hosts-file",
        NameSource::EngineOnly => "name-source-engine-only",
    }
    /// Why a bridge port stops a frame.
    port_setting, port_setting_key(PortSetting) {
        PortSetting::NotForwarding => "port-setting-not-forwarding",
        PortSetting::Isolated => "port-setting-isolated",
        PortSetting::NoHairpin => "port-setting-no-hairpin",
        PortSetting::Vlan => "port-setting-vlan",
        PortSetting::NoFlood => "port-setting-no-flood",
    }
    /// A protocol that can be followed.
    walk_protocol, walk_protocol_key(Protocol) {
        Protocol::Tcp => "walk-protocol-tcp",
        Protocol::Udp => "walk-protocol-udp",
        Protocol::Icmp => "walk-protocol-icmp",
    }
}

impl Words {
    /// What an interface is.
    pub fn link_kind(self, kind: &LinkKind) -> String {
        match kind {
            LinkKind::Loopback => self.text("link-loopback"),
            LinkKind::Physical => self.text("link-physical"),
            LinkKind::Veth => self.text("link-veth"),
            LinkKind::Bridge { .. } => self.text("link-bridge"),
            LinkKind::Vxlan { vni, .. } => self.format("link-vxlan", &[("vni", (*vni).into())]),
            LinkKind::Macvlan { mode } => self.format("link-macvlan", &[("mode", mode.as_str().into())]),
            LinkKind::Ipvlan { mode } => self.format("link-ipvlan", &[("mode", mode.as_str().into())]),
            LinkKind::Vlan { vlan_id } => self.format("link-vlan", &[("id", (*vlan_id).into())]),
            LinkKind::Dummy => self.text("link-dummy"),
            LinkKind::Tun => self.text("link-tun"),
            LinkKind::Other { name } => name.clone(),
        }
    }

    /// Why something is not seen.
    pub fn limit_reason(self, reason: &LimitReason) -> String {
        match reason {
            LimitReason::Privilege { missing } => {
                self.format("limit-privilege", &[("missing", missing.as_str().into())])
            }
            LimitReason::NotInKernel => self.text("limit-not-in-kernel"),
            LimitReason::Unreachable { detail } => {
                self.format("limit-unreachable", &[("detail", detail.as_str().into())])
            }
            LimitReason::Vanished => self.text("limit-vanished"),
            LimitReason::Undecoded { detail } => self.format("limit-undecoded", &[("detail", detail.as_str().into())]),
            LimitReason::Truncated { detail } => self.format("limit-truncated", &[("detail", detail.as_str().into())]),
            LimitReason::Stale { path } => self.format("limit-stale", &[("path", path.as_str().into())]),
            LimitReason::HostUnknown => self.text("limit-host-unknown"),
            LimitReason::Resynchronised { detail } => {
                self.format("limit-resynchronised", &[("detail", detail.as_str().into())])
            }
            LimitReason::NotRead { what, because } => {
                let key = match because {
                    NotReadBecause::TimedOut => "limit-timed-out",
                    NotReadBecause::NoRegularFile => "limit-no-regular-file",
                    NotReadBecause::Private => "limit-private",
                    NotReadBecause::Closed => "limit-closed",
                };
                self.format(key, &[("what", what.as_str().into())])
            }
            LimitReason::NotAsked => self.text("limit-not-asked"),
            LimitReason::NeverRead => self.text("limit-never-read"),
        }
    }

    /// A limit on one line: what, why, and what would help.
    pub fn limit(self, limit: &Limit) -> String {
        let source = self.source_kind(limit.source);
        // A stand-in is no inode; and what names what was not read says where that is.
        let named = limit.namespace.filter(|inode| !inode.is_stand_in());
        let source = match (named, &limit.reason) {
            (None, _) | (_, LimitReason::NotRead { .. }) => source,
            (Some(inode), _) => {
                let arguments = [("source", source.into()), ("inode", inode.0.to_string().into())];
                self.format("limit-source-at", &arguments)
            }
        };
        let reason = self.limit_reason(&limit.reason);
        match limit.remedy {
            Remedy::None => self.format("limit-line", &[("source", source.into()), ("reason", reason.into())]),
            remedy => self.format(
                "limit-line-remedy",
                &[("source", source.into()), ("reason", reason.into()), ("remedy", self.remedy(remedy).into())],
            ),
        }
    }

    /// The kind of thing that a change is about, as [`Change::subject`] names it.
    pub fn subject(self, subject: &str) -> String {
        let key = format!("subject-{subject}");
        if self.has(&key) { self.text(&key) } else { subject.to_owned() }
    }

    /// A change on one line.
    pub fn change(self, change: &Change) -> String {
        let subject = self.subject(&change.subject);
        let name = change.limit.as_deref().map_or_else(|| change.name.to_string(), |limit| self.limit(limit));
        match change.kind {
            ChangeKind::Added => {
                self.format("change-added", &[("subject", subject.into()), ("name", name.as_str().into())])
            }
            ChangeKind::Removed => {
                self.format("change-removed", &[("subject", subject.into()), ("name", name.as_str().into())])
            }
            ChangeKind::Changed => {
                let field = change.field.as_deref().map_or_else(String::new, |field| self.fact(field));
                let shown = |value: &Option<Text>| match value {
                    Some(text) if !text.as_str().is_empty() => text.to_string(),
                    _ => self.text("nothing"),
                };
                let (before, after) = (shown(&change.before), shown(&change.after));
                self.format(
                    "change-changed",
                    &[
                        ("subject", subject.into()),
                        ("name", name.into()),
                        ("field", field.into()),
                        ("before", before.into()),
                        ("after", after.into()),
                    ],
                )
            }
        }
    }

    /// The name of a fact by its key, `mtu`; a key that has no text is shown as it is.
    pub fn fact(self, key: &str) -> String {
        let fluent_key = format!("fact-{}", key.replace('_', "-"));
        if self.has(&fluent_key) { self.text(&fluent_key) } else { key.to_owned() }
    }
}

impl bridgewalk_diagram::Words for Words {
    fn word(&self, word: Word) -> String {
        self.text(word.key())
    }

    fn unseen(&self, source: SourceKind, reason: &LimitReason, namespaces: usize) -> String {
        let source = match source {
            SourceKind::Agent => self.text("unseen-kernel"),
            source => self.source_kind(source),
        };
        let reason = self.text(match reason {
            LimitReason::Privilege { .. } => "unseen-privilege",
            LimitReason::Unreachable { .. } => "unseen-unreachable",
            LimitReason::Undecoded { .. } => "unseen-undecoded",
            LimitReason::Truncated { .. } => "unseen-truncated",
            LimitReason::NotAsked => "unseen-not-asked",
            LimitReason::NotRead { .. }
            | LimitReason::HostUnknown
            | LimitReason::NotInKernel
            | LimitReason::Vanished
            | LimitReason::Stale { .. }
            | LimitReason::Resynchronised { .. }
            | LimitReason::NeverRead => "unseen-never-read",
        });
        let arguments = [("source", source.into()), ("reason", reason.into()), ("count", namespaces.into())];
        self.format(if namespaces > 1 { "unseen-line-count" } else { "unseen-line" }, &arguments)
    }
}
