//! Words that stand on no box: a host's name, a lane's heading. They are enlarged where nothing is in their way.

use super::{Paper, bounds, boxes::Boxes, extent, is_small, transform};
use crate::{
    fonts::fit_middle,
    layout::passes,
    scene::{Anchor, Layer, Point, Rect, Role, Shape},
};

/// Less room than this, in the size of the text, is none.
const LEAST: f32 = 2.5;
/// Left free on each side.
const CLEAR: f32 = 0.2;

/// Enlarges them, names first; what has no room is left out.
pub(super) fn enlarge(paper: &mut Paper, boxes: &Boxes) {
    let em = paper.em;
    for round in &boxes.badges {
        enlarge_badge(paper, *round);
    }
    let mut free: Vec<(Role, f32, usize)> = boxes
        .free
        .iter()
        .filter_map(|place| match &paper.items[*place].shape {
            Shape::Text { role: Role::Entry, .. } => None,
            Shape::Text { role, size, .. } => Some((*role, *size, *place)),
            _ => None,
        })
        .collect();
    free.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)).then(a.2.cmp(&b.2)));
    let mut placed: Vec<Rect> = Vec::new();
    for (_, _, place) in free {
        if is_small(&paper.items[place].shape, em) {
            match enlarged(paper, boxes, place, &placed) {
                Some(shape) => paper.items[place].shape = shape,
                None => {
                    paper.leave_out(place);
                    continue;
                }
            }
        }
        placed.extend(extent(&paper.items[place].shape));
    }
}

fn enlarged(paper: &Paper, boxes: &Boxes, place: usize, placed: &[Rect]) -> Option<Shape> {
    let em = paper.em;
    let mut shape = paper.items[place].shape.clone();
    let Shape::Text { at, size, .. } = &mut shape else { return None };
    let old = *at;
    *size = em;
    let top = extent(&shape)?.y;
    // It grows upwards, up to the edge of the frame that it is in.
    let frames = paper.items.iter().filter(|item| item.layer == Layer::Ground).map(|item| bounds(&item.shape));
    let around = frames.filter(|frame| frame.contains(old)).reduce(|a, b| if b.width < a.width { b } else { a });
    let around = around.unwrap_or(paper.picture);
    if let Shape::Text { at, .. } = &mut shape {
        at.y += (around.y + CLEAR * em - top).max(0.0);
    }
    let whole = extent(&shape)?;
    let band = Rect { y: whole.y - CLEAR * em, height: whole.height + 2.0 * CLEAR * em, ..whole };
    let lines = paper.items.iter().filter_map(|item| match &item.shape {
        Shape::Line { points, .. } => Some(points),
        _ => None,
    });
    let crossing = lines.flat_map(|points| points.windows(2)).filter(|ends| passes(ends[0], ends[1], band));
    let crossing = crossing.map(|ends| {
        let (left, right) = (ends[0].x.min(ends[1].x), ends[0].x.max(ends[1].x));
        Rect { x: left, width: (right - left).max(0.1), ..band }
    });
    let texts = placed.iter().copied().filter(|other| other.overlaps(band));
    let left = band.x.max(around.x);
    let mut room = Rect { x: left, width: band.right().min(around.right() - CLEAR * em) - left, ..band };
    for other in boxes.overlapping(band).chain(texts).chain(crossing) {
        room = beside(&shape, room, other)?;
    }
    let Shape::Text { text, face, size, .. } = &mut shape else { return None };
    if room.width < whole.width {
        *text = fit_middle(text, *face, *size, room.width - CLEAR * em);
        if room.width < LEAST * em {
            return None;
        }
    }
    Some(shape)
}

/// What of `room` is left beside `other`; nothing where the text begins in it.
fn beside(shape: &Shape, room: Rect, other: Rect) -> Option<Rect> {
    let Shape::Text { at, anchor, .. } = shape else { return None };
    match anchor {
        Anchor::Start if other.x > at.x => Some(Rect { width: (other.x - room.x).min(room.width), ..room }),
        Anchor::End if other.right() < at.x => {
            let x = other.right().max(room.x);
            Some(Rect { x, width: room.right() - x, ..room })
        }
        _ => None,
    }
}

/// A number keeps its place.
fn enlarge_badge(paper: &mut Paper, round: usize) {
    let Shape::Box { rect, .. } = paper.items[round].shape else { return };
    let size = match paper.items.get(round + 1).map(|item| &item.shape) {
        Some(Shape::Text { size, .. }) => *size,
        _ => return,
    };
    let factor = (paper.em / size).max(1.0);
    let center: Point = rect.center();
    for item in &mut paper.items[round..round + 2] {
        transform(&mut item.shape, center, center, factor);
    }
}
