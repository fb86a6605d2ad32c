//! Differences other than a shift: spread, shape, stochastic order.

use crate::autocorrelation::median;
use crate::dist::{f_sf, t_two_sided};
use crate::error::{StatsError, check_both, check_count};
use crate::rank::midranks_of;
use crate::welch::Moments;

/// Result of a test with one statistic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tested {
    /// The statistic.
    pub statistic: f64,
    /// Its p.
    pub p: f64,
}

/// Tests whether the two sides spread alike: analysis of variance of the distances from each side's median.
///
/// # Errors
/// [`StatsError::Empty`], [`StatsError::NotFinite`]; [`StatsError::TooFew`] below two values a side.
///
/// # Source
/// Brown, M. B. and Forsythe, A. B. (1974). JASA 69, 364-367. doi:10.1080/01621459.1974.10482955
pub fn brown_forsythe(baseline: &[f64], candidate: &[f64]) -> Result<Tested, StatsError> {
    check_both(baseline, candidate)?;
    check_count("the Brown-Forsythe test", 2, baseline.len().min(candidate.len()))?;
    let (a, b) = (distances(baseline), distances(candidate));
    let (ma, mb) = (Moments::of_finite(&a), Moments::of_finite(&b));
    let df = (ma.n + mb.n - 2) as f64;
    let within = (ma.n - 1) as f64 * ma.variance + (mb.n - 1) as f64 * mb.variance;
    let weight = 1.0 / (1.0 / ma.n as f64 + 1.0 / mb.n as f64);
    let between = weight * (ma.mean - mb.mean).powi(2);
    let statistic = if between == 0.0 { 0.0 } else { between * df / within };
    Ok(Tested { statistic, p: f_sf(statistic, 1.0, df) })
}

fn distances(values: &[f64]) -> Vec<f64> {
    let middle = median(values);
    values.iter().map(|v| (v - middle).abs()).collect()
}

/// Tests stochastic equality, P(candidate > baseline) = 1/2, when the spreads may differ.
///
/// The statistic is positive when the candidate tends to lie above. Where the sides do not overlap the variance
/// estimate is 0, the statistic infinite and p 0, which is not to be trusted below about ten values a side.
///
/// # Errors
/// [`StatsError::Empty`], [`StatsError::NotFinite`]; [`StatsError::TooFew`] below two values a side.
///
/// # Source
/// Brunner, E. and Munzel, U. (2000). Biometrical J. 42, 17-25.
/// doi:10.1002/(SICI)1521-4036(200001)42:1<17::AID-BIMJ17>3.0.CO;2-U
pub fn brunner_munzel(baseline: &[f64], candidate: &[f64]) -> Result<Tested, StatsError> {
    check_both(baseline, candidate)?;
    check_count("the Brunner-Munzel test", 2, baseline.len().min(candidate.len()))?;
    let (n, m) = (baseline.len() as f64, candidate.len() as f64);
    let pooled = midranks_of(&[baseline, candidate].concat()).ranks;
    let (a, b) = pooled.split_at(baseline.len());
    let (sa, mean_a) = placement(a, baseline);
    let (sb, mean_b) = placement(b, candidate);
    let spread = n * sa + m * sb;
    let distance = n * m * (mean_b - mean_a);
    if distance == 0.0 {
        return Ok(Tested { statistic: 0.0, p: 1.0 });
    }
    let statistic = distance / ((n + m) * spread.sqrt());
    let denominator = (n * sa).powi(2) / (n - 1.0) + (m * sb).powi(2) / (m - 1.0);
    let df = if denominator > 0.0 { spread * spread / denominator } else { n + m - 2.0 };
    Ok(Tested { statistic, p: t_two_sided(statistic, df) })
}

/// Variance of the placements of one side among the other, and the mean pooled rank.
fn placement(pooled: &[f64], values: &[f64]) -> (f64, f64) {
    let own = midranks_of(values).ranks;
    let placements: Vec<f64> = pooled.iter().zip(&own).map(|(all, own)| all - own).collect();
    (Moments::of_finite(&placements).variance, Moments::of_finite(pooled).mean)
}

/// Tests whether two distributions differ anywhere, by the largest distance of their empirical distributions.
///
/// The p is exact (by lattice paths) up to a million pairs and asymptotic above; with ties conservative.
///
/// # Errors
/// [`StatsError::Empty`] and [`StatsError::NotFinite`].
///
/// # Source
/// Hodges, J. L. (1958). Arkiv for Matematik 3, 469-486 (exact, lattice paths). doi:10.1007/BF02589501
/// Smirnov, N. (1948). Ann. Math. Statist. 19, 279-281 (asymptotic). doi:10.1214/aoms/1177730256
pub fn kolmogorov_smirnov(baseline: &[f64], candidate: &[f64]) -> Result<Tested, StatsError> {
    check_both(baseline, candidate)?;
    let (n, m) = (baseline.len(), candidate.len());
    let steps = largest_gap(baseline, candidate);
    let statistic = steps as f64 / (n * m) as f64;
    let p = if n * m <= 1_000_000 { exact_ks(n, m, steps) } else { limit_ks(n, m, statistic) };
    Ok(Tested { statistic, p })
}

/// Largest |i m - j n| over the merged order, i and j counting the values of each side.
fn largest_gap(baseline: &[f64], candidate: &[f64]) -> usize {
    let sorted = |values: &[f64]| {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        sorted
    };
    let (a, b) = (sorted(baseline), sorted(candidate));
    let (mut i, mut j, mut gap) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        let at = a[i].min(b[j]);
        i += a[i..].iter().take_while(|v| **v == at).count();
        j += b[j..].iter().take_while(|v| **v == at).count();
        gap = gap.max((i * b.len()).abs_diff(j * a.len()));
    }
    gap
}

/// P(gap >= steps): one less the share of lattice paths that stay strictly inside.
fn exact_ks(n: usize, m: usize, steps: usize) -> f64 {
    if steps == 0 {
        return 1.0;
    }
    // Probability that a random path passes each point and has stayed inside so far.
    let mut inside = vec![0.0; m + 1];
    for i in 0..=n {
        for j in 0..=m {
            let arrived = match (i, j) {
                (0, 0) => 1.0,
                _ => {
                    let left = (n - i) as f64 + (m - j) as f64 + 1.0;
                    let down = if i > 0 { inside[j] * ((n - i) as f64 + 1.0) / left } else { 0.0 };
                    let across =
                        if j > 0 { inside[j - 1] * ((m - j) as f64 + 1.0) / left } else { 0.0 };
                    down + across
                }
            };
            inside[j] = if (i * m).abs_diff(j * n) < steps { arrived } else { 0.0 };
        }
    }
    (1.0 - inside[m]).clamp(0.0, 1.0)
}

/// Kolmogorov's limit law.
fn limit_ks(n: usize, m: usize, statistic: f64) -> f64 {
    let (n, m) = (n as f64, m as f64);
    let x = statistic * (n * m / (n + m)).sqrt();
    if x < 0.2 {
        return 1.0;
    }
    let term = |k: i32| {
        let sign = if k % 2 == 1 { 2.0 } else { -2.0 };
        sign * (-2.0 * f64::from(k * k) * x * x).exp()
    };
    (1..=100).map(term).sum::<f64>().clamp(0.0, 1.0)
}

/// Returns the energy distance 2 E|X - Y| - E|X - X'| - E|Y - Y'|, 0 for equal samples.
///
/// # Errors
/// [`StatsError::Empty`] and [`StatsError::NotFinite`].
///
/// # Cost
/// O((n + m) log (n + m)).
///
/// # Source
/// Szekely, G. J. and Rizzo, M. L. (2013). J. Statist. Plann. Inference 143, 1249-1272.
/// doi:10.1016/j.jspi.2013.03.018
pub fn energy_distance(baseline: &[f64], candidate: &[f64]) -> Result<f64, StatsError> {
    check_both(baseline, candidate)?;
    let pooled = Pooled::of(baseline, candidate);
    Ok(pooled.energy(&pooled.labels))
}

/// Tests equality of two distributions by the energy distance and `permutations` random relabellings.
///
/// p = (1 + relabellings that reach the distance) / (1 + relabellings).
///
/// # Errors
/// [`StatsError::Empty`], [`StatsError::NotFinite`]; [`StatsError::TooFew`] without permutations.
///
/// # Source
/// Szekely, G. J. and Rizzo, M. L. (2013). J. Statist. Plann. Inference 143, 1249-1272.
/// doi:10.1016/j.jspi.2013.03.018
pub fn energy_test(
    baseline: &[f64],
    candidate: &[f64],
    permutations: usize,
    seed: u64,
) -> Result<Tested, StatsError> {
    use rand::seq::SliceRandom;
    check_both(baseline, candidate)?;
    check_count("a permutation test", 1, permutations)?;
    let pooled = Pooled::of(baseline, candidate);
    let statistic = pooled.energy(&pooled.labels);
    let mut rng = crate::rng::seeded(seed, 1);
    let mut labels = pooled.labels.clone();
    let reached = (0..permutations)
        .filter(|_| {
            labels.shuffle(&mut rng);
            // Relabellings of equal distance differ in the last bits; they count as equal.
            pooled.energy(&labels) >= statistic * (1.0 - 1e-10)
        })
        .count();
    Ok(Tested { statistic, p: (1 + reached) as f64 / (1 + permutations) as f64 })
}

/// Both samples in one order: the energy distance is 2 times the integral of the squared gap of the two
/// empirical distributions.
struct Pooled {
    /// Distances between neighbours.
    gaps: Vec<f64>,
    /// Whether each value is the candidate's.
    labels: Vec<bool>,
    steps: (f64, f64),
}

impl Pooled {
    fn of(baseline: &[f64], candidate: &[f64]) -> Self {
        let mut all: Vec<(f64, bool)> = baseline.iter().map(|v| (*v, false)).collect();
        all.extend(candidate.iter().map(|v| (*v, true)));
        all.sort_by(|a, b| a.0.total_cmp(&b.0));
        let gaps = all.windows(2).map(|w| w[1].0 - w[0].0).collect();
        let labels = all.iter().map(|(_, label)| *label).collect();
        Self { gaps, labels, steps: (1.0 / baseline.len() as f64, 1.0 / candidate.len() as f64) }
    }

    fn energy(&self, labels: &[bool]) -> f64 {
        let mut height = 0.0;
        let mut sum = 0.0;
        for (label, gap) in labels.iter().zip(&self.gaps) {
            height += if *label { -self.steps.1 } else { self.steps.0 };
            sum += height * height * gap;
        }
        2.0 * sum
    }
}

#[cfg(test)]
mod tests;
