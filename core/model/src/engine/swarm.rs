//! Services, tasks and nodes, as a Swarm's manager lists them.

use std::{collections::BTreeMap, net::IpAddr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::kernel::Transport;

/// What a manager knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swarm {
    /// `GET /services`.
    pub services: Vec<SwarmService>,
    /// `GET /tasks`.
    pub tasks: Vec<SwarmTask>,
    /// `GET /nodes`.
    pub nodes: Vec<SwarmNode>,
}

/// A service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwarmService {
    /// `ID`.
    pub service_id: String,
    /// `Spec.Name`.
    pub name: String,
    /// `Spec.Labels`.
    pub labels: BTreeMap<String, String>,
    /// `Spec.Mode.Replicated.Replicas`; none: global.
    pub replicas: Option<u64>,
    /// `Spec.EndpointSpec.Mode`: `vip` or `dnsrr`.
    pub endpoint_mode: String,
    /// `Endpoint.Ports`.
    pub ports: Vec<SwarmPort>,
    /// `Endpoint.VirtualIPs`.
    pub virtual_ips: Vec<VirtualIp>,
}

/// A published port of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwarmPort {
    /// `Protocol`.
    pub transport: Transport,
    /// `TargetPort`.
    pub target_port: u16,
    /// `PublishedPort`.
    pub published_port: u16,
    /// `PublishMode`: `ingress` or `host`.
    pub mode: String,
}

/// A service's address on a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualIp {
    /// `NetworkID`.
    pub network_id: String,
    /// `Addr`.
    pub address: Option<IpNet>,
}

/// A task: one slot of a service on one node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwarmTask {
    /// `ID`.
    pub task_id: String,
    /// `ServiceID`.
    pub service_id: String,
    /// `NodeID`.
    pub node_id: String,
    /// `Slot`.
    pub slot: Option<i64>,
    /// `Status.State`.
    pub state: String,
    /// `DesiredState`.
    pub desired_state: String,
    /// `Status.ContainerStatus.ContainerID`.
    pub container_id: Option<String>,
    /// `NetworksAttachments[].Addresses`, each with its network's id.
    pub addresses: Vec<VirtualIp>,
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwarmNode {
    /// `ID`.
    pub node_id: String,
    /// `Description.Hostname`.
    pub host_name: String,
    /// `Status.Addr`.
    pub address: Option<IpAddr>,
    /// `Spec.Role`.
    pub role: String,
    /// `Status.State`.
    pub state: String,
}
