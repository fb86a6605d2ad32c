//! What the engine needs from other rooms.

use std::collections::BTreeMap;

use futures::future::BoxFuture;
use ground_core::execution::{Execution, RunRequest};
use ground_core::id::RunId;
use ground_core::metric::MetricSpec;
use ground_core::record::{MetricDef, PointRow, RunRecord, SampleSeries, SketchRow};

/// An error of another room.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Where records go.
pub trait Recorder: Send + Sync {
    /// Returns whether the record of `run` is there, whole.
    fn contains<'a>(&'a self, run: &'a RunId) -> BoxFuture<'a, Result<bool, BoxError>>;

    /// Appends a record: after success it is there whatever happens, after failure or death all of it or nothing.
    fn append<'a>(&'a self, record: RunRecord) -> BoxFuture<'a, Result<(), BoxError>>;
}

/// Reads what instances left in their output directories.
pub trait Collector: Send + Sync {
    /// Collects metrics; `specs` is what manifest and composition declare about them.
    ///
    /// Files that cannot be understood are caveats; an error means that the machinery failed.
    fn collect<'a>(
        &'a self,
        request: &'a RunRequest,
        execution: &'a Execution,
        specs: &'a BTreeMap<String, MetricSpec>,
    ) -> BoxFuture<'a, Result<Collected, BoxError>>;
}

/// What instances measured; see [`RunRecord`] for the meaning of each.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Collected {
    /// Metrics, by name.
    pub metrics: Vec<MetricDef>,
    /// Samples, by instance and metric.
    pub samples: Vec<SampleSeries>,
    /// Sketches, by instance, metric and time.
    pub sketches: Vec<SketchRow>,
    /// Summaries, by metric and summary.
    pub points: Vec<PointRow>,
    /// What a reader of the numbers must know.
    pub caveats: Vec<String>,
}
