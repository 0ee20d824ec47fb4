//! Leaving nothing behind.
//!
//! The sweeper is a process of this same program, started with a hidden argument before anything is made. It waits for
//! the end of its standard input, which comes with our end whatever kills us, takes away what bears our label, and ends.
//! What even that leaves (the whole machine was switched off) is an orphan, removed at the next start.

use std::{
    collections::HashSet,
    io::Read,
    process::{ExitCode, Stdio},
    time::{Duration, Instant},
};

use bollard::{
    Docker,
    query_parameters::{RemoveContainerOptionsBuilder, RemoveImageOptionsBuilder},
};
use tokio::process::{ChildStdin, Command};

use super::{LABEL, owner::Owner};
use crate::{
    EngineChoice,
    endpoint::{Endpoint, Environment, Origin},
    engine::Engine,
};

/// The hidden argument of `bridgewalk` that makes it a sweeper; what follows it goes to [`sweep`].
pub const SWEEP_ARGUMENT: &str = "__sweep";

/// How long removing may take: an engine that removes a container of its own accord needs a moment.
const CLEAR_TIMEOUT: Duration = Duration::from_secs(10);

/// The sweeper: waits until its standard input ends, removes the helper container and image named by `arguments`
/// (those after [`SWEEP_ARGUMENT`], as this package wrote them), and says nothing.
pub fn sweep(arguments: impl Iterator<Item = String>) -> ExitCode {
    let mut choice = EngineChoice::default();
    let mut owner = None;
    let mut arguments = arguments;
    while let (Some(name), Some(value)) = (arguments.next(), arguments.next()) {
        match name.as_str() {
            "--host" => choice.host = Some(value),
            "--context" => choice.context = Some(value),
            "--owner" => owner = Owner::parse(&value),
            _ => return ExitCode::from(2),
        }
    }
    let Some(owner) = owner else { return ExitCode::from(2) };
    // A terminal's Ctrl+C and its hanging up are for the program that we wait for.
    let _ = rustix::process::setsid();
    let mut ignored = [0; 64];
    while std::io::stdin().read(&mut ignored).is_ok_and(|count| count > 0) {}

    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return ExitCode::FAILURE;
    };
    runtime.block_on(async {
        let Ok(endpoint) = Endpoint::resolve(&choice, &Environment::of_process()) else { return ExitCode::FAILURE };
        let Ok(engine) = Engine::connect(endpoint).await else { return ExitCode::FAILURE };
        clear(&engine, &owner).await;
        ExitCode::SUCCESS
    })
}

/// Starts the sweeper; none if that fails, which is no reason to do without an agent.
pub(super) fn start(endpoint: &Endpoint, owner: &Owner) -> Option<ChildStdin> {
    let mut command = Command::new(std::env::current_exe().ok()?);
    command.args([SWEEP_ARGUMENT, "--owner", owner.as_str()]);
    match &endpoint.origin {
        Origin::ContextOption(name) | Origin::ContextVariable(name) | Origin::CurrentContext(name) => {
            command.args(["--context", name]);
        }
        Origin::HostOption | Origin::HostVariable | Origin::Default => {
            command.args(["--host", &endpoint.address.to_string()]);
        }
    }
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let input = child.stdin.take();
    tokio::spawn(async move { child.wait().await });
    input
}

/// Removes all that bears the owner's label, until there is nothing left or the time is over.
pub(super) async fn clear(engine: &Engine, owner: &Owner) {
    let label = format!("{LABEL}={}", owner.as_str());
    let until = Instant::now() + CLEAR_TIMEOUT;
    let Ok(docker) = super::docker(engine) else { return };
    loop {
        match engine.labelled(&label).await {
            Ok(found) if found.containers.is_empty() && found.images.is_empty() => return,
            Ok(found) => {
                for (id, _) in &found.containers {
                    remove_container(&docker, id).await;
                }
                for (id, _) in &found.images {
                    remove_image(&docker, id).await;
                }
            }
            Err(_) => {}
        }
        if Instant::now() > until {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Removes what others of us left: those that run are at work, since a helper container ends with its owner.
pub(super) async fn orphans(engine: &Engine) {
    let Ok(found) = engine.labelled(LABEL).await else { return };
    let running: HashSet<&str> =
        found.containers.iter().filter(|(_, labelled)| labelled.is_running).map(|(_, l)| l.owner.as_str()).collect();
    let orphans: HashSet<Owner> = found
        .containers
        .iter()
        .chain(&found.images)
        .filter(|(_, labelled)| !running.contains(labelled.owner.as_str()))
        .filter_map(|(_, labelled)| Owner::parse(&labelled.owner))
        .filter(|owner| !owner.is_alive())
        .collect();
    for owner in &orphans {
        clear(engine, owner).await;
    }
}

async fn remove_container(docker: &Docker, id: &str) {
    let options = RemoveContainerOptionsBuilder::new().force(true).build();
    // It may be going already: the list tells when it is gone.
    let _ = docker.remove_container(id, Some(options)).await;
}

async fn remove_image(docker: &Docker, id: &str) {
    let options = RemoveImageOptionsBuilder::new().force(true).build();
    let _ = docker.remove_image(id, Some(options), None).await;
}
