//! How large everything is, before it has a place.

use bridgewalk_model::{EntityId, Text};

use super::brush::size;
use crate::{
    content::{Block, BlockKind, HostContent, NatCell, Reach, Row},
    fonts::text_width,
    scene::Face,
};

pub(super) const PAD: f32 = 10.0;
pub(super) const RESIDENT_LINE: f32 = 22.0;
pub(super) const NOTE_LINE: f32 = 16.0;
pub(super) const INTERFACE_LINE: f32 = 24.0;
pub(super) const INTERFACE_GAP: f32 = 4.0;
pub(super) const DETAIL_LINE: f32 = 14.0;
pub(super) const DOOR_LINE: f32 = 24.0;
pub(super) const CELL_GAP: f32 = 6.0;
/// Above the first row of a project: its name in the frame.
pub(super) const PROJECT_BAND: f32 = 26.0;
/// How far a project's frame reaches beyond its boxes.
pub(super) const FRAME: f32 = 16.0;
/// Half a plug, which lies before the interface it is in.
pub(super) const PLUG: f32 = 3.0;
/// How far an interface reaches beyond its box, towards its cable.
pub(super) const SOCKET: f32 = 6.0;
/// The least distance from a row's top to the middle of its first interface.
const ANCHOR: f32 = PAD + RESIDENT_LINE + INTERFACE_GAP;
/// Room for the cell beside a bridge's head.
const HEAD_CELL: f32 = 56.0;
/// A bridge's port, a square.
pub(super) const PORT: f32 = 12.0;

/// Between the arrows of two links.
pub(super) const TIE_LANE: f32 = 8.0;
/// More arrows than these share their lanes.
pub(super) const MAX_TIES: usize = 8;

/// The lanes of a row, from its left.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lanes {
    pub nat: f32,
    pub bridge_x: f32,
    pub bridge: f32,
    pub box_x: f32,
    pub box_width: f32,
    /// Height of a bridge's own text.
    pub head: f32,
    /// Room beside the boxes for the arrows of links.
    pub ties: f32,
}

impl Lanes {
    pub(super) fn of(content: &HostContent) -> Self {
        let mut nat = 0.0_f32;
        let (mut bridge, mut box_width) = (150.0_f32, 230.0_f32);
        let mut head_lines = 0;
        for block in &content.blocks {
            if let Some(cell) = &block.masquerade {
                nat = nat.max(cell_width(cell));
            }
            if block.is_internal {
                nat = nat.max(130.0);
            }
            if let Some((_, name, note)) = &block.tunnel {
                nat = nat.max(
                    text_width(name, Face::Mono, size::BODY).max(text_width(note, Face::Regular, size::SMALL)) + 48.0,
                );
            }
            bridge = bridge.max(text_width(&block.title, Face::Strong, size::TITLE) + 2.0 * PAD + 4.0);
            for line in &block.lines {
                bridge = bridge.max(text_width(line, Face::Mono, size::SMALL) + 2.0 * PAD + 18.0);
            }
            head_lines = head_lines.max(block.lines.len());
            for row in &block.rows {
                for cell in &row.cells {
                    nat = nat.max(cell_width(cell));
                }
                for line in &row.interfaces {
                    if let Some((_, port)) = &line.port {
                        bridge = bridge.max(text_width(port, Face::Mono, size::SMALL) + PORT + 2.0 * PAD + 14.0);
                    }
                    let main = text_width(&line.name, Face::Mono, size::BODY)
                        + text_width(&line.address, Face::Mono, size::BODY)
                        + 46.0;
                    box_width = box_width.max(main).max(text_width(&line.detail, Face::Mono, size::SMALL) + 40.0);
                }
                for tie in &row.links {
                    box_width = box_width.max(text_width(&tie.text, Face::Mono, size::SMALL) + 2.0 * PAD + 24.0);
                }
                for resident in &row.residents {
                    let name = text_width(&resident.name, Face::Strong, size::TITLE);
                    let note = text_width(&resident.note, Face::Regular, size::SMALL);
                    box_width = box_width.max(name + note.min(120.0) + 52.0);
                }
            }
        }
        // Steps, so that one name more or less does not move everything.
        let step = |width: f32, limit: f32| ((width / 20.0).ceil() * 20.0).min(limit);
        let (nat, bridge, box_width) = (step(nat, 280.0), step(bridge, 240.0), step(box_width, 340.0));
        let bridge_x = if nat > 0.0 { nat + 44.0 } else { 0.0 };
        let box_x = bridge_x + bridge + 72.0;
        let head = PAD + 20.0 + head_lines as f32 * 16.0 + PAD;
        let links: usize = content.blocks.iter().flat_map(|block| &block.rows).map(|row| row.links.len()).sum();
        let ties = TIE_LANE * links.min(MAX_TIES) as f32;
        Self { nat, bridge_x, bridge, box_x, box_width, head, ties }
    }

    /// Where a block's first row begins. A row's cable is at least [`ANCHOR`] below its top, so that a port's name stays
    /// clear of the bridge's own text; above the first box a line may leave the head.
    pub(super) fn head_height(&self, block: &Block) -> f32 {
        if is_wired(block.kind) { (self.head - ANCHOR).max(HEAD_CELL) } else { PAD + 4.0 }
    }

    /// Room below the last row: for the text of a bridge without ports, and an enclosure's edge.
    pub(super) fn foot_height(&self, block: &Block) -> f32 {
        if !is_wired(block.kind) {
            0.0
        } else if block.rows.is_empty() {
            self.head - self.head_height(block)
        } else {
            0.0
        }
    }

    pub(super) fn row_width(&self) -> f32 {
        self.box_x + self.box_width + FRAME + self.ties
    }
}

pub(super) fn cell_width(cell: &NatCell) -> f32 {
    let (label_face, note_face) = cell_faces(cell);
    let label = text_width(&cell.label, label_face, size::BODY);
    cell.notes.iter().map(|note| text_width(note, note_face, size::SMALL)).fold(label, f32::max) + 44.0
}

/// The faces of a cell's label and notes: what is a name or address is in monospace.
pub(super) fn cell_faces(cell: &NatCell) -> (Face, Face) {
    if cell.reach == Reach::Outward { (Face::Regular, Face::Mono) } else { (Face::Mono, Face::Regular) }
}

pub(super) fn cell_height(cell: &NatCell) -> f32 {
    24.0 + cell.notes.len() as f32 * 14.0 + if cell.notes.is_empty() { 2.0 } else { 4.0 }
}

/// A row's own geometry, from its upper left corner.
#[derive(Clone, Debug)]
pub(super) struct RowShape {
    pub height: f32,
    pub box_y: f32,
    pub box_height: f32,
    /// The middle of each interface's line.
    pub line_y: Vec<f32>,
    /// The top of each cell.
    pub cell_y: Vec<f32>,
    /// Where each door stands in the box: x, and the middle of its line.
    pub door_at: Vec<(f32, f32)>,
    /// Whether its project's name stands above it.
    pub has_band: bool,
}

impl RowShape {
    pub(super) fn of(row: &Row, block: &Block, lanes: &Lanes, has_band: bool) -> Self {
        let mut y =
            PAD + row.residents.len() as f32 * RESIDENT_LINE + (row.notes.len() + row.links.len()) as f32 * NOTE_LINE;
        let mut line_y = Vec::new();
        for line in &row.interfaces {
            y += INTERFACE_GAP;
            let height = INTERFACE_LINE + if line.detail.is_empty() { 0.0 } else { DETAIL_LINE };
            line_y.push(y + height / 2.0);
            y += height;
        }
        let mut door_at = Vec::new();
        if !row.doors.is_empty() {
            y += 6.0;
            let mut x = PAD;
            for door in &row.doors {
                let width = door_width(&door.label);
                if x + width > lanes.box_width - PAD && x > PAD {
                    x = PAD;
                    y += DOOR_LINE;
                }
                door_at.push((x, y + DOOR_LINE / 2.0));
                x += width + 6.0;
            }
            y += DOOR_LINE;
        }
        let box_height = y + PAD;
        let anchor = row
            .interfaces
            .iter()
            .position(|line| line.block.as_ref() == Some(&block.key))
            .and_then(|index| line_y.get(index).copied())
            .unwrap_or(box_height / 2.0);
        let cells: f32 = row.cells.iter().map(|cell| cell_height(cell) + CELL_GAP).sum::<f32>() - CELL_GAP;
        let band = if has_band { PROJECT_BAND } else { 0.0 };
        let below = if row.project.is_some() { 6.0 } else { 0.0 };
        let above = (cells / 2.0 - anchor).max(0.0);
        let box_y = band + above;
        let middle = box_y + anchor;
        let mut cell_y = Vec::new();
        let mut top = middle - cells / 2.0;
        for cell in &row.cells {
            cell_y.push(top);
            top += cell_height(cell) + CELL_GAP;
        }
        let height = (box_y + box_height).max(middle + cells / 2.0) + below;
        Self {
            height,
            box_y,
            box_height,
            line_y: line_y.into_iter().map(|y| y + box_y).collect(),
            cell_y,
            door_at: door_at.into_iter().map(|(x, y)| (x, y + box_y)).collect(),
            has_band,
        }
    }
}

pub(super) fn door_width(label: &str) -> f32 {
    text_width(label, Face::Mono, size::SMALL) + 30.0
}

/// The shapes of a block's rows: the first of each project has a band.
pub(super) fn rows(block: &Block, lanes: &Lanes) -> Vec<RowShape> {
    let mut project: Option<&Text> = None;
    block
        .rows
        .iter()
        .map(|row| {
            let has_band = row.project.is_some() && row.project.as_ref() != project;
            project = row.project.as_ref();
            RowShape::of(row, block, lanes, has_band)
        })
        .collect()
}

/// Whether the block's own band says which bridge or parent it is, with lines from there to its rows.
pub(super) const fn is_wired(kind: BlockKind) -> bool {
    matches!(
        kind,
        BlockKind::Bridge | BlockKind::Overlay | BlockKind::Parent(_) | BlockKind::Direct | BlockKind::Plugin
    )
}

/// The block that a line is wired to, if it is not `own`.
pub(super) fn elsewhere<'a>(line_block: Option<&'a EntityId>, own: &EntityId) -> Option<&'a EntityId> {
    line_block.filter(|block| *block != own)
}
