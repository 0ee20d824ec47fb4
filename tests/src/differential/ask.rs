//! Asks the kernel about a set-up: packets drawn for it, most of them aimed at rules that no packet has matched yet.

use anyhow::Result;
use bridgewalk_analysis::walk::rules::RuleId;
use bridgewalk_model::{
    firewall::{Action, RuleSummary},
    snapshot::Namespace,
};

use super::{
    bed::Bed,
    draw::Pool,
    judge::{hits, judge},
    observe::Observer,
    paths::{only_under_way, paths},
    random::Random,
    seen::Case,
    tally::Tally,
};

/// So often a flow that seems to be foretold wrongly is sent once more: a busy machine's trace comes late, or is lost.
const AGAIN: usize = 3;

/// Sends so many packets through the first end's rules, which are `namespace`'s; `text` mentions what is worth sending.
///
/// What is foretold otherwise than it was seen is sent again with patience; `Tally::asked_again` counts it.
pub fn ask(
    bed: &mut Bed,
    name: &str,
    namespace: Namespace,
    text: &str,
    packets: u64,
    random: &mut Random,
    tally: &mut Tally,
) -> Result<Case> {
    let pool = Pool::new(text);
    let mut wanted: Vec<(RuleId, RuleSummary)> =
        paths(&namespace).iter().map(|path| (path.rule, path.merged())).collect();
    let translating: Vec<RuleSummary> = (wanted.iter())
        .filter(|(_, summary)| matches!(summary.action, Action::DestinationNat { .. }))
        .map(|(_, summary)| summary.clone())
        .collect();
    let mut case = Case { name: name.to_owned(), namespace, flows: Vec::new() };
    let mut origins = Vec::new();
    let (mut sent, mut tries) = (0, 0);
    while sent < packets && tries < packets * 10 {
        tries += 1;
        // What is translated comes to places where nothing else does.
        let aimed = match random.below(10) {
            0 => random.pick(&translating).cloned(),
            1..=7 => random.pick(&wanted).map(|(_, wanted)| approach(wanted, &translating, random)),
            _ => None,
        };
        let drawn = match aimed {
            Some(wanted) => pool.aim(bed, &wanted, random),
            None => pool.draw(bed, random),
        };
        let Some((from, packet)) = drawn else { continue };
        let flow = Observer::new(bed).flow(&case.namespace, from, &packet, true)?;
        // What the rules never saw tells nothing.
        if flow.packets.iter().all(|packet| packet.hooks.is_empty()) {
            continue;
        }
        sent += flow.packets.len() as u64;
        case.flows.push(flow);
        origins.push((from, packet));
        // What was hit is not aimed at any more.
        if case.flows.len().is_multiple_of(16) {
            let hit = hits(&case, case.flows.len() - 16);
            wanted.retain(|(rule, _)| !hit.contains(rule));
        }
    }
    for _ in 0..AGAIN {
        let doubtful = judge(&case, None, &mut Tally::default());
        if doubtful.is_empty() {
            break;
        }
        for found in doubtful {
            let number = found.at.0;
            if let Some((from, packet)) = origins.get(number) {
                tally.asked_again += 1;
                case.flows[number] = Observer::patient(bed).flow(&case.namespace, *from, packet, true)?;
            }
        }
    }
    Ok(case)
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
