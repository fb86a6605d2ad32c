//! Looking at every byte, and putting aside what is damaged.

use std::collections::HashSet;
use std::fmt;
use std::time::{Duration, SystemTime};

use object_store::{ObjectStoreExt as _, PutMode};
use sha2::{Digest as _, Sha256};

use crate::catalogue::{Catalogue, Quarantined, data_files};
use crate::commit::{FileEntry, Note};
use crate::layout::{COMMITS, hex, note_path, parse};
use crate::location::StorageError;
use crate::store::{OpenMode, Store, TORN_AFTER};

/// A store could not be verified.
#[derive(Debug, thiserror::Error)]
#[error("the store at `{location}` could not be verified")]
pub struct VerifyError {
    /// The store's location.
    pub location: String,
    /// What failed.
    pub source: StorageError,
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// Runs that were committed and cannot be read any more.
    Damaged(Quarantined),
    /// Files that no commit names: a run that is being appended right now, or one that was torn.
    Uncommitted {
        /// The objects.
        objects: Vec<String>,
        /// Whether they are so old that nobody is writing them any more.
        torn: bool,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(damage) => damage.fmt(f),
            Self::Uncommitted { objects, torn: true } => {
                write!(
                    f,
                    "{} files of torn runs are not read: nothing committed them",
                    objects.len()
                )
            }
            Self::Uncommitted { objects, torn: false } => {
                write!(f, "{} files are not committed yet: being written, or torn", objects.len())
            }
        }
    }
}

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Runs that are whole.
    pub runs: usize,
    /// Files that were read.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// What is wrong; empty when all is well.
    pub problems: Vec<Problem>,
}

impl Store {
    /// Reads every byte of every run and compares it with what was committed.
    ///
    /// A store that may be written puts damaged runs aside, so that they can be appended again; nothing is deleted
    /// but the commit, which the note about it holds.
    ///
    /// # Errors
    /// [`VerifyError`] when the storage fails; damage is no error but in the report.
    pub async fn verify(&self) -> Result<VerifyReport, VerifyError> {
        self.verify_with(TORN_AFTER).await
    }

    /// Does what [`Self::verify`] does, and takes files without a commit for torn once they are `torn_after` old.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub async fn verify_with(&self, torn_after: Duration) -> Result<VerifyReport, VerifyError> {
        let verified = self.verify_storage(torn_after).await;
        verified.map_err(|source| VerifyError { location: self.inner.location.clone(), source })
    }

    async fn verify_storage(&self, torn_after: Duration) -> Result<VerifyReport, StorageError> {
        let catalogue = self.refresh().await?;
        let mut report = VerifyReport::default();
        let mut damaged: Vec<Quarantined> = catalogue.quarantined().to_vec();
        for live in catalogue.live() {
            let mut wrong = None;
            for file in &live.chunk.files {
                report.files += 1;
                report.bytes += file.size;
                wrong = wrong.or(self.compare(file).await?);
            }
            match wrong {
                None => report.runs += live.chunk.runs.len(),
                Some(reason) => damaged.push(Quarantined {
                    runs: live.chunk.runs.clone(),
                    reason,
                    objects: live
                        .chunk
                        .files
                        .iter()
                        .map(|file| file.path.clone())
                        .chain([live.commit.clone()])
                        .collect(),
                    noted: false,
                }),
            }
        }
        let uncommitted = self.uncommitted(torn_after).await?;
        if self.inner.mode != OpenMode::Read {
            self.note_all(&catalogue, &damaged).await?;
            for problem in &uncommitted {
                self.note_torn(problem).await?;
            }
            self.refresh().await?;
        }
        report.problems = damaged.into_iter().map(Problem::Damaged).chain(uncommitted).collect();
        Ok(report)
    }

    /// Says in words what is wrong with a file.
    pub(crate) async fn compare(&self, file: &FileEntry) -> Result<Option<String>, StorageError> {
        let failed = |error| StorageError::new(file.path.as_str(), error);
        let found = match self.inner.objects.get(&parse(&file.path)).await {
            Ok(found) => found.bytes().await.map_err(failed)?,
            Err(object_store::Error::NotFound { .. }) => {
                return Ok(Some(format!("`{}` is missing", file.path)));
            }
            Err(error) => return Err(failed(error)),
        };
        let same = hex(&Sha256::digest(&found)) == file.sha256;
        Ok((!same).then(|| format!("`{}` does not match its digest", file.path)))
    }

    async fn uncommitted(&self, torn_after: Duration) -> Result<Vec<Problem>, StorageError> {
        let files = data_files(self.inner.objects.as_ref()).await?;
        // Commits that came while files were listed are seen by this second look.
        let catalogue = self.refresh().await?;
        let named = catalogue.named_files();
        let now = SystemTime::now();
        let mut groups = [Vec::new(), Vec::new()];
        for file in files {
            if !named.contains(file.location.as_ref()) {
                let age = now.duration_since(file.last_modified.into()).unwrap_or_default();
                groups[usize::from(age >= torn_after)].push(file.location.to_string());
            }
        }
        let [young, old] = groups;
        Ok([(young, false), (old, true)]
            .into_iter()
            .filter(|(objects, _)| !objects.is_empty())
            .map(|(objects, torn)| Problem::Uncommitted { objects, torn })
            .collect())
    }

    /// Puts aside what a catalogue found damaged, so that its runs can be appended again.
    pub(crate) async fn put_aside(&self, catalogue: &Catalogue) -> Result<(), StorageError> {
        if catalogue.quarantined().iter().any(|damage| !damage.noted) {
            self.note_all(catalogue, catalogue.quarantined()).await?;
            self.refresh().await?;
        }
        Ok(())
    }

    async fn note_all(
        &self,
        catalogue: &Catalogue,
        damaged: &[Quarantined],
    ) -> Result<(), StorageError> {
        for damage in damaged.iter().filter(|damage| !damage.noted && !damage.newer()) {
            let commits: HashSet<&String> =
                damage.objects.iter().filter(|name| name.starts_with(COMMITS)).collect();
            let mut note =
                Note::new(damage.reason.clone(), damage.runs.clone(), damage.objects.clone());
            note.commit = commits.iter().find_map(|name| catalogue.commit_text(name));
            self.write_note(&note).await?;
            for name in commits.into_iter().filter(|name| catalogue.is_run_commit(name)) {
                match self.inner.objects.delete(&parse(name)).await {
                    Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                    Err(error) => return Err(StorageError::new(name.as_str(), error)),
                }
            }
        }
        Ok(())
    }

    async fn note_torn(&self, problem: &Problem) -> Result<(), StorageError> {
        let Problem::Uncommitted { objects, torn: true } = problem else { return Ok(()) };
        let reason = "files that nothing committed: a torn run".to_owned();
        self.write_note(&Note::new(reason, Vec::new(), objects.clone())).await
    }

    async fn write_note(&self, note: &Note) -> Result<(), StorageError> {
        let path = note_path(note.runs.first().map_or("unknown", String::as_str));
        let bytes = note.to_bytes();
        let put = self.inner.objects.put_opts(&path, bytes.into(), PutMode::Create.into()).await;
        put.map(|_| ()).map_err(|error| StorageError::new(path.as_ref(), error))
    }
}
