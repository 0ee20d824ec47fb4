//! The decoders of nf_tables and legacy xtables, with what is written of their rules, for [`crate::fuzz`].

use bridgewalk_model::firewall::{Chain, Family, Syntax, Table, summarise, write_text};
#[cfg(test)]
use {
    super::live_tests,
    crate::{
        fuzz::raw,
        netlink::{Netlink, attributes::Body},
    },
    netlink_sys::protocols::NETLINK_NETFILTER,
    rustix::net::{AddressFamily, Protocol, SocketType},
};

use super::{legacy, nftables, sets};
use crate::fuzz::messages;

/// nf_tables' chains, rules, sets and elements.
pub(crate) fn nft(bytes: &[u8]) {
    let (mut chains, mut rules, mut found) = (Vec::new(), Vec::new(), Vec::new());
    messages(bytes, |message| {
        chains.extend(nftables::chain(message).map(|(_, chain)| chain));
        rules.extend(nftables::rule(message).map(|(.., rule)| rule));
        found.extend(sets::set(message).map(|(_, set)| set));
        let elements = sets::elements(message);
        if let Some(set) = found.last_mut() {
            set.elements = sets::ordered(elements, set.flags);
        } else {
            drop(sets::ordered(elements, 4));
        }
    });
    for syntax in [Syntax::Iptables, Syntax::Nft] {
        let mut chains = chains.clone();
        chains.push(Chain { name: "x".to_owned(), handle: None, base: None, rules: rules.clone() });
        write(Table {
            family: Family::Ip,
            name: "nat".to_owned(),
            handle: None,
            is_dormant: false,
            syntax,
            chains,
            sets: found.clone(),
            objects: Vec::new(),
        });
    }
}

/// A legacy table: IPv4 or IPv6, the hooks, the entries.
pub(crate) fn legacy(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else { return };
    let layout = if first & 1 == 0 { legacy::IPV4 } else { legacy::IPV6 };
    let Some((info, entries)) = rest.split_at_checked(legacy::INFO_LEN) else { return };
    if let Some(table) = legacy::parse(layout, "nat", info, entries) {
        write(table);
    }
}

/// What is made of a table before anybody sees it.
fn write(mut table: Table) {
    write_text(&mut table);
    for chain in &table.chains {
        for rule in &chain.rules {
            drop(summarise(&table, chain, rule));
        }
    }
}

/// The rule sets of the tests, as this machine's kernel lists them.
#[cfg(test)]
pub(crate) fn collect(keep: &mut dyn FnMut(&str, Vec<u8>)) {
    let loads = [
        ("nft", "nft", "-f"),
        ("rules", "iptables-nft-restore", ""),
        ("rules", "iptables-legacy-restore", ""),
        ("rules6", "ip6tables-legacy-restore", ""),
    ];
    for (extension, program, argument) in loads {
        for file in live_tests::data(extension) {
            let text = std::fs::read_to_string(&file).unwrap();
            let kept = live_tests::in_new_namespace(move || {
                let args: &[&str] = if argument.is_empty() { &[] } else { &[argument, "-"] };
                let loaded = std::panic::catch_unwind(|| live_tests::run(program, args, &text));
                if loaded.is_err() { Vec::new() } else { listed() }
            });
            kept.into_iter().for_each(|(name, bytes)| keep(name, bytes));
        }
    }
}

#[cfg(test)]
fn listed() -> Vec<(&'static str, Vec<u8>)> {
    let mut kept = Vec::new();
    let mut netlink = Netlink::open(NETLINK_NETFILTER).unwrap();
    for get in [1, 4, 7, 10] {
        let all = netlink.dump((10 << 8) | get, &Body::new(&[0; 4]), |message| Some(raw(message)));
        kept.extend(all.unwrap().into_iter().map(|bytes| ("nft", bytes)));
    }
    let sets = netlink.dump((10 << 8) | 10, &Body::new(&[0; 4]), sets::set).unwrap();
    for ((family, table), set) in sets {
        let name = |name: &str| [name.as_bytes(), b"\0"].concat();
        let body = Body::new(&[family, 0, 0, 0]).with(1, &name(&table)).with(2, &name(&set.name));
        let elements = netlink.dump((10 << 8) | 13, &body, |message| Some(raw(message)));
        kept.extend(elements.unwrap().into_iter().map(|bytes| ("nft", bytes)));
    }
    for (number, file, layout) in [(0_u8, "ip_tables_names", legacy::IPV4), (1, "ip6_tables_names", legacy::IPV6)] {
        let names = std::fs::read_to_string(format!("/proc/thread-self/net/{file}")).unwrap_or_default();
        let family = if number == 1 { AddressFamily::INET6 } else { AddressFamily::INET };
        let raw = std::num::NonZeroU32::new(255).map(Protocol::from_raw);
        for name in names.lines() {
            let socket = rustix::net::socket(family, SocketType::RAW, raw).unwrap();
            let mut info = vec![0; legacy::INFO_LEN];
            legacy::put_name(&mut info, name);
            legacy::get(&socket, layout.level, legacy::GET_INFO, &mut info).unwrap();
            let size = u32::from_ne_bytes(info[80..84].try_into().unwrap());
            let mut entries = vec![0; legacy::ENTRIES_HEADER_LEN + size as usize];
            legacy::put_name(&mut entries, name);
            entries[32..36].copy_from_slice(&size.to_ne_bytes());
            legacy::get(&socket, layout.level, legacy::GET_ENTRIES, &mut entries).unwrap();
            let entries = &entries[legacy::ENTRIES_HEADER_LEN..];
            kept.push(("legacy", [&[number], &info[..], entries].concat()));
        }
    }
    kept
}
