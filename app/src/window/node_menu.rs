//! What can be done with the chosen thing: the menu under the right button.

use egui::{Button, Ui};

use super::{
    command::{Action, Command},
    context::Context,
    walk::{self, Slot},
};

/// Fills the menu.
pub(super) fn ui(ui: &mut Ui, ctx: &Context<'_>) {
    let Some(id) = ctx.selection else {
        entry(ui, ctx, Action::Fit);
        entry(ui, ctx, Action::ShowAll);
        entry(ui, ctx, Action::TidyUp);
        return;
    };
    if let Some(subject) = ctx.subject(id) {
        ui.label(egui::RichText::new(&subject.name).font(super::theme::strong(14.0)));
        ui.separator();
        for action in [Action::Enter, Action::Wires, Action::Hide, Action::Collapse] {
            entry(ui, ctx, action);
        }
        if ui.button(ctx.words.text("window-copy-name")).clicked() {
            ctx.send(Command::Copy(subject.name));
        }
        if walk::can_be_end(&ctx.seen.snapshot, id) {
            ui.separator();
            for (slot, key) in [(Slot::From, "walk-from-here"), (Slot::To, "walk-to-here")] {
                if ui.button(ctx.words.text(key)).clicked() {
                    ctx.send(Command::Walk(slot, id.clone()));
                    ui.close();
                }
            }
        }
        ui.separator();
    }
    entry(ui, ctx, Action::ShowAll);
    entry(ui, ctx, Action::TidyUp);
}

/// An action as an entry of a menu: name, keys, tooltip; grey when it cannot be done.
pub(super) fn entry(ui: &mut Ui, ctx: &Context<'_>, action: Action) {
    let row = action.entry();
    let mut button = Button::new(ctx.words.text(row.key));
    if let Some(keys) = row.shortcut {
        button = button.shortcut_text(ui.ctx().format_shortcut(&keys));
    }
    let response = ui.add_enabled(ctx.can(action), button).on_hover_text(ctx.words.text(row.tip));
    if response.clicked() {
        ctx.act(action);
        ui.close();
    }
}
