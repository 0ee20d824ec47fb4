//! The engine itself (`GET /version`, `GET /info`).

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// An engine that answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineFacts {
    /// `Info.ID`.
    pub engine_id: String,
    /// `Info.Name`: the host's name as the engine has it.
    pub host_name: String,
    /// `Version.Version`.
    pub version: String,
    /// The API version agreed on.
    pub api_version: String,
    /// `Info.OperatingSystem`.
    pub operating_system: String,
    /// `Info.KernelVersion`.
    pub kernel_release: String,
    /// `Info.FirewallBackend.Driver` (from 29); none before.
    pub firewall_backend: Option<String>,
    /// `Info.BridgeNfIptables`.
    pub bridge_nf_iptables: Option<bool>,
    /// `Info.BridgeNfIp6tables`.
    pub bridge_nf_ip6tables: Option<bool>,
    /// `Info.IPv4Forwarding`.
    pub ipv4_forwarding: Option<bool>,
    /// `Info.LiveRestoreEnabled`.
    pub live_restore: bool,
    /// `Info.Swarm.LocalNodeState`: `inactive`, `pending`, `active`, `error` or `locked`.
    pub swarm_state: String,
    /// `Info.Swarm.NodeID`.
    pub swarm_node_id: Option<String>,
    /// `Info.Swarm.NodeAddr`.
    pub swarm_address: Option<IpAddr>,
    /// `Info.Swarm.ControlAvailable`: a manager.
    pub is_swarm_manager: bool,
    /// `Info.Plugins.Network` and `Info.Plugins.Authorization`, and `GET /plugins`.
    pub plugins: Vec<Plugin>,
    /// The daemon's PID: `SO_PEERCRED` of its socket, where that is local.
    pub daemon_pid: Option<u32>,
    /// How it was reached: `unix:///var/run/docker.sock`.
    pub address: String,
    /// Whether it runs on the machine whose kernel we read.
    pub is_local: bool,
}

/// A network or IPAM driver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plugin {
    /// Its name.
    pub name: String,
    /// `network`, `ipam`, …
    pub kind: String,
    /// Compiled into the engine.
    pub is_built_in: bool,
    /// Enabled.
    pub is_enabled: bool,
}
