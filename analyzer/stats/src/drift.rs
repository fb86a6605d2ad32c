//! Slow trends: their slope, whether it is real, and whether it explains more than steps do.

#[cfg(test)]
mod tests;

use crate::changes::noise;
use crate::dist::normal_sf;

/// Blocks into which a long series is condensed by medians before pairs are formed.
const BLOCKS: usize = 64;

/// A slope over a stretch of points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trend {
    /// Change per point, in the unit of the values.
    pub slope: f64,
    /// Two-sided p of Kendall's test.
    pub p: f64,
}

/// Fits a robust slope to `values`, with Kendall's test of its sign; `None` for fewer than eight points.
///
/// Longer series are condensed to at most 64 medians of equal blocks first, which keeps the slope and costs little power.
/// Serial correlation `rho` of the points' noise inflates the variance of the test.
///
/// # Source
/// Theil, H. (1950). Indag. Math. 12, 85–91; Sen, P. K. (1968). JASA 63, 1379–1389. doi:10.1080/01621459.1968.10480934;
/// Kendall, M. G. (1938). Biometrika 30, 81–93. doi:10.1093/biomet/30.1-2.81
pub fn trend(values: &[f64], rho: f64) -> Option<Trend> {
    if values.len() < 8 {
        return None;
    }
    let blocks = condense(values);
    let size = values.len() as f64 / blocks.len() as f64;
    let mut slopes = Vec::with_capacity(blocks.len() * blocks.len() / 2);
    let mut balance = 0.0;
    for (index, old) in blocks.iter().enumerate() {
        for (steps, new) in blocks[index + 1..].iter().enumerate() {
            slopes.push((new - old) / ((steps + 1) as f64 * size));
            balance += if new > old {
                1.0
            } else if new < old {
                -1.0
            } else {
                0.0
            };
        }
    }
    let slope = noise::median_of(&mut slopes);
    let n = blocks.len() as f64;
    // Correlation left between neighbouring blocks of this size.
    let left = if size > 1.5 { rho.powf(size / 2.0) * 0.5 } else { rho };
    let variance = n * (n - 1.0) * (2.0 * n + 5.0) / 18.0 * (1.0 + left) / (1.0 - left);
    let z = (f64::abs(balance) - 1.0).max(0.0) / variance.sqrt();
    Some(Trend { slope, p: (2.0 * normal_sf(z)).min(1.0) })
}

fn condense(values: &[f64]) -> Vec<f64> {
    let count = values.len().min(BLOCKS);
    (0..count)
        .map(|block| {
            noise::median(&values[block * values.len() / count..(block + 1) * values.len() / count])
        })
        .collect()
}

/// Sum of squared residuals, each capped at nine times the squared `spread`: how badly a model fits.
pub(crate) fn capped_loss(residuals: &[f64], spread: f64) -> f64 {
    let cap = 9.0 * spread * spread;
    residuals.iter().map(|value| (value * value).min(cap)).sum()
}
