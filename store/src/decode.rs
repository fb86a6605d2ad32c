//! Rows of the store as records.

use std::collections::{BTreeMap, HashMap};

use arrow::array::{
    Array, BinaryViewArray, BooleanArray, Float64Array, Int32Array, Int64Array, RecordBatch,
    StringViewArray, UInt32Array, UInt64Array,
};
use ground_core::event::{Event, EventKind};
use ground_core::id::{InstanceId, RunId, SweepId};
use ground_core::metric::{Unit, UnknownWord};
use ground_core::outcome::Outcome;
use ground_core::record::{
    Fingerprint, InstanceRow, Load, MetricDef, PointRow, RunRow, SampleSeries, SketchRow,
};
use ground_core::revision::Revision;

use crate::encode::MetricWire;

/// Rows of the store are not what this version writes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// A column is missing or of another type.
    #[error("column `{column}` is missing or of another type")]
    Column {
        /// The column's name.
        column: &'static str,
    },
    /// A word is not known.
    #[error(transparent)]
    Word(#[from] UnknownWord),
    /// A JSON column holds something else.
    #[error("column `{column}` does not hold what it should")]
    Json {
        /// The column's name.
        column: &'static str,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// A row names something that the run does not have.
    #[error("a row names {what} `{name}`, which the run does not have")]
    Dangling {
        /// What is named, such as `metric`.
        what: &'static str,
        /// The name.
        name: String,
    },
}

type Decoded<T> = Result<T, DecodeError>;

/// Columns of a batch by name and type.
struct Columns<'a>(&'a RecordBatch);

macro_rules! typed {
    ($($name:ident: $array:ty),+ $(,)?) => {
        impl<'a> Columns<'a> {
            $(fn $name(&self, column: &'static str) -> Decoded<&'a $array> {
                self.0
                    .column_by_name(column)
                    .and_then(|array| array.as_any().downcast_ref())
                    .ok_or(DecodeError::Column { column })
            })+
        }
    };
}

typed!(texts: StringViewArray, reals: Float64Array, longs: Int64Array, ints: Int32Array, naturals: UInt32Array,
    counts: UInt64Array, flags: BooleanArray, bytes: BinaryViewArray);

impl Columns<'_> {
    fn text(&self, column: &'static str, row: usize) -> Decoded<String> {
        Ok(self.texts(column)?.value(row).to_owned())
    }

    /// A number, NaN where it is unknown.
    fn real(&self, column: &'static str, row: usize) -> Decoded<f64> {
        let array = self.reals(column)?;
        Ok(if array.is_null(row) { f64::NAN } else { array.value(row) })
    }

    fn json<T: serde::de::DeserializeOwned>(&self, column: &'static str, row: usize) -> Decoded<T> {
        serde_json::from_str(self.texts(column)?.value(row))
            .map_err(|source| DecodeError::Json { column, source })
    }

    fn outcome(&self, row: usize) -> Decoded<Outcome> {
        let kind = self.texts("outcome")?.value(row).parse()?;
        Ok(Outcome { kind, reason: self.text("outcome_reason", row)? })
    }

    fn instance(&self, row: usize) -> Decoded<InstanceId> {
        let index = self.naturals("instance")?.value(row);
        Ok(InstanceId { group: self.text("group_id", row)?, index })
    }
}

/// Reads rows of `runs` with the partition column `plan`.
pub(crate) fn run_rows(batch: &RecordBatch) -> Decoded<Vec<RunRow>> {
    let columns = Columns(batch);
    (0..batch.num_rows()).map(|row| run_row(&columns, row)).collect()
}

fn run_row(of: &Columns<'_>, row: usize) -> Decoded<RunRow> {
    let params: BTreeMap<String, String> = of.json("params_json", row)?;
    Ok(RunRow {
        run: RunId::new(of.text("run_id", row)?),
        attempt: of.naturals("attempt")?.value(row),
        sweep: SweepId::new(of.text("sweep", row)?),
        block: of.naturals("block")?.value(row),
        position: of.naturals("run_position")?.value(row),
        plan: of.text("plan", row)?,
        case: of.text("testcase", row)?,
        composition_run: of.text("composition_run", row)?,
        params,
        runner: of.text("runner", row)?,
        lang: of.text("lang", row)?,
        composition_digest: of.text("composition_digest", row)?,
        machine_class: of.text("machine_class", row)?,
        revision: revision(of, row)?,
        artifact_digest: of.text("artifact_digest", row)?,
        seed: of.counts("seed")?.value(row),
        started_ns: of.longs("started_ns")?.value(row),
        ended_ns: of.longs("ended_ns")?.value(row),
        outcome: of.outcome(row)?,
        fingerprint: fingerprint(of, row)?,
        caveats: of.json("caveats_json", row)?,
    })
}

/// Reads the revisions of rows of `runs`.
pub(crate) fn revisions(batch: &RecordBatch) -> Decoded<Vec<Revision>> {
    let columns = Columns(batch);
    (0..batch.num_rows()).map(|row| revision(&columns, row)).collect()
}

fn revision(of: &Columns<'_>, row: usize) -> Decoded<Revision> {
    Ok(Revision {
        commit: of.text("revision", row)?,
        dirty: of.flags("revision_dirty")?.value(row),
        position: of.longs("revision_position")?.value(row),
        committed_at_s: of.longs("revision_committed_s")?.value(row),
        subject: of.text("revision_subject", row)?,
    })
}

fn fingerprint(of: &Columns<'_>, row: usize) -> Decoded<Fingerprint> {
    Ok(Fingerprint {
        host: of.text("host", row)?,
        cpu_model: of.text("cpu_model", row)?,
        cpus: of.naturals("cpus")?.value(row),
        memory_bytes: of.counts("memory_bytes")?.value(row),
        kernel: of.text("kernel", row)?,
        governor: of.text("governor", row)?,
        tool_version: of.text("tool_version", row)?,
        toolchain: of.text("toolchain", row)?,
        before: Load {
            load1: of.real("load1_before", row)?,
            cpu_pressure: of.real("cpu_pressure_before", row)?,
            steal_s: of.real("steal_s_before", row)?,
        },
        after: Load {
            load1: of.real("load1_after", row)?,
            cpu_pressure: of.real("cpu_pressure_after", row)?,
            steal_s: of.real("steal_s_after", row)?,
        },
    })
}

/// Reads the metrics of the first row of `runs`.
pub(crate) fn metrics(batch: &RecordBatch) -> Decoded<Vec<MetricDef>> {
    let wires: Vec<MetricWire> = Columns(batch).json("metrics_json", 0)?;
    wires
        .into_iter()
        .map(|wire| {
            Ok(MetricDef {
                kind: wire.kind.parse()?,
                direction: wire.direction.parse()?,
                unit: Unit::new(wire.unit),
                name: wire.name,
                margin: wire.margin,
                untrusted: wire.untrusted,
            })
        })
        .collect()
}

/// Reads rows of `instances`.
pub(crate) fn instance_rows(batch: &RecordBatch) -> Decoded<Vec<InstanceRow>> {
    let of = Columns(batch);
    let (exits, signals) = (of.ints("exit_code")?, of.ints("signal")?);
    (0..batch.num_rows())
        .map(|row| {
            Ok(InstanceRow {
                instance: of.instance(row)?,
                outcome: of.outcome(row)?,
                exit_code: exits.is_valid(row).then(|| exits.value(row)),
                signal: signals.is_valid(row).then(|| signals.value(row)),
                started_ns: of.longs("started_ns")?.value(row),
                ended_ns: of.longs("ended_ns")?.value(row),
                cpu_user_s: of.real("cpu_user_s", row)?,
                cpu_system_s: of.real("cpu_system_s", row)?,
                max_rss_bytes: of.counts("max_rss_bytes")?.value(row),
            })
        })
        .collect()
}

/// Indices of a run's instances and metrics by name.
pub(crate) struct Names {
    instances: HashMap<InstanceId, u32>,
    metrics: HashMap<String, u32>,
}

impl Names {
    pub(crate) fn new(instances: &[InstanceRow], metrics: &[MetricDef]) -> Self {
        let instances = (0..).zip(instances).map(|(at, row)| (row.instance.clone(), at)).collect();
        let metrics = (0..).zip(metrics).map(|(at, row)| (row.name.clone(), at)).collect();
        Self { instances, metrics }
    }

    fn instance(&self, id: &InstanceId) -> Decoded<u32> {
        let dangling = || DecodeError::Dangling { what: "instance", name: id.to_string() };
        self.instances.get(id).copied().ok_or_else(dangling)
    }

    fn metric(&self, name: &str) -> Decoded<u32> {
        let dangling = || DecodeError::Dangling { what: "metric", name: name.to_owned() };
        self.metrics.get(name).copied().ok_or_else(dangling)
    }
}

/// Samples of one metric by one instance, by name.
pub(crate) type NamedSeries = (InstanceId, String, Vec<i64>, Vec<f64>);

/// Reads rows of `samples` that lie by instance and metric, and appends them to `series`.
pub(crate) fn named_samples(batch: &RecordBatch, series: &mut Vec<NamedSeries>) -> Decoded<()> {
    let of = Columns(batch);
    let (groups, indices, metrics) =
        (of.texts("group_id")?, of.naturals("instance")?, of.texts("metric")?);
    let (times, values) = (of.longs("t_ns")?, of.reals("value")?);
    for row in 0..batch.num_rows() {
        let (group, index, metric) = (groups.value(row), indices.value(row), metrics.value(row));
        let same = series
            .last()
            .is_some_and(|(id, name, ..)| id.index == index && name == metric && id.group == group);
        if !same {
            let id = InstanceId { group: group.to_owned(), index };
            series.push((id, metric.to_owned(), Vec::new(), Vec::new()));
        }
        if let Some((.., t_ns, numbers)) = series.last_mut() {
            t_ns.push(times.value(row));
            numbers.push(values.value(row));
        }
    }
    Ok(())
}

/// Turns names back into indices.
pub(crate) fn sample_series(named: Vec<NamedSeries>, names: &Names) -> Decoded<Vec<SampleSeries>> {
    named
        .into_iter()
        .map(|(id, metric, t_ns, values)| {
            let (instance, metric) = (names.instance(&id)?, names.metric(&metric)?);
            Ok(SampleSeries { instance, metric, t_ns, values })
        })
        .collect()
}

/// Reads rows of `sketches`.
pub(crate) fn sketch_rows(batch: &RecordBatch, names: &Names) -> Decoded<Vec<SketchRow>> {
    let of = Columns(batch);
    (0..batch.num_rows())
        .map(|row| {
            Ok(SketchRow {
                instance: names.instance(&of.instance(row)?)?,
                metric: names.metric(of.texts("metric")?.value(row))?,
                t_ns: of.longs("t_ns")?.value(row),
                interval_ns: of.longs("interval_ns")?.value(row),
                count: of.counts("count")?.value(row),
                sum: of.real("sum", row)?,
                scale: of.real("scale", row)?,
                histogram: of.bytes("histogram")?.value(row).to_vec(),
            })
        })
        .collect()
}

/// Reads rows of `points`.
pub(crate) fn point_rows(batch: &RecordBatch, names: &Names) -> Decoded<Vec<PointRow>> {
    let of = Columns(batch);
    (0..batch.num_rows())
        .map(|row| {
            Ok(PointRow {
                metric: names.metric(of.texts("metric")?.value(row))?,
                stat: of.texts("stat")?.value(row).parse()?,
                value: of.real("value", row)?,
                samples: of.counts("samples")?.value(row),
            })
        })
        .collect()
}

/// Reads rows of `events`.
pub(crate) fn event_rows(batch: &RecordBatch) -> Decoded<Vec<Event>> {
    let of = Columns(batch);
    let groups = of.texts("group_id")?;
    (0..batch.num_rows())
        .map(|row| {
            let instance = groups.is_valid(row).then(|| of.instance(row)).transpose()?;
            let at_ns = of.longs("at_ns")?.value(row);
            Ok(Event { at_ns, instance, kind: event_kind(&of, row)? })
        })
        .collect()
}

fn event_kind(of: &Columns<'_>, row: usize) -> Decoded<EventKind> {
    let text = of.text("text", row)?;
    Ok(match of.texts("kind")?.value(row) {
        "start" => EventKind::Start,
        "message" => EventKind::Message(text),
        "stage_start" => EventKind::StageStart(text),
        "stage_end" => EventKind::StageEnd(text),
        "success" => EventKind::Success,
        "failure" => EventKind::Failure(text),
        "crash" => EventKind::Crash { error: text, stack: of.text("stack", row)? },
        "barrier" => EventKind::BarrierOpened {
            state: text,
            target: of.counts("target")?.value(row),
            first_ns: of.longs("first_ns")?.value(row),
        },
        word => {
            return Err(DecodeError::Word(UnknownWord {
                what: "kind of event",
                word: word.to_owned(),
                known: "start, message, stage_start, stage_end, success, failure, crash, barrier",
            }));
        }
    })
}
