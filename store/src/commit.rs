//! The wire shape of commits and notes.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::layout::hex;
use crate::marker::FORMAT_VERSION;
use crate::table::Table;

/// What one commit object says: which runs are there, and in which files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Commit {
    /// Format version of the commit.
    pub(crate) version: u32,
    /// The plan of all its runs, as it is called.
    pub(crate) plan: String,
    /// The month in which all its runs were started.
    pub(crate) month: String,
    /// Counts compactions of the partition; none for the commit of a single run.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) seq: Option<u64>,
    /// Runs and their files.
    pub(crate) chunks: Vec<Chunk>,
}

/// Runs whose rows share files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Chunk {
    /// Identifiers, rising.
    pub(crate) runs: Vec<String>,
    /// At most one file per table; a table without rows has none.
    pub(crate) files: Vec<FileEntry>,
}

impl Chunk {
    pub(crate) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }
}

/// One file of a chunk.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct FileEntry {
    #[serde(with = "table_name")]
    pub(crate) table: Table,
    pub(crate) path: String,
    pub(crate) rows: u64,
    pub(crate) size: u64,
    pub(crate) sha256: String,
}

mod table_name {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::table::Table;

    pub(super) fn serialize<S: Serializer>(table: &Table, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(table.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Table, D::Error> {
        let name = String::deserialize(from)?;
        Table::ALL
            .into_iter()
            .find(|table| table.as_str() == name)
            .ok_or_else(|| D::Error::custom(format!("`{name}` is no table")))
    }
}

/// A commit with the digest of its own text, so that a torn one is told from a whole one.
#[derive(Serialize, Deserialize)]
struct Sealed<'a> {
    sha256: String,
    #[serde(borrow)]
    commit: &'a RawValue,
}

impl Commit {
    pub(crate) fn new(plan: &str, month: &str, seq: Option<u64>, chunks: Vec<Chunk>) -> Self {
        let version = FORMAT_VERSION;
        Self { version, plan: plan.to_owned(), month: month.to_owned(), seq, chunks }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let body = serde_json::value::to_raw_value(self).expect("bug: a commit is plain JSON");
        let sha256 = hex(&Sha256::digest(body.get().as_bytes()));
        serde_json::to_vec(&Sealed { sha256, commit: &body }).expect("bug: a commit is plain JSON")
    }

    /// Reads a commit; what is wrong with it is told in words.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let sealed: Sealed<'_> = serde_json::from_slice(bytes)
            .map_err(|error| format!("the commit is torn ({error})"))?;
        if hex(&Sha256::digest(sealed.commit.get().as_bytes())) != sealed.sha256 {
            return Err("the commit does not match its digest".to_owned());
        }
        serde_json::from_str(sealed.commit.get())
            .map_err(|error| format!("the commit is not understood ({error})"))
    }
}

/// What was put aside, and why. Its files stay where they are and are read no more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Note {
    pub(crate) version: u32,
    /// What was found, in one line.
    pub(crate) reason: String,
    /// Runs that are lost with it; empty where nobody can tell.
    pub(crate) runs: Vec<String>,
    /// Files that are read no more.
    pub(crate) files: Vec<String>,
    /// The commit as it was found, where there was one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) commit: Option<String>,
}

impl Note {
    pub(crate) fn new(reason: String, runs: Vec<String>, files: Vec<String>) -> Self {
        Self { version: FORMAT_VERSION, reason, runs, files, commit: None }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).expect("bug: a note is plain JSON")
    }
}

#[cfg(test)]
mod tests {
    use super::{Chunk, Commit, FileEntry};
    use crate::table::Table;

    fn commit() -> Commit {
        let file = FileEntry {
            table: Table::Points,
            path: "points/plan=p/month=2026-11/r.parquet".to_owned(),
            rows: 3,
            size: 100,
            sha256: "00".to_owned(),
        };
        let chunk = Chunk { runs: vec!["r".to_owned()], files: vec![file] };
        Commit::new("p \"quoted\"", "2026-11", Some(2), vec![chunk])
    }

    #[test]
    fn every_torn_or_changed_commit_is_told() {
        let bytes = commit().to_bytes();
        for end in 0..bytes.len() {
            assert!(Commit::parse(&bytes[..end]).is_err(), "cut at {end}");
        }
        let changed = String::from_utf8(bytes.clone()).unwrap().replace("\"rows\":3", "\"rows\":4");
        assert!(Commit::parse(changed.as_bytes()).unwrap_err().contains("digest"));
        assert_eq!(Commit::parse(&bytes).unwrap(), commit());
    }
}
