//! The window painted by OpenGL into memory: what it keeps of a picture that stands still is that picture, and is not painted
//! again.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../examples/frame_speed/bench.rs"]
mod bench;
#[path = "../examples/frame_speed/frame.rs"]
mod frame;
#[path = "../examples/frame_speed/gl.rs"]
mod gl;
#[path = "../../core/diagram/tests/support/mod.rs"]
mod support;

use bench::{Bench, packet};
use egui::{Event, Key, Modifiers};

/// Without OpenGL nothing here is tested: then it fails.
fn screen() -> gl::Screen {
    gl::Screen::open().expect("OpenGL through EGL: install libegl1 and libgl1-mesa-dri")
}

#[test]
fn what_is_kept_is_what_was_painted() {
    let mut bench = Bench::open(28, Some(screen()));
    bench.press(Modifiers::NONE, Key::F);
    let painted = bench.pixels(None);
    assert!(painted.chunks(4).any(|pixel| pixel != &painted[..4]), "something is painted");
    for step in 0..4 {
        assert!(bench.pixels(None) == painted, "the same picture {step} frames later");
    }
    let with_packet = bench.pixels(Some((packet, 20)));
    assert!(with_packet != painted, "a packet is on it");
    assert!(bench.pixels(None) == painted, "and leaves nothing behind");
    for _ in 0..2 {
        bench.press(Modifiers::COMMAND, Key::Num1);
        assert!(bench.pixels(None) != painted, "a panel is closed");
        bench.press(Modifiers::COMMAND, Key::Num1);
        bench.press(Modifiers::NONE, Key::F);
        bench.pixels(None);
        assert!(bench.pixels(None) == painted, "and open again");
    }
    bench.resize([1920, 900]);
    for _ in 0..4 {
        bench.pixels(None);
    }
    bench.resize([1920, 1080]);
    for step in 0..4 {
        bench.press(Modifiers::NONE, Key::F);
        assert!(bench.pixels(None) == painted, "as high as before, {step} frames later");
    }
    bench.press(Modifiers::NONE, Key::D);
    for _ in 0..100 {
        bench.pixels(None);
    }
    assert!(bench.pixels(None) != painted, "a dark picture is another");
    let (kept, painted) = (bench.triangles(Vec::new()), bench.triangles(vec![Event::Zoom(1.01)]));
    assert!(kept * 2 < painted, "{kept} triangles where all of it has {painted}");
}

#[test]
fn what_is_made_bit_by_bit_is_what_is_made_at_once() {
    let mut bench = Bench::open(400, Some(screen()));
    let first = bench.pixels(None);
    // As far as to what was not made at first, and closer; then it rests.
    let pan = |delta: f32| Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: egui::vec2(delta, delta),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: Modifiers::NONE,
    };
    for _ in 0..60 {
        bench.triangles(vec![pan(-12.0)]);
    }
    for _ in 0..25 {
        bench.triangles(vec![Event::Zoom(1.02)]);
    }
    for _ in 0..400 {
        bench.pixels(None);
    }
    let bit_by_bit = bench.pixels(None);
    assert!(bit_by_bit != first, "the camera has moved");
    for _ in 0..2 {
        bench.press(Modifiers::NONE, Key::D);
        bench.settle();
    }
    assert!(bench.pixels(None) == bit_by_bit, "another drawing, as the one before");
}
