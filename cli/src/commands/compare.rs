//! `ground compare`: verdicts on every series of two revisions.

use ground_analyzer::compare::CompareOptions;
use ground_analyzer::report::comparison;
use ground_core::report::Comparison;
use ground_core::verdict::Verdict;
use ground_reports::markdown::MarkdownOptions;
use ground_reports::{json, markdown, text};

use super::{Context, analysis, print, series};
use crate::args::{Compare, TextFormat};
use crate::error::CliError;
use crate::exit::Exit;

pub(crate) fn run(context: &Context, command: &Compare) -> Result<Exit, CliError> {
    if let Some(path) = &command.series {
        return series::compare(path);
    }
    let loaded = analysis::load(context, &command.select, command.margin)?;
    let range = command.range.as_deref().unwrap_or_default();
    let (baseline, candidate) = analysis::range(&loaded, &command.select.repository, range)?;
    let compared = comparison(&loaded.dataset, &baseline, &candidate, CompareOptions::default())
        .map_err(|error| CliError::from_error(Exit::Broken, &error))?;
    print(&match command.format {
        TextFormat::Text => text::comparison(&compared, &analysis::text_options(context)),
        TextFormat::Markdown => markdown::comment(&compared, None, &MarkdownOptions::default()),
        TextFormat::Json => json::comparison(&compared),
    })?;
    Ok(exit_of(&compared))
}

/// 1 for a regression of a judged series, 3 where nothing could be judged, 0 otherwise.
fn exit_of(compared: &Comparison) -> Exit {
    let any = |verdict: Verdict| compared.findings.iter().any(|finding| finding.verdict == verdict);
    if any(Verdict::Regression) {
        Exit::Bad
    } else if compared.findings.iter().all(|finding| finding.verdict == Verdict::NoData) {
        Exit::NoAnswer
    } else {
        Exit::Good
    }
}
