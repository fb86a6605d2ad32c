//! Reading what instances left behind: their metrics, and the run's points from them.
//!
//! Every dialect is read: our SDK's binary file, metric lines in `metrics.ndjson` and on standard output, the files of
//! Testground's Go SDK, and what was sent to the listener that stands for InfluxDB. Values become base units; what is
//! not finite, torn or contradictory is left out and told as a caveat, never silently.

mod binary;
mod captured;
mod engine_metrics;
mod found;
mod merge;
mod ndjson;
mod notes;
mod points;
mod testground;

use std::collections::BTreeMap;
use std::io;
use std::num::NonZero;
use std::path::Path;

use ground_core::execution::Execution;
use ground_core::metric::MetricSpec;
use ground_core::record::{MetricDef, PointRow, SampleSeries, SketchRow};

use captured::Captured;
pub use engine_metrics::{INSTANCE_CPU, INSTANCE_MAX_RSS, RUN_DURATION};
use found::Found;
use merge::Table;
use notes::Notes;

/// Samples that are kept of one run: 16 bytes each, so 1.6 GB at most.
const MAX_SAMPLES: usize = 100_000_000;

/// All numbers of one run, as [`RunRecord`](ground_core::record::RunRecord) takes them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Collected {
    /// The metrics, by name.
    pub metrics: Vec<MetricDef>,
    /// Samples, by instance and metric.
    pub samples: Vec<SampleSeries>,
    /// Sketches, by instance, metric and time.
    pub sketches: Vec<SketchRow>,
    /// Summaries, by metric and summary.
    pub points: Vec<PointRow>,
    /// What a reader of the numbers must know.
    pub caveats: Vec<String>,
}

/// Reads the metrics of every instance of `execution` and summarises them.
///
/// `outputs` is the run's directory; `specs` is what manifest and composition declare, which comes before what
/// instances say. Files that cannot be read are caveats, not errors: the run happened.
///
/// # Cost
/// Blocking; reads all outputs with one thread per processor, in memory that the number of samples bounds.
#[must_use]
pub fn collect(
    execution: &Execution,
    outputs: &Path,
    specs: &BTreeMap<String, MetricSpec>,
) -> Collected {
    let mut notes = Notes::default();
    let captured = captured(execution, outputs, &mut notes);
    let found = read_all(execution, &captured);
    for (place, found) in found.iter().enumerate() {
        for trouble in &found.troubles {
            notes.trouble(trouble, execution.instances[place].instance.to_string());
        }
    }
    let mut table = merge::merge(execution, found, specs, &mut notes);
    let points = summarise(execution, &mut table, &mut notes);
    if execution.ended_ns < execution.started_ns {
        notes.plain("the clock went backwards during the run: it has no duration".to_owned());
    }
    Collected {
        metrics: table.metrics,
        samples: table.samples,
        sketches: table.sketches,
        points,
        caveats: notes.into_caveats(),
    }
}

fn captured(execution: &Execution, outputs: &Path, notes: &mut Notes) -> Captured {
    let mut first_of = BTreeMap::new();
    for (place, one) in execution.instances.iter().enumerate() {
        first_of.entry(one.instance.group.clone()).or_insert(place as u32);
    }
    match Captured::read(outputs, MAX_SAMPLES, &first_of) {
        Ok(captured) => {
            if captured.lost > 0 {
                let lost = captured.lost;
                notes.plain(format!(
                    "{lost} values sent to `INFLUXDB_URL` belong to no known instance"
                ));
            }
            captured
        }
        Err(error) => {
            notes.plain(format!("metrics sent to `INFLUXDB_URL` cannot be read: {error}"));
            Captured::default()
        }
    }
}

fn read_all(execution: &Execution, captured: &Captured) -> Vec<Found> {
    let places: Vec<usize> = (0..execution.instances.len()).collect();
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    let share = places.len().div_ceil(threads).max(1);
    let room = MAX_SAMPLES / places.len().max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = places
            .chunks(share)
            .map(|places| {
                scope.spawn(move || -> Vec<Found> {
                    places.iter().map(|place| read(execution, *place, room, captured)).collect()
                })
            })
            .collect();
        let joined = workers.into_iter().map(|worker| worker.join());
        joined.flat_map(|found| found.expect("bug: reading metrics panicked")).collect()
    })
}

fn read(execution: &Execution, place: usize, room: usize, captured: &Captured) -> Found {
    let mut found = Found::with_room(room);
    if let Err(error) = read_files(execution, place, captured, &mut found) {
        found.troubles.push(format!("metrics were read in part: {error}"));
    }
    for name in engine_metrics::RESERVED {
        if found.metrics.remove(name).is_some() {
            found
                .troubles
                .push(format!("metric `{name}` is the engine's own; the plan's is left out"));
        }
    }
    engine_metrics::add(execution, place, &mut found);
    found.sort();
    found
}

fn read_files(
    execution: &Execution,
    place: usize,
    captured: &Captured,
    found: &mut Found,
) -> io::Result<()> {
    let instance = &execution.instances[place];
    let directory = &instance.outputs;
    binary::read(directory, found)?;
    ndjson::read(directory, ndjson::FILE_NAME, false, instance.started_ns, found)?;
    ndjson::read(directory, "stdout.log", true, instance.started_ns, found)?;
    let mut has_files = false;
    for (name, prefix) in testground::FILES {
        has_files |= testground::read(directory, name, prefix, found)?;
    }
    captured.add(place as u32, has_files, found);
    Ok(())
}

/// Makes the points, and drops sketches that cannot be decoded.
fn summarise(execution: &Execution, table: &mut Table, notes: &mut Notes) -> Vec<PointRow> {
    let started_ns: Vec<i64> = execution.instances.iter().map(|one| one.started_ns).collect();
    let mut series: Vec<Vec<&SampleSeries>> = vec![Vec::new(); table.metrics.len()];
    for one in &table.samples {
        series[one.metric as usize].push(one);
    }
    let mut sketches: Vec<Vec<(usize, &SketchRow)>> = vec![Vec::new(); table.metrics.len()];
    for (place, one) in table.sketches.iter().enumerate() {
        sketches[one.metric as usize].push((place, one));
    }
    let mut all = Vec::new();
    let mut broken = Vec::new();
    for (metric, definition) in table.metrics.iter().enumerate() {
        let rows: Vec<&SketchRow> = sketches[metric].iter().map(|(_, row)| *row).collect();
        let merged = points::merge(&rows);
        if let Some(merged) = merged.as_ref().filter(|merged| !merged.broken.is_empty()) {
            let count = merged.broken.len() as u64;
            notes.counted(
                &definition.name,
                "sketches that cannot be decoded; they are left out",
                count,
            );
            broken.extend(merged.broken.iter().map(|place| sketches[metric][*place].0));
        }
        let metric_id = metric as u32;
        all.extend(points::points(
            metric_id,
            definition.kind,
            &series[metric],
            merged.as_ref(),
            &started_ns,
        ));
    }
    broken.sort_unstable();
    for place in broken.into_iter().rev() {
        table.sketches.remove(place);
    }
    all
}

#[cfg(test)]
mod tests;
