//! Steps or slope: which of the two explains a series.

use super::noise;
use super::order::Order;
use super::steps::{self, Steps};
use super::types::Settings;
use super::work::{Memo, Work};
use crate::drift::{Trend, capped_loss, trend};

/// The steps that are left, and the slope under them.
pub(crate) struct Explained {
    pub(crate) steps: Steps,
    pub(crate) trend: Option<Trend>,
}

/// Keeps the steps, or replaces them by a slope where it explains the series better.
///
/// # Source
/// Schwarz, G. (1978). Estimating the dimension of a model. Ann. Statist. 6, 461–464, on capped squares: two parameters a
/// step, one for the slope; serial correlation shrinks the number of points.
pub(crate) fn explain(values: &[f64], steps: Steps, settings: &Settings) -> Explained {
    let Some(whole) = trend(values, steps.rho).filter(|whole| whole.p <= settings.drift_alpha)
    else {
        return Explained { steps, trend: None };
    };
    let flat = detrended(values, whole.slope);
    let spread = noise::difference_spread(values);
    let sloped = noise::residuals(&flat, &[]);
    let stepped = noise::residuals(values, &steps.places());
    let rho = noise::autocorrelation(&sloped).min(noise::autocorrelation(&stepped));
    let points = values.len() as f64;
    let effective = points * (1.0 - rho) / (1.0 + rho);
    let score = |residuals: &[f64], parameters: f64| {
        effective
            * capped_loss(residuals, spread.max(f64::MIN_POSITIVE)).max(f64::MIN_POSITIVE).ln()
            + parameters * points.ln()
    };
    if score(&sloped, 1.0) >= score(&stepped, 2.0 * steps.splits.len() as f64) {
        return Explained { steps, trend: None };
    }
    let mut memo = Memo::default();
    let order = Order::new(&flat);
    let left = steps::find(&mut Work { values: &flat, order: &order, settings, memo: &mut memo });
    Explained { steps: left, trend: Some(whole) }
}

fn detrended(values: &[f64], slope: f64) -> Vec<f64> {
    let middle = values.len() as f64 / 2.0;
    values
        .iter()
        .enumerate()
        .map(|(index, value)| value - slope * (index as f64 - middle))
        .collect()
}
