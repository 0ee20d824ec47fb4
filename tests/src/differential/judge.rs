//! The evaluator's answer beside the kernel's, hook by hook.

use std::collections::{HashMap, HashSet};

use bridgewalk_analysis::walk::{
    Connection, Layer4, Packet,
    rules::{Branch, ChainId, Mutant, NamespaceRules, Passage, RuleId, Truth, Verdict},
};
use bridgewalk_model::{
    firewall::{Backend, Family, Hook},
    snapshot::{Interface, Namespace},
};

use super::{
    reach::within_reach,
    seen::{Case, Header, RulePlace, SeenFlow, SeenHook},
    tally::Tally,
};

/// A wrong answer.
#[derive(Clone, Debug)]
pub struct Disagreement {
    /// Which flow of the case, and which packet of it.
    pub at: (usize, usize),
    /// Which hook.
    pub hook: Hook,
    /// What differs, for people.
    pub what: String,
}

/// Judges all flows of a case.
pub fn judge(case: &Case, mutant: Option<Mutant>, tally: &mut Tally) -> Vec<Disagreement> {
    let rules = match mutant {
        None => NamespaceRules::new(&case.namespace),
        Some(mutant) => NamespaceRules::with_mutant(&case.namespace, mutant),
    };
    let mut disagreements = Vec::new();
    for (number, flow) in case.flows.iter().enumerate() {
        if let Some(found) = judge_flow(&rules, flow, tally) {
            let (packet, hook, what) = found;
            disagreements.push(Disagreement { at: (number, packet), hook, what });
        }
    }
    disagreements
}

/// Counts a case's rules, those within reach and those that the kernel says were matched.
pub fn count_rules(case: &Case, tally: &mut Tally) {
    let (hit, within_reach) = (hits(case), within_reach(&case.namespace));
    tally.rules_hit += hit.len();
    tally.rules += within_reach.union(&hit).count();
    tally.rules_loaded += loaded(&case.namespace);
    tally.thought_out_of_reach += hit.difference(&within_reach).count();
    tally.set_ups += 1;
}

/// The rules that the kernel says were matched: its trace, and the counters of legacy rules.
pub fn hits(case: &Case) -> HashSet<RuleId> {
    let kernel = KernelsWord::new(&case.namespace);
    let traced = case.flows.iter().flat_map(|flow| kernel.hits(flow));
    traced.chain(case.counted.iter().filter_map(|place| kernel.find(Backend::Legacy, place))).collect()
}

/// What the kernel calls a namespace's rules.
#[derive(Debug)]
pub struct KernelsWord<'a> {
    known: HashMap<(Backend, Family, &'a str, &'a str, u32), RuleId>,
}

impl<'a> KernelsWord<'a> {
    /// For these rules.
    pub fn new(namespace: &'a Namespace) -> Self {
        let mut known = HashMap::new();
        for (id, place) in places(namespace) {
            known.insert(place, id);
        }
        Self { known }
    }

    /// The rules that matched a flow's packets, as the trace says.
    pub fn hits(&self, flow: &SeenFlow) -> HashSet<RuleId> {
        let places = flow.packets.iter().flat_map(|packet| &packet.hooks).flat_map(|hook| &hook.rules);
        places.filter_map(|place| self.find(Backend::NfTables, place)).collect()
    }

    fn find(&self, backend: Backend, place: &RulePlace) -> Option<RuleId> {
        self.known.get(&(backend, place.family, place.table.as_str(), place.chain.as_str(), place.position)).copied()
    }
}

/// The legacy rules that have counted a packet.
pub fn counted(namespace: &Namespace) -> Vec<RulePlace> {
    let is_counted = |id: RuleId| {
        let counter = id.find(namespace).and_then(|(_, _, _, rule)| rule.counter.as_ref());
        counter.is_some_and(|counter| counter.packets > 0)
    };
    places(namespace)
        .filter(|(id, (backend, ..))| *backend == Backend::Legacy && is_counted(*id))
        .map(|(_, (_, family, table, chain, position))| RulePlace {
            family,
            table: table.to_owned(),
            chain: chain.to_owned(),
            position,
        })
        .collect()
}

fn places(namespace: &Namespace) -> impl Iterator<Item = (RuleId, (Backend, Family, &str, &str, u32))> {
    (0_u16..).zip(namespace.firewall.iter()).flat_map(|(ruleset, found)| {
        (0_u16..).zip(&found.tables).flat_map(move |(table, tabled)| {
            (0_u32..).zip(&tabled.chains).flat_map(move |(chain, chained)| {
                (0_u32..).zip(&chained.rules).map(move |(rule, ruled)| {
                    let id = RuleId { chain: ChainId { ruleset, table, chain }, rule };
                    (id, (found.backend, tabled.family, tabled.name.as_str(), chained.name.as_str(), ruled.position))
                })
            })
        })
    })
}

fn loaded(namespace: &Namespace) -> usize {
    let tables = namespace.firewall.iter().flat_map(|ruleset| &ruleset.tables);
    tables.flat_map(|table| &table.chains).map(|chain| chain.rules.len()).sum()
}

/// Follows one flow; gives the first thing that is wrong. Where something is undecided, all ways that agree with the kernel
/// so far are followed.
fn judge_flow(rules: &NamespaceRules<'_>, flow: &SeenFlow, tally: &mut Tally) -> Option<(usize, Hook, String)> {
    let mut known: Vec<Option<Connection>> = vec![None];
    for (number, seen) in flow.packets.iter().enumerate() {
        // What conntrack took for invalid begins no flow, so that its answer is a first packet; what is of neither
        // direction would contend with the flow that is there.
        let mut ways: Vec<Way> = Vec::new();
        for connection in &known {
            let is_reply = match connection {
                Some(connection) if is_of(&seen.packet, &connection.reply) => true,
                Some(connection) if !is_of(&seen.packet, &connection.original) => return None,
                _ => false,
            };
            ways.push(Way { packet: seen.packet.clone(), connection: connection.clone(), is_reply });
        }
        tally.packets += 1;
        tally.established += usize::from(number > 0);
        tally.ipv6 += usize::from(seen.packet.is_ipv6());
        let mut is_decided = true;
        for hook in &seen.hooks {
            match judge_hook(rules, hook, ways, tally) {
                Ok((found, is_certain)) => {
                    ways = found;
                    is_decided &= is_certain;
                }
                Err(what) => return Some((number, hook.hook, what)),
            }
        }
        *(if is_decided { &mut tally.decided } else { &mut tally.undecided }) += 1;
        let is_through = seen
            .hooks
            .last()
            .is_some_and(|hook| hook.end.is_some() && matches!(hook.hook, Hook::Postrouting | Hook::Input));
        if !is_through {
            return None;
        }
        let before = known;
        known = Vec::new();
        for way in ways {
            match way.connection {
                // A packet that went untracked leaves its flow as it was.
                Some(here) if here.is_untracked => known.extend(before.iter().cloned()),
                Some(here) => {
                    let is_established = here.is_established || way.is_reply;
                    known.push(Some(Connection { is_established, ..here }));
                }
                None => known.push(None),
            }
        }
        known.dedup();
    }
    None
}

/// A packet with its flow, as they may be.
struct Way {
    packet: Packet,
    connection: Option<Connection>,
    /// Whether it is the flow's answer.
    is_reply: bool,
}

/// One hook: the ways that agree with the kernel, and whether there was but one.
fn judge_hook(
    rules: &NamespaceRules<'_>,
    hook: &SeenHook,
    ways: Vec<Way>,
    tally: &mut Tally,
) -> Result<(Vec<Way>, bool), String> {
    let namespace = rules.namespace();
    let legacy = namespace.firewall.iter().filter(|ruleset| ruleset.backend == Backend::Legacy);
    // Legacy rules leave no trace: only what became of the packet is compared.
    let is_traced =
        legacy.flat_map(|set| &set.tables).flat_map(|table| &table.chains).all(|chain| chain.rules.is_empty());
    tally.hooks += 1;
    let mut agreeing: Vec<Way> = Vec::new();
    let mut first_fault = None;
    let mut is_certain = ways.len() == 1;
    for Way { mut packet, connection, is_reply } in ways {
        if let Some(difference) = differs(&packet, &hook.start) {
            first_fault.get_or_insert(format!("came in as {difference}"));
            continue;
        }
        packet.ttl = hook.start.ttl;
        let branches = rules.pass(Passage {
            hook: hook.hook,
            packet: packet.clone(),
            connection: connection.clone(),
            is_reply,
            in_interface: interface(namespace, hook.in_index),
            out_interface: interface(namespace, hook.out_index),
            in_port: None,
            out_port: None,
            is_bridged: false,
            next_hop: None,
        });
        tally.visits += branches.iter().map(|branch| branch.visits.len()).sum::<usize>();
        is_certain &= branches.len() == 1 && branches.iter().all(|branch| branch.undecided.is_empty());
        let is_exact = is_certain && is_traced && branches.iter().all(|branch| branch.regardless.is_empty());
        tally.traced_hooks += usize::from(is_exact);
        for branch in &branches {
            if let Some(fault) = fault(namespace, branch, hook, is_traced) {
                let path = &hook.rules;
                first_fault
                    .get_or_insert(format!("{fault}\npacket {packet:?}\nconnection {connection:?}\nkernel {path:?}"));
                continue;
            }
            tally.exact_paths += usize::from(is_exact);
            let mut packet = branch.packet.clone();
            if let Some(end) = &hook.end {
                // A port that nobody can tell is the kernel's.
                set_ports(&mut packet, end.ports);
            }
            agreeing.push(Way { packet, connection: branch.connection.clone(), is_reply });
        }
    }
    if agreeing.is_empty() { Err(first_fault.unwrap_or_default()) } else { Ok((agreeing, is_certain)) }
}

/// What is wrong with one way out, if anything.
fn fault(namespace: &Namespace, branch: &Branch, hook: &SeenHook, is_traced: bool) -> Option<String> {
    let passes = branch.verdict == Verdict::Accept;
    if passes != hook.end.is_some() {
        return Some(format!(
            "said {:?}, the kernel {}",
            branch.verdict,
            if passes { "dropped it" } else { "let it pass" }
        ));
    }
    if let Some(end) = &hook.end {
        let is_open = branch.regardless.iter().chain(&branch.undecided).any(|question| question.asks == "port");
        let mut packet = branch.packet.clone();
        if is_open {
            set_ports(&mut packet, end.ports);
        }
        if let Some(difference) = differs(&packet, end) {
            return Some(format!("went out as {difference}"));
        }
    }
    // What makes no difference has a path that cannot be told.
    if !is_traced || !branch.regardless.is_empty() || !branch.undecided.is_empty() {
        return None;
    }
    let ours: Vec<RulePlace> = branch
        .visits
        .iter()
        .filter(|visit| visit.matched == Truth::Yes)
        .filter_map(|visit| {
            let (_, table, chain, rule) = visit.rule.find(namespace)?;
            Some(RulePlace {
                family: table.family,
                table: table.name.clone(),
                chain: chain.name.clone(),
                position: rule.position,
            })
        })
        .collect();
    (ours != hook.rules).then(|| format!("ran {ours:?}"))
}

fn differs(packet: &Packet, header: &Header) -> Option<String> {
    let mut ours = Header::of(packet);
    ours.ttl = header.ttl;
    (ours != *header).then(|| format!("{ours:?}, the kernel had {header:?}"))
}

/// Whether a packet is of this direction of a flow.
fn is_of(packet: &Packet, tuple: &Packet) -> bool {
    let identifier = |packet: &Packet| match packet.layer4 {
        Layer4::Icmp { identifier, .. } => Some(identifier),
        _ => None,
    };
    (packet.source, packet.destination, packet.layer4.ports(), identifier(packet))
        == (tuple.source, tuple.destination, tuple.layer4.ports(), identifier(tuple))
}

fn set_ports(packet: &mut Packet, ports: Option<(u16, u16)>) {
    if let (
        Some(ports),
        Layer4::Tcp { source_port, destination_port, .. } | Layer4::Udp { source_port, destination_port },
    ) = (ports, &mut packet.layer4)
    {
        (*source_port, *destination_port) = ports;
    }
}

fn interface(namespace: &Namespace, index: Option<u32>) -> Option<&Interface> {
    let index = index?;
    namespace.interfaces.iter().find(|interface| interface.link.if_index == index)
}
