//! Pictures of hosts made by hand: nothing overlaps, nothing is cut, no line runs through a box; and what stands stays.

mod support;

use bridgewalk_diagram::{Detail, Drawing, ThemeName, View, draw, export};
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
        for (detail, label) in [(Detail::Concept, "concept"), (Detail::Plumbing, "plumbing"), (Detail::Everything, "everything")] {
            picture(&format!("{name}-{label}"), snapshot, &View { detail, ..View::default() });
        }
        picture(&format!("{name}-dark"), snapshot, &View { theme: ThemeName::Dark, ..View::default() });
    }
}
