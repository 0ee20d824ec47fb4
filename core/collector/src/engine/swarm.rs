//! `GET /services`, `/tasks` and `/nodes` as the model has them.

use bridgewalk_model::engine::{SwarmNode, SwarmPort, SwarmService, SwarmTask, VirtualIp};

use super::field::Field;

/// Reads one service.
pub(super) fn service(answer: Field<'_>) -> SwarmService {
    SwarmService {
        service_id: answer.get("ID").text(),
        name: answer.get("Spec.Name").text(),
        labels: answer.get("Spec.Labels").text_map(),
        replicas: answer.get("Spec.Mode.Replicated.Replicas").number(),
        endpoint_mode: answer.get("Spec.EndpointSpec.Mode").text(),
        ports: answer
            .get("Endpoint.Ports")
            .items()
            .filter_map(|port| {
                Some(SwarmPort {
                    transport: port.get("Protocol").parsed()?,
                    target_port: port.get("TargetPort").number()?,
                    published_port: port.get("PublishedPort").number().unwrap_or_default(),
                    mode: port.get("PublishMode").some_text().unwrap_or_else(|| "ingress".to_owned()),
                })
            })
            .collect(),
        virtual_ips: answer
            .get("Endpoint.VirtualIPs")
            .items()
            .map(|ip| VirtualIp { network_id: ip.get("NetworkID").text(), address: ip.get("Addr").parsed() })
            .collect(),
    }
}

/// Reads one task.
pub(super) fn task(answer: Field<'_>) -> SwarmTask {
    SwarmTask {
        task_id: answer.get("ID").text(),
        service_id: answer.get("ServiceID").text(),
        node_id: answer.get("NodeID").text(),
        slot: answer.get("Slot").number(),
        state: answer.get("Status.State").text(),
        desired_state: answer.get("DesiredState").text(),
        container_id: answer.get("Status.ContainerStatus.ContainerID").some_text(),
        addresses: answer
            .get("NetworksAttachments")
            .items()
            .flat_map(|attachment| {
                let network_id = attachment.get("Network.ID").text();
                attachment
                    .get("Addresses")
                    .items()
                    .map(move |address| VirtualIp { network_id: network_id.clone(), address: address.parsed() })
            })
            .collect(),
    }
}

/// Reads one node.
pub(super) fn node(answer: Field<'_>) -> SwarmNode {
    SwarmNode {
        node_id: answer.get("ID").text(),
        host_name: answer.get("Description.Hostname").text(),
        address: answer.get("Status.Addr").parsed(),
        role: answer.get("Spec.Role").text(),
        state: answer.get("Status.State").text(),
    }
}
