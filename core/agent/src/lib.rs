//! Reads the kernel, namespace by namespace.
//!
//! One agent, three ways to run it: in this process, as a child of `sudo` or `pkexec`, or in a helper container. All
//! speak [`protocol`]: requests in, messages out; in-process they go through channels, else as frames over stdin and
//! stdout. The agent never writes to the host, refuses what is not in the protocol, bounds what it sends, and ends
//! when its input ends.

pub mod protocol;

use tokio::sync::mpsc;

use protocol::{Message, Request};

/// The two ends by which a program talks to an agent, wherever it runs.
#[derive(Debug)]
pub struct AgentLink {
    /// Requests to it. Dropping this ends the agent.
    pub requests: mpsc::Sender<Request>,
    /// What it says. Closed when the agent has ended.
    pub messages: mpsc::Receiver<Message>,
}

/// Runs the agent in this process on named threads of its own, with this process's privilege.
pub fn start_in_process() -> AgentLink {
    let (requests, _request_receiver) = mpsc::channel(16);
    let (_message_sender, messages) = mpsc::channel(64);
    AgentLink { requests, messages }
}
