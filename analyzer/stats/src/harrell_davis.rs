//! Quantiles: smooth estimates, their errors, exact intervals, and refusal where there is nothing to estimate from.

use crate::dist::{beta_cdf, binomial_cdf};
use crate::error::{Side, StatsError, check, check_open_unit};
use crate::hodges_lehmann::Estimate;

/// Values that must lie beyond a quantile before it can be spoken of.
pub const LEAST_BEYOND: f64 = 5.0;

/// Estimates the `p` quantile as the weighted mean of all order statistics, for any number of values.
///
/// The weights are increments of the Beta((n + 1) p, (n + 1)(1 - p)) distribution. See [`quantile`] for the
/// version that refuses tails it cannot see.
///
/// # Errors
/// [`StatsError::Empty`], [`StatsError::NotFinite`]; [`StatsError::Parameter`] for a `p` outside (0, 1).
///
/// # Source
/// Harrell, F. E. and Davis, C. E. (1982). Biometrika 69, 635-640. doi:10.1093/biomet/69.3.635
pub fn harrell_davis(values: &[f64], p: f64) -> Result<f64, StatsError> {
    check(Side::Sample, values)?;
    check_open_unit("p", p)?;
    Ok(weighted(&weights(values.len(), p), &ascending(values)))
}

/// Estimates the `p` quantile as [`harrell_davis`] does where at least five values lie beyond it on both sides.
///
/// # Errors
/// As [`harrell_davis`], and [`StatsError::TooFew`] with the least number of values.
///
/// # Source
/// Harrell, F. E. and Davis, C. E. (1982). Biometrika 69, 635-640. doi:10.1093/biomet/69.3.635
pub fn quantile(values: &[f64], p: f64) -> Result<f64, StatsError> {
    check_estimable(values.len(), p)?;
    harrell_davis(values, p)
}

/// Returns the highest quantile that `n` values can speak of, 1 - 5/n; `None` where not even the median can be.
#[must_use]
pub fn highest_estimable(n: usize) -> Option<f64> {
    let p = 1.0 - LEAST_BEYOND / n as f64;
    (p >= 0.5).then_some(p)
}

pub(crate) fn check_estimable(n: usize, p: f64) -> Result<(), StatsError> {
    check_open_unit("p", p)?;
    let needed = (LEAST_BEYOND / p.min(1.0 - p) - 1e-9).ceil() as usize;
    if n >= needed {
        return Ok(());
    }
    Err(StatsError::TooFew { what: "a quantile with five values beyond it", needed, got: n })
}

/// Estimates the standard error of the Harrell-Davis quantile by leaving out one value at a time.
///
/// # Errors
/// As [`harrell_davis`], and [`StatsError::TooFew`] below two values.
///
/// # Cost
/// O(n log n): all leave-one-out estimates share one set of weights.
///
/// # Source
/// Efron, B. and Stein, C. (1981). Ann. Statist. 9, 586-596 (jackknife variance). doi:10.1214/aos/1176345462
pub fn jackknife_error(values: &[f64], p: f64) -> Result<f64, StatsError> {
    check(Side::Sample, values)?;
    check_open_unit("p", p)?;
    crate::error::check_count("a jackknife", 2, values.len())?;
    let n = values.len();
    let sorted = ascending(values);
    let weights = weights(n - 1, p);
    // Leaving out i keeps the weights of the values before it and moves those after it down by one place.
    let mut estimate: f64 = weighted(&weights, &sorted[1..]);
    let mut left_out = vec![estimate];
    for i in 0..n - 1 {
        estimate += weights[i] * (sorted[i] - sorted[i + 1]);
        left_out.push(estimate);
    }
    let moments = crate::welch::Moments::of_finite(&left_out);
    let count = n as f64;
    Ok((moments.variance * (count - 1.0) * (count - 1.0) / count).sqrt())
}

/// Estimates the standard error of the sample quantile from the spread of the order statistics around it.
///
/// # Errors
/// As [`harrell_davis`], and [`StatsError::TooFew`] where no order statistic lies on one side of the quantile.
///
/// # Source
/// Maritz, J. S. and Jarrett, R. G. (1978). JASA 73, 194-196. doi:10.1080/01621459.1978.10480027
pub fn maritz_jarrett_error(values: &[f64], p: f64) -> Result<f64, StatsError> {
    check(Side::Sample, values)?;
    check_open_unit("p", p)?;
    let n = values.len() as f64;
    let middle = (n * p + 0.5).floor();
    let (a, b) = (middle - 1.0, n - middle);
    if a <= 0.0 || b <= 0.0 {
        let needed = (2.0 / p.min(1.0 - p)).ceil() as usize;
        return Err(StatsError::TooFew {
            what: "the Maritz-Jarrett error",
            needed,
            got: values.len(),
        });
    }
    let weights = increments(values.len(), a, b);
    let sorted = ascending(values);
    let mean = weighted(&weights, &sorted);
    let square: f64 = weights.iter().zip(&sorted).map(|(w, v)| w * (v - mean) * (v - mean)).sum();
    Ok(square.max(0.0).sqrt())
}

/// Returns the exact interval of the `p` quantile between two order statistics, with the Harrell-Davis estimate.
///
/// It covers with probability of at least 1 - `alpha` whatever the distribution; a side that no order statistic
/// can bound is infinite.
///
/// # Errors
/// As [`harrell_davis`], and [`StatsError::Parameter`] for an `alpha` outside (0, 1).
///
/// # Source
/// Conover, W. J. (1999). Practical Nonparametric Statistics, third edition, section 3.2.
pub fn exact_interval(values: &[f64], p: f64, alpha: f64) -> Result<Estimate, StatsError> {
    let value = harrell_davis(values, p)?;
    check_open_unit("alpha", alpha)?;
    let sorted = ascending(values);
    let n = sorted.len() as u64;
    let (lower, upper) = interval_ranks(n, p, alpha);
    let lo = if lower == 0 { f64::NEG_INFINITY } else { sorted[lower as usize - 1] };
    let hi = if upper > n { f64::INFINITY } else { sorted[upper as usize - 1] };
    Ok(Estimate { value: value.clamp(lo, hi), lo, hi })
}

/// Ranks from 1 of the bounding order statistics; 0 and n + 1 where there is none.
fn interval_ranks(n: u64, p: f64, alpha: f64) -> (u64, u64) {
    let slack = 1.0 + 1e-12;
    let below = |k: u64| binomial_cdf(k, n, p);
    let lower = first(n, |k| below(k) > alpha / 2.0 * slack);
    let upper = first(n, |k| (1.0 - below(k)) <= alpha / 2.0 * slack);
    (lower, upper + 1)
}

/// Smallest k from 0 to n for which an increasing condition holds.
fn first(n: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut lo, mut hi) = (0, n);
    while lo < hi {
        let middle = lo.midpoint(hi);
        if holds(middle) { hi = middle } else { lo = middle + 1 }
    }
    lo
}

pub(crate) fn ascending(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// Harrell-Davis weights of the order statistics.
pub(crate) fn weights(n: usize, p: f64) -> Vec<f64> {
    let count = n as f64 + 1.0;
    increments(n, count * p, count * (1.0 - p))
}

fn increments(n: usize, a: f64, b: f64) -> Vec<f64> {
    let mut before = 0.0;
    (1..=n)
        .map(|i| {
            let now = beta_cdf(i as f64 / n as f64, a, b);
            let weight = now - before;
            before = now;
            weight
        })
        .collect()
}

pub(crate) fn weighted(weights: &[f64], sorted: &[f64]) -> f64 {
    // Around the middle value, so that a large level does not swallow small differences.
    let centre = sorted[sorted.len() / 2];
    centre + weights.iter().zip(sorted).map(|(w, v)| w * (v - centre)).sum::<f64>()
}

#[cfg(test)]
mod tests;
