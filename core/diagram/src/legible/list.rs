//! The lists below the picture: what its signs mean, where a walk came by. Words and signs grow together, and what
//! stands below gives way.

use std::collections::BTreeSet;

use super::{Paper, bounds, is_small, transform};
use crate::scene::{Point, Rect, Role, Shape, Target};

/// A sign stands so far left of its words at most, and so far above or below their baseline.
const SIGN: (f32, f32) = (44.0, 18.0);
/// From one row to the next, and between two entries, at the size in which they were drawn.
const ROW: f32 = 26.0;
const BETWEEN: f32 = 28.0;
/// Entries further apart than this are of two lists.
const APART: f32 = 40.0;
/// At the picture's right edge.
const MARGIN: f32 = 28.0;

struct Entry {
    at: Point,
    width: f32,
    items: Vec<usize>,
}

/// Enlarges them; the picture grows downwards.
pub(super) fn enlarge(paper: &mut Paper, targets: &mut [Target], picture: &mut Rect) {
    let is_entry = |place: &usize| match &paper.items[*place].shape {
        shape @ Shape::Text { role: Role::Entry, .. } => is_small(shape, paper.em),
        _ => false,
    };
    let mut places: Vec<usize> = (0..paper.items.len()).filter(is_entry).collect();
    let baseline = |paper: &Paper, place: usize| match &paper.items[place].shape {
        Shape::Text { at, .. } => *at,
        _ => Point::default(),
    };
    let key = |place: &usize| baseline(paper, *place);
    places.sort_by(|a, b| key(a).y.total_cmp(&key(b).y).then(key(a).x.total_cmp(&key(b).x)));
    let lists: Vec<Vec<usize>> =
        places.chunk_by(|above, below| key(below).y - key(above).y < APART).map(<[usize]>::to_vec).collect();
    let mut lowered = 0.0;
    for list in lists {
        let Some(old_bottom) = list.last().map(|place| baseline(paper, *place).y + 8.0) else { continue };
        let (own, growth) = flow(paper, &list, *picture);
        lower(paper, targets, &own, old_bottom, growth);
        lowered += growth;
    }
    picture.height += lowered;
}

/// Sets a list's entries one after the other, in rows; its items, and by how much it has become higher.
fn flow(paper: &mut Paper, list: &[usize], picture: Rect) -> (BTreeSet<usize>, f32) {
    let entries: Vec<Entry> = list.iter().filter_map(|place| entry(paper, *place)).collect();
    let Some(Shape::Text { size, .. }) = list.first().map(|place| &paper.items[*place].shape) else {
        return (BTreeSet::new(), 0.0);
    };
    let factor = paper.em / size;
    let left = entries.iter().map(|entry| entry.at.x).fold(f32::MAX, f32::min);
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return (BTreeSet::new(), 0.0) };
    let (top, old_bottom) = (first.at.y, last.at.y);
    let mut at = Point { x: left, y: top + (factor - 1.0) * ROW / 2.0 };
    for entry in &entries {
        let width = entry.width * factor;
        if at.x > left && at.x + width > picture.right() - MARGIN {
            at = Point { x: left, y: at.y + ROW * factor };
        }
        for place in &entry.items {
            transform(&mut paper.items[*place].shape, entry.at, at, factor);
        }
        at.x += width + BETWEEN * factor;
    }
    let growth = (at.y + (factor - 1.0) * ROW / 2.0 - old_bottom).max(0.0);
    (entries.into_iter().flat_map(|entry| entry.items).collect(), growth)
}

/// Words with their sign.
fn entry(paper: &Paper, place: usize) -> Option<Entry> {
    let Shape::Text { at, .. } = &paper.items[place].shape else { return None };
    let words = bounds(&paper.items[place].shape);
    let is_sign = |shape: &Shape| {
        let center = bounds(shape).center();
        let aside = at.x - center.x;
        aside > 0.0 && aside < SIGN.0 && (center.y - at.y).abs() < SIGN.1 && bounds(shape).width < SIGN.0
    };
    let mut items: Vec<usize> = (0..paper.items.len())
        .filter(|other| *other != place && !paper.is_gone[*other] && is_sign(&paper.items[*other].shape))
        .collect();
    let left = items.iter().map(|item| bounds(&paper.items[*item].shape).x).fold(words.x, f32::min);
    items.push(place);
    Some(Entry { at: Point { x: left, y: at.y }, width: words.right() - left, items })
}

/// Moves everything else below `from` down.
fn lower(paper: &mut Paper, targets: &mut [Target], own: &BTreeSet<usize>, from: f32, by: f32) {
    if by <= 0.0 {
        return;
    }
    let origin = Point::default();
    let others = paper.items.iter_mut().enumerate().filter(|(place, _)| !own.contains(place)).map(|(_, item)| item);
    for item in others.chain(&mut paper.added) {
        if bounds(&item.shape).y > from {
            transform(&mut item.shape, origin, Point { x: 0.0, y: by }, 1.0);
        }
    }
    for target in targets.iter_mut().filter(|target| target.rect.y > from) {
        target.rect.y += by;
    }
}
