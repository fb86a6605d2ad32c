//! Columns that line up.

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

    /// Lays the table out within `width`: the first column gives way where it does not fit.
    pub(super) fn render(&self, width: usize) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut widths = vec![0; columns];
        for row in &self.rows {
            for (column, cell) in row.iter().enumerate() {
                widths[column] = widths[column].max(cell.width());
            }
        }
        let total: usize = widths.iter().sum::<usize>() + 2 * columns.saturating_sub(1);
        if let Some(first) = widths.first_mut() {
            *first = first.saturating_sub(total.saturating_sub(width)).max(16.min(*first));
        }
        let mut out = String::new();
        for row in &self.rows {
            out += &line(row, &widths);
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
        assert_eq!(table.render(21), "a-very-..-series    1\nb                 100\n");
    }
}
