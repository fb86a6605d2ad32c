//! The change points that Apache Otava 0.8.0 reports, for people who migrate from it.
//!
//! Written to agree with that version point for point, including what this crate does otherwise for good reasons: a
//! split chosen as the best of all is tested as if it had been fixed in advance, gaps are filled with the last value, and after
//! a merge only the removed point's right-hand neighbours are judged again.
//!
//! # Source
//! Fleming, M. et al. (2023). Hunter: using change point detection to hunt for performance regressions. ICPE 2023.
//! doi:10.1145/3578244.3583719; Apache Otava 0.8.0, `analysis.py` and `change_point_divisive/`.

#[cfg(test)]
mod tests;

mod distance;
mod ttest;

use distance::Distances;
pub use ttest::TTest;

/// Otava's options, at its defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Points of a window; at least two.
    pub window: usize,
    /// Largest p of a reported change.
    pub max_p: f64,
    /// Smallest relative change that is reported.
    pub min_magnitude: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { window: 50, max_p: 0.001, min_magnitude: 0.0 }
    }
}

/// A change as Otava reports it.
#[derive(Debug, Clone, PartialEq)]
pub struct OtavaChange {
    /// First point of the new segment.
    pub index: usize,
    /// Means, standard deviations and p of both segments.
    pub test: TTest,
}

/// Reports the change points of `values`, oldest first; NaN is a gap and is filled as Otava does.
///
/// A series of gaps only has no change points.
///
/// # Panics
/// Where the window is below two, as Otava does.
///
/// # Source
/// Apache Otava 0.8.0, `compute_change_points`; see the module.
pub fn otava(values: &[f64], settings: &Settings) -> Vec<OtavaChange> {
    assert!(settings.window >= 2, "bug: Otava's window holds at least two points");
    let Some(filled) = filled(values) else { return Vec::new() };
    let first_pass = match settings.max_p {
        p if p < 0.05 => p * 10.0,
        p if p < 0.5 => p * 2.0,
        p => p,
    };
    merge(split(&filled, settings.window, first_pass), &filled, settings)
}

/// Fills gaps with the value before them, leading gaps with the first value.
fn filled(values: &[f64]) -> Option<Vec<f64>> {
    let mut last = *values.iter().find(|value| !value.is_nan())?;
    let fill = |value: &f64| {
        if !value.is_nan() {
            last = *value;
        }
        last
    };
    Some(values.iter().map(fill).collect())
}

/// Weak change points of windows half a window apart, or that begin at the last weak change point.
fn split(values: &[f64], window: usize, max_p: f64) -> Vec<OtavaChange> {
    let mut found: Vec<usize> = Vec::new();
    let mut start = 0;
    while start < values.len() {
        let end = (start + window).min(values.len());
        let new = detect(&values[start..end], max_p);
        for index in &new {
            if !found.contains(&(index + start)) {
                found.push(index + start);
            }
        }
        start = new.last().map_or(0, |index| index + start).max(start + window / 2);
    }
    found.sort_unstable();
    (0..found.len())
        .map(|number| OtavaChange { index: found[number], test: test(values, &found, number) })
        .collect()
}

/// Splits one window at the strongest candidate of all segments while that candidate is significant.
fn detect(values: &[f64], max_p: f64) -> Vec<usize> {
    let distances = Distances::new(values);
    let mut found: Vec<usize> = Vec::new();
    loop {
        let mut best: Option<distance::Candidate> = None;
        for (start, end) in segments(&found, values.len()) {
            if end - start > 1 {
                let candidate = distances.candidate(start, end);
                if best.as_ref().is_none_or(|best| candidate.strength > best.strength) {
                    best = Some(candidate);
                }
            }
        }
        let Some(best) = best else { return found };
        let place = found.partition_point(|&index| index < best.index);
        found.insert(place, best.index);
        let p = test(values, &found, place).p;
        if p.is_nan() || p > max_p {
            found.remove(place);
            return found;
        }
    }
}

fn segments(found: &[usize], count: usize) -> Vec<(usize, usize)> {
    let starts = std::iter::once(0).chain(found.iter().copied());
    starts.zip(found.iter().copied().chain(std::iter::once(count))).collect()
}

/// Tests the segments on both sides of change point `number`.
fn test(values: &[f64], found: &[usize], number: usize) -> TTest {
    let start = if number == 0 { 0 } else { found[number - 1] };
    let end = found.get(number + 1).copied().unwrap_or(values.len());
    TTest::of(&values[start..found[number]], &values[found[number]..end])
}

/// Removes the weakest change point until all meet p and magnitude.
fn merge(mut changes: Vec<OtavaChange>, values: &[f64], settings: &Settings) -> Vec<OtavaChange> {
    while !changes.is_empty() {
        let mut weakest = 0;
        for number in 1..changes.len() {
            if changes[number].test.p > changes[weakest].test.p {
                weakest = number;
            }
        }
        if changes[weakest].test.p < settings.max_p {
            weakest = 0;
            for number in 1..changes.len() {
                if changes[number].test.magnitude() < changes[weakest].test.magnitude() {
                    weakest = number;
                }
            }
            if changes[weakest].test.magnitude() > settings.min_magnitude {
                return changes;
            }
        }
        changes.remove(weakest);
        let found: Vec<usize> = changes.iter().map(|change| change.index).collect();
        for number in [weakest, weakest + 1] {
            if number < changes.len() {
                changes[number].test = test(values, &found, number);
            }
        }
    }
    changes
}
