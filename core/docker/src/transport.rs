//! What bollard's requests go over: its custom transport, and the one HTTP client of the program.
//!
//! Bollard has transports of its own, which cannot keep what is promised here (`tests/alone.rs` shows it in tests, and so
//! do `links.rs` of the collector and `engine_link.rs` of the whole program for the connections):
//!
//! - It reads an answer whole, however long that is, and builds of it whatever it becomes: `[{},{},…` a hundred times its
//!   length. Here an answer is read within bounds, and weighed before anything is built of it ([`Body`](crate::Body)).
//! - It decodes a list at once: one field that its types refuse loses the whole list. So it is not given the answer but an
//!   error ([`HandedOver`]), and the answer is decoded to its types by [`Body`](crate::Body), field by field where that
//!   is needed.
//! - An item of a stream is read until it ends, if it ends ([`Meter`]).
//! - Nothing asks a silent connection whether it still stands, ssh's own words are lost, and who is at the other end of a
//!   Unix socket is not told ([`Dialer`]).
//! - It puts no version into its requests.

use std::{
    collections::VecDeque,
    future::Future,
    io,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bollard::{BollardRequest, Docker, errors::Error as BollardError};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty, combinators::UnsyncBoxBody};
use hyper::{
    Method, Request, Response,
    body::Incoming,
    client::conn::http1::{self, SendRequest},
    header::{HOST, HeaderValue},
    http::request::Parts,
};
use hyper_util::rt::TokioIo;

use crate::{
    dial::{Dialer, Duplex, Opened, Peer},
    endpoint::{Address, Endpoint},
    error::EngineError,
    meter::{Meter, Metered},
};

/// The longest answer that is read. A list of 10,000 containers is half as long.
const MAX_ANSWER_BYTES: usize = 32 << 20;
/// The most that is held of all answers that are not decoded yet.
const MAX_UNDER_WAY_BYTES: usize = 64 << 20;
/// The longest refusal that is read.
const MAX_REFUSAL_BYTES: usize = 64 << 10;
/// The most of a refusal that is shown.
const MAX_REFUSAL_CHARS: usize = 300;
/// Until a connection stands.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The same over ssh, which may have to ask.
const SSH_TIMEOUT: Duration = Duration::from_secs(30);

/// What is sent with a request.
type Sent = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// The connections to one engine.
pub(crate) struct Transport {
    dialer: Dialer,
    idle: Mutex<VecDeque<SendRequest<Sent>>>,
    under_way_bytes: Arc<AtomicUsize>,
    peer: Mutex<Option<Peer>>,
    /// The API version, once agreed on.
    api: OnceLock<(u32, u32)>,
}

/// Who reads what is answered to a request. Without one it is bollard, and nobody counts: an attached container may say as
/// much as it likes.
#[derive(Clone)]
pub(crate) enum Reading {
    /// The transport, whole.
    Whole(Arc<Kept>),
    /// Bollard, item by item.
    Stream(Arc<Meter>),
}

impl Reading {
    /// Bollard, whose next request's answer is read so.
    pub(crate) fn of(self, docker: &Docker) -> Docker {
        docker.clone().with_request_modifier(move |mut request| {
            request.extensions_mut().insert(self.clone());
            request
        })
    }
}

/// Where an answer that was read whole is found.
#[derive(Default)]
pub(crate) struct Kept {
    request: OnceLock<String>,
    answer: Mutex<Option<Whole>>,
}

/// An answer, read whole.
pub(crate) struct Whole {
    /// Such as `GET /v1.41/info`.
    pub(crate) request: String,
    pub(crate) json: Vec<u8>,
    /// The newest API that the engine knows, if it says so.
    pub(crate) api_version: Option<String>,
    _share: Share,
}

impl Kept {
    /// The answer, if there is one.
    pub(crate) fn take(&self) -> Option<Whole> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// What was asked, if anything was.
    pub(crate) fn request(&self) -> String {
        self.request.get().cloned().unwrap_or_default()
    }
}

/// What an answer under way holds of what all may hold, given back when this is dropped.
struct Share {
    all: Arc<AtomicUsize>,
    bytes: usize,
}

impl Share {
    /// Takes more; false if that is too much.
    fn take(&mut self, bytes: usize) -> bool {
        self.bytes += bytes;
        self.all.fetch_add(bytes, Ordering::Relaxed) + bytes <= MAX_UNDER_WAY_BYTES
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.all.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// What bollard is told instead of an answer.
#[derive(Debug, thiserror::Error)]
#[error("the answer was read already")]
struct HandedOver;

impl Transport {
    /// Connects to nothing yet.
    pub(crate) fn new(endpoint: Endpoint) -> Result<Self, EngineError> {
        Ok(Self {
            dialer: Dialer::new(endpoint)?,
            idle: Mutex::default(),
            under_way_bytes: Arc::default(),
            peer: Mutex::default(),
            api: OnceLock::new(),
        })
    }

    /// Whom it talks to.
    pub(crate) const fn endpoint(&self) -> &Endpoint {
        self.dialer.endpoint()
    }

    /// Who is at the other end of a Unix socket, once connected.
    pub(crate) fn peer(&self) -> Option<Peer> {
        *self.peer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on every request is of this version of the API.
    pub(crate) fn speak(&self, api: (u32, u32)) {
        let _ = self.api.set(api);
    }

    /// The version agreed on, such as `1.41`.
    pub(crate) fn api_version(&self) -> Option<String> {
        self.api.get().map(|(major, minor)| format!("{major}.{minor}"))
    }

    /// What went wrong, as bollard has it, as ours.
    pub(crate) fn error(&self, request: &str, error: &BollardError) -> EngineError {
        let request = request.to_owned();
        match error {
            BollardError::IOError { err } => self.dialer.failed(err),
            BollardError::HyperResponseError { err } => self.dialer.failed(err),
            BollardError::DockerResponseServerError { status_code, message } => {
                EngineError::Refused { request, status: *status_code, message: one_line(message) }
            }
            BollardError::RequestTimeoutError => EngineError::Timeout {
                address: self.dialer.address(),
                request,
                seconds: crate::ANSWER_TIMEOUT.as_secs(),
            },
            // Its message may hold what the engine said, and with that a secret.
            BollardError::JsonDataError { column, .. } => EngineError::Undecodable {
                request,
                detail: format!("column {column} is of another type than documented"),
            },
            BollardError::JsonSerdeError { err } => EngineError::Undecodable { request, detail: err.to_string() },
            other => self.dialer.failed(other),
        }
    }

    /// An error with all that is known of why.
    pub(crate) async fn explained(&self, error: EngineError) -> EngineError {
        self.dialer.explained(error).await
    }

    /// Performs a request of bollard's.
    pub(crate) async fn perform(&self, request: BollardRequest) -> Result<Response<Incoming>, BollardError> {
        match self.performed(request).await {
            Ok(Some(response)) => Ok(response),
            Ok(None) => Err(io::Error::other(HandedOver).into()),
            Err(error) => Err(io::Error::other(self.explained(error).await).into()),
        }
    }

    /// None: the answer was read here.
    async fn performed(&self, request: BollardRequest) -> Result<Option<Response<Incoming>>, EngineError> {
        let (mut head, body) = request.into_parts();
        let version = self.api_version().map(|version| format!("/v{version}")).unwrap_or_default();
        let name = format!("{} {version}{}", head.method, head.uri.path());
        let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
        head.uri = format!("{version}{path}").parse().map_err(|_| self.impossible("the request has no path"))?;
        head.headers.insert(HOST, self.host_header()?);
        match head.extensions.remove::<Reading>() {
            Some(Reading::Whole(kept)) => {
                let _ = kept.request.set(name.clone());
                let whole = self.whole(&name, head, body.boxed_unsync()).await?;
                *kept.answer.lock().unwrap_or_else(PoisonError::into_inner) = Some(whole);
                Ok(None)
            }
            Some(Reading::Stream(meter)) => {
                let request = Request::from_parts(head, body.boxed_unsync());
                let response = self.answered(&name, request, Some(&meter)).await?;
                meter.begin(&name);
                Ok(Some(response))
            }
            None => self.answered(&name, Request::from_parts(head, body.boxed_unsync()), None).await.map(Some),
        }
    }

    /// An answer that somebody else reads, over a connection of its own, which may be upgraded.
    async fn answered(
        &self,
        name: &str,
        request: Request<Sent>,
        meter: Option<&Arc<Meter>>,
    ) -> Result<Response<Incoming>, EngineError> {
        let mut sender = self.connect(meter).await?;
        let response = sender.send_request(request).await.map_err(|error| self.dialer.failed(&error))?;
        let status = response.status();
        if status.is_success() || status.is_informational() || status.is_redirection() {
            return Ok(response);
        }
        Err(self.refused(name, status.as_u16(), response.into_body()).await)
    }

    async fn whole(&self, name: &str, head: Parts, body: Sent) -> Result<Whole, EngineError> {
        // A connection that was idle may have been closed meanwhile: then the request was not even sent. What changes
        // something is sent once, whatever becomes of it.
        while head.method == Method::GET
            && let Some(mut sender) = self.take_idle()
        {
            if sender.ready().await.is_ok() {
                let nothing = Empty::new().map_err(|never| match never {}).boxed_unsync();
                match sender.send_request(Request::from_parts(head.clone(), nothing)).await {
                    Ok(response) => return self.finish(name, sender, response).await,
                    Err(error) if error.is_canceled() || error.is_closed() || error.is_incomplete_message() => {}
                    Err(error) => return Err(self.dialer.failed(&error)),
                }
            }
        }
        let mut sender = self.connect(None).await?;
        let request = Request::from_parts(head, body);
        let response = sender.send_request(request).await.map_err(|error| self.dialer.failed(&error))?;
        self.finish(name, sender, response).await
    }

    async fn finish(
        &self,
        name: &str,
        sender: SendRequest<Sent>,
        response: Response<Incoming>,
    ) -> Result<Whole, EngineError> {
        let (head, body) = response.into_parts();
        if !head.status.is_success() {
            let refused = self.refused(name, head.status.as_u16(), body).await;
            // If its body was not read to its end, it is not ready for another request, and closed then.
            self.put_idle(sender);
            return Err(refused);
        }
        let mut share = self.share();
        let json = self.read(name, body, MAX_ANSWER_BYTES, &mut share).await?;
        self.put_idle(sender);
        let version = head.headers.get("api-version").and_then(|version| version.to_str().ok());
        Ok(Whole { request: name.to_owned(), json, api_version: version.map(str::to_owned), _share: share })
    }

    async fn read(
        &self,
        name: &str,
        mut body: Incoming,
        max_bytes: usize,
        share: &mut Share,
    ) -> Result<Vec<u8>, EngineError> {
        let too_long = |max_bytes| EngineError::TooLong { request: name.to_owned(), max_bytes };
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

    /// The engine's `{"message": …}` as an error of one line.
    async fn refused(&self, name: &str, status: u16, body: Incoming) -> EngineError {
        let bytes = self.read(name, body, MAX_REFUSAL_BYTES, &mut self.share()).await.unwrap_or_default();
        let message = serde_json::from_slice::<serde_json::Value>(&bytes)
            .ok()
            .and_then(|value| value.get("message")?.as_str().map(str::to_owned))
            .unwrap_or_else(|| String::from_utf8_lossy(&bytes).into_owned());
        EngineError::Refused { request: name.to_owned(), status, message: one_line(&message) }
    }

    /// Opens a connection, and drives it on a task of its own until either side closes it.
    async fn connect(&self, meter: Option<&Arc<Meter>>) -> Result<SendRequest<Sent>, EngineError> {
        let is_ssh = matches!(self.endpoint().address, Address::Ssh { .. });
        let limit = if is_ssh { SSH_TIMEOUT } else { CONNECT_TIMEOUT };
        let Opened { io, peer } = self.within(limit, self.dialer.open()).await?;
        if peer.is_some() {
            *self.peer.lock().unwrap_or_else(PoisonError::into_inner) = peer;
        }
        let io: Box<dyn Duplex> = match meter {
            None => io,
            Some(meter) => Box::new(Metered { io, meter: Arc::clone(meter) }),
        };
        let (sender, connection) =
            http1::handshake(TokioIo::new(io)).await.map_err(|error| self.dialer.failed(&error))?;
        tokio::spawn(async move {
            // Whoever waits for an answer is told of the same error.
            let _ = connection.with_upgrades().await;
        });
        Ok(sender)
    }

    async fn within<T>(
        &self,
        limit: Duration,
        opening: impl Future<Output = Result<T, EngineError>>,
    ) -> Result<T, EngineError> {
        tokio::time::timeout(limit, opening).await.unwrap_or_else(|_| {
            let (address, request) = (self.dialer.address(), "(connection)".to_owned());
            Err(EngineError::Timeout { address, request, seconds: limit.as_secs() })
        })
    }

    fn take_idle(&self) -> Option<SendRequest<Sent>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    fn put_idle(&self, sender: SendRequest<Sent>) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push_back(sender);
    }

    fn share(&self) -> Share {
        Share { all: Arc::clone(&self.under_way_bytes), bytes: 0 }
    }

    fn host_header(&self) -> Result<HeaderValue, EngineError> {
        HeaderValue::try_from(self.endpoint().address.host_header()).map_err(|error| self.dialer.failed(&error))
    }

    fn impossible(&self, detail: &str) -> EngineError {
        EngineError::Unreachable { address: self.dialer.address(), detail: detail.to_owned() }
    }
}

/// For a message of the engine's.
fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(MAX_REFUSAL_CHARS).collect()
}

#[cfg(any(test, fuzzing))]
impl Whole {
    /// As if it had been read.
    pub(crate) fn of(json: &[u8]) -> Self {
        let share = Share { all: Arc::default(), bytes: 0 };
        Self { request: "GET /".to_owned(), json: json.to_vec(), api_version: None, _share: share }
    }
}
