//! Why there is no agent.

use std::path::PathBuf;

use bridgewalk_agent::protocol::ProtocolError;
use bridgewalk_docker::EngineError;
use bridgewalk_model::{LimitReason, Remedy};
use serde::{Deserialize, Serialize};

/// The agent cannot be started, or has ended. Each is one line that names the thing and what helps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AgentError {
    /// `--agent none`.
    #[error("no agent was asked for")]
    NotAsked,
    /// A helper container needs an engine.
    #[error("the engine cannot be reached, so no helper container can be started")]
    NoEngine,
    /// The kernel of this machine is not the engine's.
    #[error("the engine at {address} runs on another machine: only a helper container can read its kernel")]
    Elsewhere {
        /// Its address.
        address: String,
    },
    /// The agent's program that was named is not there.
    #[error("BRIDGEWALK_AGENT names {path}, which is no file: unset it, or name the agent", path = path.display())]
    NoProgram {
        /// What it names.
        path: PathBuf,
    },
    /// The program cannot run in a container of its own.
    #[error("{path} is not a static program: build the agent with -C target-feature=+crt-static", path = path.display())]
    NotStatic {
        /// The program.
        path: PathBuf,
    },
    /// The program cannot be read or started.
    #[error("{program} cannot be started ({detail}): install it, or choose another --agent")]
    Start {
        /// What was to be started.
        program: String,
        /// What the system answered.
        detail: String,
    },
    /// The engine refused to make the helper container.
    #[error("the helper container cannot be started: {0}")]
    Helper(EngineError),
    /// Sudo or pkexec did not start it: a wrong password, or nobody to ask.
    #[error(
        "{by} does not start the agent ({detail}): run this in a terminal where it can ask, or choose another --agent"
    )]
    Refused {
        /// Which of the two.
        by: String,
        /// What it last wrote on its standard error.
        detail: String,
    },
    /// It ended by itself.
    #[error("the agent has ended{}: start it again, or choose another --agent", if detail.is_empty() { String::new() } else { format!(" ({detail})") })]
    Ended {
        /// What it last wrote on its standard error.
        detail: String,
    },
    /// It says nothing.
    #[error("the agent did not answer within {seconds} s: choose another --agent")]
    Timeout {
        /// The bound.
        seconds: u64,
    },
    /// It reports more than can be kept.
    #[error("the agent reports more than {max_bytes} bytes; it was stopped, and what it reported before stands")]
    TooMuch {
        /// The bound.
        max_bytes: usize,
    },
    /// What it said cannot be understood.
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
}

impl AgentError {
    /// The same as a limit's reason, with what helps.
    pub(crate) fn limit(&self) -> (LimitReason, Remedy) {
        match self {
            Self::NotAsked => (LimitReason::NotAsked, Remedy::StartAgent),
            Self::NoEngine | Self::Helper(_) => {
                (LimitReason::Unreachable { detail: self.to_string() }, Remedy::ReachEngine)
            }
            _ => (LimitReason::Unreachable { detail: self.to_string() }, Remedy::StartAgent),
        }
    }
}
