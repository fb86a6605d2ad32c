//! A record as Parquet files.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, DictionaryArray, Float64Array, Int32Array, Int64Array,
    RecordBatch, StringArray, UInt32Array, UInt64Array,
};
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef};
use arrow::error::ArrowError;
use ground_core::event::{Event, EventKind};
use ground_core::record::{RunRecord, SampleSeries};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::errors::ParquetError;
use serde::Serialize;

use crate::table::Table;

/// A record could not be turned into files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// Columns did not fit together.
    #[error("building columns failed")]
    Arrow(#[from] ArrowError),
    /// Parquet refused.
    #[error("writing Parquet failed")]
    Parquet(#[from] ParquetError),
}

/// One table's rows of one chunk.
pub(crate) struct Encoded {
    pub(crate) table: Table,
    pub(crate) rows: u64,
    pub(crate) bytes: Vec<u8>,
}

/// Rows that are built and written at a time: enough to amortise a call, few enough to stay in cache.
const BATCH_ROWS: usize = 65_536;

/// Writes batches of one table into one file in memory.
pub(crate) struct TableWriter {
    table: Table,
    rows: u64,
    writer: ArrowWriter<Vec<u8>>,
}

impl TableWriter {
    pub(crate) fn new(table: Table, schema: SchemaRef, merged: bool) -> Result<Self, EncodeError> {
        let options = ArrowWriterOptions::new()
            .with_properties(table.properties(merged))
            .with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(Vec::new(), schema, options)?;
        Ok(Self { table, rows: 0, writer })
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), EncodeError> {
        self.rows += batch.num_rows() as u64;
        Ok(self.writer.write(batch)?)
    }

    pub(crate) fn finish(self) -> Result<Encoded, EncodeError> {
        let (table, rows) = (self.table, self.rows);
        Ok(Encoded { table, rows, bytes: self.writer.into_inner()? })
    }
}

/// Turns a record into one file per table; tables without rows give none.
pub(crate) fn encode(record: &RunRecord) -> Result<Vec<Encoded>, EncodeError> {
    let mut files = Vec::with_capacity(Table::ALL.len());
    for (table, columns) in [
        (Table::Runs, runs(record)),
        (Table::Instances, instances(record)),
        (Table::Sketches, sketches(record)),
        (Table::Points, points(record)),
        (Table::Events, events(record)),
    ] {
        let batch = RecordBatch::try_new(table.file_schema(), columns)?;
        if batch.num_rows() > 0 {
            let mut writer = TableWriter::new(table, batch.schema(), false)?;
            writer.write(&batch)?;
            files.push(writer.finish()?);
        }
    }
    if record.samples.iter().any(|series| !series.values.is_empty()) {
        files.push(samples(record)?);
    }
    Ok(files)
}

/// Returns the file of the table `samples` that a record gives, for whoever measures sizes and speeds.
///
/// # Errors
/// [`EncodeError`] when Parquet refuses.
pub fn samples_file(record: &RunRecord) -> Result<Vec<u8>, EncodeError> {
    Ok(samples(record)?.bytes)
}

fn texts<'a>(values: impl IntoIterator<Item = &'a str>) -> ArrayRef {
    Arc::new(StringArray::from_iter_values(values))
}

fn text(value: &str) -> ArrayRef {
    texts([value])
}

/// A number where it is one, nothing where it says that it is unknown.
fn known(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

fn reals(values: impl IntoIterator<Item = f64>) -> ArrayRef {
    Arc::new(values.into_iter().map(known).collect::<Float64Array>())
}

fn longs(values: impl IntoIterator<Item = i64>) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values(values))
}

fn naturals(values: impl IntoIterator<Item = u32>) -> ArrayRef {
    Arc::new(UInt32Array::from_iter_values(values))
}

fn counts(values: impl IntoIterator<Item = u64>) -> ArrayRef {
    Arc::new(UInt64Array::from_iter_values(values))
}

fn flags(values: impl IntoIterator<Item = bool>) -> ArrayRef {
    Arc::new(values.into_iter().map(Some).collect::<BooleanArray>())
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("bug: names and words are plain JSON")
}

/// The wire shape of one metric in `runs.metrics_json`.
#[derive(Debug, Serialize, serde::Deserialize)]
pub(crate) struct MetricWire {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) unit: String,
    pub(crate) direction: String,
    #[serde(default)]
    pub(crate) margin: Option<f64>,
    pub(crate) untrusted: bool,
}

fn metrics_json(record: &RunRecord) -> String {
    let wires: Vec<MetricWire> = record
        .metrics
        .iter()
        .map(|metric| MetricWire {
            name: metric.name.clone(),
            kind: metric.kind.to_string(),
            unit: metric.unit.to_string(),
            direction: metric.direction.to_string(),
            margin: metric.margin,
            untrusted: metric.untrusted,
        })
        .collect();
    json(&wires)
}

fn params_text(record: &RunRecord) -> String {
    let pairs: Vec<String> =
        record.run.params.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join(" ")
}

fn runs(record: &RunRecord) -> Vec<ArrayRef> {
    let (run, revision, machine) = (&record.run, &record.run.revision, &record.run.fingerprint);
    let (before, after) = (&machine.before, &machine.after);
    vec![
        text(run.run.as_str()),
        naturals([run.attempt]),
        text(run.sweep.as_str()),
        naturals([run.block]),
        naturals([run.position]),
        text(&run.case),
        text(&run.composition_run),
        text(&params_text(record)),
        text(&json(&run.params)),
        text(&run.runner),
        text(&run.lang),
        text(&run.composition_digest),
        text(&run.machine_class),
        text(&revision.commit),
        flags([revision.dirty]),
        longs([revision.position]),
        longs([revision.committed_at_s]),
        text(&revision.subject),
        text(&run.artifact_digest),
        counts([run.seed]),
        longs([run.started_ns]),
        longs([run.ended_ns]),
        text(run.outcome.kind.as_str()),
        text(&run.outcome.reason),
        text(&machine.host),
        text(&machine.cpu_model),
        naturals([machine.cpus]),
        counts([machine.memory_bytes]),
        text(&machine.kernel),
        text(&machine.governor),
        text(&machine.tool_version),
        text(&machine.toolchain),
        reals([before.load1]),
        reals([before.cpu_pressure]),
        reals([before.steal_s]),
        reals([after.load1]),
        reals([after.cpu_pressure]),
        reals([after.steal_s]),
        text(&json(&run.caveats)),
        text(&metrics_json(record)),
    ]
}

fn instances(record: &RunRecord) -> Vec<ArrayRef> {
    let rows = &record.instances;
    vec![
        texts(rows.iter().map(|_| record.run.run.as_str())),
        texts(rows.iter().map(|row| row.instance.group.as_str())),
        naturals(rows.iter().map(|row| row.instance.index)),
        texts(rows.iter().map(|row| row.outcome.kind.as_str())),
        texts(rows.iter().map(|row| row.outcome.reason.as_str())),
        Arc::new(rows.iter().map(|row| row.exit_code).collect::<Int32Array>()),
        Arc::new(rows.iter().map(|row| row.signal).collect::<Int32Array>()),
        longs(rows.iter().map(|row| row.started_ns)),
        longs(rows.iter().map(|row| row.ended_ns)),
        reals(rows.iter().map(|row| row.cpu_user_s)),
        reals(rows.iter().map(|row| row.cpu_system_s)),
        counts(rows.iter().map(|row| row.max_rss_bytes)),
    ]
}

fn sketches(record: &RunRecord) -> Vec<ArrayRef> {
    let mut rows: Vec<_> = record.sketches.iter().collect();
    rows.sort_by_key(|row| (row.instance, row.metric, row.t_ns));
    let who = |index: u32| &record.instances[index as usize].instance;
    vec![
        texts(rows.iter().map(|_| record.run.run.as_str())),
        texts(rows.iter().map(|row| who(row.instance).group.as_str())),
        naturals(rows.iter().map(|row| who(row.instance).index)),
        texts(rows.iter().map(|row| record.metrics[row.metric as usize].name.as_str())),
        longs(rows.iter().map(|row| row.t_ns)),
        longs(rows.iter().map(|row| row.interval_ns)),
        counts(rows.iter().map(|row| row.count)),
        reals(rows.iter().map(|row| row.sum)),
        reals(rows.iter().map(|row| row.scale)),
        Arc::new(BinaryArray::from_iter_values(rows.iter().map(|row| &row.histogram))),
    ]
}

fn points(record: &RunRecord) -> Vec<ArrayRef> {
    let mut rows: Vec<_> = record.points.iter().collect();
    rows.sort_by_key(|row| (row.metric, row.stat));
    let metric = |index: u32| &record.metrics[index as usize];
    let stats: Vec<String> = rows.iter().map(|row| row.stat.to_string()).collect();
    vec![
        texts(rows.iter().map(|_| record.run.run.as_str())),
        texts(rows.iter().map(|row| metric(row.metric).name.as_str())),
        texts(rows.iter().map(|row| metric(row.metric).kind.as_str())),
        texts(rows.iter().map(|row| metric(row.metric).unit.as_str())),
        texts(rows.iter().map(|row| metric(row.metric).direction.as_str())),
        Arc::new(
            rows.iter()
                .map(|row| metric(row.metric).margin)
                .collect::<arrow::array::Float64Array>(),
        ),
        flags(rows.iter().map(|row| metric(row.metric).untrusted)),
        texts(stats.iter().map(String::as_str)),
        reals(rows.iter().map(|row| row.value)),
        counts(rows.iter().map(|row| row.samples)),
    ]
}

fn events(record: &RunRecord) -> Vec<ArrayRef> {
    let rows: Vec<&Event> = record.events.iter().collect();
    let stack = |event: &&Event| match &event.kind {
        EventKind::Crash { stack, .. } => Some(stack.clone()),
        _ => None,
    };
    let barrier = |event: &&Event| match &event.kind {
        EventKind::BarrierOpened { target, first_ns, .. } => Some((*target, *first_ns)),
        _ => None,
    };
    let who = |event: &&Event| event.instance.clone();
    vec![
        texts(rows.iter().map(|_| record.run.run.as_str())),
        Arc::new((0..rows.len()).map(|seq| u32::try_from(seq).ok()).collect::<UInt32Array>()),
        longs(rows.iter().map(|event| event.at_ns)),
        Arc::new(rows.iter().map(|event| who(event).map(|id| id.group)).collect::<StringArray>()),
        Arc::new(rows.iter().map(|event| who(event).map(|id| id.index)).collect::<UInt32Array>()),
        texts(rows.iter().map(|event| event.kind.as_str())),
        texts(rows.iter().map(|event| event.kind.text())),
        Arc::new(rows.iter().map(stack).collect::<StringArray>()),
        Arc::new(
            rows.iter().map(|e| barrier(e).map(|(target, _)| target)).collect::<UInt64Array>(),
        ),
        Arc::new(rows.iter().map(|e| barrier(e).map(|(_, first)| first)).collect::<Int64Array>()),
    ]
}

/// The columns of `samples` with repeated texts as dictionaries, which are written without being spread out.
fn samples_schema() -> SchemaRef {
    let fields: Vec<Field> = Table::Samples
        .file_schema()
        .fields()
        .iter()
        .map(|field| match field.data_type() {
            DataType::Utf8 => {
                let words = DataType::Dictionary(DataType::Int32.into(), DataType::Utf8.into());
                Field::new(field.name(), words, false)
            }
            kind => Field::new(field.name(), kind.clone(), false),
        })
        .collect();
    Arc::new(Schema::new(fields))
}

fn repeated(word: &str, times: usize) -> Result<ArrayRef, ArrowError> {
    let keys = Int32Array::from(vec![0; times]);
    Ok(Arc::new(DictionaryArray::<Int32Type>::try_new(keys, text(word))?))
}

fn samples(record: &RunRecord) -> Result<Encoded, EncodeError> {
    let schema = samples_schema();
    let mut writer = TableWriter::new(Table::Samples, Arc::clone(&schema), false)?;
    let mut series: Vec<&SampleSeries> = record.samples.iter().collect();
    series.sort_by_key(|series| (series.instance, series.metric));
    for series in series {
        let who = &record.instances[series.instance as usize].instance;
        let metric = &record.metrics[series.metric as usize];
        for (times, values) in series.t_ns.chunks(BATCH_ROWS).zip(series.values.chunks(BATCH_ROWS))
        {
            let columns = vec![
                repeated(record.run.run.as_str(), times.len())?,
                repeated(&who.group, times.len())?,
                naturals(std::iter::repeat_n(who.index, times.len())),
                repeated(&metric.name, times.len())?,
                longs(times.iter().copied()),
                Arc::new(Float64Array::from_iter_values(values.iter().copied())),
            ];
            writer.write(&RecordBatch::try_new(Arc::clone(&schema), columns)?)?;
        }
    }
    writer.finish()
}
