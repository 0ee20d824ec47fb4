//! What a line ends in, for formats that paint it themselves.

use crate::scene::{LineEnd, Point};

/// The length of an arrow head and half its width, in scene units.
const ARROW: (f32, f32) = (8.0, 4.0);
/// The radius of a plug.
pub(super) const PLUG_RADIUS: f32 = 3.0;

/// A line as it is painted.
pub(super) struct Painted {
    /// The line, which stops inside its arrow heads, or its blunt ends would show beside the tips.
    pub points: Vec<Point>,
    /// Triangles.
    pub heads: Vec<[Point; 3]>,
    /// Middles of dots.
    pub plugs: Vec<Point>,
}

/// The line along `points` and its ends.
pub(super) fn painted(points: &[Point], start: LineEnd, end: LineEnd) -> Painted {
    let mut points = points.to_vec();
    let mut heads = Vec::new();
    if end == LineEnd::Arrow
        && let [.., before, tip] = &mut *points
    {
        heads.push(arrow_head(*before, tip));
    }
    if start == LineEnd::Arrow
        && let [tip, after, ..] = &mut *points
    {
        heads.push(arrow_head(*after, tip));
    }
    let ends = [(start, points.first()), (end, points.last())];
    let plugs = ends.into_iter().filter(|(kind, _)| *kind == LineEnd::Plug).filter_map(|(_, point)| point.copied());
    let plugs = plugs.collect();
    Painted { points, heads, plugs }
}

/// The head that ends at `tip`, which is moved back to the head's base.
fn arrow_head(from: Point, tip: &mut Point) -> [Point; 3] {
    let (dx, dy) = (tip.x - from.x, tip.y - from.y);
    let length = dx.hypot(dy).max(f32::EPSILON);
    let (ux, uy) = (dx / length, dy / length);
    let base = Point { x: tip.x - ux * ARROW.0, y: tip.y - uy * ARROW.0 };
    let head = [
        *tip,
        Point { x: base.x - uy * ARROW.1, y: base.y + ux * ARROW.1 },
        Point { x: base.x + uy * ARROW.1, y: base.y - ux * ARROW.1 },
    ];
    *tip = Point { x: base.x + ux, y: base.y + uy };
    head
}
