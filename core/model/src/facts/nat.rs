//! A translation's facts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::{Facts, command, derived, file, inside_as_root, netlink};
use crate::{
    Source, Sourced, Text,
    firewall::{Backend, Family, Negatable, RuleRef},
    kernel::SocketState,
    snapshot::{Host, NatKind, NatMapping},
};

pub(super) fn facts(host: &Host, mapping: &NatMapping) -> Vec<Sourced> {
    let mut facts = Facts::default();
    let (source, show) = origin(host, mapping);
    let show = show.as_ref();
    let kind = match mapping.kind {
        NatKind::DestinationNat => "DNAT",
        NatKind::Masquerade => "MASQUERADE",
        NatKind::SourceNat => "SNAT",
        NatKind::Redirect => "REDIRECT",
        NatKind::Proxy => "docker-proxy",
    };
    facts.add("kind", kind, &source, show);
    facts.add_some("protocol", mapping.transport, &source, show);
    facts.add_some("host-address", mapping.host_ip, &source, show);
    facts.add_some("host-port", mapping.host_port, &source, show);
    facts.add_some("to-address", mapping.to_address, &source, show);
    facts.add_some("to-port", mapping.to_port, &source, show);
    facts.add_some("source-network", mapping.source, &source, show);
    facts.add_some("in-interface", mapping.in_interface.as_ref().map(interface), &source, show);
    facts.add_some("out-interface", mapping.out_interface.as_ref().map(interface), &source, show);
    let owner = derived("the address");
    let container = mapping.container.as_ref().and_then(|id| host.container(id));
    facts.add_some("containers", container.map(|container| &container.name), &owner, None);
    let network = mapping.network.as_ref().and_then(|id| host.network(id));
    facts.add_some("network", network.map(|network| &network.name), &owner, None);
    let all = if mapping.is_way_in() { host.same_port(mapping) } else { vec![mapping] };
    for one in &all {
        let (source, show) = origin(host, one);
        if let Some(rule) = &one.rule {
            facts.add("table", format!("{} {}", rule.family, Text::new(&rule.table)), &source, show.as_ref());
            facts.add("chain", format!("{} {}", Text::new(&rule.chain), rule.position), &source, show.as_ref());
            facts.add("rule", &rule.text, &source, show.as_ref());
        }
        if let Some(pid) = one.proxy_pid {
            facts.add("proxy-pid", format!("{pid} {}", proxied(one)), &source, show.as_ref());
        }
    }
    if mapping.is_way_in() {
        add_listeners(&mut facts, host, mapping);
    }
    facts.list
}

/// `[::]:8080 → 172.17.0.2:80`.
fn proxied(mapping: &NatMapping) -> String {
    let every: IpAddr = if mapping.is_ipv6 { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() };
    let from = SocketAddr::new(mapping.host_ip.unwrap_or(every), mapping.host_port.unwrap_or_default());
    let to = mapping.to_address.map(|address| SocketAddr::new(address, mapping.to_port.unwrap_or_default()));
    to.map_or_else(|| from.to_string(), |to| format!("{from} → {to}"))
}

/// Who listens on the container's port.
fn add_listeners(facts: &mut Facts, host: &Host, mapping: &NatMapping) {
    let container = mapping.container.as_ref().and_then(|id| host.container(id));
    let Some(home) = container.and_then(|one| host.namespace(one.namespace.as_ref()?)) else { return };
    let show = inside_as_root(home, &["ss", "-tunlp"]);
    let listening = home.sockets.iter().filter(|named| {
        named.socket.state == SocketState::Listen
            && Some(named.socket.local.port) == mapping.to_port
            && mapping.transport.is_none_or(|transport| transport == named.socket.transport)
    });
    for named in listening {
        let local = SocketAddr::new(named.socket.local.address, named.socket.local.port);
        let command = named.command.as_ref().map_or_else(String::new, |command| format!(" ({command})"));
        let value = format!("{} {local}{command}", named.socket.transport);
        facts.add("listener", value, &netlink("SOCK_DIAG_BY_FAMILY", "inet_diag_msg.id"), show.as_ref());
    }
}

fn interface(name: &Negatable<String>) -> String {
    let not = if name.not { "! " } else { "" };
    format!("{not}{}", Text::new(&name.value))
}

/// Where the mapping was read, and what prints it.
fn origin(host: &Host, mapping: &NatMapping) -> (Source, Option<String>) {
    if let Some(pid) = mapping.proxy_pid {
        let path = format!("/proc/{pid}/cmdline");
        let show = format!("tr '\\0' ' ' < {}", super::quote(&path));
        return (file(path), Some(show));
    }
    match &mapping.rule {
        Some(rule) => print_chain(host, rule),
        None => (derived("docker-proxy"), None),
    }
}

/// Where a rule was read, and what prints its chain or table.
pub(super) fn print_chain(host: &Host, rule: &RuleRef) -> (Source, Option<String>) {
    let inside = |words: &[&str]| {
        host.namespace(&rule.namespace).map_or_else(|| Some(command(words)), |it| inside_as_root(it, words))
    };
    // iptables prints its own rules; tables of nft's own making are invisible to it.
    let is_iptables = rule.text.starts_with("-A ");
    match (rule.backend, rule.family) {
        (Backend::Legacy, Family::Ip6) => (
            Source::SocketOption { option: "IP6T_SO_GET_ENTRIES".to_owned() },
            inside(&["ip6tables-legacy-save", "-t", &rule.table]),
        ),
        (Backend::Legacy, _) => (
            Source::SocketOption { option: "IPT_SO_GET_ENTRIES".to_owned() },
            inside(&["iptables-legacy-save", "-t", &rule.table]),
        ),
        (Backend::NfTables, Family::Ip | Family::Ip6) if is_iptables => {
            let tool = if rule.family == Family::Ip6 { "ip6tables-save" } else { "iptables-save" };
            (netlink("NFT_MSG_NEWRULE", "NFTA_RULE_EXPRESSIONS"), inside(&[tool, "-t", &rule.table]))
        }
        (Backend::NfTables, family) => (
            netlink("NFT_MSG_NEWRULE", "NFTA_RULE_EXPRESSIONS"),
            inside(&["nft", "list", "chain", family.as_str(), &rule.table, &rule.chain]),
        ),
    }
}
