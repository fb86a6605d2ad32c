//! Findings: verdicts with their evidence.

use crate::metric::{Direction, Unit};
use crate::outcome::OutcomeKind;
use crate::revision::Revision;
use crate::series::SeriesKey;
use crate::verdict::{Decision, Stability, Verdict};

/// A quantity with its confidence interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// The estimate.
    pub value: f64,
    /// Lower bound; minus infinity where there is none.
    pub lo: f64,
    /// Upper bound; infinity where there is none.
    pub hi: f64,
}

/// A weakness of the data that travels with a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Caveat {
    /// A stable word for machines, such as `few_runs`.
    pub code: String,
    /// One sentence for people.
    pub text: String,
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Side {
    /// Runs that gave a point.
    pub runs: u32,
    /// Instances of those runs, added up; never a number of independent measurements.
    pub instances: u64,
    /// Median of the runs' points, with its interval.
    pub level: Option<Estimate>,
    /// The runs' points, in order of execution.
    pub values: Vec<f64>,
}

/// A verdict on one series between two revisions, with its evidence.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What was judged.
    pub series: SeriesKey,
    /// Unit of the values.
    pub unit: Unit,
    /// Which way it gets better.
    pub direction: Direction,
    /// The smallest relative change anybody cares about.
    pub margin: f64,
    /// The verdict.
    pub verdict: Verdict,
    /// The relative change, as a ratio: 0.061 is 6.1 percent more.
    pub effect: Option<Estimate>,
    /// Two-sided p of no change.
    pub p: Option<f64>,
    /// The same after correction over the family.
    pub p_adjusted: Option<f64>,
    /// The smallest relative change that this many runs would have seen with 80 percent power.
    pub minimum_detectable: Option<f64>,
    /// Runs a side that would probably decide, when the verdict is inconclusive.
    pub more_runs: Option<u32>,
    /// Minutes that those runs would take.
    pub more_minutes: Option<f64>,
    /// The test that was used, such as `wilcoxon signed rank (paired blocks)`.
    pub test: String,
    /// The trusted side.
    pub baseline: Side,
    /// The judged side.
    pub candidate: Side,
    /// Weaknesses of the data.
    pub caveats: Vec<Caveat>,
}

/// What kind of change a change point is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ChangeKind {
    /// The level moved and stayed.
    Step,
    /// The level moved among the newest points; too early to say that it stays.
    Recent,
    /// The level moved and came back.
    Revert,
}

/// Where a series began to differ, and by how much.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Index into the history's revisions: the first that differs.
    pub index: usize,
    /// First revision that it may be.
    pub lo: usize,
    /// Last revision that it may be.
    pub hi: usize,
    /// The relative change from the segment before.
    pub effect: Estimate,
    /// p of no change anywhere, corrected for having searched.
    pub p: f64,
    /// What kind of change.
    pub kind: ChangeKind,
    /// What it means, by margin and direction.
    pub verdict: Verdict,
}

/// A stretch of revisions with one level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Segment {
    /// Index of its first revision.
    pub first: usize,
    /// Index of its last revision.
    pub last: usize,
    /// Its level.
    pub level: Estimate,
}

/// Outcomes of one testcase at one revision.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OutcomeCounts {
    /// Counts by outcome, indexed as in [`OutcomeCounts::KINDS`].
    counts: [u32; 6],
}

impl OutcomeCounts {
    /// The outcomes that are counted, in order.
    pub const KINDS: [OutcomeKind; 6] = [
        OutcomeKind::Success,
        OutcomeKind::Failure,
        OutcomeKind::Timeout,
        OutcomeKind::Crash,
        OutcomeKind::Canceled,
        OutcomeKind::InfraError,
    ];

    fn place(kind: OutcomeKind) -> usize {
        Self::KINDS.iter().position(|known| *known == kind).expect("bug: an outcome is not counted")
    }

    /// Counts one more run that ended so.
    pub fn add(&mut self, kind: OutcomeKind) {
        self.counts[Self::place(kind)] += 1;
    }

    /// Adds all counts of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (own, more) in self.counts.iter_mut().zip(other.counts) {
            *own += more;
        }
    }

    /// Returns how many runs ended so.
    #[must_use]
    pub fn get(&self, kind: OutcomeKind) -> u32 {
        self.counts[Self::place(kind)]
    }

    /// Returns how many runs say something about the system under test: all but canceled and infra errors.
    #[must_use]
    pub fn runs(&self) -> u32 {
        Self::KINDS.iter().filter(|kind| kind.counts()).map(|kind| self.get(*kind)).sum()
    }

    /// Returns how many of those did not succeed.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.runs() - self.get(OutcomeKind::Success)
    }
}

/// A normalised failure text with how often it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureSignature {
    /// The text with numbers, addresses and paths taken out.
    pub text: String,
    /// Runs in which it was seen.
    pub runs: u32,
    /// The earliest revision, in order of history, in which it was seen.
    pub first_seen: Revision,
}

/// What makes outcomes comparable.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CaseKey {
    /// The plan's name.
    pub plan: String,
    /// The testcase's name.
    pub case: String,
    /// The runner's identifier.
    pub runner: String,
    /// The plan's language; empty where unknown.
    pub lang: String,
    /// Parameters as `a=1 b=2`.
    pub params: String,
}

/// A verdict on the outcomes of one testcase, with its evidence.
#[derive(Debug, Clone, PartialEq)]
pub struct StabilityFinding {
    /// What was judged.
    pub case: CaseKey,
    /// Outcomes by revision, oldest first.
    pub revisions: Vec<(Revision, OutcomeCounts)>,
    /// The verdict on the newest stretch of revisions.
    pub verdict: Stability,
    /// Failure rate on that stretch, as a ratio.
    pub rate: Option<Estimate>,
    /// Where failures began to be more, when they did: index of the revision, and the range it may lie in.
    pub since: Option<(usize, usize, usize)>,
    /// p of no change in the rate, corrected for having searched.
    pub p: Option<f64>,
    /// Failure texts, most frequent first.
    pub signatures: Vec<FailureSignature>,
    /// Weaknesses of the data.
    pub caveats: Vec<Caveat>,
}

/// What a gate's rule found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RuleResult {
    /// What is required was proved.
    Pass,
    /// The opposite was proved.
    Fail,
    /// Neither was.
    Undecided,
}

/// One rule of a gate's policy with what was found.
#[derive(Debug, Clone, PartialEq)]
pub struct GateRule {
    /// What is required, in words.
    pub required: String,
    /// What was found, in words.
    pub found: String,
    /// Whether that passes.
    pub result: RuleResult,
    /// The series it is about, where it is about one.
    pub series: Option<SeriesKey>,
}

/// A gate's decision with its evidence.
#[derive(Debug, Clone, PartialEq)]
pub struct GateReport {
    /// The decision.
    pub decision: Decision,
    /// The trusted side.
    pub baseline: Revision,
    /// The judged side.
    pub candidate: Revision,
    /// Every rule.
    pub rules: Vec<GateRule>,
    /// SHA-256 of the policy's text, in hex.
    pub policy_digest: String,
}
