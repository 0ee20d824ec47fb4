//! What a frame of the window costs, without a window.
//!
//! `cargo run --release -p bridgewalk --example frame_speed [cpu|gl]`: `cpu` builds and tessellates the frames of a host
//! of 5,000 containers, at reading zoom and with everything in view; `gl` also paints those of a screenful, by OpenGL
//! into memory (`LIBGL_ALWAYS_SOFTWARE=1` for a machine without a GPU). Both, unless one is asked for.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a benchmark that cannot go on fails")]
#![allow(clippy::disallowed_macros, reason = "nobody reads a part of it")]

mod bench;
mod frame;
mod gl;
#[path = "../../../core/diagram/tests/support/mod.rs"]
mod support;

use bench::Bench;
use egui::{Event, Key, Modifiers, vec2};

/// How many changes are waited for.
const CHANGES: usize = 5;
/// How many containers a very large host has.
const MANY: usize = 5_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_asked = |what: &str| arguments.iter().any(|argument| argument == what);
    let is_all = !is_asked("cpu") && !is_asked("gl");
    println!("Milliseconds: median, 95th percentile, most.\n");
    println!("| | a frame | building | tessellating | painting | triangles |");
    println!("|---|---|---|---|---|---|");
    if is_asked("cpu") || is_all {
        cpu();
    }
    if is_asked("gl") || is_all {
        painted();
    }
}

fn cpu() {
    let mut bench = Bench::open(MANY, None);
    for (state, prepare) in [("reading zoom", None), ("everything in view", Some(Key::F))] {
        if let Some(key) = prepare {
            bench.press(Modifiers::NONE, key);
        }
        bench.measure(&format!("{MANY} containers, {state}, still"), |_| Vec::new(), None);
        bench.measure(&format!("{MANY} containers, {state}, a packet moving"), |_| Vec::new(), Some(bench::packet));
        bench.measure(&format!("{MANY} containers, {state}, panning"), |step| vec![pan(step)], None);
        bench.measure(&format!("{MANY} containers, {state}, zooming"), zoom, None);
        bench.measure_changes(&format!("{MANY} containers, {state}, while changes are drawn"), CHANGES);
    }
}

fn painted() {
    let Some(screen) = gl::Screen::open() else {
        println!("There is no OpenGL here.");
        return;
    };
    let renderer = screen.renderer();
    let mut bench = Bench::open(SCREENFUL, Some(screen));
    println!("\n{} boxes, {renderer}:\n", bench.boxes_in_view());
    for panels in ["between the panels", "without the side panels"] {
        bench.press(Modifiers::NONE, Key::F);
        bench.measure(&format!("{panels}, a packet moving"), |_| Vec::new(), Some(bench::packet));
        bench.measure(&format!("{panels}, panning"), |step| vec![pan(step)], None);
        bench.measure(&format!("{panels}, zooming"), zoom, None);
        bench.press(Modifiers::COMMAND, Key::Num1);
        bench.press(Modifiers::COMMAND, Key::Num2);
    }
}

/// To and fro, a good part of the screen.
fn pan(step: usize) -> Event {
    let delta = if (step / 60).is_multiple_of(2) { -9.0 } else { 9.0 };
    Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: vec2(delta, delta),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: Modifiers::NONE,
    }
}

/// Closer, a rest, further away, a rest.
fn zoom(step: usize) -> Vec<Event> {
    match step / 40 % 4 {
        0 => vec![Event::Zoom(1.02)],
        2 => vec![Event::Zoom(1.0 / 1.02)],
        _ => Vec::new(),
    }
}

/// How many containers make 160 boxes, all in view.
const SCREENFUL: usize = 28;
