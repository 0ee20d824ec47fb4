//! Above: what is shown, how much of it, and the ways to look for more.

use bridgewalk_diagram::{Detail, ThemeName};
use bridgewalk_model::{moment, snapshot::Host};
use egui::{Align, Button, Layout, RichText, Sense, Stroke, Ui, WidgetInfo, vec2};

use super::{
    command::{Action, Command},
    context::Context,
    feed::Origin,
    icon::{Icon, dot, icon_button},
    node_menu::entry,
    settings::{TextSize, ThemeChoice},
    theme::{checkbox, strong},
};
use crate::{source::Demo, views::ViewName, words::Language};

/// The bar.
pub(super) fn ui(ui: &mut Ui, ctx: &Context<'_>) {
    ui.horizontal(|ui| {
        origin_ui(ui, ctx);
        ui.add_space(12.0);
        view_ui(ui, ctx);
        detail_ui(ui, ctx);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            menu_ui(ui, ctx);
            theme_ui(ui, ctx);
            language_ui(ui, ctx);
            ui.add_space(4.0);
            for (icon, action) in [(Icon::Redo, Action::Redo), (Icon::Undo, Action::Undo), (Icon::Fit, Action::Fit)] {
                action_button(ui, ctx, icon, action);
            }
            filter_ui(ui, ctx);
            action_button(ui, ctx, Icon::Walk, Action::Walk);
            ui.add_space(4.0);
            search_ui(ui, ctx);
        });
    });
}

/// An action as an icon.
fn action_button(ui: &mut Ui, ctx: &Context<'_>, icon: Icon, action: Action) {
    let name = ctx.words.text(action.entry().key);
    let response = icon_button(ui, icon, &name, ctx.can(action));
    if response.clicked() {
        ctx.act(action);
    }
}

/// The host's name and where it comes from; opens and saves recordings.
fn origin_ui(ui: &mut Ui, ctx: &Context<'_>) {
    let words = ctx.words;
    let title = match &*ctx.seen.snapshot.hosts {
        [] => words.text("app-name"),
        [host] => host.name.to_string(),
        [first, ..] => words.format(
            "window-hosts",
            &[("first", first.name.as_str().into()), ("others", (ctx.seen.snapshot.hosts.len() - 1).into())],
        ),
    };
    let hosts = ctx.seen.snapshot.hosts.iter();
    let lost = hosts.clone().filter_map(Host::lost_ms).min();
    let (origin, is_live) = match ctx.origin {
        Origin::Live => match lost {
            Some(at_ms) => {
                let at = moment(at_ms, ctx.seen.snapshot.at_ms);
                (words.format("window-origin-last-seen", &[("at", at.into())]), false)
            }
            None => (words.text("window-origin-live"), true),
        },
        Origin::Recording(name) => (words.format("window-origin-recording", &[("name", name.as_str().into())]), false),
        Origin::Bundled { demo, .. } => {
            (words.format("window-origin-bundled", &[("name", words.text(demo.key()).into())]), false)
        }
    };
    Icon::Host.show(ui, 20.0, ctx.colors.accent);
    ui.menu_button(RichText::new(&title).font(strong(16.0)), |ui| {
        for action in
            [Action::GoLive, Action::OpenRecording, Action::SaveRecording, Action::Refresh, Action::AskForAgent]
        {
            entry(ui, ctx, action);
        }
        ui.separator();
        for demo in Demo::ALL {
            let name = words.format("window-open-bundled", &[("name", words.text(demo.key()).into())]);
            if ui.button(name).clicked() {
                ctx.send(Command::OpenBundled(demo));
                ui.close();
            }
        }
    })
    .response
    .on_hover_text(words.text("window-source-tip"));
    let color = match () {
        () if lost.is_some() => ctx.colors.warning,
        () if is_live && !ctx.seen.snapshot.hosts.is_empty() => ctx.colors.good,
        () => ctx.colors.soft,
    };
    dot(ui, color, is_live);
    let color = if lost.is_some() { ctx.colors.warning } else { ctx.colors.soft };
    let label = ui.label(RichText::new(origin).color(color));
    if lost.is_some() {
        let lines: Vec<String> = hosts.flat_map(|host| words.last_seen(host, ctx.seen.snapshot.at_ms)).collect();
        label.clone().on_hover_text(lines.join("\n"));
    }
    if let Origin::Bundled { because: Some(because), .. } = ctx.origin {
        label.on_hover_text(because);
    }
}

/// The view that is shown; opens the list of them.
fn view_ui(ui: &mut Ui, ctx: &Context<'_>) {
    let shown = ctx.words.text(ViewName::of(&ctx.view.scope).key());
    let name = ctx.words.format("window-view", &[("name", shown.into())]);
    let button = Button::new(RichText::new(name).size(13.5)).min_size(vec2(0.0, 28.0));
    let response = ui.add(button).on_hover_text(ctx.tip(ui.ctx(), Action::Views));
    if response.clicked() {
        ctx.act(Action::Views);
    }
}

/// The three levels, one chosen.
fn detail_ui(ui: &mut Ui, ctx: &Context<'_>) {
    let levels = [
        (Detail::Concept, Action::Concept),
        (Detail::Plumbing, Action::Plumbing),
        (Detail::Everything, Action::Everything),
    ];
    egui::Frame::new().fill(ctx.colors.raised).corner_radius(8.0).inner_margin(2.0).show(ui, |ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        for (detail, action) in levels {
            let is_chosen = ctx.view.detail == detail;
            let name = ctx.words.text(action.entry().key);
            let text = if is_chosen {
                RichText::new(&name).color(ctx.colors.accent).font(strong(13.5))
            } else {
                RichText::new(&name).color(ctx.colors.soft).size(13.5)
            };
            let mut button = Button::new(text).corner_radius(6.0).min_size(vec2(0.0, 24.0));
            if is_chosen {
                button = button.fill(ctx.colors.panel).stroke(Stroke::new(1.0, ctx.colors.line));
            }
            let response = ui.add(button).on_hover_text(ctx.tip(ui.ctx(), action));
            response.widget_info(|| WidgetInfo::selected(egui::Role::RadioButton, true, is_chosen, &name));
            if response.clicked() {
                ctx.act(action);
            }
        }
    });
}

/// Looks like a field, opens the palette.
fn search_ui(ui: &mut Ui, ctx: &Context<'_>) {
    let width = (ui.available_width() - 8.0).clamp(36.0, 300.0);
    let height = ui.spacing().interact_size.y;
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::click());
    let name = ctx.words.text("window-search");
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &name));
    let visuals = ui.style().interact(&response);
    let stroke = if response.has_focus() { visuals.bg_stroke } else { Stroke::new(1.0, ctx.colors.line) };
    ui.painter().rect(rect, 6.0, ctx.colors.raised, stroke, egui::StrokeKind::Inside);
    let icon = egui::Rect::from_center_size(rect.left_center() + vec2(17.0, 0.0), vec2(15.0, 15.0));
    Icon::Search.paint(ui.painter(), icon, ctx.colors.soft);
    if width > 140.0 {
        let font = egui::FontId::proportional(13.5);
        let place = rect.left_center() + vec2(32.0, 0.0);
        let painter = ui.painter().with_clip_rect(rect.with_max_x(rect.right() - 58.0));
        painter.text(place, egui::Align2::LEFT_CENTER, &name, font.clone(), ctx.colors.soft);
        if let Some(keys) = Action::Palette.entry().shortcut {
            let keys = ui.ctx().format_shortcut(&keys);
            let place = rect.right_center() - vec2(10.0, 0.0);
            ui.painter().text(place, egui::Align2::RIGHT_CENTER, keys, font, ctx.colors.soft);
        }
    }
    if response.on_hover_text(ctx.tip(ui.ctx(), Action::Palette)).clicked() {
        ctx.act(Action::Palette);
    }
}

fn filter_ui(ui: &mut Ui, ctx: &Context<'_>) {
    let name = ctx.words.text(Action::Filter.entry().key);
    let response = icon_button(ui, Icon::Filter, &name, true);
    if ctx.view.filter != bridgewalk_diagram::Filter::default() || !ctx.view.hidden.is_empty() {
        ui.painter().circle_filled(response.rect.right_top() + vec2(-6.0, 6.0), 3.5, ctx.colors.accent);
    }
    if response.clicked() {
        ctx.act(Action::Filter);
    }
}

fn theme_ui(ui: &mut Ui, ctx: &Context<'_>) {
    let icon = if ctx.view.theme == ThemeName::Light { Icon::Moon } else { Icon::Sun };
    action_button(ui, ctx, icon, Action::Theme);
}

fn language_ui(ui: &mut Ui, ctx: &Context<'_>) {
    let name = ctx.words.text(Action::Language.entry().key);
    let code = ctx.words.language().code().to_uppercase();
    let response = ui.menu_button(RichText::new(code).size(13.0).color(ctx.colors.soft), |ui| {
        for language in Language::ALL {
            if ui.selectable_label(ctx.words.language() == language, language.own_name()).clicked() {
                ctx.send(Command::SetLanguage(language));
                ui.close();
            }
        }
    });
    response.response.on_hover_text(name);
}

/// Everything else.
fn menu_ui(ui: &mut Ui, ctx: &Context<'_>) {
    let words = ctx.words;
    let name = words.text("window-menu");
    let response = icon_button(ui, Icon::Menu, &name, true);
    egui::Popup::menu(&response).show(|ui| {
        ui.set_min_width(250.0);
        for action in
            [Action::OpenRecording, Action::SaveRecording, Action::Export, Action::ExportSvg, Action::ExportPng]
        {
            entry(ui, ctx, action);
        }
        ui.separator();
        for action in [Action::TidyUp, Action::ShowAll] {
            entry(ui, ctx, action);
        }
        ui.separator();
        toggle(ui, ctx, Action::Outline, ctx.settings.shows_outline);
        toggle(ui, ctx, Action::Inspector, ctx.settings.shows_inspector);
        toggle(ui, ctx, Action::Findings, ctx.settings.shows_findings);
        entry(ui, ctx, Action::Reach);
        ui.separator();
        ui.menu_button(words.text("window-text-size"), |ui| {
            for size in TextSize::ALL {
                if ui.selectable_label(ctx.settings.text_size == size, words.text(size.key())).clicked() {
                    ctx.send(Command::SetTextSize(size));
                    ui.close();
                }
            }
        });
        ui.menu_button(words.text("window-theme"), |ui| {
            let choices = [
                (ThemeChoice::System, words.text("theme-system")),
                (ThemeChoice::Light, words.text("theme-light")),
                (ThemeChoice::Dark, words.text("theme-dark")),
            ];
            for (choice, name) in choices {
                if ui.selectable_label(ctx.settings.theme == choice, name).clicked() {
                    ctx.send(Command::SetTheme(choice));
                    ui.close();
                }
            }
        });
        toggle(ui, ctx, Action::ReduceMotion, ctx.settings.is_motion_reduced);
    });
}

fn toggle(ui: &mut Ui, ctx: &Context<'_>, action: Action, is_on: bool) {
    let mut is_on = is_on;
    let row = action.entry();
    if checkbox(ui, ctx.colors, &mut is_on, &ctx.words.text(row.key)).on_hover_text(ctx.words.text(row.tip)).clicked() {
        ctx.act(action);
    }
}
