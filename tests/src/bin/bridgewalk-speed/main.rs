//! Measures, on the host it runs on, what the program promises: how soon a change is in the snapshot, and how long a
//! full observation takes beside the usual tools. Run by `tests/tests/speed.rs` inside a test host; prints JSON.
//!
//! ```text
//! bridgewalk-speed latency CHANGES RESTARTS  for each kind of change: milliseconds from the event to the snapshot;
//!                                            for each restart it prints the line "restart" and waits for the daemon
//! bridgewalk-speed observe TIMES             milliseconds of full observations, and of `docker inspect` with `ip`
//! bridgewalk-speed alone TIMES               the same without the tools
//! ```

mod bridge;
mod daemon;
mod latency;
mod observe;
mod watch;

use std::{
    process::{Command, Stdio},
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail, ensure};

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize| -> Result<usize> { Ok(args.get(index).context("a number is missing")?.parse()?) };
    match args.first().map(String::as_str) {
        Some("latency") => latency::measure(number(1)?, number(2)?),
        Some("observe") => observe::measure(number(1)?, true),
        Some("alone") => observe::measure(number(1)?, false),
        _ => bail!("usage: bridgewalk-speed latency CHANGES RESTARTS | observe TIMES | alone TIMES"),
    }
}

/// The time as the engine's events have it.
fn now_ms() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64() * 1e3)
}

fn run(program: &str, args: &[&str]) -> Result<String> {
    let output = Command::new(program).args(args).stdin(Stdio::null()).output()?;
    ensure!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
