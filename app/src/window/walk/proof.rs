//! The proof of a walk: asks first, says exactly what will be sent, and puts predicted and observed side by side.

use bridgewalk_analysis::walk::{Question, Walk, proof};
use bridgewalk_model::{Snapshot, firewall::RuleRef, proof::ProofOrder};
use egui::{Button, Frame, Margin, RichText, Stroke, Ui};

use crate::window::{
    command::Command,
    context::Context,
    feed::{Origin, Proven},
    icon::Icon,
    theme::strong,
};

/// How far it is.
#[derive(Default)]
pub(super) enum Proof {
    /// Nobody has asked.
    #[default]
    Idle,
    /// What would be sent is shown.
    Asking {
        /// The answer has yet to be given the keyboard.
        is_new: bool,
    },
    /// It is under way.
    Waiting,
    /// What came of it.
    Told(Result<Box<Proven>, String>),
}

impl Proof {
    /// Asks whether to send it, unless it is under way.
    pub(super) fn ask(&mut self) {
        if !matches!(self, Self::Waiting) {
            *self = Self::Asking { is_new: true };
        }
    }

    /// Shows it, below the walk that it is of.
    pub(super) fn ui(&mut self, ui: &mut Ui, ctx: &Context<'_>, snapshot: &Snapshot, walk: &Walk) {
        match self {
            Self::Idle => self.offer_ui(ui, ctx),
            Self::Asking { .. } => self.question_ui(ui, ctx, snapshot, walk),
            Self::Waiting => {
                ui.label(RichText::new(ctx.words.text("walk-proof-waiting")).color(ctx.colors.soft));
            }
            Self::Told(Ok(proven)) => told_ui(ui, ctx, proven),
            Self::Told(Err(why)) => {
                let why = why.clone();
                ui.horizontal(|ui| {
                    Icon::Warning.show(ui, 16.0, ctx.colors.warning);
                    ui.add(egui::Label::new(RichText::new(why).color(ctx.colors.text)).wrap());
                });
                self.offer_ui(ui, ctx);
            }
        }
    }

    fn offer_ui(&mut self, ui: &mut Ui, ctx: &Context<'_>) {
        let is_live = *ctx.origin == Origin::Live;
        let offer = ui.add_enabled(is_live, Button::new(ctx.words.text("walk-prove")));
        let offer = offer.on_hover_text(ctx.words.text("walk-prove-tip"));
        if offer.on_disabled_hover_text(ctx.words.text("walk-prove-live")).clicked() {
            self.ask();
        }
    }

    fn question_ui(&mut self, ui: &mut Ui, ctx: &Context<'_>, snapshot: &Snapshot, walk: &Walk) {
        let frame = Frame::new()
            .fill(ctx.colors.warning_fill)
            .stroke(Stroke::new(1.0, ctx.colors.warning.gamma_multiply(0.5)))
            .corner_radius(8.0)
            .inner_margin(Margin::symmetric(10, 8));
        frame.show(ui, |ui| {
            ui.set_width(ui.available_width());
            let order = match proof::order(snapshot, walk) {
                Ok(order) => order,
                Err(why) => {
                    ui.add(egui::Label::new(ctx.words.unprovable(why)).wrap());
                    if ui.button(ctx.words.text("walk-prove-not")).clicked() {
                        *self = Self::Idle;
                    }
                    return;
                }
            };
            ui.label(RichText::new(ctx.words.text("walk-prove-question")).font(strong(13.5)));
            let places = ctx.words.format("walk-prove-looks", &[("places", places(ctx, snapshot, &order).into())]);
            let lines = [ctx.words.proof_sends(snapshot, &order), places, ctx.words.text("walk-prove-leaves")];
            for line in lines {
                ui.add(egui::Label::new(RichText::new(line).color(ctx.colors.text)).wrap());
            }
            ui.horizontal(|ui| {
                let send = RichText::new(ctx.words.text("walk-prove-send")).font(strong(13.5)).color(ctx.colors.accent);
                let send = ui.button(send);
                if let Self::Asking { is_new } = self
                    && std::mem::take(is_new)
                {
                    send.request_focus();
                    send.scroll_to_me(None);
                }
                if send.clicked() {
                    ctx.send(Command::Prove(walk.question.clone()));
                    *self = Self::Waiting;
                }
                if ui.button(ctx.words.text("walk-prove-not")).clicked() {
                    *self = Self::Idle;
                }
            });
        });
    }
}

/// The namespaces that are looked into.
fn places(ctx: &Context<'_>, snapshot: &Snapshot, order: &ProofOrder) -> String {
    let mut places: Vec<String> = Vec::new();
    for inode in std::iter::once(&order.from).chain(&order.namespaces) {
        let mut namespaces = snapshot.hosts.iter().flat_map(|host| &host.namespaces);
        let Some(namespace) = namespaces.find(|namespace| namespace.inode == *inode) else { continue };
        let place = ctx.words.walk_place(snapshot, &namespace.id);
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places.join(", ")
}

/// What was asked to be proved, for whoever does it.
pub(super) struct Request {
    /// The walk's question.
    pub question: Question,
    /// Who reads the kernel, and is to send.
    pub agent: bridgewalk_collector::AgentChoice,
    /// Who starts it.
    pub opener: std::sync::Arc<dyn crate::window::Opener>,
}

/// Sends it and tells what came of it.
#[allow(clippy::needless_pass_by_value, reason = "a worker hands its orders over")]
pub(super) fn prove(request: Request) -> Result<Box<Proven>, String> {
    request.opener.prove(request.agent, &request.question).map(Box::new)
}

fn told_ui(ui: &mut Ui, ctx: &Context<'_>, proven: &Proven) {
    let words = ctx.words;
    let (snapshot, comparison) = (&*proven.snapshot, &proven.comparison);
    let (icon, ink) = match comparison.agrees {
        Some(true) => (Icon::Good, ctx.colors.good),
        Some(false) => (Icon::Wrong, ctx.colors.bad),
        None => (Icon::Warning, ctx.colors.warning),
    };
    ui.horizontal(|ui| {
        icon.show(ui, 17.0, ink);
        ui.add(
            egui::Label::new(RichText::new(words.proof_outcome(snapshot, comparison)).font(strong(14.0)).color(ink))
                .wrap(),
        );
    });
    let answer = words.proof_answer(&proven.answer);
    let answer = words.format("walk-proof-answer", &[("answer", answer.into())]);
    ui.label(RichText::new(answer).color(ctx.colors.soft));
    for note in &comparison.notes {
        let said = words.proof_note(snapshot, note);
        ui.add(egui::Label::new(RichText::new(said).color(ctx.colors.soft).size(12.5)).wrap());
    }
    for place in &comparison.places {
        let name = words.walk_place(snapshot, &place.namespace);
        let name = if place.is_reply { words.format("walk-proof-back", &[("place", name.into())]) } else { name };
        ui.add_space(2.0);
        ui.label(RichText::new(name).font(strong(12.5)).color(ctx.colors.soft));
        ui.columns(2, |columns| {
            let sides = [("walk-proof-predicted", &place.predicted), ("walk-proof-observed", &place.observed)];
            for (column, (key, rules)) in columns.iter_mut().zip(sides) {
                rules_ui(column, ctx, &words.text(key), rules, (&place.predicted, &place.observed));
            }
        });
    }
}

/// One side. A rule that the other side has not at that place is marked.
fn rules_ui(ui: &mut Ui, ctx: &Context<'_>, heading: &str, rules: &[RuleRef], both: (&[RuleRef], &[RuleRef])) {
    ui.spacing_mut().item_spacing.y = 2.0;
    ui.label(RichText::new(heading).color(ctx.colors.soft).size(11.5));
    if rules.is_empty() {
        ui.label(RichText::new(ctx.words.text("none")).color(ctx.colors.soft).size(12.0));
    }
    for (index, rule) in rules.iter().enumerate() {
        let is_same = both.0.get(index) == both.1.get(index);
        let ink = if is_same { ctx.colors.text } else { ctx.colors.bad };
        let sign = if is_same { "" } else { "≠ " };
        let text = format!("{sign}{} {} {}", rule.table, rule.chain, rule.position);
        let label = egui::Label::new(RichText::new(text).monospace().size(11.5).color(ink)).truncate();
        ui.add(label).on_hover_text(RichText::new(&rule.text).monospace());
    }
}
