//! What goes in comes out, and what an old version wrote is read for ever.

mod common;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use common::{id, instance, metric, record};
use ground_core::event::{Event, EventKind};
use ground_core::id::RunId;
use ground_core::metric::{MetricKind, Stat};
use ground_core::record::{PointRow, RunRecord, SampleSeries, SketchRow};
use ground_store::{BlockingStore, CompactOptions, OpenMode, Store, samples_file};
use object_store::memory::InMemory;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

/// Texts as hostile as they come.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), Just(String::new()), Just("' OR 1=1; --\u{0}\n\"é/..".to_owned())]
}

fn finite() -> impl Strategy<Value = f64> {
    prop_oneof![
        proptest::num::f64::NORMAL,
        proptest::num::f64::SUBNORMAL,
        Just(0.0),
        Just(-0.0),
        (0u32..9).prop_map(f64::from)
    ]
}

fn any_series() -> impl Strategy<Value = (Vec<i64>, Vec<f64>)> {
    vec((any::<i64>(), finite()), 1..40).prop_map(|mut rows| {
        rows.sort_by_key(|row| row.0);
        rows.into_iter().unzip()
    })
}

fn any_event() -> impl Strategy<Value = Event> {
    let kind = prop_oneof![
        Just(EventKind::Start),
        any_text().prop_map(EventKind::Message),
        any_text().prop_map(EventKind::StageStart),
        any_text().prop_map(EventKind::StageEnd),
        Just(EventKind::Success),
        any_text().prop_map(EventKind::Failure),
        (any_text(), any_text()).prop_map(|(error, stack)| EventKind::Crash { error, stack }),
        (any_text(), any::<u64>(), any::<i64>()).prop_map(|(state, target, first_ns)| {
            EventKind::BarrierOpened { state, target, first_ns }
        }),
    ];
    let who =
        proptest::option::of((any_text(), any::<u32>()).prop_map(|(group, at)| id(&group, at)));
    (any::<i64>(), who, kind).prop_map(|(at_ns, instance, kind)| Event { at_ns, instance, kind })
}

/// Records in canonical order: series, sketches and points by instance, metric, time.
fn any_record() -> impl Strategy<Value = RunRecord> {
    let names = (any_text(), any_text(), any_text(), "[^\u{0}]{1,9}", "[^\u{0}]{1,300}");
    let numbers = (any::<u64>(), any::<i64>(), any::<u32>(), any::<bool>());
    let params = btree_map(any_text(), any_text(), 0..4);
    let series = || proptest::option::of(any_series());
    let rows = (series(), series(), vec((finite(), any::<u64>()), 0..3), vec(any_event(), 0..6));
    let blob = vec(any::<u8>(), 0..50);
    (names, numbers, params, rows, blob).prop_map(|(names, numbers, params, rows, blob)| {
        let mut made = record(&names.3, &names.4);
        made.run.params = params;
        made.run.revision.subject = names.0.clone();
        made.run.caveats = vec![names.1.clone(), names.2];
        (made.run.seed, made.run.started_ns, made.run.block, made.run.revision.dirty) = numbers;
        made.instances = vec![instance(&names.0, 7), instance("z", 0), instance("a", u32::MAX)];
        made.instances[1].exit_code = None;
        made.instances[1].signal = Some(9);
        made.metrics = vec![
            metric(&names.1, MetricKind::Gauge, &names.0),
            metric("z\u{1}", MetricKind::Point, ""),
        ];
        made.samples = [(0, rows.0), (2, rows.1)]
            .into_iter()
            .filter_map(|(instance, series)| {
                series.map(|(t_ns, values)| SampleSeries { instance, metric: 1, t_ns, values })
            })
            .collect();
        made.sketches = (0..)
            .zip(&rows.2)
            .map(|(t_ns, (sum, count))| SketchRow {
                instance: 1,
                metric: 0,
                t_ns,
                interval_ns: 5,
                count: *count,
                sum: *sum,
                scale: 1e-9,
                histogram: blob.clone(),
            })
            .collect();
        made.points = [Stat::Value, Stat::Q(950), Stat::Q(999)]
            .into_iter()
            .zip(&rows.2)
            .map(|(stat, (value, samples))| PointRow {
                metric: 1,
                stat,
                value: *value,
                samples: *samples,
            })
            .collect();
        made.events = rows.3;
        made
    })
}

/// Compares table by table, so that a failure shows one of them.
fn same(back: &RunRecord, record: &RunRecord) {
    assert_eq!(back.run, record.run);
    assert_eq!(back.instances, record.instances);
    assert_eq!(back.metrics, record.metrics);
    assert_eq!(back.samples, record.samples);
    assert_eq!(back.sketches, record.sketches);
    assert_eq!(back.points, record.points);
    assert_eq!(back.events, record.events);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_goes_in_comes_out(one in any_record(), other in any_record()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut other = other;
            other.run.run = RunId::new(format!("{}.", one.run.run));
            other.run.plan.clone_from(&one.run.plan);
            other.run.started_ns = one.run.started_ns;
            let store = Store::open_on(Arc::new(InMemory::new()), "memory", OpenMode::Create).await.unwrap();
            store.append(one.clone()).await.unwrap();
            store.append(other.clone()).await.unwrap();
            for merged in [false, true] {
                if merged {
                    let options = CompactOptions { min_runs: 2, ..CompactOptions::default() };
                    assert_eq!(store.compact(options).await.unwrap().merged_runs, 2);
                }
                for record in [&one, &other] {
                    let back = store.run_record(&record.run.run).await.unwrap();
                    same(&back.unwrap(), record);
                }
            }
        });
    }
}

#[test]
fn what_is_unknown_stays_unknown() {
    let dir = tempfile::tempdir().unwrap();
    let store = BlockingStore::open(dir.path().to_str().unwrap(), OpenMode::Create).unwrap();
    let mut unknown = record("r", "p");
    unknown.run.fingerprint.before.cpu_pressure = f64::NAN;
    unknown.instances[0].cpu_user_s = f64::NAN;
    store.append(unknown).unwrap();
    let back = store.run_record(&RunId::new("r")).unwrap().unwrap();
    assert!(back.run.fingerprint.before.cpu_pressure.is_nan());
    assert!(back.instances[0].cpu_user_s.is_nan());
    let answer = store
        .sql("SELECT run_id FROM runs WHERE cpu_pressure_before IS NULL AND cpu_pressure_after IS NOT NULL")
        .unwrap();
    assert_eq!(answer.rows(), 1);
}

/// Points without samples, of a revision that is only a label: what an import gives.
#[test]
fn an_import_needs_points_only() {
    let dir = tempfile::tempdir().unwrap();
    let store = BlockingStore::open(dir.path().to_str().unwrap(), OpenMode::Create).unwrap();
    let mut import = record("imported", "criterion");
    import.run.revision =
        ground_core::revision::Revision { commit: "v1.2".to_owned(), ..Default::default() };
    (import.instances, import.samples, import.sketches, import.events) = Default::default();
    store.append(import.clone()).unwrap();
    assert_eq!(store.run_record(&RunId::new("imported")).unwrap(), Some(import));
    assert_eq!(store.points(&Default::default()).unwrap().rows(), 2);
}

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/v1")
}

/// The records that `tests/fixtures/v1` was made of: two runs that were merged, and one that came later.
fn fixture_records() -> [RunRecord; 3] {
    [record("first", "gossip"), record("second", "gossip"), record("third", "o'neil/ü=1")]
}

/// A store of format version 1 opens for ever. The fixture is never made anew: where `GROUND_STORE_FIXTURE` names an
/// empty folder, the first one of a later version is made there.
#[test]
fn a_store_of_version_1_is_read() {
    if let Ok(folder) = std::env::var("GROUND_STORE_FIXTURE") {
        let store = BlockingStore::open(&folder, OpenMode::Create).unwrap();
        let [first, second, third] = fixture_records();
        store.append(first).unwrap();
        store.append(second).unwrap();
        let options =
            CompactOptions { min_runs: 2, grace: std::time::Duration::ZERO, ..Default::default() };
        store.wait(store.store().compact(options)).unwrap();
        store.append(third).unwrap();
        return;
    }
    let store = BlockingStore::open(fixture().to_str().unwrap(), OpenMode::Read).unwrap();
    assert!(store.store().quarantined().is_empty());
    assert_eq!(store.wait(store.store().verify()).unwrap().problems, []);
    for record in fixture_records() {
        assert_eq!(store.run_record(&record.run.run).unwrap(), Some(record));
    }
    let answer = store.sql("SELECT sum(value) AS total FROM samples").unwrap();
    let total = answer.batches[0].column(0).as_any();
    let total = total.downcast_ref::<arrow::array::Float64Array>().unwrap().value(0);
    assert_eq!(total, 3.0 * (1.0 + 2.0 - 0.5 + 1e300));
}

/// A counter that is read every 10 ms with up to 200 µs of jitter, with increments up to 20.
fn counter_series(samples: u32) -> (Vec<i64>, Vec<f64>) {
    let mut state = 7u64;
    let mut random = move |below: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    (0..i64::from(samples))
        .map(|at| {
            let jitter = i64::try_from(random(200_000)).unwrap();
            (common::STARTED_NS + at * 10_000_000 + jitter, random(20) as f64)
        })
        .unzip()
}

#[test]
fn a_realistic_counter_takes_at_most_4_bytes_a_sample() {
    for (instances, samples) in [(1, 1_000_000), (10, 10_000), (100, 1_000)] {
        let mut made = record("r", "p");
        made.instances = (0..instances).map(|at| instance("g", at)).collect();
        made.samples = (0..instances)
            .map(|at| {
                let (t_ns, values) = counter_series(samples);
                SampleSeries { instance: at, metric: 1, t_ns, values }
            })
            .collect();
        let bytes = samples_file(&made).unwrap().len() as f64 / f64::from(instances * samples);
        assert!(bytes <= 4.0, "{bytes:.2} bytes a sample in {instances} series of {samples}");
    }
}
