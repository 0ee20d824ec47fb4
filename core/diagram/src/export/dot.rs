//! Graphviz DOT: boxes as tables with a row for each part, groups as clusters, lines from row to row. Places are left to
//! Graphviz.

use std::fmt::Write as _;

use super::{
    structure::{End, Level, Structure, text_of},
    xml::{escape, rgb},
};
use crate::scene::{EdgeKind, Face, LineEnd, Scene, Shape, Stroke};

/// The scene as a graph in Graphviz's language; the same scene gives the same bytes.
pub fn dot(scene: &Scene, title: &str) -> String {
    let structure = Structure::of(scene);
    let mut text = String::new();
    let _ = writeln!(text, "digraph bridgewalk {{");
    let background = rgb(scene.background);
    let _ = writeln!(
        text,
        "  graph [rankdir=LR, compound=true, fontname=\"Inter, Helvetica, sans-serif\", bgcolor=\"#{background}\", label={}];",
        quoted(title)
    );
    let _ = writeln!(text, "  node [shape=plain, fontname=\"Inter, Helvetica, sans-serif\"];");
    let _ = writeln!(text, "  edge [fontname=\"Inter, Helvetica, sans-serif\"];");
    let writer = Writer { scene, structure: &structure };
    writer.level(&mut text, None, 1);
    for (index, wire) in structure.wires.iter().enumerate() {
        let (Some(from), Some(to)) = (wire.from, wire.to) else { continue };
        let (tail, ltail) = writer.place(from);
        let (head, lhead) = writer.place(to);
        let mut attributes = vec![
            format!("id=\"e{}\", class=\"{}\"", index + 1, kind(wire.kind)),
            format!("color=\"#{}\"", rgb(wire.stroke.color)),
        ];
        attributes.push(format!("penwidth={}", wire.stroke.width));
        attributes.push(format!("style={}", style(&wire.stroke)));
        attributes.push(format!("dir=both, arrowtail={}, arrowhead={}", ending(wire.start), ending(wire.end)));
        attributes.extend(ltail.map(|cluster| format!("ltail={cluster}")));
        attributes.extend(lhead.map(|cluster| format!("lhead={cluster}")));
        if !wire.name.is_empty() {
            attributes.push(format!("tooltip={}", quoted(&wire.name)));
        }
        let _ = writeln!(text, "  {tail} -> {head} [{}];", attributes.join(", "));
    }
    text.push_str("}\n");
    text
}

struct Writer<'a> {
    scene: &'a Scene,
    structure: &'a Structure<'a>,
}

impl Writer<'_> {
    /// The groups and boxes in `parent`.
    fn level(&self, text: &mut String, parent: Option<usize>, depth: usize) {
        let indent = "  ".repeat(depth);
        for &index in self.structure.children(parent) {
            let node = &self.structure.nodes[index];
            if !self.structure.is_told(self.scene, index) {
                continue;
            }
            match node.level {
                Level::Group => {
                    let label = node.title.and_then(|item| text_of(self.scene, item)).unwrap_or_default();
                    let _ = writeln!(text, "{indent}subgraph cluster_n{} {{", index + 1);
                    let _ = writeln!(text, "{indent}  label={};", quoted(label));
                    if let Shape::Box { fill, stroke, .. } = &self.scene.items[node.item].shape {
                        let color = stroke.map(|stroke| rgb(stroke.color)).unwrap_or_default();
                        let style = stroke.as_ref().map_or("solid", style);
                        match fill {
                            Some(fill) => {
                                let (fill, font) = (rgb(*fill), self.text_color(node.title));
                                let _ = writeln!(
                                    text,
                                    "{indent}  style=\"filled,{style}\"; fillcolor=\"#{fill}\"; color=\"#{color}\"; fontcolor=\"#{font}\";"
                                );
                            }
                            None => {
                                let font = self.text_color(node.title);
                                let _ = writeln!(
                                    text,
                                    "{indent}  style={style}; color=\"#{color}\"; fontcolor=\"#{font}\";"
                                );
                            }
                        }
                    }
                    if self.is_anchor(index) {
                        let _ = writeln!(text, "{indent}  a{} [shape=point, style=invis, width=0];", index + 1);
                    }
                    self.level(text, Some(index), depth + 1);
                    let _ = writeln!(text, "{indent}}}");
                }
                Level::Box | Level::Part => {
                    let _ = writeln!(text, "{indent}n{} [label=<{}>];", index + 1, self.table(index));
                }
            }
        }
    }

    /// Whether a line ends at this group itself: it gets a point to end at.
    fn is_anchor(&self, group: usize) -> bool {
        let ends = self.structure.wires.iter().flat_map(|wire| [wire.from, wire.to]);
        ends.flatten().any(|end| end.node == group)
    }

    fn table(&self, index: usize) -> String {
        let node = &self.structure.nodes[index];
        let mut rows = String::new();
        let mut row = |port: Option<usize>, items: &[usize]| {
            let cells: Vec<String> = items.iter().filter_map(|item| self.cell_text(*item)).collect();
            if !cells.is_empty() {
                let port = port.map(|port| format!(" PORT=\"p{}\" BORDER=\"1\"", port + 1)).unwrap_or_default();
                let _ = write!(rows, "<TR><TD ALIGN=\"LEFT\"{port}>{}</TD></TR>", cells.join("  "));
            }
        };
        if let Some(title) = node.title {
            row(None, &[title]);
        }
        for item in &node.rest {
            row(None, &[*item]);
        }
        for part in self.structure.parts(index) {
            let node = &self.structure.nodes[part];
            let items: Vec<usize> = node.title.iter().chain(&node.rest).copied().collect();
            row(Some(part), &items);
        }
        if rows.is_empty() {
            rows.push_str("<TR><TD></TD></TR>");
        }
        let (mut fill, mut color, mut look) = (String::new(), String::new(), "ROUNDED");
        if let Shape::Box { fill: filling, stroke, radius, .. } = &self.scene.items[node.item].shape {
            fill = filling.map(|fill| format!(" BGCOLOR=\"#{}\"", rgb(fill))).unwrap_or_default();
            color = stroke.map(|stroke| format!(" COLOR=\"#{}\"", rgb(stroke.color))).unwrap_or_default();
            look = match (*radius > 0.0, stroke.is_some_and(|stroke| stroke.dash.is_some())) {
                (true, true) => "ROUNDED,DASHED",
                (true, false) => "ROUNDED",
                (false, true) => "DASHED",
                (false, false) => "SOLID",
            };
        }
        format!("<TABLE BORDER=\"1\" CELLBORDER=\"0\" CELLSPACING=\"2\" STYLE=\"{look}\"{fill}{color}>{rows}</TABLE>")
    }

    fn cell_text(&self, item: usize) -> Option<String> {
        match &self.scene.items[item].shape {
            Shape::Text { text, size, face, color, .. } => {
                let text = escape(text);
                let text = if *face == Face::Strong { format!("<B>{text}</B>") } else { text };
                let face = if *face == Face::Mono { " FACE=\"monospace\"" } else { "" };
                Some(format!("<FONT POINT-SIZE=\"{size}\" COLOR=\"#{}\"{face}>{text}</FONT>", rgb(*color)))
            }
            Shape::Box { .. } | Shape::Line { .. } | Shape::Polygon { .. } => None,
        }
    }

    fn text_color(&self, item: Option<usize>) -> String {
        match item.map(|item| &self.scene.items[item].shape) {
            Some(Shape::Text { color, .. }) => rgb(*color),
            _ => "000000".to_owned(),
        }
    }

    /// Where a line ends, and the cluster at whose edge it stops.
    fn place(&self, end: End) -> (String, Option<String>) {
        let node = &self.structure.nodes[end.node];
        if node.level == Level::Group {
            return (format!("a{}", end.node + 1), Some(format!("cluster_n{}", end.node + 1)));
        }
        let whole = self.structure.whole(end.node);
        let has_row = node.title.iter().chain(&node.rest).any(|item| text_of(self.scene, *item).is_some());
        if end.node != whole && has_row {
            (format!("n{}:p{}", whole + 1, end.node + 1), None)
        } else {
            (format!("n{}", whole + 1), None)
        }
    }
}

const fn kind(kind: EdgeKind) -> &'static str {
    match kind {
        EdgeKind::Cable => "cable",
        EdgeKind::Inward => "inward",
        EdgeKind::Outward => "outward",
        EdgeKind::Tunnel => "tunnel",
        EdgeKind::Uplink => "uplink",
        EdgeKind::Attachment => "attachment",
        EdgeKind::Link => "link",
    }
}

fn style(stroke: &Stroke) -> &'static str {
    match stroke.dash {
        None => "solid",
        Some((dash, _)) if dash <= stroke.width * 2.0 => "dotted",
        Some(_) => "dashed",
    }
}

const fn ending(end: LineEnd) -> &'static str {
    match end {
        LineEnd::Plain => "none",
        LineEnd::Arrow => "normal",
        LineEnd::Plug => "dot",
    }
}

/// A string in Graphviz's language, in which a backslash begins an escape of its own.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            // Graphviz reads HTML's entities in every string.
            '&' => quoted.push_str("&amp;"),
            character if character.is_control() => {}
            character => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}
