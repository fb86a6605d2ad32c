//! A run's points: what its samples come to, one value per summary.
//!
//! Everything here is pure arithmetic over all instances of one run. Points are what runs are compared by; samples
//! of one run never count as several observations.

use crate::metric::{MetricKind, Stat};

/// How many values must lie beyond a quantile before it is told: 5.
///
/// With fewer, the quantile is decided by a handful of the most extreme values, and its interval has no upper end
/// within the data.
///
/// # Source
/// The usual condition `n (1 - p) >= 5` for the normal approximation of a binomial count; Conover, W. J. (1999).
/// Practical Nonparametric Statistics, 3rd ed., section 3.2.
pub const MIN_BEYOND_QUANTILE: f64 = 5.0;

/// The quantiles of timers and histograms, in thousandths.
pub const QUANTILES: [u16; 3] = [500, 900, 990];

/// One summary of one run's samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// Which summary.
    pub stat: Stat,
    /// Its value, finite, in the metric's unit (per second for [`Stat::Rate`]).
    pub value: f64,
    /// Samples it was computed from.
    pub samples: u64,
}

/// A distribution whose quantiles the caller can tell, such as merged sketches.
#[derive(Debug, Clone, Copy)]
pub struct Distribution<F> {
    /// Values it holds.
    pub count: u64,
    /// Their sum, in the metric's unit.
    pub sum: f64,
    /// Tells the value at a quantile given as a ratio.
    pub quantile: F,
}

/// Summarises raw values of one run, all instances together.
///
/// Counters need `window_s`, the time their increments took; without it they have no rate. Values that are not
/// finite are left out. The order of `values` does not matter but for rounding.
#[must_use]
pub fn of_values(kind: MetricKind, values: &[f64], window_s: Option<f64>) -> Vec<Summary> {
    let finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    if finite.is_empty() {
        return Vec::new();
    }
    let sum = sum(&finite);
    let samples = finite.len() as u64;
    match kind {
        MetricKind::Counter => counter(sum, samples, window_s),
        MetricKind::Gauge => gauge(&finite, sum),
        MetricKind::Point => {
            let sorted = sorted(finite);
            keep([Summary { stat: Stat::Value, value: quantile(&sorted, 0.5), samples }])
        }
        MetricKind::Timer | MetricKind::Histogram => {
            let sorted = sorted(finite);
            of_distribution(&Distribution {
                count: samples,
                sum,
                quantile: |p| quantile(&sorted, p),
            })
        }
    }
}

/// Summarises a counter: the sum of its increments, and that sum over the time they took.
///
/// A window that is missing, not positive or not finite gives no rate.
#[must_use]
pub fn counter(total: f64, samples: u64, window_s: Option<f64>) -> Vec<Summary> {
    let rate = window_s
        .filter(|seconds| seconds.is_finite() && *seconds > 0.0)
        .map(|seconds| Summary { stat: Stat::Rate, value: total / seconds, samples });
    keep([Summary { stat: Stat::Total, value: total, samples }].into_iter().chain(rate))
}

/// Summarises a timer or a histogram: mean, median and those of [`QUANTILES`] that enough values lie beyond.
///
/// See [`MIN_BEYOND_QUANTILE`]; a run with fewer values tells its mean only.
#[must_use]
pub fn of_distribution<F: Fn(f64) -> f64>(distribution: &Distribution<F>) -> Vec<Summary> {
    let samples = distribution.count;
    if samples == 0 {
        return Vec::new();
    }
    let mean = Summary { stat: Stat::Mean, value: distribution.sum / samples as f64, samples };
    let quantiles = QUANTILES.into_iter().filter(|q| tells_quantile(samples, *q)).map(|q| {
        Summary { stat: Stat::Q(q), value: (distribution.quantile)(f64::from(q) / 1000.0), samples }
    });
    keep([mean].into_iter().chain(quantiles))
}

/// Returns whether `samples` values are enough to tell the quantile `q`, in thousandths.
#[must_use]
pub fn tells_quantile(samples: u64, q: u16) -> bool {
    // In whole thousandths: 500 * (1 - 0.99) is not 5 in binary floating point.
    let beyond = u128::from(samples) * u128::from(1000 - q.min(1000));
    beyond as f64 >= MIN_BEYOND_QUANTILE * 1000.0
}

/// Returns the quantile `p`, a ratio, of values in rising order; NaN for none.
///
/// # Source
/// Hyndman, R. J. and Fan, Y. (1996). Sample Quantiles in Statistical Packages. Am. Stat. 50, 361–365, definition 7.
/// doi:10.1080/00031305.1996.10473566
#[must_use]
pub fn quantile(sorted: &[f64], p: f64) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else {
        return f64::NAN;
    };
    let place = p.clamp(0.0, 1.0) * last as f64;
    let below = place.floor() as usize;
    let above = (below + 1).min(last);
    sorted[below] + (place - below as f64) * (sorted[above] - sorted[below])
}

/// Returns the sum of `values` with its rounding errors carried along.
///
/// # Source
/// Neumaier, A. (1974). Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen. Z. angew. Math.
/// Mech. 54, 39–51. doi:10.1002/zamm.19740540106
#[must_use]
pub fn sum(values: &[f64]) -> f64 {
    let mut sum = 0.0f64;
    let mut lost = 0.0f64;
    for value in values {
        let next = sum + value;
        lost += if sum.abs() >= value.abs() { (sum - next) + value } else { (value - next) + sum };
        sum = next;
    }
    if lost.is_finite() { sum + lost } else { sum }
}

fn gauge(values: &[f64], sum: f64) -> Vec<Summary> {
    let samples = values.len() as u64;
    let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    keep([
        Summary { stat: Stat::Mean, value: sum / samples as f64, samples },
        Summary { stat: Stat::Max, value: max, samples },
    ])
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// A sum can overflow although every value is finite; such a summary is left out, never told as infinity.
fn keep(summaries: impl IntoIterator<Item = Summary>) -> Vec<Summary> {
    summaries.into_iter().filter(|summary| summary.value.is_finite()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{MetricKind, Stat, Summary, of_values, quantile, sum, tells_quantile};

    fn value(summaries: &[Summary], stat: Stat) -> Option<f64> {
        summaries.iter().find(|summary| summary.stat == stat).map(|summary| summary.value)
    }

    #[test]
    fn nothing_measured_gives_no_point() {
        for kind in [
            MetricKind::Counter,
            MetricKind::Gauge,
            MetricKind::Timer,
            MetricKind::Histogram,
            MetricKind::Point,
        ] {
            assert!(of_values(kind, &[], Some(1.0)).is_empty(), "{kind}");
            assert!(of_values(kind, &[f64::NAN, f64::INFINITY], Some(1.0)).is_empty(), "{kind}");
        }
        assert!(quantile(&[], 0.5).is_nan());
    }

    #[test]
    fn a_counter_without_a_time_has_no_rate() {
        for window in [None, Some(0.0), Some(-1.0), Some(f64::NAN)] {
            let points = of_values(MetricKind::Counter, &[1.0, 2.0], window);
            assert_eq!(points.len(), 1);
            assert_eq!(value(&points, Stat::Total), Some(3.0));
        }
        let points = of_values(MetricKind::Counter, &[10.0, 20.0], Some(4.0));
        assert_eq!(value(&points, Stat::Rate), Some(7.5));
    }

    #[test]
    fn an_overflowing_sum_is_left_out() {
        let points = of_values(MetricKind::Gauge, &[f64::MAX, f64::MAX], None);
        assert_eq!(value(&points, Stat::Mean), None);
        assert_eq!(value(&points, Stat::Max), Some(f64::MAX));
    }

    #[test]
    fn a_quantile_needs_five_values_beyond_it() {
        for (q, enough) in [(500, 10), (900, 50), (990, 500)] {
            assert!(!tells_quantile(enough - 1, q), "{q}");
            assert!(tells_quantile(enough, q), "{q}");
        }
        let few: Vec<f64> = (0..9).map(f64::from).collect();
        let points = of_values(MetricKind::Timer, &few, None);
        assert_eq!(points.len(), 1);
        assert_eq!(value(&points, Stat::Mean), Some(4.0));
    }

    /// By hand from definition 7: the place is `1 + 4 p`, between neighbours in proportion.
    #[test]
    fn quantiles_follow_definition_7() {
        let sorted = [15.0, 20.0, 35.0, 40.0, 50.0];
        for (p, expected) in [(0.05, 16.0), (0.3, 23.0), (0.4, 29.0), (0.5, 35.0), (1.0, 50.0)] {
            assert!((quantile(&sorted, p) - expected).abs() < 1e-12, "{p}");
        }
        assert!((quantile(&[7.0], 0.99) - 7.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_point_is_the_median_and_a_gauge_tells_mean_and_peak() {
        assert_eq!(
            value(&of_values(MetricKind::Point, &[9.0, 1.0, 2.0], None), Stat::Value),
            Some(2.0)
        );
        let gauge = of_values(MetricKind::Gauge, &[1.0, 5.0, 3.0], None);
        assert_eq!(value(&gauge, Stat::Mean), Some(3.0));
        assert_eq!(value(&gauge, Stat::Max), Some(5.0));
        assert_eq!(gauge[0].samples, 3);
    }

    #[test]
    fn a_thousand_values_tell_every_quantile() {
        let values: Vec<f64> = (1..=1000).map(f64::from).collect();
        let points = of_values(MetricKind::Histogram, &values, None);
        assert_eq!(points.len(), 4);
        // By definition 7: 1 + p * 999.
        for (q, expected) in [(500, 500.5), (900, 900.1), (990, 990.01)] {
            let found = value(&points, Stat::Q(q)).unwrap();
            assert!((found - expected).abs() < 1e-9, "{q}: {found}");
        }
    }

    #[test]
    fn small_values_survive_between_large_ones() {
        assert!((sum(&[1.0, 1e100, 1.0, -1e100]) - 2.0).abs() < f64::EPSILON);
    }

    proptest! {
        #[test]
        fn order_does_not_matter(mut values in prop::collection::vec(-1e6f64..1e6, 1..60)) {
            let forward = of_values(MetricKind::Timer, &values, None);
            values.reverse();
            let backward = of_values(MetricKind::Timer, &values, None);
            for (a, b) in forward.iter().zip(&backward) {
                prop_assert!((a.value - b.value).abs() <= 1e-9 * a.value.abs().max(1.0));
            }
        }

        #[test]
        fn quantiles_rise_and_stay_within(values in prop::collection::vec(-1e6f64..1e6, 1..60)) {
            let mut sorted = values;
            sorted.sort_unstable_by(f64::total_cmp);
            let mut last = sorted[0];
            for p in 0..=20 {
                let next = quantile(&sorted, f64::from(p) / 20.0);
                prop_assert!(next >= last - 1e-9);
                last = next;
            }
            prop_assert!((last - sorted[sorted.len() - 1]).abs() < 1e-9);
        }
    }
}
