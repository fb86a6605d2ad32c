//! What the files differ in from their commit.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use ground_core::digest::{Digest, Digester};

use super::error::RevisionError;
use super::git::Git;

/// Returns the digest of everything in which the working tree differs from its commit, ignored files left out;
/// nothing when it does not differ.
pub(super) fn digest(git: &Git, has_commit: bool) -> Result<Option<Digest>, RevisionError> {
    let mut digest = Digester::new();
    let mut changed = false;
    if has_commit {
        let diff = git.bytes(&["diff", "HEAD", "--binary", "--no-ext-diff", "--no-color"])?;
        changed |= !diff.is_empty();
        digest.field(diff);
    }
    let mut list = vec!["ls-files", "-z", "--others", "--exclude-standard"];
    if !has_commit {
        list.push("--cached");
    }
    for name in git.bytes(&list)?.split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        changed = true;
        digest.field(name);
        let path = git.dir().join(String::from_utf8_lossy(name).as_ref());
        digest.field(content(&path).map_err(|source| RevisionError::Unreadable { path, source })?);
    }
    Ok(changed.then(|| digest.finish()))
}

/// Returns the digest of a file's content, of a link's target, or nothing for anything else.
fn content(path: &Path) -> io::Result<Vec<u8>> {
    let Ok(metadata) = fs::symlink_metadata(path) else { return Ok(Vec::new()) };
    if metadata.is_symlink() {
        return Ok(fs::read_link(path)?.into_os_string().into_encoded_bytes());
    }
    if !metadata.is_file() {
        return Ok(Vec::new());
    }
    Ok(of_file(path)?.as_bytes().to_vec())
}

/// Digests the file at `path` without holding it in memory.
pub(crate) fn of_file(path: &Path) -> io::Result<Digest> {
    let mut file = File::open(path)?;
    let mut digest = Digester::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match io::Read::read(&mut file, &mut buffer)? {
            0 => return Ok(digest.finish()),
            read => digest.update(&buffer[..read]),
        }
    }
}
