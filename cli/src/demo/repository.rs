//! Makes the demo's repository: a small workspace with the plan, committed twelve times.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use toml::{Table, Value};

use super::history::{COMMITS, Commit};

/// The files of the repository's first commit, by path.
pub(crate) const SOURCES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sources.rs"));

/// The plan's directory within the repository.
pub(crate) const PLAN: &str = "plans/kvstore";

/// Author and committer, so that no configuration of Git is needed.
const IDENTITY: [&str; 4] = ["-c", "user.name=Proving Ground", "-c", "user.email=demo@localhost"];

/// Minutes between commits: the first is made at a fixed moment, so that the same version makes the same commits.
const MINUTES_APART: usize = 90;
const FIRST_COMMIT_S: usize = 1_767_225_600;

/// The repository could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DemoError {
    /// The directory holds something already.
    #[error("`{}` is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// A file could not be written.
    #[error("writing `{}` failed", path.display())]
    Write { path: PathBuf, source: io::Error },
    /// Git is missing or refused.
    #[error("`git {command}` failed: {output}")]
    Git { command: String, output: String },
    /// An edit does not fit the sources.
    #[error("bug: the edit of `{0}` does not fit")]
    Edit(String),
}

/// Makes the repository in `root`, which is empty or does not exist, and returns the plan's directory.
pub(crate) fn make(root: &Path) -> Result<PathBuf, DemoError> {
    if fs::read_dir(root).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(DemoError::NotEmpty(root.to_owned()));
    }
    for (path, text) in SOURCES {
        let text = match *path {
            "Cargo.toml" => workspace(text),
            _ if path.ends_with("Cargo.toml") => without_tests(text),
            _ => (*text).to_owned(),
        };
        write(&root.join(path), &text)?;
    }
    write(&root.join(".gitignore"), "target/\n")?;
    git(root, 0, &["init", "--quiet", "--initial-branch=main"])?;
    commit(root, 0, "Keep values on three replicas")?;
    let plan = root.join(PLAN);
    for (place, change) in COMMITS.iter().enumerate() {
        apply(&plan, change)?;
        commit(root, place + 1, change.subject)?;
    }
    Ok(plan)
}

/// Returns the repository's first commit.
pub(crate) fn first_commit(root: &Path) -> Result<String, DemoError> {
    let failed = |output: String| DemoError::Git { command: "rev-list".to_owned(), output };
    let output = Command::new("git")
        .args(["rev-list", "--max-parents=0", "HEAD"])
        .current_dir(root)
        .env_remove("GIT_DIR")
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn apply(plan: &Path, change: &Commit) -> Result<(), DemoError> {
    for edit in change.edits {
        let path = plan.join(edit.file);
        let text = fs::read_to_string(&path)
            .map_err(|source| DemoError::Write { path: path.clone(), source })?;
        if text.matches(edit.from).count() != 1 {
            return Err(DemoError::Edit(edit.file.to_owned()));
        }
        write(&path, &text.replacen(edit.from, edit.to, 1))?;
    }
    Ok(())
}

/// Cuts the workspace's manifest down to the three crates of the demo.
fn workspace(text: &str) -> String {
    let mut manifest: Table = text.parse().expect("bug: the embedded manifest is no TOML");
    manifest.remove("profile");
    if let Some(Value::Table(workspace)) = manifest.get_mut("workspace") {
        workspace.remove("default-members");
        let members = ["core", "sdk", PLAN].map(|member| Value::String(member.to_owned()));
        workspace.insert("members".to_owned(), Value::Array(members.to_vec()));
    }
    // Quick to build again after each small change; fast enough that the code decides and not the build.
    let profile = "[profile.release]\nopt-level = 2\nincremental = true\ncodegen-units = 16\n";
    format!("{manifest}\n{profile}")
}

/// Takes out what only tests need, so that nothing has to be fetched for it.
fn without_tests(text: &str) -> String {
    let mut manifest: Table = text.parse().expect("bug: an embedded manifest is no TOML");
    for key in ["dev-dependencies", "bench", "test", "example"] {
        manifest.remove(key);
    }
    manifest.to_string()
}

fn write(path: &Path, text: &str) -> Result<(), DemoError> {
    let failed = |source| DemoError::Write { path: path.to_owned(), source };
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(failed)?;
    }
    fs::write(path, text).map_err(failed)
}

fn commit(root: &Path, place: usize, subject: &str) -> Result<(), DemoError> {
    git(root, place, &["add", "--all"])?;
    git(root, place, &["commit", "--quiet", "--no-gpg-sign", "--message", subject])
}

fn git(root: &Path, place: usize, args: &[&str]) -> Result<(), DemoError> {
    let failed = |output: String| DemoError::Git { command: args.join(" "), output };
    let date = format!("{} +0000", FIRST_COMMIT_S + place * MINUTES_APART * 60);
    let output = Command::new("git")
        .args(IDENTITY)
        .args(args)
        .current_dir(root)
        .env("GIT_AUTHOR_DATE", &date)
        .env("GIT_COMMITTER_DATE", &date)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env_remove("GIT_DIR")
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        Ok(())
    } else {
        Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
    }
}
