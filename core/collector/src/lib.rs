//! Listens to Docker and to agents on a thread of its own, and hands on what they say.
//!
//! [`Collector::start`] returns at once; a thread named `collector` runs the tokio runtime, folds every observation
//! into a [`State`](bridgewalk_model::assembly::State), and publishes the newest [`Snapshot`]. The window is woken by the callback and
//! takes what there is; nothing is polled. [`observe_once`] is the same without the following.
//!
//! Nothing here changes the host, but for [`helper`], the container in which the agent runs if the user says so, and a
//! proof, the one packet that an agent with leave to do so sends when asked to.

mod agent;
mod collecting;
mod collector;
mod doctor;
mod engine;
mod held;
pub mod helper;
mod hints;
mod outbox;
mod proving;
mod waiting;
mod watch;

use std::sync::Arc;

use bridgewalk_model::{Observation, Snapshot};

pub use agent::{AgentError, AgentProgram, embedded_agent};
/// How an engine is found, and why it may not be.
pub use bridgewalk_docker::{EndpointError, EngineChoice, EngineError, endpoint};
pub use collector::{Collector, Observed, observe_once};
pub use doctor::{CanRun, SourceCheck, doctor, reach};
#[cfg(fuzzing)]
pub use engine::engine_answers;
pub use proving::{PendingProof, ProofResult, Proved, observe_and_prove};

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
    /// In a helper container that may see all that root sees.
    Container,
    /// In a helper container that may read the host's rules and no more.
    ContainerBase,
    /// Nobody: the engine alone.
    None,
}

impl AgentChoice {
    /// `in_process`, `sudo`, `pkexec`, `container`, `container_base` or `none`.
    pub const fn name(self) -> AgentChoiceName {
        match self {
            Self::InProcess => "in_process",
            Self::Sudo => "sudo",
            Self::Pkexec => "pkexec",
            Self::Container => "container",
            Self::ContainerBase => "container_base",
            Self::None => "none",
        }
    }
}

/// What to observe, and how.
#[derive(Clone, Debug, Default)]
pub struct CollectorConfig {
    /// The engine.
    pub engine: EngineChoice,
    /// The agent.
    pub agent: AgentChoice,
    /// Somebody asked for this agent by its name: if it cannot serve, that is a failure, and nothing stands in for it.
    pub agent_is_named: bool,
    /// Go on after the first full observation.
    pub watch: bool,
    /// The agent may prove: send one packet when asked to, see [`Collector::prove`].
    pub may_prove: bool,
}

/// What the program tells a running collector.
#[derive(Clone, Copy, Debug)]
pub enum Command {
    /// Replace the agent.
    UseAgent(AgentChoice),
    /// Try the engine again now.
    Reconnect,
    /// Read everything again.
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
    /// The engine's address, and why it is not watched if it is not; none: not known yet.
    pub engine: Option<Result<String, CollectorError>>,
    /// The agent in use, and why it is not if it is not; none: not known yet, or nobody asked for one.
    pub agent: Option<Result<AgentSummary, AgentError>>,
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

/// `in_process`, `sudo`, `pkexec`, `container`, `container_base`, `none`.
pub type AgentChoiceName = &'static str;

/// The engine or the agent that was meant cannot be had. One line, which names the thing and what helps.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CollectorError {
    /// The choice makes no sense.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// It does not answer.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The agent that was asked for by name does not serve.
    #[error(transparent)]
    Agent(#[from] AgentError),
    /// Whatever was waited for, it took too long.
    #[error("the observation was not complete within {seconds} s")]
    Timeout {
        /// The bound.
        seconds: u64,
    },
    /// The thread cannot be started.
    #[error("the collector's thread cannot be started: {detail}")]
    Thread {
        /// What the system answered.
        detail: String,
    },
}
