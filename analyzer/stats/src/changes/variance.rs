//! Changes of spread between segments.

use statrs::distribution::{ContinuousCDF, FisherSnedecor};

use super::noise;

/// Fewest points of a segment whose spread is compared.
const LEAST: usize = 8;

/// Compares the spread of two segments: the ratio of new to old, and the p of the Brown-Forsythe test.
///
/// # Source
/// Brown, M. B. and Forsythe, A. B. (1974). Robust tests for the equality of variances. JASA 69, 364–367.
/// doi:10.1080/01621459.1974.10482955
pub(crate) fn compare(before: &[f64], after: &[f64], rho: f64) -> Option<(f64, f64)> {
    if before.len() < LEAST || after.len() < LEAST {
        return None;
    }
    let (old, new) = (deviations(before), deviations(after));
    let (old_mean, new_mean) = (mean(&old), mean(&new));
    let within = squares(&old, old_mean) + squares(&new, new_mean);
    let (n, m) = (old.len() as f64, new.len() as f64);
    if within <= 0.0 || old_mean <= 0.0 {
        return None;
    }
    let between = n * m / (n + m) * (old_mean - new_mean).powi(2);
    let f = between * (n + m - 2.0) / within * (1.0 - rho) / (1.0 + rho);
    let p = FisherSnedecor::new(1.0, n + m - 2.0).ok()?.sf(f);
    Some((new_mean / old_mean, p))
}

fn deviations(values: &[f64]) -> Vec<f64> {
    let level = noise::median(values);
    values.iter().map(|value| (value - level).abs()).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn squares(values: &[f64], mean: f64) -> f64 {
    values.iter().map(|value| (value - mean).powi(2)).sum()
}
