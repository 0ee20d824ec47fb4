//! A walk beside what the kernel did with a packet that was really sent.
//!
//! [`order`] says what must be sent to prove a walk; [`compare`] puts both side by side, namespace by namespace, and
//! says where they first differ. Rules are compared one by one and in order: a verdict alone would agree too often.
//! Legacy tables are not in the kernel's trace: where there are some, arrival is what is compared.

use std::{collections::BTreeSet, iter};

use bridgewalk_model::{
    EntityId, NamespaceInode, Snapshot,
    firewall::{Backend, Family, Hook, RuleRef},
    proof::{
        Answer, MAX_TRACED_NAMESPACES, MAX_WAIT_MS, NamespaceTrace, Passage, ProbeProtocol, Proof, ProofOrder,
        SecondFlow, StepKind, TracedFlow,
    },
    snapshot::{Host, Namespace},
};
use serde::Serialize;

use super::{Action, Evidence, Hop, Layer4, Packet, Protocol, Verdict, Walk, Way};

/// Why a walk cannot be proved from here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Unprovable {
    /// It begins where nothing can be sent from: outside, or on another host.
    #[error("it does not begin on this host, so it cannot be sent from here")]
    StartsElsewhere,
    /// Nothing is sent: the receiver's name means nothing, the sender does not run.
    #[error("nothing would be sent")]
    NothingSent,
    /// The address is not one host's.
    #[error("it goes to more than one receiver")]
    ManyReceivers,
}

/// A walk beside the kernel's own trace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Whether the kernel did as predicted; none: the walk is undecided, or rules changed in the midst.
    pub agrees: Option<bool>,
    /// Where they first differ.
    pub differs: Option<Difference>,
    /// Side by side, in the order of the walk: there, then back.
    pub places: Vec<Place>,
    /// What must be known to judge it.
    pub notes: Vec<Note>,
}

/// One namespace's part of the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Where.
    pub namespace: EntityId,
    /// Whether on the way back.
    pub is_reply: bool,
    /// Rules that were to match, in order, the one that decides or translates first within its hook.
    pub predicted: Vec<RuleRef>,
    /// Rules that did match, in the kernel's order; one that the snapshot does not have is left out and counted.
    pub observed: Vec<RuleRef>,
    /// Rules of the trace that are not in the snapshot.
    pub unknown_rules: usize,
    /// Whether the packet was seen at all; none: nothing was looked at here.
    pub was_seen: Option<bool>,
}

/// Where predicted and observed part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Difference {
    /// It was to come here, and did not.
    NotSeen {
        /// Where.
        namespace: EntityId,
        /// Whether on the way back.
        is_reply: bool,
    },
    /// Other rules matched.
    Rules {
        /// Where.
        namespace: EntityId,
        /// Whether on the way back.
        is_reply: bool,
        /// The rule that was to match; none: no more.
        predicted: Option<RuleRef>,
        /// The rule that did; none: no more.
        observed: Option<RuleRef>,
    },
    /// The sender was told otherwise.
    Answer {
        /// What was predicted.
        predicted: Verdict,
        /// What came back.
        observed: Answer,
    },
}

/// What must be known to judge a comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Note {
    /// Somebody changed the rules here while the packet was on its way, or since they were read.
    RulesChanged {
        /// Where.
        namespace: EntityId,
    },
    /// Legacy tables are not traced: here only arrival is seen.
    LegacyTables {
        /// Where.
        namespace: EntityId,
    },
    /// It could not be looked into.
    NotTraced {
        /// Where.
        namespace: EntityId,
        /// Why.
        detail: String,
    },
    /// The kernel said more than was kept.
    Truncated {
        /// Where.
        namespace: EntityId,
    },
}

/// What must be sent to prove a walk, and where to look.
///
/// # Errors
/// It cannot be sent from here.
pub fn order(snapshot: &Snapshot, walk: &Walk) -> Result<ProofOrder, Unprovable> {
    let sent = walk.way.hops.iter().find(|hop| hop.action != Action::Resolved).ok_or(Unprovable::NothingSent)?;
    let host = sender(snapshot, &walk.way).ok_or(Unprovable::StartsElsewhere)?;
    let from = host.namespace(&sent.namespace).ok_or(Unprovable::StartsElsewhere)?;
    if walk.way.hops.iter().all(|hop| hop.action == Action::Resolved) {
        return Err(Unprovable::NothingSent);
    }
    let destination = sent.before.destination;
    let is_broadcast = matches!(destination, std::net::IpAddr::V4(address) if address.is_broadcast());
    if destination.is_multicast() || destination.is_unspecified() || is_broadcast {
        return Err(Unprovable::ManyReceivers);
    }
    let mut namespaces: Vec<NamespaceInode> = Vec::new();
    for hop in walk.all_hops().filter(|hop| hop.host == host.id) {
        if let Some(namespace) = host.namespace(&hop.namespace)
            && !namespaces.contains(&namespace.inode)
        {
            namespaces.push(namespace.inode);
        }
    }
    namespaces.truncate(MAX_TRACED_NAMESPACES);
    Ok(ProofOrder {
        from: from.inode,
        protocol: protocol(walk.question.protocol),
        destination,
        port: ports(&sent.before).1,
        source_port: walk.question.source_port,
        wait_ms: MAX_WAIT_MS,
        namespaces,
        second_flows: second_flows(&walk.way),
    })
}

const fn protocol(protocol: Protocol) -> ProbeProtocol {
    match protocol {
        Protocol::Tcp => ProbeProtocol::Tcp,
        Protocol::Udp => ProbeProtocol::Udp,
        Protocol::Icmp => ProbeProtocol::Icmp,
    }
}

fn ports(packet: &Packet) -> (u16, u16) {
    packet.layer4.ports().unwrap_or_default()
}

/// What docker-proxy sends on its own.
fn second_flows(way: &Way) -> Vec<SecondFlow> {
    let mut flows: Vec<SecondFlow> = Vec::new();
    let behind = way.hops.iter().skip_while(|hop| hop.action != Action::Proxied);
    for hop in behind.filter(|hop| hop.action == Action::Sent) {
        let protocol = match hop.before.layer4 {
            Layer4::Tcp { .. } => ProbeProtocol::Tcp,
            Layer4::Udp { .. } => ProbeProtocol::Udp,
            Layer4::Icmp { .. } | Layer4::Other { .. } => continue,
        };
        let flow = SecondFlow { protocol, destination: hop.before.destination, port: ports(&hop.before).1 };
        if !flows.contains(&flow) {
            flows.push(flow);
        }
    }
    flows
}

/// Puts a walk beside what was observed. `snapshot` is the one that it was walked on.
pub fn compare(snapshot: &Snapshot, walk: &Walk, proof: &Proof) -> Comparison {
    let mut comparison = Comparison { agrees: None, differs: None, places: Vec::new(), notes: Vec::new() };
    let ways = iter::once((&walk.way, false)).chain(walk.reply.as_ref().map(|reply| (reply, true)));
    for (way, is_reply) in ways {
        for namespace in namespaces(snapshot, way) {
            let Some(trace) = proof.namespace(namespace.inode) else { continue };
            let hops: Vec<&Hop> = way.hops.iter().filter(|hop| hop.namespace == namespace.id).collect();
            comparison.place(namespace, trace, &hops, is_reply);
        }
    }
    comparison.answer(walk, proof);
    let is_judged = walk.way.verdict != Verdict::Undecided
        && !comparison.notes.iter().any(|note| matches!(note, Note::RulesChanged { .. } | Note::Truncated { .. }));
    comparison.agrees = is_judged.then_some(comparison.differs.is_none());
    comparison
}

/// The host that sends, and so the one that is looked into.
fn sender<'s>(snapshot: &'s Snapshot, way: &Way) -> Option<&'s Host> {
    let sent = way.hops.iter().find(|hop| hop.action != Action::Resolved)?;
    snapshot.hosts.iter().find(|host| host.id == sent.host)
}

/// In the order in which a way goes through them.
fn namespaces<'s>(snapshot: &'s Snapshot, way: &Way) -> Vec<&'s Namespace> {
    let mut seen = BTreeSet::new();
    let ids = way.hops.iter().map(|hop| &hop.namespace).filter(|id| seen.insert((*id).clone()));
    let host = sender(snapshot, way);
    ids.filter_map(|id| host.and_then(|host| host.namespace(id))).collect()
}

impl Comparison {
    fn place(&mut self, namespace: &Namespace, trace: &NamespaceTrace, hops: &[&Hop], is_reply: bool) {
        let id = &namespace.id;
        if let Some(detail) = &trace.failure {
            self.note(Note::NotTraced { namespace: id.clone(), detail: detail.clone() });
            self.places.push(Place {
                namespace: id.clone(),
                is_reply,
                predicted: predicted(hops).into_iter().map(|(_, rule)| rule).collect(),
                observed: Vec::new(),
                unknown_rules: 0,
                was_seen: None,
            });
            return;
        }
        let read = namespace.firewall.iter().find(|rules| rules.backend == Backend::NfTables);
        let is_other = read.and_then(|rules| rules.generation).zip(trace.generation).is_some_and(|(a, b)| a != b);
        if trace.has_legacy_tables {
            self.note(Note::LegacyTables { namespace: id.clone() });
        }
        if trace.is_truncated {
            self.note(Note::Truncated { namespace: id.clone() });
        }
        let observed = observed(namespace, trace, is_reply);
        let unknown_rules = observed.iter().filter(|(_, rule)| rule.is_none()).count();
        if trace.rules_changed || (is_other && unknown_rules > 0) {
            self.note(Note::RulesChanged { namespace: id.clone() });
        }
        let predicted = predicted(hops);
        let was_seen = trace.marks.iter().any(|mark| mark.is_reply == is_reply);
        let must_come = |hop: &&&Hop| {
            matches!(hop.action, Action::Routed | Action::Delivered | Action::Refused | Action::Proxied)
                || (hop.action == Action::Sent && !is_reply)
        };
        // Whether the sender's own packet ever came to the hooks is decided by routes; of it nothing is seen.
        let is_due = hops.iter().find(must_come).is_some() || !predicted.is_empty();
        let is_unroutable = hops.iter().any(|hop| hop.action == Action::Unroutable);
        if !was_seen && is_due && !is_unroutable {
            self.differs(Difference::NotSeen { namespace: id.clone(), is_reply });
        } else if let Some((predicted, observed)) = first_difference(&predicted, &observed) {
            self.differs(Difference::Rules { namespace: id.clone(), is_reply, predicted, observed });
        }
        self.places.push(Place {
            namespace: id.clone(),
            is_reply,
            predicted: predicted.into_iter().map(|(_, rule)| rule).collect(),
            observed: observed.into_iter().filter_map(|(_, rule)| rule).collect(),
            unknown_rules,
            was_seen: Some(was_seen),
        });
    }

    fn answer(&mut self, walk: &Walk, proof: &Proof) {
        let arrives = walk.way.verdict == Verdict::Delivered;
        let leaves_us = walk.all_hops().any(|hop| {
            hop.namespace == EntityId::outside()
                || hop.evidence.iter().any(|evidence| matches!(evidence, Evidence::Beyond { .. }))
        });
        if (arrives && leaves_us) || walk.way.verdict == Verdict::Undecided {
            return;
        }
        let returns = walk.reply.as_ref().is_none_or(|reply| reply.verdict == Verdict::Delivered);
        let answer = &proof.answer;
        let is_so = match walk.way.verdict {
            Verdict::Delivered => match (walk.question.protocol, returns) {
                (Protocol::Udp, _) => matches!(answer, Answer::Answered | Answer::Silence),
                (Protocol::Tcp | Protocol::Icmp, true) => *answer == Answer::Answered,
                (Protocol::Tcp | Protocol::Icmp, false) => *answer != Answer::Answered,
            },
            Verdict::Dropped => matches!(answer, Answer::Silence | Answer::Forbidden),
            Verdict::Rejected => matches!(answer, Answer::Refused | Answer::Unreachable { .. } | Answer::Forbidden),
            Verdict::NoRoute => matches!(answer, Answer::Unreachable { .. } | Answer::Silence),
            Verdict::NoListener if returns => *answer == Answer::Refused,
            Verdict::NoListener => matches!(answer, Answer::Refused | Answer::Silence),
            Verdict::Undecided => true,
        };
        if !is_so {
            self.differs(Difference::Answer { predicted: walk.way.verdict, observed: answer.clone() });
        }
    }

    fn differs(&mut self, difference: Difference) {
        self.differs.get_or_insert(difference);
    }

    fn note(&mut self, note: Note) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }
}

/// The rules that a walk says match, with their hooks. Legacy ones are left out: the kernel does not trace them.
fn predicted(hops: &[&Hop]) -> Vec<(Hook, RuleRef)> {
    hops.iter()
        .flat_map(|hop| &hop.evidence)
        .filter_map(|evidence| match evidence {
            Evidence::Rule { rule, hook } if rule.backend == Backend::NfTables => Some((*hook, rule.clone())),
            _ => None,
        })
        .collect()
}

/// The rules that did match, with their hooks; none for one that the snapshot does not have. The second flow's come
/// after the first's on the way there, before it on the way back.
fn observed(namespace: &Namespace, trace: &NamespaceTrace, is_reply: bool) -> Vec<(Option<Hook>, Option<RuleRef>)> {
    let flows =
        if is_reply { [TracedFlow::Second, TracedFlow::Probe] } else { [TracedFlow::Probe, TracedFlow::Second] };
    let of = |flow| trace.passages.iter().filter(move |it| it.flow == flow && it.is_reply == is_reply);
    let passages = flows.into_iter().flat_map(of).filter(|it| !matches!(it.family, Family::Netdev | Family::Arp));
    passages.flat_map(|passage| rules(namespace, passage)).collect()
}

fn rules(namespace: &Namespace, passage: &Passage) -> Vec<(Option<Hook>, Option<RuleRef>)> {
    let table = namespace
        .firewall
        .iter()
        .filter(|rules| rules.backend == Backend::NfTables)
        .flat_map(|rules| &rules.tables)
        .find(|table| (table.family, &table.name) == (passage.family, &passage.table));
    let base = table.and_then(|table| table.chain(&passage.chain)).and_then(|chain| chain.base.as_ref());
    let hook = base.map(|base| base.hook);
    let steps = passage.steps.iter().filter_map(|step| match step.by {
        StepKind::Rule { handle } => Some((step, handle)),
        StepKind::Return | StepKind::Policy => None,
    });
    steps
        .map(|(step, handle)| {
            let chain = table.and_then(|table| table.chain(&step.chain));
            let rule = chain.and_then(|chain| chain.rules.iter().find(|rule| rule.handle == Some(handle)));
            let reference = table.zip(chain).zip(rule).map(|((table, chain), rule)| RuleRef {
                namespace: namespace.id.clone(),
                backend: Backend::NfTables,
                family: table.family,
                table: table.name.clone(),
                chain: chain.name.clone(),
                position: rule.position,
                text: rule.text.clone(),
            });
            (hook, reference)
        })
        .collect()
}

type Pair = (Option<RuleRef>, Option<RuleRef>);

/// The first rules that are not the same. Within a hook a walk names the rule that matters first, so there the order is
/// compared without it.
fn first_difference(predicted: &[(Hook, RuleRef)], observed: &[(Option<Hook>, Option<RuleRef>)]) -> Option<Pair> {
    let is_same = |a: &RuleRef, b: &RuleRef| {
        (a.family, &a.table, &a.chain, a.position) == (b.family, &b.table, &b.chain, b.position)
    };
    let mut rest: Vec<&(Option<Hook>, Option<RuleRef>)> = observed.iter().collect();
    let mut after: Vec<&RuleRef> = Vec::new();
    let mut last = None;
    for (hook, rule) in predicted {
        // The first of each hook may stand anywhere in it.
        if last != Some(*hook) {
            last = Some(*hook);
            let at = rest
                .iter()
                .position(|(its, seen)| *its == Some(*hook) && seen.as_ref().is_some_and(|seen| is_same(rule, seen)));
            match at {
                Some(at) => drop(rest.remove(at)),
                None => {
                    let instead = rest.iter().find(|(its, _)| *its == Some(*hook)).and_then(|(_, seen)| seen.clone());
                    return Some((Some(rule.clone()), instead));
                }
            }
        } else {
            after.push(rule);
        }
    }
    let mut after = after.into_iter();
    for (_, seen) in rest {
        let next = after.next();
        match (next, seen) {
            (Some(rule), Some(seen)) if is_same(rule, seen) => {}
            (next, seen) => return Some((next.cloned(), seen.clone())),
        }
    }
    after.next().map(|rule| (Some(rule.clone()), None))
}
