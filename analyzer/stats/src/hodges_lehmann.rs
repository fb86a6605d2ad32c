//! Hodges-Lehmann shifts: the median of all pairwise differences, with an interval from the rank test.

use crate::dist::normal_quantile;
use crate::error::{Side, StatsError, check, check_both, check_open_unit, check_pairs};
use crate::mann_whitney::UDistribution;
use crate::pairwise::Pairwise;
use crate::wilcoxon::SignedRankDistribution;

/// An estimate with its confidence interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Lower bound; minus infinity where the sample is too small for one.
    pub lo: f64,
    /// Upper bound; infinity where the sample is too small for one.
    pub hi: f64,
}

impl Estimate {
    /// Returns whether both bounds are finite.
    #[must_use]
    pub fn is_bounded(&self) -> bool {
        self.lo.is_finite() && self.hi.is_finite()
    }

    /// Returns the estimate with a function applied to value and bounds; it must increase.
    #[must_use]
    pub fn map(self, increasing: impl Fn(f64) -> f64) -> Self {
        Self { value: increasing(self.value), lo: increasing(self.lo), hi: increasing(self.hi) }
    }
}

/// Estimates how far `candidate` lies above `baseline`, as the median of all pairwise differences.
///
/// This is the two-sample Hodges-Lehmann estimate, not the difference of the two medians.
///
/// # Units and shape
/// `baseline: [n]`, `candidate: [m]`, any order, `1 <= n, m`, same unit; the result has that unit.
///
/// # Errors
/// [`StatsError::Empty`] names the empty side; [`StatsError::NotFinite`] names side and index.
///
/// # Cost
/// O(n m) up to 4,096 pairs, O((n + m) log n) above, without holding the differences.
///
/// # Source
/// Hodges, J. L. and Lehmann, E. L. (1963). Ann. Math. Statist. 34, 598-611. doi:10.1214/aoms/1177704172
pub fn shift(baseline: &[f64], candidate: &[f64]) -> Result<f64, StatsError> {
    check_both(baseline, candidate)?;
    Ok(Pairwise::differences(baseline, candidate).median())
}

/// Estimates the shift as [`shift`] does, with the 1 - `alpha` interval that inverts the Mann-Whitney test.
///
/// The bounds are the k-th smallest and k-th largest pairwise difference, k being the critical value of U:
/// exact where the smaller side has at most 20 values, normal above. Where no k reaches `alpha` the bounds are
/// infinite. With ties the interval is conservative.
///
/// # Errors
/// As [`shift`], and [`StatsError::Parameter`] for an `alpha` outside (0, 1).
///
/// # Source
/// Moses, L. E. (1965). Query: confidence limits from rank tests. Technometrics 7, 257-260.
/// Lehmann, E. L. (1963). Ann. Math. Statist. 34, 1507-1512. doi:10.1214/aoms/1177703882
pub fn shift_interval(
    baseline: &[f64],
    candidate: &[f64],
    alpha: f64,
) -> Result<Estimate, StatsError> {
    check_both(baseline, candidate)?;
    check_open_unit("alpha", alpha)?;
    let rank = u_rank(baseline.len(), candidate.len(), alpha / 2.0);
    Ok(Pairwise::differences(baseline, candidate).interval(rank))
}

/// Estimates the centre of a sample, as the median of all Walsh averages (x_i + x_j) / 2 with i <= j.
///
/// # Errors
/// [`StatsError::Empty`] and [`StatsError::NotFinite`].
///
/// # Source
/// Hodges, J. L. and Lehmann, E. L. (1963). Ann. Math. Statist. 34, 598-611. doi:10.1214/aoms/1177704172
pub fn centre(values: &[f64]) -> Result<f64, StatsError> {
    check(Side::Sample, values)?;
    Ok(Pairwise::walsh(values).median())
}

/// Estimates the centre as [`centre`] does, with the 1 - `alpha` interval that inverts the signed rank test.
///
/// # Errors
/// As [`centre`], and [`StatsError::Parameter`] for an `alpha` outside (0, 1).
///
/// # Source
/// Hollander, M., Wolfe, D. A. and Chicken, E. (2014). Nonparametric Statistical Methods, third edition,
/// section 3.3 (Tukey's interval). doi:10.1002/9781119196037
pub fn centre_interval(values: &[f64], alpha: f64) -> Result<Estimate, StatsError> {
    check(Side::Sample, values)?;
    check_open_unit("alpha", alpha)?;
    let rank = signed_rank(values.len(), alpha / 2.0);
    Ok(Pairwise::walsh(values).interval(rank))
}

/// Estimates the shift within pairs, as the centre of the differences `candidate[i] - baseline[i]`.
///
/// # Errors
/// As [`centre_interval`], and [`StatsError::Misaligned`] for sides of different length.
///
/// # Source
/// Hodges, J. L. and Lehmann, E. L. (1963). Ann. Math. Statist. 34, 598-611. doi:10.1214/aoms/1177704172
pub fn paired_shift_interval(
    baseline: &[f64],
    candidate: &[f64],
    alpha: f64,
) -> Result<Estimate, StatsError> {
    check_pairs(baseline, candidate)?;
    let differences: Vec<f64> = candidate.iter().zip(baseline).map(|(c, b)| c - b).collect();
    centre_interval(&differences, alpha)
}

/// Returns how many of the smallest differences lie below the lower bound, plus one; 0 where there is no bound.
fn u_rank(n: usize, m: usize, tail: f64) -> usize {
    if let Some(law) = UDistribution::of(n, m) {
        return law.rank_for_tail(tail);
    }
    let (n, m) = (n as f64, m as f64);
    let sd = (n * m * (n + m + 1.0) / 12.0).sqrt();
    normal_rank(n * m / 2.0, sd, tail)
}

fn signed_rank(n: usize, tail: f64) -> usize {
    if let Some(law) = SignedRankDistribution::of(n) {
        return law.rank_for_tail(tail);
    }
    let n = n as f64;
    let sd = (n * (n + 1.0) * (2.0 * n + 1.0) / 24.0).sqrt();
    normal_rank(n * (n + 1.0) / 4.0, sd, tail)
}

/// Largest k with P(W <= k - 1) <= tail for a statistic that is nearly normal on the integers.
fn normal_rank(mean: f64, sd: f64, tail: f64) -> usize {
    (mean + 0.5 + normal_quantile(tail) * sd).floor().max(0.0) as usize
}

#[cfg(test)]
mod tests;
