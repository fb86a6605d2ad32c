//! `ground run`: plan to store.

use ground_core::outcome::OutcomeKind;
use ground_runner::engine::{SweepEnd, SweepSummary};

use super::Context;
use crate::args::Run;
use crate::error::CliError;
use crate::exit::Exit;
use crate::flow::{Places, measure};
use crate::live::{View, short_time};
use crate::request;

pub(crate) fn run(context: &Context, command: &Run) -> Result<Exit, CliError> {
    let asked = request::of(command)?;
    for warning in &asked.warnings {
        eprintln!("{warning}");
    }
    let revisions = command.revisions.is_some();
    let view = if command.json { View::Json } else { View::People };
    let places =
        Places { store: context.global.store.clone(), state: context.global.state.clone() };
    let summary = context.drive(measure(places, asked.request, view))?;
    if view == View::People {
        conclude(&summary, &context.global.store, revisions);
    }
    Ok(exit_of(&summary))
}

/// Says how the sweep ended, and what can be asked now.
pub(crate) fn conclude(summary: &SweepSummary, store: &str, revisions: bool) {
    let outcomes: Vec<String> =
        summary.outcomes.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    eprintln!(
        "{} of {} runs are in `{store}` ({}), after {}",
        summary.done,
        summary.total,
        if outcomes.is_empty() { "none new".to_owned() } else { outcomes.join(", ") },
        short_time(summary.took)
    );
    for failed in &summary.failed_builds {
        eprintln!("  {} could not be built: {}", failed.revision, failed.summary);
        eprintln!("    log: {}", failed.log.display());
    }
    match summary.end {
        SweepEnd::Canceled => eprintln!("hint: the same command goes on where this one stopped"),
        SweepEnd::Complete if revisions => {
            eprintln!("hint: `ground changes` and `ground compare BASE..HEAD` say what changed");
        }
        SweepEnd::Complete => eprintln!(
            "hint: `ground sql \"SELECT metric, stat, value FROM run_points\"` shows what was measured"
        ),
    }
}

/// 130 when interrupted, 4 for infra errors, 1 when a run or a build failed.
fn exit_of(summary: &SweepSummary) -> Exit {
    let any = |kind: OutcomeKind| summary.outcomes.get(&kind).is_some_and(|count| *count > 0);
    let counts = [OutcomeKind::Failure, OutcomeKind::Timeout, OutcomeKind::Crash];
    if summary.end == SweepEnd::Canceled {
        Exit::Interrupted
    } else if any(OutcomeKind::InfraError) && summary.done < summary.total {
        Exit::Broken
    } else if counts.into_iter().any(any) || !summary.failed_builds.is_empty() {
        Exit::Bad
    } else {
        Exit::Good
    }
}
