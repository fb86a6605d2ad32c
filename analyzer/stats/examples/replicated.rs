//! Prints false alarms and power of the replicated history engine on short histories of interleaved runs.
//!
//! `cargo run --release -p ground-stats --example replicated [histories]`

#![allow(clippy::print_stdout, reason = "an example prints its table")]

#[path = "../tests/scenarios/mod.rs"]
mod scenarios;

use ground_stats::changes::{Settings, analyze_replicated};
use scenarios::Source;

const RUNS: usize = 5;

fn main() {
    let histories = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(400);
    println!(
        "{histories} histories a cell, {RUNS} runs a revision; alarmed share, and share with exactly the true change"
    );
    println!("| revisions | CV | spread of builds | step at | step | alarmed | exact | within 1 |");
    println!("|---|---|---|---|---|---|---|---|");
    for revisions in [6, 8, 12, 30] {
        for (cv, build) in [(0.05, 0.0), (0.10, 0.0), (0.05, 0.03)] {
            for (at, step) in [
                (0, 0.0),
                (revisions / 2, 0.15),
                (revisions / 2, 0.3),
                (revisions - 1, 0.15),
                (revisions - 1, 0.3),
            ] {
                Cell { revisions, cv, build, at, step }.judge(histories);
            }
        }
    }
}

/// One kind of history: noise within a revision, noise of the revisions themselves, and where which step lies.
struct Cell {
    revisions: usize,
    cv: f64,
    build: f64,
    at: usize,
    step: f64,
}

impl Cell {
    fn judge(&self, histories: usize) {
        let (mut alarmed, mut exact, mut near) = (0, 0, 0);
        for number in 0..histories {
            let Ok(analysis) = analyze_replicated(&self.history(number), &Settings::default())
            else {
                continue;
            };
            let found: Vec<usize> =
                analysis.change_points.iter().map(|change| change.index).collect();
            alarmed += usize::from(!found.is_empty());
            exact += usize::from(found == [self.at]);
            near += usize::from(found.len() == 1 && found[0].abs_diff(self.at) <= 1);
        }
        let share = |count: usize| count as f64 / histories as f64;
        let Self { revisions, cv, build, at, step } = self;
        let (alarmed, exact, near) = (share(alarmed), share(exact), share(near));
        println!(
            "| {revisions} | {cv} | {build} | {at} | {step} | {alarmed:.3} | {exact:.3} | {near:.3} |"
        );
    }

    fn history(&self, number: usize) -> Vec<Vec<f64>> {
        let mut source =
            Source::new((number as u64) << 16 | (self.revisions * 100 + self.at) as u64);
        let revision = |revision: usize| {
            let level =
                0.01 * if self.step > 0.0 && revision >= self.at { 1.0 + self.step } else { 1.0 };
            let level = level * (1.0 + self.build * source.gauss());
            (0..RUNS).map(|_| level * (self.cv * source.gauss()).exp()).collect()
        };
        (0..self.revisions).map(revision).collect()
    }
}
