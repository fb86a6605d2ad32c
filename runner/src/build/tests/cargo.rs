use super::{Bench, FaultKind, Scratch, artifact, failure, output, spec};

/// A package without dependencies that prints `word`.
fn package(scratch: &Scratch, word: &str) {
    scratch.write(
        "plans/demo/Cargo.toml",
        "[package]\nname = \"demo\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[features]\nloud = []\n\n[workspace]\n",
    );
    let main = format!(
        "fn main() {{ println!(\"{word}{{}}\", if cfg!(feature = \"loud\") {{ \"!\" }} else {{ \"\" }}); }}\n"
    );
    scratch.write("plans/demo/src/main.rs", &main);
}

#[test]
fn a_package_is_built_at_each_revision_and_a_broken_one_is_an_outcome() {
    let scratch = Scratch::new();
    package(&scratch, "one");
    scratch.commit("one");
    scratch.write("plans/demo/src/main.rs", "fn main() { let x: u32 = \"text\"; }\n");
    scratch.commit("broken");
    package(&scratch, "three");
    scratch.commit("three");
    let plain = spec("exec:cargo", &[("offline", true.into())]);
    let mut loud = plain.clone();
    loud.selectors = vec!["loud".to_owned()];
    let bench = Bench::new();
    let dir = scratch.path().join("plans/demo");
    let builds = bench.build(&dir, &["HEAD~2..HEAD"], &[plain.clone(), loud]);
    assert_eq!(output(builds.outcome(0, 0)), "one");
    assert_eq!(output(builds.outcome(0, 1)), "one!");
    assert_eq!(output(builds.outcome(2, 0)), "three");
    assert_eq!(output(builds.outcome(2, 1)), "three!");
    let (kind, summary, _) = failure(builds.outcome(1, 0));
    assert_eq!(kind, FaultKind::Source);
    assert!(summary.starts_with("error[E0308]"), "{summary}");
    assert!(artifact(builds.outcome(0, 0)).toolchain.starts_with("rustc 1."));
    assert!(!dir.join("target").exists(), "the plan's own directory is left alone");

    // Everything that succeeded is taken from the cache now.
    let started = bench.builds_started();
    let again = bench.build(&dir, &["HEAD~2", "HEAD"], &[plain]);
    assert_eq!(bench.builds_started(), started);
    assert_eq!(artifact(again.outcome(1, 0)), artifact(builds.outcome(2, 0)));
}

#[test]
fn changes_in_the_working_tree_are_built_where_they_are() {
    let scratch = Scratch::new();
    package(&scratch, "one");
    scratch.commit("one");
    package(&scratch, "changed");
    let bench = Bench::new();
    let spec = spec("exec:cargo", &[("offline", true.into()), ("profile", "dev".into())]);
    let dir = scratch.path().join("plans/demo");
    let builds = bench.build(&dir, &["HEAD", ""], std::slice::from_ref(&spec));
    assert_eq!(output(builds.outcome(0, 0)), "one");
    assert_eq!(output(builds.outcome(1, 0)), "changed");
    // Back and forth: times of change must never make cargo keep the wrong one.
    package(&scratch, "changed again");
    assert_eq!(output(&bench.one(&dir, "", &spec)), "changed again");
    scratch.git(&["checkout", "-q", "."]);
    assert_eq!(output(&bench.one(&dir, "", &spec)), "one");
}

#[test]
fn what_cargo_cannot_do_is_said() {
    let scratch = Scratch::new();
    scratch.write("plans/demo/README", "no package here");
    scratch.commit("empty");
    package(&scratch, "one");
    scratch.write("plans/demo/src/bin/other.rs", "fn main() {}\n");
    scratch.write("plans/demo/src/bin/third.rs", "fn main() {}\n");
    scratch.git(&["add", "-A"]);
    scratch.git(&["rm", "-q", "-f", "plans/demo/src/main.rs"]);
    scratch.commit("two executables, none called like the plan");
    let manifest = std::fs::read_to_string(scratch.path().join("plans/demo/Cargo.toml")).unwrap();
    scratch.write(
        "plans/demo/Cargo.toml",
        &format!("{manifest}\n[dependencies]\nno-such-crate-anywhere = \"1\"\n"),
    );
    scratch.commit("needs what is not there");
    let bench = Bench::new();
    let config = [("offline", true.into()), ("profile", "dev".into())];
    let dir = scratch.path().join("plans/demo");
    let builds = bench.build(&dir, &["HEAD~2..HEAD"], &[spec("exec:cargo", &config)]);
    assert!(failure(builds.outcome(0, 0)).1.contains("Cargo.toml"), "{builds:?}");
    let (kind, summary, hint) = failure(builds.outcome(1, 0));
    assert_eq!(
        (kind, summary),
        (FaultKind::Source, "the package has several executables: `other`, `third`")
    );
    assert!(hint.contains("`bin`"));
    let (kind, summary, hint) = failure(builds.outcome(2, 0));
    assert_eq!(kind, FaultKind::Machinery, "{summary}");
    assert!(hint.contains("cargo fetch"));

    let chosen = spec(
        "exec:cargo",
        &[("bin", "third".into()), ("offline", true.into()), ("profile", "dev".into())],
    );
    assert!(artifact(&bench.one(&dir, "HEAD~1", &chosen)).path.ends_with("third"));
}

#[test]
fn a_missing_toolchain_is_no_fault_of_the_source() {
    let scratch = Scratch::new();
    package(&scratch, "one");
    scratch.commit("one");
    let mut bench = Bench::new();
    bench.env.push(("PATH".to_owned(), "/nonexistent".to_owned()));
    let outcome = bench.one(&scratch.path().join("plans/demo"), "HEAD", &spec("exec:cargo", &[]));
    let (kind, summary, hint) = failure(&outcome);
    assert_eq!(kind, FaultKind::Machinery);
    assert!(summary.contains("`rustc` is not installed") && hint.contains("PATH"), "{summary}");
}
