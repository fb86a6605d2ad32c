//! From values to one point per run, on the scale that differences are taken on.

use super::{CompareInput, Sample, Scale};
use crate::autocorrelation::median;
use crate::error::{Side, StatsError, check as check_values};

/// One point per run and side, on the working scale.
#[derive(Debug, Clone)]
pub(super) struct RunPoints {
    pub(super) baseline: Vec<f64>,
    pub(super) candidate: Vec<f64>,
    pub(super) scale: Scale,
    /// Whether some run has more than one instance.
    pub(super) nested: bool,
    /// Values at or below 0, which kept the scale linear.
    pub(super) not_positive: usize,
    /// Whether the baseline's median is 0, so that the relative change refers to something else.
    pub(super) zero_baseline: bool,
}

/// Checks every value of both sides, and that pairs match.
pub(super) fn check(input: &CompareInput<'_>) -> Result<(), StatsError> {
    check_side(Side::Baseline, input.baseline)?;
    check_side(Side::Candidate, input.candidate)?;
    let (baseline, candidate) = (input.baseline.runs(), input.candidate.runs());
    if input.paired && baseline != candidate {
        return Err(StatsError::Misaligned { baseline, candidate });
    }
    Ok(())
}

fn check_side(side: Side, sample: Sample<'_>) -> Result<(), StatsError> {
    match sample {
        Sample::Runs([]) => Ok(()),
        Sample::Runs(values) => check_values(side, values),
        Sample::Instances(runs) => {
            for (run, instances) in runs.iter().enumerate() {
                if instances.is_empty() {
                    return Err(StatsError::EmptyRun { side, run });
                }
                if let Some(instance) = instances.iter().position(|v| !v.is_finite()) {
                    return Err(StatsError::NotFiniteInstance { side, run, instance });
                }
            }
            Ok(())
        }
    }
}

impl RunPoints {
    pub(super) fn of(input: &CompareInput<'_>) -> Result<Self, StatsError> {
        let not_positive =
            count(input.baseline, |v| v <= 0.0) + count(input.candidate, |v| v <= 0.0);
        let scale = match input.scale {
            Some(Scale::Log) if not_positive > 0 => {
                let value = not_positive as f64;
                let expected = "0: a log scale needs values above 0";
                return Err(StatsError::Parameter {
                    name: "values at or below 0",
                    value,
                    expected,
                });
            }
            Some(scale) => scale,
            None if not_positive > 0 => Scale::Linear,
            None => Scale::Log,
        };
        let nested = [input.baseline, input.candidate].iter().any(is_nested);
        let (unit, zero_baseline) = match scale {
            Scale::Log => (1.0, false),
            Scale::Linear => unit(input),
        };
        let to_working = |v: f64| if scale == Scale::Log { v.ln() } else { v / unit };
        Ok(Self {
            baseline: points(input.baseline, to_working),
            candidate: points(input.candidate, to_working),
            scale,
            nested,
            not_positive: if scale == Scale::Linear { not_positive } else { 0 },
            zero_baseline,
        })
    }

    /// Turns a difference on the working scale into a relative change.
    pub(super) fn relative(&self, difference: f64) -> f64 {
        match self.scale {
            Scale::Log => difference.exp_m1(),
            Scale::Linear => difference,
        }
    }
}

fn is_nested(sample: &Sample<'_>) -> bool {
    matches!(sample, Sample::Instances(runs) if runs.iter().any(|run| run.len() > 1))
}

fn count(sample: Sample<'_>, what: impl Fn(f64) -> bool) -> usize {
    match sample {
        Sample::Runs(values) => values.iter().filter(|v| what(**v)).count(),
        Sample::Instances(runs) => runs.iter().flatten().filter(|v| what(**v)).count(),
    }
}

/// The value that linear differences are divided by, and whether it could not be the baseline's median.
fn unit(input: &CompareInput<'_>) -> (f64, bool) {
    let level = |sample| median(&points(sample, |v| v)).abs();
    let largest = |sample| points(sample, f64::abs).into_iter().fold(0.0, f64::max);
    let most = largest(input.baseline).max(largest(input.candidate));
    // A unit so small that a quotient would overflow is no unit.
    let usable = |unit: f64| unit > 0.0 && most / unit < 1e150;
    let own = level(input.baseline);
    if usable(own) {
        return (own, false);
    }
    let other = level(input.candidate);
    let unit = if usable(other) { other } else { most };
    (if unit > 0.0 { unit } else { 1.0 }, most > 0.0)
}

/// One point per run: the mean of the instances on the working scale.
fn points(sample: Sample<'_>, to_working: impl Fn(f64) -> f64) -> Vec<f64> {
    match sample {
        Sample::Runs(values) => values.iter().map(|v| to_working(*v)).collect(),
        Sample::Instances(runs) => runs
            .iter()
            .map(|run| {
                let first = to_working(run[0]);
                let n = run.len() as f64;
                first + run.iter().map(|v| (to_working(*v) - first) / n).sum::<f64>()
            })
            .collect(),
    }
}
