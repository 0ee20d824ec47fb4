//! Bytes to and from the engine.
//!
//! One HTTP/1.1 client over a Unix socket, TCP, TLS, or the standard streams of `ssh HOST docker system dial-stdio` (as
//! the docker client does it). What is read is read here, with a bound; bollard's typed requests, by which the helper
//! container is made and removed, go over the same connections.

use std::{
    collections::VecDeque,
    future::Future,
    io,
    process::Stdio,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, LengthLimitError, Limited};
use hyper::{
    Request, Response, Uri,
    body::{Body, Incoming},
    client::conn::http1::{self, SendRequest},
    header::{HOST, HeaderValue},
};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
    process::Command,
    sync::Semaphore,
};
use tokio_rustls::TlsConnector;

use super::{error::EngineError, tls};
use crate::endpoint::{Address, Endpoint};

/// The longest answer that is read.
const MAX_ANSWER_BYTES: usize = 64 << 20;
/// So many requests are under way at once: an engine answers no faster with more.
const MAX_REQUESTS: usize = 8;
/// Until a connection stands.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The same over ssh, which may have to ask.
const SSH_TIMEOUT: Duration = Duration::from_secs(30);
/// Until an answer is there: 20.10 lets an inspection wait while the container starts.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// An HTTP client of one engine.
pub(crate) struct Transport {
    endpoint: Endpoint,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    idle: Mutex<VecDeque<SendRequest<Empty<Bytes>>>>,
    slots: Semaphore,
    peer_pid: AtomicU32,
}

impl Transport {
    /// A client that has not connected yet.
    pub(crate) fn new(endpoint: Endpoint) -> Result<Self, EngineError> {
        let tls = match (&endpoint.tls, &endpoint.address) {
            (Some(tls), Address::Tcp { host, .. }) => {
                let wrong = |detail| EngineError::Tls { address: endpoint.address.to_string(), detail };
                let name = ServerName::try_from(host.clone()).map_err(|error| wrong(error.to_string()))?;
                Some((tls::connector(tls).map_err(wrong)?, name))
            }
            _ => None,
        };
        Ok(Self {
            endpoint,
            tls,
            idle: Mutex::default(),
            slots: Semaphore::new(MAX_REQUESTS),
            peer_pid: AtomicU32::new(0),
        })
    }

    /// Whom it talks to.
    pub(crate) const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The process at the other end of a Unix socket, as this PID namespace numbers it (`SO_PEERCRED`), once connected.
    pub(crate) fn peer_pid(&self) -> Option<u32> {
        Some(self.peer_pid.load(Ordering::Relaxed)).filter(|pid| *pid != 0)
    }

    /// `GET path`, whole; the JSON of its answer.
    pub(crate) async fn get(&self, path: &str) -> Result<serde_json::Value, EngineError> {
        let named = || format!("GET {path}");
        let _slot = self.slots.acquire().await;
        let answer = self.bounded(ANSWER_TIMEOUT, path, Box::pin(self.get_whole(path))).await?;
        serde_json::from_slice(answer.body())
            .map_err(|error| EngineError::Undecodable { request: named(), detail: error.to_string() })
    }

    /// `GET /_ping`, which every engine answers at once, while it runs other programs before it tells its version: the
    /// newest API that it knows, if it says so.
    pub(crate) async fn ping(&self) -> Result<Option<String>, EngineError> {
        const PATH: &str = "/_ping";
        let answer = self.bounded(ANSWER_TIMEOUT, PATH, Box::pin(self.get_whole(PATH))).await?;
        Ok(answer.headers().get("api-version").and_then(|version| version.to_str().ok()).map(str::to_owned))
    }

    async fn get_whole(&self, path: &str) -> Result<Response<Bytes>, EngineError> {
        // A connection that was idle may have been closed meanwhile: then the request was not even sent.
        while let Some(mut sender) = self.take_idle() {
            if sender.ready().await.is_ok() {
                match sender.send_request(self.request(path)?).await {
                    Ok(response) => return self.finish(path, sender, response).await,
                    Err(error) if error.is_canceled() || error.is_closed() || error.is_incomplete_message() => {}
                    Err(error) => return Err(self.unreachable(&error)),
                }
            }
        }
        let mut sender = self.connect().await?;
        let response = sender.send_request(self.request(path)?).await.map_err(|error| self.unreachable(&error))?;
        self.finish(path, sender, response).await
    }

    async fn finish(
        &self,
        path: &str,
        sender: SendRequest<Empty<Bytes>>,
        response: Response<Incoming>,
    ) -> Result<Response<Bytes>, EngineError> {
        let (head, body) = response.into_parts();
        let status = head.status;
        let body = Limited::new(body, MAX_ANSWER_BYTES).collect().await.map_err(|error| {
            if error.downcast_ref::<LengthLimitError>().is_some() {
                EngineError::TooLong { request: format!("GET {path}"), max_bytes: MAX_ANSWER_BYTES }
            } else {
                self.unreachable(&error)
            }
        })?;
        let bytes = body.to_bytes();
        if !status.is_success() {
            return Err(refused(path, status.as_u16(), &bytes));
        }
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push_back(sender);
        Ok(Response::from_parts(head, bytes))
    }

    /// `GET path`, the answer's body as it comes.
    pub(crate) async fn stream(&self, path: &str) -> Result<Incoming, EngineError> {
        let response = self.bounded(ANSWER_TIMEOUT, path, async {
            let mut sender = self.connect().await?;
            sender.send_request(self.request(path)?).await.map_err(|error| self.unreachable(&error))
        });
        let response = response.await?;
        let status = response.status();
        if status.is_success() {
            return Ok(response.into_body());
        }
        let body = Limited::new(response.into_body(), MAX_ANSWER_BYTES).collect().await;
        let bytes = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        Err(refused(path, status.as_u16(), &bytes))
    }

    /// Sends a request that somebody else made, on a connection of its own, which may be upgraded.
    pub(crate) async fn send<B>(&self, mut request: Request<B>) -> Result<Response<Incoming>, EngineError>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let uri = path.parse().map_err(|_| self.unreachable(&"the request has no path"))?;
        *request.uri_mut() = uri;
        request.headers_mut().insert(HOST, self.host_header()?);
        let mut sender = self.connect().await?;
        sender.send_request(request).await.map_err(|error| self.unreachable(&error))
    }

    /// Opens a connection, and drives it on a task of its own until either side closes it.
    async fn connect<B>(&self) -> Result<SendRequest<B>, EngineError>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let limit = if matches!(self.endpoint.address, Address::Ssh { .. }) { SSH_TIMEOUT } else { CONNECT_TIMEOUT };
        let io = self.bounded(limit, "(connection)", self.open()).await?;
        let (sender, connection) =
            http1::handshake::<_, B>(TokioIo::new(io)).await.map_err(|error| self.unreachable(&error))?;
        tokio::spawn(async move {
            // Whoever waits for an answer is told of the same error.
            let _ = connection.with_upgrades().await;
        });
        Ok(sender)
    }

    async fn open(&self) -> Result<Box<dyn Duplex>, EngineError> {
        match &self.endpoint.address {
            Address::Unix(path) => {
                let stream = UnixStream::connect(path).await.map_err(|error| match error.kind() {
                    io::ErrorKind::NotFound => EngineError::NoSocket { path: path.clone() },
                    io::ErrorKind::PermissionDenied => EngineError::SocketPermission { path: path.clone() },
                    _ => self.unreachable(&error),
                })?;
                let pid = stream.peer_cred().ok().and_then(|peer| peer.pid()).and_then(|pid| u32::try_from(pid).ok());
                self.peer_pid.store(pid.unwrap_or(0), Ordering::Relaxed);
                Ok(Box::new(stream))
            }
            Address::Tcp { host, port } => {
                let stream =
                    TcpStream::connect((host.as_str(), *port)).await.map_err(|error| self.unreachable(&error))?;
                let _ = stream.set_nodelay(true);
                match &self.tls {
                    None => Ok(Box::new(stream)),
                    Some((connector, name)) => {
                        let stream = connector
                            .connect(name.clone(), stream)
                            .await
                            .map_err(|error| EngineError::Tls { address: self.address(), detail: error.to_string() })?;
                        Ok(Box::new(stream))
                    }
                }
            }
            Address::Ssh { destination, port } => {
                let mut command = Command::new("ssh");
                command.args(["-T", "-o", "ConnectTimeout=20"]);
                if let Some(port) = port {
                    command.args(["-p", &port.to_string()]);
                }
                command.args(["--", destination, "docker", "system", "dial-stdio"]);
                command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
                let mut child = command.spawn().map_err(|error| EngineError::Unreachable {
                    address: self.address(),
                    detail: format!("ssh: {error}"),
                })?;
                let (Some(output), Some(input)) = (child.stdout.take(), child.stdin.take()) else {
                    return Err(self.unreachable(&"ssh has no standard streams"));
                };
                tokio::spawn(async move { child.wait().await });
                Ok(Box::new(tokio::io::join(output, input)))
            }
        }
    }

    fn take_idle(&self) -> Option<SendRequest<Empty<Bytes>>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }

    fn request(&self, path: &str) -> Result<Request<Empty<Bytes>>, EngineError> {
        let uri: Uri = path.parse().map_err(|_| self.unreachable(&"the request has no path"))?;
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = uri;
        request.headers_mut().insert(HOST, self.host_header()?);
        Ok(request)
    }

    fn host_header(&self) -> Result<HeaderValue, EngineError> {
        HeaderValue::try_from(self.endpoint.address.host_header()).map_err(|error| self.unreachable(&error))
    }

    async fn bounded<T>(
        &self,
        limit: Duration,
        request: &str,
        answer: impl Future<Output = Result<T, EngineError>>,
    ) -> Result<T, EngineError> {
        tokio::time::timeout(limit, answer).await.unwrap_or_else(|_| {
            Err(EngineError::Timeout { address: self.address(), request: request.to_owned(), seconds: limit.as_secs() })
        })
    }

    fn address(&self) -> String {
        self.endpoint.address.to_string()
    }

    fn unreachable(&self, detail: &dyn std::fmt::Display) -> EngineError {
        EngineError::Unreachable { address: self.address(), detail: detail.to_string() }
    }
}

/// The engine's `{"message": …}` as an error of one line.
fn refused(path: &str, status: u16, body: &[u8]) -> EngineError {
    let message = serde_json::from_slice::<serde_json::Value>(body)
        .ok()
        .and_then(|value| value.get("message")?.as_str().map(str::to_owned))
        .unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect();
    EngineError::Refused { request: format!("GET {path}"), status, message }
}
