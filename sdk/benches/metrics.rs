//! What recording a value costs, with the file written meanwhile, and what the file format does by itself.
//!
//! Run with `cargo bench -p ground-sdk --bench metrics`.

use std::time::Duration;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use ground_core::sample_file::{
    Definition, Reading, read, write_definition, write_header, write_samples,
};
use ground_sdk::{Direction, MetricKind, Metrics, Unit};

fn main() {
    divan::main();
}

/// Values recorded in one iteration, so that writing them is measured with them.
const BATCH: usize = 1_000_000;

/// Records `BATCH` values and has all of them written before the clock stops.
fn record_and_write(bencher: Bencher<'_, '_>, prepare: impl Fn(&Metrics) -> Box<dyn Fn(usize)>) {
    let directory = tempfile::tempdir().unwrap();
    bencher
        .counter(ItemsCount::new(BATCH))
        .with_inputs(|| {
            // Each iteration writes a file of its own.
            for entry in std::fs::read_dir(directory.path()).unwrap() {
                std::fs::remove_file(entry.unwrap().path()).unwrap();
            }
            let metrics = Metrics::create(directory.path()).unwrap();
            let record = prepare(&metrics);
            (metrics, record)
        })
        .bench_local_refs(|(metrics, record)| {
            for number in 0..BATCH {
                record(black_box(number));
            }
            metrics.finish().unwrap();
        });
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn counter(bencher: Bencher<'_, '_>) {
    record_and_write(bencher, |metrics| {
        let counter = metrics.counter("c", "count", Direction::Higher).unwrap();
        Box::new(move |_| counter.increment())
    });
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn gauge_every_value_written(bencher: Bencher<'_, '_>) {
    record_and_write(bencher, |metrics| {
        let gauge = metrics.gauge("g", "count", Direction::None).unwrap();
        Box::new(move |number| gauge.set((number % 1000) as f64))
    });
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn point_of_random_bits_every_value_written(bencher: Bencher<'_, '_>) {
    record_and_write(bencher, |metrics| {
        let point = metrics.point("p", "s", Direction::Lower).unwrap();
        Box::new(move |number| point.record(scatter(number) as f64 * 1e-9 + 1e-12))
    });
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn timer(bencher: Bencher<'_, '_>) {
    record_and_write(bencher, |metrics| {
        let timer = metrics.timer("t_s", Direction::Lower).unwrap();
        Box::new(move |number| timer.record(Duration::from_nanos(scatter(number))))
    });
}

#[divan::bench(sample_count = 20, sample_size = 1)]
fn timer_keeping_samples(bencher: Bencher<'_, '_>) {
    record_and_write(bencher, |metrics| {
        let timer = metrics.declare("t_s").keep_samples().timer().unwrap();
        Box::new(move |number| timer.record(Duration::from_nanos(scatter(number))))
    });
}

/// Four threads on one gauge.
#[divan::bench(sample_count = 10, sample_size = 1)]
fn gauge_from_four_threads(bencher: Bencher<'_, '_>) {
    let directory = tempfile::tempdir().unwrap();
    let mut number = 0;
    bencher
        .counter(ItemsCount::new(BATCH))
        .with_inputs(|| {
            number += 1;
            let own = directory.path().join(number.to_string());
            std::fs::create_dir(&own).unwrap();
            Metrics::create(&own).unwrap()
        })
        .bench_local_refs(|metrics| {
            let gauge = metrics.gauge("g", "count", Direction::None).unwrap();
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        for number in 0..BATCH / 4 {
                            gauge.set(black_box(number) as f64);
                        }
                    });
                }
            });
            metrics.finish().unwrap();
        });
}

/// A number between 0 and about one million, without a pattern.
fn scatter(number: usize) -> u64 {
    (number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 44
}

fn readings(value: impl Fn(usize) -> f64) -> Vec<Reading> {
    (0..4096)
        .map(|at| Reading {
            at_ns: 1_700_000_000_000_000_000 + at as i64 * 1_000 + (scatter(at) % 500) as i64,
            value: value(at),
        })
        .collect()
}

#[divan::bench(args = ["integers", "scattered"])]
fn encode_a_block(bencher: Bencher<'_, '_>, values: &str) {
    let block = match values {
        "integers" => readings(|at| (at % 1000) as f64),
        _ => readings(|at| scatter(at) as f64 * 1e-9),
    };
    let mut out = Vec::with_capacity(1 << 17);
    bencher.counter(ItemsCount::new(block.len())).bench_local(|| {
        out.clear();
        write_samples(&mut out, 1, black_box(&block));
        out.len()
    });
}

#[divan::bench(args = ["integers", "scattered"])]
fn decode_a_file_of_100_blocks(bencher: Bencher<'_, '_>, values: &str) {
    let block = match values {
        "integers" => readings(|at| (at % 1000) as f64),
        _ => readings(|at| scatter(at) as f64 * 1e-9),
    };
    let mut file = Vec::new();
    write_header(&mut file);
    let definition = Definition {
        id: 1,
        name: "g".to_owned(),
        kind: MetricKind::Gauge,
        unit: Unit::new("s"),
        direction: Direction::None,
    };
    write_definition(&mut file, &definition);
    for _ in 0..100 {
        write_samples(&mut file, 1, &block);
    }
    bencher
        .counter(ItemsCount::new(100 * block.len()))
        .counter(BytesCount::new(file.len()))
        .bench_local(|| read(black_box(&file)).unwrap());
}
