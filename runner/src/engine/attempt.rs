//! One attempt of a run: from the request to the record.

use std::time::Duration;

use ground_core::execution::{Artifact, Execution, GroupRequest, InstanceResult, RunRequest};
use ground_core::id::{InstanceId, RunId};
use ground_core::outcome::{Outcome, OutcomeKind};
use ground_core::record::{InstanceRow, RunRecord, RunRow};
use ground_core::sweep::{Slot, derive_seed};
use tokio::sync::mpsc;

use super::contamination::{self, Observed};
use super::error::EngineError;
use super::event::EngineEvent;
use super::retention;
use super::session::Session;
use crate::fingerprint::Reading;
use crate::ingest::Collected;
use crate::runner::{RunControl, Runner, RunnerError};

/// By how much wall clock and monotonic clock may disagree over a run before it is told: one second.
const CLOCK_TOLERANCE_S: f64 = 1.0;

/// Executes and collects an attempt; nothing when it was killed.
pub(super) async fn carry_out(
    session: &mut Session<'_>,
    slot: Slot,
    (attempt, run): (u32, RunId),
    artifacts: Vec<Artifact>,
) -> Result<Option<RunRecord>, EngineError> {
    let row = row(session, slot, (attempt, run.clone()), &artifacts);
    let request = request(session, &row, slot, artifacts);
    retention::remove(&request.outputs)
        .and_then(|()| std::fs::create_dir_all(&request.outputs))
        .map_err(|source| EngineError::State { path: request.outputs.clone(), source })?;

    let engine = session.engine;
    let quiet = session.last_end.map(|end| engine.clock.monotonic().saturating_sub(end));
    let before = engine.environment.read();
    let (wall_ns, monotonic) = (engine.clock.wall_ns(), engine.clock.monotonic());
    let executed = execute(session, session.runner(slot.cell), &request).await;
    let took = engine.clock.monotonic().saturating_sub(monotonic);
    let wall = (wall_ns, engine.clock.wall_ns());
    let after = engine.environment.read();
    session.last_end = Some(engine.clock.monotonic());
    session.paced(slot.cell, took);
    if session.control.kill.is_cancelled() {
        return Ok(None);
    }

    let mut execution = executed.unwrap_or_else(|error| failed(&request, &error, wall));
    check_instances(&request, &mut execution);
    right_clock(&mut execution, wall, took);
    let seconds = |instance: &InstanceResult| instance.cpu_user_s + instance.cpu_system_s;
    let instances_s = execution.instances.iter().map(seconds).sum();
    let observed = Observed { before, after, took, instances_s, quiet };
    execution.caveats.extend(contamination::caveats(&observed));
    let outcome = execution.outcome.clone();
    engine.tell(EngineEvent::RunEnded { run, outcome, took });
    let collected = collect(session, slot, &request, &mut execution).await;
    Ok(Some(record(row, execution, collected, (before, after))))
}

/// Returns what is known of a run before it.
pub(super) fn row(
    session: &Session<'_>,
    slot: Slot,
    (attempt, run): (u32, RunId),
    artifacts: &[Artifact],
) -> RunRow {
    let sweep_run = &session.request.runs[slot.cell];
    let mut fingerprint = session.fingerprint.clone();
    let unknown = Reading::unknown().load;
    (fingerprint.before, fingerprint.after) = (unknown, unknown);
    fingerprint.toolchain = joined(artifacts.iter().map(|artifact| artifact.toolchain.clone()));
    let lang = |spec| session.engine.workshop.lang(spec);
    RunRow {
        run,
        attempt,
        sweep: session.sweep(),
        block: slot.block,
        position: slot.position,
        plan: session.request.plan.clone(),
        case: sweep_run.resolved.case.clone(),
        composition_run: sweep_run.cell.composition_run.clone(),
        params: sweep_run.resolved.params(),
        runner: sweep_run.cell.runner.clone(),
        lang: joined(session.prepared.specs(slot.cell).map(lang)),
        composition_digest: sweep_run.resolved.composition_digest().to_string(),
        machine_class: fingerprint.machine_class(),
        revision: session.prepared.targets[slot.revision].revision.clone(),
        artifact_digest: joined(artifacts.iter().map(|artifact| artifact.digest.clone())),
        // The same for all revisions of a block, so that baseline and candidate draw the same numbers.
        seed: derive_seed(session.state.header.seed, &[slot.cell as u64, slot.repetition.into()]),
        started_ns: 0,
        ended_ns: 0,
        outcome: Outcome::success(),
        fingerprint,
        caveats: Vec::new(),
    }
}

/// Joins texts that differ, in their order, without the empty ones.
fn joined(texts: impl Iterator<Item = String>) -> String {
    let mut distinct: Vec<String> = Vec::new();
    for text in texts.filter(|text| !text.is_empty()) {
        if !distinct.contains(&text) {
            distinct.push(text);
        }
    }
    distinct.join("+")
}

fn request(
    session: &Session<'_>,
    row: &RunRow,
    slot: Slot,
    artifacts: Vec<Artifact>,
) -> RunRequest {
    let resolved = &session.request.runs[slot.cell].resolved;
    let options = &session.request.options;
    let groups = resolved.groups.iter().zip(artifacts).map(|(group, artifact)| GroupRequest {
        id: group.id.clone(),
        count: group.count,
        artifact,
        params: group.params.clone(),
        resources: group.resources,
        profiles: group.profiles.clone(),
    });
    RunRequest {
        run: row.run.clone(),
        plan: row.plan.clone(),
        case: row.case.clone(),
        groups: groups.collect(),
        seed: row.seed,
        timeout: resolved.timeout.unwrap_or(options.timeout),
        outputs: retention::outputs_of(&session.engine.config.state_dir, &row.plan, &row.run),
        disable_metrics: resolved.disable_metrics,
        labels: options.labels.clone(),
        pin: options.pin,
        bare: session.request.bare,
    }
}

/// Has the runner execute a request and passes on what it tells.
async fn execute(
    session: &Session<'_>,
    runner: &dyn Runner,
    request: &RunRequest,
) -> Result<Execution, RunnerError> {
    let engine = session.engine;
    let (progress, mut told) = mpsc::unbounded_channel();
    let control = RunControl {
        cancel: session.control.cancel.child_token(),
        kill: session.control.kill.child_token(),
        progress,
    };
    let execution = runner.execute(request, &control);
    tokio::pin!(execution);
    let tell = |progress| {
        engine.tell(EngineEvent::RunProgress { run: request.run.clone(), progress });
    };
    loop {
        tokio::select! {
            biased;
            Some(progress) = told.recv() => tell(progress),
            executed = &mut execution => {
                while let Ok(progress) = told.try_recv() {
                    tell(progress);
                }
                return executed;
            }
        }
    }
}

/// Returns the execution of a runner that failed: every instance has the machinery's error.
fn failed(request: &RunRequest, error: &RunnerError, wall: (i64, i64)) -> Execution {
    let mut reason = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let text = error.to_string();
        if !reason.contains(&text) {
            reason = format!("{reason}: {text}");
        }
        cause = error.source();
    }
    if !error.hint.is_empty() {
        reason = format!("{reason}; {}", error.hint);
    }
    let outcome = Outcome::new(OutcomeKind::InfraError, reason);
    let caveats =
        if error.hint.is_empty() { vec![] } else { vec![format!("hint: {}", error.hint)] };
    let mut execution = Execution {
        outcome: outcome.clone(),
        instances: Vec::new(),
        events: Vec::new(),
        started_ns: wall.0,
        ended_ns: wall.1,
        caveats,
    };
    fill_instances(request, &mut execution, &outcome);
    execution
}

/// Makes a run fail whose runner said nothing about some instances.
fn check_instances(request: &RunRequest, execution: &mut Execution) {
    let (told, asked) = (execution.instances.len() as u64, request.instances());
    if told < asked {
        let silent = Outcome::new(OutcomeKind::Failure, "the runner gave no outcome");
        fill_instances(request, execution, &silent);
        if execution.outcome.is_success() {
            execution.outcome = Outcome::of_run(execution.instances.iter().map(|i| &i.outcome));
        }
    }
}

/// Adds the instances that are missing, in order of groups and indices.
fn fill_instances(request: &RunRequest, execution: &mut Execution, outcome: &Outcome) {
    let mut known: std::collections::BTreeMap<InstanceId, InstanceResult> =
        execution.instances.drain(..).map(|result| (result.instance.clone(), result)).collect();
    for group in &request.groups {
        for index in 0..group.count {
            let instance = InstanceId { group: group.id.clone(), index };
            let result = known.remove(&instance).unwrap_or_else(|| InstanceResult {
                outputs: request.outputs.join(&group.id).join(index.to_string()),
                instance,
                outcome: outcome.clone(),
                exit_code: None,
                signal: None,
                started_ns: execution.started_ns,
                ended_ns: execution.ended_ns,
                cpu_user_s: 0.0,
                cpu_system_s: 0.0,
                max_rss_bytes: 0,
            });
            execution.instances.push(result);
        }
    }
}

/// Tells when the clock was set during a run, and never lets a run end before it began.
fn right_clock(execution: &mut Execution, wall: (i64, i64), took: Duration) {
    let took_ns = i64::try_from(took.as_nanos()).unwrap_or(i64::MAX);
    let off_s = (wall.1.saturating_sub(wall.0).saturating_sub(took_ns)) as f64 / 1e9;
    if off_s.abs() > CLOCK_TOLERANCE_S {
        let way = if off_s < 0.0 { "back" } else { "forward" };
        let by = off_s.abs();
        execution.caveats.push(format!("the clock was set {way} by {by:.1} s during the run"));
    }
    if execution.ended_ns < execution.started_ns {
        execution.ended_ns = execution.started_ns.saturating_add(took_ns);
    }
    for instance in &mut execution.instances {
        instance.ended_ns = instance.ended_ns.max(instance.started_ns);
    }
}

/// Reads what the instances left; when that fails, the run failed by our machinery.
async fn collect(
    session: &Session<'_>,
    slot: Slot,
    request: &RunRequest,
    execution: &mut Execution,
) -> Collected {
    let specs = &session.request.runs[slot.cell].resolved.metrics;
    match session.engine.collector.collect(request, execution, specs).await {
        Ok(collected) => collected,
        Err(error) => {
            let reason = format!("what the instances measured cannot be read: {error}");
            execution.outcome = Outcome::new(OutcomeKind::InfraError, reason);
            Collected::default()
        }
    }
}

fn record(
    mut row: RunRow,
    execution: Execution,
    collected: Collected,
    (before, after): (Reading, Reading),
) -> RunRecord {
    row.fingerprint.before = before.load;
    row.fingerprint.after = after.load;
    row.started_ns = execution.started_ns;
    row.ended_ns = execution.ended_ns;
    row.outcome = execution.outcome;
    row.caveats = execution.caveats;
    row.caveats.extend(collected.caveats);
    let instance = |result: InstanceResult| InstanceRow {
        instance: result.instance,
        outcome: result.outcome,
        exit_code: result.exit_code,
        signal: result.signal,
        started_ns: result.started_ns,
        ended_ns: result.ended_ns,
        cpu_user_s: result.cpu_user_s,
        cpu_system_s: result.cpu_system_s,
        max_rss_bytes: result.max_rss_bytes,
    };
    RunRecord {
        run: row,
        instances: execution.instances.into_iter().map(instance).collect(),
        metrics: collected.metrics,
        samples: collected.samples,
        sketches: collected.sketches,
        points: collected.points,
        events: execution.events,
    }
}
