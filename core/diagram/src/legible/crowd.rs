//! Boxes that have no room for a word, one below the other: one box, and how many there are.

use super::{Paper, boxes::Boxes, tile};
use crate::{
    Word, Words,
    fonts::{fit_middle, text_width},
    scene::{Anchor, Face, Item, Layer, Point, Rect, Role, Shape},
};

/// Two boxes further apart than this much of their height are not of one crowd.
const APART: f32 = 2.0;

/// Who stands together, by their places among the boxes, in ascending order.
pub(super) fn crowds(boxes: &Boxes, paper: &Paper) -> Vec<Vec<usize>> {
    let is_named = |place: &usize| matches!(paper.items[*place].shape, Shape::Text { role: Role::Name, .. });
    let is_small = |index: &usize| {
        let thing = &boxes.all[*index];
        tile::is_too_small(thing.rect, paper.em) && thing.texts.iter().any(is_named)
    };
    let mut small: Vec<usize> = (0..boxes.all.len()).filter(is_small).collect();
    let rect = |index: usize| boxes.all[index].rect;
    let column = |index: usize| (rect(index).x.round() as i64, rect(index).width.round() as i64);
    let look = |index: usize| match &paper.items[boxes.all[index].item].shape {
        Shape::Box { fill, stroke, .. } => (*fill, stroke.and_then(|stroke| stroke.dash)),
        _ => (None, None),
    };
    small.sort_by(|a, b| column(*a).cmp(&column(*b)).then(rect(*a).y.total_cmp(&rect(*b).y)));
    let goes_on = |above: &usize, below: &usize| {
        let (upper, lower) = (rect(*above), rect(*below));
        column(*above) == column(*below)
            && look(*above) == look(*below)
            && lower.y - upper.bottom() <= APART * upper.height.min(lower.height)
    };
    let runs = small.chunk_by(goes_on).filter(|run| run.len() > 1);
    let mut crowds: Vec<Vec<usize>> = runs.map(<[usize]>::to_vec).collect();
    crowds.iter_mut().for_each(|crowd| crowd.sort_unstable());
    crowds
}

/// Paints one box in their place.
pub(super) fn paint(paper: &mut Paper, boxes: &Boxes, crowd: &[usize], words: &dyn Words) {
    let Some(all) = crowd.iter().map(|index| boxes.all[*index].rect).reduce(tile::union) else { return };
    let mut names: Vec<(f32, String)> = Vec::new();
    for (number, index) in crowd.iter().enumerate() {
        let thing = &boxes.all[*index];
        for place in &thing.texts {
            if let Shape::Text { at, text, role: Role::Name, .. } = &paper.items[*place].shape {
                names.push((at.y, text.clone()));
            }
        }
        let parts = thing.inner.iter().chain(&thing.texts).chain(&thing.signs).chain(&thing.inner_signs);
        for place in parts {
            paper.leave_out(*place);
        }
        match &mut paper.items[thing.item].shape {
            Shape::Box { rect, .. } if number == 0 => *rect = all,
            _ => paper.leave_out(thing.item),
        }
    }
    names.sort_by(|a, b| a.0.total_cmp(&b.0));
    label(paper, boxes, crowd, all, &names, words);
}

fn label(paper: &mut Paper, boxes: &Boxes, crowd: &[usize], all: Rect, names: &[(f32, String)], words: &dyn Words) {
    let em = paper.em;
    let Some(first) = crowd.first().map(|index| &boxes.all[*index]) else { return };
    let color = first.texts.iter().find_map(|place| match &paper.items[*place].shape {
        Shape::Text { color, role: Role::Name, .. } => Some(*color),
        _ => None,
    });
    let (Some(color), true) = (color, all.height >= 1.1 * em) else { return };
    let entity = paper.items[first.item].entity.clone();
    let side = (0.35 * em).min(all.width * 0.1);
    let room = all.width - 2.0 * side;
    let is_container = entity.as_ref().is_some_and(|entity| entity.as_str().contains("/container:"));
    let mut count = names.len().to_string();
    if is_container {
        let whole = format!("{count} {}", words.word(Word::Containers));
        if text_width(&whole, Face::Strong, em) <= room {
            count = whole;
        }
    }
    let mut lines = vec![(count, Face::Strong)];
    if let [(_, first), .., (_, last)] = names
        && all.height >= 4.0 * tile::LINE * em
        && room >= 4.0 * em
    {
        lines.extend([first.clone(), "…".to_owned(), last.clone()].map(|name| (name, Face::Regular)));
    }
    let mut y = all.center().y - tile::LINE * em * (lines.len() as f32) / 2.0;
    for (text, face) in lines {
        let text = fit_middle(&text, face, em, room);
        let at = Point { x: all.center().x, y: y + tile::LINE * em / 2.0 + 0.36 * em };
        let shape = Shape::Text { at, text, size: em, face, color, anchor: Anchor::Middle, role: Role::Name };
        paper.added.push(Item { layer: Layer::Marks, shape, entity: entity.clone() });
        y += tile::LINE * em;
    }
}
