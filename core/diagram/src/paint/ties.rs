//! The arrows of links (`--link`, obsolete): from the line that names the alias to the container that it means, beside the
//! boxes, where no cable is.

use std::collections::BTreeMap;

use bridgewalk_model::EntityId;

use super::{
    Context,
    block::Wires,
    brush::Brush,
    measure::{FRAME, Lanes, MAX_TIES, RowShape, TIE_LANE},
    row,
};
use crate::{
    content::HostContent,
    layout::{self, Placed},
    scene::{EdgeKind, LineEnd, Point, Rect, Stroke},
};

/// Between the boxes' frame and the first arrow.
const GAP: f32 = 4.0;

/// Where a container's line is.
#[derive(Clone, Copy)]
struct Spot {
    body: Rect,
    y: f32,
}

pub(super) fn paint(
    brush: &mut Brush<'_>,
    context: &Context<'_>,
    content: &HostContent,
    lanes: &Lanes,
    shapes: &[Vec<RowShape>],
    placed: &Placed,
) {
    let mut spots: BTreeMap<&EntityId, Spot> = BTreeMap::new();
    for (block, of_block) in content.blocks.iter().enumerate() {
        for ((row, shape), place) in of_block.rows.iter().zip(&shapes[block]).zip(&placed.rows[block]) {
            let body = row::body(context, row, lanes, shape, place.rect);
            for (number, resident) in row.residents.iter().enumerate() {
                spots.insert(&resident.entity, Spot { body, y: row::resident_line(body, number) });
            }
        }
    }
    let stroke = Stroke { color: brush.theme.outline, width: 1.5, dash: Some((4.0, 3.0)) };
    // How many run beside each column.
    let mut beside: BTreeMap<i64, usize> = BTreeMap::new();
    for (block, of_block) in content.blocks.iter().enumerate() {
        for ((row, shape), place) in of_block.rows.iter().zip(&shapes[block]).zip(&placed.rows[block]) {
            let body = row::body(context, row, lanes, shape, place.rect);
            for (number, tie) in row.links.iter().enumerate() {
                let Some(to) = tie.target.as_ref().and_then(|target| spots.get(target)) else { continue };
                let from = Point { x: body.right(), y: row::tie_line(body, row, number) };
                // In one column the arrow runs beside the boxes; elsewhere it finds its way round them.
                let is_beside = (to.body.x - body.x).abs() < 0.5;
                let path = if is_beside {
                    let lane = beside.entry(body.x.round() as i64).or_default();
                    let x = body.right() + FRAME + GAP + TIE_LANE * (*lane % MAX_TIES) as f32;
                    *lane += 1;
                    let goal = Point { x: to.body.right(), y: to.y };
                    vec![from, Point { x, y: from.y }, Point { x, y: goal.y }, goal]
                } else {
                    let wires = Wires { lanes, shapes: &shapes[block], placed, index: block, content };
                    let mut boxes = row::obstacles(&wires, body);
                    boxes.retain(|rect| !rect.overlaps(to.body));
                    boxes.push(to.body);
                    layout::detour(from, Point { x: to.body.x, y: to.y }, &boxes)
                };
                brush.line_target(&tie.entity, tie.name.clone(), path.clone());
                brush.edge(EdgeKind::Link, Some(&tie.entity), path, stroke, (LineEnd::Plain, LineEnd::Arrow));
            }
        }
    }
}
