//! From frames to series: points grouped by what makes runs comparable, ordered by revision.

use std::collections::{BTreeMap, HashMap};

use ground_core::id::RunId;
use ground_core::metric::{DEFAULT_MARGIN, Direction, Stat, Unit};
use ground_core::revision::Revision;
use ground_core::series::{RevisionPoints, RunPoint, Series, SeriesKey};
use polars::prelude::{
    ChunkedArray, Column, DataFrame, IntoLazy, PolarsDataType, PolarsError, PolarsResult,
    SortMultipleOptions, StringChunked, col, lit,
};

/// The columns of a point frame that say which series a point belongs to, in the order of sorting.
const KEY: [&str; 9] = [
    "plan",
    "case",
    "metric",
    "stat",
    "runner",
    "lang",
    "params",
    "composition_digest",
    "machine_class",
];

/// The columns that put a series' points in order: revisions as in history, runs as they were executed.
const ORDER: [&str; 4] = ["position", "committed_at_s", "commit", "started_ns"];

/// How margins are chosen for metrics that declare none.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Margins {
    /// In place of [`DEFAULT_MARGIN`].
    pub default: Option<f64>,
}

/// Groups the points of successful runs into series.
///
/// `frame` holds one row a point with the columns of [`KEY`], [`ORDER`] and what [`Row`] reads. Runs that did not succeed
/// give no points: what a failed run measured is not comparable; they are counted as missing.
///
/// # Errors
/// When a column is missing or has another type.
pub(crate) fn series_of(frame: DataFrame, margins: Margins) -> PolarsResult<Vec<Series>> {
    let missing = failed_runs(&frame)?;
    let sort: Vec<&str> = KEY.into_iter().chain(ORDER).collect();
    let points = frame
        .lazy()
        .filter(col("outcome").eq(lit("success")).and(col("value").is_not_null()))
        .sort(sort, SortMultipleOptions::default().with_maintain_order(true))
        .collect()?;
    let rows = Rows::of(&points)?;
    let mut series: Vec<Series> = Vec::new();
    for index in 0..points.height() {
        let row = rows.get(index)?;
        if series.last().is_none_or(|last| last.key != row.key) {
            series.push(begin(&row, margins));
        }
        let last = series.last_mut().expect("bug: a series was begun above");
        push(last, row, margins);
    }
    for one in &mut series {
        finish(one, &missing);
    }
    Ok(series)
}

fn begin(row: &Row, margins: Margins) -> Series {
    Series {
        key: row.key.clone(),
        unit: Unit::new(row.unit.clone()),
        direction: row.direction,
        margin: margins.default.unwrap_or(DEFAULT_MARGIN),
        exact: false,
        judged: row.direction != Direction::None && row.key.stat.judged() && !row.untrusted,
        revisions: Vec::new(),
    }
}

/// Adds a point; what the newest run declares of the metric counts.
fn push(series: &mut Series, row: Row, margins: Margins) {
    series.unit = Unit::new(row.unit);
    series.direction = row.direction;
    series.margin = row.margin.or(margins.default).unwrap_or(DEFAULT_MARGIN);
    if series.revisions.last().is_none_or(|last| last.revision != row.revision) {
        series.revisions.push(RevisionPoints {
            revision: row.revision,
            points: Vec::new(),
            missing: 0,
        });
    }
    let last = series.revisions.last_mut().expect("bug: a revision was pushed above");
    last.points.push(row.point);
}

fn finish(series: &mut Series, missing: &HashMap<RunGroup, u32>) {
    for points in &mut series.revisions {
        let group = RunGroup::of(&series.key, &points.revision.commit);
        points.missing = missing.get(&group).copied().unwrap_or(0);
    }
    series.exact = repeats_exactly(series);
}

/// A series is exact when its values are whole numbers and every revision that was run more than once gave the same one
/// each time.
fn repeats_exactly(series: &Series) -> bool {
    let replicated = series.revisions.iter().filter(|revision| revision.points.len() > 1);
    let mut any = false;
    for revision in replicated {
        any = true;
        let first = revision.points[0].value;
        if revision.points.iter().any(|point| point.value != first) {
            return false;
        }
    }
    let whole = |point: &RunPoint| point.value.fract() == 0.0;
    any && series.revisions.iter().all(|revision| revision.points.iter().all(whole))
}

/// What runs have in common whose points may share a series at one revision.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct RunGroup {
    key: [String; 7],
    commit: String,
}

/// Place of the parameters in [`RunGroup::key`].
const PARAMS: usize = 4;

impl RunGroup {
    fn of(key: &SeriesKey, commit: &str) -> Self {
        let parts = [
            &key.plan,
            &key.case,
            &key.runner,
            &key.lang,
            &key.params_text(),
            &key.composition_digest,
            &key.machine_class,
        ];
        Self { key: parts.map(String::clone), commit: commit.to_owned() }
    }
}

/// Counts runs that count and did not succeed, by what they have in common.
fn failed_runs(frame: &DataFrame) -> PolarsResult<HashMap<RunGroup, u32>> {
    let by: Vec<_> = [
        "plan",
        "case",
        "runner",
        "lang",
        "params",
        "composition_digest",
        "machine_class",
        "commit",
    ]
    .map(col)
    .to_vec();
    let failed = frame
        .clone()
        .lazy()
        .filter(
            col("outcome")
                .neq(lit("success"))
                .and(col("outcome").neq(lit("canceled")))
                .and(col("outcome").neq(lit("infra_error"))),
        )
        .group_by(by)
        .agg([col("run_id").n_unique().alias("runs")])
        .collect()?;
    let texts = |name: &str| failed.column(name).and_then(Column::str);
    let columns = [
        texts("plan")?,
        texts("case")?,
        texts("runner")?,
        texts("lang")?,
        texts("params")?,
        texts("composition_digest")?,
        texts("machine_class")?,
        texts("commit")?,
    ];
    let runs = failed.column("runs")?.cast(&polars::prelude::DataType::UInt32)?;
    let runs = runs.u32()?;
    Ok((0..failed.height())
        .map(|index| {
            let text = |place: usize| columns[place].get(index).unwrap_or_default().to_owned();
            let mut key = [0, 1, 2, 3, 4, 5, 6].map(text);
            key[PARAMS] = params_text(&key[PARAMS]);
            (RunGroup { key, commit: text(7) }, runs.get(index).unwrap_or(0))
        })
        .collect())
}

/// One point as a row tells it.
struct Row {
    key: SeriesKey,
    unit: String,
    direction: Direction,
    margin: Option<f64>,
    untrusted: bool,
    revision: Revision,
    point: RunPoint,
}

/// Typed access to the columns of a point frame.
struct Rows<'a> {
    key: [&'a StringChunked; 9],
    unit: &'a StringChunked,
    direction: &'a StringChunked,
    margin: &'a polars::prelude::Float64Chunked,
    untrusted: &'a polars::prelude::BooleanChunked,
    commit: &'a StringChunked,
    dirty: &'a polars::prelude::BooleanChunked,
    position: &'a polars::prelude::Int64Chunked,
    committed_at_s: &'a polars::prelude::Int64Chunked,
    subject: &'a StringChunked,
    run: &'a StringChunked,
    sweep: &'a StringChunked,
    block: &'a polars::prelude::Int64Chunked,
    started_ns: &'a polars::prelude::Int64Chunked,
    value: &'a polars::prelude::Float64Chunked,
}

impl<'a> Rows<'a> {
    fn of(frame: &'a DataFrame) -> PolarsResult<Self> {
        let column = |name: &str| frame.column(name);
        let mut key = Vec::with_capacity(KEY.len());
        for name in KEY {
            key.push(column(name)?.str()?);
        }
        Ok(Self {
            key: key.try_into().expect("bug: as many columns as the key has"),
            unit: column("unit")?.str()?,
            direction: column("direction")?.str()?,
            margin: column("margin")?.f64()?,
            untrusted: column("untrusted")?.bool()?,
            commit: column("commit")?.str()?,
            dirty: column("dirty")?.bool()?,
            position: column("position")?.i64()?,
            committed_at_s: column("committed_at_s")?.i64()?,
            subject: column("subject")?.str()?,
            run: column("run_id")?.str()?,
            sweep: column("sweep_id")?.str()?,
            block: column("block")?.i64()?,
            started_ns: column("started_ns")?.i64()?,
            value: column("value")?.f64()?,
        })
    }

    fn get(&self, index: usize) -> PolarsResult<Row> {
        let text = |column: &StringChunked| column.get(index).unwrap_or_default().to_owned();
        let word = |error: ground_core::metric::UnknownWord| {
            PolarsError::ComputeError(error.to_string().into())
        };
        let [plan, case, metric, stat, runner, lang, params, composition, machine] =
            self.key.map(text);
        Ok(Row {
            key: SeriesKey {
                plan,
                case,
                metric,
                stat: stat.parse::<Stat>().map_err(word)?,
                runner,
                lang,
                params: params_of(&params),
                composition_digest: composition,
                machine_class: machine,
            },
            unit: text(self.unit),
            direction: text(self.direction).parse::<Direction>().map_err(word)?,
            margin: at(self.margin, index),
            untrusted: self.untrusted.get(index).unwrap_or(false),
            revision: Revision {
                commit: text(self.commit),
                dirty: self.dirty.get(index).unwrap_or(false),
                position: at(self.position, index).unwrap_or(0),
                committed_at_s: at(self.committed_at_s, index).unwrap_or(0),
                subject: text(self.subject),
            },
            point: RunPoint {
                run: RunId::new(text(self.run)),
                block: (text(self.sweep), at(self.block, index).unwrap_or(0) as u32),
                value: at(self.value, index).unwrap_or(f64::NAN),
                started_ns: at(self.started_ns, index).unwrap_or(0),
            },
        })
    }
}

fn at<T>(column: &ChunkedArray<T>, index: usize) -> Option<T::Native>
where
    T: PolarsDataType + polars::prelude::PolarsNumericType,
{
    column.get(index)
}

/// Reads parameters from the JSON object that the store keeps.
pub(crate) fn params_of(text: &str) -> BTreeMap<String, String> {
    serde_json::from_str(text).unwrap_or_default()
}

/// Returns the same parameters as `a=1 b=2`.
pub(crate) fn params_text(text: &str) -> String {
    let params = params_of(text);
    let pairs: Vec<String> = params.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join(" ")
}
