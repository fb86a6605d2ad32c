//! Events as lines for people.

use ground_core::revision::Revision;
use ground_runner::engine::EngineEvent;

use super::short_time;

/// Returns whether a line is worth keeping above a progress bar.
pub(super) fn stays(event: &EngineEvent) -> bool {
    match event {
        EngineEvent::RunEnded { outcome, .. } => !outcome.is_success(),
        EngineEvent::SweepPlanned { .. }
        | EngineEvent::BuildFailed { .. }
        | EngineEvent::BuildWaiting { .. }
        | EngineEvent::BlocksAdded { .. }
        | EngineEvent::CellDecided { .. } => true,
        _ => false,
    }
}

/// Returns the event as a line; nothing for what only a live view shows.
pub(super) fn line(event: &EngineEvent, revisions: &[Revision]) -> Option<String> {
    Some(match event {
        EngineEvent::BuildWaiting { holder } => {
            format!("waiting for process {holder}, which builds in the same cache")
        }
        EngineEvent::Built { revision, builder, cached, took } => {
            let how = if *cached { "already built".to_owned() } else { short_time(*took) };
            format!("built {revision} by {builder}: {how}")
        }
        EngineEvent::BuildFailed { revision, builder, summary, log, .. } => {
            format!("build of {revision} by {builder} failed: {summary}\n  log: {}", log.display())
        }
        EngineEvent::SweepPlanned {
            sweep, cells, revisions, total, done, seed, resumed, ..
        } => {
            let goes_on = if *resumed { format!(", {done} done before") } else { String::new() };
            format!(
                "sweep {sweep}: {} x {} revisions, {total} runs{goes_on}, seed {seed}",
                plural(cells.len(), "cell"),
                revisions.len(),
            )
        }
        EngineEvent::RunStarted { run, slot, attempt } if *attempt > 1 => {
            let revision = revisions.get(slot.revision).map(Revision::short).unwrap_or_default();
            format!("run {run} at {revision}: attempt {attempt}")
        }
        EngineEvent::RunEnded { run, outcome, took } => {
            format!("run {run}: {outcome} ({})", short_time(*took))
        }
        EngineEvent::BlocksAdded { blocks, .. } => {
            format!("undecided: {} more", plural(*blocks as usize, "block"))
        }
        EngineEvent::CellDecided { reason, .. } => format!("decided: {reason}"),
        _ => return None,
    })
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}
