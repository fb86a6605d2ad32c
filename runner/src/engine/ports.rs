//! What the engine needs from other rooms.

use std::collections::BTreeMap;

use futures::future::BoxFuture;
use ground_core::execution::{Execution, RunRequest};
use ground_core::id::RunId;
use ground_core::metric::MetricSpec;
use ground_core::record::RunRecord;

pub use crate::ingest::Collected;

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

/// Reads the files that instances of process runners leave in their output directories.
#[derive(Debug, Clone, Copy, Default)]
pub struct OutputsCollector;

impl Collector for OutputsCollector {
    fn collect<'a>(
        &'a self,
        request: &'a RunRequest,
        execution: &'a Execution,
        specs: &'a BTreeMap<String, MetricSpec>,
    ) -> BoxFuture<'a, Result<Collected, BoxError>> {
        let (execution, outputs, specs) =
            (execution.clone(), request.outputs.clone(), specs.clone());
        Box::pin(async move {
            let reading = move || crate::ingest::collect(&execution, &outputs, &specs);
            Ok(tokio::task::spawn_blocking(reading).await?)
        })
    }
}
