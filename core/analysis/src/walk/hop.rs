//! One step of a packet's way.

use bridgewalk_model::EntityId;
use serde::Serialize;

use super::{Evidence, Packet};

/// Something that happens to a packet at one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hop {
    /// The host; [`EntityId::outside`] for what happens beyond the hosts.
    pub host: EntityId,
    /// The namespace; [`EntityId::outside`] for what happens beyond them.
    pub namespace: EntityId,
    /// What happens.
    pub action: Action,
    /// The interface it came in by: for a bridged packet the port.
    pub in_interface: Option<EntityId>,
    /// The interface it leaves by: for a bridged packet the port.
    pub out_interface: Option<EntityId>,
    /// The header before.
    pub before: Packet,
    /// The header after.
    pub after: Packet,
    /// What makes it so, the deciding first.
    pub evidence: Vec<Evidence>,
    /// What lights up in the graph: things in the order in which the packet meets them.
    pub lights: Vec<EntityId>,
}

/// What happens to a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The receiver's name was looked up.
    Resolved,
    /// A process sends it: the route and the sender's address are chosen.
    Sent,
    /// A cable or a link takes it to its other end.
    Carried,
    /// A bridge hands it from port to port, or up to the host.
    Bridged,
    /// A namespace's routes send it on.
    Routed,
    /// Its addresses or ports are changed.
    Translated,
    /// Rules looked at it and let it pass, or did not.
    Filtered,
    /// IPVS chose one of several servers.
    Balanced,
    /// docker-proxy took it and opens a connection of its own.
    Proxied,
    /// It is wrapped into another packet (VXLAN).
    Encapsulated,
    /// It is unwrapped.
    Decapsulated,
    /// It has arrived.
    Delivered,
    /// It ends silently.
    Dropped,
    /// It ends, and its sender is told.
    Rejected,
    /// Here is no way on.
    Unroutable,
    /// It arrived where nobody listens.
    Refused,
}
