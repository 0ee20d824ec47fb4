//! What can be seen here, what not, and what would help.

use std::{os::unix::fs::PermissionsExt, path::Path};

use bridgewalk_docker::endpoint::{Endpoint, Environment};
use bridgewalk_model::{LimitReason, Remedy, SourceKind};

use crate::{
    AgentChoice, AgentError, AgentProgram, CollectorConfig, CollectorError,
    agent::{self, RunningAgent},
    engine::{self, Engine},
};

/// One source, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceCheck {
    /// Which.
    pub source: SourceKind,
    /// Whether it tells everything it could.
    pub can_run: CanRun,
    /// Why not; or what is closed to everybody here.
    pub reason: Option<LimitReason>,
    /// What would help.
    pub remedy: Remedy,
}

/// Whether a source tells everything it could.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CanRun {
    /// It was tried, and does.
    Yes,
    /// It was tried, and does not.
    No,
    /// Trying it would ask somebody for a password, or bring a container up.
    NotTried,
}

impl SourceCheck {
    const fn new(source: SourceKind, can_run: CanRun) -> Self {
        Self { source, can_run, reason: None, remedy: Remedy::None }
    }

    fn no(source: SourceKind, (reason, remedy): (LimitReason, Remedy)) -> Self {
        Self { source, can_run: CanRun::No, reason: Some(reason), remedy }
    }
}

/// Checks every source as `config` would use it, without observing anything: the engine by asking for its version, the
/// kernel by what this process may read, sudo by starting the agent if that asks nobody. A helper container and pkexec are
/// looked for, and not tried.
pub fn doctor(config: &CollectorConfig) -> Vec<SourceCheck> {
    let (engine, elsewhere) = check_engine(config);
    let events = SourceCheck { source: SourceKind::EngineEvents, ..engine.clone() };
    let (agent, capabilities) = check_agent(config.agent, &engine, elsewhere);
    let kernel = bridgewalk_agent::probe().into_iter().map(|probe| {
        let source = probe.source;
        // What the kernel lacks no agent sees.
        if probe.reason == Some(LimitReason::NotInKernel) && config.agent != AgentChoice::None {
            return SourceCheck::no(source, (LimitReason::NotInKernel, probe.remedy));
        }
        match (agent.can_run, probe.reason) {
            (CanRun::No, _) => SourceCheck { source, ..agent.clone() },
            (CanRun::NotTried, _) => SourceCheck::new(source, CanRun::NotTried),
            // It tells all that anybody here is told.
            (CanRun::Yes, None) => SourceCheck { reason: probe.closed, ..SourceCheck::new(source, CanRun::Yes) },
            (CanRun::Yes, Some(LimitReason::Privilege { missing })) if capabilities.contains(&missing) => {
                SourceCheck::new(source, CanRun::Yes)
            }
            (CanRun::Yes, Some(reason)) => SourceCheck::no(source, (reason, probe.remedy)),
        }
    });
    [engine, events, agent.clone()].into_iter().chain(kernel).collect()
}

/// The agent, and which capabilities it has that this process may lack.
fn check_agent(choice: AgentChoice, engine: &SourceCheck, elsewhere: Option<String>) -> (SourceCheck, Vec<String>) {
    let is_here = matches!(choice, AgentChoice::InProcess | AgentChoice::Sudo | AgentChoice::Pkexec);
    let tried = match choice {
        _ if is_here && elsewhere.is_some() => Err(AgentError::Elsewhere { address: elsewhere.unwrap_or_default() }),
        AgentChoice::InProcess => Ok((CanRun::Yes, Vec::new())),
        AgentChoice::None => Err(AgentError::NotAsked),
        AgentChoice::Sudo => try_sudo(),
        AgentChoice::Pkexec => {
            AgentProgram::find().file().and_then(|_| has_program("pkexec")).map(|()| (CanRun::NotTried, Vec::new()))
        }
        AgentChoice::Container | AgentChoice::ContainerBase if engine.can_run != CanRun::Yes => {
            Err(AgentError::NoEngine)
        }
        AgentChoice::Container | AgentChoice::ContainerBase => {
            AgentProgram::find().bytes().map(|_| (CanRun::NotTried, Vec::new()))
        }
    };
    match tried {
        Ok((can_run, capabilities)) => (SourceCheck::new(SourceKind::Agent, can_run), capabilities),
        Err(error) => (SourceCheck::no(SourceKind::Agent, error.limit()), Vec::new()),
    }
}

/// Where sudo would ask somebody, it is not tried.
fn try_sudo() -> Result<(CanRun, Vec<String>), AgentError> {
    let failed = |error: std::io::Error| AgentError::Start { program: "sudo".to_owned(), detail: error.to_string() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    match runtime.block_on(RunningAgent::try_sudo()) {
        Ok(capabilities) => Ok((CanRun::Yes, capabilities)),
        Err(AgentError::Refused { .. }) if agent::can_ask() => Ok((CanRun::NotTried, Vec::new())),
        Err(error) => Err(error),
    }
}

/// Whether a program of this name is in `PATH`.
fn has_program(name: &str) -> Result<(), AgentError> {
    let is_program = |path: &Path| path.metadata().is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0);
    let path = std::env::var_os("PATH").unwrap_or_default();
    if std::env::split_paths(&path).any(|folder| is_program(&folder.join(name))) {
        return Ok(());
    }
    Err(AgentError::Start { program: name.to_owned(), detail: "there is no such program in PATH".to_owned() })
}

/// The engine; and its address, if it runs on another machine.
fn check_engine(config: &CollectorConfig) -> (SourceCheck, Option<String>) {
    let source = SourceKind::Engine;
    let facts = connect(config, |engine| async move { Ok(engine.facts().await?.is) });
    match facts {
        Ok(facts) => (SourceCheck::new(source, CanRun::Yes), (!facts.is_local).then_some(facts.address)),
        Err(CollectorError::Engine(error)) => (SourceCheck::no(source, engine::limit(&error)), None),
        Err(other) => {
            let reason = LimitReason::Unreachable { detail: other.to_string() };
            (SourceCheck::no(source, (reason, Remedy::ReachEngine)), None)
        }
    }
}

/// Whether the engine that `config` means answers.
///
/// # Errors
/// Why it does not.
pub fn reach(config: &CollectorConfig) -> Result<(), CollectorError> {
    connect(config, |_| async { Ok(()) })
}

/// Connects to the engine that `config` means, and asks it something.
fn connect<T, F: Future<Output = Result<T, CollectorError>>>(
    config: &CollectorConfig,
    ask: impl FnOnce(Engine) -> F,
) -> Result<T, CollectorError> {
    let endpoint = Endpoint::resolve(&config.engine, &Environment::of_process())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CollectorError::Thread { detail: error.to_string() })?;
    runtime.block_on(async { ask(Engine::connect(endpoint).await?).await })
}
