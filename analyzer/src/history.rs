//! Where series changed over revisions.

use ground_core::finding::{Change, ChangeKind, Estimate, Segment};
use ground_core::report::SeriesHistory;
use ground_core::series::Series;
use ground_core::verdict::Verdict;

use crate::stats::changes::{
    self, ChangePoint, ChangesError, HistoryAnalysis, Settings, analyze_replicated,
};

/// Analyzes every series; one that cannot be analyzed keeps its points and says nothing.
#[must_use]
pub fn histories(series: Vec<Series>, settings: &Settings) -> Vec<SeriesHistory> {
    series.into_iter().map(|series| history(series, settings)).collect()
}

fn history(series: Series, settings: &Settings) -> SeriesHistory {
    let runs: Vec<Vec<f64>> = series.revisions.iter().map(|points| points.values()).collect();
    let analysis: Result<HistoryAnalysis, ChangesError> = analyze_replicated(&runs, settings);
    let analysis = analysis.unwrap_or_default();
    let changes: Vec<Change> =
        analysis.change_points.iter().map(|point| change(point, &series)).collect();
    SeriesHistory {
        segments: segments(&analysis, &runs),
        drift: analysis.drift.as_ref().map(|drift| Estimate {
            value: drift.per_point,
            lo: f64::NEG_INFINITY,
            hi: f64::INFINITY,
        }),
        outliers: analysis.outliers,
        verdict: newest_verdict(&series, &changes),
        minimum_detectable: minimum_detectable(&runs),
        changes,
        series,
    }
}

fn change(point: &ChangePoint, series: &Series) -> Change {
    let effect = Estimate { value: point.effect, lo: point.effect_lo, hi: point.effect_hi };
    let verdict = if series.exact && point.effect != 0.0 {
        Verdict::of_interval(point.effect, point.effect, f64::MIN_POSITIVE, series.direction)
    } else {
        Verdict::of_interval(effect.lo, effect.hi, series.margin, series.direction)
    };
    Change {
        index: point.index,
        lo: point.lo,
        hi: point.hi,
        effect,
        p: point.p,
        kind: match point.kind {
            changes::ChangeKind::Late => ChangeKind::Recent,
            changes::ChangeKind::Revert => ChangeKind::Revert,
            _ => ChangeKind::Step,
        },
        verdict,
    }
}

fn segments(analysis: &HistoryAnalysis, runs: &[Vec<f64>]) -> Vec<Segment> {
    analysis
        .segments
        .iter()
        .filter(|segment| segment.end > segment.start)
        .map(|segment| Segment {
            first: segment.start,
            last: segment.end - 1,
            level: level(&runs[segment.start..segment.end.min(runs.len())]).unwrap_or(Estimate {
                value: segment.level,
                lo: segment.level,
                hi: segment.level,
            }),
        })
        .collect()
}

/// The median of all runs of a stretch, with the exact interval from order statistics.
pub(crate) fn level(runs: &[Vec<f64>]) -> Option<Estimate> {
    let values: Vec<f64> = runs.iter().flatten().copied().collect();
    crate::summary::median_interval(&values)
}

/// The verdict on the newest revision: what its newest change says, if that still holds; else whether nothing
/// was found, which proves nothing.
fn newest_verdict(series: &Series, changes: &[Change]) -> Verdict {
    if series.revisions.last().is_none_or(|newest| newest.points.is_empty()) {
        return Verdict::NoData;
    }
    changes.last().map_or(Verdict::Inconclusive, |change| change.verdict)
}

/// The smallest relative change that runs of one revision, compared with as many of another, would show with
/// 80 percent power, from the spread within revisions.
fn minimum_detectable(runs: &[Vec<f64>]) -> Option<f64> {
    let newest = runs.last()?.len();
    let spread = crate::summary::spread_within(runs)?;
    crate::summary::minimum_detectable(spread, newest)
}
