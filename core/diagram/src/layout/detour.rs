//! A way round boxes: for what was arranged by hand, where no lane leads.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::route::straightened;
use crate::scene::{Point, Rect};

/// The distance kept from boxes, in scene units.
const CLEARANCE: f32 = 10.0;
/// What a bend costs, in scene units of length.
const BEND_COST: i64 = 60;
/// The most boxes that are looked at.
const MAX_OBSTACLES: usize = 400;

/// The shortest orthogonal line with few bends from `from`, leaving rightwards, to `to`, coming in rightwards, that
/// runs through none of `boxes`; a plain one with a step if there is none.
pub fn detour(from: Point, to: Point, boxes: &[Rect]) -> Vec<Point> {
    let start = Point { x: from.x + CLEARANCE, y: from.y };
    let goal = Point { x: to.x - CLEARANCE, y: to.y };
    let mut xs = vec![start.x, goal.x, (start.x + goal.x) / 2.0];
    let mut ys = vec![start.y, goal.y];
    let reach = Rect {
        x: start.x.min(goal.x) - 300.0,
        y: start.y.min(goal.y) - 300.0,
        width: (start.x - goal.x).abs() + 600.0,
        height: (start.y - goal.y).abs() + 600.0,
    };
    let near: Vec<Rect> = boxes.iter().copied().filter(|rect| rect.overlaps(reach)).take(MAX_OBSTACLES).collect();
    for rect in &near {
        xs.extend([rect.x - CLEARANCE, rect.right() + CLEARANCE]);
        ys.extend([rect.y - CLEARANCE, rect.bottom() + CLEARANCE]);
    }
    for list in [&mut xs, &mut ys] {
        list.sort_by(f32::total_cmp);
        list.dedup_by(|a, b| (*a - *b).abs() < 0.5);
    }
    let way = search(&xs, &ys, start, goal, &near);
    let mut path = vec![from];
    path.extend(way.unwrap_or_else(|| {
        let middle = (start.x + goal.x) / 2.0;
        vec![Point { x: middle, y: start.y }, Point { x: middle, y: goal.y }]
    }));
    path.push(to);
    straightened(path)
}

fn search(xs: &[f32], ys: &[f32], start: Point, goal: Point, boxes: &[Rect]) -> Option<Vec<Point>> {
    let nearest = |list: &[f32], value: f32| list.iter().position(|other| (other - value).abs() < 0.5);
    let (sx, sy) = (nearest(xs, start.x)?, nearest(ys, start.y)?);
    let (gx, gy) = (nearest(xs, goal.x)?, nearest(ys, goal.y)?);
    let key = |x: usize, y: usize, is_vertical: bool| (y * xs.len() + x) * 2 + usize::from(is_vertical);
    let mut cost = vec![i64::MAX; xs.len() * ys.len() * 2];
    let mut back = vec![usize::MAX; cost.len()];
    let mut open = BinaryHeap::new();
    cost[key(sx, sy, false)] = 0;
    open.push(Reverse((0_i64, sx, sy, false)));
    while let Some(Reverse((spent, x, y, is_vertical))) = open.pop() {
        if (x, y) == (gx, gy) && !is_vertical {
            let mut points = Vec::new();
            let mut at = key(x, y, is_vertical);
            while at != usize::MAX {
                let cell = at / 2;
                points.push(Point { x: xs[cell % xs.len()], y: ys[cell / xs.len()] });
                at = back[at];
            }
            points.reverse();
            return Some(points);
        }
        if spent > cost[key(x, y, is_vertical)] {
            continue;
        }
        let steps = [
            (x.checked_sub(1), Some(y), false),
            ((x + 1 < xs.len()).then_some(x + 1), Some(y), false),
            (Some(x), y.checked_sub(1), true),
            (Some(x), (y + 1 < ys.len()).then_some(y + 1), true),
        ];
        for (nx, ny, turned) in steps {
            let (Some(nx), Some(ny)) = (nx, ny) else { continue };
            let (a, b) = (Point { x: xs[x], y: ys[y] }, Point { x: xs[nx], y: ys[ny] });
            if boxes.iter().any(|rect| passes(a, b, *rect)) {
                continue;
            }
            let length = ((a.x - b.x).abs() + (a.y - b.y).abs()).round() as i64;
            let next = spent + length + if turned == is_vertical { 0 } else { BEND_COST };
            let at = key(nx, ny, turned);
            if next < cost[at] {
                cost[at] = next;
                back[at] = key(x, y, is_vertical);
                open.push(Reverse((next, nx, ny, turned)));
            }
        }
    }
    None
}

/// Whether the orthogonal segment runs through the inside of `rect`.
pub(crate) fn passes(a: Point, b: Point, rect: Rect) -> bool {
    const EDGE: f32 = 0.75;
    let (left, right) = (a.x.min(b.x), a.x.max(b.x));
    let (top, bottom) = (a.y.min(b.y), a.y.max(b.y));
    left < rect.right() - EDGE && right > rect.x + EDGE && top < rect.bottom() - EDGE && bottom > rect.y + EDGE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goes_round_a_box_in_between() {
        let wall = Rect { x: 100.0, y: -50.0, width: 40.0, height: 200.0 };
        let path = detour(Point { x: 0.0, y: 0.0 }, Point { x: 300.0, y: 20.0 }, &[wall]);
        assert!(path.windows(2).all(|pair| !passes(pair[0], pair[1], wall)), "{path:?}");
        assert!(path.windows(2).all(|pair| pair[0].x == pair[1].x || pair[0].y == pair[1].y), "{path:?}");
        assert_eq!((path[0], path[path.len() - 1]), (Point { x: 0.0, y: 0.0 }, Point { x: 300.0, y: 20.0 }));
    }

    #[test]
    fn is_straight_where_nothing_is_in_the_way() {
        let path = detour(Point { x: 0.0, y: 5.0 }, Point { x: 90.0, y: 5.0 }, &[]);
        assert_eq!(path.len(), 2);
    }
}
