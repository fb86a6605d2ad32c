//! Every end of the placebo as the engine sees it, over a real sync service.
#![allow(clippy::print_stdout, reason = "tests report skips")]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ground_core::event::EventKind;
use ground_core::execution::{Artifact, Execution, GroupRequest, Resources, RunRequest};
use ground_core::id::RunId;
use ground_core::metric::{Direction, MetricKind};
use ground_core::outcome::OutcomeKind;
use ground_runner::ingest;
use ground_runner::local_exec::{LocalExec, LocalExecOptions, ServerSync};
use ground_runner::runner::{RunControl, Runner as _};
use ground_runner::sync_service::SyncServer;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

fn request(case: &str, count: u32, directory: &TempDir) -> RunRequest {
    RunRequest {
        run: RunId::new(format!("run-{case}")),
        plan: "placebo".to_owned(),
        case: case.to_owned(),
        groups: vec![GroupRequest {
            id: "all".to_owned(),
            count,
            artifact: Artifact {
                builder: "exec:cargo".to_owned(),
                path: PathBuf::from(env!("CARGO_BIN_EXE_placebo")),
                args: Vec::new(),
                digest: String::new(),
                toolchain: String::new(),
            },
            params: BTreeMap::new(),
            resources: Resources::default(),
            profiles: BTreeMap::new(),
        }],
        seed: 1,
        timeout: Duration::from_secs(60),
        outputs: directory.path().join("outputs"),
        disable_metrics: false,
        labels: BTreeMap::new(),
        pin: false,
        bare: false,
    }
}

async fn run(request: &RunRequest, directory: &TempDir) -> Execution {
    let server = SyncServer::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let runner = LocalExec::new(
        Arc::new(ServerSync::new(Arc::new(server))),
        LocalExecOptions { temporary: directory.path().join("temporary"), ..Default::default() },
    );
    let (progress, _told) = tokio::sync::mpsc::unbounded_channel();
    let control =
        RunControl { cancel: CancellationToken::new(), kill: CancellationToken::new(), progress };
    runner.execute(request, &control).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn failure_and_panic_tell_their_reason() {
    let directory = TempDir::new().unwrap();
    let mut fail = request("fail", 2, &directory);
    fail.groups[0].params.insert("reason".to_owned(), "no luck".to_owned());
    let execution = run(&fail, &directory).await;
    assert_eq!(execution.outcome.kind, OutcomeKind::Failure);
    assert_eq!(execution.outcome.reason, "2 of 2 instances: failed: no luck");
    let execution = run(&request("panic", 1, &directory), &directory).await;
    assert_eq!(execution.outcome.kind, OutcomeKind::Crash);
    assert!(execution.outcome.reason.contains("panicked on purpose"), "{}", execution.outcome);
    let execution = run(&request("absent", 1, &directory), &directory).await;
    assert_eq!(execution.outcome.kind, OutcomeKind::Failure);
    assert!(
        execution.outcome.reason.contains("unknown testcase `absent`"),
        "{}",
        execution.outcome
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_run_names_who_is_missing() {
    let directory = TempDir::new().unwrap();
    let mut stall = request("stall", 3, &directory);
    stall.timeout = Duration::from_secs(5);
    let execution = run(&stall, &directory).await;
    assert_eq!(execution.outcome.kind, OutcomeKind::Timeout);
    let reasons: Vec<&str> =
        execution.instances.iter().map(|one| one.outcome.reason.as_str()).collect();
    let arrived = "has not signalled `everybody-is-here`, at which 2 of 3 arrived";
    assert_eq!(reasons.iter().filter(|reason| reason.ends_with(arrived)).count(), 1, "{reasons:?}");
    let waits = "at barrier `everybody-is-here` 2 of 3 arrived, missing all[";
    assert_eq!(reasons.iter().filter(|reason| reason.contains(waits)).count(), 2, "{reasons:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_memory_limit_is_named() {
    let directory = TempDir::new().unwrap();
    let mut oom = request("oom", 1, &directory);
    oom.groups[0].resources.memory_bytes = Some(64 << 20);
    let execution = run(&oom, &directory).await;
    assert!(!execution.outcome.is_success());
    if let Some(caveat) = execution.caveats.iter().find(|caveat| caveat.contains("RLIMIT_DATA")) {
        println!("skipped: memory limit by cgroup: {caveat}");
        return;
    }
    assert!(
        execution.outcome.reason.contains("memory limit 64 MiB was reached"),
        "{}",
        execution.outcome
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_meets_and_the_wait_is_measured() {
    let directory = TempDir::new().unwrap();
    let request = request("barrier-all", 20, &directory);
    let execution = run(&request, &directory).await;
    assert!(execution.outcome.is_success(), "{}", execution.outcome);
    assert!(execution.caveats.is_empty(), "{:?}", execution.caveats);
    let opened = execution.events.iter().filter(
        |event| matches!(&event.kind, EventKind::BarrierOpened { state, target: 20, .. } if state == "all"),
    );
    assert_eq!(opened.count(), 1);
    let successes = execution.events.iter().filter(|event| event.kind == EventKind::Success);
    assert_eq!(successes.count(), 20);
    let collected = ingest::collect(&execution, &request.outputs, &BTreeMap::new());
    assert!(collected.caveats.is_empty(), "{:?}", collected.caveats);
    let wait = collected.metrics.iter().position(|metric| metric.name == "barrier_wait_s").unwrap();
    assert_eq!(collected.metrics[wait].kind, MetricKind::Timer);
    assert_eq!(collected.metrics[wait].direction, Direction::Lower);
    let points: Vec<_> =
        collected.points.iter().filter(|point| point.metric as usize == wait).collect();
    assert!(points.iter().all(|point| point.samples == 20 && point.value > 0.0), "{points:?}");
    assert!(!points.is_empty());
}
