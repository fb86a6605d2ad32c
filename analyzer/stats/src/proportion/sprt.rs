//! "Is it fixed?": runs until the answer is clear, and not one more.

use super::Count;
use crate::error::{StatsError, check_open_unit};

/// A sequential test of the old failure rate against a lower one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sprt {
    old_rate: f64,
    fixed_rate: f64,
    alpha: f64,
    beta: f64,
}

/// What the runs so far say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// The rate fell to the fixed one or below.
    Fixed,
    /// The rate is still the old one.
    NotFixed,
    /// Not clear yet.
    Undecided {
        /// Straight passes that would prove it fixed.
        passes_needed: u64,
    },
}

impl Sprt {
    /// Returns the test of `old_rate` against `fixed_rate`.
    ///
    /// `alpha` is the chance to call a test fixed that is not, `beta` the chance to call one not fixed that is.
    ///
    /// # Errors
    /// [`StatsError::Parameter`] unless 0 < `fixed_rate` < `old_rate` < 1 and both error rates are in (0, 1/2).
    ///
    /// # Source
    /// Wald, A. (1945). Ann. Math. Statist. 16, 117-186. doi:10.1214/aoms/1177731118
    pub fn new(old_rate: f64, fixed_rate: f64, alpha: f64, beta: f64) -> Result<Self, StatsError> {
        check_open_unit("old rate", old_rate)?;
        check_open_unit("fixed rate", fixed_rate)?;
        for (name, value) in [("alpha", alpha), ("beta", beta)] {
            if !(value > 0.0 && value < 0.5) {
                let expected = "strictly between 0 and 1/2";
                return Err(StatsError::Parameter { name, value, expected });
            }
        }
        if fixed_rate >= old_rate {
            let expected = "below the old rate";
            return Err(StatsError::Parameter { name: "fixed rate", value: fixed_rate, expected });
        }
        Ok(Self { old_rate, fixed_rate, alpha, beta })
    }

    /// Returns the test against a tenth of the old rate, both error rates 0.05.
    ///
    /// # Errors
    /// [`StatsError::Parameter`] for a rate outside (0, 1).
    pub fn tenth_of(old_rate: f64) -> Result<Self, StatsError> {
        Self::new(old_rate, old_rate / 10.0, 0.05, 0.05)
    }

    /// Returns the log likelihood ratio of "fixed" against "as before".
    ///
    /// # Source
    /// Wald, A. (1945). Ann. Math. Statist. 16, 117-186. doi:10.1214/aoms/1177731118
    #[must_use]
    pub fn evidence(&self, runs: Count) -> f64 {
        runs.passes() as f64 * self.per_pass()
            + runs.failures() as f64 * (self.fixed_rate / self.old_rate).ln()
    }

    /// Answers from the runs since the supposed fix.
    ///
    /// # Source
    /// Wald, A. (1945). Ann. Math. Statist. 16, 117-186. doi:10.1214/aoms/1177731118
    #[must_use]
    pub fn answer(&self, runs: Count) -> Answer {
        let evidence = self.evidence(runs);
        let upper = ((1.0 - self.beta) / self.alpha).ln();
        let lower = (self.beta / (1.0 - self.alpha)).ln();
        if evidence >= upper {
            Answer::Fixed
        } else if evidence <= lower {
            Answer::NotFixed
        } else {
            let passes = ((upper - evidence) / self.per_pass()).ceil();
            Answer::Undecided { passes_needed: (passes as u64).max(1) }
        }
    }

    fn per_pass(&self) -> f64 {
        (-self.fixed_rate).ln_1p() - (-self.old_rate).ln_1p()
    }
}
