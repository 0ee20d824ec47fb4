//! A list of like things, as a table for people or a document for programs.

use bridgewalk_model::{Answer, Snapshot};
use serde::Serialize;

use super::{
    Failure, closing,
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
    /// What the list answers, and so which sources it rests on.
    const ANSWER: Answer;

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
    if json {
        let (is_whole, limits) = (Some(R::ANSWER.is_whole(snapshot)), limits(snapshot, R::ANSWER));
        return output.document(&Document { name: R::NAME, rows: &rows, is_whole, limits });
    }
    if !rows.is_empty() {
        output.table(&table(&rows, &Listing { words, snapshot }))?;
    }
    let none = format!("cli-none-{}", R::NAME);
    closing::write(snapshot, R::ANSWER, rows.is_empty().then_some(&*none), words, output)
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
