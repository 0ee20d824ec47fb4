//! What can end or wake a command that runs on: a source with news, a signal, something due.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    time::Instant,
};

use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    iterator::Signals,
};

use super::Failure;
use crate::{source::Wake, words::Words};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Happening {
    /// The source has something.
    News,
    /// What was to be done at a certain time is due.
    Due,
    /// It is time to end: a signal came.
    Stop,
}

/// Waits for what can happen.
#[derive(Debug)]
pub(super) struct Waiting {
    happenings: Receiver<Happening>,
}

/// Begins to wait. The function that is given back too is the source's way of saying that it has something.
///
/// # Errors
/// Signals cannot be caught.
pub(super) fn wait_for(words: Words) -> Result<(Waiting, Wake), Failure> {
    // A wake-up that finds the channel full is not lost: whoever takes what is in it looks at the source anyway.
    let (sender, happenings) = sync_channel(16);
    let cannot = |error: std::io::Error| {
        Failure::environment(words.format("cli-error-signals", &[("detail", error.to_string().into())]))
    };
    let mut ending = vec![SIGINT, SIGTERM];
    // A lost connection ends like any other end, unless `nohup` has said that it is none.
    if !is_hangup_ignored() {
        ending.push(SIGHUP);
    }
    let mut signals = Signals::new(ending).map_err(cannot)?;
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
    Ok((Waiting { happenings }, Arc::new(wake)))
}

impl Waiting {
    /// Sleeps until something happens, or `due` is there.
    pub(super) fn next(&self, due: Option<Instant>) -> Happening {
        let Some(due) = due else { return self.happenings.recv().unwrap_or(Happening::Stop) };
        match self.happenings.recv_timeout(due.saturating_duration_since(Instant::now())) {
            Ok(happening) => happening,
            Err(RecvTimeoutError::Timeout) => Happening::Due,
            Err(RecvTimeoutError::Disconnected) => Happening::Stop,
        }
    }
}

/// Whether the parent process had SIGHUP ignored (`SigIgn` in `/proc/self/status`).
fn is_hangup_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & (1 << (SIGHUP - 1)) != 0)
}
