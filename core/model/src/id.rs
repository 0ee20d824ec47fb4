//! Ids that stay.
//!
//! A namespace's inode is reused, an ifindex is unique in one namespace only, and a rule's handle changes while one
//! looks. What we call a thing is therefore made of what its owner called it, and survives a restart of the program,
//! of the container and of the daemon.

use std::{borrow::Cow, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// The stable id of a thing in a snapshot, such as `host:alpha`, `host:alpha/container:3f2a…` or
/// `host:alpha/ns:host/if:docker0`. A path: each part is `kind:key`, and a thing's id begins with that of its owner.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EntityId(Arc<str>);

impl EntityId {
    /// The whole outside world: what is beyond the host's interfaces.
    pub fn outside() -> Self {
        Self("outside".into())
    }

    /// What is not seen, as a picture says it: it stands for no thing of a snapshot.
    pub fn unseen() -> Self {
        Self("unseen".into())
    }

    /// A link outside that several hosts are on, by the first of their interfaces on it.
    pub fn link(first: &Self) -> Self {
        Self::outside().child("link", first.as_str())
    }

    /// The host of this name (`HostFacts::hostname`), or of what tells it apart from others of the same name.
    pub fn host(name: &str) -> Self {
        Self(format!("host:{}", part(name)).into())
    }

    /// The part `kind:key` of `self`. Slashes in `key` are kept apart from the path's own; no two keys become one.
    pub fn child(&self, kind: &str, key: &str) -> Self {
        Self(format!("{}/{kind}:{}", self.0, part(key)).into())
    }

    /// A network namespace of the host `self`; `key` is one of `host`, `container-<container id>`, `named-<name>`,
    /// `overlay-<name>`, `pid-<first pid>`.
    pub fn namespace(&self, key: &str) -> Self {
        self.child("ns", key)
    }

    /// An interface of the namespace `self`, by the name it bears there.
    pub fn interface(&self, name: &str) -> Self {
        self.child("if", name)
    }

    /// A container of the host `self`, by Docker's full container id.
    pub fn container(&self, container_id: &str) -> Self {
        self.child("container", container_id)
    }

    /// A Docker network of the host `self`, by Docker's full network id.
    pub fn network(&self, network_id: &str) -> Self {
        self.child("network", network_id)
    }

    /// A Swarm service, by Docker's service id.
    pub fn service(&self, service_id: &str) -> Self {
        self.child("service", service_id)
    }

    /// A Compose project of the host `self`, by its name.
    pub fn project(&self, name: &str) -> Self {
        self.child("project", name)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same thing of the host `to` instead of `from`; none: it is none of `from`'s.
    pub fn moved(&self, from: &Self, to: &Self) -> Option<Self> {
        if self == from {
            return Some(to.clone());
        }
        if self.is_within(from) {
            return self.0.strip_prefix(from.as_str()).map(|rest| Self(format!("{to}{rest}").into()));
        }
        // A link outside is known by an interface.
        let outside = Self::outside().child("link", "");
        let of_host = |host: &Self| format!("{outside}{}∕", part(host.as_str()));
        self.0.strip_prefix(&of_host(from)).map(|rest| Self(format!("{}{rest}", of_host(to)).into()))
    }

    /// Whether `self` lies below `owner`.
    pub fn is_within(&self, owner: &Self) -> bool {
        self.0.strip_prefix(owner.as_str()).is_some_and(|rest| rest.starts_with('/'))
    }
}

/// A key as a part of a path: a slash becomes `∕`, and what could be taken for that is written otherwise.
fn part(key: &str) -> Cow<'_, str> {
    if !key.contains(['/', '∕', '⧸']) {
        return Cow::Borrowed(key);
    }
    Cow::Owned(key.replace('⧸', "⧸0").replace('∕', "⧸1").replace('/', "∕"))
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_keys_are_one_part() {
        let keys = ["a/b", "a∕b", "a⧸b", "a⧸1b", "a⧸0b", "a∕/b", "a/∕b", "a b"];
        let host = EntityId::host("alpha");
        let ids: std::collections::BTreeSet<_> = keys.iter().map(|key| host.project(key)).collect();
        assert_eq!(ids.len(), keys.len());
        assert_eq!(host.child("nat", "10.0.0.0/8").as_str(), "host:alpha/nat:10.0.0.0∕8");
        let (a, b) = (EntityId::host("a"), EntityId::host("b"));
        assert_eq!(a.container("c").moved(&a, &b), Some(b.container("c")));
        let eth0 = |host: &EntityId| EntityId::link(&host.namespace("host").interface("eth0"));
        assert_eq!(eth0(&a).moved(&a, &b), Some(eth0(&b)));
        assert_eq!(eth0(&EntityId::host("ab")).moved(&a, &b), None);
        assert!(!EntityId::host("a/ns:host").is_within(&EntityId::host("a")));
    }
}
