//! Which boxes stand for things of their own, and what stands on each.

use std::collections::HashMap;

use super::bounds;
use crate::scene::{Anchor, Item, Layer, Point, Rect, Shape};

/// The side of a square in which boxes are looked up, in scene units.
const SQUARE: f32 = 256.0;

/// A box that lies in no other, by the places of its items.
pub(super) struct Thing {
    /// The box itself.
    pub item: usize,
    pub rect: Rect,
    /// Boxes that lie in it.
    pub inner: Vec<usize>,
    /// Texts that stand on it, or on a box in it.
    pub texts: Vec<usize>,
    /// Signs that stand on it, each of one or more shapes.
    pub signs: Vec<usize>,
    /// Signs that stand on a box in it.
    pub inner_signs: Vec<usize>,
}

/// All of them.
pub(super) struct Boxes {
    pub all: Vec<Thing>,
    /// Texts on no box.
    pub free: Vec<usize>,
    /// Numbers in their rounds: each is two items, the round and its number.
    pub badges: Vec<usize>,
    squares: HashMap<(i32, i32), Vec<usize>>,
}

impl Boxes {
    pub(super) fn of(items: &[Item]) -> Self {
        let mut boxes = Self { all: Vec::new(), free: Vec::new(), badges: Vec::new(), squares: HashMap::new() };
        for (place, item) in items.iter().enumerate().filter(|(_, item)| item.layer == Layer::Boxes) {
            let Shape::Box { rect, .. } = item.shape else { continue };
            match boxes.at(rect.center()) {
                Some(index) => boxes.all[index].inner.push(place),
                None => boxes.add(place, rect),
            }
        }
        for (place, item) in items.iter().enumerate().filter(|(_, item)| item.layer == Layer::Marks) {
            if is_badge(items, place) {
                boxes.badges.push(place);
                continue;
            }
            if place > 0 && is_badge(items, place - 1) {
                continue;
            }
            let is_text = matches!(item.shape, Shape::Text { .. });
            let at = bounds(&item.shape).center();
            // What sits on its edge, as a port does, stays.
            let Some(index) = boxes.at(at).filter(|index| is_inside(boxes.all[*index].rect, at)) else {
                if is_text {
                    boxes.free.push(place);
                }
                continue;
            };
            let thing = &mut boxes.all[index];
            let holds = |inner: &usize| match &items[*inner].shape {
                Shape::Box { rect, fill: Some(_), .. } => rect.contains(at),
                _ => false,
            };
            if is_text {
                thing.texts.push(place);
            } else if thing.inner.iter().any(holds) {
                thing.inner_signs.push(place);
            } else {
                thing.signs.push(place);
            }
        }
        boxes
    }

    /// The box there.
    pub(super) fn at(&self, at: Point) -> Option<usize> {
        let square = self.squares.get(&square(at))?;
        square.iter().copied().find(|index| self.all[*index].rect.contains(at))
    }

    /// The boxes that reach into `rect`.
    pub(super) fn overlapping(&self, rect: Rect) -> impl Iterator<Item = Rect> {
        let (from, to) = corners(rect);
        let squares = (from.0..=to.0).flat_map(move |x| (from.1..=to.1).map(move |y| (x, y)));
        let indices = squares.filter_map(|square| self.squares.get(&square)).flatten();
        indices.map(|index| self.all[*index].rect).filter(move |other| other.overlaps(rect))
    }

    fn add(&mut self, item: usize, rect: Rect) {
        let index = self.all.len();
        let (from, to) = corners(rect);
        for x in from.0..=to.0 {
            for y in from.1..=to.1 {
                self.squares.entry((x, y)).or_default().push(index);
            }
        }
        let (inner, texts, signs, inner_signs) = Default::default();
        self.all.push(Thing { item, rect, inner, texts, signs, inner_signs });
    }
}

fn square(at: Point) -> (i32, i32) {
    ((at.x / SQUARE).floor() as i32, (at.y / SQUARE).floor() as i32)
}

fn corners(rect: Rect) -> ((i32, i32), (i32, i32)) {
    (square(Point { x: rect.x, y: rect.y }), square(Point { x: rect.right(), y: rect.bottom() }))
}

fn is_inside(rect: Rect, at: Point) -> bool {
    at.x > rect.x + 1.0 && at.x < rect.right() - 1.0 && at.y > rect.y + 1.0 && at.y < rect.bottom() - 1.0
}

/// Whether a round with a number begins there.
fn is_badge(items: &[Item], place: usize) -> bool {
    let (Some(round), Some(number)) = (items.get(place), items.get(place + 1)) else { return false };
    let Shape::Box { rect, radius, fill: Some(_), stroke: None } = &round.shape else { return false };
    let Shape::Text { at, anchor: Anchor::Middle, .. } = &number.shape else { return false };
    round.layer == Layer::Marks && *radius >= rect.width / 2.0 && rect.contains(*at)
}
