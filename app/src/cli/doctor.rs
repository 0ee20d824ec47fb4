//! `doctor`: each source, whether it can run, if not why, and what would help.

use std::collections::HashSet;

use bridgewalk_collector::{AgentProgram, CanRun, SourceCheck, doctor};
use bridgewalk_model::{Answer, LimitReason, Remedy, SourceKind};
use serde::Serialize;

use super::{
    Failure,
    document::Document,
    output::Output,
    table::{Table, cell, list, maybe},
};
use crate::{
    source::{self, Choice},
    words::Words,
};

/// A source, checked.
#[derive(Clone, Debug, Serialize)]
struct Source {
    source: SourceKind,
    /// Whether it tells everything it could; none: that was not tried.
    can_run: Option<bool>,
    reasons: Vec<LimitReason>,
    remedy: Remedy,
}

/// Writes the table.
///
/// # Errors
/// A recording cannot be read, or the output cannot be written.
pub(super) fn write(choice: &Choice, json: bool, words: Words, output: &mut Output) -> Result<(), Failure> {
    let sources = match choice {
        Choice::Live(live) => doctor(&live.config(false)).into_iter().map(Source::from).collect(),
        Choice::Recordings(_) | Choice::Demo(_) => of_recording(choice, words)?,
    };
    if json {
        return output.document(&Document { name: "sources", rows: &sources, is_whole: None, limits: Vec::new() });
    }
    let columns = ["column-source", "column-runs", "column-why", "column-remedy"];
    let mut table = Table::new(columns.map(|key| words.text(key)));
    for source in &sources {
        table.row([
            cell(&words.source_kind(source.source)),
            cell(&words.text(match source.can_run {
                Some(true) => "yes",
                Some(false) => "no",
                None => "cli-not-tried",
            })),
            list(words.limit_reasons(&source.reasons)),
            maybe(
                (source.can_run == Some(false) && source.remedy != Remedy::None).then(|| words.remedy(source.remedy)),
            ),
        ]);
    }
    output.table(&table)?;
    if matches!(choice, Choice::Live(_)) {
        output.line(&words.agent_program(&AgentProgram::find()))?;
    }
    Ok(())
}

impl From<SourceCheck> for Source {
    fn from(check: SourceCheck) -> Self {
        let SourceCheck { source, can_run, reason, remedy } = check;
        let can_run = match can_run {
            CanRun::Yes => Some(true),
            CanRun::No => Some(false),
            CanRun::NotTried => None,
        };
        Self { source, can_run, reasons: reason.map(LimitReason::tamed).into_iter().collect(), remedy }
    }
}

/// What a recording could not see when it was made: one entry for each source it speaks of.
fn of_recording(choice: &Choice, words: Words) -> Result<Vec<Source>, Failure> {
    let opened = source::observe_once(choice).map_err(|error| Failure::input(words.source_error(&error)))?;
    let mut sources: Vec<Source> = SourceKind::ALL
        .into_iter()
        .map(|source| Source { source, can_run: Some(true), reasons: Vec::new(), remedy: Remedy::None })
        .collect();
    let mut seen = HashSet::new();
    for limit in super::document::limits(&opened.snapshot, Answer::Everything) {
        if let Some(source) = sources.iter_mut().find(|source| source.source == limit.source) {
            source.can_run = Some(false);
            source.remedy = limit.remedy;
            if seen.insert((limit.source, limit.reason.clone())) {
                source.reasons.push(limit.reason);
            }
        }
    }
    Ok(sources)
}
