//! Weaknesses of the data that travel with a verdict.

use super::runs::RunPoints;
use super::{CompareInput, Direction, Sample, Test};
use crate::autocorrelation::lag1;
use crate::distribution_test::brown_forsythe;
use crate::error::Side;
use crate::rank::midranks_of;
use std::fmt;

/// Runs a side below which a verdict should not close a gate.
const FEW_RUNS: usize = 5;
/// Share of equal values that is worth a word.
const TIED_SHARE: f64 = 0.25;
/// Share of a side's values at its own maximum that looks like a limit.
const CENSORED_SHARE: f64 = 0.2;
/// Runs a side from which dependence and spread can be seen at all.
const DIAGNOSED: usize = 8;
/// Error rate of the diagnostics; they are asked on every comparison.
const DIAGNOSTIC_ALPHA: f64 = 0.01;

/// A weakness of the data.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Caveat {
    /// The test cannot reach alpha whatever the values are, so that the verdict is withheld.
    TooFewRuns {
        /// Runs on the smaller side.
        runs: usize,
        /// Least runs a side that can decide.
        needed: usize,
        /// Smallest p that these numbers of runs can give.
        least_p: f64,
    },
    /// Fewer runs than a hard rule should rest on.
    FewRuns {
        /// Runs on the smaller side.
        runs: usize,
    },
    /// The interval rests on a t distribution that so few runs cannot confirm.
    AssumesNormal {
        /// Runs on the smaller side.
        runs: usize,
    },
    /// Values at or below 0 kept the scale linear.
    NonPositive {
        /// How many.
        count: usize,
    },
    /// The baseline's median is 0: the change is relative to the candidate's, or to the largest value.
    ZeroBaseline,
    /// Many values are equal, as under a coarse clock.
    Ties {
        /// Share of run values that equal another one.
        share: f64,
    },
    /// Many values of a side lie at its maximum, as under a timeout.
    HeavyCensoring {
        /// Which side.
        side: Side,
        /// Share of its values.
        share: f64,
    },
    /// Runs depend on the run before.
    Dependence {
        /// Which side.
        side: Side,
        /// Lag-1 autocorrelation.
        lag1: f64,
    },
    /// The two sides spread differently, so that more than the level changed.
    UnequalSpread {
        /// p of the Brown-Forsythe test.
        p: f64,
    },
    /// A metric declared exact does not repeat exactly.
    NotExact,
    /// A change beyond the margin cannot be judged, since nobody said which way is better.
    NoDirection,
}

impl Caveat {
    /// Returns a stable word for machines.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooFewRuns { .. } => "too_few_runs",
            Self::FewRuns { .. } => "few_runs",
            Self::AssumesNormal { .. } => "assumes_normal",
            Self::NonPositive { .. } => "non_positive",
            Self::ZeroBaseline => "zero_baseline",
            Self::Ties { .. } => "ties",
            Self::HeavyCensoring { .. } => "heavy_censoring",
            Self::Dependence { .. } => "dependence",
            Self::UnequalSpread { .. } => "unequal_spread",
            Self::NotExact => "not_exact",
            Self::NoDirection => "no_direction",
        }
    }
}

impl fmt::Display for Caveat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFewRuns { runs, needed, least_p } => write!(
                f,
                "{runs} runs cannot decide: the smallest p they can give is {least_p:.3}; at least {needed} runs a side are needed"
            ),
            Self::FewRuns { runs } => {
                write!(
                    f,
                    "only {runs} runs on a side; a hard rule should rest on {FEW_RUNS} or more"
                )
            }
            Self::AssumesNormal { runs } => {
                write!(
                    f,
                    "with {runs} runs on a side the interval rests on a normal distribution of runs"
                )
            }
            Self::NonPositive { count } => {
                write!(
                    f,
                    "{count} values are not above 0; differences are linear instead of ratios"
                )
            }
            Self::ZeroBaseline => f.write_str(
                "the baseline's median is 0; the change is relative to the candidate's level",
            ),
            Self::Ties { share } => {
                write!(f, "{:.0} % of the runs' values are equal to another", share * 100.0)
            }
            Self::HeavyCensoring { side, share } => {
                write!(
                    f,
                    "{:.0} % of the {side} values lie at the maximum, as under a limit",
                    share * 100.0
                )
            }
            Self::Dependence { side, lag1 } => {
                write!(f, "{side} runs depend on the run before (autocorrelation {lag1:.2})")
            }
            Self::UnequalSpread { p } => {
                write!(
                    f,
                    "the two sides spread differently (p {p:.4}); more than the level changed"
                )
            }
            Self::NotExact => {
                f.write_str("the metric is declared exact, but its values differ between runs")
            }
            Self::NoDirection => {
                f.write_str("the metric has no direction, so that a change cannot be judged")
            }
        }
    }
}

/// Returns the value that all values of a side equal.
pub(super) fn constant(sample: Sample<'_>) -> Option<f64> {
    let mut values: Box<dyn Iterator<Item = f64> + '_> = all(sample);
    let first = values.next()?;
    values.all(|v| v == first).then_some(first)
}

fn all(sample: Sample<'_>) -> Box<dyn Iterator<Item = f64> + '_> {
    match sample {
        Sample::Runs(values) => Box::new(values.iter().copied()),
        Sample::Instances(runs) => Box::new(runs.iter().flatten().copied()),
    }
}

/// Adds what the values themselves show.
pub(super) fn of_values(input: &CompareInput<'_>, points: &RunPoints, caveats: &mut Vec<Caveat>) {
    if points.not_positive > 0 {
        caveats.push(Caveat::NonPositive { count: points.not_positive });
    }
    if points.zero_baseline {
        caveats.push(Caveat::ZeroBaseline);
    }
    if input.direction == Direction::None {
        caveats.push(Caveat::NoDirection);
    }
    let constants = constant(input.baseline).is_some() && constant(input.candidate).is_some();
    if input.exact && !constants {
        caveats.push(Caveat::NotExact);
    }
    for (side, sample) in [(Side::Baseline, input.baseline), (Side::Candidate, input.candidate)] {
        caveats.extend(censoring(side, sample));
    }
}

fn censoring(side: Side, sample: Sample<'_>) -> Option<Caveat> {
    let values: Vec<f64> = all(sample).collect();
    let most = values.iter().copied().fold(f64::MIN, f64::max);
    let rest: Vec<f64> = values.iter().copied().filter(|v| *v < most).collect();
    let share = 1.0 - rest.len() as f64 / values.len() as f64;
    if values.len() < DIAGNOSED || rest.is_empty() || share < CENSORED_SHARE {
        return None;
    }
    // A coarse clock piles up everywhere; a limit piles up at the top alone.
    let limited = midranks_of(&rest).tied_share() < share;
    limited.then_some(Caveat::HeavyCensoring { side, share })
}

/// Adds what the runs show about the test's assumptions.
pub(super) fn of_test(
    input: &CompareInput<'_>,
    points: &RunPoints,
    test: Test,
    caveats: &mut Vec<Caveat>,
) {
    let runs = points.baseline.len().min(points.candidate.len());
    let refused = caveats.iter().any(|c| matches!(c, Caveat::TooFewRuns { .. }));
    if !refused && runs < FEW_RUNS {
        caveats.push(Caveat::FewRuns { runs });
    }
    if test == Test::PairedT || (test == Test::NestedT && runs < DIAGNOSED) {
        caveats.push(Caveat::AssumesNormal { runs });
    }
    let pooled = midranks_of(&[&points.baseline[..], &points.candidate[..]].concat());
    if pooled.tied_share() >= TIED_SHARE {
        caveats.push(Caveat::Ties { share: pooled.tied_share() });
    }
    for (side, values) in [(Side::Baseline, &points.baseline), (Side::Candidate, &points.candidate)]
    {
        if values.len() >= DIAGNOSED
            && let Ok(lag) = lag1(values)
            && lag.p < DIAGNOSTIC_ALPHA
            && !input.paired
        {
            caveats.push(Caveat::Dependence { side, lag1: lag.rho });
        }
    }
    if runs >= DIAGNOSED
        && let Ok(spread) = brown_forsythe(&points.baseline, &points.candidate)
        && spread.p < DIAGNOSTIC_ALPHA
    {
        caveats.push(Caveat::UnequalSpread { p: spread.p });
    }
}
