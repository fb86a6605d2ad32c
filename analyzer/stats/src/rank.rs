//! Ranks with ties.

use crate::error::{Side, StatsError, check};

/// Ranks of a sample, in the sample's order.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranks {
    /// Midrank of each value, from 1.
    pub ranks: Vec<f64>,
    /// Sizes of the groups of equal values, groups of one left out, by ascending value.
    pub ties: Vec<usize>,
}

impl Ranks {
    /// Returns the sum of t^3 - t over the groups of equal values, which variances are corrected by.
    #[must_use]
    pub fn tie_term(&self) -> f64 {
        self.ties.iter().map(|&t| (t as f64).powi(3) - t as f64).sum()
    }

    /// Returns the share of values that equal another one.
    #[must_use]
    pub fn tied_share(&self) -> f64 {
        self.ties.iter().sum::<usize>() as f64 / self.ranks.len() as f64
    }
}

/// Ranks the values from 1; equal values share the mean of their ranks.
///
/// # Errors
/// [`StatsError::Empty`] and [`StatsError::NotFinite`].
///
/// # Source
/// Kruskal, W. H. and Wallis, W. A. (1952). JASA 47, 583-621, section 1.3. doi:10.1080/01621459.1952.10483441
pub fn midranks(values: &[f64]) -> Result<Ranks, StatsError> {
    check(Side::Sample, values)?;
    Ok(midranks_of(values))
}

/// Ranks values that are known to be finite.
pub(crate) fn midranks_of(values: &[f64]) -> Ranks {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut ties = Vec::new();
    let mut start = 0;
    while start < order.len() {
        let mut end = start + 1;
        while end < order.len() && values[order[end]] == values[order[start]] {
            end += 1;
        }
        let shared = (start + 1 + end) as f64 / 2.0;
        order[start..end].iter().for_each(|&i| ranks[i] = shared);
        if end - start > 1 {
            ties.push(end - start);
        }
        start = end;
    }
    Ranks { ranks, ties }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_has_no_rank() {
        assert_eq!(midranks(&[]), Err(StatsError::Empty { side: Side::Sample }));
        let nan = midranks(&[1.0, f64::NAN]);
        assert_eq!(nan, Err(StatsError::NotFinite { side: Side::Sample, index: 1 }));
    }

    #[test]
    fn equal_values_share_their_mean_rank() {
        let got = midranks(&[3.0, 1.0, 3.0, -0.0, 0.0, 3.0]).unwrap();
        assert_eq!(got.ranks, [5.0, 3.0, 5.0, 1.5, 1.5, 5.0]);
        assert_eq!(got.ties, [2, 3]);
        assert_eq!(got.tie_term(), 6.0 + 24.0);
        assert_eq!(got.tied_share(), 5.0 / 6.0);
    }
}
