//! What is open to the outside, in one list.

use std::net::SocketAddr;

use bridgewalk_analysis::walk::{Door, End, Matrix, Question};
use bridgewalk_model::{Answer, Snapshot};
use egui::{Align2, FontId, RichText, ScrollArea, Sense, Ui, WidgetInfo, vec2};

use super::panel::{ask, sign};
use crate::{
    window::{context::Context, theme::strong},
    words::name,
};

/// A row's height, in points.
const ROW: f32 = 28.0;

/// Shows the doors; a click opens the walk from outside.
pub(super) fn ui(ui: &mut Ui, ctx: &Context<'_>, snapshot: &Snapshot, matrix: &Matrix) {
    let is_whole = Answer::Reach.is_whole(snapshot);
    if matrix.open.is_empty() {
        let text = ctx.words.text(if is_whole { "reach-no-doors" } else { "reach-doors-not-told" });
        ui.label(RichText::new(text).color(ctx.colors.soft));
        return;
    }
    if !is_whole {
        ui.label(RichText::new(ctx.words.text("window-findings-not-all")).color(ctx.colors.warning));
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    ScrollArea::vertical().auto_shrink([false, false]).show_rows(ui, ROW, matrix.open.len(), |ui, rows| {
        for door in &matrix.open[rows] {
            door_ui(ui, ctx, snapshot, door);
        }
    });
}

fn door_ui(ui: &mut Ui, ctx: &Context<'_>, snapshot: &Snapshot, door: &Door) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
    let address = format!("{} {}", SocketAddr::new(door.address, door.port), ctx.words.walk_protocol(door.protocol));
    let behind = match (&door.container, &door.command) {
        (Some(container), _) => name(snapshot, container),
        (None, Some(command)) => format!("{}, {command}", name(snapshot, &door.host)),
        (None, None) => name(snapshot, &door.host),
    };
    let verdict = ctx.words.walk_verdict(door.verdict);
    let spoken = format!("{address}, {behind}, {verdict}");
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &spoken));
    let painter = ui.painter();
    if response.hovered() || response.has_focus() {
        painter.rect_filled(rect, 6.0, ctx.colors.raised);
    }
    let left = rect.left_center();
    let mark = egui::Rect::from_center_size(left + vec2(14.0, 0.0), vec2(14.0, 14.0));
    sign(painter, mark, ctx, door.verdict, false);
    painter.text(left + vec2(32.0, 0.0), Align2::LEFT_CENTER, address, FontId::monospace(13.0), ctx.colors.text);
    painter.text(left + vec2(320.0, 0.0), Align2::LEFT_CENTER, behind, strong(13.5), ctx.colors.text);
    let right = rect.right_center() - vec2(12.0, 0.0);
    painter.text(right, Align2::RIGHT_CENTER, verdict, FontId::proportional(13.0), ctx.colors.soft);
    if response.clicked() {
        let question = Question {
            from: End::Outside,
            to: End::Address { address: door.address, host: None },
            port: Some(door.port),
            protocol: door.protocol,
            source_port: None,
        };
        ask(ctx, snapshot, &question);
    }
}
