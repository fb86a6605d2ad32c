//! Robust levels and spreads, serial correlation.

/// Consistency of the median absolute deviation with a Gaussian's standard deviation.
pub(crate) const MAD_SCALE: f64 = 1.482_602_218_505_602;

/// Returns the middle value, the mean of the middle two for even counts; zero for none.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut copy = values.to_vec();
    median_of(&mut copy)
}

pub(crate) fn median_of(values: &mut [f64]) -> f64 {
    let count = values.len();
    if count == 0 {
        return 0.0;
    }
    let (low, &mut upper, _) = values.select_nth_unstable_by(count / 2, f64::total_cmp);
    if count % 2 == 1 {
        return upper;
    }
    let lower = low.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    lower + (upper - lower) / 2.0
}

/// Returns the spread about `level`: the scaled median absolute deviation, or where more than half of the points are
/// equal the mean absolute deviation in the same unit.
pub(crate) fn spread(values: &[f64], level: f64) -> f64 {
    let mut deviations: Vec<f64> = values.iter().map(|value| (value - level).abs()).collect();
    let middle = median_of(&mut deviations) * MAD_SCALE;
    if middle > 0.0 || deviations.is_empty() {
        return middle;
    }
    // sqrt(pi / 2): the Gaussian ratio of standard deviation and mean absolute deviation.
    1.253_314_137_315_5 * deviations.iter().sum::<f64>() / deviations.len() as f64
}

/// Returns the spread of the point-to-point noise from first differences, which levels and slow trends do not enter.
pub(crate) fn difference_spread(values: &[f64]) -> f64 {
    let differences: Vec<f64> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
    spread(&differences, 0.0) / std::f64::consts::SQRT_2
}

/// Subtracts from each point the median of its segment; `splits` are the first points of the later segments.
pub(crate) fn residuals(values: &[f64], splits: &[usize]) -> Vec<f64> {
    let mut residuals = values.to_vec();
    for (start, end) in pieces(values.len(), splits) {
        let level = median(&values[start..end]);
        residuals[start..end].iter_mut().for_each(|value| *value -= level);
    }
    residuals
}

/// Yields the half-open segments between splits.
pub(crate) fn pieces(count: usize, splits: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    let starts = std::iter::once(0).chain(splits.iter().copied());
    let ends = splits.iter().copied().chain(std::iter::once(count));
    starts.zip(ends)
}

/// Fits the first-order autocorrelation of residuals, clipped at 2.5 spreads, from zero to 0.95.
///
/// Corrected for its bias of about `-(1 + 3 rho) / n`; negative correlation counts as none, which is on the safe side.
///
/// # Source
/// Kendall, M. G. (1954). Note on bias in the estimation of autocorrelation. Biometrika 41, 403–404.
pub(crate) fn autocorrelation(residuals: &[f64]) -> f64 {
    let count = residuals.len() as f64;
    if residuals.len() < 8 {
        return 0.0;
    }
    let limit = 2.5 * spread(residuals, 0.0);
    let clip = |value: f64| value.clamp(-limit, limit);
    let energy: f64 = residuals.iter().map(|&value| clip(value).powi(2)).sum();
    if energy <= 0.0 {
        return 0.0;
    }
    let product: f64 = residuals.windows(2).map(|pair| clip(pair[0]) * clip(pair[1])).sum();
    let raw = product / energy;
    (raw + (1.0 + 3.0 * raw) / count).clamp(0.0, 0.95)
}

/// Returns by how much first-order correlation `rho` inflates the variance of the mean of `count` points.
pub(crate) fn inflation(rho: f64, count: usize) -> f64 {
    if rho <= 0.0 || count == 0 {
        return 1.0;
    }
    let n = count as f64;
    let full = (1.0 + rho) / (1.0 - rho);
    full - 2.0 * rho * (1.0 - rho.powi(count.min(1 << 20) as i32)) / (n * (1.0 - rho).powi(2))
}

/// Rounds a correlation up to a twentieth, so that a further point seldom changes what was found before it.
pub(crate) fn coarse(rho: f64) -> f64 {
    ((rho * 20.0).ceil() / 20.0).min(0.95)
}
