//! Compares the evaluator of rules with the kernel, on a bed of its own; prints what was counted.
//!
//! ```text
//! bridgewalk-differential SEED PROBES SET_UPS [CORPUS]   in a process with mount, PID and network namespaces of its own
//! bridgewalk-differential live VERSION SEED PROBES SET_UPS [CORPUS]   on hosts of that engine
//! ```
//!
//! With a file name as CORPUS a few flows of each set-up are kept there. `BRIDGEWALK_UNHIT` prints the rules that no packet
//! matched; with `BRIDGEWALK_LEAST_HIT`, a percentage, it is a failure if fewer were.

use std::{path::Path, process::ExitCode};

use anyhow::{Context, Result, ensure};
use bridgewalk_model::snapshot::Namespace;
use bridgewalk_tests::{
    differential::{
        ask::ask,
        bed::Bed,
        judge::{Disagreement, count_rules, hits, judge},
        live::Live,
        random::Random,
        reach::within_reach,
        rules,
        seen::{self, Case},
        tally::Tally,
    },
    rootfs::Engine,
};

/// How many disagreements are printed in full.
const TOLD: usize = 12;
/// How many flows of a set-up are kept.
const KEPT: usize = 40;

fn main() -> Result<ExitCode> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let is_live = args.first().is_some_and(|word| word == "live");
    let numbers = if is_live { 2 } else { 0 };
    let number =
        |index: usize| -> Result<u64> { Ok(args.get(numbers + index).context("a number is missing")?.parse()?) };
    let (seed, probes, set_ups) = (number(0)?, number(1)?, number(2)?);
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let mut told = Told::default();
    let rows = if is_live {
        let engine = args.get(1).and_then(|version| Engine::of_version(version)).context("20.10, 26.1 or 28.5")?;
        vec![(format!("{engine}, running"), live(engine, probes, set_ups, &mut random, &mut told)?)]
    } else {
        loaded(probes, set_ups, &mut random, &mut told)?
    };
    if let Some(file) = args.get(numbers + 3) {
        seen::write(Path::new(file), &told.kept)?;
    }
    println!("{}", Tally::HEAD);
    for (name, tally) in &rows {
        println!("{}", tally.row(name));
    }
    for (name, tally) in &rows {
        let (again, surprising) = (tally.asked_again, tally.thought_out_of_reach);
        println!("{name}: {again} flows asked again, {surprising} rules hit that were thought out of reach");
    }
    let least = std::env::var("BRIDGEWALK_LEAST_HIT").ok().map(|text| text.parse::<f64>()).transpose()?;
    let is_good = |tally: &Tally| {
        tally.wrong == 0 && tally.thought_out_of_reach == 0 && least.is_none_or(|least| tally.percent_hit() >= least)
    };
    Ok(if rows.iter().all(|(_, tally)| is_good(tally)) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Rule sets of engines and of chance, loaded into a router.
fn loaded(probes: u64, set_ups: u64, random: &mut Random, told: &mut Told) -> Result<Vec<(String, Tally)>> {
    // The first process of a PID namespace has been given its own: see `unshare` in tests/walk_rules.rs.
    ensure!(
        std::process::id() == 1,
        "the rules are loaded here: start it by unshare --net --mount --pid --fork --mount-proc --kill-child"
    );
    let mut bed = Bed::new()?;
    let mut all = rules::engines();
    while (all.len() as u64) < set_ups {
        all.push(rules::by_chance(random));
    }
    let (mut engines, mut chance) = (Tally::default(), Tally::default());
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
        let case = ask(&mut bed, &set.name, namespace, &set.text(), each, random, tally)?;
        told.judge(case, tally);
    }
    Ok(vec![("engines' rules".to_owned(), engines), ("made by chance".to_owned(), chance)])
}

/// Set-ups of a running engine. Its daemon is restarted after some of them, with other options.
fn live(engine: Engine, probes: u64, set_ups: u64, random: &mut Random, told: &mut Told) -> Result<Tally> {
    const ON_ONE_HOST: u64 = 4;
    let mut tally = Tally::default();
    let mut at_work: Option<Live> = None;
    for number in 0..set_ups {
        let mut live = match at_work.take() {
            Some(live) if !number.is_multiple_of(ON_ONE_HOST) => live,
            _ => Live::start(engine, random)?,
        };
        let namespace = live.set_up(random)?;
        let text = text(&namespace);
        let name = format!("{engine}, set-up {number}");
        let case = ask(&mut live.bed, &name, namespace, &text, probes / set_ups.max(1), random, &mut tally)?;
        told.judge(case, &mut tally);
        at_work = Some(live);
    }
    Ok(tally)
}

/// What all rules of a namespace say.
fn text(namespace: &Namespace) -> String {
    let tables = namespace.firewall.iter().flat_map(|ruleset| &ruleset.tables);
    let rules = tables.flat_map(|table| &table.chains).flat_map(|chain| &chain.rules);
    rules.map(|rule| rule.text.as_str()).collect::<Vec<_>>().join("\n")
}

/// What was said so far, and what is kept.
#[derive(Default)]
struct Told {
    disagreements: usize,
    kept: Vec<Case>,
}

impl Told {
    fn judge(&mut self, mut case: Case, tally: &mut Tally) {
        let wrong = judge(&case, None, tally);
        count_rules(&case, tally);
        tally.wrong += wrong.len();
        println!("{}: {} wrong of {}", case.name, wrong.len(), case.flows.len());
        if std::env::var_os("BRIDGEWALK_UNHIT").is_some() {
            tell_unhit(&case);
        }
        for found in &wrong {
            self.disagreements += 1;
            if self.disagreements <= TOLD {
                tell(&case, found);
            }
        }
        case.flows.truncate(KEPT);
        case.counted.clear();
        self.kept.push(case);
    }
}

fn tell(case: &Case, found: &Disagreement) {
    let (flow, packet) = found.at;
    println!("  flow {flow}, packet {packet}, {:?}: {}", found.hook, found.what);
    if let Some(sent) = case.flows.get(flow).and_then(|flow| flow.packets.get(packet)) {
        println!("  sent {:?}", sent.packet);
    }
}

/// Rules within reach that no packet has matched, and those out of reach that one has matched.
fn tell_unhit(case: &Case) {
    let (within_reach, hit) = (within_reach(&case.namespace), hits(case));
    for (what, one, other) in [("not hit", &within_reach, &hit), ("surprising", &hit, &within_reach)] {
        let mut rules: Vec<_> = one.difference(other).copied().collect();
        rules.sort_unstable();
        for rule in rules {
            if let Some((_, table, chain, found)) = rule.find(&case.namespace) {
                println!("  {what}: {} {} {}: {}", table.family, table.name, chain.name, found.text);
            }
        }
    }
}
