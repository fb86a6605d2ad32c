//! The size of a change: Hodges-Lehmann shift between two segments, as a relative change.

use super::noise;
use super::ranks::normal_quantile;

/// Points of each side that enter a shift, nearest to the change first.
const NEAREST: usize = 100;

/// A relative change with its 95 percent interval; 0.05 is five percent more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Effect {
    pub(crate) estimate: f64,
    pub(crate) lo: f64,
    pub(crate) hi: f64,
}

/// Estimates the relative shift from `before` to `after`; `inflation` multiplies the variance of the rank sum.
pub(crate) fn relative_shift(before: &[f64], after: &[f64], inflation: f64) -> Effect {
    let before = &before[before.len().saturating_sub(NEAREST)..];
    let after = &after[..after.len().min(NEAREST)];
    let positive = before.iter().chain(after).all(|&value| value > 0.0);
    if positive {
        let logs = |values: &[f64]| values.iter().map(|value| value.ln()).collect::<Vec<_>>();
        return shift(&logs(before), &logs(after), inflation).map(f64::exp_m1);
    }
    let level = noise::median(before).abs();
    shift(before, after, inflation)
        .map(|difference| if difference == 0.0 { 0.0 } else { difference / level })
}

impl Effect {
    fn map(self, change: impl Fn(f64) -> f64) -> Self {
        Self { estimate: change(self.estimate), lo: change(self.lo), hi: change(self.hi) }
    }
}

/// Hodges-Lehmann shift with the interval of the Mann-Whitney order statistics.
///
/// # Source
/// Hodges, J. L. and Lehmann, E. L. (1963). Ann. Math. Statist. 34, 598–611. doi:10.1214/aoms/1177704172
fn shift(before: &[f64], after: &[f64], inflation: f64) -> Effect {
    let mut differences = Vec::with_capacity(before.len() * after.len());
    for new in after {
        differences.extend(before.iter().map(|old| new - old));
    }
    let pairs = differences.len() as f64;
    let deviation = (pairs * (before.len() + after.len() + 1) as f64 / 12.0 * inflation).sqrt();
    let reach = normal_quantile(0.025) * deviation;
    let rank = (pairs / 2.0 - reach).floor().max(0.0) as usize;
    let last = differences.len() - 1;
    let (_, &mut lo, rest) = differences.select_nth_unstable_by(rank.min(last), f64::total_cmp);
    let hi = if rest.is_empty() {
        lo
    } else {
        let place = (last - rank.min(last)).saturating_sub(rank + 1).min(rest.len() - 1);
        *rest.select_nth_unstable_by(place, f64::total_cmp).1
    };
    Effect { estimate: noise::median_of(&mut differences), lo, hi: hi.max(lo) }
}
