use std::io;
use std::path::{Path, PathBuf};

use ground_core::id::RunId;
use ground_core::outcome::Outcome;

use super::request::Retention;

/// Returns where the outputs of a run lie: `outputs/<plan>/<run>` below the state directory.
pub(super) fn outputs_of(state_dir: &Path, plan: &str, run: &RunId) -> PathBuf {
    state_dir.join("outputs").join(plan).join(run.as_str())
}

/// Removes the outputs of a recorded run unless they are to be kept.
pub(super) fn apply(retention: Retention, outputs: &Path, outcome: &Outcome) {
    let keep = match retention {
        Retention::All => true,
        Retention::Failed => !outcome.is_success(),
        Retention::None => false,
    };
    if !keep && let Err(error) = remove(outputs) {
        tracing::warn!(%error, path = %outputs.display(), "outputs cannot be removed");
    }
}

/// Removes what an attempt left that was cut off.
pub(super) fn remove(outputs: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(outputs) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
