//! Views and bundled recordings, chosen in the window.

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;

use super::{SampleFeed, Window, image, open_on, press, settle};

fn choose_by_typing(harness: &mut Window, modifiers: Modifiers, key: Key, text: &str) {
    press(harness, modifiers, key);
    harness.event(egui::Event::Text(text.into()));
    settle(harness);
    press(harness, Modifiers::NONE, Key::Enter);
}

#[test]
fn every_view_is_chosen_by_name_and_left_with_escape() {
    let mut harness = open_on(SampleFeed::bed());
    for (typed, name, shown) in [
        ("published", "View: Published ports", "this host only"),
        ("bridge", "View: Bridge networks", "br-"),
        ("way out", "View: The way out (NAT)", "masquerade"),
        ("names", "View: Names and addresses", "Docker's embedded DNS"),
        ("overlay", "View: Overlay networks", "VNI"),
        ("swarm", "View: The Swarm's ingress", "ingress_sbox"),
        ("drivers", "View: Other drivers", "no bridge, no NAT"),
    ] {
        choose_by_typing(&mut harness, Modifiers::NONE, Key::V, typed);
        harness.get_by_label(name);
        assert!(harness.query_all_by_label_contains(shown).count() > 0, "{shown} in {name}");
        press(&mut harness, Modifiers::NONE, Key::Escape);
        harness.get_by_label("View: Whole host");
    }
    choose_by_typing(&mut harness, Modifiers::NONE, Key::V, "inside");
    harness.get_by_label("seen from the inside");
    press(&mut harness, Modifiers::NONE, Key::Escape);
    choose_by_typing(&mut harness, Modifiers::NONE, Key::V, "project");
    assert!(harness.query_by_label("shop").is_some() || harness.query_all_by_label_contains("shop").count() > 0);
    choose_by_typing(&mut harness, Modifiers::NONE, Key::V, "packet");
    harness.get_by_label("Close the walk");
}

#[test]
fn one_comes_back_from_inside_to_the_view() {
    let mut harness = open_on(SampleFeed::bed());
    choose_by_typing(&mut harness, Modifiers::NONE, Key::V, "names");
    choose_by_typing(&mut harness, Modifiers::NONE, Key::V, "inside");
    harness.get_by_label("View: Inside a container");
    press(&mut harness, Modifiers::NONE, Key::Escape);
    harness.get_by_label("View: Names and addresses");
    press(&mut harness, Modifiers::NONE, Key::L);
    harness.get_by_label("Vue\u{a0}: Noms et adresses");
    press(&mut harness, Modifiers::NONE, Key::Escape);
    harness.get_by_label("Vue\u{a0}: Tout l’hôte");
}

#[test]
fn the_palette_shows_views_and_opens_bundled_recordings() {
    let mut harness = open_on(SampleFeed::recording());
    harness.get_by_label("View: Whole host").click();
    settle(&mut harness);
    press(&mut harness, Modifiers::NONE, Key::Escape);
    choose_by_typing(&mut harness, Modifiers::COMMAND, Key::K, "Show: Published");
    harness.get_by_label("View: Published ports");
    choose_by_typing(&mut harness, Modifiers::COMMAND, Key::K, "Bundled recording: a Swarm");
    assert!(
        harness.query_all_by_label_contains("docker_gwbridge").count() > 0 || {
            settle(&mut harness);
            harness.query_all_by_label_contains("many").count() > 0
        }
    );
    // The view stays what it was.
    harness.get_by_label("View: Published ports");
}

#[test]
fn a_view_looks_as_its_file_does() {
    let mut harness = open_on(SampleFeed::bed());
    choose_by_typing(&mut harness, Modifiers::NONE, Key::V, "published");
    image(&mut harness, "view_ports");
}
