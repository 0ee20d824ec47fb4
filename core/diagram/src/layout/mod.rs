//! Where everything stands: lanes in a fixed order, a block for each network, blocks folded into columns. No force
//! simulation, no chance: the same input gives the same bytes.
//!
//! What already stands somewhere stays there as long as the drawing is as good as a fresh one ([`quality`]): first new
//! rows take holes and the room that was left ([`standing`]); if that is not good enough the holes are closed, then the
//! columns are filled again in the order in which everything stands, and only then is all of it laid out afresh.
//!
//! [`fold`] gives blocks and rows their places, [`route`] the lines their ways: those that come from outside run along
//! the top and down the channel left of each column, those between networks down the channel on its right and along the
//! bottom, each on a track of its own. [`detour`] finds a way round boxes for what was arranged by hand.

mod detour;
mod fold;
mod order;
mod plan;
mod quality;
mod route;
mod standing;

use std::collections::BTreeMap;

use bridgewalk_model::EntityId;
use serde::{Deserialize, Serialize};

pub use detour::detour;
pub(crate) use detour::passes;
pub use order::by_shared_members;
pub use plan::{BlockPlan, FeedPlan, Plan, RowPlan, Size, Terminal};

pub use quality::Quality;

use self::{
    fold::{Fold, MAX_COLUMNS, Sheet},
    standing::Standing,
};
use crate::scene::{Point, Rect};

/// Where everything stands, kept from one drawing to the next.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Layout {
    /// Each host's part.
    pub hosts: BTreeMap<EntityId, HostLayout>,
}

/// Where everything of one host stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HostLayout {
    /// [`Plan::shape`] of the plan that it was made from.
    pub shape: String,
    /// Width of every row.
    pub row_width: f32,
    /// Widths of the channels left and right of each column.
    pub channels: Vec<(f32, f32)>,
    /// Height of the lines along the top.
    pub top: f32,
    /// What there is between rows beyond the usual, to fill the page.
    pub room: f32,
    /// Pieces of blocks.
    pub parts: Vec<Part>,
    /// Rows.
    pub rows: BTreeMap<EntityId, Slot>,
    /// The last fresh drawing of the host, for comparison.
    pub fresh: Fresh,
}

/// How good a fresh drawing is, and how many drawings ago that was found out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Fresh {
    /// What it came to.
    pub quality: Quality,
    /// Drawings since then.
    pub age: usize,
}

/// A piece of a block in one column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// Of which block.
    pub block: EntityId,
    /// From 0.
    pub column: usize,
    /// Top of its head, from the top of the columns.
    pub y: f32,
    /// Height that is its own, room to grow included.
    pub height: f32,
}

/// A row's place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Slot {
    /// In which part.
    pub part: usize,
    /// Its top, from the top of the columns.
    pub y: f32,
    /// Its height.
    pub height: f32,
}

/// A host laid out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Placed {
    /// For the next time.
    pub layout: HostLayout,
    /// Outside boxes.
    pub outside: Vec<Rect>,
    /// The host's own box.
    pub host: Rect,
    /// Its interfaces.
    pub uplinks: Vec<Rect>,
    /// The left edges of the columns.
    pub columns: Vec<f32>,
    /// The top of the columns.
    pub columns_y: f32,
    /// For each block of the plan its pieces, from the top of the head to the bottom of the last row.
    pub blocks: Vec<Vec<Rect>>,
    /// For each block of the plan, for each of its rows.
    pub rows: Vec<Vec<PlacedRow>>,
    /// For each feed, for each of its terminals: the line from the uplink.
    pub feeds: Vec<Vec<Vec<Point>>>,
    /// For each block, for each of [`BlockPlan::elsewhere`]: the line from its head.
    pub trunks: Vec<Vec<Vec<Point>>>,
    /// For each block, for each of its pieces but the first: the line from the first one's head.
    pub links: Vec<Vec<Vec<Point>>>,
}

/// A row laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PlacedRow {
    /// In which piece of its block.
    pub part: usize,
    /// Where.
    pub rect: Rect,
}

/// Room between the boxes and lines of a drawing, in scene units.
pub(crate) mod gap {
    /// Between rows of a block.
    pub(crate) const ROW: f32 = 14.0;
    /// Between blocks of a column.
    pub(crate) const BLOCK: f32 = 30.0;
    /// Between parallel lines.
    pub(crate) const TRACK: f32 = 10.0;
    /// The same where one more would move whole columns.
    pub(crate) const NARROW_TRACK: f32 = 6.0;
    /// Between a line in a channel and the boxes beside it.
    pub(crate) const CHANNEL: f32 = 16.0;
    /// Between the host's edge and what is in it.
    pub(crate) const INSIDE: f32 = 24.0;
    /// Between the outside and the host.
    pub(crate) const OUTSIDE: f32 = 56.0;
    /// Between stacked boxes.
    pub(crate) const STACK: f32 = 18.0;
}

/// Stop searching in one direction after this many column counts without improvement: with few columns, one more or less
/// may keep a block whole.
const PATIENCE: usize = 2;
/// With more columns than this, the next column count alone decides.
const MANY_COLUMNS: usize = 4;
/// Accepted aspect-ratio error (natural logarithm).
const TOLERANCE: f32 = 0.12;
/// The most that a channel is widened to approach the requested aspect ratio, in units.
const MAX_MORE_WIDTH: f32 = 120.0;

/// A fresh drawing's figures are valid for one change per this many rows; a small host's are computed each time.
const ROWS_PER_CHANGE: usize = 300;

/// The most columns that are tightened one after the other before all are filled again.
const MAX_TIGHTENED: usize = 6;

/// The most rows that are routed to find an arrangement with fewer crossings.
const UNTANGLING: usize = 60_000;

/// Lays `plan` out. What `previous` holds stays where it was as far as the drawing is then as good as a fresh one.
pub fn arrange(plan: &Plan, previous: Option<&HostLayout>) -> Placed {
    let kept = previous
        .filter(|previous| previous.shape == plan.shape && previous.row_width + 0.5 >= plan.row_width)
        .and_then(|previous| Some((Standing::kept(plan, previous)?, previous.fresh)));
    let Some((standing, fresh)) = kept else { return afresh(plan) };
    let is_near = |placed: &Placed, fresh: &Fresh| Quality::of(plan, placed).is_near(&fresh.quality);
    let with = |mut placed: Placed, fresh: Fresh| {
        placed.layout.fresh = fresh;
        placed
    };

    let held = route::route(plan, standing.clone());
    let fresh = Fresh { age: fresh.age + 1, ..fresh };
    let rows: usize = plan.blocks.iter().map(|block| block.rows.len()).sum();
    if fresh.age * ROWS_PER_CHANGE < rows && is_near(&held, &fresh) {
        return with(held, fresh);
    }
    let renewed = afresh(plan);
    let fresh = renewed.layout.fresh;
    // From what moves least to what moves most.
    if is_near(&held, &fresh) {
        return with(held, fresh);
    }
    let refolded = fitted(plan, &standing.sheet(plan));
    if let Some(placed) = tightened(plan, standing, &fresh.quality) {
        return with(placed, fresh);
    }
    if is_near(&refolded, &fresh) { with(refolded, fresh) } else { renewed }
}

/// What stands, made as good as `fresh` step by step: the tallest column is closed up, or relieved of its lowest piece;
/// where lines cross too often, that is undone. None: it is not enough.
fn tightened(plan: &Plan, mut standing: Standing, fresh: &Quality) -> Option<Placed> {
    for _ in 0..MAX_TIGHTENED {
        let tallest = standing.tallest();
        standing.compact(plan, tallest);
        let placed = route::route(plan, standing.clone());
        let quality = Quality::of(plan, &placed);
        if quality.is_near(fresh) {
            return Some(placed);
        }
        if quality.is_as_small(fresh) {
            return untangled(plan, standing, quality, fresh);
        }
        if standing.tallest() == tallest && !standing.balance(plan) {
            return None;
        }
    }
    None
}

/// What stands, with fewer crossings: the rows of a network are put into the order of the plan, or two pieces change
/// places, as long as that helps. None: it does not help enough.
fn untangled(plan: &Plan, mut standing: Standing, mut quality: Quality, fresh: &Quality) -> Option<Placed> {
    let rows: usize = plan.blocks.iter().map(|block| block.rows.len()).sum();
    let mut budget = UNTANGLING / rows.max(1);
    loop {
        let before = quality.crossings;
        let pieces = standing.layout.parts.len();
        let sorts = (0..plan.blocks.len()).map(Step::Sort);
        let swaps = (0..pieces).flat_map(|a| (0..a).map(move |b| Step::Swap(a, b)));
        for step in sorts.chain(swaps) {
            let mut other = standing.clone();
            let is_change = match step {
                Step::Sort(block) => other.sort(plan, block),
                Step::Swap(a, b) => other.swap(plan, a, b),
            };
            if !is_change {
                continue;
            }
            budget = budget.checked_sub(1)?;
            let placed = route::route(plan, other.clone());
            let better = Quality::of(plan, &placed);
            if better.is_near(fresh) {
                return Some(placed);
            }
            if better.crossings < quality.crossings && better.is_as_small(fresh) {
                (standing, quality) = (other, better);
            }
        }
        if quality.crossings == before {
            return None;
        }
    }
}

/// What may untangle lines.
enum Step {
    /// The rows of this block in the order of the plan.
    Sort(usize),
    /// These two pieces in each other's place.
    Swap(usize, usize),
}

/// Without regard to what stands.
fn afresh(plan: &Plan) -> Placed {
    let mut placed = fitted(plan, &Sheet::of(plan));
    placed.layout.fresh = Fresh { quality: Quality::of(plan, &placed), age: 0 };
    placed
}

/// With the column count that gives the largest text on a page of the requested aspect ratio; then with more room between
/// the rows or beside the columns, so that it fills the page.
fn fitted(plan: &Plan, sheet: &Sheet<'_>) -> Placed {
    let attempt = |columns: usize| {
        let fold = sheet.fold(columns);
        let placed = route::route(plan, sheet.standing(&fold, plan, 0.0));
        Attempt { page_height: placed.page_height(plan.aspect), fold, placed }
    };
    let guess = sheet.columns(plan);
    let patience = if guess > MANY_COLUMNS { 1 } else { PATIENCE };
    let mut best = attempt(guess);
    let more: &mut dyn Iterator<Item = usize> = &mut (guess + 1..=MAX_COLUMNS);
    let fewer: &mut dyn Iterator<Item = usize> = &mut (1..guess).rev();
    for direction in [more, fewer] {
        let mut misses = 0;
        for other in direction.map(attempt) {
            if other.page_height < best.page_height {
                best = other;
                misses = 0;
            } else {
                misses += 1;
                if misses == patience {
                    break;
                }
            }
        }
    }
    best.stretched(plan, sheet)
}

/// One way to fold.
struct Attempt {
    /// [`Placed::page_height`].
    page_height: f32,
    fold: Fold,
    placed: Placed,
}

impl Attempt {
    /// With more room where the page has it.
    fn stretched(self, plan: &Plan, sheet: &Sheet<'_>) -> Placed {
        let extent = self.placed.extent();
        let higher = extent.width / (plan.aspect * TOLERANCE.exp()) - extent.height;
        let wider = extent.height * plan.aspect * (-TOLERANCE).exp() - extent.width;
        if higher <= 0.0 && wider <= 0.0 {
            return self.placed;
        }
        let mut standing = sheet.standing(&self.fold, plan, higher.max(0.0));
        let mut channels = self.placed.layout.channels;
        let share = (wider / channels.len().max(1) as f32).clamp(0.0, MAX_MORE_WIDTH);
        for (left, _) in &mut channels {
            *left += share;
        }
        standing.layout.channels = channels;
        route::route(plan, standing)
    }
}

impl Placed {
    /// Of everything, lines aside: they run within.
    fn extent(&self) -> Rect {
        self.outside.iter().fold(self.host, |whole, rect| {
            let (x, y) = (whole.x.min(rect.x), whole.y.min(rect.y));
            Rect { x, y, width: whole.right().max(rect.right()) - x, height: whole.bottom().max(rect.bottom()) - y }
        })
    }

    /// How high the page is on which it is as large as can be: the lower, the larger the text on a slide.
    fn page_height(&self, aspect: f32) -> f32 {
        let extent = self.extent();
        extent.height.max(extent.width / aspect)
    }
}
