//! What a record must hold to before it is stored.

use std::collections::HashSet;

use ground_core::metric::Stat;
use ground_core::record::{RunRecord, SampleSeries};

/// Why a record cannot be stored; the caller cleans it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidRecord {
    /// A name that everything hangs on is missing.
    #[error("the record's {what} is empty")]
    Empty {
        /// What is empty, such as `plan`.
        what: &'static str,
    },
    /// Two of a kind have one name.
    #[error("{what} `{name}` is there twice")]
    Duplicate {
        /// What is there twice, such as `metric`.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// An index points at nothing.
    #[error("{what} {at} points at {of} {index}; there are {len}")]
    OutOfRange {
        /// What points, such as `sample series`.
        what: &'static str,
        /// Its place in the record.
        at: usize,
        /// What it points at, such as `metric`.
        of: &'static str,
        /// The index.
        index: u32,
        /// How many there are.
        len: usize,
    },
    /// A series has more times than values or fewer.
    #[error("`{metric}` of {instance} has {times} times and {values} values")]
    Lengths {
        /// The metric's name.
        metric: String,
        /// The instance.
        instance: String,
        /// Times given.
        times: usize,
        /// Values given.
        values: usize,
    },
    /// A number is not finite.
    #[error("`{metric}`: {what} {at} is {value}")]
    NotFinite {
        /// The metric's name.
        metric: String,
        /// What holds it, such as `sample`.
        what: &'static str,
        /// Its place.
        at: usize,
        /// The number.
        value: f64,
    },
    /// A summary's word is that of another summary, so that it would come back as that.
    #[error("`{metric}`: summary {stat:?} has no word of its own (`{stat}`)")]
    Stat {
        /// The metric's name.
        metric: String,
        /// The summary.
        stat: Stat,
    },
    /// A series goes back in time.
    #[error("`{metric}` of {instance}: sample {at} is {back_ns} ns earlier than the one before")]
    FallingTime {
        /// The metric's name.
        metric: String,
        /// The instance.
        instance: String,
        /// The sample that is earlier than the one before.
        at: usize,
        /// By how much.
        back_ns: i128,
    },
}

/// Checks a record.
///
/// # Errors
/// The first thing that is wrong, by name.
pub(crate) fn validate(record: &RunRecord) -> Result<(), InvalidRecord> {
    names(record)?;
    let mut seen = HashSet::new();
    for (at, series) in record.samples.iter().enumerate() {
        check_series(record, at, series)?;
        if !seen.insert((series.instance, series.metric)) {
            let name = format!(
                "{} of {}",
                metric(record, series.metric),
                instance(record, series.instance)
            );
            return Err(InvalidRecord::Duplicate { what: "sample series", name });
        }
    }
    sketches(record)?;
    points(record)
}

fn names(record: &RunRecord) -> Result<(), InvalidRecord> {
    let run = &record.run;
    for (what, text) in
        [("run identifier", run.run.as_str()), ("plan", &run.plan), ("testcase", &run.case)]
    {
        if text.is_empty() {
            return Err(InvalidRecord::Empty { what });
        }
    }
    let mut instances = HashSet::new();
    for row in &record.instances {
        if !instances.insert(&row.instance) {
            let name = row.instance.to_string();
            return Err(InvalidRecord::Duplicate { what: "instance", name });
        }
    }
    let mut metrics = HashSet::new();
    for row in &record.metrics {
        if !metrics.insert(&row.name) {
            return Err(InvalidRecord::Duplicate { what: "metric", name: row.name.clone() });
        }
    }
    Ok(())
}

fn in_range(
    what: &'static str,
    at: usize,
    of: &'static str,
    (index, len): (u32, usize),
) -> Result<(), InvalidRecord> {
    if (index as usize) < len {
        Ok(())
    } else {
        Err(InvalidRecord::OutOfRange { what, at, of, index, len })
    }
}

fn metric(record: &RunRecord, index: u32) -> String {
    record.metrics[index as usize].name.clone()
}

fn instance(record: &RunRecord, index: u32) -> String {
    record.instances[index as usize].instance.to_string()
}

fn check_series(record: &RunRecord, at: usize, series: &SampleSeries) -> Result<(), InvalidRecord> {
    in_range("sample series", at, "instance", (series.instance, record.instances.len()))?;
    in_range("sample series", at, "metric", (series.metric, record.metrics.len()))?;
    if series.t_ns.len() != series.values.len() {
        return Err(InvalidRecord::Lengths {
            metric: metric(record, series.metric),
            instance: instance(record, series.instance),
            times: series.t_ns.len(),
            values: series.values.len(),
        });
    }
    if let Some(at) = series.values.iter().position(|value| !value.is_finite()) {
        let (metric, value) = (metric(record, series.metric), series.values[at]);
        return Err(InvalidRecord::NotFinite { metric, what: "sample", at, value });
    }
    if let Some(at) = series.t_ns.windows(2).position(|pair| pair[0] > pair[1]) {
        return Err(InvalidRecord::FallingTime {
            metric: metric(record, series.metric),
            instance: instance(record, series.instance),
            at: at + 1,
            back_ns: i128::from(series.t_ns[at]) - i128::from(series.t_ns[at + 1]),
        });
    }
    Ok(())
}

fn sketches(record: &RunRecord) -> Result<(), InvalidRecord> {
    for (at, row) in record.sketches.iter().enumerate() {
        in_range("sketch", at, "instance", (row.instance, record.instances.len()))?;
        in_range("sketch", at, "metric", (row.metric, record.metrics.len()))?;
        for (what, value) in [("the sum of sketch", row.sum), ("the scale of sketch", row.scale)] {
            if !value.is_finite() {
                let metric = metric(record, row.metric);
                return Err(InvalidRecord::NotFinite { metric, what, at, value });
            }
        }
    }
    Ok(())
}

fn points(record: &RunRecord) -> Result<(), InvalidRecord> {
    let mut seen = HashSet::new();
    for (at, row) in record.points.iter().enumerate() {
        in_range("point", at, "metric", (row.metric, record.metrics.len()))?;
        if !row.value.is_finite() {
            let (metric, value) = (metric(record, row.metric), row.value);
            return Err(InvalidRecord::NotFinite { metric, what: "point", at, value });
        }
        if row.stat.to_string().parse() != Ok(row.stat) {
            return Err(InvalidRecord::Stat { metric: metric(record, row.metric), stat: row.stat });
        }
        if !seen.insert((row.metric, row.stat)) {
            let name = format!("{} {}", metric(record, row.metric), row.stat);
            return Err(InvalidRecord::Duplicate { what: "point", name });
        }
    }
    Ok(())
}
