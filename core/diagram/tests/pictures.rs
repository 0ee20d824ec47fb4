//! Pictures of hosts made by hand: nothing overlaps, nothing is cut, no line runs through a box; and what stands stays.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use bridgewalk_diagram::{Detail, Drawing, Filter, Scope, ThemeName, View, Word, check, draw, export, scene::Point};
use bridgewalk_model::Snapshot;
use support::English;

fn picture(name: &str, snapshot: &Snapshot, view: &View) -> Drawing {
    let drawing = draw(snapshot, view, None, &English);
    let png = export::png(&drawing.scene, 1.0, false).unwrap();
    // To be looked at.
    let file = format!("{}/{name}.png", env!("CARGO_TARGET_TMPDIR"));
    #[allow(clippy::disallowed_methods, reason = "a test leaves its picture where people can look at it")]
    std::fs::write(file, png).unwrap();
    drawing
}

#[test]
fn pictures_are_drawn() {
    let snapshots = [("small", support::small()), ("classroom", support::classroom()), ("many", support::many(100))];
    for (name, snapshot) in &snapshots {
        for (detail, label) in
            [(Detail::Concept, "concept"), (Detail::Plumbing, "plumbing"), (Detail::Everything, "everything")]
        {
            picture(&format!("{name}-{label}"), snapshot, &View { detail, ..View::default() });
        }
        picture(&format!("{name}-dark"), snapshot, &View { theme: ThemeName::Dark, ..View::default() });
    }
}

#[test]
fn nothing_overlaps_and_no_line_runs_through_a_box() {
    for (name, snapshot) in
        [("small", support::small()), ("classroom", support::classroom()), ("many", support::many(60))]
    {
        for detail in [Detail::Concept, Detail::Plumbing, Detail::Everything] {
            let drawing = draw(&snapshot, &View { detail, ..View::default() }, None, &English);
            let faults = check::faults(&drawing.scene);
            assert!(
                faults.is_empty(),
                "{name} {detail:?}: {} faults\n{}",
                faults.len(),
                faults[..faults.len().min(12)].join("\n")
            );
        }
    }
}

/// What is seen before the agent has spoken, or without one.
#[test]
fn the_engine_alone_is_drawn() {
    let mut snapshot = support::classroom();
    for host in &mut snapshot.hosts {
        host.namespaces.clear();
        host.veths.clear();
    }
    for detail in [Detail::Concept, Detail::Plumbing, Detail::Everything] {
        draw(&snapshot, &View { detail, ..View::default() }, None, &English);
    }
}

#[test]
fn a_cable_between_two_other_namespaces_does_not_end_in_the_host() {
    let mut builder = support::Builder::new("alpha");
    builder.network("bridge", "bridge", 17);
    let names = ["one", "two"];
    for name in names {
        builder.container(name, "bb:1", &["bridge"]);
    }
    // A host within this one: its end of the pair, and its container's.
    let places = names.map(|name| {
        let id = builder.host.id.namespace(&format!("container-{name}"));
        builder.host.namespaces.iter().position(|namespace| namespace.id == id).unwrap()
    });
    let ends = places.map(|place| builder.host.namespaces[place].interfaces.last().unwrap().id.clone());
    for place in places {
        builder.host.namespaces[place].interfaces.last_mut().unwrap().network = None;
    }
    let end = |place: usize| bridgewalk_model::snapshot::VethEnd {
        namespace: builder.host.namespaces[places[place]].id.clone(),
        interface: ends[place].clone(),
    };
    builder.host.veths = vec![bridgewalk_model::snapshot::VethPair {
        near: end(0),
        far: end(1),
        bridge: None,
        network: None,
        containers: builder.host.namespaces[places[1]].containers.clone(),
    }];
    let drawing = draw(&builder.snapshot(), &View::default(), None, &English);
    let svg = export::svg(&drawing.scene);
    assert!(!svg.contains("the host&#39;s own stack") && !svg.contains("the host's own stack"), "{svg}");
    assert!(svg.contains(">one<") && svg.contains(">two<"), "{svg}");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let view = View::default();
    let one = draw(&support::classroom(), &view, None, &English);
    let two = draw(&support::classroom(), &view, None, &English);
    assert_eq!(export::svg(&one.scene), export::svg(&two.scene));
    let again = draw(&support::classroom(), &view, Some(&one.layout), &English);
    assert_eq!(export::svg(&one.scene), export::svg(&again.scene), "a layout handed in again changes nothing");
}

#[test]
fn one_container_more_moves_no_other() {
    let view = View::default();
    let before = draw(&support::many(60), &view, None, &English);
    let after = draw(&support::many(61), &view, Some(&before.layout), &English);
    let place = |drawing: &Drawing| {
        drawing
            .scene
            .targets
            .iter()
            .filter(|target| target.is_movable)
            .map(|target| (target.entity.clone(), (target.rect.x, target.rect.y)))
            .collect::<std::collections::BTreeMap<_, _>>()
    };
    let (before, after) = (place(&before), place(&after));
    assert_eq!(after.len(), before.len() + 1);
    let moved: Vec<_> = before.iter().filter(|(entity, place)| after.get(*entity) != Some(*place)).collect();
    assert!(moved.is_empty(), "{moved:?}");
}

#[test]
fn what_was_put_somewhere_by_hand_stays_there() {
    let snapshot = support::small();
    let web = snapshot.hosts[0].containers[0].id.clone();
    let mut view = View::default();
    let place = Point { x: 1_000.0, y: 900.0 };
    view.arrangement.insert(web.clone(), place);
    let drawing = picture("small-by-hand", &snapshot, &view);
    let target = drawing.scene.targets.iter().find(|target| target.entity == web).unwrap();
    assert_eq!((target.rect.x, target.rect.y), (place.x, place.y));
    let faults = check::faults(&drawing.scene);
    assert!(!faults.iter().any(|fault| fault.contains("a line of")), "{faults:#?}");
}

#[test]
fn only_what_matters_keeps_its_colour() {
    let snapshot = support::small();
    let web = snapshot.hosts[0].containers[0].id.clone();
    let view = View { emphasis: [web].into(), ..View::default() };
    assert_ne!(draw(&snapshot, &view, None, &English).scene, draw(&snapshot, &View::default(), None, &English).scene);
    picture("small-emphasis", &snapshot, &view);
}

#[test]
fn a_namespace_is_drawn_from_the_inside() {
    let snapshot = support::classroom();
    for key in ["container-shop-web-1", "container-probe", "host"] {
        let id = snapshot.hosts[0].id.namespace(key);
        for detail in [Detail::Plumbing, Detail::Everything] {
            let view = View { scope: Scope::Namespace(id.clone()), detail, ..View::default() };
            let drawing = picture(&format!("inside-{key}-{detail:?}"), &snapshot, &view);
            let faults = check::faults(&drawing.scene);
            assert!(
                faults.is_empty(),
                "{key} {detail:?}: {} faults\n{}",
                faults.len(),
                faults[..faults.len().min(12)].join("\n")
            );
        }
    }
}

#[test]
fn hostile_names_stay_text() {
    let mut host = support::Builder::new("<b>&\"x'");
    host.network("bridge", "bridge", 17);
    host.container("a]]><img onerror=x>\u{202e}\u{1}", "\u{1b}[31m\"&'", &["bridge"]);
    host.container(&"x".repeat(5_000), "y", &["bridge"]);
    let drawing = picture("hostile", &host.snapshot(), &View::default());
    let svg = export::svg(&drawing.scene);
    assert!(!svg.contains("<img") && !svg.contains("<b>"), "{svg}");
    assert!(!svg.chars().any(|character| character.is_control() && character != '\n'));
    assert!(check::faults(&drawing.scene).is_empty(), "{:#?}", check::faults(&drawing.scene));
}

#[test]
fn every_word_has_a_key_of_its_own() {
    let keys: std::collections::BTreeSet<_> = Word::ALL.iter().map(|word| word.key()).collect();
    assert_eq!(keys.len(), Word::ALL.len());
    assert!(keys.iter().all(|key| key.starts_with("diagram-")));
}

#[test]
fn what_is_hidden_or_filtered_is_not_drawn() {
    let snapshot = support::classroom();
    let names = |view: &View| {
        let drawing = draw(&snapshot, view, None, &English);
        assert!(check::faults(&drawing.scene).is_empty());
        drawing.scene.targets.iter().map(|target| target.name.clone()).collect::<Vec<_>>().join("\n")
    };
    let hello = snapshot.hosts[0].containers.iter().find(|container| container.name.as_str() == "hello").unwrap();
    assert!(names(&View::default()).contains("container hello"));
    assert!(!names(&View { hidden: [hello.id.clone()].into(), ..View::default() }).contains("container hello"));
    let filter = Filter { text: "SHOP".into(), ..Filter::default() };
    let shop = names(&View { filter, ..View::default() });
    assert!(shop.contains("container shop-db-1") && !shop.contains("container hello"));
    let filter = Filter { project: Some("shop".into()), ..Filter::default() };
    assert!(!names(&View { filter, ..View::default() }).contains("container traefik"));
    let project = snapshot.hosts[0].id.project("shop");
    let collapsed = names(&View { collapsed: [project].into(), ..View::default() });
    assert!(!collapsed.contains("container shop-db-1") && collapsed.contains("shop"));
}
