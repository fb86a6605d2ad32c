//! Everything a report shows, from what the store holds.

use std::collections::{BTreeMap, BTreeSet};

use ground_core::finding::{GateReport, StabilityFinding};
use ground_core::report::{Comparison, Report, RunDetail, SeriesHistory, TrustRow};
use ground_core::revision::Revision;
use ground_core::series::Series;
use ground_store::Store;

use crate::compare::{CompareOptions, add_minutes, findings};
use crate::dataset::{Dataset, LoadError};
use crate::detail::detail;
use crate::gate::{Policy, evaluate};
use crate::history::histories;
use crate::stability::stability;
use crate::stats::changes::Settings;
use crate::summary::spread_within;

/// What a report is about.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportOptions {
    /// The project's name.
    pub project: String,
    /// Baseline and candidate; the newest two revisions when not given.
    pub range: Option<(Revision, Revision)>,
    /// A gate's policy.
    pub policy: Option<Policy>,
    /// Runs that get a page, newest first.
    pub runs: usize,
    /// Rules of comparisons.
    pub compare: CompareOptions,
}

/// Compares two revisions over everything that was loaded.
///
/// # Errors
/// [`LoadError`] when the store holds words that this version does not know.
pub fn comparison(
    dataset: &Dataset,
    baseline: &Revision,
    candidate: &Revision,
    options: CompareOptions,
) -> Result<Comparison, LoadError> {
    let series = dataset.series()?;
    let mut found = findings(&series, baseline, candidate, options);
    add_minutes(&mut found, &dataset.seconds_a_run()?);
    let outcomes = dataset.outcomes()?;
    let sides: Vec<_> = outcomes
        .into_iter()
        .filter(|run| run.revision == *baseline || run.revision == *candidate)
        .collect();
    Ok(Comparison {
        baseline: baseline.clone(),
        candidate: candidate.clone(),
        environment: dataset.environment(baseline, candidate)?,
        unmatched: unmatched(&series, baseline, candidate),
        findings: found,
        stability: stability(&sides),
    })
}

/// Lists series that only one side has.
fn unmatched(
    series: &[Series],
    baseline: &Revision,
    candidate: &Revision,
) -> Vec<(String, &'static str)> {
    let has = |one: &Series, revision: &Revision| {
        one.revisions.iter().any(|points| points.revision == *revision && !points.points.is_empty())
    };
    let mut titles = BTreeSet::new();
    for one in series {
        match (has(one, baseline), has(one, candidate)) {
            (true, false) => titles.insert((one.key.title(), "candidate")),
            (false, true) => titles.insert((one.key.title(), "baseline")),
            _ => false,
        };
    }
    titles.into_iter().collect()
}

/// Assembles a report.
///
/// # Errors
/// [`LoadError`] when the store cannot be read.
pub async fn report(
    store: &Store,
    dataset: &Dataset,
    options: ReportOptions,
) -> Result<Report, LoadError> {
    let revisions = dataset.revisions()?;
    let range = options.range.or_else(|| newest_two(&revisions));
    let comparisons = match &range {
        Some((baseline, candidate)) => {
            vec![comparison(dataset, baseline, candidate, options.compare)?]
        }
        None => Vec::new(),
    };
    let gate = gate(options.policy.as_ref(), comparisons.first());
    let series = histories(dataset.series()?, &Settings::default());
    Ok(Report {
        project: options.project,
        trust: trust(&series),
        stability: all_stability(dataset)?,
        runs: newest_runs(store, dataset, options.runs).await?,
        revisions,
        series,
        comparisons,
        gate,
    })
}

/// Judges the outcomes of every testcase over the whole history.
///
/// # Errors
/// [`LoadError`] when the store holds words that this version does not know.
pub fn all_stability(dataset: &Dataset) -> Result<Vec<StabilityFinding>, LoadError> {
    Ok(stability(&dataset.outcomes()?))
}

fn newest_two(revisions: &[Revision]) -> Option<(Revision, Revision)> {
    match revisions {
        [.., before, newest] => Some((before.clone(), newest.clone())),
        _ => None,
    }
}

fn gate(policy: Option<&Policy>, comparison: Option<&Comparison>) -> Option<GateReport> {
    Some(evaluate(policy?, comparison?))
}

async fn newest_runs(
    store: &Store,
    dataset: &Dataset,
    most: usize,
) -> Result<Vec<RunDetail>, LoadError> {
    let mut details = Vec::new();
    for run in dataset.newest_runs(most)? {
        let record =
            store.run_record(&run).await.map_err(|error| LoadError::Session(Box::new(error)))?;
        details.extend(record.map(detail));
    }
    Ok(details)
}

/// How far each judged series may be believed: the spread between runs of one revision.
fn trust(series: &[SeriesHistory]) -> Vec<TrustRow> {
    let mut rows: BTreeMap<String, TrustRow> = BTreeMap::new();
    for history in series.iter().filter(|history| history.series.judged) {
        let runs: Vec<Vec<f64>> =
            history.series.revisions.iter().map(|points| points.values()).collect();
        let newest = history.series.revisions.iter().flat_map(|points| &points.points);
        rows.insert(
            history.series.key.title(),
            TrustRow {
                series: history.series.key.title(),
                margin: history.series.margin,
                minimum_detectable: history.minimum_detectable,
                spread: spread_within(&runs),
                last_run_ns: newest.map(|point| point.started_ns).max().unwrap_or(0),
            },
        );
    }
    rows.into_values().collect()
}
