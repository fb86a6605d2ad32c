//! The plan in Python against the real sync service.
#![allow(missing_docs, clippy::print_stderr, reason = "tests report skips")]

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use ground_runner::sync_service::SyncServer;
use serde_json::Value;

const PLAN: &str = "../plans/wordcount-py";

/// Returns whether Python is there, and says so when it is not.
fn python() -> bool {
    let there =
        Command::new("python3").arg("--version").output().is_ok_and(|out| out.status.success());
    if !there {
        eprintln!("skipped: python3 is not installed");
    }
    there
}

struct Ended {
    success: bool,
    events: Vec<Value>,
    stderr: String,
    metrics: Vec<Value>,
}

fn start(outputs: &Path, port: u16, case: &str, instances: usize, params: &str) -> Child {
    std::fs::create_dir_all(outputs).unwrap();
    Command::new("python3")
        .args(["-B", "wordcount.py"])
        .current_dir(PLAN)
        .envs([
            ("TEST_PLAN", "wordcount-py"),
            ("TEST_CASE", case),
            ("TEST_RUN", "r1"),
            ("TEST_GROUP_ID", "all"),
        ])
        .envs([("TEST_SUBNET", "127.1.0.0/16"), ("SYNC_SERVICE_HOST", "127.0.0.1")])
        .env("TEST_INSTANCE_COUNT", instances.to_string())
        .env("TEST_INSTANCE_PARAMS", params)
        .env("TEST_OUTPUTS_PATH", outputs)
        .env("SYNC_SERVICE_PORT", port.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
        .collect()
}

fn end(mut child: Child, outputs: &Path) -> Ended {
    let (mut stdout, mut stderr) = (String::new(), String::new());
    child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    let success = child.wait().unwrap().success();
    let metrics = std::fs::read_to_string(outputs.join("metrics.ndjson")).unwrap_or_default();
    Ended { success, events: lines(&stdout), stderr, metrics: lines(&metrics) }
}

/// Runs `instances` instances to their end.
async fn run(case: &'static str, instances: usize, params: &'static str) -> Vec<Ended> {
    let server = SyncServer::bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = server.local_addr().port();
    let ended = tokio::task::spawn_blocking(move || {
        let directory = tempfile::tempdir().unwrap();
        let outputs: Vec<_> =
            (0..instances).map(|number| directory.path().join(number.to_string())).collect();
        let children: Vec<Child> =
            outputs.iter().map(|outputs| start(outputs, port, case, instances, params)).collect();
        children.into_iter().zip(&outputs).map(|(child, outputs)| end(child, outputs)).collect()
    });
    let ended = ended.await.unwrap();
    server.shutdown().await;
    ended
}

fn names(ended: &Ended) -> Vec<&str> {
    ended
        .events
        .iter()
        .map(|line| line["event"].as_object().unwrap().keys().next().unwrap().as_str())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_instances_count_together_and_measure() {
    if !python() {
        return;
    }
    let all = run("count", 4, "words=3000|vocabulary=200|rounds=2|seed=1").await;
    assert_eq!(all.len(), 4);
    for ended in &all {
        assert!(ended.success, "{}", ended.stderr);
        assert_eq!(ended.stderr, "");
        assert_eq!(names(ended), ["start_event", "message_event", "success_event"]);
        assert_eq!(ended.events[2]["event"]["success_event"]["group"], "all");
        let mut samples: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        for line in &ended.metrics {
            samples
                .entry(line["metric"].as_str().unwrap())
                .or_default()
                .push(line["value"].as_f64().unwrap());
        }
        let counts: Vec<(&str, usize)> =
            samples.iter().map(|(name, values)| (*name, values.len())).collect();
        assert_eq!(
            counts,
            [("count_s", 2), ("sent_bytes", 2), ("shuffle_s", 2), ("words_per_s", 2)]
        );
        assert!(samples.values().flatten().all(|value| *value > 0.0), "{samples:?}");
        assert_eq!(
            samples["sent_bytes"][0], samples["sent_bytes"][1],
            "the same text makes the same shares"
        );
    }
    let messages: Vec<String> = all
        .iter()
        .map(|ended| ended.events[1]["event"]["message_event"]["message"].to_string())
        .collect();
    for number in 0..4 {
        assert!(
            messages.iter().any(|text| text.contains(&format!("instance {number} of 4"))),
            "{messages:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nonsense_is_a_failure_with_its_reason() {
    if !python() {
        return;
    }
    let unknown = run("weigh", 1, "").await.remove(0);
    assert!(!unknown.success);
    assert_eq!(
        unknown.events[0]["event"]["failure_event"]["error"],
        "this plan has no testcase `weigh`"
    );

    let zero = run("count", 1, "words=0|vocabulary=1|rounds=1|seed=1").await.remove(0);
    assert!(!zero.success);
    let last = &zero.events.last().unwrap()["event"]["failure_event"]["error"];
    assert_eq!(last, "parameter `words` is 0; it has to be above 0");

    let no_number = run("count", 1, "words=many|vocabulary=1|rounds=1|seed=1").await.remove(0);
    assert!(!no_number.success);
    let crash = &no_number.events.last().unwrap()["event"]["crash_event"];
    assert!(crash["error"].as_str().unwrap().starts_with("ValueError"), "{crash}");
    assert!(crash["stacktrace"].as_str().unwrap().contains("instance.py"), "{crash}");
}

#[test]
fn without_a_sync_service_it_ends_with_a_reason() {
    if !python() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let ended = end(start(directory.path(), free, "count", 1, ""), directory.path());
    assert!(!ended.success && ended.events.is_empty());
    assert!(ended.stderr.contains("Connection refused"), "{}", ended.stderr);
}

#[test]
fn its_own_tests_pass() {
    if !python() {
        return;
    }
    let out =
        Command::new("python3").args(["-B", "-m", "unittest"]).current_dir(PLAN).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}
