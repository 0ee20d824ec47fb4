//! Every view of the bundled recordings, in both languages: nothing overlaps, no line runs through a box or a text, and
//! what each view says stays what it is.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;

use bridgewalk_diagram::{Detail, Scope, Station, ThemeName, View, Word, Words, check, draw, export, scene::Shape};
use bridgewalk_model::{Snapshot, assembly::assemble, recording::Recording};

const VIEWS: [(&str, Scope); 8] = [
    ("host", Scope::Whole),
    ("port-mapping", Scope::PortMapping),
    ("bridge", Scope::Bridges),
    ("nat", Scope::Nat),
    ("dns", Scope::Dns),
    ("overlay", Scope::Overlay),
    ("ingress", Scope::Ingress),
    ("plugins", Scope::Plugins),
];

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
        for (name, scope) in &VIEWS {
            for detail in [Detail::Concept, Detail::Plumbing, Detail::Everything] {
                let view = View { scope: scope.clone(), detail, ..View::default() };
                faults.extend(picture(&format!("{name}-{language}-{detail:?}"), &snapshot, &view, &words));
            }
        }
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults[..faults.len().min(30)].join("\n"));
}

#[test]
fn views_say_what_they_said() {
    let snapshot = demo();
    for (name, scope) in VIEWS.iter().skip(1) {
        let view = View { scope: scope.clone(), ..View::default() };
        let scene = draw(&snapshot, &view, None, &Texts::english()).scene;
        let texts = scene.items.iter().filter_map(|item| match &item.shape {
            Shape::Text { text, .. } => Some(text.as_str()),
            _ => None,
        });
        insta::assert_snapshot!(*name, texts.collect::<Vec<_>>().join("\n"));
    }
}

#[test]
fn a_walk_is_numbered_on_the_picture() {
    let snapshot = demo();
    let host = &snapshot.hosts[0];
    let web = host.containers.iter().find(|container| container.name.as_str() == "web").unwrap();
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
