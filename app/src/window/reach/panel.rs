//! The panel below: the matrix, or the doors that are open to the outside. A click opens the walk.

use std::{io, sync::Arc};

use bridgewalk_analysis::walk::{End, Matrix, Protocol, Question, Verdict, reach};
use bridgewalk_model::Snapshot;
use egui::{Color32, Rect, RichText, Stroke, Ui, vec2};

use super::{doors, grid};
use crate::window::{
    command::{Action, Command},
    context::Context,
    icon::{Icon, icon_button},
    theme::strong,
    walk::{HOST, Inquiry, OUTSIDE},
    worker::Worker,
};

/// What is shown of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Tab {
    #[default]
    Everybody,
    Doors,
}

/// The panel's state.
pub(in crate::window) struct ReachPanel {
    is_open: bool,
    tab: Tab,
    worker: Worker<Arc<Snapshot>, (Arc<Snapshot>, Arc<Matrix>)>,
    asked: Option<Arc<Snapshot>>,
    known: Option<(Arc<Snapshot>, Arc<Matrix>)>,
}

impl ReachPanel {
    /// Closed, with a thread to work it out. `wake` is called whenever it has.
    ///
    /// # Errors
    /// If the system has no thread to give.
    pub(in crate::window) fn new(wake: impl Fn() + Send + 'static) -> io::Result<Self> {
        let work = |snapshot: Arc<Snapshot>| {
            let matrix = Arc::new(reach(&snapshot));
            (snapshot, matrix)
        };
        let worker = Worker::start("reach", wake, work)?;
        Ok(Self { is_open: false, tab: Tab::default(), worker, asked: None, known: None })
    }

    /// Whether it is shown.
    pub(in crate::window) const fn is_open(&self) -> bool {
        self.is_open
    }

    /// Opens or closes it.
    pub(in crate::window) const fn toggle(&mut self) {
        self.is_open = !self.is_open;
    }

    /// Whether nothing is being worked out.
    pub(in crate::window) const fn is_settled(&self) -> bool {
        self.worker.is_idle()
    }

    /// Whether it could not be worked out, by a fault of ours, since this was last asked.
    pub(in crate::window) const fn has_failed(&mut self) -> bool {
        self.worker.has_failed()
    }

    /// Has it worked out for what was seen last, one at a time; takes what is ready.
    pub(in crate::window) fn advance(&mut self, snapshot: &Arc<Snapshot>) {
        if let Some(known) = self.worker.take() {
            self.known = Some(known);
        }
        let is_asked = self.asked.as_ref().is_some_and(|asked| Arc::ptr_eq(asked, snapshot));
        if self.is_open && !is_asked && self.worker.is_idle() {
            self.worker.order(Arc::clone(snapshot));
            self.asked = Some(Arc::clone(snapshot));
        }
    }

    /// Shows it.
    pub(in crate::window) fn ui(&mut self, ui: &mut Ui, ctx: &Context<'_>) {
        let known = self.known.clone();
        ui.horizontal(|ui| {
            let doors = known.as_ref().map_or(0, |(_, matrix)| matrix.open.len());
            let tabs = [
                (Tab::Everybody, ctx.words.text("reach-title")),
                (Tab::Doors, ctx.words.format("reach-doors", &[("count", doors.into())])),
            ];
            for (tab, name) in tabs {
                let is_shown = self.tab == tab;
                let text = if is_shown {
                    RichText::new(name).font(strong(14.0)).color(ctx.colors.accent)
                } else {
                    RichText::new(name).color(ctx.colors.soft)
                };
                if ui.add(egui::Button::selectable(is_shown, text)).clicked() {
                    self.tab = tab;
                }
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if icon_button(ui, Icon::Close, &ctx.words.text("reach-close"), true).clicked() {
                    ctx.act(Action::Reach);
                }
            });
        });
        ui.add_space(2.0);
        let Some((snapshot, matrix)) = known else {
            ui.label(RichText::new(ctx.words.text("reach-working")).color(ctx.colors.soft));
            // Or the panel would shrink to this line.
            ui.take_available_space();
            return;
        };
        match self.tab {
            Tab::Everybody => grid::ui(ui, ctx, &snapshot, &matrix),
            Tab::Doors => doors::ui(ui, ctx, &snapshot, &matrix),
        }
    }
}

/// What the signs mean, from `corner` down.
pub(super) fn legend(painter: &egui::Painter, corner: egui::Pos2, ctx: &Context<'_>) {
    let verdicts = [Verdict::Delivered, Verdict::Dropped, Verdict::NoListener, Verdict::Undecided];
    for (line, verdict) in verdicts.into_iter().enumerate() {
        let name = match verdict {
            Verdict::Dropped => ctx.words.text("reach-blocked"),
            verdict => ctx.words.walk_verdict(verdict),
        };
        let middle = corner + vec2(8.0, 9.0 + line as f32 * 19.0);
        sign(painter, Rect::from_center_size(middle, vec2(14.0, 14.0)), ctx, verdict, false);
        let font = egui::FontId::proportional(12.0);
        painter.text(middle + vec2(14.0, 0.0), egui::Align2::LEFT_CENTER, name, font, ctx.colors.soft);
    }
}

/// A verdict as a sign that is told apart by its shape as well: a dot, a ring, a cross, a question mark.
pub(super) fn sign(painter: &egui::Painter, rect: Rect, ctx: &Context<'_>, verdict: Verdict, is_reply_lost: bool) {
    let middle = rect.center();
    let cross = |ink: Color32| {
        for arm in [vec2(4.0, 4.0), vec2(4.0, -4.0)] {
            painter.line_segment([middle - arm, middle + arm], Stroke::new(2.0, ink));
        }
    };
    match verdict {
        Verdict::Delivered => {
            painter.circle_filled(middle, 5.0, ctx.colors.good);
        }
        Verdict::NoListener => {
            painter.circle_stroke(middle, 4.5, Stroke::new(1.8, ctx.colors.outline));
        }
        Verdict::Undecided => {
            let font = strong(14.0);
            painter.text(middle, egui::Align2::CENTER_CENTER, "?", font, ctx.colors.warning);
        }
        Verdict::Dropped | Verdict::Rejected | Verdict::NoRoute => cross(ctx.colors.bad),
    }
    if is_reply_lost {
        painter.circle_stroke(middle, 7.5, Stroke::new(1.2, ctx.colors.bad));
    }
}

/// Asks for the walk of a question that the matrix asked.
pub(in crate::window) fn ask(ctx: &Context<'_>, snapshot: &Snapshot, question: &Question) {
    let text = |end: &End| match end {
        End::Host { .. } if snapshot.hosts.len() == 1 => HOST.to_owned(),
        End::Outside => OUTSIDE.to_owned(),
        end => ctx.words.walk_end(snapshot, end),
    };
    let port = question.port.filter(|_| question.protocol != Protocol::Icmp);
    ctx.send(Command::Ask(Inquiry {
        from: text(&question.from),
        to: text(&question.to),
        port: port.map_or_else(String::new, |port| port.to_string()),
        protocol: question.protocol,
    }));
}
