//! Where a change lies: the likelihood profile of its position.

use super::noise;

/// Degrees of freedom of the profile's Student likelihood: heavy enough that an outlier moves no change.
const FREEDOM: f64 = 4.0;
/// Share of the profile that the interval holds.
const MASS: f64 = 0.9;
/// Places on each side of the first guess that the profile covers.
const REACH: usize = 64;

/// The most likely first point of the new segment, and the interval of places that holds 90 percent of the profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Location {
    pub(crate) index: usize,
    pub(crate) lo: usize,
    pub(crate) hi: usize,
}

struct Side {
    level: f64,
    spread: f64,
}

/// Finds the place between `start` and `end` where two robust levels, taken on both sides of `guess`, meet best.
pub(crate) fn locate(values: &[f64], start: usize, guess: usize, end: usize, rho: f64) -> Location {
    let (left, right) = sides(&values[start..guess], &values[guess..end]);
    let low = (start + 1).max(guess.saturating_sub(REACH));
    let high = (end - 1).min(guess + REACH);
    let weight = (1.0 - rho) / (1.0 + rho);
    let mut profile = Vec::with_capacity(high - low + 1);
    let mut total = 0.0;
    profile.push(0.0);
    for value in &values[low..high] {
        total += weight * (log_density(*value, &left) - log_density(*value, &right));
        profile.push(total);
    }
    interval(&profile, low, guess)
}

fn sides(before: &[f64], after: &[f64]) -> (Side, Side) {
    let (old, new) = (noise::median(before), noise::median(after));
    let (old_spread, new_spread) = (noise::spread(before, old), noise::spread(after, new));
    let (few, many) = (before.len() as f64, after.len() as f64);
    let pooled = ((few * old_spread.powi(2) + many * new_spread.powi(2)) / (few + many)).sqrt();
    // A floor keeps the likelihood finite where a side is constant.
    let floor = 1e-3 * (new - old).abs();
    let mixed = |own: f64, count: f64| {
        ((count * own.powi(2) + 10.0 * pooled.powi(2)) / (count + 10.0))
            .sqrt()
            .max(floor)
            .max(f64::MIN_POSITIVE)
    };
    (
        Side { level: old, spread: mixed(old_spread, few) },
        Side { level: new, spread: mixed(new_spread, many) },
    )
}

fn log_density(value: f64, side: &Side) -> f64 {
    let z = (value - side.level) / side.spread;
    -side.spread.ln() - (FREEDOM + 1.0) / 2.0 * (z * z / FREEDOM).ln_1p()
}

fn interval(profile: &[f64], low: usize, guess: usize) -> Location {
    let most = profile.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    // Equal heights go to the guess: reversal and order then agree.
    let at = guess - low;
    let best = (0..profile.len())
        .filter(|&place| profile[place] >= most - 1e-9)
        .min_by_key(|&place| place.abs_diff(at));
    let best = best.unwrap_or(at);
    let (lo, hi) = held(profile, best);
    Location { index: low + best, lo: low + lo, hi: low + hi }
}

/// Grows the interval about `best` toward the higher side until it holds 90 percent of the profile's mass, the
/// exponentials of `heights`.
pub(crate) fn held(heights: &[f64], best: usize) -> (usize, usize) {
    let most = heights[best];
    let mass: Vec<f64> = heights.iter().map(|height| (height - most).min(0.0).exp()).collect();
    let all: f64 = mass.iter().sum();
    let (mut lo, mut hi, mut held) = (best, best, mass[best]);
    while held < MASS * all {
        let below = if lo > 0 { mass[lo - 1] } else { -1.0 };
        let above = mass.get(hi + 1).copied().unwrap_or(-1.0);
        if below < 0.0 && above < 0.0 {
            break;
        }
        if below >= above {
            lo -= 1;
            held += below;
        } else {
            hi += 1;
            held += above;
        }
    }
    (lo, hi)
}
