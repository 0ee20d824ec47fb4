//! What can be seen here, what not, and what would help.

use bridgewalk_model::{LimitReason, Remedy, SourceKind};

use crate::{
    AgentChoice, AgentError, AgentProgram, CollectorConfig, CollectorError,
    endpoint::{Endpoint, Environment},
    engine::Engine,
};

/// One source, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceCheck {
    /// Which.
    pub source: SourceKind,
    /// Whether it tells everything it could.
    pub can_run: bool,
    /// Why not.
    pub reason: Option<LimitReason>,
    /// What would help.
    pub remedy: Remedy,
}

/// Checks every source as `config` would use it, without observing anything: the engine by asking for its version, the
/// kernel by what this process may read. A helper container, sudo or pkexec is only looked for, not started.
pub fn doctor(config: &CollectorConfig) -> Vec<SourceCheck> {
    let engine = check_engine(config);
    let events = SourceCheck { source: SourceKind::EngineEvents, ..engine.clone() };
    let agent = check_agent(config.agent, &engine);
    let has_other_agent = agent.can_run && config.agent != AgentChoice::InProcess;
    let kernel = bridgewalk_agent::probe().into_iter().map(|probe| {
        let check = SourceCheck {
            source: probe.source,
            can_run: probe.reason.is_none(),
            reason: probe.reason,
            remedy: probe.remedy,
        };
        match (config.agent, &check.reason) {
            // Nobody reads the kernel.
            (AgentChoice::None, _) => {
                SourceCheck { can_run: false, reason: Some(LimitReason::NotAsked), remedy: Remedy::StartAgent, ..check }
            }
            // The agent that was chosen has the privilege that this process lacks.
            (choice, Some(LimitReason::Privilege { .. }))
                if has_other_agent && choice != AgentChoice::ContainerBase =>
            {
                SourceCheck { can_run: true, reason: None, remedy: Remedy::None, ..check }
            }
            _ => check,
        }
    });
    [engine, events, agent].into_iter().chain(kernel).collect()
}

fn check_agent(choice: AgentChoice, engine: &SourceCheck) -> SourceCheck {
    let found = match choice {
        AgentChoice::InProcess => Ok(()),
        AgentChoice::None => Err(AgentError::NotAsked),
        AgentChoice::Sudo | AgentChoice::Pkexec => AgentProgram::find().file().map(drop),
        AgentChoice::Container | AgentChoice::ContainerBase if !engine.can_run => Err(AgentError::NoEngine),
        AgentChoice::Container | AgentChoice::ContainerBase => AgentProgram::find().bytes().map(drop),
    };
    let source = SourceKind::Agent;
    match found.map_err(|error| error.limit()) {
        Ok(()) => SourceCheck { source, can_run: true, reason: None, remedy: Remedy::None },
        Err((reason, remedy)) => SourceCheck { source, can_run: false, reason: Some(reason), remedy },
    }
}

fn check_engine(config: &CollectorConfig) -> SourceCheck {
    let limit = reach(config).err().map(|error| match error {
        CollectorError::Engine(error) => error.limit(),
        other => (LimitReason::Unreachable { detail: other.to_string() }, Remedy::ReachEngine),
    });
    let source = SourceKind::Engine;
    match limit {
        None => SourceCheck { source, can_run: true, reason: None, remedy: Remedy::None },
        Some((reason, remedy)) => SourceCheck { source, can_run: false, reason: Some(reason), remedy },
    }
}

/// Whether the engine that `config` means answers.
///
/// # Errors
/// Why it does not.
pub fn reach(config: &CollectorConfig) -> Result<(), CollectorError> {
    let endpoint = Endpoint::resolve(&config.engine, &Environment::of_process())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CollectorError::Thread { detail: error.to_string() })?;
    runtime.block_on(Engine::connect(endpoint))?;
    Ok(())
}
