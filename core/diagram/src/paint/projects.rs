//! Compose projects: a frame with the project's name around each run of its containers, over several networks where
//! nothing comes between.

use bridgewalk_model::Text;

use super::{
    Context,
    brush::{Brush, Layer, size},
    measure::{self, FRAME, Lanes, RowShape},
};
use crate::{
    Word,
    content::HostContent,
    layout::{Placed, PlacedRow},
    scene::{Anchor, Face, Rect, Stroke},
};

/// A row of containers where it stands.
struct Member<'a> {
    block: usize,
    place: &'a PlacedRow,
    shape: &'a RowShape,
    project: Option<&'a Text>,
}

pub(super) fn paint(
    brush: &mut Brush<'_>,
    context: &Context<'_>,
    content: &HostContent,
    shapes: &[Vec<RowShape>],
    placed: &Placed,
    lanes: &Lanes,
) {
    let members = (content.blocks.iter().enumerate()).flat_map(|(block, of)| {
        let rows = of.rows.iter().zip(&placed.rows[block]).zip(&shapes[block]);
        rows.map(move |((row, place), shape)| Member { block, place, shape, project: row.project.as_ref() })
    });
    let mut members: Vec<Member<'_>> = members.collect();
    let corner = |member: &Member<'_>| member.place.rect;
    members.sort_by(|a, b| {
        corner(a).x.total_cmp(&corner(b).x).then(corner(a).y.total_cmp(&corner(b).y)).then(a.block.cmp(&b.block))
    });
    let mut named: Vec<&Text> = Vec::new();
    for run in members.chunk_by(|above, below| goes_on(placed, above, below)) {
        if let Some(project) = run.first().and_then(|first| first.project) {
            frame(brush, context, content, lanes, run, (project, named.contains(&project)));
            named.push(project);
        }
    }
}

/// Whether the frame around one row holds the next one down too.
fn goes_on(placed: &Placed, above: &Member<'_>, below: &Member<'_>) -> bool {
    let (upper, lower) = (above.place.rect, below.place.rect);
    if above.project != below.project || upper.x.total_cmp(&lower.x).is_ne() {
        return false;
    }
    if above.block == below.block {
        return above.place.part == below.place.part;
    }
    // Lines from a bridge's head run above its rows, and a network without rows has nobody in the frame.
    let is_free = |lines: &[Vec<_>]| lines.is_empty();
    let mut pieces = placed.blocks.iter().enumerate().filter(|(index, _)| ![above.block, below.block].contains(index));
    is_free(&placed.trunks[below.block])
        && is_free(&placed.links[below.block])
        && !pieces.any(|(_, areas)| areas.iter().any(|area| upper.x == area.x && upper.y < area.y && area.y < lower.y))
}

/// The frame of one run of rows; its project, and whether that has a frame already.
fn frame(
    brush: &mut Brush<'_>,
    context: &Context<'_>,
    content: &HostContent,
    lanes: &Lanes,
    run: &[Member<'_>],
    (project, is_continued): (&Text, bool),
) {
    let (Some(first), Some(last)) = (run.first(), run.last()) else { return };
    let theme = brush.theme;
    let id = content.id.project(project.raw());
    let row = first.place.rect;
    let top = if first.shape.has_band { row.y } else { row.y + first.shape.box_y - 8.0 };
    let bottom = last.place.rect.y + last.shape.box_y + last.shape.box_height + 10.0;
    let x = row.x + lanes.box_x - FRAME;
    let frame = Rect { x, y: top, width: lanes.box_width + 2.0 * FRAME, height: bottom - top };
    let stroke = Stroke { color: theme.frame, width: 1.0, dash: Some((2.0, 3.0)) };
    brush.rect(Layer::Ground, Some(&id), frame, 10.0, None, Some(stroke));
    if first.shape.has_band {
        let mut label = format!("{} {project}", context.words.word(Word::Project));
        if is_continued {
            label = format!("{label} · {}", context.words.word(Word::Continued));
        }
        let text = (Face::Strong, size::BODY, theme.muted);
        brush.text(Some(&id), x + FRAME, top + 17.0, &label, text, Anchor::Start, lanes.box_width);
        let band = Rect { height: measure::PROJECT_BAND, ..frame };
        brush.target(&id, label, band, 2, false);
    }
}
