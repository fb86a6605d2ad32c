//! Every message, as it is printed.
//!
//! Each `wrong/NAME.toml` is loaded as what its first line says, and what is printed has to be
//! `wrong/NAME.txt`. `UPDATE_MESSAGES=1` writes those files anew, for somebody to read.

use std::path::Path;

use ground_core::composition::Overrides;
use ground_runner::composition::{self, Environment};
use ground_runner::plan;

use crate::FIXTURES;

#[test]
fn every_mistake_has_the_message_that_was_read_and_agreed_to() {
    let mut files: Vec<_> = std::fs::read_dir(format!("{FIXTURES}/wrong"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .filter(|path| !path.ends_with("resource.toml"))
        .collect();
    files.sort();
    assert!(files.len() >= 30, "only {} mistakes", files.len());
    let update = std::env::var_os("UPDATE_MESSAGES").is_some();
    let mut different = Vec::new();
    for file in files {
        let printed = message(&file) + "\n";
        let expected = file.with_extension("txt");
        if update {
            std::fs::write(&expected, &printed).unwrap();
        }
        let agreed = std::fs::read_to_string(&expected).unwrap_or_default();
        if agreed != printed {
            different.push(format!("{}:\n{printed}\ninstead of\n{agreed}", file.display()));
        }
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// Loads the file and returns all that is printed about it.
fn message(file: &Path) -> String {
    let text = std::fs::read(file).unwrap();
    let printed =
        if text.starts_with(b"# manifest") { of_manifest(file) } else { of_composition(file) };
    let root = std::env::current_dir().unwrap().display().to_string();
    printed.replace(&root, "ROOT")
}

fn of_manifest(file: &Path) -> String {
    match plan::load(file) {
        Ok(plan) => plan.warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"),
        Err(error) => error.diagnostic().to_string(),
    }
}

fn of_composition(file: &Path) -> String {
    let loaded = match composition::load(file, &Environment::new()) {
        Ok(loaded) => loaded,
        Err(error) => return error.diagnostic().to_string(),
    };
    let mut printed: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    for run in loaded.composition.run_ids() {
        match loaded.resolve(run, &Overrides::default()) {
            Ok(run) => printed.extend(loaded.warnings_of(&run).iter().map(ToString::to_string)),
            Err(error) => {
                printed.push(error.diagnostic().to_string());
                break;
            }
        }
    }
    printed.join("\n")
}
