//! What the program promises about time, measured on a host with many containers; the figures are printed.
//!
//! Promised are 50 ms from an event to the snapshot at the 95th percentile, and 300 ms and a twentieth of the usual
//! tools' time for a full observation of 100 containers, of an optimised build on a quiet machine: docs/performance.md
//! has the figures. Here the build is half optimised and the machine shared, and the bounds leave room for that, but for no
//! more: what became twice as slow is caught. The ratio bears a busy machine best, for both sides share it.

use std::{
    io::{BufRead, BufReader},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use bridgewalk_tests::{
    host::{DockerHost, PROGRAMS},
    process::{self, Running, SOON},
    rootfs::Engine,
    scenario,
};
use serde_json::Value;

const RESTARTS: &str = "5";

/// Runs the benchmark inside; restarts the daemon whenever it asks for that.
fn measure(host: &DockerHost, args: &[&str]) -> Result<Value> {
    let program = format!("{PROGRAMS}/bridgewalk-speed");
    let argv: Vec<&str> = [program.as_str()].into_iter().chain(args.iter().copied()).collect();
    let mut running = Running::start(host.command(&argv))?;
    let output = running.child.stdout.take().context("no output")?;
    let mut last = String::new();
    for line in BufReader::new(output).lines() {
        last = line?;
        if last == "restart" {
            host.restart_daemon()?;
        }
    }
    let status = running.wait(SOON).context("it goes on without a word")?;
    if !status.success() {
        let mut words = String::new();
        if let Some(mut errors) = running.child.stderr.take() {
            std::io::Read::read_to_string(&mut errors, &mut words)?;
        }
        anyhow::bail!("{args:?}: {status}: {}", process::tail(&words, 20));
    }
    println!("{args:?}: {last}");
    serde_json::from_str(&last).context("no JSON")
}

#[test]
fn speed_of_changes_and_of_a_full_observation() -> Result<()> {
    // Containers outlive the daemon's restarts, as they do where it matters.
    let host = DockerHost::builder(Engine::Docker26_1, "earth").daemon_option("--live-restore").start()?;
    host.docker(&["network", "create", "front"])?;
    scenario::crowd(&host, 50, "crowd", "front")?;
    // What the kernel still does for containers that have just been started is not measured.
    std::thread::sleep(Duration::from_secs(3));
    let latency = measure(&host, &["latency", "102", RESTARTS])?;
    scenario::crowd(&host, 50, "more", "bridge")?;
    let observe = measure(&host, &["observe", "9"])?;
    ensure!(latency["count"].as_u64() >= Some(100), "{latency}");
    ensure!(latency["p50_ms"].as_f64().is_some_and(|p50| p50 <= 50.0), "{latency}");
    ensure!(latency["p95_ms"].as_f64().is_some_and(|p95| p95 <= 150.0), "{latency}");
    ensure!(observe["containers"] == 100, "{observe}");
    ensure!(observe["best_ms"].as_f64().is_some_and(|best| best <= 450.0), "{observe}");
    ensure!(observe["ratio"].as_f64().is_some_and(|ratio| ratio >= 12.0), "{observe}");
    Ok(())
}
