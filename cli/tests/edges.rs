//! Holds the edges between crates to the picture in `ARCHITECTURE.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Who may know whom, beside what is not ours. A plan may know `ground-sdk` and nothing else.
const ALLOWED: &[(&str, &[&str])] = &[
    ("ground-core", &[]),
    ("ground-sdk", &["ground-core"]),
    ("ground-stats", &[]),
    ("ground-store", &["ground-core"]),
    ("ground-runner", &["ground-core"]),
    ("ground-analyzer", &["ground-core", "ground-store", "ground-stats"]),
    ("ground-reports", &["ground-core"]),
    (
        "ground-cli",
        &["ground-core", "ground-store", "ground-runner", "ground-analyzer", "ground-reports"],
    ),
];

/// Libraries that only one side of the house may use, because they carry an idea that the others must not know.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("arrow", &["ground-store", "ground-analyzer"]),
    ("parquet", &["ground-store"]),
    ("datafusion", &["ground-store", "ground-analyzer"]),
    ("polars", &["ground-analyzer"]),
    ("object_store", &["ground-store"]),
    ("statrs", &["ground-stats"]),
    ("plotters", &["ground-reports"]),
    ("tokio", &["ground-runner", "ground-store", "ground-analyzer", "ground-cli"]),
    ("clap", &["ground-cli"]),
];

fn normal_dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo metadata runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
    metadata["packages"]
        .as_array()
        .expect("packages")
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"].as_array().expect("dependencies");
            let names = dependencies
                .iter()
                .filter(|dependency| dependency["kind"].is_null())
                .map(|dependency| text(&dependency["name"]))
                .collect();
            (text(&package["name"]), names)
        })
        .collect()
}

#[test]
fn no_crate_knows_one_that_the_picture_does_not_show() {
    let packages = normal_dependencies();
    assert!(packages.len() > ALLOWED.len(), "the plans are members too");
    for (package, dependencies) in &packages {
        let allowed = ALLOWED
            .iter()
            .find(|(name, _)| name == package)
            .map_or(&["ground-sdk"][..], |row| row.1);
        for dependency in dependencies.iter().filter(|name| packages.contains_key(*name)) {
            assert!(
                allowed.contains(&dependency.as_str()),
                "`{package}` depends on `{dependency}`, an edge that ARCHITECTURE.md does not show"
            );
        }
    }
}

#[test]
fn ideas_stay_in_their_rooms() {
    for (package, dependencies) in normal_dependencies() {
        for (library, rooms) in ONLY_IN {
            assert!(
                !dependencies.contains(*library) || rooms.contains(&package.as_str()),
                "`{package}` uses `{library}`, which belongs to {rooms:?}"
            );
        }
    }
}

#[test]
fn the_libraries_that_the_project_is_built_on_are_used() {
    let used: BTreeSet<String> = normal_dependencies().into_values().flatten().collect();
    for library in ["polars", "arrow", "parquet", "datafusion", "tokio", "plotters", "statrs"] {
        assert!(used.contains(library), "nothing uses `{library}`");
    }
}
