//! The evaluator of rules beside the kernel.
//!
//! What the kernel did once is kept, small, and judged again without root; so are mistakes made on purpose, which must be
//! noticed. A new comparison with a new seed needs root: `BRIDGEWALK_PROBES` (packets, 1,600), `BRIDGEWALK_SET_UPS` (sets of
//! rules, 20) and `BRIDGEWALK_SEED` make it longer, or the same again; `BRIDGEWALK_LIVE_PROBES` (200) and
//! `BRIDGEWALK_LIVE_SET_UPS` (1) the one on each running engine. Few packets do not come to all rules, but to most.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, ensure};
use bridgewalk_analysis::walk::rules::Mutant;
use bridgewalk_tests::{
    differential::{
        judge::{count_rules, judge},
        seen,
        tally::Tally,
    },
    process,
    rootfs::engines,
};

/// The least percentage of the reachable rules that must be hit.
const LEAST_HIT: &str = "60";

fn kept() -> Result<Vec<seen::Case>> {
    seen::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("recorded/walk-rules.json.gz"))
}

#[test]
fn what_the_kernel_did_is_what_is_said() -> Result<()> {
    let mut tally = Tally::default();
    for case in kept()? {
        let wrong = judge(&case, None, &mut tally);
        count_rules(&case, &mut tally);
        ensure!(wrong.is_empty(), "{}: {wrong:#?}", case.name);
    }
    println!("{}\n{}", Tally::HEAD, tally.row("kept"));
    ensure!(tally.packets > 500, "{tally:?}");
    Ok(())
}

#[test]
fn mistakes_are_noticed() -> Result<()> {
    let cases = kept()?;
    for mutant in Mutant::ALL {
        let mut tally = Tally::default();
        let wrong: usize = cases.iter().map(|case| judge(case, Some(mutant), &mut tally).len()).sum();
        println!("{mutant:?}: {wrong} wrong answers");
        ensure!(wrong > 0, "{mutant:?} was not noticed");
    }
    Ok(())
}

#[test]
fn new_packets_fare_as_is_said() -> Result<()> {
    let number = |name: &str, usual: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock")?.as_secs();
    let (seed, probes) = (number("BRIDGEWALK_SEED", now), number("BRIDGEWALK_PROBES", 1600));
    let set_ups = number("BRIDGEWALK_SET_UPS", 20);
    let program = PathBuf::from(env!("CARGO_BIN_EXE_bridgewalk-differential"));
    let mut command = Command::new("unshare");
    command.args(["--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]).arg(program);
    command.args([seed, probes, set_ups].map(|number| number.to_string())).env("BRIDGEWALK_LEAST_HIT", LEAST_HIT);
    let limit = Duration::from_secs(120 + probes / 20 + set_ups * 3);
    let ran = process::run(command, &[], limit)?;
    println!("{}", ran.stdout);
    ensure!(ran.status.success(), "seed {seed}: {}{}", ran.stdout, ran.stderr);
    Ok(())
}

#[test]
fn packets_on_running_engines_fare_as_is_said() -> Result<()> {
    let number = |name: &str, usual: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock")?.as_secs();
    let seed = number("BRIDGEWALK_SEED", now);
    let (probes, set_ups) = (number("BRIDGEWALK_LIVE_PROBES", 200), number("BRIDGEWALK_LIVE_SET_UPS", 1));
    for engine in engines() {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bridgewalk-differential"));
        command.args(["live", engine.version()]).args([seed, probes, set_ups].map(|number| number.to_string()));
        command.env("BRIDGEWALK_LEAST_HIT", LEAST_HIT);
        let limit = Duration::from_secs(150 + probes / 20 + set_ups * 30);
        let ran = process::run(command, &[], limit)?;
        println!("{}", ran.stdout);
        ensure!(ran.status.success(), "{engine}, seed {seed}: {}{}", ran.stdout, ran.stderr);
    }
    Ok(())
}
