//! Address translations: of the rules in the host's namespace, and of docker-proxy.

use std::{collections::HashMap, net::IpAddr};

use ipnet::IpNet;

use super::{
    Draft, UniqueIds,
    state::{Firewall, NamespaceState},
};
use crate::{
    EntityId, SourceKind,
    firewall::{Action, Backend, Expression, Family, Negatable, Rule, RuleRef, RuleSummary, summarise},
    kernel::{DockerProxy, Process, SocketState, Transport},
    snapshot::{Container, NatKind, NatMapping, Network},
};

/// A rule's doing that translates, with where the rule stands.
#[derive(Clone, Debug)]
pub(super) struct Translation {
    backend: Backend,
    family: Family,
    table: String,
    chain: String,
    position: u32,
    text: String,
    summary: RuleSummary,
}

impl Firewall {
    fn translations(&self) -> &[Translation] {
        self.translations.get_or_init(|| {
            let mut found = Vec::new();
            for ruleset in self.rulesets.iter() {
                for table in ruleset.tables.iter().filter(|table| !table.is_dormant) {
                    for chain in &table.chains {
                        for rule in chain.rules.iter().filter(|rule| may_translate(rule)) {
                            found.extend(summarise(table, chain, rule).into_iter().filter(is_translation).map(
                                |summary| Translation {
                                    backend: ruleset.backend,
                                    family: table.family,
                                    table: table.name.clone(),
                                    chain: chain.name.clone(),
                                    position: rule.position,
                                    text: rule.text.clone(),
                                    summary,
                                },
                            ));
                        }
                    }
                }
            }
            found
        })
    }
}

/// Most rules translate nothing, and a summary costs a look at the whole table.
fn may_translate(rule: &Rule) -> bool {
    rule.expressions.iter().any(|expression| {
        matches!(
            expression,
            Expression::Nat { .. }
                | Expression::Masquerade { .. }
                | Expression::Redirect { .. }
                | Expression::XtTarget(_)
                | Expression::Unknown { .. }
        )
    })
}

/// A rule in a chain that no hook leads to translates nothing either.
fn is_translation(summary: &RuleSummary) -> bool {
    !summary.hooks.is_empty()
        && matches!(
            summary.action,
            Action::DestinationNat { .. } | Action::SourceNat { .. } | Action::Masquerade | Action::Redirect { .. }
        )
}

/// Who has an address, and which network it belongs to.
struct Owners<'a> {
    /// Each with the network on which it has the address, where that is known.
    containers: HashMap<IpAddr, (&'a EntityId, Option<&'a EntityId>)>,
    networks: Vec<(IpNet, &'a EntityId)>,
}

impl Owners<'_> {
    /// The network on which a container has it, else the one with the smallest pool around it: a network without address
    /// management (`--ipam-driver null`) has a pool that holds every address.
    fn network_of(&self, address: IpAddr) -> Option<EntityId> {
        let of_end = self.containers.get(&address).and_then(|(_, network)| *network);
        of_end.cloned().or_else(|| self.smallest(|subnet| subnet.contains(&address)))
    }

    fn network_with(&self, source: IpNet) -> Option<EntityId> {
        self.smallest(|subnet| subnet.contains(&source))
    }

    fn smallest(&self, holds: impl Fn(&IpNet) -> bool) -> Option<EntityId> {
        let around = self.networks.iter().filter(|(subnet, _)| subnet.prefix_len() > 0 && holds(subnet));
        around.min_by_key(|(subnet, _)| std::cmp::Reverse(subnet.prefix_len())).map(|(_, id)| (*id).clone())
    }
}

/// All translations: rules in the kernel's order, then docker-proxy by PID.
pub(super) fn mappings(draft: &Draft<'_>, containers: &[Container], networks: &[Network]) -> Vec<NatMapping> {
    let Some(host) = draft.namespaces.first().filter(|namespace| namespace.is_host) else { return Vec::new() };
    let owners = owners(draft, containers, networks);
    let mut mappings: Vec<NatMapping> = Vec::new();
    if let Some(source) = draft.sources.first() {
        let translations = source.firewall.translations().iter();
        mappings.extend(translations.map(|one| of_rule(&host.id, one)));
        let mut partial = draft.state.limits.get(&SourceKind::Sockets).into_iter().flatten();
        let sockets_are_partial = partial.any(|limit| limit.namespace.is_none_or(|it| it == host.inode));
        for process in draft.state.processes.iter() {
            let is_elsewhere = process.namespace.is_some_and(|namespace| namespace != host.inode);
            let proxy = DockerProxy::parse(&process.arguments).filter(|_| !is_elsewhere);
            if let Some(proxy) = proxy.filter(|proxy| sockets_are_partial || listens(source, process, proxy)) {
                mappings.push(of_proxy(&proxy, process.pid));
            }
        }
    }
    let mut ids = UniqueIds::default();
    for mapping in &mut mappings {
        mapping.id = ids.take(&key(mapping), |key| draft.id.child("nat", key));
        mapping.container =
            mapping.to_address.and_then(|address| owners.containers.get(&address)).map(|(id, _)| (*id).clone());
        let of_source = || mapping.source.and_then(|source| owners.network_with(source));
        mapping.network = mapping.to_address.and_then(|address| owners.network_of(address)).or_else(of_source);
    }
    mappings
}

/// Whether a docker-proxy holds the socket that its command line names, as far as that can be told: SCTP's sockets are not
/// read, and whose a socket is may be hidden. The daemon may hold it too, since it opens it for newer proxies.
fn listens(host: &NamespaceState, process: &Process, proxy: &DockerProxy) -> bool {
    if proxy.transport == Transport::Sctp || host.sockets.is_empty() {
        return true;
    }
    host.sockets.iter().filter(|socket| socket.state == SocketState::Listen).any(|socket| {
        let is_there = socket.transport == proxy.transport && socket.local.port == proxy.host_port;
        let is_its = match socket.pid {
            Some(pid) => pid == process.pid || pid == process.parent_pid,
            None => process.uid.is_none_or(|uid| uid == socket.uid),
        };
        is_there && is_its && is_on(proxy.host_ip, socket.local.address, socket.is_ipv6_only)
    })
}

/// Whether a socket on `local` takes what is sent to `address`.
fn is_on(address: IpAddr, local: IpAddr, is_ipv6_only: bool) -> bool {
    local.to_canonical() == address
        || (local.is_unspecified() && (local.is_ipv6() == address.is_ipv6() || (local.is_ipv6() && !is_ipv6_only)))
}

fn owners<'a>(draft: &'a Draft<'_>, containers: &'a [Container], networks: &'a [Network]) -> Owners<'a> {
    let mut by_address: HashMap<IpAddr, (&EntityId, Option<&EntityId>)> = HashMap::new();
    for container in containers {
        for attachment in &container.attachments {
            for address in attachment.ipv4.iter().chain(&attachment.ipv6) {
                by_address.entry(address.addr()).or_insert((&container.id, Some(&attachment.network)));
            }
        }
    }
    // What the kernel has and the engine does not list, such as an address on docker_gwbridge.
    for namespace in draft.namespaces.iter().filter(|namespace| !namespace.is_host) {
        let Some(owner) = namespace.containers.first() else { continue };
        for (interface, address) in
            namespace.interfaces.iter().flat_map(|it| it.addresses.iter().map(move |address| (it, address)))
        {
            if !address.address.is_loopback() && address.scope == crate::kernel::AddressScope::Global {
                by_address.entry(address.address).or_insert((owner, interface.network.as_ref()));
            }
        }
    }
    let networks =
        networks.iter().flat_map(|network| network.pools.iter().map(|pool| (pool.subnet, &network.id))).collect();
    Owners { containers: by_address, networks }
}

fn of_rule(namespace: &EntityId, one: &Translation) -> NatMapping {
    let summary = &one.summary;
    let single = |list: &[Negatable<IpNet>]| match list {
        [only] if !only.not && only.value.prefix_len() == only.value.max_prefix_len() => Some(only.value.addr()),
        _ => None,
    };
    let source = match summary.sources.as_slice() {
        [only] if !only.not => Some(only.value),
        _ => None,
    };
    let (kind, to_address, to_port) = match &summary.action {
        Action::DestinationNat { address, port } => (NatKind::DestinationNat, *address, port.map(|port| port.first)),
        Action::SourceNat { address } => (NatKind::SourceNat, *address, None),
        Action::Redirect { port } => (NatKind::Redirect, None, port.map(|port| port.first)),
        _ => (NatKind::Masquerade, None, None),
    };
    let host_port = match summary.destination_ports.as_slice() {
        [only] if !only.not => Some(only.value.first),
        _ => None,
    };
    let host_ip = single(&summary.destinations);
    let is_ipv6 = match one.family {
        Family::Ip => false,
        Family::Ip6 => true,
        _ => to_address.or(host_ip).or_else(|| source.map(|source| source.addr())).is_some_and(|it| it.is_ipv6()),
    };
    NatMapping {
        id: namespace.clone(),
        kind,
        is_ipv6,
        transport: summary.protocol.filter(|protocol| !protocol.not).and_then(|protocol| transport(protocol.value)),
        host_ip,
        host_port,
        to_address,
        // A translation that keeps the port sends to the one it listens on.
        to_port: to_port.or(host_port.filter(|_| kind == NatKind::DestinationNat)),
        source,
        in_interface: summary.in_interface.clone(),
        out_interface: summary.out_interface.clone(),
        container: None,
        network: None,
        rule: Some(RuleRef {
            namespace: namespace.clone(),
            backend: one.backend,
            family: one.family,
            table: one.table.clone(),
            chain: one.chain.clone(),
            position: one.position,
            text: one.text.clone(),
        }),
        proxy_pid: None,
    }
}

fn of_proxy(proxy: &DockerProxy, pid: u32) -> NatMapping {
    NatMapping {
        id: EntityId::outside(),
        kind: NatKind::Proxy,
        is_ipv6: proxy.host_ip.is_ipv6(),
        transport: Some(proxy.transport),
        host_ip: Some(proxy.host_ip).filter(|address| !address.is_unspecified()),
        host_port: Some(proxy.host_port),
        to_address: Some(proxy.container_ip),
        to_port: Some(proxy.container_port),
        source: None,
        in_interface: None,
        out_interface: None,
        container: None,
        network: None,
        rule: None,
        proxy_pid: Some(pid),
    }
}

fn transport(number: u8) -> Option<Transport> {
    [Transport::Tcp, Transport::Udp, Transport::Sctp].into_iter().find(|transport| transport.number() == number)
}

/// What a translation translates, from and to: the key of its id.
fn key(mapping: &NatMapping) -> String {
    let kind = match mapping.kind {
        NatKind::DestinationNat => "dnat",
        NatKind::Masquerade => "masquerade",
        NatKind::SourceNat => "snat",
        NatKind::Redirect => "redirect",
        NatKind::Proxy => "proxy",
    };
    let any = || "any".to_owned();
    let address = |address: Option<IpAddr>| address.map_or_else(any, |address| address.to_string());
    let port = |port: Option<u16>| port.map_or_else(any, |port| port.to_string());
    let family = if mapping.is_ipv6 { "6" } else { "" };
    let transport = mapping.transport.map_or("any", Transport::as_str);
    let mut key = format!("{kind}{family}-{transport}-{}:{}", address(mapping.host_ip), port(mapping.host_port));
    if mapping.to_address.is_some() || mapping.to_port.is_some() {
        key.push_str(&format!("-{}:{}", address(mapping.to_address), port(mapping.to_port)));
    }
    if let Some(source) = mapping.source {
        key.push_str(&format!("-from-{source}"));
    }
    if let Some(out) = &mapping.out_interface {
        let not = if out.not { "!" } else { "" };
        key.push_str(&format!("-out-{not}{}", out.value));
    }
    key
}
