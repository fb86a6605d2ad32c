//! Manifests in every shape.

use ground_core::metric::{Direction, MetricKind, Unit};
use ground_core::plan::Manifest;
use ground_runner::plan::{LoadedPlan, load};

use crate::FIXTURES;

fn plan(name: &str) -> LoadedPlan {
    load(format!("{FIXTURES}/plans/{name}"))
        .unwrap_or_else(|error| panic!("{}", error.diagnostic()))
}

fn default(manifest: &Manifest, case: &str, param: &str) -> Option<String> {
    manifest.testcase(case).unwrap().params[param].default.as_ref().map(ToString::to_string)
}

#[test]
fn every_key_of_a_manifest_is_read() {
    let LoadedPlan { manifest, warnings, .. } = plan("flood");
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(manifest.name, "flood");
    assert_eq!(manifest.defaults.builder.as_deref(), Some("docker:go"));
    assert_eq!(manifest.defaults.runner.as_deref(), Some("local:docker"));
    let builders: Vec<&str> = manifest.builders.keys().map(String::as_str).collect();
    assert_eq!(builders, ["docker:generic", "docker:go", "docker:node", "exec:go"]);
    let go = &manifest.builders["docker:go"];
    assert_eq!(go.len(), 15, "the unknown `go_version` is carried");
    assert_eq!(go["enable_go_build_cache"].as_bool(), Some(true));
    assert_eq!(
        go["dockerfile_extensions"].as_map().unwrap()["pre_build"].as_str(),
        Some("RUN echo hi")
    );
    assert_eq!(
        manifest.builders["docker:generic"]["build_args"].to_string(),
        r#"{"FEATURES":"fast"}"#
    );
    assert_eq!(
        manifest.runners["local:docker"]["ulimits"].to_string(),
        r#"["nofile=65536:65536"]"#
    );
    assert_eq!(
        manifest.runners["local:docker"]["exposed_ports"].to_string(),
        r#"{"pprof":"6060"}"#
    );
    assert_eq!(manifest.extra_sources["docker:generic"], ["../common"]);
    assert_eq!(manifest.extra_sources["exec:go"], ["../common", "../proto"]);
}

#[test]
fn parameters_of_every_type_have_the_defaults_that_testground_passes() {
    let LoadedPlan { manifest, .. } = plan("flood");
    let burst = manifest.testcase("burst").unwrap();
    assert_eq!(
        (burst.instances.min, burst.instances.max, burst.instances.default),
        (2, 500, Some(5))
    );
    let expected = [
        ("size", Some("1024")),
        ("mode", Some("a")),
        ("weights", Some("[1,2]")),
        ("offset", Some("-53.7499")),
        ("quiet", Some("false")),
        ("label", Some("0")),
        ("wait", Some("5s")),
        ("since", Some("2020-05-01")),
        ("nothing", None),
    ];
    for (name, value) in expected {
        assert_eq!(default(&manifest, "burst", name).as_deref(), value, "{name}");
    }
    let size = &burst.params["size"];
    assert_eq!(
        (size.kind.as_str(), size.description.as_str(), size.unit.as_str()),
        ("int", "payload", "bytes")
    );
    assert_eq!(manifest.testcase("drip").unwrap().instances.max, 0);
}

#[test]
fn oddities_of_old_manifests_are_taken_and_unknown_keys_told() {
    let LoadedPlan { manifest, warnings, .. } = plan("legacy");
    let told: Vec<&str> = warnings.iter().map(|warning| warning.message.as_str()).collect();
    assert_eq!(
        told,
        [
            "key `build_strategies` is not known, and ignored",
            "key `go_ipfs_version` is not known, and ignored",
            "key `roles` is not known, and ignored",
        ]
    );
    assert_eq!(warnings[2].place.as_ref().unwrap().line, 20);
    assert_eq!(default(&manifest, "find-peers", "random_walk").as_deref(), Some("true"));
    assert_eq!(
        manifest.testcases[0].instances.default, None,
        "a default that is no number is ignored"
    );
    assert_eq!(manifest.testcases[0].params["random_walk"].unit, "1");
}

#[test]
fn inline_tables_are_the_same_as_others() {
    let LoadedPlan { manifest, warnings, .. } = plan("inline");
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(manifest.defaults.builder.as_deref(), Some("exec:generic"));
    assert_eq!(manifest.builders["exec:generic"]["run"].to_string(), r#"["./out"]"#);
    assert!(manifest.runners["local:exec"].is_empty());
    assert_eq!(manifest.testcases.len(), 2);
    assert_eq!(default(&manifest, "many", "depth").as_deref(), Some("3"));
}

#[test]
fn a_manifest_may_be_named_itself() {
    let by_file = load(format!("{FIXTURES}/plans/flood/manifest.toml")).unwrap();
    let by_directory = plan("flood");
    assert_eq!(by_file.manifest, by_directory.manifest);
    assert_eq!(by_file.root, by_directory.root);
}

#[test]
fn metrics_and_timeouts_of_our_own_are_read() {
    let LoadedPlan { manifest, warnings, .. } = plan("measured");
    assert!(warnings.is_empty(), "{warnings:?}");
    let rtt = &manifest.metrics["rtt_s"];
    assert_eq!(rtt.unit, Some(Unit::new("s")));
    assert_eq!(
        (rtt.direction, rtt.kind, rtt.margin),
        (Some(Direction::Lower), Some(MetricKind::Timer), Some(0.05))
    );
    assert_eq!(manifest.metrics["bytes sent"].kind, Some(MetricKind::Counter));
    let case = &manifest.testcases[0];
    assert_eq!(case.timeout.unwrap().as_secs(), 90);
    assert_eq!(case.metrics["rtt_s"].margin, Some(0.1));
}
