//! Blocks into columns.

use std::{collections::BTreeMap, ops::Range};

use bridgewalk_model::EntityId;

use super::{BlockPlan, HostLayout, Part, Plan, RowPlan, Slot, gap};

/// A block with fewer rows is never split.
const MIN_ROWS_TO_SPLIT: usize = 9;
/// Fewer rows never stand alone.
const MIN_ROWS_ALONE: usize = 3;
/// The most columns tried.
pub(super) const MAX_COLUMNS: usize = 60;
/// What the channels beside a column may take, for the first guess.
const CHANNELS_WIDTH: f32 = 90.0;
/// So much room is added below a row at most, to get nearer to the aspect asked for.
const MAX_MORE_ROOM: f32 = 60.0;

/// Where everything stands, by its place in the plan.
pub(super) struct Standing {
    /// What is kept; its rows are given back by [`Standing::layout`].
    pub layout: HostLayout,
    /// For each block, for each of its rows.
    pub slots: Vec<Vec<Slot>>,
    /// For each block its pieces, the oldest first.
    pub parts_of: Vec<Vec<usize>>,
}

impl Standing {
    /// All of it, for the next time.
    pub(super) fn layout(mut self, plan: &Plan) -> HostLayout {
        let keys = plan.blocks.iter().flat_map(|block| &block.rows).map(|row| row.key.clone());
        self.layout.rows = keys.zip(self.slots.into_iter().flatten()).collect();
        self.layout
    }
}

/// Blocks in columns.
#[derive(Default)]
pub(super) struct Fold(Vec<Piece>);

impl Fold {
    /// The same with more room: below every row and every piece so much that the longest column is `more` longer.
    pub(super) fn standing(&self, plan: &Plan, more: f32) -> Standing {
        let bottom = self.bottom();
        let mut columns: Vec<(usize, f32)> = Vec::new();
        for piece in &self.0 {
            columns.resize(columns.len().max(piece.column + 1), (0, 0.0));
            let (gaps, end) = &mut columns[piece.column];
            *gaps += piece.rows.len() + 1;
            *end = end.max(piece.y + piece.height);
        }
        let room = columns
            .iter()
            .map(|(gaps, end)| (bottom + more - end) / gaps.saturating_sub(1).max(1) as f32)
            .fold(MAX_MORE_ROOM, f32::min);
        let mut slots: Vec<Vec<Slot>> = plan.blocks.iter().map(|block| Vec::with_capacity(block.rows.len())).collect();
        let mut parts_of = vec![Vec::new(); plan.blocks.len()];
        let mut parts = Vec::with_capacity(self.0.len());
        let (mut column, mut above) = (0, 0.0);
        for piece in &self.0 {
            if piece.column != column {
                (column, above) = (piece.column, 0.0);
            }
            let block = &plan.blocks[piece.block];
            let top = piece.y + above;
            let mut y = top + block.head_height;
            for row in &block.rows[piece.rows.clone()] {
                slots[piece.block].push(Slot { part: parts.len(), y, height: row.height });
                y += row.height + gap::ROW + room;
            }
            let more = room * piece.rows.len() as f32;
            above += more + room;
            parts_of[piece.block].push(parts.len());
            parts.push(Part { block: block.key.clone(), column, y: top, height: piece.height + more });
        }
        let layout = HostLayout {
            shape: plan.shape.clone(),
            row_width: plan.row_width,
            column_height: parts.iter().map(|part| part.y + part.height).fold(0.0, f32::max),
            parts,
            ..HostLayout::default()
        };
        Standing { layout, slots, parts_of }
    }

    fn bottom(&self) -> f32 {
        self.0.iter().map(|piece| piece.y + piece.height).fold(0.0, f32::max)
    }
}

/// Some rows of a block, in a column.
struct Piece {
    block: usize,
    rows: Range<usize>,
    column: usize,
    y: f32,
    height: f32,
}

/// What is to be folded, measured once.
pub(super) struct Sheet<'a> {
    blocks: Vec<Measured<'a>>,
    /// The height of all blocks in one column.
    total: f32,
}

struct Measured<'a> {
    plan: &'a BlockPlan,
    /// For each of its rows, and for its end: how far below the first row it begins.
    tops: Vec<f32>,
    /// Room for one more container, so that its coming moves nothing.
    slack: f32,
}

impl<'a> Sheet<'a> {
    pub(super) fn of(plan: &'a Plan) -> Self {
        let blocks: Vec<Measured<'a>> = plan.blocks.iter().map(Measured::of).collect();
        let total = blocks.iter().map(|block| block.height(0..block.plan.rows.len()) + gap::BLOCK).sum();
        Self { blocks, total }
    }

    /// About how many columns make a page of this aspect: how wide the channels beside them are is known only when
    /// their lines have found their ways.
    pub(super) fn columns(&self, plan: &Plan) -> usize {
        let column_width = plan.row_width + CHANNELS_WIDTH;
        ((self.total * plan.aspect / column_width).sqrt() as usize).clamp(1, MAX_COLUMNS)
    }

    /// The lowest columns that hold everything in `columns` of them.
    pub(super) fn fold(&self, columns: usize) -> Fold {
        let (mut low, mut high) = (self.total / columns as f32 * 0.8, self.total + 1.0);
        if columns > 1 {
            for _ in 0..14 {
                let middle = (low + high) / 2.0;
                if self.fill(middle).last().is_none_or(|piece| piece.column < columns) {
                    high = middle;
                } else {
                    low = middle;
                }
            }
        }
        Fold(self.fill(high))
    }

    /// Fills columns of the height `limit` one after the other, as text is set in a newspaper.
    fn fill(&self, limit: f32) -> Vec<Piece> {
        let mut pieces = Vec::with_capacity(self.blocks.len() * 2);
        let (mut column, mut y) = (0, 0.0_f32);
        for (index, block) in self.blocks.iter().enumerate() {
            let count = block.plan.rows.len();
            let mut from = 0;
            loop {
                let rest = count - from;
                let whole = block.height(from..count) + block.slack;
                let fits = y + whole <= limit || (y == 0.0 && rest < MIN_ROWS_TO_SPLIT);
                let mut fitting = 0;
                if !fits && rest >= MIN_ROWS_TO_SPLIT {
                    let room = limit - y - block.plan.head_height - block.plan.foot_height + block.tops[from];
                    // The last one needs no gap below it.
                    fitting = block.tops[from + 1..].partition_point(|below| below - gap::ROW <= room);
                    if y == 0.0 {
                        fitting = fitting.max(MIN_ROWS_ALONE);
                    }
                    fitting = fitting.min(rest - MIN_ROWS_ALONE);
                }
                if fitting >= MIN_ROWS_ALONE {
                    let rows = from..from + fitting;
                    pieces.push(Piece { block: index, height: block.height(rows.clone()), rows, column, y });
                    from += fitting;
                } else if fits || y == 0.0 {
                    pieces.push(Piece { block: index, rows: from..count, column, y, height: whole });
                    y += whole + gap::BLOCK;
                    break;
                }
                column += 1;
                y = 0.0;
            }
        }
        pieces
    }
}

impl<'a> Measured<'a> {
    fn of(plan: &'a BlockPlan) -> Self {
        let mut tops = Vec::with_capacity(plan.rows.len() + 1);
        let mut y = 0.0;
        for row in &plan.rows {
            tops.push(y);
            y += row.height + gap::ROW;
        }
        tops.push(y);
        let slack = if plan.rows.len() >= MIN_ROWS_TO_SPLIT { median_height(&plan.rows) + gap::ROW } else { 0.0 };
        Self { plan, tops, slack }
    }

    /// Of a piece with these of its rows.
    fn height(&self, rows: Range<usize>) -> f32 {
        self.plan.head_height + self.tops[rows.end] - self.tops[rows.start] + self.plan.foot_height
    }
}

fn median_height(rows: &[RowPlan]) -> f32 {
    let mut heights: Vec<f32> = rows.iter().map(|row| row.height).collect();
    let middle = heights.len() / 2;
    *heights.select_nth_unstable_by(middle, f32::total_cmp).1
}

/// Keeps what stands, and finds room for what is new: in its block, else below in its column where only one is in use,
/// else at the end of the shortest column. None where so much has gone that a new drawing is better.
pub(super) fn keep(plan: &Plan, previous: &HostLayout) -> Option<Standing> {
    let index: BTreeMap<&EntityId, usize> =
        plan.blocks.iter().enumerate().map(|(index, block)| (&block.key, index)).collect();
    let block_of: Vec<Option<usize>> = previous.parts.iter().map(|part| index.get(&part.block).copied()).collect();
    let slots: Vec<Vec<Option<Slot>>> = plan
        .blocks
        .iter()
        .enumerate()
        .map(|(block, plan)| {
            let is_own = |slot: &&Slot| block_of.get(slot.part) == Some(&Some(block));
            plan.rows.iter().map(|row| previous.rows.get(&row.key).filter(is_own).copied()).collect()
        })
        .collect();
    let kept = slots.iter().flatten().flatten().count();
    if kept * 2 < previous.rows.len() {
        return None;
    }
    let mut parts = previous.parts.clone();
    let mut parts_of = vec![Vec::new(); plan.blocks.len()];
    for (number, (part, block)) in parts.iter_mut().zip(&block_of).enumerate() {
        match block {
            Some(block) => parts_of[*block].push(number),
            // Those of blocks that are gone keep their number but no room.
            None => part.height = 0.0,
        }
    }
    let mut keeper = Keeper { parts, parts_of, slots };
    for (block, plan) in plan.blocks.iter().enumerate() {
        for (row, plan_row) in plan.rows.iter().enumerate() {
            match keeper.slots[block][row] {
                Some(slot) if plan_row.height <= slot.height + 0.5 => {}
                Some(slot) => {
                    // It has grown: everything below it in the column makes way.
                    let more = plan_row.height - slot.height;
                    keeper.push_down(slot.part, slot.y, more);
                    keeper.parts[slot.part].height += more;
                    keeper.slots[block][row] = Some(Slot { height: plan_row.height, ..slot });
                }
                None => keeper.add_row(plan, block, row),
            }
        }
        if keeper.parts_of[block].is_empty() {
            keeper.new_part(block, &plan.key, plan.head_height + plan.foot_height);
        }
    }
    let Keeper { parts, parts_of, slots } = keeper;
    let slots = slots.into_iter().map(|rows| rows.into_iter().map(Option::unwrap_or_default).collect()).collect();
    let layout = HostLayout {
        shape: previous.shape.clone(),
        row_width: previous.row_width,
        channels: previous.channels.clone(),
        top: previous.top,
        column_height: previous.column_height,
        parts,
        rows: BTreeMap::new(),
    };
    Some(Standing { layout, slots, parts_of })
}

/// What stands, while room is found for more.
struct Keeper {
    parts: Vec<Part>,
    parts_of: Vec<Vec<usize>>,
    slots: Vec<Vec<Option<Slot>>>,
}

impl Keeper {
    fn add_row(&mut self, plan: &BlockPlan, block: usize, row: usize) {
        let height = plan.rows[row].height;
        for &index in &self.parts_of[block] {
            let part = &self.parts[index];
            let own = self.slots[block].iter().flatten().filter(|slot| slot.part == index);
            let mut taken: Vec<(f32, f32)> = own.map(|slot| (slot.y, slot.height)).collect();
            taken.sort_by(|a, b| a.0.total_cmp(&b.0));
            let mut y = part.y + plan.head_height;
            let mut place = None;
            for (top, taken) in taken {
                if y + height + gap::ROW <= top + 0.5 {
                    place = Some(y);
                    break;
                }
                y = top + taken + gap::ROW;
            }
            let bottom = part.y + part.height - plan.foot_height;
            if let Some(y) = place.or((y + height + gap::ROW <= bottom + 0.5).then_some(y)) {
                self.slots[block][row] = Some(Slot { part: index, y, height });
                return;
            }
        }
        let more = height + gap::ROW;
        let is_only_column = self.parts.iter().all(|part| part.column == 0);
        let (part, y) = match self.parts_of[block].last() {
            Some(&last) if is_only_column => {
                let part = &self.parts[last];
                let y = part.y + part.height - plan.foot_height;
                self.push_down(last, y, more);
                self.parts[last].height += more;
                (last, y)
            }
            _ => {
                let part = self.new_part(block, &plan.key, plan.head_height + more + plan.foot_height);
                (part, self.parts[part].y + plan.head_height)
            }
        };
        self.slots[block][row] = Some(Slot { part, y, height });
    }

    /// Moves all that is below `y` in the column of `part`, `part`'s own head excepted, down by `more`.
    fn push_down(&mut self, part: usize, y: f32, more: f32) {
        let column = self.parts[part].column;
        for (index, other) in self.parts.iter_mut().enumerate() {
            if index != part && other.column == column && other.y > y {
                other.y += more;
            }
        }
        for slot in self.slots.iter_mut().flatten().flatten() {
            if self.parts[slot.part].column == column && slot.y > y {
                slot.y += more;
            }
        }
    }

    /// A new part at the end of the shortest column.
    fn new_part(&mut self, block: usize, key: &EntityId, height: f32) -> usize {
        let columns = self.parts.iter().map(|part| part.column + 1).max().unwrap_or(1);
        let mut bottoms = vec![0.0_f32; columns];
        for part in self.parts.iter().filter(|part| part.height > 0.0) {
            bottoms[part.column] = bottoms[part.column].max(part.y + part.height + gap::BLOCK);
        }
        let shortest = bottoms.iter().copied().enumerate().min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        let (column, y) = shortest.unwrap_or((0, 0.0));
        self.parts.push(Part { block: key.clone(), column, y, height });
        self.parts_of[block].push(self.parts.len() - 1);
        self.parts.len() - 1
    }
}
