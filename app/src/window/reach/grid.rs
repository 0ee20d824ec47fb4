//! The matrix: senders down, receivers across, a sign in each cell. Names stay in sight while it is scrolled.

use bridgewalk_analysis::walk::{By, Matrix, Party, Receiver, Verdict};
use bridgewalk_model::{EntityId, Snapshot};
use egui::{
    Align2, FontId, Painter, Pos2, Rect, ScrollArea, Sense, Ui, UiBuilder, WidgetInfo, epaint::TextShape, pos2, vec2,
};

use super::panel::{ask, legend, sign};
use crate::{
    window::{context::Context, theme::strong},
    words::Words,
};

/// A cell's side, in points.
const CELL: f32 = 26.0;
/// The room for the senders' names, and for the receivers'.
const SIDE: f32 = 150.0;
const TOP: f32 = 116.0;
/// Receivers' names stand askew: so steep, in radians, they need little room and can still be read.
const ANGLE: f32 = -0.9;

/// Shows it.
pub(super) fn ui(ui: &mut Ui, ctx: &Context<'_>, snapshot: &Snapshot, matrix: &Matrix) {
    let area = ui.available_rect_before_wrap();
    ui.advance_cursor_after_rect(area);
    let grid = Rect::from_min_max(area.min + vec2(SIDE, TOP), area.max);
    if grid.width() < CELL || grid.height() < CELL {
        return;
    }
    let size = vec2(matrix.receivers.len() as f32 * CELL, matrix.senders.len() as f32 * CELL);
    let mut inner = ui.new_child(UiBuilder::new().max_rect(grid));
    let mut pointed = None;
    let scrolled = ScrollArea::both().id_salt("reach-grid").auto_shrink([false, false]).show_viewport(
        &mut inner,
        |ui, viewport| {
            ui.set_min_size(size);
            let origin = ui.min_rect().min;
            for (row, column) in seen(matrix, viewport) {
                let corner = origin + vec2(column as f32 * CELL, row as f32 * CELL);
                let rect = Rect::from_min_size(corner, vec2(CELL, CELL));
                if cell_ui(ui, ctx, snapshot, matrix, (row, column), rect) {
                    pointed = Some((row, column));
                }
            }
        },
    );
    let offset = scrolled.state.clamped_offset();
    let top = ui.painter_at(Rect::from_min_max(pos2(grid.left(), area.top()), pos2(area.right(), grid.top())));
    for (column, receiver) in matrix.receivers.iter().enumerate() {
        let foot = pos2(grid.left() + (column as f32 + 0.5) * CELL - offset.x, grid.top() - 4.0);
        if foot.x > grid.left() - 4.0 && foot.x < grid.right() + TOP {
            let is_pointed = pointed.is_some_and(|(_, it)| it == column);
            askew(&top, foot, &receiver_name(ctx.words, receiver), ctx, is_pointed);
        }
    }
    let side = ui.painter_at(Rect::from_min_max(pos2(area.left(), grid.top()), pos2(grid.left(), area.bottom())));
    for (row, sender) in matrix.senders.iter().enumerate() {
        let at = pos2(grid.left() - 8.0, grid.top() + (row as f32 + 0.5) * CELL - offset.y);
        if at.y > grid.top() - CELL && at.y < grid.bottom() + CELL {
            let is_pointed = pointed.is_some_and(|(it, _)| it == row);
            let (font, ink) = face(ctx, is_pointed);
            side.text(at, Align2::RIGHT_CENTER, sender_name(ctx.words, sender), font, ink);
        }
    }
    let corner = ui.painter_at(area);
    legend(&corner, area.min, ctx);
    let at = pos2(grid.left() - 8.0, grid.top() - 6.0);
    let heading = ctx.words.text("reach-senders");
    corner.text(at, Align2::RIGHT_BOTTOM, heading, FontId::proportional(12.0), ctx.colors.soft);
}

/// The cells in sight.
fn seen(matrix: &Matrix, viewport: Rect) -> impl Iterator<Item = (usize, usize)> {
    let range = |from: f32, to: f32, count: usize| {
        let first = (from / CELL).floor().max(0.0) as usize;
        let last = ((to / CELL).ceil().max(0.0) as usize).min(count);
        first.min(last)..last
    };
    let rows = range(viewport.top(), viewport.bottom(), matrix.senders.len());
    let columns = range(viewport.left(), viewport.right(), matrix.receivers.len());
    rows.flat_map(move |row| columns.clone().map(move |column| (row, column)))
}

/// A cell. Whether the pointer is on it.
fn cell_ui(
    ui: &Ui,
    ctx: &Context<'_>,
    snapshot: &Snapshot,
    matrix: &Matrix,
    (row, column): (usize, usize),
    rect: Rect,
) -> bool {
    let (Some(sender), Some(receiver)) = (matrix.senders.get(row), matrix.receivers.get(column)) else { return false };
    let inside = rect.shrink(1.0);
    if sender.id == receiver.id {
        ui.painter().rect_filled(inside, 4.0, ctx.colors.raised);
        return false;
    }
    let Some(cell) = matrix.cell(row, column) else { return false };
    let response = ui.interact(inside, ui.scope_id().with(("reach", row, column)), Sense::click());
    let said = || {
        let verdict = ctx.words.walk_verdict(cell.verdict);
        let verdict =
            if cell.is_reply_lost { ctx.words.format("reach-reply", &[("verdict", verdict.into())]) } else { verdict };
        ctx.words.format(
            "reach-cell",
            &[
                ("from", sender_name(ctx.words, sender).into()),
                ("to", receiver_name(ctx.words, receiver).into()),
                ("verdict", verdict.into()),
            ],
        )
    };
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, said()));
    let painter = ui.painter();
    if response.hovered() || response.has_focus() {
        painter.rect_filled(inside, 4.0, ctx.colors.accent_fill);
    }
    sign(painter, inside, ctx, cell.verdict, cell.is_reply_lost);
    if response.clicked()
        && let Some(question) = matrix.question(cell)
    {
        ask(ctx, snapshot, &question);
    }
    let is_pointed = response.hovered();
    response.on_hover_ui(|ui| {
        ui.label(said());
        if cell.verdict != Verdict::Delivered
            && let Some(evidence) = &cell.decided_by
        {
            ui.label(ctx.words.walk_evidence(snapshot, evidence));
        }
    });
    is_pointed
}

fn face(ctx: &Context<'_>, is_pointed: bool) -> (FontId, egui::Color32) {
    if is_pointed { (strong(13.0), ctx.colors.accent) } else { (FontId::proportional(13.0), ctx.colors.text) }
}

/// A name that rises from `foot` to the right.
fn askew(painter: &Painter, foot: Pos2, name: &str, ctx: &Context<'_>, is_pointed: bool) {
    let (font, ink) = face(ctx, is_pointed);
    let mut job = egui::text::LayoutJob::simple_singleline(name.to_owned(), font, ink);
    job.wrap = egui::text::TextWrapping::truncate_at_width((TOP - 10.0) / ANGLE.abs().sin());
    let galley = painter.layout_job(job);
    let half = galley.size().y / 2.0;
    // Turned about its left upper corner: moved so that its middle line begins at the foot.
    let at = foot - vec2(half * ANGLE.abs().sin(), half * ANGLE.abs().cos());
    painter.add(TextShape::new(at, galley, ink).with_angle(ANGLE));
}

fn sender_name(words: Words, sender: &Party) -> String {
    if sender.id == EntityId::outside() { words.text("walk-outside") } else { sender.name.to_string() }
}

/// Whom, and by which way.
fn receiver_name(words: Words, receiver: &Receiver) -> String {
    if receiver.id == EntityId::outside() {
        return words.text("walk-outside");
    }
    let name = receiver.name.as_str();
    match (&receiver.by, receiver.port) {
        (By::Published { .. }, Some(port)) => {
            words.format("reach-published", &[("name", name.into()), ("port", port.to_string().into())])
        }
        (By::Network { .. }, _) => {
            receiver.address.map_or_else(|| name.to_owned(), |address| format!("{name} {address}"))
        }
        _ => name.to_owned(),
    }
}
