//! What can be wrong with the numbers that a statistic is asked about.

use std::fmt;

/// Which of the given samples an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// The trusted side of a comparison.
    Baseline,
    /// The judged side of a comparison.
    Candidate,
    /// The only sample there is.
    Sample,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Baseline => "baseline",
            Self::Candidate => "candidate",
            Self::Sample => "sample",
        })
    }
}

/// Why a statistic has no answer for its input.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum StatsError {
    /// A sample without values.
    #[error("{side} has no values")]
    Empty {
        /// Which sample.
        side: Side,
    },
    /// A run without instances.
    #[error("{side} run {run} has no instances")]
    EmptyRun {
        /// Which sample.
        side: Side,
        /// Index of the run.
        run: usize,
    },
    /// A value that is NaN or infinite.
    #[error("{side} value {index} is not a finite number")]
    NotFinite {
        /// Which sample.
        side: Side,
        /// Index of the value; of the run, when values are nested.
        index: usize,
    },
    /// A nested value that is NaN or infinite.
    #[error("{side} run {run}, instance {instance} is not a finite number")]
    NotFiniteInstance {
        /// Which sample.
        side: Side,
        /// Index of the run.
        run: usize,
        /// Index of the instance in its run.
        instance: usize,
    },
    /// Fewer values than the method can work with.
    #[error("{what} needs at least {needed} values, got {got}")]
    TooFew {
        /// The method.
        what: &'static str,
        /// Least number of values.
        needed: usize,
        /// Number of values given.
        got: usize,
    },
    /// Pairs whose two sides differ in number.
    #[error("paired sides differ in length: baseline has {baseline}, candidate has {candidate}")]
    Misaligned {
        /// Number of baseline values.
        baseline: usize,
        /// Number of candidate values.
        candidate: usize,
    },
    /// A parameter outside its range.
    #[error("`{name}` is {value}, must be {expected}")]
    Parameter {
        /// Name of the parameter.
        name: &'static str,
        /// The value given.
        value: f64,
        /// What is allowed.
        expected: &'static str,
    },
    /// A list entry outside its range, such as a p above 1.
    #[error("`{name}` at index {index} is not {expected}")]
    Entry {
        /// Name of the list.
        name: &'static str,
        /// Index of the entry.
        index: usize,
        /// What is allowed.
        expected: &'static str,
    },
}

/// Checks that a sample has values and that all of them are finite.
pub(crate) fn check(side: Side, values: &[f64]) -> Result<(), StatsError> {
    if values.is_empty() {
        return Err(StatsError::Empty { side });
    }
    match values.iter().position(|v| !v.is_finite()) {
        Some(index) => Err(StatsError::NotFinite { side, index }),
        None => Ok(()),
    }
}

/// Checks both sides of a comparison.
pub(crate) fn check_both(baseline: &[f64], candidate: &[f64]) -> Result<(), StatsError> {
    check(Side::Baseline, baseline)?;
    check(Side::Candidate, candidate)
}

/// Checks both sides of a comparison by pairs.
pub(crate) fn check_pairs(baseline: &[f64], candidate: &[f64]) -> Result<(), StatsError> {
    check_both(baseline, candidate)?;
    if baseline.len() == candidate.len() {
        Ok(())
    } else {
        Err(StatsError::Misaligned { baseline: baseline.len(), candidate: candidate.len() })
    }
}

/// Checks that a sample has at least `needed` values.
pub(crate) fn check_count(what: &'static str, needed: usize, got: usize) -> Result<(), StatsError> {
    if got < needed { Err(StatsError::TooFew { what, needed, got }) } else { Ok(()) }
}

/// Checks that a parameter lies strictly between 0 and 1.
pub(crate) fn check_open_unit(name: &'static str, value: f64) -> Result<(), StatsError> {
    if value > 0.0 && value < 1.0 {
        Ok(())
    } else {
        Err(StatsError::Parameter { name, value, expected: "strictly between 0 and 1" })
    }
}

/// Checks that a parameter is finite and above 0.
pub(crate) fn check_positive(name: &'static str, value: f64) -> Result<(), StatsError> {
    if value > 0.0 && value.is_finite() {
        Ok(())
    } else {
        Err(StatsError::Parameter { name, value, expected: "finite and above 0" })
    }
}

/// Checks that every entry of a list is a probability.
pub(crate) fn check_probabilities(name: &'static str, values: &[f64]) -> Result<(), StatsError> {
    match values.iter().position(|p| !(0.0..=1.0).contains(p)) {
        Some(index) => Err(StatsError::Entry { name, index, expected: "between 0 and 1" }),
        None => Ok(()),
    }
}
