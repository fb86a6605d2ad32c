//! The working tree of builds: one per repository, moved from revision to revision.

use std::fs;
use std::path::{Path, PathBuf};

use crate::revisions::{Git, GitError, Repository};

/// A git worktree in the cache directory. Moving it touches only files that differ between two revisions, so their
/// times of change tell incremental builds what to do.
#[derive(Debug, Clone)]
pub(super) struct Checkout {
    repository: Git,
    dir: PathBuf,
}

impl Checkout {
    /// Names the worktree of `repository` at `dir`; nothing is made yet.
    pub(super) fn new(repository: &Repository, dir: PathBuf) -> Self {
        Self { repository: repository.git().clone(), dir }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Puts the files of `commit` into the worktree and removes all others.
    pub(super) fn move_to(&self, commit: &str) -> Result<(), GitError> {
        if !self.usable()? {
            self.make(commit)?;
        }
        let git = Git::at(&self.dir);
        git.bytes(&["checkout", "--quiet", "--force", "--detach", commit])?;
        self.clean()?;
        if self.dir.join(".gitmodules").exists() {
            git.bytes(&["submodule", "--quiet", "update", "--init", "--recursive", "--force"])?;
        }
        Ok(())
    }

    /// Removes everything that is not in the commit, and undoes changes.
    pub(super) fn clean(&self) -> Result<(), GitError> {
        let git = Git::at(&self.dir);
        git.bytes(&["reset", "--quiet", "--hard"])?;
        git.bytes(&["clean", "--quiet", "-ffdx"]).map(drop)
    }

    /// Returns whether the directory is a worktree of this repository and not what is left of one.
    fn usable(&self) -> Result<bool, GitError> {
        if !self.dir.join(".git").exists() {
            return Ok(false);
        }
        // A lock file is what is left of a git that was killed; nobody else works here while we hold the lock.
        let git = Git::at(&self.dir);
        let ask = ["rev-parse", "--path-format=absolute", "--git-dir", "--git-common-dir"];
        let Ok(text) = git.line(&ask) else { return Ok(false) };
        let (own, common) = text.split_once('\n').unwrap_or((&text, ""));
        let _ = fs::remove_file(Path::new(own).join("index.lock"));
        let theirs =
            self.repository.line(&["rev-parse", "--path-format=absolute", "--git-common-dir"])?;
        Ok(common == theirs)
    }

    fn make(&self, commit: &str) -> Result<(), GitError> {
        let _ = fs::remove_dir_all(&self.dir);
        self.repository.bytes(&["worktree", "prune"])?;
        let dir = self.dir.to_string_lossy().into_owned();
        let add = ["worktree", "add", "--quiet", "--force", "--force", "--detach", &dir, commit];
        self.repository.bytes(&add).map(drop)
    }
}
