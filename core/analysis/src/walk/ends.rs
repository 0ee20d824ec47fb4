//! What people write for the ends of a walk.

use std::net::IpAddr;

use bridgewalk_model::{
    Snapshot, Text,
    snapshot::{Container, Host},
};

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
    /// Several hosts have one of this name.
    #[error("several hosts have `{name}`")]
    Ambiguous {
        /// What was written.
        name: Text,
        /// How each of them is written.
        choices: Vec<Text>,
    },
}

/// How a thing of `host` is written so that no other is meant: `NAME`, or `HOST/NAME` where another host has one of that name.
pub fn qualified(snapshot: &Snapshot, host: &Host, name: &str) -> String {
    let has = |other: &Host| {
        name == "host"
            || other.containers.iter().any(|one| one.name.as_str() == name)
            || other.namespaces.iter().any(|one| !one.is_host && one.name.as_str() == name)
    };
    if snapshot.hosts.iter().any(|other| other.id != host.id && has(other)) {
        format!("{}/{name}", host.name)
    } else {
        name.to_owned()
    }
}

/// The hosts that are called so: by the name that is shown, or else by their own, which several may have.
fn named<'h>(hosts: &[&'h Host], name: &str) -> Vec<&'h Host> {
    let shown: Vec<&Host> =
        hosts.iter().copied().filter(|host| host.name.raw() == name || host.name.as_str() == name).collect();
    if shown.is_empty() { hosts.iter().copied().filter(|host| host.facts.hostname == name).collect() } else { shown }
}

fn end_of(container: &Container, name: &Text) -> End {
    match &container.namespace {
        Some(id) if container.state.is_alive() => End::Namespace { id: id.clone(), name: name.clone() },
        _ => End::Absent { id: container.id.clone(), name: name.clone() },
    }
}

impl EndError {
    /// These hosts all have something of this name.
    pub fn ambiguous<'t>(name: &str, hosts: impl Iterator<Item = &'t Text>) -> Self {
        let choices = hosts.map(|host| Text::new(&format!("{}/{name}", host.raw()))).collect();
        Self::Ambiguous { name: Text::new(name), choices }
    }
}

impl Walker<'_> {
    /// The end that `text` means as a sender: `host`, `outside`, a container's name or id, an address. What several hosts
    /// have is `HOST/NAME`.
    ///
    /// # Errors
    /// Nothing bears this name.
    pub fn sender(&self, text: &str) -> Result<End, EndError> {
        match self.end(text)? {
            End::Name { name } => Err(EndError::CannotSend(name)),
            End::Address { address, host: None } => {
                let hosts = self.owning_hosts(address);
                if hosts.len() < 2 || address.is_loopback() {
                    return Ok(End::Address { address, host: None });
                }
                let named = self.snapshot().hosts.iter().filter(|host| hosts.contains(&&host.id));
                Err(EndError::ambiguous(&address.to_string(), named.map(|host| &host.name)))
            }
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

    /// The hosts that `text` may speak of, and what it says of them: of `HOST/NAME` that host and `NAME`, else all.
    pub fn meant_hosts<'t>(&self, text: &'t str) -> (Vec<&Host>, &'t str) {
        let all: Vec<&Host> = self.snapshot().hosts.iter().collect();
        match text.split_once('/').map(|(host, own)| (named(&all, host), own)) {
            Some((hosts, own)) if !hosts.is_empty() => (hosts, own),
            _ => (all, text),
        }
    }

    /// What `text` means. With several hosts, `HOST/NAME` is the one that is meant.
    fn end(&self, text: &str) -> Result<End, EndError> {
        let (hosts, own) = self.meant_hosts(text);
        let name = self.meant(own);
        let is_chosen = own.len() < text.len();
        let one = |found: Vec<(&Host, End)>| match found.len() {
            0 => Ok(None),
            1 => Ok(found.into_iter().next().map(|(_, end)| end)),
            _ => Err(EndError::ambiguous(name.raw(), found.iter().map(|(host, _)| &host.name))),
        };
        match own {
            "" => return Err(EndError::Unknown(name)),
            "outside" if !is_chosen => return Ok(End::Outside),
            "host" => {
                let found = hosts.iter().map(|host| (*host, End::Host { id: host.id.clone() })).collect();
                return one(found)?.ok_or(EndError::Unknown(name));
            }
            _ => {}
        }
        if let Ok(address) = own.parse::<IpAddr>() {
            let address = address.to_canonical();
            let owner = hosts.iter().find(|host| is_chosen && self.has_address(host, address));
            return match owner {
                None if is_chosen => Err(EndError::Unknown(Text::new(text))),
                owner => Ok(End::Address { address, host: owner.map(|host| host.id.clone()) }),
            };
        }
        let container =
            |host: &&Host| host.containers.iter().find(|one| is_called(one, &name)).map(|one| end_of(one, &name));
        let found = hosts.iter().filter_map(|host| Some((*host, container(host)?))).collect();
        if let Some(end) = one(found)? {
            return Ok(end);
        }
        if !is_chosen {
            match named(&hosts, own).as_slice() {
                [] => {}
                [host] => return Ok(End::Host { id: host.id.clone() }),
                several => {
                    let choices = several.iter().map(|host| host.name.clone()).collect();
                    return Err(EndError::Ambiguous { name, choices });
                }
            }
        }
        let namespace = |host: &&Host| {
            let found = host.namespaces.iter().find(|one| !one.is_host && one.name == name)?;
            Some(End::Namespace { id: found.id.clone(), name: name.clone() })
        };
        let found = hosts.iter().filter_map(|host| Some((*host, namespace(host)?))).collect();
        if let Some(end) = one(found)? {
            return Ok(end);
        }
        if self.is_name(&name) { Ok(End::Name { name }) } else { Err(EndError::Unknown(name)) }
    }

    fn has_address(&self, host: &Host, address: IpAddr) -> bool {
        self.owning_hosts(address).contains(&&host.id)
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
