//! The plan: a program that takes part in tests, with its manifest.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::config_value::{ConfigMap, ConfigValue};
use crate::metric::MetricSpec;

/// Builders that compositions and manifests may name, whether or not this machine can run them.
pub const BUILDERS: [&str; 7] = [
    "exec:bin",
    "exec:cargo",
    "exec:go",
    "exec:generic",
    "docker:go",
    "docker:generic",
    "docker:node",
];

/// Runners that compositions and manifests may name, whether or not this machine can run them.
pub const RUNNERS: [&str; 4] = ["local:exec", "local:netns", "local:docker", "cluster:k8s"];

/// What a plan says about itself: its testcases, and how it can be built and run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Manifest {
    /// The plan's name.
    pub name: String,
    /// The builder and runner to take when neither composition nor command line names one.
    pub defaults: Defaults,
    /// The supported builders, each with its default build configuration.
    pub builders: BTreeMap<String, ConfigMap>,
    /// The supported runners, each with its default run configuration.
    pub runners: BTreeMap<String, ConfigMap>,
    /// Directories that a builder needs beside the plan, by builder, relative to the plan.
    pub extra_sources: BTreeMap<String, Vec<String>>,
    /// The named entries of the plan, in the manifest's order.
    pub testcases: Vec<TestCase>,
    /// What is declared about the metrics of every testcase, by metric name.
    pub metrics: BTreeMap<String, MetricSpec>,
}

impl Manifest {
    /// Returns the testcase called `name`.
    #[must_use]
    pub fn testcase(&self, name: &str) -> Option<&TestCase> {
        self.testcases.iter().find(|case| case.name == name)
    }

    /// Returns what a plan that is one executable without a manifest amounts to.
    ///
    /// It has one testcase `default` for 1 to 10,000 instances that takes any parameter, and is
    /// built by `exec:bin`, whose `path` names the executable.
    #[must_use]
    pub fn of_executable(name: &str, path: &str) -> Self {
        let build = ConfigMap::from([("path".to_owned(), ConfigValue::from(path))]);
        Self {
            name: name.to_owned(),
            defaults: Defaults {
                builder: Some("exec:bin".to_owned()),
                runner: Some("local:exec".to_owned()),
            },
            builders: BTreeMap::from([("exec:bin".to_owned(), build)]),
            runners: RUNNERS.into_iter().map(|id| (id.to_owned(), ConfigMap::new())).collect(),
            testcases: vec![TestCase {
                name: "default".to_owned(),
                instances: InstanceRange { min: 1, max: 10_000, default: Some(1) },
                any_param: true,
                ..TestCase::default()
            }],
            ..Self::default()
        }
    }
}

/// The builder and runner that a manifest prefers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Defaults {
    /// The preferred builder.
    pub builder: Option<String>,
    /// The preferred runner.
    pub runner: Option<String>,
}

/// One named entry of a plan.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TestCase {
    /// The testcase's name, unique in its plan.
    pub name: String,
    /// How many instances may take part.
    pub instances: InstanceRange,
    /// The declared parameters by name.
    pub params: BTreeMap<String, Param>,
    /// Whether parameters that are not declared are expected, as for a plan without a manifest.
    pub any_param: bool,
    /// The longest that a run may take.
    pub timeout: Option<Duration>,
    /// What is declared about this testcase's metrics, by metric name.
    pub metrics: BTreeMap<String, MetricSpec>,
}

/// How many instances a testcase takes, over all groups, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InstanceRange {
    /// The fewest.
    pub min: u32,
    /// The most; 0, as when a manifest does not say, allows none.
    pub max: u32,
    /// How many a run takes that does not say.
    pub default: Option<u32>,
}

impl InstanceRange {
    /// Returns whether `total` instances may take part.
    #[must_use]
    pub const fn contains(&self, total: u32) -> bool {
        self.min <= total && total <= self.max
    }
}

/// A testcase's typed input.
///
/// Plans get every parameter as a text; the type is what the manifest's author wrote and is used
/// for warnings only.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Param {
    /// The declared type, such as `int`, `duration` or `enum`; free text, perhaps empty.
    pub kind: String,
    /// What the parameter means.
    pub description: String,
    /// The unit of its values.
    pub unit: String,
    /// The value of a run that does not say.
    pub default: Option<ConfigValue>,
    /// The values an `enum` takes.
    pub values: Vec<ConfigValue>,
}

impl Param {
    /// Returns whether `value` is one that the declared type takes; a type we do not know takes all.
    #[must_use]
    pub fn accepts(&self, value: &str) -> bool {
        if !self.values.is_empty() {
            return self.values.iter().any(|known| known.to_param() == value);
        }
        match self.kind.as_str() {
            "int" | "integer" => value.parse::<i64>().is_ok(),
            "float" | "number" => value.parse::<f64>().is_ok(),
            // What Go's `strconv.ParseBool` takes, which is what plans mostly use.
            "bool" | "boolean" => matches!(
                value,
                "1" | "t"
                    | "T"
                    | "true"
                    | "TRUE"
                    | "True"
                    | "0"
                    | "f"
                    | "F"
                    | "false"
                    | "FALSE"
                    | "False"
            ),
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{InstanceRange, Manifest, Param, TestCase};

    #[test]
    fn a_testcase_without_instances_allows_none() {
        let range = TestCase::default().instances;
        assert!(!range.contains(1) && !range.contains(10));
    }

    #[test]
    fn both_ends_of_a_range_belong_to_it() {
        let range = InstanceRange { min: 2, max: 4, default: None };
        let inside: Vec<u32> = (0..7).filter(|&n| range.contains(n)).collect();
        assert_eq!(inside, [2, 3, 4]);
    }

    #[test]
    fn a_type_is_checked_only_when_it_is_known() {
        let typed = |kind: &str| Param { kind: kind.to_owned(), ..Param::default() };
        for (kind, good, bad) in
            [("int", "-5", "5.5"), ("float", "-53.7499", "fast"), ("bool", "True", "yes")]
        {
            assert!(typed(kind).accepts(good), "{kind} takes {good}");
            assert!(!typed(kind).accepts(bad), "{kind} refuses {bad}");
        }
        for kind in ["", "duration", "size", "json", "whatever"] {
            assert!(typed(kind).accepts("anything"), "{kind}");
        }
        let listed = Param { values: vec!["a".into(), 2_i64.into()], ..typed("enum") };
        assert!(listed.accepts("a") && listed.accepts("2") && !listed.accepts("b"));
    }

    #[test]
    fn an_executable_is_a_plan_with_one_testcase() {
        let manifest = Manifest::of_executable("my-bench", "my-bench");
        let case = manifest.testcase("default").unwrap();
        assert!(case.any_param && case.instances.contains(10_000) && !case.instances.contains(0));
        assert_eq!(manifest.builders["exec:bin"]["path"].as_str(), Some("my-bench"));
        assert!(manifest.testcase("other").is_none());
    }
}
