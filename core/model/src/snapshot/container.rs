//! A container.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{
    EntityId, MacAddress, Text,
    engine::{ContainerState, PortBinding, PortKey},
};

/// A container as the engine means it, with where it lives in the kernel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Container {
    /// Stable: Docker's container id.
    pub id: EntityId,
    /// Docker's full container id.
    pub container_id: String,
    /// Its name.
    pub name: Text,
    /// Its image.
    pub image: Text,
    /// Its state.
    pub state: ContainerState,
    /// Once it has ended.
    pub exit_code: Option<i64>,
    /// Its first process, as the engine numbers it.
    pub pid: Option<u32>,
    /// `/proc/PID/comm` of it.
    pub command: Option<Text>,
    /// The host name inside.
    pub hostname: Text,
    /// `bridge`, `host`, `none`, `container:<id>` or a network's name.
    pub network_mode: Text,
    /// The namespace it lives in; none while it is not running, or where that is unknown.
    pub namespace: Option<EntityId>,
    /// The container whose namespace it shares (`container:` mode).
    pub shares_with: Option<EntityId>,
    /// Its ends in Docker's networks, by the network's name.
    pub attachments: Vec<Attachment>,
    /// EXPOSE: documentation only.
    pub exposed_ports: Vec<PortKey>,
    /// What was asked to be published.
    pub requested_bindings: Vec<PortBinding>,
    /// What is published now.
    pub published: Vec<PortBinding>,
    /// `--link` and Compose's `links:`, each target and alias.
    pub links: Vec<(Text, Text)>,
    /// DNS servers asked for.
    pub dns_servers: Vec<Text>,
    /// Compose's labels.
    pub compose: Option<Compose>,
    /// `com.docker.swarm.service.id`.
    pub swarm_service_id: Option<String>,
    /// All labels, name and value; exported only when asked for.
    #[serde(skip)]
    pub labels: Vec<(Text, Text)>,
    /// RFC 3339.
    pub created: String,
    /// RFC 3339.
    pub started_at: Option<String>,
}

/// A container's end in a network: what Docker means, and the interface that is it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attachment {
    /// The network.
    pub network: EntityId,
    /// Its name.
    pub network_name: Text,
    /// Docker's endpoint id.
    pub endpoint_id: String,
    /// Docker's address for it.
    pub ipv4: Option<IpNet>,
    /// Docker's IPv6 address for it.
    pub ipv6: Option<IpNet>,
    /// Its gateway.
    pub gateway: Option<IpAddr>,
    /// Its IPv6 gateway.
    pub ipv6_gateway: Option<IpAddr>,
    /// Docker's MAC address for it.
    pub mac_address: Option<MacAddress>,
    /// Other names by which it answers on this network.
    pub aliases: Vec<Text>,
    /// Names the embedded DNS answers for.
    pub dns_names: Vec<Text>,
    /// The interface inside the container, found by MAC or address; none if it is not there.
    pub interface: Option<EntityId>,
}

/// Where a container stands in a Compose project (labels `com.docker.compose.*`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compose {
    /// `com.docker.compose.project`.
    pub project: Text,
    /// `com.docker.compose.service`.
    pub service: Text,
    /// `com.docker.compose.container-number`.
    pub number: Option<u32>,
}
