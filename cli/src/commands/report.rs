//! `ground report`: the static site.

use std::path::Path;

use ground_analyzer::compare::CompareOptions;
use ground_analyzer::report::{ReportOptions, report};
use ground_core::report::Report as Model;
use ground_reports::{SiteOptions, SiteSummary, write_site};

use super::{Context, analysis, gate, print};
use crate::args::Report;
use crate::error::CliError;
use crate::exit::Exit;

/// Runs that get a page of their own, newest first.
const RUN_PAGES: usize = 60;

pub(crate) fn run(context: &Context, command: &Report) -> Result<Exit, CliError> {
    let (model, summary) = write(context, command)?;
    print(&format!(
        "wrote {} of {} pages and files to {}\n",
        summary.written,
        summary.written + summary.unchanged,
        command.out.display()
    ))?;
    if model.comparisons.is_empty() {
        print("one revision only, so nothing is compared; run a second one\n")?;
    }
    Ok(Exit::Good)
}

/// Assembles the report and writes its site.
pub(crate) fn write(context: &Context, command: &Report) -> Result<(Model, SiteSummary), CliError> {
    let policy = command.policy.as_deref().map(gate::read_policy).transpose()?;
    let loaded = analysis::load(context, &command.select, None)?;
    let range = command
        .range
        .as_deref()
        .map(|range| analysis::range(&loaded, &command.select.repository, range))
        .transpose()?;
    let options = ReportOptions {
        project: command.project.clone().unwrap_or_else(|| project_of(&command.select.repository)),
        range,
        policy,
        runs: RUN_PAGES,
        compare: CompareOptions::default(),
    };
    let (store, dataset) = (loaded.store, loaded.dataset);
    let model = context
        .block_on(async move { report(&store, &dataset, options).await })
        .map_err(|error| CliError::from_error(Exit::Broken, &error))?;
    let summary = write_site(&model, &command.out, &SiteOptions::default()).map_err(|error| {
        CliError::from_error(Exit::Broken, &error).hint("name another directory with --out")
    })?;
    Ok((model, summary))
}

/// The name of the repository's directory.
fn project_of(repository: &Path) -> String {
    let absolute = repository.canonicalize().unwrap_or_else(|_| repository.to_owned());
    absolute
        .file_name()
        .map_or_else(|| "project".to_owned(), |name| name.to_string_lossy().into_owned())
}
