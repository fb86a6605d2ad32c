//! Candidates: kernel segmentation in windows, stitched, and again inside each piece with its own bandwidth.

use super::work::Work;

/// Grid places of a window's search: of 500 points every tenth, then each split is moved to its best place.
const GRID: usize = 50;
/// Grid places of the search inside a piece.
const PIECE_GRID: usize = 32;

/// Returns candidate splits, ascending.
pub(crate) fn candidates(work: &mut Work<'_>) -> Vec<usize> {
    let mut splits = stitched(work);
    refine(work, &mut splits);
    splits
}

/// Searches windows half a window apart, the first at the beginning, so that appending moves none but the last.
///
/// A split counts in the window whose middle half holds it.
fn stitched(work: &mut Work<'_>) -> Vec<usize> {
    let (count, window) = (work.values.len(), work.settings.window.max(8));
    if count <= window + window / 2 {
        return work.search(0, count, GRID);
    }
    let (half, quarter) = (window / 2, window / 4);
    let mut splits = Vec::new();
    let mut start = 0;
    loop {
        let last = start + window >= count;
        let end = if last { count } else { start + window };
        let low = if start == 0 { 0 } else { start + quarter };
        let high = if last { count } else { start + half + quarter };
        let found = work.search(start, end, GRID);
        splits.extend(
            found
                .into_iter()
                .map(|split| split + start)
                .filter(|&split| low <= split && split < high),
        );
        if last {
            return splits;
        }
        start += half;
    }
}

/// Searches each piece again until no piece splits: a small step beside a large one shows only at its own bandwidth.
fn refine(work: &mut Work<'_>, splits: &mut Vec<usize>) {
    if splits.is_empty() {
        return;
    }
    let mut bounds = vec![0];
    bounds.extend(splits.iter().copied());
    bounds.push(work.values.len());
    let mut open: Vec<(usize, usize)> = bounds.windows(2).map(|pair| (pair[0], pair[1])).collect();
    while let Some((start, end)) = open.pop() {
        if end - start < 4 * work.settings.min_run {
            continue;
        }
        let mut first = start;
        for split in work.search(start, end, PIECE_GRID).into_iter().map(|split| split + start) {
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
