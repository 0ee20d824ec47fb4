//! How a packet gets to a rule: the jumps on the way and what they ask, and which rules no packet can get to.

use std::collections::HashSet;

use bridgewalk_analysis::walk::rules::{ChainId, RuleId};
use bridgewalk_model::{
    firewall::{Action, Chain, Hook, Negatable, RuleSummary, Table, summarise},
    snapshot::Namespace,
};

/// Chains of users are seldom nested deeper.
const MAX_DEPTH: usize = 6;
/// Of more ways to a chain only these are looked at.
const MAX_PATHS: usize = 64;

/// One way to one thing that a rule does.
#[derive(Clone, Debug)]
pub struct Path {
    /// The rule.
    pub rule: RuleId,
    /// The hook from which it is reached.
    pub hook: Hook,
    /// What is asked on the way: of the rule itself first, of the base chain's jump last.
    pub asked: Vec<RuleSummary>,
}

/// All ways to all rules that can be hit. Left out are rules that no base chain leads to, and what [`is_impossible`] and
/// [`is_shadowed`] say.
pub fn paths(namespace: &Namespace) -> Vec<Path> {
    let mut all = Vec::new();
    for (ruleset_number, ruleset) in (0_u16..).zip(namespace.firewall.iter()) {
        for (table_number, table) in (0_u16..).zip(&ruleset.tables) {
            let summaries: Vec<Vec<Vec<RuleSummary>>> = (table.chains.iter())
                .map(|chain| chain.rules.iter().map(|rule| summarise(table, chain, rule)).collect())
                .collect();
            for (chain_number, chain) in (0_u32..).zip(&table.chains) {
                let id = ChainId { ruleset: ruleset_number, table: table_number, chain: chain_number };
                let ways = ways(table, &summaries, chain, MAX_DEPTH);
                let own = &summaries[chain_number as usize];
                for (number, rule) in (0_u32..).zip(own) {
                    if is_shadowed(table, &summaries, chain_number as usize, number as usize) {
                        continue;
                    }
                    for summary in rule {
                        for (base, above) in &ways {
                            let Some(hook) = base.base.as_ref().map(|base| base.hook) else { continue };
                            let asked = [std::slice::from_ref(summary), above.as_slice()].concat();
                            if !is_impossible(&asked, hook, is_nat(base), namespace) {
                                all.push(Path { rule: RuleId { chain: id, rule: number }, hook, asked });
                            }
                        }
                    }
                }
            }
        }
    }
    all
}

/// The rules that can be hit.
pub fn within_reach(namespace: &Namespace) -> HashSet<RuleId> {
    paths(namespace).into_iter().map(|path| path.rule).collect()
}

fn is_nat(chain: &Chain) -> bool {
    chain.base.as_ref().is_some_and(|base| base.kind == "nat")
}

/// The ways from a base chain: what each jump asks, the nearest first.
fn ways<'a>(
    table: &'a Table,
    summaries: &[Vec<Vec<RuleSummary>>],
    chain: &'a Chain,
    depth: usize,
) -> Vec<(&'a Chain, Vec<RuleSummary>)> {
    if chain.base.is_some() {
        return vec![(chain, Vec::new())];
    }
    let mut all = Vec::new();
    if depth == 0 {
        return all;
    }
    for (caller, rules) in table.chains.iter().zip(summaries) {
        for summary in rules.iter().flatten() {
            // What goes to a chain and does not come back is told as a jump too.
            if !matches!(&summary.action, Action::Jump { chain: to } if *to == chain.name) {
                continue;
            }
            for (base, above) in ways(table, summaries, caller, depth - 1) {
                all.push((base, [std::slice::from_ref(summary), above.as_slice()].concat()));
                if all.len() >= MAX_PATHS {
                    return all;
                }
            }
        }
    }
    all
}

/// Whether an earlier rule of the chain, or of a chain that an earlier rule jumps to, ends all that this one asks for.
fn is_shadowed(table: &Table, summaries: &[Vec<Vec<RuleSummary>>], chain: usize, number: usize) -> bool {
    let Some([rule]) = summaries[chain].get(number).map(Vec::as_slice) else { return false };
    summaries[chain].iter().take(number).any(|earlier| match earlier.as_slice() {
        [earlier] if earlier.undecoded.is_empty() && covers(earlier, rule) => match &earlier.action {
            Action::Jump { chain } => ends_within(table, summaries, chain, rule, MAX_DEPTH),
            action => ends(action),
        },
        _ => false,
    })
}

/// Whether a chain ends all that a rule asks for, before anything may return from it.
fn ends_within(
    table: &Table,
    summaries: &[Vec<Vec<RuleSummary>>],
    name: &str,
    rule: &RuleSummary,
    depth: usize,
) -> bool {
    let Some(chain) = table.chains.iter().position(|chain| chain.name == name).filter(|_| depth > 0) else {
        return false;
    };
    for earlier in summaries[chain].iter().flatten() {
        let is_certain = earlier.undecoded.is_empty() && covers(earlier, rule);
        match &earlier.action {
            Action::Accept | Action::Drop | Action::Reject if is_certain => return true,
            Action::Jump { chain } if is_certain && ends_within(table, summaries, chain, rule, depth - 1) => {
                return true;
            }
            Action::Accept | Action::Drop | Action::Reject | Action::Continue => {}
            // A jump may be one that does not come back.
            _ => return false,
        }
    }
    false
}

const fn ends(action: &Action) -> bool {
    matches!(action, Action::Accept | Action::Drop | Action::Reject | Action::Return)
}

/// Whether the first asks nothing but what the second asks in the same words.
fn covers(one: &RuleSummary, other: &RuleSummary) -> bool {
    fn list<T: PartialEq>(one: &[T], other: &[T]) -> bool {
        one.is_empty() || one == other
    }
    fn option<T: PartialEq>(one: &Option<T>, other: &Option<T>) -> bool {
        one.is_none() || one == other
    }
    list(&one.sources, &other.sources)
        && list(&one.destinations, &other.destinations)
        && option(&one.destination_is_local, &other.destination_is_local)
        && option(&one.in_interface, &other.in_interface)
        && option(&one.out_interface, &other.out_interface)
        && option(&one.protocol, &other.protocol)
        && list(&one.source_ports, &other.source_ports)
        && list(&one.destination_ports, &other.destination_ports)
        && list(&one.states, &other.states)
        && one.others.iter().all(|asked| other.others.contains(asked))
}

/// Whether nothing can be as a path asks: a device that is not there or that the hook does not have, two values of one
/// field at once, a flow under way in a nat chain.
fn is_impossible(asked: &[RuleSummary], hook: Hook, is_nat: bool, namespace: &Namespace) -> bool {
    let is_there = |name: &str| match name.strip_suffix(['*', '+']) {
        Some(start) => namespace.interfaces.iter().any(|device| device.link.name.as_str().starts_with(start)),
        None => namespace.interfaces.iter().any(|device| device.link.name.as_str() == name),
    };
    let devices = |of: fn(&RuleSummary) -> Option<&Negatable<String>>, has: bool| {
        let all: Vec<&Negatable<String>> = asked.iter().filter_map(of).collect();
        all.iter().any(|one| !one.not && (!has || !is_there(&one.value))) || conflict(&all, |name| is_whole(name))
    };
    devices(|summary| summary.in_interface.as_ref(), hook != Hook::Output)
        || devices(|summary| summary.out_interface.as_ref(), !matches!(hook, Hook::Prerouting | Hook::Input))
        || conflict(&asked.iter().filter_map(|summary| summary.protocol.as_ref()).collect::<Vec<_>>(), |_| true)
        || apart(asked, |summary| &summary.sources, |one, other| one.contains(other) || other.contains(one))
        || apart(asked, |summary| &summary.destinations, |one, other| one.contains(other) || other.contains(one))
        || apart(
            asked,
            |summary| &summary.source_ports,
            |one, other| one.first <= other.last && other.first <= one.last,
        )
        || apart(
            asked,
            |summary| &summary.destination_ports,
            |one, other| one.first <= other.last && other.first <= one.last,
        )
        || is_nat && asked.iter().any(only_under_way)
}

/// Whether a device's name stands for that device alone.
fn is_whole(name: &str) -> bool {
    !name.ends_with(['*', '+'])
}

/// Whether two questions about one value cannot both have the answer yes.
fn conflict<T: PartialEq>(all: &[&Negatable<T>], is_one: impl Fn(&T) -> bool) -> bool {
    let known: Vec<&&Negatable<T>> = all.iter().filter(|one| is_one(&one.value)).collect();
    known.iter().any(|one| {
        !one.not && known.iter().any(|other| (one.value == other.value) == other.not && !std::ptr::eq(**one, **other))
    })
}

/// Whether what one of them asks and what another asks have nothing in common.
fn apart<T>(
    asked: &[RuleSummary],
    of: impl Fn(&RuleSummary) -> &Vec<Negatable<T>>,
    meet: impl Fn(&T, &T) -> bool,
) -> bool {
    let positive = |summary| of(summary).iter().filter(|one| !one.not).map(|one| &one.value).collect::<Vec<&T>>();
    let all: Vec<Vec<&T>> = asked.iter().map(positive).filter(|list| !list.is_empty()).collect();
    all.iter().enumerate().any(|(number, one)| {
        all.iter().skip(number + 1).any(|other| !one.iter().any(|one| other.iter().any(|other| meet(one, other))))
    })
}

/// Whether only packets of flows that have begun are asked for, or what is no flow's.
pub fn only_under_way(summary: &RuleSummary) -> bool {
    !summary.states.is_empty()
        && summary.states.iter().all(|state| {
            !state.not && matches!(state.value.as_str(), "ESTABLISHED" | "RELATED" | "INVALID" | "UNTRACKED")
        })
}

impl Path {
    /// All that is asked as if the rule itself asked it.
    pub fn merged(&self) -> RuleSummary {
        let mut all = self.asked.iter();
        let Some(mut merged) = all.next().cloned() else { return RuleSummary::default() };
        let is_open = |one: &Option<Negatable<String>>| one.as_ref().is_none_or(|one| one.not);
        for summary in all {
            if is_open(&merged.in_interface) && summary.in_interface.is_some() {
                merged.in_interface.clone_from(&summary.in_interface);
            }
            if is_open(&merged.out_interface) && summary.out_interface.is_some() {
                merged.out_interface.clone_from(&summary.out_interface);
            }
            merged.protocol = merged.protocol.filter(|one| !one.not).or(summary.protocol);
            merged.destination_is_local = merged.destination_is_local.or(summary.destination_is_local);
            merged.sources.extend(&summary.sources);
            merged.destinations.extend(&summary.destinations);
            merged.source_ports.extend(&summary.source_ports);
            merged.destination_ports.extend(&summary.destination_ports);
            merged.states.extend(summary.states.clone());
        }
        merged.hooks = vec![self.hook];
        merged
    }
}
