//! Which rules some packet can match, and which none can: those that nothing leads to, that contradict themselves or what
//! leads to them, that earlier rules leave nothing to, or that ask for what cannot be at their hook.
//!
//! Sets of packets are run through the chains. They are never smaller than they are in truth, so that a rule to which none
//! comes is a rule that none can match.

mod passing;

use std::{cmp::Reverse, collections::HashSet};

use bridgewalk_analysis::walk::rules::{ChainId, RuleId};
use bridgewalk_model::{
    firewall::{BaseChain, Chain, Expression, Family, Hook, Table, XtMatch, XtTarget},
    kernel::{LinkKind, RouteKind},
    snapshot::Namespace,
};

use super::{
    asked::{self, Asked, Deed, Field, Question, Reader},
    space::{FIELDS, MAX_VALUES, Product, Space, Values},
};

/// Where conntrack looks a packet's flow up, at PREROUTING and OUTPUT.
const CONNTRACK: i32 = -200;
/// `NF_CT_STATE_BIT`s that packets have: INVALID, ESTABLISHED, RELATED, NEW, UNTRACKED.
const STATES: [usize; 5] = [0, 1, 2, 3, 6];
const INVALID: usize = 0;
const NEW: usize = 3;
const UNTRACKED: usize = 6;

const SOURCE: usize = 0;
const DESTINATION: usize = 1;
const IN: usize = 2;
const OUT: usize = 3;
const PROTOCOL: usize = 4;
const SOURCE_PORT: usize = 5;
const DESTINATION_PORT: usize = 6;
const STATE: usize = 7;
/// Questions that are not looked into come from here on.
const OTHERS: usize = 8;

/// The rules that some packet may match.
pub fn within_reach(namespace: &Namespace) -> HashSet<RuleId> {
    let mut reached = HashSet::new();
    for is_ipv6 in [false, true] {
        match World::new(namespace, is_ipv6) {
            Some(world) => world.run(&mut reached),
            // Too many values are told apart: nothing is left out.
            None => reached.extend(all_rules(namespace)),
        }
    }
    reached
}

fn all_rules(namespace: &Namespace) -> impl Iterator<Item = RuleId> {
    chains(namespace)
        .flat_map(|(id, _, chain)| (0_u32..).zip(&chain.rules).map(move |(rule, _)| RuleId { chain: id, rule }))
}

fn chains(namespace: &Namespace) -> impl Iterator<Item = (ChainId, &Table, &Chain)> {
    (0_u16..).zip(namespace.firewall.iter()).flat_map(|(ruleset, found)| {
        (0_u16..).zip(&found.tables).flat_map(move |(table, tabled)| {
            (0_u32..).zip(&tabled.chains).map(move |(chain, found)| (ChainId { ruleset, table, chain }, tabled, found))
        })
    })
}

/// A chain with its rules read.
struct ReadChain<'a> {
    id: ChainId,
    name: &'a str,
    base: Option<&'a BaseChain>,
    rules: Vec<Asked>,
}

/// One family's packets and rules.
struct World<'a> {
    namespace: &'a Namespace,
    is_ipv6: bool,
    chains: Vec<ReadChain<'a>>,
    /// The first values of spans in which all values fare alike.
    addresses: Vec<u128>,
    ports: Vec<u128>,
    protocols: Vec<u128>,
    others: Vec<String>,
    tracks: bool,
    tracks_all: bool,
    translates: bool,
}

/// Where the routes lead.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Here,
    Group,
    By(usize),
    Nowhere,
}

/// Between two of them, packets and what is known of them stay as they are.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    BeforeConntrack,
    BeforeNat,
    Nat,
    AfterNat,
}

fn stage(base: &BaseChain) -> Stage {
    if base.hook == Hook::Forward {
        return Stage::AfterNat;
    }
    let nat = if matches!(base.hook, Hook::Prerouting | Hook::Output) { -100 } else { 100 };
    match base.priority {
        _ if base.kind == "nat" => Stage::Nat,
        priority if nat < 0 && priority < CONNTRACK => Stage::BeforeConntrack,
        priority if priority < nat => Stage::BeforeNat,
        _ => Stage::AfterNat,
    }
}

/// `RTN_*`, as `fib` and addrtype tell the kinds of receivers' addresses apart.
const fn kind_number(kind: RouteKind) -> u128 {
    match kind {
        RouteKind::Local => 2,
        RouteKind::Broadcast => 3,
        RouteKind::Anycast => 4,
        RouteKind::Multicast => 5,
        // The main table is not asked.
        _ => 1,
    }
}

impl<'a> World<'a> {
    fn new(namespace: &'a Namespace, is_ipv6: bool) -> Option<Self> {
        let is_of = |family| matches!((family, is_ipv6), (Family::Inet, _) | (Family::Ip, false) | (Family::Ip6, true));
        let rules = all_rules(namespace).filter_map(|id| id.find(namespace));
        let steps: Vec<&Expression> = rules.flat_map(|(_, _, _, rule)| &rule.expressions).collect();
        let is_unknown = |step: &Expression| matches!(step, Expression::Unknown { is_match: false, .. });
        let tracks_all = !steps.iter().any(|step| matches!(step, Expression::NoTrack) || is_unknown(step));
        let translates = steps.iter().any(|step| match step {
            Expression::Nat { is_destination, .. } => *is_destination,
            Expression::Redirect { .. } => true,
            Expression::XtTarget(target) => !matches!(**target, XtTarget::Snat { .. } | XtTarget::Masquerade { .. }),
            step => is_unknown(step),
        });
        let marks = steps.iter().any(|step| match step {
            Expression::MetaSet { key, .. } => key == "mark",
            Expression::XtTarget(target) => matches!(**target, XtTarget::Mark { .. } | XtTarget::Connmark { .. }),
            step => is_unknown(step),
        });
        let of_family = chains(namespace).filter(|(_, table, _)| is_of(table.family) || table.family == Family::Bridge);
        let mut steps = of_family.flat_map(|(_, _, chain)| &chain.rules).flat_map(|rule| &rule.expressions);
        // Without a rule that needs it there is no conntrack, and nat is not asked.
        let tracks = steps.any(|step| match step {
            Expression::Xt(found) => matches!(**found, XtMatch::Conntrack { .. } | XtMatch::Connmark { .. }),
            Expression::XtTarget(target) => !matches!(**target, XtTarget::Mark { .. } | XtTarget::TcpMss { .. }),
            Expression::Ct { .. }
            | Expression::CtSet { .. }
            | Expression::Nat { .. }
            | Expression::Masquerade { .. }
            | Expression::Redirect { .. }
            | Expression::Unknown { .. } => true,
            _ => false,
        });
        let reader = Reader { namespace, is_ipv6, translates, marks };
        let read = chains(namespace).filter(|(_, table, _)| is_of(table.family) && !table.is_dormant);
        let chains: Vec<ReadChain<'a>> = read
            .map(|(id, table, chain)| ReadChain {
                id,
                name: &chain.name,
                base: chain.base.as_ref(),
                rules: chain.rules.iter().map(|rule| reader.read(table, rule)).collect(),
            })
            .collect();
        let mut world = Self {
            namespace,
            is_ipv6,
            chains,
            addresses: vec![0],
            ports: vec![0, 1 << 16],
            protocols: vec![0, 1, 6, 7, 17, 18, 58, 59],
            others: Vec::new(),
            tracks,
            tracks_all,
            translates,
        };
        world.tell_apart();
        let most = world.addresses.len().max(world.ports.len()).max(namespace.interfaces.len() + 1);
        (most <= MAX_VALUES).then_some(world)
    }

    /// Finds the values that rules and routes tell apart.
    fn tell_apart(&mut self) {
        let (mut addresses, mut ports, mut protocols) = (vec![0], vec![0], self.protocols.clone());
        let mut others: Vec<String> = Vec::new();
        let mut take = |question: &Question| {
            let starts = match &question.field {
                Field::Source | Field::Destination => &mut addresses,
                Field::SourcePort | Field::DestinationPort => &mut ports,
                Field::Protocol => &mut protocols,
                Field::Other(text) => {
                    if !others.contains(text) && others.len() < FIELDS - OTHERS {
                        others.push(text.clone());
                    }
                    return;
                }
                Field::In | Field::Out | Field::State | Field::Kind => return,
            };
            starts
                .extend(question.spans.iter().flat_map(|(first, last)| [Some(*first), last.checked_add(1)]).flatten());
        };
        for rule in self.chains.iter().flat_map(|chain| &chain.rules) {
            rule.questions.iter().for_each(&mut take);
            if let Deed::Choice(choices) = &rule.deed {
                choices.iter().for_each(|(question, _)| take(question));
            }
        }
        let routes = self.namespace.routes.iter().map(|route| route.destination);
        let groups = if self.is_ipv6 { "ff00::/8" } else { "224.0.0.0/4" };
        for net in routes.chain(groups.parse()).filter(|net| net.addr().is_ipv6() == self.is_ipv6) {
            let (first, last) = asked::span(net);
            addresses.extend([Some(first), last.checked_add(1)].into_iter().flatten());
        }
        addresses.extend([1 << 24, u32::MAX.into()]);
        let highest = if self.is_ipv6 { u128::MAX } else { u32::MAX.into() };
        addresses.retain(|start| *start <= highest);
        ports.retain(|start| *start <= u16::MAX.into());
        protocols.retain(|start| *start <= u8::MAX.into());
        for starts in [&mut addresses, &mut ports, &mut protocols] {
            starts.sort_unstable();
            starts.dedup();
        }
        (self.addresses, self.ports, self.protocols, self.others) = (addresses, ports, protocols, others);
    }

    /// The values that answer a question; none: it is not told apart.
    fn values(&self, question: &Question) -> Option<(usize, Values)> {
        let among = |value: u128| question.spans.iter().any(|(first, last)| *first <= value && value <= *last);
        let of_starts = |starts: &[u128]| Values::of(|number| starts.get(number).is_some_and(|start| among(*start)));
        let (field, values) = match &question.field {
            Field::Source => (SOURCE, of_starts(&self.addresses)),
            Field::Destination => (DESTINATION, of_starts(&self.addresses)),
            Field::SourcePort => (SOURCE_PORT, of_starts(&self.ports)),
            Field::DestinationPort => (DESTINATION_PORT, of_starts(&self.ports)),
            Field::Protocol => (PROTOCOL, of_starts(&self.protocols)),
            Field::In => (IN, Values::of(|number| among(number as u128))),
            Field::Out => (OUT, Values::of(|number| among(number as u128))),
            Field::State => (STATE, Values::of(|number| among(number as u128))),
            Field::Kind => (DESTINATION, self.addressed(|_, kind| among(kind_number(kind)))),
            Field::Other(text) => {
                let number = self.others.iter().position(|known| known == text)?;
                (OTHERS + number, Values::of(|number| among(number as u128)))
            }
        };
        Some((field, values.inverted(question.not)))
    }

    /// The addresses to which the routes lead so.
    fn addressed(&self, is_it: impl Fn(Way, RouteKind) -> bool) -> Values {
        let ways: Vec<(Way, RouteKind)> = self.addresses.iter().map(|start| self.way(*start)).collect();
        Values::of(|number| ways.get(number).is_some_and(|(way, kind)| is_it(*way, *kind)))
    }

    fn way(&self, address: u128) -> (Way, RouteKind) {
        let top = if self.is_ipv6 { address >> 120 == 0xff } else { address >> 28 == 0xe };
        if top {
            return (Way::Group, RouteKind::Multicast);
        }
        if !self.is_ipv6 && (address >> 24 == 0 || address == u32::MAX.into()) {
            return (Way::Here, RouteKind::Broadcast);
        }
        let covers = |net: ipnet::IpNet| {
            let (first, last) = asked::span(net);
            net.addr().is_ipv6() == self.is_ipv6 && first <= address && address <= last
        };
        for table in [255, 254] {
            let routes = self.namespace.routes.iter();
            let found = routes
                .filter(|route| route.table == table && covers(route.destination))
                .max_by_key(|route| (route.destination.prefix_len(), Reverse(route.metric)));
            let Some(route) = found else { continue };
            return match route.kind {
                RouteKind::Local | RouteKind::Broadcast | RouteKind::Anycast => (Way::Here, route.kind),
                RouteKind::Unicast => {
                    let index = route.next_hops.first().map(|hop| hop.if_index);
                    let mut devices = self.namespace.interfaces.iter();
                    let device = devices.position(|device| Some(device.link.if_index) == index);
                    (device.map_or(Way::Nowhere, Way::By), route.kind)
                }
                kind => (Way::Nowhere, kind),
            };
        }
        (Way::Nowhere, RouteKind::Unreachable)
    }

    /// Whether the routes are as plain as they are taken for.
    fn has_plain_routes(&self) -> bool {
        let mut rules = self.namespace.routing_rules.iter().filter(|rule| rule.is_ipv6 == self.is_ipv6);
        rules.all(|rule| matches!(rule.table, 253..=255) && rule.action == "lookup" && !rule.is_inverted)
    }

    /// Whether a device takes no packets of this family in.
    fn is_silent(&self, device: usize) -> bool {
        let Some(device) = self.namespace.interfaces.get(device).filter(|_| self.is_ipv6) else { return false };
        let path = format!("net/ipv6/conf/{}/disable_ipv6", device.link.name);
        self.namespace.sysctls.iter().any(|found| found.path == path && found.value == "1")
    }

    /// All packets that may come to a hook.
    fn at(&self, hook: Hook, stage: Stage) -> Space {
        let count = |count: usize| Values::of(|number| number < count);
        let devices = self.namespace.interfaces.len();
        let none = Values::of(|number| number == devices);
        let device = |number: usize| Values::of(|other| other == number);
        let loopbacks: Vec<usize> =
            (0..devices).filter(|number| self.namespace.interfaces[*number].link.kind == LinkKind::Loopback).collect();
        let loopback = Values::of(|number| loopbacks.contains(&number));
        let any = count(devices);
        let silent: Vec<usize> = (0..devices).filter(|number| self.is_silent(*number)).collect();
        let wires = any.and(loopback.others()).and(Values::of(|number| !silent.contains(&number)));
        let states =
            Values::of(|number| STATES.contains(&number) && (number != UNTRACKED || !self.tracks_all || self.is_ipv6));
        let states = match stage {
            Stage::Nat if !self.tracks => Values::NONE,
            Stage::Nat => Values::of(|number| number == NEW),
            _ => states,
        };
        let unseen = Values::of(|number| matches!(number, INVALID | UNTRACKED));
        let is_unseen = stage == Stage::BeforeConntrack && matches!(hook, Hook::Prerouting | Hook::Output);
        let mut all = Product::ALL
            .with(SOURCE, count(self.addresses.len()))
            .with(DESTINATION, count(self.addresses.len()))
            .with(PROTOCOL, count(self.protocols.len()))
            .with(SOURCE_PORT, count(self.ports.len()))
            .with(DESTINATION_PORT, count(self.ports.len()))
            .with(STATE, states);
        for field in OTHERS..FIELDS {
            all = all.with(field, count(2));
        }
        // No wire brings IPv4 packets in the name of an address of here.
        let foreign = |product: Product| {
            if self.is_ipv6 { product } else { product.with(SOURCE, self.addressed(|way, _| way != Way::Here)) }
        };
        let is_plain = self.has_plain_routes();
        let by = |out: usize| match is_plain {
            true => self.addressed(|way, _| way == Way::By(out)),
            false => self.addressed(|way, _| way != Way::Here),
        };
        let for_here = self.addressed(|way, _| matches!(way, Way::Here | Way::Group));
        let prerouting = |devices: Values| all.clone().with(OUT, none).with(IN, devices);
        let pieces = match hook {
            // What goes round keeps what it had when it was sent.
            Hook::Prerouting if is_unseen => vec![prerouting(wires).with(STATE, unseen), prerouting(loopback)],
            // Nat has decided on what goes round when it was sent.
            Hook::Prerouting if stage == Stage::Nat => vec![prerouting(wires)],
            Hook::Prerouting => vec![prerouting(wires), prerouting(loopback)],
            Hook::Input => {
                let all = all.with(OUT, none).with(DESTINATION, for_here);
                vec![foreign(all.clone().with(IN, wires)), all.with(IN, loopback)]
            }
            Hook::Forward => (0..devices)
                .filter(|out| !loopbacks.contains(out))
                .map(|out| foreign(all.clone().with(IN, wires).with(OUT, device(out)).with(DESTINATION, by(out))))
                .collect(),
            Hook::Output => {
                let all = if is_unseen { all.with(STATE, unseen) } else { all };
                let all = all.with(IN, none).with(OUT, any);
                // What has no way is not sent; but it may get another receiver on the way.
                let ways = self.addressed(|way, _| way != Way::Nowhere);
                vec![if stage == Stage::AfterNat && self.translates { all } else { all.with(DESTINATION, ways) }]
            }
            Hook::Postrouting => {
                let wired = (0..devices).filter(|out| !loopbacks.contains(out)).flat_map(|out| {
                    let all = all.clone().with(OUT, device(out)).with(DESTINATION, by(out));
                    [foreign(all.clone().with(IN, wires)), all.with(IN, none)]
                });
                let grouped = self.addressed(|way, kind| way == Way::Group || kind == RouteKind::Broadcast);
                let sent = all.clone().with(IN, none);
                let home = sent.clone().with(OUT, loopback).with(DESTINATION, for_here);
                wired.chain([home, sent.with(OUT, any).with(DESTINATION, grouped)]).collect()
            }
            Hook::Ingress | Hook::Egress => vec![Product::ALL],
        };
        Space(pieces.into_iter().filter(|piece| !piece.is_empty()).collect())
    }
}
