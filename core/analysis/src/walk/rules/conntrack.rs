//! Conntrack's part at PREROUTING and OUTPUT: a first packet makes a connection, unless it cannot begin one.

use crate::walk::{Connection, Layer4, Packet};

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

/// Whether a TCP packet with these flags begins a connection: a SYN, or an ACK of one that began unseen (`tcp_new` with
/// `nf_conntrack_tcp_loose`).
const fn may_begin(flags: u8) -> bool {
    const FIN: u8 = 1;
    const SYN: u8 = 2;
    const RST: u8 = 4;
    const ACK: u8 = 16;
    matches!(flags & (FIN | SYN | RST | ACK), SYN | ACK)
}

/// Whether an ICMP message of this type is a question (`valid_new`).
const fn asks(kind: u8, is_ipv6: bool) -> bool {
    if is_ipv6 { matches!(kind, 128 | 139) } else { matches!(kind, 8 | 13 | 15 | 17) }
}
