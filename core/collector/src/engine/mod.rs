//! What the engine says.
//!
//! [`bridgewalk_docker`] asks it through bollard; here its answers become the model's. Only the fields the model has are
//! taken: environment variables and arguments are never kept. The helper container that this process made is left out
//! everywhere, so that the picture is the same with and without it; a container that only bears its label is shown like
//! any other.

mod container;
mod daemon;
mod event;
mod facts;
#[cfg(fuzzing)]
mod fuzz;
mod limit;
mod network;
mod reported;
mod swarm;

use std::{
    collections::{HashMap, HashSet},
    future::Future,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bridgewalk_docker::{
    ANSWER_TIMEOUT, Answer, Body, Client, EngineError,
    bollard::{
        Docker,
        models::{ContainerInspectResponse, ContainerSummary, ImageSummary, Network, Plugin},
        query_parameters::{
            ListContainersOptionsBuilder, ListImagesOptionsBuilder, ListNodesOptions, ListServicesOptions,
            ListTasksOptions,
        },
    },
    endpoint::Endpoint,
};
use bridgewalk_model::{
    engine::{EngineContainer, EngineEvent, EngineFacts, EngineNetwork, Swarm},
    weight,
};
use futures_util::{StreamExt, stream};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::Instant;

pub(crate) use event::Events;
#[cfg(fuzzing)]
pub use fuzz::engine_answers;
pub(crate) use limit::limit;

/// So many inspections are asked for at once; the client bounds what is under way.
const CONCURRENT: usize = 8;
/// Until one inspection is answered: 20.10 lets it wait while the container starts.
const INSPECTION_TIMEOUT: Duration = Duration::from_secs(10);
/// Until all containers, or all networks, are inspected.
const LIST_TIMEOUT: Duration = Duration::from_secs(40);
/// The most containers that are inspected, the most networks, the most plugins and things of each kind of a Swarm's.
const MAX_LISTED: usize = 20_000;
/// The most memory that all that is taken of one list may take.
const MAX_LIST_BYTES: usize = 64 << 20;
/// Docker's ids are 64 digits long, and a Swarm's 25 letters.
const MAX_ID_CHARS: usize = 128;

/// An engine that answered.
pub(crate) struct Engine {
    client: Client,
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
pub(crate) type Inspected<T> = Answer<Option<Arc<T>>>;

/// Containers and images that bear a label.
#[derive(Debug)]
pub(crate) struct Labelled {
    pub(crate) containers: Vec<Item>,
    pub(crate) images: Vec<Item>,
}

/// Something that the engine lists.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) id: String,
    /// A container's names without their slashes, or an image's tags.
    pub(crate) names: Vec<String>,
}

impl Engine {
    /// Connects and agrees on a version: the newest that both know.
    pub(crate) async fn connect(endpoint: Endpoint) -> Result<Self, EngineError> {
        Ok(Self { client: Client::connect(endpoint).await?, own: Mutex::default() })
    }

    /// The daemon's process, where it is at the other end of a Unix socket: then it is on this machine for certain.
    pub(crate) fn daemon_here(&self) -> Option<u32> {
        self.client.peer().map(|peer| peer.pid).filter(|pid| daemon::is_daemon(*pid))
    }

    /// Whom it asks; the helper container is made through the same.
    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    /// Where it is.
    pub(crate) fn endpoint(&self) -> &Endpoint {
        self.client.endpoint()
    }

    /// Subscribes to events from `since_ns` (nanoseconds since 1970-01-01 UTC) on.
    pub(crate) async fn events(&self, since_ns: u64) -> Result<Events, EngineError> {
        Ok(Events::new(self.client.events(event::options(since_ns)).await?))
    }

    /// What it says of itself.
    pub(crate) async fn facts(&self) -> Result<Answer<EngineFacts>, EngineError> {
        let version = self.client.ask(ANSWER_TIMEOUT, |docker| async move { docker.version().await });
        let info = self.client.ask(ANSWER_TIMEOUT, |docker| async move { docker.info().await });
        let (version, info, plugins) = futures_util::future::join3(version, info, self.plugins()).await;
        let (version, body) = (version?.read()?, info?);
        let (info, bridge) = (body.read()?, body.beside::<facts::BridgeNetfilter>()?);
        let nameless = info.is.name.is_none().then(|| body.undecodable("`Name` is missing"));
        let nameless = nameless.or_else(|| version.is.version.is_none().then(|| body.undecodable("it has no version")));
        let plugins = match plugins {
            Ok(plugins) => plugins,
            // Not every engine that speaks this API has plugins.
            Err(EngineError::Refused { .. }) => Answer::default(),
            Err(error) => Answer { odd: Some(error), ..Answer::default() },
        };
        let reported = facts::facts(info.is, &bridge.is);
        let endpoint = self.endpoint();
        let is_local = daemon::is_local(&endpoint.address, &reported);
        let managed = plugins.is.iter().flat_map(facts::managed).collect();
        let is = EngineFacts {
            version: version.is.version.unwrap_or_default(),
            api_version: self.client.api_version(),
            address: endpoint.address.to_string(),
            is_local,
            daemon_pid: is_local.then(|| daemon::pid(self.client.peer())).flatten(),
            plugins: facts::plugins(managed, reported.plugins),
            ..reported
        };
        let odd = info.odd.or(bridge.odd).or(nameless).or(version.odd).or(plugins.odd);
        Ok(Answer { is, odd })
    }

    async fn plugins(&self) -> Result<Answer<Vec<Plugin>>, EngineError> {
        self.client
            .ask(ANSWER_TIMEOUT, |docker| async move { docker.list_plugins(None).await })
            .await?
            .items(MAX_LISTED)
    }

    /// All containers, in every state.
    pub(crate) async fn containers(&self) -> Result<Listed<EngineContainer>, EngineError> {
        let mut list = self.container_items(None).await?;
        list.is.retain(|item| !item.names.iter().any(|name| self.is_own(&item.id, Some(name))));
        list.is.retain(|item| !self.is_own(&item.id, None));
        self.inspect_each(list.map(ids), |id| async move { (self.container(&id).await, id) }).await
    }

    async fn container_items(&self, label: Option<&str>) -> Result<Answer<Vec<Item>>, EngineError> {
        let options = ListContainersOptionsBuilder::new().all(true).filters(&with_label(label)).build();
        let list = |docker: Docker| async move { docker.list_containers(Some(options)).await };
        let body = self.client.ask(ANSWER_TIMEOUT, list).await?;
        items(&body, |reported: ContainerSummary| {
            let names = reported.names.unwrap_or_default();
            Item {
                id: reported.id.unwrap_or_default(),
                names: names.iter().map(|name| name.trim_start_matches('/').to_owned()).collect(),
            }
        })
    }

    async fn inspection(&self, id: &str) -> Result<Body<ContainerInspectResponse>, EngineError> {
        askable(id)?;
        self.client.ask(INSPECTION_TIMEOUT, |docker| async move { docker.inspect_container(id, None).await }).await
    }

    /// One container.
    pub(crate) async fn container(&self, id: &str) -> Result<Inspected<EngineContainer>, EngineError> {
        let body = match self.inspection(id).await {
            Ok(body) => body,
            Err(error) if error.is_gone() => return Ok(Answer::default()),
            Err(error) => return Err(error),
        };
        let Answer { is, odd } = body.read()?.map(container::container);
        if is.container_id.is_empty() {
            return Err(odd.unwrap_or_else(|| body.undecodable("`Id` is missing")));
        }
        let is_own = self.is_own(&is.container_id, Some(&is.name));
        Ok(Answer { is: (!is_own).then(|| Arc::new(is)), odd })
    }

    /// All networks.
    pub(crate) async fn networks(&self) -> Result<Listed<EngineNetwork>, EngineError> {
        let body = self.client.ask(ANSWER_TIMEOUT, |docker| async move { docker.list_networks(None).await }).await?;
        let item = |reported: Network| Item { id: reported.id.unwrap_or_default(), names: Vec::new() };
        let list = items(&body, item)?.map(ids);
        drop(body);
        let mut listed = self.inspect_each(list, |id| async move { (self.network(&id).await, id) }).await?;
        // The engine lists them in another order each time.
        listed.found.sort_by(|a, b| a.network_id.cmp(&b.network_id));
        Ok(listed)
    }

    /// One network.
    pub(crate) async fn network(&self, id: &str) -> Result<Inspected<EngineNetwork>, EngineError> {
        askable(id)?;
        let inspect = |docker: Docker| async move { docker.inspect_network(id, None).await };
        let body = match self.client.ask(INSPECTION_TIMEOUT, inspect).await {
            Ok(body) => body,
            Err(error) if error.is_gone() => return Ok(Answer::default()),
            Err(error) => return Err(error),
        };
        let Answer { mut is, odd } = body.read()?.map(network::network);
        if is.network_id.is_empty() {
            return Err(odd.unwrap_or_else(|| body.undecodable("`Id` is missing")));
        }
        is.endpoints.retain(|endpoint| !self.is_own(&endpoint.owner, Some(&endpoint.name)));
        Ok(Answer { is: Some(Arc::new(is)), odd })
    }

    /// Inspects each, some at a time, in order, within [`LIST_TIMEOUT`] and [`MAX_LIST_BYTES`]. What cannot be inspected
    /// does not hide the others; an engine that is gone does.
    async fn inspect_each<T, F, R>(&self, list: Answer<Vec<String>>, inspect: F) -> Result<Listed<T>, EngineError>
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
                Ok(Answer { is, odd }) => {
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
        let address = self.endpoint().address.to_string();
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
    pub(crate) async fn swarm(&self) -> Result<Answer<Swarm>, EngineError> {
        let services = |docker: Docker| async move { docker.list_services(None::<ListServicesOptions>).await };
        let tasks = |docker: Docker| async move { docker.list_tasks(None::<ListTasksOptions>).await };
        let nodes = |docker: Docker| async move { docker.list_nodes(None::<ListNodesOptions>).await };
        let (services, tasks, nodes) = futures_util::future::try_join3(
            self.client.ask(ANSWER_TIMEOUT, services),
            self.client.ask(ANSWER_TIMEOUT, tasks),
            self.client.ask(ANSWER_TIMEOUT, nodes),
        )
        .await?;
        let services = services.items(MAX_LISTED)?.map(|list| list.into_iter().map(swarm::service).collect());
        let nodes = nodes.items(MAX_LISTED)?.map(|list| list.into_iter().map(swarm::node).collect());
        let addresses = tasks.items_beside::<swarm::TaskAddresses>(MAX_LISTED)?;
        let mut addresses_of: HashMap<_, _> =
            addresses.is.into_iter().filter_map(|reported| Some((reported.task_id.clone()?, reported))).collect();
        let tasks = tasks.items(MAX_LISTED)?.map(|list| {
            list.into_iter()
                .map(|reported| {
                    let addresses = reported.id.as_ref().and_then(|id| addresses_of.remove(id));
                    swarm::task(reported, addresses)
                })
                .collect()
        });
        let odd = services.odd.or(tasks.odd).or(addresses.odd).or(nodes.odd);
        Ok(Answer { is: Swarm { services: services.is, tasks: tasks.is, nodes: nodes.is }, odd })
    }

    /// What bears this label (`name` or `name=value`), as the helper container and its image do.
    pub(crate) async fn labelled(&self, label: &str) -> Result<Labelled, EngineError> {
        let containers = self.container_items(Some(label)).await?.is;
        let options = ListImagesOptionsBuilder::new().filters(&with_label(Some(label))).build();
        let list = |docker: Docker| async move { docker.list_images(Some(options)).await };
        let body = self.client.ask(ANSWER_TIMEOUT, list).await?;
        let images = items(&body, |reported: ImageSummary| Item { id: reported.id, names: reported.repo_tags })?.is;
        Ok(Labelled { containers, images })
    }

    /// The first process of a container of ours.
    pub(crate) async fn container_pid(&self, id: &str) -> Result<Option<u32>, EngineError> {
        let reported = self.inspection(id).await?.read()?.is;
        Ok(reported::number(reported.state.and_then(|state| state.pid)).filter(|pid| *pid != 0))
    }

    /// How the engine confines containers.
    pub(crate) async fn confinement(&self) -> Result<Confinement, EngineError> {
        let info = self.client.ask(ANSWER_TIMEOUT, |docker| async move { docker.info().await }).await?;
        let used = info.read()?.is.security_options.unwrap_or_default();
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

/// Filters for what bears a label; none: for everything.
fn with_label(label: Option<&str>) -> HashMap<&str, Vec<&str>> {
    label.map(|label| ("label", vec![label])).into_iter().collect()
}

/// What of a list has an id.
fn items<T: DeserializeOwned>(body: &Body<Vec<T>>, item: impl Fn(T) -> Item) -> Result<Answer<Vec<Item>>, EngineError> {
    let Answer { is, mut odd } = body.items(MAX_LISTED)?;
    let mut list: Vec<Item> = is.into_iter().map(item).collect();
    let count = list.len();
    list.retain(|item| is_id(&item.id));
    if list.len() < count && odd.is_none() {
        odd = Some(body.undecodable("`Id` is missing or makes no sense"));
    }
    Ok(Answer { is: list, odd })
}

fn ids(list: Vec<Item>) -> Vec<String> {
    list.into_iter().map(|item| item.id).collect()
}

/// Whether this can be part of a request's path. An image's id is `sha256:` and 64 digits.
fn is_id(id: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-:".contains(&byte);
    !id.is_empty() && id.len() <= MAX_ID_CHARS && id.bytes().all(is_plain)
}

/// An event may name anything.
fn askable(id: &str) -> Result<(), EngineError> {
    if is_id(id) {
        return Ok(());
    }
    Err(EngineError::Undecodable { request: "an event".to_owned(), detail: "its id makes no sense".to_owned() })
}
