//! Reading the store without writing SQL.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::dataframe::DataFrame;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, SortExpr};
use datafusion::prelude::{SessionContext, col, lit};
use ground_core::id::{InstanceId, RunId, SweepId};
use ground_core::metric::Stat;
use ground_core::record::{RunRecord, RunRow};
use ground_core::revision::Revision;

use crate::decode::{self, DecodeError, Names};
use crate::location::StorageError;
use crate::store::Store;
use crate::table::Table;

/// A query could not be answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// The storage could not be read.
    #[error("the store could not be read")]
    Storage(#[source] StorageError),
    /// The text is not a query, but something that would change the store or the session.
    #[error("only queries are answered")]
    Refused(#[source] DataFusionError),
    /// DataFusion could not answer it.
    #[error("the query failed")]
    Failed(#[from] DataFusionError),
    /// The rows are not what this version writes.
    #[error("the store's rows could not be understood")]
    Decode(#[from] DecodeError),
}

/// Rows of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Batches {
    /// Columns of every batch; known even without rows.
    pub schema: SchemaRef,
    /// The rows, in order.
    pub batches: Vec<RecordBatch>,
}

impl Batches {
    pub(crate) async fn collect(frame: DataFrame) -> Result<Self, QueryError> {
        let schema = Arc::clone(frame.schema().inner());
        let batches = frame.collect().await?;
        // The executed plan knows better than the logical one which columns may be empty.
        let schema = batches.first().map_or(schema, RecordBatch::schema);
        Ok(Self { schema, batches })
    }

    /// Returns the number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.batches.iter().map(RecordBatch::num_rows).sum()
    }
}

/// Which runs are meant; what is not named is not asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunFilter {
    /// The plan's name.
    pub plan: Option<String>,
    /// The testcase's name.
    pub case: Option<String>,
    /// The runner's identifier.
    pub runner: Option<String>,
    /// The sweep.
    pub sweep: Option<SweepId>,
    /// One of these commits, in full; any when empty.
    pub revisions: Vec<String>,
    /// One of these runs; any when empty.
    pub runs: Vec<RunId>,
    /// Started at this moment or later, nanoseconds since the epoch.
    pub started_from_ns: Option<i64>,
    /// Started before this moment, nanoseconds since the epoch.
    pub started_until_ns: Option<i64>,
}

impl RunFilter {
    fn expressions(&self) -> Vec<Expr> {
        let mut all = Vec::new();
        for (column, value) in [
            ("plan", self.plan.as_deref()),
            ("testcase", self.case.as_deref()),
            ("runner", self.runner.as_deref()),
            ("sweep", self.sweep.as_ref().map(SweepId::as_str)),
        ] {
            all.extend(value.map(|value| col(column).eq(lit(value))));
        }
        all.extend(one_of("revision", self.revisions.iter().map(String::as_str)));
        all.extend(one_of("run_id", self.runs.iter().map(RunId::as_str)));
        all.extend(self.started_from_ns.map(|from| col("started_ns").gt_eq(lit(from))));
        all.extend(self.started_until_ns.map(|until| col("started_ns").lt(lit(until))));
        all
    }
}

/// Which points are meant; what is not named is not asked for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PointFilter {
    /// The runs they summarise.
    pub runs: RunFilter,
    /// One of these metrics; any when empty.
    pub metrics: Vec<String>,
    /// One of these summaries; any when empty.
    pub stats: Vec<Stat>,
}

/// Samples of one instance.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredSamples {
    /// Who measured them.
    pub instance: InstanceId,
    /// When each was taken, nanoseconds since the epoch, never falling.
    pub t_ns: Vec<i64>,
    /// The values, as many as `t_ns`.
    pub values: Vec<f64>,
}

fn one_of<'a>(column: &str, values: impl Iterator<Item = &'a str>) -> Option<Expr> {
    let list: Vec<Expr> = values.map(lit).collect();
    (!list.is_empty()).then(|| col(column).in_list(list, false))
}

fn filtered(mut frame: DataFrame, filters: Vec<Expr>) -> Result<DataFrame, DataFusionError> {
    for filter in filters {
        frame = frame.filter(filter)?;
    }
    Ok(frame)
}

fn rising(columns: &[&str]) -> Vec<SortExpr> {
    columns.iter().map(|column| col(*column).sort(true, true)).collect()
}

impl Store {
    /// Returns runs in order of their start.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRow>, QueryError> {
        let catalogue = self.refresh().await.map_err(QueryError::Storage)?;
        let frame = self.context(&catalogue, None)?.table(Table::Runs.as_str()).await?;
        let frame =
            filtered(frame, filter.expressions())?.sort(rising(&["started_ns", "run_id"]))?;
        let mut rows = Vec::new();
        for batch in frame.collect().await? {
            rows.extend(decode::run_rows(&batch)?);
        }
        Ok(rows)
    }

    /// Returns rows of the view `run_points` in order of plan, testcase, metric, summary, revision and start.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn points(&self, filter: &PointFilter) -> Result<Batches, QueryError> {
        let stats: Vec<String> = filter.stats.iter().map(Stat::to_string).collect();
        let mut filters = filter.runs.expressions();
        filters.extend(one_of("metric", filter.metrics.iter().map(String::as_str)));
        filters.extend(one_of("stat", stats.iter().map(String::as_str)));
        let frame = self.session().await?.table("run_points").await?;
        let order = rising(&[
            "plan",
            "testcase",
            "metric",
            "stat",
            "revision_position",
            "revision",
            "started_ns",
            "run_id",
        ]);
        Batches::collect(filtered(frame, filters)?.sort(order)?).await
    }

    /// Returns the revisions at which a plan has runs, by position.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn revisions(&self, plan: &str) -> Result<Vec<Revision>, QueryError> {
        let columns = [
            "revision_position",
            "revision",
            "revision_dirty",
            "revision_committed_s",
            "revision_subject",
        ];
        let catalogue = self.refresh().await.map_err(QueryError::Storage)?;
        let frame = self.context(&catalogue, None)?.table(Table::Runs.as_str()).await?;
        let frame = frame
            .filter(col("plan").eq(lit(plan)))?
            .select_columns(&columns)?
            .distinct()?
            .sort(rising(&columns))?;
        let mut revisions = Vec::new();
        for batch in frame.collect().await? {
            revisions.extend(decode::revisions(&batch)?);
        }
        Ok(revisions)
    }

    /// Returns everything that was appended for a run; nothing when the run is not there.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn run_record(&self, run: &RunId) -> Result<Option<RunRecord>, QueryError> {
        if !self.contains(run).await.map_err(QueryError::Storage)? {
            return Ok(None);
        }
        let context = self.context(&self.catalogue(), Some(1))?;
        let runs = rows_of(&context, Table::Runs, run, None).await?;
        let Some(first) = runs.iter().find(|batch| batch.num_rows() > 0) else { return Ok(None) };
        let Some(row) = decode::run_rows(first)?.into_iter().next() else { return Ok(None) };
        let mut record = RunRecord {
            run: row,
            instances: Vec::new(),
            metrics: decode::metrics(first)?,
            samples: Vec::new(),
            sketches: Vec::new(),
            points: Vec::new(),
            events: Vec::new(),
        };
        for batch in rows_of(&context, Table::Instances, run, None).await? {
            record.instances.extend(decode::instance_rows(&batch)?);
        }
        let names = Names::new(&record.instances, &record.metrics);
        let mut series = Vec::new();
        for batch in rows_of(&context, Table::Samples, run, None).await? {
            decode::named_samples(&batch, &mut series)?;
        }
        record.samples = decode::sample_series(series, &names)?;
        for batch in rows_of(&context, Table::Sketches, run, None).await? {
            record.sketches.extend(decode::sketch_rows(&batch, &names)?);
        }
        for batch in rows_of(&context, Table::Points, run, None).await? {
            record.points.extend(decode::point_rows(&batch, &names)?);
        }
        for batch in rows_of(&context, Table::Events, run, None).await? {
            record.events.extend(decode::event_rows(&batch)?);
        }
        Ok(Some(record))
    }

    /// Returns the samples of one metric of a run, by instance; none when the run or the metric is not there.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn samples(
        &self,
        run: &RunId,
        metric: &str,
    ) -> Result<Vec<StoredSamples>, QueryError> {
        let context = self.context(&self.catalogue(), Some(1))?;
        let filter = col("metric").eq(lit(metric));
        let mut series = Vec::new();
        for batch in rows_of(&context, Table::Samples, run, Some(filter)).await? {
            decode::named_samples(&batch, &mut series)?;
        }
        Ok(series
            .into_iter()
            .map(|(instance, _, t_ns, values)| StoredSamples { instance, t_ns, values })
            .collect())
    }
}

/// Reads the rows of one run in the order in which they were written.
async fn rows_of(
    context: &SessionContext,
    table: Table,
    run: &RunId,
    filter: Option<Expr>,
) -> Result<Vec<RecordBatch>, QueryError> {
    let filters = [col("run_id").eq(lit(run.as_str()))].into_iter().chain(filter).collect();
    let frame = filtered(context.table(table.as_str()).await?, filters)?;
    Ok(frame.collect().await?)
}
