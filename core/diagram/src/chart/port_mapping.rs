//! Published ports: from the outside over the host's address and port, the rule or proxy, and the bridge, to the
//! container's port. A port that is only exposed is a closed door, with no line to it from outside.

use std::net::SocketAddr;

use bridgewalk_model::{
    EntityId,
    snapshot::{Container, Host, Network},
};

use super::{Chart, Look, Mark, Source, device_lines};
use crate::{
    Detail, Word,
    content::{Door, NatCell, Reach, cells_of, doors_of},
    scene::EdgeKind,
};

const OUTSIDE: usize = 0;
const ADDRESS: usize = 1;
const RULE: usize = 2;
const BRIDGE: usize = 3;
const PORT: usize = 4;

pub(super) fn chart(source: &Source<'_>) -> Chart {
    let lanes = [Word::OutsideNote, Word::HostAddress, Word::RuleOrProxy, Word::Bridges, Word::ContainerPorts];
    let mut chart = Chart::new(source.word(Word::ViewPortMapping), lanes.map(|word| source.word(word)).to_vec());
    for host in &source.snapshot.hosts {
        let first = chart.rows;
        let shown = host.containers.iter().filter(|container| source.shows(container));
        let all: Vec<Doors<'_>> = shown.map(|container| Doors::of(source, host, container)).collect();
        for network in host.networks.iter().filter(|network| source.shows_network(network)) {
            let start = chart.rows;
            all.iter().for_each(|doors| doors.rows(&mut chart, source, host, Some(&network.id)));
            bridge(&mut chart, source, host, network, start);
        }
        let start = chart.rows;
        all.iter().for_each(|doors| doors.rows(&mut chart, source, host, None));
        let rows = start..chart.rows;
        if !rows.is_empty() {
            let entity = host.id.child("bridge", "unseen");
            chart.cell(BRIDGE, rows, Look::Absent, &entity, source.word(Word::NotSeen));
        }
        let rows = first..chart.rows;
        chart.frame(ADDRESS..PORT + 1, rows, Look::Host, &host.id, host.name.to_string(), source.host_note(host));
    }
    let rows = 0..chart.rows;
    chart.outside(source, OUTSIDE, rows);
    chart
}

fn bridge(chart: &mut Chart, source: &Source<'_>, host: &Host, network: &Network, start: usize) {
    let rows = start..chart.rows;
    if rows.is_empty() {
        return;
    }
    let lines = device_lines(source, host, network);
    chart.cell(BRIDGE, rows, Look::Bridge, &network.id, network.name.to_string()).lines = lines;
}

/// A container's ways in and its ports that are only exposed, each with the network that it is behind; none: not seen.
struct Doors<'a> {
    container: &'a Container,
    ways: Vec<(NatCell, Option<EntityId>)>,
    exposed: Vec<Door>,
    home: Option<EntityId>,
}

impl<'a> Doors<'a> {
    /// A container may be on several networks: the address that a translation sends to tells which of them it uses.
    fn of(source: &Source<'_>, host: &Host, container: &'a Container) -> Self {
        let way_of = |cell: NatCell| {
            let network = cell.network.clone().or_else(|| publishing(host, container).cloned());
            (cell, network)
        };
        let ways: Vec<_> =
            cells_of(host, container, source.view.detail, source.words).into_iter().map(way_of).collect();
        let mut shown = container
            .attachments
            .iter()
            .map(|end| &end.network)
            .filter(|id| host.network(id).is_some_and(|network| source.shows_network(network)));
        // What is only exposed is not reached by any network in particular.
        let home = match ways.first() {
            Some((_, network)) => network.clone(),
            None => shown.next().cloned(),
        };
        let exposed = doors_of(container).into_iter().filter(|door| !door.is_published).collect();
        Self { container, ways, exposed, home }
    }

    /// One row for each way in behind `network`, then one for each port that is only exposed.
    fn rows(&self, chart: &mut Chart, source: &Source<'_>, host: &Host, network: Option<&EntityId>) {
        let (start, container) = (chart.rows, self.container);
        for (cell, _) in self.ways.iter().filter(|(_, by)| by.as_ref() == network) {
            way_in(chart, source, host, container, cell);
        }
        let is_listed = self.home.as_ref() == network && (network.is_some() || !self.ways.is_empty());
        for door in self.exposed.iter().filter(|_| is_listed) {
            let row = chart.row();
            let entity = container.id.child("port", &door.label);
            chart.cell(PORT, row..row + 1, Look::Absent, &entity, door.label.clone()).mono().mark(Mark::Door(false));
            chart.cell(RULE, row..row + 1, Look::Absent, &entity, source.word(Word::ExposedOnly)).mark(Mark::Barred);
        }
        let rows = start..chart.rows;
        let note = container.image.to_string();
        chart.frame(
            PORT..PORT + 1,
            rows,
            source.look(host, container),
            &container.id,
            container.name.to_string(),
            note,
        );
    }
}

/// The network on which Docker publishes a container's ports where no rule of it is seen: its only one, or the one that
/// its default route uses.
fn publishing<'a>(host: &Host, container: &'a Container) -> Option<&'a EntityId> {
    if let [only] = container.attachments.as_slice() {
        return Some(&only.network);
    }
    let home = host.namespace(container.namespace.as_ref()?)?;
    let uplink = bridgewalk_model::graph::default_uplink(home)?;
    container.attachments.iter().find(|end| end.interface.as_ref() == Some(&uplink.id)).map(|end| &end.network)
}

fn way_in(chart: &mut Chart, source: &Source<'_>, host: &Host, container: &Container, cell: &NatCell) {
    let row = chart.row();
    let entity = cell.entity.clone().unwrap_or_else(|| container.id.child("way-in", &cell.label));
    let (outer, inner) = cell.label.split_once(" → ").unwrap_or((&cell.label, ""));
    let address = if outer.starts_with(':') { format!("*{outer}") } else { outer.to_owned() };
    let who = match cell.reach {
        Reach::HostOnly => source.word(Word::HostOnly),
        Reach::Everyone => source.word(Word::EveryAddress),
        Reach::OneAddress | Reach::Outward => String::new(),
    };
    chart.cell(ADDRESS, row..row + 1, Look::Interface, &entity, address).mono().mark(Mark::Reach(cell.reach)).line(who);
    if source.has(Detail::Plumbing) {
        let rule = chart.cell(
            RULE,
            row..row + 1,
            if cell.is_unseen { Look::Absent } else { Look::Translation },
            &entity,
            format!("→ {}", onto(host, cell, inner)),
        );
        rule.is_mono = true;
        for note in cell.notes.iter().skip(1) {
            rule.line(note.clone());
        }
        if let Some((_, proxy)) = cell.notes.first().and_then(|note| note.split_once(" · ")) {
            rule.line(format!("{} · {proxy}", source.word(Word::Rules)));
        }
        chart.link(row, ADDRESS, RULE, EdgeKind::Inward, &entity);
        chart.link(row, RULE, BRIDGE, EdgeKind::Inward, &entity);
    } else {
        chart.link(row, ADDRESS, BRIDGE, EdgeKind::Inward, &entity);
    }
    if cell.reach != Reach::HostOnly {
        chart.link(row, OUTSIDE, ADDRESS, EdgeKind::Inward, &entity);
    }
    let port = container.id.child("port", inner);
    chart.cell(PORT, row..row + 1, Look::Interface, &port, inner.to_owned()).mono().mark(Mark::Door(true));
    chart.link(row, BRIDGE, PORT, EdgeKind::Inward, &entity);
}

/// Where the translation leads: the container's address and port, where it is seen.
fn onto(host: &Host, cell: &NatCell, inner: &str) -> String {
    let mapping = cell.entity.as_ref().and_then(|id| host.nat.iter().find(|mapping| mapping.id == *id));
    match mapping.and_then(|mapping| mapping.to_address.zip(mapping.to_port)) {
        Some((address, port)) => SocketAddr::new(address, port).to_string(),
        None => inner.to_owned(),
    }
}
