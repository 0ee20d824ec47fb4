//! Lays a generated host out with the window's own engine, so that it can be measured beside others:
//! `lay_out [--aspect WIDTH:HEIGHT] GRAPH.json [EARLIER_DRAWING.json] > DRAWING.json`. Sizes are taken as the graph has
//! them; what the earlier drawing (one of ours) holds stays where it was, if that is as good. The aspect is 16:9 unless another is asked for.

mod host;

use std::time::Instant;

use bridgewalk_diagram::layout::HostLayout;
use host::{Graph, Wiring};
use serde::{Deserialize, Serialize, Serializer};

type Failure = Box<dyn std::error::Error>;

const USAGE: &str = "usage: lay_out [--aspect WIDTH:HEIGHT] GRAPH.json [EARLIER_DRAWING.json]";

/// The graph's parts that are read again: the earlier drawing's state.
#[derive(Deserialize)]
struct Earlier {
    state: HostLayout,
}

#[derive(Serialize)]
struct Drawing<'a> {
    #[serde(serialize_with = "by_id")]
    nodes: Vec<(&'a str, [f32; 4])>,
    #[serde(serialize_with = "by_id")]
    edges: Vec<(&'a str, Vec<[f32; 2]>)>,
    /// Milliseconds from the graph in memory to every box's place and every line's way.
    ms: f64,
    /// For the next time.
    state: HostLayout,
}

fn by_id<T: Serialize, S: Serializer>(list: &[(&str, T)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(list.iter().map(|(id, value)| (id, value)))
}

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1).peekable();
    let mut aspect = 16.0 / 9.0;
    if arguments.next_if(|argument| argument == "--aspect").is_some() {
        let asked = arguments.next().ok_or(USAGE)?;
        let (width, height) = asked.split_once(':').ok_or(USAGE)?;
        aspect = width.parse::<f32>()? / height.parse::<f32>()?;
    }
    let graph = arguments.next().ok_or(USAGE)?;
    #[allow(clippy::disallowed_methods, reason = "an example reads its files")]
    let read = |path: &str| std::fs::read(path);
    let graph: Graph = serde_json::from_slice(&read(&graph)?)?;
    let wiring = Wiring::of(&graph)?;
    let earlier: Option<Earlier> = arguments
        .next()
        .map(|path| read(&path))
        .transpose()?
        .map(|bytes| serde_json::from_slice(&bytes))
        .transpose()?;
    #[allow(clippy::disallowed_methods, reason = "an example measures")]
    let begin = Instant::now();
    let drawing = host::lay_out(&graph, &wiring, aspect, earlier.as_ref().map(|drawing| &drawing.state));
    let ms = begin.elapsed().as_secs_f64() * 1e3;
    let nodes = graph.nodes.iter().zip(drawing.nodes);
    let edges = graph.edges.iter().zip(drawing.edges);
    let drawing = Drawing {
        nodes: nodes.map(|(node, at)| (node.id.as_str(), [at.x, at.y, at.width, at.height])).collect(),
        edges: edges
            .map(|(edge, path)| (edge.id.as_str(), path.iter().map(|point| [point.x, point.y]).collect()))
            .collect(),
        ms,
        state: drawing.layout,
    };
    serde_json::to_writer(std::io::stdout().lock(), &drawing)?;
    Ok(())
}
