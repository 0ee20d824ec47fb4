//! Conntrack's part at PREROUTING and OUTPUT: a first packet makes a connection, unless it cannot begin one.

use bridgewalk_model::{
    firewall::{Expression, Family, Table, XtMatch, XtTarget},
    snapshot::Namespace,
};

use crate::walk::{Connection, Layer4, Packet};

/// Whether conntrack is at work for IPv4 and for IPv6: only where some rule of that family, used or not, asks for it
/// (`nf_ct_netns_get`). Without it there is no flow that nat's chains could be asked about.
pub(super) fn is_at_work(namespace: &Namespace) -> [bool; 2] {
    let mut at_work = [false; 2];
    for table in namespace.firewall.iter().flat_map(|ruleset| &ruleset.tables) {
        for step in table.chains.iter().flat_map(|chain| &chain.rules).flat_map(|rule| &rule.expressions) {
            let [ipv4, ipv6] = brings_it(table, step);
            at_work = [at_work[0] || ipv4, at_work[1] || ipv6];
        }
    }
    at_work
}

fn brings_it(table: &Table, step: &Expression) -> [bool; 2] {
    let brings = match step {
        Expression::Nat { family, .. } => return [family == "ip", family == "ip6"],
        Expression::Ct { .. }
        | Expression::CtSet { .. }
        | Expression::Masquerade { .. }
        | Expression::Redirect { .. } => true,
        Expression::Xt(found) => matches!(**found, XtMatch::Conntrack { .. } | XtMatch::Connmark { .. }),
        Expression::XtTarget(target) => match &**target {
            // `xt_ct_tg_check`: with a zone or a helper, or with neither; but not where it says `--notrack`, which is a
            // step of its own.
            XtTarget::Ct { .. }
            | XtTarget::Dnat { .. }
            | XtTarget::Snat { .. }
            | XtTarget::Masquerade { .. }
            | XtTarget::Redirect { .. }
            | XtTarget::Netmap { .. }
            | XtTarget::Connmark { .. } => true,
            XtTarget::Mark { .. } | XtTarget::TcpMss { .. } | XtTarget::Checksum | XtTarget::Trace => false,
        },
        Expression::Unknown { name, .. } => {
            let name = name.rsplit(' ').next().unwrap_or_default().to_lowercase();
            name.starts_with("conn")
                || matches!(name.as_str(), "ct" | "helper" | "cluster" | "synproxy" | "flow_offload")
        }
        _ => false,
    };
    match table.family {
        _ if !brings => [false; 2],
        Family::Ip => [true, false],
        Family::Ip6 => [false, true],
        Family::Inet | Family::Bridge => [true; 2],
        Family::Arp | Family::Netdev => [false; 2],
    }
}

/// What conntrack makes of a packet of which it knows no flow (`nf_conntrack_in`); none: it is INVALID.
pub(super) fn take_up(packet: &Packet) -> Option<Connection> {
    let is_ipv6 = packet.is_ipv6();
    match packet.layer4 {
        Layer4::Tcp { flags, .. } if !may_begin(flags) => return None,
        // Neighbour discovery and multicast listeners are never tracked (`nf_conntrack_icmpv6_error`).
        Layer4::Icmp { kind: 130..=137 | 143, .. } if is_ipv6 => {
            return Some(Connection { is_untracked: true, ..Connection::new(packet) });
        }
        Layer4::Icmp { kind, .. } if !asks(kind, is_ipv6) => return None,
        _ => {}
    }
    Some(Connection::new(packet))
}

/// Whether a TCP packet goes on with a flow whose SYN was not answered yet, as conntrack saw it: it is INVALID
/// (`tcp_conntracks`, `sSS`).
pub(super) fn is_too_early(known: &Connection, packet: &Packet, is_reply: bool) -> bool {
    let flags = |packet: &Packet| match packet.layer4 {
        Layer4::Tcp { flags, .. } => flags & (FIN | SYN | RST | ACK),
        _ => 0,
    };
    !is_reply && !known.is_established && flags(&known.original) == SYN && flags(packet) & (FIN | ACK) != 0
}

/// Whether a TCP packet with these flags begins a connection: a SYN, or an ACK of one that began unseen (`tcp_new` with
/// `nf_conntrack_tcp_loose`).
const fn may_begin(flags: u8) -> bool {
    matches!(flags & (FIN | SYN | RST | ACK), SYN | ACK)
}

/// TCP's flags.
const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const ACK: u8 = 16;

/// Whether an ICMP message of this type is a question (`valid_new`).
const fn asks(kind: u8, is_ipv6: bool) -> bool {
    if is_ipv6 { matches!(kind, 128 | 139) } else { matches!(kind, 8 | 13 | 15 | 17) }
}
