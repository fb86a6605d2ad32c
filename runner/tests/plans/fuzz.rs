//! No bytes make a loader panic.

use std::path::Path;

use ground_core::composition::Overrides;
use ground_runner::composition::{self, Environment};
use ground_runner::plan;
use proptest::prelude::*;

use crate::FIXTURES;

fn try_both(directory: &Path, bytes: &[u8]) {
    let file = directory.join("c.toml");
    std::fs::write(&file, bytes).unwrap();
    match composition::load(&file, &Environment::new()) {
        Ok(loaded) => {
            for run in loaded.composition.run_ids() {
                if let Err(error) = loaded.resolve(run, &Overrides::default()) {
                    let _ = error.diagnostic().to_string();
                }
            }
        }
        Err(error) => {
            let _ = error.diagnostic().to_string();
        }
    }
    if let Err(error) = plan::load(&file) {
        let _ = error.diagnostic().to_string();
    }
}

/// A fixture with some bytes taken out, doubled or changed.
fn broken() -> impl Strategy<Value = Vec<u8>> {
    let files: Vec<Vec<u8>> =
        ["compositions/every-key.toml", "compositions/templated.toml", "plans/flood/manifest.toml"]
            .map(|file| std::fs::read(format!("{FIXTURES}/{file}")).unwrap())
            .into();
    let edit =
        (any::<prop::sample::Index>(), 0_usize..40, prop::collection::vec(any::<u8>(), 0..8));
    (prop::sample::select(files), prop::collection::vec(edit, 1..4)).prop_map(
        |(mut bytes, edits)| {
            for (at, remove, insert) in edits {
                let start = at.index(bytes.len().max(1)).min(bytes.len());
                let end = (start + remove).min(bytes.len());
                bytes.splice(start..end, insert);
            }
            bytes
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let directory = tempfile::tempdir().unwrap();
        try_both(directory.path(), &bytes);
    }

    #[test]
    fn broken_files_are_refused_or_read(bytes in broken()) {
        let directory = tempfile::tempdir().unwrap();
        try_both(directory.path(), &bytes);
    }
}
