//! The things of a host and the fields of each that a watcher wants to hear of.

use super::{Change, Thing, compare, pairs};
use crate::{
    EntityId, LimitReason, Text,
    firewall::Ruleset,
    kernel::{Neighbour, Route, SocketState, Sysctl},
    snapshot::{Container, Host, Interface, NamedSocket, Namespace, NatMapping, Network},
};

/// Compares two states of one host; none: it was not, or is not, observed.
pub(super) fn compare_hosts(changes: &mut Vec<Change>, before: Option<&Host>, after: Option<&Host>) {
    let each = |describe: &dyn Fn(&Host) -> Vec<Thing>| {
        (before.map(describe).unwrap_or_default(), after.map(describe).unwrap_or_default())
    };
    let mut section = |subject: &str, describe: &dyn Fn(&Host) -> Vec<Thing>| {
        let (before, after) = each(describe);
        compare(changes, subject, before, after);
    };
    section("host", &|host| vec![thing(&host.id, "", &host.name, vec![])]);
    section("engine", &|host| host.engine.iter().map(|engine| engine_thing(host, &engine.version)).collect());
    section("container", &|host| host.containers.iter().map(|one| container(host, one)).collect());
    section("network", &|host| host.networks.iter().map(network).collect());
    section("attachment", &|host| host.containers.iter().flat_map(attachments).collect());
    section("namespace", &|host| {
        host.namespaces.iter().map(|one| thing(&one.id, "", &one.name, vec![("name", raw(Some(&one.name)))])).collect()
    });
    section("interface", &|host| {
        host.namespaces.iter().flat_map(|namespace| &namespace.interfaces).map(|one| interface(host, one)).collect()
    });
    section("address", &|host| {
        host.namespaces.iter().flat_map(|namespace| &namespace.interfaces).flat_map(addresses).collect()
    });
    compare_namespaces(changes, before, after);
    let each = |describe: &dyn Fn(&Host) -> Vec<Thing>| {
        (before.map(describe).unwrap_or_default(), after.map(describe).unwrap_or_default())
    };
    let (nat_before, nat_after) = each(&|host| host.nat.iter().map(mapping).collect());
    compare(changes, "nat", nat_before, nat_after);
    let (limits_before, limits_after) = each(&limits);
    compare(changes, "limit", limits_before, limits_after);
}

/// The sections of each namespace, but those that both snapshots share.
fn compare_namespaces(changes: &mut Vec<Change>, before: Option<&Host>, after: Option<&Host>) {
    fn of(host: Option<&Host>) -> impl Iterator<Item = (&EntityId, &Namespace)> {
        host.into_iter().flat_map(|host| &host.namespaces).map(|namespace| (&namespace.id, namespace))
    }
    let pairs: Vec<_> = pairs(of(before), of(after)).into_values().collect();
    let mut section = |subject: &str,
                       is_same: &dyn Fn(&Namespace, &Namespace) -> bool,
                       describe: &dyn Fn(&Namespace) -> Vec<Thing>| {
        for (before, after) in &pairs {
            if before.zip(*after).is_some_and(|(before, after)| is_same(before, after)) {
                continue;
            }
            let things = |namespace: &Option<&Namespace>| namespace.map(describe).unwrap_or_default();
            compare(changes, subject, things(before), things(after));
        }
    };
    section("route", &|a, b| a.routes == b.routes && a.interfaces.len() == b.interfaces.len(), &|namespace| {
        namespace.routes.iter().map(|one| route(namespace, one)).collect()
    });
    section("neighbour", &|a, b| a.neighbours == b.neighbours, &|namespace| {
        namespace.neighbours.iter().map(|one| neighbour(namespace, one)).collect()
    });
    section("fdb", &|_, _| false, &|namespace| namespace.interfaces.iter().flat_map(fdb).collect());
    section("sysctl", &|a, b| a.sysctls == b.sysctls, &|namespace| {
        namespace.sysctls.iter().map(|one| sysctl(namespace, one)).collect()
    });
    section("rule", &|a, b| std::sync::Arc::ptr_eq(&a.firewall, &b.firewall), &|namespace| {
        namespace.firewall.iter().flat_map(|ruleset| rules(namespace, ruleset)).collect()
    });
    section("socket", &|a, b| a.sockets == b.sockets, &|namespace| {
        let listening = namespace.sockets.iter().filter(|one| one.socket.state == SocketState::Listen);
        listening.map(|one| socket(namespace, one)).collect()
    });
}

fn thing(entity: &EntityId, key: &str, name: &Text, fields: Vec<(&'static str, String)>) -> Thing {
    Thing { entity: entity.clone(), key: key.to_owned(), name: name.clone(), fields, limit: None }
}

/// A thing that is its own value.
fn value(entity: &EntityId, value: &str) -> Thing {
    thing(entity, value, &Text::new(value), vec![])
}

fn optional(value: Option<impl std::fmt::Display>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

/// What the source said: two names that look alike are two.
fn raw(name: Option<&Text>) -> String {
    name.map_or_else(String::new, |name| name.raw().to_owned())
}

fn joined<T: std::fmt::Display>(values: impl IntoIterator<Item = T>) -> String {
    values.into_iter().map(|value| value.to_string()).collect::<Vec<_>>().join(", ")
}

/// The name in an interface's id: found without looking for the interface.
fn interface_name(id: Option<&EntityId>) -> String {
    let name = id.and_then(|id| id.as_str().rsplit_once("/if:")).map_or("", |(_, name)| name);
    Text::new(name).to_string()
}

fn engine_thing(host: &Host, version: &str) -> Thing {
    let state = host.engine_lost.as_ref().map_or("reached", |_| "lost");
    let name = Text::new(host.engine.as_ref().map_or("", |engine| engine.address.as_str()));
    thing(&host.id, "", &name, vec![("state", state.to_owned()), ("version", version.to_owned())])
}

fn container(host: &Host, one: &Container) -> Thing {
    let home = one.namespace.as_ref().and_then(|id| host.namespace(id)).map(|namespace| &namespace.name);
    let published = one.published.iter().map(|binding| {
        let address = optional(binding.host_ip);
        format!("{address}:{}->{}", optional(binding.host_port), binding.container_port)
    });
    let fields = vec![
        ("name", raw(Some(&one.name))),
        ("state", one.state.as_str().to_owned()),
        ("namespace", raw(home)),
        ("published", joined(published)),
    ];
    thing(&one.id, "", &one.name, fields)
}

fn network(one: &Network) -> Thing {
    let fields = vec![
        ("name", raw(Some(&one.name))),
        ("bridge", interface_name(one.bridge.as_ref())),
        ("subnet", joined(one.pools.iter().map(|pool| pool.subnet))),
    ];
    thing(&one.id, "", &one.name, fields)
}

fn attachments(one: &Container) -> Vec<Thing> {
    // An engine keeps the ends of a stopped container without addresses: for a watcher they are gone.
    let live = one.attachments.iter().filter(|_| one.state.is_alive());
    live.map(|attachment| {
        let fields = vec![
            ("address", joined(attachment.ipv4.iter().chain(&attachment.ipv6))),
            ("mac-address", optional(attachment.mac_address)),
            ("gateway", optional(attachment.gateway)),
        ];
        let name = Text::new(&format!("{} – {}", one.name.raw(), attachment.network_name.raw()));
        thing(&one.id, attachment.network.as_str(), &name, fields)
    })
    .collect()
}

fn interface(host: &Host, one: &Interface) -> Thing {
    let fields = vec![
        ("is-up", one.link.is_up.to_string()),
        ("has-carrier", one.link.has_carrier.to_string()),
        ("mtu", one.link.mtu.to_string()),
        ("mac-address", optional(one.link.mac_address)),
        ("master", interface_name(one.master.as_ref())),
        ("peer", interface_name(one.peer.as_ref())),
        ("network", raw(one.network.as_ref().and_then(|id| host.network(id)).map(|network| &network.name))),
        ("if-index", one.link.if_index.to_string()),
    ];
    thing(&one.id, "", &one.name, fields)
}

fn addresses(one: &Interface) -> Vec<Thing> {
    one.addresses.iter().map(|address| value(&one.id, &address.to_string())).collect()
}

fn route(namespace: &Namespace, one: &Route) -> Thing {
    let hops = one.next_hops.iter().map(|hop| {
        let device = namespace.interfaces.iter().find(|interface| interface.link.if_index == hop.if_index);
        let device = device.map_or_else(|| hop.if_index.to_string(), |interface| interface.name.to_string());
        hop.gateway.map_or_else(|| device.clone(), |gateway| format!("{gateway} {device}"))
    });
    let name = format!("{} table {} metric {}", one.destination, one.table, one.metric);
    thing(&namespace.id, &name, &Text::new(&name), vec![("via", joined(hops))])
}

fn neighbour(namespace: &Namespace, one: &Neighbour) -> Thing {
    let name = Text::new(&one.address.to_string());
    let key = format!("{} {}", one.if_index, one.address);
    thing(&namespace.id, &key, &name, vec![("mac-address", optional(one.mac_address))])
}

fn fdb(one: &Interface) -> Vec<Thing> {
    one.fdb
        .iter()
        .map(|entry| {
            let vlan = entry.vlan_id.map_or_else(String::new, |vlan| format!(" vlan {vlan}"));
            let remote = entry.remote.map_or_else(String::new, |remote| format!(" dst {remote}"));
            value(&one.id, &format!("{}{vlan}{remote}", entry.mac_address))
        })
        .collect()
}

fn sysctl(namespace: &Namespace, one: &Sysctl) -> Thing {
    thing(&namespace.id, &one.path, &Text::new(&one.path), vec![("value", one.value.clone())])
}

fn rules(namespace: &Namespace, ruleset: &Ruleset) -> Vec<Thing> {
    let mut things = Vec::new();
    for table in &ruleset.tables {
        for chain in &table.chains {
            let place = format!("{:?} {} {} {}", ruleset.backend, table.family, table.name, chain.name);
            if let Some(base) = &chain.base {
                let name = Text::new(&format!("{} {}", table.name, chain.name));
                let policy = format!("{:?}", base.policy).to_lowercase();
                things.push(thing(&namespace.id, &place, &name, vec![("policy", policy)]));
            }
            things.extend(chain.rules.iter().map(|rule| {
                let name = Text::new(&format!("{} {}: {}", table.name, chain.name, rule.text));
                thing(&namespace.id, &format!("{place} {}", rule.text), &name, vec![])
            }));
        }
    }
    things
}

fn socket(namespace: &Namespace, one: &NamedSocket) -> Thing {
    let local = std::net::SocketAddr::new(one.socket.local.address, one.socket.local.port);
    let name = format!("{} {local}", one.socket.transport);
    thing(&namespace.id, &name, &Text::new(&name), vec![("command", raw(one.command.as_ref()))])
}

fn mapping(one: &NatMapping) -> Thing {
    let key = one.id.as_str().rsplit_once("nat:").map_or("", |(_, key)| key);
    thing(&one.id, "", &Text::new(key), vec![])
}

fn limits(host: &Host) -> Vec<Thing> {
    // What was only just found is read a moment later: that is no change.
    let told = host.limits.iter().filter(|limit| limit.reason != LimitReason::NeverRead);
    told.map(|limit| {
        let place = limit.namespace.and_then(|inode| host.namespaces.iter().find(|one| one.inode == inode));
        let entity = place.map_or(&host.id, |namespace| &namespace.id);
        let key = format!("{:?}: {:?}", limit.source, limit.reason);
        let name = Text::new(limit.source.name());
        Thing { limit: Some(Box::new(limit.clone())), ..thing(entity, &key, &name, vec![]) }
    })
    .collect()
}
