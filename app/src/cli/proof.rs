//! `walk --prove`: sends the packet, and puts what the kernel did beside what was predicted.

use std::sync::Arc;

use bridgewalk_analysis::walk::{
    Question, Walk, Walker,
    proof::{self, Comparison, Place},
};
use bridgewalk_collector::observe_and_prove;
use bridgewalk_model::{Snapshot, proof::Proof};
use serde::Serialize;

use super::{
    Failure, notes,
    output::Output,
    table::{Table, cell},
};
use crate::{
    source::{Choice, SourceError},
    words::Words,
};

/// What was sent and seen, beside what was predicted.
#[derive(Debug, Serialize)]
pub(super) struct Observed {
    /// What the kernel said.
    #[serde(flatten)]
    pub proof: Proof,
    /// Beside the walk.
    pub comparison: Comparison,
}

/// A walk, and what was observed of it.
#[derive(Debug)]
pub(super) struct Proved {
    /// What it was walked on.
    pub snapshot: Arc<Snapshot>,
    /// What was predicted.
    pub walk: Walk,
    /// What was observed.
    pub observed: Observed,
}

/// Observes the host, walks, says on stderr what will be sent, and sends it.
///
/// # Errors
/// A question that makes no sense, a walk that cannot be proved from here, a host that cannot be observed, or nothing
/// was sent.
pub(super) fn prove(
    choice: &Choice,
    ask: impl FnOnce(&Walker<'_>) -> Result<Question, Failure>,
    words: Words,
) -> Result<Proved, Failure> {
    let live = match choice {
        Choice::Live(live) => live,
        Choice::Several(_) => return Err(Failure::input(words.text("proof-one-host"))),
        Choice::Recordings(_) | Choice::Demo(_) => return Err(Failure::input(words.text("proof-not-live"))),
    };
    let mut predicted = None;
    let proved = observe_and_prove(
        live.config(true),
        |_, _| {},
        |observed| {
            let walker = Walker::new(&observed.snapshot);
            let asked = ask(&walker).map(|question| walker.walk(&question)).and_then(|walk| {
                match proof::order(&observed.snapshot, &walk) {
                    Ok(order) => Ok((walk, order)),
                    Err(reason) => Err(Failure::input(words.unprovable(reason))),
                }
            });
            match asked {
                Ok((walk, order)) => {
                    notes::say(&words.proof_sends(&observed.snapshot, &order));
                    predicted = Some(Ok(walk));
                    Some(order)
                }
                Err(failure) => {
                    predicted = Some(Err(failure));
                    None
                }
            }
        },
    );
    let proved = proved.map_err(|error| Failure::input(words.source_error(&SourceError::Live(error))))?;
    let no_answer = || Failure::environment(words.text("proof-no-agent"));
    let walk = predicted.ok_or_else(no_answer)??;
    let snapshot = proved.observed.snapshot;
    let proof = proved.proof.ok_or_else(no_answer)?;
    let proof = proof.map_err(|failure| Failure::environment(words.proof_failure(&failure)))?;
    let comparison = proof::compare(&snapshot, &walk, &proof);
    Ok(Proved { snapshot, walk, observed: Observed { proof, comparison } })
}

/// Writes the two side by side.
pub(super) fn write(proved: &Proved, words: Words, output: &mut Output) -> Result<(), Failure> {
    let Proved { snapshot, observed: Observed { proof, comparison }, .. } = proved;
    output.line("")?;
    output.line(&words.format("proof-heading", &[("answer", words.proof_answer(&proof.answer).into())]))?;
    let headings = ["column-place", "column-way", "column-predicted", "column-observed"];
    let mut table = Table::new(headings.map(|key| words.text(key)));
    for place in &comparison.places {
        table.row(row(place, snapshot, words));
    }
    if !comparison.places.is_empty() {
        output.table(&table)?;
    }
    output.line(&words.proof_outcome(snapshot, comparison))?;
    if !comparison.notes.is_empty() {
        output.line(&words.text("proof-notes"))?;
        for note in &comparison.notes {
            output.line(&format!("  - {}", words.proof_note(snapshot, note)))?;
        }
    }
    Ok(())
}

fn row(place: &Place, snapshot: &Snapshot, words: Words) -> [Vec<String>; 4] {
    let rules = |count: usize| words.format("proof-rules-count", &[("count", count.into())]);
    let observed = match place.was_seen {
        Some(true) => rules(place.observed.len() + place.unknown_rules),
        Some(false) => words.text("proof-was-not-seen"),
        None => "?".to_owned(),
    };
    [
        cell(&words.walk_place(snapshot, &place.namespace)),
        cell(&words.text(if place.is_reply { "proof-back" } else { "proof-there" })),
        cell(&rules(place.predicted.len())),
        cell(&observed),
    ]
}
