//! Opening a store.

use std::path::Path as FsPath;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use datafusion::error::DataFusionError;
use datafusion::execution::runtime_env::RuntimeEnv;
use futures::TryStreamExt as _;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode};

use crate::catalogue::{Catalogue, Quarantined};
use crate::layout::MARKER;
use crate::location::{Location, StorageError};
use crate::marker::{FORMAT_VERSION, Marker};

/// What a store is opened for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// Reading what is there; nothing is written, not even about damage.
    Read,
    /// Reading and appending; the store must be there.
    Append,
    /// Reading and appending; the store is made when it is missing.
    Create,
}

/// A store could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The location makes no sense.
    #[error("`{location}` is neither a directory nor a URL that can be opened: {reason}")]
    Location {
        /// The location as it was given.
        location: String,
        /// What is wrong with it.
        reason: String,
    },
    /// There is nothing, and nothing was to be made.
    #[error("there is no store at `{location}`")]
    Missing {
        /// The location as it was given.
        location: String,
    },
    /// There is something else.
    #[error("`{location}` is not a store: {reason}")]
    NotAStore {
        /// The location as it was given.
        location: String,
        /// What was found.
        reason: String,
    },
    /// The store was written by a newer version of this tool.
    #[error(
        "the store at `{location}` has format {found} (made by {created_by}); this version reads up to {known}"
    )]
    Newer {
        /// The location as it was given.
        location: String,
        /// The store's format version.
        found: u32,
        /// The newest that is known here.
        known: u32,
        /// What made it.
        created_by: String,
    },
    /// The storage failed; [`StorageError::ReadOnly`] where a store was opened for appending and may not be written.
    #[error("the store at `{location}` could not be opened")]
    Storage {
        /// The location as it was given.
        location: String,
        /// What failed.
        source: StorageError,
    },
}

/// A store of runs.
///
/// Clones share everything; a store may be used from many threads and tasks at a time.
#[derive(Debug, Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) objects: Arc<dyn ObjectStore>,
    pub(crate) location: String,
    pub(crate) mode: OpenMode,
    /// Shared by all sessions, so that footers of files are read once.
    pub(crate) runtime: Arc<RuntimeEnv>,
    catalogue: RwLock<Arc<Catalogue>>,
}

/// Age from which files without a commit are taken for torn instead of for being written by somebody right now.
pub(crate) const TORN_AFTER: Duration = Duration::from_secs(3_600);

impl Store {
    /// Opens the store at a directory or a URL that `object_store` knows.
    ///
    /// Runs that are damaged are left out and named by [`Store::quarantined`]; a store that may be written puts them
    /// aside, so that they can be appended again.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(location: &str, mode: OpenMode) -> Result<Self, OpenError> {
        let parsed = Location::parse(location)
            .map_err(|reason| OpenError::Location { location: location.to_owned(), reason })?;
        if let Location::Directory(path) = &parsed {
            prepare_directory(location, path, mode)?;
        }
        let objects = parsed.storage().map_err(|error| OpenError::Location {
            location: location.to_owned(),
            reason: error.to_string(),
        })?;
        Self::open_on(objects, location, mode).await
    }

    /// Opens the store in `objects`; `location` is what messages call it.
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open_on(
        objects: Arc<dyn ObjectStore>,
        location: &str,
        mode: OpenMode,
    ) -> Result<Self, OpenError> {
        check_marker(objects.as_ref(), location, mode).await?;
        let store = Self {
            inner: Arc::new(Inner {
                objects,
                location: location.to_owned(),
                mode,
                runtime: Arc::new(RuntimeEnv::default()),
                catalogue: RwLock::default(),
            }),
        };
        let storage = |source| OpenError::Storage { location: location.to_owned(), source };
        let catalogue = store.refresh().await.map_err(storage)?;
        for damage in catalogue.quarantined() {
            tracing::warn!(store = location, "{damage}");
        }
        if mode != OpenMode::Read {
            store.put_aside(&catalogue).await.map_err(storage)?;
        }
        Ok(store)
    }

    /// Returns the location as it was given.
    #[must_use]
    pub fn location(&self) -> &str {
        &self.inner.location
    }

    /// Returns what is in the storage and is not read, and why; as of the last look at the storage.
    #[must_use]
    pub fn quarantined(&self) -> Vec<Quarantined> {
        self.catalogue().quarantined().to_vec()
    }

    /// Returns the number of runs; as of the last look at the storage.
    #[must_use]
    pub fn len(&self) -> usize {
        self.catalogue().runs().len()
    }

    /// Returns whether no run is there; as of the last look at the storage.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Looks for what others appended or compacted meanwhile.
    ///
    /// # Errors
    /// [`StorageError`] when the storage cannot be read.
    pub async fn reload(&self) -> Result<(), StorageError> {
        self.refresh().await.map(|_| ())
    }

    pub(crate) fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.inner.catalogue.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn update(&self, change: impl FnOnce(&Catalogue) -> Catalogue) {
        let mut slot = self.inner.catalogue.write().unwrap_or_else(PoisonError::into_inner);
        *slot = Arc::new(change(&slot));
    }

    pub(crate) async fn refresh(&self) -> Result<Arc<Catalogue>, StorageError> {
        let known = self.catalogue();
        let fresh = Arc::new(Catalogue::load(self.inner.objects.as_ref(), &known).await?);
        let mut slot = self.inner.catalogue.write().unwrap_or_else(PoisonError::into_inner);
        *slot = Arc::clone(&fresh);
        Ok(fresh)
    }

    pub(crate) fn runtime(&self) -> Result<Arc<RuntimeEnv>, DataFusionError> {
        Ok(Arc::clone(&self.inner.runtime))
    }
}

/// Makes or refuses a directory before it is opened, since storage does not know empty folders.
fn prepare_directory(location: &str, path: &FsPath, mode: OpenMode) -> Result<(), OpenError> {
    let storage = |source| OpenError::Storage {
        location: location.to_owned(),
        source: StorageError::io(path, source),
    };
    let not_a_store = |reason: &str| OpenError::NotAStore {
        location: location.to_owned(),
        reason: reason.to_owned(),
    };
    match std::fs::metadata(path) {
        Ok(found) if !found.is_dir() => return Err(not_a_store("it is a file")),
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            if mode != OpenMode::Create {
                return Err(OpenError::Missing { location: location.to_owned() });
            }
            std::fs::create_dir_all(path).map_err(storage)?;
        }
        Err(error) => return Err(storage(error)),
    }
    if mode != OpenMode::Read {
        probe(path).map_err(storage)?;
    }
    Ok(())
}

/// Writes and removes a file, so that a store that cannot be written is told before hours are spent on a sweep.
fn probe(path: &FsPath) -> std::io::Result<()> {
    // Named like a staged object, which the listing passes over.
    let file = path.join(format!("probe#{}", std::process::id()));
    std::fs::write(&file, b"")?;
    std::fs::remove_file(&file)
}

async fn check_marker(
    objects: &dyn ObjectStore,
    location: &str,
    mode: OpenMode,
) -> Result<(), OpenError> {
    let storage = |source| OpenError::Storage {
        location: location.to_owned(),
        source: StorageError::new(MARKER, source),
    };
    let path = Path::from(MARKER);
    let bytes = match objects.get(&path).await {
        Ok(found) => found.bytes().await.map_err(storage)?,
        Err(object_store::Error::NotFound { .. }) => {
            if objects.list(None).try_next().await.map_err(storage)?.is_some() {
                return Err(OpenError::NotAStore {
                    location: location.to_owned(),
                    reason: format!("it is not empty and has no `{MARKER}`"),
                });
            }
            if mode != OpenMode::Create {
                return Err(OpenError::Missing { location: location.to_owned() });
            }
            let bytes = Marker::current().to_bytes();
            match objects.put_opts(&path, bytes.into(), PutMode::Create.into()).await {
                Ok(_) => return Ok(()),
                // Somebody else made the store in this moment.
                Err(object_store::Error::AlreadyExists { .. }) => {
                    objects.get(&path).await.map_err(storage)?.bytes().await.map_err(storage)?
                }
                Err(error) => return Err(storage(error)),
            }
        }
        Err(error) => return Err(storage(error)),
    };
    let marker = Marker::parse(&bytes).map_err(|reason| OpenError::NotAStore {
        location: location.to_owned(),
        reason: format!("its `{MARKER}` is not understood: {reason}"),
    })?;
    if marker.version > FORMAT_VERSION {
        return Err(OpenError::Newer {
            location: location.to_owned(),
            found: marker.version,
            known: FORMAT_VERSION,
            created_by: marker.created_by,
        });
    }
    Ok(())
}
