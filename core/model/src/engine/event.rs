//! Events (`GET /events`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One event of the engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineEvent {
    /// `Type`.
    pub kind: EngineEventKind,
    /// `Action`: `start`, `connect`, `reload` …
    pub action: String,
    /// `Actor.ID`.
    pub actor_id: String,
    /// `Actor.Attributes`, only those about networks: `name`, `container`, `type`, `image`, `exitCode`, `signal`.
    pub attributes: BTreeMap<String, String>,
    /// `timeNano`, nanoseconds since 1970-01-01 UTC by the engine's clock.
    pub at_ns: u64,
}

/// `Type` of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EngineEventKind {
    /// A container.
    Container,
    /// A network.
    Network,
    /// The daemon.
    Daemon,
    /// A Swarm service.
    Service,
    /// A Swarm node.
    Node,
    /// A plugin.
    Plugin,
    /// Another kind.
    Other,
}
