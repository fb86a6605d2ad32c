//! `ground gate`: may this revision be released?

use std::fs;
use std::path::Path;

use ground_analyzer::compare::CompareOptions;
use ground_analyzer::gate::{Policy, evaluate};
use ground_analyzer::report::comparison;
use ground_core::verdict::Decision;
use ground_reports::{json, text};

use super::{Context, analysis, print};
use crate::args::{Gate, TextFormat};
use crate::error::CliError;
use crate::exit::Exit;

pub(crate) fn run(context: &Context, command: &Gate) -> Result<Exit, CliError> {
    let policy = read_policy(&command.policy)?;
    let loaded = analysis::load(context, &command.select, None)?;
    let (baseline, candidate) = match (&command.range, &loaded.revisions[..]) {
        (Some(range), _) => analysis::range(&loaded, &command.select.repository, range)?,
        (None, [oldest, .., newest]) => (oldest.clone(), newest.clone()),
        (None, _) => {
            return Err(CliError::new(Exit::NoAnswer, "the store holds runs of one revision only")
                .hint("a gate compares two: `ground run PLAN --revisions BASE..HEAD`"));
        }
    };
    let compared = comparison(&loaded.dataset, &baseline, &candidate, CompareOptions::default())
        .map_err(|error| CliError::from_error(Exit::Broken, &error))?;
    let report = evaluate(&policy, &compared);
    print(&match command.format {
        TextFormat::Json => json::gate(&report),
        TextFormat::Text | TextFormat::Markdown => {
            text::gate(&report, &analysis::text_options(context))
        }
    })?;
    Ok(match report.decision {
        Decision::Go => Exit::Good,
        Decision::Hold => Exit::Bad,
        Decision::NoAnswer => Exit::NoAnswer,
    })
}

/// Reads a policy, and shows the place where it is wrong.
pub(crate) fn read_policy(path: &Path) -> Result<Policy, CliError> {
    let text = fs::read_to_string(path).map_err(|error| {
        CliError::new(
            Exit::WrongInput,
            format!("policy `{}` cannot be read: {error}", path.display()),
        )
        .hint("a policy's keys are in docs/gate.md")
    })?;
    Policy::parse(&text).map_err(|error| {
        let failure = CliError::new(
            Exit::WrongInput,
            format!("policy `{}` is wrong: {}", path.display(), error.message.trim()),
        );
        let failure = match &error.span {
            Some(span) => failure.evidence(place(path, &text, span.start)),
            None => failure,
        };
        failure.hint(error.hint)
    })
}

fn place(path: &Path, text: &str, offset: usize) -> String {
    let before = &text[..offset.min(text.len())];
    let line = before.matches('\n').count() + 1;
    let column = before.len() - before.rfind('\n').map_or(0, |newline| newline + 1) + 1;
    format!("--> {}:{line}:{column}", path.display())
}
