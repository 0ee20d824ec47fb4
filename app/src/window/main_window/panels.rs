//! Which panels there are, where each is, and the notice over them.

use std::cell::RefCell;

use bridgewalk_diagram::Scope;
use egui::{Frame, Margin, Panel, RichText, Ui};

use super::{
    super::{command::Command, context::Context, findings, status_bar, still::Still, theme::Colors, top_bar, trail},
    MainWindow,
};
use crate::words::Words;

/// How long a notice stays, in seconds.
const NOTICE_S: f64 = 6.0;

impl MainWindow {
    /// Paints every panel that is open; what is asked for is pushed to `commands`.
    pub(super) fn panels(&mut self, ui: &mut Ui, commands: &RefCell<Vec<Command>>) {
        let ground = self.ground(ui.visuals());
        let Self {
            still,
            canvas,
            reader,
            outline,
            inspector,
            stack,
            palette,
            filter_bar,
            question,
            export,
            walk,
            reach,
            ..
        } = self;
        let ctx = Context {
            words: Words::new(self.settings.spoken(self.asked_language)),
            colors: Colors::of(self.view.theme),
            seen: &self.seen,
            drawn: &self.drawn,
            view: &self.view,
            history: &self.history,
            base: &self.base,
            trail: &self.trail,
            selection: self.selection.as_ref(),
            wire: &self.wire,
            settings: &self.settings,
            origin: &self.origin,
            commands,
        };
        let colors = ctx.colors;
        // However large the text, the picture keeps the better half.
        let side_max = (ui.available_width() * 0.23).max(150.0);
        let plain = Frame::new().fill(colors.panel);
        let bar = plain.inner_margin(Margin::symmetric(14, 8));
        let side = plain.inner_margin(Margin { left: 12, right: 10, top: 12, bottom: 8 });
        let mut panel = |ui: &mut Ui, name, panel: Panel, add: &mut dyn FnMut(&mut Ui)| {
            Still::panel(still.as_mut(), ui, name, |ui| panel.show(ui, add));
        };
        panel(ui, "top-bar", Panel::top("top-bar").frame(bar), &mut |ui| top_bar::ui(ui, &ctx));
        panel(
            ui,
            "status-bar",
            Panel::bottom("status-bar").frame(plain.inner_margin(Margin::symmetric(14, 4))),
            &mut |ui| {
                status_bar::ui(ui, &ctx);
            },
        );
        if ctx.settings.shows_outline {
            panel(
                ui,
                "outline",
                Panel::left("outline").frame(side).default_size(250.0).max_size(side_max),
                &mut |ui| {
                    outline.ui(ui, &ctx);
                },
            );
        }
        if walk.is_open() {
            panel(
                ui,
                "walk",
                Panel::right("walk").frame(side).default_size(400.0).max_size((ui.available_width() * 0.5).max(300.0)),
                &mut |ui| walk.ui(ui, &ctx),
            );
        } else if ctx.settings.shows_inspector {
            panel(
                ui,
                "inspector",
                Panel::right("inspector").frame(side).default_size(310.0).max_size(side_max),
                &mut |ui| {
                    inspector.ui(ui, &ctx);
                },
            );
        }
        if filter_bar.is_open {
            panel(ui, "filter", Panel::top("filter").frame(bar), &mut |ui| filter_bar.ui(ui, &ctx));
        }
        if question.is_open(&ctx) {
            let frame = Frame::new().fill(ground).inner_margin(Margin::symmetric(10, 8));
            panel(ui, "question", Panel::top("question").frame(frame).show_separator_line(false), &mut |ui| {
                question.ui(ui, &ctx);
            });
        }
        if !ctx.trail.is_empty() || *ctx.base != Scope::Whole {
            panel(ui, "trail", Panel::top("trail").frame(bar), &mut |ui| trail::ui(ui, &ctx));
        }
        if reach.is_open() {
            let height = (ui.available_height() * 0.5).max(220.0);
            panel(
                ui,
                "reach",
                Panel::bottom("reach").frame(bar).resizable(true).default_size(height).min_size(160.0),
                &mut |ui| reach.ui(ui, &ctx),
            );
        }
        if ctx.settings.shows_findings {
            panel(
                ui,
                "findings",
                Panel::bottom("findings").frame(bar).resizable(true).default_size(150.0),
                &mut |ui| {
                    findings::ui(ui, &ctx);
                },
            );
        }
        if let Scope::Namespace(namespace) = &ctx.view.scope {
            let height = (ui.available_height() * 0.36).max(150.0);
            panel(ui, "stack", Panel::bottom("stack").frame(bar).resizable(true).default_size(height), &mut |ui| {
                stack.ui(ui, &ctx, namespace);
            });
        }
        // No fill: the clear colour is the picture's ground, and a panel's fill costs a screenful of pixels.
        let packet = walk.mark(ui.ctx(), &ctx);
        canvas.ui(ui, &ctx, reader, still.as_mut(), packet.as_ref());
        palette.ui(ui, &ctx);
        export.ui(ui, &ctx);
        if let Some((text, since_s)) = &mut self.notice {
            let now_s = ui.input(|input| input.time);
            if *since_s == 0.0 {
                *since_s = now_s;
            }
            let left_s = *since_s + NOTICE_S - now_s;
            if left_s <= 0.0 {
                self.notice = None;
            } else {
                notice_ui(ui, text, colors);
                ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(left_s));
            }
        }
        canvas.check(ui);
    }
}

/// A line that comes and goes by itself, over the picture's lower edge.
fn notice_ui(ui: &Ui, text: &str, colors: Colors) {
    egui::Area::new(egui::Id::unique("notice"))
        .anchor(egui::Align2::CENTER_BOTTOM, egui::vec2(0.0, -52.0))
        .order(egui::Order::Tooltip)
        .interactable(false)
        .show(ui.ctx(), |ui| {
            Frame::popup(ui.style()).inner_margin(Margin::symmetric(16, 9)).show(ui, |ui| {
                ui.label(RichText::new(text).color(colors.text));
            });
        });
}
