//! What can be seen here, what not, and what would help.

use bridgewalk_model::{LimitReason, Remedy, SourceKind};

use crate::{
    CollectorConfig, CollectorError,
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

/// Checks every source as `config` would use it, without observing anything.
pub fn doctor(config: &CollectorConfig) -> Vec<SourceCheck> {
    let engine = check_engine(config);
    let events = SourceCheck { source: SourceKind::EngineEvents, ..engine.clone() };
    vec![engine, events]
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
