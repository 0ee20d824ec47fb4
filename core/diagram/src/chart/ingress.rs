//! A Swarm's ingress: a published port is open on every node; the mesh's own namespace balances what comes in over the
//! service's tasks, on whichever node they run.

use bridgewalk_model::{
    EntityId,
    engine::{Swarm, SwarmPort, SwarmService},
    snapshot::{Host, Namespace, NamespaceKind},
};

use super::{Chart, Look, Mark, Source, address, uplink};
use crate::{Detail, Word, content::Reach, scene::EdgeKind};

const OUTSIDE: usize = 0;
const NODE: usize = 1;
const MESH: usize = 2;
const TASK: usize = 3;

pub(super) fn chart(source: &Source<'_>) -> Chart {
    let lanes = [Word::OutsideNote, Word::EveryNode, Word::IngressNamespace, Word::Tasks];
    let mut chart = Chart::new(source.word(Word::ViewIngress), lanes.map(|word| source.word(word)).to_vec());
    let manager = source.snapshot.hosts.iter().find_map(|host| Some((host, host.swarm.as_deref()?)));
    if let Some((host, swarm)) = manager {
        for service in &swarm.services {
            for port in service.ports.iter().filter(|port| port.mode == "ingress") {
                rows(&mut chart, source, host, swarm, service, port);
            }
        }
    }
    if chart.rows == 0 {
        for host in &source.snapshot.hosts {
            bare(&mut chart, source, host);
        }
    }
    let rows = 0..chart.rows;
    chart.outside(source, OUTSIDE, rows);
    chart
}

fn rows(chart: &mut Chart, source: &Source<'_>, host: &Host, swarm: &Swarm, service: &SwarmService, port: &SwarmPort) {
    let tasks: Vec<_> =
        swarm.tasks.iter().filter(|task| task.service_id == service.service_id && task.state == "running").collect();
    let start = chart.rows;
    let published = format!("{}/{}", port.published_port, port.transport);
    for number in 0..swarm.nodes.len().max(tasks.len()).max(1) {
        let row = chart.row();
        if let Some(node) = swarm.nodes.get(number) {
            let known = source.snapshot.hosts.iter().find(|host| host.name.as_str() == node.host_name);
            let owner = known.map_or_else(|| host.id.child("node", &node.host_name), |host| host.id.clone());
            let entity = owner.child("published", &published);
            let address = node
                .address
                .filter(|address| !address.is_unspecified())
                .map(|address| address.to_string())
                .or_else(|| known.and_then(uplink).map(address))
                .unwrap_or_default();
            let own = address.split('/').next().unwrap_or_default();
            let cell =
                chart.cell(NODE, row..row + 1, Look::Interface, &entity, format!("{own}:{}", port.published_port));
            cell.mono().mark(Mark::Reach(Reach::Everyone)).line(node.host_name.clone());
            chart.link(row, OUTSIDE, NODE, EdgeKind::Inward, &entity);
            chart.link(row, NODE, MESH, EdgeKind::Inward, &entity);
        }
        if let Some(task) = tasks.get(number) {
            let hosts = &source.snapshot.hosts;
            let container = hosts
                .iter()
                .flat_map(|host| &host.containers)
                .find(|container| Some(container.container_id.as_str()) == task.container_id.as_deref());
            let entity =
                container.map_or_else(|| host.id.child("task", &task.task_id), |container| container.id.clone());
            let name = format!("{}.{}", service.name, task.slot.unwrap_or_default());
            let network =
                |id: &str| hosts.iter().flat_map(|host| &host.networks).find(|network| network.network_id == id);
            let address = task
                .addresses
                .iter()
                .find(|end| network(&end.network_id).is_some_and(|network| network.is_ingress))
                .and_then(|end| end.address);
            let on = swarm.nodes.iter().find(|node| node.node_id == task.node_id);
            let cell = chart.cell(TASK, row..row + 1, Look::Container, &entity, name);
            cell.line(address.map(|net| format!("{}:{}", net.addr(), port.target_port)).unwrap_or_default());
            cell.line(on.map(|node| node.host_name.clone()).unwrap_or_default());
            chart.link(row, MESH, TASK, EdgeKind::Inward, &entity);
        }
    }
    mesh(chart, source, host, start..chart.rows, &service.name, Some(port));
}

/// The mesh's namespace, with what the kernel really balances over.
fn mesh(
    chart: &mut Chart,
    source: &Source<'_>,
    host: &Host,
    rows: std::ops::Range<usize>,
    title: &str,
    port: Option<&SwarmPort>,
) {
    let namespace = host.namespaces.iter().find(|namespace| namespace.kind == NamespaceKind::Ingress);
    let entity =
        namespace.map_or_else(|| host.id.child("ingress", title), |namespace| namespace.id.child("balance", title));
    let look = if namespace.is_some() { Look::Translation } else { Look::Absent };
    let cell = chart.cell(MESH, rows, look, &entity, title.to_owned());
    if let Some(port) = port {
        cell.line(format!("{} → {}/{}", port.published_port, port.target_port, port.transport));
    }
    let name = namespace.map(|namespace| namespace.name.to_string()).filter(|name| name != title);
    cell.line(name.unwrap_or_default());
    for line in balancing(source, namespace) {
        cell.line(line);
    }
}

fn balancing(source: &Source<'_>, namespace: Option<&Namespace>) -> Vec<String> {
    let Some(namespace) = namespace.filter(|_| source.has(Detail::Plumbing)) else { return Vec::new() };
    let Some(ipvs) = namespace.ipvs.as_ref().filter(|ipvs| !ipvs.services.is_empty()) else {
        return vec![source.word(Word::MeshNotProgrammed)];
    };
    let mut lines = Vec::new();
    for service in &ipvs.services {
        let mark = service.mark.map(|mark| format!("mark {mark:#x}")).unwrap_or_default();
        lines.push(format!("IPVS {mark} {} × {}", service.scheduler, service.servers.len()));
        if source.has(Detail::Everything) {
            lines.extend(
                service.servers.iter().map(|server| format!("→ {} {}", server.address.address, server.forwarding)),
            );
        }
    }
    lines
}

/// What a host shows of the mesh when no manager is observed.
fn bare(chart: &mut Chart, source: &Source<'_>, host: &Host) {
    let Some(namespace) = host.namespaces.iter().find(|namespace| namespace.kind == NamespaceKind::Ingress) else {
        return;
    };
    let row = chart.row();
    let entity: EntityId = host.id.child("published", "mesh");
    let own = uplink(host).map(address).unwrap_or_default();
    chart.cell(NODE, row..row + 1, Look::Interface, &entity, host.name.to_string()).line(own);
    chart.link(row, OUTSIDE, NODE, EdgeKind::Inward, &entity);
    chart.link(row, NODE, MESH, EdgeKind::Inward, &entity);
    mesh(chart, source, host, row..row + 1, namespace.name.as_str(), None);
}
