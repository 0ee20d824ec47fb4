//! Which rule, which chain: as cheap numbers while a packet is followed, as names when it is told.

use bridgewalk_model::{
    firewall::{Chain, Rule, RuleRef, Ruleset, Table},
    snapshot::Namespace,
};

/// A chain of a namespace's rules, by its places in the snapshot's lists. It holds for that snapshot alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChainId {
    /// In [`Namespace::firewall`].
    pub ruleset: u16,
    /// In [`Ruleset::tables`].
    pub table: u16,
    /// In [`Table::chains`].
    pub chain: u32,
}

/// A rule of a namespace's rules, by its places in the snapshot's lists. It holds for that snapshot alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleId {
    /// Its chain.
    pub chain: ChainId,
    /// In [`Chain::rules`].
    pub rule: u32,
}

impl ChainId {
    /// The chain itself, with what it is in.
    pub fn find(self, namespace: &Namespace) -> Option<(&Ruleset, &Table, &Chain)> {
        let ruleset = namespace.firewall.get(usize::from(self.ruleset))?;
        let table = ruleset.tables.get(usize::from(self.table))?;
        Some((ruleset, table, table.chains.get(self.chain as usize)?))
    }
}

impl RuleId {
    /// The rule itself, with what it is in.
    pub fn find(self, namespace: &Namespace) -> Option<(&Ruleset, &Table, &Chain, &Rule)> {
        let (ruleset, table, chain) = self.chain.find(namespace)?;
        Some((ruleset, table, chain, chain.rules.get(self.rule as usize)?))
    }

    /// The rule by its names, for people and for evidence.
    pub fn reference(self, namespace: &Namespace) -> Option<RuleRef> {
        let (ruleset, table, chain, rule) = self.find(namespace)?;
        Some(RuleRef {
            namespace: namespace.id.clone(),
            backend: ruleset.backend,
            family: table.family,
            table: table.name.clone(),
            chain: chain.name.clone(),
            position: rule.position,
            text: rule.text.clone(),
        })
    }
}
