//! One run, as hyperfine shows a command.

use ground_core::metric::Stat;
use ground_core::report::{RunDetail, RunMetric};

use super::table::{Cell, Table};
use super::{TextOptions, wrap};
use crate::number::{self, Scale};

/// Renders one run: how it ended, what it measured, what a reader of the numbers must know.
#[must_use]
pub fn run(detail: &RunDetail, options: &TextOptions) -> String {
    let options = *options;
    let run = &detail.run;
    let seconds = (run.ended_ns - run.started_ns) as f64 / 1e9;
    let mut out = format!(
        "run {}: {}/{} at {}, seed {}\n",
        run.run,
        options.outside(&run.plan, 60),
        options.outside(&run.case, 60),
        run.revision.short(),
        run.seed
    );
    out += &wrap(
        &format!(
            "{}, {} instances, {}",
            options.outside(&run.outcome.to_string(), 200),
            detail.instances.len(),
            number::span(seconds, options.notation())
        ),
        options.width,
        "  ",
    );
    if !detail.metrics.is_empty() {
        out.push('\n');
        let mut table = Table::default();
        table.row(
            ["metric", "median", "p99", "max", "samples", "by instance"].map(Cell::left).to_vec(),
        );
        for metric in &detail.metrics {
            table.row(row(metric, options));
        }
        out += &table.render(options.width);
    }
    for caveat in &run.caveats {
        out += &wrap(&format!("caveat: {}", options.outside(caveat, 240)), options.width, "");
    }
    out
}

fn row(metric: &RunMetric, options: TextOptions) -> Vec<Cell> {
    let notation = options.notation();
    let write = |stats: &[Stat]| {
        let point = stats.iter().find_map(|stat| metric.points.iter().find(|p| p.0 == *stat));
        point.map_or_else(
            || notation.dash().to_owned(),
            |(stat, value, _)| {
                options.outside(
                    &Scale::of(&metric.metric.unit, *stat, *value).value(*value, notation),
                    40,
                )
            },
        )
    };
    let samples = metric.points.iter().map(|point| point.2).max().unwrap_or(0);
    vec![
        Cell::left(options.outside(&metric.metric.name, 60)),
        Cell::left(write(&[Stat::Q(500), Stat::Value, Stat::Rate, Stat::Mean, Stat::Total])),
        Cell::left(write(&[Stat::Q(990)])),
        Cell::left(write(&[Stat::Max])),
        Cell::left(number::count(samples, notation)),
        Cell::left(options.sparkline(&histogram(&metric.by_instance))),
    ]
}

/// Counts instances in eight classes of equal width.
fn histogram(values: &[f64]) -> Vec<Option<f64>> {
    let known = || values.iter().copied().filter(|value| value.is_finite());
    let (lo, hi) =
        known().fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), v| (lo.min(v), hi.max(v)));
    if lo >= hi {
        return Vec::new();
    }
    let mut counts = [0.0; 8];
    for value in known() {
        counts[(((value - lo) / (hi - lo) * 8.0) as usize).min(7)] += 1.0;
    }
    counts.iter().map(|count| Some(*count)).collect()
}
