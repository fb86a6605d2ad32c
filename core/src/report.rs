//! The report model that every renderer takes.

use crate::event::Event;
use crate::finding::{Change, Estimate, Finding, GateReport, Segment, StabilityFinding};
use crate::metric::{Direction, Stat, Unit};
use crate::record::{InstanceRow, MetricDef, RunRow};
use crate::revision::Revision;
use crate::series::Series;
use crate::verdict::Verdict;

/// Two revisions compared over every series and testcase that both have.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The trusted side.
    pub baseline: Revision,
    /// The judged side.
    pub candidate: Revision,
    /// What differs between the two sides' environments: what, baseline's, candidate's.
    pub environment: Vec<(String, String, String)>,
    /// One finding for each series, worst first.
    pub findings: Vec<Finding>,
    /// One finding for each testcase.
    pub stability: Vec<StabilityFinding>,
    /// Series that only one side has, with the side that lacks them.
    pub unmatched: Vec<(String, &'static str)>,
}

/// A series with what its history shows.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesHistory {
    /// The points.
    pub series: Series,
    /// Stretches of one level, oldest first.
    pub segments: Vec<Segment>,
    /// Changes, oldest first.
    pub changes: Vec<Change>,
    /// Relative change a revision of a steady slope, where that explains more than steps do.
    pub drift: Option<Estimate>,
    /// Revisions whose point stands alone.
    pub outliers: Vec<usize>,
    /// The newest revision against the segment before its newest change, or against its own segment.
    pub verdict: Verdict,
    /// The smallest relative change that the newest revision's runs would show with 80 percent power.
    pub minimum_detectable: Option<f64>,
}

/// One metric of one run, over time.
#[derive(Debug, Clone, PartialEq)]
pub struct RunMetric {
    /// The metric.
    pub metric: MetricDef,
    /// The run's points of it.
    pub points: Vec<(Stat, f64, u64)>,
    /// Quantiles over time, from samples or merged sketches of all instances: begin of the interval in seconds since
    /// the run began, then p50, p95, p99 and how many values they are from.
    pub over_time: Vec<(f64, f64, f64, f64, u64)>,
    /// One value an instance: its median, in the order of the run's instances; NaN where it gave none.
    pub by_instance: Vec<f64>,
}

/// One run with what a reader asks about it.
#[derive(Debug, Clone, PartialEq)]
pub struct RunDetail {
    /// The run as a whole.
    pub run: RunRow,
    /// Its instances.
    pub instances: Vec<InstanceRow>,
    /// Its events, by time.
    pub events: Vec<Event>,
    /// Its metrics.
    pub metrics: Vec<RunMetric>,
}

/// How far a series may be believed.
#[derive(Debug, Clone, PartialEq)]
pub struct TrustRow {
    /// The series' title.
    pub series: String,
    /// The margin that was promised.
    pub margin: f64,
    /// The smallest relative change that one revision's runs show with 80 percent power.
    pub minimum_detectable: Option<f64>,
    /// Spread between runs of one revision: coefficient of variation, as a ratio.
    pub spread: Option<f64>,
    /// When it was last measured, nanoseconds since the epoch.
    pub last_run_ns: i64,
}

/// Everything a report shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The project's name.
    pub project: String,
    /// The revisions of the history, oldest first; indices of changes and segments count in each series' own
    /// revisions.
    pub revisions: Vec<Revision>,
    /// Every series with its history.
    pub series: Vec<SeriesHistory>,
    /// Comparisons; the first is what the report is about: newest against the one before, unless asked otherwise.
    pub comparisons: Vec<Comparison>,
    /// Outcomes of every testcase.
    pub stability: Vec<StabilityFinding>,
    /// Runs, newest first.
    pub runs: Vec<RunDetail>,
    /// The gate, where one was asked.
    pub gate: Option<GateReport>,
    /// How far to believe it.
    pub trust: Vec<TrustRow>,
}

/// Returns `effect` turned so that a positive value is worse, for pictures in which worse is to the right; a metric
/// without direction keeps its sign.
#[must_use]
pub fn worse_is_positive(effect: Estimate, direction: Direction) -> Estimate {
    match direction {
        Direction::Lower | Direction::None => effect,
        Direction::Higher => Estimate { value: -effect.value, lo: -effect.hi, hi: -effect.lo },
    }
}

/// A value with its unit, for renderers.
#[derive(Debug, Clone, PartialEq)]
pub struct Quantity {
    /// The value, in the base unit.
    pub value: f64,
    /// The base unit.
    pub unit: Unit,
}
