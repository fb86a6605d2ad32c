//! Steps of level in a series without gaps: candidates, confirmation, short runs, newest points.

use super::locate::Location;
use super::types::{ChangeKind, Settings};
use super::work::Work;
use super::{noise, search};
use crate::tail;

/// A confirmed split of the series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Split {
    pub(crate) at: usize,
    pub(crate) p: f64,
    pub(crate) kind: ChangeKind,
}

/// All splits of a series, and the correlation of what they leave.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Steps {
    pub(crate) splits: Vec<Split>,
    pub(crate) rho: f64,
}

impl Steps {
    pub(crate) fn places(&self) -> Vec<usize> {
        self.splits.iter().map(|split| split.at).collect()
    }
}

/// Finds all steps of a series.
pub(crate) fn find(work: &mut Work<'_>) -> Steps {
    let candidates = search::candidates(work);
    let rho = noise::coarse(noise::autocorrelation(&noise::residuals(work.values, &candidates)));
    let mut splits = confirm(work, candidates, rho);
    settle(work, &mut splits, rho);
    add_by_ranks(work, &mut splits, rho);
    add_newest(work.values, &mut splits, rho, work.settings);
    Steps { splits, rho }
}

/// Drops the weakest candidate and judges its neighbours again, until all that are left are significant.
fn confirm(work: &mut Work<'_>, mut places: Vec<usize>, rho: f64) -> Vec<Split> {
    let alpha = work.settings.alpha;
    let mut judge = |places: &[usize], index: usize| {
        let start = if index == 0 { 0 } else { places[index - 1] };
        let end = places.get(index + 1).copied().unwrap_or(work.values.len());
        work.p(start, places[index], end, rho)
    };
    let mut ps: Vec<f64> = (0..places.len()).map(|index| judge(&places, index)).collect();
    while let Some(worst) = (0..ps.len()).max_by(|&a, &b| ps[a].total_cmp(&ps[b])) {
        if ps[worst] <= alpha {
            break;
        }
        places.remove(worst);
        ps.remove(worst);
        for neighbour in
            [worst.checked_sub(1), (worst < places.len()).then_some(worst)].into_iter().flatten()
        {
            ps[neighbour] = judge(&places, neighbour);
        }
    }
    places.into_iter().zip(ps).map(|(at, p)| Split { at, p, kind: ChangeKind::Step }).collect()
}

/// Moves each split to the most likely place between its neighbours; returns the places with their intervals.
pub(crate) fn settle(work: &mut Work<'_>, splits: &mut [Split], rho: f64) -> Vec<Location> {
    let mut locations = Vec::with_capacity(splits.len());
    for index in 0..splits.len() {
        let start = if index == 0 { 0 } else { splits[index - 1].at };
        let end = splits.get(index + 1).map_or(work.values.len(), |next| next.at);
        let location = work.location(start, splits[index].at, end, rho);
        splits[index].at = location.index;
        locations.push(location);
    }
    locations
}

/// Looks inside every segment for a step or a short run that ranks show, and again beside what was found.
fn add_by_ranks(work: &mut Work<'_>, splits: &mut Vec<Split>, rho: f64) {
    let places: Vec<usize> = splits.iter().map(|split| split.at).collect();
    let mut open: Vec<(usize, usize)> = noise::pieces(work.values.len(), &places).collect();
    while let Some((start, end)) = open.pop() {
        let found = by_ranks(work, start, end, rho);
        let mut first = start;
        for split in &found {
            open.push((first, split.at));
            first = split.at;
        }
        if first > start {
            open.push((first, end));
        }
        // The run between both sides of a revert is one level already.
        if let [Split { kind: ChangeKind::Revert, at: from, .. }, Split { at: to, .. }] = found[..]
        {
            open.retain(|&piece| piece != (from, to));
        }
        splits.extend(found);
    }
    splits.sort_unstable_by_key(|split| split.at);
}

/// The step or the run of one segment, whichever has the lesser p, where it is significant.
fn by_ranks(work: &mut Work<'_>, start: usize, end: usize, rho: f64) -> Vec<Split> {
    let step = work.rank_split(start, end, rho).filter(|&(_, p)| p <= work.settings.rank_alpha);
    let run = work.excursion(start, end, rho).filter(|run| run.p <= work.settings.revert_alpha);
    match (step, run) {
        (Some((at, p)), run) if run.is_none_or(|run| p <= run.p) => {
            vec![Split { at, p, kind: ChangeKind::Step }]
        }
        (_, Some(run)) => {
            let (from, to) = (start + run.start, start + run.end);
            let kind = if from > start && to < end { ChangeKind::Revert } else { ChangeKind::Step };
            let sides = [from, to].into_iter().filter(|&at| start < at && at < end);
            sides.map(|at| Split { at, p: run.p, kind }).collect()
        }
        _ => Vec::new(),
    }
}

fn add_newest(values: &[f64], splits: &mut Vec<Split>, rho: f64, settings: &Settings) {
    let places: Vec<usize> = splits.iter().map(|split| split.at).collect();
    let start = places.last().copied().unwrap_or(0);
    let borrowed = noise::residuals(&values[..start], &places[..places.len().saturating_sub(1)]);
    if let Some(newest) = tail::newest(&values[start..], &borrowed, rho)
        && newest.p <= settings.tail_alpha
    {
        splits.push(Split {
            at: values.len() - newest.points,
            p: newest.p,
            kind: ChangeKind::Late,
        });
    }
}
