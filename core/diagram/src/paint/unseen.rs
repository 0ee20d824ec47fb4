//! What was not read, in the picture's own corner: nobody who sees the picture alone, in whatever file, takes what is
//! missing for what is not there.

use std::mem::discriminant;

use bridgewalk_model::{Answer, EntityId, Limit, LimitReason, Snapshot, snapshot::Host};

use super::{
    Context,
    brush::{Brush, Layer, size},
};
use crate::{
    Word,
    fonts::text_width,
    scene::{Anchor, Face, Rect, Stroke},
};

/// More lines than these are an ellipsis.
const MAX_LINES: usize = 6;
const LINE: f32 = 18.0;
const PADDING: f32 = 12.0;

/// Paints it from `(x, y)` downwards; its extent, if anything is missing.
pub(super) fn paint(
    brush: &mut Brush<'_>,
    context: &Context<'_>,
    snapshot: &Snapshot,
    (x, y): (f32, f32),
) -> Option<Rect> {
    let heading = context.words.word(Word::Unseen);
    let mut lines: Vec<String> = snapshot.hosts.iter().flat_map(|host| lines(context, snapshot, host)).collect();
    if lines.is_empty() {
        return None;
    }
    let name = format!("{heading}: {}", lines.join("; "));
    if lines.len() > MAX_LINES {
        lines.truncate(MAX_LINES);
        lines.push("…".to_owned());
    }
    let width = lines.iter().map(|line| text_width(line, Face::Regular, size::BODY)).fold(0.0, f32::max);
    let width = width.max(text_width(&heading, Face::Strong, size::BODY)) + 1.0;
    let rect = Rect { x, y, width: width + 2.0 * PADDING, height: LINE * (lines.len() + 1) as f32 + PADDING };
    let (entity, theme) = (EntityId::unseen(), brush.theme);
    let stroke = Stroke { color: theme.muted, width: 1.0, dash: Some((4.0, 3.0)) };
    brush.rect(Layer::Boxes, Some(&entity), rect, 6.0, Some(theme.background), Some(stroke));
    let mut baseline = y + PADDING / 2.0 + 13.0;
    let mut text = |line: &str, face: Face| {
        brush.text(Some(&entity), x + PADDING, baseline, line, (face, size::BODY, theme.text), Anchor::Start, width);
        baseline += LINE;
    };
    text(&heading, Face::Strong);
    lines.iter().for_each(|line| text(line, Face::Regular));
    brush.target(&entity, name, rect, 1, false);
    Some(rect)
}

/// A line for each thing that a picture of `host` lacks; the same in several namespaces is one.
fn lines(context: &Context<'_>, snapshot: &Snapshot, host: &Host) -> Vec<String> {
    let own = host.own_namespace().map(|own| own.inode);
    let mut groups: Vec<(&Limit, usize)> = Vec::new();
    for limit in Answer::Picture.lacks(host) {
        // A namespace that has just come is read a moment later.
        if limit.reason == LimitReason::NeverRead && limit.namespace.is_some() && limit.namespace != own {
            continue;
        }
        let is_same = |known: &Limit| {
            known.source == limit.source
                && known.namespace.is_some() == limit.namespace.is_some()
                && discriminant(&known.reason) == discriminant(&limit.reason)
        };
        match groups.iter_mut().find(|(known, _)| is_same(known)) {
            Some((_, count)) => *count += 1,
            None => groups.push((limit, 1)),
        }
    }
    groups
        .into_iter()
        .map(|(limit, count)| {
            let count = if limit.namespace.is_some() { count } else { 0 };
            let line = context.words.unseen(limit.source, &limit.reason, count);
            if snapshot.hosts.len() > 1 { format!("{}: {line}", host.name) } else { line }
        })
        .collect()
}
