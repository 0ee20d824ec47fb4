//! The packet's header at a hop, and what changes there.

use bridgewalk_analysis::walk::{Hop, Packet};
use egui::{Frame, Grid, Margin, RichText, Ui};

use crate::{
    window::{context::Context, theme::strong},
    words::Words,
};

/// The header after `hop`; what the hop changes is marked, with what it was.
pub(super) fn ui(ui: &mut Ui, ctx: &Context<'_>, hop: &Hop) {
    Frame::new().fill(ctx.colors.raised).corner_radius(8.0).inner_margin(Margin::symmetric(10, 7)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        Grid::new("walk-header").num_columns(2).spacing([12.0, 3.0]).show(ui, |ui| {
            for line in lines(ctx.words, &hop.before, &hop.after) {
                line_ui(ui, ctx, &line);
                ui.end_row();
            }
        });
    });
}

/// A field of the header.
struct Line {
    name: String,
    before: String,
    after: String,
}

fn lines(words: Words, before: &Packet, after: &Packet) -> Vec<Line> {
    let mac = |packet: &Packet, of: fn(&Packet) -> Option<bridgewalk_model::MacAddress>| {
        of(packet).map_or_else(|| "–".to_owned(), |mac| mac.to_string())
    };
    let macs =
        |packet: &Packet| format!("{} → {}", mac(packet, |it| it.source_mac), mac(packet, |it| it.destination_mac));
    let line = |key: &str, of: &dyn Fn(&Packet) -> String| Line {
        name: words.text(key),
        before: of(before),
        after: of(after),
    };
    let mut lines = vec![
        line("walk-header-sender", &|packet| words.packet_sender(packet)),
        line("walk-header-receiver", &|packet| words.packet_receiver(packet)),
        line("walk-header-carries", &|packet| words.packet_layer4(packet)),
        line("walk-header-ttl", &|packet| packet.ttl.to_string()),
    ];
    if before.mark != 0 || after.mark != 0 {
        lines.push(line("walk-header-mark", &|packet| format!("{:#x}", packet.mark)));
    }
    let has_mac = |packet: &Packet| packet.source_mac.is_some() || packet.destination_mac.is_some();
    if has_mac(before) || has_mac(after) {
        lines.push(line("walk-header-macs", &macs));
    }
    lines
}

fn line_ui(ui: &mut Ui, ctx: &Context<'_>, line: &Line) {
    ui.label(RichText::new(&line.name).color(ctx.colors.soft).size(12.5));
    let is_changed = line.before != line.after;
    let spoken = if is_changed {
        ctx.words.format(
            "walk-header-changed",
            &[
                ("name", line.name.as_str().into()),
                ("before", line.before.as_str().into()),
                ("after", line.after.as_str().into()),
            ],
        )
    } else {
        ctx.words
            .format("walk-header-same", &[("name", line.name.as_str().into()), ("after", line.after.as_str().into())])
    };
    let now = if is_changed {
        let frame = Frame::new().fill(ctx.colors.accent_fill).corner_radius(4.0).inner_margin(Margin::symmetric(5, 1));
        let shown = frame.show(ui, |ui| {
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                let before = RichText::new(&line.before).monospace().size(11.5).color(ctx.colors.soft).strikethrough();
                ui.add(egui::Label::new(before).truncate());
                let after = RichText::new(&line.after).monospace().size(13.0).color(ctx.colors.accent);
                ui.add(egui::Label::new(after).truncate().selectable(true))
            })
            .inner
        });
        shown.inner
    } else {
        let value = RichText::new(&line.after).monospace().size(13.0).color(ctx.colors.text);
        ui.add(egui::Label::new(value).truncate().selectable(true))
    };
    // A text is read by its value.
    ui.ctx().accesskit_node_builder(now.id, |node| node.set_value(spoken));
}

/// A heading within the panel.
pub(super) fn heading(ui: &mut Ui, ctx: &Context<'_>, key: &str) {
    ui.add_space(4.0);
    ui.label(RichText::new(ctx.words.text(key)).font(strong(13.0)).color(ctx.colors.soft));
}
