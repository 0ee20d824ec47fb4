//! Who reaches whom, asked as a screen reader asks it.

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable;

use super::{SampleFeed, Window, image, open_on, press, settle};

fn open() -> Window {
    let mut harness = open_on(SampleFeed::bed());
    press(&mut harness, Modifiers::NONE, Key::M);
    harness
}

#[test]
fn a_cell_says_who_reaches_whom_and_leads_to_the_walk() {
    let mut harness = open();
    let cell = harness.get_by_label("dozer to web 172.17.0.2: delivered");
    cell.click();
    settle(&mut harness);
    harness.get_by_label("Close the walk");
}

#[test]
fn what_is_open_to_the_outside_is_one_list() {
    let mut harness = open();
    harness.get_by_label_contains("Open to the outside").click();
    settle(&mut harness);
    let door = harness.get_by_label_contains(":8080 TCP, web, delivered");
    door.click();
    settle(&mut harness);
    assert!(harness.query_all_by_label_contains("It arrives: web").count() > 0);
}

#[test]
fn it_looks_as_it_should() {
    let mut harness = open();
    image(&mut harness, "reach_light");
}
