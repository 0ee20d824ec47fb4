//! Sends a flow's packets through the router and takes down what the kernel says of each hook.

use std::sync::atomic::{AtomicU16, Ordering};

use anyhow::{Context, Result};
use bridgewalk_analysis::walk::{Layer4, Packet};
use bridgewalk_model::{
    firewall::{Backend, Family, Hook},
    snapshot::Namespace,
};

use super::{
    bed::{Bed, TRACE_TABLE},
    layout::{Probe, may_answer, next},
    seen::{Header, RulePlace, SeenFlow, SeenHook, SeenPacket},
    trace::Event,
};

/// What is awaited and does not come: a packet that a program still has to push on.
const PATIENCE_MS: i64 = 12;
/// Its end was not seen: the kernel may be slow, or it is dropped without a word.
const ROUNDS: u32 = 2;

/// Sends packets, each known by a number of its own.
#[derive(Debug)]
pub struct Observer<'a> {
    bed: &'a mut Bed,
    patience_ms: i64,
}

/// What packets are known by. Late ones of an earlier flow must not be taken for the next one's.
static NEXT_ID: AtomicU16 = AtomicU16::new(1);

impl<'a> Observer<'a> {
    /// On this bed.
    pub const fn new(bed: &'a mut Bed) -> Self {
        Self { bed, patience_ms: PATIENCE_MS }
    }

    /// The same, for when the machine may have been too busy.
    pub const fn patient(bed: &'a mut Bed) -> Self {
        Self { bed, patience_ms: 40 * PATIENCE_MS }
    }

    /// Sends a first packet; where it arrives, an answer, and one more packet.
    pub fn flow(&mut self, namespace: &Namespace, probe: &Probe) -> Result<SeenFlow> {
        let Probe { door, packet: first } = probe;
        let mut flow = SeenFlow::default();
        self.bed.router()?.forget_flows()?;
        let (seen, arrival) = self.send(namespace, *door, first, false)?;
        let out = seen.hooks.last().and_then(|hook| device(namespace, hook.out_index));
        flow.packets.push(seen);
        let Some((end, header)) = arrival else { return Ok(flow) };
        let arrived = Packet { source: header.source, destination: header.destination, ..first.clone() };
        let arrived = with_ports(arrived, header.ports);
        let layout = self.bed.layout();
        let back = layout.door(end, out.filter(|_| end != 0)).filter(|_| may_answer(&layout, end, &arrived));
        let Some(back) = back else { return Ok(flow) };
        let (seen, arrival) = self.send(namespace, back, &arrived.reply(), true)?;
        flow.packets.push(seen);
        let from = self.bed.doors.get(*door).map(|door| door.end);
        if arrival.is_some_and(|(end, _)| Some(end) == from) {
            flow.packets.push(self.send(namespace, *door, &next(first), false)?.0);
        }
        Ok(flow)
    }

    /// One packet: what the router did, and where it arrived.
    fn send(
        &mut self,
        namespace: &Namespace,
        door: usize,
        packet: &Packet,
        is_reply: bool,
    ) -> Result<(SeenPacket, Option<(usize, Header)>)> {
        // The kernel would choose one in the place of zero.
        let id = NEXT_ID.fetch_add(1, Ordering::Relaxed).max(1);
        for end in &mut self.bed.ends {
            end.trace.take()?;
        }
        let door = self.bed.doors.get(door).context("no such door")?;
        let from = door.end;
        door.send(packet, id)?;
        let mut events: Vec<Vec<Event>> = vec![Vec::new(); self.bed.ends.len()];
        let mut round = 0;
        loop {
            for (end, events) in self.bed.ends.iter_mut().zip(&mut events) {
                events.extend(
                    end.trace
                        .take()?
                        .into_iter()
                        .filter(|event| event.id == id && event.header.source.is_ipv6() == packet.is_ipv6()),
                );
            }
            let hooks = hooks(namespace, events.first().map(Vec::as_slice).unwrap_or_default());
            let taken_in = hooks.last().filter(|hook| hook.hook == Hook::Input).and_then(|hook| hook.end.clone());
            let arrival = arrival(&events, from).or_else(|| Some((0, taken_in?)));
            if arrival.is_some() || round >= ROUNDS {
                return Ok((SeenPacket { packet: packet.clone(), is_reply, hooks }, arrival));
            }
            round += 1;
            self.wait()?;
        }
    }
}

impl Observer<'_> {
    /// Waits for more to come; one who is patient waits for it to have come.
    fn wait(&self) -> Result<()> {
        let pause = self.patience_ms / i64::from(ROUNDS);
        if self.patience_ms > PATIENCE_MS {
            std::thread::sleep(std::time::Duration::from_millis(pause.unsigned_abs()));
            return Ok(());
        }
        self.bed.router()?.trace.wait(pause).map(drop)
    }
}

fn device(namespace: &Namespace, index: Option<u32>) -> Option<&str> {
    let found = namespace.interfaces.iter().find(|interface| Some(interface.link.if_index) == index)?;
    Some(found.link.name.as_str())
}

fn with_ports(mut packet: Packet, ports: Option<(u16, u16)>) -> Packet {
    if let (
        Some(ports),
        Layer4::Tcp { source_port, destination_port, .. } | Layer4::Udp { source_port, destination_port },
    ) = (ports, &mut packet.layer4)
    {
        (*source_port, *destination_port) = ports;
    }
    packet
}

/// The end in which the packet was seen to come in.
fn arrival(events: &[Vec<Event>], from: usize) -> Option<(usize, Header)> {
    let came_in = |events: &Vec<Event>| {
        events
            .iter()
            .find(|event| event.table == TRACE_TABLE && event.chain == "prerouting_first")
            .map(|event| event.header.clone())
    };
    let ends = events.iter().enumerate().skip(1);
    // What goes round comes back to its sender last of all.
    ends.clone()
        .filter(|(end, _)| *end != from)
        .chain(ends.filter(|(end, _)| *end == from))
        .find_map(|(end, events)| Some((end, came_in(events)?)))
}

/// The router's events, hook by hook.
fn hooks(namespace: &Namespace, events: &[Event]) -> Vec<SeenHook> {
    let mut hooks: Vec<SeenHook> = Vec::new();
    for event in events {
        if event.table == TRACE_TABLE {
            let Some((name, place)) = event.chain.rsplit_once('_') else { continue };
            let Some(hook) = hook(name) else { continue };
            if place == "last" {
                if let Some(open) = hooks.last_mut().filter(|open| open.hook == hook) {
                    open.end = Some(event.header.clone());
                }
            } else if event.is_policy {
                hooks.push(SeenHook {
                    hook,
                    in_index: event.in_index,
                    out_index: event.out_index,
                    start: event.header.clone(),
                    end: None,
                    rules: Vec::new(),
                });
            }
        } else if let (Some(handle), Some(open)) = (event.handle, hooks.last_mut()) {
            let family = match event.family {
                1 => Family::Inet,
                2 => Family::Ip,
                10 => Family::Ip6,
                _ => continue,
            };
            let rulesets = namespace.firewall.iter().filter(|ruleset| ruleset.backend == Backend::NfTables);
            let tables = rulesets.flat_map(|ruleset| &ruleset.tables);
            let table = tables.into_iter().find(|table| table.family == family && table.name == event.table);
            let rule = table
                .and_then(|table| table.chain(&event.chain))
                .and_then(|chain| chain.rules.iter().find(|rule| rule.handle == Some(handle)));
            open.rules.push(RulePlace {
                family,
                table: event.table.clone(),
                chain: event.chain.clone(),
                position: rule.map_or(0, |rule| rule.position),
            });
        }
    }
    hooks
}

fn hook(name: &str) -> Option<Hook> {
    Some(match name {
        "prerouting" => Hook::Prerouting,
        "input" => Hook::Input,
        "forward" => Hook::Forward,
        "output" => Hook::Output,
        "postrouting" => Hook::Postrouting,
        _ => return None,
    })
}
