//! Single points, or runs too short to be a level, that return to the level around them.

#[cfg(test)]
mod tests;

use crate::changes::noise;

/// Spreads from the level beyond which a point is listed.
const LIMIT: f64 = 5.0;
/// At most one point in this many is an outlier.
const MOST_SHARE: usize = 10;

/// Lists the points of one stable segment that lie more than five robust spreads from its median.
///
/// Nothing is listed in a segment of fewer than five points or without any spread, nor where more than one point in ten lies that
/// far out: those are a second mode, not outliers.
///
/// # Source
/// Hampel, F. R. (1974). The influence curve and its role in robust estimation. JASA 69, 383–393. doi:10.2307/2285666
pub fn outliers(segment: &[f64]) -> Vec<usize> {
    if segment.len() < 5 {
        return Vec::new();
    }
    let level = noise::median(segment);
    let limit = LIMIT * noise::spread(segment, level);
    if limit <= 0.0 {
        return Vec::new();
    }
    let listed: Vec<usize> =
        (0..segment.len()).filter(|&index| (segment[index] - level).abs() > limit).collect();
    if listed.len() * MOST_SHARE > segment.len().max(MOST_SHARE) { Vec::new() } else { listed }
}
