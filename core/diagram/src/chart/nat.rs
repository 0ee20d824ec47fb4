//! The way out: from a container over its bridge to the rule that hides it behind the host's address, and out. A network
//! without such a rule has no line further.

use bridgewalk_model::{
    SourceKind,
    snapshot::{Host, NatKind, NatMapping, Network},
};

use super::{Chart, Look, Mark, Source, address, device_lines, quiet_ends, uplink};
use crate::{Detail, Word, scene::EdgeKind};

const CONTAINER: usize = 0;
const BRIDGE: usize = 1;
const RULE: usize = 2;
const UPLINK: usize = 3;
const OUTSIDE: usize = 4;

pub(super) fn chart(source: &Source<'_>) -> Chart {
    let lanes = [Word::Containers, Word::Bridges, Word::SourceChanged, Word::Interfaces, Word::OutsideNote];
    let mut chart = Chart::new(source.word(Word::ViewNat), lanes.map(|word| source.word(word)).to_vec());
    for host in &source.snapshot.hosts {
        let first = chart.rows;
        let bridges = host.networks.iter().filter(|network| network.driver.as_str() == "bridge");
        for network in bridges.filter(|network| source.shows_network(network)) {
            rows(&mut chart, source, host, network);
        }
        let rows = first..chart.rows;
        if let (false, Some(interface)) = (rows.is_empty(), uplink(source, host)) {
            let cell = chart.cell(UPLINK, rows.clone(), Look::Interface, &interface.id, interface.name.to_string());
            cell.line(address(interface)).line(source.word(Word::DefaultRoute));
            // Behind the same address all networks are one.
            if chart.links.iter().any(|link| link.to == UPLINK && rows.contains(&link.rows.start)) {
                chart.trunk(&rows, UPLINK, OUTSIDE, EdgeKind::Outward, &interface.id);
            }
        }
        chart.frame(CONTAINER..UPLINK + 1, rows, Look::Host, &host.id, host.name.to_string(), source.host_note(host));
    }
    let rows = 0..chart.rows;
    chart.outside(source, OUTSIDE, rows);
    chart
}

fn rows(chart: &mut Chart, source: &Source<'_>, host: &Host, network: &Network) {
    let start = chart.rows;
    for container in host.containers.iter().filter(|container| source.shows(container) && container.state.is_alive()) {
        let Some(end) = container.attachments.iter().find(|end| end.network == network.id) else { continue };
        let row = chart.row();
        let from = end.ipv4.or(end.ipv6).map(|net| net.addr().to_string()).unwrap_or_default();
        chart
            .cell(CONTAINER, row..row + 1, source.look(host, container), &container.id, source.name(container))
            .line(from);
        chart.link(row, CONTAINER, BRIDGE, EdgeKind::Outward, &container.id);
    }
    for end in quiet_ends(source, host, network) {
        let container = end.namespace.containers.first().and_then(|id| host.container(id));
        if container.is_some_and(|container| !source.shows(container)) {
            continue;
        }
        let row = chart.row();
        let (look, name) = match container {
            Some(container) => (source.look(host, container), source.name(container)),
            None => (Look::Namespace, end.namespace.name.to_string()),
        };
        let from = address(end.interface).split('/').next().unwrap_or_default().to_owned();
        chart.cell(CONTAINER, row..row + 1, look, &end.interface.id, name).line(from);
        chart.link(row, CONTAINER, BRIDGE, EdgeKind::Outward, &end.interface.id);
    }
    let rows = start..chart.rows;
    if rows.is_empty() {
        return;
    }
    let lines = device_lines(source, host, network);
    chart.cell(BRIDGE, rows.clone(), Look::Bridge, &network.id, network.name.to_string()).lines = lines;
    let rules = host.nat.iter().filter(|mapping| {
        matches!(mapping.kind, NatKind::Masquerade | NatKind::SourceNat)
            && mapping.to_port.is_none()
            && mapping.network.as_ref() == Some(&network.id)
    });
    let rule = rules.min_by_key(|mapping| mapping.is_ipv6);
    match rule {
        Some(rule) => {
            hide(chart, source, host, rule, rows.clone());
            // One line for all of the network's rows: the network goes out as one.
            for (from, to) in [(BRIDGE, RULE), (RULE, UPLINK)] {
                chart.trunk(&rows, from, to, EdgeKind::Outward, &rule.id);
            }
        }
        None => {
            let entity = network.id.child("no-way", "out");
            let were_rules_read = [SourceKind::NfTables, SourceKind::LegacyTables]
                .into_iter()
                .all(|rules| host.own_namespace().is_some_and(|own| host.was_read(rules, Some(own.inode))));
            let word = match network.is_internal {
                true => Word::Internal,
                false if were_rules_read => Word::NoMasquerade,
                false => Word::NotSeen,
            };
            chart.cell(RULE, rows, Look::Absent, &entity, source.word(word)).mark(Mark::Barred);
        }
    }
}

fn hide(chart: &mut Chart, source: &Source<'_>, host: &Host, rule: &NatMapping, rows: std::ops::Range<usize>) {
    let word = if rule.kind == NatKind::Masquerade { Word::Masquerade } else { Word::SourceNat };
    let source_net = rule.source.map(|net| net.to_string()).unwrap_or_default();
    let becomes = match (rule.kind, rule.to_address) {
        (NatKind::SourceNat, Some(address)) => address.to_string(),
        _ => uplink(source, host)
            .map(address)
            .and_then(|net| net.split('/').next().map(str::to_owned))
            .unwrap_or_default(),
    };
    let cell = chart.cell(RULE, rows, Look::Translation, &rule.id, source.word(word));
    if source.has(Detail::Plumbing) {
        cell.line(format!("{source_net} → {becomes}"));
        if let Some(interface) = &rule.out_interface {
            cell.line(format!("{}-o {}", if interface.not { "! " } else { "" }, interface.value));
        }
    }
    if source.has(Detail::Everything)
        && let Some(rule) = &rule.rule
    {
        cell.line(format!("{} {} #{}", rule.table, rule.chain, rule.position));
    }
}
