//! Verdicts.

use crate::metric::{Direction, words};

/// What an effect's interval says against the margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// Wholly beyond the margin on the worse side.
    Regression,
    /// Wholly beyond the margin on the better side.
    Improvement,
    /// Wholly inside the margin: proved to be no change that anybody cares about.
    Equivalent,
    /// Anything else; silence is this, never `equivalent`.
    Inconclusive,
    /// Nothing to judge.
    NoData,
}

words!(Verdict, "verdict", "regression, improvement, equivalent, inconclusive, no data",
    Regression => "regression", Improvement => "improvement", Equivalent => "equivalent",
    Inconclusive => "inconclusive", NoData => "no data");

impl Verdict {
    /// Returns the verdict of a relative effect's interval against the band of plus and minus `margin`.
    ///
    /// A change by the factor `1 + margin` and its inverse count as equally large, so the band reaches from
    /// `1 / (1 + margin) - 1` to `margin`. A metric without direction that moved beyond the band is
    /// [`Verdict::Inconclusive`]: nobody said which way is worse. An interval with a bound that is not a number
    /// is [`Verdict::Inconclusive`] as well.
    #[must_use]
    pub fn of_interval(lo: f64, hi: f64, margin: f64, direction: Direction) -> Self {
        let below = 1.0 / (1.0 + margin) - 1.0;
        if lo > below && hi < margin {
            return Self::Equivalent;
        }
        match direction {
            Direction::Lower if lo > margin => Self::Regression,
            Direction::Lower if hi < below => Self::Improvement,
            Direction::Higher if lo > margin => Self::Improvement,
            Direction::Higher if hi < below => Self::Regression,
            _ => Self::Inconclusive,
        }
    }
}

/// What the outcomes of a testcase say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stability {
    /// Nothing speaks for failures beyond the declared rate.
    Stable,
    /// It fails sometimes.
    Flaky,
    /// It fails (nearly) always since some revision.
    Broken,
    /// Nothing to judge.
    NoData,
}

words!(Stability, "stability verdict", "stable, flaky, broken, no data",
    Stable => "stable", Flaky => "flaky", Broken => "broken", NoData => "no data");

/// What a gate decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Decision {
    /// Every rule passes.
    Go,
    /// A rule fails.
    Hold,
    /// No rule fails, but one that is required cannot be answered.
    NoAnswer,
}

words!(Decision, "decision", "go, hold, no answer",
    Go => "go", Hold => "hold", NoAnswer => "no answer");

#[cfg(test)]
mod tests {
    use super::Verdict;
    use crate::metric::Direction;

    #[test]
    fn the_interval_decides_and_never_the_estimate() {
        let of = |lo, hi, direction| Verdict::of_interval(lo, hi, 0.02, direction);
        assert_eq!(of(0.03, 0.09, Direction::Lower), Verdict::Regression);
        assert_eq!(of(0.03, 0.09, Direction::Higher), Verdict::Improvement);
        assert_eq!(of(-0.09, -0.03, Direction::Lower), Verdict::Improvement);
        assert_eq!(of(-0.09, -0.03, Direction::Higher), Verdict::Regression);
        assert_eq!(of(-0.01, 0.01, Direction::Lower), Verdict::Equivalent);
        assert_eq!(of(0.01, 0.09, Direction::Lower), Verdict::Inconclusive);
        assert_eq!(of(0.03, 0.09, Direction::None), Verdict::Inconclusive);
    }

    #[test]
    fn what_is_not_a_number_proves_nothing() {
        for (lo, hi) in [(f64::NAN, 0.0), (0.0, f64::NAN), (f64::NEG_INFINITY, f64::INFINITY)] {
            assert_eq!(Verdict::of_interval(lo, hi, 0.02, Direction::Lower), Verdict::Inconclusive);
        }
    }

    #[test]
    fn words_read_back() {
        assert_eq!("no data".parse(), Ok(Verdict::NoData));
    }
}
