//! A host's networks as blocks, and which row stands in which.

use std::collections::{BTreeMap, BTreeSet};

use bridgewalk_model::{
    EntityId, Text,
    graph::Graph,
    kernel::LinkKind,
    snapshot::{Host, Interface, Namespace, NamespaceKind, NatKind, NatMapping, Network},
};

use super::{
    Block, BlockKind, HostContent, Line, NatCell, Reach, Remote, Row, Uplink,
    places::{self, Index, last_seen},
};
use crate::{Detail, View, Word, Words, layout::by_shared_members};

/// With fewer blocks their order is by what they are, not by what they share.
const MANY_BLOCKS: usize = 6;

pub(super) fn content(graph: &Graph, host: &Host, at_ms: u64, view: &View, words: &dyn Words) -> HostContent {
    let mut index = Index::of(graph, host);
    let uplinks = uplinks(graph, host, view.detail);
    let mut blocks = networks(graph, host, view, words, &uplinks);
    for block in &blocks {
        index.block_of.insert(block.key.clone(), block.key.clone());
        if let Some(network) = host.network(&block.key)
            && let Some(bridge) = &network.bridge
        {
            index.block_of.insert(bridge.clone(), block.key.clone());
        }
    }
    let rows = rows(&index, view, words);
    place(host, view, words, rows, &mut blocks);
    for block in &mut blocks {
        collapse(block, view, host, words);
        sort_rows(block);
    }
    let filters = !view.filter.text.is_empty() || view.filter.project.is_some();
    if filters {
        blocks.retain(|block| !block.rows.is_empty());
    }
    let blocks = in_order(blocks);
    let engine = host.engine.as_ref().map(|engine| format!("{} {}", words.word(Word::Engine), engine.version));
    let kernel = (!host.facts.kernel_release.is_empty()).then(|| format!("Linux {}", host.facts.kernel_release));
    let mut outside = vec![Remote {
        entity: EntityId::outside(),
        name: words.word(Word::Outside),
        note: words.word(Word::OutsideNote),
    }];
    for network in host.networks.iter().filter(|network| !network.peers.is_empty()) {
        let own = host.engine.as_ref().and_then(|engine| engine.swarm_address);
        for peer in network.peers.iter().filter(|peer| peer.address.is_some() && peer.address != own) {
            let address = peer.address.map(|address| address.to_string()).unwrap_or_default();
            if !outside.iter().any(|remote| remote.name == address) {
                outside.push(Remote {
                    entity: network.id.child("peer", &address),
                    name: address,
                    note: words.word(Word::Peers),
                });
            }
        }
    }
    HostContent {
        id: host.id.clone(),
        name: host.name.to_string(),
        note: engine.into_iter().chain(kernel).chain(last_seen(host, at_ms, words)).collect::<Vec<_>>().join(" · "),
        outside,
        uplinks,
        blocks,
    }
}

/// The interfaces of the host's namespace that stand between it and the outside. Which of them lead there is the graph's
/// to say: a dummy, which may be a network's parent, does not.
fn uplinks(graph: &Graph, host: &Host, detail: Detail) -> Vec<Uplink> {
    let Some(namespace) = host.own_namespace() else { return Vec::new() };
    let default = graph.default_uplink(&host.id);
    let stands_there = |interface: &&Interface| match interface.link.kind {
        LinkKind::Physical | LinkKind::Vlan { .. } | LinkKind::Tun | LinkKind::Other { .. } | LinkKind::Dummy => true,
        // On a machine that is itself a container or a lab's node, the uplink is a veth whose other end is elsewhere.
        LinkKind::Veth => {
            graph.leads_out(&interface.id) && graph.master(&interface.id).is_none() && !interface.addresses.is_empty()
        }
        LinkKind::Macvlan { .. } | LinkKind::Ipvlan { .. } => true,
        LinkKind::Loopback | LinkKind::Bridge { .. } | LinkKind::Vxlan { .. } => false,
    };
    let is_default = |interface: &Interface| Some(&interface.id) == default;
    let mut uplinks: Vec<Uplink> = namespace
        .interfaces
        .iter()
        .filter(|interface| stands_there(interface) || is_default(interface))
        .filter(|interface| detail != Detail::Concept || is_default(interface) || interface.link.is_up)
        .map(|interface| {
            let mut lines = vec![places::address_of(interface)];
            if detail == Detail::Everything {
                let mac = interface.mac_address().map(|mac| mac.to_string());
                lines.extend(mac);
                lines.push(format!("if {} · mtu {}", interface.link.if_index, interface.link.mtu));
            }
            lines.retain(|line| !line.is_empty());
            Uplink {
                entity: interface.id.clone(),
                name: interface.name.to_string(),
                lines,
                is_default: is_default(interface),
                is_down: !interface.link.is_up,
                leads_out: graph.leads_out(&interface.id),
            }
        })
        .collect();
    uplinks.sort_by_key(|uplink| !uplink.is_default);
    if uplinks.is_empty() {
        uplinks.push(Uplink {
            entity: namespace.id.clone(),
            name: host.name.to_string(),
            lines: Vec::new(),
            is_default: true,
            is_down: false,
            leads_out: true,
        });
    }
    uplinks
}

/// One block for each network that has, or may have, members; one for each bridge that Docker knows nothing of.
fn networks(graph: &Graph, host: &Host, view: &View, words: &dyn Words, uplinks: &[Uplink]) -> Vec<Block> {
    let mut blocks = Vec::new();
    let shown =
        |id: &EntityId| !view.hidden.contains(id) && view.filter.network.as_ref().is_none_or(|wanted| wanted == id);
    for network in host.networks.iter().filter(|network| shown(&network.id) && !network.is_config_only) {
        let driver = network.driver.as_str();
        if matches!(driver, "host" | "null") {
            continue;
        }
        let kind = match driver {
            "bridge" => BlockKind::Bridge,
            "overlay" => BlockKind::Overlay,
            "macvlan" | "ipvlan" => {
                let parent = graph.parent(&network.id);
                BlockKind::Parent(uplinks.iter().position(|uplink| Some(&uplink.entity) == parent))
            }
            _ => BlockKind::Plugin,
        };
        blocks.push(network_block(graph, host, network, kind, view.detail, words));
    }
    let known: BTreeSet<&EntityId> = host.networks.iter().filter_map(|network| network.bridge.as_ref()).collect();
    if let Some(namespace) = host.own_namespace() {
        for interface in &namespace.interfaces {
            if matches!(interface.link.kind, LinkKind::Bridge { .. })
                && !known.contains(&interface.id)
                && shown(&interface.id)
            {
                let mut lines = vec![places::address_of(interface)];
                if view.detail == Detail::Everything {
                    lines.push(places::detail_of(interface));
                }
                lines.retain(|line| !line.is_empty());
                blocks.push(Block {
                    key: interface.id.clone(),
                    kind: BlockKind::Bridge,
                    entity: Some(interface.id.clone()),
                    title: interface.name.to_string(),
                    lines,
                    masquerade: None,
                    is_internal: false,
                    is_stale: false,
                    tunnel: None,
                    rows: Vec::new(),
                });
            }
        }
    }
    blocks
}

fn network_block(
    graph: &Graph,
    host: &Host,
    network: &Network,
    kind: BlockKind,
    detail: Detail,
    words: &dyn Words,
) -> Block {
    let bridge = network.bridge.as_ref().and_then(|id| host.interface(id));
    let subnets = places::subnets_of(network);
    let device = bridge.map(|bridge| bridge.name.to_string());
    let parent = graph.parent(&network.id).and_then(|id| host.interface(id)).map(|parent| parent.name.to_string());
    let (title, mut lines) = match (detail, kind) {
        (Detail::Concept, _) => (network.name.to_string(), subnets),
        (_, BlockKind::Parent(_)) => {
            let parent = parent.unwrap_or_default();
            let stands = format!("{} · {}", network.driver, parent);
            (network.name.to_string(), [stands].into_iter().chain(subnets).collect())
        }
        (_, BlockKind::Plugin) => {
            (network.name.to_string(), [network.driver.to_string()].into_iter().chain(subnets).collect())
        }
        _ => {
            let device = device.or_else(|| network.bridge_name.as_ref().map(Text::to_string)).unwrap_or_default();
            let address = bridge.map(places::address_of).filter(|address| !address.is_empty());
            let addresses = address.map_or(subnets, |address| vec![address]);
            (network.name.to_string(), [device].into_iter().chain(addresses).collect())
        }
    };
    if detail == Detail::Everything
        && let Some(bridge) = bridge
    {
        lines.push(bridge.link.mac_address.map(|mac| mac.to_string()).unwrap_or_default());
        let learned = host
            .namespace(&bridge.namespace)
            .map(|namespace| namespace.interfaces.iter().filter(|port| graph.master(&port.id) == Some(&bridge.id)))
            .into_iter()
            .flatten()
            .flat_map(|port| &port.fdb)
            .filter(|entry| !entry.is_permanent)
            .count();
        lines.push(format!("if {} · mtu {} · FDB {learned}", bridge.link.if_index, bridge.link.mtu));
    }
    // `docker_gwbridge` is the name of both network and bridge.
    lines.retain(|line| !line.is_empty() && *line != title);
    let shown_namespace = network.namespace.as_ref().filter(|_| detail != Detail::Concept);
    let tunnel = shown_namespace.and_then(|id| host.namespace(id)).and_then(|namespace| {
        namespace.interfaces.iter().find_map(|interface| match &interface.link.kind {
            LinkKind::Vxlan { vni, port, .. } => {
                Some((interface.id.clone(), interface.name.to_string(), format!("VNI {vni} · udp {port}")))
            }
            _ => None,
        })
    });
    let masquerade = (detail != Detail::Concept)
        .then(|| {
            host.nat.iter().find(|mapping| {
                matches!(mapping.kind, NatKind::Masquerade | NatKind::SourceNat)
                    && mapping.to_port.is_none()
                    && mapping.network.as_ref() == Some(&network.id)
            })
        })
        .flatten()
        .map(|mapping| {
            let word = if mapping.kind == NatKind::Masquerade { Word::Masquerade } else { Word::SourceNat };
            let mut notes = vec![mapping.source.map(|source| source.to_string()).unwrap_or_default()];
            if detail == Detail::Everything
                && let Some(rule) = &mapping.rule
            {
                notes.push(format!("{} {} #{}", rule.table, rule.chain, rule.position));
            }
            NatCell {
                entity: Some(mapping.id.clone()),
                label: words.word(word),
                notes,
                reach: Reach::Outward,
                is_unseen: false,
                network: Some(network.id.clone()),
            }
        });
    Block {
        key: network.id.clone(),
        kind,
        entity: Some(network.id.clone()),
        title,
        lines,
        masquerade,
        is_internal: network.is_internal,
        is_stale: host.network_stale_since(network).is_some(),
        tunnel,
        rows: Vec::new(),
    }
}

/// Every namespace and container that is shown, once.
fn rows(index: &Index<'_>, view: &View, words: &dyn Words) -> Vec<(Row, Where)> {
    let host = index.host;
    let mut rows = Vec::new();
    let mut housed = BTreeSet::new();
    for namespace in &host.namespaces {
        if namespace.is_host {
            continue;
        }
        let is_empty = namespace.containers.is_empty();
        let is_plumbing =
            matches!(namespace.kind, NamespaceKind::Overlay | NamespaceKind::LoadBalancer | NamespaceKind::Unknown);
        if is_plumbing || (is_empty && namespace.kind == NamespaceKind::Process && is_bare(namespace)) {
            continue;
        }
        housed.extend(namespace.containers.iter().cloned());
        let mut row = places::of_namespace(index, namespace, view.detail, words);
        row.residents.retain(|resident| !view.hidden.contains(&resident.entity));
        if !row.residents.is_empty() {
            let place = if is_empty { Where::Other } else { Where::Loopback };
            rows.push((row, place));
        }
    }
    for container in &host.containers {
        if housed.contains(&container.id) || view.hidden.contains(&container.id) {
            continue;
        }
        let row = places::of_container(index, container, view.detail, words);
        let is_host = container.network_mode.as_str() == "host"
            || host.own_namespace().is_some_and(|own| container.namespace.as_ref() == Some(&own.id));
        let place = match (container.state.is_alive(), is_host) {
            (false, _) => Where::Parked,
            (true, true) => Where::HostStack,
            (true, false) => Where::Loopback,
        };
        rows.push((row, place));
    }
    rows.retain(|(row, _)| matches(row, index, view));
    rows
}

fn is_bare(namespace: &Namespace) -> bool {
    namespace.interfaces.iter().all(|interface| interface.link.kind == LinkKind::Loopback)
}

/// Where a row stands if no cable of it leads to a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Where {
    HostStack,
    Loopback,
    Other,
    Parked,
}

fn matches(row: &Row, index: &Index<'_>, view: &View) -> bool {
    let filter = &view.filter;
    if filter.project.as_ref().is_some_and(|wanted| row.project.as_ref() != Some(wanted)) {
        return false;
    }
    if let Some(network) = &filter.network {
        let block = index.block_of.get(network);
        if block.is_none() || !row.interfaces.iter().any(|line| line.block.as_ref() == block) {
            return false;
        }
    }
    let text = filter.text.to_lowercase();
    text.is_empty()
        || row
            .residents
            .iter()
            .flat_map(|resident| [&resident.name, &resident.note])
            .any(|has| has.to_lowercase().contains(&text))
        || row.interfaces.iter().any(|line| line.address.contains(&text) || line.name.to_lowercase().contains(&text))
}

/// Puts each row into the block of its own network: the one with the fewest members, for a hub is nobody's own.
fn place(host: &Host, view: &View, words: &dyn Words, rows: Vec<(Row, Where)>, blocks: &mut Vec<Block>) {
    let mut members: BTreeMap<EntityId, usize> = BTreeMap::new();
    for line in rows.iter().flat_map(|(row, _)| &row.interfaces) {
        if let Some(block) = &line.block {
            *members.entry(block.clone()).or_default() += 1;
        }
    }
    let own_project: BTreeMap<&EntityId, &Text> =
        host.networks.iter().filter_map(|network| Some((&network.id, network.project.as_ref()?))).collect();
    let mut direct: Vec<Row> = Vec::new();
    let mut special: BTreeMap<Where, Vec<Row>> = BTreeMap::new();
    let own = host.own_namespace().map_or_else(|| host.id.clone(), |namespace| namespace.id.clone());
    // A cable may also lead from one namespace to another: a host within this one, a lab's link.
    let ends_here = |line: &Line| line.port.as_ref().is_some_and(|(port, _)| port.is_within(&own));
    for (row, place) in rows {
        let home = row
            .interfaces
            .iter()
            .filter_map(|line| line.block.as_ref())
            .min_by_key(|block| {
                let is_own = own_project.get(block).is_some_and(|project| row.project.as_ref() == Some(*project));
                (
                    !leads_to(host, &row, block),
                    !is_own,
                    members.get(*block).copied().unwrap_or_default(),
                    (*block).clone(),
                )
            })
            .cloned();
        match home.and_then(|home| blocks.iter_mut().find(|block| block.key == home)) {
            Some(block) => block.rows.push(row),
            None if row.interfaces.iter().any(ends_here) => direct.push(row),
            None if row.interfaces.iter().any(|line| line.port.is_some()) => {
                special.entry(Where::Other).or_default().push(row);
            }
            None => special.entry(place).or_default().push(row),
        }
    }
    let mut add = |kind: BlockKind, key: &str, word: Word, lines: Vec<String>, rows: Vec<Row>| {
        if !rows.is_empty() {
            blocks.push(Block {
                key: host.id.child("block", key),
                kind,
                entity: (kind == BlockKind::HostStack || kind == BlockKind::Direct).then(|| own.clone()),
                title: words.word(word),
                lines,
                masquerade: None,
                is_internal: false,
                is_stale: false,
                tunnel: None,
                rows,
            });
        }
    };
    if view.detail == Detail::Concept {
        special.entry(Where::Other).or_default().append(&mut direct);
    }
    let key = host.id.child("block", "direct");
    let lines = direct.iter_mut().flat_map(|row| &mut row.interfaces);
    for line in lines.filter(|line| ends_here(line) && line.block.is_none()) {
        line.block = Some(key.clone());
    }
    add(BlockKind::Direct, "direct", Word::HostStack, Vec::new(), direct);
    let mut take = |place: Where| special.remove(&place).unwrap_or_default();
    add(BlockKind::HostStack, "host-stack", Word::HostStack, vec!["--network host".to_owned()], take(Where::HostStack));
    add(BlockKind::NoNetwork, "no-network", Word::NoNetwork, vec!["--network none".to_owned()], take(Where::Loopback));
    add(BlockKind::Others, "others", Word::OtherNamespaces, Vec::new(), take(Where::Other));
    add(BlockKind::Parked, "parked", Word::NotRunning, Vec::new(), take(Where::Parked));
}

/// Whether a translation of the row's leads into this block: its line must not end at another bridge.
fn leads_to(host: &Host, row: &Row, block: &EntityId) -> bool {
    let is_its = |mapping: &NatMapping| {
        let is_resident = |container: &EntityId| row.residents.iter().any(|resident| resident.entity == *container);
        mapping.container.as_ref().is_some_and(is_resident)
            || row.cells.iter().any(|cell| cell.entity.as_ref() == Some(&mapping.id))
    };
    let target = |mapping: &NatMapping| {
        let network = mapping.network.as_ref()?;
        Some(
            host.network(network).and_then(|network| network.bridge.as_ref()).is_some_and(|bridge| bridge == block)
                || network == block,
        )
    };
    !row.cells.is_empty()
        && host.nat.iter().filter(|mapping| is_its(mapping)).any(|mapping| target(mapping) == Some(true))
}

/// What is collapsed becomes one row that says how many containers it stands for.
fn collapse(block: &mut Block, view: &View, host: &Host, words: &dyn Words) {
    let whole = block.entity.as_ref().is_some_and(|entity| view.collapsed.contains(entity));
    let mut kept = Vec::new();
    let mut folded: BTreeMap<EntityId, (Row, usize)> = BTreeMap::new();
    for row in std::mem::take(&mut block.rows) {
        let project = row.project.as_ref().map(|project| host.id.project(project.raw()));
        let target = match (&block.entity, project) {
            (Some(entity), _) if whole => Some((entity.clone(), block.title.clone())),
            (_, Some(project)) if view.collapsed.contains(&project) => {
                Some((project, row.project.as_ref().map(Text::to_string).unwrap_or_default()))
            }
            _ => None,
        };
        let Some((entity, name)) = target else {
            kept.push(row);
            continue;
        };
        let count = row.residents.len();
        let entry = folded.entry(entity.clone()).or_insert_with(|| {
            let mut one = row.clone();
            one.key = block.key.child("collapsed", entity.as_str());
            one.residents = vec![super::Resident { entity, name, note: String::new(), state: None, is_stale: false }];
            one.interfaces.truncate(1);
            for line in &mut one.interfaces {
                line.address.clear();
                line.detail.clear();
                line.name = "…".to_owned();
                line.entity = None;
                line.port = None;
            }
            one.cells.clear();
            one.doors.clear();
            one.links.clear();
            one.namespace = None;
            (one, 0)
        });
        entry.1 += count;
        entry.0.cells.extend(row.cells);
    }
    for (mut row, count) in folded.into_values() {
        if let Some(resident) = row.residents.first_mut() {
            resident.note = format!("{count} {}", words.word(Word::Containers));
        }
        kept.push(row);
    }
    block.rows = kept;
}

/// Projects together; published containers first; those on several networks last.
fn sort_rows(block: &mut Block) {
    let key = |row: &Row| {
        let name = row.residents.first().map(|resident| resident.name.clone()).unwrap_or_default();
        (row.project.clone(), row.interfaces.len() > 1, row.cells.is_empty(), name)
    };
    block.rows.sort_by_cached_key(key);
}

/// The default bridge and published networks first, what has no way out or does not run last; where there are many,
/// networks that share containers side by side.
fn in_order(mut blocks: Vec<Block>) -> Vec<Block> {
    let rank = |block: &Block| {
        let kind = match block.kind {
            BlockKind::Bridge => 0,
            BlockKind::Overlay => 1,
            BlockKind::Plugin => 2,
            BlockKind::Parent(_) => 3,
            BlockKind::Direct => 4,
            BlockKind::HostStack => 5,
            BlockKind::NoNetwork => 6,
            BlockKind::Others => 7,
            BlockKind::Parked => 8,
        };
        let published = block.rows.iter().filter(|row| !row.cells.is_empty()).count();
        (kind, block.is_internal, block.rows.is_empty(), std::cmp::Reverse(published.min(1)), block.title.clone())
    };
    blocks.sort_by_cached_key(rank);
    let networks = blocks.iter().take_while(|block| block.kind == BlockKind::Bridge).count();
    if networks < MANY_BLOCKS {
        return blocks;
    }
    let place: BTreeMap<EntityId, usize> =
        blocks.iter().enumerate().map(|(index, block)| (block.key.clone(), index)).collect();
    let shared: Vec<(usize, usize)> = blocks
        .iter()
        .enumerate()
        .take(networks)
        .flat_map(|(index, block)| {
            block
                .rows
                .iter()
                .flat_map(|row| &row.interfaces)
                .filter_map(|line| line.block.as_ref())
                .filter_map(|other| place.get(other))
                .filter(move |other| **other != index && **other < networks)
                .map(move |other| (index, *other))
                .collect::<Vec<_>>()
        })
        .collect();
    let order = by_shared_members(networks, &shared);
    let mut slots: Vec<Option<Block>> = blocks.into_iter().map(Some).collect();
    let mut sorted: Vec<Block> = order.into_iter().filter_map(|index| slots[index].take()).collect();
    sorted.extend(slots.into_iter().flatten());
    sorted
}
