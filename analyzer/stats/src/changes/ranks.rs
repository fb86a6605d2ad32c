//! Ranks and the tails of rank sums.

use crate::dist::{normal_quantile, normal_sf};

/// Returns the probability that `few` of `few + many` exchangeable points have at most `inversions` pairs out of order
/// with the rest: the exact lower tail of the Mann-Whitney statistic.
///
/// # Source
/// Mann, H. B. and Whitney, D. R. (1947). Ann. Math. Statist. 18, 50–60: the counts are the coefficients of the Gaussian
/// binomial, here by multiplying and dividing by `1 - q^i`.
pub(crate) fn exact_tail(few: usize, many: usize, inversions: usize) -> f64 {
    let top = inversions.min(few * many);
    let mut counts = vec![0.0; top + 1];
    counts[0] = 1.0;
    let mut all = 1.0;
    for part in 1..=few {
        for index in part..=top {
            counts[index] += counts[index - part];
        }
        let skip = many + part;
        for index in (skip..=top).rev() {
            counts[index] -= counts[index - skip];
        }
        all *= skip as f64 / part as f64;
    }
    (counts.iter().sum::<f64>() / all).min(1.0)
}

/// One group's standing among all points: group size, rest size, and the doubled rank sum.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) few: usize,
    pub(crate) many: usize,
    pub(crate) doubled_sum: f64,
}

impl Standing {
    /// Standardised distance of the rank sum from its mean without ties or correlation; positive is high.
    pub(crate) fn score(self) -> f64 {
        let (few, many) = (self.few as f64, self.many as f64);
        let all = few + many + 1.0;
        (self.doubled_sum - few * all) / (few * many * all / 3.0).sqrt()
    }

    /// Two-sided p of the rank sum where `inflation` multiplies its variance for serial correlation.
    pub(crate) fn p(self, inflation: f64) -> f64 {
        let z = self.score().abs();
        if self.few.min(self.many) > 10 || z < 1.5 {
            return (2.0 * normal_sf(z / inflation.sqrt())).min(1.0);
        }
        let (few, many) = (self.few.min(self.many), self.few.max(self.many));
        let pairs = (self.few * self.many) as f64;
        let centred =
            (self.doubled_sum - (self.few * (self.few + self.many + 1)) as f64).abs() / 2.0;
        let inversions = (pairs / 2.0 - centred).ceil().max(0.0) as usize;
        let p = (2.0 * exact_tail(few, many, inversions)).min(1.0);
        if inflation <= 1.0 {
            return p;
        }
        (2.0 * normal_sf(-normal_quantile((p / 2.0).max(1e-300)) / inflation.sqrt())).min(1.0)
    }
}
