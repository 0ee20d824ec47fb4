//! What a picture must never do, as checks on its scene: for tests of pictures wherever they are made.

use crate::{
    fonts::text_width,
    layout,
    scene::{Anchor, Point, Rect, Scene, Shape},
};

/// Everything that is wrong with `scene`, in words: boxes that overlap without one holding the other, texts that run
/// over each other or over the edge of a box or the picture, lines that are not orthogonal or run through a box or a text.
pub fn faults(scene: &Scene) -> Vec<String> {
    let mut faults = Vec::new();
    let boxes = things(scene);
    for (index, (name, a)) in boxes.iter().enumerate() {
        for (other, b) in &boxes[index + 1..] {
            if a.overlaps(*b) && !holds(*a, *b) && !holds(*b, *a) && !straddles(*a, *b) {
                faults.push(format!("{name} {a:?} overlaps {other} {b:?}"));
            }
        }
    }
    let texts = texts(scene);
    let badges: Vec<Rect> = scene.items.iter().filter_map(badge).collect();
    let is_badge_text = |text: Rect| badges.iter().any(|badge| holds(*badge, text));
    for (index, (text, a)) in texts.iter().enumerate() {
        if !holds(scene.bounds, *a) {
            faults.push(format!("text `{text}` leaves the picture"));
        }
        for (other, b) in &texts[index + 1..] {
            if a.overlaps(*b) {
                faults.push(format!("text `{text}` runs over `{other}`"));
            }
        }
        for badge in badges.iter().filter(|badge| badge.overlaps(*a) && !holds(**badge, *a)) {
            faults.push(format!("a badge {badge:?} covers text `{text}`"));
        }
        for (name, b) in &boxes {
            if a.overlaps(*b) && !holds(*b, *a) && !holds(*a, *b) && !is_badge_text(*a) {
                faults.push(format!("text `{text}` {a:?} leaves {name} {b:?}"));
            }
        }
    }
    let solid: Vec<_> = scene.items.iter().filter_map(solid_box).collect();
    for item in &scene.items {
        let Shape::Line { points, .. } = &item.shape else { continue };
        for pair in points.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            if (a.x - b.x).abs() > 0.05 && (a.y - b.y).abs() > 0.05 {
                faults.push(format!("a line of {:?} is not orthogonal at {a:?}", item.entity));
            }
            for rect in &solid {
                if layout::passes(a, b, *rect) && !ends_within(points, *rect) {
                    faults.push(format!("a line of {:?} from {a:?} to {b:?} runs through {rect:?}", item.entity));
                }
            }
            for (text, rect) in &texts {
                if layout::passes(a, b, *rect) {
                    faults.push(format!("a line of {:?} runs through text `{text}`", item.entity));
                }
            }
        }
    }
    faults
}

/// Filled boxes, in which nothing but what belongs there may be.
fn solid_box(item: &crate::scene::Item) -> Option<Rect> {
    match &item.shape {
        // Ports and other marks are parts of what they sit on.
        Shape::Box { rect, fill: Some(_), stroke: Some(_), .. } if rect.width > 16.0 => Some(*rect),
        _ => None,
    }
}

/// A number's round ground: it sits astride the edge of the box that it numbers.
fn badge(item: &crate::scene::Item) -> Option<Rect> {
    match &item.shape {
        Shape::Box { rect, radius, fill: Some(_), stroke: None }
            if rect.width > 16.0 && *radius >= rect.width / 2.0 =>
        {
            Some(*rect)
        }
        _ => None,
    }
}

fn things(scene: &Scene) -> Vec<(String, Rect)> {
    scene
        .items
        .iter()
        .filter_map(|item| Some((item.entity.as_ref().map(ToString::to_string).unwrap_or_default(), solid_box(item)?)))
        .collect()
}

fn texts(scene: &Scene) -> Vec<(&str, Rect)> {
    scene
        .items
        .iter()
        .filter_map(|item| match &item.shape {
            Shape::Text { at, text, size, face, anchor, .. } => {
                let width = text_width(text, *face, *size);
                let x = match anchor {
                    Anchor::Start => at.x,
                    Anchor::Middle => at.x - width / 2.0,
                    Anchor::End => at.x - width,
                };
                Some((text.as_str(), Rect { x, y: at.y - size * 0.74, width, height: size * 0.92 }))
            }
            _ => None,
        })
        .collect()
}

fn holds(outer: Rect, inner: Rect) -> bool {
    inner.x >= outer.x - 0.5
        && inner.y >= outer.y - 0.5
        && inner.right() <= outer.right() + 0.5
        && inner.bottom() <= outer.bottom() + 0.5
}

/// An interface reaches out of its box on one side, to where its cable is.
fn straddles(a: Rect, b: Rect) -> bool {
    let one = |outer: Rect, inner: Rect| {
        inner.y >= outer.y
            && inner.bottom() <= outer.bottom()
            && inner.x > outer.x - 8.0
            && inner.right() < outer.right() + 8.0
    };
    one(a, b) || one(b, a)
}

/// Whether one of the line's ends lies within `rect`: it belongs there, as every line does in its host's box.
fn ends_within(points: &[Point], rect: Rect) -> bool {
    let is_within = |point: &&Point| {
        point.x > rect.x + 1.0
            && point.x < rect.right() - 1.0
            && point.y > rect.y + 1.0
            && point.y < rect.bottom() - 1.0
    };
    points.first().filter(is_within).or_else(|| points.last().filter(is_within)).is_some()
}

#[cfg(test)]
mod tests {
    use bridgewalk_model::EntityId;

    use super::*;
    use crate::scene::{Color, Face, Item, Layer, LineEnd, Role, Stroke};

    #[test]
    fn each_fault_is_found() {
        let stroke = Stroke { color: Color::hex(0), width: 1.0, dash: None };
        let item = |shape| Item { layer: Layer::Boxes, shape, entity: Some(EntityId::outside()) };
        let boxed = |x: f32| {
            let rect = Rect { x, y: 10.0, width: 100.0, height: 40.0 };
            item(Shape::Box { rect, radius: 0.0, fill: Some(Color::hex(0)), stroke: Some(stroke) })
        };
        let text = |x: f32| {
            let at = Point { x, y: 30.0 };
            item(Shape::Text {
                at,
                text: "words".into(),
                size: 12.0,
                face: Face::Regular,
                color: Color::hex(0),
                anchor: Anchor::Start,
                role: Role::Note,
            })
        };
        let line = |y: f32| {
            let points = vec![Point { x: 0.0, y }, Point { x: 300.0, y }];
            item(Shape::Line { points, stroke, start: LineEnd::Plain, end: LineEnd::Plain })
        };
        let bounds = Rect { x: 0.0, y: 0.0, width: 400.0, height: 100.0 };
        let count = |items: Vec<Item>| faults(&Scene { bounds, items, ..Scene::default() }).len();
        assert_eq!(count(vec![boxed(10.0), boxed(150.0), text(20.0)]), 0);
        assert_eq!(count(vec![boxed(10.0), boxed(60.0)]), 1);
        assert_eq!(count(vec![boxed(10.0), text(95.0)]), 1);
        assert_eq!(count(vec![text(10.0), text(20.0)]), 1);
        assert_eq!(count(vec![text(390.0)]), 1);
        assert_eq!(count(vec![boxed(10.0), line(20.0)]), 1);
        assert_eq!(count(vec![text(10.0), line(26.0)]), 1);
    }
}
