//! On the left: everything there is, as a list, for those who read better than they look.

use bridgewalk_model::{EntityId, Snapshot, engine::ContainerState, snapshot::NamespaceKind};
use egui::{FontId, Rect, RichText, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};

use super::{command::Command, context::Context, icon::Icon, theme::strong};
use crate::words::Words;

/// A line of the list.
#[derive(Debug)]
pub(super) struct Row {
    entity: Option<EntityId>,
    icon: Option<Icon>,
    depth: u8,
    name: String,
    note: String,
    is_off: bool,
}

/// The list's own state.
#[derive(Default)]
pub(super) struct Outline {
    /// What was last brought into sight.
    shown: Option<EntityId>,
}

impl Outline {
    /// Shows it.
    pub(super) fn ui(&mut self, ui: &mut Ui, ctx: &Context<'_>) {
        let rows = &*ctx.drawn.rows;
        ui.label(RichText::new(ctx.words.text("window-outline")).font(strong(15.0)));
        ui.add_space(2.0);
        // Else the panel would become as narrow as what little there is in it, and stay so.
        ui.take_available_width();
        if rows.is_empty() {
            ui.label(RichText::new(ctx.words.text("window-nothing-yet")).color(ctx.colors.soft));
            return;
        }
        let height = 26.0;
        ui.spacing_mut().item_spacing.y = 0.0;
        let mut area = ScrollArea::vertical().auto_shrink([false, false]);
        if self.shown.as_ref() != ctx.selection {
            self.shown = ctx.selection.cloned();
            let place = rows.iter().position(|row| row.entity.is_some() && row.entity.as_ref() == ctx.selection);
            if let Some(place) = place {
                let room = ui.available_height();
                let state = egui::scroll_area::State::load(ui.ctx(), ui.make_persistent_id("outline-rows"));
                let top = state.map_or(0.0, |state| state.clamped_offset().y);
                let at = place as f32 * height;
                if at < top || at + height > top + room {
                    area = area.vertical_scroll_offset((at - room / 2.0).max(0.0));
                }
            }
        }
        area.id_salt("outline-rows").show_rows(ui, height, rows.len(), |ui, range| {
            for row in &rows[range] {
                row_ui(ui, ctx, row, height);
            }
        });
    }
}

fn row_ui(ui: &mut Ui, ctx: &Context<'_>, row: &Row, height: f32) {
    let width = ui.available_width();
    let sense = if row.entity.is_some() { Sense::click() } else { Sense::hover() };
    let (rect, response) = ui.allocate_exact_size(vec2(width, height), sense);
    let is_selected = row.entity.is_some() && row.entity.as_ref() == ctx.selection;
    let spoken = if row.note.is_empty() { row.name.clone() } else { format!("{}, {}", row.name, row.note) };
    let role = if row.entity.is_some() { egui::Role::ListItem } else { egui::Role::Heading };
    response.widget_info(|| WidgetInfo::selected(role, true, is_selected, &spoken));
    let painter = ui.painter();
    if is_selected {
        painter.rect_filled(rect, 6.0, ctx.colors.accent_fill);
    } else if response.hovered() && row.entity.is_some() {
        painter.rect_filled(rect, 6.0, ctx.colors.raised);
    }
    if response.has_focus() {
        painter.rect_stroke(rect, 6.0, egui::Stroke::new(2.0, ctx.colors.accent), egui::StrokeKind::Inside);
    }
    let middle = rect.center().y;
    let mut left = rect.left() + 6.0 + f32::from(row.depth) * 14.0;
    let ink = if row.is_off || row.entity.is_none() { ctx.colors.soft } else { ctx.colors.text };
    if let Some(icon) = row.icon {
        let tint = if is_selected { ctx.colors.accent } else { ctx.colors.soft };
        icon.paint(painter, Rect::from_center_size(pos2(left + 8.0, middle), vec2(15.0, 15.0)), tint);
        left += 23.0;
    }
    let font = match (&row.entity, row.depth) {
        (None, _) => strong(12.5),
        (Some(_), 0) => strong(14.0),
        _ => FontId::proportional(14.0),
    };
    let note = painter.layout_no_wrap(row.note.clone(), FontId::proportional(12.5), ctx.colors.soft);
    let room = rect.right() - 6.0 - left;
    let mut job = egui::text::LayoutJob::simple_singleline(row.name.clone(), font, ink);
    let has_note = !row.note.is_empty() && note.size().x + 60.0 < room;
    job.wrap = egui::text::TextWrapping::truncate_at_width(if has_note { room - note.size().x - 10.0 } else { room });
    let name = painter.layout_job(job);
    painter.galley(pos2(left, middle - name.size().y / 2.0), name, ink);
    if has_note {
        painter.galley(pos2(rect.right() - 6.0 - note.size().x, middle - note.size().y / 2.0), note, ctx.colors.soft);
    }
    let Some(entity) = &row.entity else { return };
    if response.double_clicked()
        || (response.clicked() && is_selected && ui.input(|input| input.key_pressed(egui::Key::Enter)))
    {
        ctx.send(Command::Enter(entity.clone()));
    } else if response.clicked() {
        ctx.send(Command::Reveal(entity.clone()));
    }
    if response.secondary_clicked() {
        ctx.send(Command::Select(Some(entity.clone())));
    }
    response.context_menu(|ui| super::node_menu::ui(ui, ctx));
}

/// The list of all that is in `snapshot`.
pub(super) fn rows(snapshot: &Snapshot, words: Words) -> Vec<Row> {
    let mut rows = Vec::new();
    let heading = |name: &str, count: usize| Row {
        entity: None,
        icon: None,
        depth: 0,
        name: words.text(name),
        note: count.to_string(),
        is_off: false,
    };
    let line = |entity: &EntityId, icon, depth, name: &str, note: String| Row {
        entity: Some(entity.clone()),
        icon: Some(icon),
        depth,
        name: name.to_owned(),
        note,
        is_off: false,
    };
    for host in &snapshot.hosts {
        let engine = host.engine.as_ref().map_or_else(String::new, |engine| format!("Docker {}", engine.version));
        rows.push(line(&host.id, Icon::Host, 0, host.name.as_str(), engine));
        if !host.networks.is_empty() {
            rows.push(heading("window-networks", host.networks.len()));
            for network in &host.networks {
                let subnets = joined(network.pools.iter().map(|pool| pool.subnet));
                let note = if subnets.is_empty() { network.driver.to_string() } else { subnets };
                rows.push(line(&network.id, Icon::Network, 1, network.name.as_str(), note));
            }
        }
        if !host.containers.is_empty() {
            rows.push(heading("window-containers", host.containers.len()));
            for container in &host.containers {
                let addresses = container.attachments.iter().filter_map(|end| end.ipv4.or(end.ipv6));
                let is_running = container.state == ContainerState::Running;
                let is_stale = host.stale_since(container).is_some();
                let note = if is_stale {
                    words.text("diagram-stale")
                } else if is_running {
                    joined(addresses.map(|net| net.addr()))
                } else {
                    words.container_state(container.state)
                };
                let row = line(&container.id, Icon::Container, 1, container.name.as_str(), note);
                rows.push(Row { is_off: is_stale || !container.state.is_alive(), ..row });
            }
        }
        let others: Vec<_> = host
            .namespaces
            .iter()
            .filter(|namespace| !matches!(namespace.kind, NamespaceKind::Host | NamespaceKind::Container))
            .collect();
        if !others.is_empty() {
            rows.push(heading("window-other-namespaces", others.len()));
            for namespace in others {
                let note = words.namespace_kind(namespace.kind);
                rows.push(line(&namespace.id, Icon::Namespace, 1, namespace.name.as_str(), note));
            }
        }
        if let Some(own) = host.own_namespace() {
            rows.push(heading("window-host-interfaces", own.interfaces.len()));
            for interface in &own.interfaces {
                let is_local = |scope| scope == bridgewalk_model::kernel::AddressScope::Link;
                let note = joined(interface.addresses.iter().filter(|address| !is_local(address.scope)));
                let row = line(&interface.id, Icon::Interface, 1, interface.name.as_str(), note);
                rows.push(Row { is_off: !interface.link.is_up, ..row });
            }
        }
    }
    rows
}

fn joined<T: ToString>(values: impl Iterator<Item = T>) -> String {
    values.map(|value| value.to_string()).collect::<Vec<_>>().join(", ")
}
