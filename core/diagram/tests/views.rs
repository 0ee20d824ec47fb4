//! Every view of the bundled recordings, in both languages: nothing overlaps, no line runs through a box or a text, and
//! what each view says stays what it is.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends so")]

use std::collections::{BTreeMap, BTreeSet};

use bridgewalk_diagram::{
    Detail, Filter, Scope, Station, ThemeName, View, Word, Words, check, draw, export,
    scene::{Edge, EdgeKind, Point, Scene, Shape},
};
use bridgewalk_model::{LimitReason, Snapshot, SourceKind, assembly::assemble, recording::Recording};

/// The charts, the whole, a container from the inside, and a Compose project.
fn views(snapshot: &Snapshot) -> Vec<(&'static str, View)> {
    let of = |scope: Scope| View { scope, ..View::default() };
    let containers = || snapshot.hosts.iter().flat_map(|host| &host.containers);
    let inside =
        containers().find(|it| it.namespace.is_some() && it.attachments.len() > 1).unwrap().namespace.clone().unwrap();
    let project = containers().find_map(|container| container.compose.clone()).map(|compose| compose.project);
    vec![
        ("port-mapping", of(Scope::PortMapping)),
        ("bridge", of(Scope::Bridges)),
        ("nat", of(Scope::Nat)),
        ("dns", of(Scope::Dns)),
        ("overlay", of(Scope::Overlay)),
        ("ingress", of(Scope::Ingress)),
        ("plugins", of(Scope::Plugins)),
        ("host", of(Scope::Whole)),
        ("namespace", of(Scope::Namespace(inside))),
        ("project", View { filter: Filter { project, ..Filter::default() }, ..View::default() }),
    ]
}

/// The bundled texts, read as `key = text`.
struct Texts(BTreeMap<&'static str, &'static str>);

impl Texts {
    fn of(file: &'static str) -> Self {
        Self(file.lines().filter_map(|line| line.split_once(" = ")).collect())
    }

    fn english() -> Self {
        Self::of(include_str!("../../../assets/locales/en/diagram.ftl"))
    }

    fn french() -> Self {
        Self::of(include_str!("../../../assets/locales/fr/diagram.ftl"))
    }
}

impl Words for Texts {
    fn word(&self, word: Word) -> String {
        self.0.get(word.key()).unwrap_or_else(|| panic!("no text {}", word.key())).to_string()
    }

    fn unseen(&self, source: SourceKind, _: &LimitReason, namespaces: usize) -> String {
        format!("{} in {namespaces}", source.name())
    }
}

fn recorded(recordings: &[&[u8]]) -> Snapshot {
    let states: Vec<_> = recordings.iter().flat_map(|bytes| Recording::read(*bytes).unwrap().last_states()).collect();
    assemble(&states.iter().collect::<Vec<_>>())
}

const HARBOUR: &[u8] = include_bytes!("../../../assets/recordings/demo.bwrec");
const ISLAND: &[u8] = include_bytes!("../../../assets/recordings/demo-overlay.bwrec");
const REEF: &[u8] = include_bytes!("../../../assets/recordings/demo-ingress.bwrec");

/// One host with everything.
fn demo() -> Snapshot {
    recorded(&[HARBOUR])
}

/// The bundled recordings as they are offered.
fn demos() -> [(&'static str, Snapshot); 3] {
    [("", demo()), ("two hosts ", recorded(&[HARBOUR, ISLAND])), ("ingress ", recorded(&[REEF]))]
}

fn picture(name: &str, snapshot: &Snapshot, view: &View, words: &Texts) -> Vec<String> {
    let drawing = draw(snapshot, view, None, words);
    let png = export::png(&drawing.scene, 1.0, false).unwrap();
    let file = format!("{}/view-{name}.png", env!("CARGO_TARGET_TMPDIR"));
    #[allow(clippy::disallowed_methods, reason = "a test leaves its picture where people can look at it")]
    std::fs::write(file, png).unwrap();
    check::faults(&drawing.scene).into_iter().map(|fault| format!("{name}: {fault}")).collect()
}

#[test]
fn every_view_keeps_the_rules_of_a_picture() {
    let mut faults = Vec::new();
    for (language, words) in [("en", Texts::english()), ("fr", Texts::french())] {
        for (of, snapshot) in demos() {
            for (name, view) in views(&snapshot) {
                for detail in [Detail::Concept, Detail::Plumbing, Detail::Everything] {
                    let view = View { detail, ..view.clone() };
                    faults.extend(picture(&format!("{of}{name}-{language}-{detail:?}"), &snapshot, &view, &words));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults[..faults.len().min(30)].join("\n"));
}

#[test]
fn views_say_what_they_said() {
    let [(_, host), (_, two_hosts), (_, ingress)] = demos();
    for (name, view) in views(&host) {
        let snapshot = match name {
            "overlay" => &two_hosts,
            "ingress" => &ingress,
            _ => &host,
        };
        insta::assert_snapshot!(name, texts(&draw(snapshot, &view, None, &Texts::english()).scene).join("\n"));
    }
    let ipvlan = View { scope: Scope::Plugins, ..View::default() };
    insta::assert_snapshot!("ipvlan", texts(&draw(&ingress, &ipvlan, None, &Texts::english()).scene).join("\n"));
}

fn texts(scene: &Scene) -> Vec<&str> {
    let texts = scene.items.iter().filter_map(|item| match &item.shape {
        Shape::Text { text, .. } => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

/// What stands after `option` in a line of iptables or ipvsadm.
fn after<'a>(line: &'a str, option: &str) -> Option<&'a str> {
    line.split_whitespace().skip_while(|word| *word != option).nth(1)
}

/// Whom each line leads to, by the boxes' accessible names: `from → to`.
fn leads(scene: &Scene) -> BTreeSet<(String, String)> {
    let at = |x: f32, y: f32| {
        let boxes = scene.targets.iter().filter(|it| it.line.is_empty() && it.rect.contains(Point { x, y }));
        boxes.max_by_key(|it| it.depth).map(|it| it.name.clone()).unwrap_or_default()
    };
    let ends = |edge: &Edge| {
        let (first, last) = (edge.points[0], edge.points[edge.points.len() - 1]);
        (at(first.x - 1.0, first.y), at(last.x + 1.0, last.y))
    };
    scene.edges.iter().filter(|edge| edge.kind == EdgeKind::Inward).map(ends).collect()
}

#[test]
fn the_ingress_is_what_ipvsadm_and_iptables_say() {
    let snapshot = recorded(&[REEF]);
    let view = View { scope: Scope::Ingress, ..View::default() };
    let scene = draw(&snapshot, &view, None, &Texts::english()).scene;
    let names: Vec<&str> = scene.targets.iter().map(|target| target.name.as_str()).collect();
    let leads = leads(&scene);
    let one = |parts: &[&str]| {
        let found: Vec<&str> =
            names.iter().copied().filter(|name| parts.iter().all(|part| name.contains(part))).collect();
        assert_eq!(found.len(), 1, "{parts:?} in {names:#?}");
        found[0].to_owned()
    };
    // The host's rule, and what its port leads to.
    let rule = include_str!("data/swarm-ingress/host.iptables");
    let (door, sent) = (after(rule, "--dport").unwrap(), after(rule, "--to-destination").unwrap());
    let sent = one(&[&format!("→ {sent}")]);
    assert!(leads.contains(&(one(&["192.0.2.10:", door]), sent.clone())), "{leads:#?}");
    // Each balancer: its mark, its scheduler, whom it sends to, and under whose address.
    let of = [
        (
            include_str!("data/swarm-ingress/ingress_sbox.ipvsadm"),
            include_str!("data/swarm-ingress/ingress_sbox.iptables"),
        ),
        (include_str!("data/swarm-ingress/lb.ipvsadm"), include_str!("data/swarm-ingress/lb.iptables")),
    ];
    for (number, (servers, rules)) in of.into_iter().enumerate() {
        let service = servers.lines().find(|line| line.starts_with("-A")).unwrap();
        let mark: u32 = after(service, "-f").unwrap().parse().unwrap();
        let hides = rules.lines().find_map(|line| after(line, "--to-source")).unwrap();
        let marked = format!("--set-xmark {mark:#x}/");
        assert!(rules.contains(&marked), "the oracle agrees with itself");
        let balancer = one(&[&format!("mark {mark:#x}"), after(service, "-s").unwrap(), hides]);
        for server in servers.lines().filter_map(|line| after(line, "-r")) {
            let address = server.split(':').next().unwrap();
            let task = names.iter().find(|name| name.starts_with("web.") && name.contains(address)).unwrap();
            assert!(leads.contains(&(balancer.clone(), (*task).to_owned())), "{balancer} to {task}: {leads:#?}");
        }
        let sends = leads.iter().filter(|(from, _)| *from == balancer).count();
        assert_eq!(sends, servers.lines().filter(|line| line.starts_with("-a")).count());
        if number == 0 {
            assert!(leads.contains(&(sent.clone(), balancer)), "{leads:#?}");
        } else {
            // The virtual address that is marked for it.
            let own = rules.lines().find(|line| line.contains(&marked)).and_then(|line| after(line, "-d")).unwrap();
            let own = one(&[&format!("web = {}", own.trim_end_matches("/32"))]);
            assert!(leads.contains(&(own, balancer)), "{leads:#?}");
        }
    }
    // In a task's own namespace the published port becomes the one it listens on.
    for rule in include_str!("data/swarm-ingress/tasks.iptables").lines() {
        let address = after(rule, "-d").unwrap().trim_end_matches("/32");
        let (from, to) = (after(rule, "--dport").unwrap(), after(rule, "--to-ports").unwrap());
        one(&["web.", &format!("{address}:{from} → :{to}")]);
    }
}

#[test]
fn a_mesh_without_ipvs_leads_nowhere() {
    let mut snapshot = recorded(&[REEF]);
    for namespace in snapshot.hosts.iter_mut().flat_map(|host| &mut host.namespaces) {
        namespace.ipvs = None;
    }
    let view = View { scope: Scope::Ingress, ..View::default() };
    let scene = draw(&snapshot, &view, None, &Texts::english()).scene;
    assert!(texts(&scene).contains(&"mesh not programmed: no IPVS"));
    assert!(!leads(&scene).iter().any(|(_, to)| to.starts_with("web.")));
}

/// The two hosts' kernels agree: what one has as its tunnel's far end is the other, and both are drawn with one tunnel
/// between them for each overlay.
#[test]
fn an_overlay_leads_from_host_to_host() {
    let snapshot = recorded(&[HARBOUR, ISLAND]);
    let view = View { scope: Scope::Overlay, ..View::default() };
    let scene = draw(&snapshot, &view, None, &Texts::english()).scene;
    let tunnels = scene.edges.iter().filter(|edge| edge.kind == EdgeKind::Tunnel).count();
    // Two overlays, two hosts, each from the VXLAN device to the uplink and from there to the tunnel.
    assert_eq!(tunnels, 8);
    let all = texts(&scene);
    for name in ["lighthouse", "boat", "buoy", "sea", "ingress", "VNI 4097", "udp 4789", "host harbour", "host island"]
    {
        assert!(all.contains(&name), "{name} in {all:#?}");
    }
    // The forwarding database of each end knows the other.
    for (host, other) in [(0, 1), (1, 0)] {
        let far = snapshot.hosts[other].engine.as_ref().unwrap().swarm_address.unwrap();
        let namespaces = snapshot.hosts[host].namespaces.iter();
        let remotes = namespaces.flat_map(|it| &it.interfaces).flat_map(|it| &it.fdb).filter_map(|entry| entry.remote);
        assert!(remotes.into_iter().any(|remote| remote == far), "{far}");
    }
}

#[test]
fn a_walk_is_numbered_on_the_picture() {
    let snapshot = demo();
    let host = &snapshot.hosts[0];
    let web = host.containers.iter().find(|it| it.name.as_str() == "web" && it.namespace.is_some()).unwrap();
    let network = web.attachments[0].network.clone();
    let hop = |entity, caption: &str| Station { entity, caption: caption.into() };
    let stations = vec![
        hop(bridgewalk_model::EntityId::outside(), "a packet for port 8080 of the host"),
        hop(
            host.nat.iter().find(|it| it.container.as_ref() == Some(&web.id)).unwrap().id.clone(),
            "its destination becomes 172.17.0.2:80",
        ),
        hop(network, "the bridge hands it to the port of web's cable"),
        hop(web.id.clone(), "web listens on port 80"),
    ];
    let emphasis = stations.iter().map(|station| station.entity.clone()).collect();
    for scope in [Scope::Whole, Scope::PortMapping] {
        let name = format!("walk-{scope:?}");
        let view = View {
            scope,
            stations: stations.clone(),
            emphasis: Clone::clone(&emphasis),
            theme: ThemeName::Light,
            ..View::default()
        };
        let faults = picture(&name, &snapshot, &view, &Texts::english());
        let drawing = draw(&snapshot, &view, None, &Texts::english());
        let badges =
            drawing.scene.items.iter().filter(|item| matches!(&item.shape, Shape::Text { text, .. } if text == "4"));
        assert!(badges.count() >= 2, "the last hop is numbered on the picture and below it");
        assert!(faults.is_empty(), "{faults:#?}");
    }
}
