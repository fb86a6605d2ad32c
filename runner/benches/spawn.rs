//! How fast instances start: 200 and 10,000 of them, and with a plan how fast they pass one barrier together.
//!
//! `cargo bench -p ground-runner --bench spawn` starts `/bin/true`;
//! `cargo bench -p ground-runner --bench spawn -- COUNT EXECUTABLE [CASE]` starts a plan's instances, which meet at the
//! sync service, and tells when its barriers opened.
#![allow(clippy::print_stdout, reason = "a bench tells what it measured")]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ground_core::event::EventKind;
use ground_core::execution::{Artifact, Execution, GroupRequest, Resources, RunRequest};
use ground_core::id::RunId;
use ground_runner::local_exec::{LocalExec, LocalExecOptions, ServerSync, make_room};
use ground_runner::runner::{RunControl, Runner as _};
use ground_runner::sync_service::SyncServer;
use tokio_util::sync::CancellationToken;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    match args.as_slice() {
        [] => {
            for count in [200, 10_000] {
                runtime.block_on(measure(count, Path::new("/bin/true"), None));
            }
        }
        [count, executable, rest @ ..] => {
            let count = count.parse().expect("a number of instances");
            let case = rest.first().map_or("barrier-all", String::as_str);
            runtime.block_on(measure(count, Path::new(executable), Some(case)));
        }
        _ => println!("usage: spawn [COUNT EXECUTABLE [CASE]]"),
    }
}

async fn measure(count: u32, executable: &Path, case: Option<&str>) {
    let directory = tempfile::tempdir().expect("a directory");
    let begin = Instant::now();
    make_room(u64::from(count)).expect("room for the instances");
    let server = SyncServer::bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
    let runner = LocalExec::new(
        Arc::new(ServerSync::new(Arc::new(server))),
        LocalExecOptions { temporary: directory.path().join("temporary"), ..Default::default() },
    );
    let (progress, _told) = tokio::sync::mpsc::unbounded_channel();
    let control =
        RunControl { cancel: CancellationToken::new(), kill: CancellationToken::new(), progress };
    let request = request(count, executable, case, directory.path());
    let execution = runner.execute(&request, &control).await.expect("the machinery holds");
    let executed = begin.elapsed();
    let begin = Instant::now();
    let collected = ground_runner::ingest::collect(&execution, &request.outputs, &BTreeMap::new());
    let ingested = begin.elapsed();
    tell(count, executable, &execution);
    let samples: usize = collected.samples.iter().map(|series| series.values.len()).sum();
    println!("  executed in        {:8.3} s", executed.as_secs_f64());
    println!("  {samples} samples read in {:8.3} s", ingested.as_secs_f64());
    for caveat in execution.caveats.iter().chain(&collected.caveats) {
        println!("  caveat: {caveat}");
    }
}

fn tell(count: u32, executable: &Path, execution: &Execution) {
    let seconds = |ns: i64| ns as f64 * 1e-9;
    let last_start = execution.instances.iter().map(|one| one.started_ns).max().unwrap_or(0);
    println!("{count} instances of {}: {}", executable.display(), execution.outcome);
    println!("  first to last start{:8.3} s", seconds(last_start - execution.started_ns));
    for event in &execution.events {
        if let EventKind::BarrierOpened { state, target, first_ns } = &event.kind {
            println!(
                "  barrier `{state}` of {target}: first signal {:.3} s, open {:.3} s, last end {:.3} s after that",
                seconds(first_ns - execution.started_ns),
                seconds(event.at_ns - execution.started_ns),
                seconds(execution.ended_ns - event.at_ns),
            );
        }
    }
    println!(
        "  first start to last end {:8.3} s",
        seconds(execution.ended_ns - execution.started_ns)
    );
}

fn request(count: u32, executable: &Path, case: Option<&str>, directory: &Path) -> RunRequest {
    RunRequest {
        run: RunId::new("bench"),
        plan: "bench".to_owned(),
        case: case.unwrap_or("bare").to_owned(),
        groups: vec![GroupRequest {
            id: "all".to_owned(),
            count,
            artifact: Artifact {
                builder: "exec:bin".to_owned(),
                path: PathBuf::from(executable),
                args: Vec::new(),
                digest: String::new(),
                toolchain: String::new(),
            },
            params: BTreeMap::new(),
            resources: Resources::default(),
            profiles: BTreeMap::new(),
        }],
        seed: 1,
        timeout: Duration::from_secs(120),
        outputs: directory.join("outputs"),
        disable_metrics: false,
        labels: BTreeMap::new(),
        pin: false,
        bare: case.is_none(),
    }
}
