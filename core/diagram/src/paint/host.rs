//! One host: the outside, its box, its uplinks, and what leads from there inwards.

use std::collections::BTreeMap;

use bridgewalk_model::EntityId;

use super::{
    Context, block,
    brush::{Brush, Layer, size},
    icon, lines,
    measure::{self, Lanes, RowShape},
    projects, row, ties,
};
use crate::{
    Detail, Filter, View, Word,
    content::{BlockKind, HostContent, Reach, Remote, Uplink},
    fonts::text_width,
    layout::{self, BlockPlan, FeedPlan, HostLayout, Placed, Plan, RowPlan, Size, Terminal},
    scene::{Anchor, EdgeKind, Face, LineEnd, Point, Rect, Stroke},
    theme::Theme,
};

/// Room for the host's name and the lanes' headings.
const TITLE_HEIGHT: f32 = 84.0;
/// Where a line leaves or meets a block's head, from its top.
pub(super) const HEAD_LINE: f32 = 24.0;

/// What a feed is for; they leave an uplink from top to bottom in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum FeedKind {
    Outward,
    Tunnel,
    Parent,
    Stack,
    Inward,
}

/// Paints it with its top at `top`; its layout and extent.
pub(super) fn paint(
    brush: &mut Brush<'_>,
    context: &Context<'_>,
    content: &HostContent,
    previous: Option<&HostLayout>,
    top: f32,
) -> (HostLayout, Rect) {
    let lanes = Lanes::of(content);
    let shapes: Vec<Vec<RowShape>> = content.blocks.iter().map(|block| measure::rows(block, &lanes)).collect();
    let (plan, kinds) = plan(content, &lanes, &shapes, context.view);
    let mut placed = layout::arrange(&plan, previous);
    shift(&mut placed, top);
    make_room(context, content, &lanes, &shapes, &mut placed);
    paint_host(brush, context, content, &placed, &lanes);
    paint_feeds(brush, content, &placed, &plan, &kinds);
    for (index, block) in content.blocks.iter().enumerate() {
        let wires = block::Wires { lanes: &lanes, shapes: &shapes[index], placed: &placed, index, content };
        block::paint(brush, context, block, &wires);
    }
    ties::paint(brush, context, content, &lanes, &shapes, &placed);
    projects::paint(brush, context, content, &shapes, &placed, &lanes);
    paint_trunks(brush, content, &placed);
    let left = placed.outside.iter().map(|rect| rect.x).fold(placed.host.x, f32::min);
    let bottom = placed.outside.iter().map(|rect| rect.bottom()).fold(placed.host.bottom(), f32::max);
    let extent = Rect { x: left, y: top, width: placed.host.right() - left, height: bottom - top };
    (placed.layout, extent)
}

/// The hue and dash of each network that others than its own are wired to; the rest have the plain cable.
pub(super) fn network_strokes(content: &HostContent, theme: &Theme) -> BTreeMap<EntityId, Stroke> {
    let mut shared: Vec<&EntityId> = Vec::new();
    for block in &content.blocks {
        for line in block.rows.iter().flat_map(|row| &row.interfaces) {
            if let Some(other) = measure::elsewhere(line.block.as_ref(), &block.key)
                && !shared.contains(&other)
            {
                shared.push(other);
            }
        }
    }
    shared.sort();
    // The first is the plain cable's.
    shared.into_iter().enumerate().map(|(index, key)| (key.clone(), theme.network(index + 1))).collect()
}

fn plan(content: &HostContent, lanes: &Lanes, shapes: &[Vec<RowShape>], view: &View) -> (Plan, Vec<FeedKind>) {
    let detail = view.detail;
    let place: BTreeMap<&EntityId, usize> =
        content.blocks.iter().enumerate().map(|(index, block)| (&block.key, index)).collect();
    let mut feeds: BTreeMap<(FeedKind, usize), Vec<Terminal>> = BTreeMap::new();
    let main = content.uplinks.iter().position(|uplink| uplink.is_default).unwrap_or(0);
    let mut elsewhere: Vec<Vec<Terminal>> = vec![Vec::new(); content.blocks.len()];
    for (index, block) in content.blocks.iter().enumerate() {
        let head = |dx: f32| Terminal { block: index, row: None, dx, dy: HEAD_LINE };
        if block.masquerade.is_some() {
            feeds.entry((FeedKind::Outward, main)).or_default().push(head(0.0));
        }
        if block.tunnel.is_some() {
            feeds.entry((FeedKind::Tunnel, main)).or_default().push(head(0.0));
        }
        match block.kind {
            BlockKind::Parent(uplink) => {
                feeds.entry((FeedKind::Parent, uplink.unwrap_or(main))).or_default().push(head(lanes.bridge_x));
            }
            BlockKind::HostStack | BlockKind::Direct => {
                feeds.entry((FeedKind::Stack, main)).or_default().push(head(lanes.bridge_x));
            }
            _ => {}
        }
        for (row, shape) in shapes[index].iter().enumerate() {
            for (cell, y) in block.rows[row].cells.iter().zip(&shape.cell_y) {
                if matches!(cell.reach, Reach::Everyone | Reach::OneAddress) {
                    let dy = y + measure::cell_height(cell) / 2.0;
                    feeds.entry((FeedKind::Inward, main)).or_default().push(Terminal {
                        block: index,
                        row: Some(row),
                        dx: 0.0,
                        dy,
                    });
                }
            }
            for (line, y) in block.rows[row].interfaces.iter().zip(&shape.line_y) {
                if let Some(&other) = measure::elsewhere(line.block.as_ref(), &block.key).and_then(|key| place.get(key))
                {
                    let dx = lanes.box_x + lanes.box_width + measure::SOCKET + measure::PLUG;
                    elsewhere[other].push(Terminal { block: index, row: Some(row), dx, dy: *y });
                }
            }
        }
    }
    // With the engine alone the host's own interfaces are not seen: nothing can be fed from them then.
    feeds.retain(|(_, uplink), _| *uplink < content.uplinks.len());
    let mut count_at: BTreeMap<usize, usize> = BTreeMap::new();
    for (_, uplink) in feeds.keys() {
        *count_at.entry(*uplink).or_default() += 1;
    }
    let uplinks: Vec<Size> = content
        .uplinks
        .iter()
        .enumerate()
        .map(|(index, uplink)| uplink_size(uplink, count_at.get(&index).copied().unwrap_or_default()))
        .collect();
    let mut nth: BTreeMap<usize, usize> = BTreeMap::new();
    let mut kinds = Vec::new();
    let feeds = feeds
        .into_iter()
        .map(|((kind, uplink), to)| {
            let count = count_at.get(&uplink).copied().unwrap_or(1) as f32;
            let n = nth.entry(uplink).or_default();
            let dy = uplinks[uplink].height / 2.0 + (*n as f32 - (count - 1.0) / 2.0) * 16.0;
            *n += 1;
            kinds.push(kind);
            FeedPlan { uplink, dy, to }
        })
        .collect();
    let plan = Plan {
        shape: format!("{detail:?} {:.0}", lanes.head),
        aspect: view.aspect(),
        outside: content.outside.iter().map(remote_size).collect(),
        uplinks,
        title_height: TITLE_HEIGHT,
        row_width: lanes.row_width(),
        blocks: content
            .blocks
            .iter()
            .enumerate()
            .zip(elsewhere)
            .map(|((index, block), elsewhere)| BlockPlan {
                key: block.key.clone(),
                rows: block
                    .rows
                    .iter()
                    .zip(&shapes[index])
                    .map(|(row, shape)| RowPlan { key: row.key.clone(), height: shape.height })
                    .collect(),
                head_height: lanes.head_height(block),
                foot_height: lanes.foot_height(block),
                outlet: (lanes.bridge_x + lanes.bridge + port_reach(detail), HEAD_LINE),
                elsewhere,
            })
            .collect(),
        feeds,
    };
    (plan, kinds)
}

/// How far a port reaches out of its bridge.
pub(super) const fn port_reach(detail: Detail) -> f32 {
    match detail {
        Detail::Concept => 0.0,
        Detail::Plumbing | Detail::Everything => measure::PORT / 2.0,
    }
}

fn remote_size(remote: &Remote) -> Size {
    let name = text_width(&remote.name, Face::Strong, size::TITLE);
    let note = text_width(&remote.note, Face::Regular, size::SMALL);
    Size { width: name.max(note) + 56.0, height: 56.0 }
}

fn uplink_size(uplink: &Uplink, feeds: usize) -> Size {
    let name = text_width(&uplink.name, Face::Strong, size::TITLE);
    let lines = uplink.lines.iter().map(|line| text_width(line, Face::Mono, size::SMALL)).fold(name, f32::max);
    let text = 36.0 + uplink.lines.len() as f32 * 16.0;
    Size { width: lines + 32.0, height: text.max(16.0 * feeds as f32 + 16.0) }
}

fn shift(placed: &mut Placed, top: f32) {
    let rects = placed.outside.iter_mut().chain(&mut placed.uplinks).chain([&mut placed.host]);
    for rect in rects.chain(placed.blocks.iter_mut().flatten()) {
        rect.y += top;
    }
    placed.rows.iter_mut().flatten().for_each(|row| row.rect.y += top);
    placed.columns_y += top;
    let paths = placed.feeds.iter_mut().chain(&mut placed.trunks).chain(&mut placed.links);
    paths.flatten().flatten().for_each(|point| point.y += top);
}

/// The host's box holds what was put somewhere by hand, too.
fn make_room(
    context: &Context<'_>,
    content: &HostContent,
    lanes: &Lanes,
    shapes: &[Vec<RowShape>],
    placed: &mut Placed,
) {
    for ((block, shapes), rows) in content.blocks.iter().zip(shapes).zip(&placed.rows) {
        for ((row, shape), place) in block.rows.iter().zip(shapes).zip(rows) {
            let Some(at) = row::by_hand(context, row) else { continue };
            let home = row::home(lanes, shape, place.rect);
            let right = at.x + home.width + layout::gap::INSIDE;
            let bottom = at.y + home.height + layout::gap::INSIDE;
            placed.host.width = placed.host.width.max(right - placed.host.x);
            placed.host.height = placed.host.height.max(bottom - placed.host.y);
        }
    }
}

fn paint_host(brush: &mut Brush<'_>, context: &Context<'_>, content: &HostContent, placed: &Placed, lanes: &Lanes) {
    let theme = brush.theme;
    let words = context.words;
    for (remote, rect) in content.outside.iter().zip(&placed.outside) {
        brush.rect(
            Layer::Boxes,
            Some(&remote.entity),
            *rect,
            22.0,
            Some(theme.outside),
            Some(Theme::thin(theme.outline)),
        );
        let middle = rect.center().y;
        icon::globe(brush, Some(&remote.entity), Point { x: rect.x + 24.0, y: middle }, 10.0, theme.muted);
        brush.text(
            Some(&remote.entity),
            rect.x + 42.0,
            middle - 2.0,
            &remote.name,
            (Face::Strong, size::TITLE, theme.text),
            Anchor::Start,
            rect.width - 50.0,
        );
        brush.text(
            Some(&remote.entity),
            rect.x + 42.0,
            middle + 14.0,
            &remote.note,
            (Face::Regular, size::SMALL, theme.muted),
            Anchor::Start,
            rect.width - 50.0,
        );
        brush.target(&remote.entity, format!("{}, {}", remote.name, remote.note), *rect, 1, false);
    }
    let host = placed.host;
    brush.rect(
        Layer::Ground,
        Some(&content.id),
        host,
        14.0,
        Some(theme.host),
        Some(Stroke { color: theme.frame, width: 1.5, dash: None }),
    );
    let name = format!("{} {}", words.word(Word::Host), content.name);
    let width = brush.text(
        Some(&content.id),
        host.x + 24.0,
        host.y + 36.0,
        &name,
        (Face::Strong, size::HOST, theme.text),
        Anchor::Start,
        host.width - 48.0,
    );
    brush.text(
        Some(&content.id),
        host.x + 24.0 + width + 14.0,
        host.y + 36.0,
        &content.note,
        (Face::Regular, size::BODY, theme.muted),
        Anchor::Start,
        host.width - width - 62.0,
    );
    brush.target(&content.id, name, host, 0, false);

    for (uplink, rect) in content.uplinks.iter().zip(&placed.uplinks) {
        let stroke = if uplink.is_down { Theme::dashed(theme.outline) } else { Theme::thin(theme.outline) };
        brush.rect(Layer::Boxes, Some(&uplink.entity), *rect, 6.0, Some(theme.interface), Some(stroke));
        let text_height = 14.0 + uplink.lines.len() as f32 * 16.0;
        let mut y = rect.center().y - text_height / 2.0 + 12.0;
        brush.text(
            Some(&uplink.entity),
            rect.x + 16.0,
            y,
            &uplink.name,
            (Face::Strong, size::TITLE, theme.text),
            Anchor::Start,
            rect.width - 24.0,
        );
        for line in &uplink.lines {
            y += 16.0;
            brush.text(
                Some(&uplink.entity),
                rect.x + 16.0,
                y,
                line,
                (Face::Mono, size::SMALL, theme.muted),
                Anchor::Start,
                rect.width - 24.0,
            );
        }
        let state = if uplink.is_down { format!(", {}", words.word(Word::Down)) } else { String::new() };
        brush.target(
            &uplink.entity,
            format!(
                "{} {} {}{state}",
                words.word(Word::Interface),
                uplink.name,
                uplink.lines.first().cloned().unwrap_or_default()
            ),
            *rect,
            2,
            false,
        );
    }
    paint_reach(brush, content, placed);

    let is_concept = context.view.detail == Detail::Concept;
    let heading_y = host.y + TITLE_HEIGHT - 16.0;
    let mut heading = |x: f32, word: Word, width: f32| {
        brush.text(
            Some(&content.id),
            x,
            heading_y,
            &words.word(word),
            (Face::Regular, size::BODY, theme.muted),
            Anchor::Start,
            width,
        );
    };
    if let Some(first) = placed.uplinks.first() {
        heading(first.x, Word::Interfaces, first.width);
    }
    if content.blocks.is_empty() {
        // What the view hides is there all the same.
        if !context.view.hidden.is_empty() || context.view.filter != Filter::default() {
            return;
        }
        let x = placed.columns.first().copied().unwrap_or(host.x);
        heading(x, Word::Empty, lanes.row_width());
        return;
    }
    for x in &placed.columns {
        if lanes.nat > 0.0 {
            heading(*x, if is_concept { Word::PublishedPorts } else { Word::Nat }, lanes.nat);
        }
        heading(x + lanes.bridge_x, if is_concept { Word::Networks } else { Word::Bridges }, lanes.bridge + 60.0);
        heading(x + lanes.box_x, Word::Containers, lanes.box_width);
    }
}

/// From what is outside to the uplinks.
fn paint_reach(brush: &mut Brush<'_>, content: &HostContent, placed: &Placed) {
    let theme = brush.theme;
    let main = content.uplinks.iter().position(|uplink| uplink.is_default).unwrap_or(0);
    for (index, (remote, from)) in content.outside.iter().zip(&placed.outside).enumerate() {
        let is_world = remote.entity == EntityId::outside();
        for (number, (uplink, to)) in content.uplinks.iter().zip(&placed.uplinks).enumerate() {
            if uplink.is_down || !uplink.leads_out || (!is_world && number != main) {
                continue;
            }
            let spread =
                |rect: &Rect, n: usize, count: usize| rect.center().y + (n as f32 - (count as f32 - 1.0) / 2.0) * 14.0;
            let up = content.uplinks.iter().filter(|uplink| !uplink.is_down && uplink.leads_out).count();
            let y_from = if is_world { spread(from, number, up.max(1)) } else { from.center().y };
            let y_to = if number == main { spread(to, index, content.outside.len()) } else { to.center().y };
            let x = from.right() + 18.0 + 9.0 * (index + number) as f32;
            let path = if (y_from - y_to).abs() < 0.5 {
                vec![Point { x: from.right(), y: y_from }, Point { x: to.x, y: y_to }]
            } else {
                vec![
                    Point { x: from.right(), y: y_from },
                    Point { x, y: y_from },
                    Point { x, y: y_to },
                    Point { x: to.x, y: y_to },
                ]
            };
            let stroke = Stroke { color: theme.outline, width: 2.0, dash: (!is_world).then_some((6.0, 3.0)) };
            brush.edge(EdgeKind::Uplink, Some(&remote.entity), path, stroke, (LineEnd::Plain, LineEnd::Plain));
        }
    }
}

fn paint_feeds(brush: &mut Brush<'_>, content: &HostContent, placed: &Placed, plan: &Plan, kinds: &[FeedKind]) {
    let theme = brush.theme;
    for ((paths, kind), feed) in placed.feeds.iter().zip(kinds).zip(&plan.feeds) {
        let Some(uplink) = content.uplinks.get(feed.uplink) else { continue };
        let (edge, color, width, dash, start, end) = match kind {
            FeedKind::Inward => (EdgeKind::Inward, theme.inward, 1.75, None, LineEnd::Plain, LineEnd::Arrow),
            FeedKind::Outward => {
                (EdgeKind::Outward, theme.outward, 1.5, Some((6.0, 4.0)), LineEnd::Arrow, LineEnd::Plain)
            }
            FeedKind::Tunnel => {
                (EdgeKind::Tunnel, theme.outline, 1.75, Some((6.0, 3.0)), LineEnd::Plain, LineEnd::Plain)
            }
            FeedKind::Parent | FeedKind::Stack => {
                (EdgeKind::Attachment, theme.outline, 1.75, None, LineEnd::Plain, LineEnd::Plain)
            }
        };
        // A way of one network's alone is that network's.
        let only = match &feed.to[..] {
            [only] => content.blocks.get(only.block),
            _ => None,
        };
        let own = match kind {
            FeedKind::Outward => only.and_then(|block| block.masquerade.as_ref()?.entity.as_ref()),
            FeedKind::Tunnel => only.and_then(|block| block.tunnel.as_ref()).map(|(entity, ..)| entity),
            _ => None,
        };
        let entity = own.unwrap_or(&uplink.entity);
        lines::tree(brush, edge, entity, paths, Stroke { color, width, dash }, (start, end));
    }
}

/// From a network's head to its members in other blocks, and to its own further pieces.
fn paint_trunks(brush: &mut Brush<'_>, content: &HostContent, placed: &Placed) {
    let strokes = network_strokes(content, brush.theme);
    let plain = Stroke { color: brush.theme.cable, width: 2.0, dash: None };
    for (index, block) in content.blocks.iter().enumerate() {
        let stroke = strokes.get(&block.key).copied().unwrap_or(plain);
        let paths: Vec<Vec<Point>> = placed.trunks[index].iter().chain(&placed.links[index]).cloned().collect();
        let entity = block.entity.as_ref().unwrap_or(&block.key);
        lines::tree(brush, EdgeKind::Cable, entity, &paths, stroke, (LineEnd::Plain, LineEnd::Plug));
    }
}
