//! A Swarm's ingress: a published port is open on every node; a rule sends what comes in into the mesh's own namespace,
//! where IPVS chooses among the service's tasks, on whichever node they run. Below, the same within an overlay: a
//! service's name leads to its virtual address, and a load balancer's namespace behind it chooses.

use std::{net::IpAddr, ops::Range};

use bridgewalk_model::{
    EntityId, SourceKind,
    engine::{Swarm, SwarmPort, SwarmService, SwarmTask},
    firewall::{Action, Expression, XtMatch, XtTarget, summarise},
    kernel::VirtualServer,
    snapshot::{Host, Namespace, NamespaceKind, NatKind, Network},
};

use super::{Chart, Look, Mark, Source, address, uplink};
use crate::{Detail, Word, content::Reach, scene::EdgeKind};

const OUTSIDE: usize = 0;
const NODE: usize = 1;
const RULE: usize = 2;
const MESH: usize = 3;
const TASK: usize = 4;

/// A manager, and what it knows.
struct Manager<'a> {
    host: &'a Host,
    swarm: &'a Swarm,
}

pub(super) fn chart(source: &Source<'_>) -> Chart {
    let lanes = [Word::OutsideNote, Word::EveryNode, Word::IngressRule, Word::IngressNamespace, Word::Tasks];
    let mut chart = Chart::new(source.word(Word::ViewIngress), lanes.map(|word| source.word(word)).to_vec());
    let knowing = |host| Some(Manager { host, swarm: host.swarm.as_deref()? });
    if let Some(manager) = source.snapshot.hosts.iter().find_map(knowing) {
        for service in &manager.swarm.services {
            for port in service.ports.iter().filter(|port| port.mode == "ingress") {
                published(&mut chart, source, &manager, service, port);
            }
        }
        let rows = 0..chart.rows;
        chart.outside(source, OUTSIDE, rows);
        if source.has(Detail::Plumbing) {
            for service in &manager.swarm.services {
                within(&mut chart, source, &manager, service);
            }
        }
        // With one node, all of it is on that node.
        if manager.swarm.nodes.len() == 1 {
            let (host, rows) = (manager.host, 0..chart.rows);
            let note = source.host_note(host);
            chart.frame(NODE..TASK + 1, rows, Look::Host, &host.id, host.name.to_string(), note);
            chart.frames.sort_by_key(|frame| frame.look != Look::Host);
        }
    }
    if chart.rows == 0 {
        for host in &source.snapshot.hosts {
            bare(&mut chart, source, host);
        }
        let rows = 0..chart.rows;
        chart.outside(source, OUTSIDE, rows);
    }
    chart
}

/// A published port: the node's doors on the left, the tasks on the right.
fn published(chart: &mut Chart, source: &Source<'_>, manager: &Manager<'_>, service: &SwarmService, port: &SwarmPort) {
    let tasks = running(manager.swarm, service);
    let nodes = &manager.swarm.nodes;
    let first = chart.rows;
    let rows = first..first + nodes.len().max(tasks.len()).max(1);
    chart.rows = rows.end;
    for (number, node) in nodes.iter().enumerate() {
        // One node's door stands beside all tasks.
        let own = if nodes.len() == 1 { rows.clone() } else { first + number..first + number + 1 };
        let known = source.snapshot.hosts.iter().find(|host| host.name.raw() == node.host_name);
        let owner = known.map_or_else(|| manager.host.id.child("node", &node.host_name), |host| host.id.clone());
        let entity = owner.child("published", &format!("{}/{}", port.published_port, port.transport));
        let address = node
            .address
            .filter(|address| !address.is_unspecified())
            .map(|address| address.to_string())
            .or_else(|| known.and_then(|host| uplink(source, host)).map(|interface| bare_address(&address(interface))))
            .unwrap_or_default();
        let title = format!("{address}:{}", port.published_port);
        let cell = chart.cell(NODE, own.clone(), Look::Interface, &entity, title);
        cell.mono().mark(Mark::Reach(Reach::Everyone)).line(node.host_name.clone());
        chart.trunk(&own, OUTSIDE, NODE, EdgeKind::Inward, &entity);
        let to = if known.is_some_and(|host| rule(chart, source, host, port, &own)) { RULE } else { MESH };
        chart.trunk(&own, NODE, to, EdgeKind::Inward, &entity);
        if to == RULE {
            chart.trunk(&own, RULE, MESH, EdgeKind::Inward, &entity);
        }
    }
    let is_ingress = |id: &str| network(source, id).is_some_and(|network| network.is_ingress);
    let namespace = manager.host.namespaces.iter().find(|namespace| namespace.kind == NamespaceKind::Ingress);
    let ends = tasks_at(chart, source, manager, service, &tasks, first, &is_ingress, Some(port));
    let lines = vec![format!("{} → {}/{}", port.published_port, port.target_port, port.transport)];
    balancer(chart, source, manager, (&rows, namespace), &service.name, lines, &ends);
}

/// The rule that sends a node's port into the mesh's namespace; whether it is there.
fn rule(chart: &mut Chart, source: &Source<'_>, host: &Host, port: &SwarmPort, rows: &Range<usize>) -> bool {
    let mapping = host.nat.iter().find(|mapping| {
        mapping.kind == NatKind::DestinationNat
            && mapping.host_port == Some(port.published_port)
            && mapping.transport == Some(port.transport)
            && mapping.container.is_none()
    });
    let Some(mapping) = mapping.filter(|_| source.has(Detail::Plumbing)) else { return false };
    let to = mapping.to_address.map(|address| address.to_string()).unwrap_or_default();
    let to = mapping.to_port.map_or(to.clone(), |port| format!("{to}:{port}"));
    let cell = chart.cell(RULE, rows.clone(), Look::Translation, &mapping.id, format!("→ {to}"));
    cell.is_mono = true;
    if let Some(rule) = &mapping.rule {
        let place = if source.has(Detail::Everything) { format!(" #{}", rule.position) } else { String::new() };
        cell.line(format!("{} {}{place}", rule.table, rule.chain));
    }
    let via = mapping.network.as_ref().and_then(|id| host.networks.iter().find(|network| network.id == *id));
    cell.line(via.map(|network| network.name.to_string()).unwrap_or_default());
    true
}

/// Within an overlay: who is on it, the service's virtual address, what chooses behind it.
fn within(chart: &mut Chart, source: &Source<'_>, manager: &Manager<'_>, service: &SwarmService) {
    for virtual_ip in &service.virtual_ips {
        let (Some(network), Some(own)) = (network(source, &virtual_ip.network_id), virtual_ip.address) else {
            continue;
        };
        if network.is_ingress || !source.shows_network(network) {
            continue;
        }
        let of_service = |id: &Option<String>| id.as_ref() == Some(&service.service_id);
        let clients: Vec<_> = manager
            .host
            .containers
            .iter()
            .filter(|it| it.state.is_alive() && source.shows(it) && !of_service(&it.swarm_service_id))
            .filter_map(|it| Some((it, it.attachments.iter().find(|end| end.network == network.id)?)))
            .collect();
        let tasks = running(manager.swarm, service);
        let first = chart.rows;
        let rows = first..first + clients.len().max(tasks.len()).max(1);
        chart.rows = rows.end;
        for (number, (client, end)) in clients.iter().enumerate() {
            let own = if clients.len() == 1 { rows.clone() } else { first + number..first + number + 1 };
            let cell =
                chart.cell(NODE, own.clone(), source.look(manager.host, client), &client.id, source.name(client));
            cell.line(end.ipv4.or(end.ipv6).map(|net| net.addr().to_string()).unwrap_or_default());
            chart.trunk(&own, NODE, RULE, EdgeKind::Inward, &client.id);
        }
        let cell = chart.cell(RULE, rows.clone(), Look::Bridge, &network.id, network.name.to_string());
        cell.line(format!("{} = {}", service.name, own.addr())).line(source.word(Word::VirtualAddress));
        chart.trunk(&rows, RULE, MESH, EdgeKind::Inward, &network.id);
        let is_balancer = |it: &&Namespace| {
            it.kind == NamespaceKind::LoadBalancer
                && it.interfaces.iter().flat_map(|it| &it.addresses).any(|it| it.address == own.addr())
        };
        let namespace = manager.host.namespaces.iter().find(is_balancer);
        let is_here = |id: &str| id == virtual_ip.network_id;
        let ends = tasks_at(chart, source, manager, service, &tasks, first, &is_here, None);
        balancer(chart, source, manager, (&rows, namespace), &service.name, Vec::new(), &ends);
    }
}

/// The tasks with their addresses on the network that `is_wanted`, a row each; the addresses.
#[allow(clippy::too_many_arguments, reason = "a task is of a service of a swarm, on a network, at a row")]
fn tasks_at(
    chart: &mut Chart,
    source: &Source<'_>,
    manager: &Manager<'_>,
    service: &SwarmService,
    tasks: &[&SwarmTask],
    first: usize,
    is_wanted: &dyn Fn(&str) -> bool,
    port: Option<&SwarmPort>,
) -> Vec<(EntityId, Option<IpAddr>)> {
    let containers = || source.snapshot.hosts.iter().flat_map(|host| &host.containers);
    let mut ends = Vec::new();
    for (number, task) in tasks.iter().enumerate() {
        let row = first + number;
        let container = containers().find(|it| Some(it.container_id.as_str()) == task.container_id.as_deref());
        let entity =
            container.map_or_else(|| manager.host.id.child("task", &task.task_id), |container| container.id.clone());
        let name = format!("{}.{}", service.name, task.slot.unwrap_or_default());
        let end = task.addresses.iter().find(|end| is_wanted(&end.network_id));
        let address = end.and_then(|end| end.address).map(|net| net.addr());
        let namespace = container.and_then(|container| source.snapshot.namespace(container.namespace.as_ref()?));
        let shown = match (address, port) {
            // IPVS leaves the port as it is; a rule in the task's own namespace changes it.
            (Some(address), Some(port)) if namespace.is_some_and(|(_, namespace)| redirects(namespace, port)) => {
                format!("{} → :{}", std::net::SocketAddr::new(address, port.published_port), port.target_port)
            }
            (Some(address), Some(port)) => format!("{address} · {}/{}", port.target_port, port.transport),
            (Some(address), None) => address.to_string(),
            (None, _) => String::new(),
        };
        let on = manager.swarm.nodes.iter().find(|node| node.node_id == task.node_id);
        let cell = chart.cell(TASK, row..row + 1, Look::Container, &entity, name);
        cell.line(shown).line(on.map(|node| node.host_name.clone()).unwrap_or_default());
        ends.push((entity, address));
    }
    ends
}

/// The namespace that balances, with what its kernel really does; lines lead on from it only to whom it balances.
fn balancer(
    chart: &mut Chart,
    source: &Source<'_>,
    manager: &Manager<'_>,
    (rows, namespace): (&Range<usize>, Option<&Namespace>),
    title: &str,
    mut lines: Vec<String>,
    ends: &[(EntityId, Option<IpAddr>)],
) {
    let look = if namespace.is_some() { Look::Translation } else { Look::Absent };
    let owner = namespace.map_or(&manager.host.id, |namespace| &namespace.id);
    let entity = owner.child("balance", &format!("{title} {}", rows.start));
    let server = namespace.and_then(|namespace| chosen(namespace, ends));
    match server {
        Some(server) if source.has(Detail::Plumbing) => {
            let mark = server.mark.map(|mark| format!(" · mark {mark:#x}")).unwrap_or_default();
            lines.push(format!("IPVS {}{mark}", server.scheduler));
            lines.extend(namespace.and_then(hides).map(|own| format!("{} {own}", source.word(Word::SourceBecomes))));
            if source.has(Detail::Everything) {
                lines.extend(
                    server.servers.iter().map(|to| format!("→ {} {} {}", to.address.address, to.forwarding, to.weight)),
                );
            }
        }
        Some(_) => {}
        None if namespace.is_none_or(|namespace| is_balancer_unread(manager.host, namespace)) => {
            lines.push(source.word(Word::NotSeen));
        }
        None => lines.push(source.word(Word::MeshNotProgrammed)),
    }
    chart.cell(MESH, rows.clone(), look, &entity, title.to_owned()).lines = lines;
    if let Some(namespace) = namespace.filter(|_| source.has(Detail::Plumbing)) {
        let title = format!("{} {}", source.word(Word::Namespace), namespace.name);
        chart.frame(MESH..MESH + 1, rows.clone(), Look::Namespace, &namespace.id, title, String::new());
    }
    let reaches = |to: IpAddr| server.is_some_and(|it| it.servers.iter().any(|it| it.address.address == to));
    for (number, (task, address)) in ends.iter().enumerate() {
        if address.is_some_and(reaches) {
            chart.link(rows.start + number, MESH, TASK, EdgeKind::Inward, task);
        }
    }
}

/// The virtual server that balances over one of these.
fn chosen<'a>(namespace: &'a Namespace, ends: &[(EntityId, Option<IpAddr>)]) -> Option<&'a VirtualServer> {
    let has = |address: IpAddr| ends.iter().any(|(_, end)| *end == Some(address));
    let services = &namespace.ipvs.as_ref()?.services;
    services.iter().find(|service| service.servers.iter().any(|server| has(server.address.address)))
}

/// The address that a rule gives to what IPVS sends on (`-m ipvs --ipvs -j SNAT`), so that the answer comes back.
fn hides(namespace: &Namespace) -> Option<IpAddr> {
    let tables = namespace.firewall.iter().flat_map(|ruleset| &ruleset.tables);
    let rules = tables.flat_map(|table| &table.chains).flat_map(|chain| &chain.rules);
    rules.filter(|rule| rule.expressions.iter().any(is_of_ipvs)).find_map(|rule| {
        rule.expressions.iter().find_map(|expression| match expression {
            Expression::XtTarget(target) => match &**target {
                XtTarget::Snat { to } => to.addresses.map(|(first, _)| first),
                _ => None,
            },
            _ => None,
        })
    })
}

/// Whether a task's namespace has the rule that leads the published port to the one it listens on.
fn redirects(namespace: &Namespace, port: &SwarmPort) -> bool {
    namespace.firewall.iter().flat_map(|ruleset| &ruleset.tables).any(|table| {
        let rules = table.chains.iter().flat_map(|chain| chain.rules.iter().map(move |rule| (chain, rule)));
        rules.flat_map(|(chain, rule)| summarise(table, chain, rule)).any(|summary| {
            let leads_there =
                matches!(summary.action, Action::Redirect { port: Some(to) } if to.first == port.target_port);
            leads_there && summary.destination_ports.iter().any(|it| !it.not && it.value.contains(port.published_port))
        })
    })
}

fn is_of_ipvs(expression: &Expression) -> bool {
    matches!(expression, Expression::Xt(question) if matches!(**question, XtMatch::Ipvs { .. }))
}

/// What a host shows of the mesh when no manager is observed.
fn bare(chart: &mut Chart, source: &Source<'_>, host: &Host) {
    let Some(namespace) = host.namespaces.iter().find(|namespace| namespace.kind == NamespaceKind::Ingress) else {
        return;
    };
    let row = chart.row();
    let entity: EntityId = host.id.child("published", "mesh");
    let own = uplink(source, host).map(address).unwrap_or_default();
    chart.cell(NODE, row..row + 1, Look::Interface, &entity, host.name.to_string()).line(own);
    // Nothing is known to come in this way.
    chart.link(row, OUTSIDE, NODE, EdgeKind::Uplink, &entity);
    chart.link(row, NODE, MESH, EdgeKind::Attachment, &entity);
    let services = namespace.ipvs.as_ref().map(|ipvs| ipvs.services.as_slice()).unwrap_or_default();
    let mut lines: Vec<String> = services
        .iter()
        .map(|it| {
            let mark = it.mark.map(|mark| format!(" · mark {mark:#x}")).unwrap_or_default();
            format!("IPVS {}{mark} × {}", it.scheduler, it.servers.len())
        })
        .collect();
    if lines.is_empty() {
        let is_unread = is_balancer_unread(host, namespace);
        lines.push(source.word(if is_unread { Word::NotSeen } else { Word::MeshNotProgrammed }));
    }
    let title = namespace.name.to_string();
    chart.cell(MESH, row..row + 1, Look::Translation, &namespace.id, title).lines = lines;
}

/// Whether virtual servers may be there that were not read.
fn is_balancer_unread(host: &Host, namespace: &Namespace) -> bool {
    namespace.ipvs.is_none() && !host.was_read(SourceKind::Ipvs, Some(namespace.inode))
}

fn running<'a>(swarm: &'a Swarm, service: &SwarmService) -> Vec<&'a SwarmTask> {
    let mut tasks: Vec<_> =
        swarm.tasks.iter().filter(|it| it.service_id == service.service_id && it.state == "running").collect();
    tasks.sort_by_key(|task| (task.slot, &task.task_id));
    tasks
}

fn network<'a>(source: &Source<'a>, id: &str) -> Option<&'a Network> {
    source.snapshot.hosts.iter().flat_map(|host| &host.networks).find(|network| network.network_id == id)
}

fn bare_address(net: &str) -> String {
    net.split('/').next().unwrap_or_default().to_owned()
}
