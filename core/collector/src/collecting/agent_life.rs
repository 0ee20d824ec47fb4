//! An agent's life within a collection: when it is started, what it says, and what becomes of it.

use std::time::{Duration, Instant};

use bridgewalk_agent::protocol::{BUILD, Message, PROTOCOL_VERSION, ProtocolError, Request};
use bridgewalk_model::{Fact, Limit, LimitReason, Observation, Remedy, SourceKind};

use super::{COMPLETE_TIMEOUT, Collecting, OBSERVE_TIMEOUT, Talk, host_of};
use crate::{
    AgentChoice, AgentError, AgentSummary, CollectorError,
    agent::RunningAgent,
    held::{Held, MAX_HELD_BYTES},
};

impl Collecting {
    /// Starts an agent that reads while the engine is listed: where its daemon is a process of this machine, control
    /// groups tell which container a process belongs to, and nothing needs to be waited for.
    pub(super) fn start_beside(&mut self, daemon_pid: u32) {
        let here = matches!(self.choice, AgentChoice::InProcess | AgentChoice::Sudo | AgentChoice::Pkexec);
        if here && self.agent.is_none() && self.starting.is_none() && !self.is_agent_settled {
            self.known.daemon(daemon_pid);
            self.start_agent();
        }
    }

    /// The agent reads this machine's kernel, and the engine turns out to run on another one: what was read is of the wrong
    /// machine.
    pub(super) fn leave_this_machine(&mut self, address: String) {
        let is_under_way = self.agent.is_some() || self.starting.is_some();
        if is_under_way && matches!(self.choice, AgentChoice::InProcess | AgentChoice::Sudo | AgentChoice::Pkexec) {
            self.agent_failed(AgentError::Elsewhere { address });
            for fact in [Fact::Namespaces(Vec::new()), Fact::Processes(Vec::new()), Fact::NameFiles(Vec::new())] {
                self.observe(fact);
            }
        }
    }

    pub(super) fn start_agent(&mut self) {
        let elsewhere = self.facts.as_ref().filter(|facts| !facts.is_local && self.engine.is_some());
        if let Some(facts) = elsewhere
            && matches!(self.choice, AgentChoice::InProcess | AgentChoice::Sudo | AgentChoice::Pkexec)
        {
            let address = facts.address.clone();
            self.agent_failed(AgentError::Elsewhere { address });
            return;
        }
        let (choice, leave, engine) = (self.choice, self.leave, self.engine.clone());
        self.starting = Some(Box::pin(async move { RunningAgent::start(choice, leave, engine.as_ref()).await }));
        self.agent_deadline = None;
    }

    pub(super) fn agent_started(&mut self, result: Result<RunningAgent, AgentError>) {
        self.starting = None;
        match result {
            Err(error) => self.agent_failed(error),
            Ok(running) => {
                let hello = Request::Hello { protocol_version: PROTOCOL_VERSION, program_version: BUILD.to_owned() };
                // The channel is empty: this cannot wait.
                let _ = running.link.requests.try_send(hello);
                self.agent_deadline = Some(Instant::now() + hello_timeout(self.choice));
                self.agent = Some(Talk { running, choice: self.choice, said_hello: false, held: Held::default() });
            }
        }
    }

    pub(super) fn agent_said(&mut self, message: Option<Message>) {
        if std::mem::take(&mut self.must_read_again) && message.is_some() {
            self.refresh();
        }
        let Some(message) = message else {
            let Some(talk) = &self.agent else { return };
            let detail = talk.running.last_words();
            return self.agent_failed(match talk.choice {
                AgentChoice::Sudo | AgentChoice::Pkexec if !talk.said_hello => {
                    AgentError::Refused { by: talk.choice.name().to_owned(), detail }
                }
                _ => AgentError::Ended { detail },
            });
        };
        match message {
            Message::Hello { protocol_version, agent_version, uid, capabilities } => {
                self.agent_hello(protocol_version, &agent_version, uid, capabilities);
            }
            Message::Observations { of } => {
                for Observation { at_ms, fact } in of {
                    let Some(talk) = &mut self.agent else { return };
                    if talk.running.is_foreign() && !talk.held.take(&fact) {
                        return self.agent_failed(AgentError::TooMuch { max_bytes: MAX_HELD_BYTES });
                    }
                    let fact = talk.running.corrected(fact, self.facts.as_ref());
                    self.take_in(Observation { at_ms, fact });
                }
            }
            Message::Progress { done, total } => self.outbox.progress(done, total),
            Message::Done => {
                tracing::debug!("the agent has read everything");
                self.is_agent_settled = true;
                self.agent_deadline = None;
                self.look_again();
            }
            Message::Resynchronised { namespace } => {
                tracing::warn!("events of the kernel were lost");
                let reason = LimitReason::Resynchronised { detail: "events of the kernel were lost".to_owned() };
                // The agent itself tells which kernel events it cannot hear: this is said beside it.
                let source = SourceKind::Agent;
                let limits = vec![Limit { source, namespace, reason, remedy: Remedy::None }];
                self.observe(Fact::Limits { of: vec![source], limits });
            }
            Message::Proof { number, proof, failure } => {
                self.proofs.answered(number, proof.map(|proof| *proof), failure);
            }
            Message::Error { error } => self.agent_failed(error.into()),
        }
    }

    pub(super) fn agent_hello(
        &mut self,
        protocol_version: u32,
        agent_version: &str,
        uid: u32,
        capabilities: Vec<String>,
    ) {
        let Some(talk) = &mut self.agent else { return };
        if talk.said_hello {
            let detail = "`hello` a second time".to_owned();
            return self.agent_failed(ProtocolError::OutOfTurn { detail }.into());
        }
        if protocol_version != PROTOCOL_VERSION {
            let error = ProtocolError::Version { program: PROTOCOL_VERSION, agent: protocol_version };
            return self.agent_failed(error.into());
        }
        if agent_version != BUILD {
            let error = ProtocolError::Build { program: BUILD.to_owned(), agent: agent_version.to_owned() };
            return self.agent_failed(error.into());
        }
        talk.said_hello = true;
        tracing::info!(agent = talk.choice.name(), uid, ?capabilities, "the agent is there");
        let hints = self.known.hints();
        self.must_look_again = false;
        let request = if self.is_watching { Request::Watch { hints } } else { Request::Observe { hints } };
        let _ = talk.running.link.requests.try_send(request);
        let summary = AgentSummary { choice: talk.choice.name(), uid, capabilities };
        self.agent_deadline = Some(Instant::now() + OBSERVE_TIMEOUT);
        self.status.agent = Some(Ok(summary));
        self.observe(Fact::Limits { of: vec![SourceKind::Agent], limits: Vec::new() });
        self.say_status();
    }

    /// Tells the agent what the engine knows by now, if that is new and it has read everything once.
    pub(super) fn look_again(&mut self) {
        let Some(talk) = self.agent.as_ref().filter(|talk| talk.said_hello) else { return };
        if self.must_look_again && self.is_watching && self.is_agent_settled {
            let request = Request::LookAgain { hints: self.known.hints() };
            // If it is full, the agent has not even begun to look: the next change tries again.
            self.must_look_again = talk.running.link.requests.try_send(request).is_err();
        }
    }

    pub(super) fn agent_late(&mut self) {
        self.agent_deadline = None;
        let needs_engine = matches!(self.choice, AgentChoice::Container | AgentChoice::ContainerBase);
        match &self.agent {
            // It is waited for: without it there is no helper container.
            None if needs_engine && !self.is_engine_settled => {}
            // The engine is slow: go on without its hints.
            None if self.starting.is_none() && !self.is_agent_settled => self.start_agent(),
            None => {}
            Some(talk) => {
                let limit = if talk.said_hello { OBSERVE_TIMEOUT } else { hello_timeout(talk.choice) };
                self.agent_failed(AgentError::Timeout { seconds: limit.as_secs() });
            }
        }
    }

    /// Says what has not answered in all that time, and goes on without it.
    pub(super) fn all_late(&mut self) {
        self.complete_deadline = None;
        let seconds = COMPLETE_TIMEOUT.as_secs();
        if !self.is_engine_settled {
            self.engine_failed(CollectorError::Timeout { seconds });
        }
        if !self.is_agent_settled {
            self.agent_failed(AgentError::Timeout { seconds });
        }
    }

    /// Goes on without an agent, and says why. What it said stands as last seen.
    pub(super) fn agent_failed(&mut self, error: AgentError) {
        self.end_agent();
        if self.is_named && !self.is_agent_settled && error != AgentError::NotAsked {
            self.outbox.failed(error.clone().into());
        }
        self.is_agent_settled = true;
        let (reason, remedy) = error.limit();
        tracing::warn!(reason = reason.kind(), "there is no agent");
        let limits = vec![Limit { source: SourceKind::Agent, namespace: None, reason, remedy }];
        self.observe(Fact::Limits { of: vec![SourceKind::Agent], limits });
        if let Some(facts) = &self.facts {
            let fact = Fact::Host(host_of(facts));
            self.observe(fact);
        }
        self.status.agent = Some(Err(error));
        self.say_status();
    }

    pub(super) fn end_agent(&mut self) {
        self.starting = None;
        self.agent_deadline = None;
        self.proofs.give_up();
        if let Some(talk) = self.agent.take() {
            self.ending.spawn(talk.running.end());
        }
        while self.ending.try_join_next().is_some() {}
    }
}

/// Sudo and pkexec ask a person first; an engine imports an image first.
const fn hello_timeout(choice: AgentChoice) -> Duration {
    match choice {
        AgentChoice::Sudo | AgentChoice::Pkexec => Duration::from_secs(120),
        AgentChoice::Container | AgentChoice::ContainerBase => Duration::from_secs(15),
        AgentChoice::InProcess | AgentChoice::None => Duration::from_secs(5),
    }
}
