//! The change points that Mozilla's Perfherder reports, for people who migrate from it.

#[cfg(test)]
mod tests;

/// The relative change from which Perfherder raises an alert for a change point, by default.
pub const ALERT_FLOOR: f64 = 0.02;

/// Perfherder's options, at the defaults of its change points.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Fewest points before a change.
    pub min_back: usize,
    /// Most points before a change.
    pub max_back: usize,
    /// Points after a change, the first new one included.
    pub forward: usize,
    /// Score above which a point may be a change.
    pub threshold: f64,
    /// Smallest relative change of the plain means that is reported: zero for change points, [`ALERT_FLOOR`] for alerts.
    pub floor: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { min_back: 12, max_back: 24, forward: 12, threshold: 7.0, floor: 0.0 }
    }
}

/// A change as Perfherder reports it.
#[derive(Debug, Clone, PartialEq)]
pub struct PerfherderChange {
    /// First point of the new level.
    pub index: usize,
    /// The t-like score; infinite between two constant levels.
    pub score: f64,
    /// Relative change of the plain means of both windows.
    pub effect: f64,
}

/// Reports the change points of `values`, oldest first; NaN is a gap and is left out.
///
/// Every point is scored by the difference of linearly weighted means of the 12 points from it on and the 12 to 24 points before
/// it; a score above seven that is no less than both neighbours' marks a change. Twelve points must lie on each side.
///
/// # Source
/// Talos signal analysis, Mozilla treeherder, `treeherder/perfalert/perfalert/__init__.py`: `detect_changes`, `calc_t`; the
/// alert floor is the default alert threshold of `treeherder/perf/alerts.py`.
pub fn perfherder(values: &[f64], settings: &Settings) -> Vec<PerfherderChange> {
    let positions: Vec<usize> =
        (0..values.len()).filter(|&index| !values[index].is_nan()).collect();
    let points: Vec<f64> = positions.iter().map(|&index| values[index]).collect();
    let scores = scores(&points, settings);
    let mut changes = Vec::new();
    for index in 1..points.len() {
        let Score { score, before, after } = scores[index];
        let enough = before >= settings.min_back && after >= settings.forward;
        let highest = scores[index - 1].score <= score
            && scores.get(index + 1).is_none_or(|next| next.score <= score);
        if !enough || score <= settings.threshold || !highest {
            continue;
        }
        let effect = effect(&points[index - before..index], &points[index..index + after]);
        if effect.abs() >= settings.floor {
            changes.push(PerfherderChange { index: positions[index], score, effect });
        }
    }
    changes
}

#[derive(Debug, Clone, Copy, Default)]
struct Score {
    score: f64,
    before: usize,
    after: usize,
}

fn scores(points: &[f64], settings: &Settings) -> Vec<Score> {
    let mut scores = vec![Score::default(); points.len()];
    let mut since_high = 0;
    for index in 1..points.len() {
        let reach = settings.min_back.max(since_high).min(settings.max_back);
        let before = index.min(reach);
        let after = (points.len() - index).min(settings.forward);
        let back: Vec<f64> = points[index - before..index].iter().rev().copied().collect();
        let score = score(&back, &points[index..index + after]);
        scores[index] = Score { score, before, after };
        since_high = if score > settings.threshold { 0 } else { since_high + 1 };
    }
    scores
}

/// Distance of the weighted means over its standard error; both windows begin beside the change.
fn score(back: &[f64], forward: &[f64]) -> f64 {
    let (old, old_variance) = weighted(back);
    let (new, new_variance) = weighted(forward);
    if new - old == 0.0 {
        return 0.0;
    }
    if old_variance == 0.0 && new_variance == 0.0 {
        return f64::INFINITY;
    }
    let error = (old_variance / back.len() as f64 + new_variance / forward.len() as f64).sqrt();
    ((new - old) / error).abs()
}

/// Mean with weights falling linearly from one, and the sample variance about it.
fn weighted(window: &[f64]) -> (f64, f64) {
    let count = window.len() as f64;
    let (mut sum, mut weights) = (0.0, 0.0);
    for (index, value) in window.iter().enumerate() {
        let weight = (count - index as f64) / count;
        sum += value * weight;
        weights += weight;
    }
    let mean = sum / weights;
    let squares: f64 = window.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, if window.len() > 1 { squares / (count - 1.0) } else { 0.0 })
}

fn effect(before: &[f64], after: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (old, new) = (mean(before), mean(after));
    if new == old { 0.0 } else { (new - old) / old.abs() }
}
