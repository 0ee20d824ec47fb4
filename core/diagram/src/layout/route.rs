//! The ways of lines. Every line is orthogonal and has a track of its own wherever it runs beside another.

use std::collections::BTreeMap;

use super::{Placed, PlacedRow, Plan, Size, Terminal, gap, standing::Standing};
use crate::scene::{Point, Rect};

/// How often the order of tracks is gone over.
const MAX_ROUNDS: usize = 6;

/// Gives everything in `layout` its rectangle and every line its way.
pub(super) fn route(plan: &Plan, mut standing: Standing) -> Placed {
    let Standing { layout, slots, parts_of } = &mut standing;
    let column_count = layout.parts.iter().map(|part| part.column + 1).max().unwrap_or(1);
    // Which terminal is in which column, and how far down; x comes later.
    let spot = |terminal: &Terminal| -> Option<(usize, f32)> {
        let (part, y) = match terminal.row {
            None => {
                let part = *parts_of.get(terminal.block)?.first()?;
                (part, layout.parts[part].y)
            }
            Some(row) => {
                let slot = slots.get(terminal.block)?.get(row)?;
                (slot.part, slot.y)
            }
        };
        Some((layout.parts[part].column, y + terminal.dy))
    };
    let trunks: Vec<Trunk> = plan
        .blocks
        .iter()
        .zip(&*parts_of)
        .map(|(block, parts)| {
            let (dx, dy) = block.outlet;
            let mut heads = parts.iter().map(|&part| {
                let part = &layout.parts[part];
                End { column: part.column, y: part.y + dy, dx }
            });
            let from = heads.next().unwrap_or_default();
            let elsewhere =
                block.elsewhere.iter().map(|end| spot(end).map_or(from, |(column, y)| End { column, y, dx: end.dx }));
            Trunk { from, to: elsewhere.chain(heads).collect() }
        })
        .collect();
    let feeds: Vec<Vec<End>> = plan
        .feeds
        .iter()
        .map(|feed| {
            feed.to
                .iter()
                .map(|end| spot(end).map_or(End::default(), |(column, y)| End { column, y, dx: end.dx }))
                .collect()
        })
        .collect();
    let tracks = Tracks::of(&trunks, column_count);

    // Widths.
    let feed_channel = gap::CHANNEL * 2.0 + gap::TRACK * feeds.len().saturating_sub(1) as f32;
    let is_new = layout.channels.is_empty();
    layout.channels.resize(column_count, (0.0, 0.0));
    for (column, channel) in layout.channels.iter_mut().enumerate() {
        channel.0 = channel.0.max(feed_channel);
        let count = tracks.in_column[column];
        if is_new {
            channel.1 = right_channel(count);
        } else if !fits(count, channel.1) {
            // A channel that grows moves all columns on its right: rather once for two lines.
            channel.1 = right_channel(count + 1);
        }
    }
    let has_top = feeds.iter().flatten().any(|end| end.column > 0);
    let top = if has_top { gap::TRACK * feeds.len() as f32 + gap::CHANNEL } else { 0.0 };
    layout.top = layout.top.max(top);

    let widest = |sizes: &[Size]| sizes.iter().map(|size| size.width).fold(0.0, f32::max);
    let outside_width = widest(&plan.outside);
    let host_x = if plan.outside.is_empty() { 0.0 } else { outside_width + gap::OUTSIDE };
    let uplinks_x = host_x + gap::INSIDE;
    let mut x = uplinks_x + widest(&plan.uplinks);
    let mut columns = Vec::with_capacity(column_count);
    for channel in &layout.channels {
        x += channel.0;
        columns.push(x);
        x += layout.row_width + channel.1;
    }
    let right = x + gap::INSIDE;
    let columns_y = plan.title_height + layout.top;
    let columns_bottom = layout.parts.iter().map(|part| part.y + part.height).fold(0.0, f32::max);
    let bottom_lines = if tracks.along_bottom == 0 { 0.0 } else { gap::TRACK * tracks.along_bottom as f32 };
    let stack_height = |sizes: &[Size]| {
        sizes.iter().map(|size| size.height).sum::<f32>() + gap::STACK * sizes.len().saturating_sub(1) as f32
    };
    let content = columns_bottom.max(stack_height(&plan.uplinks)).max(stack_height(&plan.outside) - plan.title_height);
    let host =
        Rect { x: host_x, y: 0.0, width: right - host_x, height: columns_y + content + bottom_lines + gap::INSIDE };

    // The uplinks stand beside the upper half of the first column: where a reader begins.
    let first_column =
        layout.parts.iter().filter(|part| part.column == 0).map(|part| part.y + part.height).fold(0.0, f32::max);
    let middle = columns_y + (first_column / 2.0).min(260.0).max(stack_height(&plan.uplinks) / 2.0);
    let uplinks = stack(&plan.uplinks, uplinks_x, widest(&plan.uplinks), middle);
    let outside = stack(&plan.outside, 0.0, outside_width, middle.max(stack_height(&plan.outside) / 2.0));

    // Lines.
    let ways = FeedTracks::of(plan, &feeds, &uplinks, columns_y, column_count);
    let feed_x =
        |column: usize, feed: usize| columns[column] - gap::CHANNEL - gap::TRACK * ways.in_column[column][feed] as f32;
    let feed_paths = plan
        .feeds
        .iter()
        .zip(&feeds)
        .enumerate()
        .map(|(index, (feed, ends))| {
            let from = uplinks.get(feed.uplink).copied().unwrap_or_default();
            let start = Point { x: from.right(), y: from.y + feed.dy };
            let along_y = columns_y - gap::CHANNEL - gap::TRACK * ways.along_top[index] as f32;
            ends.iter()
                .map(|end| {
                    let y = columns_y + end.y;
                    let goal = Point { x: columns[end.column] + end.dx, y };
                    let first = feed_x(0, index);
                    let mut path = vec![start, Point { x: first, y: start.y }];
                    if end.column > 0 {
                        let own = feed_x(end.column, index);
                        path.extend([
                            Point { x: first, y: along_y },
                            Point { x: own, y: along_y },
                            Point { x: own, y },
                        ]);
                    } else {
                        path.push(Point { x: first, y });
                    }
                    path.push(goal);
                    straightened(path)
                })
                .collect()
        })
        .collect();
    let channels = &layout.channels;
    let track_x = |column: usize, trunk: usize| {
        let track = tracks.column_track.get(&(column, trunk)).copied().unwrap_or_default();
        columns[column]
            + layout.row_width
            + gap::CHANNEL / 2.0
            + pitch(tracks.in_column[column], channels[column].1) * track as f32
    };
    let bottom_y = columns_y + columns_bottom;
    let mut trunk_paths: Vec<Vec<Vec<Point>>> = trunks
        .iter()
        .enumerate()
        .map(|(index, trunk)| {
            let start = Point { x: columns[trunk.from.column] + trunk.from.dx, y: columns_y + trunk.from.y };
            let own = track_x(trunk.from.column, index);
            trunk
                .to
                .iter()
                .map(|end| {
                    let y = columns_y + end.y;
                    let theirs = track_x(end.column, index);
                    let mut path = vec![start, Point { x: own, y: start.y }];
                    if end.column != trunk.from.column {
                        let track = tracks.bottom_track.get(&index).copied().unwrap_or_default();
                        let along = bottom_y + gap::TRACK * (track as f32 + 0.5);
                        path.extend([Point { x: own, y: along }, Point { x: theirs, y: along }]);
                    }
                    path.extend([Point { x: theirs, y }, Point { x: columns[end.column] + end.dx, y }]);
                    straightened(path)
                })
                .collect()
        })
        .collect();

    let links =
        plan.blocks.iter().zip(&mut trunk_paths).map(|(block, paths)| paths.split_off(block.elsewhere.len())).collect();

    // Boxes.
    let mut rows = Vec::with_capacity(plan.blocks.len());
    let mut blocks = Vec::with_capacity(plan.blocks.len());
    for ((block, parts), slots) in plan.blocks.iter().zip(&*parts_of).zip(&*slots) {
        let place = |part: usize| parts.iter().position(|other| *other == part).unwrap_or_default();
        let mut rects: Vec<Rect> = parts
            .iter()
            .map(|&part| {
                let part = &layout.parts[part];
                Rect {
                    x: columns[part.column],
                    y: columns_y + part.y,
                    width: layout.row_width,
                    height: block.head_height,
                }
            })
            .collect();
        let mut placed = Vec::with_capacity(block.rows.len());
        for (row, slot) in block.rows.iter().zip(slots) {
            let part = place(slot.part);
            let rect = Rect {
                x: columns[layout.parts[slot.part].column],
                y: columns_y + slot.y,
                width: layout.row_width,
                height: row.height,
            };
            if let Some(whole) = rects.get_mut(part) {
                whole.height = whole.height.max(rect.bottom() - whole.y);
            }
            placed.push(PlacedRow { part, rect });
        }
        for rect in &mut rects {
            rect.height += block.foot_height;
        }
        rows.push(placed);
        blocks.push(rects);
    }
    Placed {
        layout: standing.layout(plan),
        outside,
        host,
        uplinks,
        columns,
        columns_y,
        blocks,
        rows,
        feeds: feed_paths,
        trunks: trunk_paths,
        links,
    }
}

/// How wide the channel on the right of a column is for so many lines.
fn right_channel(count: usize) -> f32 {
    if count == 0 { 0.0 } else { gap::CHANNEL + gap::TRACK * count as f32 }
}

/// Whether so many lines find room in a channel. Beside a column without a channel there is still room for one.
fn fits(count: usize, width: f32) -> bool {
    count <= 1 || (width > 0.0 && pitch(count, width) >= gap::NARROW_TRACK)
}

/// Between two of so many lines in a channel of this width.
fn pitch(count: usize, width: f32) -> f32 {
    if width > 0.0 && count > 0 { ((width - gap::CHANNEL) / count as f32).min(gap::TRACK) } else { gap::TRACK }
}

#[derive(Clone, Copy, Debug, Default)]
struct End {
    column: usize,
    y: f32,
    dx: f32,
}

struct Trunk {
    from: End,
    to: Vec<End>,
}

/// Which trunk runs on which track.
struct Tracks {
    in_column: Vec<usize>,
    column_track: BTreeMap<(usize, usize), usize>,
    bottom_track: BTreeMap<usize, usize>,
    along_bottom: usize,
}

impl Tracks {
    fn of(trunks: &[Trunk], column_count: usize) -> Self {
        let mut in_column = vec![0; column_count];
        let mut column_track = BTreeMap::new();
        let mut spans = Vec::new();
        let mut by_column: Vec<Vec<Run>> = (0..column_count).map(|_| Vec::new()).collect();
        for (index, trunk) in trunks.iter().enumerate() {
            if trunk.to.is_empty() {
                continue;
            }
            let mut columns: BTreeMap<usize, Vec<f32>> = BTreeMap::new();
            for end in trunk.to.iter().chain([&trunk.from]) {
                columns.entry(end.column).or_default().push(end.y);
            }
            let goes_below = columns.len() > 1;
            if goes_below {
                spans.push(Run::of(index, columns.keys().map(|column| *column as f32).collect()));
            }
            for (column, stubs) in columns {
                let mut run = Run::of(index, stubs);
                if goes_below {
                    run.reach(f32::MAX);
                }
                by_column[column].push(run);
            }
        }
        for (column, runs) in by_column.into_iter().enumerate() {
            let runs = nearest_first(runs);
            let mut placed: Vec<(usize, f32, f32)> = Vec::new();
            for run in runs {
                let track = placed
                    .iter()
                    .filter(|(_, top, bottom)| run.top < bottom + gap::TRACK && *top < run.bottom + gap::TRACK)
                    .map(|(track, ..)| track + 1)
                    .max()
                    .unwrap_or(0);
                placed.push((track, run.top, run.bottom));
                column_track.insert((column, run.line), track);
                in_column[column] = in_column[column].max(track + 1);
            }
        }
        let spans = nearest_first(spans);
        let mut bottom_track = BTreeMap::new();
        let mut along_bottom = 0;
        let mut placed: Vec<(usize, f32, f32)> = Vec::new();
        for run in spans {
            let track = placed
                .iter()
                .filter(|(_, from, to)| run.top <= *to && *from <= run.bottom)
                .map(|(track, ..)| track + 1)
                .max()
                .unwrap_or(0);
            placed.push((track, run.top, run.bottom));
            bottom_track.insert(run.line, track);
            along_bottom = along_bottom.max(track + 1);
        }
        Self { in_column, column_track, along_bottom, bottom_track }
    }
}

/// Which feed runs on which track, 0 nearest to the boxes.
struct FeedTracks {
    /// For each column, for each feed.
    in_column: Vec<Vec<usize>>,
    /// For each feed.
    along_top: Vec<usize>,
}

impl FeedTracks {
    fn of(plan: &Plan, feeds: &[Vec<End>], uplinks: &[Rect], columns_y: f32, column_count: usize) -> Self {
        let tracks = |runs: Vec<Run>| {
            let mut tracks = vec![0; feeds.len()];
            for (track, run) in nearest_first(runs).into_iter().enumerate() {
                tracks[run.line] = track;
            }
            tracks
        };
        let run = |feed: usize, column: usize| {
            let mut run =
                Run::of(feed, feeds[feed].iter().filter(|end| end.column == column).map(|end| end.y).collect());
            let goes_up = feeds[feed].iter().any(|end| end.column > 0);
            if goes_up && (column == 0 || !run.stubs.is_empty()) {
                run.reach(f32::MIN);
            }
            if let (0, Some(uplink)) = (column, uplinks.get(plan.feeds[feed].uplink)) {
                let source = uplink.y + plan.feeds[feed].dy - columns_y;
                run.reach(source);
                run.source = Some(source);
            }
            run
        };
        let in_column =
            (0..column_count).map(|column| tracks((0..feeds.len()).map(|feed| run(feed, column)).collect())).collect();
        // All come up beside the first column, and so cross nothing there that could be avoided.
        let along = |feed: usize| {
            let mut run = Run::of(feed, feeds[feed].iter().map(|end| end.column as f32).filter(|x| *x > 0.0).collect());
            if !run.stubs.is_empty() {
                run.reach(0.0);
                run.stubs.insert(0, 0.0);
            }
            run
        };
        let along_top = tracks((0..feeds.len()).map(along).collect());
        Self { in_column, along_top }
    }
}

/// A line beside others: along a column, along the top or the bottom.
#[derive(Clone, Debug)]
struct Run {
    /// Which.
    line: usize,
    /// Where lines leave it towards the boxes, ascending.
    stubs: Vec<f32>,
    /// Where it is come to from the other side.
    source: Option<f32>,
    top: f32,
    bottom: f32,
}

impl Run {
    fn of(line: usize, mut stubs: Vec<f32>) -> Self {
        stubs.sort_by(f32::total_cmp);
        stubs.dedup();
        let (top, bottom) = match (stubs.first(), stubs.last()) {
            (Some(first), Some(last)) => (*first, *last),
            _ => (f32::MAX, f32::MIN),
        };
        Self { line, stubs, source: None, top, bottom }
    }

    /// Makes it reach `place` at least.
    fn reach(&mut self, place: f32) {
        (self.top, self.bottom) = (self.top.min(place), self.bottom.max(place));
    }

    /// How often the two cross if `self` runs nearer to the boxes.
    fn crossings_within(&self, outer: &Self) -> usize {
        let not_below = outer.stubs.partition_point(|stub| *stub <= self.top);
        let stubs = outer.stubs.partition_point(|stub| *stub < self.bottom).saturating_sub(not_below);
        stubs + usize::from(self.source.is_some_and(|source| outer.top < source && source < outer.bottom))
    }
}

/// Sorts runs that lie side by side so that few of them cross each other's stubs, the one nearest to the boxes first:
/// each is put in where it costs least, and taken out and put in again while that helps.
fn nearest_first(mut runs: Vec<Run>) -> Vec<Run> {
    // The busiest first, of the others the lowest: a good order to begin with.
    runs.sort_by(|a, b| b.stubs.len().cmp(&a.stubs.len()).then(b.top.total_cmp(&a.top)).then(a.line.cmp(&b.line)));
    let count = runs.len();
    let cost: Vec<i32> =
        (0..count * count).map(|at| runs[at / count].crossings_within(&runs[at % count]) as i32).collect();
    let mut order: Vec<usize> = Vec::with_capacity(count);
    for run in 0..count {
        insert(&mut order, run, &cost, count);
    }
    for _ in 0..MAX_ROUNDS {
        let mut has_moved = false;
        for run in 0..count {
            let Some(place) = order.iter().position(|other| *other == run) else { continue };
            order.remove(place);
            has_moved |= insert(&mut order, run, &cost, count) != place;
        }
        if !has_moved {
            break;
        }
    }
    let mut slots: Vec<Option<Run>> = runs.into_iter().map(Some).collect();
    order.into_iter().filter_map(|run| slots[run].take()).collect()
}

/// Puts `run` where it crosses least; its place.
fn insert(order: &mut Vec<usize>, run: usize, cost: &[i32], count: usize) -> usize {
    // Nearest to the boxes it is crossed by the stubs of all others; each one passed exchanges the two.
    let (mut change, mut best) = (0, (0, 0));
    for (place, &other) in order.iter().enumerate() {
        change += cost[other * count + run] - cost[run * count + other];
        if change < best.0 {
            best = (change, place + 1);
        }
    }
    order.insert(best.1, run);
    best.1
}

/// Boxes below each other, around `middle`.
fn stack(sizes: &[Size], x: f32, width: f32, middle: f32) -> Vec<Rect> {
    let total = sizes.iter().map(|size| size.height).sum::<f32>() + gap::STACK * sizes.len().saturating_sub(1) as f32;
    let mut y = middle - total / 2.0;
    sizes
        .iter()
        .map(|size| {
            let rect = Rect { x, y, width, height: size.height };
            y += size.height + gap::STACK;
            rect
        })
        .collect()
}

/// Without points that are no bends.
pub(super) fn straightened(mut path: Vec<Point>) -> Vec<Point> {
    let mut kept = 0;
    for index in 0..path.len() {
        let point = path[index];
        if let Some(last) = path[..kept].last()
            && (last.x - point.x).abs() < 0.01
            && (last.y - point.y).abs() < 0.01
        {
            continue;
        }
        if let [.., before, last] = path[..kept]
            && (((before.x - last.x).abs() < 0.01 && (last.x - point.x).abs() < 0.01)
                || ((before.y - last.y).abs() < 0.01 && (last.y - point.y).abs() < 0.01))
        {
            kept -= 1;
        }
        path[kept] = point;
        kept += 1;
    }
    path.truncate(kept);
    path
}
