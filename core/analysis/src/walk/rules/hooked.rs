//! What a hook knows beside the packet: devices, direction, the namespace.

use std::net::IpAddr;

use bridgewalk_model::{
    firewall::Hook,
    kernel::LinkKind,
    snapshot::{Interface, Namespace},
};

use super::{Passage, mutant::Mutant, state::State};
use crate::walk::Connection;

/// `NF_CT_STATE_INVALID_BIT`.
pub(super) const INVALID: u32 = 1;
/// `NF_CT_STATE_BIT(IP_CT_ESTABLISHED)`.
pub(super) const ESTABLISHED: u32 = 2;
/// `NF_CT_STATE_BIT(IP_CT_RELATED)`.
pub(super) const RELATED: u32 = 4;
/// `NF_CT_STATE_BIT(IP_CT_NEW)`.
pub(super) const NEW: u32 = 8;
/// `NF_CT_STATE_UNTRACKED_BIT`.
pub(super) const UNTRACKED: u32 = 64;

/// A passage without its packet: what stays the same for all ways.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hooked<'p> {
    pub(super) namespace: &'p Namespace,
    pub(super) hook: Hook,
    pub(super) is_reply: bool,
    pub(super) in_interface: Option<&'p Interface>,
    pub(super) out_interface: Option<&'p Interface>,
    pub(super) in_port: Option<&'p Interface>,
    pub(super) out_port: Option<&'p Interface>,
    pub(super) next_hop: Option<IpAddr>,
    pub(super) mutant: Option<Mutant>,
}

impl<'p> Hooked<'p> {
    pub(super) const fn new(namespace: &'p Namespace, passage: &Passage<'p>, mutant: Option<Mutant>) -> Self {
        Self {
            namespace,
            hook: passage.hook,
            is_reply: passage.is_reply,
            in_interface: passage.in_interface,
            out_interface: passage.out_interface,
            in_port: passage.in_port,
            out_port: passage.out_port,
            next_hop: passage.next_hop,
            mutant,
        }
    }

    /// Whether the packet goes round by the loopback device, where it keeps what it had when it was sent.
    pub(super) fn is_looped(&self) -> bool {
        self.in_interface.is_some_and(|interface| interface.link.kind == LinkKind::Loopback)
    }

    /// The flow's state as a bit, as nf_tables has it in a register.
    pub(super) fn connection_state(&self, state: &State) -> u32 {
        match &state.connection {
            None => INVALID,
            Some(connection) if connection.is_untracked => UNTRACKED,
            Some(connection) if self.is_reply || connection.is_established => ESTABLISHED,
            Some(_) => NEW,
        }
    }
}

impl State {
    /// The flow, if the packet has one.
    pub(super) fn tracked(&self) -> Option<&Connection> {
        self.connection.as_ref().filter(|connection| !connection.is_untracked)
    }
}
