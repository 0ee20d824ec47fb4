//! A full observation, and what the usual tools take for as much of it as they tell.

use std::time::Instant;

use anyhow::{Context, Result};
use bridgewalk_collector::{CollectorConfig, observe_once};
use serde_json::{Value, json};

use crate::run;

/// Observes this many times, and, with the tools beside it, asks them about each container once.
pub(crate) fn measure(times: usize, with_tools: bool) -> Result<()> {
    let mut ours_ms = Vec::new();
    let mut containers = 0;
    let times = times.max(1);
    let cpu_ms = own_cpu_ms()?;
    for _ in 0..times {
        let start = Instant::now();
        let observed = observe_once(CollectorConfig::default(), |_, _| {})?;
        ours_ms.push(start.elapsed().as_secs_f64() * 1e3);
        containers = observed.snapshot.hosts.first().map_or(0, |host| host.containers.len());
    }
    let own_cpu_ms = (own_cpu_ms()? - cpu_ms) / times as f64;
    let median_ms = median(&ours_ms);
    let mut found = json!({
        "containers": containers,
        "observe_ms": ours_ms.iter().map(|ms| ms.round()).collect::<Vec<_>>(),
        "median_ms": median_ms,
        "best_ms": ours_ms.iter().copied().fold(f64::INFINITY, f64::min),
        "own_cpu_ms": own_cpu_ms,
    });
    if with_tools {
        let start = Instant::now();
        for id in run("docker", &["ps", "-q"])?.split_whitespace() {
            let inspected: Value = serde_json::from_str(&run("docker", &["inspect", id])?)?;
            let pid = inspected[0]["State"]["Pid"].to_string();
            run("nsenter", &["-t", &pid, "-n", "ip", "-j", "addr"])?;
            run("nsenter", &["-t", &pid, "-n", "ip", "-j", "route"])?;
        }
        let tools_ms = start.elapsed().as_secs_f64() * 1e3;
        found["tools_ms"] = json!(tools_ms);
        found["ratio"] = json!(tools_ms / median_ms);
    }
    println!("{found}");
    Ok(())
}

fn median(list: &[f64]) -> f64 {
    let mut list = list.to_vec();
    list.sort_by(f64::total_cmp);
    list.get(list.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Processor time of this process so far, all its threads together, those that have ended as well.
fn own_cpu_ms() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace().collect();
    let ticks = |index: usize| -> Result<f64> { Ok(fields.get(index).context("a short stat")?.parse()?) };
    // `utime` and `stime`, in hundredths of a second.
    Ok((ticks(11)? + ticks(12)?) * 10.0)
}
