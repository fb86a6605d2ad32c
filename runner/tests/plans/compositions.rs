//! Compositions in every shape, down to what a runner gets.

use ground_core::composition::{Overrides, Params};
use ground_runner::composition::{
    CompositionError, Environment, LoadedComposition, SingleRun, load,
};
use ground_runner::plan;

use crate::FIXTURES;

fn env(pairs: &[(&str, &str)]) -> Environment {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn fixture(name: &str, env: &Environment) -> LoadedComposition {
    load(format!("{FIXTURES}/compositions/{name}.toml"), env)
        .unwrap_or_else(|error| panic!("{}", error.diagnostic()))
}

fn params(pairs: &[(&str, &str)]) -> Params {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn every_key_of_a_composition_arrives_at_the_run() {
    let loaded = fixture("every-key", &env(&[]));
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    assert_eq!(loaded.composition.metadata.author, "somebody");
    assert_eq!(loaded.composition.run_ids(), ["whole", "small"]);
    let run = loaded.resolve("small", &Overrides::default()).unwrap();
    assert!(run.disable_metrics);
    assert_eq!(run.concurrent_builds, Some(2));
    assert_eq!(run.timeout.unwrap().as_secs(), 30);
    assert_eq!(run.run_config["keep_containers"].as_bool(), Some(false));
    assert_eq!(run.run_config["outcomes_collection_timeout"].as_integer(), Some(60_000_000_000));
    assert_eq!(run.metrics["latency_s"].margin, Some(0.03));

    let left = run.group("left").unwrap();
    assert_eq!(
        (left.count, left.group_id.as_str(), left.builder.as_str()),
        (6, "a", "docker:generic")
    );
    assert_eq!(left.build_config["path"].as_str(), Some("./other"));
    assert_eq!(left.build_config["enable_go_build_cache"].as_bool(), Some(false));
    assert_eq!(left.build_config["build_args"].to_string(), r#"{"FEATURES":"fast"}"#);
    assert_eq!(left.selectors, ["tagB"]);
    assert_eq!((left.dependencies[0].version.as_str(), left.dependencies.len()), ("v2.0.0", 1));
    assert_eq!(left.artifact, None);
    assert_eq!((left.params["mode"].as_str(), left.params["size"].as_str()), ("a", "10"));
    assert_eq!(left.resources.memory_bytes, Some(32 << 20));
    assert_eq!(left.resources.cpu_millis, Some(100));
    assert_eq!(left.profiles, params(&[("cpu", "2s"), ("heap", "5s")]));

    let b = run.group("b").unwrap();
    assert_eq!(
        (b.count, b.builder.as_str(), b.artifact.as_deref()),
        (4, "docker:go", Some("sha256:0123"))
    );
    assert_eq!(b.dependencies[0].target.as_deref(), Some("example/fork"));

    let whole = loaded.resolve("whole", &Overrides::default()).unwrap();
    assert_eq!(whole.timeout.unwrap().as_secs(), 600);
    assert_eq!(whole.groups.iter().map(|group| group.count).collect::<Vec<_>>(), [5, 5]);
}

#[test]
fn the_sweep_of_a_composition_is_read() {
    let sweep = fixture("every-key", &env(&[])).composition.sweep;
    assert_eq!(sweep.param_cells().len(), 4);
    assert_eq!(sweep.revisions, ["main", "HEAD"]);
    assert_eq!(sweep.runners, ["local:exec", "local:docker"]);
    assert_eq!((sweep.repetitions, sweep.seed), (Some(3), Some(7719)));
    let sweep = fixture("sweep", &env(&[])).composition.sweep;
    assert_eq!(
        (sweep.repetitions, sweep.seed, sweep.param_cells()),
        (Some(10), Some(0), vec![Params::new()])
    );
}

#[test]
fn a_first_version_composition_has_one_run() {
    let loaded = fixture("v1", &env(&[]));
    let runs = loaded.resolve_all().unwrap();
    assert_eq!(runs.len(), 1);
    assert_eq!((runs[0].id.as_str(), runs[0].total_instances()), ("default", 5));
    assert_eq!(runs[0].group("leechers").unwrap().params["timeout_secs"], "5");
    assert_eq!(runs[0].group("seeders").unwrap().params["timeout_secs"], "60");
    assert_eq!(loaded.warnings.len(), 3, "those of the manifest");
}

#[test]
fn a_template_becomes_groups_and_runs() {
    let loaded = fixture("templated", &env(&[("LABEL", "x y"), ("RUNNER", "local:exec")]));
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    assert_eq!(loaded.composition.run_ids(), ["run0", "run1"]);
    let run = loaded.resolve("run1", &Overrides::default()).unwrap();
    assert_eq!(run.runner, "local:exec");
    let groups: Vec<_> = run
        .groups
        .iter()
        .map(|group| {
            (
                group.id.as_str(),
                group.selectors[0].as_str(),
                group.build_config["modfile"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        groups,
        [("v1", "tag1", "go.v1.mod"), ("v2", "tag2", "go.v2.mod"), ("master", "tagM", "go.mod")]
    );
    assert_eq!(
        (run.groups[0].params["label"].as_str(), run.groups[0].params["size"].as_str()),
        ("x y", "20")
    );

    let run = fixture("templated", &env(&[])).resolve("run0", &Overrides::default()).unwrap();
    assert_eq!((run.runner.as_str(), run.groups[0].params["label"].as_str()), ("local:docker", ""));
}

#[test]
fn a_plan_is_found_around_beside_and_at_home() {
    assert_eq!(fixture("nested", &env(&[])).plan.manifest.name, "ping");
    let inside =
        load(format!("{FIXTURES}/plans/flood/_compositions/inside.toml"), &env(&[])).unwrap();
    assert_eq!(inside.plan.manifest.name, "flood");

    let cloned = tempfile::tempdir().unwrap();
    let plan = cloned.path().join("test-plans/ping");
    std::fs::create_dir_all(plan.join("_compositions")).unwrap();
    std::fs::write(
        plan.join("manifest.toml"),
        "name = \"libp2p/ping\"\n[[testcases]]\nname = \"x\"",
    )
    .unwrap();
    let file = plan.join("_compositions/c.toml");
    std::fs::write(&file, "global.plan = \"libp2p/ping\"").unwrap();
    assert_eq!(
        load(&file, &env(&[])).unwrap().plan.root,
        plan.canonicalize().unwrap(),
        "by its own name"
    );

    let away = tempfile::tempdir().unwrap();
    let file = away.path().join("c.toml");
    std::fs::write(
        &file,
        "[global]\nplan = \"only-at-home\"\n[[groups]]\nid = \"a\"\ninstances = { count = 1 }\n",
    )
    .unwrap();
    let home = tempfile::tempdir().unwrap();
    let plan = home.path().join("plans/only-at-home");
    std::fs::create_dir_all(&plan).unwrap();
    std::fs::write(plan.join("manifest.toml"), "[[testcases]]\nname = \"x\"").unwrap();
    assert!(matches!(load(&file, &env(&[])), Err(CompositionError::PlanNotFound { .. })));
    let found = load(&file, &env(&[("TESTGROUND_HOME", home.path().to_str().unwrap())])).unwrap();
    assert_eq!(found.plan.root, plan.canonicalize().unwrap());
}

#[test]
fn a_composition_may_run_an_executable() {
    let directory = tempfile::tempdir().unwrap();
    let script = directory.path().join("bench");
    std::fs::write(&script, "#!/bin/sh\n").unwrap();
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let file = directory.path().join("c.toml");
    std::fs::write(
        &file,
        "global = { plan = \"./bench\" }\ngroups = [{ id = \"a\", instances = { count = 3 } }]",
    )
    .unwrap();
    let run = load(&file, &env(&[])).unwrap().resolve("default", &Overrides::default()).unwrap();
    assert_eq!(
        (run.plan.as_str(), run.case.as_str(), run.total_instances()),
        ("bench", "default", 3)
    );
}

#[test]
fn tables_written_out_and_odd_texts_are_read() {
    let run = fixture("tables", &env(&[])).resolve("default", &Overrides::default()).unwrap();
    assert_eq!((run.case.as_str(), run.total_instances()), ("many", 10));
    assert_eq!(run.groups[0].id, "a b.c-d_e");
    assert_eq!(run.groups[0].params["depth"], "4");
    assert_eq!(run.groups[0].builder, "exec:generic", "the manifest's preferred one");
}

#[test]
fn a_command_line_makes_one_group() {
    let loaded = |instances| {
        let plan = plan::load(format!("{FIXTURES}/plans/measured")).unwrap();
        let run = SingleRun { instances, params: params(&[("k", "v")]), ..SingleRun::default() };
        LoadedComposition::single(plan, &run)
    };
    let run = loaded(Some(7)).resolve("default", &Overrides::default()).unwrap();
    assert_eq!(
        (run.case.as_str(), run.runner.as_str(), run.timeout.unwrap().as_secs()),
        ("run", "local:exec", 90)
    );
    assert_eq!((run.groups[0].id.as_str(), run.groups[0].count), ("single", 7));
    assert_eq!(run.groups[0].params["k"], "v");
    let own = loaded(None).resolve("default", &Overrides::default()).unwrap();
    assert_eq!(own.total_instances(), 3, "the testcase's own number");

    let error =
        loaded(Some(1000)).resolve("default", &Overrides::default()).unwrap_err().diagnostic();
    assert!(error.place.is_none());
    assert_eq!(
        error.hint.as_deref(),
        Some("lower `--instances`, or raise its `instances.max` in the manifest")
    );
    let against = error.against.unwrap();
    assert_eq!(
        (against.line, against.source_line.as_str()),
        (18, "instances = { min = 1, max = 100, default = 3 }")
    );
}

#[test]
fn the_same_run_has_one_digest_however_it_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let digest = |text: &str| {
        let file = directory.path().join("c.toml");
        std::fs::write(&file, text).unwrap();
        let home = std::fs::canonicalize(FIXTURES).unwrap();
        let loaded = load(&file, &env(&[("TESTGROUND_HOME", home.to_str().unwrap())])).unwrap();
        loaded.resolve("default", &Overrides::default()).unwrap().composition_digest()
    };
    let long = digest(
        "[global]\nplan = \"measured\"\nrunner = \"local:exec\"\n[[groups]]\nid = \"all\"\n[groups.instances]\ncount = 4\n",
    );
    let short = digest(
        "{{ $n := 4 }}global.plan = 'measured'\ngroups = [{ id = 'all', instances.count = {{ $n }} }]",
    );
    let other = digest("global.plan = 'measured'\ngroups = [{ id = 'all', instances.count = 5 }]");
    assert_eq!(long, short);
    assert_ne!(long, other);
}
