//! The classic picture of a bridge network: the bridge as a switch with its ports, a cable from each to an interface in
//! a container's namespace, with addresses.

use bridgewalk_model::{
    EntityId,
    snapshot::{Host, Interface, Network},
};

use super::{Chart, Look, Source, address, device_lines, end_lines, quiet_ends};
use crate::{Detail, Word};

const BRIDGE: usize = 0;
const INTERFACE: usize = 1;

pub(super) fn chart(source: &Source<'_>) -> Chart {
    let lanes = [Word::BridgesWithPorts, Word::ContainerInterfaces];
    let mut chart = Chart::new(source.word(Word::ViewBridge), lanes.map(|word| source.word(word)).to_vec());
    for host in &source.snapshot.hosts {
        let first = chart.rows;
        let bridges = host.networks.iter().filter(|network| network.driver.as_str() == "bridge");
        for network in bridges.filter(|network| source.shows_network(network)) {
            let start = chart.rows;
            ports(&mut chart, source, host, network);
            let rows = start..chart.rows;
            let mut lines = device_lines(source, host, network);
            if network.is_internal {
                lines.push(source.word(Word::Internal));
            }
            let name = network.name.to_string();
            if source.has(Detail::Plumbing) {
                // The veths are the ports: they stand in the bridge.
                chart.frame(BRIDGE..BRIDGE + 1, rows, Look::Bridge, &network.id, name, lines.join(" · "));
            } else if !rows.is_empty() {
                chart.cell(BRIDGE, rows, Look::Bridge, &network.id, name).lines = lines;
            }
        }
        let rows = first..chart.rows;
        chart.frame(BRIDGE..INTERFACE + 1, rows, Look::Host, &host.id, host.name.to_string(), source.host_note(host));
    }
    chart
}

/// A container's (or other namespace's) end of a cable.
struct End<'a> {
    /// The bridge's port; none: not seen.
    near: Option<&'a Interface>,
    /// The interface, or what stands for it where it is not seen.
    entity: EntityId,
    title: String,
    lines: Vec<String>,
    /// Whose it is.
    owner: (Look, EntityId, String),
    note: String,
}

fn ports(chart: &mut Chart, source: &Source<'_>, host: &Host, network: &Network) {
    for end in container_ends(source, host, network).into_iter().chain(other_ends(source, host, network)) {
        let row = chart.row();
        let cell = chart.cell(INTERFACE, row..row + 1, Look::Interface, &end.entity, end.title);
        cell.is_mono = true;
        cell.lines = end.lines;
        if source.has(Detail::Plumbing) {
            let (id, name) = end.near.map_or_else(
                || (end.entity.child("port", "unseen"), "?".to_owned()),
                |near| (near.id.clone(), near.name.to_string()),
            );
            let cell = chart.cell(BRIDGE, row..row + 1, Look::Interface, &id, name);
            cell.is_mono = true;
            if let Some(near) = end.near.filter(|_| source.has(Detail::Everything)) {
                cell.line(format!("if {} · mtu {}", near.link.if_index, near.link.mtu));
            }
            chart.cable(row, BRIDGE, INTERFACE, &id);
        } else {
            chart.cable(row, BRIDGE, INTERFACE, &end.entity);
        }
        let (look, owner, name) = end.owner;
        chart.frame(INTERFACE..INTERFACE + 1, row..row + 1, look, &owner, name, end.note);
    }
}

fn container_ends<'a>(source: &Source<'_>, host: &'a Host, network: &Network) -> Vec<End<'a>> {
    let mut ends = Vec::new();
    for container in host.containers.iter().filter(|container| source.shows(container) && container.state.is_alive()) {
        let Some(end) = container.attachments.iter().find(|end| end.network == network.id) else { continue };
        let (title, lines) = end_lines(source, host, end);
        let entity = end.interface.clone().unwrap_or_else(|| container.id.child("end", network.name.raw()));
        let others: Vec<&str> = container
            .attachments
            .iter()
            .filter(|other| other.network != network.id)
            .map(|other| other.network_name.as_str())
            .collect();
        let note = if others.is_empty() {
            String::new()
        } else {
            format!("{} {}", source.word(Word::AlsoOn), others.join(", "))
        };
        let frame = container.namespace.as_ref().unwrap_or(&container.id).clone();
        let near = source.graph().near_end(&entity).and_then(|near| host.interface(near));
        ends.push(End {
            near,
            entity,
            title,
            lines,
            owner: (source.look(host, container), frame, source.name(container)),
            note,
        });
    }
    ends
}

/// Who is in the bridge without Docker saying so: an overlay's containers, and the Swarm's ingress, on their way out.
fn other_ends<'a>(source: &Source<'a>, host: &'a Host, network: &Network) -> Vec<End<'a>> {
    let mut ends = Vec::new();
    for end in quiet_ends(source, host, network) {
        let container = end.namespace.containers.first().and_then(|id| host.container(id));
        if container.is_some_and(|container| !source.shows(container)) {
            continue;
        }
        let (look, name) = match container {
            Some(container) => (source.look(host, container), source.name(container)),
            None => (Look::Namespace, end.namespace.name.to_string()),
        };
        let (interface, address) = (end.interface, address(end.interface));
        let (title, mut lines) = if source.has(Detail::Plumbing) {
            (interface.name.to_string(), vec![address])
        } else {
            (address, Vec::new())
        };
        if source.has(Detail::Everything) {
            lines.extend(interface.mac_address().map(|mac| mac.to_string()));
            lines.push(format!("if {} · mtu {}", interface.link.if_index, interface.link.mtu));
        }
        let owner = (look, end.namespace.id.clone(), name);
        let near = host.interface(end.near);
        ends.push(End { near, entity: interface.id.clone(), title, lines, owner, note: String::new() });
    }
    ends
}
