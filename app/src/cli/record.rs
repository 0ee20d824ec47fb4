//! `record`: what happens, into a file, until a signal comes or the time is over.

use std::{
    io::{self, BufWriter},
    time::{Duration, Instant},
};

use bridgewalk_collector::Update;

use super::{
    Failure,
    arguments::Record,
    notes,
    stop::{Happening, wait_for},
};
use crate::{
    new_file::NewFile,
    source::{Choice, Recorder, Source},
    words::Words,
};

/// Records. The file appears under its name when it is whole.
///
/// # Errors
/// The source is no live host or cannot be opened, or the file cannot be written.
pub(super) fn run(asked: &Record, choice: &Choice, words: Words) -> Result<(), Failure> {
    let Choice::Live(_) = choice else { return Err(Failure::input(words.text("cli-error-recording-live"))) };
    let path = asked.output.display().to_string();
    let cannot = |error: io::Error| {
        Failure::input(
            words.format("cli-error-write", &[("path", path.as_str().into()), ("detail", error.to_string().into())]),
        )
    };
    let mut recorder = Recorder::new(BufWriter::new(NewFile::create(&asked.output).map_err(cannot)?));
    let opened = Source::open(choice).map_err(|error| Failure::input(words.source_error(&error)))?;
    let Source::Live(mut live) = opened else { return Err(Failure::input(words.text("cli-error-recording-live"))) };
    let begun = Instant::now();
    let deadline = asked.seconds.and_then(|seconds| begun.checked_add(Duration::from_secs(seconds)));
    let (waiting, wake) = wait_for(deadline, words)?;
    live.wake_with(wake);

    loop {
        while let Some(update) = live.take() {
            if let Update::Observed { observations, .. } = update {
                recorder.append(&observations).map_err(cannot)?;
            }
        }
        live.check().map_err(|error| Failure::input(words.source_error(&error)))?;
        if live.has_ended() || waiting.next() == Happening::Stop {
            break;
        }
    }
    let (file, observations) = recorder.finish().map_err(cannot)?;
    file.into_inner().map_err(io::IntoInnerError::into_error).and_then(NewFile::commit).map_err(cannot)?;
    notes::say(&words.format(
        "cli-recorded",
        &[
            ("path", path.as_str().into()),
            ("observations", observations.into()),
            ("seconds", begun.elapsed().as_secs().into()),
        ],
    ));
    Ok(())
}
