//! The generated hosts: those of `generate.py`, number for number, so that nothing has to be fetched to measure them.

use super::host::{Edge, Graph, Node};
use super::random::Random;

/// A host of `count` containers: a bridge for every 20 (at least 3), a quarter of the containers on a second network
/// (most of them on one shared network), 30 % publish a port and 5 % two. `has_more`: with one container more.
pub(crate) fn host(count: usize, has_more: bool) -> Graph {
    let mut random = Random::new(7 * 100_003 + count as u64);
    let bridges = (count / 20).max(3);
    let weights: Vec<f64> = (0..bridges).map(|_| random.log_normal(0.0, 0.6)).collect();
    let mut homes: Vec<usize> = (0..count).map(|_| random.choice(&weights)).collect();
    for (bridge, home) in homes.iter_mut().enumerate().take(bridges) {
        *home = bridge;
    }
    random.shuffle(&mut homes);
    let mut containers = Vec::with_capacity(count + 1);
    for &home in &homes {
        let mut networks = vec![home];
        if random.fraction() < 0.25 {
            let other = if random.fraction() < 0.7 { 0 } else { random.below(bridges) };
            if other != home {
                networks.push(other);
            }
        }
        let ports = match random.fraction() {
            chance if chance < 0.05 => 2,
            chance if chance < 0.35 => 1,
            _ => 0,
        };
        containers.push((networks, ports));
    }
    if has_more {
        containers.push((vec![homes[count / 2]], 1));
    }
    let mut graph = Builder::default();
    graph.node("inet", "internet", (120.0, 44.0), None);
    graph.node("host", "host", (0.0, 0.0), None);
    let uplinks = if count < 1000 { 1 } else { 2 };
    for uplink in 0..uplinks {
        graph.node(&format!("eth{uplink}"), "hostif", (130.0, 40.0), Some("host"));
        graph.edge("inet", &format!("eth{uplink}"), "up");
    }
    for bridge in 0..bridges {
        graph.node(&format!("br{bridge}"), "bridge", (150.0, 44.0), Some("host"));
        graph.edge("eth0", &format!("br{bridge}"), "masq");
    }
    for (number, (networks, ports)) in containers.iter().enumerate() {
        let container = format!("c{number}");
        graph.node(&container, "container", (180.0, 34.0 + 28.0 * networks.len() as f32), Some("host"));
        for (nth, bridge) in networks.iter().enumerate() {
            let (interface, veth) = (format!("c{number}i{nth}"), format!("v{number}_{nth}"));
            graph.node(&interface, "iface", (150.0, 22.0), Some(&container));
            graph.node(&veth, "veth", (110.0, 22.0), Some("host"));
            graph.edge(&format!("br{bridge}"), &veth, "port");
            graph.edge(&veth, &interface, "veth");
        }
        for port in 0..*ports {
            let nat = format!("nat{number}_{port}");
            graph.node(&nat, "nat", (140.0, 22.0), Some("host"));
            let uplink = usize::from(uplinks > 1 && (number * 7 + port) % 20 == 0);
            graph.edge(&format!("eth{uplink}"), &nat, "in");
            graph.edge(&nat, &container, "dnat");
        }
    }
    Graph { nodes: graph.nodes, edges: graph.edges }
}

#[derive(Default)]
struct Builder {
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

impl Builder {
    fn node(&mut self, id: &str, kind: &str, (w, h): (f32, f32), parent: Option<&str>) {
        self.nodes.push(Node { id: id.into(), kind: kind.into(), w, h, parent: parent.map(Into::into) });
    }

    fn edge(&mut self, s: &str, t: &str, kind: &str) {
        let id = format!("e{}:{s}>{t}", self.edges.len());
        self.edges.push(Edge { id, s: s.into(), t: t.into(), kind: kind.into() });
    }
}
