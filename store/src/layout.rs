//! Names of objects within a store.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use chrono::{DateTime, Datelike as _};
use object_store::path::Path;
use sha2::{Digest as _, Sha256};

use crate::table::Table;

/// The object that says that this is a store, and of which format.
pub(crate) const MARKER: &str = "ground-store.json";
/// The folder of commits: what is not named there is not in the store.
pub(crate) const COMMITS: &str = "commits";
/// The folder of notes about what is not read any more, and why.
pub(crate) const QUARANTINE: &str = "quarantine";

/// Bytes of an escaped name beyond which it is cut and told apart by a digest: file names end at 255 bytes on common
/// file systems, and prefix, month and suffix need their part.
const LONGEST: usize = 120;

/// Turns any text into one path segment: letters, digits, `_`, `-` and inner dots stay, other bytes become `%XX`.
///
/// Different texts give different segments.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let inner_dot = byte == b'.' && !out.is_empty();
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') || inner_dot {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    if out.len() > LONGEST {
        let digest = hex(&Sha256::digest(text.as_bytes()));
        out.truncate(LONGEST - 33);
        out = format!("{out}~{}", &digest[..32]);
    }
    out
}

/// Returns the month in UTC as `2026-11`.
pub(crate) fn month(t_ns: i64) -> String {
    let at = DateTime::from_timestamp_nanos(t_ns);
    format!("{:04}-{:02}", at.year(), at.month())
}

/// Returns digits that no other writer uses.
pub(crate) fn nonce() -> String {
    format!("{:016x}", RandomState::new().build_hasher().finish())
}

/// Returns where a table's file of one partition lies.
pub(crate) fn data_path(table: Table, plan: &str, month: &str, name: &str) -> Path {
    parse(&format!("{table}/plan={}/month={month}/{name}.parquet", escape(plan)))
}

/// Returns where the commit of one run lies.
pub(crate) fn run_commit_path(run: &str) -> Path {
    parse(&format!("{COMMITS}/run-{}.json", escape(run)))
}

/// Returns where the commit of a partition's compaction lies.
pub(crate) fn pack_commit_path(plan: &str, month: &str, seq: u64) -> Path {
    parse(&format!("{COMMITS}/pack-{}-{month}-{seq:08}.json", escape(plan)))
}

/// Returns where a note lies.
pub(crate) fn note_path(name: &str) -> Path {
    parse(&format!("{QUARANTINE}/{}-{}.json", escape(name), nonce()))
}

/// Reads a path that was made by this module or listed by the store.
pub(crate) fn parse(path: &str) -> Path {
    Path::parse(path).unwrap_or_else(|error| panic!("bug: `{path}` is no object path: {error}"))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::{data_path, escape, month, run_commit_path};
    use crate::table::Table;

    #[test]
    fn no_name_leaves_its_folder() {
        assert_eq!(escape(".."), "%2E.");
        assert_eq!(escape("../../etc/passwd"), "%2E.%2F..%2Fetc%2Fpasswd");
        assert_eq!(escape("a=b c'\"\n"), "a%3Db%20c%27%22%0A");
        assert_eq!(escape("é"), "%C3%A9");
        assert_eq!(escape("%C3"), "%25C3");
        assert_eq!(escape("gossip-2.x_y"), "gossip-2.x_y");
    }

    #[test]
    fn long_names_are_cut_and_told_apart() {
        let (a, b) = (format!("{}a", "x".repeat(300)), format!("{}b", "x".repeat(300)));
        assert_eq!(escape(&a).len(), 120);
        assert_ne!(escape(&a), escape(&b));
    }

    #[test]
    fn months_are_those_of_utc() {
        assert_eq!(month(0), "1970-01");
        assert_eq!(month(-1), "1969-12");
        assert_eq!(month(1_795_359_109_000_000_000), "2026-11");
        assert_eq!(month(i64::MIN), "1677-09");
    }

    #[test]
    fn paths_keep_their_escapes() {
        assert_eq!(
            data_path(Table::Runs, "a/b", "2026-11", "r").as_ref(),
            "runs/plan=a%2Fb/month=2026-11/r.parquet"
        );
        assert_eq!(run_commit_path("a'b").as_ref(), "commits/run-a%27b.json");
    }
}
