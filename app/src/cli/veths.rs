//! `veths`: which of the host's interfaces is which container's.

use bridgewalk_model::{Answer, EntityId, MacAddress, Snapshot, Text, snapshot::Host};
use serde::Serialize;

use super::{
    listing::{Listing, Row},
    table::{Cell, cell, list, maybe},
};

/// A veth pair, seen from the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Veth {
    /// The host that it is on.
    pub host: Text,
    /// The namespace of `host_interface`: the host's own, or an overlay network's.
    pub host_namespace: Text,
    /// The end that is not in the container.
    pub host_interface: Text,
    /// Its index.
    pub host_if_index: Option<u32>,
    /// The bridge that it is a port of.
    pub bridge: Option<Text>,
    /// The Docker network.
    pub network: Option<Text>,
    /// All containers that share the other end's namespace.
    pub containers: Vec<Text>,
    /// The container's end.
    pub container_interface: Text,
    /// Its index, in the container.
    pub container_if_index: Option<u32>,
    /// Its MAC address.
    pub mac_address: Option<MacAddress>,
    /// Its addresses.
    pub addresses: Vec<String>,
}

/// The veth pairs of a snapshot.
pub(super) fn rows(snapshot: &Snapshot) -> Vec<Veth> {
    snapshot.hosts.iter().flat_map(|host| host.veths.iter().map(move |pair| veth(host, pair))).collect()
}

fn veth(host: &Host, pair: &bridgewalk_model::snapshot::VethPair) -> Veth {
    let near = host.interface(&pair.near.interface);
    let far = host.interface(&pair.far.interface);
    Veth {
        host: super::host_label(host),
        host_namespace: host
            .namespace(&pair.near.namespace)
            .map(|namespace| namespace.name.clone())
            .unwrap_or_default(),
        host_interface: near.map(|interface| interface.name.clone()).unwrap_or_default(),
        host_if_index: near.map(|interface| interface.link.if_index),
        bridge: name(pair.bridge.as_ref(), |id| host.interface(id).map(|bridge| &bridge.name)),
        network: name(pair.network.as_ref(), |id| host.network(id).map(|network| &network.name)),
        containers: super::container_names(host, &pair.containers),
        container_interface: far.map(|interface| interface.name.clone()).unwrap_or_default(),
        container_if_index: far.map(|interface| interface.link.if_index),
        mac_address: far.and_then(bridgewalk_model::snapshot::Interface::mac_address),
        addresses: far.map(|interface| list(&interface.addresses)).unwrap_or_default(),
    }
}

fn name<'a>(id: Option<&EntityId>, find: impl FnOnce(&EntityId) -> Option<&'a Text>) -> Option<Text> {
    id.and_then(find).cloned()
}

impl Row for Veth {
    const NAME: &'static str = "veths";
    const COLUMNS: &'static [&'static str] = &[
        "column-host",
        "column-host-namespace",
        "column-host-interface",
        "column-host-if-index",
        "column-bridge",
        "column-network",
        "column-containers",
        "column-container-interface",
        "column-container-if-index",
        "column-mac-address",
        "column-addresses",
    ];
    const ANSWER: Answer = Answer::Veths;

    fn rows(snapshot: &Snapshot) -> Vec<Self> {
        rows(snapshot)
    }

    fn cells(&self, _: &Listing<'_>) -> Vec<Cell> {
        vec![
            cell(&self.host),
            cell(&self.host_namespace),
            cell(&self.host_interface),
            maybe(self.host_if_index),
            maybe(self.bridge.as_ref()),
            maybe(self.network.as_ref()),
            list(&self.containers),
            cell(&self.container_interface),
            maybe(self.container_if_index),
            maybe(self.mac_address),
            list(&self.addresses),
        ]
    }

    fn is_shown(column: &str, rows: &[Self]) -> bool {
        match column {
            "column-host-namespace" => rows.iter().any(|row| {
                rows.iter().any(|other| other.host == row.host && other.host_namespace != row.host_namespace)
            }),
            _ => true,
        }
    }
}
