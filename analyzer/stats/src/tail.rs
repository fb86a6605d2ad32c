//! A robust predictive test of the newest points, for which a search over the whole history is blind.

#[cfg(test)]
mod tests;

use crate::changes::noise;
use crate::changes::ranks::Standing;
use crate::dist::{normal_quantile, normal_sf, t_sf};

/// How many newest points are tried as a new level.
const LENGTHS: [usize; 8] = [1, 2, 3, 4, 5, 6, 7, 8];
/// Residuals that stand for the noise, the latest of all segments.
const REFERENCE: usize = 200;
/// Fewest stable points that fix a level.
const LEAST_STABLE: usize = 5;
/// Fewest residuals from which a tail is extrapolated for one or two points.
const LEAST_REFERENCE: usize = 15;

/// The newest points left the level before them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Newest {
    /// How many of the newest points lie on the new level.
    pub points: usize,
    /// Two-sided p, corrected for the number of lengths tried.
    pub p: f64,
}

/// Tests whether the last 1 to 8 points of `segment` lie beyond what its earlier points predict.
///
/// `borrowed` are residuals of earlier segments about their own levels: a young segment borrows their spread. Three or
/// more points are judged by ranks against the noise, with the exact null of the Mann-Whitney statistic; one or two
/// points, for which ranks cannot decide, by the tail of a Student distribution fitted to the noise, heavy where
/// the noise is heavy. Serial correlation `rho` inflates both. Returns the length with the least p, `None` where fewer than
/// five points are stable.
///
/// # Source
/// Mann, H. B. and Whitney, D. R. (1947). Ann. Math. Statist. 18, 50–60. doi:10.1214/aoms/1177730491. Borrowed spread: the
/// look-back z-score of Conbench. Predictive Student test of a new observation: Geisser, S. (1993), Predictive Inference, ch. 2.
pub fn newest(segment: &[f64], borrowed: &[f64], rho: f64) -> Option<Newest> {
    let mut best: Option<Newest> = None;
    for points in LENGTHS {
        if segment.len() < points + LEAST_STABLE {
            break;
        }
        let (stable, new) = segment.split_at(segment.len() - points);
        let level = noise::median(stable);
        let reference = reference(stable, level, borrowed);
        let shifted: Vec<f64> = new.iter().map(|value| value - level).collect();
        let scale = Scale { rho, own: stable.len() };
        let p = match points {
            1 | 2 => predictive_p(&reference, &shifted, scale),
            _ => rank_p(&reference, &shifted, scale),
        };
        let p = (p * LENGTHS.len() as f64).min(1.0);
        if best.is_none_or(|found| p < found.p) {
            best = Some(Newest { points, p });
        }
    }
    best
}

#[derive(Clone, Copy)]
struct Scale {
    rho: f64,
    own: usize,
}

fn reference(stable: &[f64], level: f64, borrowed: &[f64]) -> Vec<f64> {
    let own = &stable[stable.len().saturating_sub(REFERENCE)..];
    let rest = &borrowed[borrowed.len().saturating_sub(REFERENCE - own.len())..];
    rest.iter().copied().chain(own.iter().map(|value| value - level)).collect()
}

fn rank_p(reference: &[f64], new: &[f64], scale: Scale) -> f64 {
    let mut doubled = 0.0;
    for value in new {
        for other in reference {
            doubled += if other < value {
                2.0
            } else if other == value {
                1.0
            } else {
                0.0
            };
        }
    }
    let (few, many) = (new.len(), reference.len());
    let standing = Standing { few, many, doubled_sum: doubled + (few * (few + 1)) as f64 };
    let unsure =
        (1.0 / few as f64 + 1.0 / scale.own as f64) / (1.0 / few as f64 + 1.0 / many as f64);
    standing.p(noise::inflation(scale.rho, few) * unsure)
}

/// The probability that as many points all lie as far out on one side as the least of `new`.
fn predictive_p(reference: &[f64], new: &[f64], scale: Scale) -> f64 {
    if reference.len() < LEAST_REFERENCE {
        return 1.0;
    }
    let side = new[0].signum();
    let least = new.iter().map(|value| value * side).fold(f64::INFINITY, f64::min);
    let farthest = reference.iter().map(|value| value * side).fold(0.0, f64::max);
    if least <= farthest {
        return 1.0;
    }
    let spread = noise::spread(reference, 0.0);
    if spread <= 0.0 {
        return 1.0;
    }
    let own = 1.0 + 1.57 / scale.own as f64;
    let tail = student_tail(reference, least / own.sqrt());
    let next = tail.max(0.5 / (reference.len() + 1) as f64);
    let mut p = tail;
    for _ in 1..new.len() {
        p *= next + scale.rho * (1.0 - next);
    }
    (2.0 * p).min(1.0)
}

/// Degrees of freedom, upper quartile, and ratio of the 97.5 percent quantile to it.
const STUDENT: [(f64, f64, f64); 8] = [
    (1.0, 1.000000000, 12.706205),
    (1.5, 0.872594663, 6.895141),
    (2.0, 0.816496581, 5.269652),
    (3.0, 0.764892328, 4.160646),
    (4.0, 0.740697084, 3.748422),
    (6.0, 0.717558196, 3.410054),
    (10.0, 0.699812061, 3.183910),
    (30.0, 0.682755693, 2.991220),
];

/// One-sided tail at `distance` of the Student distribution whose quartile-to-tail ratio is that of the reference.
fn student_tail(reference: &[f64], distance: f64) -> f64 {
    let mut sizes: Vec<f64> = reference.iter().map(|value| value.abs()).collect();
    sizes.sort_unstable_by(f64::total_cmp);
    let at = |share: f64| sizes[((sizes.len() as f64 * share) as usize).min(sizes.len() - 1)];
    let (half, far) = (at(0.5), at(0.95));
    if half <= 0.0 {
        return 0.5;
    }
    let mut tail = normal_sf(distance / (half / 0.674_489_75));
    let mut nearest = (far / half / 2.906).ln().abs();
    for (freedom, quartile, ratio) in STUDENT {
        let miss = (far / half / ratio).ln().abs();
        if miss < nearest {
            nearest = miss;
            tail = t_sf(distance / half * quartile, freedom);
        }
    }
    // Where the tail is fitted to few points, a heavier one is nearly as likely.
    normal_sf(-normal_quantile(tail.clamp(1e-300, 0.5)) * 0.9)
}
