//! Every view of the bundled recordings, in both languages: nothing overlaps, no line runs through a box or a text, and
//! what each view says stays what it is.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test ends so")]

use std::collections::BTreeMap;

use bridgewalk_diagram::{
    Detail, Filter, Scope, Station, ThemeName, View, Word, Words, check, draw, export, scene::Shape,
};
use bridgewalk_model::{Snapshot, assembly::assemble, recording::Recording};

/// The charts, the whole, a container from the inside, and a Compose project.
fn views(snapshot: &Snapshot) -> Vec<(&'static str, View)> {
    let of = |scope: Scope| View { scope, ..View::default() };
    let containers = || snapshot.hosts.iter().flat_map(|host| &host.containers);
    let inside =
        containers().find(|it| it.namespace.is_some() && it.attachments.len() > 1).unwrap().namespace.clone().unwrap();
    let project = containers().find_map(|container| container.compose.clone()).unwrap().project;
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
        ("project", View { filter: Filter { project: Some(project), ..Filter::default() }, ..View::default() }),
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
}

fn demo() -> Snapshot {
    let recordings: &[&[u8]] = &[include_bytes!("../../../assets/recordings/demo.bwrec")];
    let states: Vec<_> = recordings.iter().map(|bytes| Recording::read(*bytes).unwrap().last_state()).collect();
    assemble(&states.iter().collect::<Vec<_>>())
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
    let snapshot = demo();
    let mut faults = Vec::new();
    for (language, words) in [("en", Texts::english()), ("fr", Texts::french())] {
        for (name, view) in views(&snapshot) {
            for detail in [Detail::Concept, Detail::Plumbing, Detail::Everything] {
                let view = View { detail, ..view.clone() };
                faults.extend(picture(&format!("{name}-{language}-{detail:?}"), &snapshot, &view, &words));
            }
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults[..faults.len().min(30)].join("\n"));
}

#[test]
fn views_say_what_they_said() {
    let snapshot = demo();
    for (name, view) in views(&snapshot) {
        let scene = draw(&snapshot, &view, None, &Texts::english()).scene;
        let texts = scene.items.iter().filter_map(|item| match &item.shape {
            Shape::Text { text, .. } => Some(text.as_str()),
            _ => None,
        });
        insta::assert_snapshot!(name, texts.collect::<Vec<_>>().join("\n"));
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
