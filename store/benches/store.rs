//! Encoding samples, appending runs, asking questions.
#![allow(missing_docs, clippy::print_stdout, reason = "a bench reports")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::sync::OnceLock;

use common::record;
use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use ground_core::record::{RunRecord, SampleSeries};
use ground_store::{BlockingStore, CompactOptions, OpenMode, PointFilter, RunFilter, samples_file};
use tempfile::TempDir;

fn main() {
    for (name, made) in [("counter", counter()), ("latency", latency())] {
        let bytes = samples_file(&made).expect("encodes").len() as f64;
        println!("{name}: {:.2} bytes a sample", bytes / SAMPLES as f64);
    }
    divan::main();
}

const SAMPLES: u32 = 2_000_000;

/// Runs of the store that queries are asked of.
const RUNS: u32 = 500;

fn random() -> impl FnMut(u64) -> u64 {
    let mut state = 7u64;
    move |below| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    }
}

fn with_samples(value: impl FnMut() -> f64) -> RunRecord {
    let mut random = random();
    let mut made = record("r", "p");
    let t_ns = (0..i64::from(SAMPLES)).map(|at| at * 10_000_000 + random(200_000) as i64).collect();
    let values = std::iter::repeat_with(value).take(SAMPLES as usize).collect();
    made.samples = vec![SampleSeries { instance: 0, metric: 1, t_ns, values }];
    made
}

/// Read every 10 ms with up to 200 µs of jitter, increments up to 20.
fn counter() -> RunRecord {
    let mut random = random();
    with_samples(move || random(20) as f64)
}

/// Seconds with nanosecond resolution, hardly ever the same twice.
fn latency() -> RunRecord {
    let mut random = random();
    with_samples(move || random(10_000_000) as f64 * 1e-9)
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn encode_counter(bencher: Bencher<'_, '_>) {
    let made = counter();
    bencher.counter(ItemsCount::new(SAMPLES)).bench_local(|| samples_file(black_box(&made)));
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn encode_latency(bencher: Bencher<'_, '_>) {
    let made = latency();
    bencher.counter(ItemsCount::new(SAMPLES)).bench_local(|| samples_file(black_box(&made)));
}

fn empty() -> (TempDir, BlockingStore) {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().to_str().expect("plain");
    let store = BlockingStore::open(path, OpenMode::Create).expect("opens");
    (dir, store)
}

#[divan::bench(sample_count = 5, sample_size = 1)]
fn append_2m_samples(bencher: Bencher<'_, '_>) {
    bencher
        .counter(ItemsCount::new(SAMPLES))
        .with_inputs(|| (empty(), counter()))
        .bench_local_values(|((dir, store), made)| {
            store.append(made).expect("stored");
            (dir, store)
        });
}

#[divan::bench(sample_count = 50, sample_size = 1)]
fn append_small_run(bencher: Bencher<'_, '_>) {
    let (_dir, store) = empty();
    let mut next = 0;
    bencher.bench_local(|| {
        next += 1;
        store.append(record(&format!("r{next}"), "p")).expect("stored")
    });
}

fn filled(merged: bool) -> &'static (TempDir, BlockingStore) {
    static LOOSE: OnceLock<(TempDir, BlockingStore)> = OnceLock::new();
    static MERGED: OnceLock<(TempDir, BlockingStore)> = OnceLock::new();
    let slot = if merged { &MERGED } else { &LOOSE };
    slot.get_or_init(|| {
        let (dir, store) = empty();
        for run in 0..RUNS {
            store.append(record(&format!("r{run}"), "p")).expect("stored");
        }
        if merged {
            store.wait(store.store().compact(CompactOptions::default())).expect("compacted");
        }
        (dir, store)
    })
}

#[divan::bench(args = [false, true], sample_count = 5, sample_size = 1)]
fn open_500_runs(bencher: Bencher<'_, '_>, merged: bool) {
    let path = filled(merged).0.path().to_str().expect("plain");
    bencher.bench_local(|| BlockingStore::open(path, OpenMode::Read).expect("opens"));
}

#[divan::bench(args = [false, true], sample_count = 5, sample_size = 1)]
fn points_of_500_runs(bencher: Bencher<'_, '_>, merged: bool) {
    let store = &filled(merged).1;
    let runs = RunFilter { plan: Some("p".to_owned()), ..RunFilter::default() };
    let filter = PointFilter { runs, ..PointFilter::default() };
    bencher.bench_local(|| store.points(&filter).expect("answers").rows());
}

#[divan::bench(args = [false, true], sample_count = 5, sample_size = 1)]
fn one_run_of_500(bencher: Bencher<'_, '_>, merged: bool) {
    let store = &filled(merged).1;
    let run = ground_core::id::RunId::new("r250");
    bencher.bench_local(|| store.run_record(&run).expect("answers"));
}
