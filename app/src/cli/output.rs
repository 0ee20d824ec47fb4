//! Where results go, through the [`gate`]. A closed pipe ends the program without a word.

use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

use serde::Serialize;

use super::{Failure, gate, json, table::Table};
use crate::words::Words;

/// The standard output.
#[derive(Debug)]
pub(super) struct Output {
    writer: BufWriter<Stdout>,
    words: Words,
    /// The terminal's width in columns; none: what we write is read by a program or kept in a file.
    width: Option<usize>,
}

impl Output {
    /// This process's.
    pub(super) fn standard(words: Words) -> Self {
        let stdout = io::stdout();
        let width = stdout
            .is_terminal()
            .then(|| terminal_size::terminal_size_of(&stdout))
            .flatten()
            .map(|(width, _)| usize::from(width.0));
        Self { writer: BufWriter::new(stdout), words, width }
    }

    /// Writes a text of several lines.
    ///
    /// # Errors
    /// The output cannot be written, or its reader has gone.
    pub(super) fn text(&mut self, text: &str) -> Result<(), Failure> {
        self.own(gate::lines(text).as_bytes())
    }

    /// Writes what this program has made of its own words alone, as it is: nothing from outside is in it.
    ///
    /// # Errors
    /// The output cannot be written, or its reader has gone.
    pub(super) fn own(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let written = self.writer.write_all(bytes);
        self.check(written)
    }

    /// Writes `text` on one line with its end, and hands it on at once.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub(super) fn line(&mut self, text: &str) -> Result<(), Failure> {
        let written = writeln!(self.writer, "{}", gate::plain(text)).and_then(|()| self.writer.flush());
        self.check(written)
    }

    /// Writes a table as wide as the terminal, if there is one, and hands it on: notes on stderr come after it.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub(super) fn table(&mut self, table: &Table) -> Result<(), Failure> {
        self.text(&table.render(self.width))?;
        let flushed = self.writer.flush();
        self.check(flushed)
    }

    /// Writes a document for programs: indented, one line end after it.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub(super) fn document(&mut self, document: &impl Serialize) -> Result<(), Failure> {
        let text = self.check(json::render(document, true).map_err(io::Error::from))?;
        self.own(text.as_bytes())?;
        self.own(b"\n")
    }

    /// Writes a document on one line, and hands it on at once.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub(super) fn document_line(&mut self, document: &impl Serialize) -> Result<(), Failure> {
        let text = self.check(json::render(document, false).map_err(io::Error::from))?;
        self.own(text.as_bytes())?;
        self.line("")
    }

    /// Hands on what is still held back.
    ///
    /// # Errors
    /// As [`Self::text`].
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        let flushed = self.writer.flush();
        self.check(flushed)
    }

    fn check<T>(&self, result: io::Result<T>) -> Result<T, Failure> {
        result.map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::reader_gone(),
            _ => Failure::environment(self.words.format("cli-error-output", &[("detail", error.to_string().into())])),
        })
    }
}
