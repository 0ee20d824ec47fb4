//! Draws off the window's thread.
//!
//! A host of a hundred containers takes longer to lay out than a frame may take to paint. The window hands in what is to
//! be drawn and goes on; a [`Worker`] named `draftsman` draws and wakes it.

use std::{any::Any, collections::HashMap, io, sync::Arc};

use bridgewalk_diagram::{Detail, Scope, View, draw, layout::Layout};
use bridgewalk_model::Snapshot;

use super::{
    findings::{self, Line},
    indexed_scene::IndexedScene,
    outline::{self, Row},
    worker::Worker,
};
use crate::words::Words;

/// What is to be drawn.
#[derive(Debug)]
struct Order {
    /// What was seen.
    snapshot: Arc<Snapshot>,
    /// How it is shown.
    view: View,
    /// In which language.
    words: Words,
    /// Forget where things stood.
    is_fresh: bool,
}

/// What was drawn.
#[derive(Clone, Debug)]
pub(super) struct Sheet {
    /// The scope it shows.
    pub scope: Scope,
    /// The picture.
    pub scene: Arc<IndexedScene>,
    /// What was found in the snapshot, in words.
    pub findings: Arc<[Line]>,
    /// What there is in the snapshot, as a list.
    pub rows: Arc<Vec<Row>>,
}

/// The thread that draws.
pub(super) struct Draftsman(Worker<Order, Sheet>);

impl Draftsman {
    /// Hires one. `wake` is called whenever a sheet is ready.
    ///
    /// # Errors
    /// If the system has no thread to give.
    pub(super) fn start(wake: impl Fn() + Send + 'static) -> io::Result<Self> {
        let mut board = Board::default();
        Worker::start("draftsman", wake, move |order| board.draw(order)).map(Self)
    }

    /// Orders a drawing; one that nobody has begun is forgotten.
    pub(super) fn order(&mut self, snapshot: Arc<Snapshot>, view: View, words: Words, is_fresh: bool) {
        self.0.order_after(|older| {
            let is_fresh = is_fresh || older.is_some_and(|older| older.is_fresh);
            Order { snapshot, view, words, is_fresh }
        });
    }

    /// The newest sheet, once.
    pub(super) fn take(&mut self) -> Option<Sheet> {
        self.0.take()
    }

    /// Whether everything that was ordered is drawn and taken.
    pub(super) const fn is_idle(&self) -> bool {
        self.0.is_idle()
    }

    /// Whether a drawing has failed, by a fault of ours, since this was last asked.
    pub(super) const fn has_failed(&mut self) -> bool {
        self.0.has_failed()
    }
}

/// What is kept from one drawing to the next.
#[derive(Default)]
struct Board {
    /// Where things stood, for each picture that was shown: one returns to what one left.
    layouts: HashMap<(Scope, Detail), Layout>,
    /// What was last listed, and of what.
    listed: Option<(Arc<Snapshot>, Words, Lists)>,
    /// All that the window has of what was drawn. When it has left it, it is freed here: of a large host that takes longer
    /// than a frame may take.
    lent: Vec<Arc<dyn Any + Send + Sync>>,
}

/// What is said of a snapshot in words.
#[derive(Clone)]
struct Lists {
    findings: Arc<[Line]>,
    rows: Arc<Vec<Row>>,
}

impl Board {
    fn draw(&mut self, order: Order) -> Sheet {
        self.lent.retain(|lent| Arc::strong_count(lent) > 1);
        let key = (order.view.scope.clone(), order.view.detail);
        if order.is_fresh {
            self.layouts.clear();
        }
        let drawing = draw(&order.snapshot, &order.view, self.layouts.get(&key), &order.words);
        self.layouts.insert(key, drawing.layout);
        let is_known = |(snapshot, words, _): &(Arc<Snapshot>, Words, _)| {
            Arc::ptr_eq(snapshot, &order.snapshot) && *words == order.words
        };
        let lists = match self.listed.take().filter(is_known) {
            Some((_, _, lists)) => lists,
            None => {
                let rows = Arc::new(outline::rows(&order.snapshot, order.words));
                self.lend(Arc::clone(&rows) as _);
                Lists { findings: findings::lines(&order.snapshot, order.words), rows }
            }
        };
        let scene = Arc::new(IndexedScene::of(Arc::new(drawing.scene)));
        self.lend(Arc::clone(&scene) as _);
        self.lend(Arc::clone(&order.snapshot) as _);
        self.listed = Some((order.snapshot, order.words, lists.clone()));
        Sheet { scope: order.view.scope, scene, findings: lists.findings, rows: lists.rows }
    }

    /// Once only: two entries would count as the window's.
    fn lend(&mut self, thing: Arc<dyn Any + Send + Sync>) {
        if !self.lent.iter().any(|lent| Arc::ptr_eq(lent, &thing)) {
            self.lent.push(thing);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Language;

    #[test]
    fn what_the_window_has_left_is_not_kept() {
        let mut board = Board::default();
        let mut shown = Vec::new();
        let mut draw = |snapshot: &Arc<Snapshot>, words| {
            let order = Order { snapshot: Arc::clone(snapshot), view: View::default(), words, is_fresh: false };
            shown.push(board.draw(order));
            if shown.len() > 1 {
                shown.remove(0);
            }
            board.lent.len()
        };
        let (first, second) = (Arc::<Snapshot>::default(), Arc::<Snapshot>::default());
        for snapshot in [&first, &first, &second, &second] {
            for language in [Language::En, Language::Fr] {
                draw(snapshot, Words::new(language));
            }
        }
        let left = Arc::downgrade(&first);
        drop(first);
        assert!(draw(&second, Words::new(Language::En)) <= 6, "two pictures and their lists, one snapshot");
        assert!(left.upgrade().is_none(), "the first is gone");
    }
}
