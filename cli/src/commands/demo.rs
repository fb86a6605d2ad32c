//! `ground demo`: the whole product on a repository that is made on the spot.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use ground_core::finding::{Change, StabilityFinding};
use ground_core::report::{Report as Model, SeriesHistory};
use ground_core::revision::Revision;
use ground_core::verdict::{Decision, Stability, Verdict};
use ground_runner::engine::SweepEnd;

use super::{Context, print, report, run};
use crate::args::{Demo, Report, Select};
use crate::demo::repository::{self, PLAN};
use crate::error::CliError;
use crate::exit::Exit;
use crate::flow::{Places, measure};
use crate::live::{View, short_time};
use crate::request;

/// The gate that the demo asks, and shows how to ask.
const POLICY: &str = "\
[[require]]
metric = \"get_latency_s_p50\"
require = \"not-worse\"

[stability]
max_failure_rate = 0.05
";

pub(crate) fn run(context: &Context, command: &Demo) -> Result<Exit, CliError> {
    let begin = Instant::now();
    let dir = directory(command)?;
    let failed = |error: &dyn std::error::Error| CliError::from_error(Exit::Broken, error);
    let plan = repository::make(&dir).map_err(|error| {
        failed(&error).hint("the demo needs Git and an empty directory; --dir names one")
    })?;
    let policy = dir.join("gate.toml");
    fs::write(&policy, POLICY).map_err(|error| failed(&error))?;
    eprintln!("made a repository with twelve commits of a key-value store in {}", dir.display());
    let first = repository::first_commit(&dir).map_err(|error| failed(&error))?;

    let places = Places {
        store: dir.join(".ground/store").display().to_string(),
        state: dir.join(".ground"),
    };
    let asked = request::of_plan(&plan, &format!("{first}..HEAD"), command.repetitions)?;
    let summary = context.drive(measure(places.clone(), asked.request, View::People))?;
    run::conclude(&summary, &places.store, true);
    if summary.end == SweepEnd::Canceled {
        return Ok(Exit::Interrupted);
    }

    let in_demo = context.at(&places);
    let (model, _) = report::write(&in_demo, &site(&dir, &first, &policy))?;
    print(&told(&model))?;
    print(&next_commands(&dir, &first))?;
    eprintln!("the demo took {}", short_time(begin.elapsed()));
    Ok(Exit::Good)
}

fn directory(command: &Demo) -> Result<PathBuf, CliError> {
    let dir = match &command.dir {
        Some(dir) => dir.clone(),
        None => {
            let unique = format!("ground-demo-{}", std::process::id());
            std::env::temp_dir().join(unique)
        }
    };
    fs::create_dir_all(&dir)
        .and_then(|()| dir.canonicalize())
        .map_err(|error| CliError::from_error(Exit::WrongInput, &error))
}

fn site(dir: &Path, first: &str, policy: &Path) -> Report {
    Report {
        out: dir.join("report"),
        range: Some(format!("{first}..HEAD")),
        policy: Some(policy.to_owned()),
        project: Some("kvstore".to_owned()),
        select: Select { plan: None, repository: dir.to_owned() },
    }
}

/// What was found, in a few lines.
fn told(model: &Model) -> String {
    let mut text = String::from("\nfound:\n");
    let mut changes: Vec<(&SeriesHistory, &Change)> = model
        .series
        .iter()
        .filter(|history| history.series.judged)
        .flat_map(|history| history.changes.iter().map(move |change| (history, change)))
        .filter(|(_, change)| change.verdict == Verdict::Regression)
        .collect();
    // What is surest to be large comes first: the end of the interval that lies nearer to no change.
    let sure = |change: &Change| change.effect.lo.abs().min(change.effect.hi.abs());
    changes.sort_by(|a, b| sure(b.1).total_cmp(&sure(a.1)));
    for (history, change) in changes.iter().take(4) {
        text += &change_line(history, change);
    }
    if changes.is_empty() {
        text += "  no commit is slower for sure; on a busy machine more repetitions would tell (-n 10)\n";
    }
    for finding in &model.stability {
        text += &stability_line(finding);
    }
    if let Some(gate) = &model.gate {
        let exit = match gate.decision {
            Decision::Go => 0,
            Decision::Hold => 1,
            Decision::NoAnswer => 3,
        };
        text += &format!("  gate       {}: `ground gate` exits with {exit}\n", gate.decision);
    }
    text
}

fn change_line(history: &SeriesHistory, change: &Change) -> String {
    let effect = change.effect;
    let place = |index: usize| named(&history.series.revisions[index].revision);
    let [value, lo, hi] = [effect.value, effect.lo, effect.hi].map(|ratio| ratio * 100.0);
    let range = if change.lo == change.hi {
        String::new()
    } else {
        format!(" (one of {} commits)", change.hi - change.lo + 1)
    };
    format!(
        "  {}  {} {value:+.0} % [{lo:+.0}, {hi:+.0}] since {}{range}\n",
        change.verdict,
        history.series.key.metric_name(),
        place(change.index)
    )
}

fn stability_line(finding: &StabilityFinding) -> String {
    if !matches!(finding.verdict, Stability::Flaky | Stability::Broken) {
        return String::new();
    }
    let since = finding.since.map_or_else(String::new, |(index, ..)| {
        format!(" since {}", named(&finding.revisions[index].0))
    });
    let rate = finding.rate.map_or_else(String::new, |rate| {
        let [value, lo, hi] = [rate.value, rate.lo, rate.hi].map(|ratio| ratio * 100.0);
        format!(" fails in {value:.0} % [{lo:.0}, {hi:.0}] of runs")
    });
    let why = finding.signatures.first().map_or_else(String::new, |signature| {
        format!("             {} runs: {}\n", signature.runs, signature.text)
    });
    format!(
        "  {}      {}/{}{rate}{since}\n{why}",
        finding.verdict, finding.case.plan, finding.case.case
    )
}

fn named(revision: &Revision) -> String {
    format!("{} \"{}\"", revision.short(), revision.subject)
}

fn next_commands(dir: &Path, first: &str) -> String {
    let first: String = first.chars().take(7).collect();
    format!(
        "
the report: file://{dir}/report/index.html

next, in {dir}:
  ground changes
  ground compare {first}..HEAD
  ground gate {first}..HEAD --policy gate.toml; echo $?
  ground sql \"SELECT revision, stat, value FROM run_points WHERE metric = 'get_latency_s'\"
  ground run {PLAN} --revisions {first}..HEAD --repetitions 5    # more of the same
",
        dir = dir.display()
    )
}
