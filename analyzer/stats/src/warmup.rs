//! Where an instance's series of iterations becomes steady.

#[cfg(test)]
mod tests;

use crate::changes::order::Order;
use crate::changes::work::{Memo, Work};
use crate::changes::{Settings, noise, search};
use crate::drift;

/// Points of one batch of the truncation rule.
const BATCH: usize = 5;
/// Fewest iterations in which steadiness can be told.
pub const LEAST_ITERATIONS: usize = 20;
/// A level within this share of the last level is the same.
const TOLERANCE: f64 = 0.01;
/// The last level must hold for at least one part in this many.
const LAST_PART: usize = 6;

/// Whether a series of iterations settles, and from which on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Warmup {
    /// Whether the end of the series is steady.
    pub steady: bool,
    /// The first steady iteration; `None` where none is.
    pub start: Option<usize>,
}

/// Finds the steady part of one instance's iterations, oldest first.
///
/// Kernel change points on the logarithms cut the series into levels. Going back from the last one, levels within one percent, or within
/// what the noise explains, are the same; the first of them is the steady part. It must hold for the last sixth of the
/// series, and its end must not trend by more than a percent. Where no level was found the MSER-5 rule gives the cut,
/// which refuses to cut more than half. NaN is a gap; values that are not positive are taken as they are.
///
/// # Units and shape
/// `iterations: [n]`, any unit; fewer than 20 are not steady, since nothing shows that they are.
///
/// # Source
/// Barrett, E. et al. (2017). Virtual machine warmup blows hot and cold. OOPSLA. doi:10.1145/3133876; Traini, L. et al. (2022).
/// Towards effective assessment of steady state performance in Java software. EMSE 28, 13. doi:10.1007/s10664-022-10247-x
pub fn warmup(iterations: &[f64]) -> Warmup {
    let positions: Vec<usize> =
        (0..iterations.len()).filter(|&index| iterations[index].is_finite()).collect();
    let mut points: Vec<f64> = positions.iter().map(|&index| iterations[index]).collect();
    if points.len() < LEAST_ITERATIONS {
        return Warmup { steady: false, start: None };
    }
    if points.iter().all(|&value| value > 0.0) {
        points.iter_mut().for_each(|value| *value = value.ln());
    }
    let (order, settings, mut memo) = (Order::new(&points), Settings::default(), Memo::default());
    let mut work = Work { values: &points, order: &order, settings: &settings, memo: &mut memo };
    let splits = search::candidates(&mut work);
    let mut start = steady_from(&points, &splits);
    if start == 0 {
        start = mser5(&points).filter(|&cut| moved(&points, cut)).unwrap_or(0);
    }
    let steady =
        points.len() - start >= points.len().div_ceil(LAST_PART) && !trending(&points[start..]);
    Warmup { steady, start: steady.then(|| positions[start]) }
}

/// Returns the first point of the run of equal levels that ends the series.
fn steady_from(points: &[f64], splits: &[usize]) -> usize {
    let segments: Vec<(usize, usize)> = noise::pieces(points.len(), splits).collect();
    let Some(&(mut start, end)) = segments.last() else { return 0 };
    let level = noise::median(&points[start..end]);
    let spread = noise::spread(&points[start..end], level);
    for &(first, last) in segments.iter().rev().skip(1) {
        let piece = &points[first..last];
        let own = noise::median(piece);
        let wide = noise::spread(piece, own);
        if (own - level).abs() > TOLERANCE.max(0.5 * spread) || wide > 4.0 * spread.max(TOLERANCE) {
            break;
        }
        start = first;
    }
    start
}

/// Whether the median before `cut` differs from that after it by more than the tolerance.
fn moved(points: &[f64], cut: usize) -> bool {
    cut > 0 && (noise::median(&points[..cut]) - noise::median(&points[cut..])).abs() > TOLERANCE
}

fn trending(points: &[f64]) -> bool {
    let level = noise::median(points);
    let rho = noise::autocorrelation(&points.iter().map(|value| value - level).collect::<Vec<_>>());
    drift::trend(points, rho).is_some_and(|trend| {
        trend.p < 0.001
            && (trend.slope * points.len() as f64).abs()
                > TOLERANCE.max(noise::spread(points, level))
    })
}

/// Returns the cut that minimises the squared standard error of the mean of what is left, by batches of five; `None`
/// where it would cut more than half.
///
/// # Source
/// White, K. P., Cobb, M. J. and Spratt, S. C. (2000). A comparison of five steady-state truncation heuristics for
/// simulation. WSC 2000, 755–760. doi:10.1109/WSC.2000.899790
pub fn mser5(values: &[f64]) -> Option<usize> {
    let batches: Vec<f64> =
        values.chunks_exact(BATCH).map(|batch| batch.iter().sum::<f64>() / BATCH as f64).collect();
    let (mut sum, mut squares, mut best) = (0.0, 0.0, None::<(usize, f64)>);
    let centre = *batches.last()?;
    for cut in (0..batches.len()).rev() {
        let value = batches[cut] - centre;
        sum += value;
        squares += value * value;
        let left = (batches.len() - cut) as f64;
        if batches.len() - cut < BATCH {
            continue;
        }
        let error = (squares - sum * sum / left).max(0.0) / (left * left);
        if best.is_none_or(|(_, least)| error <= least) {
            best = Some((cut, error));
        }
    }
    let (cut, _) = best?;
    (2 * cut <= batches.len()).then_some(cut * BATCH)
}
