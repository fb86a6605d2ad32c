use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ground_core::digest::{Digest, Digester};
use ground_core::revision::Revision;

use super::error::RevisionError;
use super::git::{Git, GitError};
use super::{Place, Target, changes, is_work_tree};

/// How similar a name must be to be offered instead, from 0 to 1.
const SIMILAR: f64 = 0.6;

/// How many names are offered at most.
const OFFERED: usize = 3;

/// The repository that a plan lives in.
#[derive(Debug, Clone)]
pub struct Repository {
    git: Git,
    /// The plan's directory below the root, with `/` behind unless it is the root.
    prefix: String,
}

impl Repository {
    /// Finds the repository that `dir` lies in.
    ///
    /// # Errors
    /// [`RevisionError::Git`] when git is missing or refuses the repository.
    pub fn find(dir: &Path) -> Result<Option<Self>, RevisionError> {
        let git = Git::at(dir);
        match git.line(&["rev-parse", "--show-toplevel", "--show-prefix"]) {
            Ok(text) => {
                let (root, prefix) = text.split_once('\n').unwrap_or((&text, ""));
                Ok(Some(Self { git: Git::at(root), prefix: prefix.to_owned() }))
            }
            Err(GitError::Failed { message, .. }) if message.contains("not a git repository") => {
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the repository's root.
    #[must_use]
    pub fn root(&self) -> &Path {
        self.git.dir()
    }

    /// Returns the plan's directory below the root, with `/` behind unless it is the root.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Returns git as called in the root.
    #[must_use]
    pub fn git(&self) -> &Git {
        &self.git
    }

    /// Resolves `specs` in their order, each revision once; see [`super::resolve`].
    ///
    /// # Errors
    /// [`RevisionError`].
    pub fn resolve(&self, specs: &[String]) -> Result<Vec<Target>, RevisionError> {
        if self.git.line(&["rev-parse", "--is-shallow-repository"])? == "true" {
            return Err(RevisionError::Shallow { repository: self.root().to_path_buf() });
        }
        let mut wanted: Vec<(String, Place)> = Vec::new();
        let mut positions = BTreeMap::new();
        for spec in specs {
            if is_work_tree(spec) {
                wanted.push((self.head()?.unwrap_or_default(), Place::WorkTree));
            } else if let Some((from, to)) = spec.split_once("..") {
                let chain = self.range(spec, from, to, &mut positions)?;
                wanted.extend(chain.into_iter().map(|commit| (commit, Place::Commit)));
            } else {
                wanted.push((self.commit(spec)?, Place::Commit));
            }
        }
        let revisions = self.describe(&wanted, &mut positions)?;
        self.targets(wanted, &revisions)
    }

    /// Returns a digest of the content that `paths`, relative to the plan's directory, have at `commit`.
    ///
    /// No path at all means the whole repository. A path that does not exist counts as absent.
    ///
    /// # Errors
    /// [`RevisionError::Git`].
    pub fn tree_digest(&self, commit: &str, paths: &[String]) -> Result<Digest, RevisionError> {
        let mut digest = Digester::new();
        if paths.is_empty() {
            digest.field(self.git.line(&["rev-parse", &format!("{commit}^{{tree}}")])?);
        }
        for path in paths {
            let within = self.normal(path);
            let object = format!("{commit}:{within}");
            let id = match self.git.line(&["rev-parse", "--verify", "--quiet", &object]) {
                Ok(id) => id,
                Err(GitError::Failed { .. }) => String::new(),
                Err(error) => return Err(error.into()),
            };
            digest.field(&within);
            digest.field(id);
        }
        Ok(digest.finish())
    }

    /// Returns `path` below the plan's directory as a path below the root, without `.` and `..`.
    fn normal(&self, path: &str) -> String {
        let mut parts: Vec<&str> = Vec::new();
        for part in self.prefix.split('/').chain(path.split('/')) {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop();
                }
                part => parts.push(part),
            }
        }
        parts.join("/")
    }

    fn head(&self) -> Result<Option<String>, RevisionError> {
        match self.git.line(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]) {
            Ok(commit) => Ok(Some(commit)),
            // A repository without any commit yet.
            Err(GitError::Failed { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    fn commit(&self, asked: &str) -> Result<String, RevisionError> {
        let name = format!("{asked}^{{commit}}");
        match self.git.line(&["rev-parse", "--verify", "--quiet", "--end-of-options", &name]) {
            Ok(commit) => Ok(commit),
            Err(GitError::Failed { .. }) => Err(RevisionError::Unknown {
                repository: self.root().to_path_buf(),
                asked: asked.to_owned(),
                nearest: self.nearest(asked)?,
            }),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the commits of a range, oldest first, and notes the positions that follow from it.
    fn range(
        &self,
        range: &str,
        from: &str,
        to: &str,
        positions: &mut BTreeMap<String, i64>,
    ) -> Result<Vec<String>, RevisionError> {
        let or_head = |end: &str| if end.is_empty() { "HEAD".to_owned() } else { end.to_owned() };
        let (from, to) = (or_head(from), or_head(to));
        let (first, last) = (self.commit(&from)?, self.commit(&to)?);
        let descends =
            |old: &str, new: &str| self.git.agrees(&["merge-base", "--is-ancestor", old, new]);
        if !descends(&first, &last)? {
            let reversed = descends(&last, &first)?;
            return Err(RevisionError::NotAnAncestor {
                range: range.to_owned(),
                from,
                to,
                reversed,
            });
        }
        let text = self.git.line(&[
            "rev-list",
            "--first-parent",
            "--reverse",
            &format!("{first}..{last}"),
        ])?;
        let newer: Vec<String> = text.lines().map(str::to_owned).collect();
        let end = self.position(&last)?;
        for (commit, back) in newer.iter().rev().zip(0..) {
            positions.insert(commit.clone(), end - back);
        }
        Ok(std::iter::once(first).chain(newer).collect())
    }

    fn position(&self, commit: &str) -> Result<i64, RevisionError> {
        let count = self.git.line(&["rev-list", "--first-parent", "--count", commit])?;
        Ok(count.parse().expect("bug: git counts in decimal"))
    }

    /// Returns what the log says about all `wanted` commits.
    fn describe(
        &self,
        wanted: &[(String, Place)],
        positions: &mut BTreeMap<String, i64>,
    ) -> Result<BTreeMap<String, Revision>, RevisionError> {
        let commits: BTreeSet<&str> =
            wanted.iter().map(|(commit, _)| commit.as_str()).filter(|c| !c.is_empty()).collect();
        if commits.is_empty() {
            return Ok(BTreeMap::new());
        }
        let input: String = commits.iter().flat_map(|commit| [commit, "\n"]).collect();
        let format = ["log", "--no-walk=unsorted", "--stdin", "-z", "--format=%H%n%ct%n%s"];
        let text = self.git.fed(&format, input.as_bytes())?;
        let text = String::from_utf8_lossy(&text).into_owned();
        let mut revisions = BTreeMap::new();
        for entry in text.split('\0').filter(|entry| !entry.is_empty()) {
            let mut lines = entry.splitn(3, '\n');
            let mut next = || lines.next().unwrap_or_default().to_owned();
            let (commit, time, subject) = (next(), next(), next());
            let position = match positions.get(&commit) {
                Some(position) => *position,
                None => self.position(&commit)?,
            };
            let committed_at_s = time.parse().unwrap_or_default();
            let revision = Revision {
                commit: commit.clone(),
                dirty: false,
                position,
                committed_at_s,
                subject,
            };
            revisions.insert(commit, revision);
        }
        Ok(revisions)
    }

    fn targets(
        &self,
        wanted: Vec<(String, Place)>,
        revisions: &BTreeMap<String, Revision>,
    ) -> Result<Vec<Target>, RevisionError> {
        let mut targets: Vec<Target> = Vec::with_capacity(wanted.len());
        for (commit, place) in wanted {
            let mut revision = revisions.get(&commit).cloned().unwrap_or_default();
            let changes = match place {
                Place::WorkTree => changes::digest(&self.git, !commit.is_empty())?,
                Place::Commit => None,
            };
            revision.dirty = changes.is_some();
            let target = Target { revision, place, changes };
            if !targets.iter().any(|known| known.identity() == target.identity()) {
                targets.push(target);
            }
        }
        Ok(targets)
    }

    fn nearest(&self, asked: &str) -> Result<Vec<String>, RevisionError> {
        let refs = ["refs/heads", "refs/tags", "refs/remotes"];
        let text =
            self.git.line(&[&["for-each-ref", "--format=%(refname:short)"], &refs[..]].concat())?;
        let mut names: Vec<(f64, &str)> = text
            .lines()
            .map(|name| (strsim::jaro_winkler(asked, name), name))
            .filter(|(likeness, _)| *likeness >= SIMILAR)
            .collect();
        names.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        Ok(names.into_iter().take(OFFERED).map(|(_, name)| name.to_owned()).collect())
    }
}

/// Returns a short name that tells the directory from others on this machine.
pub(crate) fn machine_name(dir: &Path) -> String {
    let dir: PathBuf = dir.canonicalize().unwrap_or_else(|_| dir.to_path_buf());
    let base = dir.file_name().map_or_else(String::new, |name| {
        let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
        name.to_string_lossy().chars().map(plain).take(32).collect()
    });
    format!("{base}-{}", Digest::of(dir.as_os_str().as_encoded_bytes()).short())
}
