//! What panels read, and where they send commands.

use std::{cell::RefCell, sync::Arc};

use bridgewalk_collector::CollectorStatus;
use bridgewalk_diagram::{Scope, View};
use bridgewalk_model::{EntityId, Snapshot};

use super::{
    command::{Action, Command},
    feed::Origin,
    history::History,
    indexed_scene::IndexedScene,
    settings::Settings,
    subject::{self, Subject},
    theme::Colors,
    wire::Wire,
};
use crate::words::Words;

/// What is known at this moment.
#[derive(Default)]
pub(super) struct Seen {
    /// The newest snapshot.
    pub snapshot: Arc<Snapshot>,
    /// What is watched of each host; of a recording nothing.
    pub status: Vec<CollectorStatus>,
    /// How far the first observation is.
    pub progress: Option<(u32, u32)>,
    /// The first observation is complete, or was left off.
    pub is_complete: bool,
}

/// What is drawn at this moment.
#[derive(Default)]
pub(super) struct Drawn {
    /// The picture; none: not yet.
    pub scene: Option<Arc<IndexedScene>>,
    /// Which part it shows.
    pub scope: Scope,
    /// What was found in the snapshot; empty before anything is drawn.
    pub findings: Arc<[super::findings::Line]>,
    /// What there is, as a list; empty before anything is drawn.
    pub rows: Arc<Vec<super::outline::Row>>,
}

/// Everything a panel may read. Whatever it wants changed it sends as a command.
pub(super) struct Context<'a> {
    /// The texts.
    pub words: Words,
    /// The colours.
    pub colors: Colors,
    /// What is known.
    pub seen: &'a Seen,
    /// What is drawn.
    pub drawn: &'a Drawn,
    /// How it is shown.
    pub view: &'a View,
    /// What can be undone.
    pub history: &'a History,
    /// The view in which one stands: the whole or a chart.
    pub base: &'a Scope,
    /// The way in: the things that were entered, outermost first.
    pub trail: &'a [EntityId],
    /// What is chosen.
    pub selection: Option<&'a EntityId>,
    /// What that is wired to.
    pub wire: &'a Wire,
    /// Preferences.
    pub settings: &'a Settings,
    /// Where it all comes from.
    pub origin: &'a Origin,
    /// What panels ask for, in order.
    pub commands: &'a RefCell<Vec<Command>>,
}

impl Context<'_> {
    /// Asks for something to be done.
    pub(super) fn send(&self, command: Command) {
        self.commands.borrow_mut().push(command);
    }

    /// Asks for an action.
    pub(super) fn act(&self, action: Action) {
        self.send(Command::Do(action));
    }

    /// What `id` is.
    pub(super) fn subject(&self, id: &EntityId) -> Option<Subject> {
        subject::find(&self.seen.snapshot, id, self.words)
    }

    /// An action's tooltip with its keys.
    pub(super) fn tip(&self, ctx: &egui::Context, action: Action) -> String {
        let entry = action.entry();
        let tip = self.words.text(entry.tip);
        entry.shortcut.map_or(tip.clone(), |keys| format!("{tip} ({})", ctx.format_shortcut(&keys)))
    }

    /// Whether an action can be done now.
    pub(super) fn can(&self, action: Action) -> bool {
        match action {
            Action::Undo => self.history.can_undo(),
            Action::Redo => self.history.can_redo(),
            Action::Enter => self.selection.and_then(|id| self.subject(id)).is_some_and(|it| it.opens.is_some()),
            Action::Leave => !self.trail.is_empty() || *self.base != Scope::Whole || self.selection.is_some(),
            Action::Hide => {
                self.selection.is_some_and(|id| matches!(subject::kind_of(id), "container" | "network" | "project"))
            }
            Action::Wires => self.selection.is_some(),
            Action::ShowAll => !self.view.hidden.is_empty(),
            Action::Collapse => self.selection.is_some_and(|id| matches!(subject::kind_of(id), "network" | "project")),
            Action::TidyUp | Action::Fit | Action::ZoomIn | Action::ZoomOut => self.drawn.scene.is_some(),
            Action::GoLive => *self.origin != Origin::Live,
            Action::Refresh | Action::AskForAgent => *self.origin == Origin::Live,
            Action::CancelProgress => self.seen.progress.is_some(),
            _ => true,
        }
    }
}
