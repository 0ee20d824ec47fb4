//! How a packet gets to a rule: the jumps on the way and what they ask.

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

/// All ways to all rules, as long as a base chain leads to them.
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
                    for summary in rule {
                        for (base, above) in &ways {
                            let Some(hook) = base.base.as_ref().map(|base| base.hook) else { continue };
                            let asked = [std::slice::from_ref(summary), above.as_slice()].concat();
                            all.push(Path { rule: RuleId { chain: id, rule: number }, hook, asked });
                        }
                    }
                }
            }
        }
    }
    all
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
