//! When the kernel cannot be read with the privilege we have: what is missing, and the ways to get it.
//!
//! A banner, not a dialog: everything that can be seen without an answer stays in sight.

use std::collections::BTreeSet;

use bridgewalk_collector::{AgentChoice, AgentError, CollectorStatus, helper::Tier};
use bridgewalk_model::{Remedy, snapshot::Host};
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
    /// Hosts of which it was answered.
    answered: BTreeSet<usize>,
    is_asked_again: bool,
    shows_plan: bool,
    is_remembered: bool,
}

impl Question {
    /// Asks also where it was answered before.
    pub(super) fn ask_again(&mut self) {
        *self = Self { is_asked_again: true, ..Self::default() };
    }

    /// Asks no more of this host.
    pub(super) fn close(&mut self, host: usize) {
        self.answered.insert(host);
        *self = Self {
            answered: std::mem::take(&mut self.answered),
            is_asked_again: self.is_asked_again,
            ..Self::default()
        };
    }

    /// Whether there is anything to ask.
    pub(super) fn is_open(&self, ctx: &Context<'_>) -> bool {
        self.host(ctx).is_some()
    }

    /// The first host of which there is something to ask.
    fn host(&self, ctx: &Context<'_>) -> Option<usize> {
        let wants = |(at, host): &(usize, &Host)| {
            let status = ctx.seen.status.get(*at);
            // Nothing is watched of a recording.
            if self.answered.contains(at) || status.is_some_and(|status| *status == CollectorStatus::default()) {
                return false;
            }
            let is_failed = || {
                let agent = status.and_then(|status| status.agent.as_ref());
                matches!(agent, Some(Err(error)) if *error != AgentError::NotAsked)
            };
            let is_limited = || {
                let limits = host.limits.iter().chain(host.namespaces.iter().flat_map(|one| one.limits.iter()));
                limits.into_iter().any(|limit| limit.remedy == Remedy::StartAgent)
            };
            let is_remembered = || ctx.settings.agent(&KnownHost::of(host)).is_some();
            self.is_asked_again || (ctx.seen.is_complete && (is_limited() || is_failed()) && !is_remembered())
        };
        if *ctx.origin != Origin::Live {
            return None;
        }
        ctx.seen.snapshot.hosts.iter().enumerate().find(wants).map(|(at, _)| at)
    }

    /// The banner.
    pub(super) fn ui(&mut self, ui: &mut Ui, ctx: &Context<'_>) {
        let words = ctx.words;
        let Some(at) = self.host(ctx) else { return };
        let title = match ctx.seen.snapshot.hosts.as_slice() {
            [_] => words.text("window-question"),
            hosts => {
                let host = hosts.get(at).map_or_else(String::new, |host| host.name.to_string());
                words.format("window-question-of", &[("host", host.into())])
            }
        };
        let frame = egui::Frame::new()
            .fill(ctx.colors.warning_fill)
            .stroke(Stroke::new(1.0, ctx.colors.warning.gamma_multiply(0.5)))
            .corner_radius(8.0)
            .inner_margin(Margin::symmetric(14, 10));
        frame.show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal(|ui| {
                Icon::Warning.show(ui, 18.0, ctx.colors.warning);
                ui.label(RichText::new(title).font(strong(14.5)));
            });
            ui.add(egui::Label::new(RichText::new(words.text("window-question-what")).color(ctx.colors.soft)).wrap());
            if let Some(Err(why)) = ctx.seen.status.get(at).and_then(|status| status.agent.as_ref()) {
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
                        ctx.send(Command::UseAgent(at, choice, self.is_remembered));
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
