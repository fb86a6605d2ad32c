//! How an instance or a run ended.

use std::fmt;

use crate::metric::words;

/// The word for how an instance or a run ended, in rising order of what a run's word is taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OutcomeKind {
    /// It said so, and nothing contradicts it.
    Success,
    /// It said that it failed, or said nothing at all.
    Failure,
    /// It ran longer than it was allowed to.
    Timeout,
    /// It panicked, or a signal ended it.
    Crash,
    /// Somebody stopped it.
    Canceled,
    /// Our machinery failed, not the system under test.
    InfraError,
}

words!(OutcomeKind, "outcome", "success, failure, timeout, crash, canceled, infra_error",
    Success => "success", Failure => "failure", Timeout => "timeout",
    Crash => "crash", Canceled => "canceled", InfraError => "infra_error");

impl OutcomeKind {
    /// Returns whether the outcome says something about the system under test.
    #[must_use]
    pub const fn counts(self) -> bool {
        !matches!(self, Self::Canceled | Self::InfraError)
    }
}

/// How an instance or a run ended, and why when that was not success.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Outcome {
    /// The word.
    pub kind: OutcomeKind,
    /// What led to it, in one line; empty for success.
    pub reason: String,
}

impl Outcome {
    /// Returns the outcome of something that went well.
    #[must_use]
    pub const fn success() -> Self {
        Self { kind: OutcomeKind::Success, reason: String::new() }
    }

    /// Returns an outcome with its reason.
    pub fn new(kind: OutcomeKind, reason: impl Into<String>) -> Self {
        Self { kind, reason: reason.into() }
    }

    /// Returns whether the outcome is success.
    #[must_use]
    pub fn is_success(&self) -> bool {
        self.kind == OutcomeKind::Success
    }

    /// Returns a run's outcome from those of its instances: the gravest of them, with the share of instances that
    /// did not succeed and the first reason.
    ///
    /// A run without instances is a failure, never a success.
    pub fn of_run<'a>(instances: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut total = 0usize;
        let mut bad = 0usize;
        let mut gravest: Option<&Self> = None;
        for outcome in instances {
            total += 1;
            bad += usize::from(!outcome.is_success());
            if gravest.is_none_or(|known| outcome.kind > known.kind) {
                gravest = Some(outcome);
            }
        }
        match gravest {
            None => Self::new(OutcomeKind::Failure, "no instance gave an outcome"),
            Some(outcome) if outcome.is_success() => Self::success(),
            Some(outcome) => {
                Self::new(outcome.kind, format!("{bad} of {total} instances: {}", outcome.reason))
            }
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.reason.is_empty() {
            f.write_str(self.kind.as_str())
        } else {
            write!(f, "{}: {}", self.kind, self.reason)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Outcome, OutcomeKind};

    #[test]
    fn a_run_without_instances_is_a_failure() {
        assert_eq!(Outcome::of_run([]).kind, OutcomeKind::Failure);
    }

    #[test]
    fn the_gravest_outcome_names_the_run() {
        let outcomes = [
            Outcome::success(),
            Outcome::new(OutcomeKind::Failure, "said no"),
            Outcome::new(OutcomeKind::Crash, "killed by signal 9"),
        ];
        let run = Outcome::of_run(&outcomes);
        assert_eq!(run.kind, OutcomeKind::Crash);
        assert_eq!(run.reason, "2 of 3 instances: killed by signal 9");
        assert!(Outcome::of_run(&outcomes[..1]).is_success());
    }
}
