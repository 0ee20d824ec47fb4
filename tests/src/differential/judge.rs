//! The evaluator's answer beside the kernel's, hook by hook.

use std::collections::HashSet;

use bridgewalk_analysis::walk::{
    Connection, Layer4, Packet,
    rules::{Branch, Mutant, NamespaceRules, Passage, RuleId, Truth, Verdict},
};
use bridgewalk_model::{
    firewall::{Backend, Hook},
    snapshot::{Interface, Namespace},
};

use super::{
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
    let mut hit = HashSet::new();
    for (number, flow) in case.flows.iter().enumerate() {
        if let Some(found) = judge_flow(&rules, flow, tally, &mut hit) {
            let (packet, hook, what) = found;
            disagreements.push(Disagreement { at: (number, packet), hook, what });
        }
    }
    tally.rules_hit += hit.len();
    tally.rules_matched_by_kernel += kernel_hits(case);
    tally.rules += rules_of(&case.namespace);
    tally.set_ups += 1;
    disagreements
}

/// Rules that some packet may match: chains that nothing leads to are not counted.
fn rules_of(namespace: &Namespace) -> usize {
    let mut count = 0;
    for table in namespace.firewall.iter().flat_map(|ruleset| &ruleset.tables) {
        count += table.chains.iter().map(|chain| chain.rules.len()).sum::<usize>();
    }
    count
}

fn kernel_hits(case: &Case) -> usize {
    let hooks = case.flows.iter().flat_map(|flow| &flow.packets).flat_map(|packet| &packet.hooks);
    hooks.flat_map(|hook| &hook.rules).collect::<HashSet<&RulePlace>>().len()
}

/// Follows one flow; gives the first thing that is wrong.
fn judge_flow(
    rules: &NamespaceRules<'_>,
    flow: &SeenFlow,
    tally: &mut Tally,
    hit: &mut HashSet<RuleId>,
) -> Option<(usize, Hook, String)> {
    let namespace = rules.namespace();
    let is_traced = namespace.firewall.iter().all(|ruleset| ruleset.backend == Backend::NfTables);
    let mut connection: Option<Connection> = None;
    for (number, seen) in flow.packets.iter().enumerate() {
        tally.packets += 1;
        if number > 0 {
            tally.established += 1;
        }
        if seen.packet.is_ipv6() {
            tally.ipv6 += 1;
        }
        let mut packet = seen.packet.clone();
        let mut here = connection.clone();
        let mut is_decided = true;
        for hook in &seen.hooks {
            if let Some(difference) = differs(&packet, &hook.start) {
                return Some((number, hook.hook, format!("came in as {difference}")));
            }
            packet.ttl = hook.start.ttl;
            let passage = Passage {
                hook: hook.hook,
                packet: packet.clone(),
                connection: here.clone(),
                is_reply: seen.is_reply,
                in_interface: interface(namespace, hook.in_index),
                out_interface: interface(namespace, hook.out_index),
                in_port: None,
                out_port: None,
                is_bridged: false,
                next_hop: None,
            };
            let branches = rules.pass(passage);
            tally.hooks += 1;
            for visit in branches.iter().flat_map(|branch| &branch.visits) {
                tally.visits += 1;
                if visit.matched != Truth::No {
                    hit.insert(visit.rule);
                }
            }
            let faults: Vec<Option<String>> =
                branches.iter().map(|branch| fault(namespace, branch, hook, is_traced)).collect();
            let is_certain = branches.len() == 1 && branches[0].undecided.is_empty();
            is_decided &= is_certain;
            let chosen = match faults.iter().position(Option::is_none) {
                Some(chosen) => &branches[chosen],
                None => {
                    let (told, path) = (faults.into_iter().flatten().next().unwrap_or_default(), &hook.rules);
                    return Some((
                        number,
                        hook.hook,
                        format!("{told}\npacket {packet:?}\nconnection {here:?}\nkernel {path:?}"),
                    ));
                }
            };
            if is_certain && is_traced && chosen.regardless.is_empty() {
                tally.exact_paths += 1;
            }
            packet = chosen.packet.clone();
            if let Some(end) = &hook.end {
                // A port that nobody can tell is the kernel's.
                set_ports(&mut packet, end.ports);
            }
            here.clone_from(&chosen.connection);
        }
        if is_decided {
            tally.decided += 1;
        } else {
            tally.undecided += 1;
        }
        let is_through = seen
            .hooks
            .last()
            .is_some_and(|hook| hook.end.is_some() && matches!(hook.hook, Hook::Postrouting | Hook::Input));
        if !is_through {
            return None;
        }
        if seen.is_reply
            && let Some(connection) = &mut here
        {
            connection.is_established = true;
        }
        connection = here;
    }
    None
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
