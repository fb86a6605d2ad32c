//! Finds the plan that a composition names.

use std::path::{Component, Path, PathBuf};

use crate::plan::{MANIFEST, is_plan};

/// Where a plan was looked for in vain.
#[derive(Debug)]
pub(super) struct Search {
    /// The paths that were looked at, in order.
    pub(super) searched: Vec<PathBuf>,
    /// The names of plans that stand beside where it was looked for.
    pub(super) known: Vec<String>,
}

/// Finds `plan` for the composition at `path`.
///
/// A composition that names no plan, or lies within a plan of that name, means the plan around it.
pub(super) fn locate(path: &Path, plan: &str, home: Option<&Path>) -> Result<PathBuf, Search> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let directories: Vec<&Path> = absolute.ancestors().skip(1).collect();
    if plan.is_empty() {
        let around = directories.iter().find(|directory| directory.join(MANIFEST).is_file());
        return around
            .map(|directory| (*directory).to_owned())
            .ok_or(Search { searched: Vec::new(), known: Vec::new() });
    }
    let mut candidates = Vec::new();
    for directory in &directories {
        candidates.push(tidy(&directory.join(plan)));
        candidates.push(tidy(&directory.join("plans").join(plan)));
        if directory.ends_with(plan) || is_called(directory, plan) {
            candidates.push((*directory).to_owned());
        }
    }
    if let Ok(working) = std::env::current_dir() {
        candidates.push(tidy(&working.join(plan)));
        candidates.push(tidy(&working.join("plans").join(plan)));
    }
    candidates.extend(home.map(|home| tidy(&home.join("plans").join(plan))));
    if let Some(found) = candidates.iter().find(|candidate| is_plan(candidate)) {
        return Ok(found.clone());
    }
    let known = known(&candidates);
    candidates.dedup();
    Err(Search { searched: worth_telling(candidates, home.is_some()), known })
}

/// Returns whether the plan in `directory` gives `name` as its own.
fn is_called(directory: &Path, name: &str) -> bool {
    let text = std::fs::read_to_string(directory.join(MANIFEST)).unwrap_or_default();
    let manifest: Option<toml::Table> = toml::from_str(&text).ok();
    manifest
        .is_some_and(|manifest| manifest.get("name").and_then(toml::Value::as_str) == Some(name))
}

/// Takes `.` and `a/..` out of a path, for messages.
fn tidy(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut tidied, component| {
        match component {
            Component::CurDir => {}
            Component::ParentDir
                if tidied
                    .components()
                    .next_back()
                    .is_some_and(|c| matches!(c, Component::Normal(_))) =>
            {
                tidied.pop();
            }
            other => tidied.push(other),
        }
        tidied
    })
}

/// Lists the plans beside the candidates.
fn known(candidates: &[PathBuf]) -> Vec<String> {
    let mut names: Vec<String> = candidates
        .iter()
        .filter_map(|candidate| std::fs::read_dir(candidate.parent()?).ok())
        .flatten()
        .filter_map(Result::ok)
        .filter(|entry| entry.path().join(MANIFEST).is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Keeps the first candidates, and the one of the home directory, which people most likely meant.
fn worth_telling(mut candidates: Vec<PathBuf>, has_home: bool) -> Vec<PathBuf> {
    const FIRST: usize = 4;
    let last = candidates.last().cloned().filter(|_| has_home && candidates.len() > FIRST);
    candidates.truncate(FIRST);
    candidates.extend(last);
    candidates
}
