//! Opening byte streams to the engine: a Unix socket, TCP, TLS, or the standard streams of
//! `ssh HOST docker system dial-stdio`, as the docker client does it.
//!
//! A link that has died without a word (a pulled cable, a machine that was switched off) is noticed within 30 seconds:
//! the kernel asks over TCP, ssh asks over its own connection.

use std::{
    error::Error,
    io,
    process::Stdio,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rustix::net::sockopt;
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
    process::Command,
    task::JoinHandle,
};
use tokio_rustls::TlsConnector;

use crate::{
    endpoint::{Address, Endpoint},
    error::EngineError,
    tls,
    words::LastWords,
};

/// An idle TCP connection is asked after so long whether it still stands …
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);
/// … then so often …
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
/// … and given up when this many questions had no answer: after 20 seconds.
const KEEPALIVE_COUNT: u32 = 2;
/// How long what was sent may stay unacknowledged, in milliseconds.
const USER_TIMEOUT_MS: u32 = 20_000;
/// The same for ssh, whose third unanswered question would be one too many: given up after 24 seconds.
const SSH_KEEPALIVE: [&str; 4] = ["-o", "ServerAliveInterval=8", "-o", "ServerAliveCountMax=2"];
/// How long an ssh that has failed may take to say why.
const LAST_WORDS_TIMEOUT: Duration = Duration::from_millis(500);

/// A stream of bytes in both directions.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// Opens connections to one endpoint.
pub(crate) struct Dialer {
    endpoint: Endpoint,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    ssh: Mutex<Option<Ssh>>,
}

/// An open connection.
pub(crate) struct Opened {
    pub(crate) io: Box<dyn Duplex>,
    /// Who is at the other end of a Unix socket.
    pub(crate) peer: Option<Peer>,
}

/// Who is at the other end of a Unix socket (`SO_PEERCRED`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its process, as this PID namespace numbers it; 0: it has no number here.
    pub pid: u32,
    /// Its user.
    pub uid: u32,
}

/// The ssh that was started last.
struct Ssh {
    words: LastWords,
    ended: JoinHandle<()>,
}

impl Dialer {
    pub(crate) fn new(endpoint: Endpoint) -> Result<Self, EngineError> {
        let tls = match (&endpoint.tls, &endpoint.address) {
            (Some(tls), Address::Tcp { host, .. }) => {
                let wrong = |detail| EngineError::Tls { address: endpoint.address.to_string(), detail };
                let name = ServerName::try_from(host.clone()).map_err(|error| wrong(error.to_string()))?;
                Some((tls::connector(tls).map_err(wrong)?, name))
            }
            _ => None,
        };
        Ok(Self { endpoint, tls, ssh: Mutex::default() })
    }

    pub(crate) const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    pub(crate) fn address(&self) -> String {
        self.endpoint.address.to_string()
    }

    pub(crate) async fn open(&self) -> Result<Opened, EngineError> {
        match &self.endpoint.address {
            Address::Unix(path) => {
                let stream = UnixStream::connect(path).await.map_err(|error| match error.kind() {
                    io::ErrorKind::NotFound => EngineError::NoSocket { path: path.clone() },
                    io::ErrorKind::PermissionDenied => EngineError::SocketPermission { path: path.clone() },
                    _ => self.failed(&error),
                })?;
                let peer = stream.peer_cred().ok().map(|peer| Peer {
                    pid: peer.pid().and_then(|pid| u32::try_from(pid).ok()).unwrap_or(0),
                    uid: peer.uid(),
                });
                Ok(Opened { io: Box::new(stream), peer })
            }
            Address::Tcp { host, port } => {
                let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(|error| self.failed(&error))?;
                let _ = stream.set_nodelay(true);
                keep_alive(&stream).map_err(|error| self.failed(&error))?;
                let io: Box<dyn Duplex> = match &self.tls {
                    None => Box::new(stream),
                    Some((connector, name)) => {
                        Box::new(connector.connect(name.clone(), stream).await.map_err(|error| self.failed(&error))?)
                    }
                };
                Ok(Opened { io, peer: None })
            }
            Address::Ssh { user, host, port, path } => {
                let mut command = Command::new("ssh");
                command.args(["-T", "-o", "ConnectTimeout=20"]).args(SSH_KEEPALIVE);
                if let Some(user) = user {
                    command.args(["-l", user]);
                }
                if let Some(port) = port {
                    command.args(["-p", &port.to_string()]);
                }
                command.args(["--", host, "docker"]);
                if let Some(path) = path {
                    command.args(["--host", &format!("unix://{path}")]);
                }
                command.args(["system", "dial-stdio"]);
                let io = self.start_ssh(command).map_err(|detail| EngineError::Unreachable {
                    address: self.address(),
                    detail: format!("ssh: {detail}"),
                })?;
                Ok(Opened { io, peer: None })
            }
        }
    }

    fn start_ssh(&self, mut command: Command) -> Result<Box<dyn Duplex>, String> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        let (Some(output), Some(input), Some(errors)) = (child.stdout.take(), child.stdin.take(), child.stderr.take())
        else {
            return Err("it has no standard streams".to_owned());
        };
        let words = LastWords::default();
        let reading = words.follow(errors);
        let ended = tokio::spawn(async move {
            let _ = child.wait().await;
            let _ = reading.await;
        });
        *self.ssh.lock().unwrap_or_else(PoisonError::into_inner) = Some(Ssh { words, ended });
        Ok(Box::new(tokio::io::join(output, input)))
    }

    /// What went wrong with a connection, with all that is known of why.
    pub(crate) fn failed(&self, error: &(dyn Error + 'static)) -> EngineError {
        // Ours, on its way through somebody else's.
        if let Some(error) = cause::<EngineError>(error) {
            return error.clone();
        }
        let address = self.address();
        if let Some(error) = cause::<rustls::Error>(error) {
            return EngineError::Tls { address, detail: error.to_string() };
        }
        EngineError::Unreachable { address, detail: whole(error) }
    }

    /// The same error, with what ssh itself says of it, if ssh it is and says something.
    pub(crate) async fn explained(&self, error: EngineError) -> EngineError {
        let detail = match &error {
            EngineError::Unreachable { detail, .. } => detail.clone(),
            EngineError::Timeout { request, seconds, .. } => format!("{request}: no answer within {seconds} s"),
            _ => return error,
        };
        match self.ssh_words().await {
            // Said already, or nothing to say.
            words if words.is_empty() || detail.contains(&words) => error,
            words => EngineError::Unreachable { address: self.address(), detail: format!("{detail}; ssh: {words}") },
        }
    }

    async fn ssh_words(&self) -> String {
        let until = tokio::time::Instant::now() + LAST_WORDS_TIMEOUT;
        loop {
            let (words, has_ended) = match &*self.ssh.lock().unwrap_or_else(PoisonError::into_inner) {
                Some(ssh) => (ssh.words.line(), ssh.ended.is_finished()),
                None => return String::new(),
            };
            if has_ended || tokio::time::Instant::now() > until {
                return words;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Has the kernel ask the other end whether it is still there.
fn keep_alive(stream: &TcpStream) -> io::Result<()> {
    sockopt::set_socket_keepalive(stream, true)?;
    sockopt::set_tcp_keepidle(stream, KEEPALIVE_IDLE)?;
    sockopt::set_tcp_keepintvl(stream, KEEPALIVE_INTERVAL)?;
    sockopt::set_tcp_keepcnt(stream, KEEPALIVE_COUNT)?;
    sockopt::set_tcp_user_timeout(stream, USER_TIMEOUT_MS)?;
    Ok(())
}

/// Every error of the chain below `error`, itself first. What an [`io::Error`] wraps is not its source but itself.
fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| {
        let error: &'e (dyn Error + 'static) = *error;
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        }
    })
}

fn cause<'e, E: Error + 'static>(error: &'e (dyn Error + 'static)) -> Option<&'e E> {
    chain(error).find_map(|error| error.downcast_ref())
}

/// An error with its causes, in one line: `connection error: Connection reset by peer (os error 104)`.
fn whole(error: &(dyn Error + 'static)) -> String {
    let mut text = String::new();
    for part in chain(error).map(ToString::to_string) {
        if !text.contains(&part) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&part);
        }
    }
    text
}
