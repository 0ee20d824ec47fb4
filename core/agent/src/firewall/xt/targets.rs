//! Targets, by name.

use bridgewalk_model::firewall::{Expression, NatRange, PortRange, XtTarget};

use super::{IPV6, address_at, ipv4_at};
use crate::netlink::attributes::{be16_at, text, u8_at, u16_at, u32_at};

pub(super) fn decode(family: u8, name: &str, revision: u8, blob: &[u8]) -> Option<Expression> {
    let range = || nat_range(family, revision, blob);
    let target = match (name, revision) {
        ("DNAT", 0..=2) => XtTarget::Dnat { to: range()? },
        ("SNAT", 0 | 1) => XtTarget::Snat { to: range()? },
        ("MASQUERADE", 0) => XtTarget::Masquerade { to: range()? },
        ("REDIRECT", 0) => XtTarget::Redirect { to: range()? },
        ("NETMAP", 0) => XtTarget::Netmap { to: range()? },
        ("MARK", 2) => XtTarget::Mark { value: u32_at(blob, 0)?, mask: u32_at(blob, 4)? },
        // The second revision can shift, for which there is no field.
        ("CONNMARK", 2) if u8_at(blob, 13)? != 0 => return None,
        ("CONNMARK", 1 | 2) => XtTarget::Connmark {
            mode: (*["set", "save", "restore"].get(usize::from(u8_at(blob, if revision == 1 { 12 } else { 14 })?))?)
                .to_owned(),
            value: u32_at(blob, 0)?,
            ct_mask: u32_at(blob, 4)?,
            packet_mask: u32_at(blob, 8)?,
        },
        ("TCPMSS", 0) => XtTarget::TcpMss { mss: u16_at(blob, 0).filter(|mss| *mss != u16::MAX) },
        ("LOG", 0) => return Some(Expression::Log { text: log(blob)? }),
        ("NFLOG", 0) => return Some(Expression::Log { text: nflog(blob)? }),
        ("REJECT", 0) => return Some(Expression::Reject { with: reject(family, u32_at(blob, 0)?)?.to_owned() }),
        ("NOTRACK", 0) => return Some(Expression::NoTrack),
        ("CT", 0..=2) => return connection(blob),
        ("CHECKSUM", 0) if u8_at(blob, 0)? == 1 => XtTarget::Checksum,
        ("TRACE", 0) => XtTarget::Trace,
        _ => return None,
    };
    Some(Expression::XtTarget(Box::new(target)))
}

/// `struct nf_nat_ipv4_multi_range_compat` for IPv4's revision 0, else `struct nf_nat_range` and `nf_nat_range2`.
fn nat_range(family: u8, revision: u8, blob: &[u8]) -> Option<NatRange> {
    let is_compat = revision == 0 && family != IPV6;
    let flags = u32_at(blob, if is_compat { 4 } else { 0 })?;
    let (first, last, port) = if is_compat {
        (ipv4_at(blob, 8)?, ipv4_at(blob, 12)?, 16)
    } else {
        (address_at(family, blob, 4)?, address_at(family, blob, 20)?, 36)
    };
    let ports = PortRange { first: be16_at(blob, port)?, last: be16_at(blob, port + 2)? };
    // `NF_NAT_RANGE_PROTO_OFFSET` shifts ports, for which there is no field: better undecoded than half.
    if flags & 32 != 0 {
        return None;
    }
    Some(NatRange {
        addresses: (flags & 1 != 0).then_some((first, last)),
        ports: (flags & 2 != 0).then_some(ports),
        random: flags & 4 != 0,
        random_fully: flags & 16 != 0,
        persistent: flags & 8 != 0,
    })
}

fn log(blob: &[u8]) -> Option<String> {
    let (level, flags, prefix) = (u8_at(blob, 0)?, u8_at(blob, 1)?, text(blob.get(2..32)?));
    let mut words = "LOG".to_owned();
    if !prefix.is_empty() {
        words += &format!(" --log-prefix {}", quoted(&prefix));
    }
    if level != 4 {
        words += &format!(" --log-level {level}");
    }
    for (bit, option) in [
        (1, "--log-tcp-sequence"),
        (2, "--log-tcp-options"),
        (4, "--log-ip-options"),
        (8, "--log-uid"),
        (32, "--log-macdecode"),
    ] {
        if flags & bit != 0 {
            words += &format!(" {option}");
        }
    }
    Some(words)
}

fn nflog(blob: &[u8]) -> Option<String> {
    let (len, group, threshold, flags) = (u32_at(blob, 0)?, u16_at(blob, 4)?, u16_at(blob, 6)?, u16_at(blob, 8)?);
    let prefix = text(blob.get(12..76)?);
    let mut words = "NFLOG".to_owned();
    if !prefix.is_empty() {
        words += &format!(" --nflog-prefix {}", quoted(&prefix));
    }
    if group != 0 {
        words += &format!(" --nflog-group {group}");
    }
    if len != 0 {
        words += &format!(" --nflog-{} {len}", if flags & 1 == 0 { "range" } else { "size" });
    }
    if threshold != 1 && threshold != 0 {
        words += &format!(" --nflog-threshold {threshold}");
    }
    Some(words)
}

/// As xtables quotes: only where something else than letters, digits and a few marks stands.
fn quoted(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/' | ',' | '=' | '+' | '@');
    if !value.is_empty() && value.chars().all(plain) {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

fn reject(family: u8, with: u32) -> Option<&'static str> {
    let names: &[&str] = if family == IPV6 {
        &[
            "icmpv6 no-route",
            "icmpv6 admin-prohibited",
            "",
            "icmpv6 addr-unreachable",
            "icmpv6 port-unreachable",
            "",
            "tcp reset",
            "icmpv6 policy-fail",
            "icmpv6 reject-route",
        ]
    } else {
        &[
            "icmp net-unreachable",
            "icmp host-unreachable",
            "icmp prot-unreachable",
            "icmp port-unreachable",
            "",
            "icmp net-prohibited",
            "icmp host-prohibited",
            "tcp reset",
            "icmp admin-prohibited",
        ]
    };
    names.get(with as usize).copied().filter(|name| !name.is_empty())
}

/// `struct xt_ct_target_info`: untracked, or a helper or zone given.
fn connection(blob: &[u8]) -> Option<Expression> {
    let (flags, zone, helper) = (u16_at(blob, 0)?, u16_at(blob, 2)?, text(blob.get(12..28)?));
    if flags & 1 != 0 {
        return Some(Expression::NoTrack);
    }
    if u32_at(blob, 4)? != 0 || u32_at(blob, 8)? != 0 || flags & !2 != 0 {
        return None;
    }
    let helper = (!helper.is_empty()).then_some(helper);
    Some(Expression::XtTarget(Box::new(XtTarget::Ct { helper, zone })))
}
