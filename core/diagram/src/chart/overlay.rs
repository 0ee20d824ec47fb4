//! Overlay networks: on each host the overlay's own namespace with its bridge and its VXLAN device, the host's interface
//! that carries the tunnel, and the other hosts at its far ends. Where both ends are observed they face each other, the
//! tunnel between them.

use std::{net::IpAddr, ops::Range};

use bridgewalk_model::{
    EntityId,
    kernel::LinkKind,
    snapshot::{Host, Interface, Namespace, NamespaceKind, Network},
};

use super::{Chart, Look, Mark, Source, address, end_lines, quiet_ends, uplink};
use crate::{Detail, Word, content::subnets_of, scene::EdgeKind};

/// The lanes of one host.
#[derive(Clone, Copy)]
struct Side {
    container: usize,
    bridge: usize,
    tunnel: usize,
    uplink: usize,
}

const LEFT: Side = Side { container: 0, bridge: 1, tunnel: 2, uplink: 3 };
/// Beyond the left side: another host, or the tunnel to the right side.
const BEYOND: usize = 4;
const RIGHT: Side = Side { container: 8, bridge: 7, tunnel: 6, uplink: 5 };

/// Who is on the overlay.
struct Member {
    entity: EntityId,
    look: Look,
    name: String,
    lines: Vec<String>,
}

/// An overlay as one host has it.
struct Overlay<'a> {
    network: &'a Network,
    namespace: Option<&'a Namespace>,
    members: Vec<Member>,
}

pub(super) fn chart(source: &Source<'_>) -> Chart {
    let hosts: Vec<(&Host, Vec<Overlay<'_>>)> = source
        .snapshot
        .hosts
        .iter()
        .map(|host| (host, overlays(source, host)))
        .filter(|(_, overlays)| !overlays.is_empty())
        .collect();
    match &hosts[..] {
        [left, right] if are_peers(left, right) => pair(source, left, right),
        _ => alone(source, &hosts),
    }
}

fn overlays<'a>(source: &Source<'_>, host: &'a Host) -> Vec<Overlay<'a>> {
    let networks =
        host.networks.iter().filter(|it| it.driver.as_str() == "overlay").filter(|it| source.shows_network(it));
    let mut overlays: Vec<Overlay<'a>> = networks
        .map(|network| Overlay {
            network,
            namespace: network.namespace.as_ref().and_then(|id| host.namespace(id)),
            members: members(source, host, network),
        })
        .filter(|overlay| overlay.namespace.is_some() || !overlay.members.is_empty())
        .collect();
    // The ingress is everybody's: one's own networks first.
    overlays.sort_by(|a, b| (a.network.is_ingress, &a.network.name).cmp(&(b.network.is_ingress, &b.network.name)));
    overlays
}

/// The containers; and of the Swarm's own namespaces the ingress, and load balancers that balance something.
fn members(source: &Source<'_>, host: &Host, network: &Network) -> Vec<Member> {
    let mut members = Vec::new();
    for container in host.containers.iter().filter(|container| source.shows(container) && container.state.is_alive()) {
        if let Some(end) = container.attachments.iter().find(|end| end.network == network.id) {
            let (title, mut lines) = end_lines(source, host, end);
            lines.insert(0, title);
            let (entity, look) = (container.id.clone(), source.look(host, container));
            members.push(Member { entity, look, name: source.name(container), lines });
        }
    }
    for end in quiet_ends(source, host, network) {
        let is_shown = match end.namespace.kind {
            NamespaceKind::Ingress => true,
            NamespaceKind::LoadBalancer => {
                end.namespace.ipvs.as_ref().is_some_and(|ipvs| !ipvs.services.is_empty())
                    || source.has(Detail::Everything)
            }
            _ => false,
        };
        if is_shown && source.has(Detail::Plumbing) {
            let lines = vec![end.interface.name.to_string(), address(end.interface)];
            let entity = end.namespace.id.clone();
            members.push(Member { entity, look: Look::Namespace, name: end.namespace.name.to_string(), lines });
        }
    }
    members
}

/// Whether the one's overlays have the other among their far ends.
fn are_peers(left: &(&Host, Vec<Overlay<'_>>), right: &(&Host, Vec<Overlay<'_>>)) -> bool {
    let knows = |(from, overlays): &(&Host, Vec<Overlay<'_>>), to: &Host| {
        overlays.iter().any(|overlay| far_ends(from, overlay.network).any(|far| has_address(to, far)))
    };
    knows(left, right.0) || knows(right, left.0)
}

/// Two hosts that face each other.
fn pair(source: &Source<'_>, left: &(&Host, Vec<Overlay<'_>>), right: &(&Host, Vec<Overlay<'_>>)) -> Chart {
    let lanes = [Word::Containers, Word::Bridges, Word::TunnelEnd, Word::Interfaces, Word::BetweenHosts];
    let mirrored = lanes.iter().chain(lanes[..4].iter().rev());
    let mut chart = Chart::new(source.word(Word::ViewOverlay), mirrored.map(|word| source.word(*word)).collect());
    let twin = |of: &Overlay<'_>, among: &[Overlay<'_>]| {
        among.iter().position(|other| other.network.network_id == of.network.network_id)
    };
    let mut couples: Vec<(Option<usize>, Option<usize>)> =
        left.1.iter().enumerate().map(|(at, overlay)| (Some(at), twin(overlay, &right.1))).collect();
    couples.extend((0..right.1.len()).filter(|at| twin(&right.1[*at], &left.1).is_none()).map(|at| (None, Some(at))));
    for (on_left, on_right) in couples {
        let (on_left, on_right) = (on_left.map(|at| &left.1[at]), on_right.map(|at| &right.1[at]));
        let count = [on_left, on_right].into_iter().flatten().map(|overlay| overlay.members.len()).max();
        let rows = chart.rows..chart.rows + count.unwrap_or_default().max(1);
        chart.rows = rows.end;
        for (overlay, host, side) in [(on_left, left.0, LEFT), (on_right, right.0, RIGHT)] {
            let Some(overlay) = overlay else { continue };
            half(&mut chart, source, overlay, &rows, side);
            let other = if side.container == LEFT.container { right.0 } else { left.0 };
            if far_ends(host, overlay.network).any(|far| has_address(other, far)) {
                let entity = overlay.network.id.child("tunnel", other.name.raw());
                if !chart.cells.iter().any(|cell| cell.lane == BEYOND && cell.rows == rows) {
                    let cell = chart.cell(BEYOND, rows.clone(), Look::Outside, &entity, source.word(Word::VxlanTunnel));
                    if let Some((_, lines)) = overlay.namespace.and_then(|it| tunnel(source, it, false)) {
                        cell.lines = lines;
                    }
                }
                chart.trunk(&rows, side.tunnel, side.uplink, EdgeKind::Tunnel, &entity);
                chart.trunk(&rows, side.uplink, BEYOND, EdgeKind::Tunnel, &entity);
            }
        }
    }
    let rows = 0..chart.rows;
    for (host, side) in [(left.0, LEFT), (right.0, RIGHT)] {
        carrier(&mut chart, source, host, rows.clone(), side);
        let lanes = side.container.min(side.uplink)..side.container.max(side.uplink) + 1;
        chart.frame(lanes, rows.clone(), Look::Host, &host.id, host.name.to_string(), source.host_note(host));
    }
    outer_first(&mut chart);
    chart
}

/// Each host for itself, the other hosts at its tunnels' far ends.
fn alone(source: &Source<'_>, hosts: &[(&Host, Vec<Overlay<'_>>)]) -> Chart {
    let lanes = [Word::Containers, Word::Bridges, Word::TunnelEnd, Word::Interfaces, Word::Peers];
    let has_peers = hosts
        .iter()
        .any(|(host, overlays)| overlays.iter().any(|overlay| far_ends(host, overlay.network).next().is_some()));
    let lanes = lanes[..if has_peers { 5 } else { 4 }].iter().map(|word| source.word(*word));
    let mut chart = Chart::new(source.word(Word::ViewOverlay), lanes.collect());
    for (host, overlays) in hosts {
        let first = chart.rows;
        for overlay in overlays {
            let peers: Vec<IpAddr> = far_ends(host, overlay.network).collect();
            let rows = chart.rows..chart.rows + overlay.members.len().max(peers.len()).max(1);
            chart.rows = rows.end;
            half(&mut chart, source, overlay, &rows, LEFT);
            for (row, peer) in rows.clone().zip(&peers) {
                let text = peer.to_string();
                let entity = overlay.network.id.child("peer", &text);
                let name = source.snapshot.hosts.iter().find(|host| has_address(host, *peer));
                let cell = chart.cell(BEYOND, row..row + 1, Look::Outside, &entity, text);
                cell.mono().mark(Mark::Globe).line(name.map(|host| host.name.to_string()).unwrap_or_default());
                chart.link(row, LEFT.tunnel, LEFT.uplink, EdgeKind::Tunnel, &entity);
                chart.link(row, LEFT.uplink, BEYOND, EdgeKind::Tunnel, &entity);
            }
        }
        let rows = first..chart.rows;
        carrier(&mut chart, source, host, rows.clone(), LEFT);
        let lanes = LEFT.container..LEFT.uplink + 1;
        chart.frame(lanes, rows, Look::Host, &host.id, host.name.to_string(), source.host_note(host));
    }
    outer_first(&mut chart);
    chart
}

/// Outer frames are painted first.
fn outer_first(chart: &mut Chart) {
    chart.frames.sort_by_key(|frame| frame.look != Look::Host);
}

/// One host's part of an overlay.
fn half(chart: &mut Chart, source: &Source<'_>, overlay: &Overlay<'_>, rows: &Range<usize>, side: Side) {
    let network = overlay.network;
    for (row, member) in rows.clone().zip(&overlay.members) {
        let cell = chart.cell(side.container, row..row + 1, member.look, &member.entity, member.name.clone());
        cell.lines.clone_from(&member.lines);
        chart.cable(row, side.bridge, side.container, &member.entity);
    }
    let bridge = network.bridge.as_ref().zip(overlay.namespace);
    let bridge = bridge.and_then(|(id, namespace)| namespace.interfaces.iter().find(|it| it.id == *id));
    let cell = chart.cell(side.bridge, rows.clone(), Look::Bridge, &network.id, network.name.to_string());
    cell.line(bridge.map(|bridge| bridge.name.to_string()).unwrap_or_default()).lines.extend(subnets_of(network));
    let Some(namespace) = overlay.namespace else { return };
    if let Some((interface, lines)) = tunnel(source, namespace, true) {
        let cell = chart.cell(side.tunnel, rows.clone(), Look::Interface, &interface.id, interface.name.to_string());
        cell.lines = lines;
        chart.trunk(rows, side.bridge, side.tunnel, EdgeKind::Attachment, &interface.id);
    }
    let title = format!("{} {}", source.word(Word::Namespace), namespace.name);
    let lanes = side.bridge.min(side.tunnel)..side.bridge.max(side.tunnel) + 1;
    chart.frame(lanes, rows.clone(), Look::Namespace, &namespace.id, title, String::new());
}

/// The interface that carries a host's tunnels.
fn carrier(chart: &mut Chart, source: &Source<'_>, host: &Host, rows: Range<usize>, side: Side) {
    if let Some(interface) = uplink(source, host) {
        let cell = chart.cell(side.uplink, rows, Look::Interface, &interface.id, interface.name.to_string());
        cell.line(address(interface));
    }
}

/// The other hosts of a network, by address.
fn far_ends<'a>(host: &'a Host, network: &'a Network) -> impl Iterator<Item = IpAddr> + 'a {
    let own = host.engine.as_ref().and_then(|engine| engine.swarm_address);
    network.peers.iter().filter_map(|peer| peer.address).filter(move |address| Some(*address) != own)
}

fn has_address(host: &Host, address: IpAddr) -> bool {
    let has = |interface: &Interface| interface.addresses.iter().any(|own| own.address == address);
    host.own_namespace().is_some_and(|namespace| namespace.interfaces.iter().any(has))
}

/// The tunnel's end in an overlay's namespace, with what is learned there if `with_entries`.
fn tunnel<'a>(
    source: &Source<'_>,
    namespace: &'a Namespace,
    with_entries: bool,
) -> Option<(&'a Interface, Vec<String>)> {
    namespace.interfaces.iter().find_map(|interface| match &interface.link.kind {
        LinkKind::Vxlan { vni, port, .. } => {
            let mut lines = vec![format!("VNI {vni}"), format!("udp {port}")];
            if source.has(Detail::Everything) && with_entries {
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
