//! The host as a whole: forwarding, bridge netfilter, the Swarm's mesh; and names that hide something.

use bridgewalk_model::{
    LimitReason, SourceKind, Text,
    kernel::Sysctl,
    snapshot::{Host, NamespaceKind, Network},
};

use super::{Evidence, FindingKind, Found, has_live_engine};

pub(super) fn look(host: &Host, found: &mut Found) {
    if has_live_engine(host) {
        forwarding(host, found);
        bridge_netfilter(host, found);
        mesh(host, found);
    }
    let containers = host.containers.iter().map(|container| (&container.id, &container.name));
    let networks = host.networks.iter().map(|network| (&network.id, &network.name));
    let interfaces = host.namespaces.iter().flat_map(|namespace| &namespace.interfaces);
    let interfaces = interfaces.map(|interface| (&interface.id, &interface.name));
    for (id, name) in containers.chain(networks).chain(interfaces).filter(|(_, name)| name.is_altered()) {
        found.add(id, FindingKind::NameAltered { name: name.clone() }, Vec::new());
    }
}

fn sysctl<'h>(host: &'h Host, path: &str) -> Option<&'h Sysctl> {
    host.own_namespace()?.sysctls.iter().find(|sysctl| sysctl.path == path)
}

/// Bridges that are meant to lead out.
fn outward(host: &Host) -> impl Iterator<Item = &Network> {
    host.networks.iter().filter(|network| network.bridge.is_some() && !network.is_internal)
}

fn forwarding(host: &Host, found: &mut Found) {
    let families = [("net/ipv4/ip_forward", false), ("net/ipv6/conf/all/forwarding", true)];
    for (path, is_ipv6) in families {
        let is_needed = outward(host).any(|network| if is_ipv6 { network.has_ipv6 } else { network.has_ipv4 });
        if let Some(off) = sysctl(host, path).filter(|sysctl| is_needed && sysctl.value == "0") {
            found.add(&host.id, FindingKind::ForwardingOff { is_ipv6 }, vec![Evidence::Sysctl(off.clone())]);
        }
    }
}

/// Docker needs bridged frames to pass the rules only to keep containers of one bridge apart (`icc=false`). The kernel
/// has the setting per bridge too: either suffices.
fn bridge_netfilter(host: &Host, found: &mut Found) {
    let option = Text::new("com.docker.network.bridge.enable_icc");
    let Some(off) = sysctl(host, "net/bridge/bridge-nf-call-iptables").filter(|it| it.value == "0") else { return };
    for network in &host.networks {
        let forbids = network.options.get(&option).is_some_and(|value| value.as_str() == "false");
        let Some(bridge) = network.bridge.as_ref().and_then(|id| host.interface(id)).filter(|_| forbids) else {
            continue;
        };
        let by_bridge =
            matches!(bridge.link.kind, bridgewalk_model::kernel::LinkKind::Bridge { nf_call_iptables: true, .. });
        // docker_gwbridge forbids it on every Swarm host, and the frames between tasks there are no one's plan.
        if !by_bridge && network.name.as_str() != "docker_gwbridge" {
            found.add(&network.id, FindingKind::BridgeNetfilterOff, vec![Evidence::Sysctl(off.clone())]);
        }
    }
}

/// A service is published through the ingress, and no virtual server is there to balance it.
fn mesh(host: &Host, found: &mut Found) {
    let Some(ingress) = host.namespaces.iter().find(|namespace| namespace.kind == NamespaceKind::Ingress) else {
        return;
    };
    let is_programmed = ingress.ipvs.as_ref().is_some_and(|ipvs| !ipvs.services.is_empty());
    // It was not read, for another reason than that the kernel has none: nothing can be said.
    let limits = || host.limits.iter().filter(|limit| limit.source == SourceKind::Ipvs);
    let is_missing = limits().any(|limit| limit.reason == LimitReason::NotInKernel);
    if is_programmed || (ingress.ipvs.is_none() && !is_missing) {
        return;
    }
    let services = host.swarm.iter().flat_map(|swarm| &swarm.services);
    let publishes = services.into_iter().any(|service| service.ports.iter().any(|port| port.mode == "ingress"));
    let ingress_network = host.networks.iter().find(|network| network.is_ingress);
    let has_task = ingress_network.is_some_and(|network| {
        let ends = host.containers.iter().filter(|container| container.state.is_alive());
        ends.flat_map(|container| &container.attachments).any(|end| end.network == network.id)
    });
    if publishes || has_task {
        let subject = ingress_network.map_or(&ingress.id, |network| &network.id);
        let evidence = vec![Evidence::Entity(ingress.id.clone()), Evidence::Source(SourceKind::Ipvs)];
        found.add(subject, FindingKind::MeshNotProgrammed, evidence);
    }
}
