//! Appending runs.

use std::sync::Arc;

use futures::future::try_join_all;
use ground_core::id::RunId;
use ground_core::record::RunRecord;
use object_store::{ObjectStoreExt as _, PutMode};
use sha2::{Digest as _, Sha256};

use crate::commit::{Chunk, Commit, FileEntry};
use crate::encode::{EncodeError, Encoded, encode};
use crate::layout::{data_path, escape, hex, month, nonce, run_commit_path};
use crate::location::StorageError;
use crate::store::{OpenMode, Store};
use crate::validate::{InvalidRecord, validate};

/// What an append did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// The run is in the store now, for good.
    Stored,
    /// A run of this identifier was there already; nothing was changed.
    AlreadyThere,
}

/// A run could not be appended; nothing of it can be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// The store was opened for reading.
    #[error("the store at `{location}` is opened for reading only")]
    ReadOnly {
        /// The store's location.
        location: String,
    },
    /// The record is not fit for the store.
    #[error("run {run} cannot be stored")]
    Invalid {
        /// The run.
        run: RunId,
        /// What is wrong with it.
        source: InvalidRecord,
    },
    /// The record could not be encoded.
    #[error("run {run} could not be encoded")]
    Encode {
        /// The run.
        run: RunId,
        /// What failed.
        source: EncodeError,
    },
    /// The storage failed.
    #[error("run {run} could not be stored at `{location}`")]
    Storage {
        /// The run.
        run: RunId,
        /// The store's location.
        location: String,
        /// What failed.
        source: StorageError,
    },
}

impl Store {
    /// Returns whether a run is in the store and whole.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn contains(&self, run: &RunId) -> Result<bool, StorageError> {
        if self.catalogue().runs().contains_key(run.as_str()) {
            return Ok(true);
        }
        Ok(self.refresh().await?.runs().contains_key(run.as_str()))
    }

    /// Appends a run: afterwards it is there as a whole, or nothing of it can be read.
    ///
    /// Order of series, sketches and points is made canonical, and series without samples are left out. When two
    /// append the same run at a time, the first wins and the other is told [`Appended::AlreadyThere`].
    ///
    /// # Errors
    /// [`AppendError`]; the same run may be appended again.
    pub async fn append(&self, record: RunRecord) -> Result<Appended, AppendError> {
        let run = record.run.run.clone();
        if self.inner.mode == OpenMode::Read {
            return Err(AppendError::ReadOnly { location: self.inner.location.clone() });
        }
        validate(&record).map_err(|source| AppendError::Invalid { run: run.clone(), source })?;
        let storage = |source| AppendError::Storage {
            run: run.clone(),
            location: self.inner.location.clone(),
            source,
        };
        if self.contains(&run).await.map_err(storage)? {
            return Ok(Appended::AlreadyThere);
        }
        let (plan, month) = (record.run.plan.clone(), month(record.run.started_ns));
        let encoded = tokio::task::spawn_blocking(move || encode(&record))
            .await
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))
            .map_err(|source| AppendError::Encode { run: run.clone(), source })?;
        // Every try has its own names: files that a killed try left behind are neither read nor written over.
        let name = format!("{}.{}", escape(run.as_str()), nonce());
        let files = self.write_files(&plan, &month, &name, encoded).await.map_err(storage)?;
        let chunk = Chunk { runs: vec![run.as_str().to_owned()], files };
        let commit = Commit::new(&plan, &month, None, vec![chunk]);
        self.commit_run(&run, commit).await.map_err(storage)
    }

    /// Writes the files of one chunk; they are on the disk when this returns.
    pub(crate) async fn write_files(
        &self,
        plan: &str,
        month: &str,
        name: &str,
        encoded: Vec<Encoded>,
    ) -> Result<Vec<FileEntry>, StorageError> {
        let writes = encoded.into_iter().map(|file| async move {
            let path = data_path(file.table, plan, month, name);
            let entry = FileEntry {
                table: file.table,
                path: path.to_string(),
                rows: file.rows,
                size: file.bytes.len() as u64,
                sha256: hex(&Sha256::digest(&file.bytes)),
            };
            let failed = |error| StorageError::new(path.as_ref(), error);
            self.inner.objects.put(&path, file.bytes.into()).await.map_err(failed)?;
            Ok(entry)
        });
        try_join_all(writes).await
    }

    async fn commit_run(&self, run: &RunId, commit: Commit) -> Result<Appended, StorageError> {
        let path = run_commit_path(run.as_str());
        let bytes = commit.to_bytes();
        match self.inner.objects.put_opts(&path, bytes.into(), PutMode::Create.into()).await {
            Ok(_) => {
                self.update(|catalogue| catalogue.with(path.as_ref(), commit));
                Ok(Appended::Stored)
            }
            Err(
                object_store::Error::AlreadyExists { .. }
                | object_store::Error::Precondition { .. },
            ) => {
                let found = self.refresh().await?;
                if found.runs().contains_key(run.as_str()) {
                    return Ok(Appended::AlreadyThere);
                }
                let reason = "a damaged commit of the run is in the way; verify the store first";
                Err(StorageError::new(
                    path.as_ref(),
                    object_store::Error::AlreadyExists {
                        path: path.to_string(),
                        source: reason.into(),
                    },
                ))
            }
            Err(error) => Err(StorageError::new(path.as_ref(), error)),
        }
    }
}

const _: fn() = || {
    fn assert_send<T: Send + Sync>() {}
    assert_send::<Arc<Store>>();
};
