//! `doctor`: each source, whether it can run, if not why, and what would help.

use std::collections::HashSet;

use bridgewalk_collector::{AgentProgram, CanRun, EngineChoice, SourceCheck, doctor};
use bridgewalk_model::{Answer, LimitReason, Remedy, SourceKind};
use serde::Serialize;

use super::{
    Failure,
    document::Document,
    output::Output,
    table::{Table, cell, list, maybe},
};
use crate::{
    source::{self, Choice, HostChoice, LiveChoice},
    words::Words,
};

/// A source, checked.
#[derive(Clone, Debug, Serialize)]
struct Source {
    /// Which host's, of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<String>,
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
        Choice::Live(live) => of_live(live, None),
        Choice::Several(hosts) => of_several(hosts, words)?,
        Choice::Recordings(_) | Choice::Demo(_) => of_recording(choice, false, words)?,
    };
    if json {
        return output.document(&Document { name: "sources", rows: &sources, is_whole: None, limits: Vec::new() });
    }
    let are_several = sources.iter().any(|source| source.host.is_some());
    let columns = ["column-host", "column-source", "column-runs", "column-why", "column-remedy"];
    let skipped = usize::from(!are_several);
    let mut table = Table::new(columns.into_iter().skip(skipped).map(|key| words.text(key)));
    for source in &sources {
        let cells = [
            maybe(source.host.as_ref()),
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
        ];
        table.row(cells.into_iter().skip(skipped));
    }
    output.table(&table)?;
    if matches!(choice, Choice::Live(_) | Choice::Several(_)) {
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
        Self { host: None, source, can_run, reasons: reason.map(LimitReason::tamed).into_iter().collect(), remedy }
    }
}

fn of_live(live: &LiveChoice, host: Option<&String>) -> Vec<Source> {
    doctor(&live.config(false)).into_iter().map(|check| Source { host: host.cloned(), ..Source::from(check) }).collect()
}

/// Each host's, live ones by the name under which they were asked for.
fn of_several(hosts: &[HostChoice], words: Words) -> Result<Vec<Source>, Failure> {
    let mut sources = Vec::new();
    for host in hosts {
        match host {
            HostChoice::Live(live) => {
                let EngineChoice { host, context } = &live.engine;
                sources.extend(of_live(live, context.as_ref().or(host.as_ref())));
            }
            HostChoice::Recording(path) => {
                sources.extend(of_recording(&Choice::Recordings(vec![path.clone()]), true, words)?);
            }
        }
    }
    Ok(sources)
}

/// What recordings could not see when they were made: one entry for each source of each host.
fn of_recording(choice: &Choice, are_several: bool, words: Words) -> Result<Vec<Source>, Failure> {
    let opened = source::observe_once(choice).map_err(|error| Failure::input(words.source_error(&error)))?;
    let hosts = &opened.snapshot.hosts;
    let limits = super::document::limits(&opened.snapshot, Answer::Everything);
    let mut all = Vec::new();
    for host in hosts {
        let name = (are_several || hosts.len() > 1).then(|| host.name.to_string());
        let mut sources: Vec<Source> = SourceKind::ALL
            .into_iter()
            .map(|source| Source {
                host: name.clone(),
                source,
                can_run: Some(true),
                reasons: Vec::new(),
                remedy: Remedy::None,
            })
            .collect();
        let mut seen = HashSet::new();
        for limit in limits.iter().filter(|limit| limit.host == host.name) {
            if let Some(source) = sources.iter_mut().find(|source| source.source == limit.source) {
                source.can_run = Some(false);
                source.remedy = limit.remedy;
                if seen.insert((limit.source, limit.reason.clone())) {
                    source.reasons.push(limit.reason.clone());
                }
            }
        }
        all.extend(sources);
    }
    Ok(all)
}
