//! The Wilcoxon signed rank test: are paired differences centred on zero?

use crate::dist::normal_sf;
use crate::error::{Side, StatsError, check, check_pairs};
use crate::mann_whitney::PMethod;
use crate::rank::{Ranks, midranks_of};

/// Most non-zero differences for which the exact distribution is counted; their counts fit 53 bits.
const EXACT_LIMIT: usize = 50;

/// Result of a signed rank test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SignedRank {
    /// Sum of the ranks of the positive differences.
    pub w: f64,
    /// Differences that are not zero; the test is about those.
    pub n: usize,
    /// Two-sided p of "centred on zero".
    pub p: f64,
    /// One-sided p against "the differences are positive".
    pub p_greater: f64,
    /// One-sided p against "the differences are negative".
    pub p_less: f64,
    /// How the p were computed; never [`PMethod::Auto`].
    pub method: PMethod,
}

/// Tests whether `candidate[i] - baseline[i]` is centred on zero.
///
/// # Errors
/// [`StatsError::Empty`], [`StatsError::NotFinite`], [`StatsError::Misaligned`].
///
/// # Source
/// Wilcoxon, F. (1945). Biometrics Bulletin 1, 80-83. doi:10.2307/3001968
pub fn wilcoxon(baseline: &[f64], candidate: &[f64]) -> Result<SignedRank, StatsError> {
    check_pairs(baseline, candidate)?;
    let differences: Vec<f64> = candidate.iter().zip(baseline).map(|(c, b)| c - b).collect();
    signed_rank(&differences, PMethod::Auto)
}

/// Tests whether differences are centred on zero.
///
/// Zero differences are dropped. The p is exact, by the sign permutation distribution of the midranks, up to 50
/// remaining differences, with ties or without; normal with tie and continuity correction above.
///
/// # Errors
/// [`StatsError::Empty`], [`StatsError::NotFinite`]; [`StatsError::Parameter`] when an exact p was asked for and
/// cannot be counted.
///
/// # Source
/// Wilcoxon, F. (1945). Biometrics Bulletin 1, 80-83. doi:10.2307/3001968
/// Lehmann, E. L. (2006). Nonparametrics, revised edition, sections 3.1 to 3.3.
pub fn signed_rank(differences: &[f64], method: PMethod) -> Result<SignedRank, StatsError> {
    check(Side::Sample, differences)?;
    let kept: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    let n = kept.len();
    if n == 0 {
        let method = PMethod::Exact;
        return Ok(SignedRank { w: 0.0, n, p: 1.0, p_greater: 1.0, p_less: 1.0, method });
    }
    let sizes: Vec<f64> = kept.iter().map(|d| d.abs()).collect();
    let ranks = midranks_of(&sizes);
    let w = kept.iter().zip(&ranks.ranks).filter(|(d, _)| **d > 0.0).map(|(_, r)| r).sum();
    let countable = n <= EXACT_LIMIT;
    if method == PMethod::Exact && !countable {
        return Err(StatsError::Parameter {
            name: "size",
            value: n as f64,
            expected: "at most 50 for an exact p",
        });
    }
    let exact = countable && method != PMethod::Asymptotic;
    let (p_less, p_greater) =
        if exact { exact_tails(&ranks, w) } else { asymptotic_tails(&ranks, w) };
    let method = if exact { PMethod::Exact } else { PMethod::Asymptotic };
    let p = (2.0 * p_less.min(p_greater)).min(1.0);
    Ok(SignedRank { w, n, p, p_greater, p_less, method })
}

/// Returns the smallest two-sided p that the test can give for `pairs` differences: 2 / 2^n.
///
/// # Source
/// Wilcoxon, F. (1945). Biometrics Bulletin 1, 80-83. doi:10.2307/3001968
#[must_use]
pub fn min_attainable_p(pairs: usize) -> f64 {
    2.0_f64.powi(1 - pairs.min(1000) as i32).min(1.0)
}

/// Returns P(W <= w) and P(W >= w) over all signs, on doubled midranks, which are integers.
fn exact_tails(ranks: &Ranks, w: f64) -> (f64, f64) {
    let doubled: Vec<usize> = ranks.ranks.iter().map(|r| (2.0 * r).round() as usize).collect();
    let law = subset_sums(&doubled);
    let observed = (2.0 * w).round() as usize;
    (law[..=observed].iter().sum(), law[observed..].iter().sum())
}

/// Probabilities of the sums of random subsets.
fn subset_sums(weights: &[usize]) -> Vec<f64> {
    let mut law = vec![0.0; weights.iter().sum::<usize>() + 1];
    law[0] = 1.0;
    let mut reach = 0;
    for &weight in weights {
        reach += weight;
        for sum in (0..=reach).rev() {
            let with = if sum >= weight { law[sum - weight] } else { 0.0 };
            law[sum] = 0.5 * (law[sum] + with);
        }
    }
    law
}

fn asymptotic_tails(ranks: &Ranks, w: f64) -> (f64, f64) {
    let n = ranks.ranks.len() as f64;
    let variance = n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - ranks.tie_term() / 48.0;
    let sd = variance.sqrt();
    let centred = w - n * (n + 1.0) / 4.0;
    (normal_sf((-centred - 0.5) / sd), normal_sf((centred - 0.5) / sd))
}

/// The null distribution of the signed rank sum without ties.
#[derive(Debug, Clone)]
pub(crate) struct SignedRankDistribution {
    cumulated: Vec<f64>,
}

impl SignedRankDistribution {
    /// Counts the distribution; `None` above 50 differences.
    pub(crate) fn of(n: usize) -> Option<Self> {
        if n > EXACT_LIMIT {
            return None;
        }
        let mut sum = 0.0;
        let cumulated = subset_sums(&(1..=n).collect::<Vec<_>>())
            .into_iter()
            .map(|p| {
                sum += p;
                sum
            })
            .collect();
        Some(Self { cumulated })
    }

    /// Returns the largest k with P(W <= k - 1) <= `tail`; 0 where even W = 0 is more probable.
    pub(crate) fn rank_for_tail(&self, tail: f64) -> usize {
        self.cumulated.partition_point(|&p| p <= tail * (1.0 + 1e-12))
    }
}

#[cfg(test)]
mod tests;
