//! E-Divisive: hierarchical splits by energy distance, each tested by permutation inside its segment.

#[cfg(test)]
mod tests;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::changes::verify::below;

/// Exceedances after which the permutations stop.
const ENOUGH: usize = 10;

/// Settings of E-Divisive.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Fewest points of a segment.
    pub min_segment: usize,
    /// Permutations of each test.
    pub permutations: usize,
    /// Level of each test.
    pub alpha: f64,
    /// Seed of the permutations.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { min_segment: 3, permutations: 199, alpha: 0.01, seed: 1 }
    }
}

/// A split found by E-Divisive.
#[derive(Debug, Clone, PartialEq)]
pub struct EnergyChange {
    /// First point of the new segment.
    pub index: usize,
    /// The scaled energy statistic.
    pub strength: f64,
    /// p of the greatest statistic under permutation of the points of the segment it splits.
    pub p: f64,
}

/// Splits `values` where the energy distance between neighbours is significant; NaN is a gap and is left out.
///
/// A second opinion beside the kernel search: it sees changes of shape, but outliers weigh in it. It needs
/// `R n^2` operations a split; meant for up to about 1,000 points.
///
/// # Source
/// Matteson, D. S. and James, N. A. (2014). A nonparametric approach for multiple change point analysis of multivariate
/// data. JASA 109, 334–345, alpha = 1, eq. 5 to 8. doi:10.1080/01621459.2013.849605. Early stop: Besag and Clifford (1991).
pub fn edivisive(values: &[f64], settings: &Settings) -> Vec<EnergyChange> {
    let positions: Vec<usize> =
        (0..values.len()).filter(|&index| values[index].is_finite()).collect();
    let points: Vec<f64> = positions.iter().map(|&index| values[index]).collect();
    let mut random = ChaCha8Rng::seed_from_u64(settings.seed);
    let mut open = vec![(0, points.len())];
    let mut changes = Vec::new();
    while let Some((start, end)) = open.pop() {
        let segment = &points[start..end];
        let Some((split, strength)) = strongest(segment, settings.min_segment) else { continue };
        let p = p_of(segment, strength, settings, &mut random);
        if p <= settings.alpha {
            changes.push(EnergyChange { index: positions[start + split], strength, p });
            open.push((start + split, end));
            open.push((start, start + split));
        }
    }
    changes.sort_by_key(|change| change.index);
    changes
}

fn p_of(segment: &[f64], observed: f64, settings: &Settings, random: &mut ChaCha8Rng) -> f64 {
    let mut shuffled = segment.to_vec();
    let mut exceeded = 0;
    for drawn in 1..=settings.permutations {
        for last in (1..shuffled.len()).rev() {
            shuffled.swap(last, below(random, last + 1));
        }
        let strength =
            strongest(&shuffled, settings.min_segment).map_or(0.0, |(_, strength)| strength);
        if strength >= observed * (1.0 - 1e-12) {
            exceeded += 1;
            if exceeded == ENOUGH {
                return ENOUGH as f64 / drawn as f64;
            }
        }
    }
    (exceeded + 1) as f64 / (settings.permutations + 1) as f64
}

/// Finds the split with the greatest statistic over all ends of the second part, in quadratic time and linear memory.
fn strongest(points: &[f64], min_segment: usize) -> Option<(usize, f64)> {
    let (count, least) = (points.len(), min_segment.max(2));
    // Distances of each point to all points before the split, and of all pairs after it up to each point.
    let mut to_left = vec![0.0; count];
    let mut inside_right = vec![0.0; count];
    for later in 1..count {
        to_left[later] =
            points[..later].iter().map(|earlier| (points[later] - earlier).abs()).sum();
    }
    let mut inside_left: f64 = to_left.iter().sum();
    let mut best: Option<(usize, f64)> = None;
    for split in (1..count).rev() {
        // The point at `split` moves from the left part to the right part.
        let moved = points[split];
        inside_left -= to_left[split];
        let mut run = 0.0;
        for later in split + 1..count {
            let distance = (points[later] - moved).abs();
            to_left[later] -= distance;
            run += distance;
            inside_right[later] += run;
        }
        if split < least {
            continue;
        }
        let n = split as f64;
        let mut between = 0.0;
        for last in split..count {
            between += to_left[last];
            let m = (last + 1 - split) as f64;
            if last + 1 - split < least {
                continue;
            }
            let strength = n * m / (n + m)
                * (2.0 * between / (n * m)
                    - 2.0 * inside_left / (n * (n - 1.0))
                    - 2.0 * inside_right[last] / (m * (m - 1.0)));
            if best.is_none_or(|(_, most)| strength > most) {
                best = Some((split, strength));
            }
        }
    }
    best
}
