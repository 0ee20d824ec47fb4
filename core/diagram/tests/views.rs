//! Every view of the bundled recordings, in both languages: nothing overlaps, no line runs through a box or a text, and
//! what each view says stays what it is.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends so")]

use std::collections::{BTreeMap, BTreeSet};

use bridgewalk_diagram::{
    Detail, Filter, Scope, Station, ThemeName, View, Word, Words, check, draw, export,
    scene::{Edge, EdgeKind, Point, Scene, Shape},
};
use bridgewalk_model::{
    Fact, LimitReason, Observation, Snapshot, SourceKind, Text,
    assembly::{State, assemble},
    engine::ContainerState,
    recording::Recording,
};

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

/// A container on two networks is behind the one that its translation's address is of, whatever comes first by name.
#[test]
fn a_published_port_is_behind_the_network_that_its_translation_leads_to() {
    let snapshot = demo();
    let host = &snapshot.hosts[0];
    let is_published = |container: &&bridgewalk_model::snapshot::Container| {
        container.attachments.len() == 1 && host.nat.iter().any(|nat| nat.container.as_ref() == Some(&container.id))
    };
    let container = host.containers.iter().find(is_published).unwrap().clone();
    let own = host.network(&container.attachments[0].network).unwrap().name.to_string();
    let other = host
        .networks
        .iter()
        .find(|network| network.driver.as_str() == "bridge" && network.name.as_str() != own)
        .unwrap();
    let view = View { scope: Scope::PortMapping, detail: Detail::Concept, ..View::default() };
    let before = leads(&draw(&snapshot, &view, None, &Texts::english()).scene);
    let mut snapshot = snapshot.clone();
    let on_two = snapshot.hosts[0].containers.iter_mut().find(|one| one.id == container.id).unwrap();
    let mut first = on_two.attachments[0].clone();
    (first.network, first.network_name) = (other.id.clone(), other.name.clone());
    first.ipv4 = Some("10.99.0.2/24".parse().unwrap());
    on_two.attachments.insert(0, first);
    assert_eq!(leads(&draw(&snapshot, &view, None, &Texts::english()).scene), before);

    // Where no rule of it is seen, no bridge is named for it.
    snapshot.hosts[0].nat.clear();
    let on_two = snapshot.hosts[0].containers.iter_mut().find(|one| one.id == container.id).unwrap();
    on_two.namespace = None;
    let scene = draw(&snapshot, &view, None, &Texts::english()).scene;
    let row: Vec<_> = leads(&scene).into_iter().filter(|(_, to)| to.contains("not seen")).collect();
    assert!(!row.is_empty(), "{:?}", leads(&scene));
}

/// Docker takes a gateway in each pool, whether it says which or not: before 28 it does not where a subnet was given.
#[test]
fn a_gateway_that_docker_does_not_report_is_used_too() {
    let before = demo();
    let mut snapshot = before.clone();
    for network in &mut snapshot.hosts[0].networks {
        let is_bridge = network.driver.as_str() == "bridge";
        network.pools.iter_mut().filter(|_| is_bridge).for_each(|pool| pool.gateway = None);
    }
    for detail in [Detail::Concept, Detail::Plumbing, Detail::Everything] {
        let view = View { scope: Scope::Dns, detail, ..View::default() };
        let said = |snapshot| draw(snapshot, &view, None, &Texts::english()).scene;
        assert_eq!(texts(&said(&snapshot)), texts(&said(&before)), "{detail:?}");
    }
}

/// An engine that does not answer leaves what it said last. It is marked on the things themselves, and what the kernel
/// shows is not.
#[test]
fn what_is_as_last_seen_is_marked_until_the_engine_answers() {
    let words = Texts::english();
    let mut state = Recording::read(HARBOUR).unwrap().last_states().remove(0);
    let whole = assemble(&[&state]);
    let engine = whole.hosts[0].engine.as_ref().unwrap().clone();
    let at_ms = whole.at_ms + 1_000;
    let say = |state: &mut State, at_ms, fact| state.apply(&Observation { at_ms, fact });
    say(&mut state, at_ms, Fact::EngineLost { detail: "refused".to_owned() });
    let lost = assemble(&[&state]);
    assert_eq!(lost.hosts[0].engine_lost_ms, Some(at_ms));
    let runs = |snapshot: &Snapshot| {
        let host = &snapshot.hosts[0];
        host.containers
            .iter()
            .filter(|one| one.state == ContainerState::Running && host.stale_since(one).is_none())
            .count()
    };
    assert!(runs(&lost) > 0, "the kernel shows that they run");
    assert!(runs(&lost) < lost.hosts[0].containers.len(), "what does not run is as last seen");
    // Docker was stopped, and all containers with it.
    say(&mut state, at_ms + 500, Fact::Processes(Vec::new()));
    say(&mut state, at_ms + 900, Fact::EngineLost { detail: "refused".to_owned() });
    let stopped = assemble(&[&state]);
    assert_eq!((runs(&stopped), stopped.hosts[0].engine_lost_ms), (0, Some(at_ms)));
    let mut faults = Vec::new();
    for (name, view) in views(&stopped) {
        for detail in [Detail::Concept, Detail::Plumbing, Detail::Everything] {
            faults.extend(picture(
                &format!("stale-{name}-{detail:?}"),
                &stopped,
                &View { detail, ..view.clone() },
                &words,
            ));
        }
    }
    assert!(faults.is_empty(), "{faults:?}");
    let scene = draw(&stopped, &View::default(), None, &words).scene;
    let said = texts(&scene);
    assert!(said.contains(&words.word(Word::LegendStale).as_str()), "{said:?}");
    let since = format!("as last seen {}", bridgewalk_model::moment(at_ms, stopped.at_ms));
    assert!(said.iter().any(|text| text.contains(&since)), "{since}: {said:?}");
    let of_containers = scene.targets.iter().filter(|target| target.name.starts_with("container "));
    assert!(of_containers.clone().count() > 0 && of_containers.clone().all(|it| it.name.contains("as last seen")));
    // It answers again.
    say(&mut state, at_ms + 2_000, Fact::Engine(Box::new((*engine).clone())));
    let again = draw(&assemble(&[&state]), &View::default(), None, &words).scene;
    assert!(!texts(&again).iter().any(|text| text.contains("as last seen")));
}

/// A link is an arrow from the line with its alias to its target, and a name in the view of names.
#[test]
fn a_link_is_drawn_from_its_alias_to_its_target() {
    let (english, french) = (Texts::english(), Texts::french());
    let mut snapshot = demo();
    let host = &mut snapshot.hosts[0];
    let alive: Vec<usize> = (0..host.containers.len()).filter(|at| host.containers[*at].state.is_alive()).collect();
    let shares = |a: &usize, b: &usize| {
        let networks = |at: usize| host.containers[at].attachments.iter().map(|end| end.network.clone());
        a != b && networks(*a).any(|one| networks(*b).any(|other| one == other))
    };
    let pairs: Vec<(usize, usize)> = alive
        .iter()
        .flat_map(|a| alive.iter().filter(|b| shares(a, b)).take(2).map(|b| (*a, *b)).collect::<Vec<_>>())
        .collect();
    assert!(pairs.len() > 4, "{pairs:?}");
    for (from, to) in &pairs {
        let target = host.containers[*to].name.clone();
        host.containers[*from].links.push((target.clone(), Text::new("redis")));
        host.containers[*from].links.push((target, Text::new("cache")));
    }
    let mut faults = Vec::new();
    for (language, words) in [("en", &english), ("fr", &french)] {
        for (name, view) in views(&snapshot) {
            for detail in [Detail::Concept, Detail::Plumbing, Detail::Everything] {
                let view = View { detail, ..view.clone() };
                faults.extend(picture(&format!("links-{name}-{language}-{detail:?}"), &snapshot, &view, words));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:?}");
    let scene = draw(&snapshot, &View::default(), None, &english).scene;
    let arrows: Vec<&Edge> = scene.edges.iter().filter(|edge| edge.kind == EdgeKind::Link).collect();
    assert_eq!(arrows.len(), pairs.len());
    let host = &snapshot.hosts[0];
    for link in host.all_links() {
        let arrow = arrows.iter().find(|edge| edge.entity.as_ref() == Some(&link.id)).unwrap();
        let at = |point: Point, container: &bridgewalk_model::snapshot::Container| {
            let mut boxes = scene.targets.iter().filter(|target| target.entity == container.id);
            boxes.any(|target| {
                let rect = target.rect;
                point.y > rect.y
                    && point.y < rect.bottom()
                    && (point.x - rect.x).abs().min((point.x - rect.right()).abs()) < 1.0
            })
        };
        assert!(at(*arrow.points.last().unwrap(), link.target.unwrap()), "{arrow:?}");
        let text = format!("link, obsolete: redis, cache → {}", link.target.unwrap().name);
        assert!(scene.targets.iter().any(|target| target.entity == link.id && target.name == text), "{text}");
    }
    assert!(export::dot(&scene, "").contains("class=\"link\""));
    assert!(export::mermaid(&scene).contains("stroke-dasharray:4 3"));
    let names = draw(&snapshot, &View { scope: Scope::Dns, ..View::default() }, None, &english).scene;
    assert!(texts(&names).iter().any(|text| text.starts_with("redis, cache ← ")), "{:?}", texts(&names));
}
