//! The ways of lines. Every line is orthogonal and has a track of its own wherever it runs beside another.

use std::collections::BTreeMap;

use super::{HostLayout, Placed, PlacedRow, Plan, Size, Terminal, gap};
use crate::scene::{Point, Rect};

/// Gives everything in `layout` its rectangle and every line its way.
pub(super) fn route(plan: &Plan, mut layout: HostLayout) -> Placed {
    let column_count = layout.parts.iter().map(|part| part.column + 1).max().unwrap_or(1);
    let parts_of = parts_of(plan, &layout);
    // Which terminal is in which column, and how far down; x comes later.
    let spot = |terminal: &Terminal| -> Option<(usize, f32)> {
        let block = plan.blocks.get(terminal.block)?;
        let (part, y) = match terminal.row {
            None => {
                let part = *parts_of[terminal.block].first()?;
                (part, layout.parts[part].y)
            }
            Some(row) => {
                let slot = layout.rows.get(&block.rows.get(row)?.key)?;
                (slot.part, slot.y)
            }
        };
        Some((layout.parts[part].column, y + terminal.dy))
    };
    let trunks: Vec<Trunk> = plan
        .blocks
        .iter()
        .zip(&parts_of)
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
    layout.channels.resize(column_count, (0.0, 0.0));
    for (column, channel) in layout.channels.iter_mut().enumerate() {
        let count = tracks.in_column[column];
        let right = if count == 0 { 0.0 } else { gap::CHANNEL + gap::TRACK * count as f32 };
        channel.0 = channel.0.max(feed_channel);
        channel.1 = channel.1.max(right);
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
    let feed_x =
        |column: usize, feed: usize| columns[column] - gap::CHANNEL - gap::TRACK * (feeds.len() - 1 - feed) as f32;
    let feed_paths = plan
        .feeds
        .iter()
        .zip(&feeds)
        .enumerate()
        .map(|(index, (feed, ends))| {
            let from = uplinks.get(feed.uplink).copied().unwrap_or_default();
            let start = Point { x: from.right(), y: from.y + feed.dy };
            let along_y = columns_y - gap::CHANNEL - gap::TRACK * index as f32;
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
    let track_x = |column: usize, trunk: usize| {
        let track = tracks.column_track.get(&(column, trunk)).copied().unwrap_or_default();
        columns[column] + layout.row_width + gap::CHANNEL / 2.0 + gap::TRACK * track as f32
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
    for (block, parts) in plan.blocks.iter().zip(&parts_of) {
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
        for row in &block.rows {
            let Some(slot) = layout.rows.get(&row.key) else {
                placed.push(PlacedRow::default());
                continue;
            };
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
        layout,
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

/// Each block's parts in use, the oldest first.
fn parts_of(plan: &Plan, layout: &HostLayout) -> Vec<Vec<usize>> {
    let index: BTreeMap<_, usize> = plan.blocks.iter().enumerate().map(|(index, block)| (&block.key, index)).collect();
    let mut parts = vec![Vec::new(); plan.blocks.len()];
    for (number, part) in layout.parts.iter().enumerate() {
        if let Some(&block) = index.get(&part.block) {
            parts[block].push(number);
        }
    }
    parts
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
        let mut by_column: Vec<Vec<(usize, usize, f32, f32)>> = vec![Vec::new(); column_count];
        for (index, trunk) in trunks.iter().enumerate() {
            let mut columns: BTreeMap<usize, (usize, f32, f32)> = BTreeMap::new();
            for end in trunk.to.iter().chain([&trunk.from]) {
                let entry = columns.entry(end.column).or_insert((0, end.y, end.y));
                *entry = (entry.0 + 1, entry.1.min(end.y), entry.2.max(end.y));
            }
            let goes_below = columns.len() > 1;
            if let (true, Some(first), Some(last)) = (goes_below, columns.keys().next(), columns.keys().last()) {
                spans.push((index, *first, *last, trunk.to.len()));
            }
            for (column, (count, top, bottom)) in columns {
                if trunk.to.is_empty() {
                    continue;
                }
                by_column[column].push((index, count, top, if goes_below { f32::MAX } else { bottom }));
            }
        }
        // The trunk with most stubs runs nearest to the boxes: nothing crosses its stubs then.
        for (column, mut runs) in by_column.into_iter().enumerate() {
            runs.sort_by(|a, b| b.1.cmp(&a.1).then(a.2.total_cmp(&b.2)).then(a.0.cmp(&b.0)));
            let mut placed: Vec<(usize, f32, f32)> = Vec::new();
            for (index, _, top, bottom) in runs {
                let track = placed
                    .iter()
                    .filter(|(_, other_top, other_bottom)| {
                        top < other_bottom + gap::TRACK && *other_top < bottom + gap::TRACK
                    })
                    .map(|(track, ..)| track + 1)
                    .max()
                    .unwrap_or(0);
                placed.push((track, top, bottom));
                column_track.insert((column, index), track);
                in_column[column] = in_column[column].max(track + 1);
            }
        }
        // The busiest along the top, then the shortest: their ends cross the fewest.
        spans.sort_by(|a, b| b.3.min(8).cmp(&a.3.min(8)).then((a.2 - a.1).cmp(&(b.2 - b.1))).then(a.0.cmp(&b.0)));
        let mut bottom_track = BTreeMap::new();
        let mut placed: Vec<Vec<(usize, usize)>> = Vec::new();
        for (index, first, last, _) in spans {
            let free = placed.iter().position(|track| track.iter().all(|(from, to)| last < *from || *to < first));
            let track = free.unwrap_or_else(|| {
                placed.push(Vec::new());
                placed.len() - 1
            });
            placed[track].push((first, last));
            bottom_track.insert(index, track);
        }
        Self { in_column, column_track, along_bottom: placed.len(), bottom_track }
    }
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
pub(super) fn straightened(path: Vec<Point>) -> Vec<Point> {
    let mut straight: Vec<Point> = Vec::with_capacity(path.len());
    for point in path {
        if straight.last().is_some_and(|last| (last.x - point.x).abs() < 0.01 && (last.y - point.y).abs() < 0.01) {
            continue;
        }
        if let [.., before, last] = &mut *straight
            && (((before.x - last.x).abs() < 0.01 && (last.x - point.x).abs() < 0.01)
                || ((before.y - last.y).abs() < 0.01 && (last.y - point.y).abs() < 0.01))
        {
            *last = point;
        } else {
            straight.push(point);
        }
    }
    straight
}
