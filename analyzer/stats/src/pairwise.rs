//! Order statistics of all pairwise differences or Walsh averages of sorted samples.

use crate::hodges_lehmann::Estimate;

/// Up to this many pairs are listed and selected from; above they are counted, never listed.
const LISTED: usize = 4096;

/// The multiset of all values `rows[i] + columns[j]`, given by two sorted sides.
#[derive(Debug, Clone)]
pub(crate) struct Pairwise {
    rows: Vec<f64>,
    columns: Vec<f64>,
    /// Only pairs with `i <= j` count; rows and columns are the same then.
    triangle: bool,
    listed: Option<Vec<f64>>,
}

impl Pairwise {
    /// All differences `candidate[j] - baseline[i]`.
    pub(crate) fn differences(baseline: &[f64], candidate: &[f64]) -> Self {
        let rows = baseline.iter().map(|b| -b).collect();
        Self::new(rows, candidate.to_vec(), false)
    }

    /// All Walsh averages `(x[i] + x[j]) / 2` with `i <= j`.
    pub(crate) fn walsh(values: &[f64]) -> Self {
        let halves: Vec<f64> = values.iter().map(|v| v / 2.0).collect();
        Self::new(halves.clone(), halves, true)
    }

    fn new(mut rows: Vec<f64>, mut columns: Vec<f64>, triangle: bool) -> Self {
        rows.sort_by(f64::total_cmp);
        columns.sort_by(f64::total_cmp);
        let mut all = Self { rows, columns, triangle, listed: None };
        if all.len() <= LISTED {
            all.listed = Some(all.list());
        }
        all
    }

    fn len(&self) -> usize {
        let n = self.rows.len();
        if self.triangle { n * (n + 1) / 2 } else { n * self.columns.len() }
    }

    fn list(&self) -> Vec<f64> {
        let mut all = Vec::with_capacity(self.len());
        for (i, row) in self.rows.iter().enumerate() {
            let first = if self.triangle { i } else { 0 };
            all.extend(self.columns[first..].iter().map(|column| row + column));
        }
        all.sort_by(f64::total_cmp);
        all
    }

    /// Returns the k-th smallest value, k from 0.
    pub(crate) fn nth(&self, k: usize) -> f64 {
        match &self.listed {
            Some(listed) => listed[k],
            None => self.search(k),
        }
    }

    /// Returns the median, the mean of the two middle values where their number is even.
    pub(crate) fn median(&self) -> f64 {
        let n = self.len();
        let upper = self.nth(n / 2);
        if n % 2 == 1 { upper } else { midpoint(self.nth(n / 2 - 1), upper) }
    }

    /// Returns the median between the `rank`-th smallest and largest value; unbounded where `rank` is 0.
    pub(crate) fn interval(&self, rank: usize) -> Estimate {
        let value = self.median();
        if rank == 0 {
            return Estimate { value, lo: f64::NEG_INFINITY, hi: f64::INFINITY };
        }
        let rank = rank.min(self.len().div_ceil(2));
        Estimate { value, lo: self.nth(rank - 1), hi: self.nth(self.len() - rank) }
    }

    /// Bisects the bit patterns of all floats, ordered as numbers: 64 counts, whatever the values.
    fn search(&self, k: usize) -> f64 {
        let last = self.columns.len() - 1;
        let mut lo = key(self.rows[0] + self.columns[0]);
        let mut hi = key(self.rows[self.rows.len() - 1] + self.columns[last]);
        while lo < hi {
            let middle = lo + ((hi - lo) >> 1);
            if self.count_at_most(unkey(middle)) > k {
                hi = middle;
            } else {
                lo = middle + 1;
            }
        }
        unkey(lo)
    }

    /// Counts the values at or below `limit`; rounded sums are monotone in both sides, so two pointers do.
    fn count_at_most(&self, limit: f64) -> usize {
        let mut end = self.columns.len();
        let mut count = 0;
        for (i, row) in self.rows.iter().enumerate() {
            while end > 0 && row + self.columns[end - 1] > limit {
                end -= 1;
            }
            let first = if self.triangle { i } else { 0 };
            if end <= first {
                break;
            }
            count += end - first;
        }
        count
    }
}

/// Returns the middle of two numbers without overflow.
pub(crate) fn midpoint(a: f64, b: f64) -> f64 {
    if a == b { a } else { a / 2.0 + b / 2.0 }
}

/// Maps a float to an integer of the same order.
fn key(value: f64) -> u64 {
    let bits = (value + 0.0).to_bits();
    if bits >> 63 == 1 { !bits } else { bits | (1 << 63) }
}

fn unkey(key: u64) -> f64 {
    f64::from_bits(if key >> 63 == 1 { key & !(1 << 63) } else { !key })
}

#[cfg(test)]
mod tests;
