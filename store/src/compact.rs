//! Merging many small files into few.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use object_store::{ObjectStoreExt as _, PutMode};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;
use sha2::{Digest as _, Sha256};

use crate::catalogue::{Catalogue, Live};
use crate::commit::{Chunk, Commit};
use crate::encode::{EncodeError, Encoded, TableWriter};
use crate::layout::{COMMITS, escape, hex, nonce, pack_commit_path, parse};
use crate::location::StorageError;
use crate::store::{OpenMode, Store};
use crate::table::Table;

/// How a store is compacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompactOptions {
    /// Small runs that a partition must hold before they are merged.
    pub min_runs: usize,
    /// Bytes at which merged files are closed; runs of half of this are left as they are.
    pub target_bytes: u64,
    /// How long files that were merged stay for readers who are still at them.
    pub grace: Duration,
}

impl Default for CompactOptions {
    /// At least 32 runs, 128 MiB, one hour.
    fn default() -> Self {
        Self { min_runs: 32, target_bytes: 128 << 20, grace: Duration::from_secs(3_600) }
    }
}

/// What a compaction did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CompactReport {
    /// Runs whose files were merged.
    pub merged_runs: usize,
    /// Files that hold them now.
    pub written_files: usize,
    /// Partitions that somebody else compacted in the same moment, and that were left to them.
    pub lost_races: usize,
    /// Objects that were removed since later ones hold the same rows.
    pub removed_objects: usize,
}

/// A store could not be compacted; what could be read before still can.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompactError {
    /// The store was opened for reading.
    #[error("the store at `{location}` is opened for reading only")]
    ReadOnly {
        /// The store's location.
        location: String,
    },
    /// The storage failed.
    #[error("the store could not be compacted")]
    Storage(#[from] StorageError),
    /// A file is not what was committed; verifying the store puts its runs aside.
    #[error("`{path}` does not match its digest")]
    Damaged {
        /// The file.
        path: String,
    },
    /// A file could not be read or written.
    #[error("files could not be merged")]
    Encode(#[from] EncodeError),
}

impl From<ParquetError> for CompactError {
    fn from(error: ParquetError) -> Self {
        Self::Encode(error.into())
    }
}

/// The runs of one partition that are merged, and those that stay.
struct Partition<'a> {
    plan: &'a str,
    month: &'a str,
    small: Vec<&'a Live>,
    kept: Vec<&'a Live>,
}

impl Store {
    /// Merges the files of small runs, partition by partition, in the order of their identifiers.
    ///
    /// One commit replaces all earlier ones of a partition, so readers see the old files or the new ones. Old files
    /// are removed by a later compaction, once `grace` is over.
    ///
    /// # Errors
    /// [`CompactError`]; whatever happens, every run stays readable.
    pub async fn compact(&self, options: CompactOptions) -> Result<CompactReport, CompactError> {
        if self.inner.mode == OpenMode::Read {
            return Err(CompactError::ReadOnly { location: self.inner.location.clone() });
        }
        let catalogue = self.refresh().await?;
        self.put_aside(&catalogue).await?;
        let catalogue = self.refresh().await?;
        let mut report = CompactReport::default();
        for partition in partitions(&catalogue, &options) {
            self.compact_partition(&catalogue, &partition, &options, &mut report).await?;
        }
        report.removed_objects = self.remove_superseded(options.grace).await?;
        Ok(report)
    }

    async fn compact_partition(
        &self,
        catalogue: &Catalogue,
        partition: &Partition<'_>,
        options: &CompactOptions,
        report: &mut CompactReport,
    ) -> Result<(), CompactError> {
        let (plan, month) = (partition.plan, partition.month);
        let mut chunks: Vec<Chunk> = partition
            .kept
            .iter()
            .filter(|live| !live.loose)
            .map(|live| live.chunk.clone())
            .collect();
        let (mut merged, mut written) = (0, Vec::new());
        for group in groups(&partition.small, options.target_bytes) {
            let chunk = self.merge(plan, month, &group).await?;
            merged += chunk.runs.len();
            written.extend(chunk.files.iter().map(|file| file.path.clone()));
            chunks.push(chunk);
        }
        let prefix = format!("{COMMITS}/pack-{}-{month}-", escape(plan));
        let seq = catalogue.last_seq(&prefix) + 1;
        let path = pack_commit_path(plan, month, seq);
        let commit = Commit::new(plan, month, Some(seq), chunks);
        let bytes = commit.to_bytes();
        match self.inner.objects.put_opts(&path, bytes.into(), PutMode::Create.into()).await {
            Ok(_) => {
                self.update(|known| known.with(path.as_ref(), commit));
                report.merged_runs += merged;
                report.written_files += written.len();
                Ok(())
            }
            Err(
                object_store::Error::AlreadyExists { .. }
                | object_store::Error::Precondition { .. },
            ) => {
                report.lost_races += 1;
                self.remove(&written).await?;
                Ok(())
            }
            Err(error) => Err(StorageError::new(path.as_ref(), error).into()),
        }
    }

    async fn merge(&self, plan: &str, month: &str, group: &[&Live]) -> Result<Chunk, CompactError> {
        let mut encoded = Vec::new();
        for table in Table::ALL {
            let mut sources = Vec::new();
            for live in group {
                for file in live.chunk.files.iter().filter(|file| file.table == table) {
                    let failed = |error| StorageError::new(file.path.as_str(), error);
                    let found = self.inner.objects.get(&parse(&file.path)).await.map_err(failed)?;
                    let bytes = found.bytes().await.map_err(failed)?;
                    if hex(&Sha256::digest(&bytes)) != file.sha256 {
                        return Err(CompactError::Damaged { path: file.path.clone() });
                    }
                    sources.push(bytes);
                }
            }
            if !sources.is_empty() {
                let merge = move || -> Result<Encoded, CompactError> {
                    let mut writer = TableWriter::new(table, table.file_schema(), true)?;
                    for bytes in sources {
                        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes)?;
                        for batch in reader.with_batch_size(65_536).build()? {
                            writer.write(&batch.map_err(EncodeError::from)?)?;
                        }
                    }
                    Ok(writer.finish()?)
                };
                let merged = tokio::task::spawn_blocking(merge).await;
                encoded.push(
                    merged.unwrap_or_else(|panic| std::panic::resume_unwind(panic.into_panic()))?,
                );
            }
        }
        let mut runs: Vec<String> = group.iter().flat_map(|live| live.chunk.runs.clone()).collect();
        runs.sort();
        let name = format!("pack-{}", nonce());
        Ok(Chunk { runs, files: self.write_files(plan, month, &name, encoded).await? })
    }

    /// Removes commits that say nothing any more, then the files that nobody names any more.
    async fn remove_superseded(&self, grace: Duration) -> Result<usize, StorageError> {
        let catalogue = self.refresh().await?;
        let mut old = Vec::new();
        for (commit, files) in catalogue.superseded() {
            if self.replaced_for(&catalogue, &commit, grace).await? {
                old.push((commit, files));
            }
        }
        let commits: Vec<String> = old.iter().map(|(commit, _)| commit.clone()).collect();
        let mut removed = self.remove(&commits).await?;
        let catalogue = self.refresh().await?;
        let named: HashSet<&str> = catalogue.named_files();
        let files: Vec<String> = old
            .into_iter()
            .flat_map(|(_, files)| files)
            .filter(|file| !named.contains(file.as_str()))
            .collect();
        removed += self.remove(&files).await?;
        Ok(removed)
    }

    /// Returns whether the commits that hold the runs of `commit` now are older than `grace`.
    async fn replaced_for(
        &self,
        catalogue: &Arc<Catalogue>,
        commit: &str,
        grace: Duration,
    ) -> Result<bool, StorageError> {
        let now = SystemTime::now();
        for holder in catalogue.holders(commit) {
            let failed = |error| StorageError::new(holder.as_str(), error);
            let meta = self.inner.objects.head(&parse(&holder)).await.map_err(failed)?;
            if now.duration_since(meta.last_modified.into()).unwrap_or_default() < grace {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn remove(&self, objects: &[String]) -> Result<usize, StorageError> {
        for name in objects {
            match self.inner.objects.delete(&parse(name)).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(StorageError::new(name.as_str(), error)),
            }
        }
        Ok(objects.len())
    }
}

/// Returns partitions that are worth the work.
fn partitions<'a>(catalogue: &'a Catalogue, options: &CompactOptions) -> Vec<Partition<'a>> {
    let mut all: BTreeMap<(&str, &str), Partition<'_>> = BTreeMap::new();
    for live in catalogue.live() {
        let partition = all.entry((&live.plan, &live.month)).or_insert_with(|| Partition {
            plan: &live.plan,
            month: &live.month,
            small: Vec::new(),
            kept: Vec::new(),
        });
        if live.chunk.bytes() < options.target_bytes / 2 {
            partition.small.push(live);
        } else {
            partition.kept.push(live);
        }
    }
    let worth = |partition: &Partition<'_>| {
        let loose = partition.small.iter().filter(|live| live.loose).count();
        loose >= options.min_runs.max(2)
    };
    all.into_values().filter(worth).collect()
}

/// Cuts runs, by identifier, into groups of about `target` bytes.
fn groups<'a>(small: &[&'a Live], target: u64) -> Vec<Vec<&'a Live>> {
    let mut sorted = small.to_vec();
    sorted.sort_by(|a, b| a.chunk.runs.cmp(&b.chunk.runs));
    let mut groups = vec![Vec::new()];
    let mut bytes = 0;
    for live in sorted {
        if bytes >= target {
            groups.push(Vec::new());
            bytes = 0;
        }
        bytes += live.chunk.bytes();
        if let Some(group) = groups.last_mut() {
            group.push(live);
        }
    }
    groups.retain(|group| !group.is_empty());
    groups
}
