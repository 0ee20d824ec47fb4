//! What can end or wake a command that runs on: a source with news, a signal, the time.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    time::Instant,
};

use signal_hook::{
    consts::{SIGINT, SIGTERM},
    iterator::Signals,
};

use super::Failure;
use crate::{source::Wake, words::Words};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Happening {
    /// The source has something.
    News,
    /// It is time to end: a signal, or the deadline.
    Stop,
}

/// Waits for what can happen.
#[derive(Debug)]
pub(super) struct Waiting {
    happenings: Receiver<Happening>,
    deadline: Option<Instant>,
}

/// Begins to wait. The function that is given back too is the source's way of saying that it has something.
///
/// # Errors
/// Signals cannot be caught.
pub(super) fn wait_for(deadline: Option<Instant>, words: Words) -> Result<(Waiting, Wake), Failure> {
    // A wake-up that finds the channel full is not lost: whoever takes what is in it looks at the source anyway.
    let (sender, happenings) = sync_channel(16);
    let cannot = |error: std::io::Error| {
        Failure::environment(words.format("cli-error-signals", &[("detail", error.to_string().into())]))
    };
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(cannot)?;
    let of_signals: SyncSender<Happening> = sender.clone();
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            for _ in signals.forever() {
                if of_signals.send(Happening::Stop).is_err() {
                    break;
                }
            }
        })
        .map_err(cannot)?;
    let wake = move || match sender.try_send(Happening::News) {
        Ok(()) | Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {}
    };
    Ok((Waiting { happenings, deadline }, Arc::new(wake)))
}

impl Waiting {
    /// Sleeps until something happens.
    pub(super) fn next(&self) -> Happening {
        let Some(deadline) = self.deadline else { return self.happenings.recv().unwrap_or(Happening::Stop) };
        match self.happenings.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(happening) => happening,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => Happening::Stop,
        }
    }
}
