//! The window, asked as a screen reader asks it, and looked at.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "window/choosing.rs"]
mod choosing;
#[path = "window/inked.rs"]
mod inked;
#[path = "window/reaching.rs"]
mod reaching;
#[path = "window/sample.rs"]
mod sample;
#[path = "window/walking.rs"]
mod walking;
#[path = "window/wiring.rs"]
mod wiring;

use std::{sync::Arc, time::Duration};

use bridgewalk_app::{
    window::{MainWindow, UnreadableSettings, WindowOptions},
    words::Language,
};
use bridgewalk_collector::AgentChoice;
use egui::{Key, Modifiers, Role, vec2};
use egui_kittest::{
    Harness, SnapshotOptions,
    kittest::{NodeT, Queryable},
};
use sample::SampleFeed;

type Window = Harness<'static, Option<MainWindow>>;

/// A window on the sample host, drawn.
fn open() -> Window {
    open_on(SampleFeed::recording())
}

fn open_on(feed: SampleFeed) -> Window {
    let mut feed = Some(feed);
    let frame = move |ui: &mut egui::Ui, window: &mut Option<MainWindow>| {
        if let Some(feed) = feed.take() {
            let options = WindowOptions { language: Language::En, is_forgetful: true };
            let opened = MainWindow::new(ui.ctx(), None, Box::new(feed), Arc::new(sample::NoOpener), options);
            *window = Some(opened.expect("a thread to draw on"));
        }
        if let Some(window) = window {
            window.advance(ui.ctx());
            window.show_in(ui);
        }
    };
    let builder = Harness::builder().with_size(vec2(1280.0, 800.0)).with_max_steps(200);
    let mut harness = builder.with_theme(egui::Theme::Light).build_ui_state(frame, None);
    settle(&mut harness);
    harness
}

/// Runs until everything is drawn and nothing asks to be painted again.
fn settle(harness: &mut Window) {
    for _ in 0..500 {
        harness.run();
        if harness.state().as_ref().is_some_and(MainWindow::is_settled) {
            harness.run();
            return;
        }
        std::thread::sleep(Duration::from_millis(4));
    }
    panic!("the drawing never came");
}

fn press(harness: &mut Window, modifiers: Modifiers, key: Key) {
    harness.key_press_modifiers(modifiers, key);
    settle(harness);
}

/// Chooses a container by its line in the list.
fn choose(harness: &mut Window, label: &str) {
    harness.get_by_label(label).click();
    settle(harness);
}

const WEB: &str = "shop-web-1, 172.18.0.2";

#[test]
fn a_chosen_container_shows_its_facts() {
    let mut harness = open();
    choose(&mut harness, WEB);
    harness.get_by_label("Go inside");
    harness.get_by_label("nginx:1.27");
    assert!(harness.get_all_by_label_contains("172.18.0.2/16").count() > 0);
}

#[test]
fn enter_goes_into_the_namespace_and_escape_comes_back() {
    let mut harness = open();
    choose(&mut harness, WEB);
    press(&mut harness, Modifiers::NONE, Key::Enter);
    harness.get_by_label("seen from the inside");
    harness.get_by_label("Routes").click();
    settle(&mut harness);
    harness.get_by_label("default (0.0.0.0/0)");
    press(&mut harness, Modifiers::NONE, Key::Escape);
    assert!(harness.query_by_label("seen from the inside").is_none());
}

#[test]
fn the_palette_finds_by_address() {
    let mut harness = open();
    press(&mut harness, Modifiers::COMMAND, Key::K);
    harness.event(egui::Event::Text("172.18.0.3".into()));
    settle(&mut harness);
    press(&mut harness, Modifiers::NONE, Key::Enter);
    harness.get_by_label("Go inside");
    assert!(harness.query_all_by_label_contains("shop-db-1").count() > 1);
}

#[test]
fn the_language_changes_without_a_restart() {
    let mut harness = open();
    harness.get_by_label("Containers, 3");
    press(&mut harness, Modifiers::NONE, Key::L);
    harness.get_by_label("Conteneurs, 3");
    assert!(harness.query_by_label("Containers, 3").is_none());
}

#[test]
fn hiding_is_undone() {
    let mut harness = open();
    choose(&mut harness, WEB);
    press(&mut harness, Modifiers::NONE, Key::H);
    press(&mut harness, Modifiers::COMMAND, Key::F);
    harness.get_by_label("1 hidden");
    press(&mut harness, Modifiers::NONE, Key::Escape);
    press(&mut harness, Modifiers::COMMAND, Key::Z);
    assert!(harness.query_by_label("1 hidden").is_none());
}

#[test]
fn nothing_is_painted_when_nothing_happens() {
    let mut harness = open();
    harness.step();
    let delay = harness.output().viewport_output.values().map(|output| output.repaint_delay).min();
    assert_eq!(delay, Some(Duration::MAX));
}

#[test]
fn a_stopped_engine_is_not_called_live() {
    let mut harness = open_on(SampleFeed::stopped());
    assert!(harness.query_by_label("live").is_none());
    assert!(harness.query_by_label("as last seen at 00:01:00Z").is_some());
    // In the list and in the picture, on the things themselves.
    let stale = "shop-web-1, as last seen";
    choose(&mut harness, stale);
    assert!(harness.query_by_label("container, as last seen 00:01:00Z").is_some());
    assert!(harness.query_all_by_label_contains("shop-web-1, running, as last seen").next().is_some());
    assert!(open_on(SampleFeed::busy()).query_by_label("live").is_some());
}

#[test]
fn who_reads_the_kernel_is_asked_once_and_not_in_the_way() {
    let told = sample::Told::default();
    let mut harness = open_on(SampleFeed::unprivileged(Arc::clone(&told)));
    harness.get_by_label("Your user may not read all of the kernel");
    choose(&mut harness, WEB);
    harness.get_by_label("What may the helper do?").click();
    settle(&mut harness);
    harness.get_by_label_contains("NET_ADMIN, SYS_ADMIN, SYS_PTRACE, DAC_READ_SEARCH");
    harness.get_all_by_label("Helper container").next().expect("the offer").click();
    settle(&mut harness);
    assert!(harness.query_by_label("Your user may not read all of the kernel").is_none());
    assert!(matches!(told.lock().unwrap()[..], [bridgewalk_collector::Command::UseAgent(AgentChoice::Container)]));
}

#[test]
fn what_no_helper_would_open_is_named_and_no_helper_is_offered() {
    let mut harness = open_on(SampleFeed::with_a_stranger());
    assert!(harness.query_by_label("Not all of the kernel can be read as you are").is_none());
    harness.get_by_label_contains("2 things are not seen").click();
    settle(&mut harness);
    assert_eq!(harness.get_all_by_label_contains("net:[4026531840] (PID 1)").count(), 2);
}

#[test]
fn a_command_that_is_not_taken_is_said() {
    let mut harness = open_on(SampleFeed::busy());
    press(&mut harness, Modifiers::NONE, Key::F5);
    harness.get_by_label_contains("still busy");
}

#[test]
fn settings_that_cannot_be_read_are_said() {
    let mut harness = open();
    let window = harness.state_mut().as_mut().expect("a window");
    window.say_unreadable(&UnreadableSettings::KeptAside("/home/me/app.ron.unreadable-1".into()));
    settle(&mut harness);
    harness.get_by_label_contains("/home/me/app.ron.unreadable-1");
}

/// Different machines smooth text a little differently; but what is written in one picture is written in the other.
fn image(harness: &mut Window, name: &str) {
    harness.remove_cursor();
    settle(harness);
    let painted = harness.render().expect("a picture");
    harness.snapshot_options(name, &SnapshotOptions::new().threshold(1.2).max_failed_pixels(2_000));
    let path = format!("{}/tests/snapshots/{name}.png", env!("CARGO_MANIFEST_DIR"));
    let kept = image::open(path).expect("the picture that is kept").into_rgba8();
    let differs = inked::difference(&kept, &painted);
    assert!(differs.is_none(), "{name}: something is written in one picture alone, at {differs:?}");
}

#[test]
fn it_looks_as_it_should() {
    let mut harness = open();
    choose(&mut harness, WEB);
    image(&mut harness, "main_light");
    press(&mut harness, Modifiers::NONE, Key::D);
    image(&mut harness, "main_dark");
    press(&mut harness, Modifiers::NONE, Key::Enter);
    image(&mut harness, "namespace_dark");
    press(&mut harness, Modifiers::NONE, Key::D);
    image(&mut harness, "namespace_light");
}

/// Whether the picture shows each of the project's containers and networks within its own bounds.
fn is_all_in_sight(harness: &Window) -> bool {
    let picture = harness.get_by_role(Role::Canvas).rect();
    let web = harness.get_all_by_role(Role::Button).filter(|node| {
        node.accesskit_node().label().is_some_and(|label| label.contains("shop-") && !label.contains("project"))
    });
    let mut count = 0;
    for node in web {
        count += 1;
        if !picture.expand(1.0).contains_rect(node.rect()) {
            return false;
        }
    }
    count > 1
}

#[test]
fn what_is_fitted_in_stays_in_sight_beside_every_panel() {
    let mut harness = open();
    press(&mut harness, Modifiers::NONE, Key::F);
    assert!(is_all_in_sight(&harness));
    for panel in [Key::Num1, Key::Num2, Key::Num1, Key::Num2] {
        press(&mut harness, Modifiers::COMMAND, panel);
        assert!(is_all_in_sight(&harness));
    }
}

#[test]
fn the_export_dialog_shows_the_file_and_copies_it() {
    let mut harness = open();
    press(&mut harness, Modifiers::NONE, Key::E);
    harness.get_by_label("Preview");
    harness.get_by_label("Anonymise names and addresses").click();
    settle(&mut harness);
    harness.get_by_label("Copy as SVG").click();
    harness.step();
    let mut copied = None;
    for _ in 0..500 {
        let commands = &harness.output().platform_output.commands;
        copied = commands.iter().find_map(|command| match command {
            egui::OutputCommand::CopyText(text) => Some(text.clone()),
            _ => None,
        });
        if copied.is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(4));
        harness.step();
    }
    let svg = copied.expect("copied");
    assert!(svg.starts_with("<?xml") || svg.starts_with("<svg"), "{}", &svg[..40]);
    assert!(!svg.contains("shop-web-1"), "anonymous");
}
