//! What a namespace's conntrack knows of a flow.

use serde::Serialize;

use super::Packet;

/// A flow in one namespace's conntrack (`struct nf_conn`). The walk makes one as the first packet goes by, and uses it
/// for the rest of the flow: nat chains decide once a manipulation, replies are translated back by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Connection {
    /// The first packet as it came: the original direction's tuple.
    pub original: Packet,
    /// The reply that is awaited: what the first packet became, changed over. NAT edits it.
    pub reply: Packet,
    /// `ctmark`.
    pub mark: u32,
    /// Whether a packet was seen in each direction, so that the state is ESTABLISHED.
    pub is_established: bool,
    /// Whether a rule said `notrack`: there is no connection, the state is UNTRACKED.
    pub is_untracked: bool,
    /// `IPS_DST_NAT`: the receiver was translated.
    pub is_destination_translated: bool,
    /// `IPS_SRC_NAT`: the sender was translated.
    pub is_source_translated: bool,
    /// `IPS_DST_NAT_DONE`: the destination's manipulation was decided, translated or not.
    pub is_destination_decided: bool,
    /// `IPS_SRC_NAT_DONE`: the source's.
    pub is_source_decided: bool,
    /// `skb->ipvs_property` of the flow's first packet: IPVS takes it, or has taken it, for one of its virtual servers.
    pub is_balanced: bool,
}

impl Connection {
    /// A flow whose first packet this is.
    pub fn new(packet: &Packet) -> Self {
        Self {
            original: packet.clone(),
            reply: packet.reply(),
            mark: 0,
            is_established: false,
            is_untracked: false,
            is_destination_translated: false,
            is_source_translated: false,
            is_destination_decided: false,
            is_source_decided: false,
            is_balanced: false,
        }
    }
}
