//! A directory as an object store whose writes survive a power cut.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path as FsPath, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// The file system below one directory; a written object and its name are on the disk before the write returns.
#[derive(Debug)]
pub(crate) struct DurableDirectory {
    root: Arc<PathBuf>,
    files: LocalFileSystem,
}

impl DurableDirectory {
    /// Takes an existing directory.
    pub(crate) fn new(root: &FsPath) -> Result<Self> {
        let root = root.canonicalize().map_err(|source| wrap(root, source))?;
        let files = LocalFileSystem::new_with_prefix(&root)?;
        Ok(Self { root: Arc::new(root), files })
    }
}

impl fmt::Display for DurableDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.root.display())
    }
}

#[async_trait]
impl ObjectStore for DurableDirectory {
    async fn put_opts(
        &self,
        location: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let target = self.files.path_to_filesystem(location)?;
        let root = Arc::clone(&self.root);
        tokio::task::spawn_blocking(move || put(&root, &target, &payload, &options.mode)).await?
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.files.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.files.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.files.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.files.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.files.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.files.copy_opts(from, to, options).await
    }
}

static STAGED: AtomicU64 = AtomicU64::new(0);

fn put(root: &FsPath, target: &FsPath, payload: &PutPayload, mode: &PutMode) -> Result<PutResult> {
    let failed = |source: io::Error| wrap(target, source);
    let folder = target.parent().unwrap_or(root);
    make_folder(root, folder).map_err(failed)?;
    // Names that end in `#` and digits are nobody's: the listing passes over them.
    let number = u64::from(std::process::id()) << 32 | STAGED.fetch_add(1, Ordering::Relaxed);
    let staged = PathBuf::from(format!("{}#{number}", target.display()));
    let written = write_synced(&staged, payload).and_then(|()| publish(&staged, target, mode));
    if written.is_err() {
        let _ = fs::remove_file(&staged);
    }
    written.and_then(|()| sync_folder(folder)).map_err(failed)?;
    Ok(PutResult { e_tag: None, version: None })
}

fn write_synced(path: &FsPath, payload: &PutPayload) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    for part in payload.iter() {
        file.write_all(part)?;
    }
    file.sync_all()
}

fn publish(staged: &FsPath, target: &FsPath, mode: &PutMode) -> io::Result<()> {
    match mode {
        PutMode::Overwrite => fs::rename(staged, target),
        PutMode::Create => fs::hard_link(staged, target).and_then(|()| fs::remove_file(staged)),
        PutMode::Update(_) => Err(ErrorKind::Unsupported.into()),
    }
}

fn make_folder(root: &FsPath, folder: &FsPath) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    for made in folder.ancestors().take_while(|made| made.starts_with(root)) {
        sync_folder(made)?;
    }
    Ok(())
}

fn sync_folder(folder: &FsPath) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn wrap(target: &FsPath, source: io::Error) -> Error {
    let path = target.display().to_string();
    match source.kind() {
        ErrorKind::AlreadyExists => Error::AlreadyExists { path, source: source.into() },
        ErrorKind::PermissionDenied => Error::PermissionDenied { path, source: source.into() },
        _ => Error::Generic { store: "directory", source: source.into() },
    }
}
