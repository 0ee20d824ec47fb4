//! Why the engine tells something not, as the model has it.

use bridgewalk_docker::EngineError;
use bridgewalk_model::{LimitReason, Remedy};

/// An error as a limit's reason, with what helps.
pub(crate) fn limit(error: &EngineError) -> (LimitReason, Remedy) {
    match error {
        EngineError::SocketPermission { .. } => {
            (LimitReason::Privilege { missing: "group docker".to_owned() }, Remedy::JoinDockerGroup)
        }
        EngineError::TooLong { .. } | EngineError::TooMuch { .. } | EngineError::TooMany { .. } => {
            (LimitReason::Truncated { detail: error.to_string() }, Remedy::None)
        }
        EngineError::Undecodable { .. } => (LimitReason::Undecoded { detail: error.to_string() }, Remedy::None),
        _ => (LimitReason::Unreachable { detail: error.to_string() }, Remedy::ReachEngine),
    }
}
