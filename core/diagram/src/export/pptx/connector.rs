//! Lines that stay glued to their boxes. Office's connectors bend at right angles, up to four times; a box has places where
//! they may end in the middle of each side, and as many of its own as its lines need.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{
    super::{
        structure::{End, Structure, Wire},
        xml::escape,
    },
    slide::{Scale, outline},
};
use crate::scene::{LineEnd, Point, Rect, Stroke};

/// A place on a box's outline where a line ends, as shares of its width and height.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Site {
    x: f32,
    y: f32,
    at: Point,
}

/// A node's shape.
pub(super) const fn shape_id(node: usize) -> usize {
    node + 3
}

/// Where lines end, for each node; each place once.
pub(super) fn sites(structure: &Structure<'_>) -> BTreeMap<usize, Vec<Site>> {
    let mut sites: BTreeMap<usize, Vec<Site>> = BTreeMap::new();
    for end in structure.wires.iter().flat_map(|wire| [wire.from, wire.to]).flatten() {
        let rect = structure.nodes[end.node].rect;
        let list = sites.entry(end.node).or_default();
        if !list.iter().any(|site| is_same(site.at, end.at)) {
            list.push(Site {
                x: (end.at.x - rect.x) / rect.width.max(0.01),
                y: (end.at.y - rect.y) / rect.height.max(0.01),
                at: end.at,
            });
        }
    }
    sites
}

fn is_same(a: Point, b: Point) -> bool {
    (a.x - b.x).abs() < 0.3 && (a.y - b.y).abs() < 0.3
}

/// Office's own places on a rectangle: top, left, bottom, right.
fn preset(site: &Site) -> Option<usize> {
    let near = |value: f32, other: f32| (value - other).abs() < 0.004;
    [(0.5, 0.0), (0.0, 0.5), (0.5, 1.0), (1.0, 0.5)].into_iter().position(|(x, y)| near(site.x, x) && near(site.y, y))
}

/// A box's geometry: Office's own rounded rectangle where its lines end in the middle of a side, else one with places of
/// its own.
pub(super) fn geometry(rect: Rect, radius: f32, sites: &[Site], scale: Scale) -> String {
    let shorter = rect.width.min(rect.height).max(0.01);
    let radius = radius.min(shorter / 2.0);
    if sites.iter().all(|site| preset(site).is_some()) {
        if radius >= shorter / 2.0 - 0.05 && (rect.width - rect.height).abs() < 0.05 {
            return "<a:prstGeom prst=\"ellipse\"><a:avLst/></a:prstGeom>".to_owned();
        }
        if radius <= 0.0 {
            return "<a:prstGeom prst=\"rect\"><a:avLst/></a:prstGeom>".to_owned();
        }
        let share = (f64::from(radius / shorter) * 100_000.0).round() as i64;
        return format!(
            "<a:prstGeom prst=\"roundRect\"><a:avLst><a:gd name=\"adj\" fmla=\"val {share}\"/></a:avLst></a:prstGeom>"
        );
    }
    let (width, height, r) = (scale.length(rect.width), scale.length(rect.height), scale.length(radius));
    let (mut guides, mut places) = (String::new(), String::new());
    for (index, site) in sites.iter().enumerate() {
        let share = |value: f32| (f64::from(value) * 100_000.0).round() as i64;
        let _ = write!(
            guides,
            "<a:gd name=\"x{index}\" fmla=\"*/ w {} 100000\"/><a:gd name=\"y{index}\" fmla=\"*/ h {} 100000\"/>",
            share(site.x),
            share(site.y)
        );
        // The direction in which a line leaves, in 60,000ths of a degree clockwise from rightwards.
        let angle = if site.x >= 0.999 {
            0
        } else if site.y >= 0.999 {
            5_400_000
        } else if site.x <= 0.001 {
            10_800_000
        } else {
            16_200_000
        };
        let _ = write!(places, "<a:cxn ang=\"{angle}\"><a:pos x=\"x{index}\" y=\"y{index}\"/></a:cxn>");
    }
    let arc = |start: i64| format!("<a:arcTo wR=\"{r}\" hR=\"{r}\" stAng=\"{start}\" swAng=\"5400000\"/>");
    let to = |verb: &str, x: i64, y: i64| format!("<a:{verb}><a:pt x=\"{x}\" y=\"{y}\"/></a:{verb}>");
    let path = if r > 0 {
        [
            to("moveTo", 0, r),
            arc(10_800_000),
            to("lnTo", width - r, 0),
            arc(16_200_000),
            to("lnTo", width, height - r),
            arc(0),
            to("lnTo", r, height),
            arc(5_400_000),
            "<a:close/>".to_owned(),
        ]
        .concat()
    } else {
        [
            to("moveTo", 0, 0),
            to("lnTo", width, 0),
            to("lnTo", width, height),
            to("lnTo", 0, height),
            "<a:close/>".to_owned(),
        ]
        .concat()
    };
    custom(&guides, &places, width, height, &path)
}

/// A geometry of our own.
pub(super) fn custom(guides: &str, places: &str, width: i64, height: i64, path: &str) -> String {
    format!(
        "<a:custGeom><a:avLst/><a:gdLst>{guides}</a:gdLst><a:ahLst/><a:cxnLst>{places}</a:cxnLst><a:rect l=\"0\" t=\"0\" r=\"r\" b=\"b\"/>\
         <a:pathLst><a:path w=\"{width}\" h=\"{height}\">{path}</a:path></a:pathLst></a:custGeom>"
    )
}

/// Writes a line from box to box.
pub(super) fn connector(
    xml: &mut String,
    scale: Scale,
    id: usize,
    name: &str,
    wire: &Wire,
    sites: &BTreeMap<usize, Vec<Site>>,
) {
    let mut glue = String::new();
    for (end, tag) in [(wire.from, "stCxn"), (wire.to, "endCxn")] {
        let Some(End { node, at }) = end else { continue };
        let list = sites.get(&node).map_or(&[][..], Vec::as_slice);
        let Some(index) = list.iter().position(|site| is_same(site.at, at)) else { continue };
        let index = if list.iter().all(|site| preset(site).is_some()) {
            preset(&list[index]).unwrap_or_default()
        } else {
            index
        };
        let _ = write!(glue, "<a:{tag} id=\"{}\" idx=\"{index}\"/>", shape_id(node));
    }
    write_line(xml, scale, id, name, &glue, &wire.points, &wire.stroke, (wire.start, wire.end));
}

/// Writes a line that hangs on nothing.
pub(super) fn free_line(
    xml: &mut String,
    scale: Scale,
    id: usize,
    points: &[Point],
    stroke: &Stroke,
    ends: (LineEnd, LineEnd),
) {
    write_line(xml, scale, id, "Line", "", points, stroke, ends);
}

#[allow(clippy::too_many_arguments, reason = "a connector has this many sides")]
fn write_line(
    xml: &mut String,
    scale: Scale,
    id: usize,
    name: &str,
    glue: &str,
    points: &[Point],
    stroke: &Stroke,
    (start, end): (LineEnd, LineEnd),
) {
    let points: Vec<(i64, i64)> = straightened(points).into_iter().map(|point| scale.point(point)).collect();
    let Some((frame, geometry)) = bent(&points) else { return };
    let ending = |tag: &str, end: LineEnd| match end {
        LineEnd::Plain => String::new(),
        LineEnd::Arrow => format!("<a:{tag} type=\"triangle\"/>"),
        LineEnd::Plug => format!("<a:{tag} type=\"oval\"/>"),
    };
    let ends = ending("headEnd", start) + &ending("tailEnd", end);
    let _ = write!(
        xml,
        "<p:cxnSp><p:nvCxnSpPr><p:cNvPr id=\"{id}\" name=\"{}\"/><p:cNvCxnSpPr>{glue}</p:cNvCxnSpPr><p:nvPr/></p:nvCxnSpPr><p:spPr>{frame}{geometry}{}</p:spPr></p:cxnSp>",
        escape(name),
        outline(Some(stroke), scale, &ends),
    );
}

/// Without points on the way between two others.
fn straightened(points: &[Point]) -> Vec<Point> {
    let mut kept: Vec<Point> = Vec::with_capacity(points.len());
    for &point in points {
        if let [.., a, b] = &kept[..] {
            let along = |a: f32, b: f32, c: f32| (a - b).abs() < 0.05 && (b - c).abs() < 0.05;
            if along(a.x, b.x, point.x) || along(a.y, b.y, point.y) {
                kept.pop();
            }
        }
        kept.push(point);
    }
    kept
}

/// A connector's frame and geometry along `points`, which run at right angles.
fn bent(points: &[(i64, i64)]) -> Option<(String, String)> {
    let (first, last) = (*points.first()?, *points.last()?);
    let (dx, dy) = (last.0 - first.0, last.1 - first.1);
    let starts_level = points.get(1).is_some_and(|second| second.1 == first.1);
    let adjust = |value: i64, from: i64, all: i64| ((value - from) as f64 / all as f64 * 100_000.0).round() as i64;
    let guides: Option<Vec<i64>> = match points.len() {
        2 | 3 => Some(Vec::new()),
        _ if dx == 0 || (points.len() > 4 && dy == 0) => None,
        4 => Some(vec![adjust(points[1].0, first.0, dx)]),
        5 | 6 => {
            let mut guides = vec![adjust(points[1].0, first.0, dx), adjust(points[2].1, first.1, dy)];
            if points.len() == 6 {
                guides.push(adjust(points[3].0, first.0, dx));
            }
            Some(guides)
        }
        _ => None,
    };
    let is_straight = points.len() == 2;
    if let Some(guides) = guides.filter(|_| starts_level || is_straight) {
        let shape =
            if is_straight { "straightConnector1".to_owned() } else { format!("bentConnector{}", points.len() - 1) };
        let flip = |is: bool, name: &str| if is { format!(" {name}=\"1\"") } else { String::new() };
        let frame = format!(
            "<a:xfrm{}{}><a:off x=\"{}\" y=\"{}\"/><a:ext cx=\"{}\" cy=\"{}\"/></a:xfrm>",
            flip(dx < 0, "flipH"),
            flip(dy < 0, "flipV"),
            first.0.min(last.0),
            first.1.min(last.1),
            dx.abs(),
            dy.abs()
        );
        let mut values = String::new();
        for (index, value) in guides.into_iter().enumerate() {
            let _ = write!(values, "<a:gd name=\"adj{}\" fmla=\"val {value}\"/>", index + 1);
        }
        return Some((frame, format!("<a:prstGeom prst=\"{shape}\"><a:avLst>{values}</a:avLst></a:prstGeom>")));
    }
    // More bends, or a start up or down: the way itself.
    let (left, right) = (points.iter().map(|p| p.0).min()?, points.iter().map(|p| p.0).max()?);
    let (top, bottom) = (points.iter().map(|p| p.1).min()?, points.iter().map(|p| p.1).max()?);
    let mut path = String::new();
    for (index, (x, y)) in points.iter().enumerate() {
        let verb = if index == 0 { "moveTo" } else { "lnTo" };
        let _ = write!(path, "<a:{verb}><a:pt x=\"{}\" y=\"{}\"/></a:{verb}>", x - left, y - top);
    }
    let geometry = custom("", "", right - left, bottom - top, &path).replace("<a:path w", "<a:path fill=\"none\" w");
    let frame = format!(
        "<a:xfrm><a:off x=\"{left}\" y=\"{top}\"/><a:ext cx=\"{}\" cy=\"{}\"/></a:xfrm>",
        right - left,
        bottom - top
    );
    Some((frame, geometry))
}
