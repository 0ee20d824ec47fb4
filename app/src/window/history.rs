//! Undo and redo of the view: arrangement, filters, detail, what is hidden or collapsed. What was seen is never undone.

use bridgewalk_diagram::View;

/// The most steps that are kept.
const STEPS_MAX: usize = 200;

/// The views before and after the one that is shown.
#[derive(Clone, Debug, Default)]
pub(super) struct History {
    before: Vec<View>,
    after: Vec<View>,
    last_kind: Option<&'static str>,
}

impl History {
    /// Remembers `view` before it is changed. Changes of the same `kind` in a row are one step: typing into the filter is.
    pub(super) fn remember(&mut self, view: &View, kind: Option<&'static str>) {
        if kind.is_none() || self.last_kind != kind {
            self.before.push(view.clone());
            if self.before.len() > STEPS_MAX {
                self.before.remove(0);
            }
        }
        self.after.clear();
        self.last_kind = kind;
    }

    /// Whether there is something to undo.
    pub(super) fn can_undo(&self) -> bool {
        !self.before.is_empty()
    }

    /// Whether there is something to do again.
    pub(super) fn can_redo(&self) -> bool {
        !self.after.is_empty()
    }

    /// Puts the view before back into `view`.
    pub(super) fn undo(&mut self, view: &mut View) {
        self.last_kind = None;
        if let Some(before) = self.before.pop() {
            self.after.push(restore(view, before));
        }
    }

    /// Puts the view after back into `view`.
    pub(super) fn redo(&mut self, view: &mut View) {
        self.last_kind = None;
        if let Some(after) = self.after.pop() {
            self.before.push(restore(view, after));
        }
    }

    /// Forgets everything: another host is shown.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }
}

/// Puts `kept` in place of `view`, but for where one is and how it is coloured. Gives what was there.
fn restore(view: &mut View, kept: View) -> View {
    let restored = View { scope: view.scope.clone(), theme: view.theme, emphasis: view.emphasis.clone(), ..kept };
    std::mem::replace(view, restored)
}

#[cfg(test)]
mod tests {
    use bridgewalk_diagram::Detail;

    use super::*;

    #[test]
    fn steps_go_back_and_forth() {
        let (mut history, mut view) = (History::default(), View::default());
        history.remember(&view, None);
        view.detail = Detail::Concept;
        history.undo(&mut view);
        assert_eq!(view.detail, Detail::Plumbing);
        assert!(!history.can_undo() && history.can_redo());
        history.redo(&mut view);
        assert_eq!(view.detail, Detail::Concept);
    }

    #[test]
    fn typing_is_one_step() {
        let (mut history, mut view) = (History::default(), View::default());
        for text in ["w", "we", "web"] {
            history.remember(&view, Some("filter"));
            view.filter.text = text.to_owned();
        }
        history.undo(&mut view);
        assert_eq!(view.filter.text, "");
        assert!(!history.can_undo());
    }
}
