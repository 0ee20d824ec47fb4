//! The same picture for an eye that is further away: words keep a size that can be read, and what then has no room
//! folds away.
//!
//! Where a thing stands does not change, so an eye that comes closer finds everything where it was. A box becomes a
//! labelled tile: its name stays longest, what it is made of, its interfaces, its ports and its addresses go in the
//! reverse order ([`Role`](crate::scene::Role)). Boxes too small for a word become one box with a count. Words that
//! stand on no box are enlarged where nothing is in their way.

mod boxes;
mod crowd;
mod free;
mod list;
mod tile;

use self::boxes::Boxes;
use crate::{
    Words,
    fonts::text_width,
    scene::{Anchor, Item, Layer, Point, Rect, Scene, Shape},
};

/// No word is smaller on the screen, in points.
pub const LEGIBLE_POINTS: f32 = 11.0;

/// The picture of `scene` in which every word can be read where a scene unit has `zoom` points; none if that is so
/// already. Lines stay the items that they are in `scene`, so its edges' items hold.
pub fn legible(scene: &Scene, zoom: f32, words: &dyn Words) -> Option<Scene> {
    let em = LEGIBLE_POINTS / zoom;
    if !scene.items.iter().any(|item| is_small(&item.shape, em)) {
        return None;
    }
    let mut paper = Paper::new(scene, em);
    let boxes = Boxes::of(&scene.items);
    let crowds = crowd::crowds(&boxes, &paper);
    for crowd in &crowds {
        crowd::paint(&mut paper, &boxes, crowd, words);
    }
    let is_crowded = |index: &usize| crowds.iter().any(|crowd| crowd.binary_search(index).is_ok());
    let mut folded = vec![false; boxes.all.len()];
    for (index, thing) in boxes.all.iter().enumerate() {
        folded[index] = is_crowded(&index) || tile::fold(&mut paper, thing);
    }
    let mut targets = scene.targets.clone();
    for target in targets.iter_mut().filter(|target| target.line.is_empty()) {
        let Some(index) = boxes.at(target.rect.center()) else { continue };
        let own = boxes.all[index].rect;
        // Those who live together have a line each, and their names are still there.
        let is_part = target.rect.width < 0.9 * own.width || target.rect.height < 0.4 * own.height;
        target.is_folded = folded[index] && is_part && paper.has_no_word_of(&target.entity);
    }
    free::enlarge(&mut paper, &boxes);
    let mut bounds = scene.bounds;
    list::enlarge(&mut paper, &mut targets, &mut bounds);
    Some(Scene { bounds, background: scene.background, items: paper.finish(), targets, edges: scene.edges.clone() })
}

/// Whether it is a text too small to be read.
fn is_small(shape: &Shape, em: f32) -> bool {
    matches!(shape, Shape::Text { size, .. } if *size < em * 0.999)
}

/// The items of the new picture on their way.
struct Paper {
    /// The size of the smallest text that can be read, in scene units.
    em: f32,
    /// The picture's extent as it was.
    picture: Rect,
    items: Vec<Item>,
    is_gone: Vec<bool>,
    added: Vec<Item>,
}

impl Paper {
    fn new(scene: &Scene, em: f32) -> Self {
        let is_gone = vec![false; scene.items.len()];
        Self { em, picture: scene.bounds, items: scene.items.clone(), is_gone, added: Vec::new() }
    }

    /// Leaves an item out. Never one of the ground or a line: edges count them.
    fn leave_out(&mut self, place: usize) {
        if matches!(self.items[place].layer, Layer::Boxes | Layer::Marks) {
            self.is_gone[place] = true;
        }
    }

    /// Whether no word of this thing is left.
    fn has_no_word_of(&self, entity: &bridgewalk_model::EntityId) -> bool {
        !self.added.iter().any(|item| item.entity.as_ref() == Some(entity))
    }

    fn finish(self) -> Vec<Item> {
        let kept = self.items.into_iter().zip(self.is_gone).filter(|(_, is_gone)| !is_gone).map(|(item, _)| item);
        kept.chain(self.added).collect()
    }
}

/// The room that a text takes.
fn extent(shape: &Shape) -> Option<Rect> {
    let Shape::Text { at, text, size, face, anchor, .. } = shape else { return None };
    let width = text_width(text, *face, *size);
    let x = match anchor {
        Anchor::Start => at.x,
        Anchor::Middle => at.x - width / 2.0,
        Anchor::End => at.x - width,
    };
    Some(Rect { x, y: at.y - size * 0.74, width, height: size * 0.92 })
}

/// The room that any shape takes.
fn bounds(shape: &Shape) -> Rect {
    match shape {
        Shape::Box { rect, .. } => *rect,
        Shape::Text { .. } => extent(shape).unwrap_or_default(),
        Shape::Line { points, .. } | Shape::Polygon { points, .. } => {
            let (mut left, mut top, mut right, mut bottom) = (f32::MAX, f32::MAX, f32::MIN, f32::MIN);
            for point in points {
                (left, right) = (left.min(point.x), right.max(point.x));
                (top, bottom) = (top.min(point.y), bottom.max(point.y));
            }
            Rect { x: left, y: top, width: right - left, height: bottom - top }
        }
    }
}

/// Stretches a shape by `factor` and brings its point `from` to `to`.
fn transform(shape: &mut Shape, from: Point, to: Point, factor: f32) {
    let moved = |point: Point| Point { x: to.x + (point.x - from.x) * factor, y: to.y + (point.y - from.y) * factor };
    match shape {
        Shape::Box { rect, radius, .. } => {
            let corner = moved(Point { x: rect.x, y: rect.y });
            *rect = Rect { x: corner.x, y: corner.y, width: rect.width * factor, height: rect.height * factor };
            *radius *= factor;
        }
        Shape::Line { points, .. } | Shape::Polygon { points, .. } => {
            points.iter_mut().for_each(|point| *point = moved(*point));
        }
        Shape::Text { at, size, .. } => {
            *at = moved(*at);
            *size *= factor;
        }
    }
}
