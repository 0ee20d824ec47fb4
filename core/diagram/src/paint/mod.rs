//! From what a picture says to what is painted: measures it, has it laid out, paints it.

mod block;
pub(crate) mod brush;
mod host;
pub(crate) mod icon;
mod legend;
mod lines;
mod measure;
mod namespace;
mod projects;
mod row;
mod stations;
mod ties;
mod unseen;

use bridgewalk_model::{Answer, EntityId, Snapshot};

use crate::{
    Drawing, Scope, View, Words, chart, content,
    layout::Layout,
    scene::{Color, Point, Rect, Scene, Shape},
    theme::Theme,
};
pub(crate) use block::port;
use brush::Brush;

/// Around the whole picture, in scene units.
const MARGIN: f32 = 28.0;
/// Between two hosts.
const HOST_GAP: f32 = 60.0;
/// How much of its colour a dimmed thing keeps.
const DIMMED: f32 = 0.28;

/// What is handed down while painting.
pub(crate) struct Context<'a> {
    pub view: &'a View,
    pub words: &'a dyn Words,
}

/// Draws the scope of `view`.
pub(crate) fn draw(snapshot: &Snapshot, view: &View, previous: Option<&Layout>, words: &dyn Words) -> Drawing {
    let theme = Theme::named(view.theme);
    let mut brush = Brush::new(&theme);
    let context = Context { view, words };
    let mut layout = previous.cloned().unwrap_or_default();
    let bounds = match &view.scope {
        Scope::Namespace(id) if snapshot.namespace(id).is_some() => {
            namespace::paint(&mut brush, &context, snapshot, id)
        }
        _ => match chart::of(snapshot, view, words) {
            Some(chart) => {
                chart::paint::paint(&mut brush, &chart, view.aspect(), Answer::Picture.is_whole(snapshot), words)
            }
            None => whole(&mut brush, &context, snapshot, &mut layout),
        },
    };
    let bounds = if view.stations.is_empty() {
        bounds
    } else {
        union(bounds, stations::paint(&mut brush, &context, (bounds.x, bounds.bottom() + 28.0), bounds.width))
    };
    let bounds = unseen::paint(&mut brush, &context, snapshot, (bounds.x, bounds.bottom() + 28.0))
        .map_or(bounds, |corner| union(bounds, corner));
    let (mut items, targets, edges) = brush.into_parts();
    if !view.emphasis.is_empty() {
        let unseen = EntityId::unseen();
        let hosts: Vec<Rect> = targets.iter().filter(|target| target.depth == 0).map(|target| target.rect).collect();
        for item in &mut items {
            let is_dim = match &item.entity {
                Some(entity) => !matters(entity, view) && *entity != unseen,
                // What belongs to nothing outside the hosts (titles, the legend) is for reading, whatever matters.
                None => at(&item.shape).is_some_and(|at| hosts.iter().any(|host| host.contains(at))),
            };
            if is_dim {
                dim(&mut item.shape, &theme);
            }
        }
    }
    let bounds = Rect {
        x: bounds.x - MARGIN,
        y: bounds.y - MARGIN,
        width: bounds.width + 2.0 * MARGIN,
        height: bounds.height + 2.0 * MARGIN,
    };
    Drawing { layout, scene: Scene { bounds, background: theme.background, items, targets, edges } }
}

fn whole(brush: &mut Brush<'_>, context: &Context<'_>, snapshot: &Snapshot, layout: &mut Layout) -> Rect {
    let contents = content::hosts(snapshot, context.view, context.words);
    let mut bounds: Option<Rect> = None;
    let mut y = 0.0;
    for content in &contents {
        let (placed, extent) = host::paint(brush, context, content, layout.hosts.get(&content.id), y);
        layout.hosts.insert(content.id.clone(), placed);
        y = extent.bottom() + HOST_GAP;
        bounds = Some(bounds.map_or(extent, |bounds| union(bounds, extent)));
    }
    layout.hosts.retain(|id, _| contents.iter().any(|content| content.id == *id));
    let bounds = bounds.unwrap_or(Rect { x: 0.0, y: 0.0, width: 320.0, height: 80.0 });
    let legend = legend::paint(brush, context, &contents, (bounds.x, bounds.bottom() + 28.0), bounds.width);
    union(bounds, legend)
}

fn union(a: Rect, b: Rect) -> Rect {
    let (x, y) = (a.x.min(b.x), a.y.min(b.y));
    Rect { x, y, width: a.right().max(b.right()) - x, height: a.bottom().max(b.bottom()) - y }
}

/// Where a shape begins.
fn at(shape: &Shape) -> Option<Point> {
    match shape {
        Shape::Box { rect, .. } => Some(Point { x: rect.x, y: rect.y }),
        Shape::Line { points, .. } | Shape::Polygon { points, .. } => points.first().copied(),
        Shape::Text { at, .. } => Some(*at),
    }
}

/// Whether it is emphasised itself, is part of what is, or holds it.
fn matters(entity: &EntityId, view: &View) -> bool {
    view.emphasis.contains(entity)
        || view.emphasis.iter().any(|other| entity.is_within(other) || other.is_within(entity))
}

fn dim(shape: &mut Shape, theme: &Theme) {
    let fade = |color: &mut Color| {
        let mix = |from: u8, to: u8| (f32::from(to) + (f32::from(from) - f32::from(to)) * DIMMED).round() as u8;
        let ground = theme.host;
        *color = Color { r: mix(color.r, ground.r), g: mix(color.g, ground.g), b: mix(color.b, ground.b), a: color.a };
    };
    match shape {
        Shape::Box { fill, stroke, .. } => {
            fill.iter_mut().for_each(fade);
            stroke.iter_mut().for_each(|stroke| fade(&mut stroke.color));
        }
        Shape::Line { stroke, .. } => fade(&mut stroke.color),
        Shape::Polygon { fill, .. } => fade(fill),
        Shape::Text { color, .. } => fade(color),
    }
}
