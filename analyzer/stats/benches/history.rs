//! Speed of the history engine on one core: the figures that `docs/statistics-history.md` quotes.
//!
//! `cargo bench -p ground-stats --bench history`

#[path = "../tests/scenarios/mod.rs"]
mod scenarios;

use divan::Bencher;
use ground_stats::changes::{History, Settings, analyze};
use scenarios::{Noise, Source};

fn main() {
    divan::main();
}

/// Level 100 with noise of one percent and a step of five percent every `every` points.
fn series(seed: u64, count: usize, every: usize) -> Vec<f64> {
    let noise = Source::new(seed).noise(count, Noise::Gauss);
    noise
        .iter()
        .enumerate()
        .map(|(index, noise)| 100.0 + 5.0 * (index / every % 2) as f64 + noise)
        .collect()
}

fn run(bencher: Bencher, all: &[Vec<f64>]) {
    let settings = Settings::default();
    bencher.bench(|| all.iter().filter_map(|values| analyze(values, &settings).ok()).count());
}

#[divan::bench]
fn hundred_of_500_with_steps(bencher: Bencher) {
    run(bencher, &(0..100).map(|seed| series(seed, 500, 125)).collect::<Vec<_>>());
}

#[divan::bench]
fn hundred_of_500_with_one_step(bencher: Bencher) {
    run(bencher, &(0..100).map(|seed| series(seed, 500, 250)).collect::<Vec<_>>());
}

#[divan::bench]
fn hundred_of_500_without_change(bencher: Bencher) {
    run(bencher, &(0..100).map(|seed| series(seed, 500, 1000)).collect::<Vec<_>>());
}

#[divan::bench]
fn one_of_10_000_with_steps(bencher: Bencher) {
    run(bencher, &[series(1, 10_000, 1000)]);
}

#[divan::bench]
fn one_of_10_000_without_change(bencher: Bencher) {
    run(bencher, &[series(1, 10_000, 20_000)]);
}

#[divan::bench]
fn ten_of_1000_with_steps(bencher: Bencher) {
    run(bencher, &(0..10).map(|seed| series(seed, 1000, 250)).collect::<Vec<_>>());
}

#[divan::bench]
fn append_one_to_a_hundred_of_1000(bencher: Bencher) {
    let known: Vec<History> = (0..100)
        .filter_map(|seed| History::new(&series(seed, 1000, 250), Settings::default()).ok())
        .map(|mut history| {
            history.analyze();
            history
        })
        .collect();
    bencher.with_inputs(|| known.clone()).bench_values(|mut all| {
        all.iter_mut()
            .filter_map(|history| history.append(100.5).ok().map(|()| history.analyze()))
            .count()
    });
}
