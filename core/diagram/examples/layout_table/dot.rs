//! The same host drawn by Graphviz `dot`, with a cluster for the host and one for each container.

#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "a benchmark runs the program it compares with"
)]

use std::{
    collections::HashMap,
    fmt::Write as _,
    io::Write as _,
    process::{Command, Stdio},
    time::Instant,
};

use bridgewalk_diagram::scene::{Point, Rect};

use super::host::Graph;

/// A drawing by `dot`.
pub(crate) struct Drawing {
    pub nodes: Vec<Rect>,
    pub edges: Vec<Vec<Point>>,
    /// Of the whole process.
    pub ms: f64,
}

/// Has `dot` draw it; none where there is no `dot`.
pub(crate) fn draw(graph: &Graph) -> Result<Option<Drawing>, String> {
    let command =
        Command::new("dot").arg("-Tplain").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let Ok(mut process) = command else { return Ok(None) };
    let begin = Instant::now();
    let source = source(graph);
    let mut stdin = process.stdin.take().ok_or("dot has no standard input")?;
    let feeder = std::thread::Builder::new()
        .spawn(move || stdin.write_all(source.as_bytes()))
        .map_err(|error| error.to_string())?;
    let output = process.wait_with_output().map_err(|error| error.to_string())?;
    let ms = begin.elapsed().as_secs_f64() * 1e3;
    feeder.join().map_err(|_| "dot was not fed")?.map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("dot failed: {}", output.status));
    }
    read(graph, &String::from_utf8_lossy(&output.stdout), ms).map(Some)
}

/// Left to right, a container's interfaces in a cluster of its own, an inch for 72 units.
fn source(graph: &Graph) -> String {
    let mut text = String::from("digraph { rankdir=LR; node [shape=box, fixedsize=true, label=\"\"];\n");
    let write = |text: &mut String, id: &str, width: f32, height: f32| {
        let _ = writeln!(text, "\"{id}\" [width={}, height={}];", width / 72.0, height / 72.0);
    };
    let mut inner: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, node) in graph.nodes.iter().enumerate() {
        if let Some(parent) = &node.parent {
            inner.entry(parent).or_default().push(index);
        }
    }
    for node in graph.nodes.iter().filter(|node| node.parent.is_none() && node.kind != "host") {
        write(&mut text, &node.id, node.w, node.h);
    }
    text.push_str("subgraph cluster_host {\n");
    for &index in inner.get("host").into_iter().flatten() {
        let node = &graph.nodes[index];
        if node.kind == "container" {
            let _ = writeln!(text, "subgraph \"cluster_{}\" {{", node.id);
            for &interface in inner.get(node.id.as_str()).into_iter().flatten() {
                let interface = &graph.nodes[interface];
                write(&mut text, &interface.id, interface.w, interface.h);
            }
            text.push_str("}\n");
        } else {
            write(&mut text, &node.id, node.w, node.h);
        }
    }
    text.push_str("}\n");
    for edge in &graph.edges {
        // A cluster is no end of an edge: its first interface is.
        let end = |id: &str| {
            inner
                .get(id)
                .and_then(|list| list.first())
                .map_or_else(|| id.to_owned(), |first| graph.nodes[*first].id.clone())
        };
        let _ = writeln!(text, "\"{}\" -> \"{}\";", end(&edge.s), end(&edge.t));
    }
    text.push('}');
    text
}

/// Boxes by their names, lines in the order in which they were written; clusters are around what they hold.
fn read(graph: &Graph, plain: &str, ms: f64) -> Result<Drawing, String> {
    let index: HashMap<&str, usize> =
        graph.nodes.iter().enumerate().map(|(place, node)| (node.id.as_str(), place)).collect();
    let mut nodes = vec![Rect::default(); graph.nodes.len()];
    let mut lines: HashMap<(String, String), Vec<Vec<Point>>> = HashMap::new();
    for line in plain.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |place: usize| -> Result<f32, String> {
            let word = words.get(place).ok_or("dot's answer is cut")?;
            Ok(word.parse::<f32>().map_err(|error| error.to_string())? * 72.0)
        };
        match words.first() {
            Some(&"node") => {
                let node = index.get(words[1].trim_matches('"')).ok_or("dot drew a node that is none")?;
                let (width, height) = (number(4)?, number(5)?);
                nodes[*node] = Rect { x: number(2)? - width / 2.0, y: number(3)? - height / 2.0, width, height };
            }
            Some(&"edge") => {
                let count: usize = words.get(3).and_then(|word| word.parse().ok()).ok_or("an edge without points")?;
                let point = |at: usize| Ok(Point { x: number(4 + 2 * at)?, y: number(5 + 2 * at)? });
                let points = (0..count).map(point).collect::<Result<Vec<_>, String>>()?;
                let ends = (words[1].trim_matches('"').to_owned(), words[2].trim_matches('"').to_owned());
                lines.entry(ends).or_default().push(flattened(&points));
            }
            _ => {}
        }
    }
    let mut around: HashMap<usize, Rect> = HashMap::new();
    for (place, node) in graph.nodes.iter().enumerate().filter(|(_, node)| node.kind == "iface") {
        if let Some(&container) = node.parent.as_deref().and_then(|parent| index.get(parent)) {
            let rect = nodes[place];
            around.entry(container).and_modify(|whole| *whole = union(*whole, rect)).or_insert(rect);
        }
    }
    for (container, rect) in around {
        nodes[container] = rect;
    }
    if let Some(&host) = index.get("host") {
        nodes[host] = nodes.iter().copied().filter(|rect| rect.width > 0.0).reduce(union).unwrap_or_default();
    }
    let first = |id: &str| {
        let inner = graph.nodes.iter().find(|node| node.parent.as_deref() == Some(id) && node.kind == "iface");
        inner.map_or_else(|| id.to_owned(), |node| node.id.clone())
    };
    let container_ends: HashMap<&str, String> = graph
        .nodes
        .iter()
        .filter(|node| node.kind == "container")
        .map(|node| (node.id.as_str(), first(&node.id)))
        .collect();
    let end = |id: &String| container_ends.get(id.as_str()).unwrap_or(id).clone();
    let edges = graph
        .edges
        .iter()
        .map(|edge| lines.get_mut(&(end(&edge.s), end(&edge.t))).and_then(Vec::pop).unwrap_or_default())
        .collect();
    Ok(Drawing { nodes, edges, ms })
}

fn union(a: Rect, b: Rect) -> Rect {
    let (x, y) = (a.x.min(b.x), a.y.min(b.y));
    Rect { x, y, width: a.right().max(b.right()) - x, height: a.bottom().max(b.bottom()) - y }
}

/// Cubic Bézier pieces as six straight ones each.
fn flattened(points: &[Point]) -> Vec<Point> {
    let Some(first) = points.first() else { return Vec::new() };
    let mut line = vec![*first];
    for piece in 0..points.len().saturating_sub(1) / 3 {
        let four = &points[piece * 3..piece * 3 + 4];
        for step in 1..=6 {
            let t = step as f32 / 6.0;
            let u = 1.0 - t;
            let weights = [u * u * u, 3.0 * u * u * t, 3.0 * u * t * t, t * t * t];
            let sum = |value: fn(&Point) -> f32| four.iter().zip(weights).map(|(at, by)| value(at) * by).sum();
            line.push(Point { x: sum(|at| at.x), y: sum(|at| at.y) });
        }
    }
    line
}
