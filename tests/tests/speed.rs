//! What the program promises about time, measured on a host with many containers; the figures are printed.
//!
//! Promised are 50 ms from an event to the snapshot at the 95th percentile, and 300 ms and a twentieth of the usual
//! tools' time for a full observation of 100 containers, of an optimised build on a quiet machine. The tests' build is
//! half optimised and its machine shared, so that the bounds here only catch what became several times slower.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bridgewalk_tests::{
    host::{DockerHost, PROGRAMS},
    process,
    rootfs::Engine,
    scenario,
};
use serde_json::Value;

fn measure(host: &DockerHost, args: &[&str]) -> Result<Value> {
    let program = format!("{PROGRAMS}/bridgewalk-speed");
    let argv: Vec<&str> = [program.as_str()].into_iter().chain(args.iter().copied()).collect();
    let text = process::ok(host.command(&argv), Duration::from_secs(300))?;
    println!("{args:?}: {text}");
    serde_json::from_str(&text).context("no JSON")
}

#[test]
fn speed_of_changes_and_of_a_full_observation() -> Result<()> {
    let host = DockerHost::start(Engine::Docker26_1, "earth")?;
    host.docker(&["network", "create", "front"])?;
    scenario::crowd(&host, 50, "crowd", "front")?;
    let latency = measure(&host, &["latency", "102"])?;
    scenario::crowd(&host, 50, "more", "bridge")?;
    let observe = measure(&host, &["observe", "5"])?;
    ensure!(latency["changes"].as_u64() >= Some(100), "{latency}");
    ensure!(latency["p95_ms"].as_f64().is_some_and(|p95| p95 <= 400.0), "{latency}");
    ensure!(observe["containers"] == 100, "{observe}");
    ensure!(observe["median_ms"].as_f64().is_some_and(|median| median <= 900.0), "{observe}");
    ensure!(observe["ratio"].as_f64().is_some_and(|ratio| ratio >= 5.0), "{observe}");
    Ok(())
}
