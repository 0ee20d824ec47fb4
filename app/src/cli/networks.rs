//! `networks`: Docker's networks and the devices that are them.

use std::net::IpAddr;

use bridgewalk_model::{Answer, MacAddress, Snapshot, Text, snapshot::Host};
use ipnet::IpNet;
use serde::Serialize;

use super::{
    listing::{Listing, Row},
    table::{Cell, cell, list, maybe},
};

/// A network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Network {
    /// The host that it is on.
    pub host: Text,
    /// Its name.
    pub name: Text,
    /// Docker's full network id.
    pub network_id: String,
    /// Its driver.
    pub driver: Text,
    /// `local`, `swarm` or `global`.
    pub scope: Text,
    /// Subnets of its address pools.
    pub subnets: Vec<IpNet>,
    /// Gateways of its address pools.
    pub gateways: Vec<IpAddr>,
    /// The bridge that is really there.
    pub bridge: Option<Text>,
    /// The interface that a macvlan or ipvlan stands on.
    pub parent: Option<Text>,
    /// No way out.
    pub internal: bool,
    /// Has IPv6.
    pub ipv6: bool,
    /// Containers may join a Swarm's overlay.
    pub attachable: bool,
    /// The Swarm's ingress.
    pub ingress: bool,
    /// Compose's project.
    pub project: Option<Text>,
    /// Who is in it.
    pub containers: Vec<Member>,
}

/// Who is in a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Member {
    /// The container's name, or a load balancer's.
    pub name: Text,
    /// Its address.
    pub ipv4: Option<IpNet>,
    /// Its IPv6 address.
    pub ipv6: Option<IpNet>,
    /// Its MAC address.
    pub mac_address: Option<MacAddress>,
}

fn network(host: &Host, network: &bridgewalk_model::snapshot::Network) -> Network {
    let interface = |id: &bridgewalk_model::EntityId| host.interface(id).map(|interface| interface.name.clone());
    Network {
        host: super::host_label(host),
        name: network.name.clone(),
        network_id: network.network_id.clone(),
        driver: network.driver.clone(),
        scope: network.scope.clone(),
        subnets: network.pools.iter().map(|pool| pool.subnet).collect(),
        gateways: network.pools.iter().flat_map(|pool| host.gateways(network, pool)).collect(),
        bridge: network.bridge.as_ref().and_then(interface),
        parent: network.parent.as_ref().and_then(interface),
        internal: network.is_internal,
        ipv6: network.has_ipv6,
        attachable: network.is_attachable,
        ingress: network.is_ingress,
        project: network.project.clone(),
        containers: network
            .members
            .iter()
            .map(|member| Member {
                name: member.name.clone(),
                ipv4: member.ipv4,
                ipv6: member.ipv6,
                mac_address: member.mac_address,
            })
            .collect(),
    }
}

impl Network {
    /// The properties that are not as usual, for a table's reader.
    fn traits(&self, listing: &Listing<'_>) -> Cell {
        [
            (self.internal, "network-internal"),
            (self.ipv6, "network-ipv6"),
            (self.attachable, "network-attachable"),
            (self.ingress, "network-ingress"),
        ]
        .into_iter()
        .filter(|(holds, _)| *holds)
        .map(|(_, key)| listing.words.text(key))
        .collect()
    }
}

impl Row for Network {
    const NAME: &'static str = "networks";
    const COLUMNS: &'static [&'static str] = &[
        "column-host",
        "column-name",
        "column-driver",
        "column-scope",
        "column-subnets",
        "column-gateways",
        "column-device",
        "column-traits",
        "column-containers",
    ];
    const ANSWER: Answer = Answer::Networks;

    fn rows(snapshot: &Snapshot) -> Vec<Self> {
        snapshot.hosts.iter().flat_map(|host| host.networks.iter().map(move |each| network(host, each))).collect()
    }

    fn cells(&self, listing: &Listing<'_>) -> Vec<Cell> {
        vec![
            cell(&self.host),
            cell(&self.name),
            cell(&self.driver),
            cell(&self.scope),
            list(&self.subnets),
            list(&self.gateways),
            maybe(self.bridge.as_ref().or(self.parent.as_ref())),
            self.traits(listing),
            list(self.containers.iter().map(|member| &member.name)),
        ]
    }
}
