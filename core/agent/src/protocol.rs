//! What an agent is asked and what it answers.
//!
//! Over a pipe each value is a frame: a four-byte big-endian length, then that many bytes of JSON. Both sides refuse a
//! frame longer than [`MAX_FRAME_BYTES`], bytes that are no JSON and values that are not of this protocol, say so in
//! one message, and close. The first request and the first message are `Hello`; differing versions, of the protocol or of
//! the sources, end the session with an error that names both.

use std::{
    collections::BTreeSet,
    path::{Component, Path, PathBuf},
};

use bridgewalk_model::{
    NamespaceInode, Observation,
    proof::{Proof, ProofFailure, ProofOrder},
};
use serde::{Deserialize, Deserializer, Serialize};

/// Raised with every change that an older side would misread.
pub const PROTOCOL_VERSION: u32 = 2;

/// The version and a digest of the sources (`build.rs`),
/// as `0.1.0+9f86d081884c7d65`. Program and agent serve each other only if they were made of the same sources.
pub const BUILD: &str = env!("BRIDGEWALK_BUILD");

/// The longest frame either side takes.
pub const MAX_FRAME_BYTES: usize = 16 << 20;

/// The most values (numbers, texts, members, items) in a frame that either side takes: what a decoder has to buffer.
pub const MAX_FRAME_VALUES: usize = 1 << 20;

/// What the program asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// First of all.
    Hello {
        /// [`PROTOCOL_VERSION`] of the program.
        protocol_version: u32,
        /// [`BUILD`] of the program.
        program_version: String,
    },
    /// Read everything once; answered by observations and `Done`.
    Observe {
        /// What the engine knows and the kernel does not tell.
        hints: Hints,
    },
    /// Read everything once, then again whatever changes, until told otherwise or the input ends.
    Watch {
        /// What the engine knows and the kernel does not tell.
        hints: Hints,
    },
    /// While watching: the engine says that something changed (a container started, a network came), so look for new
    /// namespaces and processes now.
    LookAgain {
        /// What the engine knows by now.
        hints: Hints,
    },
    /// Send one packet and tell what the kernel does with it; answered by `Proof`. Refused by an agent that was started
    /// to read only. The namespaces must have been observed, and be watched still.
    Prove {
        /// Given back with the answer.
        number: u32,
        /// What to send, and where to look.
        order: ProofOrder,
    },
}

/// The most hints of a kind: more than any host has containers.
pub const MAX_HINTS: usize = 20_000;

/// What the engine knows that helps the agent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hints {
    /// The daemon's process: the host's namespace is its namespace, and its mounts name the sandboxes.
    pub daemon_pid: Option<u32>,
    /// Containers' first processes, with their container ids. At most [`MAX_HINTS`].
    #[serde(deserialize_with = "at_most_max_hints")]
    pub container_pids: Vec<(u32, String)>,
    /// `SandboxKey`s: paths as the daemon sees them, `…/netns/NAME`. At most [`MAX_HINTS`].
    #[serde(deserialize_with = "at_most_max_hints")]
    pub sandbox_keys: Vec<String>,
}

impl Hints {
    /// The folders in which a daemon names its containers' namespaces: `EXEC_ROOT/netns`, and no other. Whoever asks a
    /// privileged agent must not learn from it what is in any folder.
    pub(crate) fn sandbox_folders(&self) -> BTreeSet<PathBuf> {
        let folder = |key: &String| {
            // `/var/run` is a link, and a folder is listed only if no link leads there.
            let path = key.strip_prefix("/var").filter(|rest| rest.starts_with("/run/")).unwrap_or(key);
            let is_plain = |part| matches!(part, Component::RootDir | Component::Normal(_));
            let folder = Path::new(path).parent()?;
            let is_of_a_daemon =
                folder.is_absolute() && folder.ends_with("netns") && Path::new(path).components().all(is_plain);
            is_of_a_daemon.then(|| folder.to_owned())
        };
        self.sandbox_keys.iter().filter_map(folder).collect()
    }
}

fn at_most_max_hints<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let list = Vec::deserialize(deserializer)?;
    if list.len() > MAX_HINTS {
        return Err(serde::de::Error::invalid_length(list.len(), &"fewer hints"));
    }
    Ok(list)
}

/// What the agent says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "message", rename_all = "snake_case")]
pub enum Message {
    /// First of all.
    Hello {
        /// [`PROTOCOL_VERSION`] of the agent.
        protocol_version: u32,
        /// [`BUILD`] of the agent.
        agent_version: String,
        /// The effective user.
        uid: u32,
        /// Effective capabilities that matter, by name: `CAP_NET_ADMIN`, `CAP_SYS_ADMIN`, `CAP_SYS_PTRACE` …
        capabilities: Vec<String>,
    },
    /// What was read, in order.
    Observations {
        /// At most a few hundred at a time; a full observation takes several messages.
        of: Vec<Observation>,
    },
    /// How far a full observation is.
    Progress {
        /// Namespaces read.
        done: u32,
        /// Namespaces found.
        total: u32,
    },
    /// A full observation is complete.
    Done,
    /// Events of a namespace were lost, so it was read again.
    Resynchronised {
        /// Which; none: all.
        namespace: Option<NamespaceInode>,
    },
    /// What came of a `Prove`.
    Proof {
        /// The request's.
        number: u32,
        /// What was seen; none if nothing was sent.
        proof: Option<Box<Proof>>,
        /// Why nothing was sent.
        failure: Option<ProofFailure>,
    },
    /// The agent ends, for this reason.
    Error {
        /// What and why.
        error: ProtocolError,
    },
}

/// Why a talk ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ProtocolError {
    /// Program and agent are of different versions.
    #[error(
        "program and agent speak different protocols ({program} and {agent}): use the agent of this program's version"
    )]
    Version {
        /// The program's.
        program: u32,
        /// The agent's.
        agent: u32,
    },
    /// Program and agent were made of different sources.
    #[error(
        "program ({program}) and agent ({agent}) are of different builds: unset BRIDGEWALK_AGENT, or install both again"
    )]
    Build {
        /// The program's [`BUILD`].
        program: String,
        /// The agent's.
        agent: String,
    },
    /// A frame is longer than allowed.
    #[error("a message of {bytes} bytes is longer than the {max} allowed")]
    TooLong {
        /// Announced.
        bytes: u64,
        /// [`MAX_FRAME_BYTES`].
        max: u64,
    },
    /// A frame holds more values than allowed.
    #[error("a message of {values} values holds more than the {max} allowed")]
    TooMany {
        /// In the frame.
        values: u64,
        /// [`MAX_FRAME_VALUES`].
        max: u64,
    },
    /// The input ended within a frame.
    #[error("the connection ended in the middle of a message")]
    Truncated,
    /// Not JSON, or not of this protocol.
    #[error("a message cannot be understood: {detail}")]
    Malformed {
        /// Where and why.
        detail: String,
    },
    /// Something before `Hello`, or `Hello` twice.
    #[error("a message came out of turn: {detail}")]
    OutOfTurn {
        /// Which.
        detail: String,
    },
    /// The connection itself failed.
    #[error("the connection to the agent failed: {detail}")]
    Io {
        /// What the system answered.
        detail: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_are_what_they_say_and_no_more() {
        let hints = |json: &str| serde_json::from_str::<Hints>(json);
        assert!(hints(r#"{"daemon_pid":1,"container_pids":[[7,"x"]],"sandbox_keys":[]}"#).is_ok());
        assert!(hints(r#"{"daemon_pid":1,"container_pids":[],"sandbox_keys":[],"folders":["/root"]}"#).is_err());
        let many = vec!["\"/run/docker/netns/a\""; MAX_HINTS + 1].join(",");
        assert!(hints(&format!(r#"{{"daemon_pid":1,"container_pids":[],"sandbox_keys":[{many}]}}"#)).is_err());
    }

    #[test]
    fn no_folder_but_a_daemons_own_is_listed() {
        let keys = [
            "/var/run/docker/netns/1a2b3c4d5e6f",
            "/run/docker/netns/default",
            "/srv/exec/netns/ingress_sbox",
            "/root/.ssh/id",
            "/run/docker/netns/../../../root/netns/x",
            "run/docker/netns/x",
            "/root/secret-netns/x",
            "/netns",
            "",
        ];
        let hints = Hints { sandbox_keys: keys.map(str::to_owned).to_vec(), ..Hints::default() };
        let folders: Vec<PathBuf> = hints.sandbox_folders().into_iter().collect();
        assert_eq!(folders, [Path::new("/run/docker/netns"), Path::new("/srv/exec/netns")]);
    }
}
