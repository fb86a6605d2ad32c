//! Prints how the history engine does on every scenario: F1 at a margin of five points, alarm share, recall.
//!
//! `cargo run --release -p ground-stats --example scenarios [seed] [series per scenario] [dump]`
//!
//! With `dump` the series themselves are printed, one JSON object a line, for running other tools on them.

#![allow(clippy::print_stdout, reason = "an example prints its table")]

#[path = "../tests/scenarios/mod.rs"]
mod scenarios;

use std::time::{Duration, Instant};

use ground_stats::changes::{HistoryAnalysis, Settings, analyze};
use scenarios::{Case, SCENARIOS, Scenario, Score, Truth};

const MARGIN: usize = 5;

#[derive(Default)]
struct Row {
    score: Score,
    tight: Score,
    alarmed: usize,
    named: usize,
    points: usize,
    false_points: usize,
    time: Duration,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let seed = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(20_261_122);
    let each = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(60);
    if arguments.next().is_some_and(|word| word == "dump") {
        return dump(seed, each);
    }
    println!("seed {seed}, {each} series a scenario, margin {MARGIN}");
    println!(
        "| scenario | F1 | precision | recall | F1 margin 1 | alarmed | per 1000 points | named | us a point |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let mut all = Score::default();
    let mut worst = ("", 0.0_f64);
    for scenario in SCENARIOS {
        let row = judge(scenario, seed, each);
        let share = row.alarmed as f64 / each as f64;
        if scenario.truth == Truth::Null && share > worst.1 {
            worst = (scenario.name, share);
        }
        if scenario.truth != Truth::Spread {
            all.add(row.score);
        }
        print(scenario, &row, each);
    }
    println!();
    println!(
        "overall F1 {:.3} (precision {:.3}, recall {:.3})",
        all.f1(),
        all.precision(),
        all.recall()
    );
    println!("worst null scenario: {} {:.3}", worst.0, worst.1);
}

fn dump(seed: u64, each: usize) {
    for scenario in SCENARIOS {
        for number in 0..each {
            let case = scenario.case(seed, number);
            let text: Vec<String> = case
                .values
                .iter()
                .map(|value| if value.is_nan() { "null".to_owned() } else { value.to_string() })
                .collect();
            println!(
                "{{\"id\": \"{}/{number}\", \"changes\": {:?}, \"values\": [{}]}}",
                scenario.name,
                case.changes,
                text.join(", ")
            );
        }
    }
}

fn judge(scenario: &Scenario, seed: u64, each: usize) -> Row {
    let settings = Settings::default();
    let mut row = Row::default();
    for number in 0..each {
        let case = scenario.case(seed, number);
        let begun = Instant::now();
        let Ok(analysis) = analyze(&case.values, &settings) else { continue };
        row.time += begun.elapsed();
        count(&mut row, scenario, &case, &analysis);
    }
    row
}

fn count(row: &mut Row, scenario: &Scenario, case: &Case, analysis: &HistoryAnalysis) {
    let found: Vec<usize> = analysis.change_points.iter().map(|change| change.index).collect();
    let variances: Vec<usize> =
        analysis.variance_changes.iter().map(|change| change.index).collect();
    let truth: &[usize] = if scenario.truth == Truth::Spread { &[] } else { &case.changes };
    let score = Score::of(truth, &found, MARGIN);
    row.score.add(score);
    row.tight.add(Score::of(truth, &found, 1));
    row.points += case.values.len();
    row.false_points += score.wrong;
    row.alarmed += usize::from(!found.is_empty());
    row.named += usize::from(match scenario.truth {
        Truth::Drift => analysis.drift.is_some(),
        Truth::Spread => Score::of(&case.changes, &variances, case.values.len() / 10).right > 0,
        Truth::Null | Truth::Steps => analysis.drift.is_some() || !variances.is_empty(),
    });
}

fn print(scenario: &Scenario, row: &Row, each: usize) {
    let share = |count: usize| count as f64 / each as f64;
    println!(
        "| {} | {:.2} | {:.2} | {:.2} | {:.2} | {:.3} | {:.2} | {:.2} | {:.2} |",
        scenario.name,
        row.score.f1(),
        row.score.precision(),
        row.score.recall(),
        row.tight.f1(),
        share(row.alarmed),
        1000.0 * row.false_points as f64 / row.points as f64,
        share(row.named),
        row.time.as_secs_f64() * 1e6 / row.points as f64,
    );
}
