//! Puts the trace's messages in order: which belong to one packet's way through one base chain, and to which packet.

use std::collections::HashMap;

use bridgewalk_model::{
    AddressPort,
    firewall::Hook,
    proof::{Mark, Passage, ProbeProtocol, ProofOrder, SecondFlow, StepKind, TracedFlow},
};

use super::{
    TABLE_PREFIX,
    header::{self, Header},
    table,
    trace::TraceMessage,
};

/// More than the longest way through real rules takes.
const MAX_PASSAGES: usize = 256;
const MAX_STEPS: usize = 4096;
const SYN: u8 = 2;
const RST: u8 = 4;
const ACK: u8 = 16;

/// What was seen in one namespace.
pub(super) struct Passages {
    protocol: ProbeProtocol,
    port: u16,
    second_flows: Vec<SecondFlow>,
    own_table: String,
    /// In order.
    pub(super) list: Vec<Passage>,
    /// In order.
    pub(super) marks: Vec<Mark>,
    /// There was more than is kept.
    pub(super) is_truncated: bool,
    /// What messages of this id belong to: a passage, or nothing that matters.
    open: HashMap<u32, Option<usize>>,
    steps: usize,
    /// The second flow's sender: the first that came.
    second_source: Option<AddressPort>,
}

impl Passages {
    pub(super) fn new(order: &ProofOrder, port: u16, number: u64) -> Self {
        Self {
            protocol: order.protocol,
            port,
            second_flows: order.second_flows.clone(),
            own_table: table::name(number),
            list: Vec::new(),
            marks: Vec::new(),
            is_truncated: false,
            open: HashMap::new(),
            steps: 0,
            second_source: None,
        }
    }

    /// Takes the next message.
    pub(super) fn take(&mut self, message: TraceMessage<'_>) {
        if self.steps >= MAX_STEPS || self.list.len() >= MAX_PASSAGES || self.marks.len() >= MAX_PASSAGES {
            self.is_truncated = true;
            return;
        }
        self.steps += 1;
        if let Some(network) = message.network {
            let header = header::read(network, message.transport.unwrap_or_default());
            let place = header.and_then(|header| self.begin(&message, header));
            self.open.insert(message.id, place);
        }
        let Some(passage) = self.open.get(&message.id).copied().flatten().and_then(|at| self.list.get_mut(at)) else {
            return;
        };
        if (passage.family, &passage.table) == (message.family, &message.table) {
            passage.connection = passage.connection.or(message.connection);
            let is_end = message.step.by == StepKind::Policy;
            passage.steps.push(message.step);
            if is_end {
                self.open.remove(&message.id);
            }
        }
    }

    /// A packet comes into a base chain.
    fn begin(&mut self, message: &TraceMessage<'_>, header: Header) -> Option<usize> {
        let (flow, is_reply) = self.flow_of(header)?;
        let packet = header.tuple;
        if message.table.starts_with(TABLE_PREFIX) {
            if message.table == self.own_table {
                self.marks.push(Mark {
                    hook: hook(&message.step.chain)?,
                    after_passages: self.list.len(),
                    flow,
                    is_reply,
                    packet,
                    in_if_index: message.in_if_index,
                    out_if_index: message.out_if_index,
                });
            }
            return None;
        }
        self.list.push(Passage {
            family: message.family,
            table: message.table.clone(),
            chain: message.step.chain.clone(),
            flow,
            is_reply,
            packet,
            ttl: header.ttl,
            mark: message.mark,
            in_if_index: message.in_if_index,
            out_if_index: message.out_if_index,
            connection: message.connection,
            steps: Vec::new(),
        });
        Some(self.list.len() - 1)
    }

    /// Whose packet it is: the first one there and the first answer count, what a connection says after that does not.
    fn flow_of(&mut self, header: Header) -> Option<(TracedFlow, bool)> {
        let Header { tuple, flags_or_type, .. } = header;
        let number = |protocol: ProbeProtocol| protocol.number(tuple.source.address.is_ipv6());
        if tuple.protocol == number(self.protocol) {
            match self.protocol {
                ProbeProtocol::Icmp if tuple.source.port == self.port => match flags_or_type {
                    8 | 128 => return Some((TracedFlow::Probe, false)),
                    0 | 129 => return Some((TracedFlow::Probe, true)),
                    _ => {}
                },
                ProbeProtocol::Icmp => {}
                ProbeProtocol::Tcp | ProbeProtocol::Udp => {
                    let is_tcp = self.protocol == ProbeProtocol::Tcp;
                    if tuple.source.port == self.port && (!is_tcp || is_first(flags_or_type)) {
                        return Some((TracedFlow::Probe, false));
                    }
                    if tuple.destination.port == self.port && (!is_tcp || is_answer(flags_or_type)) {
                        return Some((TracedFlow::Probe, true));
                    }
                }
            }
        }
        let is_second = |end: AddressPort| {
            self.second_flows.iter().any(|flow| {
                number(flow.protocol) == tuple.protocol && (flow.destination, flow.port) == (end.address, end.port)
            })
        };
        let is_tcp = tuple.protocol == 6;
        if is_second(tuple.destination) && (!is_tcp || is_first(flags_or_type)) {
            let is_it = *self.second_source.get_or_insert(tuple.source) == tuple.source;
            return is_it.then_some((TracedFlow::Second, false));
        }
        if is_second(tuple.source) && (!is_tcp || is_answer(flags_or_type)) {
            return (self.second_source == Some(tuple.destination)).then_some((TracedFlow::Second, true));
        }
        None
    }
}

const fn is_first(flags: u8) -> bool {
    flags & (SYN | ACK | RST) == SYN
}

/// SYN and ACK; or RST with ACK, as a SYN is refused with: what resets a connection that stands comes after us.
const fn is_answer(flags: u8) -> bool {
    flags & (SYN | ACK) == SYN | ACK || flags & (RST | ACK) == RST | ACK
}

/// Of the proof's own chains.
fn hook(chain: &str) -> Option<Hook> {
    Some(match chain {
        "prerouting" => Hook::Prerouting,
        "input" => Hook::Input,
        "output" => Hook::Output,
        "postrouting" => Hook::Postrouting,
        _ => return None,
    })
}
