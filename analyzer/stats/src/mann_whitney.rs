//! The Mann-Whitney U test: does one side tend to lie above the other?

use crate::dist::normal_sf;
use crate::error::{StatsError, check_both};
use crate::rank::{Ranks, midranks_of};

/// Largest smaller side for which the exact distribution is counted.
const EXACT_LIMIT: usize = 20;

/// How a p was computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PMethod {
    /// Exact where it can be counted, else by the normal approximation.
    Auto,
    /// By counting all assignments; given the ties, where there are ties.
    Exact,
    /// By the normal approximation with tie and continuity correction.
    Asymptotic,
}

/// Result of a Mann-Whitney test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MannWhitney {
    /// Pairs in which the candidate lies above the baseline; equal pairs count half.
    pub u: f64,
    /// P(candidate > baseline) + P(equal) / 2.
    pub theta: f64,
    /// Two-sided p of theta = 1/2.
    pub p: f64,
    /// One-sided p against "the candidate lies above".
    pub p_greater: f64,
    /// One-sided p against "the candidate lies below".
    pub p_less: f64,
    /// How the p were computed; never [`PMethod::Auto`].
    pub method: PMethod,
}

/// Tests whether `candidate` tends to lie above or below `baseline`.
///
/// The p is exact where the smaller side has at most 20 values: by counting without ties, by the permutation
/// distribution of the midranks with ties (both sides at most 20 then). Else it is normal with tie and
/// continuity correction.
///
/// # Errors
/// [`StatsError::Empty`] and [`StatsError::NotFinite`] name the side.
///
/// # Source
/// Mann, H. B. and Whitney, D. R. (1947). Ann. Math. Statist. 18, 50-60. doi:10.1214/aoms/1177730491
/// Lehmann, E. L. (2006). Nonparametrics, revised edition, section 1.2 to 1.5 (ties, continuity).
pub fn mann_whitney(baseline: &[f64], candidate: &[f64]) -> Result<MannWhitney, StatsError> {
    mann_whitney_by(baseline, candidate, PMethod::Auto)
}

/// Tests as [`mann_whitney`] does, with the way to compute the p chosen by the caller.
///
/// # Errors
/// As [`mann_whitney`], and [`StatsError::Parameter`] when an exact p was asked for and cannot be counted.
///
/// # Source
/// Mann, H. B. and Whitney, D. R. (1947). Ann. Math. Statist. 18, 50-60. doi:10.1214/aoms/1177730491
pub fn mann_whitney_by(
    baseline: &[f64],
    candidate: &[f64],
    method: PMethod,
) -> Result<MannWhitney, StatsError> {
    check_both(baseline, candidate)?;
    let sizes = Sizes { n: baseline.len(), m: candidate.len() };
    let pooled = midranks_of(&[baseline, candidate].concat());
    let rank_sum: f64 = pooled.ranks[sizes.n..].iter().sum();
    let m = sizes.m as f64;
    let u = rank_sum - m * (m + 1.0) / 2.0;
    let tails = match method {
        PMethod::Asymptotic => None,
        PMethod::Auto | PMethod::Exact => exact_tails(&pooled, sizes, u),
    };
    if method == PMethod::Exact && tails.is_none() {
        return Err(StatsError::Parameter {
            name: "size",
            value: sizes.n.max(sizes.m) as f64,
            expected: "small enough to be counted (20 values a side)",
        });
    }
    let method = if tails.is_some() { PMethod::Exact } else { PMethod::Asymptotic };
    let (p_less, p_greater) = tails.unwrap_or_else(|| asymptotic_tails(&pooled, sizes, u));
    let p = (2.0 * p_less.min(p_greater)).min(1.0);
    Ok(MannWhitney { u, theta: u / (sizes.n as f64 * m), p, p_greater, p_less, method })
}

/// Returns the smallest two-sided p that the test can give for samples of these sizes: 2 / C(n + m, n).
///
/// # Source
/// Mann, H. B. and Whitney, D. R. (1947). Ann. Math. Statist. 18, 50-60. doi:10.1214/aoms/1177730491
#[must_use]
pub fn min_attainable_p(baseline: usize, candidate: usize) -> f64 {
    let (n, m) = (baseline as f64, candidate as f64);
    (2.0_f64.ln() - crate::dist::ln_choose(n + m, n)).exp().min(1.0)
}

#[derive(Debug, Clone, Copy)]
struct Sizes {
    n: usize,
    m: usize,
}

/// Returns P(U <= u) and P(U >= u), where they can be counted.
fn exact_tails(pooled: &Ranks, sizes: Sizes, u: f64) -> Option<(f64, f64)> {
    if pooled.ties.is_empty() {
        let law = UDistribution::of(sizes.n, sizes.m)?;
        let u = u.round() as usize;
        return Some((law.at_most(u), law.at_most(sizes.n * sizes.m - u)));
    }
    (sizes.n.max(sizes.m) <= EXACT_LIMIT).then(|| tied_tails(pooled, sizes))
}

/// Permutation distribution of the rank sum given the ties, over doubled midranks, which are integers.
fn tied_tails(pooled: &Ranks, sizes: Sizes) -> (f64, f64) {
    let mut doubled: Vec<usize> = pooled.ranks.iter().map(|r| (2.0 * r).round() as usize).collect();
    let observed: usize = doubled[sizes.n..].iter().sum();
    doubled.sort_unstable();
    let most: usize = doubled[sizes.n..].iter().sum();
    let mut counts = vec![vec![0.0; most + 1]; sizes.m + 1];
    counts[0][0] = 1.0;
    for (seen, &rank) in doubled.iter().enumerate() {
        for taken in (1..=sizes.m.min(seen + 1)).rev() {
            // In ascending order no rank taken so far is larger than this one.
            let reach = most.min(taken * rank);
            let (below, at) = counts.split_at_mut(taken);
            let from = &below[taken - 1][..=reach.saturating_sub(rank)];
            at[0][rank.min(reach)..=reach].iter_mut().zip(from).for_each(|(to, from)| *to += from);
        }
    }
    let law = &counts[sizes.m];
    let all: f64 = law.iter().sum();
    let less: f64 = law[..=observed].iter().sum();
    let greater: f64 = law[observed..].iter().sum();
    (less / all, greater / all)
}

/// Normal tails with tie and continuity correction.
fn asymptotic_tails(pooled: &Ranks, sizes: Sizes, u: f64) -> (f64, f64) {
    let (n, m) = (sizes.n as f64, sizes.m as f64);
    let total = n + m;
    let ties = pooled.tie_term() / (total * (total - 1.0)).max(1.0);
    let sd = (n * m / 12.0 * (total + 1.0 - ties)).max(0.0).sqrt();
    if sd == 0.0 {
        return (1.0, 1.0);
    }
    let centred = u - n * m / 2.0;
    (normal_sf((-centred - 0.5) / sd), normal_sf((centred - 0.5) / sd))
}

/// The null distribution of U without ties.
#[derive(Debug, Clone)]
pub(crate) struct UDistribution {
    /// P(U <= k) for k from 0 to the middle.
    cumulated: Vec<f64>,
    most: usize,
}

impl UDistribution {
    /// Counts the distribution; `None` where the smaller side is above 20 or a count needs more than 126 bits.
    ///
    /// The number of assignments with U = k is the coefficient of q^k of the Gaussian binomial, the product of
    /// (1 - q^(m+i)) / (1 - q^i) over i = 1 to n, multiplied out in integers.
    pub(crate) fn of(n: usize, m: usize) -> Option<Self> {
        let (small, large) = (n.min(m), n.max(m));
        let bits = crate::dist::ln_choose((n + m) as f64, small as f64) / 2.0_f64.ln();
        if small > EXACT_LIMIT || bits > 126.0 {
            return None;
        }
        let most = n * m;
        let mut counts = vec![0_i128; most / 2 + 1];
        counts[0] = 1;
        for i in 1..=small {
            for k in (large + i..counts.len()).rev() {
                counts[k] -= counts[k - large - i];
            }
            for k in i..counts.len() {
                counts[k] += counts[k - i];
            }
        }
        let total = choose(n + m, small) as f64;
        let mut sum = 0_i128;
        let cumulated = counts
            .iter()
            .map(|&count| {
                sum += count;
                sum as f64 / total
            })
            .collect();
        Some(Self { cumulated, most })
    }

    /// Returns P(U <= k).
    pub(crate) fn at_most(&self, k: usize) -> f64 {
        if k >= self.most {
            1.0
        } else if k < self.cumulated.len() {
            self.cumulated[k]
        } else {
            1.0 - self.cumulated[self.most - k - 1]
        }
    }

    /// Returns the largest k with P(U <= k - 1) <= `tail`; 0 where even U = 0 is more probable.
    pub(crate) fn rank_for_tail(&self, tail: f64) -> usize {
        self.cumulated.partition_point(|&p| p <= tail * (1.0 + 1e-12))
    }
}

fn choose(n: usize, k: usize) -> u128 {
    (1..=k).fold(1, |product, i| product * (n - k + i) as u128 / i as u128)
}

#[cfg(test)]
mod tests;
