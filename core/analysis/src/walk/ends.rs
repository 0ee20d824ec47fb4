//! What people write for the ends of a walk.

use std::net::IpAddr;

use bridgewalk_model::Text;

use super::{End, Walker, lookup::is_called};

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
        match self.end(text)? {
            End::Name { name } => Err(EndError::CannotSend(name)),
            end => Ok(end),
        }
    }

    /// The end that `text` means as a receiver; an IPv4-mapped address is the IPv4 one (`ipv6(7)`). With the port after a colon: `web:80`, `10.0.0.1:443`, `[2001:db8::1]:80`,
    /// `outside`. A name stays a name: the sender looks it up.
    ///
    /// # Errors
    /// Nothing bears this name, or what follows the colon is no port.
    pub fn receiver(&self, text: &str) -> Result<(End, Option<u16>), EndError> {
        let (name, port) = split_port(text)?;
        Ok((self.end(name)?, port))
    }

    fn end(&self, text: &str) -> Result<End, EndError> {
        let hosts = &self.snapshot().hosts;
        let name = self.meant(text);
        match text {
            "" => return Err(EndError::Unknown(name)),
            "outside" => return Ok(End::Outside),
            "host" => {
                return hosts.first().map(|host| End::Host { id: host.id.clone() }).ok_or(EndError::Unknown(name));
            }
            _ => {}
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(End::Address { address: address.to_canonical() });
        }
        let container = hosts.iter().flat_map(|host| &host.containers).find(|one| is_called(one, &name));
        if let Some(container) = container {
            return Ok(match &container.namespace {
                Some(id) if container.state.is_alive() => End::Namespace { id: id.clone(), name },
                _ => End::Absent { id: container.id.clone(), name },
            });
        }
        if let Some(host) = hosts.iter().find(|host| host.name == name) {
            return Ok(End::Host { id: host.id.clone() });
        }
        let namespace = hosts.iter().flat_map(|host| &host.namespaces).find(|one| !one.is_host && one.name == name);
        if let Some(namespace) = namespace {
            return Ok(End::Namespace { id: namespace.id.clone(), name });
        }
        if self.is_name(&name) { Ok(End::Name { name }) } else { Err(EndError::Unknown(name)) }
    }

    /// The name that `text` means: what the source said, or what is shown for one name alone.
    fn meant(&self, text: &str) -> Text {
        let mut alike: Vec<&Text> = self.names().filter(|name| name.is_altered() && name.as_str() == text).collect();
        alike.sort_unstable();
        alike.dedup();
        match alike.as_slice() {
            [only] if !self.names().any(|name| name.raw() == text) => (*only).clone(),
            _ => Text::new(text),
        }
    }

    /// Every name that stands for an end.
    fn names(&self) -> impl Iterator<Item = &Text> {
        self.snapshot().hosts.iter().flat_map(|host| {
            let namespaces = host.namespaces.iter().map(|namespace| &namespace.name);
            let containers = host.containers.iter().flat_map(|container| {
                let ends = container.attachments.iter().flat_map(|end| end.aliases.iter().chain(&end.dns_names));
                ends.chain(container.links.iter().map(|(_, alias)| alias)).chain([&container.name])
            });
            namespaces.chain(containers).chain([&host.name])
        })
    }

    /// Whether anything of the snapshot can be looked up by this name.
    fn is_name(&self, name: &Text) -> bool {
        let plain = name.raw().strip_prefix("tasks.").unwrap_or(name.raw());
        self.snapshot().hosts.iter().any(|host| {
            let by_alias = host.containers.iter().any(|container| {
                container.links.iter().any(|(_, alias)| alias == name)
                    || container
                        .attachments
                        .iter()
                        .any(|end| end.aliases.contains(name) || end.dns_names.contains(name))
            });
            let by_service = host.swarm.iter().flat_map(|swarm| &swarm.services).any(|service| service.name == plain);
            let by_file = || {
                host.namespaces
                    .iter()
                    .flat_map(|namespace| &namespace.resolvers)
                    .flat_map(|resolver| &resolver.hosts)
                    .any(|(_, names)| names.contains(name))
            };
            by_alias || by_service || by_file()
        })
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
