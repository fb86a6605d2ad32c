//! Embeds the sources that the demo's repository is made of: the vocabulary, the SDK, the key-value plan.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

/// Directories of the workspace that the demo's repository has as well.
const ROOTS: [&str; 3] = ["core", "sdk", "plans/kvstore"];

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("..");
    let mut files = vec![PathBuf::from("Cargo.toml"), PathBuf::from("Cargo.lock")];
    for directory in ROOTS {
        collect(&root, Path::new(directory), &mut files)?;
    }
    files.sort();
    let mut table = String::from("&[\n");
    for file in files {
        let absolute = root.join(&file).canonicalize()?;
        println!("cargo::rerun-if-changed={}", absolute.display());
        writeln!(table, "    ({:?}, include_str!({:?})),", file.display().to_string(), absolute)
            .expect("bug: writing to a string fails");
    }
    table.push(']');
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it")).join("sources.rs");
    fs::write(out, table)
}

/// Lists what a build needs: manifests and everything under `src`.
fn collect(root: &Path, directory: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    println!("cargo::rerun-if-changed={}", root.join(directory).display());
    for entry in fs::read_dir(root.join(directory))? {
        let entry = entry?;
        let path = directory.join(entry.file_name());
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if entry.file_type()?.is_dir() {
            if !matches!(&*name, "benches" | "tests" | "examples" | "target") {
                collect(root, &path, files)?;
            }
        } else if name.ends_with(".rs") || name.ends_with(".toml") || name.ends_with(".md") {
            files.push(path);
        }
    }
    Ok(())
}
