//! Charts: plotters drawings through a backend of our own.

mod backend;
mod forest;
mod gantt;
mod grid;
mod over_time;
mod paint;
mod path;
mod plot;
mod ridge;
mod scale;
mod series;
mod shift;
mod small;
mod spark;
mod sweep;
#[cfg(test)]
mod tests;
mod width;

pub(crate) use forest::{Forest, ForestRow};
pub(crate) use gantt::{barriers, gantt};
pub(crate) use grid::{Cells, commit_cells, instance_strip, interval_bar, outcome_cells};
pub(crate) use over_time::over_time;
pub(crate) use ridge::{Ridge, ridge};
pub(crate) use series::{SHOWN, SeriesChart, series_chart};
pub(crate) use shift::{Quantile, shift};
pub(crate) use small::{bars, detectable};
pub(crate) use spark::{outcome_strip, spark};
pub(crate) use sweep::{SweepPoint, sweep};
pub(crate) use width::text_width;

use crate::mark::Mark;

/// Returns a verdict's shape in a box of 12 by 12, hidden from readers that get the word.
pub(crate) fn shape(mark: Mark) -> String {
    let class = mark.class();
    let role = match mark {
        Mark::Inconclusive => "k",
        Mark::NoData => "k da",
        _ => "m",
    };
    format!(
        "<svg class=\"sh\" width=\"12\" height=\"12\" viewBox=\"0 0 12 12\" aria-hidden=\"true\">\
         <path class=\"{role} {class}\" d=\"{}\"/></svg>",
        mark.path()
    )
}
