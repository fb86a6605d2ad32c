use std::fs;
use std::time::Instant;

use ground_core::sample_file::{Reading, SampleFile, read};
use hdrhistogram::serialization::Deserializer;
use proptest::prelude::*;

use super::*;

/// Longer than any test: nothing is written but by the test itself.
const NEVER: Duration = Duration::from_secs(3600);

fn values(file: &SampleFile, metric: u32) -> Vec<f64> {
    let of_metric = file.samples.iter().filter(|(id, _)| *id == metric);
    of_metric.flat_map(|(_, readings)| readings.iter().map(|reading| reading.value)).collect()
}

fn readings(file: &SampleFile, metric: u32) -> Vec<Reading> {
    let of_metric = file.samples.iter().filter(|(id, _)| *id == metric);
    of_metric.flat_map(|(_, readings)| readings.iter().copied()).collect()
}

fn histogram(bytes: &[u8]) -> hdrhistogram::Histogram<u64> {
    Deserializer::new().deserialize(&mut &bytes[..]).unwrap()
}

fn load(metrics: &Metrics) -> SampleFile {
    read(&fs::read(metrics.path()).unwrap()).unwrap()
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let error = Metrics::create(Path::new("/nowhere/at/all")).unwrap_err();
    assert_eq!(error.to_string(), "metrics cannot be written to `/nowhere/at/all/metrics.ground`");
}

#[test]
fn a_file_that_exists_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("metrics.ground"), "of another writer").unwrap();
    let metrics = Metrics::create_with(directory.path(), NEVER).unwrap();
    assert_eq!(metrics.path(), directory.path().join("metrics-2.ground"));
    let first = fs::read_to_string(directory.path().join("metrics.ground")).unwrap();
    assert_eq!(first, "of another writer");
}

#[test]
fn one_name_is_one_metric() {
    let directory = tempfile::tempdir().unwrap();
    let metrics = Metrics::create_with(directory.path(), NEVER).unwrap();
    metrics.counter("ops", "count", Direction::Higher).unwrap().add(2);
    metrics.counter("ops", "count", Direction::Higher).unwrap().add(3);
    for error in [
        metrics.gauge("ops", "count", Direction::Higher).unwrap_err(),
        metrics.counter("ops", "B", Direction::Higher).unwrap_err(),
    ] {
        assert!(error.to_string().starts_with("metric `ops` is declared twice"), "{error}");
    }
    for name in ["", "a\nb"] {
        let error = metrics.point(name, "s", Direction::None).unwrap_err();
        assert!(matches!(error, MetricsError::Name { .. }));
    }
    metrics.finish().unwrap();
    let file = load(&metrics);
    assert_eq!(file.definitions.len(), 1);
    assert_eq!(values(&file, 0), [0.0, 5.0]);
}

#[test]
fn every_kind_arrives_with_its_declaration() {
    let directory = tempfile::tempdir().unwrap();
    let metrics = Metrics::create_with(directory.path(), NEVER).unwrap();
    let ops = metrics.counter("ops", "count", Direction::Higher).unwrap();
    let queue = metrics.gauge("queue", "count", Direction::Lower).unwrap();
    let size = metrics.point("size_bytes", "B", Direction::None).unwrap();
    let latency = metrics.timer("latency_s", Direction::Lower).unwrap();
    let share = metrics.histogram("share", "ratio", Direction::Higher).unwrap();
    ops.increment();
    queue.set(3.0);
    queue.set(-1.5);
    size.record(f64::INFINITY);
    for milliseconds in 1..=1000 {
        latency.record(Duration::from_millis(milliseconds));
    }
    share.record(0.25);
    share.record(f64::NAN);
    share.record(-0.5);
    metrics.finish().unwrap();
    queue.set(9.0);

    let file = load(&metrics);
    let declared: Vec<_> = file
        .definitions
        .iter()
        .map(|d| (d.id, &*d.name, d.kind, d.unit.as_str(), d.direction))
        .collect();
    assert_eq!(
        declared,
        [
            (0, "ops", MetricKind::Counter, "count", Direction::Higher),
            (1, "queue", MetricKind::Gauge, "count", Direction::Lower),
            (2, "size_bytes", MetricKind::Point, "B", Direction::None),
            (3, "latency_s", MetricKind::Timer, "s", Direction::Lower),
            (4, "share", MetricKind::Histogram, "ratio", Direction::Higher),
        ]
    );
    assert_eq!(values(&file, 0), [0.0, 1.0]);
    assert_eq!(values(&file, 1), [3.0, -1.5]);
    assert_eq!(values(&file, 2), [f64::INFINITY]);
    assert!(values(&file, 3).is_empty());
    let odd = values(&file, 4);
    assert!(odd[0].is_nan() && odd[1] == -0.5 && odd.len() == 2);

    let [latency, share] = &file.sketches[..] else { panic!("two sketches") };
    assert_eq!((latency.metric, latency.count, latency.scale), (3, 1000, 1e-9));
    assert!((latency.sum - 500.5).abs() < 1e-6, "{}", latency.sum);
    let p99 = histogram(&latency.histogram).value_at_quantile(0.99) as f64 * latency.scale;
    assert!((p99 - 0.99).abs() < 0.001, "{p99}");
    assert_eq!((share.metric, share.count, share.sum), (4, 1, 0.25));
    assert!(file.ended_ns.is_some() && file.torn.is_none());
}

#[test]
fn samples_of_a_timer_are_kept_on_request() {
    let directory = tempfile::tempdir().unwrap();
    let metrics = Metrics::create_with(directory.path(), NEVER).unwrap();
    let timer = metrics.declare("t_s").keep_samples().timer().unwrap();
    timer.record(Duration::from_nanos(1500));
    timer.start().discard();
    assert_eq!(timer.time(|| 7), 7);
    metrics.finish().unwrap();
    let file = load(&metrics);
    assert_eq!(values(&file, 0).len(), 2);
    assert!((values(&file, 0)[0] - 1.5e-6).abs() < 1e-15);
    assert_eq!(file.sketches[0].count, 2);
}

#[test]
fn the_longest_duration_is_recorded() {
    let directory = tempfile::tempdir().unwrap();
    let metrics = Metrics::create_with(directory.path(), NEVER).unwrap();
    let timer = metrics.timer("t_s", Direction::Lower).unwrap();
    timer.record(Duration::MAX);
    timer.record(Duration::ZERO);
    metrics.finish().unwrap();
    assert_eq!(load(&metrics).sketches[0].count, 2);
}

#[test]
fn all_threads_values_arrive_and_each_threads_in_order() {
    const THREADS: u32 = 4;
    const EACH: u32 = 50_000;
    let directory = tempfile::tempdir().unwrap();
    let metrics = Metrics::create_with(directory.path(), Duration::from_millis(1)).unwrap();
    let (gauge, counter) = (
        metrics.gauge("g", "count", Direction::None).unwrap(),
        metrics.counter("c", "count", Direction::None).unwrap(),
    );
    let timer = metrics.timer("t_s", Direction::None).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let (gauge, counter, timer) = (&gauge, &counter, &timer);
            scope.spawn(move || {
                for number in 0..EACH {
                    gauge.set(f64::from(thread * EACH + number));
                    counter.increment();
                    timer.record(Duration::from_nanos(u64::from(number)));
                }
            });
        }
    });
    metrics.finish().unwrap();
    let file = load(&metrics);
    assert_eq!(values(&file, 1).iter().sum::<f64>(), f64::from(THREADS * EACH));
    let recorded: u64 = file.sketches.iter().map(|sketch| sketch.count).sum();
    assert_eq!(recorded, u64::from(THREADS * EACH));
    let mut next: Vec<f64> = (0..THREADS).map(|thread| f64::from(thread * EACH)).collect();
    for value in values(&file, 0) {
        let thread = (value / f64::from(EACH)) as usize;
        assert_eq!(value, next[thread]);
        next[thread] += 1.0;
    }
    assert_eq!(next, (1..=THREADS).map(|thread| f64::from(thread * EACH)).collect::<Vec<_>>());
}

#[test]
fn the_file_grows_by_itself_and_is_readable_at_any_moment() {
    let directory = tempfile::tempdir().unwrap();
    let metrics = Metrics::create_with(directory.path(), Duration::from_millis(2)).unwrap();
    let gauge = metrics.gauge("g", "count", Direction::None).unwrap();
    gauge.set(1.0);
    let begin = Instant::now();
    while values(&load(&metrics), 0).is_empty() {
        assert!(begin.elapsed() < Duration::from_secs(60), "nothing was written");
        std::thread::yield_now();
    }
    let file = load(&metrics);
    assert_eq!((file.torn, file.ended_ns), (None, None));
}

#[test]
fn times_never_go_backwards() {
    let directory = tempfile::tempdir().unwrap();
    let metrics = Metrics::create_with(directory.path(), NEVER).unwrap();
    let gauge = metrics.gauge("g", "count", Direction::None).unwrap();
    for value in 0..10_000 {
        gauge.set(f64::from(value));
    }
    metrics.finish().unwrap();
    assert!(readings(&load(&metrics), 0).is_sorted_by_key(|reading| reading.at_ns));
}

#[test]
fn the_last_handle_ends_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let metrics = Metrics::create_with(directory.path(), NEVER).unwrap();
    let path = metrics.path().to_owned();
    let gauge = metrics.gauge("g", "count", Direction::None).unwrap();
    let clone = metrics.clone();
    drop(metrics);
    gauge.set(1.0);
    drop(clone);
    let file = read(&fs::read(path).unwrap()).unwrap();
    assert_eq!(values(&file, 0), [1.0]);
    assert!(file.ended_ns.is_some());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn sketches_merge_to_what_was_recorded(
        values in prop::collection::vec(0u64..10_000_000_000, 1..500),
        cuts in prop::collection::vec(0usize..500, 0..4),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let metrics = Metrics::create_with(directory.path(), NEVER).unwrap();
        let timer = metrics.timer("t_s", Direction::Lower).unwrap();
        let mut expected = hdrhistogram::Histogram::<u64>::new(3).unwrap();
        for (at, value) in values.iter().enumerate() {
            timer.record(Duration::from_nanos(*value));
            expected.record(*value).unwrap();
            if cuts.contains(&at) {
                metrics.flush().unwrap();
            }
        }
        metrics.finish().unwrap();
        let mut merged = hdrhistogram::Histogram::<u64>::new(3).unwrap();
        for sketch in load(&metrics).sketches {
            merged.add(histogram(&sketch.histogram)).unwrap();
        }
        prop_assert_eq!(merged, expected);
    }
}
