//! Running an agent, wherever it was asked for.
//!
//! In this process, as a child of sudo or pkexec, or in the helper container: all give the same [`AgentLink`]. What
//! comes over a pipe is bounded and checked before it is believed; an agent that misbehaves is dropped, and the program
//! goes on without it.

mod child;
mod error;
mod frames;
mod own_file;
mod program;

use std::{sync::Arc, time::Duration};

use bridgewalk_agent::{
    AgentLink, Leave,
    protocol::{BUILD, Message, PROTOCOL_VERSION, ProtocolError, Request},
};
use bridgewalk_model::{Fact, engine::EngineFacts};

pub(crate) use child::{Asking, can_ask};
pub use error::AgentError;
pub(crate) use frames::link;
pub use program::{AgentProgram, embedded_agent};

use crate::{
    AgentChoice,
    engine::Engine,
    helper::{self, Tier},
};

/// Until an agent that nobody is asked for has answered.
const TRY_TIMEOUT: Duration = Duration::from_secs(10);

/// An agent that was started. Dropping it ends it.
pub(crate) struct RunningAgent {
    /// How to talk to it.
    pub(crate) link: AgentLink,
    /// What must live as long as it does.
    pub(crate) keeper: Keeper,
}

/// What an agent runs in.
pub(crate) enum Keeper {
    /// Threads of this process, which end with the link.
    Threads,
    /// A child process.
    Child(child::Child),
    /// The helper container.
    Container(Box<helper::Container>),
}

impl RunningAgent {
    /// Starts what was asked for.
    pub(crate) async fn start(
        choice: AgentChoice,
        leave: Leave,
        engine: Option<&Arc<Engine>>,
    ) -> Result<Self, AgentError> {
        match choice {
            AgentChoice::None => Err(AgentError::NotAsked),
            AgentChoice::InProcess => {
                Ok(Self { link: bridgewalk_agent::start_in_process(leave), keeper: Keeper::Threads })
            }
            AgentChoice::Sudo | AgentChoice::Pkexec => {
                let (child, link) = child::start(choice, leave, Asking::Allowed)?;
                Ok(Self { link, keeper: Keeper::Child(child) })
            }
            AgentChoice::Container | AgentChoice::ContainerBase => {
                let tier = match (choice, leave) {
                    // It may not enter other namespaces, so there is nothing that it could prove.
                    (AgentChoice::ContainerBase, _) => Tier::Base,
                    (_, Leave::ReadOnly) => Tier::Full,
                    (_, Leave::MayProve) => Tier::Proof,
                };
                let engine = engine.ok_or(AgentError::NoEngine)?;
                let (container, link) = helper::Container::start(engine, tier).await?;
                Ok(Self { link, keeper: Keeper::Container(Box::new(container)) })
            }
        }
    }

    /// Whether what it says comes from another program.
    pub(crate) const fn is_foreign(&self) -> bool {
        !matches!(self.keeper, Keeper::Threads)
    }

    /// Starts one as a child of sudo without asking anybody, and ends it again: its capabilities.
    ///
    /// # Errors
    /// It does not start so, or is not understood.
    pub(crate) async fn try_sudo() -> Result<Vec<String>, AgentError> {
        let choice = AgentChoice::Sudo;
        let (child, link) = child::start(choice, Leave::ReadOnly, Asking::Forbidden)?;
        let mut running = Self { link, keeper: Keeper::Child(child) };
        let hello = Request::Hello { protocol_version: PROTOCOL_VERSION, program_version: BUILD.to_owned() };
        // The channel is empty: this cannot wait.
        let _ = running.link.requests.try_send(hello);
        let answer = tokio::time::timeout(TRY_TIMEOUT, running.link.messages.recv()).await;
        let result = match answer {
            Err(_) => Err(AgentError::Timeout { seconds: TRY_TIMEOUT.as_secs() }),
            Ok(Some(Message::Hello { protocol_version, agent_version, capabilities, .. }))
                if protocol_version == PROTOCOL_VERSION && agent_version == BUILD =>
            {
                Ok(capabilities)
            }
            Ok(Some(Message::Hello { protocol_version, .. })) if protocol_version != PROTOCOL_VERSION => {
                Err(ProtocolError::Version { program: PROTOCOL_VERSION, agent: protocol_version }.into())
            }
            Ok(Some(Message::Hello { agent_version, .. })) => {
                Err(ProtocolError::Build { program: BUILD.to_owned(), agent: agent_version }.into())
            }
            Ok(Some(Message::Error { error })) => Err(error.into()),
            Ok(_) => Err(AgentError::Refused { by: choice.name().to_owned(), detail: running.last_words() }),
        };
        running.end().await;
        result
    }

    /// What its standard error said last, if that is known.
    pub(crate) fn last_words(&self) -> String {
        match &self.keeper {
            Keeper::Threads => String::new(),
            Keeper::Child(child) => child.last_words(),
            Keeper::Container(container) => container.last_words(),
        }
    }

    /// Leaves the helper container out of what is said, and fills in what is not seen from inside it.
    pub(crate) fn corrected(&self, mut fact: Fact, engine: Option<&EngineFacts>) -> Fact {
        let Keeper::Container(container) = &self.keeper else { return fact };
        let own = container.pid();
        if let Fact::Processes(processes) = &mut fact {
            processes.retain(|process| Some(process.pid) != own);
        } else if let Fact::NameFiles(files) = &mut fact {
            files.retain(|files| Some(files.pid) != own);
        } else if let Fact::Host(host) = &mut fact {
            // `/etc/os-release` is that of the image, which has none.
            let named = engine.map(|engine| engine.operating_system.clone()).filter(|name| !name.is_empty());
            host.operating_system = named.or(host.operating_system.take());
        }
        fact
    }

    /// Ends it and takes away what it ran in.
    pub(crate) async fn end(self) {
        drop(self.link);
        match self.keeper {
            Keeper::Threads => {}
            Keeper::Child(child) => child.end().await,
            Keeper::Container(container) => container.remove().await,
        }
    }
}
