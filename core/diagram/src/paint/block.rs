//! A network: its bridge as the switch it is, with its ports; what leads in and out of it; its rows.

use super::{
    Context,
    brush::{Brush, Layer, size},
    host::{HEAD_LINE, network_strokes},
    icon,
    measure::{self, Lanes, PAD, PORT, RowShape, cell_height},
    row,
};
use crate::{
    Detail, Word,
    content::{Block, BlockKind, HostContent, NatCell, Reach},
    layout::Placed,
    scene::{Anchor, Color, EdgeKind, Face, LineEnd, Point, Rect, Role, Stroke},
    theme::Theme,
};

/// Where everything of a block is.
pub(super) struct Wires<'a> {
    pub lanes: &'a Lanes,
    pub shapes: &'a [RowShape],
    pub placed: &'a Placed,
    pub index: usize,
    pub content: &'a HostContent,
}

pub(super) fn paint(brush: &mut Brush<'_>, context: &Context<'_>, block: &Block, wires: &Wires<'_>) {
    let theme = brush.theme;
    let lanes = wires.lanes;
    let entity = block.entity.as_ref().unwrap_or(&block.key);
    let strokes = network_strokes(wires.content, theme);
    let cable = strokes.get(&block.key).copied().unwrap_or(Stroke { color: theme.cable, width: 2.0, dash: None });
    for (part, area) in wires.placed.blocks[wires.index].iter().enumerate() {
        let is_wired = measure::is_wired(block.kind);
        let height = if is_wired { area.height } else { area.height + PAD + 4.0 };
        let body = Rect { x: area.x + lanes.bridge_x, y: area.y, width: lanes.bridge, height: height.max(lanes.head) };
        if is_wired {
            switch(brush, context, block, body, part);
        } else {
            enclosure(brush, context, block, Rect { width: lanes.row_width() - lanes.bridge_x, ..body });
        }
        if part == 0 {
            head_cell(brush, context, block, area, lanes);
        }
        let reaches_out = !wires.placed.trunks[wires.index].is_empty() || !wires.placed.links[wires.index].is_empty();
        if is_wired && reaches_out && context.view.detail != Detail::Concept {
            let at = Point { x: body.right(), y: area.y + HEAD_LINE };
            port(brush, entity, at, cable.color);
        }
    }
    for ((row, shape), place) in block.rows.iter().zip(wires.shapes).zip(&wires.placed.rows[wires.index]) {
        for (cell, y) in row.cells.iter().zip(&shape.cell_y) {
            let rect = Rect { x: place.rect.x, y: place.rect.y + y, width: lanes.nat, height: cell_height(cell) };
            nat_cell(brush, context, cell, rect, block);
            let from = Point { x: rect.right(), y: rect.center().y };
            let to = Point { x: rect.x + lanes.bridge_x, y: from.y };
            let stroke = Stroke { color: theme.inward, width: 1.75, dash: cell.is_unseen.then_some((5.0, 4.0)) };
            brush.edge(
                EdgeKind::Inward,
                cell.entity.as_ref(),
                vec![from, to],
                stroke,
                (LineEnd::Plain, LineEnd::Arrow),
            );
        }
        row::paint(brush, context, block, row, shape, place.rect, wires, cable);
    }
}

/// The bridge.
fn switch(brush: &mut Brush<'_>, context: &Context<'_>, block: &Block, body: Rect, part: usize) {
    let theme = brush.theme;
    let entity = block.entity.as_ref().unwrap_or(&block.key);
    let fill = match block.kind {
        _ if block.is_stale => theme.parked,
        BlockKind::Bridge | BlockKind::Overlay => theme.bridge,
        _ => theme.outside,
    };
    if block.kind == BlockKind::Overlay && context.view.detail != Detail::Concept {
        let frame = Rect { x: body.x - 8.0, y: body.y - 8.0, width: body.width + 16.0, height: body.height + 16.0 };
        brush.rect(Layer::Ground, Some(entity), frame, 12.0, None, Some(Theme::dashed(theme.frame)));
    }
    let outline = if block.is_stale { Theme::dashed(theme.outline) } else { Theme::thin(theme.outline) };
    brush.rect(Layer::Boxes, Some(entity), body, 8.0, Some(fill), Some(outline));
    let (x, room) = (body.x + PAD, body.width - 2.0 * PAD - PORT / 2.0);
    let mut y = body.y + 24.0;
    brush.text(Some(entity), x, y + 4.0, &block.title, (Face::Strong, size::TITLE, theme.text), Anchor::Start, room);
    y += 4.0;
    if part == 0 {
        for line in &block.lines {
            y += 16.0;
            let style = (Face::Mono, size::SMALL, theme.muted);
            brush.text_as(line_role(line), Some(entity), x, y, line, style, Anchor::Start, room);
        }
    } else {
        let continued = context.words.word(Word::Continued);
        brush.text(
            Some(entity),
            x,
            y + 16.0,
            &continued,
            (Face::Regular, size::SMALL, theme.muted),
            Anchor::Start,
            room,
        );
    }
    let word = if block.kind == BlockKind::Bridge { Word::Bridge } else { Word::Network };
    let name = format!("{} {}, {}", context.words.word(word), block.title, block.lines.join(", "));
    brush.target(entity, name, body, 2, false);
}

/// A line below a bridge's name is its device's, or an address.
fn line_role(line: &str) -> Role {
    if line.contains('/') { Role::Address } else { Role::Interface }
}

/// What holds containers that no bridge serves.
fn enclosure(brush: &mut Brush<'_>, context: &Context<'_>, block: &Block, area: Rect) {
    let theme = brush.theme;
    let entity = block.entity.as_ref();
    let is_parked = block.kind == BlockKind::Parked;
    let stroke = if is_parked { Theme::dashed(theme.frame) } else { Theme::thin(theme.frame) };
    brush.rect(
        Layer::Ground,
        entity,
        area,
        10.0,
        (block.kind == BlockKind::HostStack).then_some(theme.outside),
        Some(stroke),
    );
    brush.text(
        entity,
        area.x + PAD + 4.0,
        area.y + 28.0,
        &block.title,
        (Face::Strong, size::TITLE, theme.text),
        Anchor::Start,
        area.width - 2.0 * PAD,
    );
    let mut y = area.y + 28.0;
    for line in &block.lines {
        y += 16.0;
        brush.text(
            entity,
            area.x + PAD + 4.0,
            y,
            line,
            (Face::Mono, size::SMALL, theme.muted),
            Anchor::Start,
            area.width - 2.0 * PAD,
        );
    }
    if let Some(entity) = entity {
        brush.target(entity, format!("{} {}", context.words.word(Word::Namespace), block.title), area, 1, false);
    }
}

/// The way out, its absence, or an overlay's tunnel, beside the bridge's head.
fn head_cell(brush: &mut Brush<'_>, context: &Context<'_>, block: &Block, area: &Rect, lanes: &Lanes) {
    let theme = brush.theme;
    let middle = area.y + HEAD_LINE;
    let bridge_x = area.x + lanes.bridge_x;
    let beside = |height: f32| Rect { x: area.x, y: middle - height / 2.0, width: lanes.nat, height };
    if let Some(cell) = &block.masquerade {
        let rect = beside(cell_height(cell));
        nat_cell(brush, context, cell, rect, block);
        let stroke = Stroke { color: theme.outward, width: 1.5, dash: Some((6.0, 4.0)) };
        let path = vec![Point { x: bridge_x, y: middle }, Point { x: rect.right(), y: middle }];
        brush.edge(EdgeKind::Outward, cell.entity.as_ref(), path, stroke, (LineEnd::Plain, LineEnd::Arrow));
    } else if let Some((entity, name, note)) = &block.tunnel {
        let rect = beside(40.0);
        brush.rect(Layer::Boxes, Some(entity), rect, 6.0, Some(theme.interface), Some(Theme::thin(theme.outline)));
        brush.text_as(
            Role::Name,
            Some(entity),
            rect.x + 14.0,
            middle - 3.0,
            name,
            (Face::Mono, size::BODY, theme.text),
            Anchor::Start,
            rect.width - 24.0,
        );
        brush.text(
            Some(entity),
            rect.x + 14.0,
            middle + 12.0,
            note,
            (Face::Regular, size::SMALL, theme.muted),
            Anchor::Start,
            rect.width - 24.0,
        );
        let stroke = Stroke { color: theme.outline, width: 1.75, dash: None };
        let path = vec![Point { x: rect.right(), y: middle }, Point { x: bridge_x, y: middle }];
        brush.edge(EdgeKind::Tunnel, Some(entity), path, stroke, (LineEnd::Plain, LineEnd::Plain));
        brush.target(entity, format!("{} {name}, {note}", context.words.word(Word::Interface)), rect, 3, false);
    } else if block.is_internal && lanes.nat > 0.0 {
        let entity = block.entity.as_ref();
        let text = context.words.word(Word::Internal);
        let at = Point { x: bridge_x - 20.0, y: middle };
        icon::barred(brush, entity, at, theme.closed);
        brush.text(
            entity,
            at.x - 14.0,
            middle + 4.0,
            &text,
            (Face::Regular, size::BODY, theme.muted),
            Anchor::End,
            lanes.nat,
        );
        brush.line(
            entity,
            vec![Point { x: at.x + 7.0, y: middle }, Point { x: bridge_x, y: middle }],
            Theme::thin(theme.closed),
            LineEnd::Plain,
            LineEnd::Plain,
        );
    }
}

/// A translation.
fn nat_cell(brush: &mut Brush<'_>, context: &Context<'_>, cell: &NatCell, rect: Rect, block: &Block) {
    let theme = brush.theme;
    let entity = cell.entity.as_ref();
    let color = match cell.reach {
        Reach::Outward => theme.outward,
        Reach::HostOnly => theme.closed,
        Reach::Everyone | Reach::OneAddress => theme.inward,
    };
    let fill: Color = if cell.reach == Reach::Outward { theme.interface } else { theme.nat };
    let stroke = if cell.is_unseen || cell.reach == Reach::Outward {
        Theme::dashed(theme.outline)
    } else {
        Theme::thin(theme.outline)
    };
    brush.rect(Layer::Boxes, entity, rect, 6.0, Some(fill), Some(stroke));
    icon::reach(
        brush,
        entity,
        Point { x: rect.x + 18.0, y: rect.center().y },
        cell.reach,
        if cell.reach == Reach::HostOnly { theme.text } else { color },
    );
    let (x, room) = (rect.x + 34.0, rect.width - 42.0);
    let mut y = rect.y + 17.0;
    let (face, note_face) = measure::cell_faces(cell);
    brush.text_as(Role::Name, entity, x, y, &cell.label, (face, size::BODY, theme.text), Anchor::Start, room);
    for note in &cell.notes {
        y += 14.0;
        brush.text(entity, x, y, note, (note_face, size::SMALL, theme.muted), Anchor::Start, room);
    }
    if let Some(entity) = entity {
        let name =
            format!("{} {}, {}, {}", context.words.word(Word::Nat), cell.label, cell.notes.join(", "), block.title);
        brush.target(entity, name, rect, 3, false);
    }
}

/// A switch's port: a square on its edge.
pub(crate) fn port(brush: &mut Brush<'_>, entity: &bridgewalk_model::EntityId, at: Point, color: Color) {
    let rect = Rect { x: at.x - PORT / 2.0, y: at.y - PORT / 2.0, width: PORT, height: PORT };
    let fill = brush.theme.interface;
    brush.rect(Layer::Marks, Some(entity), rect, 2.0, Some(fill), Some(Stroke { color, width: 1.5, dash: None }));
    let inner = Rect { x: rect.x + 3.5, y: rect.y + 3.5, width: PORT - 7.0, height: PORT - 7.0 };
    brush.rect(Layer::Marks, Some(entity), inner, 1.0, Some(color), None);
}
