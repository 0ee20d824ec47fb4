//! Icons: a state, a reach, a door. Each is told by its shape; colour only helps.

use bridgewalk_model::{EntityId, engine::ContainerState};

use super::brush::{Brush, Layer};
use crate::{
    content::Reach,
    scene::{Color, Point, Rect, Stroke},
    theme::Theme,
};

/// A container's state, 10 units square around `at`.
pub(crate) fn state(brush: &mut Brush<'_>, entity: &EntityId, at: Point, state: ContainerState) {
    let (strong, weak) = (brush.theme.text, brush.theme.muted);
    let entity = Some(entity);
    match state {
        ContainerState::Running => brush.polygon(entity, &[(-4.0, -5.0), (5.0, 0.0), (-4.0, 5.0)], at, strong),
        ContainerState::Paused => {
            brush.polygon(entity, &[(-4.5, -5.0), (-1.5, -5.0), (-1.5, 5.0), (-4.5, 5.0)], at, strong);
            brush.polygon(entity, &[(1.5, -5.0), (4.5, -5.0), (4.5, 5.0), (1.5, 5.0)], at, strong);
        }
        ContainerState::Restarting | ContainerState::Removing => {
            brush.polygon(entity, &[(-5.0, -4.0), (0.0, 0.0), (-5.0, 4.0)], at, strong);
            brush.polygon(entity, &[(0.0, -4.0), (5.0, 0.0), (0.0, 4.0)], at, strong);
        }
        ContainerState::Exited => {
            brush.polygon(entity, &[(-4.5, -4.5), (4.5, -4.5), (4.5, 4.5), (-4.5, 4.5)], at, weak);
        }
        ContainerState::Created => circle(brush, entity, at, 4.5, None, Some(Theme::thin(weak))),
        ContainerState::Dead => {
            let cross = [
                (-5.0, -3.5),
                (-3.5, -5.0),
                (0.0, -1.5),
                (3.5, -5.0),
                (5.0, -3.5),
                (1.5, 0.0),
                (5.0, 3.5),
                (3.5, 5.0),
                (0.0, 1.5),
                (-3.5, 5.0),
                (-5.0, 3.5),
                (-1.5, 0.0),
            ];
            brush.polygon(entity, &cross, at, weak);
        }
    }
}

/// As last seen: a clock, 11 units across.
pub(crate) fn stale(brush: &mut Brush<'_>, entity: Option<&EntityId>, at: Point) {
    let color = brush.theme.muted;
    circle(brush, entity, at, 5.5, None, Some(Stroke { color, width: 1.4, dash: None }));
    brush.polygon(entity, &[(-0.6, -4.0), (0.6, -4.0), (0.6, 0.6), (-0.6, 0.6)], at, color);
    brush.polygon(entity, &[(-0.6, -0.6), (3.2, -0.6), (3.2, 0.6), (-0.6, 0.6)], at, color);
}

/// Who may come in: a globe, a house with a door, or a way out.
pub(crate) fn reach(brush: &mut Brush<'_>, entity: Option<&EntityId>, at: Point, reach: Reach, color: Color) {
    match reach {
        Reach::Everyone | Reach::OneAddress => globe(brush, entity, at, 7.0, color),
        Reach::HostOnly => {
            brush.polygon(entity, &[(-7.5, 0.0), (0.0, -7.0), (7.5, 0.0)], at, color);
            brush.polygon(
                entity,
                &[(-5.5, 0.0), (5.5, 0.0), (5.5, 7.0), (2.0, 7.0), (2.0, 2.5), (-2.0, 2.5), (-2.0, 7.0), (-5.5, 7.0)],
                at,
                color,
            );
        }
        Reach::Outward => {
            brush.polygon(entity, &[(-7.0, 0.0), (-1.0, -5.0), (-1.0, 5.0)], at, color);
            brush.polygon(entity, &[(-1.0, -1.5), (7.0, -1.5), (7.0, 1.5), (-1.0, 1.5)], at, color);
        }
    }
}

/// The world.
pub(crate) fn globe(brush: &mut Brush<'_>, entity: Option<&EntityId>, at: Point, radius: f32, color: Color) {
    let stroke = Stroke { color, width: 1.4, dash: None };
    circle(brush, entity, at, radius, None, Some(stroke));
    let narrow = Rect { x: at.x - radius * 0.42, y: at.y - radius, width: radius * 0.84, height: radius * 2.0 };
    brush.rect(Layer::Marks, entity, narrow, radius * 0.42, None, Some(Stroke { width: 1.1, ..stroke }));
    let equator = [(-radius, -0.55), (radius, -0.55), (radius, 0.55), (-radius, 0.55)];
    brush.polygon(entity, &equator, at, color);
}

/// A container's port: a door that stands open, or one that is shut.
pub(crate) fn door(brush: &mut Brush<'_>, entity: &EntityId, at: Point, is_open: bool) {
    let color = if is_open { brush.theme.open } else { brush.theme.closed };
    let frame = Rect { x: at.x - 4.0, y: at.y - 5.5, width: 8.0, height: 11.0 };
    let stroke = Stroke { color, width: 1.2, dash: None };
    if is_open {
        brush.rect(Layer::Marks, Some(entity), frame, 0.5, None, Some(stroke));
        brush.polygon(Some(entity), &[(-4.0, -5.5), (0.5, -3.0), (0.5, 7.5), (-4.0, 5.5)], at, color);
    } else {
        brush.rect(Layer::Marks, Some(entity), frame, 0.5, Some(color), Some(stroke));
        let knob = Rect { x: at.x + 0.8, y: at.y - 0.8, width: 1.8, height: 1.8 };
        brush.rect(Layer::Marks, Some(entity), knob, 0.9, Some(brush.theme.container), None);
    }
}

/// No way through.
pub(crate) fn barred(brush: &mut Brush<'_>, entity: Option<&EntityId>, at: Point, color: Color) {
    circle(brush, entity, at, 7.0, None, Some(Stroke { color, width: 1.6, dash: None }));
    brush.polygon(entity, &[(-4.0, -1.3), (4.0, -1.3), (4.0, 1.3), (-4.0, 1.3)], at, color);
}

fn circle(
    brush: &mut Brush<'_>,
    entity: Option<&EntityId>,
    at: Point,
    radius: f32,
    fill: Option<Color>,
    stroke: Option<Stroke>,
) {
    let rect = Rect { x: at.x - radius, y: at.y - radius, width: radius * 2.0, height: radius * 2.0 };
    brush.rect(Layer::Marks, entity, rect, radius, fill, stroke);
}
