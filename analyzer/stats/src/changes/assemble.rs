//! From splits to the answer: locations, effects, spreads, outliers, in positions of the input.

use super::effect::relative_shift;
use super::locate::{Location, locate};
use super::steps::Split;
use super::trend::Explained;
use super::types::{
    Caveat, ChangeKind, ChangePoint, Drift, HistoryAnalysis, Segment, Series, Settings,
    VarianceChange,
};
use super::{LEAST_POINTS, noise, variance};
use crate::drift::Trend;
use crate::outlier::outliers;

/// The answer for a series in which nothing can be told from noise.
pub(crate) fn too_short(series: &Series) -> HistoryAnalysis {
    let points = series.raw.len();
    HistoryAnalysis {
        segments: segments(series, &[]),
        caveats: vec![Caveat::TooShort { points, least: LEAST_POINTS }],
        ..HistoryAnalysis::default()
    }
}

/// Writes the answer.
pub(crate) fn assemble(
    series: &Series,
    scaled: &[f64],
    explained: Explained,
    settings: &Settings,
) -> HistoryAnalysis {
    let Explained { steps, trend } = explained;
    let flat = flattened(scaled, trend);
    let mut splits = steps.splits;
    let mut places = Vec::with_capacity(splits.len());
    for index in 0..splits.len() {
        let location = settle(&flat, &splits, index, steps.rho);
        splits[index].at = location.index;
        places.push(location);
    }
    let at: Vec<usize> = splits.iter().map(|split| split.at).collect();
    let bounds = bounds(&at, flat.len());
    let mut analysis = HistoryAnalysis {
        drift: trend.map(|trend| drift(series, scaled, trend)),
        segments: segments(series, &at),
        outliers: listed(series, &flat, &at),
        autocorrelation: steps.rho,
        ..HistoryAnalysis::default()
    };
    for (number, (split, location)) in splits.iter().zip(&places).enumerate() {
        let (start, end) = (bounds[number], bounds[number + 2]);
        let sides = (&scaled[start..split.at], &scaled[split.at..end]);
        let noisier = variance::compare(sides.0, sides.1, steps.rho)
            .filter(|&(_, p)| p <= settings.drift_alpha);
        if let Some((ratio, p)) = noisier {
            analysis.variance_changes.push(VarianceChange {
                index: series.positions[split.at],
                ratio,
                p,
            });
        }
        analysis.change_points.extend(change(
            series,
            sides,
            (*split, *location),
            noisier.is_some(),
            steps.rho,
        ));
    }
    analysis
        .variance_changes
        .extend(inner_variance_changes(series, &flat, &at, steps.rho, settings));
    analysis.variance_changes.sort_by_key(|change| change.index);
    analysis
}

/// The change between two sides; `None` where only their spread differs, which is a word of its own.
fn change(
    series: &Series,
    (before, after): (&[f64], &[f64]),
    (split, location): (Split, Location),
    noisier: bool,
    rho: f64,
) -> Option<ChangePoint> {
    let effect =
        relative_shift(before, after, noise::inflation(rho, before.len().min(after.len())));
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

fn inner_variance_changes(
    series: &Series,
    flat: &[f64],
    places: &[usize],
    rho: f64,
    settings: &Settings,
) -> Vec<VarianceChange> {
    let inner = |(start, end): (usize, usize)| {
        let (split, ratio, p) = variance::inside(&flat[start..end], rho)?;
        let index = series.positions[start + split];
        (p <= settings.drift_alpha).then_some(VarianceChange { index, ratio, p })
    };
    noise::pieces(flat.len(), places).filter_map(inner).collect()
}

fn settle(values: &[f64], splits: &[Split], index: usize, rho: f64) -> Location {
    let start = if index == 0 { 0 } else { splits[index - 1].at };
    let end = splits.get(index + 1).map_or(values.len(), |next| next.at);
    locate(values, start, splits[index].at, end, rho)
}

fn bounds(places: &[usize], count: usize) -> Vec<usize> {
    std::iter::once(0).chain(places.iter().copied()).chain(std::iter::once(count)).collect()
}

fn flattened(scaled: &[f64], trend: Option<Trend>) -> Vec<f64> {
    let slope = trend.map_or(0.0, |trend| trend.slope);
    scaled.iter().enumerate().map(|(index, value)| value - slope * index as f64).collect()
}

fn drift(series: &Series, scaled: &[f64], trend: Trend) -> Drift {
    let points = series.raw.len();
    let flat = flattened(scaled, Some(trend));
    let start = noise::median(&flat).abs();
    Drift {
        start: series.positions[0],
        end: series.positions[points - 1] + 1,
        per_point: trend.slope / start,
        total: trend.slope * (points - 1) as f64 / start,
        p: trend.p,
    }
}

fn listed(series: &Series, flat: &[f64], places: &[usize]) -> Vec<usize> {
    let mut listed = Vec::new();
    for (start, end) in noise::pieces(flat.len(), places) {
        listed.extend(
            outliers(&flat[start..end]).into_iter().map(|index| series.positions[start + index]),
        );
    }
    listed
}

fn segments(series: &Series, places: &[usize]) -> Vec<Segment> {
    let position = |index: usize| series.positions.get(index).copied().unwrap_or(series.length);
    noise::pieces(series.raw.len(), places)
        .map(|(start, end)| {
            let values = &series.raw[start..end];
            let level = noise::median(values);
            Segment {
                start: if start == 0 { 0 } else { position(start) },
                end: position(end),
                points: end - start,
                level,
                spread: noise::spread(values, level),
            }
        })
        .collect()
}
