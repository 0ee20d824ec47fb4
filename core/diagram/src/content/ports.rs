//! Doors and translations of one container.

use std::{collections::BTreeMap, net::IpAddr};

use bridgewalk_model::{
    EntityId,
    engine::PortBinding,
    firewall::Family,
    kernel::Transport,
    snapshot::{Container, Host, Namespace, NatKind, NatMapping},
};

use super::{Door, NatCell, Reach};
use crate::{Detail, Word, Words};

/// The container's ports, published ones first, each once.
pub(crate) fn doors(container: &Container) -> Vec<Door> {
    let mut doors: Vec<Door> = Vec::new();
    let published =
        container.published.iter().chain(&container.requested_bindings).map(|binding| binding.container_port);
    for (port, is_published) in
        published.map(|port| (port, true)).chain(container.exposed_ports.iter().map(|port| (*port, false)))
    {
        let label = port.to_string();
        if !doors.iter().any(|door| door.label == label) {
            doors.push(Door { label, is_published });
        }
    }
    doors
}

/// What leads to the container from outside, one cell for each port of the host, whichever rules and processes do it.
pub(crate) fn cells(host: &Host, container: &Container, detail: Detail, words: &dyn Words) -> Vec<NatCell> {
    let is_its = |mapping: &NatMapping| mapping.container.as_ref() == Some(&container.id);
    cells_of_those(host, is_its, &container.published, detail, words)
}

/// What leads into a namespace that is no container's, as the Swarm's ingress is: by its addresses.
pub(crate) fn cells_of_namespace(
    host: &Host,
    namespace: &Namespace,
    detail: Detail,
    words: &dyn Words,
) -> Vec<NatCell> {
    let is_here = |address: IpAddr| {
        let mut addresses = namespace.interfaces.iter().flat_map(|interface| &interface.addresses);
        addresses.any(|own| own.address == address && !address.is_loopback())
    };
    let is_its = |mapping: &NatMapping| mapping.container.is_none() && mapping.to_address.is_some_and(is_here);
    cells_of_those(host, is_its, &[], detail, words)
}

fn cells_of_those(
    host: &Host,
    is_its: impl Fn(&NatMapping) -> bool,
    published: &[PortBinding],
    detail: Detail,
    words: &dyn Words,
) -> Vec<NatCell> {
    type Key = (Transport, Option<u16>, Option<u16>, Listen, Option<EntityId>);
    let mut found: BTreeMap<Key, Vec<&NatMapping>> = BTreeMap::new();
    for mapping in &host.nat {
        let leads_here =
            is_its(mapping) && matches!(mapping.kind, NatKind::DestinationNat | NatKind::Proxy | NatKind::Redirect);
        if leads_here {
            let key = (
                mapping.transport.unwrap_or(Transport::Tcp),
                mapping.host_port,
                mapping.to_port,
                Listen::of(mapping.host_ip),
                mapping.network.clone(),
            );
            found.entry(key).or_default().push(mapping);
        }
    }
    // A proxy for IPv6 or every address stands in the cell of the rule that it helps.
    let mut cells: Vec<(u16, NatCell)> = Vec::new();
    let mut seen_ports = Vec::new();
    for ((transport, host_port, to_port, reach, network), mappings) in found {
        seen_ports.push((transport, host_port));
        let first = mappings[0];
        let mut notes = vec![reach.note(words)];
        if detail != Detail::Concept
            && let Some(proxy) = mappings.iter().find(|mapping| mapping.kind == NatKind::Proxy)
        {
            let name = words.word(Word::Proxy);
            let pids: Vec<String> =
                mappings.iter().filter_map(|mapping| mapping.proxy_pid).map(|pid| pid.to_string()).collect();
            match (detail, proxy.proxy_pid) {
                (Detail::Everything, Some(_)) => notes.push(format!("{name} {}", pids.join(", "))),
                _ => notes[0] = format!("{} · {name}", notes[0]),
            }
        }
        if detail == Detail::Everything {
            // One for each family.
            for rule in mappings.iter().filter_map(|mapping| mapping.rule.as_ref()) {
                let family = if rule.family == Family::Ip6 { "ip6 " } else { "" };
                notes.push(format!("{family}{} {} #{}", rule.table, rule.chain, rule.position));
            }
            notes.dedup();
        }
        if detail == Detail::Concept {
            notes.truncate(1);
        }
        cells.push((
            host_port.unwrap_or_default(),
            NatCell {
                entity: Some(first.id.clone()),
                label: label(reach, host_port, to_port, transport),
                notes,
                reach: reach.reach(),
                is_unseen: false,
                network,
            },
        ));
    }
    let mut asked: BTreeMap<(Transport, Option<u16>, u16, Listen), ()> = BTreeMap::new();
    for PortBinding { container_port, host_ip, host_port } in published {
        if !seen_ports.contains(&(container_port.transport, *host_port)) {
            asked.insert((container_port.transport, *host_port, container_port.port, Listen::of(*host_ip)), ());
        }
    }
    for (transport, host_port, to_port, reach) in asked.into_keys() {
        cells.push((
            host_port.unwrap_or_default(),
            NatCell {
                entity: None,
                label: label(reach, host_port, Some(to_port), transport),
                notes: vec![reach.note(words)],
                reach: reach.reach(),
                is_unseen: true,
                network: None,
            },
        ));
    }
    cells.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.label.cmp(&b.1.label)));
    cells.into_iter().map(|(_, cell)| cell).collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Listen {
    Everyone,
    One(IpAddr),
}

impl Listen {
    fn of(host_ip: Option<IpAddr>) -> Self {
        match host_ip {
            Some(address) if !address.is_unspecified() => Self::One(address),
            _ => Self::Everyone,
        }
    }

    fn reach(self) -> Reach {
        match self {
            Self::Everyone => Reach::Everyone,
            Self::One(address) if address.is_loopback() => Reach::HostOnly,
            Self::One(_) => Reach::OneAddress,
        }
    }

    fn note(self, words: &dyn Words) -> String {
        match self {
            Self::Everyone => words.word(Word::EveryAddress),
            Self::One(address) if address.is_loopback() => words.word(Word::HostOnly),
            Self::One(address) => address.to_string(),
        }
    }
}

fn label(reach: Listen, host_port: Option<u16>, to_port: Option<u16>, transport: Transport) -> String {
    let number = |port: Option<u16>| port.map_or_else(|| "*".to_owned(), |port| port.to_string());
    let host = match reach {
        Listen::Everyone => String::new(),
        Listen::One(IpAddr::V4(address)) => address.to_string(),
        Listen::One(IpAddr::V6(address)) => format!("[{address}]"),
    };
    format!("{host}:{} → {}/{transport}", number(host_port), number(to_port))
}
