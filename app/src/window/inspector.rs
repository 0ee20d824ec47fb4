//! On the right: every fact of the chosen thing, where it was read, and the command that shows the same.

use std::{collections::BTreeSet, io, sync::Arc};

use bridgewalk_model::{Answer, EntityId, Limit, Snapshot, Source, Sourced, facts};
use egui::{RichText, ScrollArea, Ui};

use super::{
    access::Reachers,
    command::{Action, Command},
    context::Context,
    icon::{Icon, quiet_icon_button},
    theme::strong,
};

/// The facts of the chosen thing, gathered again when it or the snapshot is another.
pub(super) struct Inspector {
    facts: Vec<Sourced>,
    made_of: Option<(Arc<Snapshot>, EntityId)>,
    /// Who reaches it, of a published port.
    pub(super) reachers: Reachers,
}

impl Inspector {
    /// Nothing chosen yet. `wake` is called whenever something is worked out.
    ///
    /// # Errors
    /// If the system has no thread to give.
    pub(super) fn new(wake: impl Fn() + Send + 'static) -> io::Result<Self> {
        Ok(Self { facts: Vec::new(), made_of: None, reachers: Reachers::new(wake)? })
    }

    /// Shows them.
    pub(super) fn ui(&mut self, ui: &mut Ui, ctx: &Context<'_>) {
        let Some(id) = ctx.selection else {
            ui.label(RichText::new(ctx.words.text("window-inspector")).font(strong(15.0)));
            ui.add_space(4.0);
            ui.label(RichText::new(ctx.words.text("window-inspector-hint")).color(ctx.colors.soft));
            ui.add_space(8.0);
            hints_ui(ui, ctx);
            return;
        };
        let Some(subject) = ctx.subject(id) else {
            ui.label(RichText::new(ctx.words.text("window-gone")).font(strong(15.0)));
            ui.label(RichText::new(ctx.words.text("window-gone-hint")).color(ctx.colors.soft));
            return;
        };
        let is_current =
            self.made_of.as_ref().is_some_and(|(snapshot, of)| Arc::ptr_eq(snapshot, &ctx.seen.snapshot) && of == id);
        if !is_current {
            self.facts = facts::facts(&ctx.seen.snapshot, id);
            self.made_of = Some((Arc::clone(&ctx.seen.snapshot), id.clone()));
        }
        ui.horizontal(|ui| {
            subject.icon.show(ui, 20.0, ctx.colors.accent);
            ui.add(egui::Label::new(RichText::new(&subject.name).font(strong(17.0))).truncate());
        });
        ui.label(RichText::new(&subject.kind).color(ctx.colors.soft));
        if subject.opens.is_some() && ctx.trail.last() != Some(id) {
            ui.add_space(2.0);
            let enter = ui.button(ctx.words.text("action-enter")).on_hover_text(ctx.tip(ui.ctx(), Action::Enter));
            if enter.clicked() {
                ctx.send(Command::Enter(id.clone()));
            }
        }
        ui.add_space(6.0);
        ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
            ctx.wire.ui(ui, ctx, id);
            for (index, fact) in self.facts.iter().enumerate() {
                ui.push_id(index, |ui| fact_ui(ui, ctx, fact));
            }
            self.reachers.ui(ui, ctx, id);
            unseen_ui(ui, ctx, id);
        });
    }
}

/// What is not seen there, and why.
fn unseen_ui(ui: &mut Ui, ctx: &Context<'_>, id: &EntityId) {
    let hosts = ctx.seen.snapshot.hosts.iter();
    let limits: BTreeSet<&Limit> = hosts
        .flat_map(|host| {
            let at = host.namespaces.iter().find(|namespace| namespace.id == *id).map(|namespace| namespace.inode);
            host.limits.iter().filter(move |limit| match at {
                Some(at) => limit.namespace.is_none_or(|namespace| namespace == at),
                None => host.id == *id || *id == EntityId::unseen(),
            })
        })
        .filter(|limit| limit.reason.is_lack() && Answer::Picture.rests_on(limit.source))
        .collect();
    let lines: BTreeSet<String> = limits.into_iter().map(|limit| ctx.words.limit(limit)).collect();
    if lines.is_empty() {
        return;
    }
    ui.label(RichText::new(ctx.words.text("window-not-seen-title")).color(ctx.colors.soft).size(12.5));
    for line in lines {
        ui.add(egui::Label::new(RichText::new(line).color(ctx.colors.warning).size(12.5)).wrap());
    }
}

fn fact_ui(ui: &mut Ui, ctx: &Context<'_>, fact: &Sourced) {
    let name = ctx.words.fact(&fact.key);
    ui.spacing_mut().item_spacing.y = 1.0;
    ui.horizontal(|ui| {
        ui.label(RichText::new(&name).color(ctx.colors.soft).size(12.5));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.spacing_mut().interact_size.y = 22.0;
            ui.spacing_mut().item_spacing.x = 0.0;
            let copy = ctx.words.format("window-copy-value", &[("name", name.as_str().into())]);
            if quiet_icon_button(ui, Icon::Copy, &copy, ctx.colors.soft).clicked() {
                ctx.send(Command::Copy(fact.value.clone()));
            }
            if let Some(command) = &fact.command {
                let copy = ctx.words.format("window-copy-command", &[("name", name.as_str().into())]);
                let response = quiet_icon_button(ui, Icon::Terminal, &copy, ctx.colors.soft);
                if response.on_hover_text(RichText::new(command).monospace()).clicked() {
                    ctx.send(Command::Copy(command.clone()));
                }
            }
        });
    });
    let value = egui::Label::new(RichText::new(&fact.value).monospace()).wrap().selectable(true);
    ui.add(value).on_hover_text(source_text(ctx, &fact.source));
    ui.add(
        egui::Label::new(RichText::new(source_text(ctx, &fact.source)).color(ctx.colors.soft).size(11.5)).truncate(),
    );
    ui.add_space(8.0);
}

/// Where a fact was read, in one line.
fn source_text(ctx: &Context<'_>, source: &Source) -> String {
    match source {
        Source::Netlink { message, attribute } => format!("netlink {message} {attribute}"),
        Source::File { path } => path.clone(),
        Source::Docker { request, field } => format!("Docker {request} {field}"),
        Source::SocketOption { option } => format!("getsockopt {option}"),
        Source::Derived { from } => ctx.words.format("window-derived", &[("from", from.as_str().into())]),
    }
}

/// The keys one needs first.
fn hints_ui(ui: &mut Ui, ctx: &Context<'_>) {
    for action in [Action::Palette, Action::Enter, Action::Leave, Action::Fit, Action::Undo] {
        let row = action.entry();
        ui.horizontal(|ui| {
            let keys = row.shortcut.map_or_else(String::new, |keys| ui.ctx().format_shortcut(&keys));
            egui::Frame::new()
                .fill(ctx.colors.raised)
                .corner_radius(4.0)
                .inner_margin(egui::Margin::symmetric(6, 2))
                .show(ui, |ui| {
                    ui.set_min_width(52.0);
                    ui.label(RichText::new(keys).monospace().size(12.0).color(ctx.colors.soft));
                });
            ui.label(RichText::new(ctx.words.text(row.key)).color(ctx.colors.soft));
        });
    }
}
