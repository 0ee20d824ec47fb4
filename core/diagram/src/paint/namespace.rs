//! One namespace from the inside.

use bridgewalk_model::{EntityId, Snapshot};

use super::{Context, brush::Brush};
use crate::scene::Rect;

/// Paints it; its extent.
pub(super) fn paint(brush: &mut Brush<'_>, context: &Context<'_>, snapshot: &Snapshot, id: &EntityId) -> Rect {
    let _ = (brush, context, snapshot, id);
    Rect::default()
}
