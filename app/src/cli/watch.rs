//! `watch`: changes, a line each, as they come.

use std::sync::Arc;

use bridgewalk_model::{
    Answer, Snapshot,
    change::{Change, ChangeKind, differences},
};
use serde::Serialize;

use super::{
    Failure, closing,
    document::SCHEMA_VERSION,
    output::Output,
    stop::{Happening, wait_for},
};
use crate::{
    source::{Choice, LiveSource, Source, Update},
    words::Words,
};

/// A change for programs.
#[derive(Debug, Serialize)]
struct ChangeLine<'a> {
    schema_version: u32,
    /// Milliseconds since 1970-01-01 UTC.
    at_ms: u64,
    #[serde(flatten)]
    change: &'a Change,
}

/// Prints changes until the source has no more, a signal comes, or the reader goes. What is there at the beginning is
/// no change, but what is not seen then is said.
///
/// # Errors
/// The source cannot be opened, or the output cannot be written.
pub(super) fn run(choice: &Choice, json: bool, words: Words, output: &mut Output) -> Result<(), Failure> {
    let mut printer = Printer { newest: None, json, words, output };
    match Source::open(choice).map_err(|error| Failure::input(words.source_error(&error)))? {
        Source::Recorded(recorded) => {
            recorded.moments().try_for_each(|snapshot| printer.see(&Arc::new(snapshot), true))
        }
        Source::Live(live) => follow(live, &mut printer, words),
    }
}

fn follow(mut live: LiveSource, printer: &mut Printer<'_>, words: Words) -> Result<(), Failure> {
    let (waiting, wake) = wait_for(words)?;
    live.wake_with(wake);
    let mut is_complete = false;
    let check = |live: &LiveSource| live.check().map_err(|error| Failure::input(words.source_error(&error)));
    loop {
        while let Some(update) = live.take() {
            match update {
                Update::Observed { snapshot, .. } => printer.see(&snapshot, is_complete)?,
                Update::Complete => {
                    // What was named and does not serve is an error, and nothing else is said.
                    check(&live)?;
                    is_complete = true;
                    printer.begin()?;
                }
                Update::Progress { .. } | Update::Status(_) => {}
            }
        }
        check(&live)?;
        if live.has_ended() || waiting.next(None) == Happening::Stop {
            return Ok(());
        }
    }
}

/// Prints what differs from one snapshot to the next.
struct Printer<'a> {
    newest: Option<Arc<Snapshot>>,
    json: bool,
    words: Words,
    output: &'a mut Output,
}

impl Printer<'_> {
    /// Takes the next snapshot; what differs is printed if the one before was complete.
    fn see(&mut self, snapshot: &Arc<Snapshot>, is_complete: bool) -> Result<(), Failure> {
        match self.newest.replace(Arc::clone(snapshot)) {
            Some(before) if is_complete => {
                for change in differences(&before, snapshot) {
                    self.print(&change, &before, snapshot)?;
                }
                self.last_seen(&before, snapshot)
            }
            // A recording's first moment is whole.
            None if is_complete => self.begin(),
            _ => Ok(()),
        }
    }

    /// Says what is not seen when everything was read once: as what has come about, for later changes of it are said so.
    fn begin(&mut self) -> Result<(), Failure> {
        let Some(snapshot) = self.newest.clone() else { return Ok(()) };
        if !self.json {
            for line in closing::lacks(&snapshot, Answer::Changes, self.words) {
                let line = self.words.format("cli-note", &[("limit", line.into())]);
                self.output.line(&format!("{} {line}", clock(snapshot.at_ms)))?;
            }
            return Ok(());
        }
        let mut before = Snapshot::clone(&snapshot);
        before.hosts.iter_mut().for_each(|host| host.limits.clear());
        for change in differences(&before, &snapshot) {
            if change.limit.as_ref().is_some_and(|limit| limit.reason.is_lack()) {
                self.print(&change, &before, &snapshot)?;
            }
        }
        Ok(())
    }

    /// Says what is as last seen from now on. For programs, the lost engine and agent are changes.
    fn last_seen(&mut self, before: &Snapshot, after: &Snapshot) -> Result<(), Failure> {
        if self.json {
            return Ok(());
        }
        let lost = |snapshot: &Snapshot| -> Vec<String> {
            snapshot.hosts.iter().flat_map(|host| self.words.last_seen(host, after.at_ms)).collect()
        };
        let known = lost(before);
        for line in lost(after).into_iter().filter(|line| !known.contains(line)) {
            self.output.line(&format!("{} {line}", clock(after.at_ms)))?;
        }
        Ok(())
    }

    fn print(&mut self, change: &Change, before: &Snapshot, after: &Snapshot) -> Result<(), Failure> {
        let at_ms = after.at_ms;
        if self.json {
            return self.output.document_line(&ChangeLine { schema_version: SCHEMA_VERSION, at_ms, change });
        }
        // Dozens of sysctls come and go with each interface: for people only those that somebody turns.
        if change.subject == "sysctl" && change.kind != ChangeKind::Changed {
            return Ok(());
        }
        let line = self.words.change(change);
        match place(change, after).or_else(|| place(change, before)) {
            Some(place) => self.output.line(&format!("{} {line} ({place})", clock(at_ms))),
            None => self.output.line(&format!("{} {line}", clock(at_ms))),
        }
    }
}

/// In which namespace a thing is, and on which interface.
fn place(change: &Change, snapshot: &Snapshot) -> Option<String> {
    let namespaces = snapshot.hosts.iter().flat_map(|host| &host.namespaces);
    let namespace = namespaces.into_iter().find(|namespace| {
        change.entity.is_within(&namespace.id) || (change.subject != "namespace" && change.entity == namespace.id)
    })?;
    let is_itself = change.subject == "interface";
    let interface = namespace.interfaces.iter().find(|interface| !is_itself && change.entity == interface.id);
    Some(match interface {
        Some(interface) => format!("{}, {}", namespace.name, interface.name),
        None => namespace.name.to_string(),
    })
}

/// The time of day in UTC, to the millisecond.
fn clock(at_ms: u64) -> String {
    let (seconds, ms) = (at_ms / 1000 % 86_400, at_ms % 1000);
    format!("{:02}:{:02}:{:02}.{ms:03}Z", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_clock_is_utc() {
        assert_eq!(super::clock(1_700_000_000_123), "22:13:20.123Z");
    }
}
