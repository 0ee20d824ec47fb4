//! Who reaches a published port: the outside, the host itself, and a container of each network, by a walk each.

use std::{collections::BTreeSet, net::IpAddr};

use bridgewalk_model::{
    EntityId, Snapshot, Text,
    kernel::Transport,
    snapshot::{Host, NatKind, NatMapping},
};

use super::{
    End, Evidence, Question, Verdict, Walker,
    reach::{Party, host_addresses, living, protocol},
};

/// How somebody fares with a published port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Who sends: the outside, the host, or a network, for which one of its containers stands.
    pub from: Party,
    /// What was asked of the walk.
    pub question: Question,
    /// The host's address that was tried.
    pub address: IpAddr,
    /// How the first packet ends; where only its reply is lost, how that ends.
    pub verdict: Verdict,
    /// Whether it is the reply that is lost.
    pub is_reply_lost: bool,
    /// What stopped it; none where it arrives.
    pub decided_by: Option<Evidence>,
}

/// Who reaches the port that the translation `id` publishes, on each address of the host that it is published on; empty for
/// what publishes nothing. From elsewhere than the host a loopback address is no door, and is not asked for.
pub fn access(snapshot: &Snapshot, id: &EntityId) -> Vec<Access> {
    let found = snapshot.hosts.iter().find_map(|host| Some((host, host.nat.iter().find(|one| one.id == *id)?)));
    let Some((host, mapping)) = found.filter(|(_, mapping)| mapping.is_way_in()) else { return Vec::new() };
    let transport = mapping.transport.unwrap_or(Transport::Tcp);
    let (Some(protocol), Some(port)) = (protocol(transport), mapping.host_port) else { return Vec::new() };
    let walker = Walker::new(snapshot);
    let senders = senders(host);
    let mut ways = Vec::new();
    for address in addresses(&walker, host, mapping) {
        for from in senders.iter().filter(|from| !address.is_loopback() || from.id == host.id) {
            let question = Question {
                from: from.end.clone(),
                to: End::Address { address, host: (snapshot.hosts.len() > 1).then(|| host.id.clone()) },
                port: Some(port),
                protocol,
                source_port: None,
            };
            let brief = walker.brief(&question);
            ways.push(Access {
                from: from.clone(),
                question,
                address,
                verdict: brief.verdict,
                is_reply_lost: brief.is_reply_lost,
                decided_by: brief.decided_by,
            });
        }
    }
    ways
}

/// The addresses of the host on which it is published, by every rule and proxy that does it.
fn addresses(walker: &Walker<'_>, host: &Host, mapping: &NatMapping) -> BTreeSet<IpAddr> {
    let same = host.same_port(mapping).into_iter().filter(|one| one.kind != NatKind::Redirect);
    let wanted = same.map(|one| {
        let every: IpAddr =
            if one.is_ipv6 { std::net::Ipv6Addr::UNSPECIFIED.into() } else { std::net::Ipv4Addr::UNSPECIFIED.into() };
        one.host_ip.unwrap_or(every)
    });
    wanted.flat_map(|address| host_addresses(walker, host, Some(address))).collect()
}

fn senders(host: &Host) -> Vec<Party> {
    let mut senders = vec![
        Party { end: End::Outside, id: EntityId::outside(), name: Text::default() },
        Party { end: End::Host { id: host.id.clone() }, id: host.id.clone(), name: host.name.clone() },
    ];
    for network in &host.networks {
        let member = living(host).find(|one| one.attachments.iter().any(|end| end.network == network.id));
        let home = member.and_then(|one| Some((one.namespace.clone()?, &one.name)));
        senders.extend(home.map(|(home, name)| Party {
            end: End::Namespace { id: home, name: name.clone() },
            id: network.id.clone(),
            name: network.name.clone(),
        }));
    }
    senders
}
