//! Reads the kernel, namespace by namespace.
//!
//! One agent, three ways to run it: in this process, as a child of `sudo` or `pkexec`, or in a helper container. All
//! speak [`protocol`]: requests in, messages out; in-process they go through channels, else as frames over stdin and
//! stdout. The agent never writes to the host but for a proof, which it must be started with [`Leave`] to make; it refuses
//! what is not in the protocol, bounds what it sends, and ends when its input ends.

pub mod confinement;
pub mod frame;
pub mod protocol;

mod discovery;
mod firewall;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
mod host_facts;
mod machine_id;
mod netlink;
mod privilege;
mod probe;
mod proving;
mod pulse;
mod reading;
mod root;
mod session;
mod watching;

pub use privilege::{Privilege, own_privilege};
pub use probe::{ProbeResult, probe};
pub use session::serve;

use std::{io, thread};

use tokio::sync::mpsc;

use protocol::{Message, ProtocolError, Request};

/// The two ends by which a program talks to an agent, wherever it runs.
#[derive(Debug)]
pub struct AgentLink {
    /// Requests to it. Dropping this ends the agent.
    pub requests: mpsc::Sender<Request>,
    /// What it says. Closed when the agent has ended.
    pub messages: mpsc::Receiver<Message>,
}

/// What an agent may do beyond reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Leave {
    /// Nothing.
    #[default]
    ReadOnly,
    /// Prove: send one packet when asked to, with a table in each namespace on its way that goes with the agent.
    MayProve,
}

/// The agent's argument that gives it [`Leave::MayProve`].
pub const MAY_PROVE: &str = "--may-prove";

/// Runs the agent in this process on named threads of its own, with this process's privilege. It ends, and its threads
/// with it, when the requests are dropped. If the system gives it no thread, an error is its only message.
pub fn start_in_process(leave: Leave) -> AgentLink {
    let (requests, request_receiver) = mpsc::channel(16);
    let (message_sender, messages) = mpsc::channel(64);
    let fallback = message_sender.clone();
    let started = thread::Builder::new().name("agent".to_owned()).spawn(move || {
        if let Err(error) = run(request_receiver, message_sender.clone(), leave) {
            let error = ProtocolError::Io { detail: error.to_string() };
            let _ = message_sender.blocking_send(Message::Error { error });
        }
    });
    if let Err(error) = started {
        let error = ProtocolError::Io { detail: error.to_string() };
        let _ = fallback.try_send(Message::Error { error });
    }
    AgentLink { requests, messages }
}

/// Runs [`serve`] on the calling thread until it ends.
///
/// # Errors
/// What the system answers if it gives no epoll.
pub fn run(requests: mpsc::Receiver<Request>, messages: mpsc::Sender<Message>, leave: Leave) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    runtime.block_on(serve(requests, messages, leave));
    Ok(())
}
