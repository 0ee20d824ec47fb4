//! Draws off the window's thread.
//!
//! A host of a hundred containers takes longer to lay out than a frame may take to paint. The window hands in what is to
//! be drawn and goes on; a [`Worker`] named `draftsman` draws and wakes it.

use std::{collections::HashMap, io, sync::Arc};

use bridgewalk_diagram::{Detail, Scope, View, draw, layout::Layout, scene::Scene};
use bridgewalk_model::Snapshot;

use super::{
    findings::{self, Line},
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
    pub scene: Arc<Scene>,
    /// What was found in the snapshot, in words.
    pub findings: Arc<[Line]>,
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
    /// What was last found, and in what.
    found: Option<(Arc<Snapshot>, Words, Arc<[Line]>)>,
}

impl Board {
    fn draw(&mut self, order: Order) -> Sheet {
        let key = (order.view.scope.clone(), order.view.detail);
        if order.is_fresh {
            self.layouts.clear();
        }
        let drawing = draw(&order.snapshot, &order.view, self.layouts.get(&key), &order.words);
        self.layouts.insert(key, drawing.layout);
        let is_known = |(snapshot, words, _): &(Arc<Snapshot>, Words, _)| {
            Arc::ptr_eq(snapshot, &order.snapshot) && *words == order.words
        };
        let findings = match self.found.take().filter(is_known) {
            Some((_, _, lines)) => lines,
            None => findings::lines(&order.snapshot, order.words),
        };
        self.found = Some((order.snapshot, order.words, Arc::clone(&findings)));
        Sheet { scope: order.view.scope, scene: Arc::new(drawing.scene), findings }
    }
}
