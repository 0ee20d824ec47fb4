//! An engine that is asked through bollard.

use std::{future::Future, sync::Arc, time::Duration};

use bollard::{API_DEFAULT_VERSION, BollardRequest, Docker, errors::Error, query_parameters::EventsOptions};
use tokio::sync::Semaphore;

use crate::{
    answer::Body,
    dial::Peer,
    endpoint::Endpoint,
    error::EngineError,
    events::Events,
    transport::{Kept, Reading, Transport},
};

/// The oldest API that is understood: Docker 20.10.
const OLDEST_API: (u32, u32) = (1, 41);
/// The newest API that is asked for: Docker 29.
const NEWEST_API: (u32, u32) = (1, 52);
/// So many answers are under way at once: an engine answers no faster with more.
const MAX_REQUESTS: usize = 8;
/// Until an answer is there.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// An engine that answered, with the API version agreed on.
pub struct Client {
    docker: Docker,
    transport: Arc<Transport>,
    slots: Semaphore,
}

impl Client {
    /// Connects, and agrees on a version: the newest that both know.
    ///
    /// # Errors
    /// It cannot be reached, is too old, or is no engine.
    pub async fn connect(endpoint: Endpoint) -> Result<Self, EngineError> {
        let transport = Arc::new(Transport::new(endpoint)?);
        let below = Arc::clone(&transport);
        let perform = move |request: BollardRequest| {
            let transport = Arc::clone(&below);
            async move { transport.perform(request).await }
        };
        let seconds = ANSWER_TIMEOUT.as_secs();
        // The transport sends everything to its own engine, and puts the version in; bollard wants something to name.
        let docker =
            Docker::connect_with_custom_transport(perform, Some("http://docker"), seconds, API_DEFAULT_VERSION)
                .map_err(|error| transport.error("(connection)", &error))?;
        let client = Self { docker, transport, slots: Semaphore::new(MAX_REQUESTS) };
        client.agree().await?;
        Ok(client)
    }

    /// Every engine answers a ping at once, while it runs other programs before it tells its version.
    async fn agree(&self) -> Result<(), EngineError> {
        let theirs = match self.ask(ANSWER_TIMEOUT, |docker| async move { docker.ping().await }).await {
            Ok(body) => body.api_version().map(str::to_owned),
            // Not every engine, nor every proxy before one, has it.
            Err(EngineError::Refused { .. }) => None,
            Err(error) => return Err(error),
        };
        let theirs = match theirs {
            Some(theirs) => theirs,
            None => {
                let version = self.ask(ANSWER_TIMEOUT, |docker| async move { docker.version().await }).await?;
                let theirs = version.read()?.is.api_version;
                theirs.ok_or_else(|| version.undecodable("it names no API version"))?
            }
        };
        let api = parse_version(&theirs).ok_or_else(|| EngineError::Undecodable {
            request: "its API version".to_owned(),
            detail: theirs.chars().take(40).collect(),
        })?;
        if api < OLDEST_API {
            return Err(EngineError::TooOld { address: self.endpoint().address.to_string(), version: theirs });
        }
        self.transport.speak(api.min(NEWEST_API));
        Ok(())
    }

    /// Whom it asks.
    pub fn endpoint(&self) -> &Endpoint {
        self.transport.endpoint()
    }

    /// Who is at the other end of a Unix socket.
    pub fn peer(&self) -> Option<Peer> {
        self.transport.peer()
    }

    /// The API version agreed on, such as `1.41`.
    pub fn api_version(&self) -> String {
        self.transport.api_version().unwrap_or_default()
    }

    /// Makes a request of bollard's (`|docker| async move { docker.info().await }`) and has its answer whole, within
    /// `limit`.
    ///
    /// # Errors
    /// The engine refuses, answers too much, too late or not at all. Whether it answers sense is told by the [`Body`].
    pub async fn ask<R, F>(&self, limit: Duration, request: impl FnOnce(Docker) -> F) -> Result<Body<R>, EngineError>
    where
        F: Future<Output = Result<R, Error>>,
    {
        let _slot = self.slots.acquire().await;
        let kept = Arc::new(Kept::default());
        let answered = Box::pin(request(Reading::Whole(Arc::clone(&kept)).of(&self.docker)));
        let answered = tokio::time::timeout(limit, answered).await;
        // Bollard has nothing but an error then, as it was not given the answer.
        if let Some(whole) = kept.take() {
            return Ok(Body::new(whole));
        }
        let request = kept.request();
        match answered {
            Ok(Err(error)) => Err(self.error(&error).await),
            Ok(Ok(_)) => Err(EngineError::Undecodable { request, detail: "nothing was asked".to_owned() }),
            Err(_) => {
                let address = self.endpoint().address.to_string();
                let error = EngineError::Timeout { address, request, seconds: limit.as_secs() };
                Err(self.transport.explained(error).await)
            }
        }
    }

    /// Subscribes to events.
    ///
    /// # Errors
    /// The engine refuses, or does not answer.
    pub async fn events(&self, options: EventsOptions) -> Result<Events, EngineError> {
        let subscribed = Events::subscribe(&self.docker, Arc::clone(&self.transport), options);
        match tokio::time::timeout(ANSWER_TIMEOUT, Box::pin(subscribed)).await {
            Ok(subscribed) => subscribed,
            Err(_) => {
                let error = EngineError::Timeout {
                    address: self.endpoint().address.to_string(),
                    request: "(events)".to_owned(),
                    seconds: ANSWER_TIMEOUT.as_secs(),
                };
                Err(self.transport.explained(error).await)
            }
        }
    }

    /// Bollard over the same connections, for what is no answer to be read whole: making, starting, attaching, removing.
    pub const fn docker(&self) -> &Docker {
        &self.docker
    }

    /// What [`Self::docker`] says as ours.
    pub async fn error(&self, error: &Error) -> EngineError {
        self.transport.explained(self.transport.error("a request", error)).await
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("endpoint", self.endpoint()).finish_non_exhaustive()
    }
}

fn parse_version(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
