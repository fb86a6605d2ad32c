//! Choice of the test, and assembly of the answer.

use super::caveats::{self, Caveat};
use super::runs::RunPoints;
use super::{CompareInput, Comparison, Scale, Test, Verdict};
use crate::autocorrelation::median;
use crate::dist::t_quantile;
use crate::equivalence::Band;
use crate::error::StatsError;
use crate::hodges_lehmann::{Estimate, centre_interval, shift_interval};
use crate::mann_whitney::{self, PMethod, mann_whitney};
use crate::nested::run_means_test;
use crate::planning::{self, Goal, Undecided, least_pairs, least_runs};
use crate::welch::{TTest, paired_t, welch};
use crate::wilcoxon::{self, signed_rank};

/// Least runs a side for a t test on run means, which cannot be checked against anything below.
const LEAST_NESTED: usize = 3;
/// Least pairs for a t test on pairs.
const LEAST_PAIRS_T: usize = 4;

/// Least runs a side for which ranks lose little against t, so that outlying runs may choose them.
const LEAST_ROBUST: usize = 8;
/// Standard deviations beyond which a run is outlying; one in 2 million under a normal distribution.
const OUTLYING: f64 = 5.0;
/// Median absolute deviation to standard deviation of a normal distribution: 1 / Phi^-1(3/4).
const MAD_TO_SD: f64 = 1.482_602_218_505_602;

/// What a test says on the working scale.
struct Tested {
    test: Test,
    shift: Estimate,
    p: f64,
    theta: Option<f64>,
    /// Standard error of the shift and its degrees of freedom, where the spread is known.
    error: Option<(f64, f64)>,
    /// Why the verdict is withheld.
    withheld: Option<Caveat>,
}

/// Answers for values that repeat exactly; `None` where they do not.
pub(super) fn exact(input: &CompareInput<'_>, points: &RunPoints) -> Option<Comparison> {
    let from = caveats::constant(input.baseline)?;
    let to = caveats::constant(input.candidate)?;
    let value = match points.scale {
        _ if from == to => 0.0,
        // Plain division keeps 3 against 2 at exactly one half.
        Scale::Log => to / from - 1.0,
        Scale::Linear => points.candidate[0] - points.baseline[0],
    };
    let effect = Estimate { value, lo: value, hi: value };
    let changed = from != to;
    // Any change is a change: the margin is for measurements.
    let verdict = Verdict::of_interval(&effect, 0.0, input.direction);
    let theta = 0.5 + 0.5 * f64::from(i8::from(to > from) - i8::from(to < from));
    let mut caveats = Vec::new();
    caveats::of_values(input, points, &mut caveats);
    caveats.retain(|c| matches!(c, Caveat::ZeroBaseline | Caveat::NoDirection));
    Some(Comparison {
        effect: Some(effect),
        p: Some(if changed { 0.0 } else { 1.0 }),
        theta: Some(theta),
        verdict,
        test: Test::Exact,
        scale: points.scale,
        mde: Some(0.0),
        n_baseline: input.baseline.runs(),
        n_candidate: input.candidate.runs(),
        more_runs: None,
        caveats,
    })
}

/// Answers by a test on one point per run.
pub(super) fn by_runs(
    input: &CompareInput<'_>,
    points: &RunPoints,
) -> Result<Comparison, StatsError> {
    let tested = by_design(input, points)?;
    let effect = tested.shift.map(|d| points.relative(d));
    let verdict = match tested.withheld {
        Some(_) => Verdict::Inconclusive,
        None => Verdict::of_interval(&effect, input.margin, input.direction),
    };
    let goal = Goal { alpha: input.alpha, power: 0.8 };
    let mde = match tested.error {
        Some((se, df)) => Some(points.relative(planning::minimum_detectable(se, df, goal)?))
            .filter(|m| m.is_finite()),
        None => None,
    };
    let more_runs = match verdict {
        Verdict::Inconclusive => more(input, points, &tested, goal)?,
        _ => None,
    };
    let mut caveats: Vec<Caveat> = tested.withheld.into_iter().collect();
    caveats::of_values(input, points, &mut caveats);
    caveats::of_test(input, points, tested.test, &mut caveats);
    Ok(Comparison {
        effect: Some(effect),
        p: Some(tested.p),
        theta: tested.theta,
        verdict,
        test: tested.test,
        scale: points.scale,
        mde,
        n_baseline: points.baseline.len(),
        n_candidate: points.candidate.len(),
        more_runs,
        caveats,
    })
}

/// Picks the test that the design of the runs asks for.
fn by_design(input: &CompareInput<'_>, points: &RunPoints) -> Result<Tested, StatsError> {
    let runs = points.baseline.len().min(points.candidate.len());
    let least = if input.known_spread.is_some() { 1 } else { LEAST_NESTED };
    if input.paired {
        pairs(input, points)
    } else if points.nested && runs >= least {
        nested(input, points)
    } else {
        ranks(input, points)
    }
}

fn ranks(input: &CompareInput<'_>, points: &RunPoints) -> Result<Tested, StatsError> {
    let (a, b) = (&points.baseline, &points.candidate);
    let test = mann_whitney(a, b)?;
    let least_p = mann_whitney::min_attainable_p(a.len(), b.len());
    let shift = shift_interval(a, b, input.alpha)?;
    let enough = least_p <= input.alpha;
    let df = (a.len() + b.len()) as f64 - 2.0;
    let error = if enough {
        Some((half_width(&shift) / t_quantile(1.0 - input.alpha / 2.0, df), df))
    } else if a.len().min(b.len()) >= 2 {
        let welch = welch(a, b, input.alpha)?;
        Some((welch.se, welch.df))
    } else {
        None
    };
    let withheld = (!enough).then(|| Caveat::TooFewRuns {
        runs: a.len().min(b.len()),
        needed: if points.nested { LEAST_NESTED } else { least_runs(input.alpha) },
        least_p,
    });
    let theta = Some(test.theta);
    Ok(Tested { test: Test::MannWhitney, shift, p: test.p, theta, error, withheld })
}

fn pairs(input: &CompareInput<'_>, points: &RunPoints) -> Result<Tested, StatsError> {
    let differences: Vec<f64> =
        points.candidate.iter().zip(&points.baseline).map(|(c, b)| c - b).collect();
    let n = differences.len();
    let above = differences.iter().map(|d| {
        if *d > 0.0 {
            1.0
        } else if *d < 0.0 {
            0.0
        } else {
            0.5
        }
    });
    let theta = Some(above.sum::<f64>() / n as f64);
    let test = signed_rank(&differences, PMethod::Auto)?;
    let least_p = wilcoxon::min_attainable_p(n);
    if least_p > input.alpha && n >= LEAST_PAIRS_T {
        let t = paired_t(&points.baseline, &points.candidate, input.alpha)?;
        return Ok(from_t(Test::PairedT, &t, theta));
    }
    let shift = centre_interval(&differences, input.alpha)?;
    let enough = least_p <= input.alpha;
    let df = n as f64 - 1.0;
    let error = if enough {
        Some((half_width(&shift) / t_quantile(1.0 - input.alpha / 2.0, df), df))
    } else if n >= 2 {
        Some((paired_t(&points.baseline, &points.candidate, input.alpha)?.se, df))
    } else {
        None
    };
    let needed = LEAST_PAIRS_T.min(least_pairs(input.alpha));
    let withheld = (!enough).then_some(Caveat::TooFewRuns { runs: n, needed, least_p });
    Ok(Tested { test: Test::SignedRank, shift, p: test.p, theta, error, withheld })
}

fn nested(input: &CompareInput<'_>, points: &RunPoints) -> Result<Tested, StatsError> {
    if has_outlying_runs(points) {
        return ranks(input, points);
    }
    let (a, b) = (&points.baseline, &points.candidate);
    let t = run_means_test(a, b, input.known_spread, input.alpha)?;
    let theta = mann_whitney(&points.baseline, &points.candidate)?.theta;
    Ok(from_t(Test::NestedT, &t, Some(theta)))
}

/// Whether some run lies so far from its side's median that means would follow it.
fn has_outlying_runs(points: &RunPoints) -> bool {
    let (a, b) = (&points.baseline, &points.candidate);
    if a.len().min(b.len()) < LEAST_ROBUST {
        return false;
    }
    let from_median = |side: &[f64]| {
        let middle = median(side);
        side.iter().map(|v| (v - middle).abs()).collect::<Vec<f64>>()
    };
    let distances = [from_median(a), from_median(b)].concat();
    let typical = MAD_TO_SD * median(&distances);
    distances.iter().any(|d| *d > OUTLYING * typical)
}

fn from_t(test: Test, t: &TTest, theta: Option<f64>) -> Tested {
    Tested { test, shift: t.difference, p: t.p, theta, error: Some((t.se, t.df)), withheld: None }
}

fn half_width(interval: &Estimate) -> f64 {
    interval.hi / 2.0 - interval.lo / 2.0
}

/// Further runs a side that would probably decide: enough for the test to work, and for the interval to fit.
fn more(
    input: &CompareInput<'_>,
    points: &RunPoints,
    tested: &Tested,
    goal: Goal,
) -> Result<Option<usize>, StatsError> {
    let runs = points.baseline.len().min(points.candidate.len());
    let lacking = match tested.withheld {
        Some(Caveat::TooFewRuns { needed, .. }) => needed.saturating_sub(runs),
        _ => 0,
    };
    let band = match points.scale {
        Scale::Log => Band::relative(input.margin)?,
        Scale::Linear => Band::new(-input.margin / (1.0 + input.margin), input.margin)?,
    };
    let Some((se, _)) = tested.error.filter(|(se, _)| se.is_finite()) else {
        return Ok(Some(lacking.max(1)));
    };
    let beyond = tested.shift.lo > band.hi() || tested.shift.hi < band.lo();
    if beyond && tested.withheld.is_none() {
        return Ok(None);
    }
    let now = Undecided { shift: tested.shift, se, runs, band };
    Ok(planning::more_runs(&now, goal)?.map(|more| more.max(lacking)))
}
