//! Do values that were measured one after another depend on each other?

use crate::dist::normal_sf;
use crate::error::{Side, StatsError, check, check_count};
use crate::pairwise::midpoint;
use crate::welch::Moments;

/// Correlation of each value with the one before, and how surprising it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lag1 {
    /// The lag-1 autocorrelation; 0 for a constant series.
    pub rho: f64,
    /// Two-sided p of independence, by the normal approximation with the small-sample mean -1/n.
    pub p: f64,
}

/// Estimates the lag-1 autocorrelation of values in order of measurement, at least three.
///
/// # Errors
/// [`StatsError::Empty`], [`StatsError::NotFinite`], [`StatsError::TooFew`].
///
/// # Source
/// Bartlett, M. S. (1946). Suppl. J. R. Statist. Soc. 8, 27-41 (variance). doi:10.2307/2983611
/// Moran, P. A. P. (1948). Biometrika 35, 255-260 (mean and variance for normal values).
pub fn lag1(values: &[f64]) -> Result<Lag1, StatsError> {
    check(Side::Sample, values)?;
    check_count("the lag-1 autocorrelation", 3, values.len())?;
    let mean = Moments::of_finite(values).mean;
    let scale = values.iter().map(|v| (v - mean).abs()).fold(0.0, f64::max);
    if scale == 0.0 {
        return Ok(Lag1 { rho: 0.0, p: 1.0 });
    }
    let centred: Vec<f64> = values.iter().map(|v| (v - mean) / scale).collect();
    let squares: f64 = centred.iter().map(|d| d * d).sum();
    let products: f64 = centred.windows(2).map(|w| w[0] * w[1]).sum();
    let rho = products / squares;
    let n = values.len() as f64;
    let variance = (n - 2.0) * (n - 2.0) / (n * n * (n - 1.0));
    let z = (rho + 1.0 / n) / variance.sqrt();
    Ok(Lag1 { rho, p: (2.0 * normal_sf(z.abs())).min(1.0) })
}

/// Returns the factor by which dependence inflates the variance of a mean: (1 + rho) / (1 - rho), at least 1.
///
/// # Source
/// Bayley, G. V. and Hammersley, J. M. (1946). Suppl. J. R. Statist. Soc. 8, 184-197. doi:10.2307/2983560
#[must_use]
pub fn variance_inflation(rho: f64) -> f64 {
    let rho = rho.clamp(0.0, 0.99);
    (1.0 + rho) / (1.0 - rho)
}

/// Result of a runs test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Runs {
    /// Number of stretches on one side of the median.
    pub runs: usize,
    /// Expected number under independence.
    pub expected: f64,
    /// Two-sided p of independence.
    pub p: f64,
}

/// Counts stretches above and below the median; few mean drift or levels, many mean alternation.
///
/// Values equal to the median are dropped. With all values on one side p is 1.
///
/// # Errors
/// [`StatsError::Empty`] and [`StatsError::NotFinite`].
///
/// # Source
/// Wald, A. and Wolfowitz, J. (1940). Ann. Math. Statist. 11, 147-162. doi:10.1214/aoms/1177731909
pub fn runs_test(values: &[f64]) -> Result<Runs, StatsError> {
    check(Side::Sample, values)?;
    let middle = median(values);
    let above: Vec<bool> = values.iter().filter(|v| **v != middle).map(|v| *v > middle).collect();
    let ups = above.iter().filter(|up| **up).count() as f64;
    let downs = above.len() as f64 - ups;
    let runs = above.chunk_by(|a, b| a == b).count();
    if ups == 0.0 || downs == 0.0 {
        return Ok(Runs { runs, expected: runs as f64, p: 1.0 });
    }
    let total = ups + downs;
    let both = 2.0 * ups * downs;
    let expected = both / total + 1.0;
    let variance = both * (both - total) / (total * total * (total - 1.0));
    let distance = ((runs as f64 - expected).abs() - 0.5).max(0.0);
    let p =
        if variance > 0.0 { (2.0 * normal_sf(distance / variance.sqrt())).min(1.0) } else { 1.0 };
    Ok(Runs { runs, expected, p })
}

/// Returns the median of finite values.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    if n % 2 == 1 { sorted[n / 2] } else { midpoint(sorted[n / 2 - 1], sorted[n / 2]) }
}

#[cfg(test)]
mod tests;
