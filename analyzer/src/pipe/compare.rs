//! `ground compare --series`.

use ground_core::metric::{DEFAULT_MARGIN, Direction as Word};
use serde::{Deserialize, Serialize};

use super::{PipeError, each, finite};
use crate::stats::compare::{self, CompareInput, Direction, Sample};

/// The error rate where a line names none.
const ALPHA: f64 = 0.05;

#[derive(Deserialize)]
struct Input {
    id: String,
    baseline: Values,
    candidate: Values,
    #[serde(default)]
    paired: bool,
    margin: Option<f64>,
    direction: Option<String>,
    alpha: Option<f64>,
    #[serde(default)]
    exact: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Values {
    Runs(Vec<f64>),
    Instances(Vec<Vec<f64>>),
}

impl Values {
    fn sample(&self) -> Sample<'_> {
        match self {
            Self::Runs(values) => Sample::Runs(values),
            Self::Instances(runs) => Sample::Instances(runs),
        }
    }
}

#[derive(Serialize)]
struct Output {
    id: String,
    effect: Option<f64>,
    lo: Option<f64>,
    hi: Option<f64>,
    p: Option<f64>,
    verdict: &'static str,
    test: &'static str,
    mde: Option<f64>,
    n_baseline: usize,
    n_candidate: usize,
    more_runs: Option<usize>,
    caveats: Vec<&'static str>,
}

/// Compares the two sides of every line in `input`; bounds that do not exist are null.
///
/// # Errors
/// [`PipeError`] names the first line that cannot be compared.
pub fn compare(input: &str) -> Result<String, PipeError> {
    each(input, |line: Input| {
        let direction = match line.direction.as_deref().map(str::parse).transpose() {
            Ok(Some(Word::Lower)) => Direction::Lower,
            Ok(Some(Word::Higher)) => Direction::Higher,
            Ok(Some(Word::None) | None) => Direction::None,
            Err(error) => return Err(error.to_string()),
        };
        let compared = compare::compare(&CompareInput {
            baseline: line.baseline.sample(),
            candidate: line.candidate.sample(),
            paired: line.paired,
            margin: line.margin.unwrap_or(DEFAULT_MARGIN),
            direction,
            alpha: line.alpha.unwrap_or(ALPHA),
            exact: line.exact,
            scale: None,
            known_spread: None,
        })
        .map_err(|error| error.to_string())?;
        Ok(Output {
            id: line.id,
            effect: compared.effect.and_then(|effect| finite(effect.value)),
            lo: compared.effect.and_then(|effect| finite(effect.lo)),
            hi: compared.effect.and_then(|effect| finite(effect.hi)),
            p: compared.p,
            verdict: compared.verdict.as_str(),
            test: compared.test.as_str(),
            mde: compared.mde.and_then(finite),
            n_baseline: compared.n_baseline,
            n_candidate: compared.n_candidate,
            more_runs: compared.more_runs,
            caveats: compared.caveats.iter().map(compare::Caveat::code).collect(),
        })
    })
}
