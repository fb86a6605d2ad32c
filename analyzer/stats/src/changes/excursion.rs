//! Short runs that leave a level and come back, and short runs at the beginning: too short for a penalised search.

use super::noise;
use super::ranks::Standing;

/// Lengths of the windows that are tried.
const LENGTHS: [usize; 10] = [3, 4, 5, 6, 7, 8, 11, 15, 21, 29];

/// A run of points whose ranks stand out from the rest of its segment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Excursion {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) p: f64,
}

/// Finds the run of a segment that stands out most by its doubled ranks, with a p that is corrected for all runs tried.
///
/// # Source
/// Scan statistic over rank sums with the exact Mann-Whitney null at each length, Bonferroni over places and lengths.
pub(crate) fn strongest(ranks: &[f64], rho: f64) -> Option<Excursion> {
    let count = ranks.len();
    let mut sums = Vec::with_capacity(count + 1);
    let mut sum = 0.0;
    sums.push(0.0);
    for rank in ranks {
        sum += rank;
        sums.push(sum);
    }
    let mut best: Option<Excursion> = None;
    for length in LENGTHS.into_iter().take_while(|&length| 3 * length <= count) {
        let centre = (length * (count + 1)) as f64;
        let distance = |start: usize| (sums[start + length] - sums[start] - centre).abs();
        let (start, far) = (0..=count - length)
            .map(|start| (start, distance(start)))
            .fold((0, -1.0), |most, next| if next.1 > most.1 { next } else { most });
        let standing = Standing { few: length, many: count - length, doubled_sum: centre + far };
        if standing.score() < least_score(length, count) {
            continue;
        }
        let tried = count * LENGTHS.len();
        let p = (standing.p(noise::inflation(rho, length)) * tried as f64).min(1.0);
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
