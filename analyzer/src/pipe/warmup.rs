//! `ground warmup --series`.

use serde::{Deserialize, Serialize};

use super::{PipeError, each};
use crate::stats::warmup as steady;

#[derive(Deserialize)]
struct Input {
    id: String,
    values: Vec<Option<f64>>,
}

#[derive(Serialize)]
struct Output {
    id: String,
    steady: bool,
    start: Option<usize>,
}

/// Finds the steady part of every series in `input`.
///
/// # Errors
/// [`PipeError`] names the first line that is no series.
pub fn warmup(input: &str) -> Result<String, PipeError> {
    each(input, |series: Input| {
        let values: Vec<f64> =
            series.values.iter().map(|value| value.unwrap_or(f64::NAN)).collect();
        let found = steady::warmup(&values);
        Ok(Output { id: series.id, steady: found.steady, start: found.start })
    })
}
