//! Works walks out off the window's thread.
//!
//! As the draftsman, it has a desk with one order and one result: a newer one takes the older one's place.

use std::{
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
};

use bridgewalk_analysis::walk::{EndError, Protocol, Question, Walk, Walker};
use bridgewalk_model::Snapshot;

/// What a person asks: the ends as they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Inquiry {
    /// Who sends.
    pub from: String,
    /// Who receives; a port may follow after a colon.
    pub to: String,
    /// The receiver's port; empty: none given.
    pub port: String,
    /// The protocol.
    pub protocol: Protocol,
}

/// What came of it.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    /// The order's number.
    pub number: u64,
    /// In what it was followed.
    pub snapshot: Arc<Snapshot>,
    /// The walk, or why there is none.
    pub walk: Result<Arc<Walk>, EndError>,
}

struct Order {
    number: u64,
    snapshot: Arc<Snapshot>,
    inquiry: Inquiry,
}

#[derive(Default)]
struct Desk {
    order: Option<Order>,
    answer: Option<Answer>,
    is_closed: bool,
}

/// The two ends of the desk.
pub(super) struct Follower {
    desk: Arc<(Mutex<Desk>, Condvar)>,
    thread: Option<JoinHandle<()>>,
    ordered: u64,
    delivered: u64,
}

impl Follower {
    /// Hires one. `wake` is called whenever an answer is ready.
    ///
    /// # Errors
    /// If the system has no thread to give.
    pub(super) fn start(wake: impl Fn() + Send + 'static) -> io::Result<Self> {
        let desk = Arc::new((Mutex::new(Desk::default()), Condvar::new()));
        let theirs = Arc::clone(&desk);
        let thread = thread::Builder::new().name("walker".into()).spawn(move || work(&theirs, &wake))?;
        Ok(Self { desk, thread: Some(thread), ordered: 0, delivered: 0 })
    }

    /// Orders a walk; one that nobody has begun is forgotten.
    pub(super) fn order(&mut self, snapshot: Arc<Snapshot>, inquiry: Inquiry) {
        self.ordered += 1;
        lock(&self.desk.0).order = Some(Order { number: self.ordered, snapshot, inquiry });
        self.desk.1.notify_one();
    }

    /// The newest answer, once.
    pub(super) fn take(&mut self) -> Option<Answer> {
        let answer = lock(&self.desk.0).answer.take()?;
        self.delivered = answer.number;
        Some(answer)
    }

    /// Whether everything that was asked is answered.
    pub(super) const fn is_idle(&self) -> bool {
        self.ordered == self.delivered
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        lock(&self.desk.0).is_closed = true;
        self.desk.1.notify_one();
        if let Some(thread) = self.thread.take() {
            // It ends after at most one walk; how it ended no longer matters.
            let _ = thread.join();
        }
    }
}

fn work(desk: &(Mutex<Desk>, Condvar), wake: &dyn Fn()) {
    while let Some(order) = next(desk) {
        let walk = follow(&order.snapshot, &order.inquiry).map(Arc::new);
        lock(&desk.0).answer = Some(Answer { number: order.number, snapshot: order.snapshot, walk });
        wake();
    }
}

/// Follows the packet that `inquiry` asks for.
fn follow(snapshot: &Snapshot, inquiry: &Inquiry) -> Result<Walk, EndError> {
    let walker = Walker::new(snapshot);
    let from = walker.sender(inquiry.from.trim())?;
    let (to, own_port) = walker.receiver(inquiry.to.trim())?;
    let port = match inquiry.port.trim() {
        "" => own_port,
        text => Some(text.parse().ok().filter(|port| *port != 0).ok_or_else(|| EndError::Port(text.into()))?),
    };
    Ok(walker.walk(&Question { from, to, port, protocol: inquiry.protocol, source_port: None }))
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

/// A desk at which somebody panicked still holds whole orders and whole answers.
fn lock(desk: &Mutex<Desk>) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}
