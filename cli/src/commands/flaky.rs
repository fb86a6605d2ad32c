//! `ground flaky`: which testcases can be relied on.

use ground_analyzer::report::all_stability;
use ground_reports::{json, text};

use super::{Context, analysis, print, series};
use crate::args::{Flaky, TextFormat};
use crate::error::CliError;
use crate::exit::Exit;

pub(crate) fn run(context: &Context, command: &Flaky) -> Result<Exit, CliError> {
    if let Some(path) = &command.series {
        return series::flaky(path);
    }
    let loaded = analysis::load(context, &command.select, None)?;
    let stability = all_stability(&loaded.dataset)
        .map_err(|error| CliError::from_error(Exit::Broken, &error))?;
    print(&match command.format {
        TextFormat::Json => json::stability(&stability),
        TextFormat::Text | TextFormat::Markdown => {
            text::stability(&stability, &analysis::text_options(context))
        }
    })?;
    Ok(Exit::Good)
}
