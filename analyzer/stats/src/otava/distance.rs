//! The energy statistic over all pairs of a split and an end, in the summation order of the tool it reproduces.

/// Pairwise distances of one window and their running sums.
pub(super) struct Distances {
    count: usize,
    /// Distance of each pair, row by row.
    pairs: Vec<f64>,
    /// Sum of the distances of each point to all points before it.
    vertical: Vec<f64>,
    /// Sum of the distances of row `t` to the points after it, up to each column.
    horizontal: Vec<f64>,
}

/// The best split of one segment.
pub(super) struct Candidate {
    pub(super) index: usize,
    pub(super) strength: f64,
}

impl Distances {
    pub(super) fn new(values: &[f64]) -> Self {
        let count = values.len();
        let mut pairs = Vec::with_capacity(count * count);
        let mut vertical = vec![0.0; count];
        let mut horizontal = Vec::with_capacity(count * count);
        for (row, left) in values.iter().enumerate() {
            let mut sum = 0.0;
            for (column, right) in values.iter().enumerate() {
                let distance = (left - right).abs();
                pairs.push(distance);
                if column > row {
                    sum += distance;
                    vertical[column] += distance;
                }
                horizontal.push(sum);
            }
        }
        Self { count, pairs, vertical, horizontal }
    }

    /// Finds the split of `[start, end)` with the greatest statistic over all ends; the first of equals.
    pub(super) fn candidate(&self, start: usize, end: usize) -> Candidate {
        let size = end - start - 1;
        let vertical = self.vertical_sums(start, end);
        let mut above = vec![0.0; size];
        let below = self.sums_from_below(start, size);
        let mut best = Candidate { index: start + 1, strength: f64::NEG_INFINITY };
        for row in 0..size {
            let before = if row == 0 { 0.0 } else { vertical[row - 1] };
            for column in 0..size {
                above[column] += self.horizontal[(start + row) * self.count + start + column + 1];
                let mut strength = 0.0;
                if column >= row {
                    strength =
                        statistic(row, column, above[column], before, below[row * size + column]);
                }
                if strength > best.strength {
                    best = Candidate { index: start + row + 1, strength };
                }
            }
        }
        best
    }

    /// Running sums of each point's distances to the points of the segment before it.
    fn vertical_sums(&self, start: usize, end: usize) -> Vec<f64> {
        let mut sum = 0.0;
        (start + 1..end)
            .map(|column| {
                let outside: f64 =
                    (0..start).fold(0.0, |sum, row| sum + self.pairs[row * self.count + column]);
                sum += self.vertical[column] - outside;
                sum
            })
            .collect()
    }

    /// For each row and column, the sum of the later rows' horizontal sums, added from the last row up.
    fn sums_from_below(&self, start: usize, size: usize) -> Vec<f64> {
        let mut sums = vec![0.0; size * size];
        for row in (0..size.saturating_sub(1)).rev() {
            for column in 1..size {
                let later = if row + 2 < size { sums[(row + 1) * size + column] } else { 0.0 };
                let next = self.horizontal[(start + row + 1) * self.count + start + column + 1];
                sums[row * size + column] = later + next;
            }
        }
        sums
    }
}

/// The statistic of the split after `row + 1` points when the second part ends after `column + 2` points.
fn statistic(row: usize, column: usize, above: f64, before: f64, below: f64) -> f64 {
    let (left, whole) = ((row + 1) as f64, (column + 2) as f64);
    let right = whole - left;
    let between = 2.0 / whole * (above - before);
    let within_left = if row > 0 { 2.0 * right / (whole * (left - 1.0)) * before } else { 0.0 };
    let within_right =
        if column > row { 2.0 * left / (whole * (right - 1.0)) * below } else { 0.0 };
    between - within_left - within_right
}
