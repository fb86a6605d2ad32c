//! Every fault with its place.

use super::*;

/// Expects `composition` to be refused with `message` at `at`.
fn refuse(composition: &Composition, message: &str, at: &str) -> ResolveError {
    let error = fault(composition);
    assert_eq!(error.to_string(), message);
    assert_eq!(error.at.to_string(), at, "{message}");
    error
}

#[test]
fn no_groups() {
    refuse(&composition(vec![]), "the composition has no groups", "groups");
}

#[test]
fn no_instances() {
    let message = "group `a` of run `default` asks for no instances";
    refuse(
        &composition(vec![group("a", Instances::default())]),
        message,
        "groups[0].instances.count",
    );
    refuse(&composition(vec![group("a", count(0))]), message, "groups[0].instances.count");
}

#[test]
fn a_count_and_a_percentage() {
    let both = Instances { count: Some(2), percentage: Some(0.5) };
    let message = "group `a` of run `default` has both a count, 2, and a percentage, 0.5";
    refuse(&composition(vec![group("a", both)]), message, "groups[0].instances.count");
}

#[test]
fn a_count_of_the_run_over_a_percentage_of_the_group() {
    let mut composition = composition(vec![group("a", percentage(0.5))]);
    composition.runs = vec![run("r", vec![run_group("a", count(6))])];
    let message = "group `a` of run `r` has both a count, 6, and a percentage, 0.5";
    let error = refuse(&composition, message, "runs[0].groups[0].instances.count");
    assert_eq!(error.against.unwrap().to_string(), "groups[0].instances.percentage");
}

#[test]
fn a_percentage_that_is_none() {
    for percentage in [50.0, 1.01, -0.5, f64::INFINITY, f64::NAN] {
        let mut composition = composition(vec![group("a", super::percentage(percentage))]);
        composition.global.total_instances = Some(10);
        let message = format!(
            "group `a` of run `default` has percentage {percentage}; it is a fraction from 0 to 1"
        );
        refuse(&composition, &message, "groups[0].instances.percentage");
    }
}

#[test]
fn a_percentage_of_nothing() {
    let message = "group `a` of run `default` has a percentage, and the run no `total_instances`";
    refuse(
        &composition(vec![group("a", percentage(0.5))]),
        message,
        "groups[0].instances.percentage",
    );
}

#[test]
fn a_percentage_that_rounds_to_nobody() {
    let mut composition = composition(vec![group("a", percentage(0.04)), group("b", count(10))]);
    composition.global.total_instances = Some(10);
    let message = "group `a` of run `default` has 0.04 of 10 instances, which rounds to 0";
    refuse(&composition, message, "groups[0].instances.percentage");
}

#[test]
fn groups_that_do_not_add_up() {
    let mut composition =
        composition(vec![group("a", percentage(0.5)), group("b", percentage(0.5))]);
    composition.global.total_instances = Some(5);
    let message =
        "the groups of run `default` have 6 instances together, and `total_instances` is 5";
    refuse(&composition, message, "global.total_instances");

    composition.runs = vec![Run { total_instances: Some(7), ..run("r", vec![]) }];
    let message = "the groups of run `r` have 8 instances together, and `total_instances` is 7";
    refuse(&composition, message, "runs[0].total_instances");
}

#[test]
fn too_few_and_too_many_instances() {
    let message = "run `default` asks for 1 instances; testcase `demo/flood` allows 2 to 50";
    let error =
        refuse(&composition(vec![group("a", count(1))]), message, "groups[0].instances.count");
    assert_eq!(error.against.unwrap().to_string(), "testcases[0].instances.min");

    let message = "run `default` asks for 51 instances; testcase `demo/flood` allows 2 to 50";
    let error = refuse(
        &composition(vec![group("a", count(1)), group("b", count(50))]),
        message,
        "groups[1].instances.count",
    );
    assert_eq!(error.against.unwrap().to_string(), "testcases[0].instances.max");
}

#[test]
fn instances_beyond_every_integer() {
    let composition = composition(vec![group("a", count(u32::MAX)), group("b", count(u32::MAX))]);
    let message =
        "run `default` asks for 8589934590 instances; testcase `demo/flood` allows 2 to 50";
    refuse(&composition, message, "groups[1].instances.count");
}

#[test]
fn a_testcase_that_does_not_say_how_many() {
    let mut manifest = manifest();
    manifest.testcases[0].instances = InstanceRange::default();
    let error = resolve(&sound(), &manifest, "default").unwrap_err();
    assert_eq!(
        error.to_string(),
        "run `default` asks for 2 instances; testcase `demo/flood` allows 0 to 0"
    );
}

#[test]
fn an_unknown_testcase() {
    let mut composition = sound();
    composition.global.case = "flod".to_owned();
    let error = refuse(&composition, "plan `demo` has no testcase `flod`", "global.case");
    assert!(matches!(*error.fault, Fault::UnknownTestcase { known, .. } if known == ["flood"]));
}

#[test]
fn an_unnamed_testcase_of_several() {
    let mut manifest = manifest();
    manifest.testcases.push(TestCase { name: "drip".to_owned(), ..TestCase::default() });
    let mut composition = sound();
    composition.global.case = String::new();
    let error = resolve(&composition, &manifest, "default").unwrap_err();
    assert!(
        matches!(*error.fault, Fault::UnknownTestcase { known, .. } if known == ["flood", "drip"])
    );
}

#[test]
fn an_unsupported_builder_or_runner() {
    let mut composition = sound();
    composition.groups[0].builder = Some("docker:node".to_owned());
    let message = "plan `demo` does not support builder `docker:node` of group `a`";
    let error = refuse(&composition, message, "groups[0].builder");
    assert!(
        matches!(*error.fault, Fault::UnsupportedBuilder { supported, .. } if supported == ["docker:go", "exec:go"])
    );

    let mut composition = sound();
    composition.global.runner = Some("cluster:k8s".to_owned());
    let error =
        refuse(&composition, "plan `demo` does not support runner `cluster:k8s`", "global.runner");
    assert_eq!(error.against.unwrap().to_string(), "runners");
}

#[test]
fn an_unsupported_runner_of_the_sweep() {
    let mut composition = sound();
    composition.global.runner = None;
    composition.sweep.runners = vec!["local:exec".to_owned(), "local:netns".to_owned()];
    let message = "plan `demo` does not support runner `local:netns`";
    refuse(&composition, message, "sweep.runners[1]");
    composition.sweep.runners.pop();
    assert_eq!(resolve(&composition, &manifest(), "default").unwrap().runner, "local:exec");
}

#[test]
fn no_builder_or_runner_where_the_plan_has_several() {
    let mut composition = sound();
    composition.global.builder = None;
    refuse(&composition, "group `a` names no builder", "global.builder");
    let mut composition = sound();
    composition.global.runner = None;
    refuse(&composition, "the composition names no runner", "global.runner");
}

#[test]
fn ids_that_are_given_twice() {
    let twice = composition(vec![group("a", count(1)), group("b", count(1)), group("a", count(1))]);
    let error = refuse(&twice, "group id `a` is given twice", "groups[2].id");
    assert_eq!(error.against.unwrap().to_string(), "groups[0].id");

    let mut composition = sound();
    composition.runs = vec![run("r", vec![]), run("r", vec![])];
    refuse(&composition, "run id `r` is given twice", "runs[1].id");

    composition.runs = vec![run("r", vec![run_group("a", count(1)), run_group("a", count(1))])];
    refuse(&composition, "group id `a` is given twice", "runs[0].groups[1].id");
}

#[test]
fn ids_that_cannot_name_a_directory() {
    for id in ["", ".", "..", "a/b", "a\nb", "\0"] {
        let error = fault(&composition(vec![group(id, count(2))]));
        assert!(
            matches!(&*error.fault, Fault::InvalidId { id: given, .. } if given == id),
            "{error}"
        );
    }
}

#[test]
fn references_to_nothing() {
    let mut composition = sound();
    composition.runs = vec![run("r", vec![run_group("x", count(2))])];
    let message = "run `r` takes group `x`, which the composition does not have";
    refuse(&composition, message, "runs[0].groups[0].id");
    composition.runs[0].groups[0].group_id = Some("y".to_owned());
    let message = "run `r` takes group `y`, which the composition does not have";
    refuse(&composition, message, "runs[0].groups[0].group_id");

    let error = resolve(&composition, &manifest(), "default").unwrap_err();
    assert_eq!(error.to_string(), "the composition has no run `default`");
    assert!(matches!(*error.fault, Fault::UnknownRun { known, .. } if known == ["r"]));
}

#[test]
fn limits_that_are_no_amounts() {
    let mut composition = sound();
    composition.groups[0].resources.memory = Some("lots".to_owned());
    refuse(
        &composition,
        "group `a` has memory limit `lots`, which is not an amount",
        "groups[0].resources.memory",
    );
    composition.runs = vec![run(
        "r",
        vec![RunGroup {
            resources: ResourceSpec { memory: Some("1Gi".to_owned()), cpu: Some("-1".to_owned()) },
            ..run_group("a", Instances::default())
        }],
    )];
    let message = "group `a` has cpu limit `-1`, which is not an amount";
    refuse(&composition, message, "runs[0].groups[0].resources.cpu");
}

#[test]
fn parameters_that_no_environment_can_hold() {
    for (name, value) in [("", "x"), ("a=b", "x"), ("a|b", "x"), ("a", "x|y"), ("a", "x\0")] {
        let mut composition = sound();
        composition.groups[0].run.test_params = params(&[(name, value)]);
        let error = fault(&composition);
        assert!(matches!(*error.fault, Fault::UnrepresentableParam { .. }), "{error}");
        assert_eq!(error.at.to_string(), format!("groups[0].run.test_params.{name}"));
    }
    let mut manifest = manifest();
    manifest.testcases[0].params.insert("p".to_owned(), param("x|y"));
    let error = resolve(&sound(), &manifest, "default").unwrap_err();
    assert_eq!(error.at.to_string(), "testcases[0].params.p.default");
}

#[test]
fn margins_that_are_none() {
    let wrong = |margin: f64| {
        BTreeMap::from([(
            "m".to_owned(),
            MetricSpec { margin: Some(margin), ..MetricSpec::default() },
        )])
    };
    for margin in [0.0, -0.1, f64::NAN, f64::INFINITY] {
        let mut composition = sound();
        composition.metrics = wrong(margin);
        let message =
            format!("metric `m` has margin {margin}; it is a ratio above 0, such as 0.02");
        refuse(&composition, &message, "metrics.m.margin");
    }
    let mut manifest = manifest();
    manifest.testcases[0].metrics = wrong(-1.0);
    let error = resolve(&sound(), &manifest, "default").unwrap_err();
    assert_eq!(error.at.to_string(), "testcases[0].metrics.m.margin");
}

#[test]
fn sweeps_that_run_nothing_or_the_same_twice() {
    let mut composition = sound();
    composition.sweep.params = BTreeMap::from([("size".to_owned(), vec![])]);
    refuse(
        &composition,
        "the sweep gives parameter `size` no values, so nothing would run",
        "sweep.params.size",
    );
    composition.sweep.params =
        BTreeMap::from([("size".to_owned(), vec!["1".to_owned(), "1".to_owned()])]);
    refuse(&composition, "the sweep gives `1` twice in `params`", "sweep.params.size[1]");
    composition.sweep =
        SweepSpec { revisions: vec!["main".to_owned(), "main".to_owned()], ..SweepSpec::default() };
    refuse(&composition, "the sweep gives `main` twice in `revisions`", "sweep.revisions[1]");
    composition.sweep = SweepSpec { repetitions: Some(0), ..SweepSpec::default() };
    refuse(
        &composition,
        "the sweep asks for 0 repetitions, so nothing would run",
        "sweep.repetitions",
    );
}
