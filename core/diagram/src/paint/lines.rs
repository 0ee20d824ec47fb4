//! Lines that share a way are painted once, with a dot where one branches off.

use std::collections::BTreeMap;

use bridgewalk_model::EntityId;

use super::brush::{Brush, Layer};
use crate::scene::{EdgeKind, LineEnd, Point, Rect, Stroke};

/// Paints a tree of orthogonal lines. `end` is what every line but the trunk ends in.
pub(super) fn tree(
    brush: &mut Brush<'_>,
    kind: EdgeKind,
    entity: &EntityId,
    paths: &[Vec<Point>],
    stroke: Stroke,
    (start, end): (LineEnd, LineEnd),
) {
    let first_painted = brush.lines_painted();
    let key = |value: f32| (value * 4.0).round() as i32;
    // Runs on one line, by direction and place.
    let mut runs: BTreeMap<(bool, i32), Vec<(f32, f32)>> = BTreeMap::new();
    let mut corners: BTreeMap<(i32, i32), (Point, [bool; 4])> = BTreeMap::new();
    for path in paths {
        for pair in path.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            let is_vertical = key(a.x) == key(b.x);
            let run = if is_vertical { (a.y.min(b.y), a.y.max(b.y)) } else { (a.x.min(b.x), a.x.max(b.x)) };
            runs.entry((is_vertical, if is_vertical { key(a.x) } else { key(a.y) })).or_default().push(run);
        }
        for &point in path {
            corners.entry((key(point.x), key(point.y))).or_insert((point, [false; 4]));
        }
    }
    let mut merged: Vec<(bool, f32, f32, f32)> = Vec::new();
    for ((is_vertical, place), mut list) in runs {
        list.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let place = place as f32 / 4.0;
        let mut current: Option<(f32, f32)> = None;
        for (from, to) in list {
            match &mut current {
                Some((_, end)) if from <= *end + 0.1 => *end = end.max(to),
                _ => {
                    if let Some((from, to)) = current.replace((from, to)) {
                        merged.push((is_vertical, place, from, to));
                    }
                }
            }
        }
        if let Some((from, to)) = current {
            merged.push((is_vertical, place, from, to));
        }
    }
    let goals: Vec<Point> = paths.iter().filter_map(|path| path.last().copied()).collect();
    let sources: Vec<Point> = paths.iter().filter_map(|path| path.first().copied()).collect();
    let near = |list: &[Point], point: Point| {
        list.iter().any(|other| key(other.x) == key(point.x) && key(other.y) == key(point.y))
    };
    for &(is_vertical, place, from, to) in &merged {
        let at = |along: f32| if is_vertical { Point { x: place, y: along } } else { Point { x: along, y: place } };
        let (a, b) = (at(from), at(to));
        let finish = |point: Point| {
            if near(&goals, point) {
                end
            } else if near(&sources, point) {
                start
            } else {
                LineEnd::Plain
            }
        };
        brush.line(Some(entity), vec![a, b], stroke, finish(a), finish(b));
        for (point, sides) in corners.values_mut() {
            let (along, across) = if is_vertical { (point.y, point.x) } else { (point.x, point.y) };
            if (across - place).abs() < 0.3 && along >= from - 0.3 && along <= to + 0.3 {
                let base = if is_vertical { 0 } else { 2 };
                sides[base] |= along > from + 0.3;
                sides[base + 1] |= along < to - 0.3;
            }
        }
    }
    for (point, sides) in corners.into_values() {
        if sides.iter().filter(|side| **side).count() > 2 {
            let radius = stroke.width + 1.2;
            let dot = Rect { x: point.x - radius, y: point.y - radius, width: radius * 2.0, height: radius * 2.0 };
            brush.rect(Layer::Lines, Some(entity), dot, radius, Some(stroke.color), None);
        }
    }
    for path in paths {
        brush.note_edge(kind, Some(entity), path.clone(), (start, end), first_painted);
    }
}
