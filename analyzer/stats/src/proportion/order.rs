//! The order of tests: expected places, ties broken only where that helps.

use super::flake::{Key, Scored};
use std::collections::BTreeMap;

/// Most groups of equal counts for which breaking their ties is weighed, the largest first.
const WEIGHED: usize = 200;

/// Gain in expected correlation that breaking ties must promise; the prior is fitted, and promises too much.
const CLEAR_GAIN: f64 = 1.01;

/// Returns the value that tests are ordered by.
///
/// Tests with equal counts tie unless ordering them by their suites raises the rank correlation that is expected
/// with the true rates: an order that breaks ties by little more than noise agrees less with the truth than ties do.
pub(super) fn places(known: &BTreeMap<Key, Scored>) -> BTreeMap<Key, f64> {
    let entries: Vec<(&Key, &Scored)> = known.iter().collect();
    let mut order: Vec<f64> = entries.iter().map(|(_, scored)| scored.place).collect();
    let mut groups: Vec<std::ops::Range<usize>> = Vec::new();
    for alike in entries.chunk_by(|a, b| (a.0.0, a.0.1) == (b.0.0, b.0.1)) {
        let start = groups.last().map_or(0, |g| g.end);
        groups.push(start..start + alike.len());
    }
    let tests = |range: &std::ops::Range<usize>| -> f64 {
        entries[range.clone()].iter().map(|(_, scored)| scored.tests).sum()
    };
    for range in &groups {
        let sum: f64 = entries[range.clone()].iter().map(|(_, s)| s.tests * s.place).sum();
        order[range.clone()].fill(sum / tests(range));
    }
    groups.retain(|range| range.len() > 1);
    groups.sort_by(|a, b| tests(b).total_cmp(&tests(a)));
    let mut best = expected_correlation(&entries, &order);
    for range in groups.into_iter().take(WEIGHED) {
        let tied = order[range.clone()].to_vec();
        for i in range.clone() {
            order[i] = entries[i].1.place;
        }
        let untied = expected_correlation(&entries, &order);
        if untied > best * CLEAR_GAIN {
            best = untied;
        } else {
            order[range].copy_from_slice(&tied);
        }
    }
    entries.iter().zip(order).map(|((key, _), place)| (**key, place)).collect()
}

/// Covariance of midranks with expected places over the midranks' standard deviation.
fn expected_correlation(entries: &[(&Key, &Scored)], order: &[f64]) -> f64 {
    let mut by_order: Vec<usize> = (0..order.len()).collect();
    by_order.sort_by(|&a, &b| order[a].total_cmp(&order[b]));
    let total: f64 = entries.iter().map(|(_, scored)| scored.tests).sum();
    let (mut below, mut covariance, mut variance) = (0.0, 0.0, 0.0);
    for tied in by_order.chunk_by(|&a, &b| order[a] == order[b]) {
        let count: f64 = tied.iter().map(|&i| entries[i].1.tests).sum();
        let rank = below + count / 2.0 - total / 2.0;
        covariance +=
            rank * tied.iter().map(|&i| entries[i].1.tests * entries[i].1.place).sum::<f64>();
        variance += count * rank * rank;
        below += count;
    }
    if variance > 0.0 { covariance / variance.sqrt() } else { 0.0 }
}
