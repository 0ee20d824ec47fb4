//! A namespace: who lives in it, its interfaces with their cables, its doors.

use bridgewalk_model::{EntityId, engine::ContainerState};

use super::{
    Context, block,
    block::Wires,
    brush::{Brush, Layer, size},
    host, icon,
    measure::{self, FRAME, Lanes, NOTE_LINE, PAD, PLUG, PORT, RESIDENT_LINE, RowShape, SOCKET},
};
use crate::{
    Detail, Word,
    content::{Block, Line, Row},
    fonts::text_width,
    layout,
    scene::{Anchor, EdgeKind, Face, LineEnd, Point, Rect, Role, Stroke},
    theme::Theme,
};

#[allow(clippy::too_many_arguments, reason = "a row is where everything meets")]
pub(super) fn paint(
    brush: &mut Brush<'_>,
    context: &Context<'_>,
    block: &Block,
    row: &Row,
    shape: &RowShape,
    area: Rect,
    wires: &Wires<'_>,
    cable: Stroke,
) {
    let lanes = wires.lanes;
    let home = home(lanes, shape, area);
    let by_hand = by_hand(context, row);
    let body = by_hand.map_or(home, |place| Rect { x: place.x, y: place.y, ..home });
    let offset = Point { x: body.x - home.x, y: body.y - home.y };
    resident_box(brush, context, row, body);

    let bridge_right = area.x + lanes.bridge_x + lanes.bridge;
    for (line, y) in row.interfaces.iter().zip(&shape.line_y) {
        let y_home = area.y + y;
        let y = y_home + offset.y;
        let is_here = line.block.as_ref() == Some(&block.key);
        let is_elsewhere = measure::elsewhere(line.block.as_ref(), &block.key).is_some();
        let chip = chip(body, y, line, is_here, is_elsewhere);
        interface(brush, context, row, line, chip, is_elsewhere);
        if is_here && measure::is_wired(block.kind) {
            let from = Point { x: bridge_right + host::port_reach(context.view.detail), y: y_home };
            let plug = if context.view.detail == Detail::Concept { 0.0 } else { PLUG };
            let to = Point { x: chip.x - plug, y };
            let path =
                if by_hand.is_some() { layout::detour(from, to, &obstacles(wires, body)) } else { vec![from, to] };
            let entity = line.port.as_ref().map(|(id, _)| id).or(line.entity.as_ref()).unwrap_or(&row.key);
            near_end(brush, context, line, entity, Point { x: bridge_right, y: y_home }, lanes.bridge, cable);
            cable_line(brush, context, row, line, path, cable);
        }
        if is_elsewhere && by_hand.is_some() {
            // The trunk still comes to where the lane has the box; a line leads on from there.
            let from = Point { x: home.right() + SOCKET, y: y_home };
            let to = Point { x: chip.x, y };
            let path = layout::detour(from, to, &obstacles(wires, body));
            cable_line(brush, context, row, line, path, cable);
        }
    }
    let depth = 3;
    for (door, (x, y)) in row.doors.iter().zip(&shape.door_at) {
        let entity = &row.residents.first().map_or(&row.key, |resident| &resident.entity).clone();
        let at = Point { x: body.x + x, y: area.y + y + offset.y };
        let pill = Rect { x: at.x, y: at.y - 10.0, width: measure::door_width(&door.label), height: 20.0 };
        let theme = brush.theme;
        let (stroke, color) = if door.is_published {
            (Stroke { color: theme.open, width: 1.25, dash: None }, theme.text)
        } else {
            (Theme::dashed(theme.closed), theme.muted)
        };
        brush.rect(Layer::Boxes, Some(entity), pill, 10.0, Some(theme.interface), Some(stroke));
        icon::door(brush, entity, Point { x: pill.x + 13.0, y: at.y }, door.is_published);
        brush.text_as(
            Role::Port,
            Some(entity),
            pill.x + 23.0,
            at.y + 4.0,
            &door.label,
            (Face::Mono, size::SMALL, color),
            Anchor::Start,
            pill.width,
        );
    }
    for (index, resident) in row.residents.iter().enumerate() {
        let mut state = resident.state.map(|state| context.words.word(word_of(state))).unwrap_or_default();
        if resident.is_stale {
            state = format!("{state}, {}", context.words.word(Word::Stale));
        }
        let addresses: Vec<&str> = row.interfaces.iter().map(|line| line.address.as_str()).collect();
        let word = if resident.state.is_some() { Word::Container } else { Word::Namespace };
        let doors: Vec<String> = row
            .doors
            .iter()
            .map(|door| {
                if door.is_published {
                    door.label.clone()
                } else {
                    format!("{} ({})", door.label, context.words.word(Word::ExposedOnly))
                }
            })
            .collect();
        let name = [
            format!("{} {}", context.words.word(word), resident.name),
            state,
            addresses.join(", "),
            if doors.is_empty() {
                String::new()
            } else {
                format!("{} {}", context.words.word(Word::Ports), doors.join(", "))
            },
        ];
        let name = name.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
        let rect = if row.residents.len() == 1 {
            body
        } else {
            Rect { y: body.y + PAD / 2.0 + index as f32 * RESIDENT_LINE, height: RESIDENT_LINE, ..body }
        };
        brush.target(&resident.entity, name, rect, depth, true);
    }
}

/// The place of a row's box in its lane.
pub(super) fn home(lanes: &Lanes, shape: &RowShape, area: Rect) -> Rect {
    Rect { x: area.x + lanes.box_x, y: area.y + shape.box_y, width: lanes.box_width, height: shape.box_height }
}

/// The place of a row's box, in its lane or where somebody has put it.
pub(super) fn body(context: &Context<'_>, row: &Row, lanes: &Lanes, shape: &RowShape, area: Rect) -> Rect {
    let home = home(lanes, shape, area);
    by_hand(context, row).map_or(home, |place| Rect { x: place.x, y: place.y, ..home })
}

/// The middle of a resident's line in the row's box.
pub(super) fn resident_line(body: Rect, resident: usize) -> f32 {
    body.y + PAD + 10.0 + resident as f32 * RESIDENT_LINE
}

/// The middle of a link's line in the row's box.
pub(super) fn tie_line(body: Rect, row: &Row, tie: usize) -> f32 {
    body.y + PAD + 8.0 + row.residents.len() as f32 * RESIDENT_LINE + (row.notes.len() + tie) as f32 * NOTE_LINE
}

/// Where somebody has put it.
pub(super) fn by_hand(context: &Context<'_>, row: &Row) -> Option<Point> {
    let mut names = row.residents.iter().map(|resident| &resident.entity).chain([&row.key]);
    names.find_map(|entity| context.view.arrangement.get(entity)).copied()
}

pub(super) fn obstacles(wires: &Wires<'_>, own: Rect) -> Vec<Rect> {
    let lanes = wires.lanes;
    let mut boxes = vec![own];
    for rows in &wires.placed.rows {
        boxes.extend(rows.iter().map(|row| Rect {
            x: row.rect.x + lanes.box_x - FRAME,
            width: lanes.box_width + 2.0 * FRAME,
            ..row.rect
        }));
    }
    for part in wires.placed.blocks.iter().flatten() {
        boxes.push(Rect { x: part.x + lanes.bridge_x, width: lanes.bridge, ..*part });
    }
    boxes.extend(wires.placed.uplinks.iter().copied());
    // The lane's own place is empty now.
    boxes.retain(|rect| *rect == own || !rect.overlaps(own));
    boxes
}

fn resident_box(brush: &mut Brush<'_>, context: &Context<'_>, row: &Row, body: Rect) {
    let theme = brush.theme;
    let entity = row.residents.first().map_or(&row.key, |resident| &resident.entity);
    let is_container = row.residents.iter().any(|resident| resident.state.is_some());
    let is_stale = row.residents.iter().any(|resident| resident.is_stale);
    let fill = match (row.is_parked || is_stale, is_container) {
        (true, _) => theme.parked,
        (false, true) => theme.container,
        (false, false) => theme.outside,
    };
    let stroke = if row.is_parked || is_stale { Theme::dashed(theme.outline) } else { Theme::thin(theme.outline) };
    brush.rect(Layer::Boxes, Some(entity), body, 8.0, Some(fill), Some(stroke));
    if row.residents.len() > 1 {
        let inner = Rect {
            x: body.x + 4.0,
            y: body.y + 4.0,
            width: body.width - 8.0,
            height: row.residents.len() as f32 * RESIDENT_LINE + 8.0,
        };
        brush.rect(
            Layer::Boxes,
            Some(entity),
            inner,
            6.0,
            None,
            Some(Stroke { color: theme.outline, width: 0.75, dash: Some((3.0, 3.0)) }),
        );
    }
    let mut y = body.y + PAD + 15.0;
    for resident in &row.residents {
        let entity = &resident.entity;
        let mut x = body.x + PAD;
        if let Some(state) = resident.state {
            let at = Point { x: x + 7.0, y: y - 5.0 };
            match resident.is_stale {
                true => icon::stale(brush, Some(entity), at),
                false => icon::state(brush, entity, at, state),
            }
            x += 20.0;
        }
        let right = body.right() - PAD;
        let last_seen = resident.is_stale.then(|| context.words.word(Word::Stale));
        let wanted = last_seen.as_ref().unwrap_or(&resident.note);
        let note_room = text_width(wanted, Face::Regular, size::SMALL).min(110.0);
        let room = right - x - if note_room > 0.0 { note_room + 10.0 } else { 0.0 };
        let used = brush.text(
            Some(entity),
            x,
            y,
            &resident.name,
            (Face::Strong, size::TITLE, theme.text),
            Anchor::Start,
            room,
        );
        let note = match resident.state {
            _ if resident.is_stale => wanted.clone(),
            Some(ContainerState::Running) | None => resident.note.clone(),
            Some(state) => format!("{} · {}", context.words.word(word_of(state)), resident.note),
        };
        brush.text_as(
            Role::Image,
            Some(entity),
            right,
            y,
            &note,
            (Face::Regular, size::SMALL, theme.muted),
            Anchor::End,
            right - x - used - 10.0,
        );
        y += RESIDENT_LINE;
    }
    for note in &row.notes {
        brush.text(
            Some(entity),
            body.x + PAD + 20.0,
            y - 3.0,
            note,
            (Face::Mono, size::SMALL, theme.muted),
            Anchor::Start,
            body.width - 2.0 * PAD - 20.0,
        );
        y += NOTE_LINE;
    }
    for tie in &row.links {
        brush.text(
            Some(&tie.entity),
            body.x + PAD + 20.0,
            y - 3.0,
            &tie.text,
            (Face::Mono, size::SMALL, theme.muted),
            Anchor::Start,
            body.width - 2.0 * PAD - 20.0,
        );
        y += NOTE_LINE;
    }
}

/// An interface's own box: it reaches out of its container towards its cable.
fn chip(body: Rect, middle: f32, line: &Line, is_here: bool, is_elsewhere: bool) -> Rect {
    let height = measure::INTERFACE_LINE + if line.detail.is_empty() { 0.0 } else { measure::DETAIL_LINE };
    let left = if is_here && !is_elsewhere { body.x - SOCKET } else { body.x + PAD };
    let right = if is_elsewhere { body.right() + SOCKET } else { body.right() - PAD };
    Rect { x: left, y: middle - height / 2.0, width: right - left, height }
}

fn interface(brush: &mut Brush<'_>, context: &Context<'_>, row: &Row, line: &Line, chip: Rect, is_elsewhere: bool) {
    let theme = brush.theme;
    let entity = line.entity.as_ref().unwrap_or(&row.key);
    brush.rect(Layer::Boxes, Some(entity), chip, 4.0, Some(theme.interface), Some(Theme::thin(theme.outline)));
    let x = if is_elsewhere { chip.x + 10.0 } else { chip.x + 10.0 + if chip.x < 0.0 { 0.0 } else { SOCKET } };
    let right = chip.right() - 10.0 - if is_elsewhere { SOCKET } else { 0.0 };
    let y = chip.y + 16.0;
    let is_named = context.view.detail != Detail::Concept && !line.name.is_empty();
    let name_width = if is_named {
        let style = (Face::Mono, size::BODY, theme.text);
        brush.text_as(Role::Interface, Some(entity), x, y, &line.name, style, Anchor::Start, right - x)
    } else {
        0.0
    };
    let at = if is_named { x + name_width + 12.0 } else { x };
    brush.text_as(
        Role::Address,
        Some(entity),
        at,
        y,
        &line.address,
        (Face::Mono, size::BODY, if is_named { theme.muted } else { theme.text }),
        Anchor::Start,
        right - at,
    );
    brush.text_as(
        Role::Address,
        Some(entity),
        x,
        y + 15.0,
        &line.detail,
        (Face::Mono, size::SMALL, theme.muted),
        Anchor::Start,
        right - x,
    );
    if let Some(entity) = &line.entity {
        brush.target(
            entity,
            format!("{} {} {}", context.words.word(Word::Interface), line.name, line.address),
            chip,
            4,
            false,
        );
    }
}

/// The bridge's port and the name of the veth in it.
fn near_end(
    brush: &mut Brush<'_>,
    context: &Context<'_>,
    line: &Line,
    entity: &EntityId,
    at: Point,
    bridge_width: f32,
    cable: Stroke,
) {
    if context.view.detail == Detail::Concept {
        return;
    }
    block::port(brush, entity, at, cable.color);
    if let Some((id, name)) = &line.port {
        let color = brush.theme.muted;
        brush.text_as(
            Role::Plug,
            Some(id),
            at.x - PORT / 2.0 - 6.0,
            at.y + 4.0,
            name,
            (Face::Mono, size::SMALL, color),
            Anchor::End,
            bridge_width - PORT - PAD,
        );
        let width = text_width(name, Face::Mono, size::SMALL) + PORT + 8.0;
        let rect = Rect { x: at.x - width, y: at.y - 9.0, width: width + PORT / 2.0, height: 18.0 };
        brush.target(id, format!("{} {name}", context.words.word(Word::Port)), rect, 4, false);
    }
}

fn cable_line(brush: &mut Brush<'_>, context: &Context<'_>, row: &Row, line: &Line, path: Vec<Point>, cable: Stroke) {
    let entity = line.port.as_ref().map(|(id, _)| id).or(line.entity.as_ref()).unwrap_or(&row.key);
    let is_veth = line.port.is_some() && context.view.detail != Detail::Concept;
    let end = if is_veth { LineEnd::Plug } else { LineEnd::Plain };
    if let Some((_, port)) = &line.port {
        let name = format!("{} {port} – {}", context.words.word(Word::Cable), line.name);
        brush.line_target(entity, name, path.clone());
    }
    brush.edge(EdgeKind::Cable, Some(entity), path, cable, (LineEnd::Plain, end));
}

pub(super) fn word_of(state: ContainerState) -> Word {
    match state {
        ContainerState::Running => Word::Running,
        ContainerState::Paused => Word::Paused,
        ContainerState::Restarting | ContainerState::Removing => Word::Restarting,
        ContainerState::Created => Word::Created,
        ContainerState::Exited => Word::Stopped,
        ContainerState::Dead => Word::Dead,
    }
}
