//! Measures a chart and paints it. Charts stand on slides: their type is larger than the whole host's.

use std::ops::Range;

use super::{Cell, Chart, Frame, Link, Look, Mark};
use crate::{
    Word, Words,
    fonts::text_width,
    paint::{
        brush::{Brush, Layer},
        icon,
    },
    scene::{Anchor, Color, EdgeKind, Face, LineEnd, Point, Rect, Role, Stroke},
    theme::Theme,
};

mod size {
    pub(super) const HEADING: f32 = 26.0;
    pub(super) const LANE: f32 = 15.0;
    pub(super) const TITLE: f32 = 17.0;
    pub(super) const LINE: f32 = 14.0;
}

const PAD: f32 = 14.0;
/// A title's line, and each one below it.
const TITLE_LINE: f32 = 22.0;
const LINE: f32 = 19.0;
/// Room for what stands before a title.
const MARK: f32 = 28.0;
/// Between lanes: room for a line with its arrow, and for frames' edges.
const LANE_GAP: f32 = 84.0;
const ROW_GAP: f32 = 18.0;
/// Above the first row: the picture's title and the lanes' headings.
const TOP: f32 = 100.0;
/// From a host's or a namespace's frame to what it holds: sideways, above (its title), below.
const OUTER: (f32, f32, f32) = (30.0, 40.0, 18.0);
const INNER: (f32, f32, f32) = (14.0, 36.0, 14.0);
const MIN_LANE: f32 = 130.0;
const MAX_LANE: f32 = 520.0;
/// Between pieces of a chart that stand side by side.
const PIECE_GAP: f32 = 70.0;
const MAX_PIECES: usize = 6;
/// How many ways of folding are looked at.
const MAX_TRIES: usize = 2_000;
/// What an empty half weighs beside a wrong shape.
const EMPTINESS: f32 = 2.0;
/// A box beside more rows has its text at its top, not in its middle.
const MAX_CENTRED_ROWS: usize = 16;

/// Where lanes and rows are.
struct Grid {
    /// Left and right of each lane.
    lanes: Vec<(f32, f32)>,
    /// Top and bottom of each row.
    rows: Vec<(f32, f32)>,
}

impl Grid {
    /// The grid of `chart`, a piece of `whole`, from `left` on.
    fn of(chart: &Chart, whole: &Chart, left: f32) -> Self {
        Self { lanes: lanes(whole, left), rows: rows(chart) }
    }

    fn rect(&self, lanes: &Range<usize>, rows: &Range<usize>) -> Rect {
        let (x, y) = (self.lanes[lanes.start].0, self.rows[rows.start].0);
        Rect { x, y, width: self.lanes[lanes.end - 1].1 - x, height: self.rows[rows.end - 1].1 - y }
    }

    fn cell(&self, cell: &Cell) -> Rect {
        self.rect(&(cell.lane..cell.lane + 1), &cell.rows)
    }
}

/// Every lane is as wide as its widest box in all pieces.
fn lanes(chart: &Chart, left: f32) -> Vec<(f32, f32)> {
    let mut widths: Vec<f32> =
        chart.lanes.iter().map(|lane| text_width(lane, Face::Regular, size::LANE).max(MIN_LANE)).collect();
    for cell in &chart.cells {
        widths[cell.lane] = widths[cell.lane].max(width(cell));
    }
    for frame in chart.frames.iter().filter(|frame| frame.lanes.len() == 1) {
        let text = text_width(&frame.title, Face::Strong, size::TITLE)
            + text_width(&frame.note, line_face(&frame.note), size::LINE).min(MAX_LANE)
            + if frame.look == Look::Stale { 36.0 } else { 16.0 };
        widths[frame.lanes.start] = widths[frame.lanes.start].max(text);
    }
    let mut x = left;
    widths
        .into_iter()
        .map(|width| {
            let width = width.min(MAX_LANE).ceil();
            let lane = (x, x + width);
            x += width + LANE_GAP;
            lane
        })
        .collect()
}

fn width(cell: &Cell) -> f32 {
    let title = text_width(&cell.title, face(cell.is_mono), size::TITLE) + if cell.mark.is_some() { MARK } else { 0.0 };
    let lines = cell.lines.iter().map(|line| text_width(line, line_face(line), size::LINE));
    lines.fold(title, f32::max) + 2.0 * PAD
}

fn height(cell: &Cell) -> f32 {
    2.0 * PAD + TITLE_LINE + LINE * cell.lines.len() as f32 - 4.0
}

const fn face(is_mono: bool) -> Face {
    if is_mono { Face::Mono } else { Face::Strong }
}

/// Addresses and rules are in monospace, words are not.
fn line_face(line: &str) -> Face {
    if line.contains(|character: char| character.is_ascii_digit() || "/._!".contains(character)) {
        Face::Mono
    } else {
        Face::Regular
    }
}

const fn is_outer(frame: &Frame) -> bool {
    matches!(frame.look, Look::Host)
}

/// Each row is as high as its own boxes; what stands beside several makes them higher together.
fn rows(chart: &Chart) -> Vec<(f32, f32)> {
    let mut heights = vec![2.0 * PAD + TITLE_LINE; chart.rows];
    for cell in chart.cells.iter().filter(|cell| cell.rows.len() == 1) {
        heights[cell.rows.start] = heights[cell.rows.start].max(height(cell));
    }
    for cell in chart.cells.iter().filter(|cell| cell.rows.len() > 1) {
        let has = heights[cell.rows.clone()].iter().sum::<f32>() + ROW_GAP * (cell.rows.len() - 1) as f32;
        let more = (height(cell) - has) / cell.rows.len() as f32;
        if more > 0.0 {
            heights[cell.rows.clone()].iter_mut().for_each(|height| *height += more);
        }
    }
    let mut y = TOP;
    heights
        .into_iter()
        .enumerate()
        .map(|(row, height)| {
            if row > 0 {
                y += ROW_GAP;
            }
            y += above(chart, row, true) + above(chart, row, false);
            let place = (y, y + height);
            y += height + below(chart, row, true) + below(chart, row, false);
            place
        })
        .collect()
}

fn above(chart: &Chart, row: usize, outer: bool) -> f32 {
    let starts = chart.frames.iter().any(|frame| is_outer(frame) == outer && frame.rows.start == row);
    if starts { if outer { OUTER.1 } else { INNER.1 } } else { 0.0 }
}

fn below(chart: &Chart, row: usize, outer: bool) -> f32 {
    let ends = chart.frames.iter().any(|frame| is_outer(frame) == outer && frame.rows.end == row + 1);
    if ends { if outer { OUTER.2 } else { INNER.2 } } else { 0.0 }
}

/// Paints it; its extent.
///
/// `is_whole`: everything was read, so that what is not there can be said not to be.
pub(crate) fn paint(brush: &mut Brush<'_>, chart: &Chart, aspect: f32, is_whole: bool, words: &dyn Words) -> Rect {
    let theme = brush.theme;
    let wide = text_width(&chart.title, Face::Strong, size::HEADING);
    brush.text(None, 0.0, 26.0, &chart.title, (Face::Strong, size::HEADING, theme.text), Anchor::Start, wide + 1.0);
    if chart.rows == 0 {
        let text = words.word(if is_whole { Word::NoneHere } else { Word::NoneRead });
        let width = text_width(&text, Face::Regular, size::TITLE);
        brush.text(None, 0.0, 70.0, &text, (Face::Regular, size::TITLE, theme.muted), Anchor::Start, width + 1.0);
        return Rect { x: 0.0, y: 0.0, width: wide.max(width), height: 90.0 };
    }
    let mut extent = Rect { x: 0.0, y: 0.0, width: wide, height: TOP };
    let mut left = 0.0;
    for piece in fold(chart, aspect, &words.word(Word::Continued)) {
        let grid = Grid::of(&piece, chart, left);
        extent = union(extent, paint_piece(brush, &piece, &grid, words));
        left = extent.right() + OUTER.0 + PIECE_GAP;
    }
    brush
        .targets
        .sort_by(|a, b| a.depth.cmp(&b.depth).then(a.rect.y.total_cmp(&b.rect.y)).then(a.rect.x.total_cmp(&b.rect.x)));
    extent
}

fn union(a: Rect, b: Rect) -> Rect {
    let (x, y) = (a.x.min(b.x), a.y.min(b.y));
    Rect { x, y, width: a.right().max(b.right()) - x, height: a.bottom().max(b.bottom()) - y }
}

/// A chart in pieces side by side, each with whole networks: as many as come closest to the shape asked for with the least
/// left empty below the shorter ones.
fn fold(chart: &Chart, aspect: f32, continued: &str) -> Vec<Chart> {
    let width = lanes(chart, 0.0).last().map_or(0.0, |lane| lane.1) + PIECE_GAP;
    let places = rows(chart);
    let seams: Vec<usize> = (1..chart.rows).filter(|row| is_seam(chart, *row)).chain([chart.rows]).collect();
    let height = |from: usize, to: usize| places[to - 1].1 - places[from].0 + TOP + OUTER.1 + OUTER.2;
    // Cut where a piece would be higher than `limit`.
    let cut = |limit: f32| {
        let mut cuts = vec![0];
        let mut last = 0;
        for &seam in &seams {
            let from = cuts.last().copied().unwrap_or(0);
            if last > from && height(from, seam) > limit {
                cuts.push(last);
            }
            last = seam;
        }
        cuts.push(chart.rows);
        cuts
    };
    let misfit = |cuts: &[usize]| {
        let heights = || cuts.windows(2).map(|pair| height(pair[0], pair[1]));
        let (tallest, pieces) = (heights().fold(1.0, f32::max), (cuts.len() - 1) as f32);
        let empty = 1.0 - heights().sum::<f32>() / (tallest * pieces);
        (width * pieces / tallest / aspect).ln().abs() + EMPTINESS * empty
    };
    // Every height that some run of networks has is a limit worth trying.
    let starts = || [0].into_iter().chain(seams.iter().copied()).filter(|row| *row < chart.rows);
    let limits = starts().flat_map(|from| seams.iter().filter(move |to| **to > from).map(move |to| (from, *to)));
    let best = limits
        .take(MAX_TRIES)
        .map(|(from, to)| cut(height(from, to)))
        .filter(|cuts| cuts.len() <= MAX_PIECES + 1)
        .min_by(|a, b| misfit(a).total_cmp(&misfit(b)));
    let whole = vec![0, chart.rows];
    let cuts = best.filter(|cuts| misfit(cuts) < misfit(&whole)).unwrap_or(whole);
    cuts.windows(2).map(|pair| chart.piece(pair[0]..pair[1], continued)).collect()
}

/// Whether only what stands beside a whole host, or is the outside, goes on across this row's top.
fn is_seam(chart: &Chart, row: usize) -> bool {
    let torn = |rows: &Range<usize>| rows.start < row && row < rows.end;
    let is_whole = |rows: &Range<usize>| {
        *rows == (0..chart.rows) || chart.frames.iter().any(|frame| is_outer(frame) && frame.rows == *rows)
    };
    let is_outside = |cell: &Cell| cell.look == Look::Outside;
    chart.cells.iter().all(|cell| !torn(&cell.rows) || is_outside(cell) || is_whole(&cell.rows))
        && chart.frames.iter().all(|frame| !torn(&frame.rows) || is_outer(frame))
}

fn paint_piece(brush: &mut Brush<'_>, chart: &Chart, grid: &Grid, words: &dyn Words) -> Rect {
    let theme = brush.theme;
    let mut extent: Option<Rect> = None;
    let mut grow = |rect: Rect| extent = Some(extent.map_or(rect, |extent| union(extent, rect)));
    for (lane, (x, right)) in chart.lanes.iter().zip(&grid.lanes) {
        brush.text(None, *x, 68.0, lane, (Face::Regular, size::LANE, theme.muted), Anchor::Start, right - x + 2.0);
        grow(Rect { x: *x, y: 0.0, width: right - x, height: TOP });
    }
    for is_outer_turn in [true, false] {
        for frame in chart.frames.iter().filter(|frame| is_outer(frame) == is_outer_turn) {
            grow(paint_frame(brush, chart, grid, frame, words));
        }
    }
    for cell in &chart.cells {
        let rect = grid.cell(cell);
        paint_cell(brush, cell, rect);
        grow(rect);
    }
    for link in &chart.links {
        paint_link(brush, chart, grid, link);
    }
    extent.unwrap_or_default()
}

fn paint_frame(brush: &mut Brush<'_>, chart: &Chart, grid: &Grid, frame: &Frame, words: &dyn Words) -> Rect {
    let theme = brush.theme;
    let outer = is_outer(frame);
    let (side, top, bottom) = if outer { OUTER } else { INNER };
    let (top, bottom) = if outer {
        (top + above(chart, frame.rows.start, false), bottom + below(chart, frame.rows.end - 1, false))
    } else {
        (top, bottom)
    };
    let inner = grid.rect(&frame.lanes, &frame.rows);
    let rect = Rect {
        x: inner.x - side,
        y: inner.y - top,
        width: inner.width + 2.0 * side,
        height: inner.height + top + bottom,
    };
    let (fill, stroke) = match frame.look {
        Look::Host => (Some(theme.host), Stroke { color: theme.frame, width: 1.5, dash: None }),
        Look::Container => (Some(theme.container), Theme::thin(theme.outline)),
        Look::Stale => (Some(theme.parked), Theme::dashed(theme.outline)),
        Look::Bridge => (Some(theme.bridge), Theme::thin(theme.outline)),
        _ => (None, Theme::dashed(theme.frame)),
    };
    brush.rect(Layer::Ground, Some(&frame.entity), rect, if outer { 14.0 } else { 10.0 }, fill, Some(stroke));
    let (mut x, y) = (rect.x + PAD, rect.y + 25.0);
    let mut room = rect.width - 2.0 * PAD;
    if frame.look == Look::Stale {
        icon::stale(brush, Some(&frame.entity), Point { x: x + 7.0, y: y - 6.0 });
        (x, room) = (x + 20.0, room - 20.0);
    }
    let title = if outer { format!("{} {}", words.word(Word::Host), frame.title) } else { frame.title.clone() };
    let used =
        brush.text(Some(&frame.entity), x, y, &title, (Face::Strong, size::TITLE, theme.text), Anchor::Start, room);
    let rest = room - used - 12.0;
    let note = (line_face(&frame.note), size::LINE, theme.muted);
    if outer {
        brush.text(Some(&frame.entity), x + used + 12.0, y, &frame.note, note, Anchor::Start, rest);
    } else if rest > 40.0 {
        brush.text(Some(&frame.entity), rect.right() - PAD, y, &frame.note, note, Anchor::End, rest);
    }
    let name = [title, frame.note.clone()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
    brush.target(&frame.entity, name, rect, if outer { 1 } else { 2 }, false);
    rect
}

fn paint_cell(brush: &mut Brush<'_>, cell: &Cell, rect: Rect) {
    let theme = brush.theme;
    let (fill, stroke) = match cell.look {
        Look::Outside => (theme.outside, Theme::thin(theme.outline)),
        Look::Host | Look::Interface => (theme.interface, Theme::thin(theme.outline)),
        Look::Translation => (theme.nat, Theme::thin(theme.outline)),
        Look::Bridge => (theme.bridge, Theme::thin(theme.outline)),
        Look::Container => (theme.container, Theme::thin(theme.outline)),
        Look::Stale => (theme.parked, Theme::dashed(theme.outline)),
        Look::Namespace => (theme.outside, Theme::thin(theme.outline)),
        Look::Absent => (theme.parked, Theme::dashed(theme.closed)),
    };
    let radius = if cell.look == Look::Outside { 20.0 } else { 8.0 };
    let entity = Some(&cell.entity);
    brush.rect(Layer::Boxes, entity, rect, radius, Some(fill), Some(stroke));
    let text_height = height(cell);
    let mut y = if cell.rows.len() > MAX_CENTRED_ROWS { rect.y } else { rect.center().y - text_height / 2.0 } + PAD;
    let mut x = rect.x + PAD;
    let color: Color = if cell.look == Look::Absent { theme.muted } else { theme.text };
    if let Some(mark) = cell.mark {
        let at = Point { x: x + 9.0, y: y + 11.0 };
        match mark {
            Mark::Globe => icon::globe(brush, entity, at, 9.0, theme.muted),
            Mark::Reach(reach) => {
                let hue = match reach {
                    crate::content::Reach::Outward => theme.outward,
                    crate::content::Reach::HostOnly => theme.text,
                    _ => theme.inward,
                };
                icon::reach(brush, entity, at, reach, hue);
            }
            Mark::Door(is_open) => icon::door(brush, &cell.entity, at, is_open),
            Mark::Barred => icon::barred(brush, entity, at, theme.closed),
            Mark::Stale => icon::stale(brush, entity, at),
        }
        x += MARK;
    }
    let right = rect.right() - PAD + 2.0;
    let style = (face(cell.is_mono), size::TITLE, color);
    brush.text_as(Role::Name, entity, x, y + 17.0, &cell.title, style, Anchor::Start, right - x);
    y += TITLE_LINE;
    for line in &cell.lines {
        let style = (line_face(line), size::LINE, theme.muted);
        brush.text(entity, rect.x + PAD, y + 14.0, line, style, Anchor::Start, rect.width - 2.0 * PAD + 2.0);
        y += LINE;
    }
    let name = [&cell.title].into_iter().chain(&cell.lines).cloned().collect::<Vec<_>>().join(", ");
    brush.target(&cell.entity, name, rect, 3, false);
}

fn paint_link(brush: &mut Brush<'_>, chart: &Chart, grid: &Grid, link: &Link) {
    let in_row = |lane: usize| {
        let is_there = |cell: &&Cell| cell.lane == lane && cell.rows.contains(&link.rows.start);
        chart.cells.iter().find(is_there).map(|cell| grid.cell(cell))
    };
    let (Some(from), Some(to)) = (in_row(link.from), in_row(link.to)) else { return };
    let theme = brush.theme;
    let y = (grid.rows[link.rows.start].0 + grid.rows[link.rows.end - 1].1) / 2.0;
    let (from_x, to_x) = if link.from < link.to { (from.right(), to.x) } else { (from.x, to.right()) };
    let points = vec![Point { x: from_x, y }, Point { x: to_x, y }];
    let (color, width, dash, ends) = match link.kind {
        EdgeKind::Inward => (theme.inward, 2.25, None, (LineEnd::Plain, LineEnd::Arrow)),
        EdgeKind::Outward => (theme.outward, 2.0, Some((8.0, 5.0)), (LineEnd::Plain, LineEnd::Arrow)),
        EdgeKind::Cable => (theme.cable, 2.5, None, (LineEnd::Plain, LineEnd::Plug)),
        EdgeKind::Tunnel => (theme.outline, 2.25, Some((8.0, 4.0)), (LineEnd::Plain, LineEnd::Plain)),
        EdgeKind::Link => (theme.outline, 1.5, Some((4.0, 3.0)), (LineEnd::Plain, LineEnd::Arrow)),
        EdgeKind::Uplink | EdgeKind::Attachment => (theme.outline, 2.0, None, (LineEnd::Plain, LineEnd::Plain)),
    };
    brush.edge(link.kind, Some(&link.entity), points, Stroke { color, width, dash }, ends);
    if link.port_at.is_some() {
        crate::paint::port(brush, &link.entity, Point { x: from_x, y }, color);
    }
}
