//! A box that has become a tile: as many lines as it has room for, the name first.

use super::{Paper, bounds, boxes::Thing, extent, is_small, transform};
use crate::{
    fonts::{fit, fit_middle, text_width},
    scene::{Anchor, Face, Item, Layer, Point, Rect, Role, Shape},
};

/// From one line to the next, in the size of its text.
pub(super) const LINE: f32 = 1.25;
/// Room at a tile's sides, in the size of the smallest text.
const SIDE: f32 = 0.45;
/// Between two texts on a line.
const BETWEEN: f32 = 0.8;
/// A word cut shorter than this many of its characters says nothing.
const FEWEST_LEFT: usize = 6;
/// Of a name cut for a sign beside it so much must be left, in the size of the smallest text.
const LEAST_NAME: f32 = 6.0;
/// A sign so far from a name's line, in scene units, still belongs to it.
const SIGN_REACH: f32 = 26.0;

/// Whether a box has no room for a word.
pub(super) fn is_too_small(rect: Rect, em: f32) -> bool {
    rect.height < 1.1 * em || rect.width < 2.6 * em
}

/// A name is told by its ends, a translation by where it begins.
fn shortened(text: &str, face: Face, size: f32, room: f32) -> String {
    if text.contains('→') { fit(text, face, size, room) } else { fit_middle(text, face, size, room) }
}

/// What stands on one line.
struct Line {
    role: Role,
    y: f32,
    texts: Vec<usize>,
}

/// Makes a tile of a box whose words cannot be read; whether it did.
pub(super) fn fold(paper: &mut Paper, thing: &Thing) -> bool {
    if !thing.texts.iter().any(|place| is_small(&paper.items[*place].shape, paper.em)) {
        return false;
    }
    let is_plug = |place: &usize| matches!(paper.items[*place].shape, Shape::Text { role: Role::Plug, .. });
    let (plugs, texts): (Vec<usize>, Vec<usize>) = thing.texts.iter().copied().partition(is_plug);
    let lines = lines(paper, &texts);
    for place in thing.inner.iter().chain(&thing.texts).chain(&thing.inner_signs).chain(&thing.signs) {
        paper.leave_out(*place);
    }
    if is_too_small(thing.rect, paper.em) {
        return true;
    }
    let first_plug = keep_plugs(paper, thing.rect, &plugs);
    let em = paper.em;
    let bottom = first_plug.unwrap_or(thing.rect.bottom());
    let room = (bottom - thing.rect.y - 0.1 * em).max(1.1 * em);
    let mut height = 0.0;
    let mut kept = Vec::new();
    for line in lines.into_iter().filter(|line| says_something(paper, thing.rect, line)) {
        let needs = LINE * size_of(paper, &line).max(em);
        if !kept.is_empty() && height + needs > room {
            break;
        }
        height += needs;
        kept.push((line, needs));
    }
    // A tower has its name at its head, a tile in its middle.
    let is_tower = first_plug.is_some() || thing.rect.height > 2.0 * height + 3.0 * em;
    let mut y = if is_tower { thing.rect.y + 0.35 * em } else { thing.rect.center().y - height / 2.0 };
    for (line, needs) in kept {
        write(paper, thing, &line, y + needs / 2.0);
        y += needs;
    }
    true
}

/// The texts by their lines, those that stay longest first.
fn lines(paper: &Paper, texts: &[usize]) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for place in texts {
        let Shape::Text { at, role, .. } = &paper.items[*place].shape else { continue };
        match lines.iter_mut().find(|line| (line.y - at.y).abs() < 2.0) {
            Some(line) => {
                line.role = line.role.min(*role);
                line.texts.push(*place);
            }
            None => lines.push(Line { role: *role, y: at.y, texts: vec![*place] }),
        }
    }
    lines.sort_by(|a, b| a.role.cmp(&b.role).then(a.y.total_cmp(&b.y)));
    lines
}

/// Whether enough is left of a line that is cut.
fn says_something(paper: &Paper, rect: Rect, line: &Line) -> bool {
    let room = rect.width - 2.0 * side(paper.em, rect);
    line.role == Role::Name
        || line.texts.iter().any(|place| match &paper.items[*place].shape {
            Shape::Text { text, size, face, .. } => {
                let shown = shortened(text, *face, size.max(paper.em), room);
                shown == *text || shown.chars().count() >= FEWEST_LEFT
            }
            _ => false,
        })
}

fn side(em: f32, rect: Rect) -> f32 {
    (SIDE * em).min(rect.width * 0.12)
}

fn size_of(paper: &Paper, line: &Line) -> f32 {
    let sizes = line.texts.iter().filter_map(|place| match &paper.items[*place].shape {
        Shape::Text { size, .. } => Some(*size),
        _ => None,
    });
    sizes.fold(0.0, f32::max)
}

/// Names of what is plugged in, each beside its port, where there is room; the top of the first.
fn keep_plugs(paper: &mut Paper, rect: Rect, plugs: &[usize]) -> Option<f32> {
    let em = paper.em;
    let mut last = rect.y + LINE * em;
    let mut first = None;
    let mut sorted = plugs.to_vec();
    let baseline = |place: &usize| match &paper.items[*place].shape {
        Shape::Text { at, .. } => at.y,
        _ => 0.0,
    };
    sorted.sort_by(|a, b| baseline(a).total_cmp(&baseline(b)));
    for place in sorted {
        let mut item = paper.items[place].clone();
        let Shape::Text { at, text, size, face, .. } = &mut item.shape else { continue };
        let room = at.x - rect.x - SIDE * em;
        let (new_size, top) = (size.max(em), at.y - em);
        let shown = fit_middle(text, *face, new_size, room);
        if top < last || (shown != *text && shown.chars().count() < FEWEST_LEFT) {
            continue;
        }
        (*text, *size) = (shown, new_size);
        last = at.y + 0.2 * em;
        first.get_or_insert(top);
        paper.added.push(item);
    }
    first
}

/// Writes a line around `middle`.
fn write(paper: &mut Paper, thing: &Thing, line: &Line, middle: f32) {
    let em = paper.em;
    let side = side(em, thing.rect);
    let (mut left, mut right) = (thing.rect.x + side, thing.rect.right() - side);
    let mut texts: Vec<(Role, Item)> = line
        .texts
        .iter()
        .filter_map(|place| {
            let mut item = paper.items[*place].clone();
            let Shape::Text { role, size, .. } = &mut item.shape else { return None };
            *size = size.max(em);
            Some((*role, item))
        })
        .collect();
    if line.role == Role::Name {
        left = sign(paper, thing, line, (left, right), middle);
    }
    let width = |item: &Item| extent(&item.shape).map_or(0.0, |extent| extent.width);
    let needs = |texts: &[(Role, Item)]| {
        texts.iter().map(|(_, item)| width(item)).sum::<f32>() + BETWEEN * em * (texts.len() - 1) as f32
    };
    while texts.len() > 1 && needs(&texts) > right - left {
        let last = texts.iter().enumerate().max_by_key(|(index, (role, _))| (*role, *index)).map(|(index, _)| index);
        texts.remove(last.unwrap_or_default());
    }
    for (_, mut item) in texts {
        let Shape::Text { at, text, size, face, anchor, .. } = &mut item.shape else { continue };
        *text = shortened(text, *face, *size, right - left);
        let width = text_width(text, *face, *size);
        let y = middle + 0.36 * *size;
        if *anchor == Anchor::End {
            *at = Point { x: right, y };
            right -= width + BETWEEN * em;
        } else {
            (*at, *anchor) = (Point { x: left, y }, Anchor::Start);
            left += width + BETWEEN * em;
        }
        paper.added.push(item);
    }
}

/// Brings the sign that stands left of a name along, where the name still has room; where the name begins.
fn sign(paper: &mut Paper, thing: &Thing, line: &Line, (left, right): (f32, f32), middle: f32) -> f32 {
    let name = line.texts.iter().find_map(|place| match &paper.items[*place].shape {
        Shape::Text { at, size, role: Role::Name, .. } => Some((*at, *size)),
        _ => None,
    });
    let Some((at, size)) = name else { return left };
    let names: Vec<f32> = thing
        .texts
        .iter()
        .filter_map(|place| match &paper.items[*place].shape {
            Shape::Text { at, role: Role::Name, .. } => Some(at.y),
            _ => None,
        })
        .collect();
    let is_its = |shape: &Shape| {
        let center = bounds(shape).center();
        let away = |y: f32| (center.y - (y - 0.35 * size)).abs();
        center.x < at.x && away(at.y) < SIGN_REACH && names.iter().all(|y| away(*y) >= away(at.y))
    };
    let shapes: Vec<Item> =
        thing.signs.iter().map(|place| paper.items[*place].clone()).filter(|item| is_its(&item.shape)).collect();
    let Some(extent) = shapes.iter().map(|item| bounds(&item.shape)).reduce(union) else { return left };
    let factor = (paper.em / size).max(1.0);
    let next = left + extent.width * factor + 0.4 * paper.em;
    let widths = line.texts.iter().filter_map(|place| match &paper.items[*place].shape {
        Shape::Text { text, size, face, role: Role::Name, .. } => Some(text_width(text, *face, size.max(paper.em))),
        _ => None,
    });
    if right - next < widths.fold(0.0, f32::max).min(LEAST_NAME * paper.em) {
        return left;
    }
    let to = Point { x: left + extent.width * factor / 2.0, y: middle };
    for mut item in shapes {
        transform(&mut item.shape, extent.center(), to, factor);
        item.layer = Layer::Marks;
        paper.added.push(item);
    }
    next
}

pub(super) fn union(a: Rect, b: Rect) -> Rect {
    let (x, y) = (a.x.min(b.x), a.y.min(b.y));
    Rect { x, y, width: a.right().max(b.right()) - x, height: a.bottom().max(b.bottom()) - y }
}
