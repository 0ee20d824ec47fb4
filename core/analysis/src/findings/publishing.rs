//! Published ports: doors without rules, rules without doors, doors wide open.

use std::{
    collections::{BTreeSet, HashSet},
    net::IpAddr,
};

use bridgewalk_model::{SourceKind, engine::ContainerState, snapshot::Host};

use super::{Evidence, FindingKind, Found, has_live_engine, has_whole_engine};
use crate::ports::{Agreement, Disagreement, Reach, is_docker_rule, ports};

pub(super) fn look(host: &Host, found: &mut Found) {
    for port in ports(host) {
        let rules = || port.rules.iter().map(|rule| Evidence::Rule(Box::new(rule.clone()))).collect::<Vec<_>>();
        match &port.agrees {
            Agreement::Disagrees(Disagreement::WithoutRule(published)) => {
                let kind = FindingKind::PublishedPortWithoutRule { port: port.port, published: published.clone() };
                found.add(&port.container, kind, rules());
            }
            Agreement::Disagrees(Disagreement::WithoutBinding(rule)) => {
                let kind = FindingKind::RuleWithoutBinding { port: port.port };
                found.add(&port.container, kind, vec![Evidence::Rule(rule.clone())]);
            }
            Agreement::Agrees | Agreement::Unknown(_) => {}
        }
        // Who reaches it is told only of a port whose rules were read.
        if port.reach == Reach::EveryAddress && !matches!(port.agrees, Agreement::Unknown(_)) {
            // IPv4's and IPv6's are one; the same port may be published on several of the host's.
            let everywhere = port.published.iter().filter(|door| door.is_everywhere());
            for host_port in everywhere.map(|door| door.host_port).collect::<BTreeSet<_>>() {
                let kind = FindingKind::PublishedOnEveryAddress { port: port.port, host_port };
                found.add(&port.container, kind, rules());
            }
        }
        let state = host.container(&port.container).map(|container| container.state);
        if state == Some(ContainerState::Paused) && !port.published.is_empty() && has_live_engine(host) {
            found.add(&port.container, FindingKind::PausedContainerPublishes { port: port.port }, Vec::new());
        }
    }
    rules_for_nobody(host, found);
}

/// Docker's rules to addresses that neither a container has by the engine's word nor any interface by the kernel's.
fn rules_for_nobody(host: &Host, found: &mut Found) {
    let is_everybody_seen = [SourceKind::Namespaces, SourceKind::Links].into_iter().all(|it| host.was_read(it, None));
    if !has_whole_engine(host) || !is_everybody_seen {
        return;
    }
    let ends = host.containers.iter().flat_map(|container| &container.attachments);
    let mut known: HashSet<IpAddr> =
        ends.flat_map(|end| end.ipv4.iter().chain(&end.ipv6)).map(ipnet::IpNet::addr).collect();
    known.extend(
        host.networks
            .iter()
            .flat_map(|network| &network.members)
            .flat_map(|member| member.ipv4.iter().chain(&member.ipv6).map(ipnet::IpNet::addr)),
    );
    let interfaces = host.namespaces.iter().flat_map(|namespace| &namespace.interfaces);
    known.extend(interfaces.flat_map(|interface| &interface.addresses).map(|address| address.address));
    for mapping in host.nat.iter().filter(|mapping| is_docker_rule(mapping)) {
        let Some(address) = mapping.to_address.filter(|address| !known.contains(address)) else { continue };
        let evidence = mapping.rule.iter().map(|rule| Evidence::Rule(Box::new(rule.clone()))).collect();
        found.add(&mapping.id, FindingKind::RuleForNobody { address, port: mapping.to_port }, evidence);
    }
}
