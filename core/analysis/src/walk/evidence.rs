//! What makes a hop so.

use std::net::IpAddr;

use bridgewalk_model::{
    AddressPort, EntityId, MacAddress, Text,
    engine::ContainerState,
    firewall::{Family, Hook, RuleRef},
    kernel::{FdbEntry, NeighbourState, RealServer, Route, RoutingRule, Sysctl, Transport, VirtualServer},
};
use serde::Serialize;

use super::EntryBy;

/// A fact that decided about a hop, as it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Evidence {
    /// A rule of the firewall that matched.
    Rule {
        /// Which.
        rule: RuleRef,
        /// From which hook it ran.
        hook: Hook,
    },
    /// A base chain's policy.
    Policy {
        /// The namespace.
        namespace: EntityId,
        /// The table's family.
        family: Family,
        /// The table.
        table: String,
        /// The chain.
        chain: String,
    },
    /// A flow that the namespace's conntrack knows: its reply is translated back by it.
    Connection {
        /// The namespace.
        namespace: EntityId,
    },
    /// A route.
    Route {
        /// The namespace.
        namespace: EntityId,
        /// The route.
        route: Route,
        /// The routing rule that led to its table; none: IPv4's and IPv6's three that are always there.
        rule: Option<RoutingRule>,
    },
    /// A routing rule that ends it by itself.
    RoutingRule {
        /// The namespace.
        namespace: EntityId,
        /// The rule.
        rule: RoutingRule,
    },
    /// Who has an address on a link.
    Neighbour {
        /// The address that is looked for.
        address: IpAddr,
        /// Who has it; none: nobody answers.
        mac_address: Option<MacAddress>,
        /// What the asking namespace's own table says, where it says something.
        state: Option<NeighbourState>,
        /// The interface that answers, where it is seen.
        interface: Option<EntityId>,
    },
    /// A bridge's or a VXLAN's forwarding entry.
    FdbEntry {
        /// The interface whose table it is in.
        interface: EntityId,
        /// The entry.
        entry: FdbEntry,
    },
    /// The bridge does not know the address and sends to every port.
    Flooded {
        /// The bridge.
        bridge: EntityId,
    },
    /// A bridge port's setting stops it.
    BridgePort {
        /// The port.
        interface: EntityId,
        /// The setting.
        setting: PortSetting,
    },
    /// A kernel setting.
    Sysctl {
        /// The namespace.
        namespace: EntityId,
        /// The setting.
        setting: Sysctl,
    },
    /// A socket.
    Socket {
        /// The namespace.
        namespace: EntityId,
        /// The protocol.
        transport: Transport,
        /// Where it listens.
        local: AddressPort,
        /// Its process.
        pid: Option<u32>,
        /// The process's name.
        command: Option<Text>,
        /// The container of that process.
        container: Option<EntityId>,
    },
    /// The kernel answers by itself: ICMP echo.
    Echo,
    /// A process: docker-proxy, the engine's embedded DNS.
    Process {
        /// The process; none: the engine itself, or not told.
        pid: Option<u32>,
        /// Its name.
        command: Text,
    },
    /// A name and what it means.
    Name {
        /// The name.
        name: Text,
        /// By which means.
        by: NameSource,
        /// The network on which it holds.
        network: Option<EntityId>,
        /// All that it means; the first is taken.
        addresses: Vec<IpAddr>,
    },
    /// A virtual server of IPVS.
    VirtualServer {
        /// The namespace.
        namespace: EntityId,
        /// The server.
        server: VirtualServer,
        /// The real one that was taken: any of those with weight would do.
        chosen: RealServer,
    },
    /// An interface that is down.
    LinkDown {
        /// Which.
        interface: EntityId,
    },
    /// A macvlan's or ipvlan's parent: its own host and its children do not hear each other.
    ParentIsolation {
        /// The child.
        interface: EntityId,
        /// The parent.
        parent: EntityId,
    },
    /// A VXLAN.
    Tunnel {
        /// The interface.
        interface: EntityId,
        /// Its network identifier.
        vni: u32,
        /// The other host's address.
        remote: IpAddr,
    },
    /// The time to live came to nothing.
    TimeToLive,
    /// An address that cannot come in here, or cannot be sent to.
    Martian {
        /// The address.
        address: IpAddr,
    },
    /// A container that does not run.
    Container {
        /// Which.
        container: EntityId,
        /// Its state.
        state: ContainerState,
    },
    /// No address of the family that is needed.
    NoAddress {
        /// Whose.
        of: EntityId,
        /// Whether IPv6 is needed.
        is_ipv6: bool,
    },
    /// The interface that a packet comes in by whose sender is not observed.
    Entry {
        /// Which.
        interface: EntityId,
        /// What says so.
        by: EntryBy,
    },
    /// A reply that leaves otherwise than its sender awaits it: by a link that the question did not come from, or with
    /// another sender's address.
    Astray {
        /// The interface that the question came in by.
        came_in: EntityId,
        /// The interface that the reply leaves by.
        leaves_by: EntityId,
        /// The reply's sender.
        source: IpAddr,
        /// Whom the question was for.
        awaited: IpAddr,
    },
    /// Beyond this it is not observed.
    Beyond {
        /// The address it goes to there.
        address: IpAddr,
    },
}

/// By which means a name is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NameSource {
    /// The engine's embedded DNS: a container's name.
    EmbeddedDns,
    /// The embedded DNS: an alias.
    Alias,
    /// The embedded DNS or the `hosts` file: a link.
    Link,
    /// The embedded DNS: a service's virtual address.
    ServiceAddress,
    /// The embedded DNS: each of a service's tasks.
    ServiceTasks,
    /// The source's `hosts` file.
    HostsFile,
    /// Not by the source's own means: it cannot look up this name, and we take what the engine says of it.
    EngineOnly,
}

/// What a bridge port may be set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PortSetting {
    /// Spanning tree keeps it from forwarding.
    NotForwarding,
    /// Isolated ports do not talk to each other.
    Isolated,
    /// A frame may not leave by the port it came in by.
    NoHairpin,
    /// Not a member of the frame's VLAN.
    Vlan,
    /// What is not known is not sent to it.
    NoFlood,
}
