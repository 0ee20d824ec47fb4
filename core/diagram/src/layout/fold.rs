//! Blocks into columns.

use std::collections::{BTreeMap, HashMap};

use bridgewalk_model::EntityId;

use super::{BlockPlan, HostLayout, Part, Plan, Slot, gap};

/// A block with fewer rows is never split.
const MIN_ROWS_TO_SPLIT: usize = 9;
/// Fewer rows never stand alone.
const MIN_ROWS_ALONE: usize = 3;
/// The most columns tried.
const MAX_COLUMNS: usize = 60;
/// What the channels beside a column may take, for estimates.
const CHANNELS_WIDTH: f32 = 90.0;

/// Places everything anew.
pub(super) fn fold(plan: &Plan) -> HostLayout {
    let total: f32 =
        plan.blocks.iter().map(|block| block_height(block, block.rows.iter().map(|row| row.height)) + gap::BLOCK).sum();
    let left =
        plan.outside.iter().chain(&plan.uplinks).map(|size| size.width).fold(0.0, f32::max) * 2.0 + gap::OUTSIDE * 2.0;
    let column_width = plan.row_width + CHANNELS_WIDTH;
    let guess = ((total * plan.aspect / column_width).sqrt() as usize).clamp(1, MAX_COLUMNS);
    let mut best: Option<(f32, Flow)> = None;
    for columns in guess.saturating_sub(2).max(1)..=guess + 2 {
        let flow = balanced(plan, columns, total);
        let used = flow.parts.iter().map(|part| part.column + 1).max().unwrap_or(1);
        let height = flow.bottom + plan.title_height + 2.0 * gap::INSIDE + 60.0;
        let aspect = (left + used as f32 * column_width) / height.max(1.0);
        let misfit = (aspect / plan.aspect).ln().abs();
        if best.as_ref().is_none_or(|(least, _)| misfit < *least - 1e-4) {
            best = Some((misfit, flow));
        }
    }
    let flow = best.map(|(_, flow)| flow).unwrap_or_default();
    HostLayout {
        shape: plan.shape.clone(),
        row_width: plan.row_width,
        channels: Vec::new(),
        top: 0.0,
        column_height: flow.bottom,
        parts: flow.parts,
        rows: flow.rows,
    }
}

#[derive(Default)]
struct Flow {
    parts: Vec<Part>,
    rows: BTreeMap<EntityId, Slot>,
    bottom: f32,
}

/// The lowest columns that hold everything in `columns` of them.
fn balanced(plan: &Plan, columns: usize, total: f32) -> Flow {
    let (mut low, mut high) = (total / columns as f32 * 0.8, total + 1.0);
    if columns > 1 {
        for _ in 0..14 {
            let middle = (low + high) / 2.0;
            if column_count(plan, middle) <= columns {
                high = middle;
            } else {
                low = middle;
            }
        }
    }
    flow(plan, high)
}

fn column_count(plan: &Plan, limit: f32) -> usize {
    let mut count = 1;
    run(plan, limit, &mut |piece| count = piece.column + 1);
    count
}

fn flow(plan: &Plan, limit: f32) -> Flow {
    let mut flow = Flow::default();
    run(plan, limit, &mut |piece| {
        let block = &plan.blocks[piece.block];
        let part = flow.parts.len();
        let mut y = piece.y + block.head_height;
        for row in &block.rows[piece.rows.clone()] {
            flow.rows.insert(row.key.clone(), Slot { part, y, height: row.height });
            y += row.height + gap::ROW;
        }
        flow.bottom = flow.bottom.max(piece.y + piece.height);
        flow.parts.push(Part { block: block.key.clone(), column: piece.column, y: piece.y, height: piece.height });
    });
    flow
}

struct Piece {
    block: usize,
    rows: std::ops::Range<usize>,
    column: usize,
    y: f32,
    height: f32,
}

/// Fills columns of the height `limit` one after the other, as text is set in a newspaper.
fn run(plan: &Plan, limit: f32, emit: &mut dyn FnMut(Piece)) {
    let (mut column, mut y) = (0, 0.0_f32);
    for (index, block) in plan.blocks.iter().enumerate() {
        let heights: Vec<f32> = block.rows.iter().map(|row| row.height).collect();
        let mut from = 0;
        loop {
            let rest = heights.len() - from;
            // Room for one more container, so that its coming moves nothing.
            let slack = if heights.len() >= MIN_ROWS_TO_SPLIT { median(&heights) + gap::ROW } else { 0.0 };
            let whole = block_height(block, heights[from..].iter().copied()) + slack;
            if y + whole <= limit || (y == 0.0 && rest < MIN_ROWS_TO_SPLIT) {
                emit(Piece { block: index, rows: from..heights.len(), column, y, height: whole });
                y += whole + gap::BLOCK;
                break;
            }
            let mut fitting = 0;
            let mut height = block.head_height + block.foot_height;
            for row in &heights[from..] {
                if y + height + row > limit {
                    break;
                }
                height += row + gap::ROW;
                fitting += 1;
            }
            if y == 0.0 {
                fitting = fitting.max(MIN_ROWS_ALONE);
            }
            fitting = fitting.min(rest.saturating_sub(MIN_ROWS_ALONE));
            if rest >= MIN_ROWS_TO_SPLIT && fitting >= MIN_ROWS_ALONE {
                let height = block_height(block, heights[from..from + fitting].iter().copied());
                emit(Piece { block: index, rows: from..from + fitting, column, y, height });
                from += fitting;
            } else if y == 0.0 {
                emit(Piece { block: index, rows: from..heights.len(), column, y, height: whole });
                y += whole + gap::BLOCK;
                break;
            }
            column += 1;
            y = 0.0;
        }
    }
}

fn block_height(block: &BlockPlan, rows: impl Iterator<Item = f32>) -> f32 {
    block.head_height + rows.map(|height| height + gap::ROW).sum::<f32>() + block.foot_height
}

fn median(heights: &[f32]) -> f32 {
    let mut sorted = heights.to_vec();
    sorted.sort_by(f32::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// Keeps what stands, and finds room for what is new: in its block, else below in its column where only one is in use,
/// else at the end of the shortest column. None where so much has gone that a new drawing is better.
pub(super) fn keep(plan: &Plan, previous: &HostLayout) -> Option<HostLayout> {
    let mut layout = previous.clone();
    let blocks: BTreeMap<&EntityId, usize> =
        plan.blocks.iter().enumerate().map(|(index, block)| (&block.key, index)).collect();
    let wanted: HashMap<&EntityId, &EntityId> =
        plan.blocks.iter().flat_map(|block| block.rows.iter().map(move |row| (&row.key, &block.key))).collect();
    let parts = &previous.parts;
    layout.rows.retain(|row, slot| parts.get(slot.part).is_some_and(|part| wanted.get(row) == Some(&&part.block)));
    if layout.rows.len() * 2 < previous.rows.len() {
        return None;
    }
    // Parts of blocks that are gone keep their number but no room.
    for part in &mut layout.parts {
        if !blocks.contains_key(&part.block) {
            part.height = 0.0;
        }
    }
    let mut by_part: Vec<Vec<(f32, f32)>> = vec![Vec::new(); layout.parts.len()];
    for slot in layout.rows.values() {
        by_part[slot.part].push((slot.y, slot.height));
    }
    for block in &plan.blocks {
        for row in &block.rows {
            match layout.rows.get_mut(&row.key) {
                Some(slot) if row.height <= slot.height + 0.5 => {}
                Some(slot) => {
                    // It has grown: everything below it in the column makes way.
                    let (part, y, more) = (slot.part, slot.y, row.height - slot.height);
                    slot.height = row.height;
                    by_part[part].iter_mut().for_each(|taken| {
                        if (taken.0 - y).abs() < 0.5 {
                            taken.1 += more;
                        } else if taken.0 > y {
                            taken.0 += more;
                        }
                    });
                    layout.parts[part].height += more;
                    push_down(&mut layout, part, y, more, &mut by_part);
                }
                None => add_row(&mut layout, &mut by_part, block, row),
            }
        }
        if !layout.parts.iter().any(|part| part.block == block.key) {
            new_part(&mut layout, &mut by_part, block.key.clone(), block.head_height + block.foot_height);
        }
    }
    layout.column_height = layout.column_height.max(0.0);
    Some(layout)
}

fn add_row(layout: &mut HostLayout, by_part: &mut Vec<Vec<(f32, f32)>>, block: &BlockPlan, row: &super::RowPlan) {
    let own: Vec<usize> =
        layout.parts.iter().enumerate().filter(|(_, part)| part.block == block.key).map(|(index, _)| index).collect();
    for &index in &own {
        let part = &layout.parts[index];
        let taken = &mut by_part[index];
        taken.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut y = part.y + block.head_height;
        let mut place = None;
        for &(top, height) in taken.iter() {
            if y + row.height + gap::ROW <= top + 0.5 {
                place = Some(y);
                break;
            }
            y = top + height + gap::ROW;
        }
        let bottom = part.y + part.height - block.foot_height;
        let place = place.or((y + row.height + gap::ROW <= bottom + 0.5).then_some(y));
        if let Some(y) = place {
            taken.push((y, row.height));
            layout.rows.insert(row.key.clone(), Slot { part: index, y, height: row.height });
            return;
        }
    }
    let columns = layout.parts.iter().map(|part| part.column + 1).max().unwrap_or(1);
    if let (1, Some(&index)) = (columns, own.last()) {
        let part = &mut layout.parts[index];
        let y = part.y + part.height - block.foot_height;
        let more = row.height + gap::ROW;
        part.height += more;
        push_down(layout, index, y, more, by_part);
        by_part[index].push((y, row.height));
        layout.rows.insert(row.key.clone(), Slot { part: index, y, height: row.height });
        return;
    }
    let height = block.head_height + row.height + gap::ROW + block.foot_height;
    let index = new_part(layout, by_part, block.key.clone(), height);
    let y = layout.parts[index].y + block.head_height;
    by_part[index].push((y, row.height));
    layout.rows.insert(row.key.clone(), Slot { part: index, y, height: row.height });
}

/// Moves all that is below `y` in the column of `part`, `part`'s own head excepted, down by `more`.
fn push_down(layout: &mut HostLayout, part: usize, y: f32, more: f32, by_part: &mut [Vec<(f32, f32)>]) {
    let column = layout.parts[part].column;
    for (index, other) in layout.parts.iter_mut().enumerate() {
        if index != part && other.column == column && other.y > y {
            other.y += more;
            by_part[index].iter_mut().for_each(|taken| taken.0 += more);
        }
    }
    for slot in layout.rows.values_mut() {
        if layout.parts[slot.part].column == column && slot.y > y {
            slot.y += more;
        }
    }
}

/// A new part at the end of the shortest column.
fn new_part(layout: &mut HostLayout, by_part: &mut Vec<Vec<(f32, f32)>>, block: EntityId, height: f32) -> usize {
    let columns = layout.parts.iter().map(|part| part.column + 1).max().unwrap_or(1);
    let mut bottoms = vec![0.0_f32; columns];
    for part in layout.parts.iter().filter(|part| part.height > 0.0) {
        bottoms[part.column] = bottoms[part.column].max(part.y + part.height + gap::BLOCK);
    }
    let (column, y) =
        bottoms.iter().copied().enumerate().min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0))).unwrap_or((0, 0.0));
    layout.parts.push(Part { block, column, y, height });
    by_part.push(Vec::new());
    layout.parts.len() - 1
}
