//! Mermaid, as a flow chart: boxes with what is written in them, groups as subgraphs. Places and icons are left to Mermaid.

use std::fmt::Write as _;

use super::{
    structure::{Level, Structure, text_of},
    xml::rgb,
};
use crate::scene::{LineEnd, Scene, Shape};

/// The scene as a Mermaid flow chart; the same scene gives the same bytes.
pub fn mermaid(scene: &Scene) -> String {
    let structure = Structure::of(scene);
    let mut text = String::from("flowchart LR\n");
    level(&mut text, scene, &structure, None, 1);
    let mut styles = Vec::new();
    for wire in &structure.wires {
        let (Some(from), Some(to)) = (wire.from, wire.to) else { continue };
        let (from, to) = (structure.whole(from.node), structure.whole(to.node));
        let arrow = match (wire.start, wire.end) {
            (LineEnd::Arrow, LineEnd::Arrow) => "<-->",
            (LineEnd::Arrow, _) => "<--",
            (_, LineEnd::Arrow) => "-->",
            (LineEnd::Plug, LineEnd::Plug) => "o--o",
            (_, LineEnd::Plug) => "--o",
            _ => "---",
        };
        // Mermaid has no arrow backwards alone: the ends change places.
        let (from, to, arrow) = if arrow == "<--" { (to, from, "-->") } else { (from, to, arrow) };
        let _ = writeln!(text, "  n{} {arrow} n{}", from + 1, to + 1);
        let dash = wire.stroke.dash.map(|(dash, gap)| format!(",stroke-dasharray:{dash} {gap}")).unwrap_or_default();
        styles.push(format!("stroke:#{},stroke-width:{}px{dash}", rgb(wire.stroke.color), wire.stroke.width));
    }
    for (index, style) in styles.iter().enumerate() {
        let _ = writeln!(text, "  linkStyle {index} {style}");
    }
    for (index, node) in structure.nodes.iter().enumerate() {
        if node.level == Level::Part || !structure.is_told(scene, index) {
            continue;
        }
        let Shape::Box { fill, stroke, .. } = &scene.items[node.item].shape else { continue };
        let fill = fill.map_or_else(|| "none".to_owned(), |fill| format!("#{}", rgb(fill)));
        let mut style = format!("fill:{fill}");
        if let Some(stroke) = stroke {
            let _ = write!(style, ",stroke:#{}", rgb(stroke.color));
            if let Some((dash, gap)) = stroke.dash {
                let _ = write!(style, ",stroke-dasharray:{dash} {gap}");
            }
        }
        if let Some(Shape::Text { color, .. }) = node.title.map(|item| &scene.items[item].shape) {
            let _ = write!(style, ",color:#{}", rgb(*color));
        }
        let _ = writeln!(text, "  style n{} {style}", index + 1);
    }
    text
}

fn level(text: &mut String, scene: &Scene, structure: &Structure<'_>, parent: Option<usize>, depth: usize) {
    let indent = "  ".repeat(depth);
    for &index in structure.children(parent) {
        let node = &structure.nodes[index];
        if !structure.is_told(scene, index) {
            continue;
        }
        match node.level {
            Level::Group => {
                let label = node.title.and_then(|item| text_of(scene, item)).unwrap_or(" ");
                let _ = writeln!(text, "{indent}subgraph n{}[\"{}\"]", index + 1, label_text(label));
                level(text, scene, structure, Some(index), depth + 1);
                let _ = writeln!(text, "{indent}end");
            }
            Level::Box | Level::Part => {
                let mut lines: Vec<String> = Vec::new();
                let own = node.title.iter().chain(&node.rest);
                lines.extend(own.filter_map(|item| text_of(scene, *item)).map(label_text));
                for part in structure.parts(index) {
                    let part = &structure.nodes[part];
                    let texts: Vec<&str> =
                        part.title.iter().chain(&part.rest).filter_map(|item| text_of(scene, *item)).collect();
                    if !texts.is_empty() {
                        lines.push(label_text(&texts.join(" ")));
                    }
                }
                if lines.is_empty() {
                    lines.push(" ".to_owned());
                }
                let _ = writeln!(text, "{indent}n{}[\"{}\"]", index + 1, lines.join("<br/>"));
            }
        }
    }
}

/// Text in quotes, in which Mermaid sees neither markup nor Markdown nor a directive: whatever is not a letter, a digit or
/// a mark without a meaning becomes a character reference.
fn label_text(text: &str) -> String {
    let mut label = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            ' ' | '.' | ',' | '/' | ':' | '-' | '_' | '+' | '=' => label.push(character),
            character if character.is_control() => {}
            character if character.is_ascii() && !character.is_ascii_alphanumeric() => {
                let _ = write!(label, "#{};", u32::from(character));
            }
            character => label.push(character),
        }
    }
    label
}
