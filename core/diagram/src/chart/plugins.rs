//! Networks of other drivers: macvlan and ipvlan put a container straight onto the parent's own network, without bridge
//! or translation; a remote driver does what we can only see the outcome of.

use bridgewalk_model::{
    kernel::LinkKind,
    snapshot::{Host, Network},
};

use super::{Chart, Look, Source, address, end_lines};
use crate::{Detail, Word, content::subnets_of, scene::EdgeKind};

const OUTSIDE: usize = 0;
const PARENT: usize = 1;
const NETWORK: usize = 2;
const INTERFACE: usize = 3;

pub(super) fn chart(source: &Source<'_>) -> Chart {
    let lanes = [Word::OutsideNote, Word::ParentInterface, Word::Networks, Word::ContainerInterfaces];
    let mut chart = Chart::new(source.word(Word::ViewPlugins), lanes.map(|word| source.word(word)).to_vec());
    for host in &source.snapshot.hosts {
        let first = chart.rows;
        for network in host.networks.iter().filter(|network| source.shows_network(network)) {
            if !matches!(network.driver.as_str(), "bridge" | "host" | "null" | "overlay") {
                rows(&mut chart, source, host, network);
            }
        }
        let rows = first..chart.rows;
        chart.frame(PARENT..INTERFACE + 1, rows, Look::Host, &host.id, host.name.to_string(), source.host_note(host));
    }
    let rows = 0..chart.rows;
    chart.outside(source, OUTSIDE, rows);
    // Outer frames are painted first.
    chart.frames.sort_by_key(|frame| frame.look != Look::Host);
    chart
}

fn rows(chart: &mut Chart, source: &Source<'_>, host: &Host, network: &Network) {
    let start = chart.rows;
    let mut mode = None;
    for container in host.containers.iter().filter(|container| source.shows(container) && container.state.is_alive()) {
        let Some(end) = container.attachments.iter().find(|end| end.network == network.id) else { continue };
        let row = chart.row();
        let interface = end.interface.as_ref().and_then(|id| host.interface(id));
        if let Some(LinkKind::Macvlan { mode: seen } | LinkKind::Ipvlan { mode: seen }) =
            interface.map(|interface| &interface.link.kind)
        {
            mode = Some(seen.clone());
        }
        let (title, lines) = end_lines(source, host, end);
        let entity = end.interface.clone().unwrap_or_else(|| container.id.child("end", network.name.raw()));
        let cell = chart.cell(INTERFACE, row..row + 1, Look::Interface, &entity, title);
        cell.is_mono = true;
        cell.lines = lines;
        chart.link(row, NETWORK, INTERFACE, EdgeKind::Attachment, &entity);
        let frame = container.namespace.as_ref().unwrap_or(&container.id);
        let note = container.image.to_string();
        chart.frame(
            INTERFACE..INTERFACE + 1,
            row..row + 1,
            source.look(host, container),
            frame,
            source.name(container),
            note,
        );
    }
    if chart.rows == start {
        chart.row();
    }
    let rows = start..chart.rows;
    let cell = chart.cell(NETWORK, rows.clone(), Look::Namespace, &network.id, network.name.to_string());
    cell.line(match mode {
        Some(mode) if source.has(Detail::Plumbing) => format!("{} · {mode}", network.driver),
        _ => network.driver.to_string(),
    });
    cell.lines.extend(subnets_of(network));
    if let Some(parent) = source.graph().parent(&network.id).and_then(|id| host.interface(id)) {
        let cell = chart.cell(PARENT, rows.clone(), Look::Interface, &parent.id, parent.name.to_string());
        cell.line(address(parent)).line(source.word(Word::NoBridgeNoNat));
        chart.trunk(&rows, OUTSIDE, PARENT, EdgeKind::Uplink, &parent.id);
        chart.trunk(&rows, PARENT, NETWORK, EdgeKind::Attachment, &parent.id);
    }
}
