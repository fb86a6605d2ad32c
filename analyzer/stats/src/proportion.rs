//! Rates of failure: intervals, comparisons, a prior over the suite, and "is it fixed?".

mod fisher;
mod flake;
mod order;
mod quadrature;
mod sprt;

pub use fisher::{Fisher, fisher};
pub use flake::{FlakeScore, SuitePrior, TestCount, flake_scores};
pub use sprt::{Answer, Sprt};

use crate::dist::{beta_quantile, normal_quantile};
use crate::error::{StatsError, check_count, check_open_unit};
use crate::hodges_lehmann::Estimate;

/// Failures among runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Count {
    failures: u64,
    runs: u64,
}

impl Count {
    /// Returns the count of `failures` among `runs`.
    ///
    /// # Errors
    /// [`StatsError::Parameter`] when there are more failures than runs.
    pub fn new(failures: u64, runs: u64) -> Result<Self, StatsError> {
        if failures > runs {
            let expected = "at most the number of runs";
            return Err(StatsError::Parameter {
                name: "failures",
                value: failures as f64,
                expected,
            });
        }
        Ok(Self { failures, runs })
    }

    /// Returns the failures.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failures
    }

    /// Returns the runs.
    #[must_use]
    pub fn runs(&self) -> u64 {
        self.runs
    }

    /// Returns the runs that did not fail.
    #[must_use]
    pub fn passes(&self) -> u64 {
        self.runs - self.failures
    }

    fn check(&self, alpha: f64) -> Result<(), StatsError> {
        check_count("a rate", 1, usize::try_from(self.runs).unwrap_or(usize::MAX))?;
        check_open_unit("alpha", alpha)
    }

    fn rate(&self) -> f64 {
        self.failures as f64 / self.runs as f64
    }
}

/// Returns the rate with Wilson's score interval, the one to display.
///
/// # Errors
/// [`StatsError::TooFew`] without runs, [`StatsError::Parameter`] for an `alpha` outside (0, 1).
///
/// # Source
/// Wilson, E. B. (1927). JASA 22, 209-212. doi:10.1080/01621459.1927.10502953
pub fn wilson(count: Count, alpha: f64) -> Result<Estimate, StatsError> {
    count.check(alpha)?;
    let n = count.runs as f64;
    let z = normal_quantile(1.0 - alpha / 2.0);
    let square = z * z;
    let value = count.rate();
    let centre = (value + square / (2.0 * n)) / (1.0 + square / n);
    let inner = value * (1.0 - value) / n + square / (4.0 * n * n);
    let half = z / (1.0 + square / n) * inner.sqrt();
    let lo = if count.failures == 0 { 0.0 } else { (centre - half).max(0.0) };
    let hi = if count.failures == count.runs { 1.0 } else { (centre + half).min(1.0) };
    Ok(Estimate { value, lo, hi })
}

/// Returns the rate with the equal-tailed posterior interval of Jeffreys' prior Beta(1/2, 1/2).
///
/// The bound is 0 without failures and 1 without passes, as Brown, Cai and DasGupta advise.
///
/// # Errors
/// [`StatsError::TooFew`] without runs, [`StatsError::Parameter`] for an `alpha` outside (0, 1).
///
/// # Source
/// Brown, L. D., Cai, T. T. and DasGupta, A. (2001). Statist. Sci. 16, 101-133. doi:10.1214/ss/1009213286
pub fn jeffreys(count: Count, alpha: f64) -> Result<Estimate, StatsError> {
    count.check(alpha)?;
    let (a, b) = (count.failures as f64 + 0.5, count.passes() as f64 + 0.5);
    let lo = if count.failures == 0 { 0.0 } else { beta_quantile(alpha / 2.0, a, b) };
    let hi = if count.passes() == 0 { 1.0 } else { beta_quantile(1.0 - alpha / 2.0, a, b) };
    Ok(Estimate { value: count.rate(), lo, hi })
}

/// Returns the rate with the exact interval, which covers at least 1 - `alpha` at every rate and often more.
///
/// # Errors
/// [`StatsError::TooFew`] without runs, [`StatsError::Parameter`] for an `alpha` outside (0, 1).
///
/// # Source
/// Clopper, C. J. and Pearson, E. S. (1934). Biometrika 26, 404-413. doi:10.1093/biomet/26.4.404
pub fn clopper_pearson(count: Count, alpha: f64) -> Result<Estimate, StatsError> {
    count.check(alpha)?;
    let (x, passes) = (count.failures as f64, count.passes() as f64);
    let lo = if x == 0.0 { 0.0 } else { beta_quantile(alpha / 2.0, x, passes + 1.0) };
    let hi = if passes == 0.0 { 1.0 } else { beta_quantile(1.0 - alpha / 2.0, x + 1.0, passes) };
    Ok(Estimate { value: count.rate(), lo, hi })
}

/// Returns the largest rate that `runs` straight passes leave credible: 1 - alpha^(1/runs), about 3/runs at 0.05.
///
/// # Errors
/// [`StatsError::TooFew`] without runs, [`StatsError::Parameter`] for an `alpha` outside (0, 1).
///
/// # Source
/// Hanley, J. A. and Lippman-Hand, A. (1983). JAMA 249, 1743-1745. doi:10.1001/jama.1983.03330370053031
pub fn zero_failure_bound(runs: u64, alpha: f64) -> Result<f64, StatsError> {
    Count { failures: 0, runs }.check(alpha)?;
    Ok(-(alpha.ln() / runs as f64).exp_m1())
}

/// Returns how many straight passes rule out a failure rate of `rate` or more: ln alpha / ln(1 - rate).
///
/// # Errors
/// [`StatsError::Parameter`] for a `rate` or an `alpha` outside (0, 1).
///
/// # Source
/// Hanley, J. A. and Lippman-Hand, A. (1983). JAMA 249, 1743-1745. doi:10.1001/jama.1983.03330370053031
pub fn zero_failure_runs(rate: f64, alpha: f64) -> Result<u64, StatsError> {
    check_open_unit("rate", rate)?;
    check_open_unit("alpha", alpha)?;
    Ok((alpha.ln() / (-rate).ln_1p()).ceil() as u64)
}

/// Returns the chance that `reruns` runs at one revision show both a pass and a failure.
///
/// # Errors
/// [`StatsError::Parameter`] for a `rate` outside 0 to 1.
///
/// # Source
/// Complement of two binomial terms: 1 - (1 - rate)^n - rate^n.
pub fn seen_flaky(rate: f64, reruns: u64) -> Result<f64, StatsError> {
    if !(0.0..=1.0).contains(&rate) {
        let expected = "between 0 and 1";
        return Err(StatsError::Parameter { name: "rate", value: rate, expected });
    }
    let n = reruns as f64;
    Ok((1.0 - (1.0 - rate).powf(n) - rate.powf(n)).max(0.0))
}

#[cfg(test)]
mod tests;
