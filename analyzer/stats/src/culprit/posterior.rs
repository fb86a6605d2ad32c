//! The posterior of a single change of level among ordered revisions.

use crate::autocorrelation::median;

/// Robust standard deviations beyond the ends' levels at which values are drawn in.
const REACH: f64 = 3.0;
/// Median absolute deviation to standard deviation of a normal distribution.
const MAD_TO_SD: f64 = 1.482_602_218_505_602;

/// Count, sum and sum of squares.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    n: f64,
    sum: f64,
    squares: f64,
}

impl Sums {
    fn with(self, value: f64) -> Self {
        Self { n: self.n + 1.0, sum: self.sum + value, squares: self.squares + value * value }
    }

    fn less(self, other: Self) -> Self {
        Self {
            n: self.n - other.n,
            sum: self.sum - other.sum,
            squares: self.squares - other.squares,
        }
    }

    fn within(self) -> f64 {
        if self.n > 0.0 { (self.squares - self.sum * self.sum / self.n).max(0.0) } else { 0.0 }
    }
}

/// Probability of each revision to be the first with the new level.
///
/// With flat priors for both levels and the logarithm of the spread, the likelihood of a split into n and m values is
/// proportional to (n m)^(-1/2) (sum of squares within)^(-(n + m - 2) / 2).
pub(super) fn posterior(values: &[Vec<f64>], prior: &[f64]) -> Vec<f64> {
    let drawn = drawn_in(values);
    let total = drawn.iter().flatten().fold(Sums::default(), |s, v| s.with(*v));
    let least = 1e-12 * total.within() + f64::MIN_POSITIVE;
    let mut left = Sums::default();
    let logs: Vec<f64> = drawn
        .iter()
        .zip(prior)
        .map(|(here, weight)| {
            let (good, bad) = (left, total.less(left));
            left = here.iter().fold(left, |s, v| s.with(*v));
            if good.n == 0.0 || bad.n == 0.0 {
                return weight.ln();
            }
            let within = good.within() + bad.within() + least;
            weight.ln() - 0.5 * (good.n * bad.n).ln() - 0.5 * (total.n - 2.0) * within.ln()
        })
        .collect();
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let shares: Vec<f64> = logs.iter().map(|l| (l - most).exp()).collect();
    let all: f64 = shares.iter().sum();
    shares.iter().map(|s| s / all).collect()
}

/// Values relative to the good end, those far outside both ends' levels drawn in.
fn drawn_in(values: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let (good, bad) = (&values[0], &values[values.len() - 1]);
    if good.is_empty() || bad.is_empty() {
        return values.to_vec();
    }
    let (from, to) = (median(good), median(bad));
    let distances =
        |side: &[f64], level: f64| -> Vec<f64> { side.iter().map(|v| (v - level).abs()).collect() };
    let sd = MAD_TO_SD * median(&[distances(good, from), distances(bad, to)].concat());
    let reach = if sd > 0.0 { REACH * sd } else { f64::INFINITY };
    let (lo, hi) = (from.min(to) - reach, from.max(to) + reach);
    let draw = |v: &f64| v.clamp(lo, hi) - from;
    values.iter().map(|side| side.iter().map(draw).collect()).collect()
}
