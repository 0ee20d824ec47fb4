//! Sets of packets run through hooks and chains.

use std::collections::HashSet;

use bridgewalk_analysis::walk::rules::RuleId;
use bridgewalk_model::firewall::{BaseChain, Hook, Policy};

use super::{
    DESTINATION, DESTINATION_PORT, INVALID, OTHERS, OUT, ReadChain, SOURCE, SOURCE_PORT, STATE, Stage, UNTRACKED,
    World, stage,
};
use crate::differential::{
    asked::Deed,
    space::{FIELDS, Product, Space, Values},
};

/// Chains are not nested deeper (`NFT_JUMP_STACK_SIZE`).
const MAX_DEPTH: usize = 16;

/// What comes out of a chain.
#[derive(Default)]
struct Out {
    accepted: Space,
    /// At its end or by return.
    through: Space,
}

impl World<'_> {
    /// Runs packets through all hooks, in the order in which they come to them.
    pub(super) fn run(&self, reached: &mut HashSet<RuleId>) {
        self.hook(Hook::Ingress, None, reached);
        let arrived = self.hook(Hook::Prerouting, None, reached);
        self.hook(Hook::Input, Some(&arrived), reached);
        let mut leaving = self.hook(Hook::Forward, Some(&arrived), reached);
        let sent = self.hook(Hook::Output, None, reached);
        // The route may have been looked up again.
        leaving.add(Space(sent.0.into_iter().map(|piece| piece.replaced(OUT, Values::ALL)).collect()));
        self.hook(Hook::Postrouting, Some(&leaving), reached);
        self.hook(Hook::Egress, None, reached);
    }

    /// Runs packets through a hook's base chains. Gives those that come through, if only some come to it.
    fn hook(&self, hook: Hook, come: Option<&Space>, reached: &mut HashSet<RuleId>) -> Space {
        let bases = self.chains.iter().filter_map(|chain| Some((chain, chain.base?)));
        let mut bases: Vec<(&ReadChain<'_>, &BaseChain)> = bases.filter(|(_, base)| base.hook == hook).collect();
        bases.sort_by_key(|(_, base)| (stage(base), base.priority));
        let mut now = Stage::BeforeConntrack;
        let first = self.at(hook, now);
        let mut alive = match come {
            // What one hook tells of a packet is another thing at the next.
            Some(come) => {
                let other = |piece: &Product| {
                    (OTHERS..FIELDS).fold(piece.clone(), |piece, field| piece.replaced(field, Values::ALL))
                };
                let other = Space(come.0.iter().map(other).map(|piece| self.at_next(piece, hook)).collect());
                first.both(&other)
            }
            None => first,
        };
        for same in bases
            .chunk_by(|(_, one), (_, other)| one.kind != "nat" && other.kind != "nat" && one.priority == other.priority)
        {
            let Some((first, base)) = same.first() else { continue };
            // Nat's chains do not see all that comes by.
            if stage(base) == Stage::Nat {
                let asked = self.on(alive.clone(), hook, now, Stage::Nat);
                self.chain(first, asked, MAX_DEPTH, reached);
                continue;
            }
            if now != stage(base) {
                alive = self.on(alive, hook, now, stage(base));
                now = stage(base);
            }
            let mut left = None;
            for (chain, base) in same {
                let mut out = self.chain(chain, alive.clone(), MAX_DEPTH, reached);
                if base.policy == Policy::Accept {
                    out.accepted.add(out.through);
                }
                left = Some(out.accepted);
            }
            // Of two at one place it is not known which comes first.
            if let (Some(left), [_]) = (left, same) {
                alive = left;
            }
        }
        self.on(alive, hook, now, Stage::AfterNat)
    }

    /// A piece that left one hook as it comes to the next: PREROUTING has no device to leave by yet.
    fn at_next(&self, piece: Product, hook: Hook) -> Product {
        match hook {
            Hook::Input | Hook::Forward => piece.replaced(OUT, Values::ALL),
            _ => piece,
        }
    }

    /// From one stage of a hook to a later one: conntrack tells the state, and nat changes one side of the packet, of
    /// flows under way as their first packet was changed.
    fn on(&self, alive: Space, hook: Hook, from: Stage, to: Stage) -> Space {
        if from == to {
            return alive;
        }
        let all = self.at(hook, to);
        let states = all.0.iter().fold(Values::NONE, |states, piece| states.or(piece.0[STATE]));
        let is_tracked = from == Stage::BeforeConntrack && matches!(hook, Hook::Prerouting | Hook::Output);
        let is_translated = to == Stage::AfterNat && hook != Hook::Forward;
        let (address, port) = if matches!(hook, Hook::Prerouting | Hook::Output) {
            (DESTINATION, DESTINATION_PORT)
        } else {
            (SOURCE, SOURCE_PORT)
        };
        let pieces = alive.0.into_iter().flat_map(|piece| {
            let piece = if is_tracked { piece.replaced(STATE, states) } else { piece };
            if !is_translated {
                return vec![piece];
            }
            let flows = Values::of(|state| !matches!(state, INVALID | UNTRACKED));
            let others = |field| if field >= OTHERS { Values::ALL } else { piece.0[field] };
            let changed =
                Product(std::array::from_fn(others)).replaced(address, Values::ALL).replaced(port, Values::ALL);
            vec![changed.with(STATE, flows), piece.with(STATE, flows.others())]
        });
        all.both(&Space(pieces.filter(|piece| !piece.is_empty()).collect()))
    }

    /// Runs packets through a chain, and marks the rules that some may match.
    fn chain(&self, chain: &ReadChain<'_>, space: Space, depth: usize, reached: &mut HashSet<RuleId>) -> Out {
        let mut out = Out::default();
        let mut live = space;
        for (number, rule) in (0_u32..).zip(&chain.rules) {
            if live.is_empty() {
                break;
            }
            let mut product = Product::ALL;
            let mut is_all = rule.is_all;
            for question in &rule.questions {
                match self.values(question) {
                    Some((field, values)) => product = product.with(field, values),
                    None => is_all = false,
                }
            }
            let matching = live.and(&product);
            if matching.is_empty() {
                continue;
            }
            let id = RuleId { chain: chain.id, rule: number };
            match &rule.deed {
                Deed::Choice(choices) => {
                    for (question, deed) in choices {
                        let Some((field, values)) = self.values(question) else { continue };
                        let product = product.clone().with(field, values);
                        let matching = live.and(&product);
                        if !matching.is_empty() {
                            reached.insert(id);
                            self.act(chain, deed, (matching, &product, is_all), &mut live, &mut out, depth, reached);
                        }
                    }
                }
                deed => {
                    reached.insert(id);
                    self.act(chain, deed, (matching, &product, is_all), &mut live, &mut out, depth, reached);
                }
            }
        }
        out.through.add(live);
        out
    }

    #[allow(clippy::too_many_arguments, reason = "a rule's deed changes all that its chain has come to")]
    fn act(
        &self,
        chain: &ReadChain<'_>,
        deed: &Deed,
        (matching, product, is_all): (Space, &Product, bool),
        live: &mut Space,
        out: &mut Out,
        depth: usize,
        reached: &mut HashSet<RuleId>,
    ) {
        if is_all && !matches!(deed, Deed::Next | Deed::Unknown(_) | Deed::Choice(_)) {
            live.remove(product);
        }
        let mut into = |name: &str, matching: Space| {
            let same_table = |other: &&ReadChain<'_>| {
                other.name == name && (other.id.ruleset, other.id.table) == (chain.id.ruleset, chain.id.table)
            };
            match self.chains.iter().find(same_table).filter(|_| depth > 0) {
                Some(to) => self.chain(to, matching, depth - 1, reached),
                None => Out { accepted: Space::default(), through: matching },
            }
        };
        match deed {
            Deed::Ends { is_accepted: true } => out.accepted.add(matching),
            Deed::Return => out.through.add(matching),
            Deed::Chain { name, comes_back } => {
                let done = into(name, matching);
                out.accepted.add(done.accepted);
                if *comes_back {
                    live.add(done.through);
                } else {
                    out.through.add(done.through);
                }
            }
            Deed::Unknown(chains) => {
                for name in chains {
                    let done = into(name, matching.clone());
                    out.accepted.add(done.accepted);
                }
            }
            Deed::Next | Deed::Ends { is_accepted: false } | Deed::Choice(_) => {}
        }
    }
}
