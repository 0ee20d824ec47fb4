//! When the kernel cannot be read with the privilege we have: what is missing, and the ways to get it.
//!
//! A banner, not a dialog: everything that can be seen without an answer stays in sight.

use bridgewalk_collector::{AgentChoice, AgentError, helper::Tier};
use bridgewalk_model::Remedy;
use egui::{Button, Margin, RichText, Stroke, Ui};

use super::{
    command::Command,
    context::Context,
    feed::Origin,
    icon::Icon,
    known_host::KnownHost,
    theme::{self, strong},
};

/// Who could read the rest, the main way first: most people are in the docker group and not root.
const OFFERS: [(AgentChoice, &str, &str); 5] = [
    (AgentChoice::Container, "window-use-container", "window-use-container-tip"),
    (AgentChoice::ContainerBase, "window-use-base", "window-use-base-tip"),
    (AgentChoice::Pkexec, "window-use-pkexec", "window-use-pkexec-tip"),
    (AgentChoice::Sudo, "window-use-sudo", "window-use-sudo-tip"),
    (AgentChoice::InProcess, "window-use-nothing", "window-use-nothing-tip"),
];

/// Whether, and what, to ask.
#[derive(Default)]
pub(super) struct Question {
    is_answered: bool,
    is_asked_again: bool,
    shows_plan: bool,
    is_remembered: bool,
}

impl Question {
    /// Asks also where it was answered before.
    pub(super) fn ask_again(&mut self) {
        *self = Self { is_asked_again: true, ..Self::default() };
    }

    /// Asks no more.
    pub(super) fn close(&mut self) {
        *self = Self { is_answered: true, ..Self::default() };
    }

    /// Whether there is anything to ask.
    pub(super) fn is_open(&self, ctx: &Context<'_>) -> bool {
        let mut hosts = ctx.seen.snapshot.hosts.iter();
        let is_remembered = hosts.any(|host| ctx.settings.agent(&KnownHost::of(host)).is_some());
        let is_limited = || {
            ctx.seen.snapshot.hosts.iter().any(|host| {
                let limits =
                    host.limits.iter().chain(host.namespaces.iter().flat_map(|namespace| namespace.limits.iter()));
                limits.into_iter().any(|limit| limit.remedy == Remedy::StartAgent)
            })
        };
        let is_failed = matches!(&ctx.seen.status.agent, Some(Err(error)) if *error != AgentError::NotAsked);
        *ctx.origin == Origin::Live
            && (self.is_asked_again
                || (!self.is_answered && !is_remembered && ctx.seen.is_complete && (is_limited() || is_failed)))
    }

    /// The banner.
    pub(super) fn ui(&mut self, ui: &mut Ui, ctx: &Context<'_>) {
        let words = ctx.words;
        let frame = egui::Frame::new()
            .fill(ctx.colors.warning_fill)
            .stroke(Stroke::new(1.0, ctx.colors.warning.gamma_multiply(0.5)))
            .corner_radius(8.0)
            .inner_margin(Margin::symmetric(14, 10));
        frame.show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal(|ui| {
                Icon::Warning.show(ui, 18.0, ctx.colors.warning);
                ui.label(RichText::new(words.text("window-question")).font(strong(14.5)));
            });
            ui.add(egui::Label::new(RichText::new(words.text("window-question-what")).color(ctx.colors.soft)).wrap());
            if let Some(Err(why)) = &ctx.seen.status.agent {
                ui.add(
                    egui::Label::new(
                        RichText::new(words.agent_error(why)).color(ctx.colors.soft).monospace().size(12.5),
                    )
                    .wrap(),
                );
            }
            ui.add_space(2.0);
            ui.horizontal_wrapped(|ui| {
                for (choice, key, tip) in OFFERS {
                    let text = RichText::new(words.text(key));
                    let is_main = choice == AgentChoice::Container;
                    let text = if is_main { text.font(strong(13.5)).color(ctx.colors.accent) } else { text };
                    if ui.add(Button::new(text)).on_hover_text(words.text(tip)).clicked() {
                        ctx.send(Command::UseAgent(choice, self.is_remembered));
                    }
                }
                theme::checkbox(ui, ctx.colors, &mut self.is_remembered, &words.text("window-remember"));
                let plan = if self.shows_plan { "window-hide-plan" } else { "window-show-plan" };
                let link = Button::new(RichText::new(words.text(plan)).color(ctx.colors.accent)).frame(false);
                if ui.add(link).clicked() {
                    self.shows_plan = !self.shows_plan;
                }
            });
            if self.shows_plan {
                ui.add_space(4.0);
                for (tier, title) in [(Tier::Full, "plan-full"), (Tier::Base, "plan-base")] {
                    ui.label(RichText::new(words.text(title)).font(strong(13.0)));
                    for line in super::helper_plan(tier, words) {
                        ui.horizontal(|ui| {
                            Icon::Chevron.show(ui, 12.0, ctx.colors.soft);
                            ui.add(egui::Label::new(RichText::new(line).size(13.0).color(ctx.colors.text)).wrap());
                        });
                    }
                }
            }
        });
    }
}
