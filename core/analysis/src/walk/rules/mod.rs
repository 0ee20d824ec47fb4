//! A packet at one of netfilter's hooks: which rules see it, what they do with it, where it cannot be told.
//!
//! All base chains of one hook run in the order of their priorities, whatever their table, family or backend; conntrack
//! and NAT have their places among them. A match that cannot be decided splits the way in two; where both end alike, the
//! answer is decided regardless.
//!
//! [`NamespaceRules`] makes a namespace's rules ready once; [`NamespaceRules::pass`] is then asked for each packet and hook.

mod chain;
mod conntrack;
mod fib;
mod header;
mod hooked;
mod load;
mod lookup;
mod mutant;
mod nat;
mod passage;
mod place;
mod plan;
mod registers;
mod rule;
mod state;
mod step;
mod truth;
mod xt;

use bridgewalk_model::{firewall::Hook, snapshot::Namespace};

use super::Connection;
use chain::Run;
use hooked::Hooked;
use plan::{Place, Plan};
use state::{State, Ways};

pub use mutant::Mutant;
pub use passage::{Branch, Passage, Reason, RuleVisit, Undecided, Verdict};
pub use place::{ChainId, RuleId};
pub use truth::Truth;

/// A namespace's rules, made ready to be run: each hook's base chains in the order of their priorities.
#[derive(Debug)]
pub struct NamespaceRules<'a> {
    namespace: &'a Namespace,
    plan: Plan<'a>,
    mutant: Option<Mutant>,
}

impl<'a> NamespaceRules<'a> {
    /// Makes them ready; worth keeping for as long as the snapshot.
    pub fn new(namespace: &'a Namespace) -> Self {
        Self { namespace, plan: Plan::new(namespace), mutant: None }
    }

    /// The same, wrong in one way: for the test that such a mistake would be noticed.
    #[doc(hidden)]
    pub fn with_mutant(namespace: &'a Namespace, mutant: Mutant) -> Self {
        let mut rules = Self::new(namespace);
        if mutant == Mutant::ReversesPriorities {
            rules.plan.reverse();
        }
        rules.mutant = Some(mutant);
        rules
    }

    /// Whose rules these are.
    pub const fn namespace(&self) -> &'a Namespace {
        self.namespace
    }

    /// Sends a packet through one hook. There is at least one way out.
    pub fn pass(&self, passage: Passage<'_>) -> Vec<Branch> {
        let hooked = Hooked::new(self.namespace, &passage, self.mutant);
        // A packet comes to PREROUTING and OUTPUT without its flow, and conntrack looks it up there. What was looped
        // back has kept it.
        let finds = matches!(passage.hook, Hook::Prerouting | Hook::Output) && !hooked.is_looped();
        let is_ipv6 = passage.packet.is_ipv6();
        let is_balanced = passage.connection.as_ref().is_some_and(|connection| connection.is_balanced);
        let (known, connection) = if finds { (passage.connection, None) } else { (None, passage.connection) };
        let state = State {
            packet: passage.packet,
            connection,
            visits: Vec::new(),
            undecided: Vec::new(),
            regardless: Vec::new(),
        };
        let mut ways = Ways::one(state);
        // What IPVS takes away at INPUT is not seen by what comes later there: NAT has yet to decide about its sender.
        let is_taken = |priority: i32| {
            passage.hook == Hook::Input && priority >= plan::BALANCER && !passage.is_reply && is_balanced
        };
        let mut run = Run { plan: &self.plan, hooked, ended: Vec::new(), visits: 0 };
        for (priority, place) in self.plan.places(passage.hook, is_ipv6) {
            if is_taken(*priority) {
                break;
            }
            match place {
                Place::Conntrack => {
                    let known = known.as_ref().map(|known| (known, passage.is_reply));
                    ways.states.iter_mut().for_each(|state| track(state, known));
                }
                Place::Nat(chains) => ways = self.translate(&mut run, chains, ways),
                Place::Chain(number) => {
                    if self.is_here(*number, &run.hooked) {
                        ways = run.base_chain(*number, ways);
                        if self.mutant == Some(Mutant::AcceptEndsAll) && is_decided(&ways) {
                            break;
                        }
                    }
                }
            }
        }
        state::branches(ways, run.ended)
    }

    /// Whether an ingress or egress chain is for the packet's device.
    fn is_here(&self, number: usize, hooked: &Hooked<'_>) -> bool {
        let device = match hooked.hook {
            Hook::Ingress => hooked.in_interface,
            Hook::Egress => hooked.out_interface,
            _ => return true,
        };
        device.is_some_and(|device| self.plan.chains[number].devices.contains(&device.link.name))
    }

    /// NAT's place: a flow's first packet asks the chains until one has decided; every packet is changed as decided.
    fn translate(&self, run: &mut Run<'_, '_>, chains: &[usize], ways: Ways) -> Ways {
        let is_destination = nat::is_destination_hook(run.hooked.hook);
        let is_decided = |connection: &Connection| {
            if is_destination { connection.is_destination_decided } else { connection.is_source_decided }
        };
        let mut done = Ways { states: Vec::new(), is_cut: ways.is_cut };
        for state in ways.states {
            let asks = state.tracked().is_some_and(|connection| {
                let is_first = !run.hooked.is_reply && !connection.is_established && !is_decided(connection);
                is_first || self.mutant == Some(Mutant::TranslatesTwice)
            });
            if !asks {
                done.add(state);
                continue;
            }
            let mut open = Ways::one(state);
            for chain in chains {
                let asked = run.base_chain(*chain, open);
                open = Ways { states: Vec::new(), is_cut: asked.is_cut };
                for state in asked.states {
                    let is_decided = state.tracked().is_none_or(is_decided);
                    (if is_decided { &mut done } else { &mut open }).add(state);
                }
            }
            done.add_all(open);
        }
        for state in &mut done.states {
            if let Some(connection) = state.connection.as_mut().filter(|connection| !connection.is_untracked) {
                let decided = if is_destination {
                    &mut connection.is_destination_decided
                } else {
                    &mut connection.is_source_decided
                };
                *decided = true;
            }
            nat::translate(&run.hooked, state);
        }
        done
    }
}

/// Conntrack's place: it finds the packet's flow, or makes one, or takes the packet for invalid; what is untracked or
/// looped back it leaves alone.
fn track(state: &mut State, known: Option<(&Connection, bool)>) {
    if state.connection.is_some() {
        return;
    }
    state.connection = match known.filter(|(known, _)| !known.is_untracked) {
        Some((known, is_reply)) if conntrack::is_too_early(known, &state.packet, is_reply) => None,
        Some((known, _)) => Some(known.clone()),
        None => conntrack::take_up(&state.packet),
    };
}

fn is_decided(ways: &Ways) -> bool {
    ways.states.iter().any(|state| state.visits.last().is_some_and(|visit| visit.matched == Truth::Yes))
}
