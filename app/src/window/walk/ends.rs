//! The two ends, the port and the protocol: chosen in the picture, or typed.

use std::sync::Arc;

use bridgewalk_analysis::walk::Protocol;
use bridgewalk_model::{EntityId, Snapshot};
use egui::{Align2, ComboBox, Id, Key, Modifiers, Order, RichText, Sense, TextEdit, Ui, WidgetInfo, vec2};

use super::{Inquiry, completion};
use crate::{
    window::{
        context::Context,
        icon::{Icon, icon_button},
        search::{self, Item},
    },
    words::Words,
};

/// The most completions that are offered.
const OFFERS_MAX: usize = 7;

/// One of the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::window) enum Slot {
    /// Who sends.
    From,
    /// Who receives.
    To,
}

/// The fields.
#[derive(Default)]
pub(super) struct Ends {
    /// What is written.
    pub inquiry: Inquiry,
    /// The end that the next thing pointed at becomes.
    picking: Option<Slot>,
    wants_focus: Option<Slot>,
    /// The field whose completions are shown, and the one that is chosen of them.
    completing: Option<(Slot, usize)>,
    items: Vec<Item>,
    made_of: Option<(Arc<Snapshot>, Words)>,
}

impl Ends {
    /// Asks for the first end that is not chosen.
    pub(super) fn ask(&mut self) {
        self.picking = self.missing();
        self.wants_focus = self.picking;
    }

    /// The end that the next thing pointed at becomes.
    pub(super) const fn picking(&self) -> Option<Slot> {
        self.picking
    }

    /// Whether somebody is in the midst of writing one.
    pub(super) const fn is_completing(&self) -> bool {
        self.completing.is_some()
    }

    /// Whether both are chosen.
    pub(super) fn are_chosen(&self) -> bool {
        self.missing().is_none()
    }

    fn missing(&self) -> Option<Slot> {
        if self.inquiry.from.trim().is_empty() {
            Some(Slot::From)
        } else if self.inquiry.to.trim().is_empty() {
            Some(Slot::To)
        } else {
            None
        }
    }

    /// Makes a thing an end. Whether it can be one.
    pub(super) fn put(&mut self, slot: Slot, snapshot: &Snapshot, id: &EntityId) -> bool {
        let Some((text, port)) = completion::written(snapshot, id) else { return false };
        match slot {
            Slot::From => self.inquiry.from = text,
            Slot::To => {
                self.inquiry.to = text;
                // A container's own port, if it says which; a published one's on the host.
                let transport = self.inquiry.protocol;
                let exposed = snapshot.container(id).and_then(|(_, container)| {
                    container.exposed_ports.iter().find(|port| port.transport.as_str() == transport_of(transport))
                });
                self.inquiry.port =
                    port.or(exposed.map(|port| port.port)).map_or_else(String::new, |port| port.to_string());
            }
        }
        self.completing = None;
        self.picking = self.missing();
        true
    }

    /// Stops waiting for something to be pointed at.
    pub(super) const fn stop_picking(&mut self) {
        self.picking = None;
        self.completing = None;
    }

    /// Shows them.
    pub(super) fn ui(&mut self, ui: &mut Ui, ctx: &Context<'_>) {
        let is_current = self
            .made_of
            .as_ref()
            .is_some_and(|(snapshot, words)| Arc::ptr_eq(snapshot, &ctx.seen.snapshot) && *words == ctx.words);
        if !is_current {
            self.items = completion::index(&ctx.seen.snapshot, ctx.words);
            self.made_of = Some((Arc::clone(&ctx.seen.snapshot), ctx.words));
        }
        ui.horizontal(|ui| {
            let swap = ui.spacing().interact_size.y + ui.spacing().item_spacing.x;
            let width = ui.available_width() - swap;
            ui.vertical(|ui| {
                ui.set_width(width);
                self.field_ui(ui, ctx, Slot::From);
                self.field_ui(ui, ctx, Slot::To);
            });
            if icon_button(ui, Icon::Swap, &ctx.words.text("walk-swap"), true).clicked() {
                let Inquiry { from, to, port, .. } = &mut self.inquiry;
                std::mem::swap(from, to);
                port.clear();
            }
        });
        ui.horizontal(|ui| {
            protocol_ui(ui, ctx, &mut self.inquiry.protocol);
            if self.inquiry.protocol != Protocol::Icmp {
                let name = ctx.words.text("walk-port");
                ui.label(RichText::new(&name).color(ctx.colors.soft));
                let hint = if self.inquiry.protocol == Protocol::Udp { "53" } else { "80" };
                let field = TextEdit::singleline(&mut self.inquiry.port).hint_text(hint).desired_width(64.0);
                ui.add(field).accessible_name(name);
            }
        });
        if let Some(slot) = self.picking {
            let key = if slot == Slot::From { "walk-pick-from" } else { "walk-pick-to" };
            ui.label(RichText::new(ctx.words.text(key)).color(ctx.colors.soft).size(12.5));
        }
    }

    fn field_ui(&mut self, ui: &mut Ui, ctx: &Context<'_>, slot: Slot) {
        let (key, text) = match slot {
            Slot::From => ("walk-from", &mut self.inquiry.from),
            Slot::To => ("walk-to", &mut self.inquiry.to),
        };
        let name = ctx.words.text(key);
        let is_completing = self.completing.is_some_and(|(completing, _)| completing == slot);
        let step = if is_completing { completion_step(ui) } else { Step::default() };
        let response = ui
            .horizontal(|ui| {
                let label = ui.label(RichText::new(&name).color(ctx.colors.soft));
                let missing = 42.0 - label.rect.width();
                ui.add_space(missing.max(0.0));
                let field = TextEdit::singleline(text)
                    .hint_text(ctx.words.text("walk-end-hint"))
                    .desired_width(ui.available_width());
                ui.add(field).accessible_name(name.clone())
            })
            .inner;
        if self.wants_focus == Some(slot) {
            self.wants_focus = None;
            response.request_focus();
        }
        if response.gained_focus() {
            self.picking = Some(slot);
        }
        if response.changed() {
            self.completing = Some((slot, 0));
        }
        if is_completing || response.changed() {
            self.completions_ui(ui, ctx, slot, step, &response);
        } else if response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter)) {
            self.go_on(slot);
        }
    }

    /// The other end, if it is still to be chosen.
    fn go_on(&mut self, slot: Slot) {
        self.completing = None;
        // A port that was written with its name has a field of its own.
        let to = self.inquiry.to.trim();
        let split = to.rsplit_once(':').filter(|(name, _)| to.parse::<std::net::IpAddr>().is_err() && !name.is_empty());
        if let Some((name, port)) = split
            && port.parse::<u16>().is_ok()
        {
            self.inquiry.port = port.to_owned();
            self.inquiry.to = name.trim_matches(['[', ']']).to_owned();
        }
        self.picking = self.missing().filter(|missing| *missing != slot);
        self.wants_focus = self.picking;
    }

    fn completions_ui(&mut self, ui: &Ui, ctx: &Context<'_>, slot: Slot, step: Step, field: &egui::Response) {
        let Some((_, chosen)) = &mut self.completing else { return };
        let text = if slot == Slot::From { &self.inquiry.from } else { &self.inquiry.to };
        let query = text.trim();
        let hits = search::find(&self.items, query, OFFERS_MAX);
        let is_whole = hits.first().is_some_and(|hit| hit.item.name == query);
        *chosen = chosen.saturating_add_signed(step.by).min(hits.len().saturating_sub(1));
        let mut taken =
            (step.is_taken && !is_whole).then(|| hits.get(*chosen).map(|hit| hit.item.name.clone())).flatten();
        if step.is_taken && taken.is_none() {
            // What is written stands as it is: an address, a name that only the sender knows.
            taken = Some(query.to_owned());
        }
        let mut is_pointed = false;
        if !hits.is_empty() && !query.is_empty() && taken.is_none() {
            let place = field.rect.left_bottom() + vec2(0.0, 3.0);
            let width = field.rect.width();
            let area = egui::Area::new(Id::unique("walk-completions")).order(Order::Foreground).fixed_pos(place);
            let shown = area.pivot(Align2::LEFT_TOP).show(ui.ctx(), |ui| {
                egui::Frame::popup(ui.style()).inner_margin(4.0).show(ui, |ui| {
                    ui.set_width(width);
                    ui.spacing_mut().item_spacing.y = 0.0;
                    for (index, hit) in hits.iter().enumerate() {
                        if offer_ui(ui, ctx, hit.item, index == *chosen).clicked() {
                            taken = Some(hit.item.name.clone());
                        }
                    }
                });
            });
            is_pointed = shown.response.contains_pointer();
        }
        if let Some(name) = taken {
            *(if slot == Slot::From { &mut self.inquiry.from } else { &mut self.inquiry.to }) = name;
            field.surrender_focus();
            self.go_on(slot);
        } else if !field.has_focus() && !is_pointed {
            self.completing = None;
        }
    }
}

/// What the keys ask of the completions.
#[derive(Clone, Copy, Default)]
struct Step {
    by: isize,
    is_taken: bool,
}

fn completion_step(ui: &Ui) -> Step {
    ui.input_mut(|input| {
        let down = input.consume_key(Modifiers::NONE, Key::ArrowDown);
        let up = input.consume_key(Modifiers::NONE, Key::ArrowUp);
        let is_taken = input.consume_key(Modifiers::NONE, Key::Enter);
        Step { by: isize::from(down) - isize::from(up), is_taken }
    })
}

fn offer_ui(ui: &mut Ui, ctx: &Context<'_>, item: &Item, is_chosen: bool) -> egui::Response {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 26.0), Sense::click());
    let spoken = format!("{}, {}", item.name, item.kind);
    response.widget_info(|| WidgetInfo::selected(egui::Role::ListBoxOption, true, is_chosen, &spoken));
    let painter = ui.painter();
    if is_chosen {
        painter.rect_filled(rect, 5.0, ctx.colors.accent_fill);
    } else if response.hovered() {
        painter.rect_filled(rect, 5.0, ctx.colors.raised);
    }
    let icon = egui::Rect::from_center_size(rect.left_center() + vec2(13.0, 0.0), vec2(14.0, 14.0));
    item.icon.paint(painter, icon, ctx.colors.soft);
    let font = egui::FontId::proportional;
    let left = rect.left_center() + vec2(26.0, 0.0);
    let name = painter.text(left, Align2::LEFT_CENTER, &item.name, font(14.0), ctx.colors.text);
    let rest = painter.with_clip_rect(rect.with_min_x(name.right() + 8.0).shrink2(vec2(4.0, 0.0)));
    let right = rect.right_center() - vec2(6.0, 0.0);
    rest.text(right, Align2::RIGHT_CENTER, &item.kind, font(12.5), ctx.colors.soft);
    response
}

fn protocol_ui(ui: &mut Ui, ctx: &Context<'_>, protocol: &mut Protocol) {
    let shown = ctx.words.walk_protocol(*protocol);
    let response = ComboBox::from_id_salt("walk-protocol").selected_text(shown).width(96.0).show_ui(ui, |ui| {
        for choice in [Protocol::Tcp, Protocol::Udp, Protocol::Icmp] {
            ui.selectable_value(protocol, choice, ctx.words.walk_protocol(choice));
        }
    });
    response.response.accessible_name(ctx.words.text("walk-protocol"));
}

const fn transport_of(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
        Protocol::Icmp => "icmp",
    }
}
