//! A list of like things, as a table for people or a document for programs.

use bridgewalk_model::{Snapshot, SourceKind};
use serde::Serialize;

use super::{
    Failure,
    document::{Document, limits},
    output::Output,
    table::{Cell, Table},
};
use crate::words::Words;

/// What a row's cells may need besides the row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listing<'a> {
    /// The texts.
    pub words: Words,
    /// The snapshot that the rows are of.
    pub snapshot: &'a Snapshot,
}

/// One of the like things. Serialised, it is a program's object.
pub(super) trait Row: Serialize + Sized {
    /// The list's name in the document.
    const NAME: &'static str;
    /// The keys of the column headings; `column-host` comes first and is shown only if there are several hosts.
    const COLUMNS: &'static [&'static str];
    /// The sources that the list is made of: what they do not see is said.
    const SOURCES: &'static [SourceKind];

    /// All of them.
    fn rows(snapshot: &Snapshot) -> Vec<Self>;

    /// A cell for each column.
    fn cells(&self, listing: &Listing<'_>) -> Vec<Cell>;

    /// Whether a column says anything.
    fn is_shown(column: &str, rows: &[Self]) -> bool {
        let _ = (column, rows);
        true
    }
}

/// Writes the list of all `R` of `snapshot`.
///
/// # Errors
/// The output cannot be written, or its reader has gone.
pub(super) fn write<R: Row>(snapshot: &Snapshot, json: bool, words: Words, output: &mut Output) -> Result<(), Failure> {
    let rows = R::rows(snapshot);
    let limits = limits(snapshot, Some(R::SOURCES));
    if json {
        return output.document(&Document { name: R::NAME, rows: &rows, limits });
    }
    if rows.is_empty() {
        output.line(&words.text(&format!("cli-none-{}", R::NAME)))?;
    } else {
        output.table(&table(&rows, &Listing { words, snapshot }))?;
    }
    super::notes::write(&limits, words);
    Ok(())
}

fn table<R: Row>(rows: &[R], listing: &Listing<'_>) -> Table {
    let shown: Vec<bool> = R::COLUMNS
        .iter()
        .map(|column| match *column {
            "column-host" => listing.snapshot.hosts.len() > 1,
            column => R::is_shown(column, rows),
        })
        .collect();
    let headings = R::COLUMNS.iter().zip(&shown).filter(|(_, shown)| **shown).map(|(key, _)| listing.words.text(key));
    let mut table = Table::new(headings);
    for row in rows {
        table.row(row.cells(listing).into_iter().zip(&shown).filter(|(_, shown)| **shown).map(|(cell, _)| cell));
    }
    table
}
