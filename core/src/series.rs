//! Series and points.

use std::collections::BTreeMap;

use crate::id::{RunId, SeriesId};
use crate::metric::{Direction, Stat, Unit};
use crate::revision::Revision;

/// What makes runs comparable, and which of their points belong together.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeriesKey {
    /// The plan's name.
    pub plan: String,
    /// The testcase's name.
    pub case: String,
    /// The metric's name.
    pub metric: String,
    /// Which summary of it.
    pub stat: Stat,
    /// The runner's identifier.
    pub runner: String,
    /// The plan's language; empty where unknown.
    pub lang: String,
    /// Parameters, by name.
    pub params: BTreeMap<String, String>,
    /// Digest of the composition.
    pub composition_digest: String,
    /// The machine class.
    pub machine_class: String,
}

impl SeriesKey {
    /// Returns the name for links and files: derived from the key, stable for ever.
    #[must_use]
    pub fn id(&self) -> SeriesId {
        let stat = self.stat.to_string();
        let mut parts: Vec<&str> = vec![
            &self.plan,
            &self.case,
            &self.metric,
            &stat,
            &self.runner,
            &self.lang,
            &self.composition_digest,
            &self.machine_class,
        ];
        for (name, value) in &self.params {
            parts.push(name);
            parts.push(value);
        }
        SeriesId::derive(&parts)
    }

    /// Returns the metric with its summary as qualifier: `latency_s_p99`; a single value has none.
    #[must_use]
    pub fn metric_name(&self) -> String {
        match self.stat {
            Stat::Value => self.metric.clone(),
            stat => format!("{}_{stat}", self.metric),
        }
    }

    /// Returns the series in one line: `plan/case latency_s_p99`, then runner and parameters where they tell apart.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}/{} {}", self.plan, self.case, self.metric_name())
    }

    /// Returns the parameters as `a=1 b=2`; empty without any.
    #[must_use]
    pub fn params_text(&self) -> String {
        let pairs: Vec<String> =
            self.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join(" ")
    }
}

/// One run's point of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct RunPoint {
    /// The run it summarises.
    pub run: RunId,
    /// Sweep and block it was measured in; points of one block may be paired.
    pub block: (String, u32),
    /// The value.
    pub value: f64,
    /// When the run began, nanoseconds since the epoch.
    pub started_ns: i64,
}

/// The points of one revision.
#[derive(Debug, Clone, PartialEq)]
pub struct RevisionPoints {
    /// The revision.
    pub revision: Revision,
    /// Its runs that gave a point, in order of execution.
    pub points: Vec<RunPoint>,
    /// Its runs that should have given a point and gave none.
    pub missing: u32,
}

impl RevisionPoints {
    /// Returns the values in order of execution.
    #[must_use]
    pub fn values(&self) -> Vec<f64> {
        self.points.iter().map(|point| point.value).collect()
    }
}

/// The points of one metric under one run key, ordered by revision.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What belongs together.
    pub key: SeriesKey,
    /// Unit of the values.
    pub unit: Unit,
    /// Which way it gets better.
    pub direction: Direction,
    /// The smallest relative change anybody cares about.
    pub margin: f64,
    /// Whether values are counts or sizes that repeat exactly, so that any change is a change.
    pub exact: bool,
    /// Whether verdicts on it count by default; the others are shown only.
    pub judged: bool,
    /// Points, oldest revision first.
    pub revisions: Vec<RevisionPoints>,
}
