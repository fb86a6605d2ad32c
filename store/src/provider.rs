//! A table of the store as DataFusion sees it: committed files only, those that cannot match left out.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::DateTime;
use datafusion::arrow::array::{ArrayRef, BooleanArray, StringViewArray, UInt64Array};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::stats::Precision;
use datafusion::common::{Column, DFSchema, Result, ScalarValue, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use object_store::ObjectMeta;

use crate::catalogue::{Catalogue, Live};
use crate::commit::FileEntry;
use crate::layout::parse;
use crate::table::{PARTITION_COLUMNS, Table};

/// The name under which the storage is known to a session.
pub(crate) const STORAGE_URL: &str = "ground://store";

/// One table of one moment.
#[derive(Debug)]
pub(crate) struct StoreTable {
    table: Table,
    catalogue: Arc<Catalogue>,
    schema: TableSchema,
}

impl StoreTable {
    pub(crate) fn new(table: Table, catalogue: Arc<Catalogue>) -> Self {
        let partitions: Vec<FieldRef> = PARTITION_COLUMNS
            .iter()
            .map(|name| Arc::new(Field::new(*name, DataType::Utf8View, false)))
            .collect();
        let schema = TableSchema::builder(table.query_schema())
            .with_table_partition_cols(partitions)
            .build();
        Self { table, catalogue, schema }
    }

    /// Returns the table's files that may hold rows which `filters` let through.
    fn files(&self, state: &dyn Session, filters: &[Expr]) -> Result<Vec<(&Live, &FileEntry)>> {
        let mut all: Vec<(&Live, &FileEntry)> = Vec::new();
        for live in self.catalogue.live() {
            let file = live.chunk.files.iter().find(|file| file.table == self.table);
            all.extend(file.map(|file| (live, file)));
        }
        let Some(filter) = conjunction(filters.iter().cloned()) else { return Ok(all) };
        let schema = DFSchema::try_from(Arc::clone(self.schema.table_schema()))?;
        let predicate = state.create_physical_expr(filter, &schema)?;
        let pruning = PruningPredicateBuilder::new()
            .with_file_schema(Arc::clone(self.schema.table_schema()))
            .try_build(predicate)?;
        let keep = pruning.prune(&Known(&all))?;
        Ok(all.into_iter().zip(keep).filter_map(|(file, keep)| keep.then_some(file)).collect())
    }

    fn partitioned(&self, live: &Live, file: &FileEntry) -> PartitionedFile {
        let rows = usize::try_from(file.rows).unwrap_or(usize::MAX);
        let statistics = Statistics {
            num_rows: Precision::Exact(rows),
            ..Statistics::new_unknown(self.schema.file_schema())
        };
        // Paths are escaped already; made from a text they would be escaped once more. Committed files never change,
        // so that one moment stands for all in the cache of footers.
        let meta = ObjectMeta {
            location: parse(&file.path),
            last_modified: DateTime::UNIX_EPOCH,
            size: file.size,
            e_tag: None,
            version: None,
        };
        PartitionedFile::new_from_meta(meta)
            .with_partition_values(vec![
                ScalarValue::Utf8View(Some(live.plan.clone())),
                ScalarValue::Utf8View(Some(live.month.clone())),
            ])
            .with_statistics(Arc::new(statistics))
    }
}

#[async_trait]
impl TableProvider for StoreTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.schema.table_schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let files = self.files(state, filters)?;
        if files.is_empty() {
            let schema = match projection {
                Some(columns) => Arc::new(self.schema.table_schema().project(columns)?),
                None => self.schema(),
            };
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        let url = ObjectStoreUrl::parse(STORAGE_URL)?;
        let runtime = state.runtime_env();
        let readers = CachedParquetFileReaderFactory::new(
            runtime.object_store(&url)?,
            runtime.cache_manager.get_file_metadata_cache(),
        );
        let source = ParquetSource::new(self.schema.clone())
            .with_table_parquet_options(state.table_options().parquet.clone())
            .with_pushdown_filters(state.config_options().execution.parquet.pushdown_filters)
            .with_parquet_file_reader_factory(Arc::new(readers));
        let rows = files.iter().map(|(_, file)| file.rows).sum::<u64>();
        let statistics = Statistics {
            num_rows: Precision::Exact(usize::try_from(rows).unwrap_or(usize::MAX)),
            ..Statistics::new_unknown(self.schema.table_schema())
        };
        let group: FileGroup =
            files.into_iter().map(|(live, file)| self.partitioned(live, file)).collect();
        let config = FileScanConfigBuilder::new(url, Arc::new(source))
            .with_file_groups(group.split_files(state.config().target_partitions()))
            .with_statistics(statistics)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

/// What commits tell about the rows of files.
struct Known<'a>(&'a [(&'a Live, &'a FileEntry)]);

impl Known<'_> {
    fn column(&self, value: impl Fn(&Live) -> Option<&str>) -> ArrayRef {
        Arc::new(self.0.iter().map(|(live, _)| value(live)).collect::<StringViewArray>())
    }
}

impl PruningStatistics for Known<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        match column.name() {
            "plan" => Some(self.column(|live| Some(&live.plan))),
            "month" => Some(self.column(|live| Some(&live.month))),
            "run_id" => Some(self.column(|live| live.chunk.runs.first().map(String::as_str))),
            _ => None,
        }
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        match column.name() {
            "run_id" => Some(self.column(|live| live.chunk.runs.last().map(String::as_str))),
            _ => self.min_values(column),
        }
    }

    fn num_containers(&self) -> usize {
        self.0.len()
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        let never = matches!(column.name(), "plan" | "month" | "run_id");
        never.then(|| Arc::new(UInt64Array::from(vec![0; self.0.len()])) as ArrayRef)
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        Some(Arc::new(UInt64Array::from_iter_values(self.0.iter().map(|(_, file)| file.rows))))
    }

    fn contained(&self, column: &Column, values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        if column.name() != "run_id" {
            return None;
        }
        let words: Vec<&str> =
            values.iter().map(|value| value.try_as_str().flatten()).collect::<Option<_>>()?;
        let has = |live: &Live, word: &str| {
            live.chunk.runs.binary_search_by(|run| run.as_str().cmp(word)).is_ok()
        };
        let verdicts = self.0.iter().map(|(live, _)| {
            let hits = words.iter().filter(|word| has(live, word)).count();
            match hits {
                0 => Some(false),
                _ if hits == live.chunk.runs.len() => Some(true),
                _ => None,
            }
        });
        Some(verdicts.collect())
    }
}
