//! The store for callers that are not async.

use std::future::Future;
use std::sync::Arc;

use ground_core::id::RunId;
use ground_core::record::{RunRecord, RunRow};
use ground_core::revision::Revision;
use tokio::runtime::{Builder, Runtime};

use crate::append::{AppendError, Appended};
use crate::location::StorageError;
use crate::query::{Batches, PointFilter, QueryError, RunFilter, StoredSamples};
use crate::store::{OpenError, OpenMode, Store};

/// A [`Store`] with threads of its own, for callers outside any async runtime.
///
/// # Panics
/// Every method panics when it is called from within an async task.
#[derive(Debug, Clone)]
pub struct BlockingStore {
    store: Store,
    runtime: Arc<Runtime>,
}

impl BlockingStore {
    /// Opens a store as [`Store::open`] does.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(location: &str, mode: OpenMode) -> Result<Self, OpenError> {
        let runtime = Builder::new_multi_thread().enable_all().build().map_err(|source| {
            OpenError::Storage {
                location: location.to_owned(),
                source: StorageError::io(location.as_ref(), source),
            }
        })?;
        let store = runtime.block_on(Store::open(location, mode))?;
        Ok(Self { store, runtime: Arc::new(runtime) })
    }

    /// Returns the store, for what has no blocking form here.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Waits for a future of the store.
    pub fn wait<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    /// See [`Store::append`].
    ///
    /// # Errors
    /// [`AppendError`].
    pub fn append(&self, record: RunRecord) -> Result<Appended, AppendError> {
        self.wait(self.store.append(record))
    }

    /// See [`Store::contains`].
    ///
    /// # Errors
    /// [`StorageError`].
    pub fn contains(&self, run: &RunId) -> Result<bool, StorageError> {
        self.wait(self.store.contains(run))
    }

    /// See [`Store::sql`].
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn sql(&self, query: &str) -> Result<Batches, QueryError> {
        self.wait(self.store.sql(query))
    }

    /// See [`Store::runs`].
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRow>, QueryError> {
        self.wait(self.store.runs(filter))
    }

    /// See [`Store::points`].
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn points(&self, filter: &PointFilter) -> Result<Batches, QueryError> {
        self.wait(self.store.points(filter))
    }

    /// See [`Store::run_record`].
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn run_record(&self, run: &RunId) -> Result<Option<RunRecord>, QueryError> {
        self.wait(self.store.run_record(run))
    }

    /// See [`Store::samples`].
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn samples(&self, run: &RunId, metric: &str) -> Result<Vec<StoredSamples>, QueryError> {
        self.wait(self.store.samples(run, metric))
    }

    /// See [`Store::revisions`].
    ///
    /// # Errors
    /// [`QueryError`].
    pub fn revisions(&self, plan: &str) -> Result<Vec<Revision>, QueryError> {
        self.wait(self.store.revisions(plan))
    }
}
