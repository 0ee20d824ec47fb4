//! Below a published port's facts: who reaches it, worked out on a thread of its own, and who listens behind it. A click
//! opens the walk.

use std::{io, sync::Arc};

use bridgewalk_analysis::walk::{Access, Verdict, access};
use bridgewalk_model::{EntityId, Snapshot, SourceKind, kernel::SocketState, snapshot::NatMapping};
use egui::{Button, RichText, Ui};

use super::{context::Context, reach, worker::Worker};

type Of = (Arc<Snapshot>, EntityId);

/// Who reaches the chosen port.
pub(super) struct Reachers {
    worker: Worker<Of, (Of, Vec<Access>)>,
    asked: Option<Of>,
    known: Option<(Of, Vec<Access>)>,
}

impl Reachers {
    /// Nobody asked yet. `wake` is called whenever it is worked out.
    ///
    /// # Errors
    /// If the system has no thread to give.
    pub(super) fn new(wake: impl Fn() + Send + 'static) -> io::Result<Self> {
        let work = |of: Of| {
            let ways = access(&of.0, &of.1);
            (of, ways)
        };
        Ok(Self { worker: Worker::start("access", wake, work)?, asked: None, known: None })
    }

    /// Whether nothing is being worked out.
    pub(super) const fn is_settled(&self) -> bool {
        self.worker.is_idle()
    }

    /// Whether it could not be worked out, by a fault of ours, since this was last asked.
    pub(super) const fn has_failed(&mut self) -> bool {
        self.worker.has_failed()
    }

    /// Has it worked out for the chosen port, one at a time; takes what is ready.
    pub(super) fn advance(&mut self, snapshot: &Arc<Snapshot>, selection: Option<&EntityId>) {
        if let Some(known) = self.worker.take() {
            self.known = Some(known);
        }
        let Some(id) = selection.filter(|id| mapping(snapshot, id).is_some()) else { return };
        let is_asked = self.asked.as_ref().is_some_and(|(asked, of)| Arc::ptr_eq(asked, snapshot) && of == id);
        if !is_asked && self.worker.is_idle() {
            self.asked = Some((Arc::clone(snapshot), id.clone()));
            self.worker.order((Arc::clone(snapshot), id.clone()));
        }
    }

    /// Shows it, if `id` is a published port.
    pub(super) fn ui(&self, ui: &mut Ui, ctx: &Context<'_>, id: &EntityId) {
        if mapping(&ctx.seen.snapshot, id).is_none() {
            return;
        }
        listeners_ui(ui, ctx, id);
        let heading = RichText::new(ctx.words.text("window-who-reaches")).color(ctx.colors.soft).size(12.5);
        ui.label(heading);
        // What was known a moment ago stays until the next answer.
        let Some(((snapshot, _), ways)) = self.known.as_ref().filter(|((_, of), _)| of == id) else {
            ui.label(RichText::new(ctx.words.text("reach-working")).color(ctx.colors.soft));
            return;
        };
        for (index, way) in ways.iter().enumerate() {
            ui.push_id(index, |ui| way_ui(ui, ctx, snapshot, way));
        }
        if ways.iter().all(|way| way.address.is_loopback()) {
            ui.label(RichText::new(ctx.words.text("diagram-host-only")).color(ctx.colors.soft));
        }
        ui.add_space(8.0);
    }
}

/// The published port with this id.
fn mapping<'s>(snapshot: &'s Snapshot, id: &EntityId) -> Option<&'s NatMapping> {
    let mut all = snapshot.hosts.iter().flat_map(|host| &host.nat);
    all.find(|one| one.id == *id).filter(|one| one.is_way_in() && one.host_port.is_some())
}

/// That nobody listens behind it, or that this was not read. Who does is among the facts.
fn listeners_ui(ui: &mut Ui, ctx: &Context<'_>, id: &EntityId) {
    let snapshot = &ctx.seen.snapshot;
    let Some(mapping) = mapping(snapshot, id) else { return };
    let container = mapping.container.as_ref().and_then(|id| snapshot.container(id));
    let Some((host, namespace)) =
        container.and_then(|(host, one)| Some((host, host.namespace(one.namespace.as_ref()?)?)))
    else {
        return;
    };
    let listens = namespace.sockets.iter().any(|socket| {
        socket.socket.state == SocketState::Listen
            && Some(socket.socket.local.port) == mapping.to_port
            && mapping.transport.is_none_or(|transport| transport == socket.socket.transport)
    });
    if listens {
        return;
    }
    let was_read = host.was_read(SourceKind::Sockets, Some(namespace.inode));
    let key = if was_read { "window-nobody-listens" } else { "window-listeners-not-read" };
    ui.label(RichText::new(ctx.words.text(key)).color(ctx.colors.warning).size(12.5));
    ui.add_space(8.0);
}

fn way_ui(ui: &mut Ui, ctx: &Context<'_>, snapshot: &Snapshot, way: &Access) {
    let words = ctx.words;
    let from = match way.from.name.as_str() {
        "" => words.text("walk-outside"),
        name if snapshot.network(&way.from.id).is_some() => {
            words.format("window-of-network", &[("network", name.into())])
        }
        name => name.to_owned(),
    };
    let verdict = words.walk_verdict(way.verdict);
    let verdict = if way.is_reply_lost { words.format("reach-reply", &[("verdict", verdict.into())]) } else { verdict };
    let arguments = [("from", from.into()), ("address", way.address.to_string().into()), ("verdict", verdict.into())];
    let color = if way.verdict == Verdict::Delivered { ctx.colors.good } else { ctx.colors.warning };
    let text = RichText::new(words.format("window-reaches", &arguments)).color(color).size(12.5);
    let response = ui.add(Button::new(text).frame(false).wrap());
    let because = way.decided_by.as_ref().map(|evidence| words.walk_evidence(snapshot, evidence));
    let response = match because {
        Some(because) => response.on_hover_text(because),
        None => response,
    };
    if response.clicked() {
        reach::ask(ctx, snapshot, &way.question);
    }
}
