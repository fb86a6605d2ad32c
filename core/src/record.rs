//! The record of one attempt, as it is appended to the store.
//!
//! A record is whole by itself: run, instances, samples, sketches, points, events. Raw samples are never
//! overwritten, and every point can be computed again from them.

use std::collections::BTreeMap;

use crate::event::Event;
use crate::id::{InstanceId, RunId, SweepId};
use crate::metric::{Direction, MetricKind, Stat, Unit};
use crate::outcome::Outcome;
use crate::revision::Revision;

/// The machine and the tools that a run was measured with.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Fingerprint {
    /// The machine's name.
    pub host: String,
    /// The processor's model.
    pub cpu_model: String,
    /// Processors that may be used.
    pub cpus: u32,
    /// Memory of the machine.
    pub memory_bytes: u64,
    /// Kernel name and release.
    pub kernel: String,
    /// Frequency governor; empty where the machine tells none.
    pub governor: String,
    /// Version of this tool.
    pub tool_version: String,
    /// What built the plan, such as `rustc 1.95.0`.
    pub toolchain: String,
    /// Load before the run.
    pub before: Load,
    /// Load after the run.
    pub after: Load,
}

impl Fingerprint {
    /// Returns the coarse class in which runs may be compared: processor model, processors, memory to the next
    /// power of two, operating system.
    ///
    /// Coarse on purpose: an exact digest splits one type of machine in two over a clock calibration.
    #[must_use]
    pub fn machine_class(&self) -> String {
        let gib = (self.memory_bytes.max(1) as f64 / 1_073_741_824.0).max(1.0);
        let os = self.kernel.split_whitespace().next().unwrap_or("unknown");
        format!("{}/{}cpu/{}GiB/{os}", self.cpu_model.trim(), self.cpus, gib.log2().round().exp2())
    }
}

/// What else the machine was doing at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Load {
    /// Load average over one minute.
    pub load1: f64,
    /// Share of time in which something waited for a processor over ten seconds, as a ratio; NaN where unknown.
    pub cpu_pressure: f64,
    /// Processor time that the hypervisor took since boot, in seconds; NaN where unknown.
    pub steal_s: f64,
}

/// The run as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRow {
    /// Names the attempt.
    pub run: RunId,
    /// Counts tries of the same run, from 1.
    pub attempt: u32,
    /// The sweep it belongs to.
    pub sweep: SweepId,
    /// The block of the interleaved design; runs of one block may be paired.
    pub block: u32,
    /// Its place in the order in which the sweep was executed, from 0.
    pub position: u32,
    /// The plan's name.
    pub plan: String,
    /// The testcase's name.
    pub case: String,
    /// The run's identifier within the composition; `default` when it has none.
    pub composition_run: String,
    /// Parameters that the sweep or composition set, group-wise ones as `group.name`.
    pub params: BTreeMap<String, String>,
    /// The runner's identifier.
    pub runner: String,
    /// The plan's language, where its builder tells.
    pub lang: String,
    /// Digest of the composition as resolved, without its sweep.
    pub composition_digest: String,
    /// See [`Fingerprint::machine_class`].
    pub machine_class: String,
    /// What was built.
    pub revision: Revision,
    /// SHA-256 of the artifacts, in hex, joined where groups differ.
    pub artifact_digest: String,
    /// The run's seed.
    pub seed: u64,
    /// When the first instance was started, nanoseconds since the epoch.
    pub started_ns: i64,
    /// When the last was gone, nanoseconds since the epoch.
    pub ended_ns: i64,
    /// How it ended.
    pub outcome: Outcome,
    /// Where it was measured.
    pub fingerprint: Fingerprint,
    /// What a reader of the numbers must know.
    pub caveats: Vec<String>,
}

/// One instance of the run.
#[derive(Debug, Clone, PartialEq)]
pub struct InstanceRow {
    /// Who.
    pub instance: InstanceId,
    /// How it ended.
    pub outcome: Outcome,
    /// Exit status, where it exited.
    pub exit_code: Option<i32>,
    /// The signal that ended it, where one did.
    pub signal: Option<i32>,
    /// When it was started, nanoseconds since the epoch.
    pub started_ns: i64,
    /// When it was gone, nanoseconds since the epoch.
    pub ended_ns: i64,
    /// Processor time in user mode, seconds.
    pub cpu_user_s: f64,
    /// Processor time in the kernel, seconds.
    pub cpu_system_s: f64,
    /// Most memory it held at a time.
    pub max_rss_bytes: u64,
}

/// A metric of the run.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricDef {
    /// Its name, with qualifiers last: `latency_s`.
    pub name: String,
    /// How its samples come about.
    pub kind: MetricKind,
    /// The base unit of its values.
    pub unit: Unit,
    /// Which way it gets better.
    pub direction: Direction,
    /// The smallest relative change anybody cares about, where it was declared: stated before measuring, and kept.
    pub margin: Option<f64>,
    /// Whether its numbers are known to be wrong at their source, such as quantiles computed by an old SDK.
    pub untrusted: bool,
}

/// The samples of one metric by one instance, by time.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleSeries {
    /// Index into [`RunRecord::instances`].
    pub instance: u32,
    /// Index into [`RunRecord::metrics`].
    pub metric: u32,
    /// When each was taken, nanoseconds since the epoch, never falling.
    pub t_ns: Vec<i64>,
    /// The values, finite, as many as `t_ns`.
    pub values: Vec<f64>,
}

/// A mergeable sketch of one metric by one instance over one interval.
#[derive(Debug, Clone, PartialEq)]
pub struct SketchRow {
    /// Index into [`RunRecord::instances`].
    pub instance: u32,
    /// Index into [`RunRecord::metrics`].
    pub metric: u32,
    /// Begin of the interval, nanoseconds since the epoch.
    pub t_ns: i64,
    /// Length of the interval.
    pub interval_ns: i64,
    /// Values it holds.
    pub count: u64,
    /// Their sum, in the metric's unit.
    pub sum: f64,
    /// What one integer step of the histogram is worth in the metric's unit, such as 1e-9 for nanoseconds.
    pub scale: f64,
    /// The HDR histogram, serialized in its V2 format.
    pub histogram: Vec<u8>,
}

/// One run's summary of one metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PointRow {
    /// Index into [`RunRecord::metrics`].
    pub metric: u32,
    /// Which summary.
    pub stat: Stat,
    /// The value, finite, in the metric's unit (per second for [`Stat::Rate`]).
    pub value: f64,
    /// Samples it was computed from.
    pub samples: u64,
}

/// Everything that one attempt of a run left behind.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRecord {
    /// The run as a whole.
    pub run: RunRow,
    /// Its instances, in order of groups and indices.
    pub instances: Vec<InstanceRow>,
    /// Its metrics, by name.
    pub metrics: Vec<MetricDef>,
    /// Samples, by instance and metric.
    pub samples: Vec<SampleSeries>,
    /// Sketches, by instance, metric and time.
    pub sketches: Vec<SketchRow>,
    /// Summaries, by metric and summary.
    pub points: Vec<PointRow>,
    /// Events, by time.
    pub events: Vec<Event>,
}
