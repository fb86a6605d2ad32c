//! Seeded bootstrap intervals for statistics that have no formula.

use crate::dist::{normal_cdf, normal_quantile};
use crate::error::{Side, StatsError, check, check_both, check_count, check_open_unit};
use crate::hodges_lehmann::Estimate;
use crate::rng::seeded;
use rand::RngExt;

/// Least values a side; below, resampled intervals are far too narrow.
pub const LEAST_VALUES: usize = 10;

/// How to resample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Resampling {
    /// Number of resamples, at least 200.
    pub resamples: usize,
    /// Seed; equal seeds give equal intervals.
    pub seed: u64,
    /// One less the confidence.
    pub alpha: f64,
}

impl Default for Resampling {
    fn default() -> Self {
        Self { resamples: 2000, seed: 0, alpha: 0.05 }
    }
}

impl Resampling {
    pub(crate) fn check(&self) -> Result<(), StatsError> {
        check_open_unit("alpha", self.alpha)?;
        check_count("a bootstrap (resamples)", 200, self.resamples)
    }
}

/// Returns the bias-corrected and accelerated bootstrap interval of a statistic of one sample.
///
/// The statistic gets a resample of the same length, in no particular order, and must return a finite number.
///
/// # Errors
/// [`StatsError::Empty`], [`StatsError::NotFinite`]; [`StatsError::TooFew`] below ten values or 200 resamples;
/// [`StatsError::Parameter`] for an alpha outside (0, 1).
///
/// # Source
/// Efron, B. (1987). JASA 82, 171-185. doi:10.1080/01621459.1987.10478410
pub fn bca(
    values: &[f64],
    statistic: impl Fn(&[f64]) -> f64,
    how: Resampling,
) -> Result<Estimate, StatsError> {
    check(Side::Sample, values)?;
    how.check()?;
    check_count("a bootstrap", LEAST_VALUES, values.len())?;
    let observed = statistic(values);
    let mut rng = seeded(how.seed, 2);
    let mut buffer = vec![0.0; values.len()];
    let resampled = (0..how.resamples)
        .map(|_| {
            resample(values, &mut buffer, &mut rng);
            statistic(&buffer)
        })
        .collect();
    let influence = jackknife(values, &statistic);
    Ok(accelerated(observed, resampled, &[influence], how.alpha))
}

/// Returns the bias-corrected and accelerated bootstrap interval of a statistic of two independent samples.
///
/// # Errors
/// As [`bca`], naming the side.
///
/// # Source
/// Efron, B. and Tibshirani, R. J. (1993). An Introduction to the Bootstrap, sections 14.3 and 22.
/// doi:10.1201/9780429246593
pub fn bca_two(
    baseline: &[f64],
    candidate: &[f64],
    statistic: impl Fn(&[f64], &[f64]) -> f64,
    how: Resampling,
) -> Result<Estimate, StatsError> {
    check_both(baseline, candidate)?;
    how.check()?;
    check_count("a bootstrap", LEAST_VALUES, baseline.len().min(candidate.len()))?;
    let observed = statistic(baseline, candidate);
    let mut rng = seeded(how.seed, 3);
    let (mut a, mut b) = (vec![0.0; baseline.len()], vec![0.0; candidate.len()]);
    let resampled = (0..how.resamples)
        .map(|_| {
            resample(baseline, &mut a, &mut rng);
            resample(candidate, &mut b, &mut rng);
            statistic(&a, &b)
        })
        .collect();
    let of_baseline = jackknife(baseline, |values| statistic(values, candidate));
    let of_candidate = jackknife(candidate, |values| statistic(baseline, values));
    Ok(accelerated(observed, resampled, &[of_baseline, of_candidate], how.alpha))
}

/// Fills `buffer` with values drawn with replacement.
pub(crate) fn resample(values: &[f64], buffer: &mut [f64], rng: &mut impl rand::Rng) {
    for slot in buffer {
        *slot = values[rng.random_range(0..values.len())];
    }
}

/// Empirical influence of each value, (n - 1) (mean of the others' estimates - estimate without it).
fn jackknife(values: &[f64], statistic: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    let n = values.len();
    let mut without = values[1..].to_vec();
    let mut estimates = Vec::with_capacity(n);
    for i in 0..n {
        if i > 0 {
            without[i - 1] = values[i - 1];
        }
        estimates.push(statistic(&without));
    }
    let mean = estimates.iter().sum::<f64>() / n as f64;
    estimates.iter().map(|e| (n as f64 - 1.0) * (mean - e)).collect()
}

fn accelerated(
    observed: f64,
    mut resampled: Vec<f64>,
    influences: &[Vec<f64>],
    alpha: f64,
) -> Estimate {
    resampled.sort_by(f64::total_cmp);
    let (count, total) = (resampled.len() as f64, |power: i32| -> f64 {
        influences
            .iter()
            .map(|side| {
                let n = side.len() as f64;
                side.iter().map(|u| u.powi(power)).sum::<f64>() / n.powi(power)
            })
            .sum()
    });
    let below = resampled.partition_point(|r| *r < observed);
    let equal = resampled.partition_point(|r| *r <= observed) - below;
    let share = (below as f64 + equal as f64 / 2.0) / count;
    let z0 = normal_quantile(share.clamp(0.5 / count, 1.0 - 0.5 / count));
    let squares = total(2);
    let acceleration = if squares > 0.0 { total(3) / (6.0 * squares.powf(1.5)) } else { 0.0 };
    let bound = |p: f64| {
        let z = z0 + normal_quantile(p);
        let level = normal_cdf(z0 + z / (1.0 - acceleration * z));
        interpolated(&resampled, level)
    };
    Estimate { value: observed, lo: bound(alpha / 2.0), hi: bound(1.0 - alpha / 2.0) }
}

/// Quantile by linear interpolation between order statistics.
pub(crate) fn interpolated(sorted: &[f64], p: f64) -> f64 {
    let place = p.clamp(0.0, 1.0) * (sorted.len() - 1) as f64;
    let (low, high) = (place.floor() as usize, place.ceil() as usize);
    sorted[low] + (place - place.floor()) * (sorted[high] - sorted[low])
}

#[cfg(test)]
mod tests;
