//! Draws off the window's thread.
//!
//! A host of a hundred containers takes longer to lay out than a frame may take to paint. The window hands in what is to
//! be drawn and goes on; a thread named `draftsman` draws and wakes it. The desk holds one order and one result: a newer
//! one takes the older one's place, so nothing ever piles up.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
};

use bridgewalk_diagram::{Detail, Scope, View, draw, layout::Layout, scene::Scene};
use bridgewalk_model::Snapshot;

use super::findings::{self, Line};
use crate::words::Words;

/// What is to be drawn.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// Counted up by the window; the result bears it.
    pub number: u64,
    /// What was seen.
    pub snapshot: Arc<Snapshot>,
    /// How it is shown.
    pub view: View,
    /// In which language.
    pub words: Words,
    /// Forget where things stood.
    pub is_fresh: bool,
}

/// What was drawn.
#[derive(Clone, Debug)]
pub(super) struct Sheet {
    /// The order's.
    pub number: u64,
    /// The scope it shows.
    pub scope: Scope,
    /// The picture.
    pub scene: Arc<Scene>,
    /// What was found in the snapshot, in words.
    pub findings: Arc<[Line]>,
}

#[derive(Default)]
struct Desk {
    order: Option<Order>,
    sheet: Option<Sheet>,
    is_closed: bool,
}

/// The two ends of the desk.
pub(super) struct Draftsman {
    desk: Arc<(Mutex<Desk>, Condvar)>,
    thread: Option<JoinHandle<()>>,
    ordered: u64,
    delivered: u64,
}

impl Draftsman {
    /// Hires one. `wake` is called whenever a sheet is ready.
    ///
    /// # Errors
    /// If the system has no thread to give.
    pub(super) fn start(wake: impl Fn() + Send + 'static) -> io::Result<Self> {
        let desk = Arc::new((Mutex::new(Desk::default()), Condvar::new()));
        let theirs = Arc::clone(&desk);
        let thread = thread::Builder::new().name("draftsman".into()).spawn(move || work(&theirs, &wake))?;
        Ok(Self { desk, thread: Some(thread), ordered: 0, delivered: 0 })
    }

    /// Orders a drawing; one that nobody has begun is forgotten.
    pub(super) fn order(&mut self, snapshot: Arc<Snapshot>, view: View, words: Words, is_fresh: bool) {
        self.ordered += 1;
        let mut desk = lock(&self.desk.0);
        let is_fresh = is_fresh || desk.order.as_ref().is_some_and(|older| older.is_fresh);
        desk.order = Some(Order { number: self.ordered, snapshot, view, words, is_fresh });
        self.desk.1.notify_one();
    }

    /// The newest sheet, once.
    pub(super) fn take(&mut self) -> Option<Sheet> {
        let sheet = lock(&self.desk.0).sheet.take()?;
        self.delivered = sheet.number;
        Some(sheet)
    }

    /// Whether everything that was ordered is drawn and taken.
    pub(super) const fn is_idle(&self) -> bool {
        self.ordered == self.delivered
    }
}

impl Drop for Draftsman {
    fn drop(&mut self) {
        lock(&self.desk.0).is_closed = true;
        self.desk.1.notify_one();
        if let Some(thread) = self.thread.take() {
            // It ends after at most one drawing; how it ended no longer matters.
            let _ = thread.join();
        }
    }
}

fn work(desk: &(Mutex<Desk>, Condvar), wake: &dyn Fn()) {
    // Where things stood, for each picture that was shown: one returns to what one left.
    let mut layouts: HashMap<(Scope, Detail), Layout> = HashMap::new();
    // What was last found, and in what.
    let mut found: Option<(Arc<Snapshot>, Words, Arc<[Line]>)> = None;
    while let Some(order) = next(desk) {
        let key = (order.view.scope.clone(), order.view.detail);
        if order.is_fresh {
            layouts.clear();
        }
        let drawing = draw(&order.snapshot, &order.view, layouts.get(&key), &order.words);
        layouts.insert(key, drawing.layout);
        let is_known = |(snapshot, words, _): &(Arc<Snapshot>, Words, _)| {
            Arc::ptr_eq(snapshot, &order.snapshot) && *words == order.words
        };
        let findings = match found.take().filter(is_known) {
            Some((_, _, lines)) => lines,
            None => findings::lines(&order.snapshot, order.words),
        };
        found = Some((order.snapshot, order.words, Arc::clone(&findings)));
        let scene = Arc::new(drawing.scene);
        let sheet = Sheet { number: order.number, scope: order.view.scope, scene, findings };
        lock(&desk.0).sheet = Some(sheet);
        wake();
    }
}

fn next(desk: &(Mutex<Desk>, Condvar)) -> Option<Order> {
    let mut guard = lock(&desk.0);
    loop {
        if guard.is_closed {
            return None;
        }
        if let Some(order) = guard.order.take() {
            return Some(order);
        }
        guard = desk.1.wait(guard).unwrap_or_else(PoisonError::into_inner);
    }
}

/// A desk at which somebody panicked still holds whole orders and whole sheets.
fn lock(desk: &Mutex<Desk>) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}
