//! What one frame took, and a line for many.

#![allow(clippy::disallowed_macros, reason = "nobody reads a part of it")]

use std::time::Duration;

#[derive(Clone, Copy, Default)]
pub(crate) struct Frame {
    pub build: Duration,
    pub tessellate: Duration,
    pub paint: Duration,
    pub triangles: usize,
}

impl Frame {
    fn total(&self) -> Duration {
        self.build + self.tessellate + self.paint
    }
}

pub(crate) fn report(name: &str, frames: &[Frame]) {
    let show = |part: fn(&Frame) -> Duration| {
        let mut times: Vec<f64> = frames.iter().map(|frame| part(frame).as_secs_f64() * 1e3).collect();
        times.sort_by(f64::total_cmp);
        let (median, p95, most) = (times[times.len() / 2], times[times.len() * 95 / 100], times[times.len() - 1]);
        format!("{median:.2}, {p95:.2}, {most:.2}")
    };
    println!(
        "| {name} | {} | {} | {} | {} | {} |",
        show(Frame::total),
        show(|frame| frame.build),
        show(|frame| frame.tessellate),
        show(|frame| frame.paint),
        frames[0].triangles,
    );
}
