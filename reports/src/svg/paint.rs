//! Paints: reserved colours that stand for style classes, so that one drawing serves both themes.

use plotters::style::{Color, ShapeStyle};
use plotters_backend::BackendColor;

use crate::mark::Mark;

/// What a line, area or text is, which decides how it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    /// Lines to read values by.
    Grid,
    /// An axis or a zero line.
    Axis,
    /// The line of medians.
    Data,
    /// A thin line of medians in a small picture.
    Raw,
    /// The area from the lowest to the highest run.
    Ribbon,
    /// Single runs.
    Dot,
    /// The level of an older segment.
    Level,
    /// The band of the margin.
    Band,
    /// Where nothing ran.
    Hatch,
    /// A quiet cell: everything passed.
    Cell,
    /// The outline of a cell that did not run.
    Empty,
    /// A bar of a quiet quantity.
    Bar,
    /// A dotted line with a name, such as a barrier.
    Mark,
    /// Quiet text.
    Text,
    /// Text in full ink.
    Strong,
    /// Small text.
    Note,
    /// Something coloured by a verdict.
    Of(Role, Mark),
}

/// What a verdict's colour is put on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// A filled shape.
    Shape,
    /// An outlined shape.
    Ring,
    /// The level of a segment.
    Level,
    /// A dashed line at a change.
    Dash,
    /// Where a change may lie.
    Tint,
    /// A label.
    Label,
    /// An interval.
    Whisker,
    /// A filled area with its outline.
    Area,
}

const ROLES: [(Role, &str); 8] = [
    (Role::Shape, "m"),
    (Role::Ring, "k"),
    (Role::Level, "l"),
    (Role::Dash, "v"),
    (Role::Tint, "z"),
    (Role::Label, "e"),
    (Role::Whisker, "h"),
    (Role::Area, "a"),
];

const NEUTRAL: [(Paint, &str); 16] = [
    (Paint::Grid, "g"),
    (Paint::Axis, "x"),
    (Paint::Data, "d"),
    (Paint::Raw, "y"),
    (Paint::Ribbon, "r"),
    (Paint::Dot, "o"),
    (Paint::Level, "q"),
    (Paint::Band, "j"),
    (Paint::Hatch, "p"),
    (Paint::Cell, "c"),
    (Paint::Empty, "em"),
    (Paint::Bar, "ba"),
    (Paint::Mark, "mk"),
    (Paint::Text, "t"),
    (Paint::Strong, "i"),
    (Paint::Note, "nt"),
];

const MARKS: [Mark; 8] = [
    Mark::Regression,
    Mark::Broken,
    Mark::Flaky,
    Mark::Improvement,
    Mark::Inconclusive,
    Mark::NoData,
    Mark::Equivalent,
    Mark::Stable,
];

impl Paint {
    fn key(self) -> (u8, u8, u8) {
        let place = |found: Option<usize>| found.expect("bug: a paint has no key") as u8;
        match self {
            Self::Of(role, mark) => (
                1,
                place(ROLES.iter().position(|known| known.0 == role)),
                place(MARKS.iter().position(|known| *known == mark)),
            ),
            paint => (0, place(NEUTRAL.iter().position(|known| known.0 == paint)), 0),
        }
    }

    /// Returns the classes that a reserved colour stands for.
    pub(super) fn classes(key: (u8, u8, u8)) -> Class {
        match key {
            (1, role, mark) => Class(ROLES[usize::from(role)].1, MARKS[usize::from(mark)].class()),
            (_, place, _) => Class(NEUTRAL[usize::from(place) % NEUTRAL.len()].1, ""),
        }
    }

    /// Returns the style for plotters' elements.
    pub(crate) fn style(self) -> ShapeStyle {
        ShapeStyle { color: self.to_rgba(), filled: false, stroke_width: 1 }
    }

    /// Returns the style for plotters' elements that are filled.
    pub(crate) fn fill(self) -> ShapeStyle {
        ShapeStyle { color: self.to_rgba(), filled: true, stroke_width: 1 }
    }
}

impl Color for Paint {
    fn to_backend_color(&self) -> BackendColor {
        BackendColor { alpha: 1.0, rgb: self.key() }
    }
}

/// One or two class names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Class(pub(super) &'static str, pub(super) &'static str);

impl std::fmt::Display for Class {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)?;
        if self.1.is_empty() { Ok(()) } else { write!(f, " {}", self.1) }
    }
}
