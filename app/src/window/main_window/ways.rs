//! Where one is: in a view, or in a namespace entered from it; and the ways there and back.

use std::sync::Arc;

use bridgewalk_diagram::Scope;
use bridgewalk_model::{EntityId, Snapshot, Text};

use super::MainWindow;
use crate::{
    views::{self, ViewName},
    window::subject,
    words::Words,
};

impl MainWindow {
    /// Shows a view. A namespace and a project are those of what is chosen, else the first.
    pub(super) fn show_view(&mut self, name: ViewName) {
        let snapshot = Arc::clone(&self.seen.snapshot);
        match name {
            ViewName::Walk => {
                if !self.walk.is_open() {
                    self.walk.toggle(&snapshot, self.selection.as_ref());
                }
            }
            ViewName::Namespace => {
                let chosen = self.selection.clone().filter(|id| opens(&snapshot, id).is_some());
                if let Some(entity) = chosen.or_else(|| views::first_namespace(&snapshot, &self.view)) {
                    self.enter(entity);
                }
            }
            ViewName::Host | ViewName::Project => {
                self.stand_in(Scope::Whole);
                let project = (name == ViewName::Project)
                    .then(|| self.chosen_project().or_else(|| views::first_project(&snapshot, &self.view)))
                    .flatten();
                self.change(None, |view| view.filter.project = project);
            }
            _ => self.stand_in(name.chart().unwrap_or(Scope::Whole)),
        }
    }

    fn chosen_project(&self) -> Option<Text> {
        let (_, container) = self.seen.snapshot.container(self.selection.as_ref()?)?;
        container.compose.as_ref().map(|compose| compose.project.clone())
    }

    /// Shows this, with nothing entered.
    pub(super) fn stand_in(&mut self, base: Scope) {
        self.trail.clear();
        self.base = base.clone();
        self.view.scope = base;
        self.is_stale = true;
    }

    pub(super) fn enter(&mut self, entity: EntityId) {
        let Some(namespace) = opens(&self.seen.snapshot, &entity) else {
            self.selection = Some(entity);
            return;
        };
        if self.view.scope == Scope::Namespace(namespace.clone()) {
            return;
        }
        self.trail.push(entity.clone());
        self.selection = Some(entity);
        self.view.scope = Scope::Namespace(namespace);
        self.is_stale = true;
    }

    pub(super) fn leave_to(&mut self, steps: usize) {
        let Some(left) = self.trail.get(steps).cloned() else { return };
        self.trail.truncate(steps);
        self.view.scope = self.scope_here();
        // One comes out where one went in.
        self.selection = Some(left);
        self.is_stale = true;
    }

    /// One step back: out of a namespace, then out of the view, then nothing is chosen.
    pub(super) fn leave(&mut self) {
        if let Some(steps) = self.trail.len().checked_sub(1) {
            self.leave_to(steps);
        } else if self.base == Scope::Whole {
            self.selection = None;
        } else {
            self.stand_in(Scope::Whole);
        }
    }

    /// A namespace that is gone cannot be stood in.
    pub(super) fn leave_what_is_gone(&mut self) {
        let still = self.trail.iter().take_while(|id| opens(&self.seen.snapshot, id).is_some()).count();
        if still < self.trail.len() {
            self.trail.truncate(still);
            self.view.scope = self.scope_here();
            self.notice = Some((self.words().text("window-left-gone"), 0.0));
        }
    }

    /// What the last step entered, else the view.
    fn scope_here(&self) -> Scope {
        let entered = self.trail.last().and_then(|id| opens(&self.seen.snapshot, id));
        entered.map_or_else(|| self.base.clone(), Scope::Namespace)
    }
}

/// The namespace that opens with a thing.
fn opens(snapshot: &Snapshot, id: &EntityId) -> Option<EntityId> {
    subject::find(snapshot, id, Words::default()).and_then(|subject| subject.opens)
}
