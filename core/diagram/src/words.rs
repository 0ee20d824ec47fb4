//! The words that a picture needs. They come from the caller, in the reader's language; names and addresses come from
//! the snapshot.

use bridgewalk_model::{LimitReason, SourceKind};

/// Says each [`Word`] in the picture's language.
pub trait Words {
    /// The word, without arguments: what it speaks of stands beside it in the picture.
    fn word(&self, word: Word) -> String;

    /// What is not seen of `source` and why, in a few words; in so many namespaces, or on the whole host if that is 0.
    fn unseen(&self, source: SourceKind, reason: &LimitReason, namespaces: usize) -> String;
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident = $key:literal,)*) => {
        /// A word or short phrase of a picture.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Word { $($(#[$doc])* $name,)* }

        impl Word {
            /// Every word, so that a language can be checked for completeness.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its key in the Fluent files.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$name => $key,)* }
            }
        }
    };
}

words! {
    /// "outside world"
    Outside = "diagram-outside",
    /// "beyond this host" (below "outside world")
    OutsideNote = "diagram-outside-note",
    /// "host"
    Host = "diagram-host",
    /// "Docker" before the engine's version
    Engine = "diagram-engine",
    /// "interfaces" (lane heading)
    Interfaces = "diagram-interfaces",
    /// "NAT" (lane heading)
    Nat = "diagram-nat",
    /// "published ports" (lane heading at concept level)
    PublishedPorts = "diagram-published-ports",
    /// "bridges, i.e. switches" (lane heading)
    Bridges = "diagram-bridges",
    /// "networks" (lane heading at concept level)
    Networks = "diagram-networks",
    /// "containers" (lane heading)
    Containers = "diagram-containers",
    /// "container"
    Container = "diagram-container",
    /// "network"
    Network = "diagram-network",
    /// "bridge"
    Bridge = "diagram-bridge",
    /// "interface"
    Interface = "diagram-interface",
    /// "namespace"
    Namespace = "diagram-namespace",
    /// "project"
    Project = "diagram-project",
    /// "cable" (a veth pair)
    Cable = "diagram-cable",
    /// "port"
    Port = "diagram-port",
    /// "ports"
    Ports = "diagram-ports",
    /// "every address" (of the host)
    EveryAddress = "diagram-every-address",
    /// "this host only" (published on a loopback address)
    HostOnly = "diagram-host-only",
    /// "exposed only, not published"
    ExposedOnly = "diagram-exposed-only",
    /// "masquerade"
    Masquerade = "diagram-masquerade",
    /// "source NAT"
    SourceNat = "diagram-source-nat",
    /// "redirect"
    Redirect = "diagram-redirect",
    /// "docker-proxy"
    Proxy = "diagram-proxy",
    /// "no way out" (internal network)
    Internal = "diagram-internal",
    /// "running"
    Running = "diagram-running",
    /// "paused"
    Paused = "diagram-paused",
    /// "stopped"
    Stopped = "diagram-stopped",
    /// "created, never started"
    Created = "diagram-created",
    /// "restarting"
    Restarting = "diagram-restarting",
    /// "dead"
    Dead = "diagram-dead",
    /// "the host's own stack" (block of host-mode containers)
    HostStack = "diagram-host-stack",
    /// "no network" (block of containers with loopback alone)
    NoNetwork = "diagram-no-network",
    /// "not running" (block of stopped containers)
    NotRunning = "diagram-not-running",
    /// "other namespaces"
    OtherNamespaces = "diagram-other-namespaces",
    /// "shares one namespace"
    SharedNamespace = "diagram-shared-namespace",
    /// "on the parent interface" (macvlan, ipvlan)
    OnParent = "diagram-on-parent",
    /// "other hosts" (an overlay's peers)
    Peers = "diagram-peers",
    /// "continued" (a bridge whose containers fill more than one column)
    Continued = "diagram-continued",
    /// "default route"
    DefaultRoute = "diagram-default-route",
    /// "DNS"
    Dns = "diagram-dns",
    /// "Docker's embedded DNS"
    EmbeddedDns = "diagram-embedded-dns",
    /// "listening"
    Listening = "diagram-listening",
    /// "listens on every address"
    ListensEverywhere = "diagram-listens-everywhere",
    /// "listens on loopback only"
    ListensLoopback = "diagram-listens-loopback",
    /// "addresses"
    Addresses = "diagram-addresses",
    /// "routes"
    Routes = "diagram-routes",
    /// "rules"
    Rules = "diagram-rules",
    /// "nothing"
    Nothing = "diagram-nothing",
    /// "the other end is not seen"
    UnseenPeer = "diagram-unseen-peer",
    /// "learned addresses" (forwarding entries)
    Learned = "diagram-learned",
    /// "down"
    Down = "diagram-down",
    /// "legend"
    Legend = "diagram-legend",
    /// "what comes in, to a published port"
    LegendIn = "diagram-legend-in",
    /// "what goes out, behind the host's address"
    LegendOut = "diagram-legend-out",
    /// "cable: a veth pair"
    LegendCable = "diagram-legend-cable",
    /// "as last seen" (before a time)
    Stale = "diagram-stale",
    /// "as last seen: Docker does not answer"
    LegendStale = "diagram-legend-stale",
    /// "link, obsolete" (`--link`)
    Link = "diagram-link",
    /// "link" (before an alias)
    LinkShort = "diagram-link-short",
    /// "a link (obsolete): another name for a container"
    LegendLink = "diagram-legend-link",
    /// "no Docker networks are seen"
    Empty = "diagram-empty",
    /// "The way in: published ports"
    ViewPortMapping = "diagram-view-port-mapping",
    /// "Bridge networks"
    ViewBridge = "diagram-view-bridge",
    /// "The way out: hidden behind the host's address"
    ViewNat = "diagram-view-nat",
    /// "Names and addresses"
    ViewDns = "diagram-view-dns",
    /// "Overlay networks: one network over several hosts"
    ViewOverlay = "diagram-view-overlay",
    /// "Ingress: a published port is open on every node"
    ViewIngress = "diagram-view-ingress",
    /// "Networks of other drivers"
    ViewPlugins = "diagram-view-plugins",
    /// "address and port on the host"
    HostAddress = "diagram-host-address",
    /// "rule or docker-proxy"
    RuleOrProxy = "diagram-rule-or-proxy",
    /// "container and its ports"
    ContainerPorts = "diagram-container-ports",
    /// "bridges with their ports"
    BridgesWithPorts = "diagram-bridges-with-ports",
    /// "interfaces in the containers"
    ContainerInterfaces = "diagram-container-interfaces",
    /// "also on"
    AlsoOn = "diagram-also-on",
    /// "the source address is changed"
    SourceChanged = "diagram-source-changed",
    /// "no masquerading"
    NoMasquerade = "diagram-no-masquerade",
    /// "who asks"
    Asks = "diagram-asks",
    /// "which name server"
    NameServer = "diagram-name-server",
    /// "network and its addresses"
    AddressPools = "diagram-address-pools",
    /// "known by which names"
    Answers = "diagram-answers",
    /// "the host's name servers"
    HostNameServers = "diagram-host-name-servers",
    /// "by address only"
    AddressOnly = "diagram-address-only",
    /// "gateway"
    Gateway = "diagram-gateway",
    /// "used"
    Used = "diagram-used",
    /// "used on this host"
    UsedHere = "diagram-used-here",
    /// "free"
    Free = "diagram-free",
    /// "tunnel's end: VXLAN"
    TunnelEnd = "diagram-tunnel-end",
    /// "between the hosts"
    BetweenHosts = "diagram-between-hosts",
    /// "VXLAN tunnel"
    VxlanTunnel = "diagram-vxlan-tunnel",
    /// "every node's port, clients within"
    EveryNode = "diagram-every-node",
    /// "rule, virtual address"
    IngressRule = "diagram-ingress-rule",
    /// "the mesh's namespace: load balancer"
    IngressNamespace = "diagram-ingress-namespace",
    /// "virtual address" (of a service)
    VirtualAddress = "diagram-virtual-address",
    /// "source becomes" (before an address)
    SourceBecomes = "diagram-source-becomes",
    /// "not seen"
    NotSeen = "diagram-not-seen",
    /// "tasks"
    Tasks = "diagram-tasks",
    /// "mesh not programmed: no IPVS"
    MeshNotProgrammed = "diagram-mesh-not-programmed",
    /// "parent interface"
    ParentInterface = "diagram-parent-interface",
    /// "no bridge, no NAT"
    NoBridgeNoNat = "diagram-no-bridge-no-nat",
    /// "Not seen" (heading of what was not read)
    Unseen = "diagram-unseen",
    /// "Nothing of this kind was read."
    NoneRead = "diagram-none-read",
    /// "Nothing of this kind is here."
    NoneHere = "diagram-none-here",
}
