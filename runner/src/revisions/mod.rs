//! Resolves what people call revisions, by the git binary.

mod changes;
mod error;
mod git;
mod repository;

use std::path::Path;

use ground_core::digest::Digest;
use ground_core::revision::Revision;

pub use error::RevisionError;
pub use git::{Git, GitError};
pub use repository::Repository;

pub(crate) use changes::of_file;
pub(crate) use repository::machine_name;

/// Words for the files as they are, committed or not; the empty text means the same.
pub const WORK_TREE_WORDS: [&str; 3] = ["", "worktree", "dirty"];

/// A revision with what a builder needs to find its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The revision.
    pub revision: Revision,
    /// Where its files are.
    pub place: Place,
    /// The digest of everything in which the files differ from the commit; nothing when they do not.
    pub changes: Option<Digest>,
}

/// Where a revision's files are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// In the plan's own directory, as they are now.
    WorkTree,
    /// In the repository's history.
    Commit,
}

impl Target {
    /// Returns the target of a plan outside any repository.
    #[must_use]
    pub fn outside() -> Self {
        Self { revision: Revision::default(), place: Place::WorkTree, changes: None }
    }

    /// Returns what tells this target's source from any other of the same repository.
    #[must_use]
    pub fn identity(&self) -> String {
        match &self.changes {
            None => self.revision.commit.clone(),
            Some(changes) => format!("{}+{changes}", self.revision.commit),
        }
    }
}

/// Resolves `specs` for the plan in `dir`, in their order, each revision once.
///
/// A spec is a commit, branch or tag as git names it; `A..B`: the first-parent chain from `A` to `B`, oldest first, with
/// both ends, where an end left out is `HEAD`; or one of [`WORK_TREE_WORDS`] for the files as they are. No spec at all
/// means the files as they are.
///
/// # Errors
/// [`RevisionError`]; a plan outside any repository has no other revision than its files.
pub fn resolve(dir: &Path, specs: &[String]) -> Result<Vec<Target>, RevisionError> {
    let work_tree = [String::new()];
    let specs = if specs.is_empty() { &work_tree[..] } else { specs };
    match Repository::find(dir)? {
        Some(repository) => repository.resolve(specs),
        None => match specs.iter().find(|spec| !is_work_tree(spec)) {
            None => Ok(vec![Target::outside()]),
            Some(spec) => {
                Err(RevisionError::NotARepository { dir: dir.to_path_buf(), asked: spec.clone() })
            }
        },
    }
}

pub(crate) fn is_work_tree(spec: &str) -> bool {
    WORK_TREE_WORDS.contains(&spec)
}

#[cfg(test)]
pub(crate) mod tests;
