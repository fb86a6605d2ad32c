//! The size of a change: Hodges-Lehmann shift between two segments, as a relative change.

use super::noise;
use crate::dist::normal_quantile;

/// Points of each side that enter a shift, nearest to the change first.
const NEAREST: usize = 64;

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
    let (before, after) = (ascending(before), ascending(after));
    let count = before.len() * after.len();
    let pairs = count as f64;
    let deviation = (pairs * (before.len() + after.len() + 1) as f64 / 12.0 * inflation).sqrt();
    let reach = normal_quantile(0.975) * deviation;
    let rank = ((pairs / 2.0 - reach).floor().max(0.0) as usize).min((count - 1) / 2);
    let (lower, next) = kth(&before, &after, (count - 1) / 2);
    let upper = if count % 2 == 0 { next } else { lower };
    Effect {
        estimate: lower + (upper - lower) / 2.0,
        lo: kth(&before, &after, rank).0,
        hi: kth(&before, &after, count - 1 - rank).0,
    }
}

fn ascending(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// Returns the differences of rank `rank`, from zero, and of the next rank, among all `after[j] - before[i]`.
///
/// A bracket of values shrinks by false position and bisection in turn until few pairs are left in it.
///
/// # Source
/// Monahan, J. F. (1984). Algorithm 616: fast computation of the Hodges-Lehmann location estimator. ACM TOMS 10, 265–270.
fn kth(before: &[f64], after: &[f64], rank: usize) -> (f64, f64) {
    let few = 2 * (before.len() + after.len());
    let (mut low, mut high) =
        (after[0] - before[before.len() - 1], after[after.len() - 1] - before[0]);
    // Pairs below `low`, and pairs not above `high`.
    let (mut under, mut over) = (0, before.len() * after.len());
    let mut halve = false;
    while over - under > few {
        let share = if halve { 0.5 } else { (rank - under) as f64 / (over - under) as f64 };
        let middle = low + (high - low) * share.clamp(0.02, 0.98);
        if middle <= low || middle >= high {
            break;
        }
        let below = count_below(before, after, middle);
        if below > rank + 1 {
            (high, over) = (middle, below);
        } else if below <= rank {
            (low, under) = (middle, below);
        } else {
            break;
        }
        halve = !halve;
    }
    let mut left = between(before, after, low, high);
    let place = (rank - under).min(left.len() - 1);
    let (_, &mut found, rest) = left.select_nth_unstable_by(place, f64::total_cmp);
    (found, rest.iter().copied().fold(f64::INFINITY, f64::min))
}

/// Counts the differences below `limit`.
fn count_below(before: &[f64], after: &[f64], limit: f64) -> usize {
    let (mut count, mut reached) = (0, 0);
    for old in before {
        while reached < after.len() && after[reached] - old < limit {
            reached += 1;
        }
        count += reached;
    }
    count
}

/// Lists the differences from `low` to `high`, both included.
fn between(before: &[f64], after: &[f64], low: f64, high: f64) -> Vec<f64> {
    let (mut listed, mut first) = (Vec::new(), 0);
    for old in before {
        while first < after.len() && after[first] - old < low {
            first += 1;
        }
        listed.extend(
            after[first..].iter().map(|new| new - old).take_while(|&difference| difference <= high),
        );
    }
    listed
}
