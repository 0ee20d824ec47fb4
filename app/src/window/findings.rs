//! Below: what is wrong, or worth knowing.

use std::sync::Arc;

use bridgewalk_analysis::{Severity, findings};
use bridgewalk_model::{Answer, EntityId, Snapshot};
use egui::{RichText, ScrollArea, Ui};

use super::{command::Command, context::Context, icon::Icon};
use crate::words::Words;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// It does not do what it should.
    Wrong,
    /// It may not do what people think.
    Warning,
    /// Worth knowing.
    Note,
}

/// A finding in words.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    /// How much it matters.
    pub weight: Weight,
    /// What it is about.
    pub entity: EntityId,
    /// The words.
    pub text: String,
}

/// What is found in `snapshot`, the gravest first. Takes a while on a large host: not for the window's thread.
pub(super) fn lines(snapshot: &Snapshot, words: Words) -> Arc<[Line]> {
    let mut lines: Vec<Line> = findings(snapshot)
        .iter()
        .map(|finding| Line {
            weight: match finding.severity {
                Severity::Error => Weight::Wrong,
                Severity::Warning => Weight::Warning,
                Severity::Info => Weight::Note,
            },
            entity: finding.subject.clone(),
            text: words.finding(snapshot, finding),
        })
        .collect();
    lines.sort_by_key(|line| line.weight);
    lines.into()
}

/// The list; a click leads to the thing.
pub(super) fn ui(ui: &mut Ui, ctx: &Context<'_>) {
    ui.horizontal(|ui| {
        ui.label(RichText::new(ctx.words.text("window-findings")).font(super::theme::strong(15.0)));
        ui.label(RichText::new(ctx.drawn.findings.len().to_string()).color(ctx.colors.soft));
    });
    let is_whole = Answer::Findings.is_whole(&ctx.seen.snapshot);
    if ctx.drawn.findings.is_empty() {
        let text = ctx.words.text(if is_whole { "window-no-findings" } else { "window-findings-not-told" });
        ui.label(RichText::new(text).color(ctx.colors.soft));
        return;
    }
    if !is_whole {
        ui.label(RichText::new(ctx.words.text("window-findings-not-all")).color(ctx.colors.warning));
    }
    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 2.0;
        for finding in ctx.drawn.findings.iter() {
            let (icon, color, weight) = match finding.weight {
                Weight::Wrong => (Icon::Wrong, ctx.colors.bad, "finding-wrong"),
                Weight::Warning => (Icon::Warning, ctx.colors.warning, "finding-warning"),
                Weight::Note => (Icon::Note, ctx.colors.soft, "finding-note"),
            };
            ui.horizontal(|ui| {
                icon.show(ui, 16.0, color).on_hover_text(ctx.words.text(weight));
                let is_selected = ctx.selection == Some(&finding.entity);
                let row = egui::Button::selectable(is_selected, &finding.text).wrap();
                if ui.add(row).clicked() {
                    ctx.send(Command::Reveal(finding.entity.clone()));
                }
            });
        }
    });
}
