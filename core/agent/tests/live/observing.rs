//! One full observation, line by line against the usual tools.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use bridgewalk_model::{
    Fact,
    kernel::{LinkKind, OperState, SocketState, Transport},
};

use crate::bench::{Named, Talk, own, run};

/// A namespace with one of each that this kernel has, and another at the end of its cable.
fn wired() -> (Named, Named) {
    let (a, b) = (Named::new(), Named::new());
    a.run("ip link set lo up");
    a.run("ip link add br0 type bridge");
    a.run("ip link set br0 up");
    a.run(&format!("ip link add v0 type veth peer name e0 netns {}", b.0));
    a.run("ip link set v0 master br0 up");
    a.run("bridge link set dev v0 hairpin on isolated on");
    a.run("ip link add mv0 link br0 type macvlan mode bridge");
    a.run("ip link add vx0 type vxlan id 4097 dstport 4789 local 192.0.2.1 nolearning proxy dev br0");
    a.run("ip addr add 192.0.2.1/24 dev br0");
    a.run("ip addr add 2001:db8::1/64 dev br0 nodad");
    a.run("ip route add 198.51.100.0/24 via 192.0.2.9");
    a.run("ip route add blackhole 203.0.113.0/24 table 77");
    a.run("ip route add 203.0.113.0/25 nexthop via 192.0.2.7 weight 3 nexthop via 192.0.2.8");
    a.run("ip -6 route add 2001:db8:1::/48 via 2001:db8::9 metric 55");
    a.run("ip rule add from 192.0.2.0/25 fwmark 0x10/0xff lookup 77 priority 100");
    a.run("ip -6 rule add iif br0 lookup 78 priority 101");
    a.run("ip neigh add 192.0.2.9 lladdr 02:00:00:00:00:09 dev br0");
    a.run("ip neigh add proxy 192.0.2.77 dev br0");
    a.run("bridge fdb append 02:00:00:00:00:05 dev vx0 dst 198.51.100.5");
    a.run("sysctl -q -w net.ipv4.ip_forward=1 net.ipv4.conf.br0.rp_filter=2 net.ipv6.conf.br0.disable_ipv6=0");
    b.run("ip link set e0 up");
    b.run("ip addr add 192.0.2.2/24 dev e0");
    be_quiet(&a, &b);
    (a, b)
}

/// Waits until all that follows has happened: addresses are still tried out, devices join groups, and a bridge learns
/// from what is sent meanwhile.
fn be_quiet(a: &Named, b: &Named) {
    let seen = || (a.json("bridge -j fdb"), a.json("ip -j addr"), b.json("ip -j addr"));
    let until = Instant::now() + Duration::from_secs(15);
    let mut last = seen();
    loop {
        std::thread::sleep(Duration::from_millis(600));
        let now = seen();
        let is_tried = [&now.1, &now.2].into_iter().flatten().any(|link| link.to_string().contains("tentative"));
        if now == last && !is_tried {
            return;
        }
        assert!(Instant::now() < until, "it never rests: {now:?}");
        last = now;
    }
}

#[test]
fn everything_agrees_with_the_usual_tools() {
    let (a, b) = wired();
    let inode = a.inode();
    let talk = Talk::observe();

    let host = talk.sightings().iter().find(|sighting| sighting.is_host).expect("host");
    assert_eq!(host.inode, own());
    let named = talk.sightings().iter().find(|sighting| sighting.inode == inode).expect("found");
    assert!(named.names.iter().any(|name| name.path.ends_with(&format!("/run/netns/{}", a.0))), "{named:?}");

    let links = talk.links(inode);
    let oracle = a.json("ip -j -d link");
    assert_eq!(links.len(), oracle.len());
    for (link, said) in links.iter().zip(&oracle) {
        assert_eq!(link.name, said["ifname"]);
        assert_eq!(link.if_index, said["ifindex"]);
        assert_eq!(link.mtu, said["mtu"]);
        assert_eq!(link.is_up, said["flags"].as_array().expect("flags").contains(&"UP".into()), "{}", link.name);
        assert_eq!(link.oper_state == OperState::Up, said["operstate"] == "UP", "{}", link.name);
        assert_eq!(link.mac_address.map(|mac| mac.to_string()).as_deref(), said["address"].as_str());
        let kind = said["linkinfo"]["info_kind"].as_str();
        assert_eq!(matches!(link.kind, LinkKind::Bridge { .. }), kind == Some("bridge"));
        assert_eq!(link.master_if_index.is_some(), said.get("master").is_some());
    }
    let link = |name: &str| links.iter().find(|link| link.name == name).expect("link");
    assert!(matches!(link("br0").kind, LinkKind::Bridge { vlan_filtering: false, stp: false, .. }));
    assert!(matches!(
        link("vx0").kind,
        LinkKind::Vxlan { vni: 4097, port: 4789, learning: false, proxy: true, underlay_if_index: Some(_), .. }
    ));
    assert_eq!(link("mv0").kind, LinkKind::Macvlan { mode: "bridge".to_owned() });
    assert_eq!(link("mv0").peer_if_index, Some(link("br0").if_index));
    let port = link("v0").bridge_port.clone().expect("port");
    assert!(port.hairpin && port.isolated && port.learning);
    let inner = talk.links(b.inode()).iter().find(|link| link.name == "e0").expect("e0");
    assert_eq!(link("v0").peer_if_index, Some(inner.if_index));
    assert_eq!(link("v0").peer_namespace, Some(b.inode()));
    assert_eq!(inner.peer_namespace, Some(inode));

    let said: BTreeSet<_> = a
        .json("ip -j addr")
        .iter()
        .flat_map(|link| {
            link["addr_info"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|address| {
                    let local = address["local"].as_str().expect("local").parse().expect("address");
                    (
                        link["ifindex"].as_u64().expect("index") as u32,
                        local,
                        address["prefixlen"].as_u64().expect("len") as u8,
                    )
                })
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(talk.addresses(inode).into_iter().collect::<BTreeSet<_>>(), said);

    let routes = talk
        .newest(|fact| match fact {
            Fact::Routes(section) if section.namespace == inode => Some(&section.is),
            _ => None,
        })
        .expect("routes");
    let said = a.json("ip -j -4 route show table all").len() + a.json("ip -j -6 route show table all").len();
    assert_eq!(routes.len(), said);
    let route = |text: &str| routes.iter().find(|route| route.destination.to_string() == text).expect("route");
    assert_eq!(route("203.0.113.0/24").table, 77);
    assert!(route("203.0.113.0/24").next_hops.is_empty());
    let weights: Vec<u16> = route("203.0.113.0/25").next_hops.iter().map(|hop| hop.weight).collect();
    assert_eq!(weights, [3, 1]);
    assert_eq!(route("2001:db8:1::/48").metric, 55);

    let rules = talk
        .newest(|fact| match fact {
            Fact::RoutingRules(section) if section.namespace == inode => Some(&section.is),
            _ => None,
        })
        .expect("rules");
    assert_eq!(rules.len(), a.json("ip -j -4 rule").len() + a.json("ip -j -6 rule").len());
    let rule = rules.iter().find(|rule| rule.priority == 100).expect("rule");
    assert_eq!((rule.mark, rule.table), (Some((0x10, 0xff)), 77));
    assert_eq!(rule.source.map(|net| net.to_string()).as_deref(), Some("192.0.2.0/25"));

    let neighbours = talk
        .newest(|fact| match fact {
            Fact::Neighbours(section) if section.namespace == inode => Some(&section.is),
            _ => None,
        })
        .expect("neighbours");
    assert!(neighbours.iter().any(|neighbour| neighbour.is_proxy && neighbour.address.to_string() == "192.0.2.77"));
    assert!(neighbours.iter().any(|neighbour| neighbour.mac_address.is_some_and(|mac| mac.0[5] == 9)));

    let fdb = talk
        .newest(|fact| match fact {
            Fact::Fdb(section) if section.namespace == inode => Some(&section.is),
            _ => None,
        })
        .expect("fdb");
    assert_eq!(fdb.len(), a.json("bridge -j fdb").len());
    assert!(fdb.iter().any(|entry| entry.remote.is_some_and(|ip| ip.to_string() == "198.51.100.5")));

    let vlans = talk
        .newest(|fact| match fact {
            Fact::BridgeVlans(section) if section.namespace == inode => Some(&section.is),
            _ => None,
        })
        .expect("vlans");
    let said: usize = a.json("bridge -j vlan").iter().filter_map(|port| port["vlans"].as_array()).map(Vec::len).sum();
    assert_eq!(vlans.len(), said);

    let sysctls = talk
        .newest(|fact| match fact {
            Fact::Sysctls(section) if section.namespace == inode => Some(&section.is),
            _ => None,
        })
        .expect("sysctls");
    assert!(sysctls.iter().any(|sysctl| sysctl.path == "net/ipv4/conf/br0/rp_filter" && sysctl.value == "2"));
    for sysctl in sysctls {
        assert_eq!(a.run(&format!("cat /proc/sys/{}", sysctl.path)).trim(), sysctl.value, "{}", sysctl.path);
    }
}

#[test]
fn sockets_have_their_processes() {
    let tcp = std::net::TcpListener::bind("127.0.0.1:0").expect("tcp");
    let udp = std::net::UdpSocket::bind("[::1]:0").expect("udp");
    let talk = Talk::observe();
    let sockets = talk
        .newest(|fact| match fact {
            Fact::Sockets(section) if section.namespace == own() => Some(&section.is),
            _ => None,
        })
        .expect("sockets");
    for (transport, port) in [
        (Transport::Tcp, tcp.local_addr().expect("address").port()),
        (Transport::Udp, udp.local_addr().expect("address").port()),
    ] {
        let socket =
            sockets.iter().find(|socket| (socket.transport, socket.local.port) == (transport, port)).expect("socket");
        assert_eq!(socket.state, SocketState::Listen);
        assert_eq!(socket.pid, Some(std::process::id()));
        let found = run(&format!("ss -Hlnp{} sport = :{port}", if transport == Transport::Tcp { "t" } else { "u" }));
        assert!(found.contains(&format!("pid={}", std::process::id())), "{found}");
    }
    assert!(talk.facts.iter().any(|fact| matches!(fact, Fact::Processes(list)
        if list.iter().any(|process| process.pid == std::process::id()))));
}
