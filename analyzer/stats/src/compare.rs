//! The two-sample engine: from the runs of two revisions to an effect, its interval and a verdict.

mod caveats;
mod engine;
mod runs;

pub use caveats::Caveat;

use crate::equivalence::Band;
use crate::error::{StatsError, check_open_unit};
use crate::hodges_lehmann::Estimate;
use crate::nested::KnownSpread;
use runs::RunPoints;
use std::fmt;

/// The values of one side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sample<'a> {
    /// One value per run, in order of execution.
    Runs(&'a [f64]),
    /// The instances of each run, runs in order of execution.
    Instances(&'a [Vec<f64>]),
}

impl Sample<'_> {
    /// Returns the number of runs.
    #[must_use]
    pub fn runs(&self) -> usize {
        match self {
            Self::Runs(values) => values.len(),
            Self::Instances(runs) => runs.len(),
        }
    }
}

/// Which way the values get better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Direction {
    /// Lower is better.
    Lower,
    /// Higher is better.
    Higher,
    /// Neither is better: a change is told, never judged.
    #[default]
    None,
}

/// The scale that differences are taken on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scale {
    /// Differences of logarithms, so that effects are ratios; needs values above 0.
    Log,
    /// Differences of values, divided by the baseline's median.
    Linear,
}

/// What to compare and by which rules.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CompareInput<'a> {
    /// The trusted side.
    pub baseline: Sample<'a>,
    /// The judged side.
    pub candidate: Sample<'a>,
    /// Whether run i of both sides was measured together, in one interleaved block.
    pub paired: bool,
    /// Smallest relative change that anybody cares about, such as 0.02.
    pub margin: f64,
    /// Which way the values get better.
    pub direction: Direction,
    /// Two-sided error rate; the interval has confidence 1 - alpha.
    pub alpha: f64,
    /// Whether values repeat exactly from run to run (counts, sizes), so that any difference is a change.
    pub exact: bool,
    /// The scale; by default logarithms where all values are above 0.
    pub scale: Option<Scale>,
    /// Spread of run means that is known from elsewhere, as differences are taken: of natural logarithms, or
    /// relative to the baseline's median. Only the test of nested values uses it.
    pub known_spread: Option<KnownSpread>,
}

impl<'a> CompareInput<'a> {
    /// Returns an unpaired comparison with margin 2 percent, alpha 0.05 and no direction.
    #[must_use]
    pub fn new(baseline: Sample<'a>, candidate: Sample<'a>) -> Self {
        Self {
            baseline,
            candidate,
            paired: false,
            margin: 0.02,
            direction: Direction::None,
            alpha: 0.05,
            exact: false,
            scale: None,
            known_spread: None,
        }
    }
}

/// Relative distance within which a bound lies on the edge of the margin.
const ON_EDGE: f64 = 1e-9;

/// What the effect's interval says against the margin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// Wholly beyond the margin on the worse side.
    Regression,
    /// Wholly beyond the margin on the better side.
    Improvement,
    /// Wholly inside the margin.
    Equivalent,
    /// Anything else.
    Inconclusive,
    /// A side without runs.
    NoData,
}

impl Verdict {
    /// Returns the word used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Regression => "regression",
            Self::Improvement => "improvement",
            Self::Equivalent => "equivalent",
            Self::Inconclusive => "inconclusive",
            Self::NoData => "no data",
        }
    }

    /// Returns the verdict of a relative effect's interval against the band of plus and minus `margin`.
    ///
    /// A change by the factor 1 + margin and its inverse count as equally large, so the band reaches from
    /// 1 / (1 + margin) - 1 to margin. Without a direction a change beyond the band is inconclusive. Unbounded
    /// intervals prove nothing; an interval that is the point 0 is equivalent under any margin. A bound within a
    /// billionth of an edge lies on it, since rounding moves equal values of a coarse clock apart.
    #[must_use]
    pub fn of_interval(effect: &Estimate, margin: f64, direction: Direction) -> Self {
        let below = -margin / (1.0 + margin);
        let (in_below, in_margin) = (below * (1.0 - ON_EDGE), margin * (1.0 - ON_EDGE));
        let inside = effect.lo > in_below && effect.hi < in_margin;
        let (below, margin) = (below * (1.0 + ON_EDGE), margin * (1.0 + ON_EDGE));
        if inside || (effect.lo == 0.0 && effect.hi == 0.0) {
            return Self::Equivalent;
        }
        match direction {
            Direction::Lower if effect.lo > margin => Self::Regression,
            Direction::Lower if effect.hi < below => Self::Improvement,
            Direction::Higher if effect.lo > margin => Self::Improvement,
            Direction::Higher if effect.hi < below => Self::Regression,
            _ => Self::Inconclusive,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The test that gave the p and the interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Test {
    /// Mann-Whitney and the Hodges-Lehmann shift, on one value per run.
    MannWhitney,
    /// Wilcoxon signed ranks and the Hodges-Lehmann shift, on pairs of runs.
    SignedRank,
    /// Student's t on pairs of runs, where pairs are too few for ranks.
    PairedT,
    /// t on run means, the instances of a run counting as one measurement.
    NestedT,
    /// Equality of values that repeat exactly.
    Exact,
    /// No test, for want of runs.
    None,
}

impl Test {
    /// Returns the name used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MannWhitney => "mann-whitney",
            Self::SignedRank => "wilcoxon signed rank",
            Self::PairedT => "paired t",
            Self::NestedT => "t on run means",
            Self::Exact => "exact",
            Self::None => "none",
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The answer of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Relative change from baseline to candidate, 0.061 being 6.1 percent more, with its 1 - alpha interval.
    pub effect: Option<Estimate>,
    /// Two-sided p of no change.
    pub p: Option<f64>,
    /// P(a candidate run lies above a baseline run), equal ones counting half; of a positive difference when paired.
    pub theta: Option<f64>,
    /// What the interval says against the margin.
    pub verdict: Verdict,
    /// The test that gave p and interval.
    pub test: Test,
    /// The scale that differences were taken on.
    pub scale: Scale,
    /// Smallest relative increase that this many runs would see with 80 percent power.
    pub mde: Option<f64>,
    /// Baseline runs.
    pub n_baseline: usize,
    /// Candidate runs.
    pub n_candidate: usize,
    /// Further runs a side that would probably decide; only where the verdict is inconclusive.
    pub more_runs: Option<usize>,
    /// Weaknesses of the data.
    pub caveats: Vec<Caveat>,
}

/// Compares the runs of two revisions.
///
/// One value per run is compared by ranks: Mann-Whitney with the Hodges-Lehmann interval, or signed ranks for
/// pairs. Instances of a run are averaged first and never count as runs; their means are compared by t, and by ranks
/// where at least eight runs a side show outliers. The verdict follows from the interval
/// against the margin, and is withheld where the runs are too few for the test to reach `alpha`.
///
/// # Errors
/// [`StatsError::NotFinite`] and [`StatsError::NotFiniteInstance`] name side and place, [`StatsError::EmptyRun`] a
/// run without instances, [`StatsError::Misaligned`] pairs that do not match, [`StatsError::Parameter`] a margin,
/// an alpha or a scale that cannot be.
///
/// # Source
/// Schuirmann, D. J. (1987). J. Pharmacokinet. Biopharm. 15, 657-680 (interval against margin).
/// doi:10.1007/BF01068419
/// Kalibera, T. and Jones, R. (2013). ISMM '13, 63-74 (runs, not instances, are the measurements).
/// doi:10.1145/2464157.2464160
pub fn compare(input: &CompareInput<'_>) -> Result<Comparison, StatsError> {
    check_open_unit("alpha", input.alpha)?;
    Band::relative(input.margin)?;
    let (n_baseline, n_candidate) = (input.baseline.runs(), input.candidate.runs());
    runs::check(input)?;
    if n_baseline == 0 || n_candidate == 0 {
        return Ok(no_data(input));
    }
    let points = RunPoints::of(input)?;
    if input.exact
        && let Some(exact) = engine::exact(input, &points)
    {
        return Ok(exact);
    }
    engine::by_runs(input, &points)
}

fn no_data(input: &CompareInput<'_>) -> Comparison {
    Comparison {
        effect: None,
        p: None,
        theta: None,
        verdict: Verdict::NoData,
        test: Test::None,
        scale: input.scale.unwrap_or(Scale::Linear),
        mde: None,
        n_baseline: input.baseline.runs(),
        n_candidate: input.candidate.runs(),
        more_runs: None,
        caveats: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
