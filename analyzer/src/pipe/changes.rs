//! `ground changes --series`.

use serde::{Deserialize, Serialize};

use super::{PipeError, each, finite};
use crate::stats::changes::{ChangePoint, Drift, HistoryAnalysis, Settings, analyze};
use crate::stats::{otava, perfherder};

/// Which detector answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Algorithm {
    /// Our own history engine.
    #[default]
    Kernel,
    /// The points that Apache Otava 0.8.0 reports at its defaults.
    Otava,
    /// The points that Perfherder reports.
    Perfherder,
}

#[derive(Deserialize)]
struct Input {
    id: String,
    values: Vec<Option<f64>>,
}

#[derive(Serialize)]
struct Output {
    id: String,
    change_points: Vec<Point>,
    drift: Option<Slope>,
    outliers: Vec<usize>,
    variance_changes: Vec<Spread>,
}

#[derive(Serialize)]
struct Point {
    index: usize,
    lo: usize,
    hi: usize,
    effect: Option<f64>,
    effect_lo: Option<f64>,
    effect_hi: Option<f64>,
    p: Option<f64>,
    kind: &'static str,
}

#[derive(Serialize)]
struct Slope {
    start: usize,
    end: usize,
    per_point: Option<f64>,
    total: Option<f64>,
    p: f64,
}

#[derive(Serialize)]
struct Spread {
    index: usize,
    ratio: Option<f64>,
    p: f64,
}

/// Finds the changes of every series in `input`.
///
/// # Errors
/// [`PipeError`] names the first line that is no series.
pub fn changes(input: &str, algorithm: Algorithm) -> Result<String, PipeError> {
    each(input, |series: Input| {
        let values: Vec<f64> =
            series.values.iter().map(|value| value.unwrap_or(f64::NAN)).collect();
        match algorithm {
            Algorithm::Kernel => analyze(&values, &Settings::default())
                .map(|analysis| ours(series.id, analysis))
                .map_err(|error| error.to_string()),
            Algorithm::Otava => Ok(of_otava(series.id, &values)),
            Algorithm::Perfherder => Ok(of_perfherder(series.id, &values)),
        }
    })
}

fn ours(id: String, analysis: HistoryAnalysis) -> Output {
    Output {
        id,
        change_points: analysis.change_points.iter().map(point).collect(),
        drift: analysis.drift.as_ref().map(slope),
        outliers: analysis.outliers,
        variance_changes: analysis
            .variance_changes
            .iter()
            .map(|change| Spread { index: change.index, ratio: finite(change.ratio), p: change.p })
            .collect(),
    }
}

fn point(point: &ChangePoint) -> Point {
    Point {
        index: point.index,
        lo: point.lo,
        hi: point.hi,
        effect: finite(point.effect),
        effect_lo: finite(point.effect_lo),
        effect_hi: finite(point.effect_hi),
        p: finite(point.p),
        kind: point.kind.word(),
    }
}

fn slope(drift: &Drift) -> Slope {
    Slope {
        start: drift.start,
        end: drift.end,
        per_point: finite(drift.per_point),
        total: finite(drift.total),
        p: drift.p,
    }
}

fn only_points(id: String, change_points: Vec<Point>) -> Output {
    Output { id, change_points, drift: None, outliers: Vec::new(), variance_changes: Vec::new() }
}

fn bare(index: usize, effect: f64, p: Option<f64>) -> Point {
    Point {
        index,
        lo: index,
        hi: index,
        effect: finite(effect),
        effect_lo: None,
        effect_hi: None,
        p,
        kind: "step",
    }
}

fn of_otava(id: String, values: &[f64]) -> Output {
    let points = otava::otava(values, &otava::Settings::default())
        .into_iter()
        .map(|change| {
            let test = &change.test;
            bare(change.index, test.mean_after / test.mean_before - 1.0, finite(test.p))
        })
        .collect();
    only_points(id, points)
}

fn of_perfherder(id: String, values: &[f64]) -> Output {
    let points = perfherder::perfherder(values, &perfherder::Settings::default())
        .into_iter()
        .map(|change| bare(change.index, change.effect, None))
        .collect();
    only_points(id, points)
}
