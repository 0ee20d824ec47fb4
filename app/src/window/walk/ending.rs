//! How a walk ends: the verdict, why, what is not known, and what would let the packet through.

use bridgewalk_analysis::walk::{Question, Unknown, Verdict, Walk, Way};
use bridgewalk_model::Snapshot;
use egui::{RichText, Ui};

use super::{header::heading, hops::evidence_ui};
use crate::window::{context::Context, icon::Icon, theme::strong};

/// The verdict, large, and what decided. Where the packet arrives and its answer does not, that it does not connect comes
/// first.
pub(super) fn verdict_ui(
    ui: &mut Ui,
    ctx: &Context<'_>,
    snapshot: &Snapshot,
    question: &Question,
    (way, reply): (&Way, Option<&Way>),
) {
    if let (Verdict::Delivered, Some(reply)) = (way.verdict, reply)
        && reply.verdict != Verdict::Delivered
    {
        line_ui(ui, ctx, reply.verdict, &ctx.words.walk_way_connects(snapshot, question, way, Some(reply)));
    }
    line_ui(ui, ctx, way.verdict, &ctx.words.walk_way(snapshot, way));
    if way.verdict != Verdict::Delivered
        && let Some(evidence) = &way.decided_by
    {
        let why = ctx.words.walk_evidence(snapshot, evidence);
        ui.add(egui::Label::new(RichText::new(why).color(ctx.colors.soft)).wrap());
    }
    if way.verdict == Verdict::Delivered
        && let Some(reply) = reply
    {
        let said = ctx.words.walk_way(snapshot, reply);
        line_ui(ui, ctx, reply.verdict, &ctx.words.format("walk-reply-says", &[("said", said.into())]));
    }
}

fn line_ui(ui: &mut Ui, ctx: &Context<'_>, verdict: Verdict, text: &str) {
    let (icon, ink) = match verdict {
        Verdict::Delivered => (Icon::Good, ctx.colors.good),
        Verdict::Undecided => (Icon::Warning, ctx.colors.warning),
        _ => (Icon::Wrong, ctx.colors.bad),
    };
    ui.horizontal(|ui| {
        icon.show(ui, 17.0, ink);
        ui.add(egui::Label::new(RichText::new(text).font(strong(14.5)).color(ink)).wrap());
    });
}

/// What is not known: it makes no difference, or one chooses what to assume. The choice is `branch`.
pub(super) fn unknown_ui(ui: &mut Ui, ctx: &Context<'_>, snapshot: &Snapshot, walk: &Walk, branch: &mut Option<usize>) {
    if walk.unknowns.is_empty() && walk.branches.is_empty() {
        return;
    }
    let said = |unknown: &Unknown| ctx.words.walk_unknown(snapshot, unknown);
    if walk.branches.is_empty() {
        if walk.way.verdict == Verdict::Undecided {
            heading(ui, ctx, "walk-not-known");
        } else {
            let count = ctx.words.format("walk-regardless", &[("count", walk.unknowns.len().into())]);
            ui.label(RichText::new(count).font(strong(13.0)).color(ctx.colors.soft));
        }
        for unknown in &walk.unknowns {
            ui.add(egui::Label::new(RichText::new(said(unknown)).color(ctx.colors.soft).size(12.5)).wrap());
        }
        return;
    }
    heading(ui, ctx, "walk-branches");
    for (index, alternative) in walk.branches.iter().enumerate() {
        let assumed = alternative.assuming.iter().map(said).collect::<Vec<_>>().join("; ");
        let text = ctx.words.format(
            "walk-branch",
            &[("verdict", ctx.words.walk_verdict(alternative.way.verdict).into()), ("assumed", assumed.into())],
        );
        let is_chosen = *branch == Some(index);
        if ui.add(egui::Button::selectable(is_chosen, text).wrap()).clicked() {
            *branch = (!is_chosen).then_some(index);
        }
    }
}

/// What would let it through.
pub(super) fn openings_ui(ui: &mut Ui, ctx: &Context<'_>, snapshot: &Snapshot, way: &Way) {
    if let (Some(evidence), false) = (&way.decided_by, way.hops.iter().any(|hop| !hop.evidence.is_empty())) {
        evidence_ui(ui, ctx, snapshot, evidence);
    }
    if way.openings.is_empty() {
        return;
    }
    heading(ui, ctx, "walk-openings");
    for opening in &way.openings {
        ui.horizontal_top(|ui| {
            Icon::Chevron.show(ui, 14.0, ctx.colors.accent);
            let text = RichText::new(ctx.words.walk_opening(snapshot, opening)).color(ctx.colors.text);
            ui.add(egui::Label::new(text).wrap().selectable(true));
        });
    }
    ui.add_space(4.0);
}
