//! Tests of the resolution.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{
    Build, Composition, Dependency, Fault, Global, Group, Instances, Overrides, Params,
    ResolveError, ResolvedRun, ResourceSpec, Run, RunGroup, RunPart, SweepSpec, WarningKind,
    resolve, resolve_with,
};
use crate::config_value::{ConfigMap, ConfigValue};
use crate::metric::{Direction, MetricSpec, Unit};
use crate::plan::{InstanceRange, Manifest, Param, TestCase};

mod faults;
mod laws;

/// Parameters from pairs.
fn params(pairs: &[(&str, &str)]) -> Params {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn config(pairs: &[(&str, ConfigValue)]) -> ConfigMap {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
}

fn param(default: impl Into<ConfigValue>) -> Param {
    Param { default: Some(default.into()), ..Param::default() }
}

/// A plan `demo` with one testcase `flood` for 2 to 50 instances.
fn manifest() -> Manifest {
    Manifest {
        name: "demo".to_owned(),
        builders: BTreeMap::from([
            (
                "docker:go".to_owned(),
                config(&[("modfile", "go.mod".into()), ("path", "./".into())]),
            ),
            ("exec:go".to_owned(), ConfigMap::new()),
        ]),
        runners: BTreeMap::from([
            (
                "local:docker".to_owned(),
                config(&[("keep_containers", true.into()), ("log_level", "info".into())]),
            ),
            ("local:exec".to_owned(), ConfigMap::new()),
        ]),
        testcases: vec![TestCase {
            name: "flood".to_owned(),
            instances: InstanceRange { min: 2, max: 50, default: None },
            params: BTreeMap::from([
                ("size".to_owned(), Param { kind: "int".to_owned(), ..param(1024_i64) }),
                (
                    "mode".to_owned(),
                    Param {
                        kind: "enum".to_owned(),
                        values: vec!["a".into(), "b".into()],
                        ..param("a")
                    },
                ),
                ("weights".to_owned(), param(ConfigValue::List(vec![1_i64.into(), 2_i64.into()]))),
                ("silent".to_owned(), Param::default()),
            ]),
            ..TestCase::default()
        }],
        ..Manifest::default()
    }
}

fn count(count: u32) -> Instances {
    Instances { count: Some(count), percentage: None }
}

fn percentage(percentage: f64) -> Instances {
    Instances { count: None, percentage: Some(percentage) }
}

fn group(id: &str, instances: Instances) -> Group {
    Group { id: id.to_owned(), instances, ..Group::default() }
}

fn composition(groups: Vec<Group>) -> Composition {
    Composition {
        global: Global {
            plan: "demo".to_owned(),
            case: "flood".to_owned(),
            builder: Some("docker:go".to_owned()),
            runner: Some("local:docker".to_owned()),
            ..Global::default()
        },
        groups,
        ..Composition::default()
    }
}

/// A composition with one run of one group of two instances, which nothing is wrong with.
fn sound() -> Composition {
    composition(vec![group("a", count(2))])
}

fn fault(composition: &Composition) -> ResolveError {
    let run = composition.run_ids()[0];
    resolve(composition, &manifest(), run).unwrap_err()
}

fn run(id: &str, groups: Vec<RunGroup>) -> Run {
    Run { id: id.to_owned(), groups, ..Run::default() }
}

fn run_group(id: &str, instances: Instances) -> RunGroup {
    RunGroup { id: id.to_owned(), instances, ..RunGroup::default() }
}

fn counts(run: &ResolvedRun) -> Vec<(&str, u32)> {
    run.groups.iter().map(|group| (group.id.as_str(), group.count)).collect()
}

#[test]
fn a_composition_without_runs_has_one_called_default() {
    let run = resolve(&sound(), &manifest(), "default").unwrap();
    assert_eq!(
        (run.id.as_str(), run.plan.as_str(), run.case.as_str()),
        ("default", "demo", "flood")
    );
    assert_eq!(counts(&run), [("a", 2)]);
    assert_eq!(run.runner, "local:docker");
    assert_eq!(run.groups[0].builder, "docker:go");
    assert_eq!(
        run.groups[0].params,
        params(&[("size", "1024"), ("mode", "a"), ("weights", "[1,2]")])
    );
    assert!(run.warnings.is_empty());
}

#[test]
fn percentages_round_half_away_from_zero() {
    let mut composition = composition(vec![
        group("a", percentage(0.5)),
        group("b", percentage(0.25)),
        group("c", count(1)),
    ]);
    composition.global.total_instances = Some(5);
    // 2.5 becomes 3, 1.25 becomes 1.
    let run = resolve(&composition, &manifest(), "default").unwrap();
    assert_eq!(counts(&run), [("a", 3), ("b", 1), ("c", 1)]);
    assert_eq!(run.total_instances(), 5);
}

#[test]
fn a_count_of_zero_is_the_same_as_saying_nothing() {
    let mut composition =
        composition(vec![group("a", Instances { count: Some(0), percentage: Some(1.0) })]);
    composition.global.total_instances = Some(4);
    assert_eq!(counts(&resolve(&composition, &manifest(), "default").unwrap()), [("a", 4)]);
}

#[test]
fn parameters_are_taken_from_the_most_specific_level() {
    let mut composition = sound();
    composition.global.run.test_params =
        params(&[("p1", "global"), ("p2", "global"), ("p3", "global"), ("size", "1")]);
    composition.groups[0].run.test_params =
        params(&[("p2", "group"), ("p3", "group"), ("p4", "group")]);
    composition.runs = vec![Run {
        test_params: params(&[("p3", "run"), ("p4", "run"), ("p5", "run")]),
        ..run(
            "r",
            vec![RunGroup {
                test_params: params(&[("p4", "run group")]),
                ..run_group("a", Instances::default())
            }],
        )
    }];
    let resolved = resolve(&composition, &manifest(), "r").unwrap();
    let expected = [
        ("mode", "a"),
        ("p1", "global"),
        ("p2", "group"),
        ("p3", "run"),
        ("p4", "run group"),
        ("p5", "run"),
        ("size", "1"),
        ("weights", "[1,2]"),
    ];
    assert_eq!(resolved.groups[0].params, params(&expected));

    let overrides =
        Overrides { params: params(&[("p4", "sweep"), ("size", "9")]), ..Overrides::default() };
    let resolved = resolve_with(&composition, &manifest(), "r", &overrides).unwrap();
    assert_eq!(resolved.groups[0].params["p4"], "sweep");
    assert_eq!(resolved.groups[0].params["size"], "9");
}

#[test]
fn a_run_takes_over_what_its_groups_do_not_say() {
    let mut composition = composition(vec![
        Group {
            resources: ResourceSpec {
                memory: Some("64Mi".to_owned()),
                cpu: Some("100m".to_owned()),
            },
            run: RunPart {
                profiles: params(&[("cpu", "1s"), ("heap", "5s")]),
                ..RunPart::default()
            },
            ..group("a", count(3))
        },
        group("b", count(4)),
    ]);
    composition.runs = vec![
        run("whole", vec![]),
        run(
            "half",
            vec![RunGroup {
                group_id: Some("a".to_owned()),
                resources: ResourceSpec { memory: Some("32Mi".to_owned()), cpu: None },
                profiles: params(&[("cpu", "2s")]),
                ..run_group("left", Instances::default())
            }],
        ),
    ];
    assert_eq!(counts(&resolve(&composition, &manifest(), "whole").unwrap()), [("a", 3), ("b", 4)]);

    let half = resolve(&composition, &manifest(), "half").unwrap();
    assert_eq!(counts(&half), [("left", 3)]);
    let left = &half.groups[0];
    assert_eq!(left.group_id, "a");
    assert_eq!(left.resources.memory_bytes, Some(32 * 1024 * 1024));
    assert_eq!(left.resources.cpu_millis, Some(100));
    assert_eq!(left.profiles, params(&[("cpu", "2s"), ("heap", "5s")]));
    assert!(half.group("left").is_some() && half.group("a").is_none());
}

#[test]
fn one_group_may_take_part_twice_under_two_ids() {
    let mut composition = composition(vec![group("a", count(3))]);
    let twin = |id: &str| RunGroup {
        group_id: Some("a".to_owned()),
        ..run_group(id, Instances::default())
    };
    composition.runs = vec![run("r", vec![twin("left"), twin("right")])];
    assert_eq!(
        counts(&resolve(&composition, &manifest(), "r").unwrap()),
        [("left", 3), ("right", 3)]
    );
}

#[test]
fn a_percentage_falls_back_to_the_global_total_and_a_count_does_not() {
    let mut composition = composition(vec![group("a", percentage(1.0)), group("b", count(7))]);
    composition.global.total_instances = Some(12);
    composition.runs = vec![
        run("share", vec![run_group("a", Instances::default())]),
        run("count", vec![run_group("b", Instances::default())]),
    ];
    assert_eq!(counts(&resolve(&composition, &manifest(), "share").unwrap()), [("a", 12)]);
    assert_eq!(counts(&resolve(&composition, &manifest(), "count").unwrap()), [("b", 7)]);
}

#[test]
fn build_configuration_is_filled_from_group_then_global_then_manifest() {
    let mut composition = sound();
    composition.global.build_config = config(&[("path", "global".into()), ("cgo", true.into())]);
    composition.groups[0].build_config = config(&[("cgo", false.into())]);
    let group = &resolve(&composition, &manifest(), "default").unwrap().groups[0];
    let expected =
        config(&[("cgo", false.into()), ("modfile", "go.mod".into()), ("path", "global".into())]);
    assert_eq!(group.build_config, expected);
}

#[test]
fn dependencies_are_merged_by_module_and_selectors_are_not() {
    let dependency = |module: &str, version: &str| Dependency {
        module: module.to_owned(),
        target: None,
        version: version.to_owned(),
    };
    let mut composition = composition(vec![group("a", count(1)), group("b", count(1))]);
    composition.global.build = Build {
        selectors: vec!["global".to_owned()],
        dependencies: vec![dependency("y", "1"), dependency("x", "1")],
    };
    composition.groups[1].build = Build {
        selectors: vec!["own".to_owned()],
        dependencies: vec![dependency("y", "2"), dependency("a", "2")],
    };
    let run = resolve(&composition, &manifest(), "default").unwrap();
    assert_eq!(run.groups[0].selectors, ["global"]);
    assert_eq!(run.groups[0].dependencies, [dependency("x", "1"), dependency("y", "1")]);
    assert_eq!(run.groups[1].selectors, ["own"]);
    assert_eq!(
        run.groups[1].dependencies,
        [dependency("a", "2"), dependency("x", "1"), dependency("y", "2")]
    );
}

#[test]
fn run_configuration_of_the_composition_wins_over_the_manifest() {
    let mut composition = sound();
    composition.global.run_config = config(&[("log_level", "debug".into())]);
    let run = resolve(&composition, &manifest(), "default").unwrap();
    assert_eq!(
        run.run_config,
        config(&[("keep_containers", true.into()), ("log_level", "debug".into())])
    );
}

#[test]
fn an_artifact_comes_from_the_group_and_an_empty_one_is_none() {
    let mut composition =
        composition(vec![group("a", count(1)), group("b", count(1)), group("c", count(1))]);
    composition.global.run.artifact = Some("global".to_owned());
    composition.groups[1].run.artifact = Some("own".to_owned());
    composition.groups[2].run.artifact = Some(String::new());
    let run = resolve(&composition, &manifest(), "default").unwrap();
    let artifacts: Vec<Option<&str>> =
        run.groups.iter().map(|group| group.artifact.as_deref()).collect();
    assert_eq!(artifacts, [Some("global"), Some("own"), None]);
}

#[test]
fn builder_and_runner_come_from_override_group_global_and_manifest_in_this_order() {
    let mut composition = sound();
    let manifest = &mut manifest();
    let both = |composition: &Composition, manifest: &Manifest, overrides: &Overrides| {
        let run = resolve_with(composition, manifest, "default", overrides).unwrap();
        (run.groups[0].builder.clone(), run.runner)
    };
    let expect = |builder: &str, runner: &str| (builder.to_owned(), runner.to_owned());
    let none = Overrides::default();

    let overrides = Overrides {
        runner: Some("local:exec".to_owned()),
        builder: Some("exec:go".to_owned()),
        ..none.clone()
    };
    assert_eq!(both(&composition, manifest, &overrides), expect("exec:go", "local:exec"));
    composition.groups[0].builder = Some("exec:go".to_owned());
    assert_eq!(both(&composition, manifest, &none), expect("exec:go", "local:docker"));
    composition.groups[0].builder = None;
    composition.global.builder = None;
    composition.global.runner = None;
    manifest.defaults.builder = Some("exec:go".to_owned());
    manifest.defaults.runner = Some("local:exec".to_owned());
    assert_eq!(both(&composition, manifest, &none), expect("exec:go", "local:exec"));
    manifest.defaults = Default::default();
    manifest.builders.remove("exec:go");
    manifest.runners.remove("local:exec");
    assert_eq!(
        both(&composition, manifest, &none),
        expect("docker:go", "local:docker"),
        "the only one there is"
    );
}

#[test]
fn the_only_testcase_need_not_be_named() {
    let mut composition = sound();
    composition.global.case = String::new();
    assert_eq!(resolve(&composition, &manifest(), "default").unwrap().case, "flood");
}

#[test]
fn a_timeout_comes_from_run_composition_or_testcase() {
    let seconds = |n| Some(Duration::from_secs(n));
    let mut manifest = manifest();
    let mut composition = sound();
    composition.runs = vec![run("r", vec![])];
    let timeout = |composition: &Composition, manifest: &Manifest| {
        resolve(composition, manifest, "r").unwrap().timeout
    };
    assert_eq!(timeout(&composition, &manifest), None);
    manifest.testcases[0].timeout = seconds(3);
    assert_eq!(timeout(&composition, &manifest), seconds(3));
    composition.global.timeout = seconds(2);
    assert_eq!(timeout(&composition, &manifest), seconds(2));
    composition.runs[0].timeout = seconds(1);
    assert_eq!(timeout(&composition, &manifest), seconds(1));
}

#[test]
fn metrics_are_filled_from_composition_then_testcase_then_plan() {
    let mut manifest = manifest();
    let mut composition = sound();
    let named = |spec: MetricSpec| BTreeMap::from([("latency".to_owned(), spec)]);
    manifest.metrics = named(MetricSpec {
        unit: Some(Unit::new("s")),
        margin: Some(0.1),
        ..MetricSpec::default()
    });
    manifest.testcases[0].metrics = named(MetricSpec {
        direction: Some(Direction::Lower),
        margin: Some(0.2),
        ..MetricSpec::default()
    });
    composition.metrics = named(MetricSpec { margin: Some(0.3), ..MetricSpec::default() });
    let metrics = resolve(&composition, &manifest, "default").unwrap().metrics;
    let expected = MetricSpec {
        unit: Some(Unit::new("s")),
        direction: Some(Direction::Lower),
        margin: Some(0.3),
        kind: None,
    };
    assert_eq!(metrics, named(expected));
}

#[test]
fn a_doubtful_parameter_is_told_once_and_passed_on() {
    let mut composition = composition(vec![group("a", count(1)), group("b", count(1))]);
    composition.global.run.test_params =
        params(&[("sise", "5"), ("mode", "c"), ("size", "1.5"), ("silent", "k=v")]);
    let run = resolve(&composition, &manifest(), "default").unwrap();
    let kinds: Vec<String> = run.warnings.iter().map(|warning| warning.kind.to_string()).collect();
    assert_eq!(
        kinds,
        [
            "parameter `mode` is declared as `enum` and has value `c`; it is passed on",
            "parameter `silent` has `=` in its value; Testground's SDKs for Go and JavaScript drop it",
            "testcase `flood` declares no parameter `sise`; it is passed on",
            "parameter `size` is declared as `int` and has value `1.5`; it is passed on",
        ]
    );
    assert_eq!(run.warnings[2].at.to_string(), "global.run.test_params.sise");
    assert!(
        matches!(&run.warnings[2].kind, WarningKind::UndeclaredParam { known, .. } if known.len() == 4)
    );
    assert_eq!(run.groups[1].params["sise"], "5");
}

#[test]
fn an_executable_takes_any_parameter_without_a_word() {
    let mut composition = sound();
    composition.global = Global {
        run: RunPart { test_params: params(&[("x", "1")]), ..RunPart::default() },
        ..Global::default()
    };
    let run =
        resolve(&composition, &Manifest::of_executable("bench", "./bench"), "default").unwrap();
    assert_eq!((run.case.as_str(), run.runner.as_str()), ("default", "local:exec"));
    assert_eq!(run.groups[0].params, params(&[("x", "1")]));
    assert!(run.warnings.is_empty());
}

#[test]
fn a_sweep_combines_every_value_with_every_other() {
    let sweep = SweepSpec {
        params: BTreeMap::from([
            ("size".to_owned(), vec!["1".to_owned(), "2".to_owned()]),
            ("mode".to_owned(), vec!["a".to_owned(), "b".to_owned()]),
        ]),
        ..SweepSpec::default()
    };
    let cell = |mode, size| params(&[("mode", mode), ("size", size)]);
    assert_eq!(
        sweep.param_cells(),
        [cell("a", "1"), cell("a", "2"), cell("b", "1"), cell("b", "2")]
    );
    assert_eq!(SweepSpec::default().param_cells(), [Params::new()]);
}
