//! What an id stands for: its kind, its name, and where one gets by opening it.

use bridgewalk_model::{Answer, EntityId, Snapshot, engine::ContainerState, moment};

use super::icon::Icon;
use crate::words::Words;

/// A thing of a snapshot, as far as the panels speak of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Subject {
    /// What people call it.
    pub name: String,
    /// What kind of thing it is, in words.
    pub kind: String,
    /// Its picture.
    pub icon: Icon,
    /// The namespace that opens with it.
    pub opens: Option<EntityId>,
}

/// The `kind` of an id's last part, `container` of `host:a/container:b`.
pub(super) fn kind_of(id: &EntityId) -> &str {
    let last = id.as_str().rsplit('/').next().unwrap_or_default();
    last.split_once(':').map_or(last, |(kind, _)| kind)
}

/// What `id` is; none: it is not there any more.
pub(super) fn find(snapshot: &Snapshot, id: &EntityId, words: Words) -> Option<Subject> {
    if *id == EntityId::outside() {
        return Some(subject(words.text("diagram-outside"), words.text("diagram-outside-note"), Icon::Globe, None));
    }
    if *id == EntityId::unseen() {
        let is_whole = Answer::Picture.is_whole(snapshot);
        let (name, kind) = (words.text("diagram-unseen"), words.text("window-not-seen-title"));
        return (!is_whole).then(|| subject(name, kind, Icon::Hidden, None));
    }
    if let Some((host, container)) = snapshot.container(id) {
        let state = words.container_state(container.state);
        let kind = match container.state {
            ContainerState::Running => words.text("diagram-container"),
            _ => format!("{}, {state}", words.text("diagram-container")),
        };
        let kind = match host.stale_since(container) {
            Some(at_ms) => format!("{kind}, {} {}", words.text("diagram-stale"), moment(at_ms, snapshot.at_ms)),
            None => kind,
        };
        let opens = container.namespace.clone().filter(|namespace| host.namespace(namespace).is_some());
        return Some(subject(container.name.to_string(), kind, Icon::Container, opens));
    }
    if let Some(link) = snapshot.hosts.iter().find_map(|host| host.link(id)) {
        let aliases: Vec<&str> = link.aliases.iter().map(|alias| alias.as_str()).collect();
        let target = link.target.map_or(link.target_name, |target| &target.name);
        let name = format!("{} → {target}", aliases.join(", "));
        return Some(subject(name, words.text("diagram-link"), Icon::Network, None));
    }
    if let Some((_, network)) = snapshot.network(id) {
        let kind = words.format("window-network-kind", &[("driver", network.driver.as_str().into())]);
        return Some(subject(network.name.to_string(), kind, Icon::Network, network.namespace.clone()));
    }
    if let Some((host, namespace)) = snapshot.namespace(id) {
        let kind = words.format("window-namespace-kind", &[("kind", words.namespace_kind(namespace.kind).into())]);
        let name = if namespace.is_host { host.name.to_string() } else { namespace.name.to_string() };
        return Some(subject(name, kind, Icon::Namespace, Some(namespace.id.clone())));
    }
    if let Some((host, namespace, interface)) = snapshot.interface(id) {
        let owner = if namespace.is_host { &host.name } else { &namespace.name };
        let kind = words.format(
            "window-interface-kind",
            &[("kind", words.link_kind(&interface.link.kind).into()), ("owner", owner.as_str().into())],
        );
        return Some(subject(interface.name.to_string(), kind, Icon::Interface, Some(namespace.id.clone())));
    }
    for host in &snapshot.hosts {
        if host.id == *id {
            let opens = host.own_namespace().map(|namespace| namespace.id.clone());
            return Some(subject(host.name.to_string(), words.text("diagram-host"), Icon::Host, opens));
        }
        if let Some(nat) = host.nat.iter().find(|nat| nat.id == *id) {
            let port = |port: Option<u16>| port.map_or_else(String::new, |port| format!(":{port}"));
            let address = |address: Option<std::net::IpAddr>| address.map_or_else(|| "*".into(), |it| it.to_string());
            let name = format!(
                "{}{} → {}{}",
                address(nat.host_ip),
                port(nat.host_port),
                address(nat.to_address),
                port(nat.to_port)
            );
            let name = nat.source.filter(|_| nat.to_address.is_none()).map_or(name, |source| source.to_string());
            return Some(subject(name, words.nat_kind(nat.kind), Icon::Network, None));
        }
    }
    let name = id.as_str().rsplit(':').next().unwrap_or_default().to_owned();
    let is_there = snapshot.hosts.iter().any(|host| id.is_within(&host.id));
    match kind_of(id) {
        "project" if is_there => Some(subject(name, words.text("diagram-project"), Icon::Group, None)),
        "service" if is_there => Some(subject(name, words.text("window-service"), Icon::Group, None)),
        _ => None,
    }
}

fn subject(name: String, kind: String, icon: Icon, opens: Option<EntityId>) -> Subject {
    Subject { name, kind, icon, opens }
}
