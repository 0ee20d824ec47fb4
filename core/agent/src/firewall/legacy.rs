//! Legacy xtables, `IPT_SO_GET_INFO` and `IPT_SO_GET_ENTRIES`, each table that `/proc/…/net/ip_tables_names` lists:
//! asking for another would load it.

use std::{
    collections::HashMap,
    fs, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    os::fd::{AsRawFd, OwnedFd},
};

use bridgewalk_model::firewall::{
    Backend, BaseChain, Chain, Counter, Expression, Family, Hook, IpHeader, Negatable, Policy, Rule, Ruleset, Syntax,
    Table, Verdict,
};
use rustix::net::{AddressFamily, SocketFlags, SocketType};

use super::{interface, xt};
use crate::netlink::attributes::{i32_at, ip, text, u8_at, u16_at, u32_at, u64_at};

pub(super) const GET_INFO: libc::c_int = 64;
pub(super) const GET_ENTRIES: libc::c_int = 65;
const NAME_LEN: usize = 32;
/// `struct ipt_getinfo`.
pub(super) const INFO_LEN: usize = 84;
/// `struct ipt_get_entries` up to its table, which is aligned to eight.
pub(super) const ENTRIES_HEADER_LEN: usize = 40;
/// More than any real table has.
const MAX_TABLE_LEN: u32 = 64 << 20;
/// A table that grew between the two questions is asked for again.
const MAX_READINGS: usize = 6;
const HOOKS: [(Hook, &str); 5] = [
    (Hook::Prerouting, "PREROUTING"),
    (Hook::Input, "INPUT"),
    (Hook::Forward, "FORWARD"),
    (Hook::Output, "OUTPUT"),
    (Hook::Postrouting, "POSTROUTING"),
];

/// Where the two families' structs differ.
#[derive(Clone, Copy)]
pub(super) struct Layout {
    family: Family,
    number: u8,
    pub(super) level: libc::c_int,
    address_len: usize,
    /// `target_offset` in the entry; `next_offset` follows it.
    offsets: usize,
    /// `counters` in the entry.
    counters: usize,
    /// Where the matches begin.
    elements: usize,
}

pub(super) const IPV4: Layout = Layout {
    family: Family::Ip,
    number: 2,
    level: libc::IPPROTO_IP,
    address_len: 4,
    offsets: 88,
    counters: 96,
    elements: 112,
};
pub(super) const IPV6: Layout = Layout {
    family: Family::Ip6,
    number: 10,
    level: libc::IPPROTO_IPV6,
    address_len: 16,
    offsets: 140,
    counters: 152,
    elements: 168,
};

/// All legacy tables of the calling thread's network namespace.
///
/// # Errors
/// What the kernel refused with: `EPERM` without CAP_NET_ADMIN.
pub(super) fn read() -> io::Result<Ruleset> {
    let mut tables = Vec::new();
    for (layout, file) in [(IPV4, "ip_tables_names"), (IPV6, "ip6_tables_names")] {
        // `/proc/net` would be the whole process's namespace.
        let names = match fs::read_to_string(format!("/proc/thread-self/net/{file}")) {
            Ok(names) => names,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let mut names: Vec<&str> = names.lines().filter(|name| !name.is_empty()).collect();
        names.sort_unstable();
        if names.is_empty() {
            continue;
        }
        let family = if layout.number == 10 { AddressFamily::INET6 } else { AddressFamily::INET };
        // Any socket of the family has the option; a raw one would need CAP_NET_RAW as well.
        let socket = rustix::net::socket_with(family, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
        for name in names {
            tables.push(table(&socket, layout, name)?);
        }
    }
    Ok(Ruleset { backend: Backend::Legacy, generation: None, tables })
}

fn table(socket: &OwnedFd, layout: Layout, name: &str) -> io::Result<Table> {
    let odd = || io::Error::new(io::ErrorKind::InvalidData, format!("table {name} has an unexpected layout"));
    let mut last = None;
    for _ in 0..MAX_READINGS {
        let mut info = vec![0; INFO_LEN];
        put_name(&mut info, name);
        get(socket, layout.level, GET_INFO, &mut info)?;
        let size = u32_at(&info, 80).filter(|size| *size <= MAX_TABLE_LEN).ok_or_else(odd)?;
        let mut entries = vec![0; ENTRIES_HEADER_LEN + size as usize];
        put_name(&mut entries, name);
        entries[NAME_LEN..NAME_LEN + 4].copy_from_slice(&size.to_ne_bytes());
        match get(socket, layout.level, GET_ENTRIES, &mut entries) {
            Ok(()) => return parse(layout, name, &info, &entries[ENTRIES_HEADER_LEN..]).ok_or_else(odd),
            Err(error) if error.raw_os_error() == Some(libc::EAGAIN) => last = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(last.unwrap_or_else(odd))
}

pub(super) fn put_name(buffer: &mut [u8], name: &str) {
    for (to, from) in buffer.iter_mut().zip(name.bytes().take(NAME_LEN - 1)) {
        *to = from;
    }
}

#[allow(unsafe_code, reason = "no safe wrapper knows these options")]
pub(super) fn get(socket: &OwnedFd, level: libc::c_int, option: libc::c_int, buffer: &mut [u8]) -> io::Result<()> {
    crate::pulse::beat();
    let mut len = libc::socklen_t::try_from(buffer.len()).unwrap_or(libc::socklen_t::MAX);
    // SAFETY: the kernel writes at most `len` bytes to `buffer`, which lives and is that long.
    let code = unsafe { libc::getsockopt(socket.as_raw_fd(), level, option, buffer.as_mut_ptr().cast(), &raw mut len) };
    if code == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// One entry, its offset, and what its target says.
struct Entry {
    offset: usize,
    rule: Rule,
    target: Target,
}

enum Target {
    /// An extension, already among the rule's expressions.
    Done,
    /// A verdict below zero.
    Verdict(Verdict),
    /// To the entry at this offset.
    To { offset: usize, is_goto: bool, next: usize },
    /// The head of a user's chain, or the end.
    Head(String),
}

/// Makes chains of the table's entries: built-in ones between a hook's entry and its underflow, users' after a head.
pub(super) fn parse(layout: Layout, name: &str, info: &[u8], bytes: &[u8]) -> Option<Table> {
    let valid_hooks = u32_at(info, NAME_LEN)?;
    let mut entries = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let next = usize::from(u16_at(bytes, at + layout.offsets + 2)?);
        if next < layout.elements {
            return None;
        }
        entries.push(entry(layout, at, bytes.get(at..at.checked_add(next)?)?)?);
        at += next;
    }
    let starts: HashMap<usize, usize> = (0..5)
        .filter(|hook| valid_hooks & (1 << hook) != 0)
        .filter_map(|hook| Some((u32_at(info, 36 + 4 * hook)? as usize, hook)))
        .collect();
    let underflows: HashMap<usize, usize> = (0..5)
        .filter(|hook| valid_hooks & (1 << hook) != 0)
        .filter_map(|hook| Some((u32_at(info, 56 + 4 * hook)? as usize, hook)))
        .collect();
    // A jump goes to the entry after the head.
    let mut names: HashMap<usize, String> = HashMap::new();
    for pair in entries.windows(2) {
        if let [Entry { target: Target::Head(name), .. }, first] = pair {
            names.insert(first.offset, name.clone());
        }
    }
    let mut chains: Vec<Chain> = Vec::new();
    let last = entries.len().saturating_sub(1);
    for (index, mut entry) in entries.into_iter().enumerate() {
        if let Some(hook) = starts.get(&entry.offset) {
            let (hook, name) = HOOKS[*hook];
            chains.push(Chain { name: name.to_owned(), handle: None, base: Some(base(hook)), rules: Vec::new() });
        }
        if let Target::Head(name) = entry.target {
            // The last head is the table's end.
            if index != last {
                chains.push(Chain { name, handle: None, base: None, rules: Vec::new() });
            }
            continue;
        }
        let chain = chains.last_mut()?;
        if underflows.contains_key(&entry.offset) {
            if let Some(base) = &mut chain.base {
                base.policy =
                    if matches!(entry.target, Target::Verdict(Verdict::Drop)) { Policy::Drop } else { Policy::Accept };
                base.counter = entry.rule.counter;
            }
            continue;
        }
        let verdict = match entry.target {
            Target::Verdict(verdict) => Some(verdict),
            // On to the next entry: a rule without a target.
            Target::To { offset, next, .. } if offset == next => None,
            Target::To { offset, is_goto, .. } => {
                let name = names.get(&offset)?.clone();
                Some(if is_goto { Verdict::Goto(name) } else { Verdict::Jump(name) })
            }
            Target::Done | Target::Head(_) => None,
        };
        entry.rule.expressions.extend(verdict.map(|verdict| Expression::Verdict { verdict }));
        entry.rule.position = u32::try_from(chain.rules.len()).ok()?.saturating_add(1);
        chain.rules.push(entry.rule);
    }
    // A user's chain ends with a return of its own.
    for chain in chains.iter_mut().filter(|chain| chain.base.is_none()) {
        chain.rules.pop();
    }
    let priority = match name {
        "raw" => -300,
        "mangle" => -150,
        "security" => 50,
        _ => 0,
    };
    for base in chains.iter_mut().filter_map(|chain| chain.base.as_mut()) {
        base.priority = match (name, base.hook) {
            ("nat", Hook::Prerouting | Hook::Output) => -100,
            ("nat", _) => 100,
            _ => priority,
        };
        base.kind = if name == "nat" {
            "nat"
        } else if name == "mangle" && base.hook == Hook::Output {
            "route"
        } else {
            "filter"
        }
        .to_owned();
    }
    Some(Table {
        family: layout.family,
        name: name.to_owned(),
        handle: None,
        is_dormant: false,
        syntax: Syntax::Iptables,
        chains,
        sets: Vec::new(),
        objects: Vec::new(),
    })
}

/// Kind and priority are those of the table, given at the end.
fn base(hook: Hook) -> BaseChain {
    BaseChain { kind: String::new(), hook, priority: 0, policy: Policy::Accept, devices: Vec::new(), counter: None }
}

fn entry(layout: Layout, offset: usize, bytes: &[u8]) -> Option<Entry> {
    let target_at = usize::from(u16_at(bytes, layout.offsets)?);
    let mut expressions = Vec::new();
    let (header, is_goto) = header(layout, bytes)?;
    if header != IpHeader::default() {
        expressions.push(Expression::IpHeader(Box::new(header)));
    }
    let mut at = layout.elements;
    let mut comment = None;
    while at < target_at {
        let size = usize::from(u16_at(bytes, at)?);
        let element = bytes.get(at..at.checked_add(size.max(32))?)?;
        let (name, revision) = (text(element.get(2..31)?), u8_at(element, 31)?);
        if name == "comment" {
            comment = Some(text(element.get(32..)?));
        }
        expressions.push(xt::decode_match(layout.number, &name, revision, element.get(32..)?));
        at += size.max(32);
    }
    let target = bytes.get(target_at..)?;
    let (name, revision) = (text(target.get(2..31)?), u8_at(target, 31)?);
    let next = offset.checked_add(bytes.len())?;
    let target = match name.as_str() {
        "ERROR" => Target::Head(text(target.get(32..)?)),
        "" => match i32_at(target, 32)? {
            -1 => Target::Verdict(Verdict::Drop),
            -2 => Target::Verdict(Verdict::Accept),
            -4 => Target::Verdict(Verdict::Queue),
            -5 => Target::Verdict(Verdict::Return),
            to => Target::To { offset: usize::try_from(to).ok()?, is_goto, next },
        },
        _ => {
            expressions.push(xt::decode_target(layout.number, &name, revision, target.get(32..)?));
            Target::Done
        }
    };
    let counter = Counter { packets: u64_at(bytes, layout.counters)?, bytes: u64_at(bytes, layout.counters + 8)? };
    let rule = Rule { handle: None, position: 0, text: String::new(), comment, counter: Some(counter), expressions };
    Some(Entry { offset, rule, target })
}

/// `struct ipt_ip` or `struct ip6t_ip6`, and whether jumps of this entry do not come back.
fn header(layout: Layout, bytes: &[u8]) -> Option<(IpHeader, bool)> {
    let len = layout.address_len;
    let address = |index: usize| ip(bytes.get(index * len..(index + 1) * len)?);
    let names = 4 * len;
    let (protocol, flags, inverted) = if layout.number == 10 {
        (u16_at(bytes, names + 64)?, u8_at(bytes, names + 67)?, u8_at(bytes, names + 68)?)
    } else {
        (u16_at(bytes, names + 64)?, u8_at(bytes, names + 66)?, u8_at(bytes, names + 67)?)
    };
    let mut header = IpHeader::default();
    for (index, bit) in [(0, 0x08), (1, 0x10)] {
        let (address, mask) = (address(index)?, address(index + 2)?);
        let not = inverted & bit != 0;
        if is_zero(mask) && !not {
            continue;
        }
        let net = xt::network(address, mask).map(|value| Negatable { not, value });
        let odd = net.is_none().then_some(Negatable { not, value: (address, mask) });
        if index == 0 {
            (header.source, header.source_mask) = (net, odd);
        } else {
            (header.destination, header.destination_mask) = (net, odd);
        }
    }
    let name = |at: usize, bit: u8| -> Option<Option<Negatable<String>>> {
        let found = interface(bytes.get(at..at + 16)?, bytes.get(at + 32..at + 48)?);
        let not = inverted & bit != 0;
        Some((not || !found.is_empty() && found != "+").then_some(Negatable { not, value: found }))
    };
    header.in_interface = name(names, 1)?;
    header.out_interface = name(names + 16, 2)?;
    let not = inverted & 0x40 != 0;
    header.protocol =
        (protocol != 0 || not).then(|| u8::try_from(protocol).ok()).flatten().map(|value| Negatable { not, value });
    let is_ipv4 = layout.number != 10;
    if is_ipv4 && flags & 1 != 0 {
        header.fragment = Some(Negatable { not: inverted & 0x20 != 0, value: () });
    }
    Some((header, flags & if is_ipv4 { 2 } else { 4 } != 0))
}

fn is_zero(address: IpAddr) -> bool {
    address == IpAddr::V4(Ipv4Addr::UNSPECIFIED) || address == IpAddr::V6(Ipv6Addr::UNSPECIFIED)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_bytes_end(info in proptest::collection::vec(any::<u8>(), 0..100), bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = parse(IPV4, "nat", &info, &bytes);
            let _ = parse(IPV6, "nat", &info, &bytes);
        }
    }
}
