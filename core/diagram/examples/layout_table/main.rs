//! The table of docs/performance.md, "The layout": hosts of 10, 100, 1,000 and 5,000 containers, laid out by
//! the window's own engine and, where it is installed, by Graphviz `dot`.
//!
//! `cargo run --release -p bridgewalk-diagram --example layout_table [COUNT…]`

#[path = "../lay_out/host.rs"]
mod host;

mod dot;
mod generate;
mod measure;
mod random;

use std::{collections::HashMap, time::Instant};

use bridgewalk_diagram::scene::Rect;
use host::{Drawing, Graph, Wiring};
use measure::Measures;

/// The fastest of this many runs is reported, since a shared machine only makes runs slower.
const RUNS: usize = 30;
/// At this size and above `dot` takes minutes and more.
const DOT_TOO_MANY: usize = 2_000;
/// What is asked for: a slide, two sheets of paper, and a size of somebody's own.
const ASPECTS: [(&str, f32); 4] =
    [("16:9", 16.0 / 9.0), ("A4", 297.0 / 210.0), ("A4 portrait", 210.0 / 297.0), ("1280x960", 4.0 / 3.0)];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let asked: Vec<usize> = std::env::args().skip(1).map(|count| count.parse()).collect::<Result<_, _>>()?;
    let counts = if asked.is_empty() { vec![10, 100, 1_000, 5_000] } else { asked };
    println!(
        "| containers | for | crossings | bends a line | width to height | area | faults | time | one more container | moved by it |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for &count in &counts {
        for (name, aspect) in ASPECTS {
            ours(count, name, aspect)?;
        }
    }
    for &count in counts.iter().filter(|count| **count < DOT_TOO_MANY) {
        let (graph, more) = (generate::host(count, false), generate::host(count, true));
        let (Some(before), Some(after)) = (dot::draw(&graph)?, dot::draw(&more)?) else {
            println!("\nThere is no `dot` here: install graphviz to compare.");
            break;
        };
        let measures = measure::measure(&graph, &Wiring::of(&graph)?, &before.nodes, &before.edges);
        row(count, "`dot`", &measures, [before.ms, after.ms], &moved(&graph, &before.nodes, &more, &after.nodes));
    }
    Ok(())
}

fn ours(count: usize, name: &str, aspect: f32) -> Result<(), String> {
    let (graph, more) = (generate::host(count, false), generate::host(count, true));
    let (wiring, more_wiring) = (Wiring::of(&graph)?, Wiring::of(&more)?);
    let (before, ms) = quickest(|| host::lay_out(&graph, &wiring, aspect, None));
    let (after, more_ms) = quickest(|| host::lay_out(&more, &more_wiring, aspect, Some(&before.layout)));
    let measures = measure::measure(&graph, &wiring, &before.nodes, &before.edges);
    row(count, name, &measures, [ms, more_ms], &moved(&graph, &before.nodes, &more, &after.nodes));
    Ok(())
}

fn row(count: usize, name: &str, measures: &Measures, [ms, more_ms]: [f64; 2], moved: &str) {
    let Measures { crossings, bends_an_edge, oblique_share, aspect, area_by_ink, .. } = measures;
    let faults = [
        (measures.box_overlaps as f64, " boxes overlap"),
        (measures.edges_through_boxes as f64, " lines through boxes"),
        ((oblique_share * 100.0).round(), " % of the lines oblique"),
    ];
    let faults: Vec<String> =
        faults.iter().filter(|(many, _)| *many > 0.0).map(|(many, what)| format!("{many}{what}")).collect();
    let faults = if faults.is_empty() { "none".to_owned() } else { faults.join(", ") };
    println!(
        "| {count} | {name} | {crossings} | {bends_an_edge:.2} | {aspect:.2} | {area_by_ink:.1} | {faults} | {ms:.2} ms | {more_ms:.2} ms | {moved} |"
    );
}

/// The last of some drawings, all alike, and the milliseconds of the quickest.
fn quickest(draw: impl Fn() -> Drawing) -> (Drawing, f64) {
    let timed = || {
        #[allow(clippy::disallowed_methods, reason = "a benchmark measures")]
        let begin = Instant::now();
        (draw(), begin.elapsed().as_secs_f64() * 1e3)
    };
    (1..RUNS).fold(timed(), |(_, least), _| {
        let (drawing, ms) = timed();
        (drawing, ms.min(least))
    })
}

/// How many of the nodes that were there stand elsewhere now, and by how much on average.
fn moved(graph: &Graph, before: &[Rect], more: &Graph, after: &[Rect]) -> String {
    let place: HashMap<&str, usize> =
        more.nodes.iter().enumerate().map(|(place, node)| (node.id.as_str(), place)).collect();
    let steps: Vec<f32> = graph
        .nodes
        .iter()
        .zip(before)
        .filter(|(node, _)| node.kind != "host")
        .filter_map(|(node, was)| {
            let (was, is) = (was.center(), after[*place.get(node.id.as_str())?].center());
            Some((was.x - is.x).hypot(was.y - is.y))
        })
        .collect();
    match steps.iter().filter(|step| **step > 1.0).count() {
        0 => "nothing".to_owned(),
        count => {
            let mean = steps.iter().sum::<f32>() / steps.len() as f32;
            format!("{} %, by {mean:.0} units on average", count * 100 / steps.len())
        }
    }
}
