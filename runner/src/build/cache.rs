//! What was built before, by what it was built from.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ground_core::digest::Digest;
use ground_core::execution::Artifact;
use serde::{Deserialize, Serialize};

use super::product::{self, Product};

/// The version of [`Entry`]; an entry of any other is built anew.
const VERSION: u32 = 1;

/// The file that describes an entry.
const ENTRY: &str = "build.json";

/// The directory of an entry's files.
const FILES: &str = "artifact";

/// A directory of artifacts, each below the key it was built from; shared by all processes of this machine.
#[derive(Debug, Clone)]
pub(super) struct Cache {
    dir: PathBuf,
}

/// What a product is kept under.
#[derive(Debug, Clone, Copy)]
pub(super) struct Key {
    /// Digest of what the product was built from, as far as that is known.
    pub(super) digest: Digest,
    /// Whether the digest covers all of it; otherwise the product's content is part of the key.
    pub(super) whole: bool,
}

impl Key {
    fn name(&self, content: &str) -> String {
        if self.whole {
            self.digest.to_string()
        } else {
            Digest::of(format!("{} {content}", self.digest)).to_string()
        }
    }
}

/// An entry as it lies on disk.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    v: u32,
    builder: String,
    digest: String,
    command: Vec<String>,
    toolchain: String,
}

impl Cache {
    pub(super) fn at(dir: &Path) -> Self {
        Self { dir: dir.join("builds") }
    }

    /// Returns the artifact below `key`; a damaged one is thrown away.
    pub(super) fn find(&self, key: &Digest) -> Option<Artifact> {
        let dir = self.dir.join(key.to_string());
        if !dir.exists() {
            return None;
        }
        let artifact = read(&dir).and_then(|entry| Self::checked(&dir, entry));
        if artifact.is_none() {
            tracing::warn!(entry = %dir.display(), "a damaged artifact is built anew");
            let _ = fs::remove_dir_all(&dir);
        }
        artifact
    }

    fn checked(dir: &Path, entry: Entry) -> Option<Artifact> {
        let files = dir.join(FILES);
        let digest = product::digest(&files, &entry.command).ok()?;
        (digest.to_string() == entry.digest).then(|| artifact(&files, entry))
    }

    /// Keeps `product` below `key` and returns it as an artifact; readers see all of it or nothing.
    pub(super) fn keep(&self, key: &Key, builder: &str, product: &Product) -> io::Result<Artifact> {
        fs::create_dir_all(&self.dir)?;
        let draft = self.dir.join(format!(".draft-{}-{}", std::process::id(), key.digest));
        let _ = fs::remove_dir_all(&draft);
        let kept = self.write(&draft, key, builder, product);
        if kept.is_err() {
            let _ = fs::remove_dir_all(&draft);
        }
        kept
    }

    fn write(
        &self,
        draft: &Path,
        key: &Key,
        builder: &str,
        product: &Product,
    ) -> io::Result<Artifact> {
        let files = draft.join(FILES);
        fs::create_dir_all(&files)?;
        product.copy_to(&files)?;
        let entry = Entry {
            v: VERSION,
            builder: builder.to_owned(),
            digest: product::digest(&files, &product.command)?.to_string(),
            command: product.command.clone(),
            toolchain: product.toolchain.clone(),
        };
        fs::write(draft.join(ENTRY), serde_json::to_vec_pretty(&entry)?)?;
        let dir = self.dir.join(key.name(&entry.digest));
        // Another sweep may be running what lies there already.
        if let Some(kept) = read(&dir).and_then(|entry| Self::checked(&dir, entry)) {
            fs::remove_dir_all(draft)?;
            return Ok(kept);
        }
        let _ = fs::remove_dir_all(&dir);
        fs::rename(draft, &dir)?;
        Ok(artifact(&dir.join(FILES), entry))
    }
}

fn read(dir: &Path) -> Option<Entry> {
    let entry: Entry = serde_json::from_slice(&fs::read(dir.join(ENTRY)).ok()?).ok()?;
    (entry.v == VERSION).then_some(entry)
}

fn artifact(files: &Path, entry: Entry) -> Artifact {
    let product = Product {
        files: Default::default(),
        command: entry.command,
        toolchain: entry.toolchain.clone(),
    };
    of_command(product.command_in(files), entry.builder, entry.digest, entry.toolchain)
}

pub(super) fn of_command(
    command: Vec<String>,
    builder: String,
    digest: String,
    toolchain: String,
) -> Artifact {
    let mut words = command.into_iter();
    let path = PathBuf::from(words.next().unwrap_or_default());
    Artifact { builder, path, args: words.collect(), digest, toolchain }
}
