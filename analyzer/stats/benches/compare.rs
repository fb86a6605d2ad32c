//! How long a comparison of two revisions takes.
//!
//! `cargo bench -p ground-stats --bench compare`

use divan::Bencher;
use ground_stats::compare::{CompareInput, Direction, Sample, compare};

fn main() {
    divan::main();
}

/// Runs with a spread of about one percent that never repeat.
fn runs(count: usize, level: f64) -> Vec<f64> {
    (0..count).map(|run| level * (1.0 + 0.02 * ((run * 37 % 101) as f64 / 101.0 - 0.5))).collect()
}

fn flat(bencher: Bencher, paired: bool, count: usize) {
    let (baseline, candidate) = (runs(count, 1.0), runs(count, 1.03));
    bencher.bench(|| {
        compare(&CompareInput {
            paired,
            direction: Direction::Lower,
            ..CompareInput::new(Sample::Runs(&baseline), Sample::Runs(&candidate))
        })
    });
}

#[divan::bench(args = [5, 10, 20, 50])]
fn unpaired(bencher: Bencher, count: usize) {
    flat(bencher, false, count);
}

#[divan::bench(args = [6, 10, 20, 50])]
fn paired(bencher: Bencher, count: usize) {
    flat(bencher, true, count);
}

/// Ten runs a side of 100 instances each.
#[divan::bench]
fn nested(bencher: Bencher) {
    let side = |level: f64| -> Vec<Vec<f64>> {
        runs(10, level).into_iter().map(|run| runs(100, run)).collect()
    };
    let (baseline, candidate) = (side(1.0), side(1.03));
    bencher.bench(|| {
        compare(&CompareInput::new(Sample::Instances(&baseline), Sample::Instances(&candidate)))
    });
}
