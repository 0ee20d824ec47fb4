//! Lines that stay glued to their boxes. Office's connectors bend at right angles, up to four times, and may end in the
//! middle of each side of a box; for lines that end elsewhere a box has joints, small shapes without colour that move
//! with it. (Places of a geometry's own would do for PowerPoint, but LibreOffice takes them for others.)

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
    /// Its joint's shape; none: the middle of a side.
    pub joint: Option<usize>,
}

/// The side of a joint, in scene units.
const JOINT: f32 = 1.0;
/// Joints' shapes are numbered from here.
const FIRST_JOINT: usize = 1_000_000;

impl Site {
    /// The joint's place.
    pub(super) fn joint_rect(&self) -> Rect {
        Rect { x: self.at.x - JOINT / 2.0, y: self.at.y - JOINT / 2.0, width: JOINT, height: JOINT }
    }

    /// The side at which it is, as Office counts a rectangle's: top, left, bottom, right.
    fn side(&self) -> usize {
        let distances = [self.y, self.x, 1.0 - self.y, 1.0 - self.x];
        let nearest = distances.iter().enumerate().min_by(|a, b| a.1.total_cmp(b.1));
        nearest.map_or(0, |(side, _)| side)
    }
}

/// A node's shape.
pub(super) const fn shape_id(node: usize) -> usize {
    node + 3
}

/// Where lines end, for each node; each place once.
pub(super) fn sites(structure: &Structure<'_>) -> BTreeMap<usize, Vec<Site>> {
    let mut sites: BTreeMap<usize, Vec<Site>> = BTreeMap::new();
    let mut joints = 0;
    for end in structure.wires.iter().flat_map(|wire| [wire.from, wire.to]).flatten() {
        let rect = structure.nodes[end.node].rect;
        let list = sites.entry(end.node).or_default();
        if !list.iter().any(|site| is_same(site.at, end.at)) {
            let x = (end.at.x - rect.x) / rect.width.max(0.01);
            let y = (end.at.y - rect.y) / rect.height.max(0.01);
            let mut site = Site { x, y, at: end.at, joint: None };
            if !is_preset(&site) {
                site.joint = Some(FIRST_JOINT + joints);
                joints += 1;
            }
            list.push(site);
        }
    }
    sites
}

fn is_same(a: Point, b: Point) -> bool {
    (a.x - b.x).abs() < 0.3 && (a.y - b.y).abs() < 0.3
}

/// Whether it is one of Office's own places on a rectangle.
fn is_preset(site: &Site) -> bool {
    let near = |value: f32, other: f32| (value - other).abs() < 0.004;
    [(0.5, 0.0), (0.0, 0.5), (0.5, 1.0), (1.0, 0.5)].into_iter().any(|(x, y)| near(site.x, x) && near(site.y, y))
}

/// A box's geometry.
pub(super) fn geometry(rect: Rect, radius: f32) -> String {
    let shorter = rect.width.min(rect.height).max(0.01);
    let radius = radius.min(shorter / 2.0);
    if radius >= shorter / 2.0 - 0.05 && (rect.width - rect.height).abs() < 0.05 {
        return "<a:prstGeom prst=\"ellipse\"><a:avLst/></a:prstGeom>".to_owned();
    }
    if radius <= 0.0 {
        return "<a:prstGeom prst=\"rect\"><a:avLst/></a:prstGeom>".to_owned();
    }
    let share = (f64::from(radius / shorter) * 100_000.0).round() as i64;
    format!("<a:prstGeom prst=\"roundRect\"><a:avLst><a:gd name=\"adj\" fmla=\"val {share}\"/></a:avLst></a:prstGeom>")
}

/// A geometry of our own.
pub(super) fn custom(width: i64, height: i64, path: &str) -> String {
    format!(
        "<a:custGeom><a:avLst/><a:gdLst/><a:ahLst/><a:cxnLst/><a:rect l=\"0\" t=\"0\" r=\"r\" b=\"b\"/>\
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
        let Some(site) = list.iter().find(|site| is_same(site.at, at)) else { continue };
        let shape = site.joint.unwrap_or_else(|| shape_id(node));
        let _ = write!(glue, "<a:{tag} id=\"{shape}\" idx=\"{}\"/>", site.side());
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
        LineEnd::Plug => format!("<a:{tag} type=\"oval\" w=\"sm\" len=\"sm\"/>"),
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
    let geometry = custom(right - left, bottom - top, &path).replace("<a:path w", "<a:path fill=\"none\" w");
    let frame = format!(
        "<a:xfrm><a:off x=\"{left}\" y=\"{top}\"/><a:ext cx=\"{}\" cy=\"{}\"/></a:xfrm>",
        right - left,
        bottom - top
    );
    Some((frame, geometry))
}
