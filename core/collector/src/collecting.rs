//! The collector's thread: what comes from the engine and the agent is folded into one state, assembled, published.

mod agent_life;

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bridgewalk_agent::{
    Leave,
    protocol::{Message, Request},
};
use bridgewalk_docker::endpoint::Endpoint;
use bridgewalk_model::{
    Fact, HostFacts, Limit, LimitReason, Observation, Remedy, SourceKind,
    assembly::{State, assemble},
    engine::EngineFacts,
    proof::{ProofFailure, ProofOrder},
    weight,
};
use tokio::{sync::mpsc, task::JoinSet, time::sleep_until};

use crate::{
    AgentChoice, AgentError, CollectorConfig, CollectorError, CollectorStatus, Command,
    agent::RunningAgent,
    engine::{self, Engine},
    held::Held,
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
    /// The agent did not take the request to read everything again.
    must_read_again: bool,
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
            must_read_again: false,
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
        tracing::debug!(?command, "asked to");
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
                let request = Request::Watch { hints: self.known.hints() };
                // If it is full, it is asked again when the agent has said something.
                self.must_read_again = talk.running.link.requests.try_send(request).is_err();
                if self.must_read_again {
                    tracing::warn!("the agent is busy; it will be asked again");
                }
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
                let address = engine.endpoint().address.to_string();
                tracing::info!(address, "the engine answers");
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
                tracing::trace!(facts = facts.len(), "from the engine");
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
                tracing::debug!("the engine listed everything");
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
            CollectorError::Engine(error) => engine::limit(error),
            other => (LimitReason::Unreachable { detail: other.to_string() }, Remedy::ReachEngine),
        };
        self.is_engine_settled = true;
        let error = Some(Err(error));
        if self.status.engine == error {
            // Another try failed in the same way.
            return;
        }
        tracing::warn!(reason = reason.kind(), "the engine is not read");
        let limits = vec![Limit { source: SourceKind::Engine, namespace: None, reason, remedy }];
        self.observe(Fact::Limits { of: vec![SourceKind::Engine, SourceKind::EngineEvents], limits });
        self.status.engine = error;
        self.say_status();
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
        // Made here, so that nobody waits for it who shows it.
        snapshot.graph();
        let ended = Instant::now();
        self.assembled = (ended, ended - began);
        let bytes = std::mem::take(&mut self.pending_bytes);
        let took_us = (ended - began).as_micros();
        tracing::debug!(observations = self.pending.len(), bytes, took_us, "assembled");
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
