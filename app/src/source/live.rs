//! The live host.

use std::sync::Arc;

use bridgewalk_collector::{AgentChoice, Command, EngineChoice, Update};
use bridgewalk_model::{Observation, Snapshot};

use super::{SourceError, kept::Kept};

/// A live host.
#[derive(Debug, Default)]
pub struct LiveSource {
    kept: Kept,
}

impl LiveSource {
    pub(super) fn start(_: EngineChoice, _: AgentChoice) -> Result<Self, SourceError> {
        Ok(Self::default())
    }

    /// stub
    pub fn take(&mut self) -> Option<Update> {
        None
    }

    /// stub
    pub fn wake_with(&mut self, _: super::Wake) {}
    /// stub
    pub fn command(&self, _: Command) {}
    /// stub
    pub fn observations(&self) -> Vec<Observation> { self.kept.observations() }
}

pub(super) fn observe_once(_: EngineChoice, _: AgentChoice) -> Result<Arc<Snapshot>, SourceError> { Ok(Arc::default()) }
