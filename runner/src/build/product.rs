//! What builders make, and how it becomes an artifact.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use ground_core::digest::{Digest, Digester};

use crate::revisions::of_file;

/// What stands in a command for the directory that the files were copied to.
pub(super) const ARTIFACT: &str = "{artifact}";

/// What a builder made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// The files to keep, by their names within the artifact; nothing is kept when there are none.
    pub files: BTreeMap<String, PathBuf>,
    /// What is started, and with which arguments; `{artifact}` stands for the directory of the kept files.
    pub command: Vec<String>,
    /// What built it, such as `rustc 1.95.0`; empty when unknown.
    pub toolchain: String,
}

impl Product {
    /// Returns a product that is one executable, kept under its name.
    #[must_use]
    pub fn executable(path: &Path, args: Vec<String>, toolchain: String) -> Self {
        let name =
            path.file_name().map_or("plan".into(), |name| name.to_string_lossy().into_owned());
        let command = std::iter::once(format!("{ARTIFACT}/{name}")).chain(args).collect();
        Self { files: BTreeMap::from([(name, path.to_path_buf())]), command, toolchain }
    }

    /// Returns the command with `dir` in the place of the artifact's directory.
    pub(super) fn command_in(&self, dir: &Path) -> Vec<String> {
        let dir = dir.to_string_lossy();
        self.command.iter().map(|word| word.replace(ARTIFACT, &dir)).collect()
    }

    /// Copies the files below `dir`.
    pub(super) fn copy_to(&self, dir: &Path) -> io::Result<()> {
        for (name, source) in &self.files {
            let target = dir.join(name);
            if let Some(parent) = target.parent() {
                fs::create_dir_all(parent)?;
            }
            if source.is_symlink() {
                std::os::unix::fs::symlink(fs::read_link(source)?, &target)?;
            } else {
                fs::copy(source, &target)?;
            }
        }
        Ok(())
    }
}

/// Digests what is started: the content of a program that is the only file, or every file with its name,
/// and the command.
pub(super) fn digest(dir: &Path, command: &[String]) -> io::Result<Digest> {
    let files = files_below(dir)?;
    if let ([only], [program, ..]) = (&files[..], command)
        && *program == format!("{ARTIFACT}/{only}")
    {
        return of_file(&dir.join(only));
    }
    let mut digest = Digester::new();
    for name in &files {
        let path = dir.join(name);
        digest.field(name);
        if path.is_symlink() {
            digest.field("link");
            digest.field(fs::read_link(&path)?.as_os_str().as_encoded_bytes());
        } else {
            let executable = fs::metadata(&path)?.permissions().mode() & 0o111 != 0;
            digest.field(if executable { "program" } else { "file" });
            digest.field(of_file(&path)?.as_bytes());
        }
    }
    for word in command {
        digest.field(word);
    }
    Ok(digest.finish())
}

/// Returns the names of all files and links below `dir`, sorted.
pub(super) fn files_below(dir: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    let mut open = vec![dir.to_path_buf()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next)? {
            let path = entry?.path();
            if path.is_dir() && !path.is_symlink() {
                open.push(path);
            } else if let Ok(name) = path.strip_prefix(dir) {
                names.push(name.to_string_lossy().into_owned());
            }
        }
    }
    names.sort();
    Ok(names)
}
