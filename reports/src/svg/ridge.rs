//! Distributions, one ridge for each revision.

use super::backend::{Canvas, Label};
use super::paint::{Paint, Role};
use super::plot::{Anchor, Margins, Plot};
use super::scale::{tick_decimals, ticks};
use crate::mark::Mark;
use crate::number::{self, Notation, Scale};

/// Most ridges of a picture.
pub(crate) const RIDGES: usize = 12;
const PITCH: f64 = 31.0;
const HEIGHT: f64 = 34.0;
const STEPS: usize = 72;

/// The values of one revision.
#[derive(Debug, Clone)]
pub(crate) struct Ridge {
    /// The revision's short name.
    pub(crate) name: String,
    /// Its values, in the base unit.
    pub(crate) values: Vec<f64>,
    /// Whether it comes after the change.
    pub(crate) after: bool,
}

/// Draws up to twelve ridges on one axis with one bandwidth, cut at zero; none where no value is finite.
///
/// # Source
/// Silverman, B. W. (1986). Density Estimation for Statistics and Data Analysis, equation 3.31, for the bandwidth.
pub(crate) fn ridge(ridges: &[Ridge], scale: &Scale, mark: Mark) -> Option<String> {
    let ridges = &ridges[ridges.len().saturating_sub(RIDGES)..];
    let sorted: Vec<Vec<f64>> = ridges.iter().map(|ridge| finite(&ridge.values)).collect();
    let mut all: Vec<f64> = sorted.iter().flatten().copied().collect();
    all.sort_by(f64::total_cmp);
    let (lo, hi) = (quantile(&all, 0.005)?, quantile(&all, 0.995)?);
    let widths: Vec<f64> = sorted.iter().filter_map(|values| bandwidth(values)).collect();
    let tiny = if hi == lo { (hi.abs() * 0.02).max(1e-12) } else { (hi - lo) / 60.0 };
    let width = widths.iter().copied().fold(0.0, f64::max).max(tiny);
    let start = if lo >= 0.0 { (lo - 2.5 * width).max(0.0) } else { lo - 2.5 * width };
    let range = start..hi + 2.5 * width;
    let total = HEIGHT + PITCH * ridges.len() as f64 + 30.0;
    let mut canvas = Canvas::new(390, total.ceil() as u32);
    let margins = Margins { left: 62.0, right: 6.0, top: 4.0, bottom: 26.0 };
    let plot = Plot::new(&mut canvas, margins, range.clone(), 0.0..total - 30.0);
    axis(&plot, scale);
    let curves: Vec<Vec<f64>> =
        sorted.iter().map(|values| density(values, &range, width)).collect();
    let peak = curves.iter().flatten().copied().fold(0.0, f64::max).max(1e-300);
    for (index, (ridge, curve)) in ridges.iter().zip(&curves).enumerate() {
        let base = PITCH * (ridges.len() - 1 - index) as f64 + 4.0;
        let paint_mark = if ridge.after { mark } else { Mark::Equivalent };
        one(&plot, curve, (base, peak), Paint::Of(Role::Area, paint_mark));
        if let Some(middle) = quantile(&sorted[index], 0.5) {
            plot.line(
                vec![(middle, base), (middle, base + 7.0)],
                Paint::Of(Role::Whisker, paint_mark),
            );
        }
        let at = plot.at(range.start, base);
        plot.open("mo");
        plot.text(&ridge.name, (at.0 - 60, at.1 - 30), Anchor::End, Paint::Text);
        plot.close();
        let first_after = ridge.after && index > 0 && !ridges[index - 1].after;
        if first_after {
            let y = base + PITCH * 0.85;
            plot.line(vec![(range.start, y), (range.end, y)], Paint::Of(Role::Dash, mark));
        }
    }
    drop(plot);
    let desc = format!("{} revisions, newest at the bottom", ridges.len());
    Some(canvas.finish(&Label {
        title: "Distribution by revision",
        desc: &desc,
        class: "ch",
        ..Label::default()
    }))
}

fn axis(plot: &Plot<'_>, scale: &Scale) {
    let range = plot.x.start * scale.factor..plot.x.end * scale.factor;
    let found = ticks(&range, 4);
    let decimals = match found[..] {
        [a, b, ..] => tick_decimals(b - a),
        _ => 1,
    };
    let labels: Vec<(f64, String)> = found
        .iter()
        .map(|tick| (tick / scale.factor, number::fixed(*tick, decimals, Notation::Html)))
        .collect();
    for (value, _) in &labels {
        plot.line(vec![(*value, plot.y.start), (*value, plot.y.end)], Paint::Grid);
    }
    plot.x_ticks(&labels, 150);
}

fn one(plot: &Plot<'_>, curve: &[f64], (base, peak): (f64, f64), paint: Paint) {
    let step = (plot.x.end - plot.x.start) / (STEPS - 1) as f64;
    let mut points: Vec<(f64, f64)> = curve
        .iter()
        .enumerate()
        .map(|(i, d)| (plot.x.start + step * i as f64, base + d / peak * HEIGHT))
        .collect();
    points.insert(0, (plot.x.start, base));
    points.push((plot.x.end, base));
    plot.polygon(points, paint);
}

fn finite(values: &[f64]) -> Vec<f64> {
    let mut kept: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    kept.sort_by(f64::total_cmp);
    kept
}

fn quantile(sorted: &[f64], q: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get((q * last as f64).round() as usize).copied()
}

fn bandwidth(sorted: &[f64]) -> Option<f64> {
    let spread = quantile(sorted, 0.75)? - quantile(sorted, 0.25)?;
    Some(0.9 * spread / 1.34 * (sorted.len() as f64).powf(-0.2)).filter(|width| *width > 0.0)
}

/// Estimates the density at equal steps of `range`; what would lie below a range that begins at zero is folded back.
fn density(sorted: &[f64], range: &std::ops::Range<f64>, width: f64) -> Vec<f64> {
    let step = (range.end - range.start) / (STEPS - 1) as f64;
    let stride = sorted.len().div_ceil(2000).max(1);
    let kernel = |distance: f64| (-0.5 * (distance / width).powi(2)).exp();
    let fold = range.start == 0.0;
    let kept: Vec<f64> = sorted.iter().copied().step_by(stride).collect();
    let weight = 1.0 / (kept.len().max(1) as f64 * width);
    (0..STEPS)
        .map(|index| {
            let x = range.start + step * index as f64;
            let sum: f64 = kept
                .iter()
                .map(|value| kernel(x - value) + if fold { kernel(x + value) } else { 0.0 })
                .sum();
            sum * weight
        })
        .collect()
}
