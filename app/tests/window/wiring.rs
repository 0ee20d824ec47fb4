//! What a thing is wired to, and the wire to another, in the window.

use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::Queryable;

use super::{WEB, choose, image, open, press, settle};

const DB: &str = "shop-db-1, 172.18.0.3";

#[test]
fn a_chosen_thing_says_what_it_is_wired_to() {
    let mut harness = open();
    choose(&mut harness, WEB);
    harness.get_by_label("wired to");
    // Each stands in the outline too.
    for name in ["shop_default", "veth2abc", "br-shop"] {
        let links = harness.query_all_by_role_and_label(Role::Link, name).count();
        assert_eq!(links, 1, "{name}");
    }
    assert_eq!(harness.query_all_by_role_and_label(Role::Link, "veth3abc").count(), 0);
    harness.get_by_role_and_label(Role::Link, "br-shop").click();
    settle(&mut harness);
    for name in ["veth2abc", "veth3abc", "shop-web-1", "shop-db-1"] {
        assert_eq!(harness.query_all_by_role_and_label(Role::Link, name).count(), 1, "{name}");
    }
}

#[test]
fn the_wire_between_two_things_is_listed_and_ends() {
    let mut harness = open();
    choose(&mut harness, WEB);
    press(&mut harness, Modifiers::NONE, Key::X);
    harness.get_by_label("The wire from shop-web-1");
    harness.get_by_label("Choose the other end, in the picture or in the list.");
    choose(&mut harness, DB);
    for piece in ["veth2abc  (interface)", "br-shop  (bridge)", "veth3abc  (interface)", "shop-db-1  (container)"] {
        harness.get_by_label(piece);
    }
    image(&mut harness, "wire_light");
    press(&mut harness, Modifiers::NONE, Key::X);
    assert!(harness.query_by_label("The wire from shop-web-1").is_none());
    harness.get_by_label("wired to");
}
