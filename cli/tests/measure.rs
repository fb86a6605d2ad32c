//! From a program to numbers in the store, with everything that programs print.

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{data, ground, script, told};

fn sql(dir: &Path, query: &str) -> String {
    let output = ground(dir, &["sql", "--format", "csv", query]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    data(&output)
}

#[test]
fn any_executable_is_measured_and_noise_does_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    script(
        &dir.path().join("bench.sh"),
        r#"printf '\377\376 garbage {"metric": }\n'
head -c 10000000 /dev/zero | tr '\0' x; echo
echo '{"metric":"size_B","value":4,"unit":"KiB","direction":"lower"}'
echo '{"metric":"wrong","value":NaN}'
echo '{"metric":"size_B","value":1e999,"unit":"KiB"}'
echo "arguments: $*"
exit 0"#,
    );
    let run = ground(dir.path(), &["run", "./bench.sh", "-i", "2", "-n", "3", "--", "one", "two"]);
    assert_eq!(run.status.code(), Some(0), "{}", told(&run));
    let points = sql(
        dir.path(),
        "SELECT stat, value, unit, count(*) AS n FROM run_points WHERE metric = 'size_B' GROUP BY 1, 2, 3",
    );
    assert_eq!(points.trim(), "stat,value,unit,n\nvalue,4096.0,B,3");
    assert_eq!(sql(dir.path(), "SELECT count(*) AS n FROM instances").trim(), "n\n6");
    let log = sql(dir.path(), "SELECT run_id FROM runs LIMIT 1");
    let id = log.lines().nth(1).unwrap();
    let stdout = dir.path().join(format!(".ground/outputs/bench/{id}/single/0/stdout.log"));
    let text = fs::read(&stdout).unwrap_or_else(|error| panic!("{}: {error}", stdout.display()));
    assert!(String::from_utf8_lossy(&text).contains("arguments: one two"));
}

#[test]
fn failing_instances_end_with_1_and_say_why() {
    let dir = tempfile::tempdir().unwrap();
    script(&dir.path().join("bench.sh"), "kill -SEGV $$");
    let run = ground(dir.path(), &["run", "./bench.sh"]);
    assert_eq!(run.status.code(), Some(1), "{}", told(&run));
    assert!(told(&run).contains("signal 11"), "{}", told(&run));
    let outcome = sql(dir.path(), "SELECT outcome FROM runs");
    assert_eq!(outcome.trim(), "outcome\ncrash");
}

#[test]
fn machines_get_one_object_a_line() {
    let dir = tempfile::tempdir().unwrap();
    script(&dir.path().join("bench.sh"), "exit 0");
    let run = ground(dir.path(), &["run", "./bench.sh", "-n", "2", "--json", "--seed", "7"]);
    assert_eq!(run.status.code(), Some(0), "{}", told(&run));
    let events: Vec<serde_json::Value> =
        data(&run).lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let of = |kind: &str| events.iter().filter(|event| event["event"] == kind).count();
    assert_eq!(
        (of("sweep_planned"), of("run_ended"), of("recorded"), of("sweep_ended")),
        (1, 2, 2, 1)
    );
    assert!(events.iter().all(|event| event["v"] == 1));
    let planned = events.iter().find(|event| event["event"] == "sweep_planned").unwrap();
    assert_eq!(planned["seed"], 7);
}

fn git(dir: &Path, args: &[&str]) {
    let status = Command::new("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@localhost"])
        .args(args)
        .current_dir(dir)
        .status()
        .unwrap();
    assert!(status.success(), "git {args:?}");
}

/// Three revisions of a plan: the second cannot be built, the third says a larger exact number than the first.
#[test]
fn a_revision_that_cannot_be_built_is_an_outcome_and_the_sweep_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let plan = dir.path();
    git(plan, &["init", "--quiet"]);
    let manifest = r#"
name = "sized"
[defaults]
builder = "exec:generic"
runner = "local:exec"
[builders."exec:generic"]
build = "sh ./build.sh"
run = "./go.sh"
[runners."local:exec"]
[metrics]
size_B = { unit = "B", direction = "lower", margin = 0.02, kind = "point" }
[[testcases]]
name = "only"
instances = { min = 1, max = 3, default = 1 }
"#;
    fs::write(plan.join("manifest.toml"), manifest).unwrap();
    let revision = |build: &str, size: u32| {
        fs::write(plan.join("build.sh"), build).unwrap();
        let say = format!(
            "echo '{{\"metric\":\"size_B\",\"value\":{size}}}'\n\
             echo '{{\"event\":{{\"success_event\":{{\"group\":\"single\"}}}}}}'"
        );
        script(&plan.join("go.sh"), &say);
        git(plan, &["add", "-A"]);
        git(plan, &["commit", "--quiet", "-m", &format!("size {size}")]);
    };
    revision("exit 0", 100);
    revision("echo no compiler here >&2; exit 7", 100);
    revision("exit 0", 130);

    let run = ground(plan, &["run", ".", "-r", "HEAD~2..HEAD", "-n", "5"]);
    assert_eq!(run.status.code(), Some(1), "{}", told(&run));
    assert!(told(&run).contains("could not be built"), "{}", told(&run));
    let outcomes = sql(
        plan,
        "SELECT revision_subject, outcome, count(*) AS n FROM runs GROUP BY 1, 2 ORDER BY n DESC, 1",
    );
    assert!(outcomes.contains("success,5"), "{outcomes}");

    let compared = ground(plan, &["compare", "HEAD~2..HEAD", "--format", "json"]);
    assert_eq!(compared.status.code(), Some(1), "{}", data(&compared));
    assert!(data(&compared).contains("\"regression\""), "{}", data(&compared));
    let same = ground(plan, &["compare", "HEAD..HEAD"]);
    assert_ne!(same.status.code(), Some(1), "{}", data(&same));

    fs::write(plan.join("gate.toml"), "[[require]]\nmetric = \"size_B\"\n").unwrap();
    let held = ground(plan, &["gate", "HEAD~2..HEAD", "--policy", "gate.toml"]);
    assert_eq!(held.status.code(), Some(1), "{}", data(&held));
    let unknown = ground(plan, &["gate", "HEAD~1..HEAD", "--policy", "gate.toml"]);
    assert_eq!(unknown.status.code(), Some(3), "{}", data(&unknown));
    let report = ground(plan, &["report", "--out", "site"]);
    assert_eq!(report.status.code(), Some(0), "{}", told(&report));
    assert!(plan.join("site/index.html").is_file());
}
