//! Tables for people: aligned columns, no colours, as wide as the terminal.
//!
//! Nothing is ever cut off: where a row does not fit, the items of its cells get a line each, and what is still too
//! long goes on below. Without a terminal each row is one line, for `grep` and `awk`.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::gate;

const GAP: usize = 2;
const NARROWEST: usize = 8;
const EMPTY: &str = "-";

/// The items of a cell; none is shown as `-`.
pub(super) type Cell = Vec<String>;

/// A table.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    headings: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table with these column headings.
    pub(super) fn new(headings: impl IntoIterator<Item = String>) -> Self {
        Self { headings: headings.into_iter().collect(), rows: Vec::new() }
    }

    /// Adds a row of as many cells as there are headings.
    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        // Of plain items alone is a width known, and a line a line.
        let plain = |cell: Cell| cell.iter().map(|item| gate::plain(item).into_owned()).collect();
        self.rows.push(cells.into_iter().map(plain).collect());
    }

    /// The table as text, each line with its end, at most `width` columns wide if that can be.
    pub(super) fn render(&self, width: Option<usize>) -> String {
        let joined: Vec<Vec<Cell>> =
            self.rows.iter().map(|row| row.iter().map(|cell| vec![join(cell)]).collect()).collect();
        let widths = self.widths(&joined);
        match width {
            Some(width) if total(&widths) > width => self.render_within(width),
            _ => self.write(&joined, &widths),
        }
    }

    fn render_within(&self, width: usize) -> String {
        let mut widths = self.widths(&self.rows);
        while total(&widths) > width {
            let Some(widest) = widths.iter_mut().filter(|width| **width > NARROWEST).max() else { break };
            *widest -= 1;
        }
        self.write(&self.rows, &widths)
    }

    fn widths(&self, rows: &[Vec<Cell>]) -> Vec<usize> {
        let mut widths: Vec<_> = self.headings.iter().map(|heading| heading.width()).collect();
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                let widest = cell.iter().map(|item| item.width()).max().unwrap_or(EMPTY.len());
                *width = (*width).max(widest);
            }
        }
        widths
    }

    fn write(&self, rows: &[Vec<Cell>], widths: &[usize]) -> String {
        let headings: Vec<Cell> = self.headings.iter().map(|heading| vec![heading.clone()]).collect();
        let mut text = String::new();
        for row in std::iter::once(&headings).chain(rows) {
            let columns: Vec<Vec<String>> = row.iter().zip(widths).map(|(cell, width)| lines(cell, *width)).collect();
            let height = columns.iter().map(Vec::len).max().unwrap_or_default();
            for index in 0..height {
                let mut line = String::new();
                for (column, width) in columns.iter().zip(widths) {
                    let part = column.get(index).map_or("", String::as_str);
                    line.push_str(part);
                    line.extend(std::iter::repeat_n(' ', width.saturating_sub(part.width()) + GAP));
                }
                text.push_str(line.trim_end());
                text.push('\n');
            }
        }
        text
    }
}

/// A cell of one item.
pub(super) fn cell<T: ToString + ?Sized>(item: &T) -> Cell {
    vec![item.to_string()]
}

/// A cell that may be empty.
pub(super) fn maybe(item: Option<impl ToString>) -> Cell {
    item.map(|item| item.to_string()).into_iter().collect()
}

/// A cell of several items.
pub(super) fn list(items: impl IntoIterator<Item = impl ToString>) -> Cell {
    items.into_iter().map(|item| item.to_string()).collect()
}

fn join(cell: &Cell) -> String {
    if cell.is_empty() { EMPTY.to_owned() } else { cell.join(", ") }
}

fn total(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
}

/// The lines of a cell in a column of `width`: an item a line, broken after a space where there is one.
fn lines(cell: &Cell, width: usize) -> Vec<String> {
    if cell.is_empty() {
        return vec![EMPTY.to_owned()];
    }
    let mut lines = Vec::new();
    for item in cell {
        let mut line = String::new();
        let mut line_width = 0;
        for character in item.chars() {
            let character_width = character.width().unwrap_or(0);
            if line_width + character_width > width && !line.is_empty() {
                let kept = line.rfind(' ').map(|space| line.split_off(space + 1)).unwrap_or_default();
                lines.push(std::mem::replace(&mut line, kept));
                line_width = line.width();
            }
            line.push(character);
            line_width += character_width;
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(["NAME", "ADDRESSES", "PID"].map(str::to_owned));
        table.row([cell("réseau"), list(["172.17.0.2/16", "fd00::2/64"]), cell(&42)]);
        table.row([cell("日本"), list(Vec::<String>::new()), maybe(None::<u32>)]);
        table
    }

    #[test]
    fn a_row_is_a_line_where_there_is_room() {
        let wide = "NAME    ADDRESSES                  PID\n\
                    réseau  172.17.0.2/16, fd00::2/64  42\n\
                    日本    -                          -\n";
        assert_eq!(table().render(None), wide);
        assert_eq!(table().render(Some(80)), wide);
    }

    #[test]
    fn items_go_below_each_other_where_there_is_not() {
        let narrow = "NAME    ADDRESSES      PID\n\
                      réseau  172.17.0.2/16  42\n        fd00::2/64\n\
                      日本    -              -\n";
        assert_eq!(table().render(Some(30)), narrow);
    }

    #[test]
    fn nothing_in_a_cell_begins_a_line() {
        let mut table = Table::new(["NAME".to_owned()]);
        table.row([cell("a\nroot\u{1b}[2K\u{202e}")]);
        assert_eq!(table.render(None), "NAME\na\\u{a}root\\u{1b}[2K\\u{202e}\n");
    }

    #[test]
    fn nothing_is_cut_off() {
        for width in 1..60 {
            let text = table().render(Some(width));
            let squeezed: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            assert!(squeezed.contains("réseau") && text.contains("42"), "{width}: {text}");
        }
    }
}
