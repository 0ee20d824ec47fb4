//! Listens to Docker and to agents on a thread of its own, and hands on what they say.
//!
//! [`Collector::start`] returns at once; a thread named `collector` runs the tokio runtime, folds every observation
//! into a [`State`](bridgewalk_model::assembly::State), and publishes the newest [`Snapshot`]. The window is woken by the callback and
//! takes what there is; nothing is polled.

use std::sync::Arc;

use bridgewalk_model::{Observation, Snapshot};

/// Which engine, as the docker client has it.
#[derive(Clone, Debug, Default)]
pub struct EngineChoice {
    /// `--host`, before `DOCKER_HOST`.
    pub host: Option<String>,
    /// `--context`, before `DOCKER_CONTEXT` and the configuration's current one.
    pub context: Option<String>,
}

/// Who reads the kernel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AgentChoice {
    /// In this process, with the privilege it has; what it may not see is said.
    #[default]
    InProcess,
    /// As a child of sudo.
    Sudo,
    /// As a child of pkexec.
    Pkexec,
    /// In a helper container.
    Container,
    /// Nobody: the engine alone.
    None,
}

/// What to observe, and how.
#[derive(Clone, Debug, Default)]
pub struct CollectorConfig {
    /// The engine.
    pub engine: EngineChoice,
    /// The agent.
    pub agent: AgentChoice,
    /// Go on after the first full observation.
    pub watch: bool,
}

/// What the program tells a running collector.
#[derive(Clone, Debug)]
pub enum Command {
    /// Replace the agent.
    UseAgent(AgentChoice),
    /// Try the engine again now.
    Reconnect,
    /// Read everything anew.
    Refresh,
}

/// What a collector has to say, in order.
#[derive(Clone, Debug)]
pub enum Update {
    /// New observations, with the snapshot that holds them.
    Observed {
        /// Exactly what was said, for recordings.
        observations: Arc<[Observation]>,
        /// The newest snapshot.
        snapshot: Arc<Snapshot>,
    },
    /// How far the first observation (or a refresh) is.
    Progress {
        /// Done.
        done: u32,
        /// Of.
        total: u32,
    },
    /// The first full observation is complete: engine and agent, as far as they can be reached.
    Complete,
    /// What is watched now.
    Status(CollectorStatus),
}

/// What is watched, and what is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CollectorStatus {
    /// The engine's address, and why it is not watched if it is not.
    pub engine: Option<Result<String, String>>,
    /// The agent in use, and why it is not if it is not.
    pub agent: Option<Result<AgentSummary, String>>,
}

/// An agent at work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentSummary {
    /// How it runs.
    pub choice: AgentChoiceName,
    /// Its effective user.
    pub uid: u32,
    /// Its capabilities that matter.
    pub capabilities: Vec<String>,
}

/// `in_process`, `sudo`, `pkexec`, `container`.
pub type AgentChoiceName = &'static str;
/// Stub.
#[derive(Debug, thiserror::Error)]
#[error("stub")]
pub struct CollectorError;
