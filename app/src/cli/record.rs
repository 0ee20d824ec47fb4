//! `record`: what happens, into a file, until a signal comes or the time is over.

use std::{
    io::{self, BufWriter, Write},
    path::Path,
    time::{Duration, Instant},
};

use super::{
    Failure,
    arguments::Record,
    closing, destination, notes,
    stop::{Happening, Waiting, wait_for},
};
use crate::{
    new_file::{NewFile, Readers},
    source::{Choice, Content, HostChoice, LiveSource, Recorder, Source, SourceError, Update},
    words::Words,
};

/// The longest that an observation waits before it is written to the disk.
const FLUSH_AFTER: Duration = Duration::from_secs(1);

/// Why a recording ends before somebody ends it.
enum Broken {
    /// The source has failed.
    Source(SourceError),
    /// The file cannot be written.
    Writing(io::Error),
}

/// How much was recorded.
#[derive(Default)]
struct Recorded {
    /// The first full observation is in it: before that an engine that fails was never there.
    is_complete: bool,
    /// Something of it can be read already.
    is_flushed: bool,
    broken: Option<Broken>,
}

/// Records. The file appears under its name when the recording ends, for whatever reason.
///
/// # Errors
/// The source is no live host or cannot be opened, or the file cannot be written. What was recorded before a later failure
/// is kept, and the failure names it.
pub(super) fn run(asked: &Record, choice: &Choice, words: Words) -> Result<(), Failure> {
    let is_live = match choice {
        Choice::Live(_) => true,
        Choice::Several(hosts) => hosts.iter().all(|host| matches!(host, HostChoice::Live(_))),
        Choice::Recordings(_) | Choice::Demo(_) => false,
    };
    if !is_live {
        return Err(Failure::input(words.text("cli-error-recording-live")));
    }
    let mut file = destination::create(&asked.output, Readers::Owner, words)?;
    let opened = Source::open(choice).map_err(|error| Failure::input(words.source_error(&error)))?;
    let Source::Live(mut live) = opened else { return Err(Failure::input(words.text("cli-error-recording-live"))) };
    let begun = Instant::now();
    let deadline = asked.seconds.and_then(|seconds| begun.checked_add(Duration::from_secs(seconds)));
    let (waiting, wake) = wait_for(words)?;
    live.wake_with(wake);

    let content = match (asked.anonymise, asked.without_labels) {
        (true, _) => Content::Anonymised,
        (false, true) => Content::WithoutLabels,
        (false, false) => Content::Everything,
    };
    let mut recorder = Recorder::new(BufWriter::new(&mut file), content, live.host_count());
    let mut recorded = follow(&mut live, &mut recorder, &waiting, deadline, words);
    let observations = recorder.count();
    let finished = if matches!(recorded.broken, Some(Broken::Writing(_))) {
        drop(recorder);
        Ok(())
    } else {
        recorder.finish().and_then(|mut out| out.flush())
    };
    if let Err(error) = finished {
        recorded.broken = Some(Broken::Writing(error));
    }
    let path = &asked.output;
    match recorded.broken {
        None => file.commit().map_err(|error| destination::cannot(path, &error, words))?,
        Some(Broken::Source(error)) if recorded.is_complete => {
            file.commit().map_err(|error| destination::cannot(path, &error, words))?;
            return Err(Failure::input(until(&words.source_error(&error), path, words)));
        }
        Some(Broken::Source(error)) => return Err(Failure::input(words.source_error(&error))),
        Some(Broken::Writing(error)) => return Err(unwritten(file, &error, recorded.is_flushed, path, words)),
    }
    if !recorded.is_complete {
        notes::say(&words.text("cli-recorded-early"));
    }
    notes::say(&words.format(
        "cli-recorded",
        &[
            ("path", path.display().to_string().into()),
            ("observations", observations.into()),
            ("seconds", begun.elapsed().as_secs().into()),
        ],
    ));
    Ok(())
}

/// Records until it is time to end: at the deadline, but not before everything was read once, which has an end too.
fn follow<W: Write>(
    live: &mut LiveSource,
    recorder: &mut Recorder<W>,
    waiting: &Waiting,
    deadline: Option<Instant>,
    words: Words,
) -> Recorded {
    let mut recorded = Recorded::default();
    recorded.broken = record(live, recorder, waiting, deadline, &mut recorded, words).err();
    recorded
}

fn record<W: Write>(
    live: &mut LiveSource,
    recorder: &mut Recorder<W>,
    waiting: &Waiting,
    deadline: Option<Instant>,
    recorded: &mut Recorded,
    words: Words,
) -> Result<(), Broken> {
    let mut missing = closing::Missing::default();
    let mut flush_at: Option<Instant> = None;
    loop {
        let mut must_flush = flush_at.is_some_and(|due| due <= Instant::now());
        while let Some(update) = live.take() {
            match update {
                Update::Observed { observations, snapshot } => {
                    for (host, observations) in &observations {
                        recorder.append(*host, observations).map_err(Broken::Writing)?;
                    }
                    missing.see(&snapshot, words);
                    flush_at = flush_at.or_else(|| Instant::now().checked_add(FLUSH_AFTER));
                }
                Update::Complete => {
                    // What was named and does not serve is said before: then nothing was recorded that was asked for.
                    live.check().map_err(Broken::Source)?;
                    must_flush |= !recorded.is_complete;
                    missing.begin(words);
                    recorded.is_complete = true;
                }
                Update::Progress { .. } | Update::Status(_) => {}
            }
        }
        if must_flush {
            recorder.flush().map_err(Broken::Writing)?;
            recorded.is_flushed = true;
            flush_at = None;
        }
        live.check().map_err(Broken::Source)?;
        let end = deadline.filter(|_| recorded.is_complete);
        // However much happens: an end is an end.
        if live.has_ended() || end.is_some_and(|end| end <= Instant::now()) {
            return Ok(());
        }
        if waiting.next(flush_at.into_iter().chain(end).min()) == Happening::Stop {
            return Ok(());
        }
    }
}

/// The file cannot be written further: what is in it already opens, less its last second.
fn unwritten(file: NewFile, error: &io::Error, is_flushed: bool, path: &Path, words: Words) -> Failure {
    let failure = destination::cannot(path, error, words);
    let Some(because) = failure.line.clone() else { return failure };
    match is_flushed.then(|| file.keep()) {
        Some(Ok(Some(kept))) => Failure::environment(until(&because, &kept, words)),
        _ => Failure::environment(because),
    }
}

/// A failure, and what there is nevertheless.
fn until(because: &str, path: &Path, words: Words) -> String {
    let arguments = [("because", because.to_owned().into()), ("path", path.display().to_string().into())];
    words.format("cli-recorded-until", &arguments)
}
