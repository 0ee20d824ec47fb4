//! What stands below an answer: whether it is the whole truth. On stdout, as part of the answer; what hides nothing goes
//! beside it, to stderr.

use std::{collections::BTreeSet, sync::Arc};

use bridgewalk_model::{Answer, Snapshot, SourceKind};

use super::{
    Failure,
    document::{LimitRow, limits},
    notes,
    output::Output,
};
use crate::words::Words;

/// More things that were not read are counted, and `--json` has them all.
const MAX_LINES: usize = 8;

/// Writes what `answer` lacks; `none` is the text for an answer that is empty, and is written only if nothing is lacking.
///
/// # Errors
/// The output cannot be written, or its reader has gone.
pub(super) fn write(
    snapshot: &Snapshot,
    answer: Answer,
    none: Option<&str>,
    words: Words,
    output: &mut Output,
) -> Result<(), Failure> {
    let is_whole = answer.is_whole(snapshot);
    match none {
        Some(none) if is_whole => output.line(&words.text(none))?,
        Some(_) => output.line(&words.text("cli-cannot-be-told"))?,
        None if is_whole => {}
        None => {
            output.line("")?;
            output.line(&words.text("cli-not-all-read"))?;
        }
    }
    for line in lacks(snapshot, answer, words) {
        output.line(&format!("  - {line}"))?;
    }
    let others: Vec<_> = limits(snapshot, answer).into_iter().filter(|limit| !limit.reason.is_lack()).collect();
    notes::write(&others, words);
    Ok(())
}

/// A line for each thing that `answer` lacks; the same in several namespaces is one line with their number.
pub(super) fn lacks(snapshot: &Snapshot, answer: Answer, words: Words) -> Vec<String> {
    let last_seen = snapshot.hosts.iter().flat_map(|host| words.last_seen(host, snapshot.at_ms));
    let limits = limits(snapshot, answer);
    let lacks: Vec<_> = limits.iter().filter(|limit| limit.reason.is_lack()).map(LimitRow::limit).collect();
    let mut lines = words.limit_lines(&lacks);
    let more = lines.len().saturating_sub(MAX_LINES);
    lines.truncate(MAX_LINES);
    let lines = lines.into_iter().map(|line| match line.places {
        1 => line.text,
        places => words.format("cli-lack-count", &[("limit", line.text.into()), ("count", places.into())]),
    });
    let mut lines: Vec<String> = last_seen.chain(lines).collect();
    if more > 0 {
        lines.push(words.format("cli-lack-more", &[("count", more.into())]));
    }
    lines
}

/// The same for what writes no answer on stdout.
pub(super) fn say(snapshot: &Snapshot, answer: Answer, words: Words) {
    for line in lacks(snapshot, answer, words) {
        notes::say(&words.format("cli-note", &[("limit", line.into())]));
    }
}

/// What is missing while something is followed: said once everything was read once, and whenever something new is missing.
#[derive(Debug, Default)]
pub(super) struct Missing {
    newest: Option<Arc<Snapshot>>,
    /// What was said; none: not everything was read once.
    said: Option<BTreeSet<String>>,
}

impl Missing {
    /// Takes the next snapshot.
    pub(super) fn see(&mut self, snapshot: &Arc<Snapshot>, words: Words) {
        self.newest = Some(Arc::clone(snapshot));
        let Some(said) = &mut self.said else { return };
        // Agent and engine are lost as a whole; what a namespace that is new lacks for a moment is not worth a word.
        let lacks = snapshot.hosts.iter().flat_map(|host| Answer::Everything.lacks(host));
        for limit in lacks.filter(|limit| matches!(limit.source, SourceKind::Engine | SourceKind::Agent)) {
            let line = words.limit(limit);
            if said.insert(line.clone()) {
                notes::say(&words.format("cli-note", &[("limit", line.into())]));
            }
        }
    }

    /// Everything was read once.
    pub(super) fn begin(&mut self, words: Words) {
        let lines = self.newest.iter().flat_map(|snapshot| lacks(snapshot, Answer::Everything, words));
        let said: BTreeSet<String> = lines.collect();
        for line in &said {
            notes::say(&words.format("cli-note", &[("limit", line.as_str().into())]));
        }
        self.said = Some(said);
    }
}
