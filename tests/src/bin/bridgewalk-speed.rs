//! Measures, on the host it runs on, what the program promises: how soon a change is in the snapshot, and how long a
//! full observation takes beside the usual tools. Run by `tests/tests/speed.rs` inside a test host; prints JSON.
//!
//! ```text
//! bridgewalk-speed latency CHANGES     for each kind of change: milliseconds from the event to the snapshot
//! bridgewalk-speed observe TIMES       milliseconds of full observations, and of `docker inspect` with `ip`
//! ```

use std::{
    collections::BTreeMap,
    process::{Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, bail, ensure};
use bridgewalk_collector::{Collector, CollectorConfig, Update, observe_once};
use bridgewalk_model::{
    Fact, Snapshot,
    engine::{ContainerState, EngineEvent},
    snapshot::{Container, Host},
};
use serde_json::json;

/// What the longest wait for a change may be before the measuring is given up.
const GIVE_UP: Duration = Duration::from_secs(20);

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize| -> Result<usize> { Ok(args.get(index).context("a number is missing")?.parse()?) };
    match args.first().map(String::as_str) {
        Some("latency") => latency(number(1)?),
        Some("observe") => observe(number(1)?),
        _ => bail!("usage: bridgewalk-speed latency CHANGES | observe TIMES"),
    }
}

fn now_ms() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64() * 1e3)
}

fn run(program: &str, args: &[&str]) -> Result<String> {
    let output = Command::new(program).args(args).stdin(Stdio::null()).output()?;
    ensure!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// One update, and when it came.
struct Seen {
    at_ms: f64,
    events: Vec<EngineEvent>,
    snapshot: std::sync::Arc<Snapshot>,
}

struct Watch {
    seen: mpsc::Receiver<Seen>,
    events: Vec<EngineEvent>,
}

impl Watch {
    fn start() -> Result<Self> {
        let config = CollectorConfig { watch: true, ..CollectorConfig::default() };
        let collector = Collector::start(config, Box::new(|| {}))?;
        let (sender, seen) = mpsc::channel();
        let (complete_sender, complete) = mpsc::channel();
        std::thread::Builder::new().name("watch".to_owned()).spawn(move || {
            while !collector.has_ended() {
                match collector.recv_timeout(Duration::from_secs(1)) {
                    Some(Update::Observed { observations, snapshot }) => {
                        let at_ms = now_ms();
                        let events = observations.iter().filter_map(|observation| match &observation.fact {
                            Fact::EngineEvent(event) => Some((**event).clone()),
                            _ => None,
                        });
                        if sender.send(Seen { at_ms, events: events.collect(), snapshot }).is_err() {
                            return;
                        }
                    }
                    Some(Update::Complete) => drop(complete_sender.send(())),
                    _ => {}
                }
            }
        })?;
        complete.recv_timeout(GIVE_UP).context("the first observation did not end")?;
        Ok(Self { seen, events: Vec::new() })
    }

    /// Waits until the snapshot is as wanted; when that was.
    fn until(&mut self, what: &str, wanted: impl Fn(&Host) -> bool) -> Result<f64> {
        let deadline = Instant::now() + GIVE_UP;
        let mut at = None;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let wait = if at.is_some() { Duration::from_millis(60) } else { left };
            match self.seen.recv_timeout(wait) {
                Ok(seen) => {
                    self.events.extend(seen.events);
                    if at.is_none() && seen.snapshot.hosts.first().is_some_and(&wanted) {
                        at = Some(seen.at_ms);
                    }
                }
                Err(_) if at.is_some() => break,
                Err(error) => bail!("{what} is not in the snapshot: {error}"),
            }
        }
        at.context("never")
    }

    /// The time of the last event of this kind.
    fn event_ms(&self, action: &str, about: &str) -> Result<f64> {
        let event = self.events.iter().rev().find(|event| {
            event.action == action
                && (event.actor_id == about || event.attributes.get("container").is_some_and(|id| id == about))
        });
        Ok(event.with_context(|| format!("no event {action}"))?.at_ns as f64 / 1e6)
    }
}

fn container<'a>(host: &'a Host, id: &str) -> Option<&'a Container> {
    host.containers.iter().find(|container| container.container_id == id)
}

fn wired(host: &Host, id: &str, ends: usize) -> bool {
    container(host, id).is_some_and(|container| {
        container.namespace.is_some()
            && container.attachments.len() == ends
            && container.attachments.iter().all(|end| end.interface.is_some())
    })
}

fn latency(changes: usize) -> Result<()> {
    let mut watch = Watch::start()?;
    let mut found: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let mut note = |kind, from: f64, to: f64| found.entry(kind).or_default().push(to - from);
    let mut left = changes;
    let mut round = 0;
    run("docker", &["network", "create", "speed"])?;
    while left > 0 {
        round += 1;
        let name = format!("speed-{round}");
        let id = run("docker", &["run", "-d", "--name", &name, "--stop-signal", "KILL", "bb:1", "sleep", "1000"])?;
        let id = id.trim().to_owned();
        let at = watch.until("docker run", |host| {
            wired(host, &id, 1) && container(host, &id).is_some_and(|c| c.state == ContainerState::Running)
        })?;
        note("run", watch.event_ms("start", &id)?, at);

        run("docker", &["network", "connect", "speed", &name])?;
        let at = watch.until("network connect", |host| wired(host, &id, 2))?;
        note("connect", watch.event_ms("connect", &id)?, at);

        run("docker", &["network", "disconnect", "speed", &name])?;
        let at = watch.until("network disconnect", |host| wired(host, &id, 1))?;
        note("disconnect", watch.event_ms("disconnect", &id)?, at);

        run("docker", &["pause", &name])?;
        let at =
            watch.until("pause", |host| container(host, &id).is_some_and(|c| c.state == ContainerState::Paused))?;
        note("pause", watch.event_ms("pause", &id)?, at);

        run("docker", &["rm", "-f", &name])?;
        let at = watch.until("rm", |host| container(host, &id).is_none())?;
        note("rm", watch.event_ms("destroy", &id)?, at);

        // From before the command is started: the kernel's event comes a little later.
        let device = format!("speed{round}");
        let from = now_ms();
        run("ip", &["link", "add", &device, "type", "bridge"])?;
        let at = watch.until("ip link add", |host| {
            host.own_namespace().is_some_and(|own| own.interfaces.iter().any(|i| i.name.as_str() == device))
        })?;
        note("ip_link_add", from, at);
        run("ip", &["link", "del", &device])?;
        watch.until("ip link del", |host| {
            host.own_namespace().is_some_and(|own| !own.interfaces.iter().any(|i| i.name.as_str() == device))
        })?;
        left = left.saturating_sub(6);
    }
    run("docker", &["network", "rm", "speed"])?;

    let mut all: Vec<f64> = found.values().flatten().copied().collect();
    all.sort_by(f64::total_cmp);
    let at = |list: &[f64], share: f64| {
        let mut list = list.to_vec();
        list.sort_by(f64::total_cmp);
        let index = ((list.len() as f64 * share).ceil() as usize).clamp(1, list.len().max(1)) - 1;
        list.get(index).copied().unwrap_or(f64::NAN)
    };
    let kinds: BTreeMap<_, _> = found
        .iter()
        .map(|(kind, list)| {
            (*kind, json!({"count": list.len(), "p50_ms": at(list, 0.5), "p95_ms": at(list, 0.95), "max_ms": at(list, 1.0)}))
        })
        .collect();
    println!(
        "{}",
        json!({"changes": all.len(), "p50_ms": at(&all, 0.5), "p95_ms": at(&all, 0.95), "max_ms": at(&all, 1.0), "kinds": kinds})
    );
    Ok(())
}

fn observe(times: usize) -> Result<()> {
    let mut ours = Vec::new();
    let mut containers = 0;
    for _ in 0..times.max(1) {
        let start = Instant::now();
        let observed = observe_once(CollectorConfig::default(), |_, _| {})?;
        ours.push(start.elapsed().as_secs_f64() * 1e3);
        containers = observed.snapshot.hosts.first().map_or(0, |host| host.containers.len());
    }
    ours.sort_by(f64::total_cmp);
    let start = Instant::now();
    for id in run("docker", &["ps", "-q"])?.split_whitespace() {
        let pid = run("docker", &["inspect", "--format", "{{.State.Pid}}", id])?;
        run("docker", &["inspect", id])?;
        let pid = pid.trim();
        run("nsenter", &["-t", pid, "-n", "ip", "-j", "addr"])?;
        run("nsenter", &["-t", pid, "-n", "ip", "-j", "route"])?;
    }
    let tools = start.elapsed().as_secs_f64() * 1e3;
    let median = ours[ours.len() / 2];
    println!(
        "{}",
        json!({"containers": containers, "observe_ms": ours, "median_ms": median, "tools_ms": tools, "ratio": tools / median})
    );
    Ok(())
}
