//! Where an engine listens.

use std::{fmt, path::PathBuf};

use super::EndpointError;

/// An engine's address, as after `-H` of the docker client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A socket in the file system.
    Unix(PathBuf),
    /// A port of a host.
    Tcp {
        /// Its name or address, without brackets.
        host: String,
        /// The port; 0: the usual one (2375, with TLS 2376).
        port: u16,
    },
    /// A host reached by the program `ssh`, on which the docker client then connects to the engine.
    Ssh {
        /// `user@host` or `host`.
        destination: String,
        /// If another than the usual one.
        port: Option<u16>,
    },
}

impl Address {
    /// Where the docker client looks if nobody says anything.
    pub const DEFAULT: &str = "unix:///var/run/docker.sock";

    /// Reads `unix://…`, `tcp://…`, `http://…`, `https://…`, `ssh://…` or a bare `host:port`; and whether it asks for
    /// TLS.
    pub(super) fn parse(text: &str) -> Result<(Self, bool), EndpointError> {
        let wrong =
            |detail: &str| EndpointError::Address { address: text.chars().take(200).collect(), detail: detail.into() };
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").unwrap_or(("tcp", text));
        match scheme {
            "unix" if rest.starts_with('/') => Ok((Self::Unix(rest.into()), false)),
            "unix" => Err(wrong("a socket's path begins with /")),
            "tcp" | "http" | "https" => {
                let authority = rest.split('/').next().unwrap_or_default();
                let (host, port) = split_port(authority).ok_or_else(|| wrong("its port is no number"))?;
                let host = if host.is_empty() { "localhost" } else { host };
                if host.chars().any(|character| character.is_control() || character.is_whitespace()) {
                    return Err(wrong("its host is no name"));
                }
                Ok((Self::Tcp { host: host.to_owned(), port: port.unwrap_or(0) }, scheme == "https"))
            }
            "ssh" => {
                let authority = rest.split('/').next().unwrap_or_default();
                let (destination, port) = split_port(authority).ok_or_else(|| wrong("its port is no number"))?;
                // A destination that begins with a dash would be an option to ssh.
                if destination.is_empty() || destination.starts_with('-') {
                    return Err(wrong("its host is no name"));
                }
                Ok((Self::Ssh { destination: destination.to_owned(), port }, false))
            }
            _ => Err(wrong("this scheme is not known on Linux")),
        }
    }

    /// The same with the usual port where none was given.
    pub(super) fn with_default_port(self, has_tls: bool) -> Self {
        match self {
            Self::Tcp { host, port: 0 } => Self::Tcp { host, port: if has_tls { 2376 } else { 2375 } },
            other => other,
        }
    }

    /// The value of HTTP's `Host`.
    pub(crate) fn host_header(&self) -> String {
        match self {
            Self::Tcp { host, port } if host.contains(':') => format!("[{host}]:{port}"),
            Self::Tcp { host, port } => format!("{host}:{port}"),
            Self::Unix(_) | Self::Ssh { .. } => "docker".to_owned(),
        }
    }
}

/// `host:port`, `[v6]:port`, `host`, `:port`; none if the port is no number.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    if let Some((host, rest)) = authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return match rest.strip_prefix(':') {
            Some(port) => port.parse().ok().map(|port| (host, Some(port))),
            None if rest.is_empty() => Some((host, None)),
            None => None,
        };
    }
    match authority.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') => port.parse().ok().map(|port| (host, Some(port))),
        _ => Some((authority, None)),
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp { .. } => write!(f, "tcp://{}", self.host_header()),
            Self::Ssh { destination, port: Some(port) } => write!(f, "ssh://{destination}:{port}"),
            Self::Ssh { destination, port: None } => write!(f, "ssh://{destination}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form_the_client_takes() {
        for (text, shown) in [
            ("unix:///run/docker.sock", "unix:///run/docker.sock"),
            ("tcp://192.0.2.1:2375", "tcp://192.0.2.1:2375"),
            ("tcp://far", "tcp://far:2375"),
            ("http://far:80/", "tcp://far:80"),
            ("far:1234", "tcp://far:1234"),
            (":1234", "tcp://localhost:1234"),
            ("tcp://[2001:db8::1]:2375", "tcp://[2001:db8::1]:2375"),
            ("tcp://[2001:db8::1]", "tcp://[2001:db8::1]:2375"),
            ("ssh://me@far:22", "ssh://me@far:22"),
            ("ssh://far", "ssh://far"),
        ] {
            let (address, _) = Address::parse(text).unwrap();
            assert_eq!(address.with_default_port(false).to_string(), shown);
        }
        assert!(Address::parse("https://far").unwrap().1);
    }

    #[test]
    fn refuses_the_rest_in_one_line() {
        for text in ["unix://x", "fd://3", "npipe:////./pipe/x", "tcp://h:x", "ssh://-oProxyCommand=x", "tcp://[::1]x"]
        {
            let error = Address::parse(text).unwrap_err();
            assert_eq!(error.to_string().lines().count(), 1, "{error}");
        }
    }
}
