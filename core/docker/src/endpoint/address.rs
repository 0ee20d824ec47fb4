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
        /// Who logs in there; none: as ssh decides.
        user: Option<String>,
        /// Its name or address, without brackets.
        host: String,
        /// If another than the usual one.
        port: Option<u16>,
        /// The engine's socket there, an absolute path; none: where the docker client there looks.
        path: Option<String>,
    },
}

impl Address {
    /// Where the docker client looks if nobody says anything.
    pub const DEFAULT: &str = "unix:///var/run/docker.sock";

    /// Reads `unix://…`, `tcp://…`, `http://…`, `https://…`, `ssh://…` or a bare `host:port`; and whether it asks for
    /// TLS. Nothing at all is the default socket, as it is to the docker client.
    pub(super) fn parse(text: &str) -> Result<(Self, bool), EndpointError> {
        let wrong =
            |detail: &str| EndpointError::Address { address: text.chars().take(200).collect(), detail: detail.into() };
        let text = match text.trim() {
            "" => Self::DEFAULT,
            text => text,
        };
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
            "ssh" => Self::parse_ssh(rest).map(|address| (address, false)).map_err(wrong),
            _ => Err(wrong("this scheme is not known on Linux")),
        }
    }

    /// `[user@]host[:port][/path]`, as the docker client reads what follows `ssh://`; the error is what is wrong with it.
    fn parse_ssh(rest: &str) -> Result<Self, &'static str> {
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (user, host) = match authority.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, authority),
        };
        if user.is_some_and(|user| user.contains(':')) {
            return Err("a password has no place in it: use a key");
        }
        let (host, port) = split_port(host).ok_or("its port is no number")?;
        // What begins with a dash would be an option to ssh.
        let is_name = |text: &str| {
            !text.is_empty()
                && !text.starts_with('-')
                && !text.chars().any(|character| character.is_control() || character.is_whitespace())
        };
        if !is_name(host) || user.is_some_and(|user| !is_name(user)) {
            return Err("its host is no name");
        }
        // The far shell reads it as well.
        let is_plain = |character: char| character.is_ascii_alphanumeric() || "/._-+@%:,".contains(character);
        if !path.chars().all(is_plain) {
            return Err("a socket's path there may hold letters, digits and ._-+@%:, alone");
        }
        let path = Some(path).filter(|path| path.len() > 1);
        Ok(Self::Ssh { user: user.map(str::to_owned), host: host.to_owned(), port, path: path.map(str::to_owned) })
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
            Self::Ssh { user, host, port, path } => {
                f.write_str("ssh://")?;
                if let Some(user) = user {
                    write!(f, "{user}@")?;
                }
                if host.contains(':') {
                    write!(f, "[{host}]")?;
                } else {
                    f.write_str(host)?;
                }
                if let Some(port) = port {
                    write!(f, ":{port}")?;
                }
                f.write_str(path.as_deref().unwrap_or_default())
            }
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
            ("ssh://far/", "ssh://far"),
            ("ssh://me@far:22/run/user/1000/docker.sock", "ssh://me@far:22/run/user/1000/docker.sock"),
            ("ssh://me@[::1]:22", "ssh://me@[::1]:22"),
            ("ssh://[2001:db8::1]", "ssh://[2001:db8::1]"),
            ("", "unix:///var/run/docker.sock"),
            (" ", "unix:///var/run/docker.sock"),
        ] {
            let (address, _) = Address::parse(text).unwrap();
            assert_eq!(address.with_default_port(false).to_string(), shown);
        }
        assert!(Address::parse("https://far").unwrap().1);
    }

    #[test]
    fn refuses_the_rest_in_one_line() {
        for text in [
            "unix://x",
            "fd://3",
            "npipe:////./pipe/x",
            "tcp://h:x",
            "tcp://[::1]x",
            "ssh://-oProxyCommand=x",
            "ssh://-l@far",
            "ssh://me:secret@far",
            "ssh://far:x/run/docker.sock",
            "ssh://far/$(reboot)",
            "ssh:///run/docker.sock",
        ] {
            let error = Address::parse(text).unwrap_err();
            assert_eq!(error.to_string().lines().count(), 1, "{error}");
        }
    }
}
