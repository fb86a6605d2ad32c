//! What a runner executes.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Dependency, Params, Warning};
use crate::config_value::{ConfigMap, ConfigValue};
use crate::digest::Digest;
use crate::execution::Resources;
use crate::metric::MetricSpec;

/// One run of a composition with every default filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedRun {
    /// The run's id within its composition.
    pub id: String,
    /// The plan's name, as its manifest gives it.
    pub plan: String,
    /// The testcase.
    pub case: String,
    /// The runner.
    pub runner: String,
    /// The runner's configuration.
    pub run_config: ConfigMap,
    /// The groups, in the file's order.
    pub groups: Vec<ResolvedGroup>,
    /// How many builds may go on at the same time.
    pub concurrent_builds: Option<u32>,
    /// Whether instances are told to measure nothing.
    pub disable_metrics: bool,
    /// The longest that the run may take.
    pub timeout: Option<Duration>,
    /// What is declared about metrics, by metric name.
    pub metrics: BTreeMap<String, MetricSpec>,
    /// What is doubtful about this run.
    pub warnings: Vec<Warning>,
}

/// One group of a run with every default filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct ResolvedGroup {
    /// The id that instances see.
    pub id: String,
    /// The group of the composition it takes its build from.
    pub group_id: String,
    /// How many instances, at least 1.
    pub count: u32,
    /// The builder.
    pub builder: String,
    /// The builder's configuration.
    pub build_config: ConfigMap,
    /// Words that select parts of the source.
    pub selectors: Vec<String>,
    /// Modules that are built at another version, one entry a module, ordered by module.
    pub dependencies: Vec<Dependency>,
    /// An artifact that was built before.
    pub artifact: Option<String>,
    /// Parameters by name.
    pub params: Params,
    /// Limits of one instance.
    pub resources: Resources,
    /// Profiles to capture, by kind, each with its interval.
    pub profiles: Params,
}

impl ResolvedRun {
    /// Returns how many instances all groups have together.
    #[must_use]
    pub fn total_instances(&self) -> u32 {
        self.groups.iter().map(|group| group.count).sum()
    }

    /// Returns the group that instances see as `id`.
    #[must_use]
    pub fn group(&self, id: &str) -> Option<&ResolvedGroup> {
        self.groups.iter().find(|group| group.id == id)
    }

    /// Returns the parameters as a run key has them.
    ///
    /// A parameter that is the same in all groups goes by its name, any other by `group/name`.
    #[must_use]
    pub fn params(&self) -> Params {
        let all = || {
            self.groups
                .iter()
                .flat_map(|group| group.params.iter().map(move |param| (group, param)))
        };
        let mut having: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for (_, (name, value)) in all() {
            *having.entry((name, value)).or_default() += 1;
        }
        all()
            .map(|(group, (name, value))| {
                let shared = having[&(name.as_str(), value.as_str())] == self.groups.len();
                let name = if shared { name.clone() } else { format!("{}/{name}", group.id) };
                (name, value.clone())
            })
            .collect()
    }

    /// Returns the digest of what makes runs of this composition comparable.
    ///
    /// It covers plan, testcase, run configuration and, for each group, count, build, limits and
    /// profiles; the order of groups does not matter. Runner and parameters are left out because
    /// a run key has them by themselves, artifacts because they are what is compared, and names,
    /// metrics, timeouts and the sweep because they do not change what an instance does.
    #[must_use]
    pub fn composition_digest(&self) -> Digest {
        let groups: BTreeMap<String, ConfigValue> =
            self.groups.iter().map(|group| (group.id.clone(), group.canonical())).collect();
        let whole = ConfigMap::from([
            ("plan".to_owned(), self.plan.as_str().into()),
            ("case".to_owned(), self.case.as_str().into()),
            ("run_config".to_owned(), self.run_config.clone().into()),
            ("disable_metrics".to_owned(), self.disable_metrics.into()),
            ("groups".to_owned(), groups.into()),
        ]);
        Digest::of(ConfigValue::from(whole).canonical())
    }
}

impl ResolvedGroup {
    fn canonical(&self) -> ConfigValue {
        let texts = |items: &[String]| items.iter().map(|item| item.as_str().into()).collect();
        let dependencies: ConfigValue = self
            .dependencies
            .iter()
            .map(|d| {
                texts(&[d.module.clone(), d.target.clone().unwrap_or_default(), d.version.clone()])
            })
            .collect();
        let profiles: ConfigMap = self
            .profiles
            .iter()
            .map(|(kind, interval)| (kind.clone(), interval.as_str().into()))
            .collect();
        let limit = |amount: Option<u64>| {
            ConfigValue::String(amount.map_or(String::new(), |n| n.to_string()))
        };
        ConfigMap::from([
            ("count".to_owned(), self.count.into()),
            ("builder".to_owned(), self.builder.as_str().into()),
            ("build_config".to_owned(), self.build_config.clone().into()),
            ("selectors".to_owned(), texts(&self.selectors)),
            ("dependencies".to_owned(), dependencies),
            ("memory_bytes".to_owned(), limit(self.resources.memory_bytes)),
            ("cpu_millis".to_owned(), limit(self.resources.cpu_millis)),
            ("profiles".to_owned(), profiles.into()),
        ])
        .into()
    }
}
