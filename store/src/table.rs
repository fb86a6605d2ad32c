//! The six tables and their columns.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::schema::types::ColumnPath;

/// A table of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Table {
    /// One row per run.
    Runs,
    /// One row per instance of a run.
    Instances,
    /// One row per sample.
    Samples,
    /// One row per sketch of one metric by one instance over one interval.
    Sketches,
    /// One row per summary of one metric of a run.
    Points,
    /// One row per event.
    Events,
}

/// The columns that come from a file's path, not from the file.
pub(crate) const PARTITION_COLUMNS: [&str; 2] = ["plan", "month"];

use DataType::{Binary, Boolean, Float64, Int32, Int64, UInt32, UInt64, Utf8};

type Columns = &'static [(&'static str, DataType, bool)];

const RUNS: Columns = &[
    ("run_id", Utf8, false),
    ("attempt", UInt32, false),
    ("sweep", Utf8, false),
    ("block", UInt32, false),
    ("run_position", UInt32, false),
    ("testcase", Utf8, false),
    ("composition_run", Utf8, false),
    ("params", Utf8, false),
    ("params_json", Utf8, false),
    ("runner", Utf8, false),
    ("lang", Utf8, false),
    ("composition_digest", Utf8, false),
    ("machine_class", Utf8, false),
    ("revision", Utf8, false),
    ("revision_dirty", Boolean, false),
    ("revision_position", Int64, false),
    ("revision_committed_s", Int64, false),
    ("revision_subject", Utf8, false),
    ("artifact_digest", Utf8, false),
    ("seed", UInt64, false),
    ("started_ns", Int64, false),
    ("ended_ns", Int64, false),
    ("outcome", Utf8, false),
    ("outcome_reason", Utf8, false),
    ("host", Utf8, false),
    ("cpu_model", Utf8, false),
    ("cpus", UInt32, false),
    ("memory_bytes", UInt64, false),
    ("kernel", Utf8, false),
    ("governor", Utf8, false),
    ("tool_version", Utf8, false),
    ("toolchain", Utf8, false),
    ("load1_before", Float64, true),
    ("cpu_pressure_before", Float64, true),
    ("steal_s_before", Float64, true),
    ("load1_after", Float64, true),
    ("cpu_pressure_after", Float64, true),
    ("steal_s_after", Float64, true),
    ("caveats_json", Utf8, false),
    ("metrics_json", Utf8, false),
];

const INSTANCES: Columns = &[
    ("run_id", Utf8, false),
    ("group_id", Utf8, false),
    ("instance", UInt32, false),
    ("outcome", Utf8, false),
    ("outcome_reason", Utf8, false),
    ("exit_code", Int32, true),
    ("signal", Int32, true),
    ("started_ns", Int64, false),
    ("ended_ns", Int64, false),
    ("cpu_user_s", Float64, true),
    ("cpu_system_s", Float64, true),
    ("max_rss_bytes", UInt64, false),
];

const SAMPLES: Columns = &[
    ("run_id", Utf8, false),
    ("group_id", Utf8, false),
    ("instance", UInt32, false),
    ("metric", Utf8, false),
    ("t_ns", Int64, false),
    ("value", Float64, false),
];

const SKETCHES: Columns = &[
    ("run_id", Utf8, false),
    ("group_id", Utf8, false),
    ("instance", UInt32, false),
    ("metric", Utf8, false),
    ("t_ns", Int64, false),
    ("interval_ns", Int64, false),
    ("count", UInt64, false),
    ("sum", Float64, false),
    ("scale", Float64, false),
    ("histogram", Binary, false),
];

const POINTS: Columns = &[
    ("run_id", Utf8, false),
    ("metric", Utf8, false),
    ("kind", Utf8, false),
    ("unit", Utf8, false),
    ("direction", Utf8, false),
    ("margin", Float64, true),
    ("untrusted", Boolean, false),
    ("stat", Utf8, false),
    ("value", Float64, false),
    ("samples", UInt64, false),
];

const EVENTS: Columns = &[
    ("run_id", Utf8, false),
    ("seq", UInt32, false),
    ("at_ns", Int64, false),
    ("group_id", Utf8, true),
    ("instance", UInt32, true),
    ("kind", Utf8, false),
    ("text", Utf8, false),
    ("stack", Utf8, true),
    ("target", UInt64, true),
    ("first_ns", Int64, true),
];

/// Columns whose values climb or repeat with small steps.
const STEPPED: &[&str] =
    &["t_ns", "at_ns", "started_ns", "ended_ns", "seq", "first_ns", "interval_ns"];
/// Columns of measured values.
const MEASURED: &[&str] = &["value", "sum", "cpu_user_s", "cpu_system_s"];

/// Bytes of distinct values after which a column of measured values gives up its dictionary: 2,048 values, which
/// covers counters with small increments and costs little where values never repeat.
const VALUE_DICTIONARY_BYTES: usize = 2_048 * 8;

/// Rows of one row group: enough for encodings to pay off, few enough for a reader to skip by run.
const ROW_GROUP_ROWS: usize = 1_048_576;

impl Table {
    /// All tables, in the order in which they are documented.
    pub const ALL: [Self; 6] =
        [Self::Runs, Self::Instances, Self::Samples, Self::Sketches, Self::Points, Self::Events];

    /// Returns the table's name in SQL and on disk.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::Instances => "instances",
            Self::Samples => "samples",
            Self::Sketches => "sketches",
            Self::Points => "points",
            Self::Events => "events",
        }
    }

    const fn columns(self) -> Columns {
        match self {
            Self::Runs => RUNS,
            Self::Instances => INSTANCES,
            Self::Samples => SAMPLES,
            Self::Sketches => SKETCHES,
            Self::Points => POINTS,
            Self::Events => EVENTS,
        }
    }

    /// Returns the columns of the table's files.
    pub(crate) fn file_schema(self) -> SchemaRef {
        self.schema_with(DataType::clone)
    }

    /// Returns the columns of the table's files as queries see them: texts as views, which are never copied.
    pub(crate) fn query_schema(self) -> SchemaRef {
        self.schema_with(|kind| match kind {
            Utf8 => DataType::Utf8View,
            Binary => DataType::BinaryView,
            other => other.clone(),
        })
    }

    fn schema_with(self, kind_of: impl Fn(&DataType) -> DataType) -> SchemaRef {
        let fields: Vec<Field> = self
            .columns()
            .iter()
            .map(|(name, kind, nullable)| Field::new(*name, kind_of(kind), *nullable))
            .collect();
        Arc::new(Schema::new(fields))
    }

    /// Returns how the table's files are encoded; `merged` files hold many runs and tell their pages apart.
    pub(crate) fn properties(self, merged: bool) -> WriterProperties {
        let level = ZstdLevel::try_new(1).expect("bug: 1 is a level of zstd");
        let mut properties = WriterProperties::builder()
            .set_created_by(format!("ground-store {}", env!("CARGO_PKG_VERSION")))
            .set_writer_version(WriterVersion::PARQUET_2_0)
            .set_compression(Compression::ZSTD(level))
            .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(!merged);
        if merged {
            let run = ColumnPath::from("run_id");
            properties = properties.set_column_statistics_enabled(run, EnabledStatistics::Page);
        }
        for (name, ..) in self.columns() {
            let column = ColumnPath::from(*name);
            if STEPPED.contains(name) {
                properties = properties
                    .set_column_dictionary_enabled(column.clone(), false)
                    .set_column_encoding(column, Encoding::DELTA_BINARY_PACKED);
            } else if MEASURED.contains(name) {
                properties = properties
                    .set_column_dictionary_page_size_limit(column.clone(), VALUE_DICTIONARY_BYTES)
                    .set_column_encoding(column, Encoding::BYTE_STREAM_SPLIT);
            } else if *name == "histogram" {
                properties = properties.set_column_dictionary_enabled(column, false);
            }
        }
        properties.build()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
