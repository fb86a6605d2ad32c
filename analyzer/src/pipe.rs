//! Plain series in, verdicts out: one JSON object a line, for pipes and for anybody who wants to check the statistics.
//!
//! The shapes are documented in `docs/series.md`. Output is in the order of input and depends on nothing else.

mod changes;
mod compare;
mod flaky;
#[cfg(test)]
mod tests;
mod warmup;

pub use changes::{Algorithm, changes};
pub use compare::compare;
pub use flaky::flaky;
pub use warmup::warmup;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A line of input cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct PipeError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// Reads every line that is not empty.
fn read<T: DeserializeOwned>(input: &str) -> Result<Vec<(usize, T)>, PipeError> {
    input
        .lines()
        .enumerate()
        .filter(|(_, text)| !text.trim().is_empty())
        .map(|(index, text)| {
            let line = index + 1;
            let parsed = serde_json::from_str(text);
            parsed
                .map(|value| (line, value))
                .map_err(|error| PipeError { line, reason: error.to_string() })
        })
        .collect()
}

/// Answers every line by itself.
fn each<I: DeserializeOwned, O: Serialize>(
    input: &str,
    answer: impl Fn(I) -> Result<O, String>,
) -> Result<String, PipeError> {
    let mut out = String::new();
    for (line, item) in read::<I>(input)? {
        let answer = answer(item).map_err(|reason| PipeError { line, reason })?;
        push(&mut out, &answer);
    }
    Ok(out)
}

fn push(out: &mut String, answer: &impl Serialize) {
    out.push_str(&serde_json::to_string(answer).expect("bug: an answer is plain JSON"));
    out.push('\n');
}

/// A number for JSON: nothing in place of what JSON cannot say.
fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}
