//! What people write for the ends of a walk.

use std::net::IpAddr;

use bridgewalk_model::Text;

use super::{End, Walker};

/// What was written for an end is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndError {
    /// Nothing bears this name.
    #[error("no container, service, alias or host is called `{0}`")]
    Unknown(Text),
    /// A packet cannot start there: only a receiver may be a name that is looked up.
    #[error("`{0}` cannot send")]
    CannotSend(Text),
    /// What follows the colon is no port.
    #[error("`{0}` is not a port")]
    Port(Text),
}

impl Walker<'_> {
    /// The end that `text` means as a sender: `host`, `outside`, a container's name or id, an address.
    ///
    /// # Errors
    /// Nothing bears this name.
    pub fn sender(&self, text: &str) -> Result<End, EndError> {
        self.end(text)
    }

    /// The end that `text` means as a receiver, with the port after a colon: `web:80`, `10.0.0.1:443`, `[2001:db8::1]:80`,
    /// `outside`. A name stays a name: the sender looks it up.
    ///
    /// # Errors
    /// Nothing bears this name, or what follows the colon is no port.
    pub fn receiver(&self, text: &str) -> Result<(End, Option<u16>), EndError> {
        let (name, port) = split_port(text)?;
        Ok((self.end(name)?, port))
    }

    fn end(&self, text: &str) -> Result<End, EndError> {
        if text == "outside" {
            return Ok(End::Outside);
        }
        let host = match text {
            "host" => self.snapshot().hosts.first(),
            _ => None,
        };
        if let Some(host) = host {
            return Ok(End::Host { id: host.id.clone() });
        }
        text.parse::<IpAddr>()
            .map(|address| End::Address { address })
            .or_else(|_| Ok(End::Name { name: Text::new(text) }))
    }
}

/// `NAME`, `NAME:PORT`, `[ADDRESS]:PORT`, and an IPv6 address as it is.
fn split_port(text: &str) -> Result<(&str, Option<u16>), EndError> {
    if text.parse::<IpAddr>().is_ok() {
        return Ok((text, None));
    }
    let (name, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((name, rest)) => (name, rest.strip_prefix(':')),
        None => match text.rsplit_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (text, None),
        },
    };
    let wrong = |port: &str| EndError::Port(Text::new(port));
    let port = port.map(|port| port.parse().ok().filter(|port| *port != 0).ok_or_else(|| wrong(port))).transpose()?;
    Ok((name, port))
}
