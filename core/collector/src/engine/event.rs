//! `GET /events`: subscribing, and reading one JSON object a line.

use std::sync::Arc;

use bridgewalk_model::engine::{EngineEvent, EngineEventKind};
use bytes::{Buf, BytesMut};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::json;

use super::{answer, error::EngineError, field::Field, transport::Transport};

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
const REQUEST: &str = "GET /events";
/// An event is a few hundred bytes; one with many labels some kilobytes.
const MAX_EVENT_BYTES: usize = 1 << 20;

/// The path that subscribes, from `since_ns` (nanoseconds since 1970) on.
pub(super) fn path(since_ns: u64) -> String {
    let filters = json!({ "type": KINDS, "event": ACTIONS }).to_string();
    let (seconds, nanoseconds) = (since_ns / 1_000_000_000, since_ns % 1_000_000_000);
    format!("/events?since={seconds}.{nanoseconds:09}&filters={}", percent_encoded(&filters))
}

/// Events as they come.
pub(crate) struct Events {
    body: Incoming,
    buffer: BytesMut,
    transport: Arc<Transport>,
}

impl Events {
    pub(super) fn new(body: Incoming, transport: Arc<Transport>) -> Self {
        Self { body, buffer: BytesMut::new(), transport }
    }

    /// The next event. An error ends the subscription. May be dropped while it waits without losing anything.
    pub(crate) async fn next(&mut self) -> Result<EngineEvent, EngineError> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line = self.buffer.split_to(end);
                self.buffer.advance(1);
                let read = answer::decode(REQUEST, &line, event)?;
                // An event that is not understood is one that was lost.
                return read.odd.map_or(Ok(read.is), Err);
            }
            if self.buffer.len() > MAX_EVENT_BYTES {
                return Err(EngineError::TooLong { request: REQUEST.into(), max_bytes: MAX_EVENT_BYTES });
            }
            let lost = match self.body.frame().await {
                Some(Ok(frame)) => {
                    if let Some(data) = frame.data_ref() {
                        self.buffer.extend_from_slice(data);
                    }
                    continue;
                }
                None => EngineError::Unreachable {
                    address: self.transport.endpoint().address.to_string(),
                    detail: "it closed the stream of events".to_owned(),
                },
                Some(Err(error)) => self.transport.failed(&error),
            };
            return Err(self.transport.explained(lost).await);
        }
    }
}

/// Reads one event.
pub(super) fn event(field: Field<'_>) -> EngineEvent {
    let attributes = field.get("Actor.Attributes");
    EngineEvent {
        kind: match field.get("Type").require().text().as_str() {
            "container" => EngineEventKind::Container,
            "network" => EngineEventKind::Network,
            "daemon" => EngineEventKind::Daemon,
            "service" => EngineEventKind::Service,
            "node" => EngineEventKind::Node,
            "plugin" => EngineEventKind::Plugin,
            _ => EngineEventKind::Other,
        },
        action: field.get("Action").text(),
        actor_id: field.get("Actor.ID").text(),
        attributes: attributes
            .members()
            .filter(|(name, _)| ATTRIBUTES.contains(name))
            .map(|(name, value)| (name.to_owned(), value.text()))
            .collect(),
        at_ns: field.get("timeNano").number().unwrap_or_default(),
    }
}

/// For a query.
pub(super) fn percent_encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
        encoded
    })
}
