//! Messages about files: what is wrong, where, and what to change.
//!
//! This is the form in which plans and compositions report errors and warnings; colours belong to the
//! command line.

mod place;

use std::fmt;

pub use place::Place;

/// How grave a [`Diagnostic`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Nothing can be run.
    Error,
    /// It can be run, and somebody should look.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// One message about a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How grave it is.
    pub severity: Severity,
    /// One line that says what is wrong.
    pub message: String,
    /// Where it stands, if it stands in a file.
    pub place: Option<Place>,
    /// Further lines of evidence.
    pub evidence: Vec<String>,
    /// Another place, which contradicts the first one.
    pub against: Option<Place>,
    /// What to change.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// Says what is wrong.
    pub fn error(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            place: None,
            evidence: Vec::new(),
            against: None,
            hint: None,
        }
    }

    /// Says what is doubtful.
    pub fn warning(message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(message) }
    }

    /// Adds where it stands.
    #[must_use]
    pub fn at(mut self, place: impl Into<Option<Place>>) -> Self {
        self.place = place.into();
        self
    }

    /// Adds the place that contradicts the first one.
    #[must_use]
    pub fn against(mut self, place: impl Into<Option<Place>>) -> Self {
        self.against = place.into();
        self
    }

    /// Adds a line of evidence.
    #[must_use]
    pub fn evidence(mut self, line: impl Into<String>) -> Self {
        self.evidence.push(line.into());
        self
    }

    /// Adds what to change.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Option<String>>) -> Self {
        self.hint = hint.into();
        self
    }
}

impl fmt::Display for Diagnostic {
    /// Writes the whole message over several lines, without a newline at its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.severity, self.message)?;
        let places = || self.place.iter().chain(&self.against);
        let gutter = places().map(|place| place.line.to_string().len()).max().unwrap_or(0);
        if let Some(place) = &self.place {
            place.write(f, gutter)?;
        }
        for line in &self.evidence {
            write!(f, "\n  {line}")?;
        }
        if let Some(place) = &self.against {
            place.write(f, gutter)?;
        }
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

/// Returns the one of `known` that `word` was most likely meant to be.
///
/// # Source
/// Jaro, M. A. (1989). J. Am. Stat. Assoc. 84, 414–420, with Winkler's prefix weight; the bound of
/// 0.8 keeps words apart that share no more than their first letters.
pub fn nearest<'a, S: AsRef<str>>(word: &str, known: &'a [S]) -> Option<&'a str> {
    known
        .iter()
        .map(|known| (strsim::jaro_winkler(word, known.as_ref()), known.as_ref()))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, known)| known)
}

/// Offers the nearest of `known`, or lists them when none is near.
pub(crate) fn did_you_mean<S: AsRef<str>>(word: &str, known: &[S]) -> Option<String> {
    if let Some(near) = nearest(word, known) {
        return Some(format!("did you mean `{near}`?"));
    }
    let known: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
    match known.len() {
        0 => None,
        1..=12 => Some(format!("known are `{}`", known.join("`, `"))),
        more => Some(format!("known are `{}` and {} more", known[..12].join("`, `"), more - 12)),
    }
}

#[cfg(test)]
mod tests;
