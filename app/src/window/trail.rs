//! The way in: from the whole host into a view and a namespace, and back.

use bridgewalk_diagram::Scope;
use egui::{Button, RichText, Ui};

use super::{command::Command, context::Context, icon::Icon, theme::strong};
use crate::views::ViewName;

/// One line: each step leads back to itself.
pub(super) fn ui(ui: &mut Ui, ctx: &Context<'_>) {
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let back = Icon::Back.show(ui, 16.0, ctx.colors.accent);
        let whole =
            ui.add(Button::new(RichText::new(ctx.words.text("window-whole")).color(ctx.colors.accent)).frame(false));
        if whole.union(back).on_hover_text(ctx.words.text("action-leave-tip")).clicked() {
            ctx.send(Command::Show(ViewName::Host));
        }
        if *ctx.base != Scope::Whole {
            Icon::Chevron.show(ui, 14.0, ctx.colors.soft);
            let name = ctx.words.text(ViewName::of(ctx.base).key());
            if ctx.trail.is_empty() {
                ui.label(RichText::new(name).font(strong(15.0)));
            } else if ui.add(Button::new(RichText::new(name).color(ctx.colors.accent)).frame(false)).clicked() {
                ctx.send(Command::LeaveTo(0));
            }
        }
        for (index, step) in ctx.trail.iter().enumerate() {
            Icon::Chevron.show(ui, 14.0, ctx.colors.soft);
            let subject = ctx.subject(step);
            let name = subject.as_ref().map_or_else(|| ctx.words.text("window-gone"), |subject| subject.name.clone());
            if index + 1 == ctx.trail.len() {
                if let Some(subject) = &subject {
                    subject.icon.show(ui, 16.0, ctx.colors.text);
                }
                ui.label(RichText::new(name).font(strong(15.0)));
                ui.label(RichText::new(ctx.words.text("window-inside")).color(ctx.colors.soft));
            } else if ui.add(Button::new(RichText::new(name).color(ctx.colors.accent)).frame(false)).clicked() {
                ctx.send(Command::LeaveTo(index + 1));
            }
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.label(RichText::new(ctx.words.text("window-esc-back")).color(ctx.colors.soft).small());
        });
    });
}
