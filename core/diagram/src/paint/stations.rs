//! A walk's stations: numbered badges on what the packet passes, and what happens there in words below the picture.

use bridgewalk_model::EntityId;

use super::{
    Context,
    brush::{Brush, Layer, size},
};
use crate::{
    Station,
    fonts::text_width,
    scene::{Anchor, Face, Point, Rect, Role, Target},
};

const RADIUS: f32 = 11.0;
const LINE: f32 = 26.0;
/// From a caption's badge to its text.
const INDENT: f32 = 34.0;
/// As many captions stand below each other, however wide the picture is.
const ONE_COLUMN: usize = 4;
const COLUMN_GAP: f32 = 48.0;
/// The most hops that are listed.
const MAX_STATIONS: usize = 60;

/// Puts the badges on and the captions from `(x, y)` downwards, in two columns where they fit into `width`; the captions'
/// extent.
pub(super) fn paint(brush: &mut Brush<'_>, context: &Context<'_>, (x, y): (f32, f32), width: f32) -> Rect {
    let stations = &context.view.stations[..context.view.stations.len().min(MAX_STATIONS)];
    let places: Vec<Option<Target>> =
        stations.iter().map(|station| target(&brush.targets, &station.entity).cloned()).collect();
    let needs = |station: &Station| INDENT + text_width(&station.caption, Face::Regular, size::TITLE) + 1.0;
    let column = stations.iter().map(needs).fold(0.0, f32::max);
    let columns = if stations.len() > ONE_COLUMN && 2.0 * column + COLUMN_GAP <= width { 2 } else { 1 };
    let lines = stations.len().div_ceil(columns);
    for (index, station) in stations.iter().enumerate() {
        let number = index + 1;
        if let Some(place) = &places[index] {
            // Several stations at one box stand beside each other, the first leftmost.
            let later = places[number..].iter().flatten().filter(|other| other.rect == place.rect).count();
            badge(brush, &station.entity, corner(place, later), number);
        }
        let left = x + (column + COLUMN_GAP) * (index / lines) as f32;
        let place = Point { x: left + RADIUS, y: y + LINE * ((index % lines) as f32 + 0.5) };
        badge(brush, &station.entity, place, number);
        let style = (Face::Regular, size::TITLE, brush.theme.text);
        let entity = Some(&station.entity);
        brush.text_as(
            Role::Entry,
            entity,
            left + INDENT,
            place.y + 5.0,
            &station.caption,
            style,
            Anchor::Start,
            column,
        );
    }
    let width = column * columns as f32 + COLUMN_GAP * (columns - 1) as f32;
    Rect { x, y, width, height: LINE * lines as f32 }
}

/// Where a thing's badge is, with `later` ones to its right: astride its box's upper edge, at the right end of an
/// interface's line, above a bridge's port.
fn corner(target: &Target, later: usize) -> Point {
    let (rect, left) = (target.rect, RADIUS * (1.0 + 2.2 * later as f32));
    let is_interface = target.entity.as_str().rsplit('/').next().is_some_and(|last| last.starts_with("if:"));
    let x = rect.right() - left;
    match rect.height {
        height if is_interface && height < 2.0 * RADIUS => Point { x, y: rect.y - RADIUS - 1.0 },
        height if is_interface && height < 3.0 * RADIUS => Point { x, y: rect.center().y },
        _ => Point { x, y: rect.y },
    }
}

/// What is painted of the entity: itself, or the smallest thing that holds it.
fn target<'a>(targets: &'a [Target], entity: &EntityId) -> Option<&'a Target> {
    let boxes = || targets.iter().filter(|target| target.line.is_empty());
    boxes().find(|target| target.entity == *entity).or_else(|| {
        boxes().filter(|target| entity.is_within(&target.entity)).max_by_key(|target| target.entity.as_str().len())
    })
}

fn badge(brush: &mut Brush<'_>, entity: &EntityId, at: Point, number: usize) {
    let theme = brush.theme;
    let circle = Rect { x: at.x - RADIUS, y: at.y - RADIUS, width: 2.0 * RADIUS, height: 2.0 * RADIUS };
    brush.rect(Layer::Marks, Some(entity), circle, RADIUS, Some(theme.inward), None);
    let style = (Face::Strong, size::BODY, theme.background);
    brush.text(Some(entity), at.x, at.y + 4.5, &number.to_string(), style, Anchor::Middle, 2.0 * RADIUS);
}
