//! Why something cannot be opened or reached, and what would help: each on one line.

use bridgewalk_collector::{AgentError, CollectorError, EndpointError, EngineError};
use bridgewalk_model::recording::RecordingError;

use super::{FluentValue, Words};
use crate::source::SourceError;

/// An argument of a text.
#[allow(clippy::needless_pass_by_value, reason = "a display may be made on the spot")]
fn text(value: impl ToString) -> FluentValue<'static> {
    FluentValue::from(value.to_string())
}

impl Words {
    /// Why a source cannot be opened.
    pub fn source_error(self, error: &SourceError) -> String {
        match error {
            SourceError::Live(error) => self.collector_error(error),
            SourceError::Recording { path, error } => self.recording_error(&path.display().to_string(), error),
        }
    }

    /// Why the recording `path` cannot be read.
    pub fn recording_error(self, path: &str, error: &RecordingError) -> String {
        match error {
            RecordingError::NotARecording => self.format("recording-none", &[("path", text(path))]),
            RecordingError::Newer { found, known, program } => self.format(
                "recording-newer",
                &[("path", text(path)), ("found", text(found)), ("known", text(known)), ("program", text(program))],
            ),
            RecordingError::Damaged { line, detail } => self
                .format("recording-damaged", &[("path", text(path)), ("line", text(line)), ("detail", text(detail))]),
            RecordingError::TooLarge { line, max_bytes } => self.format(
                "recording-too-large",
                &[("path", text(path)), ("line", text(line)), ("bytes", text(max_bytes))],
            ),
            RecordingError::TooHeavy { line, max_bytes } => self.format(
                "recording-too-heavy",
                &[("path", text(path)), ("line", text(line)), ("bytes", text(max_bytes))],
            ),
            RecordingError::Io(error) => {
                self.format("recording-unreadable", &[("path", text(path)), ("detail", text(error))])
            }
        }
    }

    /// Why the engine that was meant cannot be observed.
    pub fn collector_error(self, error: &CollectorError) -> String {
        match error {
            CollectorError::Endpoint(error) => self.endpoint_error(error),
            CollectorError::Engine(error) => self.engine_error(error),
            CollectorError::Agent(error) => self.agent_error(error),
            CollectorError::Timeout { seconds } => self.format("collector-timeout", &[("seconds", text(seconds))]),
            CollectorError::Thread { detail } => self.format("collector-thread", &[("detail", text(detail))]),
        }
    }

    /// Why a choice of an engine makes no sense.
    pub fn endpoint_error(self, error: &EndpointError) -> String {
        match error {
            EndpointError::NoContext { name } => self.format("endpoint-no-context", &[("name", text(name))]),
            EndpointError::Damaged { path, detail } => {
                self.format("endpoint-damaged", &[("path", text(path.display())), ("detail", text(detail))])
            }
            EndpointError::Unreadable { path, detail } => {
                self.format("endpoint-unreadable", &[("path", text(path.display())), ("detail", text(detail))])
            }
            EndpointError::Address { address, detail } => {
                self.format("endpoint-address", &[("address", text(address)), ("detail", text(detail))])
            }
        }
    }

    /// Why an engine says nothing.
    pub fn engine_error(self, error: &EngineError) -> String {
        match error {
            EngineError::NoSocket { path } => self.format("engine-no-socket", &[("path", text(path.display()))]),
            EngineError::SocketPermission { path } => {
                self.format("engine-permission", &[("path", text(path.display()))])
            }
            EngineError::Unreachable { address, detail } => {
                self.format("engine-unreachable", &[("address", text(address)), ("detail", text(detail))])
            }
            EngineError::Timeout { address, request, seconds } => self.format(
                "engine-timeout",
                &[("address", text(address)), ("request", text(request)), ("seconds", text(seconds))],
            ),
            EngineError::Tls { address, detail } => {
                self.format("engine-tls", &[("address", text(address)), ("detail", text(detail))])
            }
            EngineError::Refused { request, status, message } => self.format(
                "engine-refused",
                &[("request", text(request)), ("status", text(status)), ("message", text(message))],
            ),
            EngineError::TooLong { request, max_bytes } => {
                self.format("engine-too-long", &[("request", text(request)), ("bytes", text(max_bytes))])
            }
            EngineError::TooMuch { request, max_bytes } => {
                self.format("engine-too-much", &[("request", text(request)), ("bytes", text(max_bytes))])
            }
            EngineError::TooMany { request, max_count } => {
                self.format("engine-too-many", &[("request", text(request)), ("count", text(max_count))])
            }
            EngineError::Undecodable { request, detail } => {
                self.format("engine-undecodable", &[("request", text(request)), ("detail", text(detail))])
            }
            EngineError::TooOld { address, version } => {
                self.format("engine-too-old", &[("address", text(address)), ("version", text(version))])
            }
        }
    }

    /// Why an agent does not work.
    pub fn agent_error(self, error: &AgentError) -> String {
        match error {
            AgentError::NotAsked => self.text("agent-not-asked"),
            AgentError::NoEngine => self.text("agent-no-engine"),
            AgentError::Elsewhere { address } => self.format("agent-elsewhere", &[("address", text(address))]),
            AgentError::NoProgram { path } => self.format("agent-no-program", &[("path", text(path.display()))]),
            AgentError::NotStatic { path } => self.format("agent-not-static", &[("path", text(path.display()))]),
            AgentError::Start { program, detail } => {
                self.format("agent-start", &[("program", text(program)), ("detail", text(detail))])
            }
            AgentError::Helper(error) => self.format("agent-helper", &[("detail", text(self.engine_error(error)))]),
            AgentError::Refused { by, detail } => {
                self.format("agent-refused", &[("by", text(by)), ("detail", text(detail))])
            }
            AgentError::Ended { detail } if detail.is_empty() => self.text("agent-ended"),
            AgentError::Ended { detail } => self.format("agent-ended-detail", &[("detail", text(detail))]),
            AgentError::TooMuch { max_bytes } => self.format("agent-too-much", &[("bytes", text(max_bytes))]),
            AgentError::Timeout { seconds } => self.format("agent-timeout", &[("seconds", text(seconds))]),
            AgentError::Protocol(error) => self.format("agent-protocol", &[("detail", text(error))]),
        }
    }
}
