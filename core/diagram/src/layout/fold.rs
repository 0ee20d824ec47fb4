//! Blocks into columns, as text is set in a newspaper.

use std::ops::Range;

use super::{BlockPlan, HostLayout, Part, Plan, RowPlan, Slot, gap, standing::Standing};

/// A block with fewer rows is never split.
pub(super) const MIN_ROWS_TO_SPLIT: usize = 9;
/// Fewer rows never stand alone.
pub(super) const MIN_ROWS_ALONE: usize = 3;
/// The most columns tried.
pub(super) const MAX_COLUMNS: usize = 60;
/// What the channels beside a column may take, for the first guess.
const CHANNELS_WIDTH: f32 = 90.0;
/// The most room that is added below a row to approach the requested aspect ratio, in units.
const MAX_MORE_ROOM: f32 = 60.0;

/// Blocks in columns, from the first column's top on.
pub(super) struct Fold(Vec<Piece>);

impl Fold {
    fn bottom(&self) -> f32 {
        self.0.iter().map(|piece| piece.y + piece.height).fold(0.0, f32::max)
    }
}

/// Some rows of a block, in a column.
struct Piece {
    /// By its place in [`Sheet::blocks`].
    block: usize,
    /// By their places in [`Measured::rows`].
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
    /// By its place in the plan.
    index: usize,
    plan: &'a BlockPlan,
    /// Its rows in the order in which they are set, by their places in the plan.
    rows: Vec<usize>,
    /// For each of its rows, and for its end: how far below the first row it begins.
    tops: Vec<f32>,
    /// Room for one more container, so that its coming moves nothing.
    slack: f32,
}

impl<'a> Sheet<'a> {
    /// Everything in the plan's order.
    pub(super) fn of(plan: &'a Plan) -> Self {
        Self::in_order(plan, plan.blocks.iter().map(|block| (0..block.rows.len()).collect()).enumerate())
    }

    /// Everything in an order of its own: blocks, and the rows of each, by their places in the plan.
    pub(super) fn in_order(plan: &'a Plan, order: impl IntoIterator<Item = (usize, Vec<usize>)>) -> Self {
        let blocks: Vec<Measured<'a>> =
            order.into_iter().map(|(index, rows)| Measured::of(index, &plan.blocks[index], rows)).collect();
        let total = blocks.iter().map(|block| block.height(0..block.rows.len()) + gap::BLOCK).sum();
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

    /// `fold` with more room: below every row and every piece so much that the longest column is `more` longer.
    pub(super) fn standing(&self, fold: &Fold, plan: &Plan, more: f32) -> Standing {
        let bottom = fold.bottom();
        let mut columns: Vec<(usize, f32)> = Vec::new();
        for piece in &fold.0 {
            columns.resize(columns.len().max(piece.column + 1), (0, 0.0));
            let (gaps, end) = &mut columns[piece.column];
            *gaps += piece.rows.len() + 1;
            *end = end.max(piece.y + piece.height);
        }
        let room = columns
            .iter()
            .map(|(gaps, end)| (bottom + more - end) / gaps.saturating_sub(1).max(1) as f32)
            .fold(MAX_MORE_ROOM, f32::min);
        let mut slots: Vec<Vec<Slot>> =
            plan.blocks.iter().map(|block| vec![Slot::default(); block.rows.len()]).collect();
        let mut parts_of = vec![Vec::new(); plan.blocks.len()];
        let mut parts = Vec::with_capacity(fold.0.len());
        let (mut column, mut above) = (0, 0.0);
        for piece in &fold.0 {
            if piece.column != column {
                (column, above) = (piece.column, 0.0);
            }
            let Measured { index, plan: block, rows, .. } = &self.blocks[piece.block];
            let top = piece.y + above;
            let mut y = top + block.head_height;
            for &row in &rows[piece.rows.clone()] {
                let height = block.rows[row].height;
                slots[*index][row] = Slot { part: parts.len(), y, height };
                y += height + gap::ROW + room;
            }
            let more = room * piece.rows.len() as f32;
            above += more + room;
            parts_of[*index].push(parts.len());
            parts.push(Part { block: block.key.clone(), column, y: top, height: piece.height + more });
        }
        let layout =
            HostLayout { shape: plan.shape.clone(), row_width: plan.row_width, room, parts, ..HostLayout::default() };
        Standing { layout, slots, parts_of }
    }

    /// Fills columns of the height `limit` one after the other, as text is set in a newspaper.
    fn fill(&self, limit: f32) -> Vec<Piece> {
        let mut pieces = Vec::with_capacity(self.blocks.len() * 2);
        let (mut column, mut y) = (0, 0.0_f32);
        for (index, block) in self.blocks.iter().enumerate() {
            let count = block.rows.len();
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
    fn of(index: usize, plan: &'a BlockPlan, rows: Vec<usize>) -> Self {
        let mut tops = Vec::with_capacity(rows.len() + 1);
        let mut y = 0.0;
        for &row in &rows {
            tops.push(y);
            y += plan.rows[row].height + gap::ROW;
        }
        tops.push(y);
        Self { index, plan, rows, tops, slack: slack(plan) }
    }

    /// Of a piece with these of its rows.
    fn height(&self, rows: Range<usize>) -> f32 {
        self.plan.head_height + self.tops[rows.end] - self.tops[rows.start] + self.plan.foot_height
    }
}

/// Room for one more row that a block is given, so that its coming moves nothing: of a large one it costs little.
pub(super) fn slack(plan: &BlockPlan) -> f32 {
    if plan.rows.len() >= MIN_ROWS_TO_SPLIT { median_height(&plan.rows) + gap::ROW } else { 0.0 }
}

fn median_height(rows: &[RowPlan]) -> f32 {
    let mut heights: Vec<f32> = rows.iter().map(|row| row.height).collect();
    let middle = heights.len() / 2;
    *heights.select_nth_unstable_by(middle, f32::total_cmp).1
}
