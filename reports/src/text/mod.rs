//! Terminal renderers: comparison, history, stability, gate, one run.

mod compare;
mod gate;
mod history;
mod run;
mod stability;
mod table;

pub use compare::comparison;
pub(crate) use compare::{advice, headline as compare_headline};
pub use gate::gate;
pub use history::history;
pub(crate) use history::median;
pub use run::run;
pub use stability::stability;
pub(crate) use stability::{case_title, letter, total};

use crate::mark::Mark;
use crate::number::Notation;

/// How text is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextOptions {
    /// Columns of the terminal; 100 where unknown.
    pub width: usize,
    /// Whether to keep to ASCII.
    pub ascii: bool,
    /// Whether to colour verdicts with escape sequences; never the only sign.
    pub color: bool,
}

impl Default for TextOptions {
    fn default() -> Self {
        Self { width: 100, ascii: false, color: false }
    }
}

impl TextOptions {
    fn notation(self) -> Notation {
        if self.ascii { Notation::Ascii } else { Notation::Text }
    }

    /// Makes text from outside safe for a terminal.
    fn outside(self, text: &str, limit: usize) -> String {
        let short = crate::plain::short(text, limit);
        if self.ascii { crate::plain::ascii(&short) } else { short }
    }

    fn verdict(self, mark: Mark) -> table::Cell {
        table::Cell::left(format!("{} {}", mark.glyph(self.ascii), mark.word()))
            .colored(self.color.then(|| mark.ansi()))
    }

    /// Returns eight levels of a small bar.
    fn levels(self) -> [char; 8] {
        if self.ascii {
            ['_', '.', ',', '-', '=', '+', '*', '#']
        } else {
            ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
        }
    }

    /// Draws `values` as one small bar each; a gap where a value is missing.
    fn sparkline(self, values: &[Option<f64>]) -> String {
        let known = || values.iter().flatten().copied().filter(|value| value.is_finite());
        let (lo, hi) =
            known().fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)));
        let levels = self.levels();
        values
            .iter()
            .map(|value| match value {
                Some(value) if value.is_finite() && hi > lo => {
                    levels[(((value / 2.0 - lo / 2.0) / (hi / 2.0 - lo / 2.0)) * 7.0).round()
                        as usize
                        % 8]
                }
                Some(value) if value.is_finite() => levels[3],
                _ => ' ',
            })
            .collect()
    }
}

/// Breaks `text` into lines of at most `width` characters, with `indent` before each.
fn wrap(text: &str, width: usize, indent: &str) -> String {
    let room = width.saturating_sub(indent.chars().count()).max(20);
    let mut out = String::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > room {
            out += &format!("{indent}{line}\n");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line += word;
    }
    if !line.is_empty() {
        out += &format!("{indent}{line}\n");
    }
    out
}
