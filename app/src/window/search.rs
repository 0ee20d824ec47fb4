//! Finds things by whatever one knows of them: name, address, MAC address, interface, port.

use bridgewalk_model::{EntityId, Snapshot, Text, reveal};

use super::icon::Icon;
use crate::words::Words;

/// One thing that can be found.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// Which.
    pub entity: EntityId,
    /// Its picture.
    pub icon: Icon,
    /// Its name.
    pub name: String,
    /// What kind of thing, in words.
    pub kind: String,
    /// What else it is known by.
    pub keys: Vec<String>,
}

/// A thing that was found.
#[derive(Clone, Debug)]
pub(super) struct Hit<'a> {
    /// It.
    pub item: &'a Item,
    /// What matched, if not the name.
    pub matched: Option<&'a str>,
    score: u32,
}

/// Everything in a snapshot that can be found.
pub(super) fn index(snapshot: &Snapshot, words: Words) -> Vec<Item> {
    let mut items = Vec::new();
    for host in &snapshot.hosts {
        items.push(item(&host.id, Icon::Host, host.name.as_str(), words.text("diagram-host"), Vec::new()));
        for network in &host.networks {
            let mut keys: Vec<String> = network.pools.iter().map(|pool| pool.subnet.to_string()).collect();
            keys.extend(
                network.pools.iter().flat_map(|pool| host.gateways(network, pool)).map(|gateway| gateway.to_string()),
            );
            keys.extend(network.bridge_name.iter().map(ToString::to_string));
            keys.push(network.network_id.clone());
            keys.extend(whole(&network.name));
            items.push(item(&network.id, Icon::Network, network.name.as_str(), words.text("diagram-network"), keys));
        }
        for container in &host.containers {
            let mut keys = Vec::new();
            for end in &container.attachments {
                keys.extend(end.ipv4.map(|net| net.addr().to_string()));
                keys.extend(end.ipv6.map(|net| net.addr().to_string()));
                keys.extend(end.mac_address.map(|mac| mac.to_string()));
                keys.extend(end.aliases.iter().map(ToString::to_string));
            }
            for binding in &container.published {
                keys.extend(binding.host_port.map(|port| format!("{port} → {}", binding.container_port)));
            }
            keys.extend(container.exposed_ports.iter().map(ToString::to_string));
            keys.push(container.image.to_string());
            keys.push(container.container_id.clone());
            keys.extend(whole(&container.name));
            keys.dedup();
            let kind = words.text("diagram-container");
            items.push(item(&container.id, Icon::Container, container.name.as_str(), kind, keys));
        }
        for namespace in &host.namespaces {
            for interface in &namespace.interfaces {
                let mut keys: Vec<String> =
                    interface.addresses.iter().map(|address| address.address.to_string()).collect();
                keys.extend(interface.link.mac_address.map(|mac| mac.to_string()));
                let owner = if namespace.is_host { &host.name } else { &namespace.name };
                let kind = format!("{}, {owner}", words.text("diagram-interface"));
                items.push(item(&interface.id, Icon::Interface, interface.name.as_str(), kind, keys));
            }
            if namespace.containers.is_empty() && !namespace.is_host {
                let keys = namespace.names.iter().map(|name| name.path.clone()).collect();
                let kind = words.text("diagram-namespace");
                items.push(item(&namespace.id, Icon::Namespace, namespace.name.as_str(), kind, keys));
            }
        }
    }
    items
}

/// A name that is not shown as it is: whole, with what is hidden as visible escapes.
fn whole(name: &Text) -> Option<String> {
    name.is_altered().then(|| reveal(name.raw()).unwrap_or_else(|| name.raw().to_owned()))
}

fn item(entity: &EntityId, icon: Icon, name: &str, kind: String, keys: Vec<String>) -> Item {
    Item { entity: entity.clone(), icon, name: name.to_owned(), kind, keys }
}

/// The best `limit` matches of `query`, case ignored, best first; equal ones stay in the index's order.
pub(super) fn find<'a>(items: &'a [Item], query: &str, limit: usize) -> Vec<Hit<'a>> {
    let query = query.trim().to_lowercase();
    let mut hits: Vec<Hit<'a>> = items
        .iter()
        .filter_map(|item| {
            let name = score(&item.name, &query).map(|score| (score + 1, None));
            let key = item
                .keys
                .iter()
                .filter_map(|key| Some((score(key, &query)?, Some(key.as_str()))))
                .max_by_key(|(score, _)| *score);
            let (score, matched) = match (name, key) {
                (Some(name), Some(key)) if key.0 > name.0 => key,
                (Some(name), _) => name,
                (None, key) => key?,
            };
            Some(Hit { item, matched, score })
        })
        .collect();
    hits.sort_by_key(|hit| std::cmp::Reverse(hit.score));
    hits.truncate(limit);
    hits
}

/// How well `text` matches: whole, at its beginning, at a word's, anywhere.
pub(super) fn score(text: &str, query: &str) -> Option<u32> {
    let text = text.to_lowercase();
    let at = text.find(query)?;
    let is_word = text[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric());
    Some(match at {
        _ if text == query => 40,
        0 => 30,
        _ if is_word => 20,
        _ => 10,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<Item> {
        let host = EntityId::host("a");
        vec![
            item(
                &host.container("1"),
                Icon::Container,
                "shop-web-1",
                String::new(),
                vec!["172.18.0.2".into(), "8080 → 80/tcp".into()],
            ),
            item(&host.container("2"), Icon::Container, "web", String::new(), vec!["172.18.0.20".into()]),
        ]
    }

    #[test]
    fn the_whole_name_comes_before_a_part_of_one() {
        let items = sample();
        assert_eq!(find(&items, "WEB", 9).iter().map(|hit| &*hit.item.name).collect::<Vec<_>>(), ["web", "shop-web-1"]);
    }

    #[test]
    fn addresses_and_ports_are_found() {
        let items = sample();
        let hits = find(&items, "172.18.0.2", 9);
        assert_eq!((&*hits[0].item.name, hits[0].matched), ("shop-web-1", Some("172.18.0.2")));
        assert_eq!(find(&items, "8080", 9)[0].item.name, "shop-web-1");
        assert!(find(&items, "nothing", 9).is_empty());
    }
}
