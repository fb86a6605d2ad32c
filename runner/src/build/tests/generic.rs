use super::{Bench, FaultKind, Scratch, artifact, failure, output, script, spec, words};

#[test]
fn a_script_runs_from_the_cache_at_every_revision() {
    let scratch = Scratch::new();
    scratch.write("plans/demo/main.sh", ". \"$(dirname \"$0\")/lib.sh\"\n");
    scratch.write("plans/demo/lib.sh", "echo one $1\n");
    scratch.commit("one");
    scratch.write("plans/demo/lib.sh", "echo two $1\n");
    scratch.commit("two");
    let spec = spec("exec:generic", &[("run", words(&["sh", "main.sh", "{artifact}"]))]);
    let bench = Bench::new();
    let builds = bench.build(&scratch.path().join("plans/demo"), &["HEAD~1", "HEAD"], &[spec]);
    for (target, word) in ["one", "two"].into_iter().enumerate() {
        let outcome = builds.outcome(target, 0);
        let said = output(outcome);
        let (first, path) = said.split_once(' ').unwrap();
        assert_eq!(first, word);
        assert!(path.starts_with(bench.cache.path().to_str().unwrap()), "{path}");
        assert_eq!(artifact(outcome).digest.len(), 64);
    }
    assert_ne!(artifact(builds.outcome(0, 0)).digest, artifact(builds.outcome(1, 0)).digest);
}

#[test]
fn only_the_named_outputs_of_a_build_are_kept() {
    let scratch = Scratch::new();
    scratch.write(".gitignore", "out\n");
    scratch.write("source", "echo built $0\n");
    scratch.commit("one");
    let make =
        "mkdir -p out/deep && cp source out/deep/run && chmod +x out/deep/run && touch other";
    let spec = spec(
        "exec:generic",
        &[("build", make.into()), ("outputs", words(&["out"])), ("run", "./out/deep/run".into())],
    );
    let bench = Bench::new();
    let outcome = bench.one(&scratch.path(), "HEAD", &spec);
    // The shell runs it although it has no first line of its own.
    let artifact = artifact(&outcome);
    let dir = artifact.path.ancestors().nth(3).unwrap();
    let names: Vec<String> = std::fs::read_dir(dir)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names, ["out"]);
    assert!(!scratch.path().join("out").exists(), "the plan's own directory is left alone");
}

#[test]
fn variables_reach_the_build_and_the_instances() {
    let scratch = Scratch::new();
    scratch.write("main.sh", "echo $GREETING $(cat \"$(dirname \"$0\")/word\")\n");
    scratch.commit("one");
    let config = [
        ("build", "echo \"$WORD $GROUND_SELECTORS\" > word".into()),
        ("outputs", words(&["word", "main.sh"])),
        ("run", "sh main.sh".into()),
        (
            "env",
            [("WORD".to_owned(), "there".into())]
                .into_iter()
                .collect::<std::collections::BTreeMap<_, _>>()
                .into(),
        ),
        (
            "run_env",
            [("GREETING".to_owned(), "hello".into())]
                .into_iter()
                .collect::<std::collections::BTreeMap<_, _>>()
                .into(),
        ),
    ];
    let mut spec = spec("exec:generic", &config);
    spec.selectors = vec!["fast".to_owned(), "small".to_owned()];
    let bench = Bench::new();
    assert_eq!(output(&bench.one(&scratch.path(), "HEAD", &spec)), "hello there fast,small");
}

#[test]
fn a_failing_command_is_an_outcome_with_its_log() {
    let scratch = Scratch::new();
    scratch.commit("one");
    let config =
        [("build", "echo before; echo 'error: no rule' >&2; exit 3".into()), ("run", "sh".into())];
    let bench = Bench::new();
    let outcome = bench.one(&scratch.path(), "HEAD", &spec("exec:generic", &config));
    let (kind, summary, _) = failure(&outcome);
    assert_eq!((kind, summary), (FaultKind::Source, "error: no rule"));
    let super::BuildOutcome::Failed { log, .. } = &outcome else { panic!() };
    assert!(std::fs::read_to_string(log).unwrap().contains("before\n"));
}

#[test]
fn what_cannot_be_started_is_said() {
    let scratch = Scratch::new();
    scratch.write("data", "x");
    scratch.commit("one");
    let cases = [
        (vec![], FaultKind::Source, "does not know what to start"),
        (vec![("run", "no-such-program-here x".into())], FaultKind::Machinery, "nor installed"),
        (vec![("run", "./missing".into())], FaultKind::Source, "not among the outputs"),
        (vec![("run", "./data".into())], FaultKind::Source, "no executable file"),
        (
            vec![("run", "sh".into()), ("outputs", words(&["gone"]))],
            FaultKind::Source,
            "does not exist",
        ),
        (
            vec![("run", "sh".into()), ("outputs", words(&["../x"]))],
            FaultKind::Source,
            "does not exist",
        ),
        (vec![("run", "sh 'open".into())], FaultKind::Source, "open quote"),
        (vec![("run", 5_i64.into())], FaultKind::Source, "is a integer"),
        (vec![("run", "sh".into()), ("env", "x".into())], FaultKind::Source, "not a table"),
    ];
    for (config, kind, text) in cases {
        let mut config = config;
        if config.iter().any(|(key, _)| *key == "env") {
            config.push(("build", "true".into()));
        }
        let outcome = Bench::new().one(&scratch.path(), "HEAD", &spec("exec:generic", &config));
        let found = failure(&outcome);
        assert!(found.0 == kind && found.1.contains(text), "{text}: {found:?}");
    }
}

#[test]
fn builds_in_the_source_do_not_see_each_other() {
    let scratch = Scratch::new();
    scratch.write("main.sh", "cat \"$(dirname \"$0\")\"/made-*\n");
    scratch.commit("one");
    let make = |name: &str| {
        let build = format!("echo {name} > made-{name}");
        spec("exec:generic", &[("build", build.as_str().into()), ("run", "sh main.sh".into())])
    };
    let bench = Bench::new();
    let builds = bench.build(&scratch.path(), &["HEAD"], &[make("a"), make("b")]);
    assert_eq!(output(builds.outcome(0, 0)), "a");
    assert_eq!(output(builds.outcome(0, 1)), "b");
}

#[test]
fn something_built_already_is_copied_and_a_script_stays() {
    let scratch = Scratch::new();
    std::fs::copy("/bin/true", scratch.path().join("program")).unwrap();
    script(&scratch.path().join("tool.sh"), "#!/bin/sh\ncat \"$(dirname \"$0\")/beside\"\n");
    scratch.write("beside", "found");
    scratch.write("plain", "x");
    scratch.commit("one");
    let bench = Bench::new();
    let program = spec("exec:bin", &[("path", "program".into()), ("args", words(&["-x", "y z"]))]);
    for revision in ["", "HEAD"] {
        let outcome = bench.one(&scratch.path(), revision, &program);
        let artifact = artifact(&outcome);
        assert!(artifact.path.starts_with(bench.cache.path()));
        assert_eq!(artifact.args, ["-x", "y z"]);
        let sum = std::process::Command::new("sha256sum").arg("/bin/true").output().unwrap();
        assert_eq!(artifact.digest, String::from_utf8(sum.stdout).unwrap()[..64]);
    }
    let tool = spec("exec:bin", &[("path", "tool.sh".into())]);
    let in_place = bench.one(&scratch.path(), "", &tool);
    assert_eq!(artifact(&in_place).path, scratch.path().join("tool.sh"));
    assert_eq!(output(&in_place), "found");
    assert_eq!(output(&bench.one(&scratch.path(), "HEAD", &tool)), "found");

    for (path, text) in [
        ("gone", "no executable `gone` at this revision"),
        ("plain", "not executable"),
        (".", "not a file"),
    ] {
        let outcome =
            bench.one(&scratch.path(), "HEAD", &spec("exec:bin", &[("path", path.into())]));
        assert!(failure(&outcome).1.contains(text), "{:?}", failure(&outcome));
    }
}

#[test]
fn what_run_names_is_kept_although_git_ignores_it() {
    let scratch = Scratch::new();
    scratch.write(".gitignore", "bench\nother\n");
    scratch.write("bench.sh", "#!/bin/sh\necho built\n");
    scratch.commit("one");
    let build = "cp bench.sh bench && chmod +x bench && touch other";
    let spec = spec("exec:generic", &[("build", build.into()), ("run", "./bench".into())]);
    let bench = Bench::new();
    let outcome = bench.one(&scratch.path(), "HEAD", &spec);
    assert_eq!(output(&outcome), "built");
    let dir = artifact(&outcome).path.parent().unwrap().to_path_buf();
    assert!(dir.join("bench.sh").exists() && !dir.join("other").exists());
}
