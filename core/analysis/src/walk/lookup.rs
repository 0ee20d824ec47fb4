//! A receiver's name, looked up as its sender would.

use std::net::IpAddr;

use bridgewalk_model::{
    EntityId, Text,
    snapshot::{Attachment, Container, Host, Resolver},
};

use super::{Evidence, NameSource, Unknown, Walker, place::At};

/// What a name means to a sender.
#[derive(Clone, Debug)]
pub(super) enum Meaning {
    /// These addresses, and by which means.
    Addresses(Vec<IpAddr>, Evidence),
    /// Only a server elsewhere can tell.
    Elsewhere(Unknown),
}

impl<'a> Walker<'a> {
    /// Looks a name up as a process of the namespace `at` would; `None` is outside, which knows no names of ours.
    pub(super) fn look_up_name(&self, at: Option<At>, name: &Text) -> Meaning {
        let place = at.and_then(|at| self.place(at));
        let told = |addresses: Vec<IpAddr>, by: NameSource, network: Option<&EntityId>| {
            let evidence =
                Evidence::Name { name: name.clone(), by, network: network.cloned(), addresses: addresses.clone() };
            Meaning::Addresses(addresses, evidence)
        };
        if let Some(place) = place {
            let owner = place.namespace.containers.first();
            let resolver = place.namespace.resolvers.iter().find(|one| one.container.as_ref() == owner);
            let container = owner.and_then(|id| place.host.container(id));
            if let Some(found) = resolver.and_then(|resolver| in_hosts_file(resolver, name)) {
                let is_link = container.is_some_and(|one| one.links.iter().any(|(_, alias)| alias == name));
                return told(found, if is_link { NameSource::Link } else { NameSource::HostsFile }, None);
            }
            if let Some(container) = container {
                if let Some((found, by, network)) = by_embedded_dns(place.host, container, name) {
                    return told(found, by, Some(network));
                }
                // Where its files were not read, the engine's word for a link's stand in for them.
                let link = container.links.iter().find(|(_, alias)| alias == name).filter(|_| resolver.is_none());
                let target =
                    link.and_then(|(target, _)| place.host.containers.iter().find(|one| is_called(one, target)));
                if let Some(target) = target {
                    return told(addresses(target), NameSource::Link, None);
                }
            }
        }
        if let Some(found) = self.by_engine(at, name) {
            return told(found, NameSource::EngineOnly, None);
        }
        let server = place
            .and_then(|place| place.namespace.resolvers.first())
            .and_then(|resolver| resolver.nameservers.first())
            .cloned();
        Meaning::Elsewhere(Unknown::Name { name: name.clone(), server })
    }

    /// What the engine says of a container, alias or service of this name, whoever asks: first an address on a network
    /// that the sender is on too.
    fn by_engine(&self, at: Option<At>, name: &Text) -> Option<Vec<IpAddr>> {
        let from = at.and_then(|at| self.place(at));
        let own_host = from.map(|place| &place.host.id);
        let mut hosts: Vec<&Host> = self.snapshot().hosts.iter().collect();
        hosts.sort_by_key(|host| Some(&host.id) != own_host);
        for host in hosts {
            let by_alias = |one: &&Container| {
                one.attachments.iter().any(|end| end.aliases.contains(name) || end.dns_names.contains(name))
            };
            let alive = || host.containers.iter().filter(|one| one.state.is_alive());
            let found = host.containers.iter().find(|one| is_called(one, name)).or_else(|| alive().find(by_alias));
            if let Some(container) = found {
                let mut own: Vec<IpAddr> =
                    self.shared_first(from.map(|it| it.namespace.containers.as_slice()), host, container);
                if own.is_empty() {
                    own = self.addresses_of_home(container);
                }
                return Some(own);
            }
            let service = host.swarm.iter().flat_map(|swarm| &swarm.services).find(|one| Text::new(&one.name) == *name);
            if let Some(service) = service {
                return Some(service.virtual_ips.iter().filter_map(|vip| vip.address.map(|net| net.addr())).collect());
            }
        }
        None
    }

    fn shared_first(&self, from: Option<&[EntityId]>, host: &Host, container: &Container) -> Vec<IpAddr> {
        let sharing: Vec<&EntityId> = from
            .into_iter()
            .flatten()
            .filter_map(|id| host.container(id))
            .flat_map(|one| &one.attachments)
            .map(|end| &end.network)
            .collect();
        let mut ends: Vec<&Attachment> = container.attachments.iter().collect();
        ends.sort_by_key(|end| !sharing.contains(&&end.network));
        ends.iter().flat_map(|end| end.ipv4.iter().chain(&end.ipv6)).map(ipnet::IpNet::addr).collect()
    }

    /// Of a container without ends of its own (`host`, `container:`): those of the namespace that it lives in.
    fn addresses_of_home(&self, container: &Container) -> Vec<IpAddr> {
        let home = container.namespace.as_ref().and_then(|id| self.at(id));
        home.map_or_else(Vec::new, |at| self.addresses_at(at))
    }
}

/// Whether a container bears this name, or it is the beginning of its id.
pub(super) fn is_called(container: &Container, name: &Text) -> bool {
    container.name == *name || (name.raw().len() >= 12 && container.container_id.starts_with(name.raw()))
}

fn addresses(container: &Container) -> Vec<IpAddr> {
    container.attachments.iter().flat_map(|end| end.ipv4.iter().chain(&end.ipv6)).map(ipnet::IpNet::addr).collect()
}

fn in_hosts_file(resolver: &Resolver, name: &Text) -> Option<Vec<IpAddr>> {
    let found: Vec<IpAddr> = resolver
        .hosts
        .iter()
        .filter(|(_, names)| names.contains(name))
        // A connection to an IPv4-mapped address is one to the IPv4 address.
        .filter_map(|(address, _)| address.as_str().parse().ok().map(|address: IpAddr| address.to_canonical()))
        .collect();
    (!found.is_empty()).then_some(found)
}

/// What the engine's embedded DNS answers on the networks that the sender is on; the default bridge has none.
fn by_embedded_dns<'h>(
    host: &'h Host,
    from: &'h Container,
    name: &Text,
) -> Option<(Vec<IpAddr>, NameSource, &'h EntityId)> {
    let has_dns = |end: &&Attachment| !matches!(end.network_name.as_str(), "bridge" | "host" | "none");
    for own in from.attachments.iter().filter(has_dns) {
        let network = &own.network;
        let mut found: Vec<(IpAddr, bool)> = Vec::new();
        let target = from.links.iter().find(|(_, alias)| alias == name).map(|(target, _)| target);
        for container in host.containers.iter().filter(|one| one.state.is_alive()) {
            for end in container.attachments.iter().filter(|end| end.network == *network) {
                let is_name = container.name == *name || target.is_some_and(|target| is_called(container, target));
                let short = container.container_id.get(..12).unwrap_or_default();
                let is_alias = end.aliases.contains(name) || end.dns_names.contains(name) || short == name.raw();
                if is_name || is_alias {
                    found.extend(end.ipv4.iter().chain(&end.ipv6).map(|net| (net.addr(), is_name)));
                }
            }
        }
        if !found.is_empty() {
            let by = match (target, found.iter().all(|(_, is_name)| *is_name)) {
                (Some(_), _) => NameSource::Link,
                (None, true) => NameSource::EmbeddedDns,
                (None, false) => NameSource::Alias,
            };
            return Some((found.into_iter().map(|(address, _)| address).collect(), by, network));
        }
        let network_id = host.network(network).map(|network| network.network_id.as_str());
        if let Some(swarm) = &host.swarm {
            let plain = name.raw().strip_prefix("tasks.");
            let wanted = plain.unwrap_or(name.raw());
            let Some(service) = swarm.services.iter().find(|service| service.name == wanted) else { continue };
            let on_network = |vip: &&bridgewalk_model::engine::VirtualIp| Some(vip.network_id.as_str()) == network_id;
            let (by, list): (NameSource, Vec<IpAddr>) = if plain.is_none() && service.endpoint_mode != "dnsrr" {
                let vips = service.virtual_ips.iter().filter(on_network);
                (NameSource::ServiceAddress, vips.filter_map(|vip| vip.address.map(|net| net.addr())).collect())
            } else {
                let tasks =
                    swarm.tasks.iter().filter(|task| task.service_id == service.service_id && task.state == "running");
                let ends = tasks.flat_map(|task| &task.addresses).filter(on_network);
                (NameSource::ServiceTasks, ends.filter_map(|vip| vip.address.map(|net| net.addr())).collect())
            };
            if !list.is_empty() {
                return Some((list, by, network));
            }
        }
    }
    None
}
