//! Looks for packets that matter: those predicted to reach a rule that no earlier packet has matched.
//!
//! Packets that come near, so that a rule is looked at and does not match, are kept and changed towards what it asks.

use std::collections::{BTreeMap, HashMap, HashSet};

use bridgewalk_analysis::walk::rules::RuleId;
use bridgewalk_model::{
    firewall::{Action, RuleSummary},
    snapshot::Namespace,
};

use super::{
    draw::Pool,
    layout::{Layout, Probe},
    paths::{only_under_way, paths},
    predict::{Prediction, Predictor},
    random::Random,
    reach::within_reach,
};

/// How many packets are examined to find one.
const LOOKED_THROUGH: usize = 8_000;
/// How many failed searches end the search.
const IN_VAIN: usize = 4;
/// How often a rule that is predicted to match may fail to match.
const TRIES: u8 = 3;
/// How many packets that came close are kept for each rule.
const KEPT: usize = 6;

/// Looks for packets for one set of rules.
#[derive(Debug)]
pub struct Seeker<'a> {
    predictor: Predictor<'a>,
    pool: Pool,
    /// What is asked on each way to each rule.
    asked: HashMap<RuleId, Vec<RuleSummary>>,
    translating: Vec<RuleSummary>,
    /// Rules that no packet has matched, and how often one was predicted to.
    wanted: BTreeMap<RuleId, u8>,
    /// Packets that come to a rule.
    near: HashMap<RuleId, Vec<Probe>>,
    in_vain: usize,
}

impl<'a> Seeker<'a> {
    /// For the rules of a namespace; `text` mentions what is worth sending.
    pub fn new(namespace: &'a Namespace, layout: &'a Layout, text: &str) -> Self {
        let mut asked: HashMap<RuleId, Vec<RuleSummary>> = HashMap::new();
        for path in paths(namespace) {
            asked.entry(path.rule).or_default().push(path.merged());
        }
        let within_reach = within_reach(namespace);
        asked.retain(|rule, _| within_reach.contains(rule));
        let wanted: BTreeMap<RuleId, u8> = asked.keys().map(|rule| (*rule, 0)).collect();
        let is_translating = |summary: &&RuleSummary| matches!(summary.action, Action::DestinationNat { .. });
        let translating =
            (wanted.keys().filter_map(|rule| asked.get(rule)).flatten()).filter(is_translating).cloned().collect();
        Self {
            predictor: Predictor::new(namespace, layout),
            pool: Pool::new(text),
            asked,
            translating,
            wanted,
            near: HashMap::new(),
            in_vain: 0,
        }
    }

    /// What was matched is not looked for any more.
    pub fn was_hit(&mut self, hit: &HashSet<RuleId>) {
        self.wanted.retain(|rule, _| !hit.contains(rule));
    }

    /// Any packet, aimed at nothing.
    pub fn any(&self, random: &mut Random) -> Option<Probe> {
        self.pool.draw(self.predictor.layout(), random)
    }

    /// A packet that is predicted to match a rule that none has matched; none: it was looked for often enough.
    pub fn seek(&mut self, random: &mut Random) -> Option<Probe> {
        while self.in_vain < IN_VAIN && !self.wanted.is_empty() {
            let rules: Vec<RuleId> = self.wanted.keys().copied().collect();
            for _ in 0..LOOKED_THROUGH {
                let Some(rule) = random.pick(&rules) else { break };
                let Some(probe) = self.candidate(*rule, random) else { continue };
                let prediction = self.predictor.flow(&probe);
                let is_found = prediction.matched.iter().any(|rule| self.wanted.contains_key(rule));
                self.keep(&probe, &prediction, random);
                if is_found {
                    for rule in &prediction.matched {
                        if let Some(tries) = self.wanted.get_mut(rule) {
                            *tries += 1;
                        }
                    }
                    self.wanted.retain(|_, tries| *tries < TRIES);
                    return Some(probe);
                }
            }
            self.in_vain += 1;
        }
        None
    }

    /// Keeps what comes near to a wanted rule.
    fn keep(&mut self, probe: &Probe, prediction: &Prediction, random: &mut Random) {
        for rule in prediction.looked_at.iter().filter(|rule| self.wanted.contains_key(rule)) {
            let kept = self.near.entry(*rule).or_default();
            if kept.len() < KEPT {
                kept.push(probe.clone());
            } else if random.chance(5) {
                kept[random.below(KEPT)] = probe.clone();
            }
        }
    }

    /// A packet that may come to this rule.
    fn candidate(&self, rule: RuleId, random: &mut Random) -> Option<Probe> {
        let layout = self.predictor.layout();
        let asked = random.pick(self.asked.get(&rule)?)?;
        let near = self.near.get(&rule).and_then(|kept| random.pick(kept)).filter(|_| random.chance(75));
        let base = match near {
            Some(near) => near.clone(),
            None => self.pool.draw(layout, random)?,
        };
        let mut probe = match random.below(10) {
            0..=2 => self.pool.vary(layout, &base, random)?,
            3..=5 => self.pool.aim(layout, base, asked, random)?,
            _ => {
                let asked = approach(asked, &self.translating, random);
                self.pool.aim(layout, base, &asked, random)?
            }
        };
        while random.chance(35) {
            probe = self.pool.vary(layout, &probe, random)?;
        }
        Some(probe)
    }
}

/// What to send so that a rule is hit: what it asks, or the other direction of it, or what a translation makes of it.
fn approach(wanted: &RuleSummary, translating: &[RuleSummary], random: &mut Random) -> RuleSummary {
    let mut wanted = wanted.clone();
    let is_under_way = only_under_way(&wanted) && wanted.states.iter().all(|state| state.value != "INVALID");
    if is_under_way && random.chance(60) {
        std::mem::swap(&mut wanted.in_interface, &mut wanted.out_interface);
        std::mem::swap(&mut wanted.sources, &mut wanted.destinations);
        std::mem::swap(&mut wanted.source_ports, &mut wanted.destination_ports);
        wanted.hooks.clear();
        return wanted;
    }
    if matches!(wanted.action, Action::DestinationNat { .. }) || random.chance(40) {
        return wanted;
    }
    let becomes_it = |found: &&RuleSummary| match &found.action {
        Action::DestinationNat { address: Some(address), port } => {
            wanted.destinations.iter().any(|net| !net.not && net.value.contains(address))
                && port.is_none_or(|port| {
                    let mut ports = wanted.destination_ports.iter().filter(|range| !range.not).peekable();
                    ports.peek().is_none() || ports.any(|range| range.value.contains(port.first))
                })
        }
        _ => false,
    };
    let found: Vec<&RuleSummary> = translating.iter().filter(becomes_it).collect();
    let Some(found) = random.pick(&found) else { return wanted };
    let mut before = (*found).clone();
    if before.in_interface.as_ref().is_none_or(|asked| asked.not) && wanted.in_interface.is_some() {
        before.in_interface = wanted.in_interface;
    }
    before.sources = [wanted.sources, before.sources].concat();
    before
}
