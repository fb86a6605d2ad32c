//! Change at each quantile.

use ground_core::finding::Estimate;

use super::backend::{Canvas, Label};
use super::paint::{Paint, Role};
use super::plot::{Anchor, Margins, Plot};
use super::scale::ticks;
use crate::mark::Mark;
use crate::number::{self, Notation};

/// The change at one quantile.
#[derive(Debug, Clone)]
pub(crate) struct Quantile {
    /// Its name, such as `p99`.
    pub(crate) name: String,
    /// The relative change.
    pub(crate) effect: Estimate,
}

/// Draws the change at each quantile, lowest quantile left, with the margin band at zero.
pub(crate) fn shift(quantiles: &[Quantile], margin: f64, mark: Mark) -> String {
    let mut canvas = Canvas::new(390, 250);
    let bounds = |f: fn(&Estimate) -> f64| {
        quantiles.iter().map(move |q| f(&q.effect)).filter(|value| value.is_finite())
    };
    let hi = bounds(|e| e.hi).chain(bounds(|e| e.value)).fold(margin * 1.6, f64::max);
    let lo = bounds(|e| e.lo).chain(bounds(|e| e.value)).fold(-margin * 1.6, f64::min);
    let last = quantiles.len().max(1) as f64 - 1.0;
    let margins = Margins { top: 16.0, right: 30.0, bottom: 30.0, left: 58.0 };
    let pad = (hi - lo) * 0.06;
    let plot = Plot::new(&mut canvas, margins, -0.3..last + 0.3, lo - pad..hi + pad);
    let labels: Vec<(f64, String)> = ticks(&plot.y, 6)
        .into_iter()
        .map(|tick| {
            (tick, number::change(Estimate { value: tick, lo: tick, hi: tick }, Notation::Html))
        })
        .collect();
    plot.y_ticks(&labels);
    plot.area((plot.x.start, margin), (plot.x.end, -margin / (1.0 + margin)), Paint::Band);
    plot.line(vec![(plot.x.start, 0.0), (plot.x.end, 0.0)], Paint::Axis);
    let at = |bound: fn(&Estimate) -> f64| {
        quantiles.iter().enumerate().map(move |(i, q)| (i as f64, bound(&q.effect)))
    };
    let mut around: Vec<(f64, f64)> = at(|e| e.hi).collect();
    around.extend(at(|e| e.lo).collect::<Vec<_>>().into_iter().rev());
    if around.iter().all(|point| point.1.is_finite()) {
        plot.polygon(around, Paint::Of(Role::Tint, mark));
    }
    plot.line(at(|e| e.value).collect(), Paint::Of(Role::Whisker, mark));
    for (index, quantile) in quantiles.iter().enumerate() {
        let place = plot.at(index as f64, quantile.effect.value);
        plot.open("rg");
        plot.shape(place, 90, Mark::Inconclusive);
        plot.close();
        let text = number::change(quantile.effect, Notation::Html);
        plot.text(&text, (place.0, place.1 - 130), Anchor::Middle, Paint::Of(Role::Label, mark));
        plot.text(&quantile.name, (place.0, 2500 - 110), Anchor::Middle, Paint::Text);
    }
    drop(plot);
    let parts: Vec<String> = quantiles
        .iter()
        .map(|q| format!("{} {}", q.name, number::change(q.effect, Notation::Html)))
        .collect();
    canvas.finish(&Label {
        title: "Change at each quantile",
        desc: &parts.join(", "),
        class: "ch",
        ..Label::default()
    })
}
