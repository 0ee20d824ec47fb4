//! Why an engine says nothing.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Talking to the engine failed. Each is one line that names the thing and what helps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum EngineError {
    /// There is no such socket.
    #[error("no engine listens at {path} (no such socket): start Docker, or give --host or --context", path = path.display())]
    NoSocket {
        /// The socket's path.
        path: PathBuf,
    },
    /// The socket may not be opened.
    #[error("{path} may not be opened (permission denied): join the group `docker`", path = path.display())]
    SocketPermission {
        /// The socket's path.
        path: PathBuf,
    },
    /// It cannot be reached in another way.
    #[error("the engine at {address} cannot be reached ({detail}): start Docker, or give --host or --context")]
    Unreachable {
        /// Its address.
        address: String,
        /// What the system answered.
        detail: String,
    },
    /// It does not answer in time.
    #[error("the engine at {address} did not answer {request} within {seconds} s")]
    Timeout {
        /// Its address.
        address: String,
        /// Which request.
        request: String,
        /// The bound.
        seconds: u64,
    },
    /// The connection cannot be secured.
    #[error("the connection to {address} cannot be secured ({detail}): check its certificates")]
    Tls {
        /// Its address.
        address: String,
        /// What is wrong.
        detail: String,
    },
    /// It refuses.
    #[error("the engine refuses {request}: {message} (status {status})")]
    Refused {
        /// Which request.
        request: String,
        /// HTTP's status.
        status: u16,
        /// What it says.
        message: String,
    },
    /// Its answer is too long.
    #[error("the engine's answer to {request} is longer than {max_bytes} bytes")]
    TooLong {
        /// Which request.
        request: String,
        /// The bound.
        max_bytes: usize,
    },
    /// Its answer would take too much memory.
    #[error("the engine's answer to {request} would take more than {max_bytes} bytes of memory")]
    TooMuch {
        /// Which request.
        request: String,
        /// The bound.
        max_bytes: usize,
    },
    /// It lists more than is read; what comes before stands.
    #[error("the engine lists more than {max_count} in its answer to {request}; the others are not read")]
    TooMany {
        /// Which request.
        request: String,
        /// The bound.
        max_count: usize,
    },
    /// Its answer cannot be understood.
    #[error("the engine's answer to {request} cannot be understood: {detail}")]
    Undecodable {
        /// Which request.
        request: String,
        /// What is wrong.
        detail: String,
    },
    /// It is older than what we know.
    #[error("the engine at {address} speaks API {version}, older than 1.41: Docker 20.10 or newer is needed")]
    TooOld {
        /// Its address.
        address: String,
        /// Its API's version.
        version: String,
    },
}

impl EngineError {
    /// Whether the thing asked for is not there (status 404).
    pub const fn is_gone(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }

    /// Whether nothing more can be asked of it for now, as opposed to one answer that is missing.
    pub const fn is_loss(&self) -> bool {
        matches!(
            self,
            Self::NoSocket { .. }
                | Self::SocketPermission { .. }
                | Self::Unreachable { .. }
                | Self::Timeout { .. }
                | Self::Tls { .. }
                | Self::TooOld { .. }
        )
    }

    /// Whether it was waited for in vain.
    pub const fn is_timeout(&self) -> bool {
        matches!(self, Self::Timeout { .. })
    }
}
