//! What the store holds, loaded once by SQL: points for series, outcomes for stability, how long runs take.

use std::collections::BTreeMap;

use datafusion::error::DataFusionError;
use datafusion::prelude::{Expr, col, lit};
use ground_core::finding::CaseKey;
use ground_core::id::RunId;
use ground_core::metric::UnknownWord;
use ground_core::outcome::{Outcome, OutcomeKind};
use ground_core::revision::Revision;
use ground_core::series::Series;
use ground_store::Store;
use polars::prelude::{DataFrame, IntoLazy, PolarsError, SortMultipleOptions};

use crate::frame::{FrameError, frame_of};
use crate::series::{Margins, params_text, series_of};
use crate::stability::RunOutcome;

/// Runs with their points; runs without any stay, with nulls, so that what failed is counted.
const POINTS: &str = r#"
SELECT r.run_id, r.sweep AS sweep_id, CAST(r.block AS BIGINT) AS block,
       r.plan, r.testcase AS "case", r.runner, r.lang, r.params_json AS params,
       r.composition_digest, r.machine_class,
       r.revision AS "commit", r.revision_dirty AS dirty, r.revision_position AS "position",
       r.revision_committed_s AS committed_at_s, r.revision_subject AS subject,
       r.started_ns, r.ended_ns, r.outcome, r.outcome_reason AS reason,
       r.host, r.cpu_model, r.kernel, r.governor, r.toolchain, r.tool_version,
       p.metric, p.stat, p.value, p.unit, p.direction, p.margin, p.untrusted
FROM runs r LEFT JOIN points p ON r.run_id = p.run_id
"#;

/// The columns that tell environments apart, and what people call them.
const ENVIRONMENT: [(&str, &str); 6] = [
    ("host", "host"),
    ("cpu_model", "processor"),
    ("kernel", "kernel"),
    ("governor", "governor"),
    ("toolchain", "toolchain"),
    ("tool_version", "version of ground"),
];

/// Loading failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The query failed.
    #[error("asking the store failed")]
    Query(#[from] DataFusionError),
    /// The store could not be opened for queries.
    #[error("opening the store for queries failed")]
    Session(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The answer could not be shaped.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The answer could not be shaped.
    #[error("shaping query results failed")]
    Polars(#[from] PolarsError),
    /// The store holds a word that this version does not know.
    #[error("the store holds a word that this version does not know")]
    Word(#[from] UnknownWord),
}

/// What to load.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Selection {
    /// Only this plan.
    pub plan: Option<String>,
    /// Margins for metrics that declare none.
    pub margins: Margins,
}

/// What the store holds of the selected plans.
#[derive(Debug, Clone)]
pub struct Dataset {
    frame: DataFrame,
    margins: Margins,
}

impl Dataset {
    /// Loads from the store.
    ///
    /// # Errors
    /// [`LoadError`] when the store cannot be read.
    pub async fn load(store: &Store, selection: &Selection) -> Result<Self, LoadError> {
        let session = store.session().await.map_err(|error| LoadError::Session(Box::new(error)))?;
        let mut query = session.sql(POINTS).await?;
        if let Some(plan) = &selection.plan {
            let same: Expr = col("plan").eq(lit(plan));
            query = query.filter(same)?;
        }
        let schema = std::sync::Arc::new(query.schema().as_arrow().clone());
        let batches = query.collect().await?;
        let schema = batches.first().map_or(schema, |batch| batch.schema());
        Ok(Self { frame: frame_of(&schema, &batches)?, margins: selection.margins })
    }

    /// Returns every series, by key, its points by revision.
    ///
    /// # Errors
    /// [`LoadError`] when the store holds words that this version does not know.
    pub fn series(&self) -> Result<Vec<Series>, LoadError> {
        Ok(series_of(self.frame.clone(), self.margins)?)
    }

    /// Returns every run's outcome once, oldest revision first.
    ///
    /// # Errors
    /// [`LoadError`] when the store holds words that this version does not know.
    pub fn outcomes(&self) -> Result<Vec<RunOutcome>, LoadError> {
        let runs = self.runs()?;
        let text = |name: &str| -> Result<Vec<String>, PolarsError> {
            let column = runs.column(name)?.str()?;
            Ok(column.iter().map(|text| text.unwrap_or_default().to_owned()).collect())
        };
        let numbers = |name: &str| -> Result<Vec<i64>, PolarsError> {
            Ok(runs.column(name)?.i64()?.iter().map(Option::unwrap_or_default).collect())
        };
        let [plan, case, runner, lang, params, commit, subject, outcome, reason] =
            ["plan", "case", "runner", "lang", "params", "commit", "subject", "outcome", "reason"]
                .map(text);
        let (plan, case, runner, lang) = (plan?, case?, runner?, lang?);
        let (params, commit, subject) = (params?, commit?, subject?);
        let (outcome, reason) = (outcome?, reason?);
        let (position, committed) = (numbers("position")?, numbers("committed_at_s")?);
        let dirty = runs.column("dirty")?.bool()?;
        (0..runs.height())
            .map(|row| {
                let kind: OutcomeKind = outcome[row].parse()?;
                Ok(RunOutcome {
                    case: CaseKey {
                        plan: plan[row].clone(),
                        case: case[row].clone(),
                        runner: runner[row].clone(),
                        lang: lang[row].clone(),
                        params: params_text(&params[row]),
                    },
                    revision: Revision {
                        commit: commit[row].clone(),
                        dirty: dirty.get(row).unwrap_or(false),
                        position: position[row],
                        committed_at_s: committed[row],
                        subject: subject[row].clone(),
                    },
                    outcome: Outcome::new(kind, reason[row].clone()),
                })
            })
            .collect()
    }

    /// Returns every revision that was run, oldest first.
    ///
    /// # Errors
    /// [`LoadError`] when the store holds words that this version does not know.
    pub fn revisions(&self) -> Result<Vec<Revision>, LoadError> {
        let mut revisions: Vec<Revision> = Vec::new();
        for run in self.outcomes()? {
            if !revisions.contains(&run.revision) {
                revisions.push(run.revision);
            }
        }
        Ok(revisions)
    }

    /// Returns how long a run takes by plan and testcase: the mean, in seconds.
    ///
    /// # Errors
    /// [`LoadError`] when a column is missing.
    pub fn seconds_a_run(&self) -> Result<BTreeMap<(String, String), f64>, LoadError> {
        let runs = self.runs()?;
        let (plan, case) = (runs.column("plan")?.str()?, runs.column("case")?.str()?);
        let (begin, end) = (runs.column("started_ns")?.i64()?, runs.column("ended_ns")?.i64()?);
        let mut sums: BTreeMap<(String, String), (f64, u32)> = BTreeMap::new();
        for row in 0..runs.height() {
            let key = (
                plan.get(row).unwrap_or_default().to_owned(),
                case.get(row).unwrap_or_default().to_owned(),
            );
            let took = end.get(row).unwrap_or(0).saturating_sub(begin.get(row).unwrap_or(0));
            let sum = sums.entry(key).or_default();
            sum.0 += took.max(0) as f64 / 1e9;
            sum.1 += 1;
        }
        Ok(sums.into_iter().map(|(key, (sum, runs))| (key, sum / f64::from(runs))).collect())
    }

    /// Returns the newest runs, newest first.
    ///
    /// # Errors
    /// [`LoadError`] when a column is missing.
    pub fn newest_runs(&self, most: usize) -> Result<Vec<RunId>, LoadError> {
        let newest = SortMultipleOptions::default().with_order_descending(true);
        let runs = self.runs()?.sort(["started_ns"], newest)?;
        let ids = runs.column("run_id")?.str()?;
        Ok(ids.iter().flatten().take(most).map(RunId::new).collect())
    }

    /// Returns what differs between the environments of two revisions' runs: what, the baseline's, the candidate's.
    ///
    /// # Errors
    /// [`LoadError`] when a column is missing.
    pub fn environment(
        &self,
        baseline: &Revision,
        candidate: &Revision,
    ) -> Result<Vec<(String, String, String)>, LoadError> {
        let runs = self.runs()?;
        let commits = runs.column("commit")?.str()?;
        let mut differences = Vec::new();
        for (name, title) in ENVIRONMENT {
            let values = runs.column(name)?.str()?;
            let of = |revision: &Revision| {
                let mut known: Vec<&str> = (0..runs.height())
                    .filter(|row| commits.get(*row) == Some(revision.commit.as_str()))
                    .filter_map(|row| values.get(row))
                    .collect();
                known.sort_unstable();
                known.dedup();
                known.join(", ")
            };
            let (before, after) = (of(baseline), of(candidate));
            if before != after {
                differences.push((title.to_owned(), before, after));
            }
        }
        Ok(differences)
    }

    /// One row a run, oldest revision first.
    fn runs(&self) -> Result<DataFrame, LoadError> {
        let order = ["position", "committed_at_s", "commit", "started_ns", "run_id"];
        Ok(self
            .frame
            .clone()
            .lazy()
            .unique_stable(
                Some(polars::prelude::by_name(["run_id"], true, false)),
                polars::prelude::UniqueKeepStrategy::First,
            )
            .sort(order, SortMultipleOptions::default())
            .collect()?)
    }
}
