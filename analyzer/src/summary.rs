//! Small summaries that several analyses share.

use ground_core::finding::Estimate;

use crate::stats::planning::{self, Goal};

/// The level of the intervals that are shown beside medians.
const ALPHA: f64 = 0.05;
/// The power that a minimum detectable effect is given for.
const POWER: f64 = 0.8;

/// Returns the median with its interval from order statistics: exact for any distribution; the whole range where there
/// are too few values for 95 percent.
///
/// # Source
/// Hahn, G. J. and Meeker, W. Q. (1991). Statistical Intervals, section 5.2 (binomial order statistics).
pub(crate) fn median_interval(values: &[f64]) -> Option<Estimate> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let n = sorted.len();
    let middle = n.checked_sub(1)? / 2;
    let value =
        if n % 2 == 1 { sorted[middle] } else { f64::midpoint(sorted[middle], sorted[middle + 1]) };
    let trim = outer_ranks(n);
    Some(Estimate { value, lo: sorted[trim], hi: sorted[n - 1 - trim] })
}

/// How many of the smallest and of the largest of `n` values may be left out so that the rest covers the median
/// with 95 percent: the largest k with 2 P(B <= k) <= alpha, B binomial(n, 1/2), and 0 where there is none.
fn outer_ranks(n: usize) -> usize {
    let mut term = 0.5f64.powi(n.min(1000) as i32);
    let mut tail = 0.0;
    for k in 0..n / 2 {
        tail += term;
        if 2.0 * tail > ALPHA {
            return k.saturating_sub(1);
        }
        term *= (n - k) as f64 / (k + 1) as f64;
    }
    (n / 2).saturating_sub(1)
}

/// Returns the spread of runs around the median of their own revision, relative to it: 1.4826 times the median absolute
/// deviation of the ratios, over revisions with at least two runs.
///
/// # Source
/// Rousseeuw, P. J. and Croux, C. (1993). J. Amer. Statist. Assoc. 88, 1273–1283. doi:10.1080/01621459.1993.10476408
pub(crate) fn spread_within(revisions: &[Vec<f64>]) -> Option<f64> {
    let mut deviations = Vec::new();
    for runs in revisions.iter().filter(|runs| runs.len() > 1) {
        let centre = median_interval(runs)?.value;
        if centre != 0.0 {
            // With few runs the deviations from their own median are too small by sqrt((n - 1) / n).
            let small = (runs.len() as f64 / (runs.len() - 1) as f64).sqrt();
            deviations.extend(runs.iter().map(|run| ((run - centre) / centre).abs() * small));
        }
    }
    Some(median_interval(&deviations)?.value * 1.4826)
}

/// Returns the smallest relative change that `runs` a side would show with 80 percent power at 5 percent, given the
/// spread of one run; nothing with fewer than two runs.
pub(crate) fn minimum_detectable(spread: f64, runs: usize) -> Option<f64> {
    let n = runs as f64;
    let goal = Goal { alpha: ALPHA, power: POWER };
    planning::minimum_detectable(spread * (2.0 / n).sqrt(), 2.0 * (n - 1.0), goal).ok()
}

#[cfg(test)]
mod tests {
    use super::{median_interval, spread_within};

    #[test]
    fn the_median_of_nothing_is_nothing_and_of_one_is_itself() {
        assert_eq!(median_interval(&[]), None);
        let one = median_interval(&[3.0]).unwrap();
        assert_eq!((one.value, one.lo, one.hi), (3.0, 3.0, 3.0));
    }

    /// The ranks of the 95 percent interval for a median: table A.12 of Conover, Practical Nonparametric Statistics, gives
    /// (1, 6) for n = 6, (2, 9) for n = 10, (6, 15) for n = 20.
    #[test]
    fn the_interval_has_the_ranks_of_the_table() {
        for (n, lo, hi) in [(6, 1, 6), (10, 2, 9), (20, 6, 15)] {
            let values: Vec<f64> = (1..=n).rev().map(f64::from).collect();
            let interval = median_interval(&values).unwrap();
            assert_eq!((interval.lo, interval.hi), (f64::from(lo), f64::from(hi)), "n = {n}");
        }
    }

    #[test]
    fn the_spread_ignores_how_far_revisions_lie_apart() {
        let near = [vec![99.0, 100.0, 101.0], vec![99.0, 100.0, 101.0]];
        let far = [vec![99.0, 100.0, 101.0], vec![198.0, 200.0, 202.0]];
        assert!((spread_within(&near).unwrap() - spread_within(&far).unwrap()).abs() < 1e-12);
        assert_eq!(spread_within(&[vec![1.0], vec![2.0]]), None);
    }
}
