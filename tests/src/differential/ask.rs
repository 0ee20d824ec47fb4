//! Asks the kernel about a set-up: packets drawn for it, most of them aimed at rules that no packet has matched yet.

use std::collections::HashSet;

use anyhow::Result;
use bridgewalk_model::{
    firewall::{Action, RuleSummary, summarise},
    snapshot::Namespace,
};

use super::{
    bed::Bed,
    draw::Pool,
    judge::judge,
    observe::Observer,
    random::Random,
    seen::{Case, RulePlace},
    tally::Tally,
};

/// So often a flow that seems to be foretold wrongly is sent once more: a busy machine's trace comes late, or is lost.
const AGAIN: usize = 3;

/// A rule, and what it asks for.
type Wanted = (RulePlace, RuleSummary);

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
    let mut wanted = summaries(&namespace);
    let is_translating = |(_, summary): &&Wanted| matches!(summary.action, Action::DestinationNat { .. });
    let translating: Vec<Wanted> = wanted.iter().filter(is_translating).cloned().collect();
    let mut case = Case { name: name.to_owned(), namespace, flows: Vec::new() };
    let mut origins = Vec::new();
    let (mut sent, mut tries) = (0, 0);
    while sent < packets && tries < packets * 10 {
        tries += 1;
        // What is translated comes to places where nothing else does.
        let aimed = match random.below(10) {
            0 | 1 => random.pick(&translating),
            2..=6 => random.pick(&wanted),
            _ => None,
        };
        let drawn = match aimed {
            Some((_, wanted)) => pool.aim(bed, wanted, random),
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
            let hit = hit(&case);
            wanted.retain(|(place, _)| !hit.contains(place));
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

/// What each rule asks for.
fn summaries(namespace: &Namespace) -> Vec<Wanted> {
    let mut all = Vec::new();
    for table in namespace.firewall.iter().flat_map(|ruleset| &ruleset.tables) {
        for chain in &table.chains {
            for rule in &chain.rules {
                let place = RulePlace {
                    family: table.family,
                    table: table.name.clone(),
                    chain: chain.name.clone(),
                    position: rule.position,
                };
                all.extend(summarise(table, chain, rule).into_iter().map(|summary| (place.clone(), summary)));
            }
        }
    }
    all
}

/// The rules that the kernel said matched.
pub fn hit(case: &Case) -> HashSet<&RulePlace> {
    let packets = case.flows.iter().flat_map(|flow| &flow.packets);
    packets.flat_map(|packet| &packet.hooks).flat_map(|hook| &hook.rules).collect()
}
