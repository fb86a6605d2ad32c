//! Series of exact values, such as counts and sizes: constant within pieces, so that any change is a change.

use super::types::{ChangeKind, ChangePoint, HistoryAnalysis, Segment, Series};

/// Points that a constant piece inside the series needs.
const LEAST_PIECE: usize = 3;
/// Points for each piece, on average, below which changes are noise.
const POINTS_PER_PIECE: usize = 8;
/// Points from which constancy means anything.
const LEAST_POINTS: usize = 4;

struct Piece {
    start: usize,
    end: usize,
}

/// Judges a series of values each of which several equal measurements agree on: every difference is a change.
pub(crate) fn judge_agreed(series: &Series) -> HistoryAnalysis {
    let mut pieces: Vec<Piece> = Vec::new();
    for (index, value) in series.raw.iter().enumerate() {
        match pieces.last_mut() {
            Some(piece) if series.raw[piece.start] == *value => piece.end = index + 1,
            _ => pieces.push(Piece { start: index, end: index + 1 }),
        }
    }
    analysis(series, &pieces, &[])
}

/// Judges a series that is constant within pieces; `None` where it is not.
pub(crate) fn judge(series: &Series) -> Option<HistoryAnalysis> {
    let values = &series.raw;
    if values.len() < LEAST_POINTS {
        return None;
    }
    let (pieces, outliers) = pieces(values);
    let inner = pieces.len().saturating_sub(2);
    let short =
        pieces.iter().skip(1).take(inner).any(|piece| piece.end - piece.start < LEAST_PIECE);
    let excursions = outliers.len() * 20 > values.len().max(20);
    if short || excursions || (pieces.len() - 1) * POINTS_PER_PIECE > values.len() {
        return None;
    }
    if pieces.iter().all(|piece| piece.end - piece.start < LEAST_PIECE) {
        return None;
    }
    Some(analysis(series, &pieces, &outliers))
}

/// Runs of equal values; runs of one or two points between equal neighbours are outliers of the neighbours' piece.
fn pieces(values: &[f64]) -> (Vec<Piece>, Vec<usize>) {
    let mut runs: Vec<Piece> = Vec::new();
    for index in 0..values.len() {
        match runs.last_mut() {
            Some(run) if values[run.start] == values[index] => run.end = index + 1,
            _ => runs.push(Piece { start: index, end: index + 1 }),
        }
    }
    let (mut pieces, mut outliers): (Vec<Piece>, Vec<usize>) = (Vec::new(), Vec::new());
    let mut next = 0;
    while next < runs.len() {
        let run = &runs[next];
        let returns = run.end - run.start < LEAST_PIECE
            && pieces
                .last()
                .zip(runs.get(next + 1))
                .is_some_and(|(old, new)| values[old.start] == values[new.start]);
        if returns && let Some(old) = pieces.last_mut() {
            outliers.extend(run.start..run.end);
            old.end = runs[next + 1].end;
            next += 2;
        } else {
            pieces.push(Piece { start: run.start, end: run.end });
            next += 1;
        }
    }
    (pieces, outliers)
}

fn analysis(series: &Series, pieces: &[Piece], outliers: &[usize]) -> HistoryAnalysis {
    let place = |index: usize| series.positions.get(index).copied().unwrap_or(series.length);
    let change_points = pieces.windows(2).map(|pair| {
        let index = place(pair[1].start);
        let (old, new) = (series.raw[pair[0].start], series.raw[pair[1].start]);
        let effect = (new - old) / old.abs();
        ChangePoint {
            index,
            lo: place(pair[1].start - 1) + 1,
            hi: index,
            effect,
            effect_lo: effect,
            effect_hi: effect,
            p: 0.0,
            kind: ChangeKind::Exact,
        }
    });
    let segments = pieces.iter().enumerate().map(|(number, piece)| Segment {
        start: if number == 0 { 0 } else { place(piece.start) },
        end: place(piece.end),
        points: piece.end - piece.start,
        level: series.raw[piece.start],
        spread: 0.0,
    });
    HistoryAnalysis {
        change_points: change_points.collect(),
        segments: segments.collect(),
        outliers: outliers.iter().map(|&index| place(index)).collect(),
        ..HistoryAnalysis::default()
    }
}
