use ground_core::composition::Dependency;

use super::{Bench, FaultKind, Scratch, artifact, failure, script, spec};

/// Stands in for Go: notes how it was called and writes what `-o` names.
const FAKE_GO: &str = r#"#!/bin/sh
echo "$@" >> "$GO_CALLS"
case "$1" in
version) echo "go version go1.22.3 linux/amd64" ;;
mod)
  if [ "$2" = edit ]; then echo "$3" >> "$4"; fi ;;
build)
  if [ -f broken.go ]; then
    echo "./broken.go:3:2: undefined: nothing" >&2
    exit 1
  fi
  if [ -f needs-network ]; then
    echo "go: example/lib@v1.0.0: Get proxy: dial tcp: lookup proxy: no such host" >&2
    exit 1
  fi
  while [ $# -gt 0 ]; do
    if [ "$1" = -o ]; then echo "a program" > "$2"; chmod +x "$2"; fi
    shift
  done ;;
esac
"#;

fn bench() -> Bench {
    let mut bench = Bench::new();
    script(&bench.cache.path().join("tools/go"), FAKE_GO);
    let tools = bench.cache.path().join("tools").display().to_string();
    bench.env.push(("PATH".to_owned(), format!("{tools}:/usr/bin:/bin")));
    bench.env.push(("GO_CALLS".to_owned(), format!("{tools}/calls")));
    bench
}

fn calls(bench: &Bench) -> Vec<String> {
    let text = std::fs::read_to_string(bench.cache.path().join("tools/calls")).unwrap();
    text.lines().filter(|line| *line != "version").map(str::to_owned).collect()
}

#[test]
fn a_module_is_built_optimised_with_its_tags_and_replacements() {
    let scratch = Scratch::new();
    scratch.write("go.mod", "module example/demo\n");
    scratch.write("go.sum", "sums\n");
    scratch.commit("one");
    let mut spec = spec("exec:go", &[("exec_pkg", "cmd/demo".into()), ("enabled", true.into())]);
    spec.selectors = vec!["taga".to_owned(), "tagb".to_owned()];
    let dependency = |module: &str, target: Option<&str>, version: &str| Dependency {
        module: module.to_owned(),
        target: target.map(str::to_owned),
        version: version.to_owned(),
    };
    spec.dependencies = vec![
        dependency("example/lib", Some("example/fork"), "v1.2.3"),
        dependency("example/other", None, "v2.0.0"),
    ];
    let bench = bench();
    let outcome = bench.one(&scratch.path(), "HEAD", &spec);
    assert_eq!(artifact(&outcome).toolchain, "go version go1.22.3 linux/amd64");
    let calls = calls(&bench);
    assert!(
        calls[0].starts_with("mod edit -replace=example/lib=example/fork@v1.2.3 "),
        "{calls:?}"
    );
    assert!(calls[1].starts_with("mod edit -replace=example/other=example/other@v2.0.0 "));
    assert!(calls[2].starts_with("mod tidy -modfile="));
    let build = &calls[3];
    assert!(build.starts_with("build -trimpath -buildvcs=false -modfile="), "{build}");
    assert!(
        build.contains(" -tags taga,tagb -o ") && build.ends_with("/demo ./cmd/demo"),
        "{build}"
    );
    assert!(!build.contains("-N") && !build.contains("gcflags"), "{build}");
    let module = calls[2].split_once("-modfile=").unwrap().1;
    let written = std::fs::read_to_string(module).unwrap();
    assert!(written.starts_with("module example/demo\n-replace=example/lib"), "{written}");
    assert_eq!(
        std::fs::read_to_string(scratch.path().join("go.mod")).unwrap(),
        "module example/demo\n"
    );
}

#[test]
fn a_fresh_module_file_names_the_module() {
    let scratch = Scratch::new();
    scratch.write("main.go", "package main\n");
    scratch.commit("one");
    let config = [("fresh_gomod", true.into()), ("module_path", "example/fresh".into())];
    let bench = bench();
    artifact(&bench.one(&scratch.path(), "HEAD", &spec("exec:go", &config)));
    let calls = calls(&bench);
    let module = calls[0].strip_prefix("mod tidy -modfile=").unwrap();
    assert_eq!(std::fs::read_to_string(module).unwrap(), "module example/fresh\n");
}

#[test]
fn a_build_that_fails_says_whose_fault_it_is() {
    let scratch = Scratch::new();
    scratch.write("broken.go", "package main\n");
    scratch.commit("broken");
    scratch.git(&["mv", "broken.go", "needs-network"]);
    scratch.commit("network");
    let bench = bench();
    let builds = bench.build(&scratch.path(), &["HEAD~1..HEAD"], &[spec("exec:go", &[])]);
    let (kind, summary, _) = failure(builds.outcome(0, 0));
    assert_eq!((kind, summary), (FaultKind::Source, "./broken.go:3:2: undefined: nothing"));
    let (kind, _, hint) = failure(builds.outcome(1, 0));
    assert_eq!(kind, FaultKind::Machinery);
    assert!(hint.contains("go mod download"));
}

#[test]
fn a_machine_without_go_says_so() {
    let scratch = Scratch::new();
    scratch.commit("one");
    let mut bench = Bench::new();
    bench.env.push(("PATH".to_owned(), "/nonexistent".to_owned()));
    let outcome = bench.one(&scratch.path(), "HEAD", &spec("exec:go", &[]));
    let (kind, summary, hint) = failure(&outcome);
    assert_eq!(kind, FaultKind::Machinery);
    assert!(summary.contains("`go` is not installed") && hint.contains("install `go`"));
}
