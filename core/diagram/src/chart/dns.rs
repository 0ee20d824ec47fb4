//! Names and addresses: whom each container asks for names, what it answers to on each network, and each network's pool
//! with what is used and what is free.

use std::{collections::BTreeSet, net::IpAddr};

use bridgewalk_model::{
    Text,
    engine::AddressPool,
    snapshot::{Attachment, Container, Host, Network},
};
use ipnet::IpNet;

use super::{Cell, Chart, Look, Source};
use crate::{Detail, Word, scene::EdgeKind};

const CONTAINER: usize = 0;
const SERVER: usize = 1;
const NETWORK: usize = 2;
const NAMES: usize = 3;

pub(super) fn chart(source: &Source<'_>) -> Chart {
    let lanes = [Word::Asks, Word::NameServer, Word::AddressPools, Word::Answers];
    let mut chart = Chart::new(source.word(Word::ViewDns), lanes.map(|word| source.word(word)).to_vec());
    for host in &source.snapshot.hosts {
        let first = chart.rows;
        for network in host.networks.iter().filter(|network| source.shows_network(network)) {
            // These give no address and no name.
            if matches!(network.driver.as_str(), "host" | "null") {
                continue;
            }
            let start = chart.rows;
            for container in host.containers.iter().filter(|container| source.shows(container)) {
                let end = container.attachments.iter().find(|end| end.network == network.id);
                if let Some(end) = end.filter(|_| container.state.is_alive()) {
                    member(&mut chart, source, host, container, end, start);
                }
            }
            let rows = start..chart.rows;
            if !rows.is_empty() {
                let lines = pools(source, host, network);
                chart.cell(NETWORK, rows, Look::Bridge, &network.id, network.name.to_string()).lines = lines;
            }
        }
        let rows = first..chart.rows;
        chart.frame(CONTAINER..NAMES + 1, rows, Look::Host, &host.id, host.name.to_string(), source.host_note(host));
    }
    chart
}

/// One who is on the network whose first row is `first`.
fn member(chart: &mut Chart, source: &Source<'_>, host: &Host, container: &Container, end: &Attachment, first: usize) {
    let row = chart.row();
    let rows = row..row + 1;
    chart.cell(CONTAINER, rows.clone(), source.look(host, container), &container.id, source.name(container));
    let resolver = container.namespace.as_ref().and_then(|id| host.namespace(id)).and_then(|namespace| {
        namespace.resolvers.iter().find(|resolver| resolver.container.as_ref() == Some(&container.id))
    });
    let entity = container.id.child("resolver", end.network_name.raw());
    let is_embedded = resolver.is_some_and(|resolver| resolver.is_embedded_dns);
    if let Some(resolver) = resolver {
        let (look, word) =
            if is_embedded { (Look::Translation, Word::EmbeddedDns) } else { (Look::Interface, Word::HostNameServers) };
        let mut lines = vec![resolver.nameservers.iter().map(Text::as_str).collect::<Vec<_>>().join(", ")];
        if source.has(Detail::Everything) && !resolver.search.is_empty() {
            lines.push(format!("search {}", resolver.search.iter().map(Text::as_str).collect::<Vec<_>>().join(" ")));
        }
        // The host's servers are the same for all who ask them; the embedded one is each container's own.
        let is_same = |cell: &&mut Cell| {
            !is_embedded && cell.lane == SERVER && cell.look == look && cell.rows.end == row && cell.lines == lines
        };
        match chart.cells.iter_mut().rev().find(is_same).filter(|cell| cell.rows.start >= first) {
            Some(cell) => cell.rows.end = row + 1,
            None => chart.cell(SERVER, rows.clone(), look, &entity, source.word(word)).lines = lines,
        }
        chart.link(row, CONTAINER, SERVER, EdgeKind::Outward, &entity);
        if is_embedded {
            chart.link(row, SERVER, NETWORK, EdgeKind::Outward, &entity);
        }
    }
    let names: BTreeSet<&str> = end.dns_names.iter().chain(&end.aliases).map(Text::as_str).collect();
    let address = end.ipv4.or(end.ipv6).map(|net| net.addr().to_string()).unwrap_or_default();
    // A link's alias is a name for one container alone.
    let linked = host.all_links().filter(|link| {
        link.target.is_some_and(|target| target.id == container.id)
            && link.network.is_some_and(|network| network.id == end.network)
    });
    let links: Vec<String> = linked
        .map(|link| {
            let aliases: Vec<&str> = link.aliases.iter().map(|alias| alias.as_str()).collect();
            format!("{} ← {} ({})", aliases.join(", "), link.from.name, source.word(Word::Link))
        })
        .collect();
    let entity = container.id.child("names", end.network_name.raw());
    if names.is_empty() || !is_embedded {
        chart
            .cell(NAMES, rows, Look::Absent, &entity, address)
            .mono()
            .line(source.word(Word::AddressOnly))
            .lines
            .extend(links);
    } else {
        let text =
            names.into_iter().filter(|name| source.has(Detail::Everything) || !is_short_id(name)).collect::<Vec<_>>();
        chart
            .cell(NAMES, rows, Look::Interface, &entity, text.join(", "))
            .line(format!("→ {address}"))
            .lines
            .extend(links);
    }
    chart.link(row, NETWORK, NAMES, EdgeKind::Attachment, &entity);
}

/// Docker also answers for the first twelve digits of the container's id.
fn is_short_id(name: &str) -> bool {
    name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn pools(source: &Source<'_>, host: &Host, network: &Network) -> Vec<String> {
    let mut lines = Vec::new();
    for pool in &network.pools {
        lines.push(pool.subnet.to_string());
        let gateways = host.gateways(network, pool);
        for gateway in gateways.iter().filter(|_| source.has(Detail::Plumbing)) {
            lines.push(format!("{} {gateway}", source.word(Word::Gateway)));
        }
        let used = used(pool, network, &gateways);
        // A host knows its own members of a network that spans several, and not what the others have taken.
        if network.scope.as_str() == "swarm" {
            lines.push(format!("{} {}", used.len(), source.word(Word::UsedHere)));
            continue;
        }
        lines.push(format!("{} {}", used.len(), source.word(Word::Used)));
        // A bridge has a gateway in each pool; one that is not seen is taken all the same.
        if gateways.is_empty() && network.driver.as_str() == "bridge" {
            lines.push(format!("{} {}", source.word(Word::Gateway), source.word(Word::NotSeen)));
            continue;
        }
        if let Some(free) = size(pool).map(|size| size.saturating_sub(used.len() as u128)) {
            lines.push(format!("{} {}", grouped(free), source.word(Word::Free)));
        }
        if source.has(Detail::Everything)
            && let Some(range) = pool.ip_range
        {
            lines.push(format!("IPRange {range}"));
        }
    }
    lines
}

/// The pool's addresses that somebody has: gateway, reserved ones, members.
fn used(pool: &AddressPool, network: &Network, gateways: &BTreeSet<IpAddr>) -> BTreeSet<IpAddr> {
    let members = network.members.iter().flat_map(|member| [member.ipv4, member.ipv6]).flatten().map(|net| net.addr());
    let all = gateways.iter().copied().chain(pool.reserved.values().copied()).chain(members);
    let within = pool.ip_range.unwrap_or(pool.subnet);
    all.filter(|address| within.contains(address)).collect()
}

/// How many addresses can be given out; none where the number says nothing (IPv6).
fn size(pool: &AddressPool) -> Option<u128> {
    match pool.ip_range.unwrap_or(pool.subnet) {
        IpNet::V4(net) => {
            let all = 1_u128 << (32 - u32::from(net.prefix_len()));
            // The first and the last of a subnet are nobody's.
            Some(if pool.ip_range.is_none() && net.prefix_len() < 31 { all - 2 } else { all })
        }
        IpNet::V6(_) => None,
    }
}

/// `65 531`, with a narrow gap that both languages read.
fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{a0}');
        }
        text.push(digit);
    }
    text
}
