//! Bootstrap of runs with their instances, for statistics that a t test does not cover.

use super::check_runs;
use crate::bootstrap::{Resampling, interpolated};
use crate::error::{StatsError, check_count};
use crate::hodges_lehmann::Estimate;
use crate::rng::seeded;
use rand::RngExt;

/// Returns the interval of a difference of a statistic between two sides, resampling whole runs.
///
/// `statistic` turns the instances of one run into a number, such as a quantile; sides are compared by the mean of
/// those. Instances are not resampled: their variance is in the runs' numbers already, and resampling both levels
/// counts it twice. Few runs make a bootstrap too narrow, so that deviations are stretched by sqrt(n / (n - 1))
/// and the interval is studentised.
///
/// # Errors
/// [`StatsError::EmptyRun`], [`StatsError::NotFiniteInstance`]; [`StatsError::TooFew`] below three runs a side or
/// 200 resamples; [`StatsError::Parameter`] for an alpha outside (0, 1).
///
/// # Source
/// Davison, A. C. and Hinkley, D. V. (1997). Bootstrap Methods and their Application, sections 3.8 and 5.2.
/// doi:10.1017/CBO9780511802843
/// Kalibera, T. and Jones, R. (2013). ISMM '13, 63-74. doi:10.1145/2464157.2464160
pub fn nested_bootstrap(
    baseline: &[Vec<f64>],
    candidate: &[Vec<f64>],
    statistic: impl Fn(&[f64]) -> f64,
    how: Resampling,
) -> Result<Estimate, StatsError> {
    check_runs(baseline)?;
    check_runs(candidate)?;
    how.check()?;
    check_count("a nested bootstrap (runs)", 3, baseline.len().min(candidate.len()))?;
    let numbers = |runs: &[Vec<f64>]| runs.iter().map(|run| statistic(run)).collect::<Vec<f64>>();
    let (a, b) = (Centred::of(&numbers(baseline)), Centred::of(&numbers(candidate)));
    let value = b.mean - a.mean;
    let error = a.error().hypot(b.error());
    let mut rng = seeded(how.seed, 4);
    let mut draw = |n: usize| rng.random_range(0..n);
    let mut roots: Vec<f64> = Vec::with_capacity(how.resamples);
    while roots.len() < how.resamples {
        let (da, ea) = a.resampled(&mut draw);
        let (db, eb) = b.resampled(&mut draw);
        let spread = ea.hypot(eb);
        // A resample of one run repeated has no spread to divide by; a constant side never has.
        let root = if spread > 0.0 {
            (db - da) / spread
        } else if error > 0.0 {
            continue;
        } else {
            0.0
        };
        roots.push(root);
    }
    roots.sort_by(f64::total_cmp);
    // The roots are made symmetric: which side is called candidate must not matter.
    let mut sizes: Vec<f64> = roots.iter().map(|r| r.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let half = interpolated(&sizes, 1.0 - how.alpha) * error;
    Ok(Estimate { value, lo: value - half, hi: value + half })
}

/// Numbers of one side, as deviations from their mean.
struct Centred {
    mean: f64,
    deviations: Vec<f64>,
}

impl Centred {
    fn of(numbers: &[f64]) -> Self {
        let n = numbers.len() as f64;
        let mean = crate::welch::Moments::of_finite(numbers).mean;
        let stretch = (n / (n - 1.0)).sqrt();
        Self { mean, deviations: numbers.iter().map(|v| (v - mean) * stretch).collect() }
    }

    /// Standard error of the mean; the stretched deviations have the unbiased variance.
    fn error(&self) -> f64 {
        let n = self.deviations.len() as f64;
        (self.deviations.iter().map(|d| d * d).sum::<f64>() / n / n).sqrt()
    }

    /// Mean deviation of a resample, and its own standard error.
    fn resampled(&self, draw: &mut impl FnMut(usize) -> usize) -> (f64, f64) {
        let n = self.deviations.len();
        let (mut sum, mut squares) = (0.0, 0.0);
        for _ in 0..n {
            let deviation = self.deviations[draw(n)];
            sum += deviation;
            squares += deviation * deviation;
        }
        let count = n as f64;
        let mean = sum / count;
        let variance = (squares / count - mean * mean).max(0.0);
        (mean, (variance / (count - 1.0)).sqrt())
    }
}
