//! `NFT_MSG_TRACE`, decoded (`linux/netfilter/nf_tables.h`).

use bridgewalk_model::{
    firewall::Family,
    proof::{ConnectionState, Step, StepKind, StepVerdict, TraceConnection},
};

use crate::netlink::attributes::{Attributes, text, u8_at};

/// One message of the trace.
#[derive(Clone, Debug)]
pub(crate) struct TraceMessage<'a> {
    /// `NFTA_TRACE_ID`: neither unique nor stable, but the same from a base chain's begin to its end.
    pub(crate) id: u32,
    /// The table's family.
    pub(crate) family: Family,
    /// `NFTA_TRACE_TABLE`.
    pub(crate) table: String,
    /// What happened.
    pub(crate) step: Step,
    /// `NFTA_TRACE_NETWORK_HEADER`: only in the first message of a base chain, as what follows.
    pub(crate) network: Option<&'a [u8]>,
    /// `NFTA_TRACE_TRANSPORT_HEADER`.
    pub(crate) transport: Option<&'a [u8]>,
    /// `NFTA_TRACE_IIF`.
    pub(crate) in_if_index: Option<u32>,
    /// `NFTA_TRACE_OIF`.
    pub(crate) out_if_index: Option<u32>,
    /// `NFTA_TRACE_MARK`.
    pub(crate) mark: u32,
    /// `NFTA_TRACE_CT_*`.
    pub(crate) connection: Option<TraceConnection>,
}

/// What is behind `struct nlmsghdr`; none for what is no trace.
pub(crate) fn decode(body: &[u8]) -> Option<TraceMessage<'_>> {
    let family = family(u8_at(body, 0)?)?;
    let attributes = Attributes::after(body, 4);
    let kind = be32(attributes, 4)?;
    let by = match kind {
        1 => StepKind::Policy,
        2 => StepKind::Return,
        // At a chain's end newer kernels speak of a rule that has no handle.
        3 => be64(attributes, 3).map_or(StepKind::Return, |handle| StepKind::Rule { handle }),
        _ => return None,
    };
    let verdict = match by {
        StepKind::Policy => verdict(be32(attributes, 16)?.cast_signed(), None),
        StepKind::Return | StepKind::Rule { .. } => {
            let nested = attributes.nested(5);
            be32(nested, 1).map_or(StepVerdict::Continue, |code| verdict(code.cast_signed(), nested.find(2)))
        }
    };
    let connection = be32(attributes, 18).map(|id| TraceConnection {
        id,
        is_reply: attributes.find(19).and_then(|value| value.last().copied()) == Some(1),
        state: state(be32(attributes, 21).unwrap_or(0)),
    });
    Some(TraceMessage {
        id: be32(attributes, 6)?,
        family,
        table: attributes.find(1).map(text)?,
        step: Step { chain: attributes.find(2).map(text)?, by, verdict },
        network: attributes.find(8),
        transport: attributes.find(9),
        in_if_index: be32(attributes, 10),
        out_if_index: be32(attributes, 12),
        mark: be32(attributes, 14).unwrap_or(0),
        connection,
    })
}

fn verdict(code: i32, chain: Option<&[u8]>) -> StepVerdict {
    let chain = || chain.map(text).unwrap_or_default();
    match code {
        -1 | -2 => StepVerdict::Continue,
        -3 => StepVerdict::Jump { chain: chain() },
        -4 => StepVerdict::Goto { chain: chain() },
        -5 => StepVerdict::Return,
        // The upper half may hold an error or a queue's number.
        _ if code >= 0 || code & 0xff == 0 => match code & 0xff {
            0 => StepVerdict::Drop,
            1 => StepVerdict::Accept,
            2 => StepVerdict::Stolen,
            3 => StepVerdict::Queue,
            _ => StepVerdict::Other { code },
        },
        _ => StepVerdict::Other { code },
    }
}

/// `NF_CT_STATE_*_BIT`: one bit.
const fn state(bits: u32) -> ConnectionState {
    match bits {
        0x02 => ConnectionState::Established,
        0x04 => ConnectionState::Related,
        0x08 => ConnectionState::New,
        0x40 => ConnectionState::Untracked,
        _ => ConnectionState::Invalid,
    }
}

fn family(number: u8) -> Option<Family> {
    Some(match number {
        1 => Family::Inet,
        2 => Family::Ip,
        3 => Family::Arp,
        5 => Family::Netdev,
        7 => Family::Bridge,
        10 => Family::Ip6,
        _ => return None,
    })
}

fn be32(attributes: Attributes<'_>, kind: u16) -> Option<u32> {
    attributes.find(kind)?.try_into().ok().map(u32::from_be_bytes)
}

fn be64(attributes: Attributes<'_>, kind: u16) -> Option<u64> {
    attributes.find(kind)?.try_into().ok().map(u64::from_be_bytes)
}
