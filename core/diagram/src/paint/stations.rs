//! A walk's stations: numbered badges on what the packet passes, and what happens there in words below the picture.

use bridgewalk_model::EntityId;

use super::{
    Context,
    brush::{Brush, Layer, size},
};
use crate::{
    fonts::text_width,
    scene::{Anchor, Face, Point, Rect, Target},
};

const RADIUS: f32 = 11.0;
const LINE: f32 = 26.0;
/// The most hops that are listed.
const MAX_STATIONS: usize = 60;

/// Puts the badges on and the captions from `(x, y)` downwards; the captions' extent.
pub(super) fn paint(brush: &mut Brush<'_>, context: &Context<'_>, x: f32, y: f32) -> Rect {
    let stations = &context.view.stations;
    let mut at: Vec<(Point, usize)> = Vec::new();
    let mut bottom = y;
    let mut width = 0.0_f32;
    for (index, station) in stations.iter().take(MAX_STATIONS).enumerate() {
        let number = index + 1;
        if let Some(target) = target(&brush.targets, &station.entity) {
            let rect = target.rect;
            // Several stations at one box stand beside each other on its upper edge.
            let here = at.iter().filter(|(_, other)| *other == rect_key(rect)).count();
            let place = Point { x: rect.right() - RADIUS * (1.0 + 2.2 * here as f32), y: rect.y };
            at.push((place, rect_key(rect)));
            badge(brush, &station.entity, place, number);
        }
        let place = Point { x: x + RADIUS, y: bottom + LINE / 2.0 };
        badge(brush, &station.entity, place, number);
        let color = brush.theme.text;
        let room = text_width(&station.caption, Face::Regular, size::TITLE) + 1.0;
        let style = (Face::Regular, size::TITLE, color);
        let used =
            brush.text(Some(&station.entity), x + 34.0, place.y + 5.0, &station.caption, style, Anchor::Start, room);
        width = width.max(used + 34.0);
        bottom += LINE;
    }
    Rect { x, y, width, height: bottom - y }
}

/// What is painted of the entity: itself, or the smallest thing that holds it.
fn target<'a>(targets: &'a [Target], entity: &EntityId) -> Option<&'a Target> {
    let boxes = || targets.iter().filter(|target| target.line.is_empty());
    boxes().find(|target| target.entity == *entity).or_else(|| {
        boxes().filter(|target| entity.is_within(&target.entity)).max_by_key(|target| target.entity.as_str().len())
    })
}

fn rect_key(rect: Rect) -> usize {
    (rect.x.max(0.0) as usize) << 24 | rect.y.max(0.0) as usize
}

fn badge(brush: &mut Brush<'_>, entity: &EntityId, at: Point, number: usize) {
    let theme = brush.theme;
    let circle = Rect { x: at.x - RADIUS, y: at.y - RADIUS, width: 2.0 * RADIUS, height: 2.0 * RADIUS };
    brush.rect(Layer::Marks, Some(entity), circle, RADIUS, Some(theme.inward), None);
    let style = (Face::Strong, size::BODY, theme.background);
    brush.text(Some(entity), at.x, at.y + 4.5, &number.to_string(), style, Anchor::Middle, 2.0 * RADIUS);
}
