//! A namespace's rules in the order in which a hook runs them.
//!
//! Base chains of all tables, families and backends are in one list for each hook, sorted by priority (`nf_hook_entries`).
//! Chains of type `nat` are not in it: they hang below NAT's own hooks, which have fixed priorities, and are asked there in
//! the order of theirs (`nf_nat_inet_fn`).

use std::{cmp::Reverse, collections::HashMap};

use bridgewalk_model::{
    firewall::{Backend, Family, Hook, Policy, Ruleset, Table},
    snapshot::Namespace,
};

use super::{
    ChainId, RuleId, conntrack,
    step::{self, Step},
};

/// `NF_IP_PRI_CONNTRACK`.
const CONNTRACK: i32 = -200;
/// `NF_IP_PRI_NAT_DST`.
const NAT_DESTINATION: i32 = -100;
/// `NF_IP_PRI_NAT_SRC`.
const NAT_SOURCE: i32 = 100;
/// Where IPVS takes what comes in for a virtual server (`ip_vs_remote_request4`): before NAT's place in INPUT.
pub(super) const BALANCER: i32 = NAT_SOURCE - 1;

/// A table's chains by their names: each one's place in the plan.
pub(super) type ChainNumbers<'a> = HashMap<&'a str, usize>;

/// All chains, and what each hook runs.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    pub(super) chains: Vec<PlannedChain<'a>>,
    /// Each table's chains by name.
    pub(super) tables: Vec<ChainNumbers<'a>>,
    /// IPv4's places, then IPv6's, by hook, with their priorities.
    places: [[Vec<(i32, Place)>; HOOKS.len()]; 2],
}

/// A chain whose rules are ready.
#[derive(Debug)]
pub(super) struct PlannedChain<'a> {
    pub(super) id: ChainId,
    pub(super) family: Family,
    /// In [`Plan::tables`].
    pub(super) table: usize,
    pub(super) policy: Policy,
    /// The devices of an ingress or egress chain.
    pub(super) devices: &'a [String],
    pub(super) rules: Vec<PlannedRule<'a>>,
}

/// A rule that is ready.
#[derive(Debug)]
pub(super) struct PlannedRule<'a> {
    pub(super) id: RuleId,
    pub(super) steps: Vec<Step<'a>>,
}

/// What a hook runs at one priority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Conntrack finds the packet's flow, or makes one.
    Conntrack,
    /// NAT asks these chains about a flow's first packet, and translates all of its packets.
    Nat(Vec<usize>),
    /// A base chain of type `filter` or `route`.
    Chain(usize),
}

const HOOKS: [Hook; 7] =
    [Hook::Ingress, Hook::Prerouting, Hook::Input, Hook::Forward, Hook::Output, Hook::Postrouting, Hook::Egress];

/// When a chain was registered, as far as handles tell: legacy ones first, then by table and chain.
type Age = (bool, u64, u64);

/// A base chain before it is put in order.
struct Base {
    chain: usize,
    hook: Hook,
    priority: i32,
    is_nat: bool,
    families: [bool; 2],
    /// Of two at the same priority the one that was registered last runs first (`nf_hook_entries_grow`).
    age: Age,
}

impl<'a> Plan<'a> {
    pub(super) fn new(namespace: &'a Namespace) -> Self {
        let (mut chains, mut tables, mut bases) = (Vec::new(), Vec::new(), Vec::new());
        for (ruleset_number, ruleset) in namespace.firewall.iter().enumerate() {
            for (table_number, table) in ruleset.tables.iter().enumerate() {
                let (Ok(ruleset_number), Ok(table_number)) =
                    (u16::try_from(ruleset_number), u16::try_from(table_number))
                else {
                    continue;
                };
                add_table(&mut chains, &mut tables, &mut bases, ruleset, table, (ruleset_number, table_number));
            }
        }
        let at_work = conntrack::is_at_work(namespace);
        let places = [0, 1].map(|family| HOOKS.map(|hook| order(&bases, hook, family, at_work[family])));
        Self { chains, tables, places }
    }

    /// Turns all orders around: a mistake, made on purpose.
    pub(super) fn reverse(&mut self) {
        self.places.iter_mut().flatten().for_each(|places| places.reverse());
    }

    /// What a hook runs for a packet of this family, in order, with priorities.
    pub(super) fn places(&self, hook: Hook, is_ipv6: bool) -> &[(i32, Place)] {
        HOOKS.iter().position(|known| *known == hook).map_or(&[], |hook| &self.places[usize::from(is_ipv6)][hook])
    }
}

fn add_table<'a>(
    chains: &mut Vec<PlannedChain<'a>>,
    tables: &mut Vec<ChainNumbers<'a>>,
    bases: &mut Vec<Base>,
    ruleset: &Ruleset,
    table: &'a Table,
    number: (u16, u16),
) {
    let first = chains.len();
    let numbers: ChainNumbers<'a> =
        (first..).zip(&table.chains).map(|(place, chain)| (chain.name.as_str(), place)).collect();
    for (place, chain) in (0_u32..).zip(&table.chains) {
        let id = ChainId { ruleset: number.0, table: number.1, chain: place };
        let rules = (0..).zip(&chain.rules).map(|(rule, found)| PlannedRule {
            id: RuleId { chain: id, rule },
            steps: step::ready(table, &numbers, &found.expressions),
        });
        if let Some(base) = chain.base.as_ref().filter(|_| !table.is_dormant) {
            bases.push(Base {
                chain: chains.len(),
                hook: base.hook,
                priority: base.priority,
                is_nat: base.kind == "nat",
                families: match table.family {
                    Family::Ip => [true, false],
                    Family::Ip6 => [false, true],
                    Family::Inet | Family::Netdev => [true, true],
                    Family::Arp | Family::Bridge => [false, false],
                },
                age: (ruleset.backend == Backend::NfTables, table.handle.unwrap_or(0), chain.handle.unwrap_or(0)),
            });
        }
        chains.push(PlannedChain {
            id,
            family: table.family,
            table: tables.len(),
            policy: chain.base.as_ref().map_or(Policy::Accept, |base| base.policy),
            devices: chain.base.as_ref().map_or(&[], |base| &base.devices),
            rules: rules.collect(),
        });
    }
    tables.push(numbers);
}

/// One hook's places, for one family.
fn order(bases: &[Base], hook: Hook, family: usize, is_tracking: bool) -> Vec<(i32, Place)> {
    let mut here: Vec<&Base> = bases.iter().filter(|base| base.families[family]).collect();
    let first_nat = here.iter().filter(|base| base.is_nat).map(|base| base.age).min();
    here.retain(|base| base.hook == hook);
    here.sort_by_key(|base| (base.priority, Reverse(base.age)));
    let nat_chains = here.iter().filter(|base| base.is_nat && is_tracking).map(|base| base.chain).collect();
    // Oldest of its priority: whatever asks for the state was there first.
    let oldest = (false, 0, 0);
    let mut places: Vec<(i32, Reverse<Age>, Place)> = (here.iter().filter(|base| !base.is_nat))
        .map(|base| (base.priority, Reverse(base.age), Place::Chain(base.chain)))
        .collect();
    if matches!(hook, Hook::Prerouting | Hook::Output) {
        places.push((CONNTRACK, Reverse(oldest), Place::Conntrack));
    }
    let nat_priority = match hook {
        Hook::Prerouting | Hook::Output => Some(NAT_DESTINATION),
        Hook::Input | Hook::Postrouting => Some(NAT_SOURCE),
        Hook::Forward | Hook::Ingress | Hook::Egress => None,
    };
    // One chain of type nat anywhere brings all of NAT's hooks with it.
    if let Some((priority, age)) = nat_priority.zip(first_nat) {
        places.push((priority, Reverse(age), Place::Nat(nat_chains)));
    }
    places.sort_by_key(|(priority, age, _)| (*priority, *age));
    places.into_iter().map(|(priority, _, place)| (priority, place)).collect()
}
