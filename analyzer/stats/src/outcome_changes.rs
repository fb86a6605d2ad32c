//! Change points of a failure rate over revisions, for telling a broken revision from a flaky test.

#[cfg(test)]
mod tests;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use thiserror::Error;

use crate::changes::locate::held;
use crate::changes::verify::below;
use crate::hodges_lehmann::Estimate;
use crate::proportion::{Count, jeffreys};

/// Exceedances after which the permutations stop.
const ENOUGH: usize = 10;
/// Revisions up to which stretches that return are searched beside single steps.
const MOST_FOR_STRETCHES: usize = 200;

/// One revision's outcomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcomes {
    /// Runs that failed.
    pub failures: u32,
    /// All runs that gave an outcome; none is a gap.
    pub runs: u32,
}

/// Settings of the search.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Level of each test.
    pub alpha: f64,
    /// Permutations of each test.
    pub permutations: usize,
    /// Seed of the permutations.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { alpha: 0.01, permutations: 999, seed: 1 }
    }
}

/// More failures than runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("revision {revision} has {failures} failures of {runs} runs")]
pub struct OutcomesError {
    /// The revision's position.
    pub revision: usize,
    /// Its failures.
    pub failures: u32,
    /// Its runs.
    pub runs: u32,
}

/// The first revision of a new failure rate.
#[derive(Debug, Clone, PartialEq)]
pub struct OutcomeChange {
    /// The most likely first revision.
    pub index: usize,
    /// The earliest revision of the interval that holds 90 percent of the likelihood.
    pub lo: usize,
    /// The latest revision of that interval.
    pub hi: usize,
    /// The rate before, with its 95 percent Jeffreys interval.
    pub before: Estimate,
    /// The rate from here on, with its 95 percent Jeffreys interval.
    pub after: Estimate,
    /// p of a change this strong anywhere in its neighbourhood where the rate is constant.
    pub p: f64,
}

/// Finds the revisions at which the rate of failure changed, oldest revision first.
///
/// The greatest likelihood ratio of two rates against one, over all splits and then over all stretches that return, is
/// tested by dealing the same failures to the runs at random; what is significant is split off and searched again.
///
/// # Errors
/// [`OutcomesError`] names the first revision with more failures than runs.
///
/// # Source
/// Worsley, K. J. (1983). The power of likelihood ratio and cumulative sum tests for a change in a binomial probability.
/// Biometrika 70, 455–464. doi:10.1093/biomet/70.2.455. Rates: Brown, L. D., Cai, T. T. and DasGupta, A. (2001).
/// Statistical Science 16, 101–133. doi:10.1214/ss/1009213286
pub fn outcome_changes(
    outcomes: &[Outcomes],
    settings: &Settings,
) -> Result<Vec<OutcomeChange>, OutcomesError> {
    if let Some(revision) = outcomes.iter().position(|outcomes| outcomes.failures > outcomes.runs) {
        let Outcomes { failures, runs } = outcomes[revision];
        return Err(OutcomesError { revision, failures, runs });
    }
    let positions: Vec<usize> =
        (0..outcomes.len()).filter(|&index| outcomes[index].runs > 0).collect();
    let present: Vec<Outcomes> = positions.iter().map(|&index| outcomes[index]).collect();
    let mut splits = Vec::new();
    search(&present, 0, present.len(), settings, &mut splits);
    splits.sort_by_key(|&(at, _)| at);
    Ok(changes(&present, &positions, &splits))
}

fn search(
    outcomes: &[Outcomes],
    start: usize,
    end: usize,
    settings: &Settings,
    splits: &mut Vec<(usize, f64)>,
) {
    let count = end - start;
    if count < 2 {
        return;
    }
    let piece = &outcomes[start..end];
    let steps: Vec<(usize, usize)> = (1..count).map(|split| (0, split)).collect();
    let found = strongest(piece, &steps, settings).or_else(|| {
        if count > MOST_FOR_STRETCHES {
            return None;
        }
        let inner = |from: usize| (from + 1..count).map(move |to| (from, to));
        strongest(piece, &(1..count).flat_map(inner).collect::<Vec<_>>(), settings)
    });
    let Some((from, to, p)) = found else { return };
    let mut first = start;
    for at in [start + from, start + to].into_iter().filter(|&at| at > start) {
        splits.push((at, p));
        search(outcomes, first, at, settings, splits);
        first = at;
    }
    search(outcomes, first, end, settings, splits);
}

/// The stretch whose rate differs most from the rest, where that is significant at half the level.
fn strongest(
    piece: &[Outcomes],
    stretches: &[(usize, usize)],
    settings: &Settings,
) -> Option<(usize, usize, f64)> {
    let runs: Vec<u32> = piece.iter().map(|outcomes| outcomes.runs).collect();
    let failures: Vec<u32> = piece.iter().map(|outcomes| outcomes.failures).collect();
    let (observed, number) = scan(&failures, &runs, stretches)?;
    if observed <= 0.0 {
        return None;
    }
    let mut random = ChaCha8Rng::seed_from_u64(settings.seed);
    let mut dealt = vec![0; runs.len()];
    let mut exceeded = 0;
    let mut p = None;
    for drawn in 1..=settings.permutations {
        deal(&failures, &runs, &mut dealt, &mut random);
        if scan(&dealt, &runs, stretches)?.0 >= observed * (1.0 - 1e-12) {
            exceeded += 1;
            if exceeded == ENOUGH {
                p = Some(ENOUGH as f64 / drawn as f64);
                break;
            }
        }
    }
    let p = 2.0 * p.unwrap_or((exceeded + 1) as f64 / (settings.permutations + 1) as f64);
    let (from, to) = stretches[number];
    (p <= settings.alpha).then_some((from, to, p))
}

/// Deals as many failures as there are to the runs at random, without replacement.
fn deal(failures: &[u32], runs: &[u32], dealt: &mut [u32], random: &mut ChaCha8Rng) {
    let mut left: usize = failures.iter().map(|&count| count as usize).sum();
    let mut open: usize = runs.iter().map(|&count| count as usize).sum();
    for (dealt, &runs) in dealt.iter_mut().zip(runs) {
        *dealt = 0;
        for _ in 0..runs {
            if left > 0 && below(random, open) < left {
                *dealt += 1;
                left -= 1;
            }
            open -= 1;
        }
    }
}

/// Greatest log likelihood ratio over the stretches, and its number.
fn scan(failures: &[u32], runs: &[u32], stretches: &[(usize, usize)]) -> Option<(f64, usize)> {
    let sums = |counts: &[u32]| {
        let mut sums = vec![0.0];
        for &count in counts {
            sums.push(sums[sums.len() - 1] + f64::from(count));
        }
        sums
    };
    let (failed, all) = (sums(failures), sums(runs));
    let (total_failed, total) = (failed[failures.len()], all[runs.len()]);
    let flat = log_likelihood(total_failed, total);
    let mut best: Option<(f64, usize)> = None;
    for (number, &(from, to)) in stretches.iter().enumerate() {
        let (inner_failed, inner) = (failed[to] - failed[from], all[to] - all[from]);
        let ratio = log_likelihood(inner_failed, inner)
            + log_likelihood(total_failed - inner_failed, total - inner)
            - flat;
        if best.is_none_or(|(most, _)| ratio > most) {
            best = Some((ratio, number));
        }
    }
    best
}

fn log_likelihood(failures: f64, runs: f64) -> f64 {
    let part = |count: f64| if count > 0.0 { count * (count / runs).ln() } else { 0.0 };
    part(failures) + part(runs - failures)
}

fn changes(
    present: &[Outcomes],
    positions: &[usize],
    splits: &[(usize, f64)],
) -> Vec<OutcomeChange> {
    let mut bounds = vec![0];
    bounds.extend(splits.iter().map(|&(at, _)| at));
    bounds.push(present.len());
    let change = |(number, &(at, p)): (usize, &(usize, f64))| {
        let (start, end) = (bounds[number], bounds[number + 2]);
        let (lo, hi) = interval(&present[start..end], at - start);
        OutcomeChange {
            index: positions[at],
            lo: positions[start + lo - 1] + 1,
            hi: positions[start + hi],
            before: rate(&present[start..at]),
            after: rate(&present[at..end]),
            p,
        }
    };
    splits.iter().enumerate().map(change).collect()
}

/// The places about `at` that hold 90 percent of the profile likelihood of the split.
fn interval(piece: &[Outcomes], at: usize) -> (usize, usize) {
    let runs: Vec<u32> = piece.iter().map(|outcomes| outcomes.runs).collect();
    let failures: Vec<u32> = piece.iter().map(|outcomes| outcomes.failures).collect();
    let heights: Vec<f64> = (1..piece.len())
        .map(|split| scan(&failures, &runs, &[(0, split)]).map_or(0.0, |(ratio, _)| ratio))
        .collect();
    let (lo, hi) = held(&heights, at - 1);
    (lo + 1, hi + 1)
}

fn rate(piece: &[Outcomes]) -> Estimate {
    let sum =
        |count: fn(&Outcomes) -> u32| piece.iter().map(|outcomes| u64::from(count(outcomes))).sum();
    let count = Count::new(sum(|outcomes| outcomes.failures), sum(|outcomes| outcomes.runs));
    count
        .and_then(|count| jeffreys(count, 0.05))
        .expect("bug: a segment without runs or with more failures than runs")
}
