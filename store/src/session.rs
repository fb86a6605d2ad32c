//! SQL over the store.

use std::sync::Arc;

use datafusion::arrow::array::{Array as _, ArrayRef, StringViewArray, StringViewBuilder};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::exec_err;
use datafusion::error::Result as DataFusionResult;
use datafusion::execution::context::{SQLOptions, SessionConfig, SessionContext};
use datafusion::logical_expr::{ColumnarValue, ScalarUDF, Volatility, create_udf};
use url::Url;

use crate::catalogue::Catalogue;
use crate::provider::{STORAGE_URL, StoreTable};
use crate::query::{Batches, QueryError};
use crate::store::Store;
use crate::table::Table;

/// Points with all that tells runs apart; what most questions are asked of.
const RUN_POINTS: &str = "CREATE VIEW run_points AS SELECT
    p.run_id, p.plan, p.month, r.testcase, p.metric, p.stat, p.value, p.unit, p.kind, p.direction, p.margin,
    p.untrusted,
    p.samples, r.revision, r.revision_dirty, r.revision_position, r.revision_committed_s, r.revision_subject,
    r.sweep, r.block, r.run_position, r.attempt, r.composition_run, r.params, r.params_json, r.runner, r.lang,
    r.composition_digest, r.machine_class, r.host, r.seed, r.started_ns, r.ended_ns, r.outcome
    FROM points p JOIN runs r ON p.run_id = r.run_id AND p.plan = r.plan AND p.month = r.month";

/// Outcomes by what was run: the ground of every question about flakiness.
const OUTCOMES: &str = "CREATE VIEW outcomes AS SELECT
    plan, testcase, runner, lang, params, revision, revision_position, outcome, count(*) AS runs,
    min(started_ns) AS first_started_ns, max(started_ns) AS last_started_ns
    FROM runs
    GROUP BY plan, testcase, runner, lang, params, revision, revision_position, outcome";

impl Store {
    /// Opens a session over the runs that are there now: six tables and the views `run_points` and `outcomes`.
    ///
    /// What is appended later is seen by later sessions only.
    ///
    /// # Errors
    /// [`QueryError`].
    pub async fn session(&self) -> Result<SessionContext, QueryError> {
        let catalogue = self.refresh().await.map_err(QueryError::Storage)?;
        let context = self.context(&catalogue, None)?;
        for view in [RUN_POINTS, OUTCOMES] {
            context.sql(view).await?;
        }
        Ok(context)
    }

    /// Opens a session with the tables only; with one partition rows come in the order in which they were written.
    pub(crate) fn context(
        &self,
        catalogue: &Arc<Catalogue>,
        partitions: Option<usize>,
    ) -> Result<SessionContext, QueryError> {
        let mut config = SessionConfig::new().with_information_schema(true);
        config.options_mut().execution.parquet.pushdown_filters = true;
        if let Some(partitions) = partitions {
            config = config.with_target_partitions(partitions);
        }
        let context = SessionContext::new_with_config_rt(config, self.runtime()?);
        let url = Url::parse(STORAGE_URL).expect("bug: the storage's own name is no URL");
        context.register_object_store(&url, Arc::clone(&self.inner.objects));
        for table in Table::ALL {
            let provider = StoreTable::new(table, Arc::clone(catalogue));
            context.register_table(table.as_str(), Arc::new(provider))?;
        }
        context.register_udf(param_function());
        Ok(context)
    }

    /// Answers one SQL query; statements that would change anything are refused.
    ///
    /// # Errors
    /// [`QueryError::Refused`] for what is not a query; [`QueryError::Failed`] for what DataFusion cannot answer.
    pub async fn sql(&self, query: &str) -> Result<Batches, QueryError> {
        let context = self.session().await?;
        let only_queries = SQLOptions::new()
            .with_allow_ddl(false)
            .with_allow_dml(false)
            .with_allow_statements(false);
        let plan = context.state().create_logical_plan(query).await?;
        only_queries.verify_plan(&plan).map_err(QueryError::Refused)?;
        Batches::collect(context.execute_logical_plan(plan).await?).await
    }
}

/// The SQL function `param(params_json, 'name')`: one parameter's value, nothing where the run has none.
fn param_function() -> ScalarUDF {
    create_udf(
        "param",
        vec![DataType::Utf8View, DataType::Utf8View],
        DataType::Utf8View,
        Volatility::Immutable,
        Arc::new(param),
    )
}

fn param(arguments: &[ColumnarValue]) -> DataFusionResult<ColumnarValue> {
    let arrays = ColumnarValue::values_to_arrays(arguments)?;
    let [params, names] = arrays.as_slice() else {
        return exec_err!("param takes two arguments: params_json and a name");
    };
    let (params, names) = (views(params)?, views(names)?);
    let mut values = StringViewBuilder::new();
    for row in 0..params.len() {
        let known = params.is_valid(row) && names.is_valid(row);
        let value = known.then(|| lookup(params.value(row), names.value(row))).flatten();
        values.append_option(value);
    }
    Ok(ColumnarValue::Array(Arc::new(values.finish())))
}

fn lookup(params: &str, name: &str) -> Option<String> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(params).ok()?;
    object.get(name)?.as_str().map(str::to_owned)
}

fn views(array: &ArrayRef) -> DataFusionResult<StringViewArray> {
    let array = cast(array, &DataType::Utf8View)?;
    match array.as_any().downcast_ref::<StringViewArray>() {
        Some(array) => Ok(array.clone()),
        None => exec_err!("param takes texts"),
    }
}
