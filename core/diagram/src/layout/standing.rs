//! Where everything stands, and how it goes on standing there when something comes or goes.

use std::collections::BTreeMap;

use bridgewalk_model::EntityId;

use super::{
    BlockPlan, HostLayout, Part, Plan, Slot,
    fold::{MIN_ROWS_ALONE, MIN_ROWS_TO_SPLIT, Sheet, slack},
    gap,
};

/// Where everything stands, by its place in the plan.
#[derive(Clone)]
pub(super) struct Standing {
    /// What is kept; its rows are given back by [`Standing::layout`].
    pub layout: HostLayout,
    /// For each block, for each of its rows.
    pub slots: Vec<Vec<Slot>>,
    /// For each block its pieces, the one with its head first.
    pub parts_of: Vec<Vec<usize>>,
}

impl Standing {
    /// All of it, for the next time.
    pub(super) fn layout(mut self, plan: &Plan) -> HostLayout {
        let keys = plan.blocks.iter().flat_map(|block| &block.rows).map(|row| row.key.clone());
        self.layout.rows = keys.zip(self.slots.into_iter().flatten()).collect();
        self.layout
    }

    /// Everything of `plan` that `previous` holds, where it stood; what is new, where it moves least. A piece that has
    /// lost all its rows is gone. None where more than half has gone or nothing was there: then there is nothing to keep.
    pub(super) fn kept(plan: &Plan, previous: &HostLayout) -> Option<Self> {
        let index: BTreeMap<&EntityId, usize> =
            plan.blocks.iter().enumerate().map(|(index, block)| (&block.key, index)).collect();
        let block_of: Vec<Option<usize>> = previous.parts.iter().map(|part| index.get(&part.block).copied()).collect();
        let mut slots: Vec<Vec<Option<Slot>>> = plan
            .blocks
            .iter()
            .enumerate()
            .map(|(block, plan)| {
                let is_own = |slot: &&Slot| block_of.get(slot.part) == Some(&Some(block));
                plan.rows.iter().map(|row| previous.rows.get(&row.key).filter(is_own).copied()).collect()
            })
            .collect();
        let kept = slots.iter().flatten().flatten().count();
        if kept * 2 < previous.rows.len() || previous.parts.is_empty() {
            return None;
        }

        let mut is_used = vec![false; previous.parts.len()];
        slots.iter().flatten().flatten().for_each(|slot| is_used[slot.part] = true);
        let mut parts = Vec::with_capacity(previous.parts.len());
        let mut parts_of = vec![Vec::new(); plan.blocks.len()];
        let mut place = vec![0; previous.parts.len()];
        for (number, (part, block)) in previous.parts.iter().zip(&block_of).enumerate() {
            let Some(block) = *block else { continue };
            // Of a block without rows its first piece stays: it shows the network itself.
            let is_last_chance = plan.blocks[block].rows.is_empty() && parts_of[block].is_empty();
            if is_used[number] || is_last_chance {
                place[number] = parts.len();
                parts_of[block].push(parts.len());
                parts.push(part.clone());
            }
        }
        slots.iter_mut().flatten().flatten().for_each(|slot| slot.part = place[slot.part]);
        let mut keeper = Keeper { parts, parts_of, slots };
        for block in 0..plan.blocks.len() {
            keeper.take(&plan.blocks, block);
        }
        let Keeper { parts, parts_of, slots } = keeper;
        let slots = slots.into_iter().map(|rows| rows.into_iter().map(Option::unwrap_or_default).collect()).collect();
        let layout = HostLayout { parts, rows: BTreeMap::new(), ..previous.clone() };
        Some(Self { layout, slots, parts_of })
    }

    /// The column that reaches furthest down; of equal ones the first.
    pub(super) fn tallest(&self) -> usize {
        let ends = self.ends();
        (1..ends.len()).fold(0, |tallest, column| if ends[column] > ends[tallest] + 0.5 { column } else { tallest })
    }

    /// For each column, how far down it reaches.
    fn ends(&self) -> Vec<f32> {
        let mut ends: Vec<f32> = Vec::new();
        for part in &self.layout.parts {
            ends.resize(ends.len().max(part.column + 1), 0.0);
            ends[part.column] = ends[part.column].max(part.y + part.height);
        }
        ends
    }

    /// Closes the holes of `column`: everything in the order in which it stands, one below the other, with the usual
    /// room for one more row.
    pub(super) fn compact(&mut self, plan: &Plan, column: usize) {
        let room = self.layout.room;
        let mut stacked: Vec<(usize, usize)> = Vec::new();
        for (block, parts) in self.parts_of.iter().enumerate() {
            let here = parts.iter().filter(|part| self.layout.parts[**part].column == column);
            stacked.extend(here.map(|part| (*part, block)));
        }
        stacked.sort_by(|a, b| self.layout.parts[a.0].y.total_cmp(&self.layout.parts[b.0].y));
        let mut top = 0.0;
        for (number, block) in stacked {
            let plan = &plan.blocks[block];
            let slots = &mut self.slots[block];
            let mut rows: Vec<usize> = (0..slots.len()).filter(|row| slots[*row].part == number).collect();
            rows.sort_by(|a, b| slots[*a].y.total_cmp(&slots[*b].y));
            let mut y = top + plan.head_height;
            for row in rows {
                let height = plan.rows[row].height;
                slots[row] = Slot { part: number, y, height };
                y += height + gap::ROW + room;
            }
            let height = y + plan.foot_height + slack(plan) - top;
            let part = &mut self.layout.parts[number];
            (part.y, part.height) = (top, height);
            top += height + gap::BLOCK + room;
        }
    }

    /// Puts the rows of each of the block's pieces into the order of the plan, and closes its columns up; whether that
    /// changes anything.
    pub(super) fn sort(&mut self, plan: &Plan, block: usize) -> bool {
        let slots = &mut self.slots[block];
        let mut has_moved = false;
        for &part in &self.parts_of[block] {
            let rows: Vec<usize> = (0..slots.len()).filter(|row| slots[*row].part == part).collect();
            let mut tops: Vec<f32> = rows.iter().map(|row| slots[*row].y).collect();
            has_moved |= !tops.is_sorted();
            tops.sort_by(f32::total_cmp);
            // Heights differ: `compact` sets them right.
            rows.into_iter().zip(tops).for_each(|(row, y)| slots[row].y = y);
        }
        if has_moved {
            let columns: Vec<usize> = self.parts_of[block].iter().map(|part| self.layout.parts[*part].column).collect();
            columns.into_iter().for_each(|column| self.compact(plan, column));
        }
        has_moved
    }

    /// Lets two pieces change places; false if they are of one block.
    pub(super) fn swap(&mut self, plan: &Plan, a: usize, b: usize) -> bool {
        let parts = &mut self.layout.parts;
        if parts[a].block == parts[b].block {
            return false;
        }
        let (one, other) = ((parts[a].column, parts[a].y), (parts[b].column, parts[b].y));
        (parts[a].column, parts[a].y) = other;
        (parts[b].column, parts[b].y) = one;
        self.compact(plan, one.0);
        self.compact(plan, other.0);
        true
    }

    /// Relieves the tallest column: the lowest of its pieces that fits below the shortest one goes there, else the last
    /// rows of a large piece. Whether there was one.
    pub(super) fn balance(&mut self, plan: &Plan) -> bool {
        let ends = self.ends();
        let from = self.tallest();
        let Some(to) = (0..ends.len()).min_by(|a, b| ends[*a].total_cmp(&ends[*b])) else { return false };
        if from == to {
            return false;
        }
        self.compact(plan, to);
        let top = self.ends()[to] + gap::BLOCK;
        let parts = &self.layout.parts;
        let fits = |part: &usize| parts[*part].column == from && top + parts[*part].height + 0.5 < ends[from];
        let lowest = (0..parts.len()).filter(fits).max_by(|a, b| parts[*a].y.total_cmp(&parts[*b].y));
        let has_moved = match lowest {
            Some(lowest) => {
                let down = top - parts[lowest].y;
                let part = &mut self.layout.parts[lowest];
                (part.column, part.y) = (to, top);
                for slot in self.slots.iter_mut().flatten().filter(|slot| slot.part == lowest) {
                    slot.y += down;
                }
                true
            }
            None => self.split(plan, from, (to, top), (ends[from] - top) / 2.0),
        };
        if has_moved {
            self.compact(plan, from);
            self.compact(plan, to);
        }
        has_moved
    }

    /// Moves the last rows of the lowest large piece in the column `from`, `room` high at most, to another place; whether
    /// there were any.
    fn split(&mut self, plan: &Plan, from: usize, (to, top): (usize, f32), room: f32) -> bool {
        let mut large: Vec<(usize, usize)> = Vec::new();
        for (block, parts) in self.parts_of.iter().enumerate() {
            if plan.blocks[block].rows.len() >= MIN_ROWS_TO_SPLIT {
                let here = parts.iter().filter(|part| self.layout.parts[**part].column == from);
                large.extend(here.map(|part| (*part, block)));
            }
        }
        large.sort_by(|a, b| self.layout.parts[b.0].y.total_cmp(&self.layout.parts[a.0].y));
        for (part, block) in large {
            let block_plan = &plan.blocks[block];
            let slots = &self.slots[block];
            let mut rows: Vec<usize> = (0..slots.len()).filter(|row| slots[*row].part == part).collect();
            rows.sort_by(|a, b| slots[*b].y.total_cmp(&slots[*a].y));
            let mut height = block_plan.head_height + block_plan.foot_height;
            let count = rows.iter().take_while(|row| {
                height += block_plan.rows[**row].height + gap::ROW;
                height <= room
            });
            let count = count.count();
            if count < MIN_ROWS_ALONE || rows.len() < count + MIN_ROWS_ALONE {
                continue;
            }
            let own = self.parts_of[block].iter().copied().find(|part| self.layout.parts[*part].column == to);
            let goal = own.unwrap_or(self.layout.parts.len());
            if own.is_none() {
                self.layout.parts.push(Part { block: block_plan.key.clone(), column: to, y: top, height: 0.0 });
                self.parts_of[block].push(goal);
            }
            // Below all that is there, in their order; `compact` sets them right.
            for (nth, row) in rows[..count].iter().rev().enumerate() {
                self.slots[block][*row] = Slot { part: goal, y: top + nth as f32, ..self.slots[block][*row] };
            }
            return true;
        }
        false
    }

    /// What is to be folded again, in the order in which it stands: column by column, from top to bottom.
    pub(super) fn sheet<'a>(&self, plan: &'a Plan) -> Sheet<'a> {
        let place = |part: usize| {
            let part = &self.layout.parts[part];
            (part.column, part.y)
        };
        let before = |a: (usize, f32), b: (usize, f32)| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1));
        let mut blocks: Vec<usize> = (0..plan.blocks.len()).collect();
        let first = |block: usize| self.parts_of[block].first().map_or((usize::MAX, 0.0), |part| place(*part));
        blocks.sort_by(|a, b| before(first(*a), first(*b)));
        let order = blocks.into_iter().map(|block| {
            let slots = &self.slots[block];
            let mut rows: Vec<usize> = (0..slots.len()).collect();
            let place = |row: usize| (self.layout.parts[slots[row].part].column, slots[row].y);
            rows.sort_by(|a, b| before(place(*a), place(*b)));
            (block, rows)
        });
        Sheet::in_order(plan, order)
    }
}

/// What stands, while room is found for more.
struct Keeper {
    parts: Vec<Part>,
    parts_of: Vec<Vec<usize>>,
    slots: Vec<Vec<Option<Slot>>>,
}

impl Keeper {
    /// Makes room for all rows of a block.
    fn take(&mut self, blocks: &[BlockPlan], block: usize) {
        let plan = &blocks[block];
        if self.parts_of[block].is_empty() {
            self.add_block(plan, block);
            return;
        }
        for (row, plan_row) in plan.rows.iter().enumerate() {
            match self.slots[block][row] {
                Some(slot) if plan_row.height <= slot.height + 0.5 => {}
                Some(slot) => {
                    // It has grown: in its place, else in a hole, else what is below it makes way.
                    self.slots[block][row] = None;
                    let own = self.next_below(plan, block, slot) - gap::ROW + 0.5 >= slot.y + plan_row.height;
                    if own || !self.fill_hole(plan, block, row) {
                        self.slots[block][row] = Some(Slot { height: plan_row.height, ..slot });
                        self.settle(blocks, self.parts[slot.part].column);
                    }
                }
                None => self.add_row(blocks, block, row),
            }
        }
    }

    /// A new block with all its rows, at the end of the shortest column.
    fn add_block(&mut self, plan: &BlockPlan, block: usize) {
        let columns = self.parts.iter().map(|part| part.column + 1).max().unwrap_or(1);
        let mut bottoms = vec![0.0_f32; columns];
        for part in &self.parts {
            bottoms[part.column] = bottoms[part.column].max(part.y + part.height + gap::BLOCK);
        }
        let shortest = bottoms.iter().copied().enumerate().min_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
        let (column, top) = shortest.unwrap_or((0, 0.0));
        let number = self.parts.len();
        let mut y = top + plan.head_height;
        for (slot, row) in self.slots[block].iter_mut().zip(&plan.rows) {
            *slot = Some(Slot { part: number, y, height: row.height });
            y += row.height + gap::ROW;
        }
        let height = y + plan.foot_height + slack(plan) - top;
        self.parts.push(Part { block: plan.key.clone(), column, y: top, height });
        self.parts_of[block].push(number);
    }

    /// In a hole or the room left in one of the block's pieces, else at the end of the one below which least stands.
    fn add_row(&mut self, blocks: &[BlockPlan], block: usize, row: usize) {
        let plan = &blocks[block];
        let height = plan.rows[row].height;
        if self.fill_hole(plan, block, row) {
            return;
        }
        let below = |part: &usize| {
            let Part { column, y, .. } = self.parts[*part];
            let is_below = |slot: &&Slot| self.parts[slot.part].column == column && self.parts[slot.part].y > y;
            let count = self.slots.iter().flatten().flatten().filter(is_below).count();
            (count, self.parts.iter().filter(|other| other.column == column && other.y > y).count())
        };
        let Some(&part) = self.parts_of[block].iter().min_by_key(|part| below(part)) else { return };
        // What must move makes way for the next one too.
        let spare = if below(&part).1 > 0 { slack(plan) } else { 0.0 };
        let end = self.parts[part].y + self.parts[part].height - plan.foot_height;
        self.parts[part].height += height + gap::ROW + spare;
        self.slots[block][row] = Some(Slot { part, y: end, height });
        self.settle(blocks, self.parts[part].column);
    }

    /// Puts a row into the first hole of its block that takes it; false if there is none.
    fn fill_hole(&mut self, plan: &BlockPlan, block: usize, row: usize) -> bool {
        let height = plan.rows[row].height;
        let hole = |part: &usize| self.hole(plan, block, *part, height).map(|y| Slot { part: *part, y, height });
        let Some(slot) = self.parts_of[block].iter().find_map(hole) else { return false };
        self.slots[block][row] = Some(slot);
        true
    }

    /// Where what stands below a row of a piece begins: the next row, or the end of the piece's own room.
    fn next_below(&self, plan: &BlockPlan, block: usize, slot: Slot) -> f32 {
        let part = &self.parts[slot.part];
        let below = self.slots[block].iter().flatten().filter(|other| other.part == slot.part && other.y > slot.y);
        below.map(|other| other.y).fold(part.y + part.height - plan.foot_height, f32::min)
    }

    /// The top of the first hole in `part` that takes `height`.
    fn hole(&self, plan: &BlockPlan, block: usize, part: usize, height: f32) -> Option<f32> {
        let own = self.slots[block].iter().flatten().filter(|slot| slot.part == part);
        let mut taken: Vec<(f32, f32)> = own.map(|slot| (slot.y, slot.height)).collect();
        taken.sort_by(|a, b| a.0.total_cmp(&b.0));
        let Part { y: top, height: whole, .. } = self.parts[part];
        let end = top + whole - plan.foot_height;
        let mut y = top + plan.head_height;
        for (next, taken) in taken.into_iter().chain([(end, 0.0)]) {
            if y + height + gap::ROW <= next + 0.5 {
                return Some(y);
            }
            y = next + taken + gap::ROW;
        }
        None
    }

    /// Moves down what overlaps with what is above it in `column`, as far as it must.
    fn settle(&mut self, plan: &[BlockPlan], column: usize) {
        let mut stacked: Vec<(usize, usize)> = Vec::new();
        for (block, parts) in self.parts_of.iter().enumerate() {
            stacked.extend(parts.iter().filter(|part| self.parts[**part].column == column).map(|part| (*part, block)));
        }
        stacked.sort_by(|a, b| self.parts[a.0].y.total_cmp(&self.parts[b.0].y));
        let mut free = 0.0_f32;
        for (number, block) in stacked {
            let part = &mut self.parts[number];
            let down = (free - part.y).max(0.0);
            part.y += down;
            let mut rows: Vec<&mut Slot> =
                self.slots[block].iter_mut().flatten().filter(|slot| slot.part == number).collect();
            rows.sort_by(|a, b| a.y.total_cmp(&b.y));
            let mut free_row = part.y + plan[block].head_height;
            for slot in rows {
                slot.y = (slot.y + down).max(free_row);
                free_row = slot.y + slot.height + gap::ROW;
            }
            part.height = part.height.max(free_row + plan[block].foot_height - part.y);
            free = part.y + part.height + gap::BLOCK;
        }
    }
}
