//! Where a stranger's packet comes in, and by what its answer leaves: one real host, wired in other ways.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends so")]

use bridgewalk_analysis::walk::{Action, Evidence, Protocol, Question, Unknown, Verdict, Walk, Walker};
use bridgewalk_model::{
    EntityId, Fact, MacAddress, NamespaceInode, Snapshot,
    kernel::{
        Address, AddressScope, FdbEntry, Link, LinkKind, Neighbour, NeighbourState, NextHop, Route, RouteKind,
        RoutingRule, Sysctl,
    },
    recording::Recording,
};

/// The host of the bed: `eth0` has 192.0.2.10/24 and the default route; `web` is published on 8080.
struct Bed {
    recording: Recording,
    own: NamespaceInode,
}

const ETH0: &str = "eth0";

impl Bed {
    fn new() -> Self {
        let recorded = include_bytes!("../../../app/tests/recordings/bed.bwrec");
        let recording = Recording::read(recorded.as_slice()).unwrap();
        let own = recording.hosts.iter().flatten().find_map(|observation| match &observation.fact {
            Fact::Links(section) if section.is.iter().any(|link| link.name == "docker0") => Some(section.namespace),
            _ => None,
        });
        Self { own: own.unwrap(), recording }
    }

    fn change(&mut self, change: impl Fn(&mut Fact)) {
        let own = self.own;
        for observation in self.recording.hosts.iter_mut().flatten() {
            let is_own = match &observation.fact {
                Fact::Links(section) => section.namespace == own,
                Fact::Addresses(section) => section.namespace == own,
                Fact::Routes(section) => section.namespace == own,
                Fact::RoutingRules(section) => section.namespace == own,
                Fact::Neighbours(section) => section.namespace == own,
                Fact::Fdb(section) => section.namespace == own,
                Fact::Sysctls(section) => section.namespace == own,
                _ => false,
            };
            if is_own {
                change(&mut observation.fact);
            }
        }
    }

    /// Changes an interface, or adds one like `eth0`.
    fn link(&mut self, name: &str, change: impl Fn(&mut Link)) -> &mut Self {
        self.change(|fact| {
            if let Fact::Links(section) = fact {
                if !section.is.iter().any(|link| link.name == name) {
                    let mut link = section.is.iter().find(|link| link.name == ETH0).unwrap().clone();
                    link.name = name.to_owned();
                    link.if_index = index_of(name);
                    link.kind = LinkKind::Physical;
                    link.mac_address = Some(MacAddress([2, 0, 0, 0, 1, u8::try_from(link.if_index % 256).unwrap()]));
                    link.peer_if_index = None;
                    link.peer_nsid = None;
                    link.peer_namespace = None;
                    section.is.push(link);
                }
                change(section.is.iter_mut().find(|link| link.name == name).unwrap());
            }
        });
        self.sysctl(&format!("net/ipv4/conf/{name}/forwarding"), "1")
    }

    fn index(&self, name: &str) -> u32 {
        let links = self.recording.hosts.iter().flatten().filter_map(|observation| match &observation.fact {
            Fact::Links(section) if section.namespace == self.own => Some(&section.is),
            _ => None,
        });
        links.flatten().find(|link| link.name == name).unwrap().if_index
    }

    /// An address with its local and its connected route.
    fn address(&mut self, name: &str, net: &str) -> &mut Self {
        let if_index = self.index(name);
        let net: ipnet::IpNet = net.parse().unwrap();
        let host = ipnet::IpNet::from(net.addr());
        self.change(|fact| match fact {
            Fact::Addresses(section) => section.is.push(Address {
                if_index,
                address: net.addr(),
                prefix_len: net.prefix_len(),
                peer: None,
                broadcast: None,
                scope: AddressScope::Global,
                is_secondary: false,
                is_tentative: false,
            }),
            Fact::Routes(section) => section.is.extend([
                route(255, &host.to_string(), RouteKind::Local, None, if_index),
                route(254, &net.trunc().to_string(), RouteKind::Unicast, None, if_index),
            ]),
            _ => {}
        });
        self
    }

    fn route(&mut self, table: u32, to: &str, gateway: Option<&str>, name: &str) -> &mut Self {
        let if_index = self.index(name);
        self.change(|fact| {
            if let Fact::Routes(section) = fact {
                section.is.push(route(table, to, RouteKind::Unicast, gateway, if_index));
            }
        });
        self
    }

    fn without_default_route(&mut self) -> &mut Self {
        self.change(|fact| {
            if let Fact::Routes(section) = fact {
                section.is.retain(|route| route.destination.prefix_len() > 0);
            }
        });
        self
    }

    /// As `ip rule add priority P …`.
    fn rule(&mut self, priority: u32, table: u32, change: impl Fn(&mut RoutingRule)) -> &mut Self {
        self.change(|fact| {
            if let Fact::RoutingRules(section) = fact {
                let mut rule = RoutingRule {
                    is_ipv6: false,
                    priority,
                    table,
                    action: "lookup".to_owned(),
                    is_inverted: false,
                    source: None,
                    destination: None,
                    in_interface: None,
                    out_interface: None,
                    mark: None,
                    suppress_prefix_len: None,
                    others: Vec::new(),
                };
                change(&mut rule);
                section.is.push(rule);
            }
        });
        self
    }

    fn neighbour(&mut self, name: &str, address: &str, mac: MacAddress) -> &mut Self {
        let if_index = self.index(name);
        self.change(|fact| {
            if let Fact::Neighbours(section) = fact {
                section.is.push(Neighbour {
                    if_index,
                    address: address.parse().unwrap(),
                    mac_address: Some(mac),
                    state: NeighbourState::Reachable,
                    is_router: false,
                    is_proxy: false,
                });
            }
        });
        self
    }

    fn learned(&mut self, bridge: &str, port: &str, mac: MacAddress) -> &mut Self {
        let (bridge, port) = (self.index(bridge), self.index(port));
        self.change(|fact| {
            if let Fact::Fdb(section) = fact {
                section.is.push(FdbEntry {
                    if_index: port,
                    mac_address: mac,
                    bridge_if_index: Some(bridge),
                    remote: None,
                    vlan_id: None,
                    is_permanent: false,
                    is_static: false,
                    is_externally_learned: false,
                    is_self: false,
                });
            }
        });
        self
    }

    fn sysctl(&mut self, path: &str, value: &str) -> &mut Self {
        self.change(|fact| {
            if let Fact::Sysctls(section) = fact {
                section.is.retain(|one| one.path != path);
                section.is.push(Sysctl { path: path.to_owned(), value: value.to_owned() });
            }
        });
        self
    }

    /// Moves the addresses and routes of `eth0` to another device.
    fn move_to(&mut self, name: &str) -> &mut Self {
        let (old, new) = (self.index(ETH0), self.index(name));
        self.change(|fact| match fact {
            Fact::Addresses(section) => section.is.iter_mut().filter(|one| one.if_index == old).for_each(|one| {
                one.if_index = new;
            }),
            Fact::Routes(section) => {
                let hops = section.is.iter_mut().flat_map(|route| &mut route.next_hops);
                hops.filter(|hop| hop.if_index == old).for_each(|hop| hop.if_index = new);
            }
            Fact::Neighbours(section) => section.is.iter_mut().filter(|one| one.if_index == old).for_each(|one| {
                one.if_index = new;
            }),
            _ => {}
        });
        self
    }

    fn snapshot(&self) -> Snapshot {
        self.recording.last_snapshot()
    }

    fn walk(&self, from: &str, to: &str) -> Walk {
        let snapshot = self.snapshot();
        let walker = Walker::new(&snapshot);
        let (to, port) = walker.receiver(to).unwrap();
        let from = walker.sender(from).unwrap();
        walker.walk(&Question { from, to, port, protocol: Protocol::Tcp, source_port: None })
    }
}

fn index_of(name: &str) -> u32 {
    900 + name.bytes().fold(0, |sum, byte| (sum * 31 + u32::from(byte)) % 97)
}

fn route(table: u32, to: &str, kind: RouteKind, gateway: Option<&str>, if_index: u32) -> Route {
    Route {
        table,
        destination: to.parse().unwrap(),
        kind,
        next_hops: vec![NextHop {
            gateway: gateway.map(|gateway| gateway.parse().unwrap()),
            if_index,
            weight: 1,
            is_dead: false,
            is_on_link: false,
        }],
        preferred_source: None,
        metric: 0,
        scope: 0,
        protocol: "boot".to_owned(),
        tos: 0,
    }
}

fn last(id: &EntityId) -> &str {
    id.as_str().rsplit(['/', ':']).next().unwrap_or_default()
}

/// By which interfaces the packet may come in: the one that the walk names, or all that it leaves open.
fn entries(walk: &Walk) -> Vec<String> {
    let open: Vec<String> = walk
        .branches
        .iter()
        .flat_map(|branch| &branch.assuming)
        .filter_map(|assumed| match assumed {
            Unknown::Entry { interface } => Some(last(interface).to_owned()),
            _ => None,
        })
        .collect();
    if !open.is_empty() {
        return open;
    }
    let evidence = walk.way.hops.iter().flat_map(|hop| &hop.evidence);
    evidence
        .filter_map(|evidence| match evidence {
            Evidence::Entry { interface, .. } => Some(last(interface).to_owned()),
            _ => None,
        })
        .collect()
}

/// What a walk comes to, in a line.
fn told(walk: &Walk) -> String {
    let reply = walk.reply.as_ref().map_or("-", |reply| reply.verdict.as_str());
    format!("{} {reply} by {}", walk.way.verdict.as_str(), entries(walk).join(" "))
}

/// By which interface a lost answer leaves, and as whom.
fn astray(walk: &Walk) -> (String, String) {
    match walk.reply.as_ref().and_then(|reply| reply.decided_by.clone()) {
        Some(Evidence::Astray { leaves_by, source, .. }) => (last(&leaves_by).to_owned(), source.to_string()),
        other => panic!("the answer is not astray: {other:?}"),
    }
}

fn second_uplink() -> Bed {
    let mut bed = Bed::new();
    bed.link("ens1", |_| {}).address("ens1", "198.18.5.10/24");
    bed
}

#[test]
fn one_uplink_is_as_it_was() {
    let bed = Bed::new();
    assert_eq!(told(&bed.walk("outside", "192.0.2.10:8080")), "delivered delivered by eth0");
    assert_eq!(told(&bed.walk("192.0.2.77", "192.0.2.10:8080")), "delivered delivered by eth0");
    assert_eq!(told(&bed.walk("192.0.2.77", "172.17.0.2:80")), "delivered delivered by eth0");
    assert_eq!(bed.walk("outside", "172.17.0.2:80").way.verdict, Verdict::NoRoute);
}

#[test]
fn a_neighbour_comes_in_by_the_own_link_and_is_answered_there() {
    let bed = second_uplink();
    assert_eq!(told(&bed.walk("198.18.5.2", "198.18.5.10:8080")), "delivered delivered by ens1");
    assert_eq!(told(&bed.walk("192.0.2.77", "192.0.2.10:8080")), "delivered delivered by eth0");
    // To an address behind the host it may send as to a router.
    assert_eq!(told(&bed.walk("198.18.5.2", "172.17.0.2:80")), "delivered delivered by ens1");
}

#[test]
fn an_answer_that_leaves_by_the_other_uplink_is_no_connection() {
    let mut bed = second_uplink();
    let walk = bed.walk("outside", "198.18.5.10:8080");
    assert_eq!(told(&walk), "delivered no_route by ens1");
    assert_eq!(walk.connects(), Some(false));
    assert_eq!(astray(&walk), ("eth0".to_owned(), "198.18.5.10".to_owned()));
    // A socket of the host's own answers by a rule for its address; what a container answers has its own.
    bed.route(100, "0.0.0.0/0", Some("198.18.5.1"), "ens1");
    bed.rule(100, 100, |rule| rule.source = Some("198.18.5.10/32".parse().unwrap()));
    assert_eq!(told(&bed.walk("outside", "198.18.5.10:9090")), "delivered delivered by ens1");
    assert_eq!(told(&bed.walk("outside", "198.18.5.10:8080")), "delivered no_route by ens1");
    // A route to the sender says where it is.
    bed.route(254, "203.0.113.0/24", Some("198.18.5.1"), "ens1");
    assert_eq!(told(&bed.walk("203.0.113.77", "198.18.5.10:8080")), "delivered delivered by ens1");
}

#[test]
fn where_it_may_come_in_by_several_each_is_walked() {
    let mut bed = second_uplink();
    // A neighbour of ens1 sends to eth0's address by ens1, or by its own router.
    let walk = bed.walk("198.18.5.2", "192.0.2.10:8080");
    assert_eq!(walk.connects(), Some(true), "both connect: {walk:?}");
    assert!(walk.unknowns.iter().any(|one| matches!(one, Unknown::Entry { .. })));
    bed.sysctl("net/ipv4/conf/eth0/rp_filter", "1");
    let walk = bed.walk("198.18.5.2", "192.0.2.10:8080");
    assert_eq!((walk.way.verdict, walk.connects()), (Verdict::Undecided, None));
    assert_eq!(entries(&walk), ["ens1", "eth0"]);
    assert_eq!(
        walk.branches.iter().map(|one| one.way.verdict).collect::<Vec<_>>(),
        [Verdict::Delivered, Verdict::Dropped]
    );
}

#[test]
fn of_several_ways_back_each_is_walked() {
    let mut bed = second_uplink();
    let ens1 = bed.index("ens1");
    bed.change(|fact| {
        let Fact::Routes(section) = fact else { return };
        let default = section.is.iter_mut().find(|route| route.destination.to_string() == "0.0.0.0/0").unwrap();
        let other =
            NextHop { gateway: Some("198.18.5.1".parse().unwrap()), if_index: ens1, ..default.next_hops[0].clone() };
        default.next_hops.push(other);
    });
    // The kernel chooses by a hash: one of the two next hops leads back.
    let walk = bed.walk("outside", "198.18.5.10:9090");
    assert_eq!((walk.way.verdict, walk.connects()), (Verdict::Delivered, None), "{}", told(&walk));
    assert!(walk.unknowns.iter().any(|one| matches!(one, Unknown::Path { .. })));
    // A neighbour is answered on its link.
    assert_eq!(told(&bed.walk("198.18.5.2", "198.18.5.10:9090")), "delivered delivered by ens1");
}

#[test]
fn a_host_without_a_default_route_answers_its_neighbours_alone() {
    let mut bed = Bed::new();
    bed.without_default_route();
    assert_eq!(told(&bed.walk("192.0.2.77", "192.0.2.10:8080")), "delivered delivered by eth0");
    let walk = bed.walk("outside", "192.0.2.10:9090");
    assert_eq!((told(&walk).as_str(), walk.connects()), ("delivered no_route by eth0", Some(false)));
}

#[test]
fn a_secondary_address_is_answered_as_itself() {
    let mut bed = Bed::new();
    bed.address(ETH0, "192.0.2.99/24").address(ETH0, "198.18.5.9/24");
    for to in ["192.0.2.99:8080", "198.18.5.9:8080"] {
        assert_eq!(told(&bed.walk("outside", to)), "delivered delivered by eth0", "{to}");
    }
    assert_eq!(told(&bed.walk("198.18.5.2", "198.18.5.9:8080")), "delivered delivered by eth0");
}

#[test]
fn tunnels_of_every_kind_are_ways_in() {
    for kind in ["wireguard", "gre", "tun", "vxlan"] {
        let mut bed = Bed::new();
        bed.link("wg0", |link| {
            (link.kind, link.mac_address) = match kind {
                "tun" => (LinkKind::Tun, None),
                "vxlan" => (vxlan(), link.mac_address),
                name => (LinkKind::Other { name: name.to_owned() }, None),
            };
        });
        bed.address("wg0", "10.9.0.1/24").route(254, "10.20.0.0/16", None, "wg0");
        for (from, to) in [("10.9.0.2", "10.9.0.1:8080"), ("10.9.0.2", "172.17.0.2:80"), ("10.20.0.5", "172.17.0.2:80")]
        {
            assert_eq!(told(&bed.walk(from, to)), "delivered delivered by wg0", "{kind}: {from} to {to}");
        }
        assert_eq!(told(&bed.walk("outside", "192.0.2.10:8080")), "delivered delivered by eth0", "{kind}");
        // Beyond the tunnel somebody has an address that the default route answers by the link.
        let walk = bed.walk("outside", "10.9.0.1:8080");
        assert_eq!((told(&walk).as_str(), walk.connects()), ("delivered no_route by wg0", Some(false)), "{kind}");
    }
}

fn vxlan() -> LinkKind {
    LinkKind::Vxlan {
        vni: 5,
        port: 4789,
        local: None,
        remote: Some("192.0.2.20".parse().unwrap()),
        learning: true,
        proxy: false,
        underlay_if_index: None,
    }
}

/// As `wg-quick` does for `AllowedIPs = 0.0.0.0/0`.
#[test]
fn a_full_tunnel_takes_the_answers_to_who_is_beyond_the_link() {
    let mut bed = Bed::new();
    bed.link("wg0", |link| {
        link.kind = LinkKind::Other { name: "wireguard".to_owned() };
        link.mac_address = None;
    });
    bed.address("wg0", "10.9.0.1/24").route(51820, "0.0.0.0/0", None, "wg0");
    bed.rule(32_764, 254, |rule| rule.suppress_prefix_len = Some(0));
    bed.rule(32_765, 51820, |rule| {
        rule.mark = Some((51820, u32::MAX));
        rule.is_inverted = true;
    });
    let walk = bed.walk("outside", "192.0.2.10:8080");
    assert_eq!((told(&walk).as_str(), walk.connects()), ("delivered no_route by eth0", Some(false)));
    assert_eq!(astray(&walk), ("wg0".to_owned(), "192.0.2.10".to_owned()));
    assert_eq!(told(&bed.walk("192.0.2.77", "192.0.2.10:8080")), "delivered delivered by eth0");
}

#[test]
fn a_vlan_a_bond_and_a_bridge_are_entered_by_what_carries_them() {
    let mut bed = Bed::new();
    bed.link("eth0.100", |link| link.kind = LinkKind::Vlan { vlan_id: 100 });
    let eth0 = bed.index(ETH0);
    bed.link("eth0.100", |link| link.peer_if_index = Some(eth0));
    bed.address("eth0.100", "10.100.0.10/24");
    for (from, by) in [("10.100.0.2", "10.100.0.10:8080"), ("192.0.2.77", "192.0.2.10:8080")] {
        let walk = bed.walk(from, by);
        assert_eq!(walk.connects(), Some(true), "{}", told(&walk));
        let entry = if by.starts_with("10.100") { "eth0.100" } else { "eth0" };
        assert_eq!(entries(&walk), [entry]);
    }
    let walk = bed.walk("outside", "10.100.0.10:8080");
    assert_eq!(told(&walk), "delivered no_route by eth0.100");
    assert_eq!(astray(&walk).0, "eth0");

    let mut bed = Bed::new();
    bed.link("bond0", |link| link.kind = LinkKind::Other { name: "bond".to_owned() });
    let bond = bed.index("bond0");
    bed.link("ens1", |link| link.master_if_index = Some(bond));
    bed.link(ETH0, |link| link.master_if_index = Some(bond)).move_to("bond0");
    for from in ["192.0.2.77", "outside"] {
        let walk = bed.walk(from, "192.0.2.10:8080");
        assert_eq!(told(&walk), "delivered delivered by bond0", "{from}");
        assert_eq!(walk.way.hops.iter().filter(|hop| hop.action == Action::Routed).count(), 1);
    }
}

/// `eth0` is a port of `br0`, and a machine is behind `tap0` there.
fn bridged() -> Bed {
    let mut bed = Bed::new();
    bed.link("br0", |link| {
        link.kind = LinkKind::Bridge {
            stp: false,
            vlan_filtering: false,
            ageing_time_cs: 30_000,
            nf_call_iptables: false,
            nf_call_ip6tables: false,
        };
    });
    let bridge = bed.index("br0");
    bed.link("tap0", |link| {
        link.kind = LinkKind::Tun;
        link.master_if_index = Some(bridge);
    });
    bed.link(ETH0, |link| link.master_if_index = Some(bridge)).move_to("br0");
    let (machine, router) = (MacAddress([2, 0, 0, 0, 2, 50]), MacAddress([2, 0, 0, 0, 2, 1]));
    bed.neighbour("br0", "192.0.2.50", machine).learned("br0", "tap0", machine);
    bed.neighbour("br0", "192.0.2.1", router).learned("br0", ETH0, router);
    bed
}

#[test]
fn a_machine_behind_the_hosts_bridge_comes_in_by_its_port() {
    let mut bed = bridged();
    assert_eq!(told(&bed.walk("192.0.2.50", "192.0.2.10:8080")), "delivered delivered by tap0");
    assert_eq!(told(&bed.walk("192.0.2.1", "192.0.2.10:8080")), "delivered delivered by eth0");
    assert_eq!(told(&bed.walk("outside", "192.0.2.10:8080")), "delivered delivered by eth0");
    // Whom no table has may be behind either port.
    let walk = bed.walk("192.0.2.51", "192.0.2.10:8080");
    assert_eq!(walk.connects(), Some(true), "{}", told(&walk));
    assert!(walk.unknowns.iter().any(|one| matches!(one, Unknown::Entry { .. })));

    // To its neighbour it goes over the bridge, past IP's rules or through them.
    bed.sysctl("net/bridge/bridge-nf-call-iptables", "0");
    let walk = bed.walk("192.0.2.50", "192.0.2.1:22");
    assert_eq!(told(&walk), "delivered delivered by tap0");
    assert!(walk.all_hops().all(|hop| hop.action != Action::Routed), "{walk:?}");
    bed.sysctl("net/bridge/bridge-nf-call-iptables", "1");
    let walk = bed.walk("192.0.2.50", "192.0.2.1:22");
    assert_eq!(walk.way.verdict, Verdict::Dropped, "Docker's FORWARD drops what nobody lets pass: {}", told(&walk));
    // Two on one side of the host do not need it.
    let walk = bed.walk("192.0.2.1", "192.0.2.77:22");
    assert_eq!(walk.way.verdict, Verdict::Undecided);
}

#[test]
fn a_remedy_that_leaves_the_answer_astray_is_none() {
    let mut bed = second_uplink();
    bed.sysctl("net/ipv4/conf/ens1/rp_filter", "1");
    let walk = bed.walk("outside", "198.18.5.10:8080");
    assert_eq!(walk.way.verdict, Verdict::Dropped);
    assert!(walk.way.openings.is_empty(), "{:?}", walk.way.openings);
}
