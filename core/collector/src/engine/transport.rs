//! Bytes to and from the engine.
//!
//! One HTTP/1.1 client over the connections that a [`Dialer`] opens. What is read is read here, with bounds of length
//! and time; bollard's typed requests, by which the helper container is made and removed, go over the same connections.

use std::{
    collections::VecDeque,
    future::Future,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::{
    Request, Response, Uri,
    body::{Body, Incoming},
    client::conn::http1::{self, SendRequest},
    header::{HOST, HeaderValue},
    http::response::Parts,
};
use hyper_util::rt::TokioIo;
use tokio::sync::Semaphore;

use super::{
    connection::{Dialer, Opened},
    daemon::Peer,
    error::EngineError,
};
use crate::endpoint::{Address, Endpoint};

/// The longest answer that is read. A list of 10,000 containers is half as long.
const MAX_ANSWER_BYTES: usize = 32 << 20;
/// The most that is held of all answers under way.
const MAX_UNDER_WAY_BYTES: usize = 64 << 20;
/// The longest refusal that is read.
const MAX_REFUSAL_BYTES: usize = 64 << 10;
/// So many requests are under way at once: an engine answers no faster with more.
const MAX_REQUESTS: usize = 8;
/// Until a connection stands.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The same over ssh, which may have to ask.
const SSH_TIMEOUT: Duration = Duration::from_secs(30);
/// Until an answer is there.
pub(super) const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// An HTTP client of one engine.
pub(crate) struct Transport {
    dialer: Dialer,
    idle: Mutex<VecDeque<SendRequest<Empty<Bytes>>>>,
    slots: Semaphore,
    under_way_bytes: AtomicUsize,
    peer: Mutex<Option<Peer>>,
}

/// What an answer under way holds of what all may hold, given back when this is dropped.
struct Share<'t> {
    all: &'t AtomicUsize,
    bytes: usize,
}

impl Share<'_> {
    /// Takes more; false if that is too much.
    fn take(&mut self, bytes: usize) -> bool {
        self.bytes += bytes;
        self.all.fetch_add(bytes, Ordering::Relaxed) + bytes <= MAX_UNDER_WAY_BYTES
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.all.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Transport {
    /// A client that has not connected yet.
    pub(crate) fn new(endpoint: Endpoint) -> Result<Self, EngineError> {
        Ok(Self {
            dialer: Dialer::new(endpoint)?,
            idle: Mutex::default(),
            slots: Semaphore::new(MAX_REQUESTS),
            under_way_bytes: AtomicUsize::new(0),
            peer: Mutex::default(),
        })
    }

    /// Whom it talks to.
    pub(crate) const fn endpoint(&self) -> &Endpoint {
        self.dialer.endpoint()
    }

    /// Who is at the other end of a Unix socket, once connected.
    pub(super) fn peer(&self) -> Option<Peer> {
        *self.peer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `GET path`, whole, within `limit`; what `read` makes of it, which is asked at once: however many answers are
    /// under way, one is decoded at a time.
    pub(super) async fn get<T>(
        &self,
        path: &str,
        limit: Duration,
        read: impl FnOnce(&[u8]) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let _slot = self.slots.acquire().await;
        self.bounded(limit, path, Box::pin(self.get_whole(path, |_, bytes| read(bytes)))).await
    }

    /// `GET /_ping`, which every engine answers at once, while it runs other programs before it tells its version: the
    /// newest API that it knows, if it says so.
    pub(crate) async fn ping(&self) -> Result<Option<String>, EngineError> {
        const PATH: &str = "/_ping";
        let read = |head: &Parts, _: &[u8]| {
            Ok(head.headers.get("api-version").and_then(|version| version.to_str().ok()).map(str::to_owned))
        };
        self.bounded(ANSWER_TIMEOUT, PATH, Box::pin(self.get_whole(PATH, read))).await
    }

    async fn get_whole<T>(
        &self,
        path: &str,
        read: impl FnOnce(&Parts, &[u8]) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        // A connection that was idle may have been closed meanwhile: then the request was not even sent.
        while let Some(mut sender) = self.take_idle() {
            if sender.ready().await.is_ok() {
                match sender.send_request(self.request(path)?).await {
                    Ok(response) => return self.finish(path, sender, response, read).await,
                    Err(error) if error.is_canceled() || error.is_closed() || error.is_incomplete_message() => {}
                    Err(error) => return Err(self.dialer.failed(&error)),
                }
            }
        }
        let mut sender = self.connect().await?;
        let response = sender.send_request(self.request(path)?).await.map_err(|error| self.dialer.failed(&error))?;
        self.finish(path, sender, response, read).await
    }

    async fn finish<T>(
        &self,
        path: &str,
        sender: SendRequest<Empty<Bytes>>,
        response: Response<Incoming>,
        read: impl FnOnce(&Parts, &[u8]) -> Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        let (head, body) = response.into_parts();
        if !head.status.is_success() {
            let refused = self.refused(path, head.status.as_u16(), body).await;
            // If its body was not read to its end, it is not ready for another request, and closed then.
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push_back(sender);
            return Err(refused);
        }
        let mut share = Share { all: &self.under_way_bytes, bytes: 0 };
        let bytes = self.whole(path, body, MAX_ANSWER_BYTES, &mut share).await?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push_back(sender);
        read(&head, &bytes)
    }

    async fn whole(
        &self,
        path: &str,
        mut body: Incoming,
        max_bytes: usize,
        share: &mut Share<'_>,
    ) -> Result<Vec<u8>, EngineError> {
        let too_long = |max_bytes| EngineError::TooLong { request: format!("GET {path}"), max_bytes };
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| self.dialer.failed(&error))?;
            let Some(data) = frame.data_ref() else { continue };
            if bytes.len() + data.len() > max_bytes {
                return Err(too_long(max_bytes));
            }
            if !share.take(data.len()) {
                return Err(too_long(MAX_UNDER_WAY_BYTES));
            }
            bytes.extend_from_slice(data);
        }
        Ok(bytes)
    }

    /// `GET path`, the answer's body as it comes.
    pub(crate) async fn stream(&self, path: &str) -> Result<Incoming, EngineError> {
        let answer = async {
            let mut sender = self.connect().await?;
            let response =
                sender.send_request(self.request(path)?).await.map_err(|error| self.dialer.failed(&error))?;
            let status = response.status();
            if status.is_success() {
                return Ok(response.into_body());
            }
            Err(self.refused(path, status.as_u16(), response.into_body()).await)
        };
        self.bounded(ANSWER_TIMEOUT, path, Box::pin(answer)).await
    }

    /// The engine's `{"message": …}` as an error of one line.
    async fn refused(&self, path: &str, status: u16, body: Incoming) -> EngineError {
        let mut share = Share { all: &self.under_way_bytes, bytes: 0 };
        let bytes = self.whole(path, body, MAX_REFUSAL_BYTES, &mut share).await.unwrap_or_default();
        let message = serde_json::from_slice::<serde_json::Value>(&bytes)
            .ok()
            .and_then(|value| value.get("message")?.as_str().map(str::to_owned))
            .unwrap_or_else(|| String::from_utf8_lossy(&bytes).into_owned());
        let message = message.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect();
        EngineError::Refused { request: format!("GET {path}"), status, message }
    }

    /// Sends a request that somebody else made, on a connection of its own, which may be upgraded.
    pub(crate) async fn send<B>(&self, mut request: Request<B>) -> Result<Response<Incoming>, EngineError>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let uri = path.parse().map_err(|_| self.impossible("the request has no path"))?;
        *request.uri_mut() = uri;
        request.headers_mut().insert(HOST, self.host_header()?);
        let mut sender = self.connect().await?;
        match sender.send_request(request).await {
            Ok(response) => Ok(response),
            Err(error) => Err(self.dialer.explained(self.dialer.failed(&error)).await),
        }
    }

    /// An error that came later, with all that is known of why.
    pub(super) async fn explained(&self, error: EngineError) -> EngineError {
        self.dialer.explained(error).await
    }

    /// What went wrong with a connection.
    pub(super) fn failed(&self, error: &(dyn std::error::Error + 'static)) -> EngineError {
        self.dialer.failed(error)
    }

    /// Opens a connection, and drives it on a task of its own until either side closes it.
    async fn connect<B>(&self) -> Result<SendRequest<B>, EngineError>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let is_ssh = matches!(self.endpoint().address, Address::Ssh { .. });
        let limit = if is_ssh { SSH_TIMEOUT } else { CONNECT_TIMEOUT };
        let Opened { io, peer } = self.bounded(limit, "(connection)", self.dialer.open()).await?;
        if peer.is_some() {
            *self.peer.lock().unwrap_or_else(PoisonError::into_inner) = peer;
        }
        let (sender, connection) =
            http1::handshake::<_, B>(TokioIo::new(io)).await.map_err(|error| self.dialer.failed(&error))?;
        tokio::spawn(async move {
            // Whoever waits for an answer is told of the same error.
            let _ = connection.with_upgrades().await;
        });
        Ok(sender)
    }

    fn take_idle(&self) -> Option<SendRequest<Empty<Bytes>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    fn request(&self, path: &str) -> Result<Request<Empty<Bytes>>, EngineError> {
        let uri: Uri = path.parse().map_err(|_| self.impossible("the request has no path"))?;
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = uri;
        request.headers_mut().insert(HOST, self.host_header()?);
        Ok(request)
    }

    fn host_header(&self) -> Result<HeaderValue, EngineError> {
        HeaderValue::try_from(self.endpoint().address.host_header()).map_err(|error| self.dialer.failed(&error))
    }

    async fn bounded<T>(
        &self,
        limit: Duration,
        request: &str,
        answer: impl Future<Output = Result<T, EngineError>>,
    ) -> Result<T, EngineError> {
        let error = match tokio::time::timeout(limit, answer).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => error,
            Err(_) => EngineError::Timeout {
                address: self.dialer.address(),
                request: request.to_owned(),
                seconds: limit.as_secs(),
            },
        };
        Err(self.dialer.explained(error).await)
    }

    fn impossible(&self, detail: &str) -> EngineError {
        EngineError::Unreachable { address: self.dialer.address(), detail: detail.to_owned() }
    }
}
