//! Ctrl+K: whatever there is and whatever can be done, by typing a part of it. V: the views alone.

use std::sync::Arc;

use bridgewalk_model::{EntityId, Snapshot};
use egui::{Align2, FontId, Id, Key, Modal, Rect, RichText, ScrollArea, Sense, TextEdit, Ui, WidgetInfo, pos2, vec2};

use super::{
    command::{Action, Command, TABLE},
    context::Context,
    icon::Icon,
    search::{self, Item},
};
use crate::{source::Demo, views::ViewName, words::Words};

/// The most things that are offered at once.
const HITS_MAX: usize = 40;

/// The palette.
#[derive(Default)]
pub(super) struct CommandPalette {
    is_open: bool,
    has_views_only: bool,
    query: String,
    chosen: usize,
    items: Vec<Item>,
    made_of: Option<(Arc<Snapshot>, Words)>,
}

/// A line of it.
enum Offer {
    Thing { entity: EntityId, icon: Icon, name: String, note: String },
    Command { command: Command, name: String, note: String },
}

impl CommandPalette {
    /// Opens it, empty.
    pub(super) fn open(&mut self) {
        self.open_with(false);
    }

    /// Opens it with the views alone.
    pub(super) fn open_views(&mut self) {
        self.open_with(true);
    }

    fn open_with(&mut self, has_views_only: bool) {
        (self.is_open, self.has_views_only, self.chosen) = (true, has_views_only, 0);
        self.query.clear();
    }

    /// Shows it while it is open.
    pub(super) fn ui(&mut self, ui: &Ui, ctx: &Context<'_>) {
        if !self.is_open {
            return;
        }
        let is_current = self
            .made_of
            .as_ref()
            .is_some_and(|(snapshot, words)| Arc::ptr_eq(snapshot, &ctx.seen.snapshot) && *words == ctx.words);
        if !is_current {
            self.items = search::index(&ctx.seen.snapshot, ctx.words);
            self.made_of = Some((Arc::clone(&ctx.seen.snapshot), ctx.words));
        }
        let id = Id::unique("palette");
        let area = Modal::default_area(id).anchor(Align2::CENTER_TOP, vec2(0.0, 90.0));
        let frame = egui::Frame::popup(ui.style()).inner_margin(10.0);
        let modal = Modal::new(id).area(area).frame(frame).backdrop_color(egui::Color32::from_black_alpha(60));
        let response = modal.show(ui.ctx(), |ui| self.contents_ui(ui, ctx));
        if response.should_close() || response.inner {
            self.is_open = false;
        }
    }

    /// Whether something was chosen.
    fn contents_ui(&mut self, ui: &mut Ui, ctx: &Context<'_>) -> bool {
        ui.set_width(560.0_f32.min(ui.ctx().content_rect().width() - 60.0));
        let step = ui.input_mut(|input| {
            let down = input.consume_key(egui::Modifiers::NONE, Key::ArrowDown);
            let up = input.consume_key(egui::Modifiers::NONE, Key::ArrowUp);
            i32::from(down) - i32::from(up)
        });
        let is_entered = ui.input(|input| input.key_pressed(Key::Enter));
        let field = TextEdit::singleline(&mut self.query)
            .hint_text(ctx.words.text(if self.has_views_only { "window-views-hint" } else { "window-search-hint" }))
            .font(FontId::proportional(17.0))
            .desired_width(f32::INFINITY)
            .margin(egui::Margin::symmetric(10, 8));
        let response = ui.add(field);
        response.request_focus();
        if response.changed() {
            self.chosen = 0;
        }
        let offers = self.offers(ui.ctx(), ctx);
        let last = offers.len().saturating_sub(1);
        self.chosen = match step {
            1 => (self.chosen + 1).min(last),
            -1 => self.chosen.saturating_sub(1),
            _ => self.chosen.min(last),
        };
        ui.add_space(6.0);
        if offers.is_empty() {
            ui.label(RichText::new(ctx.words.text("window-search-nothing")).color(ctx.colors.soft));
            return false;
        }
        let mut taken = is_entered.then_some(self.chosen);
        ScrollArea::vertical().max_height(420.0).auto_shrink([false, true]).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for (index, offer) in offers.iter().enumerate() {
                let response = offer_ui(ui, ctx, offer, index == self.chosen);
                if index == self.chosen && step != 0 {
                    response.scroll_to_me(None);
                }
                if response.clicked() {
                    taken = Some(index);
                }
            }
        });
        match taken.and_then(|index| offers.get(index)) {
            Some(Offer::Thing { entity, .. }) => ctx.send(Command::Reveal(entity.clone())),
            Some(Offer::Command { command, .. }) => ctx.send(command.clone()),
            None => return false,
        }
        true
    }

    fn offers(&self, egui: &egui::Context, ctx: &Context<'_>) -> Vec<Offer> {
        let query = self.query.trim().to_lowercase();
        if self.has_views_only {
            return commands(&query, views(ctx, false));
        }
        let things = if query.is_empty() { Vec::new() } else { search::find(&self.items, &query, HITS_MAX) };
        let things = things.into_iter().map(|hit| Offer::Thing {
            entity: hit.item.entity.clone(),
            icon: hit.item.icon,
            name: hit.item.name.clone(),
            note: hit
                .matched
                .map_or_else(|| hit.item.kind.clone(), |matched| format!("{matched}  ·  {}", hit.item.kind)),
        });
        let rows = TABLE.iter().filter(|row| row.action != Action::Palette && ctx.can(row.action));
        let actions = rows.map(|row| {
            let note = row.shortcut.map_or_else(String::new, |keys| egui.format_shortcut(&keys));
            (Command::Do(row.action), ctx.words.text(row.key), note)
        });
        let bundled = Demo::ALL.into_iter().map(|demo| {
            let name = ctx.words.text(demo.key());
            let name = ctx.words.format("window-open-bundled", &[("name", name.into())]);
            (Command::OpenBundled(demo), name, String::new())
        });
        things.chain(commands(&query, actions.chain(views(ctx, true)).chain(bundled))).collect()
    }
}

/// The views, each with its name, and with what is done with it if `in_full`.
fn views(ctx: &Context<'_>, in_full: bool) -> impl Iterator<Item = (Command, String, String)> {
    ViewName::ALL.into_iter().map(move |view| {
        let name = ctx.words.text(view.key());
        let name = if in_full { ctx.words.format("window-show-view", &[("name", name.into())]) } else { name };
        (Command::Show(view), name, String::new())
    })
}

/// Those whose names fit `query`.
fn commands(query: &str, all: impl Iterator<Item = (Command, String, String)>) -> Vec<Offer> {
    all.filter(|(_, name, _)| search::score(name, query).is_some())
        .map(|(command, name, note)| Offer::Command { command, name, note })
        .collect()
}

fn offer_ui(ui: &mut Ui, ctx: &Context<'_>, offer: &Offer, is_chosen: bool) -> egui::Response {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 32.0), Sense::click());
    let (icon, name, note) = match offer {
        Offer::Thing { icon, name, note, .. } => (*icon, name, note),
        Offer::Command { name, note, .. } => (Icon::Chevron, name, note),
    };
    response
        .widget_info(|| WidgetInfo::selected(egui::Role::ListBoxOption, true, is_chosen, format!("{name}, {note}")));
    let painter = ui.painter();
    if is_chosen {
        painter.rect_filled(rect, 6.0, ctx.colors.accent_fill);
    } else if response.hovered() {
        painter.rect_filled(rect, 6.0, ctx.colors.raised);
    }
    let middle = rect.center().y;
    let tint = if is_chosen { ctx.colors.accent } else { ctx.colors.soft };
    icon.paint(painter, Rect::from_center_size(pos2(rect.left() + 18.0, middle), vec2(16.0, 16.0)), tint);
    let note = painter.layout_no_wrap(note.clone(), FontId::proportional(13.0), ctx.colors.soft);
    let room = rect.width() - 60.0 - note.size().x;
    let mut job = egui::text::LayoutJob::simple_singleline(name.clone(), FontId::proportional(14.5), ctx.colors.text);
    job.wrap = egui::text::TextWrapping::truncate_at_width(room.max(80.0));
    let name = painter.layout_job(job);
    painter.galley(pos2(rect.left() + 36.0, middle - name.size().y / 2.0), name, ctx.colors.text);
    painter.galley(pos2(rect.right() - 10.0 - note.size().x, middle - note.size().y / 2.0), note, ctx.colors.soft);
    response
}
