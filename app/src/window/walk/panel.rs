//! The panel: ends, verdict, playback, header, hops.

use std::{collections::BTreeSet, io, sync::Arc};

use bridgewalk_analysis::walk::{EndError, Hop, Question, Verdict, Walk, Way};
use bridgewalk_collector::AgentChoice;
use bridgewalk_diagram::scene::Scene;
use bridgewalk_model::{EntityId, Snapshot};
use egui::{Key, Modifiers, RichText, ScrollArea, Ui};

use super::{
    Course, Follower, Inquiry, Mark, Playback, Slot, completion, course, ending,
    ends::Ends,
    follower::{Answer, follow},
    header, hops,
    playback::{SPEEDS, Wish},
    proof::{self, Proof},
};
use crate::window::{
    Opener, Proven,
    command::Action,
    context::Context,
    icon::{Icon, icon_button},
    theme::strong,
    worker::Worker,
};

/// Below this height, in points, everything scrolls together.
const ROOMY: f32 = 560.0;

/// The panel's state.
pub(in crate::window) struct WalkPanel {
    is_open: bool,
    ends: Ends,
    follower: Follower,
    prover: Worker<proof::Request, Result<Box<Proven>, String>>,
    proof: Proof,
    /// What was asked last.
    asked: Option<(Arc<Snapshot>, Inquiry)>,
    answer: Option<Answer>,
    /// Of an undecided walk, the alternative that is followed.
    branch: Option<usize>,
    playback: Playback,
    /// The course, and the picture and the walk that it was made of.
    course: Option<(Arc<Scene>, Course)>,
    emphasis: BTreeSet<EntityId>,
    /// egui's clock at the last frame, in seconds.
    clock_s: f64,
    /// A field had the keyboard in the last frame.
    was_typing: bool,
    /// The hop that was shown in the last frame.
    seen_hop: Option<usize>,
    /// The hop to which the camera was led.
    followed_hop: Option<usize>,
}

impl WalkPanel {
    /// Closed, with a thread to follow walks and one to prove them. What `wake` gives is called whenever one has.
    ///
    /// # Errors
    /// If the system has no thread to give.
    pub(in crate::window) fn new(wake: &dyn Fn() -> Box<dyn Fn() + Send>) -> io::Result<Self> {
        Ok(Self {
            is_open: false,
            ends: Ends::default(),
            follower: Follower::start("walker", wake(), follow)?,
            prover: Worker::start("prover", wake(), proof::prove)?,
            proof: Proof::default(),
            asked: None,
            answer: None,
            branch: None,
            playback: Playback::default(),
            course: None,
            emphasis: BTreeSet::new(),
            clock_s: 0.0,
            was_typing: false,
            seen_hop: None,
            followed_hop: None,
        })
    }

    /// Whether it is shown.
    pub(in crate::window) const fn is_open(&self) -> bool {
        self.is_open
    }

    /// Opens it and asks for the ends, `selection` being the first; or closes it.
    pub(in crate::window) fn toggle(&mut self, snapshot: &Snapshot, selection: Option<&EntityId>) {
        if self.is_open {
            self.close();
            return;
        }
        self.is_open = true;
        if let (true, Some(id)) = (self.ends.inquiry.from.is_empty(), selection) {
            self.ends.put(Slot::From, snapshot, id);
        }
        self.ends.ask();
    }

    fn close(&mut self) {
        self.is_open = false;
        self.ends.stop_picking();
        self.asked = None;
        self.answer = None;
        self.forget();
    }

    /// Another source is shown.
    pub(in crate::window) fn clear(&mut self) {
        self.close();
        self.ends = Ends::default();
    }

    /// Makes a thing an end, and opens.
    pub(in crate::window) fn put(&mut self, slot: Slot, snapshot: &Snapshot, id: &EntityId) {
        self.is_open = true;
        self.ends.put(slot, snapshot, id);
    }

    /// Follows what is asked, and opens.
    pub(in crate::window) fn ask(&mut self, inquiry: Inquiry) {
        self.is_open = true;
        self.ends.stop_picking();
        self.ends.inquiry = inquiry;
    }

    /// Has the walk that is shown proved.
    pub(in crate::window) fn prove(&mut self, opener: Arc<dyn Opener>, agent: AgentChoice, question: Question) {
        self.prover.order(proof::Request { question, agent, opener });
    }

    /// Takes what was pointed at as the end that is asked for, if one is.
    pub(in crate::window) fn pick(&mut self, snapshot: &Snapshot, id: &EntityId) {
        if let (true, Some(slot)) = (self.is_open, self.ends.picking()) {
            self.ends.put(slot, snapshot, id);
        }
    }

    /// Whether nothing is under way but what the packet itself does.
    pub(in crate::window) const fn is_settled(&self) -> bool {
        self.follower.is_idle() && self.prover.is_idle()
    }

    /// Whether something could not be worked out, by a fault of ours, since this was last asked.
    pub(in crate::window) fn has_failed(&mut self) -> bool {
        let is_unproved = self.prover.has_failed();
        if is_unproved {
            self.proof = Proof::Idle;
        }
        self.follower.has_failed() || is_unproved
    }

    /// What the picture should put before everything else.
    pub(in crate::window) const fn emphasis(&self) -> &BTreeSet<EntityId> {
        &self.emphasis
    }

    /// The keys of a walk that is shown, before anybody else has them. `is_button_free`: no button has the keyboard.
    /// `is_live`: there is a host that can be asked for a proof.
    pub(in crate::window) fn keys(
        &mut self,
        ctx: &egui::Context,
        is_typing: bool,
        is_button_free: bool,
        is_live: bool,
    ) {
        if !self.is_open || is_typing {
            return;
        }
        let pressed = |key| ctx.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if !self.was_typing && pressed(Key::Escape) {
            self.close();
            return;
        }
        if self.hop_count() == 0 {
            return;
        }
        if pressed(Key::ArrowRight) {
            self.playback.forward();
        }
        if pressed(Key::ArrowLeft) {
            self.playback.back();
        }
        if pressed(Key::Home) {
            self.playback.go_to(0);
        }
        if pressed(Key::End) {
            self.playback.go_to(usize::MAX);
        }
        if is_button_free && pressed(Key::Space) {
            self.playback.toggle();
        }
        if is_live && pressed(Key::P) {
            self.proof.ask();
        }
        // The arrows are the packet's, not the way to the next button.
        ctx.memory_mut(|memory| {
            if let Some(id) = memory.focused() {
                let filter = egui::EventFilter { horizontal_arrows: true, ..egui::EventFilter::default() };
                memory.set_focus_lock_filter(id, filter);
            }
        });
    }

    /// Has a walk followed if something has changed; takes the newest. Paints nothing.
    pub(in crate::window) fn advance(&mut self, snapshot: &Arc<Snapshot>) {
        let is_asked = self.is_open && self.ends.are_chosen() && !self.ends.is_completing();
        if is_asked {
            let is_known = self
                .asked
                .as_ref()
                .is_some_and(|(of, inquiry)| Arc::ptr_eq(of, snapshot) && *inquiry == self.ends.inquiry);
            if !is_known {
                let is_another = self.asked.as_ref().is_none_or(|(_, inquiry)| *inquiry != self.ends.inquiry);
                if is_another {
                    self.answer = None;
                    self.forget();
                }
                self.follower.order((Arc::clone(snapshot), self.ends.inquiry.clone()));
                self.asked = Some((Arc::clone(snapshot), self.ends.inquiry.clone()));
            }
        } else if self.is_open && !self.ends.are_chosen() && self.answer.is_some() {
            self.answer = None;
            self.asked = None;
            self.forget();
        }
        if let Some(told) = self.prover.take()
            && matches!(self.proof, Proof::Waiting)
        {
            self.proof = Proof::Told(told);
        }
        if let Some(answer) = self.follower.take()
            && self.is_open
        {
            self.take(answer);
        }
    }

    fn take(&mut self, answer: Answer) {
        let before = self.answer.replace(answer);
        let walk_of = |answer: &Option<Answer>| answer.as_ref().and_then(|answer| answer.walk.clone().ok());
        let (before, now) = (walk_of(&before), walk_of(&self.answer));
        if before == now {
            return;
        }
        if before.is_none() {
            self.branch = None;
        }
        self.branch = self.branch.filter(|index| now.as_ref().is_some_and(|walk| *index < walk.branches.len()));
        self.follow(before.is_none());
    }

    /// Nothing is followed any more.
    fn forget(&mut self) {
        self.proof = Proof::default();
        self.branch = None;
        self.course = None;
        self.emphasis.clear();
        self.followed_hop = None;
        self.playback.begin(0);
    }

    /// Another walk, or another of its branches.
    fn follow(&mut self, is_new: bool) {
        self.course = None;
        self.emphasis = match &self.answer {
            Some(answer) => {
                let snapshot = &answer.snapshot;
                let lights = self.hops().flat_map(|hop| course::lights(hop, snapshot));
                lights.flat_map(|light| course::stand_ins(snapshot, &light)).collect()
            }
            None => BTreeSet::new(),
        };
        let count = self.hop_count();
        if is_new { self.playback.begin(count) } else { self.playback.resume(count) }
    }

    fn walk(&self) -> Option<&Arc<Walk>> {
        self.answer.as_ref().and_then(|answer| answer.walk.as_ref().ok())
    }

    /// The ways there and back that are followed.
    fn ways(&self) -> Option<(&Way, Option<&Way>)> {
        let walk = self.walk()?;
        Some(match self.branch.and_then(|index| walk.branches.get(index)) {
            Some(alternative) => (&alternative.way, alternative.reply.as_ref()),
            None => (&walk.way, walk.reply.as_ref()),
        })
    }

    fn hops(&self) -> impl Iterator<Item = &Hop> {
        let ways = self.ways();
        ways.into_iter().flat_map(|(way, reply)| way.hops.iter().chain(reply.into_iter().flat_map(|reply| &reply.hops)))
    }

    fn hop_count(&self) -> usize {
        self.hops().count()
    }

    /// The packet in the picture; lets the time since the last frame pass.
    pub(in crate::window) fn mark(&mut self, egui: &egui::Context, ctx: &Context<'_>) -> Option<Mark> {
        let now_s = egui.input(|input| input.time);
        let elapsed_s = (now_s - self.clock_s) as f32;
        self.clock_s = now_s;
        if !self.is_open {
            return None;
        }
        match self.playback.advance(elapsed_s, ctx.settings.is_motion_reduced) {
            Wish::Now => egui.request_repaint(),
            Wish::After(left_s) => egui.request_repaint_after(std::time::Duration::from_secs_f32(left_s)),
            Wish::Nothing => {}
        }
        let scene = &ctx.drawn.scene.as_ref()?.scene;
        let answer = self.answer.as_ref()?;
        if self.course.as_ref().is_none_or(|(of, _)| !Arc::ptr_eq(of, scene)) {
            let course = Course::of(self.hops(), &answer.snapshot, scene);
            self.course = Some((Arc::clone(scene), course));
        }
        let (_, course) = self.course.as_ref()?;
        let (way, reply) = self.ways()?;
        let (there, all) = (way.hops.len(), self.hop_count());
        let hop = self.playback.hop();
        let is_back = hop >= there;
        let (first, last) = if is_back { (there, all) } else { (0, there) };
        let is_there = self.playback.position() == hop as f32;
        let verdict = if is_back { reply.map_or(way.verdict, |reply| reply.verdict) } else { way.verdict };
        let packet = course.at(self.playback.position())?;
        Some(Mark {
            way: course.stretch(first, last.saturating_sub(1)),
            packet,
            ending: (is_there && hop + 1 == last).then_some(verdict),
            is_followed: !is_there || self.followed_hop.replace(hop) != Some(hop),
        })
    }

    /// Shows it.
    pub(in crate::window) fn ui(&mut self, ui: &mut Ui, ctx: &Context<'_>) {
        let before = (self.branch, self.playback.hop());
        ui.horizontal(|ui| {
            Icon::Walk.show(ui, 18.0, ctx.colors.accent);
            ui.label(RichText::new(ctx.words.text("walk-title")).font(strong(15.0)));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if icon_button(ui, Icon::Close, &ctx.words.text("walk-close"), true).clicked() {
                    ctx.act(Action::Walk);
                }
            });
        });
        self.ends.ui(ui, ctx);
        self.was_typing = ui.ctx().text_edit_focused();
        ui.add_space(2.0);
        match self.answer.clone() {
            Some(Answer { walk: Ok(walk), snapshot, .. }) => {
                if ui.available_height() > ROOMY * 0.6 {
                    self.above_ui(ui, ctx, &snapshot, &walk);
                    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
                        self.below_ui(ui, ctx, &snapshot, &walk);
                    });
                } else {
                    ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
                        self.above_ui(ui, ctx, &snapshot, &walk);
                        self.below_ui(ui, ctx, &snapshot, &walk);
                    });
                }
            }
            Some(Answer { walk: Err(why), .. }) => {
                ui.horizontal(|ui| {
                    Icon::Warning.show(ui, 16.0, ctx.colors.warning);
                    let said = end_error(ctx, &why);
                    ui.add(egui::Label::new(RichText::new(said).color(ctx.colors.text)).wrap());
                });
            }
            None if self.ends.are_chosen() => {
                ui.label(RichText::new(ctx.words.text("walk-following")).color(ctx.colors.soft));
            }
            None => {
                ui.add(egui::Label::new(RichText::new(ctx.words.text("walk-hint")).color(ctx.colors.soft)).wrap());
            }
        }
        if self.branch != before.0 {
            self.follow(true);
        }
        if (self.branch, self.playback.hop()) != before {
            ui.ctx().request_repaint();
        }
    }

    /// Verdict, playback, header.
    fn above_ui(&mut self, ui: &mut Ui, ctx: &Context<'_>, snapshot: &Snapshot, walk: &Walk) {
        let branch = self.branch;
        let Some((way, reply)) = self.ways() else { return };
        let (way, reply) = (way.clone(), reply.cloned());
        if branch.is_some() || walk.branches.is_empty() {
            ending::verdict_ui(ui, ctx, snapshot, &walk.question, (&way, reply.as_ref()));
        } else {
            ending::verdict_ui(ui, ctx, snapshot, &walk.question, (&walk.way, walk.reply.as_ref()));
        }
        if self.hop_count() == 0 {
            return;
        }
        self.playback_ui(ui, ctx, way.hops.len());
        let hop = self.hops().nth(self.playback.hop()).cloned();
        if let Some(hop) = hop {
            header::ui(ui, ctx, &hop);
        }
        ui.add_space(2.0);
    }

    /// Branches, openings, hops.
    fn below_ui(&mut self, ui: &mut Ui, ctx: &Context<'_>, snapshot: &Snapshot, walk: &Walk) {
        ending::unknown_ui(ui, ctx, snapshot, walk, &mut self.branch);
        self.proof.ui(ui, ctx, snapshot, walk);
        let Some((way, reply)) = self.ways() else { return };
        ending::openings_ui(ui, ctx, snapshot, way);
        if let (Verdict::Delivered, Some(reply)) = (way.verdict, reply) {
            ending::openings_ui(ui, ctx, snapshot, reply);
        }
        let shown = self.playback.hop();
        let is_new = self.seen_hop != Some(shown);
        let mut chosen = None;
        for (index, hop) in self.hops().enumerate() {
            if index == way.hops.len() {
                header::heading(ui, ctx, "walk-reply");
            }
            let is_shown = index == shown;
            let response = hops::row_ui(ui, ctx, snapshot, index, hop, is_shown);
            if response.clicked() {
                chosen = Some(index);
            }
            if is_shown {
                let detail = hops::detail_ui(ui, ctx, snapshot, hop);
                if is_new && index > 0 {
                    // Both if there is room, else the row and what fits below it.
                    let room = ui.clip_rect().height();
                    let mut whole = response.rect.union(detail.rect);
                    whole.max.y = whole.max.y.min(whole.min.y + room);
                    ui.scroll_to_rect(whole, None);
                }
            }
        }
        self.seen_hop = Some(shown);
        if let Some(index) = chosen {
            self.playback.go_to(index);
        }
    }

    /// To the start, back, play, forward, to the end; there and back; how fast.
    fn playback_ui(&mut self, ui: &mut Ui, ctx: &Context<'_>, there: usize) {
        let words = ctx.words;
        let (hop, count) = (self.playback.hop(), self.hop_count());
        let is_at_end = self.playback.is_at_end();
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            if icon_button(ui, Icon::ToStart, &words.text("walk-to-start"), hop > 0).clicked() {
                self.playback.go_to(0);
            }
            if icon_button(ui, Icon::StepBack, &words.text("walk-back"), hop > 0).clicked() {
                self.playback.back();
            }
            let (icon, key) =
                if self.playback.is_playing() { (Icon::Pause, "walk-pause") } else { (Icon::Play, "walk-play") };
            if icon_button(ui, icon, &words.text(key), count > 1).clicked() {
                self.playback.toggle();
            }
            if icon_button(ui, Icon::StepForward, &words.text("walk-forward"), !is_at_end).clicked() {
                self.playback.forward();
            }
            if icon_button(ui, Icon::ToEnd, &words.text("walk-to-end"), !is_at_end).clicked() {
                self.playback.go_to(usize::MAX);
            }
            ui.add_space(6.0);
            let at = words.format("walk-hop-of", &[("hop", (hop + 1).into()), ("count", count.into())]);
            ui.label(RichText::new(at).color(ctx.colors.soft));
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let speed = |speed: f32| format!("{speed}×");
                let combo = egui::ComboBox::from_id_salt("walk-speed").width(58.0);
                let response = combo.selected_text(speed(self.playback.speed)).show_ui(ui, |ui| {
                    for choice in SPEEDS {
                        ui.selectable_value(&mut self.playback.speed, choice, speed(choice));
                    }
                });
                response.response.accessible_name(words.text("walk-speed"));
                if count > there {
                    let is_back = hop >= there;
                    let leg = if is_back { words.text("walk-there") } else { words.text("walk-answer") };
                    if ui.button(leg).clicked() {
                        self.playback.go_to(if is_back { 0 } else { there });
                    }
                }
            });
        });
    }
}

/// Whether a packet can start or end at a thing.
pub(in crate::window) fn can_be_end(snapshot: &Snapshot, id: &EntityId) -> bool {
    completion::written(snapshot, id).is_some()
}

fn end_error(ctx: &Context<'_>, why: &EndError) -> String {
    match why {
        EndError::Unknown(text) => ctx.words.format("walk-error-unknown", &[("text", text.to_string().into())]),
        EndError::CannotSend(text) => ctx.words.format("walk-error-cannot-send", &[("text", text.to_string().into())]),
        EndError::Port(text) => ctx.words.format("walk-error-port", &[("text", text.to_string().into())]),
        EndError::Ambiguous { name, choices } => ctx.words.ambiguous(name, choices),
    }
}
