//! From the event to the snapshot.

use std::{collections::BTreeMap, io::Write};

use anyhow::Result;
use bridgewalk_model::{
    engine::ContainerState,
    snapshot::{Container, Host},
};
use serde_json::{Value, json};

use crate::{bridge::Bridges, daemon::watch_restart, run, watch::Watch};

/// Makes this many changes, one after the other, and prints how long each kind took.
pub(crate) fn measure(changes: usize, restarts: usize) -> Result<()> {
    let mut watch = Watch::start()?;
    let bridges = Bridges::open()?;
    let mut found: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let mut note = |kind, from: f64, to: f64| found.entry(kind).or_default().push(to - from);
    run("docker", &["network", "create", "speed"])?;
    for round in 1..=changes.div_ceil(6) {
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

        let device = format!("speed{round}");
        let is_there = |host: &Host| {
            host.own_namespace().is_some_and(|own| own.interfaces.iter().any(|i| i.name.as_str() == device))
        };
        let from = bridges.add(&device)?;
        note("link_add", from, watch.until("a link more", is_there)?);
        bridges.remove(&device)?;
        watch.until("a link less", |host| !is_there(host))?;
    }
    run("docker", &["network", "rm", "speed"])?;

    for _ in 0..restarts {
        let restart = watch_restart()?;
        writeln!(std::io::stdout(), "restart")?;
        std::io::stdout().flush()?;
        let at = watch.until("the daemon's end", |host| host.engine_lost.is_some())?;
        note("daemon_lost", restart.lost_ms.recv()?, at);
        let at = watch.until("the daemon's return", |host| host.engine_lost.is_none())?;
        note("daemon_back", restart.back_ms.recv()?, at);
    }

    let all: Vec<f64> = found.values().flatten().copied().collect();
    let mut summary = summary(&all);
    let kinds: BTreeMap<_, _> = found.iter().map(|(kind, list)| (*kind, self::summary(list))).collect();
    summary["kinds"] = json!(kinds);
    println!("{summary}");
    Ok(())
}

fn summary(list: &[f64]) -> Value {
    let mut list = list.to_vec();
    list.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let index = ((list.len() as f64 * share).ceil() as usize).clamp(1, list.len().max(1)) - 1;
        list.get(index).map_or(f64::NAN, |ms| (ms * 10.0).round() / 10.0)
    };
    json!({"count": list.len(), "p50_ms": at(0.5), "p95_ms": at(0.95), "max_ms": at(1.0)})
}

fn container<'a>(host: &'a Host, id: &str) -> Option<&'a Container> {
    host.containers.iter().find(|container| container.container_id == id)
}

/// The container is in its namespace, and each of its ends is tied to an interface.
fn wired(host: &Host, id: &str, ends: usize) -> bool {
    container(host, id).is_some_and(|container| {
        container.namespace.is_some()
            && container.attachments.len() == ends
            && container.attachments.iter().all(|end| end.interface.is_some())
    })
}
