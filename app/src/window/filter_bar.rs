//! Chooses what is shown: by project, by network, by text; and what was left out by hand.

use bridgewalk_diagram::Filter;
use egui::{ComboBox, RichText, TextEdit, Ui};

use super::{
    command::{Action, Command},
    context::Context,
    icon::{Icon, icon_button},
};

/// Whether it is open, and the text before it is sent.
#[derive(Default)]
pub(super) struct FilterBar {
    /// Whether it is shown.
    pub is_open: bool,
    wants_focus: bool,
}

impl FilterBar {
    /// Opens or closes it.
    pub(super) fn toggle(&mut self) {
        self.is_open = !self.is_open;
        self.wants_focus = self.is_open;
    }

    /// One line.
    pub(super) fn ui(&mut self, ui: &mut Ui, ctx: &Context<'_>) {
        let words = ctx.words;
        let mut filter = ctx.view.filter.clone();
        ui.horizontal_wrapped(|ui| {
            Icon::Filter.show(ui, 16.0, ctx.colors.soft);
            let field =
                TextEdit::singleline(&mut filter.text).hint_text(words.text("window-filter-text")).desired_width(170.0);
            let response = ui.add(field);
            if std::mem::take(&mut self.wants_focus) {
                response.request_focus();
            }
            project_ui(ui, ctx, &mut filter);
            network_ui(ui, ctx, &mut filter);
            if filter != Filter::default() && ui.button(words.text("window-filter-clear")).clicked() {
                filter = Filter::default();
            }
            hidden_ui(ui, ctx);
            if icon_button(ui, Icon::Close, &words.text("window-filter-close"), true).clicked() {
                self.is_open = false;
            }
        });
        if filter != ctx.view.filter {
            ctx.send(Command::SetFilter(filter));
        }
    }
}

fn project_ui(ui: &mut Ui, ctx: &Context<'_>, filter: &mut Filter) {
    let mut projects: Vec<_> = ctx
        .seen
        .snapshot
        .hosts
        .iter()
        .flat_map(|host| &host.containers)
        .filter_map(|container| container.compose.as_ref().map(|compose| compose.project.clone()))
        .collect();
    projects.sort();
    projects.dedup();
    if projects.is_empty() {
        return;
    }
    let every = ctx.words.text("window-every-project");
    let shown = filter.project.as_ref().map_or(every.clone(), ToString::to_string);
    let response = ComboBox::from_id_salt("project").selected_text(shown).show_ui(ui, |ui| {
        ui.selectable_value(&mut filter.project, None, &every);
        for project in projects {
            let name = project.to_string();
            ui.selectable_value(&mut filter.project, Some(project), name);
        }
    });
    response.response.accessible_name(ctx.words.text("diagram-project"));
}

fn network_ui(ui: &mut Ui, ctx: &Context<'_>, filter: &mut Filter) {
    let every = ctx.words.text("window-every-network");
    let networks = || ctx.seen.snapshot.hosts.iter().flat_map(|host| &host.networks);
    let shown = networks()
        .find(|network| Some(&network.id) == filter.network.as_ref())
        .map_or(every.clone(), |network| network.name.to_string());
    let response = ComboBox::from_id_salt("network").selected_text(shown).show_ui(ui, |ui| {
        ui.selectable_value(&mut filter.network, None, &every);
        for network in networks() {
            ui.selectable_value(&mut filter.network, Some(network.id.clone()), network.name.as_str());
        }
    });
    response.response.accessible_name(ctx.words.text("diagram-network"));
}

/// What was left out by hand, each to be shown again.
fn hidden_ui(ui: &mut Ui, ctx: &Context<'_>) {
    if ctx.view.hidden.is_empty() {
        return;
    }
    let text = ctx.words.format("window-hidden", &[("count", ctx.view.hidden.len().into())]);
    ui.menu_button(RichText::new(text), |ui| {
        for id in &ctx.view.hidden {
            let name = ctx.subject(id).map_or_else(|| ctx.words.text("window-gone"), |subject| subject.name);
            if ui.button(ctx.words.format("window-unhide", &[("name", name.into())])).clicked() {
                ctx.send(Command::Unhide(id.clone()));
                ui.close();
            }
        }
        ui.separator();
        super::node_menu::entry(ui, ctx, Action::ShowAll);
    });
}
