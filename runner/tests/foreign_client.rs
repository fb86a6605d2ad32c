//! A plan written with the published `testground` crate, unchanged, against our sync service.
//!
//! The crate hard-codes `testground-sync-service:5050` and never runs without a sidecar, so the test goes on in a network
//! and a mount namespace of its own, with a hosts file of its own, and signals in the sidecar's place.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use ground_core::sync::key::KeySpace;
use ground_runner::sync_service::{SyncEvent, SyncServer};
use serde_json::Value;
use tokio::runtime::Runtime;

/// Set for the part that runs in the namespaces: the program to run.
const INSIDE: &str = "FOREIGN_CLIENT_PROGRAM";

#[test]
fn a_plan_of_the_published_crate_runs_unchanged() {
    match std::env::var_os(INSIDE) {
        Some(program) => inside(Path::new(&program)),
        None => {
            if let Err(reason) = outside() {
                println!("skipped: a_plan_of_the_published_crate_runs_unchanged: {reason}");
            }
        }
    }
}

/// Builds the program and goes on in namespaces; says why where that cannot be done here.
fn outside() -> Result<(), String> {
    if std::fs::metadata("/proc/self").map(|own| own.uid()).ok() != Some(0) {
        return Err("it needs root, for a hosts file and a port of its own".to_owned());
    }
    let probe = ["--net", "--mount", "ip", "link", "set", "lo", "up"];
    let probed = Command::new("unshare").args(probe).output();
    if !probed.is_ok_and(|output| output.status.success()) {
        return Err("`unshare` or `ip` is missing or not allowed".to_owned());
    }
    let program = build()?;
    let directory = tempfile::tempdir().unwrap();
    let hosts = directory.path().join("hosts");
    std::fs::write(&hosts, "127.0.0.1 localhost testground-sync-service\n").unwrap();
    let script = "ip link set lo up && mount --bind \"$1\" /etc/hosts && shift && exec \"$@\"";
    let output = Command::new("unshare")
        .args(["--net", "--mount", "sh", "-c", script, "sh"])
        .arg(&hosts)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "a_plan_of_the_published_crate_runs_unchanged", "--nocapture"])
        .env(INSIDE, program)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    Ok(())
}

/// Builds the crate's own example, from cargo's copy of the crate or, where there is none, from the registry.
fn build() -> Result<PathBuf, String> {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/testground-example");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("testground-example");
    let cargo = |arguments: &[&str], offline: bool, source: &str| {
        let output = Command::new(env!("CARGO"))
            .args(arguments)
            .args(["--locked"])
            .args(offline.then_some("--offline"))
            .current_dir(&fixture)
            .env("CARGO_TARGET_DIR", &target)
            .env("TESTGROUND_SOURCE", source)
            .output()
            .map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let metadata = ["metadata", "--format-version", "1"];
    let (described, offline) = match cargo(&metadata, true, "") {
        Ok(described) => (described, true),
        Err(_) => {
            let described = cargo(&metadata, false, "")
                .map_err(|error| format!("the `testground` crate cannot be had: {error}"))?;
            (described, false)
        }
    };
    let described: Value = serde_json::from_slice(&described).unwrap();
    let packages = described["packages"].as_array().unwrap();
    let manifest = packages
        .iter()
        .find(|package| package["name"] == "testground")
        .and_then(|package| package["manifest_path"].as_str())
        .unwrap();
    let source = Path::new(manifest).parent().unwrap().to_str().unwrap();
    // Once the sources are here, a build that fails is a failure and no reason to skip.
    cargo(&["build"], offline, source).unwrap_or_else(|error| panic!("{error}"));
    Ok(target.join("debug/testground-example"))
}

/// What one run of the plan came to.
struct Ran {
    /// Event kinds each instance wrote, with what its messages said.
    instances: Vec<String>,
    /// Event kinds that were published, in order.
    published: Vec<String>,
    /// From the first to the last event published.
    took: Duration,
}

fn inside(program: &Path) {
    let runtime = Runtime::new().unwrap();
    let server =
        runtime.block_on(async { SyncServer::bind("127.0.0.1:5050".parse().unwrap()).unwrap() });

    let ran = run(&runtime, &server, program, "publish-subscribe", 3);
    for instance in &ran.instances {
        assert!(instance.contains(r#"{"success_event":{"group":"single"}}"#), "{instance}");
    }
    let leaders = ran.instances.iter().filter(|text| text.contains("acting as the leader"));
    assert_eq!(leaders.count(), 1);
    let payload = r#"I received the payload: {\"foo\":\"bar\"}"#;
    let followers = ran.instances.iter().filter(|text| text.contains(payload));
    assert_eq!(followers.count(), 2);
    let successes = ran.published.iter().filter(|kind| *kind == "success_event");
    assert_eq!(successes.count(), 3);

    // Eight requests one after the other, each in two writes: 44 ms each where our ACKs are delayed.
    let quickest = (0..5).map(|_| {
        let ran = run(&runtime, &server, program, "example", 1);
        assert!(ran.instances[0].contains("Hello, sdk-rust!"), "{}", ran.instances[0]);
        assert_eq!(ran.published, ["stage_start_event", "stage_end_event", "success_event"]);
        ran.took
    });
    let quickest = quickest.min().unwrap();
    assert!(quickest < Duration::from_millis(150), "{quickest:?}");
    runtime.block_on(server.shutdown());
}

fn run(runtime: &Runtime, server: &SyncServer, program: &Path, case: &str, count: usize) -> Ran {
    let keys = KeySpace::new("r1", "sdk-rust", case);
    let mut watcher = server.watch();
    let handle = server.handle();
    // In the sidecar's place.
    for _ in 0..count {
        handle.signal(&keys.state("network-initialized"));
    }
    let outputs = tempfile::tempdir().unwrap();
    let children: Vec<_> = (0..count)
        .map(|index| {
            Command::new(program)
                .env_clear()
                .envs(environment(case, count, index, outputs.path()))
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let mut published = Vec::new();
    let mut times = Vec::new();
    runtime.block_on(async {
        while published.len() < 3 * count {
            let next = tokio::time::timeout(Duration::from_secs(60), watcher.recv()).await;
            if let Some(SyncEvent::RunEvent(event)) = next.expect("an event in time") {
                times.push(Instant::now());
                let event: Value = serde_json::from_str(&event.payload).unwrap();
                published.extend(event.as_object().unwrap().keys().cloned());
            }
        }
    });
    let instances = children.into_iter().map(|child| {
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{}: {stderr}", output.status);
        String::from_utf8(output.stdout).unwrap()
    });
    let instances = instances.collect();
    server.end_run("r1");
    let took = *times.last().unwrap() - times[0];
    Ran { instances, published, took }
}

/// Everything the crate insists on.
fn environment(
    case: &str,
    count: usize,
    index: usize,
    outputs: &Path,
) -> Vec<(&'static str, String)> {
    let outputs = outputs.display().to_string();
    let mut vars = vec![
        ("TEST_CASE", case.to_owned()),
        ("TEST_INSTANCE_COUNT", count.to_string()),
        ("TEST_GROUP_INSTANCE_COUNT", count.to_string()),
        ("HOSTNAME", format!("single-{index}")),
        ("TEST_OUTPUTS_PATH", outputs.clone()),
        ("TEST_TEMP_PATH", outputs),
    ];
    let fixed = [
        ("TEST_PLAN", "sdk-rust"),
        ("TEST_RUN", "r1"),
        ("TEST_GROUP_ID", "single"),
        ("TEST_INSTANCE_PARAMS", "greeting=Hello"),
        ("TEST_CAPTURE_PROFILES", ""),
        ("TEST_INSTANCE_ROLE", ""),
        ("TEST_REPO", ""),
        ("TEST_BRANCH", ""),
        ("TEST_TAG", ""),
        ("TEST_SIDECAR", "true"),
        ("TEST_SUBNET", "127.1.0.0/16"),
        ("TEST_START_TIME", "2026-11-22T20:00:00Z"),
        ("TEST_DISABLE_METRICS", "false"),
        ("INFLUXDB_URL", "http://localhost:8086"),
        ("REDIS_HOST", ""),
    ];
    vars.extend(fixed.map(|(name, value)| (name, value.to_owned())));
    vars
}
