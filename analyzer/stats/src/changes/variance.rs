//! Changes of spread between segments.

use super::order::Order;
use super::{excursion, noise};
use crate::dist::f_sf;

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
    if within <= 0.0 || old_mean <= 0.0 || !within.is_finite() {
        return None;
    }
    let between = n * m / (n + m) * (old_mean - new_mean).powi(2);
    let f = between * (n + m - 2.0) / within * (1.0 - rho) / (1.0 + rho);
    let p = f_sf(f, 1.0, n + m - 2.0);
    Some((new_mean / old_mean, p))
}

/// Finds the place inside one segment where its spread changes most: split, ratio of new to old, and p.
///
/// Rank sums of the distances from the median, at the split where they differ most, with the p of the greatest difference;
/// searched only where eighths of the segment differ in spread at all.
///
/// # Source
/// Inclán, C. and Tiao, G. C. (1994). Cumulative sums of squares for retrospective detection of changes of variance.
/// JASA 89, 913–923, on ranks; p as in Miller and Siegmund (1982).
pub(crate) fn inside(segment: &[f64], rho: f64) -> Option<(usize, f64, f64)> {
    let distances = deviations(segment);
    if segment.len() < 4 * LEAST || !uneven(&distances) {
        return None;
    }
    let ranks = Order::new(&distances).doubled_ranks(0, distances.len());
    let (split, p) = excursion::best_split(&ranks, rho)?;
    if split < LEAST || split + LEAST > distances.len() {
        return None;
    }
    let (old, new) = (noise::median(&distances[..split]), noise::median(&distances[split..]));
    (old > 0.0).then_some((split, new / old, p))
}

/// Whether the spread of the eighths of a segment differs by more than a factor of 1.5.
fn uneven(distances: &[f64]) -> bool {
    let limit = 3.0 * noise::MAD_SCALE * noise::median(distances);
    let size = distances.len() / 8;
    let means = distances
        .chunks_exact(size.max(1))
        .map(|block| block.iter().map(|value| value.min(limit)).sum::<f64>());
    let (least, most) =
        means.fold((f64::INFINITY, 0.0_f64), |(least, most), sum| (least.min(sum), most.max(sum)));
    most > 1.5 * least
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
