//! Columns that line up.

/// Characters of the first column that are enough to tell rows apart.
const ENOUGH: usize = 44;

/// One field of a table.
#[derive(Debug, Clone, Default)]
pub(super) struct Cell {
    text: String,
    right: bool,
    color: Option<&'static str>,
}

impl Cell {
    /// Makes a field that begins at the column's left.
    pub(super) fn left(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Makes a field that ends at the column's right.
    pub(super) fn right(text: impl Into<String>) -> Self {
        Self { text: text.into(), right: true, color: None }
    }

    /// Colours the field with an escape sequence's number.
    pub(super) fn colored(mut self, color: Option<&'static str>) -> Self {
        self.color = color;
        self
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

/// A table of fields; rows without fields are empty lines.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// Adds a row.
    pub(super) fn row(&mut self, cells: Vec<Cell>) {
        self.rows.push(cells);
    }

    /// Lays the table out within `width`.
    ///
    /// Where the first column does not fit, it gives way; where it would lose too much, it gets a line of its own.
    pub(super) fn render(&self, width: usize) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut widths = vec![0; columns];
        for row in &self.rows {
            for (column, cell) in row.iter().enumerate() {
                widths[column] = widths[column].max(cell.width());
            }
        }
        let Some(first) = widths.first().copied() else { return String::new() };
        let rest: usize = widths[1..].iter().map(|width| width + 2).sum();
        let room = width.saturating_sub(rest);
        if first > room && room < first.min(ENOUGH) {
            return self.stacked(&widths, width);
        }
        widths[0] = first.min(room.max(1));
        self.rows.iter().map(|row| line(row, &widths)).collect()
    }

    fn stacked(&self, widths: &[usize], width: usize) -> String {
        let mut out = String::new();
        for row in &self.rows {
            if let Some((first, rest)) = row.split_first() {
                out += &line(std::slice::from_ref(first), &[width.min(first.width())]);
                out += &format!("  {}", line(rest, &widths[1..]));
            }
        }
        out
    }
}

fn line(row: &[Cell], widths: &[usize]) -> String {
    let mut out = String::new();
    for (column, (cell, &width)) in row.iter().zip(widths).enumerate() {
        if column > 0 {
            out += "  ";
        }
        let text = fit(&cell.text, width);
        let padding = " ".repeat(width - text.chars().count());
        let painted = match cell.color {
            Some(color) => format!("\u{1b}[{color}m{text}\u{1b}[0m"),
            None => text,
        };
        out += &if cell.right { padding + &painted } else { painted + &padding };
    }
    format!("{}\n", out.trim_end())
}

/// Cuts `text` in its middle, so that both plan and metric stay readable.
fn fit(text: &str, width: usize) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= width {
        return text.to_owned();
    }
    let dots = if text.is_ascii() { ".." } else { "…" };
    let keep = width.saturating_sub(dots.chars().count());
    let tail = keep / 2;
    let head: String = letters[..keep - tail].iter().collect();
    let end: String = letters[letters.len() - tail..].iter().collect();
    format!("{head}{dots}{end}")
}

#[cfg(test)]
mod tests {
    use super::{Cell, Table};

    #[test]
    fn columns_line_up_and_the_first_gives_way() {
        let mut table = Table::default();
        table.row(vec![Cell::left("a-very-long-name-of-a-series"), Cell::right("1")]);
        table.row(vec![Cell::left("b"), Cell::right("100")]);
        assert_eq!(
            table.render(80),
            "a-very-long-name-of-a-series    1\nb                             100\n"
        );
        assert_eq!(table.render(21), "a-very-lon..-a-series\n    1\nb\n  100\n");
    }

    #[test]
    fn names_that_are_long_enough_are_cut_in_their_middle() {
        let mut table = Table::default();
        table.row(vec![Cell::left("x".repeat(60)), Cell::right("1")]);
        assert_eq!(table.render(53), format!("{}..{}  1\n", "x".repeat(24), "x".repeat(24)));
    }
}
