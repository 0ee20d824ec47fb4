//! The hops of a walk, numbered; the one that is shown says what happens there and what makes it so.

use bridgewalk_analysis::walk::{Action, Evidence, Hop};
use bridgewalk_model::Snapshot;
use egui::{Align2, Color32, FontId, RichText, Sense, Ui, WidgetInfo, vec2};

use crate::{
    window::{
        command::Command,
        context::Context,
        icon::{Icon, quiet_icon_button},
        theme::strong,
    },
    words::evidence_text,
};

/// A row: the hop numbered `index`, from 0. Whether it was clicked.
pub(super) fn row_ui(
    ui: &mut Ui,
    ctx: &Context<'_>,
    snapshot: &Snapshot,
    index: usize,
    hop: &Hop,
    is_shown: bool,
) -> egui::Response {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 28.0), Sense::click());
    let (what, place) = (ctx.words.walk_action(hop.action), ctx.words.walk_place(snapshot, &hop.namespace));
    let spoken = format!("{}, {what}, {place}", index + 1);
    response.widget_info(|| WidgetInfo::selected(egui::Role::ListItem, true, is_shown, &spoken));
    if is_shown {
        let hop_spoken = ctx.words.walk_hop(snapshot, hop);
        ui.ctx().accesskit_node_builder(response.id, |node| node.set_description(hop_spoken));
    }
    let painter = ui.painter();
    if is_shown {
        painter.rect_filled(rect, 6.0, ctx.colors.accent_fill);
    } else if response.hovered() {
        painter.rect_filled(rect, 6.0, ctx.colors.raised);
    }
    if response.has_focus() {
        painter.rect_stroke(rect, 6.0, egui::Stroke::new(2.0, ctx.colors.accent), egui::StrokeKind::Inside);
    }
    let ink = ink(ctx, hop.action);
    let middle = rect.left_center() + vec2(16.0, 0.0);
    if is_shown {
        painter.circle_filled(middle, 9.5, ctx.colors.accent);
    } else {
        painter.circle_stroke(middle, 9.5, egui::Stroke::new(1.2, ctx.colors.outline));
    }
    let number = if is_shown { ctx.colors.panel } else { ctx.colors.soft };
    painter.text(middle, Align2::CENTER_CENTER, (index + 1).to_string(), FontId::proportional(11.5), number);
    let left = rect.left_center() + vec2(34.0, 0.0);
    let what = painter.text(left, Align2::LEFT_CENTER, what, strong(13.5), ink);
    let clip = painter.with_clip_rect(rect.with_min_x(what.right() + 8.0).shrink2(vec2(4.0, 0.0)));
    let right = rect.right_center() - vec2(8.0, 0.0);
    clip.text(right, Align2::RIGHT_CENTER, place, FontId::proportional(12.5), ctx.colors.soft);
    response
}

/// What happens at the hop that is shown, and why.
pub(super) fn detail_ui(ui: &mut Ui, ctx: &Context<'_>, snapshot: &Snapshot, hop: &Hop) -> egui::Response {
    let margin = egui::Margin { left: 34, right: 6, top: 4, bottom: 8 };
    let shown = egui::Frame::new().inner_margin(margin).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().item_spacing.y = 3.0;
        ui.add(egui::Label::new(RichText::new(ctx.words.walk_hop(snapshot, hop)).color(ctx.colors.text)).wrap());
        for (index, evidence) in hop.evidence.iter().enumerate() {
            ui.push_id(index, |ui| evidence_ui(ui, ctx, snapshot, evidence));
        }
    });
    shown.response
}

/// What makes it so: in words, where it stands, and as its tool prints it, to copy.
pub(super) fn evidence_ui(ui: &mut Ui, ctx: &Context<'_>, snapshot: &Snapshot, evidence: &Evidence) {
    let words = ctx.words;
    ui.add_space(2.0);
    ui.add(egui::Label::new(RichText::new(words.walk_evidence(snapshot, evidence)).color(ctx.colors.soft)).wrap());
    if let Some(place) = words.walk_evidence_place(snapshot, evidence) {
        ui.add(egui::Label::new(RichText::new(place).color(ctx.colors.soft).size(11.5)).wrap());
    }
    let Some(text) = evidence_text(snapshot, evidence) else { return };
    egui::Frame::new().fill(ctx.colors.raised).corner_radius(5.0).inner_margin(egui::Margin::symmetric(7, 3)).show(
        ui,
        |ui| {
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Min), |ui| {
                ui.spacing_mut().interact_size.y = 20.0;
                let copy = words.format("walk-copy", &[("text", text.as_str().into())]);
                if quiet_icon_button(ui, Icon::Copy, &copy, ctx.colors.soft).clicked() {
                    ctx.send(Command::Copy(text.clone()));
                }
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Min), |ui| {
                    let shown = RichText::new(&text).monospace().size(12.0).color(ctx.colors.text);
                    ui.add(egui::Label::new(shown).wrap().selectable(true));
                });
            });
        },
    );
}

/// The colour of what happens: where it ends is seen at once, and said as well.
pub(super) const fn ink(ctx: &Context<'_>, action: Action) -> Color32 {
    match action {
        Action::Dropped | Action::Rejected | Action::Unroutable | Action::Refused => ctx.colors.bad,
        Action::Delivered => ctx.colors.good,
        _ => ctx.colors.text,
    }
}
