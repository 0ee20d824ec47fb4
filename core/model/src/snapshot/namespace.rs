//! A network namespace: a network stack of its own.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Interface;
use crate::{
    EntityId, Limit, NamespaceInode, NamespaceName, Text,
    firewall::Ruleset,
    kernel::{Ipvs, Neighbour, Route, RoutingRule, Socket, Sysctl},
};

/// A namespace with all that was read in it. Sections that are taken over as they were read are shared between snapshots.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Namespace {
    /// Stable; see [`EntityId::namespace`].
    pub id: EntityId,
    /// Its inode now, for commands; no key.
    pub inode: NamespaceInode,
    /// What it is for.
    pub kind: NamespaceKind,
    /// What people call it: the host's name, the (first) container's, the file's in `/run/netns`, the process's.
    pub name: Text,
    /// Whether it is the host's own.
    pub is_host: bool,
    /// Containers that live in it, by name; the one that owns the sandbox first.
    pub containers: Vec<EntityId>,
    /// The Docker network whose plumbing it is (overlay, ingress, load balancer).
    pub network: Option<EntityId>,
    /// Paths that keep it.
    pub names: Vec<NamespaceName>,
    /// The lowest PID in it.
    pub pid: Option<u32>,
    /// Its id as seen from the host's namespace.
    pub nsid: Option<i32>,
    /// By ifindex.
    pub interfaces: Vec<Interface>,
    /// As `ip route show table all` orders them: by table, family, destination.
    pub routes: Arc<[Route]>,
    /// By priority, IPv4 first.
    pub routing_rules: Arc<[RoutingRule]>,
    /// By interface and address.
    pub neighbours: Arc<[Neighbour]>,
    /// By path.
    pub sysctls: Arc<[Sysctl]>,
    /// Rules, one set for each backend in use.
    pub firewall: Arc<[Ruleset]>,
    /// Sockets: listening ones first.
    pub sockets: Vec<NamedSocket>,
    /// What each container's resolver reads.
    pub resolvers: Vec<Resolver>,
    /// Virtual servers, where the kernel has IPVS.
    pub ipvs: Option<Ipvs>,
    /// What is not seen here.
    pub limits: Vec<Limit>,
}

/// What a namespace is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NamespaceKind {
    /// The host's own.
    Host,
    /// A container's (or several containers').
    Container,
    /// An overlay network's bridge and VXLAN (`1-<network id>`).
    Overlay,
    /// A Swarm's `ingress_sbox`.
    Ingress,
    /// A service load balancer's (`lb_<network id>`).
    LoadBalancer,
    /// Made by `ip netns add`.
    Named,
    /// Known by a process alone.
    Process,
    /// Known by nothing but a mount or an nsid.
    Unknown,
}

/// A socket with its process's name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NamedSocket {
    /// The socket.
    #[serde(flatten)]
    pub socket: Socket,
    /// `/proc/PID/comm` of its process.
    pub command: Option<Text>,
    /// The container of that process.
    pub container: Option<EntityId>,
}

/// A resolver's files, parsed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resolver {
    /// Whose.
    pub container: Option<EntityId>,
    /// The process whose root was looked at.
    pub pid: u32,
    /// `nameserver` lines.
    pub nameservers: Vec<Text>,
    /// `search` (or `domain`).
    pub search: Vec<Text>,
    /// `options`.
    pub options: Vec<Text>,
    /// Lines of `hosts`: address, names.
    pub hosts: Vec<(Text, Vec<Text>)>,
    /// Whether the only name server is Docker's embedded one, 127.0.0.11.
    pub is_embedded_dns: bool,
}
