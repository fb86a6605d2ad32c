//! `ground flaky --series`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{PipeError, push, read};
use crate::stats::proportion::{Count, TestCount, flake_scores};

/// The level of the rate's interval.
const ALPHA: f64 = 0.05;

#[derive(Deserialize)]
struct Input {
    id: String,
    failures: u64,
    runs: u64,
    suite: Option<String>,
}

#[derive(Serialize)]
struct Output {
    id: String,
    rate: f64,
    lo: f64,
    hi: f64,
    score: f64,
    rank: usize,
}

/// Scores every test in `input` against all others: they share what is known of the suites.
///
/// # Errors
/// [`PipeError`] names the first line that is no test, such as one with more failures than runs.
pub fn flaky(input: &str) -> Result<String, PipeError> {
    let lines = read::<Input>(input)?;
    let mut suites: BTreeMap<String, usize> = BTreeMap::new();
    let mut tests = Vec::with_capacity(lines.len());
    for (line, test) in &lines {
        let count = Count::new(test.failures, test.runs)
            .map_err(|error| PipeError { line: *line, reason: error.to_string() })?;
        let suite = test.suite.as_ref().map(|suite| {
            let next = suites.len();
            *suites.entry(suite.clone()).or_insert(next)
        });
        tests.push(TestCount { count, suite });
    }
    let (_, scores) = flake_scores(&tests, ALPHA)
        .map_err(|error| PipeError { line: 0, reason: error.to_string() })?;
    let mut out = String::new();
    for ((_, test), score) in lines.into_iter().zip(scores) {
        push(
            &mut out,
            &Output {
                id: test.id,
                rate: score.rate.value,
                lo: score.rate.lo,
                hi: score.rate.hi,
                score: score.score,
                rank: score.rank,
            },
        );
    }
    Ok(out)
}
