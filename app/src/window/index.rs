//! Which of a scene's many things are in sight, without looking at each of them.
//!
//! What is drawn one after the other stands close together. So things are looked at by the run: where a run is out of
//! sight, all of it is.

use bridgewalk_diagram::scene::{Anchor, Point, Rect, Shape, Target};

/// How many things are examined together.
const RUN: usize = 32;
/// Arrow heads, plugs and the width of lines reach so far out of their line, in scene units.
const SLACK: f32 = 8.0;
/// Text smaller than this cannot be read, however large the screen's pixels are made, and is left out.
const READABLE_PIXELS: f32 = 6.0;
/// Nothing is seen of what is smaller.
const VISIBLE_PIXELS: f32 = 0.75;

/// Nobody goes by keyboard to a smaller box, its sides' mean, or to a shorter line.
const REACHABLE_PIXELS: f32 = 16.0;

/// Where things are, in their list's order.
#[derive(Debug, Default)]
pub(super) struct Index {
    things: Vec<Extent>,
    runs: Vec<Extent>,
}

/// Where something is, and from which zoom on it is worth painting, in pixels for a scene unit.
#[derive(Clone, Copy, Debug)]
struct Extent {
    left: f32,
    top: f32,
    right: f32,
    bottom: f32,
    from_zoom: f32,
}

impl Index {
    /// Of what is painted.
    pub(super) fn of_shapes<'a>(shapes: impl Iterator<Item = &'a Shape>) -> Self {
        Self::of(shapes.map(Extent::of_shape))
    }

    /// Of what can be pointed at.
    pub(super) fn of_targets(targets: &[Target]) -> Self {
        Self::of(targets.iter().map(|target| {
            let extent = match &*target.line {
                [] => Extent::of_points([target.rect.x, target.rect.right()], [target.rect.y, target.rect.bottom()]),
                line => Extent::of_line(line),
            };
            let (width, height) = (extent.right - extent.left - 2.0 * SLACK, extent.bottom - extent.top - 2.0 * SLACK);
            let size = if target.line.is_empty() { (width * height).sqrt() } else { width.max(height) };
            Extent { from_zoom: REACHABLE_PIXELS / size.max(0.1), ..extent }
        }))
    }

    fn of(things: impl Iterator<Item = Extent>) -> Self {
        let things: Vec<Extent> = things.collect();
        let runs = things.chunks(RUN).filter_map(|run| run.iter().copied().reduce(Extent::and)).collect();
        Self { things, runs }
    }

    /// The places of what is within `area`, and large enough to be seen at `zoom`, in their order.
    pub(super) fn seen(&self, area: Rect, zoom: f32) -> impl Iterator<Item = usize> {
        let runs = self.runs.iter().enumerate().filter(move |(_, run)| run.is_seen(area, zoom));
        runs.flat_map(move |(run, _)| {
            let from = run * RUN;
            let things = self.things[from..].iter().take(RUN).enumerate();
            things.filter(move |(_, thing)| thing.is_seen(area, zoom)).map(move |(place, _)| from + place)
        })
    }
}

impl Extent {
    fn of_shape(shape: &Shape) -> Self {
        match shape {
            Shape::Box { rect, .. } => Self {
                from_zoom: VISIBLE_PIXELS / rect.width.max(rect.height).max(0.1),
                ..Self::of_points([rect.x, rect.right()], [rect.y, rect.bottom()])
            },
            Shape::Line { points, .. } => Self::of_line(points),
            Shape::Polygon { points, .. } => {
                let extent = Self::of_line(points);
                let size = (extent.right - extent.left).max(extent.bottom - extent.top);
                Self { from_zoom: VISIBLE_PIXELS / size.max(0.1), ..extent }
            }
            Shape::Text { at, text, size, anchor, .. } => {
                // Before it is laid out, by a generous guess.
                let width = size * text.chars().count() as f32;
                let left = match anchor {
                    Anchor::Start => at.x,
                    Anchor::Middle => at.x - width / 2.0,
                    Anchor::End => at.x - width,
                };
                let rows = [at.y - size, at.y + size];
                Self { from_zoom: READABLE_PIXELS / size.max(0.1), ..Self::of_points([left, left + width], rows) }
            }
        }
    }

    fn of_line(points: &[Point]) -> Self {
        let xs = points.iter().map(|point| point.x);
        let ys = points.iter().map(|point| point.y);
        Self::of_points(
            [xs.clone().fold(f32::MAX, f32::min), xs.fold(f32::MIN, f32::max)],
            [ys.clone().fold(f32::MAX, f32::min), ys.fold(f32::MIN, f32::max)],
        )
    }

    fn of_points([left, right]: [f32; 2], [top, bottom]: [f32; 2]) -> Self {
        Self { left: left - SLACK, top: top - SLACK, right: right + SLACK, bottom: bottom + SLACK, from_zoom: 0.0 }
    }

    fn and(self, other: Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
            from_zoom: self.from_zoom.min(other.from_zoom),
        }
    }

    fn is_seen(&self, area: Rect, zoom: f32) -> bool {
        self.left <= area.right()
            && area.x <= self.right
            && self.top <= area.bottom()
            && area.y <= self.bottom
            && self.from_zoom <= zoom
    }
}

#[cfg(test)]
mod tests {
    use bridgewalk_diagram::scene::{Color, Face, Role};

    use super::*;

    fn text(x: f32) -> Shape {
        let at = Point { x, y: 0.0 };
        Shape::Text {
            at,
            text: "eth0".into(),
            size: 12.0,
            face: Face::Mono,
            color: Color::hex(0),
            anchor: Anchor::Start,
            role: Role::Interface,
        }
    }

    #[test]
    fn only_what_is_in_sight_and_large_enough_is_seen() {
        let shapes: Vec<Shape> = (0..200).map(|step| text(step as f32 * 100.0)).collect();
        let index = Index::of_shapes(shapes.iter());
        let area = Rect { x: 10_000.0, y: -50.0, width: 150.0, height: 100.0 };
        assert_eq!(index.seen(area, 1.0).collect::<Vec<_>>(), [100, 101]);
        assert_eq!(index.seen(area, 0.4).count(), 0, "too small to be read");
    }
}
