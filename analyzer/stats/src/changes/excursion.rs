//! Rank scans of a segment: short runs that leave the level, and steps too small for a penalised search.

use super::noise;
use super::ranks::Standing;

/// Lengths of the windows that are tried.
const LENGTHS: [usize; 10] = [3, 4, 5, 6, 7, 8, 11, 15, 21, 29];

/// Fewest points on each side of a split.
const LEAST_SIDE: usize = 5;
/// Points between a run and another change.
const CLEAR: usize = 4;
/// Runs tried for each point that count as independent.
const TRIED_PER_POINT: f64 = 4.0;

/// A run of points whose ranks stand out from the rest of its segment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Excursion {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) p: f64,
}

/// Which ends of a segment are ends of the series; beside another change a short run is that change's own ramp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Ends {
    pub(crate) first: bool,
    pub(crate) last: bool,
}

/// Finds the run of a segment that stands out most by its doubled ranks, with a p that is corrected for all runs tried.
///
/// # Source
/// Scan statistic over rank sums with the exact Mann-Whitney null at each length; the number of places and lengths tried
/// counts as four a point, since runs that overlap go together: set by simulation, and held by the null scenarios, which
/// alarm in at most one percent of 400 series each where points are exchangeable.
pub(crate) fn strongest(ranks: &[f64], ends: Ends, rho: f64) -> Option<Excursion> {
    let count = ranks.len();
    let sums = prefix_sums(ranks);
    let mut best: Option<Excursion> = None;
    for length in
        LENGTHS.into_iter().take_while(|&length| 3 * length <= count && length + CLEAR <= count)
    {
        let centre = (length * (count + 1)) as f64;
        let distance = |start: usize| (sums[start + length] - sums[start] - centre).abs();
        let low = if ends.first { 0 } else { CLEAR };
        let high = count - length - if ends.last { 0 } else { CLEAR };
        if high < low {
            continue;
        }
        let (start, far) = (low..=high)
            .map(|start| (start, distance(start)))
            .fold((0, -1.0), |most, next| if next.1 > most.1 { next } else { most });
        let standing = Standing { few: length, many: count - length, doubled_sum: centre + far };
        if standing.score() < least_score(length, count) {
            continue;
        }
        let p =
            (standing.p(noise::inflation(rho, length)) * TRIED_PER_POINT * count as f64).min(1.0);
        if best.is_none_or(|found| p < found.p) {
            best = Some(Excursion { start, end: start + length, p });
        }
    }
    best
}

/// A score below which no run of this length is significant: saves the exact tail where it cannot matter.
fn least_score(length: usize, count: usize) -> f64 {
    match (count, length) {
        (0..60, _) => 2.3,
        (_, 3) => 2.6,
        (_, 4) => 2.9,
        _ => 3.1,
    }
}

/// Finds the split whose rank sums differ most, with the p of the greatest difference over all splits.
///
/// # Source
/// Pettitt, A. N. (1979). A non-parametric approach to the change-point problem. Applied Statistics 28, 126–135, standardised at each
/// split; p: Miller, R. and Siegmund, D. (1982). Maximally selected chi square statistics. Biometrics 38, 1011–1016,
/// serial correlation dividing the score.
pub(crate) fn best_split(ranks: &[f64], rho: f64) -> Option<(usize, f64)> {
    let count = ranks.len();
    let sums = prefix_sums(ranks);
    let inner = LEAST_SIDE..(count + 1).saturating_sub(LEAST_SIDE);
    let score = |split: usize| {
        let standing = Standing { few: split, many: count - split, doubled_sum: sums[split] };
        standing.score().abs()
    };
    let mut best: Option<(usize, f64)> = None;
    for split in inner {
        let own = score(split) / noise::inflation(rho, split.min(count - split)).sqrt();
        if best.is_none_or(|(_, most)| own > most) {
            best = Some((split, own));
        }
    }
    let (split, score) = best?;
    Some((split, p_of_greatest(score, count)))
}

fn p_of_greatest(score: f64, count: usize) -> f64 {
    if score < 1.5 {
        return 1.0;
    }
    let edge = LEAST_SIDE as f64 / count as f64;
    let density = (-score * score / 2.0).exp() / std::f64::consts::TAU.sqrt();
    let range = 2.0 * ((1.0 - edge) / edge).ln();
    (4.0 * density / score + density * (score - 1.0 / score) * range).min(1.0)
}

fn prefix_sums(ranks: &[f64]) -> Vec<f64> {
    let mut sums = Vec::with_capacity(ranks.len() + 1);
    let mut sum = 0.0;
    sums.push(0.0);
    for rank in ranks {
        sum += rank;
        sums.push(sum);
    }
    sums
}
