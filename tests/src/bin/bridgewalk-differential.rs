//! Compares the evaluator of rules with the kernel, on a bed of its own; prints what was counted.
//!
//! ```text
//! bridgewalk-differential SEED PROBES SET_UPS [CORPUS]   in a process with mount, PID and network namespaces of its own
//! ```
//!
//! With a file name as CORPUS a few flows of each set-up are kept there.

use std::{collections::HashSet, path::Path, process::ExitCode};

use anyhow::{Context, Result};
use bridgewalk_model::{
    firewall::{Action, RuleSummary, summarise},
    snapshot::Namespace,
};
use bridgewalk_tests::differential::{
    bed::Bed,
    draw::Pool,
    judge::{Disagreement, judge},
    observe::Observer,
    random::Random,
    rules,
    seen::{self, Case, RulePlace},
    tally::Tally,
};

/// So many disagreements are told in full.
const TOLD: usize = 12;

fn main() -> Result<ExitCode> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize| -> Result<u64> { Ok(args.get(index).context("a number is missing")?.parse()?) };
    let (seed, probes, set_ups) = (number(0)?, number(1)?, number(2)?);
    let corpus = args.get(3);
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let mut bed = Bed::new()?;
    let mut all = rules::engines();
    while (all.len() as u64) < set_ups {
        all.push(rules::by_chance(&mut random));
    }
    let (mut engines, mut chance) = (Tally::default(), Tally::default());
    let (mut told, mut kept) = (0, Vec::new());
    let known = rules::engines().len();
    let each = probes / all.len() as u64;
    for (number, set) in all.iter().enumerate() {
        let tally = if number < known { &mut engines } else { &mut chance };
        bed.clear()?;
        if let Err(error) = set.load(&bed) {
            // Chance writes what a tool refuses, now and then.
            println!("{}: not loaded: {}", set.name, error.to_string().lines().take(3).collect::<Vec<_>>().join(" | "));
            continue;
        }
        let namespace = bed.read()?;
        let pool = Pool::new(&set.text());
        let mut wanted = summaries(&namespace);
        let is_translating = |(_, summary): &&Wanted| matches!(summary.action, Action::DestinationNat { .. });
        let translating: Vec<Wanted> = wanted.iter().filter(is_translating).cloned().collect();
        let mut case = Case { name: set.name.clone(), namespace, flows: Vec::new() };
        let mut sent = 0;
        while sent < each {
            // What is translated comes to places where nothing else does.
            let aimed = match random.below(10) {
                0 | 1 => random.pick(&translating),
                2..=6 => random.pick(&wanted),
                _ => None,
            };
            let drawn = match aimed {
                Some((_, wanted)) => pool.aim(&bed, wanted, &mut random),
                None => pool.draw(&bed, &mut random),
            };
            let Some((from, packet)) = drawn else { continue };
            let flow = Observer::new(&mut bed).flow(&case.namespace, from, &packet, true)?;
            sent += flow.packets.len() as u64;
            case.flows.push(flow);
            // What was hit is not aimed at any more.
            if case.flows.len().is_multiple_of(16) {
                let hit = hit(&case);
                wanted.retain(|(place, _)| !hit.contains(place));
            }
        }
        let wrong = judge(&case, None, tally);
        tally.wrong += wrong.len();
        println!("{}: {} wrong of {}", case.name, wrong.len(), case.flows.len());
        if std::env::var_os("BRIDGEWALK_UNHIT").is_some() {
            tell_unhit(&case);
        }
        for found in &wrong {
            told += 1;
            if told <= TOLD {
                tell(&case, found);
            }
        }
        if corpus.is_some() {
            case.flows.truncate(40);
            kept.push(case);
        }
    }
    if let Some(file) = corpus {
        seen::write(Path::new(file), &kept)?;
    }
    println!("{}\n{}\n{}", Tally::HEAD, engines.row("engines' rules"), chance.row("made by chance"));
    Ok(if engines.wrong + chance.wrong == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell(case: &Case, found: &Disagreement) {
    let (flow, packet) = found.at;
    println!("  flow {flow}, packet {packet}, {:?}: {}", found.hook, found.what);
    if let Some(sent) = case.flows.get(flow).and_then(|flow| flow.packets.get(packet)) {
        println!("  sent {:?}", sent.packet);
    }
}

/// A rule, and what it asks for.
type Wanted = (RulePlace, RuleSummary);

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
fn hit(case: &Case) -> HashSet<&RulePlace> {
    let packets = case.flows.iter().flat_map(|flow| &flow.packets);
    packets.flat_map(|packet| &packet.hooks).flat_map(|hook| &hook.rules).collect()
}

/// Rules that no packet has matched.
fn tell_unhit(case: &Case) {
    let hit = hit(case);
    for table in case.namespace.firewall.iter().flat_map(|ruleset| &ruleset.tables) {
        for chain in &table.chains {
            for rule in &chain.rules {
                let is_hit = hit.iter().any(|place| {
                    place.family == table.family
                        && place.table == table.name
                        && place.chain == chain.name
                        && place.position == rule.position
                });
                if !is_hit {
                    println!("  not hit: {} {} {}: {}", table.family, table.name, chain.name, rule.text);
                }
            }
        }
    }
}
