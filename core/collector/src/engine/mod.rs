//! What the engine says.
//!
//! Every answer is read as JSON, bounded, and only the fields the model has are taken: environment variables and
//! arguments are never kept. The helper container of ours is left out everywhere, so that the picture is the same with
//! and without it.

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
};

use bridgewalk_model::engine::{EngineContainer, EngineFacts, EngineNetwork, Swarm};
use futures_util::{StreamExt, stream};
use serde_json::Value;

pub use error::EngineError;
pub(crate) use event::Events;
#[cfg(fuzzing)]
pub use fuzz::engine_answers;
pub(crate) use transport::Transport;

use crate::{endpoint::Endpoint, helper};
use field::Field;

/// The oldest API that is understood: Docker 20.10.
const OLDEST_API: (u32, u32) = (1, 41);
/// The newest API that is asked for: Docker 29.
const NEWEST_API: (u32, u32) = (1, 52);
/// So many inspections are asked for at once; the transport bounds what is under way.
const CONCURRENT: usize = 8;

/// An engine that answered, with the API version agreed on.
pub(crate) struct Engine {
    transport: Arc<Transport>,
    api: (u32, u32),
    own: Mutex<HashSet<String>>,
}

/// Things of one kind, and those that could not be inspected, by id.
#[derive(Debug)]
pub(crate) struct Listed<T> {
    pub(crate) found: Vec<Arc<T>>,
    pub(crate) failed: Vec<(String, EngineError)>,
}

/// Containers and images with a label, by id.
#[derive(Debug)]
pub(crate) struct Labelled {
    pub(crate) containers: Vec<(String, LabelledItem)>,
    pub(crate) images: Vec<(String, LabelledItem)>,
}

/// Whose it is.
#[derive(Debug)]
pub(crate) struct LabelledItem {
    pub(crate) owner: String,
    pub(crate) is_running: bool,
}

impl Engine {
    /// Connects and agrees on a version: the newest that both know.
    pub(crate) async fn connect(endpoint: Endpoint) -> Result<Self, EngineError> {
        let transport = Transport::new(endpoint)?;
        let theirs = match transport.ping().await {
            Ok(Some(version)) => version,
            // Not every engine, nor every proxy before one, has it.
            Ok(None) | Err(EngineError::Refused { .. }) => {
                Field::of(&transport.get("/version").await?).get("ApiVersion").text()
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
        self.transport.peer_pid().filter(|pid| daemon::is_daemon(*pid))
    }

    /// Its connections, for whoever makes the helper container.
    pub(crate) const fn transport(&self) -> &Arc<Transport> {
        &self.transport
    }

    /// The API version agreed on, such as `1.41`.
    pub(crate) fn api_version(&self) -> String {
        format!("{}.{}", self.api.0, self.api.1)
    }

    async fn get(&self, path: &str) -> Result<Value, EngineError> {
        self.transport.get(&format!("/v{}{path}", self.api_version())).await
    }

    /// Subscribes to events from `since_ns` (nanoseconds since 1970-01-01 UTC) on.
    pub(crate) async fn events(&self, since_ns: u64) -> Result<Events, EngineError> {
        let path = format!("/v{}{}", self.api_version(), event::path(since_ns));
        let body = self.transport.stream(&path).await?;
        Ok(Events::new(body, self.transport.endpoint().address.to_string()))
    }

    /// What it says of itself.
    pub(crate) async fn facts(&self) -> Result<EngineFacts, EngineError> {
        let (version, info, plugins) =
            futures_util::future::join3(self.get("/version"), self.get("/info"), self.get("/plugins")).await;
        let (version, info) = (version?, info?);
        // Not every engine that speaks this API has plugins.
        let plugins = plugins.unwrap_or(Value::Null);
        let facts = facts::facts(Field::of(&version), Field::of(&info), Field::of(&plugins));
        let endpoint = self.transport.endpoint();
        let is_local = daemon::is_local(&endpoint.address, &facts);
        Ok(EngineFacts {
            api_version: self.api_version(),
            address: endpoint.address.to_string(),
            is_local,
            daemon_pid: is_local.then(|| daemon::pid(self.transport.peer_pid())).flatten(),
            ..facts
        })
    }

    /// All containers, in every state.
    pub(crate) async fn containers(&self) -> Result<Listed<EngineContainer>, EngineError> {
        let list = self.get("/containers/json?all=1").await?;
        let ids = Field::of(&list).items().filter_map(|container| {
            let id = container.get("Id").some_text()?;
            if container.get("Labels").members().any(|(name, _)| name == helper::LABEL) {
                self.remember_own(id);
                return None;
            }
            Some(id)
        });
        let ids: Vec<String> = ids.collect();
        inspect_each(ids, |id| async move { (self.container(&id).await, id) }).await
    }

    /// One container; none if it is gone (or ours).
    pub(crate) async fn container(&self, id: &str) -> Result<Option<Arc<EngineContainer>>, EngineError> {
        match self.get(&format!("/containers/{id}/json")).await {
            Ok(answer) => {
                named(&answer, "GET /containers/{id}/json")?;
                let container = container::container(Field::of(&answer));
                if container.labels.contains_key(helper::LABEL) {
                    self.remember_own(container.container_id);
                    return Ok(None);
                }
                Ok(Some(Arc::new(container)))
            }
            Err(error) if error.is_gone() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All networks.
    pub(crate) async fn networks(&self) -> Result<Listed<EngineNetwork>, EngineError> {
        let list = self.get("/networks").await?;
        let ids: Vec<String> = Field::of(&list).items().filter_map(|network| network.get("Id").some_text()).collect();
        let mut listed = inspect_each(ids, |id| async move { (self.network(&id).await, id) }).await?;
        // The engine lists them in another order each time.
        listed.found.sort_by(|a, b| a.network_id.cmp(&b.network_id));
        Ok(listed)
    }

    /// One network; none if it is gone.
    pub(crate) async fn network(&self, id: &str) -> Result<Option<Arc<EngineNetwork>>, EngineError> {
        match self.get(&format!("/networks/{id}")).await {
            Ok(answer) => {
                named(&answer, "GET /networks/{id}")?;
                let mut network = network::network(Field::of(&answer));
                let own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
                network.endpoints.retain(|endpoint| !own.contains(&endpoint.owner));
                Ok(Some(Arc::new(network)))
            }
            Err(error) if error.is_gone() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Services, tasks and nodes, as a manager lists them.
    pub(crate) async fn swarm(&self) -> Result<Swarm, EngineError> {
        let (services, tasks, nodes) =
            futures_util::future::try_join3(self.get("/services"), self.get("/tasks"), self.get("/nodes")).await?;
        Ok(Swarm {
            services: Field::of(&services).items().map(swarm::service).collect(),
            tasks: Field::of(&tasks).items().map(swarm::task).collect(),
            nodes: Field::of(&nodes).items().map(swarm::node).collect(),
        })
    }

    /// What bears this label (`name` or `name=value`), as the helper container and its image do.
    pub(crate) async fn labelled(&self, label: &str) -> Result<Labelled, EngineError> {
        let filters = event::percent_encoded(&serde_json::json!({ "label": [label] }).to_string());
        let containers = self.get(&format!("/containers/json?all=1&filters={filters}")).await?;
        let images = self.get(&format!("/images/json?filters={filters}")).await?;
        let read = |list: &Value| {
            let items = Field::of(list).items();
            items
                .filter_map(|item| {
                    let owner = item.get("Labels").text_map().remove(helper::LABEL)?;
                    let is_running = item.get("State").text() == "running";
                    Some((item.get("Id").some_text()?, LabelledItem { owner, is_running }))
                })
                .collect()
        };
        Ok(Labelled { containers: read(&containers), images: read(&images) })
    }

    /// The first process of a container of ours.
    pub(crate) async fn container_pid(&self, id: &str) -> Result<Option<u32>, EngineError> {
        let answer = self.get(&format!("/containers/{id}/json")).await?;
        Ok(Field::of(&answer).get("State.Pid").number().filter(|pid| *pid != 0))
    }

    /// Options that lift the confinement of containers which this engine uses (`Info.SecurityOptions`).
    pub(crate) async fn confinement(&self) -> Result<Vec<String>, EngineError> {
        let info = self.get("/info").await?;
        let uses = |name: &str| {
            Field::of(&info)
                .get("SecurityOptions")
                .texts()
                .iter()
                .any(|option| option.split(',').any(|part| part == format!("name={name}")))
        };
        let options = [("apparmor", "apparmor=unconfined"), ("selinux", "label=disable")];
        Ok(options.into_iter().filter(|(name, _)| uses(name)).map(|(_, option)| option.to_owned()).collect())
    }

    /// Remembers a helper container, so that it is left out of networks as well.
    pub(crate) fn remember_own(&self, container_id: String) {
        self.own.lock().unwrap_or_else(PoisonError::into_inner).insert(container_id);
    }
}

/// Inspects each, some at a time, in order. What cannot be inspected does not hide the others; an engine that is gone
/// does.
async fn inspect_each<T, F, R>(ids: Vec<String>, inspect: F) -> Result<Listed<T>, EngineError>
where
    F: Fn(String) -> R,
    R: Future<Output = (Result<Option<Arc<T>>, EngineError>, String)>,
{
    let mut listed = Listed { found: Vec::with_capacity(ids.len()), failed: Vec::new() };
    let mut answers = stream::iter(ids).map(inspect).buffered(CONCURRENT);
    while let Some((answer, id)) = answers.next().await {
        match answer {
            Ok(found) => listed.found.extend(found),
            Err(error @ EngineError::Unreachable { .. }) => return Err(error),
            Err(error) => listed.failed.push((id, error)),
        }
    }
    Ok(listed)
}

/// An answer without an id is about nothing.
fn named(answer: &Value, request: &str) -> Result<(), EngineError> {
    let id = Field::of(answer).get("Id").some_text();
    id.map(drop)
        .ok_or_else(|| EngineError::Undecodable { request: request.to_owned(), detail: "it has no id".to_owned() })
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
