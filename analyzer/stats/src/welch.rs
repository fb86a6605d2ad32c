//! Student's and Welch's t tests, on values and on summaries.

use crate::dist::{t_quantile, t_two_sided};
use crate::error::{
    Side, StatsError, check, check_both, check_count, check_open_unit, check_pairs,
};
use crate::hodges_lehmann::Estimate;

/// Number, mean and variance of a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// Number of values.
    pub n: usize,
    /// Mean.
    pub mean: f64,
    /// Unbiased variance (divided by n - 1); 0 for one value.
    pub variance: f64,
}

impl Moments {
    /// Returns the moments of a sample; two passes, so that a large mean does not swallow a small spread.
    ///
    /// # Errors
    /// [`StatsError::Empty`] and [`StatsError::NotFinite`].
    ///
    /// # Source
    /// Chan, T. F., Golub, G. H. and LeVeque, R. J. (1983). Amer. Statist. 37, 242-247 (corrected two-pass).
    /// doi:10.1080/00031305.1983.10483115
    pub fn of(values: &[f64]) -> Result<Self, StatsError> {
        check(Side::Sample, values)?;
        Ok(Self::of_finite(values))
    }

    pub(crate) fn of_finite(values: &[f64]) -> Self {
        let n = values.len();
        let count = n as f64;
        // A mean of scaled values, since sums of numbers near the largest float overflow.
        let rough: f64 = values.iter().map(|v| v / count).sum();
        let mean = rough + values.iter().map(|v| (v - rough) / count).sum::<f64>();
        let squares: f64 = values.iter().map(|v| (v - mean) * (v - mean)).sum();
        let drift: f64 = values.iter().map(|v| v - mean).sum();
        let variance =
            if n > 1 { ((squares - drift * drift / count) / (count - 1.0)).max(0.0) } else { 0.0 };
        Self { n, mean, variance }
    }
}

/// Result of a t test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TTest {
    /// The statistic; infinite where there is a difference and no spread at all.
    pub t: f64,
    /// Degrees of freedom.
    pub df: f64,
    /// Two-sided p of no difference.
    pub p: f64,
    /// Standard error of the difference.
    pub se: f64,
    /// Candidate's mean minus baseline's, with its 1 - alpha interval.
    pub difference: Estimate,
}

impl TTest {
    /// Builds the test from a difference, its standard error and the degrees of freedom.
    pub(crate) fn from_error(difference: f64, se: f64, df: f64, alpha: f64) -> Self {
        let t = if difference == 0.0 { 0.0 } else { difference / se };
        let p = t_two_sided(t, df);
        let half = if se == 0.0 { 0.0 } else { t_quantile(1.0 - alpha / 2.0, df) * se };
        let estimate = Estimate { value: difference, lo: difference - half, hi: difference + half };
        Self { t, df, p, se, difference: estimate }
    }
}

/// Tests two means without assuming equal variances, at least two values a side.
///
/// # Errors
/// [`StatsError::Empty`], [`StatsError::NotFinite`], [`StatsError::TooFew`], [`StatsError::Parameter`].
///
/// # Source
/// Welch, B. L. (1947). Biometrika 34, 28-35. doi:10.1093/biomet/34.1-2.28
/// Satterthwaite, F. E. (1946). Biometrics Bulletin 2, 110-114 (degrees of freedom). doi:10.2307/3002019
pub fn welch(baseline: &[f64], candidate: &[f64], alpha: f64) -> Result<TTest, StatsError> {
    let (a, b) = both_moments(baseline, candidate, alpha)?;
    let (va, vb) = (a.variance / a.n as f64, b.variance / b.n as f64);
    let scale = va / (a.n - 1) as f64 * va + vb / (b.n - 1) as f64 * vb;
    let sum = va + vb;
    let df = if scale > 0.0 { sum / scale * sum } else { (a.n + b.n - 2) as f64 };
    Ok(TTest::from_error(b.mean - a.mean, sum.sqrt(), df, alpha))
}

/// Tests two means under equal variances, at least three values together.
///
/// One value on a side is allowed; its spread is then the other side's.
///
/// # Errors
/// [`StatsError::Empty`], [`StatsError::NotFinite`], [`StatsError::TooFew`], [`StatsError::Parameter`].
///
/// # Source
/// Student (1908). Biometrika 6, 1-25. doi:10.1093/biomet/6.1.1
pub fn student(baseline: &[f64], candidate: &[f64], alpha: f64) -> Result<TTest, StatsError> {
    check_both(baseline, candidate)?;
    check_open_unit("alpha", alpha)?;
    check_count("a t test", 3, baseline.len() + candidate.len())?;
    let (a, b) = (Moments::of_finite(baseline), Moments::of_finite(candidate));
    let df = (a.n + b.n - 2) as f64;
    let pooled = ((a.n - 1) as f64 * a.variance + (b.n - 1) as f64 * b.variance) / df;
    let se = (pooled * (1.0 / a.n as f64 + 1.0 / b.n as f64)).sqrt();
    Ok(TTest::from_error(b.mean - a.mean, se, df, alpha))
}

/// Tests the mean of the differences within pairs, at least two pairs.
///
/// # Errors
/// [`StatsError::Empty`], [`StatsError::NotFinite`], [`StatsError::Misaligned`], [`StatsError::TooFew`],
/// [`StatsError::Parameter`].
///
/// # Source
/// Student (1908). Biometrika 6, 1-25. doi:10.1093/biomet/6.1.1
pub fn paired_t(baseline: &[f64], candidate: &[f64], alpha: f64) -> Result<TTest, StatsError> {
    check_pairs(baseline, candidate)?;
    check_open_unit("alpha", alpha)?;
    check_count("a paired t test", 2, baseline.len())?;
    let differences: Vec<f64> = candidate.iter().zip(baseline).map(|(c, b)| c - b).collect();
    let moments = Moments::of_finite(&differences);
    let se = (moments.variance / moments.n as f64).sqrt();
    Ok(TTest::from_error(moments.mean, se, (moments.n - 1) as f64, alpha))
}

fn both_moments(
    baseline: &[f64],
    candidate: &[f64],
    alpha: f64,
) -> Result<(Moments, Moments), StatsError> {
    check_both(baseline, candidate)?;
    check_open_unit("alpha", alpha)?;
    check_count("Welch's t test", 2, baseline.len().min(candidate.len()))?;
    Ok((Moments::of_finite(baseline), Moments::of_finite(candidate)))
}

#[cfg(test)]
mod tests;
