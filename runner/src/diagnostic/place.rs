//! A place in a file, with its line.

use std::fmt;
use std::ops::Range;

/// The most characters of a line that are shown.
const EXCERPT: usize = 100;

/// A place in a text file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file as the user named it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The line's text, without its end.
    pub source_line: String,
    /// How many characters are meant, at least 1.
    pub width: usize,
}

impl Place {
    /// Finds the place of the bytes `range` of `text`; a range beyond the end is the end.
    #[must_use]
    pub fn new(file: &str, text: &str, range: Range<usize>) -> Self {
        let start = floor_boundary(text, range.start);
        let end = floor_boundary(text, range.end.max(start));
        let line_start = text[..start].rfind('\n').map_or(0, |newline| newline + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |newline| start + newline);
        let source_line = text[line_start..line_end].trim_end_matches('\r').to_owned();
        Self {
            file: file.to_owned(),
            line: text[..line_start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            width: text[start..end.min(line_end).max(start)].chars().count().max(1),
            source_line,
        }
    }

    /// Writes the place over three lines, each preceded by a newline.
    pub(super) fn write(&self, f: &mut fmt::Formatter<'_>, gutter: usize) -> fmt::Result {
        write!(f, "\n{:gutter$}--> {}:{}:{}", "", self.file, self.line, self.column)?;
        let (shown, column) = self.window();
        let width = self.width.min(shown.chars().count().saturating_sub(column - 1)).max(1);
        let indent: String =
            shown.chars().take(column - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        write!(f, "\n{:>gutter$} | {}", self.line, shown)?;
        write!(f, "\n{:>gutter$} | {indent}{}", "", "^".repeat(width))
    }

    /// Cuts a long line down to what lies around the column, and makes control characters visible.
    fn window(&self) -> (String, usize) {
        let printable = |c: char| if c.is_control() && c != '\t' { '\u{fffd}' } else { c };
        let characters: Vec<char> = self.source_line.chars().map(printable).collect();
        if characters.len() <= EXCERPT {
            return (characters.into_iter().collect::<String>().trim_end().to_owned(), self.column);
        }
        let start = (self.column - 1).saturating_sub(EXCERPT / 2).min(characters.len());
        let end = (start + EXCERPT).min(characters.len());
        let mut shown = String::new();
        let cut = start > 0;
        if cut {
            shown.push('…');
        }
        shown.extend(&characters[start..end]);
        if end < characters.len() {
            shown.push('…');
        }
        (shown, self.column - start + usize::from(cut))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

fn floor_boundary(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
