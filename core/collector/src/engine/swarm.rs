//! A Swarm's services, tasks and nodes as the model has them.

use bridgewalk_docker::bollard::models::{EndpointPortConfig, Node, Service, Task};
use bridgewalk_model::engine::{SwarmNode, SwarmPort, SwarmService, SwarmTask, VirtualIp};
use serde::Deserialize;

use super::reported::{number, parsed, some};

/// Reads one service.
pub(super) fn service(reported: Service) -> SwarmService {
    let spec = reported.spec.unwrap_or_default();
    let endpoint = reported.endpoint.unwrap_or_default();
    let asked = spec.endpoint_spec.unwrap_or_default();
    SwarmService {
        service_id: reported.id.unwrap_or_default(),
        name: spec.name.unwrap_or_default(),
        labels: spec.labels.unwrap_or_default().into_iter().collect(),
        replicas: number(spec.mode.and_then(|mode| mode.replicated?.replicas)),
        endpoint_mode: asked.mode.map(|mode| mode.to_string()).unwrap_or_default(),
        ports: endpoint.ports.unwrap_or_default().iter().filter_map(port).collect(),
        virtual_ips: endpoint
            .virtual_ips
            .unwrap_or_default()
            .into_iter()
            .map(|ip| VirtualIp { network_id: ip.network_id.unwrap_or_default(), address: parsed(ip.addr.as_deref()) })
            .collect(),
    }
}

fn port(reported: &EndpointPortConfig) -> Option<SwarmPort> {
    Some(SwarmPort {
        transport: reported.protocol?.to_string().parse().ok()?,
        target_port: number(reported.target_port)?,
        published_port: number(reported.published_port).unwrap_or_default(),
        mode: some(reported.publish_mode.map(|mode| mode.to_string())).unwrap_or_else(|| "ingress".to_owned()),
    })
}

/// What the engine tells of a task's addresses; bollard's type does not have it.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TaskAddresses {
    #[serde(rename = "ID")]
    pub(super) task_id: Option<String>,
    networks_attachments: Option<Vec<Attachment>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attachment {
    network: Option<AttachedNetwork>,
    addresses: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
struct AttachedNetwork {
    #[serde(rename = "ID")]
    network_id: Option<String>,
}

/// Reads one task.
pub(super) fn task(reported: Task, addresses: Option<TaskAddresses>) -> SwarmTask {
    let status = reported.status.unwrap_or_default();
    SwarmTask {
        task_id: reported.id.unwrap_or_default(),
        service_id: reported.service_id.unwrap_or_default(),
        node_id: reported.node_id.unwrap_or_default(),
        slot: number(reported.slot),
        state: status.state.map(|state| state.to_string()).unwrap_or_default(),
        desired_state: reported.desired_state.map(|state| state.to_string()).unwrap_or_default(),
        container_id: some(status.container_status.and_then(|status| status.container_id)),
        addresses: addresses
            .and_then(|reported| reported.networks_attachments)
            .unwrap_or_default()
            .into_iter()
            .flat_map(|attachment| {
                let network_id = attachment.network.and_then(|network| network.network_id).unwrap_or_default();
                let addresses = attachment.addresses.unwrap_or_default().into_iter();
                addresses
                    .map(move |address| VirtualIp { network_id: network_id.clone(), address: parsed(Some(&address)) })
            })
            .collect(),
    }
}

/// Reads one node.
pub(super) fn node(reported: Node) -> SwarmNode {
    let status = reported.status.unwrap_or_default();
    SwarmNode {
        node_id: reported.id.unwrap_or_default(),
        host_name: reported.description.and_then(|description| description.hostname).unwrap_or_default(),
        address: parsed(status.addr.as_deref()),
        role: reported.spec.and_then(|spec| spec.role).map(|role| role.to_string()).unwrap_or_default(),
        state: status.state.map(|state| state.to_string()).unwrap_or_default(),
    }
}
