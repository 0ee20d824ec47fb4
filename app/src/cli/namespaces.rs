//! `namespaces`: the network stacks of a host.

use bridgewalk_model::{
    Answer, EntityId, Limit, MacAddress, NamespaceInode, NamespaceName, Snapshot, Text,
    kernel::LinkKind,
    snapshot::{Host, NamespaceKind},
};
use serde::Serialize;

use super::{
    listing::{Listing, Row},
    table::{Cell, cell, list, maybe},
};

/// A namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Namespace {
    /// The host that it is on.
    pub host: Text,
    /// Stable across restarts of the program.
    pub id: EntityId,
    /// What it is for.
    pub kind: NamespaceKind,
    /// What people call it.
    pub name: Text,
    /// Its inode now; none where it may not be read.
    pub inode: Option<NamespaceInode>,
    /// The lowest PID in it.
    pub pid: Option<u32>,
    /// Paths that keep it.
    pub paths: Vec<NamespaceName>,
    /// The containers that live in it.
    pub containers: Vec<Text>,
    /// By ifindex.
    pub interfaces: Vec<Interface>,
    /// All addresses of its interfaces, each with its interface.
    pub addresses: Vec<Address>,
    /// What is not seen here.
    pub limits: Vec<Limit>,
}

/// An interface of a namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Interface {
    /// Its name.
    pub name: Text,
    /// Its index.
    pub if_index: u32,
    /// Its MAC address.
    pub mac_address: Option<MacAddress>,
    /// In bytes.
    pub mtu: u32,
    /// `loopback`, `physical`, `veth`, `bridge` … as `ip -d link` has it.
    pub kind: String,
}

/// An address in a namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Address {
    /// The interface that has it.
    pub interface: Text,
    /// With its prefix length.
    pub address: String,
}

fn namespace(host: &Host, namespace: &bridgewalk_model::snapshot::Namespace) -> Namespace {
    Namespace {
        host: super::host_label(host),
        id: namespace.id.clone(),
        kind: namespace.kind,
        name: namespace.name.clone(),
        inode: Some(namespace.inode).filter(|inode| !inode.is_stand_in()),
        pid: namespace.pid,
        paths: namespace.names.clone(),
        containers: super::container_names(host, &namespace.containers),
        interfaces: namespace
            .interfaces
            .iter()
            .map(|interface| Interface {
                name: interface.name.clone(),
                if_index: interface.link.if_index,
                mac_address: interface.mac_address(),
                mtu: interface.link.mtu,
                kind: kind(&interface.link.kind).to_owned(),
            })
            .collect(),
        addresses: namespace
            .interfaces
            .iter()
            .flat_map(|interface| {
                interface
                    .addresses
                    .iter()
                    .map(|address| Address { interface: interface.name.clone(), address: address.to_string() })
            })
            .collect(),
        limits: namespace.limits.clone(),
    }
}

fn kind(kind: &LinkKind) -> &str {
    match kind {
        LinkKind::Loopback => "loopback",
        LinkKind::Physical => "physical",
        LinkKind::Veth => "veth",
        LinkKind::Bridge { .. } => "bridge",
        LinkKind::Vxlan { .. } => "vxlan",
        LinkKind::Macvlan { .. } => "macvlan",
        LinkKind::Ipvlan { .. } => "ipvlan",
        LinkKind::Vlan { .. } => "vlan",
        LinkKind::Dummy => "dummy",
        LinkKind::Tun => "tun",
        LinkKind::Other { name } => name,
    }
}

/// More veths than these are only counted in a table: `veths` lists them.
const MAX_VETHS: usize = 3;

impl Namespace {
    /// The interfaces for a table's reader.
    fn interface_names(&self, listing: &Listing<'_>) -> Cell {
        let (veths, others): (Vec<_>, Vec<_>) = self.interfaces.iter().partition(|interface| interface.kind == "veth");
        if veths.len() <= MAX_VETHS {
            return list(self.interfaces.iter().map(|interface| &interface.name));
        }
        let mut names = list(others.iter().map(|interface| &interface.name));
        names.push(listing.words.format("cli-veths", &[("count", veths.len().into())]));
        names
    }

    /// The addresses for a table's reader: those by which it is reached from elsewhere.
    fn reachable_addresses(&self) -> Cell {
        let is_local = |address: &Address| {
            address.interface.as_str() == "lo" || address.address.to_ascii_lowercase().starts_with("fe80:")
        };
        list(self.addresses.iter().filter(|address| !is_local(address)).map(|address| &address.address))
    }
}

impl Row for Namespace {
    const NAME: &'static str = "namespaces";
    const COLUMNS: &'static [&'static str] = &[
        "column-host",
        "column-name",
        "column-kind",
        "column-inode",
        "column-pid",
        "column-containers",
        "column-interfaces",
        "column-addresses",
    ];
    const ANSWER: Answer = Answer::Namespaces;

    fn rows(snapshot: &Snapshot) -> Vec<Self> {
        snapshot.hosts.iter().flat_map(|host| host.namespaces.iter().map(move |each| namespace(host, each))).collect()
    }

    fn cells(&self, listing: &Listing<'_>) -> Vec<Cell> {
        vec![
            cell(&self.host),
            cell(&self.name),
            cell(&listing.words.namespace_kind(self.kind)),
            maybe(self.inode.map(|inode| inode.0)),
            maybe(self.pid),
            list(&self.containers),
            self.interface_names(listing),
            self.reachable_addresses(),
        ]
    }
}
