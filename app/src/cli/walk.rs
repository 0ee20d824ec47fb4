//! `walk`: how a packet goes, hop by hop, with the rule that decides, or why it does not arrive.

use std::sync::Arc;

use bridgewalk_analysis::walk::{self as packet, Action, Alternative, EndError, Evidence, Hop, Question, Walker, Way};
use bridgewalk_model::{Answer, Snapshot, SourceKind};
use serde::Serialize;

use super::{
    Failure,
    arguments::Walk,
    closing,
    document::{LimitRow, SCHEMA_VERSION, limits},
    output::Output,
    proof::{self, Observed},
    table::{Table, cell},
};
use crate::{source::Choice, words::Words};

/// What programs read.
#[derive(Debug, Serialize)]
struct Document<'w> {
    schema_version: u32,
    from: &'w str,
    to: &'w str,
    connects: Option<bool>,
    #[serde(flatten)]
    walk: &'w packet::Walk,
    /// With `--prove`.
    #[serde(skip_serializing_if = "Option::is_none")]
    observed: Option<&'w Observed>,
    /// With `--prove`: whether the kernel did as predicted; null: that cannot be judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    agrees: Option<Option<bool>>,
    complete: bool,
    limits: Vec<LimitRow>,
}

/// Follows the packet that is asked for, and tells its way.
///
/// # Errors
/// An end that is none, no snapshot, or an output that cannot be written.
pub(super) fn run(
    asked: &Walk,
    snapshot: &dyn Fn() -> Result<Arc<Snapshot>, Failure>,
    json: bool,
    words: Words,
    output: &mut Output,
) -> Result<(), Failure> {
    let snapshot = snapshot()?;
    let walker = Walker::new(&snapshot);
    let question = question(&walker, asked).map_err(|error| mistake(&error, &snapshot, words))?;
    let walk = walker.walk(&question);
    if json {
        return output.document(&Document {
            schema_version: SCHEMA_VERSION,
            from: &asked.sender,
            to: &asked.receiver,
            connects: walk.connects(),
            walk: &walk,
            observed: None,
            agrees: None,
            complete: Answer::Walk.is_whole(&snapshot),
            limits: limits(&snapshot, Answer::Walk),
        });
    }
    Teller { words, snapshot: &snapshot }.walk(&walk, output)?;
    closing::write(&snapshot, Answer::Walk, None, words, output)
}

/// Follows the packet that is asked for, sends it, and tells both ways side by side.
///
/// # Errors
/// As [`run`]; or it cannot be sent.
pub(super) fn prove(
    asked: &Walk,
    choice: &Choice,
    json: bool,
    words: Words,
    output: &mut Output,
) -> Result<(), Failure> {
    let ask = |walker: &Walker<'_>| question(walker, asked).map_err(|error| mistake(&error, walker.snapshot(), words));
    let proved = proof::prove(choice, ask, words)?;
    if json {
        return output.document(&Document {
            schema_version: SCHEMA_VERSION,
            from: &asked.sender,
            to: &asked.receiver,
            connects: proved.walk.connects(),
            walk: &proved.walk,
            observed: Some(&proved.observed),
            agrees: Some(proved.observed.comparison.agrees),
            complete: Answer::Walk.is_whole(&proved.snapshot),
            limits: limits(&proved.snapshot, Answer::Walk),
        });
    }
    Teller { words, snapshot: &proved.snapshot }.walk(&proved.walk, output)?;
    proof::write(&proved, words, output)?;
    closing::write(&proved.snapshot, Answer::Walk, None, words, output)
}

/// What the arguments ask.
///
/// # Errors
/// An end that is none.
pub(super) fn question(walker: &Walker<'_>, asked: &Walk) -> Result<Question, EndError> {
    let from = walker.sender(&asked.sender)?;
    let (to, port) = walker.receiver(&asked.receiver)?;
    Ok(Question { from, to, port, protocol: asked.protocol.into(), source_port: asked.source_port })
}

/// Why what was asked is no question. Where names come from was perhaps not read: then a name may still be one.
pub(super) fn mistake(error: &EndError, snapshot: &Snapshot, words: Words) -> Failure {
    let are_names_read = snapshot.hosts.iter().all(|host| host.was_read(SourceKind::Engine, None));
    let (key, name) = match error {
        EndError::Unknown(name) if !are_names_read => ("cli-error-no-end-read", name),
        EndError::Unknown(name) => ("cli-error-no-end", name),
        EndError::CannotSend(name) => ("cli-error-cannot-send", name),
        EndError::Port(name) => ("cli-error-port", name),
        EndError::Ambiguous { name, choices } => return Failure::input(words.ambiguous(name, choices)),
    };
    Failure::input(words.format(key, &[("name", name.to_string().into())]))
}

/// Tells a walk to people.
struct Teller<'s> {
    words: Words,
    snapshot: &'s Snapshot,
}

impl Teller<'_> {
    fn walk(&self, walk: &packet::Walk, output: &mut Output) -> Result<(), Failure> {
        output.line(&self.words.walk_connection(self.snapshot, walk))?;
        output.line("")?;
        self.way("cli-walk-there", &walk.way, output)?;
        if let Some(reply) = &walk.reply {
            output.line("")?;
            self.way("cli-walk-reply", reply, output)?;
        }
        if !walk.unknowns.is_empty() {
            let key = if walk.branches.is_empty() { "cli-walk-regardless" } else { "cli-walk-unknown" };
            self.list(key, walk.unknowns.iter().map(|one| self.words.walk_unknown(self.snapshot, one)), output)?;
        }
        for branch in &walk.branches {
            output.line("")?;
            self.branch(branch, output)?;
        }
        Ok(())
    }

    fn way(&self, heading: &str, way: &Way, output: &mut Output) -> Result<(), Failure> {
        output.line(&self.words.format(heading, &[("verdict", self.words.walk_verdict(way.verdict).into())]))?;
        let mut table = Table::new(
            ["column-place", "column-happens", "column-sender", "column-receiver", "column-because"]
                .map(|key| self.words.text(key)),
        );
        for hop in &way.hops {
            table.row([
                cell(&self.words.walk_place(self.snapshot, &hop.namespace)),
                cell(&self.words.walk_hop(self.snapshot, hop)),
                cell(&self.words.packet_sender(&hop.after)),
                cell(&self.words.packet_receiver(&hop.after)),
                self.because(hop),
            ]);
        }
        if !way.hops.is_empty() {
            output.table(&table)?;
        }
        let ending = self.words.walk_way(self.snapshot, way);
        output.line(&match &way.decided_by {
            Some(evidence) => self.words.format(
                "cli-walk-decided",
                &[("ending", ending.into()), ("because", self.words.walk_evidence(self.snapshot, evidence).into())],
            ),
            None => ending,
        })?;
        if let Some(Evidence::Rule { rule, .. }) = &way.decided_by {
            output.line(&format!("  {} {} {}: {}", rule.family, rule.table, rule.chain, rule.text))?;
        }
        let openings = way.openings.iter().map(|one| self.words.walk_opening(self.snapshot, one));
        self.list("cli-walk-openings", openings, output)
    }

    /// What made it so: of what rules let pass, all that matched are too many to tell.
    fn because(&self, hop: &Hop) -> Vec<String> {
        let told = if hop.action == Action::Filtered { hop.evidence.len().saturating_sub(1) } else { 0 };
        hop.evidence
            .iter()
            .skip(told)
            .take(if matches!(hop.action, Action::Translated | Action::Dropped | Action::Rejected) { 1 } else { 2 })
            .map(|evidence| self.words.walk_evidence(self.snapshot, evidence))
            .collect()
    }

    fn branch(&self, branch: &Alternative, output: &mut Output) -> Result<(), Failure> {
        let assumed = branch.assuming.iter().map(|one| self.words.walk_unknown(self.snapshot, one));
        self.list("cli-walk-branch", assumed, output)?;
        self.way("cli-walk-there", &branch.way, output)?;
        match &branch.reply {
            Some(reply) => self.way("cli-walk-reply", reply, output),
            None => Ok(()),
        }
    }

    fn list(&self, heading: &str, lines: impl Iterator<Item = String>, output: &mut Output) -> Result<(), Failure> {
        let lines: Vec<String> = lines.collect();
        if lines.is_empty() {
            return Ok(());
        }
        output.line(&self.words.text(heading))?;
        for line in lines {
            output.line(&format!("  - {line}"))?;
        }
        Ok(())
    }
}
