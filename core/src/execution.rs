//! One execution of a run: what a runner is asked and what it answers.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::event::Event;
use crate::id::{InstanceId, RunId};
use crate::outcome::Outcome;

/// The runnable thing that a builder made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// The builder's identifier, such as `exec:cargo`.
    pub builder: String,
    /// What is started: an executable for process runners.
    pub path: PathBuf,
    /// Arguments it is started with.
    pub args: Vec<String>,
    /// SHA-256 of what was built, in hex.
    pub digest: String,
    /// What built it, such as `rustc 1.95.0`; empty when unknown.
    pub toolchain: String,
}

/// What a group's instances may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Resources {
    /// Memory limit of each instance.
    pub memory_bytes: Option<u64>,
    /// Share of processors of each instance, in thousandths of one.
    pub cpu_millis: Option<u64>,
}

/// One group of a run as a runner is asked to start it.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupRequest {
    /// The group's identifier.
    pub id: String,
    /// How many instances.
    pub count: u32,
    /// What each of them runs.
    pub artifact: Artifact,
    /// The testcase's parameters.
    pub params: BTreeMap<String, String>,
    /// What each may use.
    pub resources: Resources,
    /// Profiles to capture, kind to argument, as in Testground.
    pub profiles: BTreeMap<String, String>,
}

/// One run as a runner is asked to execute it.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRequest {
    /// The attempt's name; `TEST_RUN` of every instance.
    pub run: RunId,
    /// The plan's name.
    pub plan: String,
    /// The testcase's name.
    pub case: String,
    /// The groups, in the composition's order.
    pub groups: Vec<GroupRequest>,
    /// The run's seed, for plans that draw random numbers.
    pub seed: u64,
    /// How long the run may take before it is killed.
    pub timeout: Duration,
    /// The directory below which every instance gets its own output directory.
    pub outputs: PathBuf,
    /// Whether instances are told not to send metrics.
    pub disable_metrics: bool,
    /// `TEST_REPO`, `TEST_BRANCH`, `TEST_TAG` and `TEST_INSTANCE_ROLE` where they are known.
    pub labels: BTreeMap<String, String>,
    /// Whether instances are pinned to processors, round robin.
    pub pin: bool,
    /// Whether the plan is a bare executable without a manifest: its exit status 0 alone is success.
    ///
    /// Everything else must say so by a success event; silence is a failure.
    pub bare: bool,
}

impl RunRequest {
    /// Returns how many instances the run has.
    #[must_use]
    pub fn instances(&self) -> u64 {
        self.groups.iter().map(|group| u64::from(group.count)).sum()
    }
}

/// How one instance fared.
#[derive(Debug, Clone, PartialEq)]
pub struct InstanceResult {
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
    /// Where it wrote its files.
    pub outputs: PathBuf,
}

/// What a runner answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Execution {
    /// How the run ended as a whole.
    pub outcome: Outcome,
    /// Every instance that was asked for, in order of groups and indices, also those that never started.
    pub instances: Vec<InstanceResult>,
    /// Events of instances and of the run, by time.
    pub events: Vec<Event>,
    /// When the first instance was started, nanoseconds since the epoch.
    pub started_ns: i64,
    /// When the last was gone, nanoseconds since the epoch.
    pub ended_ns: i64,
    /// What a reader of the numbers must know, such as a limit that could not be set.
    pub caveats: Vec<String>,
}
