//! Words keep a size that can be read, whatever the zoom, and nothing runs over anything because of it.

#![allow(clippy::unwrap_used, reason = "a test fails where it is wrong")]

mod support;

use std::collections::BTreeSet;

use bridgewalk_diagram::{
    Detail, LEGIBLE_POINTS, View, check, draw, export, legible,
    scene::{Rect, Role, Scene, Shape},
};
use bridgewalk_model::Snapshot;
use support::English;

/// The canvas beside its panels, in three windows.
const CANVASES: [(&str, f32, f32); 3] = [("720", 820.0, 600.0), ("1080", 1380.0, 960.0), ("1440", 2000.0, 1300.0)];

fn scene_of(snapshot: &Snapshot, detail: Detail) -> Scene {
    draw(snapshot, &View { detail, ..View::default() }, None, &English).scene
}

/// As the window fits it: words that grow make a picture a little higher.
fn fitted(scene: &Scene, width: f32, height: f32) -> (Scene, f32) {
    let mut bounds = scene.bounds;
    for _ in 0..4 {
        let zoom = (width / bounds.width).min(height / bounds.height).min(1.35);
        let shown = legible(scene, zoom, &English).unwrap_or_else(|| scene.clone());
        if shown.bounds == bounds {
            return (shown, zoom);
        }
        bounds = shown.bounds;
    }
    let zoom = (width / bounds.width).min(height / bounds.height).min(1.35);
    (legible(scene, zoom, &English).unwrap_or_else(|| scene.clone()), zoom)
}

fn keep(name: &str, scene: &Scene, zoom: f32) {
    let png = export::png(scene, zoom, false).unwrap();
    let file = format!("{}/legible-{name}.png", env!("CARGO_TARGET_TMPDIR"));
    #[allow(clippy::disallowed_methods, reason = "a test leaves its picture where people can look at it")]
    std::fs::write(file, png).unwrap();
}

fn hosts() -> [(&'static str, Snapshot); 4] {
    [
        ("small", support::small()),
        ("classroom", support::classroom()),
        ("many20", support::many(20)),
        ("many200", support::many(200)),
    ]
}

/// How much of the canvas is covered by boxes that are things.
fn covered(scene: &Scene, zoom: f32, (width, height): (f32, f32)) -> f32 {
    let rects: BTreeSet<[i64; 4]> = scene
        .targets
        .iter()
        .filter(|target| target.line.is_empty() && target.depth >= 1 && !target.is_folded)
        .map(|target| target.rect)
        .map(|Rect { x, y, width, height }| [x, y, width, height].map(|side| side.round() as i64))
        .collect();
    let area: i64 = rects.iter().map(|[_, _, width, height]| width * height).sum();
    area as f32 * zoom * zoom / (width * height)
}

#[test]
fn every_word_can_be_read_at_fit_and_nothing_overlaps() {
    for (name, snapshot) in hosts() {
        for detail in [Detail::Concept, Detail::Plumbing, Detail::Everything] {
            let scene = scene_of(&snapshot, detail);
            for (window, width, height) in CANVASES {
                let (shown, zoom) = fitted(&scene, width, height);
                let label = format!("{name}-{detail:?}-{window}");
                keep(&label, &shown, zoom);
                for item in &shown.items {
                    if let Shape::Text { size, text, .. } = &item.shape {
                        assert!(size * zoom >= LEGIBLE_POINTS * 0.99, "{label}: {text} is {} high", size * zoom);
                    }
                }
                let faults = check::faults(&shown);
                assert!(faults.is_empty(), "{label} at {zoom}: {}", faults[..faults.len().min(8)].join("\n"));
                println!("{label}: zoom {zoom:.2}, covered {:.2}", covered(&shown, zoom, (width, height)));
            }
        }
    }
}

/// With 20 containers in every window, with 200 in a large one: each container and network has its name.
#[test]
fn every_container_and_network_has_its_name_at_fit() {
    for (name, snapshot) in hosts() {
        let scene = scene_of(&snapshot, Detail::Plumbing);
        for (window, width, height) in CANVASES.into_iter().skip(usize::from(name == "many200")) {
            let (shown, _) = fitted(&scene, width, height);
            let named: BTreeSet<&str> = shown
                .items
                .iter()
                .filter_map(|item| match &item.shape {
                    // What is cut still says something.
                    Shape::Text { role: Role::Name, text, .. } if !text.contains('…') || text.chars().count() > 3 => {
                        item.entity.as_ref().map(bridgewalk_model::EntityId::as_str)
                    }
                    _ => None,
                })
                .collect();
            for host in &snapshot.hosts {
                for container in &host.containers {
                    assert!(named.contains(container.id.as_str()), "{name}-{window}: {} has no name", container.name);
                }
            }
        }
    }
}

/// From very far away boxes are counted.
#[test]
fn what_has_no_room_for_a_word_is_counted() {
    let snapshot = support::many(200);
    let scene = scene_of(&snapshot, Detail::Plumbing);
    let shown = legible(&scene, 0.08, &English).unwrap();
    keep("far", &shown, 0.08);
    let counts = shown.items.iter().filter_map(|item| match &item.shape {
        Shape::Text { text, .. } => text.split(' ').next()?.parse::<usize>().ok(),
        _ => None,
    });
    assert!(counts.sum::<usize>() > 100, "most of the containers are counted");
    assert!(shown.items.len() < scene.items.len() / 3);
    let lines = |scene: &Scene| scene.items.iter().filter(|item| matches!(item.shape, Shape::Line { .. })).count();
    assert_eq!(lines(&shown), lines(&scene), "edges count them");
}

#[test]
fn what_is_legible_stays_as_it_is() {
    let scene = scene_of(&support::classroom(), Detail::Everything);
    assert!(legible(&scene, 1.0, &English).is_none());
}
