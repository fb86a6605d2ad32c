//! Where a store lies, and what storage says when it fails.

use std::io::ErrorKind;
use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use url::Url;

use crate::local::DurableDirectory;

/// The storage below a store failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// Nothing may be written there.
    #[error("`{path}` cannot be written: permission denied or file system mounted read-only")]
    ReadOnly {
        /// What was to be written.
        path: String,
        /// What the storage said.
        source: Box<object_store::Error>,
    },
    /// No room is left.
    #[error("`{path}` cannot be written: the disk is full or a quota is reached")]
    Full {
        /// What was to be written.
        path: String,
        /// What the storage said.
        source: Box<object_store::Error>,
    },
    /// Anything else.
    #[error("`{path}` could not be read or written")]
    Failed {
        /// The object or folder.
        path: String,
        /// What the storage said.
        source: Box<object_store::Error>,
    },
}

impl StorageError {
    /// Sorts what storage said about `path`.
    pub(crate) fn new(path: impl Into<String>, source: object_store::Error) -> Self {
        let path = path.into();
        let denied = matches!(source, object_store::Error::PermissionDenied { .. });
        let (kind, source) = (io_kind(&source), Box::new(source));
        if denied {
            return Self::ReadOnly { path, source };
        }
        match kind {
            Some(ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => {
                Self::ReadOnly { path, source }
            }
            Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => Self::Full { path, source },
            _ => Self::Failed { path, source },
        }
    }

    /// Wraps an error of the file system.
    pub(crate) fn io(path: &FsPath, source: std::io::Error) -> Self {
        let source = object_store::Error::Generic { store: "directory", source: source.into() };
        Self::new(path.display().to_string(), source)
    }
}

fn io_kind(error: &object_store::Error) -> Option<ErrorKind> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(known) = cause {
        if let Some(io) = known.downcast_ref::<std::io::Error>() {
            return Some(io.kind());
        }
        cause = known.source();
    }
    None
}

/// A location that was understood.
#[derive(Debug, Clone)]
pub(crate) enum Location {
    Directory(PathBuf),
    Url(Url),
}

impl Location {
    /// Reads a directory or URL: what has `://` in it is a URL, and `file://` is a directory.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if !text.contains("://") {
            return Ok(Self::Directory(PathBuf::from(text)));
        }
        let url = Url::parse(text).map_err(|error| error.to_string())?;
        if url.scheme() == "file" {
            let path = url.to_file_path().map_err(|()| "the path is not absolute".to_owned())?;
            return Ok(Self::Directory(path));
        }
        Ok(Self::Url(url))
    }

    /// Opens the storage; a directory must exist.
    pub(crate) fn storage(&self) -> Result<Arc<dyn ObjectStore>, object_store::Error> {
        match self {
            Self::Directory(path) => Ok(Arc::new(DurableDirectory::new(path)?)),
            Self::Url(url) => {
                let settings = std::env::vars().map(|(name, value)| (name.to_lowercase(), value));
                let (storage, path) = object_store::parse_url_opts(url, settings)?;
                if path == Path::default() {
                    return Ok(Arc::from(storage));
                }
                Ok(Arc::new(PrefixStore::new(storage, path)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Location;

    #[test]
    fn directories_and_urls_are_told_apart() {
        assert!(
            matches!(Location::parse("runs/here"), Ok(Location::Directory(p)) if p.ends_with("here"))
        );
        assert!(
            matches!(Location::parse("file:///a/b"), Ok(Location::Directory(p)) if p.to_str() == Some("/a/b"))
        );
        assert!(matches!(Location::parse("s3://bucket/a"), Ok(Location::Url(_))));
        assert!(Location::parse("http://[").is_err());
    }
}
