//! Containers (`GET /containers/{id}/json`).

use std::{collections::BTreeMap, net::IpAddr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{MacAddress, kernel::Transport};

/// A container as the engine describes it. Environment variables and arguments are never kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineContainer {
    /// `Id`: 64 hexadecimal digits.
    pub container_id: String,
    /// `Name` without its leading slash.
    pub name: String,
    /// `Config.Image`.
    pub image: String,
    /// `State.Status`.
    pub state: ContainerState,
    /// `State.ExitCode`, once it has ended.
    pub exit_code: Option<i64>,
    /// `State.Pid`; none while it is not running.
    pub pid: Option<u32>,
    /// `Created`, RFC 3339.
    pub created: String,
    /// `State.StartedAt`, RFC 3339; none if never.
    pub started_at: Option<String>,
    /// `Config.Hostname`.
    pub hostname: String,
    /// `Config.Domainname`.
    pub domain_name: String,
    /// `Config.Labels`; shown only when asked for, but for Compose's and Swarm's.
    pub labels: BTreeMap<String, String>,
    /// `HostConfig.NetworkMode`: `default`, `bridge`, `host`, `none`, `container:<id>` or a network's name.
    pub network_mode: String,
    /// `NetworkSettings.SandboxID`.
    pub sandbox_id: String,
    /// `NetworkSettings.SandboxKey`: the namespace's path as the daemon sees it.
    pub sandbox_key: String,
    /// `NetworkSettings.Networks`, sorted by the network's name.
    pub endpoints: Vec<Endpoint>,
    /// `Config.ExposedPorts`: documentation only.
    pub exposed_ports: Vec<PortKey>,
    /// `HostConfig.PortBindings`: what was asked for.
    pub requested_bindings: Vec<PortBinding>,
    /// `NetworkSettings.Ports`: what is published now.
    pub published: Vec<PortBinding>,
    /// `HostConfig.PublishAllPorts`.
    pub publish_all_ports: bool,
    /// `HostConfig.Dns`.
    pub dns_servers: Vec<String>,
    /// `HostConfig.DnsSearch`.
    pub dns_search: Vec<String>,
    /// `HostConfig.ExtraHosts`.
    pub extra_hosts: Vec<String>,
    /// `HostConfig.Links`, each `name:alias`, without leading slashes.
    pub links: Vec<String>,
    /// `HostConfig.Privileged`.
    pub is_privileged: bool,
    /// `HostConfig.CapAdd` and `CapDrop`, the latter with a leading `-`.
    pub capabilities: Vec<String>,
}

/// `State.Status`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContainerState {
    /// Made, never started.
    #[default]
    Created,
    /// Running.
    Running,
    /// Frozen: it keeps its namespace, answers nothing.
    Paused,
    /// Between two runs.
    Restarting,
    /// Being removed.
    Removing,
    /// Ended.
    Exited,
    /// Could not be removed.
    Dead,
}

impl ContainerState {
    /// Whether it has a network namespace.
    pub const fn is_alive(self) -> bool {
        matches!(self, Self::Running | Self::Paused | Self::Restarting)
    }

    /// As the engine writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Restarting => "restarting",
            Self::Removing => "removing",
            Self::Exited => "exited",
            Self::Dead => "dead",
        }
    }
}

/// A container's port: `80/tcp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PortKey {
    /// The number inside the container.
    pub port: u16,
    /// The protocol.
    pub transport: Transport,
}

impl std::fmt::Display for PortKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.port, self.transport)
    }
}

/// A container's port and the door to it on the host.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PortBinding {
    /// The container's port.
    pub container_port: PortKey,
    /// `HostIp`; unspecified (`0.0.0.0`, `::`) means every address of the host; none: not told (20.10 leaves it empty in
    /// what was asked for).
    pub host_ip: Option<IpAddr>,
    /// `HostPort`; none: the engine chooses.
    pub host_port: Option<u16>,
}

/// A container's end in a network (`NetworkSettings.Networks.*`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    /// The key in the map.
    pub network_name: String,
    /// `NetworkID`.
    pub network_id: String,
    /// `EndpointID`; empty while the container is not running.
    pub endpoint_id: String,
    /// `IPAddress` with `IPPrefixLen`.
    pub ipv4: Option<IpNet>,
    /// `GlobalIPv6Address` with `GlobalIPv6PrefixLen`.
    pub ipv6: Option<IpNet>,
    /// `Gateway`.
    pub gateway: Option<IpAddr>,
    /// `IPv6Gateway`.
    pub ipv6_gateway: Option<IpAddr>,
    /// `MacAddress`.
    pub mac_address: Option<MacAddress>,
    /// `Aliases`.
    pub aliases: Vec<String>,
    /// `DNSNames` (from API 1.44); before it, what the embedded DNS answers for is name, aliases and short id.
    pub dns_names: Vec<String>,
    /// `Links`, each `name:alias`.
    pub links: Vec<String>,
    /// `IPAMConfig.IPv4Address` and `IPv6Address`: asked for by hand.
    pub requested_addresses: Vec<IpAddr>,
}
