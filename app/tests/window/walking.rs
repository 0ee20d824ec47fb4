//! The packet's walk, asked as a screen reader asks it.

use egui::{Key, Modifiers, Role};
use egui_kittest::kittest::Queryable;

use super::{SampleFeed, WEB, Window, choose, image, open, open_on, press, settle};

/// Types an end and takes the first offer.
fn write(harness: &mut Window, text: &str) {
    harness.event(egui::Event::Text(text.into()));
    settle(harness);
    press(harness, Modifiers::NONE, Key::Enter);
}

/// A walk on a real host between two ends that are typed.
fn walk(from: &str, to: &str) -> Window {
    walk_on(SampleFeed::bed(), from, to)
}

fn walk_on(feed: SampleFeed, from: &str, to: &str) -> Window {
    let mut harness = open_on(feed);
    press(&mut harness, Modifiers::NONE, Key::W);
    write(&mut harness, from);
    write(&mut harness, to);
    settle(&mut harness);
    harness
}

/// What stands in an end's field.
fn end(harness: &Window, name: &str) -> String {
    harness.get_by_role_and_label(Role::TextInput, name).value().unwrap_or_default()
}

/// How many lines hold these words.
fn lines(harness: &Window, words: &str) -> usize {
    harness.query_all_by_label_contains(words).count()
}

#[test]
fn ends_are_chosen_by_typing_a_part() {
    let harness = walk("stor", "outs");
    assert_eq!((end(&harness, "From"), end(&harness, "To")), ("store".into(), "outside".into()));
}

#[test]
fn ends_are_chosen_by_pointing() {
    let mut harness = open();
    press(&mut harness, Modifiers::NONE, Key::W);
    choose(&mut harness, WEB);
    choose(&mut harness, "shop-db-1, 172.18.0.3");
    assert_eq!((end(&harness, "From"), end(&harness, "To")), ("shop-web-1".into(), "shop-db-1".into()));
    harness.get_by_label("Swap sender and receiver").click();
    settle(&mut harness);
    assert_eq!((end(&harness, "From"), end(&harness, "To")), ("shop-db-1".into(), "shop-web-1".into()));
    press(&mut harness, Modifiers::NONE, Key::Escape);
    assert!(harness.query_by_label("Close the walk").is_none());
}

#[test]
fn a_walk_is_stepped_forward_and_back_with_the_keys_alone() {
    let mut harness = walk("outside", "host:8080");
    harness.get_by_label("It arrives: web");
    assert_eq!(lines(&harness, "1 of "), 1);
    let mut steps = 0;
    while lines(&harness, "changed here from") == 0 {
        press(&mut harness, Modifiers::NONE, Key::ArrowRight);
        steps += 1;
        assert!(steps < 20, "nothing ever changed");
    }
    press(&mut harness, Modifiers::NONE, Key::ArrowLeft);
    assert_eq!(lines(&harness, &format!("{steps} of ")), 1);
    press(&mut harness, Modifiers::NONE, Key::End);
    press(&mut harness, Modifiers::NONE, Key::Home);
    assert_eq!(lines(&harness, "1 of "), 1);
    press(&mut harness, Modifiers::NONE, Key::Escape);
    assert!(harness.query_by_label("Close the walk").is_none());
}

#[test]
fn a_published_port_is_translated_and_the_header_says_so() {
    let mut harness = walk("outside", "host:8080");
    for _ in 0..20 {
        if harness.query_by_label_contains("destination: 172.17.0.2:80, changed here from").is_some() {
            return;
        }
        press(&mut harness, Modifiers::NONE, Key::ArrowRight);
    }
    panic!("the destination was never translated");
}

#[test]
fn a_blocked_walk_says_why_and_what_would_help() {
    let mut harness = walk("proxy", "172.19.0.2");
    assert!(lines(&harness, "It is dropped silently:") > 0);
    assert!(lines(&harness, "A rule silently drops") > 0);
    harness.get_by_label("What would let it through");
    harness.get_by_label("Connect proxy to the network back");
    press(&mut harness, Modifiers::NONE, Key::End);
    assert!(lines(&harness, "It is dropped; its sender is not notified") > 0);
}

#[test]
fn a_proof_is_asked_for_and_told_side_by_side() {
    let mut harness = walk_on(SampleFeed::live_bed(), "proxy", "172.19.0.2");
    harness.get_by_label("Prove it …").click();
    settle(&mut harness);
    assert_eq!(lines(&harness, "TCP connection attempt from"), 1);
    harness.get_by_label("Do not send").click();
    settle(&mut harness);
    press(&mut harness, Modifiers::NONE, Key::P);
    assert_eq!(lines(&harness, "TCP connection attempt from"), 1);
    press(&mut harness, Modifiers::NONE, Key::Enter);
    assert!(lines(&harness, "The kernel did exactly as predicted") > 0);
    assert!(lines(&harness, "predicted") > 0 && lines(&harness, "observed") > 0);
}

#[test]
fn a_recording_cannot_be_asked_for_a_proof() {
    let mut harness = walk("proxy", "172.19.0.2");
    harness.get_by_label("Prove it …").click();
    settle(&mut harness);
    assert_eq!(lines(&harness, "TCP connection attempt from"), 0);
}

#[test]
fn playing_ends_by_itself_and_then_nothing_is_painted() {
    let mut harness = walk("proxy", "172.19.0.2");
    press(&mut harness, Modifiers::NONE, Key::Space);
    harness.get_by_label("Pause (Space)");
    for _ in 0..200 {
        harness.step();
        if harness.query_by_label("Play (Space)").is_some() {
            break;
        }
    }
    settle(&mut harness);
    harness.step();
    let delay = harness.output().viewport_output.values().map(|output| output.repaint_delay).min();
    assert_eq!(delay, Some(std::time::Duration::MAX));
}

#[test]
fn a_translated_packet_looks_as_it_should() {
    let mut harness = walk("outside", "host:8080");
    press(&mut harness, Modifiers::NONE, Key::ArrowRight);
    image(&mut harness, "walk_light");
}

#[test]
fn a_blocked_packet_looks_as_it_should() {
    let mut harness = walk("proxy", "172.19.0.2");
    press(&mut harness, Modifiers::NONE, Key::D);
    press(&mut harness, Modifiers::NONE, Key::End);
    image(&mut harness, "walk_blocked_dark");
}

/// A published port's facts say who reaches it, and a click opens the walk.
#[test]
fn a_published_ports_facts_say_who_reaches_it() {
    let mut harness = open_on(SampleFeed::bed());
    let cell = harness.query_all_by_label_contains("NAT :").next().map(|node| node.rect().center());
    let at = cell.expect("a published port in the picture");
    harness.drag_at(at);
    harness.drop_at(at);
    settle(&mut harness);
    assert!(harness.query_by_label("Who reaches it").is_some());
    let outside = harness.query_all_by_label_contains("outside world → ").next().expect("the outside is asked");
    outside.click();
    settle(&mut harness);
    assert!(harness.query_all_by_label_contains("host name").next().is_none(), "the walk has the panel");
}
