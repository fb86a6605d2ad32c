//! `ground changes`: where series changed over revisions, and which testcases are flaky.

use ground_analyzer::history::histories;
use ground_analyzer::report::all_stability;
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
    let series = loaded.dataset.series().map_err(|error| broken(&error))?;
    let histories = histories(series, &Settings::default());
    let stability = all_stability(&loaded.dataset).map_err(|error| broken(&error))?;
    let options = analysis::text_options(context);
    match command.format {
        TextFormat::Json => print(&json::stability(&stability))?,
        TextFormat::Text | TextFormat::Markdown => {
            let changed: Vec<&SeriesHistory> = histories
                .iter()
                .filter(|history| history.series.judged && !history.changes.is_empty())
                .collect();
            for history in &changed {
                print(&text::history(history, &options))?;
                print("\n")?;
            }
            let steady =
                histories.iter().filter(|history| history.series.judged).count() - changed.len();
            print(&format!("{} series changed, {steady} did not\n\n", changed.len()))?;
            print(&text::stability(&stability, &options))?;
        }
    }
    Ok(Exit::Good)
}
