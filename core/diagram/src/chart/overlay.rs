//! Overlay networks: on each host the overlay's own namespace with its bridge and its VXLAN device, the host's interface
//! that carries the tunnel, and the other hosts at its far ends.

use bridgewalk_model::{
    kernel::LinkKind,
    snapshot::{Host, Interface, Namespace, Network},
};

use super::{Chart, Look, Mark, Source, address, end_lines, uplink};
use crate::{Detail, Word, scene::EdgeKind};

const CONTAINER: usize = 0;
const BRIDGE: usize = 1;
const TUNNEL: usize = 2;
const UPLINK: usize = 3;
const PEER: usize = 4;

pub(super) fn chart(source: &Source<'_>) -> Chart {
    let lanes = [Word::Containers, Word::Bridges, Word::TunnelEnd, Word::Interfaces, Word::Peers];
    let mut chart = Chart::new(source.word(Word::ViewOverlay), lanes.map(|word| source.word(word)).to_vec());
    for host in &source.snapshot.hosts {
        let first = chart.rows;
        let overlays = host.networks.iter().filter(|network| network.driver.as_str() == "overlay");
        for network in overlays.filter(|network| source.shows_network(network)) {
            rows(&mut chart, source, host, network);
        }
        let rows = first..chart.rows;
        if let (false, Some(interface)) = (rows.is_empty(), uplink(host)) {
            let cell = chart.cell(UPLINK, rows.clone(), Look::Interface, &interface.id, interface.name.to_string());
            cell.line(address(interface));
        }
        // Outer frames are painted first.
        let at = chart.frames.len();
        chart.frame(CONTAINER..UPLINK + 1, rows, Look::Host, &host.id, host.name.to_string(), source.host_note(host));
        if chart.frames.len() > at {
            chart.frames.rotate_right(1);
        }
    }
    chart
}

fn rows(chart: &mut Chart, source: &Source<'_>, host: &Host, network: &Network) {
    let namespace = network.namespace.as_ref().and_then(|id| host.namespace(id));
    let own = host.engine.as_ref().and_then(|engine| engine.swarm_address);
    let members: Vec<_> = host
        .containers
        .iter()
        .filter(|container| source.shows(container) && container.state.is_alive())
        .filter_map(|container| Some((container, container.attachments.iter().find(|end| end.network == network.id)?)))
        .collect();
    let peers: Vec<_> = network.peers.iter().filter(|peer| peer.address.is_some() && peer.address != own).collect();
    if namespace.is_none() && members.is_empty() {
        return;
    }
    let start = chart.rows;
    for number in 0..members.len().max(peers.len()).max(1) {
        let row = chart.row();
        if let Some((container, end)) = members.get(number) {
            let (title, mut lines) = end_lines(source, host, end);
            lines.insert(0, title);
            let cell = chart.cell(CONTAINER, row..row + 1, Look::Container, &container.id, container.name.to_string());
            cell.lines = lines;
            chart.cable(row, BRIDGE, CONTAINER, &container.id);
        }
        if let Some(peer) = peers.get(number) {
            let text = peer.address.map(|address| address.to_string()).unwrap_or_default();
            let entity = network.id.child("peer", &text);
            let name = known(source, &text).unwrap_or_else(|| peer.name.clone());
            let cell = chart.cell(PEER, row..row + 1, Look::Outside, &entity, text);
            cell.mono().mark(Mark::Globe).line(name);
            chart.link(row, TUNNEL, UPLINK, EdgeKind::Tunnel, &entity);
            chart.link(row, UPLINK, PEER, EdgeKind::Tunnel, &entity);
        }
    }
    let rows = start..chart.rows;
    let subnet = network.pools.first().map(|pool| pool.subnet.to_string()).unwrap_or_default();
    let bridge = network.bridge.as_ref().and_then(|id| host.interface(id));
    let cell = chart.cell(BRIDGE, rows.clone(), Look::Bridge, &network.id, network.name.to_string());
    cell.line(bridge.map(|bridge| bridge.name.to_string()).unwrap_or_default()).line(subnet);
    if let Some(namespace) = namespace {
        if let Some((interface, lines)) = tunnel(source, namespace) {
            let cell = chart.cell(TUNNEL, rows.clone(), Look::Interface, &interface.id, interface.name.to_string());
            cell.lines = lines;
            chart.link(start, BRIDGE, TUNNEL, EdgeKind::Attachment, &interface.id);
        }
        let title = format!("{} {}", source.word(Word::Namespace), namespace.name);
        chart.frame(BRIDGE..TUNNEL + 1, rows, Look::Namespace, &namespace.id, title, String::new());
    }
}

/// The name of the host that has this address, if it is observed too.
fn known(source: &Source<'_>, peer: &str) -> Option<String> {
    let has = |interface: &Interface| interface.addresses.iter().any(|own| own.address.to_string() == peer);
    source
        .snapshot
        .hosts
        .iter()
        .find(|host| host.own_namespace().is_some_and(|namespace| namespace.interfaces.iter().any(has)))
        .map(|host| host.name.to_string())
}

fn tunnel<'a>(source: &Source<'_>, namespace: &'a Namespace) -> Option<(&'a Interface, Vec<String>)> {
    namespace.interfaces.iter().find_map(|interface| match &interface.link.kind {
        LinkKind::Vxlan { vni, port, .. } => {
            let mut lines = vec![format!("VNI {vni}"), format!("udp {port}")];
            if source.has(Detail::Everything) {
                lines.push(format!("mtu {}", interface.link.mtu));
                lines.extend(
                    interface
                        .fdb
                        .iter()
                        .filter_map(|entry| entry.remote.map(|remote| format!("{} → {remote}", entry.mac_address))),
                );
            }
            Some((interface, lines))
        }
        _ => None,
    })
}
