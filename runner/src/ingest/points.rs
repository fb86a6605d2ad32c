//! A run's points from all its instances' samples and sketches.

use ground_core::metric::MetricKind;
use ground_core::record::{PointRow, SampleSeries, SketchRow};
use ground_core::summary::{self, Distribution, Summary};
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;

/// Sketches of one metric, merged.
pub(super) struct Merged {
    histogram: Histogram<u64>,
    scale: f64,
    sum: f64,
    /// Sketches that could not be decoded.
    pub(super) broken: Vec<usize>,
}

/// Summarises one metric of the run.
pub(super) fn points(
    metric: u32,
    kind: MetricKind,
    series: &[&SampleSeries],
    merged: Option<&Merged>,
    started_ns: &[i64],
) -> Vec<PointRow> {
    let summaries = match merged.filter(|merged| !merged.histogram.is_empty()) {
        // Raw samples beside sketches are the same values once more.
        Some(merged) => of_merged(merged),
        None => of_series(kind, series, started_ns),
    };
    let row =
        |one: Summary| PointRow { metric, stat: one.stat, value: one.value, samples: one.samples };
    let mut points: Vec<PointRow> = summaries.into_iter().map(row).collect();
    points.sort_by_key(|point| point.stat);
    points
}

fn of_merged(merged: &Merged) -> Vec<Summary> {
    summary::of_distribution(&Distribution {
        count: merged.histogram.len(),
        sum: merged.sum,
        quantile: |p| merged.histogram.value_at_quantile(p) as f64 * merged.scale,
    })
}

fn of_series(kind: MetricKind, series: &[&SampleSeries], started_ns: &[i64]) -> Vec<Summary> {
    let values: Vec<f64> = series.iter().flat_map(|one| one.values.iter().copied()).collect();
    let window_s = (kind == MetricKind::Counter).then(|| window_s(series, started_ns)).flatten();
    summary::of_values(kind, &values, window_s)
}

/// Returns the time that all increments of a counter took, seconds.
///
/// An instance's `n` increments span `n - 1` gaps between their times, so the span is stretched by `n / (n - 1)` of
/// the most frequent reporter; single increments take the time since their instance started.
fn window_s(series: &[&SampleSeries], started_ns: &[i64]) -> Option<f64> {
    let most = series.iter().map(|one| one.t_ns.len()).max()?;
    let last = series.iter().filter_map(|one| one.t_ns.last()).max()?;
    let first = if most > 1 {
        *series.iter().filter_map(|one| one.t_ns.first()).min()?
    } else {
        let starts = series.iter().filter_map(|one| started_ns.get(one.instance as usize));
        *starts.filter(|at_ns| **at_ns != 0).min()?
    };
    let span = last.saturating_sub(first) as f64 * 1e-9;
    let stretch = if most > 1 { most as f64 / (most - 1) as f64 } else { 1.0 };
    Some(span * stretch)
}

/// Merges sketches; those that cannot be decoded are told by their place.
pub(super) fn merge(sketches: &[&SketchRow]) -> Option<Merged> {
    let first = sketches.first()?;
    let mut merged = Merged {
        histogram: Histogram::new(3).expect("bug: three digits are a valid precision"),
        scale: first.scale,
        sum: 0.0,
        broken: Vec::new(),
    };
    let mut deserializer = Deserializer::new();
    for (place, sketch) in sketches.iter().enumerate() {
        let decoded: Result<Histogram<u64>, _> =
            deserializer.deserialize(&mut sketch.histogram.as_slice());
        let added = decoded.is_ok_and(|histogram| add(&mut merged, &histogram, sketch.scale));
        if added {
            merged.sum += sketch.sum;
        } else {
            merged.broken.push(place);
        }
    }
    Some(merged)
}

fn add(merged: &mut Merged, histogram: &Histogram<u64>, scale: f64) -> bool {
    if (scale - merged.scale).abs() <= f64::EPSILON * merged.scale {
        return merged.histogram.add(histogram).is_ok();
    }
    histogram.iter_recorded().all(|step| {
        let value = (step.value_iterated_to() as f64 * scale / merged.scale).round();
        let count = step.count_since_last_iteration();
        merged.histogram.record_n(value as u64, count).is_ok()
    })
}

#[cfg(test)]
mod tests {
    use ground_core::metric::{MetricKind, Stat};
    use ground_core::record::{SampleSeries, SketchRow};
    use hdrhistogram::Histogram;
    use hdrhistogram::serialization::{Serializer as _, V2Serializer};

    use super::{merge, points};

    fn sketch(values: impl Iterator<Item = u64>, scale: f64) -> SketchRow {
        let mut histogram = Histogram::<u64>::new(3).unwrap();
        let mut sum = 0.0;
        for value in values {
            histogram.record(value).unwrap();
            sum += value as f64 * scale;
        }
        let mut bytes = Vec::new();
        V2Serializer::new().serialize(&histogram, &mut bytes).unwrap();
        SketchRow {
            instance: 0,
            metric: 0,
            t_ns: 1,
            interval_ns: 1,
            count: histogram.len(),
            sum,
            scale,
            histogram: bytes,
        }
    }

    fn series(instance: u32, t_ns: &[i64], values: &[f64]) -> SampleSeries {
        SampleSeries { instance, metric: 0, t_ns: t_ns.to_vec(), values: values.to_vec() }
    }

    #[test]
    fn a_broken_sketch_is_told_and_left_out() {
        let good = sketch(1..=1000, 1e-3);
        let bad = SketchRow { histogram: vec![1, 2, 3], ..good.clone() };
        let merged = merge(&[&bad, &good]).unwrap();
        assert_eq!(merged.broken, [0]);
        let rows = points(0, MetricKind::Timer, &[], Some(&merged), &[]);
        assert_eq!(rows.iter().find(|row| row.stat == Stat::Mean).unwrap().samples, 1000);
        assert!(merge(&[]).is_none());
    }

    #[test]
    fn sketches_of_different_scale_merge_to_the_quantiles_of_all_values() {
        // 1 to 1000 ms, and the same once more in microseconds.
        let coarse = sketch(1..=1000, 1e-3);
        let fine = sketch((1..=1000).map(|value| value * 1000), 1e-6);
        let merged = merge(&[&coarse, &fine]).unwrap();
        let rows = points(7, MetricKind::Timer, &[], Some(&merged), &[]);
        let value = |stat| rows.iter().find(|row| row.stat == stat).unwrap().value;
        assert!((value(Stat::Mean) - 0.5005).abs() < 1e-9);
        // Three significant digits.
        assert!((value(Stat::Q(500)) - 0.5).abs() < 0.002);
        assert!((value(Stat::Q(990)) - 0.99).abs() < 0.002);
        assert!(rows.iter().all(|row| row.metric == 7));
        assert!(rows.is_sorted_by_key(|row| row.stat));
    }

    #[test]
    fn a_counters_rate_is_over_the_time_its_increments_took() {
        const S: i64 = 1_000_000_000;
        // Two instances, ten a second each, told once a second for four seconds.
        let told = |instance| series(instance, &[S, 2 * S, 3 * S, 4 * S], &[10.0; 4]);
        let (a, b) = (told(0), told(1));
        let rows = points(0, MetricKind::Counter, &[&a, &b], None, &[0, 0]);
        let value = |stat| rows.iter().find(|row| row.stat == stat).map(|row| row.value);
        assert_eq!(value(Stat::Total), Some(80.0));
        assert!((value(Stat::Rate).unwrap() - 20.0).abs() < 1e-9);
        // Told once at the end: since the start.
        let once = series(0, &[5 * S], &[10.0]);
        let rows = points(0, MetricKind::Counter, &[&once], None, &[3 * S]);
        let rate = rows.iter().find(|row| row.stat == Stat::Rate).map(|row| row.value);
        assert!((rate.unwrap() - 5.0).abs() < 1e-9);
        let rows = points(0, MetricKind::Counter, &[&once], None, &[]);
        assert_eq!(rows.len(), 1);
    }
}
