//! A metric against a parameter, both axes logarithmic.

use ground_core::finding::Estimate;

use ground_core::metric::{Stat, Unit};

use super::backend::{Canvas, Label};
use super::paint::{Paint, Role};
use super::plot::{Anchor, Margins, Plot};
use super::scale::log_ticks;
use crate::mark::Mark;
use crate::number::{self, Notation, Scale};

/// The metric at one value of the parameter.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SweepPoint {
    /// The parameter's value, positive.
    pub(crate) at: f64,
    /// The metric's level, positive; its bounds are those of the runs.
    pub(crate) level: Estimate,
}

/// Draws levels with the range of their runs and a line through them; none for fewer than two points.
pub(crate) fn sweep(
    points: &[SweepPoint],
    parameter: &str,
    unit: (&Unit, Stat),
    title: &str,
) -> Option<String> {
    let written = |value: f64| Scale::of(unit.0, unit.1, value).short(value, Notation::Html);
    let positive = |value: f64| value.is_finite() && value > 0.0;
    let points: Vec<SweepPoint> =
        points.iter().copied().filter(|p| positive(p.at) && positive(p.level.value)).collect();
    let (first, last) = (points.first()?, points.last()?);
    if points.len() < 2 || last.at <= first.at {
        return None;
    }
    let low = |p: &SweepPoint| if positive(p.level.lo) { p.level.lo } else { p.level.value };
    let high = |p: &SweepPoint| if positive(p.level.hi) { p.level.hi } else { p.level.value };
    let lo = points.iter().map(low).fold(f64::INFINITY, f64::min).log10();
    let hi = points.iter().map(high).fold(f64::NEG_INFINITY, f64::max).log10();
    let mut canvas = Canvas::new(600, 330);
    let margins = Margins { top: 16.0, right: 20.0, bottom: 44.0, left: 72.0 };
    let pad = ((hi - lo) * 0.08).max(0.05);
    let wide = (last.at / first.at).log10() * 0.04;
    let x = first.at.log10() - wide..last.at.log10() + wide;
    let plot = Plot::new(&mut canvas, margins, x, lo - pad..hi + pad);
    let y_labels: Vec<(f64, String)> =
        log_ticks(&(10f64.powf(plot.y.start)..10f64.powf(plot.y.end)), 6)
            .into_iter()
            .map(|tick| (tick.log10(), written(tick)))
            .collect();
    plot.y_ticks(&y_labels);
    let x_labels: Vec<(f64, String)> = points
        .iter()
        .map(|p| {
            (
                p.at.log10(),
                number::fixed(p.at, i32::from(p.at < 10.0 && p.at.fract() != 0.0), Notation::Html),
            )
        })
        .collect();
    plot.x_ticks(&thin(x_labels, 9), 150);
    let corner = plot.at(plot.x.end, plot.y.start);
    plot.text(
        &crate::plain::short(parameter, 40),
        (corner.0, corner.1 + 320),
        Anchor::End,
        Paint::Text,
    );
    plot.line(points.iter().map(|p| (p.at.log10(), p.level.value.log10())).collect(), Paint::Data);
    for point in &points {
        let x = point.at.log10();
        plot.line(
            vec![(x, low(point).log10()), (x, high(point).log10())],
            Paint::Of(Role::Whisker, Mark::Equivalent),
        );
    }
    plot.open("ed");
    for point in &points {
        plot.dot(
            point.at.log10(),
            point.level.value.log10(),
            Paint::Of(Role::Shape, Mark::Inconclusive),
        );
    }
    plot.close();
    drop(plot);
    let desc = format!(
        "from {} at {} to {} at {}",
        written(first.level.value),
        first.at,
        written(last.level.value),
        last.at
    );
    let title = crate::plain::short(title, 160);
    Some(canvas.finish(&Label { title: &title, desc: &desc, class: "ch", ..Label::default() }))
}

fn thin(labels: Vec<(f64, String)>, most: usize) -> Vec<(f64, String)> {
    let stride = labels.len().div_ceil(most).max(1);
    labels.into_iter().step_by(stride).collect()
}
