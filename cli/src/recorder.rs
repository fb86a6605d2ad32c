//! Joins the engine to the store.

use futures::future::BoxFuture;
use ground_core::id::RunId;
use ground_core::record::RunRecord;
use ground_runner::engine::{BoxError, Recorder};
use ground_store::Store;

/// The engine records into the store.
pub(crate) struct StoreRecorder(pub(crate) Store);

impl Recorder for StoreRecorder {
    fn contains<'a>(&'a self, run: &'a RunId) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(async move { Ok(self.0.contains(run).await?) })
    }

    fn append<'a>(&'a self, record: RunRecord) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(async move {
            self.0.append(record).await?;
            Ok(())
        })
    }
}
