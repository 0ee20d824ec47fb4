//! The engine's events as the model has them.

use std::collections::HashMap;

use bridgewalk_docker::{
    EngineError,
    bollard::{
        models::{EventMessage, EventMessageTypeEnum},
        query_parameters::{EventsOptions, EventsOptionsBuilder},
    },
};
use bridgewalk_model::engine::{EngineEvent, EngineEventKind};

use super::reported::number;

/// What changes wiring, or tells why it changed. Health checks and `docker exec` make many more, of no interest here.
const ACTIONS: [&str; 21] = [
    "connect",
    "create",
    "destroy",
    "die",
    "disable",
    "disconnect",
    "enable",
    "install",
    "oom",
    "pause",
    "prune",
    "reload",
    "remove",
    "rename",
    "restart",
    "start",
    "stop",
    "uninstall",
    "unpause",
    "update",
    "shutdown",
];
const KINDS: [&str; 6] = ["container", "network", "daemon", "service", "node", "plugin"];
/// Attributes kept; the others are a container's labels.
const ATTRIBUTES: [&str; 6] = ["name", "container", "type", "image", "exitCode", "signal"];

/// What is subscribed to, from `since_ns` (nanoseconds since 1970) on.
pub(super) fn options(since_ns: u64) -> EventsOptions {
    let filters = HashMap::from([("type", KINDS.to_vec()), ("event", ACTIONS.to_vec())]);
    let (seconds, nanoseconds) = (since_ns / 1_000_000_000, since_ns % 1_000_000_000);
    EventsOptionsBuilder::new().since(&format!("{seconds}.{nanoseconds:09}")).filters(&filters).build()
}

/// Events as they come.
pub(crate) struct Events(bridgewalk_docker::Events);

impl Events {
    pub(super) const fn new(events: bridgewalk_docker::Events) -> Self {
        Self(events)
    }

    /// The next event. An error ends the subscription. May be dropped while it waits without losing anything.
    pub(crate) async fn next(&mut self) -> Result<EngineEvent, EngineError> {
        // An event that is not understood is one that was lost.
        event(self.0.next().await?).ok_or_else(|| EngineError::Undecodable {
            request: "an event".to_owned(),
            detail: "`Type` is missing".to_owned(),
        })
    }
}

/// Reads one event; none: it is about nothing.
pub(super) fn event(reported: EventMessage) -> Option<EngineEvent> {
    let actor = reported.actor.unwrap_or_default();
    Some(EngineEvent {
        kind: match reported.typ? {
            EventMessageTypeEnum::CONTAINER => EngineEventKind::Container,
            EventMessageTypeEnum::NETWORK => EngineEventKind::Network,
            EventMessageTypeEnum::DAEMON => EngineEventKind::Daemon,
            EventMessageTypeEnum::SERVICE => EngineEventKind::Service,
            EventMessageTypeEnum::NODE => EngineEventKind::Node,
            EventMessageTypeEnum::PLUGIN => EngineEventKind::Plugin,
            _ => EngineEventKind::Other,
        },
        action: reported.action.unwrap_or_default(),
        actor_id: actor.id.unwrap_or_default(),
        attributes: actor
            .attributes
            .unwrap_or_default()
            .into_iter()
            .filter(|(name, _)| ATTRIBUTES.contains(&name.as_str()))
            .collect(),
        at_ns: number(reported.time_nano).unwrap_or_default(),
    })
}
