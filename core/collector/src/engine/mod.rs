//! What the engine says.
//!
//! Every answer is read as JSON, bounded, and only the fields the model has are taken: environment variables and
//! arguments are never kept. The helper container that this process made is left out everywhere, so that the picture is
//! the same with and without it; a container that only bears its label is shown like any other.

mod answer;
mod connection;
mod container;
mod daemon;
mod error;
mod event;
mod facts;
mod field;
#[cfg(fuzzing)]
mod fuzz;
mod network;
mod swarm;
mod tls;
mod transport;

use std::{
    collections::HashSet,
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bridgewalk_model::{
    engine::{EngineContainer, EngineEvent, EngineFacts, EngineNetwork, Swarm},
    weight,
};
use futures_util::{StreamExt, stream};
use serde::Serialize;
use tokio::time::Instant;

use answer::MAX_LIST_BYTES;
pub(crate) use answer::Read;
pub use error::EngineError;
pub(crate) use event::Events;
#[cfg(fuzzing)]
pub use fuzz::engine_answers;
pub(crate) use transport::Transport;

use crate::endpoint::Endpoint;
use field::Field;
use transport::ANSWER_TIMEOUT;

/// The oldest API that is understood: Docker 20.10.
const OLDEST_API: (u32, u32) = (1, 41);
/// The newest API that is asked for: Docker 29.
const NEWEST_API: (u32, u32) = (1, 52);
/// So many inspections are asked for at once; the transport bounds what is under way.
const CONCURRENT: usize = 8;
/// Until one inspection is answered: 20.10 lets it wait while the container starts.
const INSPECTION_TIMEOUT: Duration = Duration::from_secs(10);
/// Until all containers, or all networks, are inspected.
const LIST_TIMEOUT: Duration = Duration::from_secs(40);
/// The most containers that are inspected, the most networks, and the most things of each kind of a Swarm's.
const MAX_LISTED: usize = 20_000;
/// Docker's ids are 64 digits long, and a Swarm's 25 letters.
const MAX_ID_CHARS: usize = 128;

/// An engine that answered, with the API version agreed on.
pub(crate) struct Engine {
    transport: Arc<Transport>,
    api: (u32, u32),
    own: Mutex<Own>,
}

/// The helper containers that this process made, and is making.
#[derive(Default)]
struct Own {
    ids: HashSet<String>,
    /// Under these names, which nobody could guess, one is being made.
    names: HashSet<String>,
}

/// Things of one kind, and those that could not be inspected, by id.
#[derive(Debug)]
pub(crate) struct Listed<T> {
    pub(crate) found: Vec<Arc<T>>,
    pub(crate) failed: Vec<(String, EngineError)>,
    /// What is wrong with the list itself.
    pub(crate) odd: Option<EngineError>,
}

/// One thing; none if it is gone (or ours).
pub(crate) type Inspected<T> = Read<Option<Arc<T>>>;

/// Containers and images that bear a label.
#[derive(Debug)]
pub(crate) struct Labelled {
    pub(crate) containers: Vec<LabelledItem>,
    pub(crate) images: Vec<LabelledItem>,
}

/// One of them.
#[derive(Debug, Serialize)]
pub(crate) struct LabelledItem {
    pub(crate) id: String,
    /// A container's names without their slashes, or an image's tags.
    pub(crate) names: Vec<String>,
}

impl Engine {
    /// Connects and agrees on a version: the newest that both know.
    pub(crate) async fn connect(endpoint: Endpoint) -> Result<Self, EngineError> {
        let transport = Transport::new(endpoint)?;
        let theirs = match transport.ping().await {
            Ok(Some(version)) => version,
            // Not every engine, nor every proxy before one, has it.
            Ok(None) | Err(EngineError::Refused { .. }) => {
                let read = |json: &[u8]| answer::decode("GET /version", json, |it| it.get("ApiVersion").text());
                transport.get("/version", ANSWER_TIMEOUT, read).await?.is
            }
            Err(error) => return Err(error),
        };
        let too_old =
            || EngineError::TooOld { address: transport.endpoint().address.to_string(), version: theirs.clone() };
        let api = parse_version(&theirs).ok_or_else(|| EngineError::Undecodable {
            request: "GET /version".to_owned(),
            detail: "it names no API version".to_owned(),
        })?;
        if api < OLDEST_API {
            return Err(too_old());
        }
        Ok(Self { transport: Arc::new(transport), api: api.min(NEWEST_API), own: Mutex::default() })
    }

    /// The daemon's process, where it is at the other end of a Unix socket: then it is on this machine for certain.
    pub(crate) fn daemon_here(&self) -> Option<u32> {
        self.transport.peer().map(|peer| peer.pid).filter(|pid| daemon::is_daemon(*pid))
    }

    /// Its connections, for whoever makes the helper container.
    pub(crate) const fn transport(&self) -> &Arc<Transport> {
        &self.transport
    }

    /// The API version agreed on, such as `1.41`.
    pub(crate) fn api_version(&self) -> String {
        format!("{}.{}", self.api.0, self.api.1)
    }

    async fn read<T>(
        &self,
        path: &str,
        limit: Duration,
        read: impl FnOnce(Field<'_>) -> T,
    ) -> Result<Read<T>, EngineError> {
        let path = format!("/v{}{path}", self.api_version());
        self.transport.get(&path, limit, |json| answer::decode(&format!("GET {path}"), json, read)).await
    }

    async fn read_list<T: Serialize>(
        &self,
        path: &str,
        read: impl FnMut(Field<'_>) -> Option<T>,
    ) -> Result<Read<Vec<T>>, EngineError> {
        let path = format!("/v{}{path}", self.api_version());
        let decode = |json: &[u8]| answer::decode_list(&format!("GET {path}"), json, MAX_LISTED, read);
        self.transport.get(&path, ANSWER_TIMEOUT, decode).await
    }

    /// Subscribes to events from `since_ns` (nanoseconds since 1970-01-01 UTC) on.
    pub(crate) async fn events(&self, since_ns: u64) -> Result<Events, EngineError> {
        let path = format!("/v{}{}", self.api_version(), event::path(since_ns));
        let body = self.transport.stream(&path).await?;
        Ok(Events::new(body, Arc::clone(&self.transport)))
    }

    /// What it says of itself.
    pub(crate) async fn facts(&self) -> Result<Read<EngineFacts>, EngineError> {
        let version = self.read("/version", ANSWER_TIMEOUT, |version| version.require().get("Version").text());
        let info = self.read("/info", ANSWER_TIMEOUT, facts::facts);
        let plugins = self.read_list("/plugins", |plugin| Some(facts::managed(plugin)));
        let (version, info, plugins) = futures_util::future::join3(version, info, plugins).await;
        let (version, info) = (version?, info?);
        let plugins = match plugins {
            Ok(plugins) => plugins,
            // Not every engine that speaks this API has plugins.
            Err(EngineError::Refused { .. }) => Read { is: Vec::new(), odd: None },
            Err(error) => Read { is: Vec::new(), odd: Some(error) },
        };
        let endpoint = self.transport.endpoint();
        let is_local = daemon::is_local(&endpoint.address, &info.is);
        let facts = EngineFacts {
            version: version.is,
            api_version: self.api_version(),
            address: endpoint.address.to_string(),
            is_local,
            daemon_pid: is_local.then(|| daemon::pid(self.transport.peer())).flatten(),
            plugins: facts::plugins(plugins.is.into_iter().flatten().collect(), info.is.plugins),
            ..info.is
        };
        Ok(Read { is: facts, odd: info.odd.or(version.odd).or(plugins.odd) })
    }

    /// All containers, in every state.
    pub(crate) async fn containers(&self) -> Result<Listed<EngineContainer>, EngineError> {
        let list = self.read_list("/containers/json?all=1", |container| {
            let id = id(container)?;
            let is_own = container.get("Names").texts().iter().any(|name| self.is_own(&id, Some(plain(name))));
            (!is_own && !self.is_own(&id, None)).then_some(id)
        });
        self.inspect_each(list.await?, |id| async move { (self.container(&id).await, id) }).await
    }

    /// One container.
    pub(crate) async fn container(&self, id: &str) -> Result<Inspected<EngineContainer>, EngineError> {
        match self.read(&format!("/containers/{id}/json"), INSPECTION_TIMEOUT, container::container).await {
            Ok(Read { is: container, odd }) => {
                let is_own = self.is_own(&container.container_id, Some(&container.name));
                named(&container.container_id, odd.as_ref())?;
                Ok(Read { is: (!is_own).then(|| Arc::new(container)), odd })
            }
            Err(error) if error.is_gone() => Ok(Read { is: None, odd: None }),
            Err(error) => Err(error),
        }
    }

    /// All networks.
    pub(crate) async fn networks(&self) -> Result<Listed<EngineNetwork>, EngineError> {
        let list = self.read_list("/networks", id).await?;
        let mut listed = self.inspect_each(list, |id| async move { (self.network(&id).await, id) }).await?;
        // The engine lists them in another order each time.
        listed.found.sort_by(|a, b| a.network_id.cmp(&b.network_id));
        Ok(listed)
    }

    /// One network.
    pub(crate) async fn network(&self, id: &str) -> Result<Inspected<EngineNetwork>, EngineError> {
        match self.read(&format!("/networks/{id}"), INSPECTION_TIMEOUT, network::network).await {
            Ok(Read { is: mut network, odd }) => {
                network.endpoints.retain(|endpoint| !self.is_own(&endpoint.owner, Some(&endpoint.name)));
                named(&network.network_id, odd.as_ref())?;
                Ok(Read { is: Some(Arc::new(network)), odd })
            }
            Err(error) if error.is_gone() => Ok(Read { is: None, odd: None }),
            Err(error) => Err(error),
        }
    }

    /// Inspects each, some at a time, in order, within [`LIST_TIMEOUT`] and [`MAX_LIST_BYTES`]. What cannot be inspected
    /// does not hide the others; an engine that is gone does.
    async fn inspect_each<T, F, R>(&self, list: Read<Vec<String>>, inspect: F) -> Result<Listed<T>, EngineError>
    where
        T: Serialize,
        F: Fn(String) -> R,
        R: Future<Output = (Result<Inspected<T>, EngineError>, String)>,
    {
        let until = Instant::now() + LIST_TIMEOUT;
        let mut listed = Listed { found: Vec::with_capacity(list.is.len()), failed: Vec::new(), odd: list.odd };
        let mut kept_bytes = 0;
        let mut waiting = list.is.clone().into_iter();
        let mut answers = std::pin::pin!(stream::iter(list.is).map(inspect).buffered(CONCURRENT));
        loop {
            let Ok(answer) = tokio::time::timeout_at(until, answers.next()).await else { break };
            let Some((answer, id)) = answer else { return Ok(listed) };
            match answer {
                Ok(Read { is, odd }) => {
                    kept_bytes += is.as_ref().map_or(0, weight);
                    if kept_bytes > MAX_LIST_BYTES {
                        break;
                    }
                    listed.failed.extend(odd.map(|odd| (id, odd)));
                    listed.found.extend(is);
                }
                Err(error) if error.is_loss() && !error.is_timeout() => return Err(error),
                Err(error) => listed.failed.push((id, error)),
            }
            waiting.next();
        }
        // Not read by then, or not kept: each is named.
        let address = self.transport.endpoint().address.to_string();
        listed.failed.extend(waiting.map(|id| {
            let request = format!("GET …/{id}");
            let error = if kept_bytes > MAX_LIST_BYTES {
                EngineError::TooMuch { request, max_bytes: MAX_LIST_BYTES }
            } else {
                EngineError::Timeout { address: address.clone(), request, seconds: LIST_TIMEOUT.as_secs() }
            };
            (id, error)
        }));
        Ok(listed)
    }

    /// Services, tasks and nodes, as a manager lists them.
    pub(crate) async fn swarm(&self) -> Result<Read<Swarm>, EngineError> {
        let (services, tasks, nodes) = futures_util::future::try_join3(
            self.read_list("/services", |item| Some(swarm::service(item.require()))),
            self.read_list("/tasks", |item| Some(swarm::task(item.require()))),
            self.read_list("/nodes", |item| Some(swarm::node(item.require()))),
        )
        .await?;
        let odd = services.odd.or(tasks.odd).or(nodes.odd);
        Ok(Read { is: Swarm { services: services.is, tasks: tasks.is, nodes: nodes.is }, odd })
    }

    /// What bears this label (`name` or `name=value`), as the helper container and its image do.
    pub(crate) async fn labelled(&self, label: &str) -> Result<Labelled, EngineError> {
        let filters = event::percent_encoded(&serde_json::json!({ "label": [label] }).to_string());
        let read = |names: &'static str| {
            move |item: Field<'_>| {
                let names = item.get(names).texts().iter().map(|name| plain(name).to_owned()).collect();
                Some(LabelledItem { id: item.get("Id").some_text()?, names })
            }
        };
        let containers = self.read_list(&format!("/containers/json?all=1&filters={filters}"), read("Names")).await?;
        let images = self.read_list(&format!("/images/json?filters={filters}"), read("RepoTags")).await?;
        Ok(Labelled { containers: containers.is, images: images.is })
    }

    /// The first process of a container of ours.
    pub(crate) async fn container_pid(&self, id: &str) -> Result<Option<u32>, EngineError> {
        let read = |answer: Field<'_>| answer.get("State.Pid").number().filter(|pid| *pid != 0);
        Ok(self.read(&format!("/containers/{id}/json"), INSPECTION_TIMEOUT, read).await?.is)
    }

    /// How the engine confines containers (`Info.SecurityOptions`).
    pub(crate) async fn confinement(&self) -> Result<Confinement, EngineError> {
        let read = |info: Field<'_>| info.get("SecurityOptions").texts();
        let used = self.read("/info", ANSWER_TIMEOUT, read).await?.is;
        let uses = |name: &str| used.iter().any(|option| option.split(',').any(|part| part == format!("name={name}")));
        let options = [("apparmor", "apparmor=unconfined"), ("selinux", "label=disable")];
        let lifted_by = options.into_iter().filter(|(name, _)| uses(name)).map(|(_, option)| option.to_owned());
        Ok(Confinement { has_seccomp: uses("seccomp"), lifted_by: lifted_by.collect() })
    }

    /// A helper container is about to be made under this name.
    pub(crate) fn expect_own(&self, name: String) {
        self.own.lock().unwrap_or_else(PoisonError::into_inner).names.insert(name);
    }

    /// It was made, as this container, or it was not.
    pub(crate) fn remember_own(&self, name: &str, container_id: Option<String>) {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.ids.extend(container_id);
        own.names.remove(name);
    }

    /// Whether a container is a helper container that this process made or is making.
    fn is_own(&self, id: &str, name: Option<&str>) -> bool {
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        if name.is_some_and(|name| own.names.contains(name)) {
            own.ids.insert(id.to_owned());
        }
        own.ids.contains(id)
    }

    /// Whether an event is about such a container.
    pub(crate) fn is_of_own(&self, event: &EngineEvent) -> bool {
        let attribute = |name: &str| event.attributes.get(name).map(String::as_str);
        self.is_own(&event.actor_id, attribute("name"))
            || attribute("container").is_some_and(|id| self.is_own(id, None))
    }
}

/// How an engine confines containers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Confinement {
    /// It takes a seccomp profile.
    pub(crate) has_seccomp: bool,
    /// Options that lift what else it uses.
    pub(crate) lifted_by: Vec<String>,
}

/// The id of an item of a list, if it can be asked for.
fn id(item: Field<'_>) -> Option<String> {
    let field = item.get("Id").require();
    let id = field.some_text()?;
    let is_plain = id.len() <= MAX_ID_CHARS && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !is_plain {
        field.refuse();
    }
    is_plain.then_some(id)
}

fn plain(name: &str) -> &str {
    name.trim_start_matches('/')
}

/// An answer without an id is about nothing.
fn named(id: &str, odd: Option<&EngineError>) -> Result<(), EngineError> {
    match odd {
        Some(odd) if id.is_empty() => Err(odd.clone()),
        _ => Ok(()),
    }
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
