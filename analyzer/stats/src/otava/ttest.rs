//! Student's test with the population deviations and the summation order of the tool it reproduces.

use crate::dist::t_two_sided;

/// Two neighbouring segments compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TTest {
    /// Mean of the old segment.
    pub mean_before: f64,
    /// Mean of the new segment.
    pub mean_after: f64,
    /// Population standard deviation of the old segment.
    pub deviation_before: f64,
    /// Population standard deviation of the new segment.
    pub deviation_after: f64,
    /// Two-sided p; NaN where both segments are constant and equal.
    pub p: f64,
}

impl TTest {
    pub(super) fn of(before: &[f64], after: &[f64]) -> Self {
        let (mean_before, deviation_before) = moments(before);
        let (mean_after, deviation_after) = moments(after);
        let (n, m) = (before.len() as f64, after.len() as f64);
        let mut test = Self { mean_before, mean_after, deviation_before, deviation_after, p: 1.0 };
        if n + m > 2.0 {
            let freedom = n + m - 2.0;
            let variance = ((n - 1.0) * deviation_before.powi(2)
                + (m - 1.0) * deviation_after.powi(2))
                / freedom;
            let t = (mean_before - mean_after) / (variance * (1.0 / n + 1.0 / m)).sqrt();
            test.p = two_sided(t, freedom);
        }
        test
    }

    /// Relative change of the mean from old to new; zero where the old mean is zero.
    pub fn forward_change(&self) -> f64 {
        if self.mean_before == 0.0 { 0.0 } else { self.mean_after / self.mean_before - 1.0 }
    }

    /// Returns the larger of the relative changes from old to new and from new to old.
    pub fn magnitude(&self) -> f64 {
        let backward =
            if self.mean_after == 0.0 { 0.0 } else { self.mean_before / self.mean_after - 1.0 };
        self.forward_change().abs().max(backward.abs())
    }
}

fn two_sided(t: f64, freedom: f64) -> f64 {
    if t.is_nan() {
        return f64::NAN;
    }
    if t.is_infinite() {
        return 0.0;
    }
    t_two_sided(t, freedom)
}

fn moments(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = pairwise_sum(values) / count;
    if values.len() < 2 {
        return (mean, 0.0);
    }
    let squares: Vec<f64> = values.iter().map(|value| (value - mean) * (value - mean)).collect();
    (mean, (pairwise_sum(&squares) / count).sqrt())
}

/// Sums as NumPy does: eight running sums in blocks of up to 128, halves above.
fn pairwise_sum(values: &[f64]) -> f64 {
    let count = values.len();
    if count < 8 {
        return values.iter().fold(-0.0, |sum, value| sum + value);
    }
    if count <= 128 {
        let mut sums = [0.0; 8];
        sums.copy_from_slice(&values[..8]);
        let whole = count - count % 8;
        for block in values[8..whole].chunks_exact(8) {
            for lane in 0..8 {
                sums[lane] += block[lane];
            }
        }
        let total = ((sums[0] + sums[1]) + (sums[2] + sums[3]))
            + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
        return values[whole..].iter().fold(total, |sum, value| sum + value);
    }
    let half = count / 2 - (count / 2) % 8;
    pairwise_sum(&values[..half]) + pairwise_sum(&values[half..])
}
