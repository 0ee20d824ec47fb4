//! Following the engine.
//!
//! Subscribe first, then list: no gap. An event is handed on as it is, and exactly what it touches is inspected again:
//! concurrently, each thing at most once at a time and once more if it was touched meanwhile (20.10 answers an inspection
//! only when a start is over). A connection that is lost is said, and tried again when the socket comes back.

use std::{
    collections::{BTreeMap, HashSet},
    future::Future,
    pin::Pin,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use bridgewalk_docker::{Answer, EngineError, endpoint::Endpoint};
use bridgewalk_model::{
    Fact, Limit, LimitReason, Remedy, SourceKind,
    engine::{EngineEvent, EngineEventKind},
    weight,
};
use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::sync::mpsc;

use crate::{
    engine::{self, Engine, Events, Listed},
    waiting::Waiting,
};

/// The most inspections that are outstanding at once; when more is touched, everything is listed again instead.
const MAX_OUTSTANDING: usize = 512;
/// After this much was inspected beside the list, everything is listed again, which forgets what is gone.
const MAX_BESIDE_BYTES: usize = 32 << 20;
/// The most that is said to be missing one by one.
const MAX_LIMITS: usize = 50;

/// What the engine's side says to the collector.
pub(crate) enum EngineSaid {
    /// It answers.
    Connected(Arc<Engine>),
    /// Observed, in order.
    Facts(Vec<Fact>),
    /// Everything was listed.
    Listed,
    /// It cannot be reached, or not any more.
    Lost(EngineError),
}

/// What the collector tells the engine's side.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Nudge {
    /// List everything again, or try to connect now.
    Refresh,
}

/// Follows the engine at `endpoint` until the receiver of what it says is gone; once only unless `is_watching`.
pub(crate) async fn follow(
    endpoint: Endpoint,
    is_watching: bool,
    said: mpsc::Sender<EngineSaid>,
    mut nudges: mpsc::Receiver<Nudge>,
) {
    let mut waiting = Waiting::new(&endpoint.address);
    let mut was_lost = None;
    loop {
        let mut session = Session { said: &said, failed: BTreeMap::new(), resynchronised: was_lost.take() };
        let ended = session.run(endpoint.clone(), is_watching, &mut nudges, &mut waiting).await;
        let Err(error) = ended else { return };
        was_lost = Some(error.to_string());
        if said.send(EngineSaid::Lost(error)).await.is_err() || !is_watching {
            return;
        }
        tokio::select! {
            () = waiting.until_it_may_be_back() => {}
            nudge = nudges.recv() => if nudge.is_none() { return },
        }
    }
}

/// One connection, from its first answer to its end.
struct Session<'a> {
    said: &'a mpsc::Sender<EngineSaid>,
    /// What could not be inspected.
    failed: BTreeMap<Subject, EngineError>,
    resynchronised: Option<String>,
}

/// What is inspected as one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Subject {
    Container(String),
    Network(String),
    Engine,
    Swarm,
    /// The lists themselves.
    Containers,
    Networks,
}

type Inspection = Pin<Box<dyn Future<Output = (Subject, Result<Answer<Vec<Fact>>, EngineError>)> + Send>>;

impl Session<'_> {
    /// Ends well when nobody listens any more.
    async fn run(
        &mut self,
        endpoint: Endpoint,
        is_watching: bool,
        nudges: &mut mpsc::Receiver<Nudge>,
        waiting: &mut Waiting,
    ) -> Result<(), EngineError> {
        let engine = Arc::new(Engine::connect(endpoint).await?);
        let events = if is_watching { Some(engine.events(now_ns()).await?) } else { None };
        if !self.say(EngineSaid::Connected(Arc::clone(&engine))).await {
            return Ok(());
        }
        if !self.list(&engine).await? {
            return Ok(());
        }
        waiting.reset();
        match events {
            Some(events) => self.follow(&engine, events, nudges).await,
            None => Ok(()),
        }
    }

    /// Lists everything; false when nobody listens any more. A list that makes no sense or is refused does not hide the
    /// others.
    async fn list(&mut self, engine: &Engine) -> Result<bool, EngineError> {
        let said = self.said;
        // What it is, at once: it answers again. What it has takes longer.
        let facts = async {
            let Answer { is: facts, odd } = engine.facts().await?;
            let is_swarm_manager = facts.is_swarm_manager;
            let _ = said.send(EngineSaid::Facts(vec![Fact::Engine(Box::new(facts))])).await;
            let swarm = if is_swarm_manager { engine.swarm().await } else { Ok(Answer::default()) };
            Ok((odd, swarm))
        };
        let containers = async { answered(engine.containers().await) };
        let networks = async { answered(engine.networks().await) };
        let ((odd, swarm), containers, networks) = futures_util::future::try_join3(facts, containers, networks).await?;
        self.failed.clear();
        self.failed.extend(odd.map(|odd| (Subject::Engine, odd)));
        let networks = self.listed(networks, Subject::Networks, Subject::Network).map(Fact::Networks);
        let containers = self.listed(containers, Subject::Containers, Subject::Container).map(Fact::Containers);
        let Answer { is: swarm, odd } = swarm.unwrap_or_else(|error| Answer { odd: Some(error), ..Answer::default() });
        self.failed.extend(odd.map(|odd| (Subject::Swarm, odd)));
        let swarm = Fact::Swarm(Box::new(swarm));
        let facts = networks.into_iter().chain(containers).chain([swarm, self.limits()]).collect();
        Ok(self.say(EngineSaid::Facts(facts)).await && self.say(EngineSaid::Listed).await)
    }

    /// What was found of a list; none: the list itself is not there.
    fn listed<T>(
        &mut self,
        listed: Result<Listed<T>, EngineError>,
        whole: Subject,
        one: impl Fn(String) -> Subject,
    ) -> Option<Vec<Arc<T>>> {
        match listed {
            Ok(Listed { found, failed, odd }) => {
                self.failed.extend(failed.into_iter().map(|(id, error)| (one(id), error)));
                self.failed.extend(odd.map(|odd| (whole, odd)));
                Some(found)
            }
            Err(error) => {
                self.failed.insert(whole, error);
                None
            }
        }
    }

    async fn follow(
        &mut self,
        engine: &Arc<Engine>,
        mut events: Events,
        nudges: &mut mpsc::Receiver<Nudge>,
    ) -> Result<(), EngineError> {
        let mut inspections = FuturesUnordered::<Inspection>::new();
        let mut under_way = HashSet::new();
        let mut once_more = HashSet::new();
        let mut must_list = false;
        let mut beside_bytes = 0;
        loop {
            if must_list && inspections.is_empty() {
                (must_list, beside_bytes) = (false, 0);
                if !self.list(engine).await? {
                    return Ok(());
                }
            }
            tokio::select! {
                event = events.next() => {
                    let event = event?;
                    if engine.is_of_own(&event) {
                        continue;
                    }
                    let (gone, touched) = touched(&event);
                    // An inspection that began before the end may answer after it.
                    once_more.extend(gone.as_ref().and_then(subject_of).filter(|gone| under_way.contains(gone)));
                    let facts = std::iter::once(Fact::EngineEvent(Box::new(event))).chain(gone).collect();
                    if !self.say(EngineSaid::Facts(facts)).await {
                        return Ok(());
                    }
                    for subject in touched {
                        if under_way.contains(&subject) {
                            once_more.insert(subject);
                        } else if must_list || under_way.len() >= MAX_OUTSTANDING {
                            must_list = true;
                        } else {
                            under_way.insert(subject.clone());
                            inspections.push(inspect(Arc::clone(engine), subject));
                        }
                    }
                }
                Some((subject, answer)) = inspections.next() => {
                    under_way.remove(&subject);
                    let had_failed = self.failed.remove(&subject).is_some();
                    let mut facts = match answer {
                        Ok(Answer { is, odd }) => {
                            self.failed.extend(odd.map(|odd| (subject.clone(), odd)));
                            is
                        }
                        Err(error) if error.is_loss() && !error.is_timeout() => return Err(error),
                        Err(error) => {
                            self.failed.insert(subject.clone(), error);
                            Vec::new()
                        }
                    };
                    beside_bytes += weight(&facts);
                    must_list |= beside_bytes > MAX_BESIDE_BYTES;
                    if had_failed || self.failed.contains_key(&subject) {
                        facts.push(self.limits());
                    }
                    if !self.say(EngineSaid::Facts(facts)).await {
                        return Ok(());
                    }
                    if once_more.remove(&subject) && !must_list {
                        under_way.insert(subject.clone());
                        inspections.push(inspect(Arc::clone(engine), subject));
                    }
                }
                nudge = nudges.recv() => match nudge {
                    None => return Ok(()),
                    Some(Nudge::Refresh) => must_list = true,
                },
            }
        }
    }

    async fn say(&self, what: EngineSaid) -> bool {
        self.said.send(what).await.is_ok()
    }

    /// What the engine does not tell.
    fn limits(&self) -> Fact {
        let failed = self.failed.values().take(MAX_LIMITS).map(|error| {
            let (reason, remedy) = engine::limit(error);
            Limit { source: SourceKind::Engine, namespace: None, reason, remedy }
        });
        let more = self.failed.len().saturating_sub(MAX_LIMITS);
        let others = (more > 0).then(|| Limit {
            source: SourceKind::Engine,
            namespace: None,
            reason: LimitReason::Truncated { detail: format!("{more} more answers of the engine are missing") },
            remedy: Remedy::None,
        });
        let lost = self.resynchronised.iter().map(|detail| Limit {
            source: SourceKind::EngineEvents,
            namespace: None,
            reason: LimitReason::Resynchronised { detail: detail.clone() },
            remedy: Remedy::None,
        });
        let limits = failed.chain(others).chain(lost).collect();
        Fact::Limits { of: vec![SourceKind::Engine, SourceKind::EngineEvents], limits }
    }
}

/// What an event says is gone, and what must be inspected again after it.
fn touched(event: &EngineEvent) -> (Option<Fact>, Vec<Subject>) {
    let id = || event.actor_id.clone();
    match (event.kind, event.action.as_str()) {
        (EngineEventKind::Container, "destroy") => (Some(Fact::ContainerGone { container_id: id() }), Vec::new()),
        (EngineEventKind::Container, _) => (None, vec![Subject::Container(id())]),
        (EngineEventKind::Network, "destroy" | "remove") => {
            // Leaving a Swarm removes its networks and says nothing else.
            let of_swarm = event.attributes.get("type").is_some_and(|driver| driver == "overlay");
            (Some(Fact::NetworkGone { network_id: id() }), of_swarm.then_some(Subject::Engine).into_iter().collect())
        }
        (EngineEventKind::Network, "create") => {
            let of_swarm = event.attributes.get("type").is_some_and(|driver| driver == "overlay")
                || event.attributes.get("name").is_some_and(|name| name == "docker_gwbridge");
            let engine = of_swarm.then_some(Subject::Engine);
            (None, std::iter::once(Subject::Network(id())).chain(engine).collect())
        }
        (EngineEventKind::Network, _) => {
            let container = event.attributes.get("container").filter(|container| is_container_id(container));
            let container = container.map(|container| Subject::Container(container.clone()));
            (None, std::iter::once(Subject::Network(id())).chain(container).collect())
        }
        (EngineEventKind::Service, _) => (None, vec![Subject::Swarm]),
        (EngineEventKind::Node, _) => (None, vec![Subject::Engine, Subject::Swarm]),
        (EngineEventKind::Daemon | EngineEventKind::Plugin, _) => (None, vec![Subject::Engine]),
        (EngineEventKind::Other, _) => (None, Vec::new()),
    }
}

/// What a fact says is gone.
fn subject_of(gone: &Fact) -> Option<Subject> {
    if let Fact::ContainerGone { container_id } = gone {
        return Some(Subject::Container(container_id.clone()));
    }
    let Fact::NetworkGone { network_id } = gone else { return None };
    Some(Subject::Network(network_id.clone()))
}

/// A load balancer's endpoint has a name of its own instead.
fn is_container_id(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// An answer, be it nonsense or a refusal; an error where there is none at all.
fn answered<T>(result: Result<T, EngineError>) -> Result<Result<T, EngineError>, EngineError> {
    match result {
        Err(error) if error.is_loss() => Err(error),
        answer => Ok(answer),
    }
}

fn inspect(engine: Arc<Engine>, subject: Subject) -> Inspection {
    Box::pin(async move {
        let answer = match &subject {
            Subject::Container(id) => engine.container(id).await.map(|read| {
                read.map(|is| is.map_or(Fact::ContainerGone { container_id: id.clone() }, Fact::Container))
            }),
            Subject::Network(id) => engine
                .network(id)
                .await
                .map(|read| read.map(|is| is.map_or(Fact::NetworkGone { network_id: id.clone() }, Fact::Network))),
            Subject::Engine => engine.facts().await.map(|read| read.map(|facts| Fact::Engine(Box::new(facts)))),
            Subject::Swarm => engine.swarm().await.map(|read| read.map(|swarm| Fact::Swarm(Box::new(swarm)))),
            // They are never inspected alone.
            Subject::Containers | Subject::Networks => return (subject, Ok(Answer::default())),
        };
        // After `docker swarm leave` there is nothing to list any more, and the engine says so by refusing.
        let answer = match (&subject, answer) {
            (Subject::Swarm, Err(EngineError::Refused { .. })) => {
                Ok(Answer { is: Fact::Swarm(Box::default()), odd: None })
            }
            (_, answer) => answer,
        };
        (subject, answer.map(|read| read.map(|fact| vec![fact])))
    })
}

fn now_ns() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u64::try_from(now.as_nanos()).unwrap_or(u64::MAX)
}
