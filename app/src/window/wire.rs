//! What the chosen thing is wired to, and the wire from it to another.

use std::sync::Arc;

use bridgewalk_model::{
    EntityId, Snapshot,
    graph::{EdgeKind, Node, NodeKind},
};
use egui::{RichText, Ui};

use super::{command::Command, context::Context, theme::strong};
use crate::words;

/// How many things are listed that something is wired to; a bridge may have a thousand ports.
const MOST_LISTED: usize = 12;

/// Asks the graph, again when the snapshot or what is chosen is another.
#[derive(Default)]
pub(super) struct Wire {
    /// Where the wire begins; the chosen thing is its other end. None: no wire is asked for.
    from: Option<EntityId>,
    made_of: Option<(Arc<Snapshot>, Option<EntityId>, EntityId)>,
    lit: Vec<EntityId>,
    way: Option<Vec<Piece>>,
}

/// One thing on the way.
struct Piece {
    id: EntityId,
    kind: NodeKind,
    /// What leads to it; none: the way begins here.
    by: Option<EdgeKind>,
}

impl Wire {
    /// Begins a wire at the chosen thing, or ends it.
    pub(super) fn toggle(&mut self, selection: Option<&EntityId>) {
        self.from = if self.from.is_some() { None } else { selection.cloned() };
    }

    /// Looks at what is chosen now.
    pub(super) fn follow(&mut self, snapshot: &Arc<Snapshot>, selection: Option<&EntityId>) {
        let Some(chosen) = selection else {
            *self = Self::default();
            return;
        };
        let is_current = self
            .made_of
            .as_ref()
            .is_some_and(|(of, from, to)| Arc::ptr_eq(of, snapshot) && *from == self.from && to == chosen);
        if is_current {
            return;
        }
        self.made_of = Some((Arc::clone(snapshot), self.from.clone(), chosen.clone()));
        let graph = snapshot.graph();
        self.way = self.from.as_ref().filter(|from| *from != chosen).and_then(|from| {
            let stretches = graph.wires(from, chosen)?;
            let first = stretches.first().map(|stretch| (stretch.from, None));
            let rest = stretches.iter().map(|stretch| (stretch.to, Some(stretch.by)));
            let piece = |(node, by): (&Node, _)| Piece { id: node.id.clone(), kind: node.kind, by };
            Some(first.into_iter().chain(rest).map(piece).collect())
        });
        self.lit = match &self.way {
            // A bridge and the network that it is are one box in most pictures.
            Some(way) => {
                let networks = way.iter().filter_map(|piece| graph.network(&piece.id));
                way.iter().map(|piece| &piece.id).chain(networks).cloned().collect()
            }
            None if self.from.is_some() => self.from.iter().cloned().collect(),
            None => graph.near(chosen).into_iter().cloned().collect(),
        };
    }

    /// What is lit up in the picture, beside what is chosen.
    pub(super) fn lit(&self) -> &[EntityId] {
        &self.lit
    }

    /// Lists it, above the facts of the chosen thing.
    pub(super) fn ui(&self, ui: &mut Ui, ctx: &Context<'_>, chosen: &EntityId) {
        match &self.from {
            None => self.near_ui(ui, ctx),
            Some(from) => {
                let name = ctx.subject(from).map_or_else(String::new, |subject| subject.name);
                let title = ctx.words.format("window-wire-from", &[("name", name.into())]);
                ui.label(RichText::new(title).font(strong(13.0)));
                match &self.way {
                    Some(way) => way_ui(ui, ctx, way),
                    None if from == chosen => {
                        ui.label(RichText::new(ctx.words.text("window-wire-other")).color(ctx.colors.soft));
                    }
                    None => {
                        ui.label(RichText::new(ctx.words.text("cli-none-wires")).color(ctx.colors.warning));
                    }
                }
                ui.add_space(8.0);
            }
        }
    }

    fn near_ui(&self, ui: &mut Ui, ctx: &Context<'_>) {
        let graph = ctx.seen.snapshot.graph();
        let mut nodes = self.lit.iter().filter_map(|id| graph.node(id));
        // A published port is done by several rules and processes that are called the same. A bridge may have a thousand
        // ports, and only those that are listed are given a name.
        let mut links: Vec<(String, &Node)> = Vec::new();
        for node in nodes.by_ref() {
            let name = name(ctx, &node.id, node.kind);
            if links.iter().all(|(other, _)| *other != name) {
                links.push((name, node));
            }
            if links.len() == MOST_LISTED {
                break;
            }
        }
        if links.is_empty() {
            return;
        }
        ui.label(RichText::new(ctx.words.text("window-wired-to")).color(ctx.colors.soft).size(12.5));
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 8.0;
            for (name, node) in &links {
                if ui.link(name).on_hover_text(ctx.words.node_kind(node.kind)).clicked() {
                    ctx.send(Command::Reveal(node.id.clone()));
                }
            }
            let others = nodes.count();
            if others > 0 {
                let text = ctx.words.format("window-wired-more", &[("count", others.into())]);
                ui.label(RichText::new(text).color(ctx.colors.soft));
            }
        });
        ui.add_space(8.0);
    }
}

/// What lies on the way, one a line.
fn way_ui(ui: &mut Ui, ctx: &Context<'_>, way: &[Piece]) {
    for piece in way {
        if let Some(by) = piece.by {
            ui.label(RichText::new(format!("    {}", ctx.words.edge_kind(by))).color(ctx.colors.soft).size(11.5));
        }
        let text = format!("{}  ({})", name(ctx, &piece.id, piece.kind), ctx.words.node_kind(piece.kind));
        ui.add(egui::Label::new(text).truncate());
    }
}

/// What the panels call it.
fn name(ctx: &Context<'_>, id: &EntityId, kind: NodeKind) -> String {
    match kind {
        // A link that hosts share is no thing of a snapshot.
        NodeKind::Link => ctx.words.text("walk-outside"),
        _ => ctx.subject(id).map_or_else(|| words::name(&ctx.seen.snapshot, id), |subject| subject.name),
    }
}
