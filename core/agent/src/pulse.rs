//! The pulse of a reading thread: whether it goes on, and which file of a stranger it is at.
//!
//! The kernel may keep a thread for as long as it likes: a file system in user space that does not answer, a lock. Who
//! waits for the thread looks at its pulse, gives it up when that stands still, and has another read the rest.

use std::{
    cell::RefCell,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How long one file may take.
pub(crate) const FILE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a reader may take from one request to the kernel to the next; more than netlink's own timeout.
pub(crate) const READER_TIMEOUT: Duration = Duration::from_secs(8);

/// Of one task.
#[derive(Debug)]
pub(crate) struct Pulse {
    phase: Mutex<Phase>,
    /// Files at which others stand: they are left alone.
    avoided: Vec<String>,
}

#[derive(Debug)]
enum Phase {
    /// No thread has it.
    Waiting,
    /// A thread has it, went on last at `since`, and is at a file or not.
    UnderWay { since: Instant, at: Option<String> },
    /// Its thread has done with it.
    Over,
    /// Nobody waits for it any more.
    GivenUp { at: Option<String> },
}

thread_local! {
    static OWN: RefCell<Option<Arc<Pulse>>> = const { RefCell::new(None) };
}

impl Pulse {
    /// Of a task that no thread has yet.
    pub(crate) const fn new(avoided: Vec<String>) -> Self {
        Self { phase: Mutex::new(Phase::Waiting), avoided }
    }

    fn phase(&self) -> MutexGuard<'_, Phase> {
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When it is overdue unless it beats before; none where there is nothing to wait for.
    pub(crate) fn due(&self) -> Option<Instant> {
        match &*self.phase() {
            Phase::UnderWay { since, at } => Some(*since + if at.is_some() { FILE_TIMEOUT } else { READER_TIMEOUT }),
            _ => None,
        }
    }

    /// Whether no thread has it.
    pub(crate) fn is_waiting(&self) -> bool {
        matches!(&*self.phase(), Phase::Waiting)
    }

    /// Gives it up; false if it is over already.
    pub(crate) fn give_up(&self) -> bool {
        let mut phase = self.phase();
        let at = match &mut *phase {
            Phase::Waiting => None,
            Phase::UnderWay { at, .. } => at.take(),
            Phase::Over | Phase::GivenUp { .. } => return false,
        };
        *phase = Phase::GivenUp { at };
        true
    }

    /// Whether it was given up.
    pub(crate) fn is_given_up(&self) -> bool {
        matches!(&*self.phase(), Phase::GivenUp { .. })
    }

    /// The file that the thread of a task that was given up stands at.
    pub(crate) fn stands_at(&self) -> Option<String> {
        match &*self.phase() {
            Phase::GivenUp { at } => at.clone(),
            _ => None,
        }
    }

    /// The calling thread takes it; false if it was given up.
    pub(crate) fn begin(self: &Arc<Self>) -> bool {
        let mut phase = self.phase();
        if !matches!(*phase, Phase::Waiting) {
            return false;
        }
        *phase = Phase::UnderWay { since: Instant::now(), at: None };
        drop(phase);
        OWN.set(Some(Arc::clone(self)));
        true
    }

    /// The calling thread has done with it; false if it was given up.
    pub(crate) fn end(&self) -> bool {
        OWN.set(None);
        let mut phase = self.phase();
        if matches!(*phase, Phase::GivenUp { .. }) {
            return false;
        }
        *phase = Phase::Over;
        true
    }

    fn set(&self, at: Option<&str>) {
        let mut phase = self.phase();
        if matches!(*phase, Phase::UnderWay { .. }) {
            *phase = Phase::UnderWay { since: Instant::now(), at: at.map(str::to_owned) };
        }
    }
}

/// The calling thread goes on.
pub(crate) fn beat() {
    OWN.with_borrow(|own| {
        if let Some(pulse) = own {
            pulse.set(None);
        }
    });
}

/// The calling thread is at a file of a stranger, until what this returns is dropped.
///
/// # Errors
/// `TimedOut`: another thread has been there too long.
pub(crate) fn at(path: &str) -> io::Result<At> {
    OWN.with_borrow(|own| {
        let Some(pulse) = own else { return Ok(At) };
        if pulse.avoided.iter().any(|avoided| avoided == path) {
            return Err(io::ErrorKind::TimedOut.into());
        }
        pulse.set(Some(path));
        Ok(At)
    })
}

/// See [`at`].
#[must_use]
pub(crate) struct At;

impl Drop for At {
    fn drop(&mut self) {
        beat();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_stands_at_a_file_is_due_sooner_and_the_next_leaves_it_out() {
        let pulse = Arc::new(Pulse::new(Vec::new()));
        assert_eq!(pulse.due(), None);
        assert!(pulse.begin());
        let free = pulse.due().unwrap();
        let place = at("/slow").unwrap();
        assert!(pulse.due().unwrap() < free);
        assert!(pulse.give_up());
        assert!(!pulse.give_up());
        drop(place);
        assert_eq!(pulse.stands_at().as_deref(), Some("/slow"));
        assert!(!pulse.end());

        let next = Arc::new(Pulse::new(vec!["/slow".to_owned()]));
        assert!(next.begin());
        assert!(at("/slow").is_err_and(|error| error.kind() == io::ErrorKind::TimedOut));
        assert!(at("/other").is_ok());
        assert!(next.end() && !next.give_up() && !next.begin());
        assert!(at("/slow").is_ok(), "nobody looks at a thread without a task");
    }
}
