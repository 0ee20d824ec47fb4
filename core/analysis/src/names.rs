//! Names: who answers to what, and by which means.

use std::net::IpAddr;

use bridgewalk_model::{EntityId, Text, snapshot::Host};
use serde::Serialize;

/// A name by which a container is found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Name {
    /// The network on which it holds.
    pub network: EntityId,
    /// The name.
    pub name: Text,
    /// Whom it means.
    pub container: EntityId,
    /// The addresses it resolves to.
    pub addresses: Vec<IpAddr>,
    /// By which means.
    pub kind: NameKind,
}

/// By which means a name holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NameKind {
    /// The embedded DNS: the container's own name.
    Container,
    /// The embedded DNS: an alias, the short id, or another name it answers to.
    Alias,
    /// The target's name or alias in the `hosts` file of the one that linked to it (`--link`, obsolete).
    Link,
}

/// All names of running containers, by network and name. The default bridge has no embedded DNS: there, links alone.
pub fn names(host: &Host) -> Vec<Name> {
    let mut names = Vec::new();
    for container in host.containers.iter().filter(|container| container.state.is_alive()) {
        for end in &container.attachments {
            let Some(network) = host.network(&end.network) else { continue };
            let addresses: Vec<IpAddr> = end.ipv4.iter().chain(&end.ipv6).map(ipnet::IpNet::addr).collect();
            let mut add = |name: &Text, kind| {
                names.push(Name {
                    network: network.id.clone(),
                    name: name.clone(),
                    container: container.id.clone(),
                    addresses: addresses.clone(),
                    kind,
                });
            };
            let has_dns = !matches!(network.name.as_str(), "bridge" | "host" | "none");
            if !has_dns || addresses.is_empty() {
                continue;
            }
            add(&container.name, NameKind::Container);
            let short = Text::new(container.container_id.get(..12).unwrap_or(&container.container_id));
            let mut aliases: Vec<&Text> = end.dns_names.iter().chain(&end.aliases).chain([&short]).collect();
            aliases.sort_unstable();
            aliases.dedup();
            for alias in aliases.into_iter().filter(|alias| **alias != container.name) {
                add(alias, NameKind::Alias);
            }
        }
        for link in host.links(container) {
            let Some(other) = link.target else { continue };
            for end in &other.attachments {
                if !container.attachments.iter().any(|own| own.network == end.network) {
                    continue;
                }
                names.extend(link.aliases.iter().map(|alias| Name {
                    network: end.network.clone(),
                    name: (*alias).clone(),
                    container: other.id.clone(),
                    addresses: end.ipv4.iter().chain(&end.ipv6).map(ipnet::IpNet::addr).collect(),
                    kind: NameKind::Link,
                }));
            }
        }
    }
    names.sort_by(|a, b| (&a.network, &a.name, &a.container, a.kind).cmp(&(&b.network, &b.name, &b.container, b.kind)));
    names.dedup();
    names
}
