//! The composition: which groups run what.
//!
//! [`Composition`] is what a file says, [`resolve`] turns one of its runs into a [`ResolvedRun`]
//! that a runner can execute.

mod error;
mod path;
mod quantity;
mod resolve;
mod resolved;
mod sweep;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::config_value::ConfigMap;
use crate::metric::MetricSpec;

pub use error::{Fault, ResolveError, Warning, WarningKind};
pub use path::{Document, KeyPath, Step};
pub use resolve::{Overrides, resolve, resolve_with};
pub use resolved::{ResolvedGroup, ResolvedRun};
pub use sweep::SweepSpec;

/// The id of the run that a composition without `[[runs]]` has.
pub const DEFAULT_RUN: &str = "default";

/// Parameters by name; a plan gets each as a text.
pub type Params = BTreeMap<String, String>;

/// What a composition file says, before defaults are filled in.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Composition {
    /// What people call it.
    pub metadata: Metadata,
    /// What holds for every group and run that does not say otherwise.
    pub global: Global,
    /// The groups of instances.
    pub groups: Vec<Group>,
    /// The runs; when empty there is one run [`DEFAULT_RUN`] with all groups.
    pub runs: Vec<Run>,
    /// The matrix in which the runs are repeated.
    pub sweep: SweepSpec,
    /// What is declared about metrics, by metric name; wins over the manifest.
    pub metrics: BTreeMap<String, MetricSpec>,
}

impl Composition {
    /// Returns the ids of the runs, in the file's order.
    #[must_use]
    pub fn run_ids(&self) -> Vec<&str> {
        if self.runs.is_empty() {
            vec![DEFAULT_RUN]
        } else {
            self.runs.iter().map(|run| run.id.as_str()).collect()
        }
    }
}

/// What people call a composition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Metadata {
    /// The composition's name.
    pub name: String,
    /// Who wrote it.
    pub author: String,
}

/// What holds for every group and run that does not say otherwise.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Global {
    /// The plan, as a path below a directory of plans: `network` or `libp2p/ping`.
    pub plan: String,
    /// The testcase.
    pub case: String,
    /// How many instances all groups have together.
    pub total_instances: Option<u32>,
    /// How many builds may go on at the same time.
    pub concurrent_builds: Option<u32>,
    /// The builder of groups that name none.
    pub builder: Option<String>,
    /// Build configuration that groups inherit key by key.
    pub build_config: ConfigMap,
    /// Selectors and dependencies that groups inherit.
    pub build: Build,
    /// The runner.
    pub runner: Option<String>,
    /// Run configuration; wins over the manifest's key by key.
    pub run_config: ConfigMap,
    /// Artifact, parameters and profiles that groups inherit.
    pub run: RunPart,
    /// Whether instances are told to measure nothing.
    pub disable_metrics: bool,
    /// The longest that a run may take.
    pub timeout: Option<Duration>,
}

/// What a group is built with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Build {
    /// Words that select parts of the source, such as Go build tags.
    pub selectors: Vec<String>,
    /// Modules that are built at another version.
    pub dependencies: Vec<Dependency>,
}

/// A module that is built at another version, or replaced by a fork.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Dependency {
    /// The module that is replaced.
    pub module: String,
    /// The module that replaces it; itself when absent.
    pub target: Option<String>,
    /// The version to take.
    pub version: String,
}

/// What instances are run with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RunPart {
    /// An artifact that was built before; nothing is built then.
    pub artifact: Option<String>,
    /// Parameters by name.
    pub test_params: Params,
    /// Profiles to capture, by kind, each with its interval.
    pub profiles: Params,
}

/// A group: instances that share build, parameters and resources.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Group {
    /// The group's id, unique in its composition.
    pub id: String,
    /// The builder, when it differs from the global one.
    pub builder: Option<String>,
    /// Build configuration; wins over the global one key by key.
    pub build_config: ConfigMap,
    /// Selectors and dependencies.
    pub build: Build,
    /// Memory and processor limits.
    pub resources: ResourceSpec,
    /// How many instances.
    pub instances: Instances,
    /// Artifact, parameters and profiles.
    pub run: RunPart,
}

/// How many instances a group has: a count, or a fraction of the total, never both.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Instances {
    /// The number of instances; 0 is the same as saying nothing.
    pub count: Option<u32>,
    /// The fraction of the run's total, above 0 and at most 1; 0 is the same as saying nothing.
    pub percentage: Option<f64>,
}

/// Memory and processor limits as texts, such as `64Mi` and `100m`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResourceSpec {
    /// The memory limit of one instance, in bytes with an optional suffix.
    pub memory: Option<String>,
    /// The processor limit of one instance, in cores or thousandths of one.
    pub cpu: Option<String>,
}

/// One run of a composition that has several.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Run {
    /// The run's id, unique in its composition.
    pub id: String,
    /// Parameters of all groups; win over those of the group.
    pub test_params: Params,
    /// How many instances all groups of this run have together.
    pub total_instances: Option<u32>,
    /// The longest that this run may take.
    pub timeout: Option<Duration>,
    /// The groups that take part; all groups of the composition when empty.
    pub groups: Vec<RunGroup>,
}

/// A group's part in one run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunGroup {
    /// The id that instances see, unique in its run.
    pub id: String,
    /// The group whose build and defaults are taken; the one called [`RunGroup::id`] when absent.
    pub group_id: Option<String>,
    /// Limits; win over the group's one by one.
    pub resources: ResourceSpec,
    /// How many instances; each field wins over the group's.
    pub instances: Instances,
    /// Parameters; win over all others.
    pub test_params: Params,
    /// Profiles; win over the group's key by key.
    pub profiles: Params,
}

#[cfg(test)]
mod tests;
