//! `ground changes`: where series changed over revisions, and which testcases are flaky.

use ground_analyzer::compare::CompareOptions;
use ground_analyzer::history::histories;
use ground_analyzer::report::{ReportOptions, all_stability, report};
use ground_analyzer::stats::changes::Settings;
use ground_core::report::SeriesHistory;
use ground_reports::{json, text};

use super::{Context, analysis, print, series};
use crate::args::{Changes, TextFormat};
use crate::error::CliError;
use crate::exit::Exit;

pub(crate) fn run(context: &Context, command: &Changes) -> Result<Exit, CliError> {
    if let Some(path) = &command.series {
        return series::changes(path, command.algorithm);
    }
    let loaded = analysis::load(context, &command.select, None)?;
    let broken = |error: &dyn std::error::Error| CliError::from_error(Exit::Broken, error);
    if command.format == TextFormat::Json {
        return whole(context, loaded);
    }
    let series = loaded.dataset.series().map_err(|error| broken(&error))?;
    let histories = histories(series, &Settings::default());
    let stability = all_stability(&loaded.dataset).map_err(|error| broken(&error))?;
    let options = analysis::text_options(context);
    let judged: Vec<&SeriesHistory> =
        histories.iter().filter(|history| history.series.judged).collect();
    let changed = judged.iter().filter(|history| !history.changes.is_empty());
    for history in changed.clone() {
        print(&text::history(history, &options))?;
        print("\n")?;
    }
    let changed = changed.count();
    print(&format!("{changed} series changed, {} did not\n\n", judged.len() - changed))?;
    print(&text::stability(&stability, &options))?;
    Ok(Exit::Good)
}

/// Everything that stands, for machines.
fn whole(context: &Context, loaded: analysis::Loaded) -> Result<Exit, CliError> {
    let options = ReportOptions {
        project: String::new(),
        range: None,
        policy: None,
        runs: 0,
        compare: CompareOptions::default(),
    };
    let (store, dataset) = (loaded.store, loaded.dataset);
    let model = context
        .block_on(async move { report(&store, &dataset, options).await })
        .map_err(|error| CliError::from_error(Exit::Broken, &error))?;
    print(&json::report(&model))?;
    Ok(Exit::Good)
}
