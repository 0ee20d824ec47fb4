//! The last line: what is watched, and what is not.

use bridgewalk_collector::CollectorStatus;
use bridgewalk_model::Answer;
use egui::{Align, Button, Layout, ProgressBar, RichText, ScrollArea, Ui};

use super::{
    command::Action,
    context::Context,
    feed::Origin,
    findings::Weight,
    icon::{Icon, dot},
};

/// The line.
pub(super) fn ui(ui: &mut Ui, ctx: &Context<'_>) {
    ui.horizontal(|ui| {
        watched_ui(ui, ctx);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            findings_ui(ui, ctx);
            limits_ui(ui, ctx);
            progress_ui(ui, ctx);
        });
    });
}

fn watched_ui(ui: &mut Ui, ctx: &Context<'_>) {
    let words = ctx.words;
    let small = |text: String| RichText::new(text).size(12.5).color(ctx.colors.soft);
    match ctx.origin {
        Origin::Live if ctx.seen.status.len() > 1 => {
            for (host, status) in ctx.seen.snapshot.hosts.iter().zip(&ctx.seen.status) {
                if *status != CollectorStatus::default() {
                    ui.label(RichText::new(host.name.as_str()).font(super::theme::strong(12.5)).color(ctx.colors.soft));
                    host_ui(ui, ctx, status);
                }
            }
        }
        Origin::Live => host_ui(ui, ctx, ctx.seen.status.first().unwrap_or(&CollectorStatus::default())),
        Origin::Recording(_) => {
            ui.label(small(words.text("window-recording-stands")));
        }
        Origin::Bundled { because, .. } => {
            let text = words.text("window-bundled-stands");
            let text = because.as_ref().map_or(text.clone(), |because| format!("{text} {because}"));
            ui.add(egui::Label::new(small(text)).truncate());
        }
    }
}

/// What is watched of one host.
fn host_ui(ui: &mut Ui, ctx: &Context<'_>, status: &CollectorStatus) {
    let words = ctx.words;
    let small = |text: String| RichText::new(text).size(12.5).color(ctx.colors.soft);
    for (name, part) in [
        ("window-engine", status.engine.clone().map(|it| it.map_err(|error| words.collector_error(&error)))),
        (
            "window-agent",
            status.agent.clone().map(|it| {
                it.map_err(|error| words.agent_error(&error)).map(|agent| {
                    words.format(
                        "window-agent-as",
                        &[("how", words.text(agent_key(agent.choice)).into()), ("uid", agent.uid.into())],
                    )
                })
            }),
        ),
    ] {
        let name = words.text(name);
        match part {
            Some(Ok(text)) => {
                dot(ui, ctx.colors.good, true);
                ui.label(small(format!("{name}: {text}")));
            }
            Some(Err(why)) => {
                dot(ui, ctx.colors.warning, false);
                ui.add(egui::Label::new(small(format!("{name}: {why}"))).truncate());
            }
            None => {
                dot(ui, ctx.colors.soft, false);
                ui.label(small(format!("{name}: {}", words.text("window-not-watched"))));
            }
        }
        ui.add_space(8.0);
    }
}

const fn agent_key(choice: &str) -> &'static str {
    match choice.as_bytes() {
        b"sudo" => "agent-sudo",
        b"pkexec" => "agent-pkexec",
        b"container" => "agent-container",
        b"container_base" => "agent-container-base",
        _ => "agent-in-process",
    }
}

fn progress_ui(ui: &mut Ui, ctx: &Context<'_>) {
    let Some((done, total)) = ctx.seen.progress else { return };
    if ui.small_button(ctx.words.text("action-cancel-progress")).clicked() {
        ctx.act(Action::CancelProgress);
    }
    let share = if total == 0 { 0.0 } else { done as f32 / total as f32 };
    ui.add(ProgressBar::new(share).desired_width(140.0).desired_height(8.0));
    let text = ctx.words.format("window-progress", &[("done", done.into()), ("total", total.into())]);
    ui.label(RichText::new(text).size(12.5).color(ctx.colors.soft));
}

fn limits_ui(ui: &mut Ui, ctx: &Context<'_>) {
    let lines = ctx.words.not_seen(&ctx.seen.snapshot);
    if lines.is_empty() {
        return;
    }
    let text = ctx.words.format("window-not-seen", &[("count", lines.len().into())]);
    let response = ui.add(Button::new(RichText::new(text).size(12.5).color(ctx.colors.warning)).frame(false));
    egui::Popup::menu(&response).width(460.0).show(|ui| {
        ui.label(RichText::new(ctx.words.text("window-not-seen-title")).font(super::theme::strong(14.0)));
        ScrollArea::vertical().max_height(320.0).show(ui, |ui| {
            for line in &lines {
                ui.horizontal(|ui| {
                    Icon::Hidden.show(ui, 15.0, ctx.colors.soft);
                    ui.add(egui::Label::new(RichText::new(&line.text).size(13.0)).wrap());
                });
            }
        });
    });
}

fn findings_ui(ui: &mut Ui, ctx: &Context<'_>) {
    let worst = ctx.drawn.findings.iter().map(|finding| finding.weight).min();
    let (color, icon) = match worst {
        Some(Weight::Wrong) => (ctx.colors.bad, Icon::Wrong),
        Some(Weight::Warning) => (ctx.colors.warning, Icon::Warning),
        _ => (ctx.colors.soft, Icon::Note),
    };
    let count = ctx.drawn.findings.len();
    let is_told = count > 0 || Answer::Findings.is_whole(&ctx.seen.snapshot);
    let text = match is_told {
        true => ctx.words.format("window-findings-count", &[("count", count.into())]),
        false => ctx.words.text("window-findings-unknown"),
    };
    let response = ui
        .add(Button::new(RichText::new(text).size(12.5).color(color)).frame(false))
        .on_hover_text(ctx.tip(ui.ctx(), Action::Findings));
    icon.show(ui, 14.0, color);
    if response.clicked() {
        ctx.act(Action::Findings);
    }
}
