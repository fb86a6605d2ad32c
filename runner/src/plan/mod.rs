//! Loading plans: manifests, and executables without one.

mod file;

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use ground_core::composition::KeyPath;
use ground_core::plan::Manifest;

use crate::diagnostic::{Diagnostic, nearest};
use crate::document::{Document, DocumentError, Spot};

/// The file that makes a directory a plan.
pub const MANIFEST: &str = "manifest.toml";

/// A plan as it was found on disk.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedPlan {
    /// What the plan says about itself, or what an executable without a manifest amounts to.
    pub manifest: Manifest,
    /// The plan's directory, absolute and without symbolic links.
    pub root: PathBuf,
    /// What the plan was loaded from.
    pub origin: PlanOrigin,
    /// What is doubtful about the manifest.
    pub warnings: Vec<Diagnostic>,
    document: Option<Document>,
}

/// What a plan was loaded from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanOrigin {
    /// A manifest, at this absolute path.
    Manifest(PathBuf),
    /// An executable without a manifest, at this absolute path.
    Executable(PathBuf),
}

impl LoadedPlan {
    /// Returns where a key of the manifest stands; nothing for a plan without one.
    pub(crate) fn spot(&self, key: &KeyPath) -> Option<Spot> {
        self.document.as_ref().map(|document| document.find(&key.steps))
    }
}

/// Why a plan cannot be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// There is nothing at the path.
    #[error("there is no plan at `{}`", path.display())]
    NotFound {
        /// The path.
        path: PathBuf,
        /// Something beside it with a similar name.
        near: Option<PathBuf>,
    },
    /// The file system does not let us read.
    #[error("cannot read `{}`: {source}", path.display())]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// A directory has no manifest.
    #[error("directory `{}` is no plan: it has no `manifest.toml`", path.display())]
    NoManifest {
        /// The directory.
        path: PathBuf,
    },
    /// A file is neither a manifest nor executable.
    #[error("`{}` is no plan: it is neither a `.toml` file nor executable", path.display())]
    NotExecutable {
        /// The file.
        path: PathBuf,
    },
    /// A manifest is not text.
    #[error("`{}` is not UTF-8 text from byte {valid_up_to} on", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// How many bytes are text.
        valid_up_to: usize,
    },
    /// A manifest is wrong.
    #[error("{0}")]
    Manifest(#[from] DocumentError),
}

impl PlanError {
    /// Returns the message with its place and its hint.
    #[must_use]
    pub fn diagnostic(&self) -> Diagnostic {
        let message = || Diagnostic::error(self.to_string());
        match self {
            Self::Manifest(error) => error.diagnostic(),
            Self::NotFound { near, .. } => message()
                .hint(near.as_ref().map(|near| format!("did you mean `{}`?", near.display()))),
            Self::NoManifest { .. } => message().hint(
                "write a `manifest.toml` (see docs/plans.md), or name an executable".to_owned(),
            ),
            Self::NotExecutable { path } => message().hint(format!("chmod +x {}", path.display())),
            Self::Unreadable { .. } | Self::NotText { .. } => message(),
        }
    }
}

/// Loads the plan at `path`: a directory with a manifest, the manifest itself, or an executable.
///
/// # Errors
/// [`PlanError`] says what is wrong, and [`PlanError::diagnostic`] where and what to change.
pub fn load(path: impl AsRef<Path>) -> Result<LoadedPlan, PlanError> {
    let path = path.as_ref();
    let unreadable = |source| PlanError::Unreadable { path: path.to_owned(), source };
    let metadata = match std::fs::metadata(path) {
        Err(error)
            if error.kind() == io::ErrorKind::NotFound
                || error.kind() == io::ErrorKind::NotADirectory =>
        {
            return Err(PlanError::NotFound { path: path.to_owned(), near: near(path) });
        }
        other => other.map_err(unreadable)?,
    };
    if metadata.is_dir() {
        let manifest = path.join(MANIFEST);
        if !manifest.is_file() {
            return Err(PlanError::NoManifest { path: path.to_owned() });
        }
        return load_manifest(&manifest);
    }
    if path.extension().is_some_and(|extension| extension == "toml") {
        return load_manifest(path);
    }
    if metadata.permissions().mode() & 0o111 == 0 {
        return Err(PlanError::NotExecutable { path: path.to_owned() });
    }
    load_executable(path)
}

/// Returns whether `path` is something [`load`] would try to load.
pub(crate) fn is_plan(path: &Path) -> bool {
    path.join(MANIFEST).is_file()
        || std::fs::metadata(path)
            .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

fn load_manifest(path: &Path) -> Result<LoadedPlan, PlanError> {
    let text = read_text(path)?;
    let document = Document::new(shown(path), text);
    let file = canonical(path)?;
    let root = parent(&file);
    let (manifest, warnings) = file::read(&document, &root)?;
    Ok(LoadedPlan {
        manifest,
        root,
        origin: PlanOrigin::Manifest(file),
        warnings,
        document: Some(document),
    })
}

fn load_executable(path: &Path) -> Result<LoadedPlan, PlanError> {
    let file = canonical(path)?;
    let name = path
        .file_stem()
        .or_else(|| file.file_stem())
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    // The path is relative to the plan, so that other revisions have it too, and no machine's path enters a digest.
    let beside = file.file_name().unwrap_or_default().to_string_lossy();
    let manifest = Manifest::of_executable(&name, &beside);
    let root = parent(&file);
    Ok(LoadedPlan {
        manifest,
        root,
        origin: PlanOrigin::Executable(file),
        warnings: Vec::new(),
        document: None,
    })
}

fn read_text(path: &Path) -> Result<String, PlanError> {
    let bytes = std::fs::read(path)
        .map_err(|source| PlanError::Unreadable { path: path.to_owned(), source })?;
    String::from_utf8(bytes).map_err(|error| PlanError::NotText {
        path: path.to_owned(),
        valid_up_to: error.utf8_error().valid_up_to(),
    })
}

fn canonical(path: &Path) -> Result<PathBuf, PlanError> {
    std::fs::canonicalize(path)
        .map_err(|source| PlanError::Unreadable { path: path.to_owned(), source })
}

/// Returns the path as messages show it: relative to the working directory where it lies below that.
fn shown(path: &Path) -> String {
    let working = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&working).unwrap_or(path).display().to_string()
}

fn parent(file: &Path) -> PathBuf {
    file.parent().expect("bug: a canonical file has no parent").to_owned()
}

/// Looks beside a path that does not exist for one with a similar name.
fn near(path: &Path) -> Option<PathBuf> {
    let wanted = path.file_name()?.to_string_lossy().into_owned();
    let parent =
        path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = std::fs::read_dir(parent).ok()?.filter_map(Result::ok);
    let mut names: Vec<String> = entries
        .filter(|entry| is_plan(&entry.path()))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    nearest(&wanted, &names).map(|name| path.with_file_name(name))
}

#[cfg(test)]
mod tests;
