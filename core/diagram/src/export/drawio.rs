//! draw.io: boxes as shapes with what is written in them as their children, lines as connectors that hang on both boxes.
//! Labels are plain text, never HTML.

use std::fmt::Write as _;

use super::{
    structure::{End, Structure, Wire, extent},
    xml::{escape, number, rgb},
};
use crate::scene::{Anchor, Face, LineEnd, Point, Rect, Scene, Shape, Stroke};

/// The scene as an uncompressed draw.io file; the same scene gives the same bytes.
pub fn drawio(scene: &Scene, title: &str) -> String {
    let structure = Structure::of(scene);
    let mut writer = Writer { scene, structure: &structure, xml: String::new() };
    let (width, height) = (number(scene.bounds.width.ceil()), number(scene.bounds.height.ceil()));
    let _ = write!(
        writer.xml,
        "<mxfile host=\"bridgewalk\" compressed=\"false\">\n<diagram id=\"d1\" name=\"{}\">\n\
         <mxGraphModel dx=\"{width}\" dy=\"{height}\" grid=\"0\" gridSize=\"10\" guides=\"1\" tooltips=\"1\" connect=\"1\" \
         arrows=\"1\" fold=\"1\" page=\"1\" pageScale=\"1\" pageWidth=\"{width}\" pageHeight=\"{height}\" \
         background=\"#{}\" math=\"0\" shadow=\"0\">\n<root>\n<mxCell id=\"0\"/>\n<mxCell id=\"1\" parent=\"0\"/>\n",
        escape(title),
        rgb(scene.background),
    );
    writer.everything();
    writer.xml.push_str("</root>\n</mxGraphModel>\n</diagram>\n</mxfile>\n");
    writer.xml
}

struct Writer<'a> {
    scene: &'a Scene,
    structure: &'a Structure<'a>,
    xml: String,
}

impl Writer<'_> {
    fn everything(&mut self) {
        let structure = self.structure;
        let bounds = self.scene.bounds;
        let origin = Point { x: bounds.x, y: bounds.y };
        // A frame lies below the lines, which lie below the boxes.
        let is_ground =
            |index: &usize| self.scene.items[structure.nodes[*index].item].layer == crate::scene::Layer::Ground;
        let (frames, boxes): (Vec<usize>, Vec<usize>) = (0..structure.nodes.len()).partition(is_ground);
        for index in frames {
            self.node(index, "1", origin);
            self.contents(index);
        }
        for item in &structure.below {
            self.item(*item, "1", origin);
        }
        for (index, wire) in structure.wires.iter().enumerate() {
            self.wire(index, wire, origin);
        }
        for index in boxes {
            // A part comes with its box.
            if structure.whole(index) == index {
                self.tree(index, "1", origin);
            }
        }
        for item in &structure.loose {
            self.item(*item, "1", origin);
        }
    }

    /// A box, its parts and what is written in them.
    fn tree(&mut self, index: usize, parent: &str, origin: Point) {
        self.node(index, parent, origin);
        let node = &self.structure.nodes[index];
        self.contents(index);
        let id = format!("n{}", index + 1);
        for &child in &node.children {
            self.tree(child, &id, Point { x: node.rect.x, y: node.rect.y });
        }
    }

    fn contents(&mut self, index: usize) {
        let node = &self.structure.nodes[index];
        let id = format!("n{}", index + 1);
        for item in &node.rest {
            self.item(*item, &id, Point { x: node.rect.x, y: node.rect.y });
        }
    }

    fn node(&mut self, index: usize, parent: &str, origin: Point) {
        let node = &self.structure.nodes[index];
        let Shape::Box { rect, radius, fill, stroke } = &self.scene.items[node.item].shape else { return };
        let mut style = box_style(*radius, *fill, stroke.as_ref());
        let mut value = "";
        if let Some(Shape::Text { at, text, size, face, color, .. }) =
            node.title.map(|title| &self.scene.items[title].shape)
        {
            value = text;
            let _ = write!(
                style,
                "align=left;verticalAlign=top;spacing=0;spacingLeft={};spacingTop={};{}",
                number(at.x - rect.x),
                number(at.y - size * 0.93 - rect.y - 5.0),
                font_style(*size, *face, &rgb(*color)),
            );
        }
        let _ = writeln!(
            self.xml,
            "<mxCell id=\"n{}\" value=\"{}\" style=\"html=0;container=1;collapsible=0;recursiveResize=0;{style}\" vertex=\"1\" parent=\"{parent}\">{}</mxCell>",
            index + 1,
            escape(value),
            geometry(*rect, origin),
        );
    }

    fn item(&mut self, index: usize, parent: &str, origin: Point) {
        let id = format!("i{}", index + 1);
        match &self.scene.items[index].shape {
            Shape::Box { rect, radius, fill, stroke } => {
                let style = box_style(*radius, *fill, stroke.as_ref());
                self.vertex(&id, "", &style, parent, *rect, origin);
            }
            Shape::Text { text, size, face, color, anchor, .. } => {
                let rect = extent(&self.scene.items[index].shape);
                let align = match anchor {
                    Anchor::Start => "left",
                    Anchor::Middle => "center",
                    Anchor::End => "right",
                };
                let style = format!(
                    "text;whiteSpace=nowrap;spacing=0;align={align};verticalAlign=middle;{}",
                    font_style(*size, *face, &rgb(*color))
                );
                self.vertex(&id, text, &style, parent, rect, origin);
            }
            Shape::Polygon { points, fill } => {
                let rect = extent(&self.scene.items[index].shape);
                let share = |value: f32, from: f32, all: f32| number((value - from) / all.max(0.01));
                let points: Vec<String> = points
                    .iter()
                    .map(|point| {
                        format!("[{},{}]", share(point.x, rect.x, rect.width), share(point.y, rect.y, rect.height))
                    })
                    .collect();
                let style = format!(
                    "shape=mxgraph.basic.polygon;polyCoords=[{}];polyline=0;fillColor=#{};strokeColor=none;",
                    points.join(","),
                    rgb(*fill)
                );
                self.vertex(&id, "", &style, parent, rect, origin);
            }
            Shape::Line { points, stroke, start, end } => {
                let style = line_style(stroke, *start, *end);
                self.edge(&id, "", &style, points, origin);
            }
        }
    }

    fn vertex(&mut self, id: &str, value: &str, style: &str, parent: &str, rect: Rect, origin: Point) {
        let _ = writeln!(
            self.xml,
            "<mxCell id=\"{id}\" value=\"{}\" style=\"html=0;connectable=0;{style}\" vertex=\"1\" parent=\"{parent}\">{}</mxCell>",
            escape(value),
            geometry(rect, origin),
        );
    }

    fn wire(&mut self, index: usize, wire: &Wire, origin: Point) {
        let mut style = line_style(&wire.stroke, wire.start, wire.end);
        let mut ends = String::new();
        for (end, name, at) in [(wire.from, "source", "exit"), (wire.to, "target", "entry")] {
            let Some(End { node, at: point }) = end else { continue };
            let rect = self.structure.nodes[node].rect;
            let _ = write!(ends, " {name}=\"n{}\"", node + 1);
            let _ = write!(
                style,
                "{at}X={};{at}Y={};{at}Dx=0;{at}Dy=0;{at}Perimeter=0;",
                (f64::from((point.x - rect.x) / rect.width.max(0.01)) * 10_000.0).round() / 10_000.0,
                (f64::from((point.y - rect.y) / rect.height.max(0.01)) * 10_000.0).round() / 10_000.0,
            );
        }
        self.edge(&format!("e{}", index + 1), &ends, &style, &wire.points, origin);
    }

    fn edge(&mut self, id: &str, ends: &str, style: &str, points: &[Point], origin: Point) {
        let [first, middle @ .., last] = points else { return };
        let place = |point: &Point, role: &str| {
            format!("<mxPoint x=\"{}\" y=\"{}\"{role}/>", number(point.x - origin.x), number(point.y - origin.y))
        };
        let mut geometry = place(first, " as=\"sourcePoint\"");
        geometry.push_str(&place(last, " as=\"targetPoint\""));
        if !middle.is_empty() {
            geometry.push_str("<Array as=\"points\">");
            for point in middle {
                geometry.push_str(&place(point, ""));
            }
            geometry.push_str("</Array>");
        }
        let _ = writeln!(
            self.xml,
            "<mxCell id=\"{id}\" value=\"\" style=\"html=0;{style}\" edge=\"1\" parent=\"1\"{ends}><mxGeometry relative=\"1\" as=\"geometry\">{geometry}</mxGeometry></mxCell>",
        );
    }
}

fn geometry(rect: Rect, origin: Point) -> String {
    format!(
        "<mxGeometry x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" as=\"geometry\"/>",
        number(rect.x - origin.x),
        number(rect.y - origin.y),
        number(rect.width),
        number(rect.height)
    )
}

fn box_style(radius: f32, fill: Option<crate::scene::Color>, stroke: Option<&Stroke>) -> String {
    let mut style = String::new();
    if radius > 0.0 {
        let _ = write!(style, "rounded=1;absoluteArcSize=1;arcSize={};", number(radius * 2.0));
    }
    match fill {
        Some(fill) => {
            let _ = write!(style, "fillColor=#{};", rgb(fill));
        }
        None => style.push_str("fillColor=none;"),
    }
    match stroke {
        Some(stroke) => {
            let _ = write!(style, "strokeColor=#{};strokeWidth={};", rgb(stroke.color), number(stroke.width));
            style.push_str(&dash_style(stroke));
        }
        None => style.push_str("strokeColor=none;"),
    }
    style
}

fn line_style(stroke: &Stroke, start: LineEnd, end: LineEnd) -> String {
    let ending = |end: LineEnd| match end {
        LineEnd::Plain => "none",
        LineEnd::Arrow => "block",
        LineEnd::Plug => "oval",
    };
    format!(
        "edgeStyle=orthogonalEdgeStyle;rounded=0;strokeColor=#{};strokeWidth={};{}startArrow={};startSize=5;startFill=1;endArrow={};endSize=5;endFill=1;",
        rgb(stroke.color),
        number(stroke.width),
        dash_style(stroke),
        ending(start),
        ending(end)
    )
}

fn dash_style(stroke: &Stroke) -> String {
    match stroke.dash {
        Some((dash, gap)) => format!("dashed=1;fixDash=1;dashPattern={} {};", number(dash), number(gap)),
        None => String::new(),
    }
}

fn font_style(size: f32, face: Face, color: &str) -> String {
    let (family, bold) = match face {
        Face::Regular => ("Helvetica", 0),
        Face::Strong => ("Helvetica", 1),
        Face::Mono => ("Courier New", 0),
    };
    format!("fontFamily={family};fontSize={};fontStyle={bold};fontColor=#{color};", number(size))
}
