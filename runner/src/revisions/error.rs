use std::path::PathBuf;

use super::git::GitError;

/// A revision that cannot be resolved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RevisionError {
    /// A revision was asked of a plan that lies in no repository.
    #[error("`{dir}` is not in a git repository, so it has no revision `{asked}`", dir = dir.display())]
    NotARepository {
        /// The plan's directory.
        dir: PathBuf,
        /// The revision that was asked for.
        asked: String,
    },
    /// The repository knows no such revision.
    #[error("repository `{repository}` has no revision `{asked}`", repository = repository.display())]
    Unknown {
        /// The repository's root.
        repository: PathBuf,
        /// The revision that was asked for.
        asked: String,
        /// Branches and tags with the most similar names, best first.
        nearest: Vec<String>,
    },
    /// The history was cut off when the repository was cloned, so revisions cannot be put into an order.
    #[error("repository `{repository}` is a shallow clone: the order of its revisions is not known", repository = repository.display())]
    Shallow {
        /// The repository's root.
        repository: PathBuf,
    },
    /// The begin of a range is not in the history of its end.
    #[error("range `{range}`: `{from}` is not an ancestor of `{to}`")]
    NotAnAncestor {
        /// The range as it was asked for.
        range: String,
        /// Its begin.
        from: String,
        /// Its end.
        to: String,
        /// Whether it would work the other way round.
        reversed: bool,
    },
    /// The files of the working tree cannot be read.
    #[error("`{path}` cannot be read", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Git itself failed.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl RevisionError {
    /// Returns what to do about it; empty where nothing is known.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::NotARepository { .. } => {
                "leave the revision out to run the files as they are, or `git init` and commit"
                    .to_owned()
            }
            Self::Unknown { nearest, .. } if !nearest.is_empty() => {
                let names: Vec<String> = nearest.iter().map(|name| format!("`{name}`")).collect();
                format!("nearest: {}", names.join(", "))
            }
            Self::Unknown { .. } => "`git fetch --all --tags` brings what others pushed".to_owned(),
            Self::Shallow { .. } => "`git fetch --unshallow` brings the whole history".to_owned(),
            Self::NotAnAncestor { from, to, reversed: true, .. } => {
                format!("the other way round, `{to}..{from}`, is a range")
            }
            Self::NotAnAncestor { from, to, .. } => {
                format!(
                    "`git merge-base {from} {to}` tells where they parted; or name both as a list"
                )
            }
            Self::Git(GitError::NotStarted(_)) => "install git, or put it on PATH".to_owned(),
            Self::Git(GitError::Failed { message, .. })
                if message.contains("dubious ownership") =>
            {
                "`git config --global --add safe.directory DIR` trusts it".to_owned()
            }
            Self::Git(_) | Self::Unreadable { .. } => String::new(),
        }
    }
}
