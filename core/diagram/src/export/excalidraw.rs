//! Excalidraw: boxes, texts and arrows that hang on both boxes, each box knowing its arrows.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::structure::{Structure, extent};
use crate::scene::{Anchor, Color, Face, LineEnd, Point, Scene, Shape, Stroke};

/// The height of a line of text, in em: Excalidraw's own for its plain face.
const LINE_EM: f32 = 1.15;

/// The scene as an Excalidraw file; the same scene gives the same bytes.
pub fn excalidraw(scene: &Scene) -> String {
    let structure = Structure::of(scene);
    let mut writer = Writer { scene, structure: &structure, arrows: BTreeMap::new(), elements: Vec::new() };
    for (index, wire) in structure.wires.iter().enumerate() {
        for end in [wire.from, wire.to].into_iter().flatten() {
            writer.arrows.entry(end.node).or_default().push(index);
        }
    }
    writer.everything();
    let document = json!({
        "type": "excalidraw",
        "version": 2,
        "source": "bridgewalk",
        "elements": writer.elements,
        "appState": { "viewBackgroundColor": hex(scene.background), "gridSize": null },
        "files": {},
    });
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

struct Writer<'a> {
    scene: &'a Scene,
    structure: &'a Structure<'a>,
    /// The wires at each node.
    arrows: BTreeMap<usize, Vec<usize>>,
    elements: Vec<Value>,
}

impl Writer<'_> {
    fn everything(&mut self) {
        let structure = self.structure;
        let mut owner: Vec<Option<usize>> = vec![None; self.scene.items.len()];
        for (index, node) in structure.nodes.iter().enumerate() {
            for item in node.title.iter().chain(&node.rest) {
                owner[*item] = Some(index);
            }
        }
        let node_of: BTreeMap<usize, usize> =
            structure.nodes.iter().enumerate().map(|(index, node)| (node.item, index)).collect();
        let mut covered = vec![false; self.scene.items.len()];
        for item in self.scene.edges.iter().flat_map(|edge| edge.items.clone()) {
            covered[item] = matches!(self.scene.items[item].shape, Shape::Line { .. });
        }
        let mut has_wires = false;
        for index in 0..self.scene.items.len() {
            if self.scene.items[index].layer > crate::scene::Layer::Ground && !has_wires {
                has_wires = true;
                self.wires();
            }
            if covered[index] {
                continue;
            }
            let node = node_of.get(&index).copied();
            self.item(index, node, node.or(owner[index]));
        }
        if !has_wires {
            self.wires();
        }
    }

    fn item(&mut self, index: usize, node: Option<usize>, of: Option<usize>) {
        let id = node.map_or_else(|| format!("i{}", index + 1), |node| format!("n{}", node + 1));
        // A frame stays where it is when what is in it is moved.
        let group = of
            .map(|node| self.structure.whole(node))
            .filter(|whole| self.structure.nodes[*whole].level != super::structure::Level::Group);
        let mut element = self.base(&id, group);
        match &self.scene.items[index].shape {
            Shape::Box { rect, radius, fill, stroke } => {
                place(&mut element, rect.x, rect.y, rect.width, rect.height);
                let is_round = *radius >= rect.width.min(rect.height) / 2.0 - 0.1 && rect.width == rect.height;
                element["type"] = json!(if is_round { "ellipse" } else { "rectangle" });
                element["strokeColor"] =
                    json!(stroke.map_or_else(|| "transparent".to_owned(), |stroke| hex(stroke.color)));
                if let Some(stroke) = stroke {
                    look(&mut element, stroke);
                }
                element["backgroundColor"] = json!(fill.map_or_else(|| "transparent".to_owned(), hex));
                element["roundness"] =
                    if *radius > 0.0 && !is_round { json!({"type": 3, "value": radius}) } else { Value::Null };
                let arrows = node.and_then(|node| self.arrows.get(&node));
                let bound: Vec<Value> = arrows
                    .into_iter()
                    .flatten()
                    .map(|wire| json!({"id": format!("e{}", wire + 1), "type": "arrow"}))
                    .collect();
                element["boundElements"] = json!(bound);
            }
            Shape::Polygon { points, fill } => {
                let mut closed = points.clone();
                closed.extend(points.first());
                line(&mut element, &closed);
                element["type"] = json!("line");
                element["strokeColor"] = json!("transparent");
                element["backgroundColor"] = json!(hex(*fill));
                element["strokeWidth"] = json!(1);
                element["polygon"] = json!(true);
                ends(&mut element, LineEnd::Plain, LineEnd::Plain);
            }
            Shape::Line { points, stroke, start, end } => {
                line(&mut element, points);
                element["type"] = json!("arrow");
                element["elbowed"] = json!(false);
                element["strokeColor"] = json!(hex(stroke.color));
                look(&mut element, stroke);
                ends(&mut element, *start, *end);
            }
            Shape::Text { at, text, size, face, color, anchor, .. } => {
                let rect = extent(&self.scene.items[index].shape);
                let height = size * LINE_EM;
                place(&mut element, rect.x, at.y - size * 0.93, rect.width, height);
                element["type"] = json!("text");
                element["strokeColor"] = json!(hex(*color));
                element["text"] = json!(text);
                element["originalText"] = json!(text);
                element["fontSize"] = json!(rounded(*size));
                element["fontFamily"] = json!(if *face == Face::Mono { 3 } else { 2 });
                element["textAlign"] = json!(match anchor {
                    Anchor::Start => "left",
                    Anchor::Middle => "center",
                    Anchor::End => "right",
                });
                element["verticalAlign"] = json!("top");
                element["lineHeight"] = json!(rounded(LINE_EM));
                element["containerId"] = Value::Null;
                element["autoResize"] = json!(true);
            }
        }
        self.elements.push(element);
    }

    fn wires(&mut self) {
        let structure = self.structure;
        for (index, wire) in structure.wires.iter().enumerate() {
            let mut element = self.base(&format!("e{}", index + 1), None);
            line(&mut element, &wire.points);
            element["type"] = json!("arrow");
            element["elbowed"] = json!(false);
            element["strokeColor"] = json!(hex(wire.stroke.color));
            look(&mut element, &wire.stroke);
            ends(&mut element, wire.start, wire.end);
            for (end, key) in [(wire.from, "startBinding"), (wire.to, "endBinding")] {
                element[key] = end.map_or(Value::Null, |end| {
                    let rect = structure.nodes[end.node].rect;
                    json!({
                        "elementId": format!("n{}", end.node + 1),
                        "focus": 0,
                        "gap": 1,
                        "fixedPoint": [
                            rounded((end.at.x - rect.x) / rect.width.max(0.01)),
                            rounded((end.at.y - rect.y) / rect.height.max(0.01)),
                        ],
                    })
                });
            }
            self.elements.push(element);
        }
    }

    fn base(&self, id: &str, group: Option<usize>) -> Value {
        let groups: Vec<String> = group.map(|group| format!("g{}", group + 1)).into_iter().collect();
        // Excalidraw draws lots for these; here they only have to differ.
        let number = self.elements.len() + 1;
        json!({
            "id": id,
            "type": "rectangle",
            "x": 0, "y": 0, "width": 0, "height": 0, "angle": 0,
            "strokeColor": "#000000", "backgroundColor": "transparent",
            "fillStyle": "solid", "strokeWidth": 1, "strokeStyle": "solid", "roughness": 0, "opacity": 100,
            "groupIds": groups, "frameId": null, "roundness": null,
            "seed": number, "version": 1, "versionNonce": number, "isDeleted": false,
            "boundElements": [], "updated": 1, "link": null, "locked": false,
        })
    }
}

fn place(element: &mut Value, x: f32, y: f32, width: f32, height: f32) {
    for (key, value) in [("x", x), ("y", y), ("width", width), ("height", height)] {
        element[key] = json!(rounded(value));
    }
}

fn line(element: &mut Value, points: &[Point]) {
    let Some(first) = points.first() else { return };
    let fold = |of: fn(&Point) -> f32| {
        let values = points.iter().map(of);
        values.clone().fold(f32::MIN, f32::max) - values.fold(f32::MAX, f32::min)
    };
    place(element, first.x, first.y, fold(|point| point.x), fold(|point| point.y));
    let relative: Vec<Value> =
        points.iter().map(|point| json!([rounded(point.x - first.x), rounded(point.y - first.y)])).collect();
    element["points"] = json!(relative);
    element["lastCommittedPoint"] = Value::Null;
    element["startBinding"] = Value::Null;
    element["endBinding"] = Value::Null;
}

fn ends(element: &mut Value, start: LineEnd, end: LineEnd) {
    for (key, end) in [("startArrowhead", start), ("endArrowhead", end)] {
        element[key] = match end {
            LineEnd::Plain => Value::Null,
            LineEnd::Arrow => json!("triangle"),
            LineEnd::Plug => json!("circle"),
        };
    }
}

fn look(element: &mut Value, stroke: &Stroke) {
    element["strokeWidth"] = json!(rounded(stroke.width));
    element["strokeStyle"] = json!(match stroke.dash {
        None => "solid",
        Some((dash, _)) if dash <= stroke.width * 2.0 => "dotted",
        Some(_) => "dashed",
    });
}

fn hex(color: Color) -> String {
    format!("#{}", super::xml::rgb(color))
}

fn rounded(value: f32) -> f64 {
    (f64::from(value) * 100.0).round() / 100.0
}
