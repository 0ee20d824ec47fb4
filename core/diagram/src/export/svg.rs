//! SVG that browsers, Inkscape, librsvg and LibreOffice show alike: presentation attributes only, every text at its own
//! absolute place, arrow heads as polygons, no style sheet, no filter.

use std::fmt::Write as _;

use xmlwriter::{Options, XmlWriter};

use super::{
    line,
    xml::{escape, number, rgb},
};
use crate::scene::{Anchor, Color, Face, LineEnd, Point, Scene, Shape, Stroke};

/// The scene as one SVG document; the same scene gives the same bytes.
pub fn svg(scene: &Scene) -> String {
    document(scene, true)
}

/// As [`svg`], without the background.
pub fn svg_transparent(scene: &Scene) -> String {
    document(scene, false)
}

pub(super) fn document(scene: &Scene, has_background: bool) -> String {
    let mut xml = XmlWriter::new(Options { indent: xmlwriter::Indent::Spaces(1), ..Options::default() });
    let bounds = scene.bounds;
    xml.start_element("svg");
    xml.write_attribute("xmlns", "http://www.w3.org/2000/svg");
    xml.write_attribute("width", &number(bounds.width));
    xml.write_attribute("height", &number(bounds.height));
    xml.write_attribute(
        "viewBox",
        &format!("{} {} {} {}", number(bounds.x), number(bounds.y), number(bounds.width), number(bounds.height)),
    );
    if has_background {
        xml.start_element("rect");
        for (name, value) in [("x", bounds.x), ("y", bounds.y), ("width", bounds.width), ("height", bounds.height)] {
            xml.write_attribute(name, &number(value));
        }
        fill(&mut xml, Some(scene.background));
        xml.end_element();
    }
    for item in &scene.items {
        shape(&mut xml, &item.shape);
    }
    xml.end_document()
}

fn shape(xml: &mut XmlWriter, shape: &Shape) {
    match shape {
        Shape::Box { rect, radius, fill: filling, stroke } => {
            xml.start_element("rect");
            for (name, value) in [("x", rect.x), ("y", rect.y), ("width", rect.width), ("height", rect.height)] {
                xml.write_attribute(name, &number(value));
            }
            if *radius > 0.0 {
                xml.write_attribute("rx", &number(*radius));
            }
            fill(xml, *filling);
            if let Some(stroke) = stroke {
                outline(xml, stroke);
            }
            xml.end_element();
        }
        Shape::Line { points, stroke, start, end } => line(xml, points, stroke, *start, *end),
        Shape::Polygon { points, fill: filling } => polygon(xml, points, *filling),
        Shape::Text { at, text, size, face, color, anchor, .. } => {
            xml.start_element("text");
            xml.write_attribute("x", &number(at.x));
            xml.write_attribute("y", &number(at.y));
            xml.write_attribute("font-size", &number(*size));
            xml.write_attribute(
                "font-family",
                match face {
                    Face::Regular | Face::Strong => "Inter, sans-serif",
                    Face::Mono => "'JetBrains Mono', monospace",
                },
            );
            if *face == Face::Strong {
                xml.write_attribute("font-weight", "600");
            }
            match anchor {
                Anchor::Start => {}
                Anchor::Middle => xml.write_attribute("text-anchor", "middle"),
                Anchor::End => xml.write_attribute("text-anchor", "end"),
            }
            fill(xml, Some(*color));
            xml.set_preserve_whitespaces(true);
            xml.write_text(&escape(text));
            xml.end_element();
            xml.set_preserve_whitespaces(false);
        }
    }
}

fn line(xml: &mut XmlWriter, points: &[Point], stroke: &Stroke, start: LineEnd, end: LineEnd) {
    let painted = line::painted(points, start, end);
    xml.start_element("path");
    let mut data = String::new();
    for (index, point) in painted.points.iter().enumerate() {
        let _ = write!(data, "{}{} {}", if index == 0 { "M" } else { "L" }, number(point.x), number(point.y));
    }
    xml.write_attribute("d", &data);
    fill(xml, None);
    outline(xml, stroke);
    xml.write_attribute("stroke-linejoin", "round");
    xml.end_element();
    for head in &painted.heads {
        polygon(xml, head, stroke.color);
    }
    for plug in &painted.plugs {
        xml.start_element("circle");
        xml.write_attribute("cx", &number(plug.x));
        xml.write_attribute("cy", &number(plug.y));
        xml.write_attribute("r", &number(line::PLUG_RADIUS));
        fill(xml, Some(stroke.color));
        xml.end_element();
    }
}

fn polygon(xml: &mut XmlWriter, points: &[Point], color: Color) {
    xml.start_element("polygon");
    let list: Vec<_> = points.iter().map(|point| format!("{},{}", number(point.x), number(point.y))).collect();
    xml.write_attribute("points", &list.join(" "));
    fill(xml, Some(color));
    xml.end_element();
}

fn fill(xml: &mut XmlWriter, color: Option<Color>) {
    let Some(color) = color else {
        xml.write_attribute("fill", "none");
        return;
    };
    xml.write_attribute("fill", &hex(color));
    if color.a < 255 {
        xml.write_attribute("fill-opacity", &number(f32::from(color.a) / 255.0));
    }
}

fn outline(xml: &mut XmlWriter, stroke: &Stroke) {
    xml.write_attribute("stroke", &hex(stroke.color));
    if stroke.color.a < 255 {
        xml.write_attribute("stroke-opacity", &number(f32::from(stroke.color.a) / 255.0));
    }
    xml.write_attribute("stroke-width", &number(stroke.width));
    if let Some((dash, gap)) = stroke.dash {
        xml.write_attribute("stroke-dasharray", &format!("{} {}", number(dash), number(gap)));
    }
}

fn hex(color: Color) -> String {
    format!("#{}", rgb(color))
}
