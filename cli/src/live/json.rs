//! Events as JSON, one object a line on standard output, for machines.

use std::io::Write;

use ground_runner::engine::EngineEvent;
use ground_runner::runner::RunProgress;
use serde_json::{Value, json};

/// The version of these objects; it rises when a key changes its meaning.
const VERSION: u32 = 1;

/// Prints an event; a reader that has gone is no failure.
pub(super) fn tell(event: &EngineEvent) {
    if let Some(mut object) = object(event) {
        object["v"] = json!(VERSION);
        let _ = writeln!(std::io::stdout().lock(), "{object}");
    }
}

fn object(event: &EngineEvent) -> Option<Value> {
    Some(match event {
        EngineEvent::Built { revision, builder, cached, took } => json!({
            "event": "built", "revision": revision.commit, "builder": builder,
            "cached": cached, "seconds": took.as_secs_f64(),
        }),
        EngineEvent::BuildFailed { revision, builder, summary, hint, log } => json!({
            "event": "build_failed", "revision": revision.commit, "builder": builder,
            "summary": summary, "hint": hint, "log": log,
        }),
        EngineEvent::SweepPlanned { sweep, dir, cells, revisions, total, done, seed, resumed } => {
            let commits: Vec<&str> =
                revisions.iter().map(|revision| revision.commit.as_str()).collect();
            json!({
                "event": "sweep_planned", "sweep": sweep.as_str(), "dir": dir, "cells": cells.len(),
                "revisions": commits, "total": total, "done": done, "seed": seed, "resumed": resumed,
            })
        }
        EngineEvent::RunStarted { run, slot, attempt } => json!({
            "event": "run_started", "run": run.as_str(), "position": slot.position,
            "block": slot.block, "cell": slot.cell, "revision": slot.revision,
            "repetition": slot.repetition, "attempt": attempt,
        }),
        EngineEvent::RunProgress { run, progress } => progress_object(run.as_str(), progress)?,
        EngineEvent::RunEnded { run, outcome, took } => json!({
            "event": "run_ended", "run": run.as_str(), "outcome": outcome.kind.as_str(),
            "reason": outcome.reason, "seconds": took.as_secs_f64(),
        }),
        EngineEvent::Recorded { run, found, done, total, eta } => json!({
            "event": "recorded", "run": run.as_str(), "found": found, "done": done, "total": total,
            "eta_seconds": eta.map(|eta| eta.as_secs_f64()),
        }),
        EngineEvent::RunSkipped { slot, done, total } => json!({
            "event": "run_skipped", "position": slot.position, "done": done, "total": total,
        }),
        EngineEvent::SweepEnded(summary) => json!({
            "event": "sweep_ended", "sweep": summary.sweep.as_str(), "done": summary.done,
            "total": summary.total,
        }),
        _ => return None,
    })
}

fn progress_object(run: &str, progress: &RunProgress) -> Option<Value> {
    Some(match progress {
        RunProgress::Instances { total, started, succeeded, failed } => json!({
            "event": "instances", "run": run, "total": total, "started": started,
            "succeeded": succeeded, "failed": failed,
        }),
        RunProgress::Barriers(barriers) => {
            let barriers: Vec<Value> = barriers
                .iter()
                .map(|barrier| json!({
                    "state": barrier.state, "arrived": barrier.arrived, "target": barrier.target,
                    "missing": barrier.missing,
                }))
                .collect();
            json!({ "event": "barriers", "run": run, "barriers": barriers })
        }
        _ => return None,
    })
}
