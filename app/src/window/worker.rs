//! Work that takes longer than a frame may.
//!
//! A worker is a thread with a desk of one order and one result: a newer one takes the older one's place, so nothing ever
//! piles up, and the window never waits. Work that panics is a fault of ours: it is said, and the worker goes on.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
};

struct Desk<O, R> {
    order: Option<(u64, O)>,
    /// None for an order whose work panicked.
    result: Option<(u64, Option<R>)>,
    is_closed: bool,
}

type Shared<O, R> = (Mutex<Desk<O, R>>, Condvar);

/// The window's end of the desk. The thread ends with it, after at most the work it is at.
pub(super) struct Worker<O, R> {
    desk: Arc<Shared<O, R>>,
    thread: Option<JoinHandle<()>>,
    ordered: u64,
    delivered: u64,
    has_failed: bool,
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
                // What the work keeps from one order to the next is only ever replaced whole.
                let result = catch_unwind(AssertUnwindSafe(|| work(order))).ok();
                lock(&theirs.0).result = Some((number, result));
                wake();
            }
        })?;
        Ok(Self { desk, thread: Some(thread), ordered: 0, delivered: 0, has_failed: false })
    }

    /// Orders something; what nobody has begun is forgotten.
    pub(super) fn order(&mut self, order: O) {
        self.order_after(|_| order);
    }

    /// Orders something that takes the place of what nobody has begun, and may look at it.
    pub(super) fn order_after(&mut self, make: impl FnOnce(Option<O>) -> O) {
        self.ordered += 1;
        let mut desk = lock(&self.desk.0);
        let older = desk.order.take().map(|(_, older)| older);
        desk.order = Some((self.ordered, make(older)));
        self.desk.1.notify_one();
    }

    /// The newest result, once.
    pub(super) fn take(&mut self) -> Option<R> {
        let (number, result) = lock(&self.desk.0).result.take()?;
        self.delivered = number;
        self.has_failed |= result.is_none();
        result
    }

    /// Whether work has panicked since this was last asked.
    pub(super) const fn has_failed(&mut self) -> bool {
        std::mem::replace(&mut self.has_failed, false)
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

#[cfg(test)]
mod tests {
    use std::{
        sync::mpsc,
        time::{Duration, Instant},
    };

    use super::*;

    #[test]
    fn work_that_panics_is_said_and_the_next_is_done() {
        let (woken, wakes) = mpsc::channel();
        let wake = move || {
            let _ = woken.send(());
        };
        let mut worker =
            Worker::start("tester", wake, |order: u32| order.checked_sub(1).expect("one at least")).expect("a thread");
        for (order, result) in [(0, None), (3, Some(2))] {
            worker.order(order);
            assert!(!worker.is_idle());
            let until = Instant::now() + Duration::from_secs(10);
            wakes.recv_timeout(until - Instant::now()).expect("woken");
            assert_eq!(worker.take(), result);
            assert_eq!(worker.has_failed(), result.is_none());
            assert!(worker.is_idle() && !worker.has_failed());
        }
    }
}
