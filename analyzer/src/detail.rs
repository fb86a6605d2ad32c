//! One run seen closely: each metric over time and by instance, from samples and merged sketches.

use std::collections::BTreeMap;
use std::io::Cursor;

use ground_core::record::{RunRecord, SampleSeries, SketchRow};
use ground_core::report::{RunDetail, RunMetric};
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;

/// Intervals that a run is cut into.
const INTERVALS: f64 = 60.0;

/// Values of one interval: single ones, or a histogram whose steps are worth `scale`.
#[derive(Default)]
struct Interval {
    values: Vec<f64>,
    sketch: Option<(Histogram<u64>, f64)>,
}

/// Looks closely at one run.
#[must_use]
pub(crate) fn detail(record: RunRecord) -> RunDetail {
    let metrics =
        (0..record.metrics.len() as u32).map(|metric| run_metric(&record, metric)).collect();
    RunDetail { run: record.run, instances: record.instances, events: record.events, metrics }
}

fn run_metric(record: &RunRecord, metric: u32) -> RunMetric {
    let samples: Vec<&SampleSeries> =
        record.samples.iter().filter(|series| series.metric == metric).collect();
    let sketches: Vec<&SketchRow> =
        record.sketches.iter().filter(|sketch| sketch.metric == metric).collect();
    RunMetric {
        metric: record.metrics[metric as usize].clone(),
        points: record
            .points
            .iter()
            .filter(|point| point.metric == metric)
            .map(|point| (point.stat, point.value, point.samples))
            .collect(),
        over_time: over_time(record, &samples, &sketches),
        by_instance: by_instance(record, &samples, &sketches),
    }
}

/// Quantiles by interval: a run is cut into about sixty, of at least a tenth of a second.
fn over_time(
    record: &RunRecord,
    samples: &[&SampleSeries],
    sketches: &[&SketchRow],
) -> Vec<(f64, f64, f64, f64, u64)> {
    let begin = record.run.started_ns;
    let length_s = (record.run.ended_ns.saturating_sub(begin)).max(1) as f64 / 1e9;
    let step_s = (length_s / INTERVALS).max(0.1);
    let place = |t_ns: i64| ((t_ns.saturating_sub(begin)) as f64 / 1e9 / step_s).floor() as i64;
    let mut intervals: BTreeMap<i64, Interval> = BTreeMap::new();
    for series in samples {
        for (t_ns, value) in series.t_ns.iter().zip(&series.values) {
            intervals.entry(place(*t_ns)).or_default().values.push(*value);
        }
    }
    for sketch in sketches {
        let middle = sketch.t_ns.saturating_add(sketch.interval_ns / 2);
        merge(intervals.entry(place(middle)).or_default(), sketch);
    }
    intervals
        .into_iter()
        .filter_map(|(place, interval)| {
            let [p50, p95, p99] = interval.quantiles()?;
            Some((place as f64 * step_s, p50, p95, p99, interval.count()))
        })
        .collect()
}

fn by_instance(record: &RunRecord, samples: &[&SampleSeries], sketches: &[&SketchRow]) -> Vec<f64> {
    let mut instances: Vec<Interval> =
        record.instances.iter().map(|_| Interval::default()).collect();
    for series in samples {
        instances[series.instance as usize].values.extend(&series.values);
    }
    for sketch in sketches {
        merge(&mut instances[sketch.instance as usize], sketch);
    }
    let medians: Vec<f64> = instances
        .iter()
        .map(|interval| interval.quantiles().map_or(f64::NAN, |[median, ..]| median))
        .collect();
    if medians.iter().all(|median| median.is_nan()) { Vec::new() } else { medians }
}

/// Adds a sketch; one that cannot be read, or whose steps are worth something else, is left out.
fn merge(interval: &mut Interval, sketch: &SketchRow) {
    let mut bytes = Cursor::new(&sketch.histogram);
    let Ok(read) = Deserializer::new().deserialize::<u64, _>(&mut bytes) else { return };
    match &mut interval.sketch {
        None => interval.sketch = Some((read, sketch.scale)),
        Some((known, scale)) if *scale == sketch.scale => {
            known.auto(true);
            // Fails only for values out of range, which resizing takes in.
            let _ = known.add(&read);
        }
        Some(_) => {}
    }
}

impl Interval {
    fn count(&self) -> u64 {
        self.values.len() as u64 + self.sketch.as_ref().map_or(0, |(sketch, _)| sketch.len())
    }

    /// Median, 95th and 99th percentile; raw values count where there are any, since they are the more exact.
    fn quantiles(&self) -> Option<[f64; 3]> {
        let wanted = [0.5, 0.95, 0.99];
        if !self.values.is_empty() {
            let mut sorted = self.values.clone();
            sorted.sort_by(f64::total_cmp);
            let at = |q: f64| sorted[((sorted.len() - 1) as f64 * q).round() as usize];
            return Some(wanted.map(at));
        }
        let (sketch, scale) = self.sketch.as_ref().filter(|(sketch, _)| !sketch.is_empty())?;
        Some(wanted.map(|q| sketch.value_at_quantile(q) as f64 * scale))
    }
}
