//! The classic picture of a bridge network: the bridge as a switch with its ports, a cable from each to an interface in
//! a container's namespace, with addresses.

use bridgewalk_model::snapshot::{Host, Network};

use super::{Chart, Look, Source, device_lines, end_lines};
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

fn ports(chart: &mut Chart, source: &Source<'_>, host: &Host, network: &Network) {
    for container in host.containers.iter().filter(|container| source.shows(container)) {
        let Some(end) = container.attachments.iter().find(|end| end.network == network.id) else { continue };
        if !container.state.is_alive() {
            continue;
        }
        let row = chart.row();
        let (title, lines) = end_lines(source, host, end);
        let entity = end.interface.clone().unwrap_or_else(|| container.id.child("end", network.name.as_str()));
        let cell = chart.cell(INTERFACE, row..row + 1, Look::Interface, &entity, title);
        cell.is_mono = true;
        cell.lines = lines;
        let pair = host.veths.iter().find(|pair| pair.far.interface == entity);
        let near = pair.and_then(|pair| host.interface(&pair.near.interface));
        if source.has(Detail::Plumbing) {
            let (id, name) = near.map_or_else(
                || (entity.child("port", "unseen"), "?".to_owned()),
                |near| (near.id.clone(), near.name.to_string()),
            );
            let cell = chart.cell(BRIDGE, row..row + 1, Look::Interface, &id, name);
            cell.is_mono = true;
            if let Some(near) = near.filter(|_| source.has(Detail::Everything)) {
                cell.line(format!("if {} · mtu {}", near.link.if_index, near.link.mtu));
            }
            chart.cable(row, BRIDGE, INTERFACE, &id);
        } else {
            chart.cable(row, BRIDGE, INTERFACE, &entity);
        }
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
        let frame = container.namespace.as_ref().unwrap_or(&container.id);
        chart.frame(INTERFACE..INTERFACE + 1, row..row + 1, Look::Container, frame, container.name.to_string(), note);
    }
}
