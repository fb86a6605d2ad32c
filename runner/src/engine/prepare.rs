//! Everything before the first run: checks, revisions, builds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path};

use ground_core::execution::Artifact;
use ground_core::id::SweepId;

use super::error::EngineError;
use super::event::EngineEvent;
use super::request::SweepRequest;
use super::{Engine, SweepControl};
use crate::build::{BuildEvent, BuildOutcome, BuildRequest, BuildSpec, Builds, hide_from_git};
use crate::revisions::{Target, machine_name, resolve};

/// What goes into every identifier of a sweep, so that a change of its meaning makes all of them new.
const ASKED_FORMAT: &str = "ground sweep 1";

/// A request that can be carried out, with everything built.
pub(super) struct Prepared {
    /// Names what was asked: the same request gives the same one.
    pub(super) asked: SweepId,
    /// The revisions, baseline first.
    pub(super) targets: Vec<Target>,
    specs: Vec<BuildSpec>,
    /// The specification of each group of each cell.
    groups: Vec<Vec<usize>>,
    builds: Builds,
}

impl Prepared {
    /// Returns the artifacts of a cell's groups at a revision, or the first build that failed.
    pub(super) fn artifacts(
        &self,
        cell: usize,
        revision: usize,
    ) -> Result<Vec<Artifact>, &BuildOutcome> {
        let outcome = |spec: &usize| match self.builds.outcome(revision, *spec) {
            BuildOutcome::Ready { artifact, .. } => Ok(artifact.clone()),
            failed @ BuildOutcome::Failed { .. } => Err(failed),
        };
        self.groups[cell].iter().map(outcome).collect()
    }

    /// Returns whether there is something to run for every group of a cell at a revision.
    pub(super) fn is_built(&self, cell: usize, revision: usize) -> bool {
        let ready = |spec: &usize| {
            matches!(self.builds.outcome(revision, *spec), BuildOutcome::Ready { .. })
        };
        self.groups[cell].iter().all(ready)
    }

    /// Returns the specifications of a cell's groups.
    pub(super) fn specs(&self, cell: usize) -> impl Iterator<Item = &BuildSpec> {
        self.groups[cell].iter().map(|&spec| &self.specs[spec])
    }

    /// Returns every build that failed, with its revision and builder.
    pub(super) fn failed(&self) -> impl Iterator<Item = (&Target, &str, &BuildOutcome)> {
        let failed = |outcome: &BuildOutcome| matches!(outcome, BuildOutcome::Failed { .. });
        self.builds.iter().filter(move |(_, outcome)| failed(outcome)).map(
            |((target, spec), outcome)| {
                (&self.targets[target], self.specs[spec].builder.as_str(), outcome)
            },
        )
    }
}

/// Checks a request, resolves its revisions and builds all they need.
pub(super) async fn prepare(
    engine: &Engine,
    request: &SweepRequest,
    control: &SweepControl,
) -> Result<Prepared, EngineError> {
    check(engine, request)?;
    let state_dir = &engine.config.state_dir;
    std::fs::create_dir_all(state_dir)
        .and_then(|()| hide_from_git(state_dir))
        .map_err(|source| EngineError::State { path: state_dir.clone(), source })?;
    let (dir, revisions) = (request.dir.clone(), request.revisions.clone());
    let targets = tokio::task::spawn_blocking(move || resolve(&dir, &revisions)).await;
    let targets = targets.expect("bug: resolving revisions panicked")?;

    let mut specs: Vec<BuildSpec> = Vec::new();
    let mut groups = Vec::with_capacity(request.runs.len());
    for run in &request.runs {
        let of_run = run.resolved.groups.iter().map(BuildSpec::of);
        groups.push(of_run.map(|spec| index_of(&mut specs, spec)).collect());
    }
    let concurrent = request.runs.iter().filter_map(|run| run.resolved.concurrent_builds).max();
    let build = BuildRequest {
        plan: request.plan.clone(),
        dir: request.dir.clone(),
        targets,
        specs,
        concurrent,
        cancel: control.cancel.child_token(),
    };
    let builds = engine.workshop.build_all(&build, &|event| tell(engine, &build, event)).await?;
    let BuildRequest { targets, specs, .. } = build;
    let asked = asked(engine, request, &targets, &builds);
    Ok(Prepared { asked, targets, specs, groups, builds })
}

fn check(engine: &Engine, request: &SweepRequest) -> Result<(), EngineError> {
    if request.runs.is_empty() {
        return Err(EngineError::Empty { what: "runs" });
    }
    if request.repetitions == 0 {
        return Err(EngineError::Empty { what: "repetitions" });
    }
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    if request.plan.is_empty() || !Path::new(&request.plan).components().all(plain) {
        return Err(EngineError::PlanName { plan: request.plan.clone() });
    }
    let mut seen = BTreeSet::new();
    for run in &request.runs {
        if !engine.runners.contains_key(&run.cell.runner) {
            return Err(EngineError::UnknownRunner {
                runner: run.cell.runner.clone(),
                known: engine.runners.keys().cloned().collect(),
            });
        }
        if !seen.insert(&run.cell) {
            return Err(EngineError::RepeatedCell { run: run.cell.composition_run.clone() });
        }
    }
    Ok(())
}

fn index_of(specs: &mut Vec<BuildSpec>, spec: BuildSpec) -> usize {
    specs.iter().position(|known| *known == spec).unwrap_or_else(|| {
        specs.push(spec);
        specs.len() - 1
    })
}

/// Names what was asked, and where: two clones of a repository have sweeps of their own.
fn asked(engine: &Engine, request: &SweepRequest, targets: &[Target], builds: &Builds) -> SweepId {
    let mut parts = vec![
        ASKED_FORMAT.to_owned(),
        engine.environment.describe().host,
        machine_name(&request.dir),
        request.plan.clone(),
        request.repetitions.to_string(),
        request.seed.map(|seed| seed.to_string()).unwrap_or_default(),
        request.options.pin.to_string(),
    ];
    for run in &request.runs {
        let set: BTreeMap<String, String> = run.resolved.params();
        parts.extend([run.cell.composition_run.clone(), run.cell.runner.clone()]);
        parts.push(run.resolved.composition_digest().to_string());
        parts.push(format!("{:?} {set:?}", run.cell.params));
    }
    for (index, target) in targets.iter().enumerate() {
        parts.push(target.identity());
        if target.revision.commit.is_empty() && target.changes.is_none() {
            // Outside any repository nothing but what was built tells whether the plan changed.
            parts.extend(builds.iter().filter(|((of, _), _)| *of == index).map(|(_, outcome)| {
                match outcome {
                    BuildOutcome::Ready { artifact, .. } => artifact.digest.clone(),
                    BuildOutcome::Failed { .. } => String::new(),
                }
            }));
        }
    }
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    SweepId::derive(&parts)
}

fn tell(engine: &Engine, build: &BuildRequest, event: BuildEvent) {
    let of = |target: usize, spec: usize| {
        (build.targets[target].revision.clone(), build.specs[spec].builder.clone())
    };
    engine.tell(match event {
        BuildEvent::Waiting { holder } => EngineEvent::BuildWaiting { holder },
        BuildEvent::Started { target, spec } => {
            let (revision, builder) = of(target, spec);
            EngineEvent::Building { revision, builder }
        }
        BuildEvent::Ended { target, spec, outcome, took } => {
            let (revision, builder) = of(target, spec);
            match outcome {
                BuildOutcome::Ready { cached, .. } => {
                    EngineEvent::Built { revision, builder, cached, took }
                }
                BuildOutcome::Failed { summary, hint, log, .. } => {
                    EngineEvent::BuildFailed { revision, builder, summary, hint, log }
                }
            }
        }
    });
}
