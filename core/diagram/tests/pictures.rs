//! Pictures of hosts made by hand: nothing overlaps, nothing is cut, no line runs through a box; and what stands stays.

#![allow(clippy::unwrap_used, reason = "a test")]

mod support;

use bridgewalk_diagram::{Detail, Drawing, ThemeName, View, check, draw, export, scene::Point};
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
