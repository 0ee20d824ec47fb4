//! Work that takes longer than a frame may.
//!
//! A worker is a thread with a desk of one order and one result: a newer one takes the older one's place, so nothing ever
//! piles up, and the window never waits.

use std::{
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
};

struct Desk<O, R> {
    order: Option<(u64, O)>,
    result: Option<(u64, R)>,
    is_closed: bool,
}

type Shared<O, R> = (Mutex<Desk<O, R>>, Condvar);

/// The window's end of the desk. The thread ends with it, after at most the work it is at.
pub(super) struct Worker<O, R> {
    desk: Arc<Shared<O, R>>,
    thread: Option<JoinHandle<()>>,
    ordered: u64,
    delivered: u64,
}

impl<O: Send + 'static, R: Send + 'static> Worker<O, R> {
    /// Hires one, whose thread is called `name`. `wake` is called whenever a result is ready.
    ///
    /// # Errors
    /// If the system has no thread to give.
    pub(super) fn start(
        name: &str,
        wake: impl Fn() + Send + 'static,
        mut work: impl FnMut(O) -> R + Send + 'static,
    ) -> io::Result<Self> {
        let desk = Desk { order: None, result: None, is_closed: false };
        let desk: Arc<Shared<O, R>> = Arc::new((Mutex::new(desk), Condvar::new()));
        let theirs = Arc::clone(&desk);
        let thread = thread::Builder::new().name(name.into()).spawn(move || {
            while let Some((number, order)) = next(&theirs) {
                let result = work(order);
                lock(&theirs.0).result = Some((number, result));
                wake();
            }
        })?;
        Ok(Self { desk, thread: Some(thread), ordered: 0, delivered: 0 })
    }

    /// Orders something; what nobody has begun is forgotten.
    pub(super) fn order(&mut self, order: O) {
        self.ordered += 1;
        lock(&self.desk.0).order = Some((self.ordered, order));
        self.desk.1.notify_one();
    }

    /// The newest result, once.
    pub(super) fn take(&mut self) -> Option<R> {
        let (number, result) = lock(&self.desk.0).result.take()?;
        self.delivered = number;
        Some(result)
    }
}

impl<O, R> Worker<O, R> {
    /// Whether everything that was ordered is done and taken.
    pub(super) const fn is_idle(&self) -> bool {
        self.ordered == self.delivered
    }
}

impl<O, R> Drop for Worker<O, R> {
    fn drop(&mut self) {
        lock(&self.desk.0).is_closed = true;
        self.desk.1.notify_one();
        if let Some(thread) = self.thread.take() {
            // How it ended no longer matters.
            let _ = thread.join();
        }
    }
}

fn next<O, R>(desk: &Shared<O, R>) -> Option<(u64, O)> {
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

/// A desk at which somebody panicked still holds whole orders and whole results.
fn lock<T>(desk: &Mutex<T>) -> MutexGuard<'_, T> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}
