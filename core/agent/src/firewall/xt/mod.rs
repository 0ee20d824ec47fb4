//! xtables' extensions, whose blobs are structs of the kernel's interface (`linux/netfilter/xt_*.h`).
//!
//! A blob may be longer than its struct (padding) or, from a hostile or broken source, shorter: what is missing makes
//! the whole extension undecoded. Nothing here panics on any bytes.

mod conntrack;
mod matches;
mod targets;

use std::net::{IpAddr, Ipv4Addr};

use bridgewalk_model::firewall::{Expression, Negatable, PortRange};
use ipnet::IpNet;

use crate::netlink::attributes::ip;

/// What is kept of a blob that is not decoded, in bytes.
const MAX_RAW: usize = 4096;
/// `NFPROTO_IPV6`.
pub(super) const IPV6: u8 = 10;

/// A match of this family (`NFPROTO_*`), by its kernel name and revision.
pub(super) fn decode_match(family: u8, name: &str, revision: u8, blob: &[u8]) -> Expression {
    match matches::decode(family, name, revision, blob) {
        Some(found) => Expression::Xt(Box::new(found)),
        None => unknown("xt_match", name, revision, blob, true),
    }
}

/// A target of this family, by its kernel name and revision.
pub(super) fn decode_target(family: u8, name: &str, revision: u8, blob: &[u8]) -> Expression {
    targets::decode(family, name, revision, blob).unwrap_or_else(|| unknown("xt_target", name, revision, blob, false))
}

fn unknown(kind: &str, name: &str, revision: u8, blob: &[u8], is_match: bool) -> Expression {
    let bytes = blob.get(..MAX_RAW).unwrap_or(blob).to_vec();
    Expression::Unknown { name: format!("{kind} {name}"), revision, bytes, is_match }
}

/// `value`, asked for by its absence if `not`.
fn negatable<T>(not: bool, value: T) -> Negatable<T> {
    Negatable { not, value }
}

/// Ports from first to last, none if that is all of them.
fn ports(first: u16, last: u16, not: bool) -> Option<Negatable<PortRange>> {
    (not || first != 0 || last != u16::MAX).then(|| negatable(not, PortRange { first, last }))
}

/// `union nf_inet_addr`.
fn address_at(family: u8, blob: &[u8], at: usize) -> Option<IpAddr> {
    let bytes = blob.get(at..at.checked_add(16)?)?;
    if family == IPV6 { ip(bytes) } else { ip(bytes.get(..4)?) }
}

/// `struct in_addr`.
fn ipv4_at(blob: &[u8], at: usize) -> Option<IpAddr> {
    let bytes: [u8; 4] = blob.get(at..at.checked_add(4)?)?.try_into().ok()?;
    Some(IpAddr::V4(Ipv4Addr::from(bytes)))
}

/// A network, if the mask is a prefix.
pub(super) fn network(address: IpAddr, mask: IpAddr) -> Option<IpNet> {
    let prefix = ipnet::ip_mask_to_prefix(mask).ok()?;
    IpNet::new(address, prefix).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MATCHES: [&str; 21] = [
        "conntrack",
        "state",
        "addrtype",
        "tcp",
        "udp",
        "udplite",
        "sctp",
        "icmp",
        "icmp6",
        "multiport",
        "mark",
        "connmark",
        "comment",
        "physdev",
        "iprange",
        "pkttype",
        "mac",
        "set",
        "ipvs",
        "policy",
        "hashlimit",
    ];
    const TARGETS: [&str; 16] = [
        "DNAT",
        "SNAT",
        "MASQUERADE",
        "REDIRECT",
        "NETMAP",
        "MARK",
        "CONNMARK",
        "TCPMSS",
        "LOG",
        "NFLOG",
        "REJECT",
        "CT",
        "NOTRACK",
        "CHECKSUM",
        "TRACE",
        "TPROXY",
    ];

    proptest! {
        #[test]
        fn any_bytes_decode_to_something(
            bytes in proptest::collection::vec(any::<u8>(), 0..400),
            revision in 0_u8..5,
            family in prop_oneof![Just(2_u8), Just(IPV6), any::<u8>()],
        ) {
            for name in MATCHES {
                let is_named = match decode_match(family, name, revision, &bytes) {
                    Expression::Xt(_) => true,
                    Expression::Unknown { name: found, is_match, .. } => is_match && found == format!("xt_match {name}"),
                    _ => false,
                };
                prop_assert!(is_named);
            }
            for name in TARGETS {
                decode_target(family, name, revision, &bytes);
            }
        }
    }
}
