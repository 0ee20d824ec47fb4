//! The packet's walk, asked as a screen reader asks it.

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;

use super::{WEB, Window, choose, open, press, settle};

fn write(harness: &mut Window, text: &str) {
    harness.event(egui::Event::Text(text.into()));
    settle(harness);
    press(harness, Modifiers::NONE, Key::Enter);
}

/// A walk between two ends that are typed.
fn walk(from: &str, to: &str) -> Window {
    let mut harness = open();
    press(&mut harness, Modifiers::NONE, Key::W);
    write(&mut harness, from);
    write(&mut harness, to);
    harness
}

#[test]
fn ends_are_chosen_by_typing_a_part() {
    let harness = walk("db", "outs");
    assert!(harness.query_all_by_value("shop-db-1").count() == 1, "the sender is completed");
    assert!(harness.query_all_by_value("outside").count() == 1, "the receiver is completed");
}

#[test]
fn ends_are_chosen_by_pointing() {
    let mut harness = open();
    press(&mut harness, Modifiers::NONE, Key::W);
    choose(&mut harness, WEB);
    choose(&mut harness, "shop-db-1, 172.18.0.3");
    assert_eq!(harness.query_all_by_value("shop-web-1").count(), 1);
    assert_eq!(harness.query_all_by_value("shop-db-1").count(), 1);
    harness.get_by_label("Change sender and receiver over").click();
    settle(&mut harness);
    press(&mut harness, Modifiers::NONE, Key::Escape);
    assert!(harness.query_by_label("Close the walk").is_none());
}
