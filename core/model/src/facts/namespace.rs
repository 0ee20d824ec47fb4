//! A namespace's facts: its stack from the inside.

use std::net::SocketAddr;

use super::{Facts, container_names, derived, file, inside, inside_as_root, netlink};
use crate::{
    Source, Sourced,
    firewall::{Backend, Family},
    snapshot::{Host, Namespace},
};

pub(super) fn facts(host: &Host, namespace: &Namespace) -> Vec<Sourced> {
    let mut facts = Facts::default();
    facts.add("name", &namespace.name, &derived("container, path or process"), None);
    let link = namespace.pid.map(|pid| format!("/proc/{pid}/ns/net"));
    let read = link.as_ref().map(|path| super::command(&["sudo", "readlink", path]));
    let inode_source = link.map_or_else(|| derived("stat(2) of its path"), file);
    // What only stands in for it is no inode of any namespace.
    let inode = Some(namespace.inode.0).filter(|_| !namespace.inode.is_stand_in());
    facts.add_some("inode", inode, &inode_source, read.as_ref());
    facts.add("containers", container_names(host, &namespace.containers), &derived("the containers' processes"), None);
    facts.add_some("pid", namespace.pid, &inode_source, Some(&"sudo lsns --type net".to_owned()));
    for name in &namespace.names {
        let path = format!("/proc/{}/mountinfo", name.pid);
        let find = super::command(&["grep", "nsfs", &path]);
        facts.add("path", crate::Text::new(&name.path), &file(path), Some(&find));
    }
    facts.add_some(
        "nsid",
        namespace.nsid,
        &netlink("RTM_NEWNSID", "NETNSA_NSID"),
        Some(&"ip netns list-id".to_owned()),
    );
    let network = namespace.network.as_ref().and_then(|id| host.network(id));
    facts.add_some("network", network.map(|network| &network.name), &derived("the namespace's path"), None);
    add_stack(&mut facts, namespace);
    add_rules(&mut facts, namespace);
    facts.list
}

fn add_stack(facts: &mut Facts, namespace: &Namespace) {
    let show = |words: &[&str]| inside(namespace, words);
    let device = |if_index: u32| {
        let found = namespace.interfaces.iter().find(|interface| interface.link.if_index == if_index);
        found.map_or_else(|| format!("if{if_index}"), |interface| interface.name.to_string())
    };
    let addresses = show(&["ip", "address", "show"]);
    for interface in &namespace.interfaces {
        for address in &interface.addresses {
            let value = format!("{address} ({})", interface.name);
            facts.add("address", value, &netlink("RTM_NEWADDR", "IFA_LOCAL"), addresses.as_ref());
        }
    }
    let routes = show(&["ip", "route", "show", "table", "main"]);
    let routes6 = show(&["ip", "-6", "route", "show", "table", "main"]);
    for route in namespace.routes.iter().filter(|route| route.table == 254) {
        let hops = route.next_hops.iter().map(|hop| {
            hop.gateway.map_or_else(|| device(hop.if_index), |via| format!("{via} ({})", device(hop.if_index)))
        });
        let value = format!("{} → {}", route.destination, super::joined(hops));
        let command = if route.destination.addr().is_ipv6() { &routes6 } else { &routes };
        facts.add("route", value, &netlink("RTM_NEWROUTE", "RTA_DST"), command.as_ref());
    }
    let neighbours = show(&["ip", "neighbour", "show"]);
    for neighbour in namespace.neighbours.iter() {
        let mac = neighbour.mac_address.map_or_else(|| "?".to_owned(), |mac| mac.to_string());
        let value = format!("{} → {mac} ({})", neighbour.address, device(neighbour.if_index));
        facts.add("neighbour", value, &netlink("RTM_NEWNEIGH", "NDA_LLADDR"), neighbours.as_ref());
    }
    let sockets = inside_as_root(namespace, &["ss", "-tunlp"]);
    for socket in &namespace.sockets {
        if socket.socket.state == crate::kernel::SocketState::Listen {
            let local = SocketAddr::new(socket.socket.local.address, socket.socket.local.port);
            let command = socket.command.as_ref().map_or_else(String::new, |command| format!(" ({command})"));
            let value = format!("{} {local}{command}", socket.socket.transport);
            facts.add("socket", value, &netlink("SOCK_DIAG_BY_FAMILY", "inet_diag_msg.id"), sockets.as_ref());
        }
    }
    for resolver in &namespace.resolvers {
        let path = format!("/proc/{}/root/etc/resolv.conf", resolver.pid);
        let read = super::command(&["sudo", "cat", &path]);
        facts.add("dns-server", super::joined(&resolver.nameservers), &file(path.clone()), Some(&read));
        facts.add("search-domain", super::joined(&resolver.search), &file(path), Some(&read));
    }
    if let Some(ipvs) = &namespace.ipvs {
        let list = inside_as_root(namespace, &["ipvsadm", "-Ln"]);
        for server in &ipvs.services {
            let name = match (server.mark, server.address) {
                (Some(mark), _) => format!("FWM {mark}"),
                (None, Some(at)) => SocketAddr::new(at.address, at.port).to_string(),
                (None, None) => continue,
            };
            let behind = server.servers.iter().map(|it| SocketAddr::new(it.address.address, it.address.port));
            let value = format!("{name} {} → {}", server.scheduler, super::joined(behind));
            facts.add(
                "virtual-server",
                value,
                &netlink("IPVS_CMD_NEW_SERVICE", "IPVS_CMD_ATTR_SERVICE"),
                list.as_ref(),
            );
        }
    }
}

/// One fact for each table: how many rules, and the tool that prints them.
fn add_rules(facts: &mut Facts, namespace: &Namespace) {
    for ruleset in namespace.firewall.iter() {
        for table in &ruleset.tables {
            let count: usize = table.chains.iter().map(|chain| chain.rules.len()).sum();
            let name = crate::Text::new(&table.name);
            let value = format!("{} {name}: {count}", table.family);
            let (source, words): (Source, Vec<&str>) = match (ruleset.backend, table.family) {
                (Backend::NfTables, family) => (
                    netlink("NFT_MSG_NEWRULE", "NFTA_RULE_EXPRESSIONS"),
                    vec!["nft", "list", "table", family.as_str(), &table.name],
                ),
                (Backend::Legacy, Family::Ip6) => (
                    Source::SocketOption { option: "IP6T_SO_GET_ENTRIES".to_owned() },
                    vec!["ip6tables-legacy-save", "-t", &table.name],
                ),
                (Backend::Legacy, _) => (
                    Source::SocketOption { option: "IPT_SO_GET_ENTRIES".to_owned() },
                    vec!["iptables-legacy-save", "-t", &table.name],
                ),
            };
            facts.add("rules", value, &source, inside_as_root(namespace, &words).as_ref());
        }
    }
}
