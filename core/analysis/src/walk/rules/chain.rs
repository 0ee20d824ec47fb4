//! Runs chains: jumps, returns, policies, and how a base chain ends.

use bridgewalk_model::firewall::Policy;

use super::{
    Verdict,
    hooked::Hooked,
    mutant::Mutant,
    passage::Reason,
    plan::Plan,
    rule::{self, End},
    state::{Ended, State, Ways},
};

/// The kernel allows 16 (`NFT_JUMP_STACK_SIZE`); a recording may say anything.
const MAX_DEPTH: usize = 64;
/// A hook never runs so many rules on one packet, unless chains were made to multiply.
const MAX_VISITS: usize = 200_000;

/// Following one more way costs about as much as looking at so many rules.
const FORK_COST: usize = 64;

/// One hook's run.
pub(super) struct Run<'r, 'p> {
    pub(super) plan: &'r Plan<'r>,
    pub(super) hooked: Hooked<'p>,
    /// Ways that have ended.
    pub(super) ended: Vec<Ended>,
    pub(super) visits: usize,
}

impl Run<'_, '_> {
    /// Runs a base chain: what it accepts or does not decide goes on, if its policy lets it.
    pub(super) fn base_chain(&mut self, number: usize, ways: Ways) -> Ways {
        let mut accepted = Ways::default();
        let through = self.chain(number, ways, 0, &mut accepted);
        let chain = &self.plan.chains[number];
        if chain.policy == Policy::Accept || self.hooked.mutant == Some(Mutant::ForgetsPolicies) {
            accepted.add_all(through);
        } else {
            accepted.is_cut |= through.is_cut;
            for state in through.states {
                self.end(state, Verdict::Drop { by: Reason::Policy(chain.id) });
            }
        }
        accepted
    }

    fn end(&mut self, state: State, verdict: Verdict) {
        self.ended.push(Ended { state, verdict });
    }

    /// Runs a chain. Gives the ways that come out at its end or return from it.
    fn chain(&mut self, number: usize, ways: Ways, depth: usize, accepted: &mut Ways) -> Ways {
        let mut through = Ways::default();
        let mut live = ways;
        if depth > MAX_DEPTH || self.visits > MAX_VISITS {
            live.is_cut = true;
            return live;
        }
        let plan = self.plan;
        let chain = &plan.chains[number];
        let chains = &plan.tables[chain.table];
        let mut forks = Vec::new();
        for planned in &chain.rules {
            self.visits += live.states.len();
            // Nearly always there is one way, and the rule does not match.
            if let [state] = live.states.as_mut_slice() {
                let end = rule::run(&self.hooked, chain, chains, planned, state, &mut forks);
                if end == End::Next && forks.is_empty() {
                    continue;
                }
                let Some(state) = live.states.pop() else { continue };
                forks.insert(0, (state, end));
            } else {
                if live.states.is_empty() {
                    break;
                }
                for mut state in std::mem::take(&mut live.states) {
                    let end = rule::run(&self.hooked, chain, chains, planned, &mut state, &mut forks);
                    forks.push((state, end));
                }
            }
            self.visits += FORK_COST * (forks.len() - 1);
            for (state, end) in std::mem::take(&mut forks) {
                match end {
                    End::Next => live.add(state),
                    End::Return if self.hooked.mutant == Some(Mutant::ReturnEndsBase) => accepted.add(state),
                    End::Return => through.add(state),
                    End::Accept => accepted.add(state),
                    End::Jump(chain) => live.add_all(self.chain(chain, Ways::one(state), depth + 1, accepted)),
                    End::Goto(chain) if self.hooked.mutant == Some(Mutant::GotoComesBack) => {
                        live.add_all(self.chain(chain, Ways::one(state), depth + 1, accepted));
                    }
                    End::Goto(chain) => through.add_all(self.chain(chain, Ways::one(state), depth + 1, accepted)),
                    End::Drop => self.end(state, Verdict::Drop { by: Reason::Rule(planned.id) }),
                    End::Reject(with) => self.end(state, Verdict::Reject { by: planned.id, with }),
                    End::Queue => self.end(state, Verdict::Queue { by: planned.id }),
                }
            }
        }
        through.add_all(live);
        through
    }
}
