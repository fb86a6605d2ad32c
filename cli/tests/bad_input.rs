//! Bad input: each gets one clear line, a hint, and exit code 2; nothing is lost and nothing is left.

mod common;

use std::fs;
use std::net::TcpListener;

use common::{ground, script, told};

const MANIFEST: &str = r#"
name = "small"
[defaults]
builder = "exec:generic"
runner = "local:exec"
[builders."exec:generic"]
run = "./go.sh"
[runners."local:exec"]
[[testcases]]
name = "only"
instances = { min = 1, max = 3, default = 1 }
"#;

/// Command, exit code, and what standard error must hold.
type Case = (&'static [&'static str], i32, &'static [&'static str]);

const CASES: &[Case] = &[
    (&["run", "empty"], 2, &["error: directory `empty` is no plan", "hint: "]),
    (&["run", "wrong"], 2, &["error: ", "--> wrong/manifest.toml:1:"]),
    (&["run", "plan", "--case", "nope"], 2, &["no testcase `nope`", "hint: known are `only`"]),
    (&["run", "plan", "-i", "0"], 2, &["asks for no instances", "--instances"]),
    (&["run", "plan", "-i", "9"], 2, &["asks for 9 instances", "allows 1 to 3", "manifest.toml:"]),
    (&["run", "plan", "--param", "x"], 2, &["has no name and value", "NAME=VALUE"]),
    (&["run", "plan", "--runner", "local:moon"], 2, &["local:moon", "hint: "]),
    (&["run", "plan", "--revisions", "nope"], 2, &["nope", "error: "]),
    (&["run", "plan", "--", "word"], 2, &["arguments after `--` are for executables"]),
    (&["run", "./missing"], 2, &["there is no plan at `./missing`"]),
    (&["compare", "A..B"], 2, &["there is no store", "hint: `ground run PLAN`"]),
    (&["report"], 2, &["there is no store"]),
    (&["gate", "--policy", "no.toml"], 2, &["policy `no.toml` cannot be read", "docs/gate.md"]),
    (&["gate", "--policy", "bad.toml"], 2, &["--> bad.toml:2:1", "metrik"]),
    (&["sql", "SELECT 1", "--store", "empty"], 2, &["error: "]),
    (&["run", "plan", "--timeout", "5x"], 2, &["`x` is no unit of time"]),
    (&["frobnicate"], 2, &["unrecognized subcommand"]),
];

#[test]
fn every_wrong_input_says_what_is_wrong_and_ends_with_2() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["empty", "wrong", "plan"] {
        fs::create_dir(dir.path().join(name)).unwrap();
    }
    fs::write(dir.path().join("wrong/manifest.toml"), "name = \"x\n").unwrap();
    fs::write(dir.path().join("plan/manifest.toml"), MANIFEST).unwrap();
    fs::write(dir.path().join("bad.toml"), "[[require]]\nmetrik = \"x\"\n").unwrap();
    script(&dir.path().join("plan/go.sh"), "exit 0");
    for (args, code, wanted) in CASES {
        let output = ground(dir.path(), args);
        let told = told(&output);
        assert_eq!(output.status.code(), Some(*code), "{args:?}: {told}");
        for text in *wanted {
            assert!(told.contains(text), "{args:?} does not say {text:?}:\n{told}");
        }
        assert!(!told.contains("panicked"), "{args:?}: {told}");
        if args[0] != "run" {
            let _ = fs::remove_dir_all(dir.path().join(".ground"));
        }
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let dir = tempfile::tempdir().unwrap();
    let output = ground(dir.path(), &["sync-service", "--listen", &address]);
    let told = told(&output);
    assert_eq!(output.status.code(), Some(4), "{told}");
    assert!(told.contains(&address) && told.contains("--listen"), "{told}");
}

#[test]
fn too_few_files_for_the_instances_is_said_before_anything_starts() {
    let dir = tempfile::tempdir().unwrap();
    script(&dir.path().join("bench.sh"), "touch started; exit 0");
    let ground = env!("CARGO_BIN_EXE_ground");
    let output = std::process::Command::new("sh")
        .arg("-c")
        .arg(format!("ulimit -n 64; exec {ground} run ./bench.sh --instances 500 --retries 0"))
        .current_dir(dir.path())
        .output()
        .unwrap();
    let told = told(&output);
    assert_eq!(output.status.code(), Some(4), "{told}");
    assert!(told.contains("64") && told.contains("ulimit -Hn"), "{told}");
}

#[test]
fn a_newer_store_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    script(&dir.path().join("bench.sh"), "exit 0");
    assert_eq!(ground(dir.path(), &["run", "./bench.sh"]).status.code(), Some(0));
    let marker = dir.path().join(".ground/store/ground-store.json");
    let text = fs::read_to_string(&marker).unwrap();
    fs::write(&marker, text.replacen("\"version\": 1", "\"version\": 99", 1)).unwrap();
    let newer = fs::read_to_string(&marker).unwrap();
    assert_ne!(newer, text, "the marker has no version 1: {text}");
    let output = ground(dir.path(), &["sql", "SELECT 1"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(told(&output).contains("hint: update ground"), "{}", told(&output));
    assert_eq!(fs::read_to_string(&marker).unwrap(), newer);
}
