//! From splits to the answer: locations, effects, spreads, outliers, in positions of the input.

use super::effect::Effect;
use super::locate::Location;
use super::steps::{Split, Steps, settle};
use super::types::{
    Caveat, ChangeKind, ChangePoint, Drift, HistoryAnalysis, Segment, Series, VarianceChange,
};
use super::work::{Piece, Sides, Work};
use super::{LEAST_POINTS, noise};
use crate::drift::Trend;

/// The answer for a series in which nothing can be told from noise.
pub(crate) fn too_short(series: &Series) -> HistoryAnalysis {
    let points = series.raw.len();
    let level = noise::median(&series.raw);
    let spread = noise::spread(&series.raw, level);
    HistoryAnalysis {
        segments: vec![Segment { start: 0, end: series.length, points, level, spread }],
        caveats: vec![Caveat::TooShort { points, least: LEAST_POINTS }],
        ..HistoryAnalysis::default()
    }
}

/// Writes the answer; `work` holds the values without a trend, `scaled` the values with it.
pub(crate) fn assemble(
    series: &Series,
    work: &mut Work<'_>,
    scaled: &[f64],
    steps: Steps,
) -> HistoryAnalysis {
    let Steps { mut splits, rho } = steps;
    let locations = settle(work, &mut splits, rho);
    let mut bounds = vec![0];
    bounds.extend(splits.iter().map(|split| split.at));
    bounds.push(scaled.len());
    let mut analysis = HistoryAnalysis { autocorrelation: rho, ..HistoryAnalysis::default() };
    let alpha = work.settings.drift_alpha;
    for (around, found) in bounds.windows(3).zip(splits.into_iter().zip(locations)) {
        let Sides { effect, spread } = work.sides(scaled, [around[0], around[1], around[2]], rho);
        let noisier = spread.filter(|&(_, p)| p <= alpha);
        if let Some((ratio, p)) = noisier {
            let index = series.positions[around[1]];
            analysis.variance_changes.push(VarianceChange { index, ratio, p });
        }
        analysis.change_points.extend(change(series, effect, noisier.is_some(), found));
    }
    for pair in bounds.windows(2) {
        let piece = work.piece(scaled, pair[0], pair[1], rho);
        describe(&mut analysis, series, (pair[0], pair[1]), &piece, alpha);
    }
    analysis.variance_changes.sort_by_key(|change| change.index);
    analysis
}

/// Adds what one segment says for itself.
fn describe(
    analysis: &mut HistoryAnalysis,
    series: &Series,
    (start, end): (usize, usize),
    piece: &Piece,
    alpha: f64,
) {
    let position = |index: usize| series.positions.get(index).copied().unwrap_or(series.length);
    analysis.outliers.extend(piece.outliers.iter().map(|index| series.positions[start + index]));
    if let Some((split, ratio, p)) = piece.uneven.filter(|&(_, _, p)| p <= alpha) {
        analysis.variance_changes.push(VarianceChange {
            index: series.positions[start + split],
            ratio,
            p,
        });
    }
    analysis.segments.push(Segment {
        start: if start == 0 { 0 } else { position(start) },
        end: position(end),
        points: end - start,
        level: piece.level / series.factor(),
        spread: piece.spread / series.factor(),
    });
}

/// The change between two sides; `None` where only their spread differs, which is a word of its own.
fn change(
    series: &Series,
    effect: Effect,
    noisier: bool,
    (split, location): (Split, Location),
) -> Option<ChangePoint> {
    let level_moved = effect.lo > 0.0 || effect.hi < 0.0;
    let kind = match split.kind {
        ChangeKind::Step if !level_moved && noisier => return None,
        ChangeKind::Step if !level_moved => ChangeKind::Shape,
        kind => kind,
    };
    Some(ChangePoint {
        index: series.positions[location.index],
        lo: series.positions[location.lo - 1] + 1,
        hi: series.positions[location.hi],
        effect: effect.estimate,
        effect_lo: effect.lo,
        effect_hi: effect.hi,
        p: split.p,
        kind,
    })
}

/// Subtracts the trend.
pub(crate) fn flattened(scaled: &[f64], trend: Trend) -> Vec<f64> {
    scaled.iter().enumerate().map(|(index, value)| value - trend.slope * index as f64).collect()
}

pub(crate) fn drift(series: &Series, flat: &[f64], trend: Trend) -> Drift {
    let points = series.raw.len();
    let start = noise::median(flat).abs();
    Drift {
        start: series.positions[0],
        end: series.positions[points - 1] + 1,
        per_point: trend.slope / start,
        total: trend.slope * (points - 1) as f64 / start,
        p: trend.p,
    }
}
