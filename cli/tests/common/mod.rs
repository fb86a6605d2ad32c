//! Runs the built command line in a directory of its own.

#![allow(dead_code, reason = "each file of tests uses its own part")]

use std::path::Path;
use std::process::{Command, Output};

/// Runs `ground` with `args` in `dir`.
pub(crate) fn ground(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ground"))
        .args(args)
        .current_dir(dir)
        .env_remove("GROUND_STORE")
        .env_remove("GROUND_STATE")
        .env("NO_COLOR", "1")
        .output()
        .expect("the command line starts")
}

/// What it printed as data.
pub(crate) fn data(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What it told people.
pub(crate) fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Writes an executable script.
pub(crate) fn script(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, format!("#!/bin/sh\n{text}\n")).expect("the script is written");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("permissions");
}
