//! A message without what is odd in it.
//!
//! netlink-packet-route refuses a whole message for one attribute that has another length than it expects, or a name
//! that is no UTF-8. Here such a message is put together again, attribute by attribute, each of which is kept if the
//! message can still be decoded with it: what is new or odd costs itself alone. It is looked for within attributes that
//! hold others as well.
//!
//! A table of settings or counters that is shorter than its own it fills with zeros instead; one that lacks what is read
//! of it is odd here too.

use linux_raw_sys::netlink as kernel;
use netlink_packet_core::{NLA_HEADER_SIZE, NetlinkMessage, NlaBuffer, NlasIterator};
use netlink_packet_route::{
    RouteNetlinkMessage,
    address::AddressMessageBuffer,
    link::LinkMessageBuffer,
    neighbour::NeighbourMessageBuffer,
    nsid::NsidMessageBuffer,
    route::{RouteMessageBuffer, RouteNextHopBuffer},
    rule::RuleMessageBuffer,
};

use super::{HEADER_LEN, Messages};

/// What is read of `struct rtnl_link_stats64`.
const STATS_LEN: usize = size_of::<[u64; 8]>();
/// What is read of the settings: the last are `IPV4_DEVCONF_ROUTE_LOCALNET` (26, counted from 1) and
/// `DEVCONF_DISABLE_IPV6` (26, counted from 0).
const IPV4_CONF_LEN: usize = size_of::<[i32; 26]>();
const IPV6_CONF_LEN: usize = size_of::<[i32; 27]>();
/// How often a message is decoded at most; what comes after is left out.
const MAX_TRIES: usize = 512;

const AF_INET: u16 = libc::AF_INET as u16;
const AF_INET6: u16 = libc::AF_INET6 as u16;
const IFLA_IFNAME: u16 = kernel::IFLA_IFNAME as u16;
const IFLA_LINKINFO: u16 = kernel::IFLA_LINKINFO as u16;
const IFLA_INFO_DATA: u16 = kernel::IFLA_INFO_DATA as u16;
const IFLA_INFO_SLAVE_DATA: u16 = kernel::IFLA_INFO_SLAVE_DATA as u16;
const IFLA_IFALIAS: u16 = kernel::IFLA_IFALIAS as u16;
const IFLA_AF_SPEC: u16 = kernel::IFLA_AF_SPEC as u16;
const IFLA_STATS64: u16 = kernel::IFLA_STATS64 as u16;
const IFLA_INET_CONF: u16 = kernel::IFLA_INET_CONF as u16;
const IFLA_INET6_CONF: u16 = kernel::IFLA_INET6_CONF as u16;
const IFLA_PROP_LIST: u16 = kernel::IFLA_PROP_LIST as u16;
const IFLA_ALT_IFNAME: u16 = kernel::IFLA_ALT_IFNAME as u16;
const RTA_MULTIPATH: u16 = libc::RTA_MULTIPATH;
const FRA_IIFNAME: u16 = kernel::FRA_IIFNAME as u16;
const FRA_OIFNAME: u16 = kernel::FRA_OIFNAME as u16;

/// The message with all that can be decoded; none if not even its fixed header can.
pub(super) fn without_odd(message: &[u8]) -> Option<Vec<u8>> {
    let kind = Messages(message).next()?.kind;
    let header_len = HEADER_LEN + family_header_len(kind)?;
    let (header, attributes) = message.split_at_checked(header_len)?;
    let mut kept = Kept { kind, bytes: header.to_vec(), open: Vec::new(), path: Vec::new(), tries: MAX_TRIES };
    kept.is_understood().then(|| {
        kept.add_all(attributes);
        kept.close();
        kept.bytes
    })
}

/// The same, if a table in it is too short; else the message is as good as it is.
pub(super) fn without_short_table(message: &[u8]) -> Option<Vec<u8>> {
    let kind = Messages(message).next()?.kind;
    let attributes = message.get(HEADER_LEN + family_header_len(kind)?..)?;
    let is_odd = kind == libc::RTM_NEWLINK
        && NlasIterator::new(attributes)
            .map_while(Result::ok)
            .any(|attribute| is_short(&mut vec![attribute.kind()], attribute.value()));
    if is_odd { without_odd(message) } else { None }
}

/// Whether an attribute of a link is a table that is too short, or holds one.
fn is_short(path: &mut Vec<u16>, value: &[u8]) -> bool {
    match path[..] {
        [IFLA_STATS64] => value.len() < STATS_LEN,
        [IFLA_AF_SPEC] | [IFLA_AF_SPEC, AF_INET | AF_INET6] => {
            NlasIterator::new(value).map_while(Result::ok).any(|inner| {
                path.push(inner.kind());
                let is_short = is_short(path, inner.value());
                path.pop();
                is_short
            })
        }
        [IFLA_AF_SPEC, AF_INET, IFLA_INET_CONF] => value.len() < IPV4_CONF_LEN,
        [IFLA_AF_SPEC, AF_INET6, IFLA_INET6_CONF] => value.len() < IPV6_CONF_LEN,
        _ => false,
    }
}

/// A link's message without the attributes that nobody reads, which are most of them: they need not be decoded. Any other
/// message as it is.
pub(super) fn without_unread(message: &[u8]) -> Vec<u8> {
    const IS_READ: [u32; 13] = [
        kernel::IFLA_ADDRESS as u32,
        kernel::IFLA_IFNAME as u32,
        kernel::IFLA_MTU as u32,
        kernel::IFLA_LINK as u32,
        kernel::IFLA_MASTER as u32,
        kernel::IFLA_OPERSTATE as u32,
        kernel::IFLA_LINKINFO as u32,
        kernel::IFLA_IFALIAS as u32,
        kernel::IFLA_STATS64 as u32,
        kernel::IFLA_AF_SPEC as u32,
        kernel::IFLA_PROMISCUITY as u32,
        kernel::IFLA_LINK_NETNSID as u32,
        kernel::IFLA_PROP_LIST as u32,
    ];
    let header_len = HEADER_LEN + size_of::<LinkMessageBuffer>();
    let is_link = Messages(message).next().is_some_and(|message| message.kind == libc::RTM_NEWLINK);
    let Some((header, attributes)) = message.split_at_checked(header_len).filter(|_| is_link) else {
        return message.to_vec();
    };
    let mut bytes = Vec::with_capacity(message.len());
    bytes.extend_from_slice(header);
    for attribute in NlasIterator::new(attributes) {
        // What is broken off is for `without_odd`.
        let Ok(attribute) = attribute else { return message.to_vec() };
        if IS_READ.contains(&attribute.kind().into()) {
            bytes.extend_from_slice(&attribute.into_inner()[..usize::from(attribute.length())]);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
    }
    let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    bytes[..size_of::<u32>()].copy_from_slice(&len.to_ne_bytes());
    bytes
}

fn family_header_len(kind: u16) -> Option<usize> {
    Some(match kind {
        libc::RTM_NEWLINK..=libc::RTM_SETLINK => size_of::<LinkMessageBuffer>(),
        libc::RTM_NEWADDR..=libc::RTM_GETADDR => size_of::<AddressMessageBuffer>(),
        libc::RTM_NEWROUTE..=libc::RTM_GETROUTE => size_of::<RouteMessageBuffer>(),
        libc::RTM_NEWNEIGH..=libc::RTM_GETNEIGH => size_of::<NeighbourMessageBuffer>(),
        libc::RTM_NEWRULE..=libc::RTM_GETRULE => size_of::<RuleMessageBuffer>(),
        libc::RTM_NEWNSID..=libc::RTM_GETNSID => size_of::<NsidMessageBuffer>(),
        _ => return None,
    })
}

/// What of a message is kept so far.
struct Kept {
    kind: u16,
    bytes: Vec<u8>,
    /// Where what is still being added to begins: its length comes first.
    open: Vec<usize>,
    /// The types of the attributes among those.
    path: Vec<u16>,
    tries: usize,
}

impl Kept {
    fn add_all(&mut self, attributes: &[u8]) {
        for attribute in NlasIterator::new(attributes).map_while(Result::ok) {
            self.path.push(attribute.kind());
            self.add(attribute);
            self.path.pop();
        }
    }

    fn add(&mut self, attribute: NlaBuffer<&[u8]>) {
        if self.try_to_add(attribute, attribute.value()) {
            return;
        }
        let value = attribute.value();
        match (self.kind, &self.path[..]) {
            (libc::RTM_NEWLINK, [IFLA_IFNAME | IFLA_IFALIAS] | [IFLA_PROP_LIST, IFLA_ALT_IFNAME])
            | (libc::RTM_NEWRULE, [FRA_IIFNAME | FRA_OIFNAME]) => {
                self.try_to_add(attribute, String::from_utf8_lossy(value).as_bytes());
            }
            (
                libc::RTM_NEWLINK,
                [IFLA_LINKINFO | IFLA_AF_SPEC | IFLA_PROP_LIST]
                | [IFLA_LINKINFO, IFLA_INFO_DATA | IFLA_INFO_SLAVE_DATA]
                | [IFLA_AF_SPEC, AF_INET | AF_INET6],
            ) => self.within(&attribute.into_inner()[..NLA_HEADER_SIZE], |kept| kept.add_all(value)),
            (libc::RTM_NEWROUTE, [RTA_MULTIPATH]) => {
                self.within(&attribute.into_inner()[..NLA_HEADER_SIZE], |kept| kept.add_next_hops(value));
            }
            _ => {}
        }
    }

    /// Next hops are no attributes, but each holds some.
    fn add_next_hops(&mut self, mut hops: &[u8]) {
        while RouteNextHopBuffer::new_checked(hops).is_ok() {
            let len = usize::from(u16::from_ne_bytes([hops[0], hops[1]]));
            let (header, attributes) = hops[..len].split_at(size_of::<RouteNextHopBuffer>());
            self.within(header, |kept| kept.add_all(attributes));
            hops = hops.get(len.next_multiple_of(4)..).unwrap_or_default();
        }
    }

    /// Adds a header, and behind it what `add` adds; nothing if that does not help.
    fn within(&mut self, header: &[u8], add: impl FnOnce(&mut Self)) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(header);
        self.open.push(start);
        add(self);
        let is_understood = self.is_understood();
        self.open.pop();
        if !is_understood {
            self.bytes.truncate(start);
        }
    }

    /// Adds an attribute with this value if the message can still be decoded then.
    fn try_to_add(&mut self, attribute: NlaBuffer<&[u8]>, value: &[u8]) -> bool {
        let start = self.bytes.len();
        let Ok(len) = u16::try_from(NLA_HEADER_SIZE + value.len()) else { return false };
        if self.kind == libc::RTM_NEWLINK && is_short(&mut self.path, value) {
            return false;
        }
        self.bytes.extend_from_slice(&len.to_ne_bytes());
        self.bytes.extend_from_slice(&attribute.into_inner()[size_of::<u16>()..NLA_HEADER_SIZE]);
        self.bytes.extend_from_slice(value);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        let is_understood = self.is_understood();
        if !is_understood {
            self.bytes.truncate(start);
        }
        is_understood
    }

    fn is_understood(&mut self) -> bool {
        if self.tries == 0 {
            return false;
        }
        self.tries -= 1;
        self.close();
        NetlinkMessage::<RouteNetlinkMessage>::deserialize(&self.bytes).is_ok()
    }

    /// Has every length reach to the end.
    fn close(&mut self) {
        let end = self.bytes.len();
        self.bytes[..size_of::<u32>()].copy_from_slice(&u32::try_from(end).unwrap_or(u32::MAX).to_ne_bytes());
        for start in &self.open {
            let len = u16::try_from(end - start).unwrap_or(u16::MAX);
            self.bytes[*start..start + size_of::<u16>()].copy_from_slice(&len.to_ne_bytes());
        }
    }
}
