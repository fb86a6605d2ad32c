//! The journal of a sweep: what was asked, and what is done.
//!
//! One JSON object a line, appended and synchronised one by one. The shapes here are those on disk; they change only
//! with [`JOURNAL_VERSION`].

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The version of the journal's lines.
pub const JOURNAL_VERSION: u32 = 1;

/// The journal's file in a sweep's directory.
const FILE: &str = "journal.ndjson";

/// A journal that cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The file cannot be read or written.
    #[error("journal `{path}` cannot be {doing}", path = path.display())]
    Io {
        /// The journal.
        path: PathBuf,
        /// `read` or `written`.
        doing: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A line is not one of ours.
    #[error("journal `{path}` is damaged at line {line}", path = path.display())]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The lines do not follow from each other.
    #[error("journal `{path}` does not begin with its sweep", path = path.display())]
    Headless {
        /// The journal.
        path: PathBuf,
    },
    /// Another release wrote it.
    #[error("journal `{path}` has version {version}; this release reads {JOURNAL_VERSION}", path = path.display())]
    Version {
        /// The journal.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
}

impl JournalError {
    /// Returns what to do about it; empty where nothing is known.
    #[must_use]
    pub fn hint(&self) -> String {
        let (Self::Damaged { path, .. } | Self::Headless { path } | Self::Version { path, .. }) =
            self
        else {
            return String::new();
        };
        let dir = path.parent().unwrap_or(path).display();
        format!("recorded runs are in the store; `mv {dir} {dir}.old` begins the sweep anew")
    }
}

/// One line of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Line {
    /// What was asked; always the first.
    Sweep(Header),
    /// Blocks that were put into order.
    Batch(Batch),
    /// An attempt began.
    Started { position: u32, attempt: u32, run: String, at_ns: i64 },
    /// An attempt ended and is about to be recorded; an open one leaves the run to be tried again.
    Executed {
        position: u32,
        attempt: u32,
        run: String,
        outcome: String,
        reason: String,
        open: bool,
    },
    /// An attempt is recorded.
    Recorded { position: u32, attempt: u32, run: String },
    /// Blocks of a cell in a range of blocks are not needed.
    Decided { cell: usize, from_block: u32, to_block: u32, reason: String },
    /// Every run of every batch is done.
    Ended { at_ns: i64 },
}

/// What was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) v: u32,
    pub(super) asked: String,
    pub(super) sweep: String,
    pub(super) seed: u64,
    pub(super) tool: String,
    pub(super) at_ns: i64,
    pub(super) plan: String,
    pub(super) cells: Vec<CellLine>,
    pub(super) revisions: Vec<RevisionLine>,
}

/// A cell as it lies on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CellLine {
    pub(super) run: String,
    pub(super) params: BTreeMap<String, String>,
    pub(super) runner: String,
}

/// A revision as it lies on disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RevisionLine {
    pub(super) identity: String,
    pub(super) subject: String,
}

/// Blocks that were put into order by [`ground_core::sweep::schedule`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Batch {
    pub(super) batch: u32,
    pub(super) cells: Vec<usize>,
    pub(super) repetitions: u32,
    pub(super) seed: u64,
    pub(super) why: Why,
}

/// Why there is a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Why {
    /// It is the first.
    Asked,
    /// The sweep was complete and asked for again.
    Again,
    /// The stopping rule wants more blocks.
    Rule,
}

/// A journal at the end of which lines are appended.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    path: PathBuf,
    /// Bytes of whole lines.
    len: u64,
}

impl Journal {
    /// Opens the journal in `dir`, or begins it, and returns the lines it has.
    ///
    /// A last line that was cut off or never reached the disk is taken away.
    pub(super) fn open(dir: &Path) -> Result<(Self, Vec<Line>), JournalError> {
        let path = dir.join(FILE);
        let failed = |doing| {
            let path = path.clone();
            move |source| JournalError::Io { path, doing, source }
        };
        let mut options = OpenOptions::new();
        let options = options.append(true).create(true).read(true);
        let file = options.open(&path).map_err(failed("written"))?;
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed("written"))?;
        let bytes = fs::read(&path).map_err(failed("read"))?;
        let (lines, len) = parse(&bytes, &path)?;
        if len < bytes.len() as u64 {
            tracing::warn!(path = %path.display(), "a torn line at the end of a journal is dropped");
            file.set_len(len).and_then(|()| file.sync_data()).map_err(failed("written"))?;
        }
        Ok((Self { file, path, len }, lines))
    }

    /// Appends `line`; when this returns it survives everything.
    pub(super) fn append(&mut self, line: &Line) -> Result<(), JournalError> {
        let mut bytes = serde_json::to_vec(line).expect("bug: a journal line is plain data");
        bytes.push(b'\n');
        if let Err(source) = self.file.write_all(&bytes).and_then(|()| self.file.sync_data()) {
            // Half a line, as of a full disk, would stand in the way of the next.
            let _ = self.file.set_len(self.len);
            return Err(JournalError::Io { path: self.path.clone(), doing: "written", source });
        }
        self.len += bytes.len() as u64;
        Ok(())
    }
}

/// Returns the lines and how many bytes they take, which is less than there are when the last is torn.
fn parse(bytes: &[u8], path: &Path) -> Result<(Vec<Line>, u64), JournalError> {
    let mut lines = Vec::new();
    let mut len = 0;
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    for (index, text) in bytes[..whole].split_inclusive(|byte| *byte == b'\n').enumerate() {
        check_version(text, path)?;
        match serde_json::from_slice(text) {
            Ok(line) => lines.push(line),
            // Length may reach the disk before content does: zeros where the last line should be.
            Err(_) if len + text.len() == whole && text.contains(&0) => break,
            Err(source) => {
                return Err(JournalError::Damaged { path: path.into(), line: index + 1, source });
            }
        }
        len += text.len();
    }
    match lines.first() {
        None | Some(Line::Sweep(_)) => Ok((lines, len as u64)),
        Some(_) => Err(JournalError::Headless { path: path.to_path_buf() }),
    }
}

/// Tells another version apart from damage, whatever else that version changed.
fn check_version(text: &[u8], path: &Path) -> Result<(), JournalError> {
    #[derive(Deserialize)]
    struct Versioned {
        v: u32,
    }
    match serde_json::from_slice::<Versioned>(text) {
        Ok(Versioned { v }) if v != JOURNAL_VERSION => {
            Err(JournalError::Version { path: path.to_path_buf(), version: v })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
