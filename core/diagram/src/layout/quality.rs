//! How good a drawing is, so that one that has stood through changes can be held against a fresh one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Placed, Plan};
use crate::scene::Point;

/// Up to this many times the crossings, the area and the page height of a fresh drawing count as equally good. Slightly
/// below the promised 1.15: the fresh drawing's figures may be a few changes old.
const TOLERANCE: f32 = 1.14;

/// What makes a drawing good to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Points in which lines of different things cross.
    pub crossings: usize,
    /// Of its extent, in square scene units.
    pub area: f32,
    /// How high the page is on which it is as large as can be.
    pub page_height: f32,
}

impl Quality {
    pub(super) fn of(plan: &Plan, placed: &Placed) -> Self {
        let extent = placed.extent();
        Self {
            crossings: crossings(placed),
            area: extent.width * extent.height,
            page_height: placed.page_height(plan.aspect),
        }
    }

    /// Whether it is about as good as `fresh`.
    pub(super) fn is_near(&self, fresh: &Self) -> bool {
        self.crossings as f32 <= fresh.crossings as f32 * TOLERANCE && self.is_as_small(fresh)
    }

    /// Whether it needs about as little room as `fresh`.
    pub(super) fn is_as_small(&self, fresh: &Self) -> bool {
        self.area <= fresh.area * TOLERANCE && self.page_height <= fresh.page_height * TOLERANCE
    }
}

/// A straight piece of a line: of which line, at which height or place, from where to where.
#[derive(Clone, Copy)]
struct Piece {
    line: usize,
    at: f32,
    from: f32,
    to: f32,
}

/// Distinct points in which lines cross; those of one uplink's or one network's lines among themselves are branches.
fn crossings(placed: &Placed) -> usize {
    let feeds = placed.feeds.iter().map(|paths| vec![paths]);
    let trunks = placed.trunks.iter().zip(&placed.links).map(|(trunks, links)| vec![trunks, links]);
    // A line is drawn once where several run together.
    let mut across: BTreeMap<(usize, i32, i32, i32), Piece> = BTreeMap::new();
    let mut down = across.clone();
    for (line, paths) in feeds.chain(trunks).enumerate() {
        for pair in paths.into_iter().flatten().flat_map(|path: &Vec<Point>| path.windows(2)) {
            let (a, b) = (pair[0], pair[1]);
            let (pieces, at, from, to) = if (a.y - b.y).abs() < 0.01 {
                (&mut across, a.y, a.x.min(b.x), a.x.max(b.x))
            } else {
                (&mut down, a.x, a.y.min(b.y), a.y.max(b.y))
            };
            pieces.insert((line, whole(at), whole(from), whole(to)), Piece { line, at, from, to });
        }
    }
    let mut down: Vec<Piece> = down.into_values().collect();
    down.sort_by(|a, b| a.at.total_cmp(&b.at));
    let mut points = BTreeSet::new();
    for piece in across.into_values() {
        let first = down.partition_point(|other| other.at <= piece.from + 0.5);
        for other in down[first..].iter().take_while(|other| other.at < piece.to - 0.5) {
            if other.line != piece.line && other.from + 0.5 < piece.at && piece.at < other.to - 0.5 {
                points.insert((whole(other.at), whole(piece.at)));
            }
        }
    }
    points.len()
}

/// In tenths of a scene unit.
fn whole(place: f32) -> i32 {
    (place * 10.0).round() as i32
}
