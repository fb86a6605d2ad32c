use std::io;
use std::path::PathBuf;

use ground_core::id::{RunId, SweepId};

use super::journal::JournalError;
use super::ports::BoxError;
use crate::build::BuildError;
use crate::revisions::RevisionError;

/// A sweep that cannot begin or go on; what was recorded stays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The request asks for nothing.
    #[error("the sweep has no {what}")]
    Empty {
        /// What is missing: `runs` or `repetitions`.
        what: &'static str,
    },
    /// Two cells of the matrix are the same.
    #[error("the sweep asks for run `{run}` twice with the same parameters and runner")]
    RepeatedCell {
        /// The run's identifier within the composition.
        run: String,
    },
    /// There is no such runner.
    #[error("runner `{runner}` is not known here; known are {}", known.join(", "))]
    UnknownRunner {
        /// The runner that was asked for.
        runner: String,
        /// Those there are.
        known: Vec<String>,
    },
    /// The plan's name cannot be a path below the outputs.
    #[error("plan name `{plan}` cannot be used as a directory")]
    PlanName {
        /// The name.
        plan: String,
    },
    /// The revisions cannot be resolved.
    #[error(transparent)]
    Revision(#[from] RevisionError),
    /// Nothing can be built at all.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// Another engine runs the same sweep.
    #[error("process {holder} runs this sweep already")]
    Busy {
        /// The other engine's process id, as it wrote it.
        holder: String,
    },
    /// The state directory cannot be used.
    #[error("`{path}` cannot be used", path = path.display())]
    State {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The journal cannot be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A run was measured and cannot be recorded; all before it are.
    #[error("run `{run}` of sweep `{sweep}` cannot be recorded; {done} of {total} runs are")]
    Record {
        /// The sweep.
        sweep: SweepId,
        /// The run.
        run: RunId,
        /// Runs that are done.
        done: u64,
        /// All runs of the sweep as it stands.
        total: u64,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// Too many runs in a row could not be executed; all their attempts are recorded.
    #[error("runner `{runner}` could not execute {runs} runs in a row: {reason}")]
    Machinery {
        /// The runner.
        runner: String,
        /// How many.
        runs: u32,
        /// Why not the last of them.
        reason: String,
    },
    /// The stopping rule failed; all runs so far are recorded.
    #[error("the stopping rule of sweep `{sweep}` failed")]
    Rule {
        /// The sweep.
        sweep: SweepId,
        /// Why.
        #[source]
        source: BoxError,
    },
}

/// Why storage takes nothing more, as far as it can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StorageTrouble {
    /// The disk or the quota is full.
    Full,
    /// It may not be written.
    ReadOnly,
}

impl EngineError {
    /// Returns why storage took nothing more, where that is the reason.
    #[must_use]
    pub fn storage_trouble(&self) -> Option<StorageTrouble> {
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(self);
        while let Some(error) = cause {
            if let Some(error) = error.downcast_ref::<io::Error>() {
                match error.kind() {
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                        return Some(StorageTrouble::Full);
                    }
                    io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
                        return Some(StorageTrouble::ReadOnly);
                    }
                    _ => {}
                }
            }
            cause = error.source();
        }
        None
    }

    /// Returns what to do about it; empty where nothing is known.
    #[must_use]
    pub fn hint(&self) -> String {
        let resume = "the same command goes on where it stopped";
        match (self, self.storage_trouble()) {
            (Self::Revision(error) | Self::Build(BuildError::Revision(error)), _) => error.hint(),
            (_, Some(StorageTrouble::Full)) => format!("make room on the disk; {resume}"),
            (_, Some(StorageTrouble::ReadOnly)) => format!("make it writable; {resume}"),
            (Self::Busy { .. }, _) => "wait for it, or end it; it saves its state".to_owned(),
            (Self::Record { .. } | Self::Rule { .. } | Self::Machinery { .. }, _) => {
                resume.to_owned()
            }
            (Self::Journal(error), _) => error.hint(),
            _ => String::new(),
        }
    }
}
