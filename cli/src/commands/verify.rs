//! `ground verify`: checks every file of the store against its commit.

use ground_store::{CompactOptions, OpenMode, Store};

use super::{Context, print};
use crate::args::Verify;
use crate::error::CliError;
use crate::exit::Exit;
use crate::hints;

pub(crate) fn run(context: &Context, command: &Verify) -> Result<Exit, CliError> {
    let location = context.global.store.clone();
    let mode = if command.compact { OpenMode::Append } else { OpenMode::Read };
    let store = context
        .block_on(async move { Store::open(&location, mode).await })
        .map_err(hints::of_open)?;
    let broken = |error: &dyn std::error::Error| CliError::from_error(Exit::Broken, error);
    if command.compact {
        let compacting = store.clone();
        let report = context
            .block_on(async move { compacting.compact(CompactOptions::default()).await })
            .map_err(|error| broken(&error))?;
        print(&format!(
            "merged the files of {} runs into {}, removed {} objects\n",
            report.merged_runs, report.written_files, report.removed_objects
        ))?;
    }
    let report =
        context.block_on(async move { store.verify().await }).map_err(|error| broken(&error))?;
    for problem in &report.problems {
        print(&format!("{problem}\n"))?;
    }
    print(&format!(
        "{} runs in {} files, {} bytes: {} problems\n",
        report.runs,
        report.files,
        report.bytes,
        report.problems.len()
    ))?;
    Ok(if report.problems.is_empty() { Exit::Good } else { Exit::Bad })
}
