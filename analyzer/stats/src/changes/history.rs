//! A series that grows by one revision at a time.

use super::order::Order;
use super::types::{ChangesError, HistoryAnalysis, Series, Settings};
use super::work::{Memo, Work};
use super::{LEAST_POINTS, assemble, exact, steps, trend};

/// A series with what is known about its stretches, so that a further point costs little more than the tail.
///
/// The answer after appending is the answer that [`super::analyze`] gives on the whole series: what is kept are answers about stretches
/// that depend on their points alone.
#[derive(Debug, Clone)]
pub struct History {
    settings: Settings,
    series: Series,
    factor: f64,
    order: Order,
    memo: Memo,
}

impl History {
    /// Takes one value per revision, oldest first; NaN is a gap.
    ///
    /// # Errors
    /// [`ChangesError::Infinite`] names the first infinite value.
    pub fn new(values: &[f64], settings: Settings) -> Result<Self, ChangesError> {
        let series = Series::new(values)?;
        let order = Order::new(&series.scaled());
        Ok(Self { settings, factor: series.factor(), series, order, memo: Memo::default() })
    }

    /// Appends the value of the next revision; NaN is a gap.
    ///
    /// # Errors
    /// [`ChangesError::Infinite`] names the value's position; the history stays as it was.
    pub fn append(&mut self, value: f64) -> Result<(), ChangesError> {
        self.series.push(value)?;
        let factor = self.series.factor();
        if factor != self.factor {
            (self.factor, self.memo) = (factor, Memo::default());
            self.order = Order::new(&self.series.scaled());
        } else if !value.is_nan() {
            self.order.push(value * factor);
        }
        Ok(())
    }

    /// Number of revisions, gaps included.
    pub fn len(&self) -> usize {
        self.series.length
    }

    /// Whether no revision was given.
    pub fn is_empty(&self) -> bool {
        self.series.length == 0
    }

    /// Analyzes all points so far; see [`super::analyze`].
    pub fn analyze(&mut self) -> HistoryAnalysis {
        if let Some(analysis) = exact::judge(&self.series) {
            return analysis;
        }
        if self.series.raw.len() < LEAST_POINTS {
            return assemble::too_short(&self.series);
        }
        self.memo.turn();
        let values = self.order.values();
        let mut work =
            Work { values, order: &self.order, settings: &self.settings, memo: &mut self.memo };
        let steps = steps::find(&mut work);
        let trend::Explained { steps, trend } = trend::explain(values, steps, &self.settings);
        let Some(trend) = trend else {
            return assemble::assemble(&self.series, &mut work, values, steps);
        };
        let flat = assemble::flattened(values, trend);
        let mut once = Memo::default();
        let mut work =
            Work { values: &flat, order: &self.order, settings: &self.settings, memo: &mut once };
        let mut analysis = assemble::assemble(&self.series, &mut work, values, steps);
        analysis.drift = Some(assemble::drift(&self.series, &flat, trend));
        analysis
    }
}
