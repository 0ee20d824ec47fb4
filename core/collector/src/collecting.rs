//! The collector's thread: what comes from the engine and the agent is folded into one state, assembled, published.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bridgewalk_agent::{
    Leave,
    protocol::{BUILD, Message, PROTOCOL_VERSION, ProtocolError, Request},
};
use bridgewalk_model::{
    Fact, HostFacts, Limit, LimitReason, Observation, Remedy, SourceKind,
    assembly::{State, assemble},
    engine::EngineFacts,
    proof::{ProofFailure, ProofOrder},
    weight,
};
use tokio::{sync::mpsc, task::JoinSet, time::sleep_until};

use crate::{
    AgentChoice, AgentError, AgentSummary, CollectorConfig, CollectorError, CollectorStatus, Command,
    agent::RunningAgent,
    endpoint::Endpoint,
    engine::Engine,
    held::{Held, MAX_HELD_BYTES},
    hints::Known,
    outbox::Outbox,
    proving::{Proofs, Waiter},
    watch::{EngineSaid, Nudge, follow},
};

/// Observations that come so close together are assembled once.
const TOGETHER: Duration = Duration::from_millis(2);
/// The same during the first observation, when much comes and nothing is whole yet.
const TOGETHER_AT_FIRST: Duration = Duration::from_millis(100);
/// When observations that wait to be assembled take so much memory, they wait no longer.
const MAX_PENDING_BYTES: usize = 48 << 20;
/// The agent is started without waiting longer for the engine's hints.
const ENGINE_PATIENCE: Duration = Duration::from_secs(4);
/// Until an agent has read everything once.
const OBSERVE_TIMEOUT: Duration = Duration::from_secs(60);
/// Until everything was observed once. What has not answered by then is said to be missing, and the rest is shown.
const COMPLETE_TIMEOUT: Duration = Duration::from_secs(270);
/// Until everything is taken away at the end; the keeper of the helper container goes on after that.
const END_TIMEOUT: Duration = Duration::from_secs(30);

type Starting = Pin<Box<dyn Future<Output = Result<RunningAgent, AgentError>> + Send>>;

/// Runs until the commands end, or, without watching, until everything was observed once.
pub(crate) async fn run(
    config: CollectorConfig,
    endpoint: Result<Endpoint, CollectorError>,
    commands: mpsc::Receiver<Told>,
    outbox: Arc<Outbox>,
) {
    let mut collecting = Collecting::new(&config, outbox);
    collecting.run(endpoint, commands).await;
    collecting.end().await;
}

struct Collecting {
    choice: AgentChoice,
    /// The agent was asked for by name, when the program was started.
    is_named: bool,
    leave: Leave,
    proofs: Proofs,
    is_watching: bool,
    outbox: Arc<Outbox>,
    state: State,
    pending: Vec<Observation>,
    /// What they take.
    pending_bytes: usize,
    flush_at: Option<Instant>,
    /// When assembling ended last, and how long it took.
    assembled: (Instant, Duration),
    known: Known,
    must_look_again: bool,
    status: CollectorStatus,
    engine: Option<Arc<Engine>>,
    facts: Option<EngineFacts>,
    /// The engine was named and has not answered yet: if the first try fails, that is an error. An engine that answered
    /// once is followed, whoever chose it.
    must_answer: bool,
    /// The engine was listed or cannot be reached.
    is_engine_settled: bool,
    nudges: Option<mpsc::Sender<Nudge>>,
    starting: Option<Starting>,
    agent: Option<Talk>,
    /// The agent has read everything, or there is none.
    is_agent_settled: bool,
    /// When the agent must be started, or must have answered.
    agent_deadline: Option<Instant>,
    is_complete: bool,
    /// When everything must have been observed once; none: it was.
    complete_deadline: Option<Instant>,
    ending: JoinSet<()>,
}

/// An agent and how far the talk is.
struct Talk {
    running: RunningAgent,
    choice: AgentChoice,
    said_hello: bool,
    held: Held,
}

/// What the program says.
#[derive(Debug)]
pub(crate) enum Told {
    /// To do something.
    Command(Command),
    /// To send something, and whom to tell what came of it.
    Prove(Box<ProofOrder>, Waiter),
}

/// What happened next.
enum Happening {
    Told(Option<Told>),
    Engine(EngineSaid),
    EngineEnded,
    Started(Result<RunningAgent, AgentError>),
    Agent(Option<Message>),
    AgentLate,
    AllLate,
    Flush,
}

impl Collecting {
    fn new(config: &CollectorConfig, outbox: Arc<Outbox>) -> Self {
        let now = Instant::now();
        Self {
            choice: config.agent,
            is_named: config.agent_is_named,
            leave: if config.may_prove { Leave::MayProve } else { Leave::ReadOnly },
            proofs: Proofs::default(),
            is_watching: config.watch,
            outbox,
            state: State::default(),
            pending: Vec::new(),
            pending_bytes: 0,
            flush_at: None,
            assembled: (now, Duration::ZERO),
            known: Known::default(),
            must_look_again: false,
            status: CollectorStatus::default(),
            engine: None,
            facts: None,
            must_answer: false,
            is_engine_settled: false,
            nudges: None,
            starting: None,
            agent: None,
            is_agent_settled: false,
            agent_deadline: Some(now + ENGINE_PATIENCE),
            is_complete: false,
            complete_deadline: Some(now + COMPLETE_TIMEOUT),
            ending: JoinSet::new(),
        }
    }

    async fn run(&mut self, endpoint: Result<Endpoint, CollectorError>, mut commands: mpsc::Receiver<Told>) {
        let (said, mut engine) = mpsc::channel(64);
        let mut is_engine_open = true;
        match endpoint {
            Ok(endpoint) => {
                self.must_answer = endpoint.origin.is_explicit();
                let (nudges, nudged) = mpsc::channel(4);
                self.nudges = Some(nudges);
                tokio::spawn(follow(endpoint, self.is_watching, said, nudged));
                self.go_on(&mut commands, &mut engine, &mut is_engine_open).await;
            }
            Err(error) => {
                drop(said);
                self.engine_failed(error);
                self.go_on(&mut commands, &mut engine, &mut is_engine_open).await;
            }
        }
    }

    async fn go_on(
        &mut self,
        commands: &mut mpsc::Receiver<Told>,
        engine: &mut mpsc::Receiver<EngineSaid>,
        is_engine_open: &mut bool,
    ) {
        if self.is_engine_settled {
            self.start_agent();
        }
        loop {
            self.settle();
            if self.is_complete && !self.is_watching {
                return;
            }
            match self.next(commands, engine, *is_engine_open).await {
                Happening::Told(None) => return,
                Happening::Told(Some(Told::Command(command))) => self.obey(command),
                Happening::Told(Some(Told::Prove(order, waiter))) => self.prove(*order, waiter),
                Happening::EngineEnded => *is_engine_open = false,
                Happening::Engine(said) => self.engine_said(said),
                Happening::Started(result) => self.agent_started(result),
                Happening::Agent(message) => self.agent_said(message),
                Happening::AgentLate => self.agent_late(),
                Happening::AllLate => self.all_late(),
                Happening::Flush => self.flush(),
            }
        }
    }

    async fn next(
        &mut self,
        commands: &mut mpsc::Receiver<Told>,
        engine: &mut mpsc::Receiver<EngineSaid>,
        is_engine_open: bool,
    ) -> Happening {
        let far = Instant::now() + Duration::from_secs(3600);
        let starting = async {
            match &mut self.starting {
                Some(starting) => starting.await,
                None => std::future::pending().await,
            }
        };
        let message = async {
            match &mut self.agent {
                Some(talk) => talk.running.link.messages.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            command = commands.recv() => Happening::Told(command),
            said = engine.recv(), if is_engine_open => said.map_or(Happening::EngineEnded, Happening::Engine),
            result = starting => Happening::Started(result),
            message = message => Happening::Agent(message),
            () = sleep_until(self.flush_at.unwrap_or(far).into()), if self.flush_at.is_some() => Happening::Flush,
            () = sleep_until(self.agent_deadline.unwrap_or(far).into()), if self.agent_deadline.is_some() => {
                Happening::AgentLate
            }
            () = sleep_until(self.complete_deadline.unwrap_or(far).into()), if self.complete_deadline.is_some() => {
                Happening::AllLate
            }
        }
    }

    /// Says that the first observation is complete as soon as it is.
    fn settle(&mut self) {
        if self.is_engine_settled && self.is_agent_settled && !self.is_complete {
            self.observe(Fact::Complete);
            self.flush();
            self.is_complete = true;
            self.complete_deadline = None;
            self.outbox.complete();
        }
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::UseAgent(choice) => {
                self.choice = choice;
                self.is_named = false;
                self.end_agent();
                self.start_agent();
            }
            Command::Reconnect => self.nudge(),
            Command::Refresh => self.refresh(),
        }
    }

    fn prove(&mut self, order: ProofOrder, waiter: Waiter) {
        match &self.agent {
            _ if self.leave != Leave::MayProve => waiter.tell(Err(ProofFailure::NotAllowed)),
            Some(talk) if talk.said_hello && self.is_agent_settled => {
                self.proofs.ask(order, waiter, &talk.running.link.requests);
            }
            _ => waiter.tell(Err(ProofFailure::NoAgent)),
        }
    }

    fn nudge(&self) {
        // If it is full, a nudge is already on its way.
        if let Some(nudges) = &self.nudges {
            let _ = nudges.try_send(Nudge::Refresh);
        }
    }

    fn refresh(&mut self) {
        self.nudge();
        match &self.agent {
            Some(talk) if talk.said_hello && self.is_watching => {
                let _ = talk.running.link.requests.try_send(Request::Watch { hints: self.known.hints() });
            }
            // It has not even begun.
            Some(_) => {}
            None if self.starting.is_some() => {}
            None => self.start_agent(),
        }
    }

    // ---- the engine

    fn engine_said(&mut self, said: EngineSaid) {
        match said {
            EngineSaid::Connected(engine) => {
                let address = engine.transport().endpoint().address.to_string();
                let daemon = engine.daemon_here();
                self.engine = Some(engine);
                self.must_answer = false;
                self.status.engine = Some(Ok(address));
                self.say_status();
                if let Some(pid) = daemon {
                    self.start_beside(pid);
                }
            }
            EngineSaid::Facts(facts) => {
                for fact in facts {
                    if let Fact::Engine(engine) = &fact {
                        self.facts = Some((**engine).clone());
                    }
                    let facts = self.facts.as_ref();
                    if let Some(address) = facts.filter(|facts| !facts.is_local).map(|facts| facts.address.clone()) {
                        self.leave_this_machine(address);
                    }
                    // An overlay brings a namespace of its own, which nothing else announces.
                    self.must_look_again |= matches!(fact, Fact::Network(_) | Fact::NetworkGone { .. });
                    self.observe(fact);
                }
                self.look_again();
            }
            EngineSaid::Listed => {
                self.is_engine_settled = true;
                let has_none = self.agent.is_none() && self.starting.is_none();
                let needs_engine = matches!(self.choice, AgentChoice::Container | AgentChoice::ContainerBase);
                if has_none && (needs_engine || !self.is_agent_settled) {
                    self.start_agent();
                }
            }
            EngineSaid::Lost(error) => {
                let was_there = self.engine.take().is_some();
                if was_there {
                    self.observe(Fact::EngineLost { detail: error.to_string() });
                } else if std::mem::take(&mut self.must_answer) {
                    self.outbox.failed(error.clone().into());
                }
                self.engine_failed(error.into());
                if self.agent.is_none() && self.starting.is_none() && !self.is_agent_settled {
                    self.start_agent();
                }
            }
        }
    }

    fn engine_failed(&mut self, error: CollectorError) {
        let (reason, remedy) = match &error {
            CollectorError::Engine(error) => error.limit(),
            other => (LimitReason::Unreachable { detail: other.to_string() }, Remedy::ReachEngine),
        };
        self.is_engine_settled = true;
        let error = Some(Err(error));
        if self.status.engine == error {
            // Another try failed in the same way.
            return;
        }
        let limits = vec![Limit { source: SourceKind::Engine, namespace: None, reason, remedy }];
        self.observe(Fact::Limits { of: vec![SourceKind::Engine, SourceKind::EngineEvents], limits });
        self.status.engine = error;
        self.say_status();
    }

    // ---- the agent

    /// Starts an agent that reads while the engine is listed: where its daemon is a process of this machine, control
    /// groups tell which container a process belongs to, and nothing needs to be waited for.
    fn start_beside(&mut self, daemon_pid: u32) {
        let here = matches!(self.choice, AgentChoice::InProcess | AgentChoice::Sudo | AgentChoice::Pkexec);
        if here && self.agent.is_none() && self.starting.is_none() && !self.is_agent_settled {
            self.known.daemon(daemon_pid);
            self.start_agent();
        }
    }

    /// The agent reads this machine's kernel, and the engine turns out to run on another one: what was read is of the wrong
    /// machine.
    fn leave_this_machine(&mut self, address: String) {
        let is_under_way = self.agent.is_some() || self.starting.is_some();
        if is_under_way && matches!(self.choice, AgentChoice::InProcess | AgentChoice::Sudo | AgentChoice::Pkexec) {
            self.agent_failed(AgentError::Elsewhere { address });
            for fact in [Fact::Namespaces(Vec::new()), Fact::Processes(Vec::new()), Fact::NameFiles(Vec::new())] {
                self.observe(fact);
            }
        }
    }

    fn start_agent(&mut self) {
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

    fn agent_started(&mut self, result: Result<RunningAgent, AgentError>) {
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

    fn agent_said(&mut self, message: Option<Message>) {
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
                self.is_agent_settled = true;
                self.agent_deadline = None;
                self.look_again();
            }
            Message::Resynchronised { namespace } => {
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

    fn agent_hello(&mut self, protocol_version: u32, agent_version: &str, uid: u32, capabilities: Vec<String>) {
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
    fn look_again(&mut self) {
        let Some(talk) = self.agent.as_ref().filter(|talk| talk.said_hello) else { return };
        if self.must_look_again && self.is_watching && self.is_agent_settled {
            let request = Request::LookAgain { hints: self.known.hints() };
            // If it is full, the agent has not even begun to look: the next change tries again.
            self.must_look_again = talk.running.link.requests.try_send(request).is_err();
        }
    }

    fn agent_late(&mut self) {
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
    fn all_late(&mut self) {
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
    fn agent_failed(&mut self, error: AgentError) {
        self.end_agent();
        if self.is_named && !self.is_agent_settled && error != AgentError::NotAsked {
            self.outbox.failed(error.clone().into());
        }
        self.is_agent_settled = true;
        let (reason, remedy) = error.limit();
        let limits = vec![Limit { source: SourceKind::Agent, namespace: None, reason, remedy }];
        self.observe(Fact::Limits { of: vec![SourceKind::Agent], limits });
        if let Some(facts) = &self.facts {
            let fact = Fact::Host(host_of(facts));
            self.observe(fact);
        }
        self.status.agent = Some(Err(error));
        self.say_status();
    }

    fn end_agent(&mut self) {
        self.starting = None;
        self.agent_deadline = None;
        self.proofs.give_up();
        if let Some(talk) = self.agent.take() {
            self.ending.spawn(talk.running.end());
        }
        while self.ending.try_join_next().is_some() {}
    }

    // ---- what was said

    fn observe(&mut self, fact: Fact) {
        self.take_in(Observation { at_ms: now_ms(), fact });
    }

    fn take_in(&mut self, observation: Observation) {
        self.must_look_again |= self.known.apply(&observation.fact);
        self.state.apply(&observation);
        self.pending_bytes += size_of::<Observation>() + weight(&observation.fact);
        self.pending.push(observation);
        if self.is_watching && self.flush_at.is_none() {
            let together = if self.is_complete { TOGETHER } else { TOGETHER_AT_FIRST };
            let (ended, took) = self.assembled;
            // At most half of the time goes into assembling.
            self.flush_at = Some((Instant::now() + together).max(ended + took));
        }
        if self.is_watching && self.pending_bytes > MAX_PENDING_BYTES {
            self.flush();
        }
    }

    fn flush(&mut self) {
        self.flush_at = None;
        let began = Instant::now();
        let snapshot = Arc::new(assemble(&[&self.state]));
        let ended = Instant::now();
        self.assembled = (ended, ended - began);
        let bytes = std::mem::take(&mut self.pending_bytes);
        if !self.outbox.observed(std::mem::take(&mut self.pending), bytes, snapshot) {
            self.refresh();
        }
    }

    fn say_status(&self) {
        self.outbox.status(self.status.clone());
    }

    async fn end(&mut self) {
        self.end_agent();
        let all = async { while self.ending.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(END_TIMEOUT, all).await;
        self.outbox.close();
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

/// The machine as the engine tells it, where no agent does.
fn host_of(facts: &EngineFacts) -> HostFacts {
    HostFacts {
        hostname: facts.host_name.clone(),
        kernel_release: facts.kernel_release.clone(),
        operating_system: Some(facts.operating_system.clone()).filter(|name| !name.is_empty()),
        ..HostFacts::default()
    }
}

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}
