//! Revisions of a plan's repository.

use std::fmt;

/// One revision of the repository that a plan lives in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Revision {
    /// The full commit, 40 hex digits; empty for a plan outside any repository.
    pub commit: String,
    /// Whether the work tree differed from the commit when the plan was built.
    pub dirty: bool,
    /// Commits on the first-parent chain from the root up to here: orders revisions of one branch.
    pub position: i64,
    /// Commit time, seconds since the epoch.
    pub committed_at_s: i64,
    /// First line of the commit message.
    pub subject: String,
}

impl Revision {
    /// Digits of a commit that people see.
    const SHORT: usize = 7;

    /// Returns the first seven digits of the commit, with `+` behind when the work tree differed from it;
    /// `(none)` for a plan outside any repository.
    #[must_use]
    pub fn short(&self) -> String {
        if self.commit.is_empty() {
            return "(none)".to_owned();
        }
        let digits: String = self.commit.chars().take(Self::SHORT).collect();
        if self.dirty { format!("{digits}+") } else { digits }
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.short())
    }
}
