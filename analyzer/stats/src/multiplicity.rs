//! Many metrics: adjusted p, screening by groups, and the tell of an environment that moved.

use crate::dist::binomial_cdf;
use crate::error::{StatsError, check_open_unit, check_probabilities};

/// Adjusts p so that rejecting below q keeps the expected share of false findings at q.
///
/// Valid for independent and for positively dependent tests. The result has the input's order.
///
/// # Errors
/// [`StatsError::Entry`] names a p outside 0 to 1.
///
/// # Source
/// Benjamini, Y. and Hochberg, Y. (1995). J. R. Statist. Soc. B 57, 289-300. doi:10.1111/j.2517-6161.1995.tb02031.x
pub fn benjamini_hochberg(p: &[f64]) -> Result<Vec<f64>, StatsError> {
    let m = p.len() as f64;
    step_up(p, |rank| m / rank)
}

/// Adjusts p as [`benjamini_hochberg`] does, but valid under any dependence.
///
/// # Errors
/// [`StatsError::Entry`] names a p outside 0 to 1.
///
/// # Source
/// Benjamini, Y. and Yekutieli, D. (2001). Ann. Statist. 29, 1165-1188. doi:10.1214/aos/1013699998
pub fn benjamini_yekutieli(p: &[f64]) -> Result<Vec<f64>, StatsError> {
    let m = p.len() as f64;
    let harmonic: f64 = (1..=p.len()).map(|i| 1.0 / i as f64).sum();
    step_up(p, |rank| m * harmonic / rank)
}

/// Adjusts p so that rejecting below alpha keeps the chance of any false finding at alpha, whatever the
/// dependence.
///
/// # Errors
/// [`StatsError::Entry`] names a p outside 0 to 1.
///
/// # Source
/// Holm, S. (1979). Scand. J. Statist. 6, 65-70.
pub fn holm(p: &[f64]) -> Result<Vec<f64>, StatsError> {
    check_probabilities("p", p)?;
    let order = ascending(p);
    let mut adjusted = vec![0.0; p.len()];
    let mut largest = 0.0_f64;
    for (done, &i) in order.iter().enumerate() {
        largest = largest.max(p[i] * (p.len() - done) as f64).min(1.0);
        adjusted[i] = largest;
    }
    Ok(adjusted)
}

/// Adjusts p as [`holm`] does, with more power, for independent and for positively dependent tests.
///
/// # Errors
/// [`StatsError::Entry`] names a p outside 0 to 1.
///
/// # Source
/// Hochberg, Y. (1988). Biometrika 75, 800-802. doi:10.1093/biomet/75.4.800
pub fn hochberg(p: &[f64]) -> Result<Vec<f64>, StatsError> {
    let m = p.len() as f64;
    step_up(p, |rank| m - rank + 1.0)
}

/// Combines the p of a group into one p of "nothing in this group moved"; 1 for an empty group.
///
/// # Errors
/// [`StatsError::Entry`] names a p outside 0 to 1.
///
/// # Source
/// Simes, R. J. (1986). Biometrika 73, 751-754. doi:10.1093/biomet/73.3.751
pub fn simes(p: &[f64]) -> Result<f64, StatsError> {
    Ok(benjamini_hochberg(p)?.into_iter().fold(1.0, f64::min))
}

/// What a screening by groups found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hierarchy {
    /// Simes p of each group.
    pub group_p: Vec<f64>,
    /// The same, adjusted over the groups.
    pub group_adjusted: Vec<f64>,
    /// Whether each group was selected.
    pub selected: Vec<bool>,
    /// Adjusted p of each member, 1 in groups that were not selected; a finding where it is at most q.
    pub adjusted: Vec<Vec<f64>>,
}

/// Screens groups (a plan on a runner) first and their members (metrics) only in selected groups.
///
/// Groups are selected by Benjamini-Hochberg at `q` over their Simes p. With R of G groups selected, members are
/// tested by Benjamini-Hochberg at q R / G, which keeps the expected share of false findings, averaged over the
/// selected groups, at q.
///
/// # Errors
/// [`StatsError::Entry`] names a p outside 0 to 1; [`StatsError::Parameter`] for a `q` outside (0, 1).
///
/// # Source
/// Benjamini, Y. and Bogomolov, M. (2014). J. R. Statist. Soc. B 76, 297-318. doi:10.1111/rssb.12028
pub fn hierarchical(groups: &[Vec<f64>], q: f64) -> Result<Hierarchy, StatsError> {
    check_open_unit("q", q)?;
    let group_p = groups.iter().map(|group| simes(group)).collect::<Result<Vec<_>, _>>()?;
    let group_adjusted = benjamini_hochberg(&group_p)?;
    let selected: Vec<bool> = group_adjusted.iter().map(|p| *p <= q).collect();
    let share = selected.iter().filter(|s| **s).count() as f64 / groups.len().max(1) as f64;
    let adjust = |(group, &chosen): (&Vec<f64>, &bool)| {
        let plain = benjamini_hochberg(group)?;
        let scale = |p: f64| if chosen { (p / share).min(1.0) } else { 1.0 };
        Ok(plain.into_iter().map(scale).collect())
    };
    let adjusted = groups.iter().zip(&selected).map(adjust).collect::<Result<_, StatsError>>()?;
    Ok(Hierarchy { group_p, group_adjusted, selected, adjusted })
}

/// Counts of directions, and how surprising it is that they agree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OneSidedness {
    /// Effects above zero.
    pub positive: usize,
    /// Effects below zero.
    pub negative: usize,
    /// Two-sided sign test p of "up and down are equally likely".
    pub p: f64,
}

/// Tests whether suspiciously many effects point the same way: suspect the environment, not the change.
///
/// Effects should be signed so that positive is worse. Metrics of one run are dependent, so a small p is a
/// reason to look at the control metrics, never a verdict. Zeros do not count.
///
/// # Errors
/// [`StatsError::Entry`] names an effect that is not a number.
///
/// # Source
/// Dixon, W. J. and Mood, A. M. (1946). JASA 41, 557-566 (sign test). doi:10.1080/01621459.1946.10501898
pub fn one_sidedness(effects: &[f64]) -> Result<OneSidedness, StatsError> {
    if let Some(index) = effects.iter().position(|e| e.is_nan()) {
        return Err(StatsError::Entry { name: "effects", index, expected: "a number" });
    }
    let positive = effects.iter().filter(|e| **e > 0.0).count();
    let negative = effects.iter().filter(|e| **e < 0.0).count();
    let fewer = positive.min(negative) as u64;
    let p = (2.0 * binomial_cdf(fewer, (positive + negative) as u64, 0.5)).min(1.0);
    Ok(OneSidedness { positive, negative, p })
}

/// Adjusts from the largest p down; `factor` gets the rank from 1 of the p in ascending order.
fn step_up(p: &[f64], factor: impl Fn(f64) -> f64) -> Result<Vec<f64>, StatsError> {
    check_probabilities("p", p)?;
    let mut adjusted = vec![0.0; p.len()];
    let mut smallest = 1.0_f64;
    for (done, &i) in ascending(p).iter().enumerate().rev() {
        smallest = smallest.min(p[i] * factor(done as f64 + 1.0));
        adjusted[i] = smallest;
    }
    Ok(adjusted)
}

fn ascending(p: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[a].total_cmp(&p[b]));
    order
}

#[cfg(test)]
mod tests;
