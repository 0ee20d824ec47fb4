//! What is shown of a snapshot. Seen and shown are apart: nothing here changes what was observed, and the application
//! keeps one view a host.

use std::collections::{BTreeMap, BTreeSet};

use bridgewalk_model::{EntityId, Text};
use serde::{Deserialize, Serialize};

use crate::scene::Point;

/// What is shown, and how.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    /// How much.
    pub detail: Detail,
    /// Which part.
    pub scope: Scope,
    /// Containers and networks left out.
    pub hidden: BTreeSet<EntityId>,
    /// Networks and projects drawn as one line that says how many containers it stands for.
    pub collapsed: BTreeSet<EntityId>,
    /// What must match to be shown.
    pub filter: Filter,
    /// Places given by hand: where the thing's box has its upper left corner.
    pub arrangement: BTreeMap<EntityId, Point>,
    /// Width to height that the drawing aims at; none: a slide's, 16:9.
    pub aspect: Option<f32>,
    /// Colours.
    pub theme: ThemeName,
    /// What matters: everything else is dimmed. Empty: nothing is.
    pub emphasis: BTreeSet<EntityId>,
    /// A walk's hops in order: numbered on the picture, and told below it.
    pub stations: Vec<Station>,
}

impl View {
    /// Width to height that the drawing aims at.
    pub fn aspect(&self) -> f32 {
        self.aspect.unwrap_or(16.0 / 9.0)
    }
}

/// One hop of a walk, as a picture shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Station {
    /// Where: an interface, bridge, translation, container, namespace or host.
    pub entity: EntityId,
    /// What happens there, in the picture's language.
    pub caption: String,
}

/// How much is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Detail {
    /// Networks, containers, published ports, the outside world.
    Concept,
    /// Bridges and their ports, cables, addresses, NAT.
    #[default]
    Plumbing,
    /// Also MAC addresses, ifindexes, MTUs, forwarding entries, the rules' chains.
    Everything,
}

/// Which part is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// All hosts.
    #[default]
    Whole,
    /// One namespace, from the inside.
    Namespace(EntityId),
    /// Published ports: outside, host address and port, rule or proxy, bridge, container port.
    PortMapping,
    /// Bridges with their ports, cables, namespaces and addresses.
    Bridges,
    /// The way out: what hides containers behind the host's address.
    Nat,
    /// Whom containers ask for names, what they answer to, and address pools.
    Dns,
    /// Overlay networks with their namespaces, tunnels and far ends.
    Overlay,
    /// The Swarm's ingress: every node's port, the mesh, the tasks.
    Ingress,
    /// macvlan, ipvlan and remote drivers.
    Plugins,
}

/// What must match to be shown; empty fields match everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    /// Part of a container's or network's name, image or address, case ignored.
    pub text: String,
    /// A Compose project.
    pub project: Option<Text>,
    /// A Docker network.
    pub network: Option<EntityId>,
}

/// A theme.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThemeName {
    /// Dark on light.
    #[default]
    Light,
    /// Light on dark.
    Dark,
    /// Black on white, strong lines: for a projector in a lit room.
    Projector,
    /// Black and white, for paper: greys at most.
    Print,
}
