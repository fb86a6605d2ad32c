//! Candidates: kernel segmentation in windows, stitched, and again inside each piece with its own bandwidth.

use super::Settings;
use crate::kernel::{Embedding, partition};

/// Grid places of one search; a window of 500 is searched at every fourth point, then each split is moved to its best place.
const GRID: usize = 125;

/// Returns candidate splits of `values`, ascending.
pub(crate) fn candidates(values: &[f64], settings: &Settings) -> Vec<usize> {
    let mut splits = stitched(values, settings);
    refine(values, &mut splits, settings);
    splits
}

/// Searches overlapping windows half a window apart; a split counts in the window whose middle half holds it.
fn stitched(values: &[f64], settings: &Settings) -> Vec<usize> {
    let (count, window) = (values.len(), settings.window.max(8));
    if count <= window + window / 2 {
        return search(values, settings);
    }
    let windows = (2 * count).div_ceil(window).max(3) - 1;
    let last = count - window;
    let mut splits = Vec::new();
    for number in 0..windows {
        let start = number * last / (windows - 1);
        let low = if number == 0 { 0 } else { middle(start, number - 1, last, windows, window) };
        let high = if number + 1 == windows {
            count
        } else {
            middle(start, number + 1, last, windows, window)
        };
        let found = search(&values[start..start + window], settings);
        splits.extend(
            found
                .into_iter()
                .map(|split| split + start)
                .filter(|&split| low <= split && split < high),
        );
    }
    splits.dedup();
    splits
}

/// The point halfway through the overlap of a window and its neighbour.
fn middle(start: usize, neighbour: usize, last: usize, windows: usize, window: usize) -> usize {
    (start + neighbour * last / (windows - 1) + window) / 2
}

fn search(values: &[f64], settings: &Settings) -> Vec<usize> {
    let Some(embedding) = Embedding::new(values) else { return Vec::new() };
    let penalty = settings.penalty * (values.len() as f64).ln();
    partition(&embedding, penalty, settings.min_run, GRID)
}

/// Searches each piece again until no piece splits: a small step beside a large one shows only at its own bandwidth.
fn refine(values: &[f64], splits: &mut Vec<usize>, settings: &Settings) {
    if splits.is_empty() {
        return;
    }
    let mut bounds = vec![0];
    bounds.append(splits);
    bounds.push(values.len());
    let mut open: Vec<(usize, usize)> = bounds.windows(2).map(|pair| (pair[0], pair[1])).collect();
    splits.extend(&bounds[1..bounds.len() - 1]);
    while let Some((start, end)) = open.pop() {
        if end - start < 4 * settings.min_run {
            continue;
        }
        let found = search(&values[start..end], settings);
        let mut first = start;
        for split in found.iter().map(|split| split + start) {
            open.push((first, split));
            splits.push(split);
            first = split;
        }
        if first > start {
            open.push((first, end));
        }
    }
    splits.sort_unstable();
}
