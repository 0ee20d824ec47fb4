//! How long walks take: `cargo run --release -p bridgewalk-analysis --example walk_speed RECORDING.bwrec`.
//!
//! Prints the time of one walk and of the whole matrix on the recording's host.

#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "it reads a file and a clock, as the library must not"
)]

use std::{fs::File, hint::black_box, io::BufReader, time::Instant};

use bridgewalk_analysis::walk::{Walker, reach};
use bridgewalk_model::recording::Recording;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("a recording's path is missing")?;
    let recording = Recording::read(BufReader::new(File::open(path)?))?;
    let snapshot = recording.last_snapshot();
    let start = Instant::now();
    let walker = Walker::new(&snapshot);
    println!("walker: {} µs", start.elapsed().as_micros());
    let start = Instant::now();
    let matrix = reach(&snapshot);
    let took = start.elapsed();
    let containers = snapshot.hosts.iter().map(|host| host.containers.len()).sum::<usize>();
    println!("matrix of {} cells, {containers} containers: {} ms", matrix.cells.len(), took.as_millis());
    let mut slowest = 0;
    let start = Instant::now();
    for cell in &matrix.cells {
        let Some(question) = matrix.question(cell) else { continue };
        let one = Instant::now();
        black_box(walker.walk(&question));
        slowest = slowest.max(one.elapsed().as_micros());
    }
    let count = u32::try_from(matrix.cells.len())?.max(1);
    println!("walk: {} µs on average, {slowest} µs at most", (start.elapsed() / count).as_micros());
    Ok(())
}
