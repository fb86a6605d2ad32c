//! Ranges and ticks.

use std::ops::Range;

/// Returns round values inside `range`, about `wanted` of them.
pub(crate) fn ticks(range: &Range<f64>, wanted: usize) -> Vec<f64> {
    let span = range.end - range.start;
    if !span.is_finite() || span <= 0.0 || wanted == 0 {
        return Vec::new();
    }
    let step = step(span / wanted as f64);
    let first = (range.start / step).ceil() as i64;
    let last = (range.end / step).floor() as i64;
    if last - first > 40 {
        return Vec::new();
    }
    (first..=last).map(|index| index as f64 * step).collect()
}

/// Returns the round step nearest above `raw`: 1, 2 or 5 times a power of ten.
pub(crate) fn step(raw: f64) -> f64 {
    let power = 10f64.powf(raw.log10().floor());
    let lead = raw / power;
    let round = if lead <= 1.0 {
        1.0
    } else if lead <= 2.0 {
        2.0
    } else if lead <= 5.0 {
        5.0
    } else {
        10.0
    };
    round * power
}

/// Returns digits behind the point that tell ticks of a step apart.
pub(crate) fn tick_decimals(step: f64) -> i32 {
    if step > 0.0 && step.is_finite() { (-step.log10().floor()).clamp(0.0, 9.0) as i32 } else { 0 }
}

/// Returns 1, 2 and 5 times powers of ten inside `range`, fewer where they would crowd.
pub(crate) fn log_ticks(range: &Range<f64>, wanted: usize) -> Vec<f64> {
    let all = |leads: &[f64]| {
        let mut out = Vec::new();
        let first = range.start.log10().floor() as i32;
        let last = range.end.log10().ceil() as i32;
        for power in first..=last.min(first + 60) {
            for lead in leads {
                let value = lead * 10f64.powi(power);
                if (range.start..=range.end).contains(&value) {
                    out.push(value);
                }
            }
        }
        out
    };
    let candidates: [&[f64]; 3] = [&[1.0, 2.0, 5.0], &[1.0, 3.0], &[1.0]];
    let mut best = Vec::new();
    for leads in candidates {
        best = all(leads);
        if best.len() <= wanted {
            break;
        }
    }
    let stride = best.len().div_ceil(wanted.max(1)).max(1);
    best.into_iter().step_by(stride).collect()
}

/// Returns the range that shows `values` from the 1st to the 99th percentile with 8 percent around, and at least
/// `least` high; values that are not finite do not count.
pub(crate) fn fit(values: &[f64], least: f64) -> Range<f64> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    if sorted.is_empty() {
        return 0.0..1.0;
    }
    let last = sorted.len() - 1;
    let lo = sorted[last / 100];
    let hi = sorted[last - last / 100];
    let middle = lo / 2.0 + hi / 2.0;
    let tiny = if middle == 0.0 { 1.0 } else { middle.abs() * 1e-6 };
    let span = ((hi - lo) * 1.16).max(least).max(tiny);
    let range = middle - span / 2.0..middle + span / 2.0;
    if range.start.is_finite() && range.end.is_finite() { range } else { 0.0..1.0 }
}

#[cfg(test)]
mod tests {
    use super::{fit, log_ticks, tick_decimals, ticks};

    #[test]
    fn ticks_are_round() {
        assert_eq!(ticks(&(376.0..516.0), 7), [380.0, 400.0, 420.0, 440.0, 460.0, 480.0, 500.0]);
        assert_eq!(ticks(&(0.0..0.0), 7), [] as [f64; 0]);
        assert_eq!(ticks(&(f64::NAN..1.0), 7), [] as [f64; 0]);
        let found = log_ticks(&(0.029..3.1), 5);
        let close = |(a, b): (&f64, &f64)| (a / b - 1.0).abs() < 1e-12;
        assert_eq!(found.len(), 5);
        assert!(found.iter().zip(&[0.03, 0.1, 0.3, 1.0, 3.0]).all(close), "{found:?}");
        assert_eq!(tick_decimals(0.05), 2);
        assert_eq!(tick_decimals(20.0), 0);
    }

    #[test]
    fn a_flat_series_stays_flat() {
        assert_eq!(fit(&[100.0; 9], 8.0), 96.0..104.0);
        assert_eq!(fit(&[], 1.0), 0.0..1.0);
        assert_eq!(fit(&[0.0], 0.0), -0.5..0.5);
        let wide = fit(&[1e18, f64::INFINITY], 0.0);
        assert!(wide.start < 1e18 && wide.end > 1e18);
    }
}
