//! `local:exec` with plans written in shell.
#![allow(clippy::print_stdout, reason = "tests report skips")]
#![allow(missing_docs, unreachable_pub, reason = "a test")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ground_core::event::{Event, EventKind};
use ground_core::id::{InstanceId, RunId};
use ground_core::outcome::OutcomeKind;
use ground_runner::local_exec::{LocalExec, SyncView};
use ground_runner::runner::{OpenBarrier, RunProgress, Runner as _};
use support::{Bench, Presence, SUCCESS, control, group};

fn outcomes(execution: &ground_core::execution::Execution) -> Vec<(OutcomeKind, &str)> {
    let outcomes = execution.instances.iter().map(|one| &one.outcome);
    outcomes.map(|outcome| (outcome.kind, outcome.reason.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_start_is_refused_before_anything_starts() {
    let bench = Bench::new();
    let error = bench.run(&bench.request_for(Vec::new())).await.unwrap_err();
    assert_eq!(error.what, "the run has no instances");
    let error = bench.run(&bench.request("true", 0)).await.unwrap_err();
    assert_eq!(error.what, "the run has no instances");
    let missing = bench.path("missing");
    let error = bench.run(&bench.request_for(vec![group("g", &missing, 2)])).await.unwrap_err();
    assert!(
        error.what.ends_with("cannot be started: No such file or directory (os error 2)"),
        "{error}"
    );
    let plain = bench.path("plain");
    std::fs::write(&plain, "x").unwrap();
    let error = bench.run(&bench.request_for(vec![group("g", &plain, 2)])).await.unwrap_err();
    assert!(error.what.ends_with("it is not executable"), "{error}");
    let script = bench.script("ok", "true");
    for name in ["../up", "", ".", "a/b", "/etc"] {
        let error = bench.run(&bench.request_for(vec![group(name, &script, 1)])).await.unwrap_err();
        assert_eq!(error.what, format!("group name `{name}` cannot be the name of a directory"));
    }
    let twice = vec![group("g", &script, 1), group("g", &script, 1)];
    let error = bench.run(&bench.request_for(twice)).await.unwrap_err();
    assert_eq!(error.what, "group `g` appears twice");
    let mut torn = group("g", &script, 1);
    torn.params.insert("a".to_owned(), "x|y".to_owned());
    let error = bench.run(&bench.request_for(vec![torn])).await.unwrap_err();
    assert!(error.what.contains("parameter `a` of group `g` contains `|`"), "{error}");
    assert!(!bench.path("outputs").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn more_instances_than_the_machine_can_hold_name_the_limit() {
    let bench = Bench::new();
    let error = bench.run(&bench.request("true", 100_000_000)).await.unwrap_err();
    assert!(error.what.starts_with("100000000 instances need 100001500 open files, but the hard limit of open files (RLIMIT_NOFILE) allows "), "{error}");
    assert!(error.hint.contains("ulimit -Hn 100001500"), "{}", error.hint);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_no_kernel_can_execute_is_an_infrastructure_error() {
    let bench = Bench::new();
    let path = bench.script("plan", "true");
    std::fs::write(&path, "no first line\n").unwrap();
    let execution = bench.run(&bench.request_for(vec![group("g", &path, 3)])).await.unwrap();
    assert_eq!(execution.outcome.kind, OutcomeKind::InfraError);
    assert_eq!(execution.instances.len(), 3);
    let reason = &execution.instances[0].outcome.reason;
    assert!(
        reason.starts_with("could not be started: executing it failed: Exec format error"),
        "{reason}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_end_gets_its_outcome() {
    let bench = Bench::new();
    let cases = [
        (SUCCESS, OutcomeKind::Success, ""),
        ("true", OutcomeKind::Failure, "no outcome: exited with status 0 without saying success"),
        (
            "echo oops >&2; exit 3",
            OutcomeKind::Failure,
            "exited with status 3 without an outcome: oops",
        ),
        (
            r#"echo '{"ts":1,"event":{"failure_event":{"group":"g","error":"bad luck"}}}'"#,
            OutcomeKind::Failure,
            "failed: bad luck",
        ),
        (
            r#"echo '{"ts":1,"event":{"crash_event":{"groups":"g","error":"nil","stacktrace":"s"}}}'; exit 101"#,
            OutcomeKind::Crash,
            "crashed: nil",
        ),
        ("kill -SEGV $$", OutcomeKind::Crash, "killed by signal 11 (SIGSEGV) after"),
        (
            r#"echo '{"event":{"success_event":{}}}'; kill -9 $$"#,
            OutcomeKind::Crash,
            "said success, then killed by signal 9 (SIGKILL) after",
        ),
        (
            r#"echo '{"event":{"success_event":{}}}'; exit 2"#,
            OutcomeKind::Failure,
            "said success, then exited with status 2",
        ),
        (r#"echo '{"event":{"success_event":{}}}' > run.out"#, OutcomeKind::Success, ""),
        (
            "echo 'lookup testground-sync-service: no such host' >&2; exit 1",
            OutcomeKind::Failure,
            "the plan hard-codes the host `testground-sync-service`, which `local:exec` cannot give it; runner \
             `local:netns` can",
        ),
        (
            r#"head -c 10000000 /dev/zero | tr '\0' x; printf '\n\377\376 \033[1m{"event":{"success_event":{}}}\033[0m\n'"#,
            OutcomeKind::Success,
            "",
        ),
    ];
    let groups = cases.iter().enumerate().map(|(number, (body, _, _))| {
        group(&format!("g{number}"), &bench.script(&format!("plan{number}"), body), 1)
    });
    let execution = bench.run(&bench.request_for(groups.collect())).await.unwrap();
    for (found, (body, kind, reason)) in outcomes(&execution).into_iter().zip(&cases) {
        assert_eq!(found.0, *kind, "{body}: {}", found.1);
        assert!(found.1.starts_with(reason), "{body}: {}", found.1);
    }
    assert_eq!(execution.outcome.kind, OutcomeKind::Crash);
    assert_eq!(execution.instances[5].signal, Some(11));
    assert_eq!(execution.instances[2].exit_code, Some(3));
    assert_eq!(execution.caveats, ["1 lines were longer than 1 MiB and are read in part only"]);
    for one in &execution.instances {
        assert!(one.started_ns > 0 && one.ended_ns >= one.started_ns);
    }
    // Nothing is left of the temporary directories.
    assert_eq!(std::fs::read_dir(bench.path("temporary")).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bare_executable_needs_only_its_exit_status() {
    let bench = Bench::new();
    let mut request = bench.request("true", 2);
    request.bare = true;
    assert!(bench.run(&request).await.unwrap().outcome.is_success());
    let mut request = bench.request("exit 1", 2);
    request.bare = true;
    assert_eq!(bench.run(&request).await.unwrap().outcome.kind, OutcomeKind::Failure);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_sees_the_documented_environment_and_nothing_else() {
    let bench = Bench::new();
    let script = bench.script(
        "plan",
        &format!("env -0 > environment; pwd > place; cut -d' ' -f1,5,6 /proc/self/stat > ids; echo $$ > pid\n\
                  test -d \"$TEST_TEMP_PATH\" && test -w . && {SUCCESS}"),
    );
    let groups = vec![group("a", &script, 2), group("b", &script, 1)];
    let execution = bench.run(&bench.request_for(groups)).await.unwrap();
    assert!(execution.outcome.is_success(), "{}", execution.outcome);
    let text = bench.output("b/0/environment");
    let variables: BTreeMap<&str, &str> =
        text.split_terminator('\0').filter_map(|entry| entry.split_once('=')).collect();
    assert_eq!(variables["GROUND_INSTANCE"], "b[0]");
    assert_eq!(variables["GROUND_INSTANCE_INDEX"], "2");
    assert_eq!(variables["GROUND_SEED"], "7719");
    assert_eq!(variables["TEST_INSTANCE_COUNT"], "3");
    assert_eq!(variables["TEST_GROUP_INSTANCE_COUNT"], "1");
    assert_eq!(variables["TEST_RUN"], "run1");
    let known = [
        "PATH",
        "TMPDIR",
        "INFLUXDB_URL",
        "REDIS_HOST",
        "LOG_LEVEL",
        "ADDITIONAL_HOSTS",
        "POD_IP",
        "HOST_IP",
        "HOSTNAME",
        "SYNC_SERVICE_HOST",
        "SYNC_SERVICE_PORT",
        // What a shell sets itself.
        "PWD",
        "OLDPWD",
        "SHLVL",
        "_",
    ];
    for name in variables.keys() {
        let ours = name.starts_with("TEST_") || name.starts_with("GROUND_") || known.contains(name);
        assert!(ours, "{name} came from the engine");
    }
    let place = bench.output("b/0/place");
    assert!(place.trim_end().ends_with("outputs/b/0"), "{place}");
    // Group and session are led by the instance itself.
    let pid = bench.output("b/0/pid").trim().to_owned();
    assert!(bench.output("b/0/ids").trim_end().ends_with(&format!("{pid} {pid}")));
    let hosts: BTreeSet<String> = ["a/0", "a/1", "b/0"]
        .iter()
        .map(|place| {
            let text = bench.output(&format!("{place}/environment"));
            text.split('\0').find(|entry| entry.starts_with("HOSTNAME=")).unwrap().to_owned()
        })
        .collect();
    assert_eq!(hosts.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn instances_are_pinned_round_robin() {
    let bench = Bench::new();
    let mut request =
        bench.request(&format!("grep Cpus_allowed_list /proc/self/status > cpu; {SUCCESS}"), 4);
    request.pin = true;
    assert!(bench.run(&request).await.unwrap().outcome.is_success());
    let cpus: Vec<usize> = (0..4)
        .map(|n| {
            bench.output(&format!("g/{n}/cpu")).split_whitespace().last().unwrap().parse().unwrap()
        })
        .collect();
    let available = std::thread::available_parallelism().unwrap().get();
    assert_eq!(cpus.iter().collect::<BTreeSet<_>>().len(), available.min(4));
    assert_eq!(cpus[0], cpus[available.min(4) % 4]);
}

/// A sync service at which `g[1]` never arrives.
struct Stuck;

impl SyncView for Stuck {
    fn addr(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], 9))
    }
    fn begin_run(&self, _run: &RunId, instances: &[InstanceId]) {
        assert_eq!(instances.len(), 2);
    }
    fn open_barriers(&self, _run: &RunId) -> Vec<OpenBarrier> {
        vec![OpenBarrier {
            state: "ready".to_owned(),
            arrived: 1,
            target: 2,
            missing: vec!["g[1]".to_owned()],
        }]
    }
    fn identify(&self, groups: &[(i32, InstanceId)]) {
        assert!(!groups.is_empty());
        assert!(groups.iter().all(|(group, _)| *group > 1));
    }
    fn waiters(&self, _run: &RunId) -> usize {
        1
    }
    fn end_run<'a>(&'a self, _run: &'a RunId) -> futures::future::BoxFuture<'a, Vec<Event>> {
        let instance = Some(InstanceId { group: "g".to_owned(), index: 0 });
        let kind = EventKind::StageStart("ready".to_owned());
        Box::pin(async move { vec![Event { at_ns: 5, instance, kind }] })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeout_says_where_everybody_stood() {
    let bench = Bench::new();
    let mut request = bench.request("sleep 1000 & sleep 1000", 2);
    request.timeout = Duration::from_millis(500);
    let (control, mut progress) = control();
    let runner = LocalExec::new(Arc::new(Stuck), bench.options());
    let execution = runner.execute(&request, &control).await.unwrap();
    assert_eq!(execution.outcome.kind, OutcomeKind::Timeout);
    let found = outcomes(&execution);
    assert!(
        found[0].1.ends_with("at barrier `ready` 1 of 2 arrived, missing g[1]"),
        "{}",
        found[0].1
    );
    assert!(
        found[1].1.ends_with("has not signalled `ready`, at which 1 of 2 arrived"),
        "{}",
        found[1].1
    );
    assert_eq!(execution.events.len(), 1);
    let mut told = Vec::new();
    while let Ok(one) = progress.try_recv() {
        told.push(one);
    }
    assert!(told.iter().any(|one| matches!(one, RunProgress::Barriers(open) if open.len() == 1)));
    let last = told.iter().rev().find(|one| matches!(one, RunProgress::Instances { .. }));
    let expected = RunProgress::Instances { total: 2, started: 2, succeeded: 0, failed: 2 };
    assert_eq!(last, Some(&expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_waits_for_a_failed_instance_is_ended() {
    let bench = Bench::new();
    let request = bench.request("test $GROUND_INSTANCE_INDEX = 0 && sleep 1000; exit 3", 2);
    let (control, _progress) = control();
    let runner = LocalExec::new(Arc::new(Stuck), bench.options());
    let execution = runner.execute(&request, &control).await.unwrap();
    let found = outcomes(&execution);
    assert_eq!(found[0].0, OutcomeKind::Failure);
    let reason = "it waited for an instance that had failed: at barrier `ready` 1 of 2 arrived, missing g[1]";
    assert!(found[0].1.ends_with(reason), "{}", found[0].1);
    assert_eq!(found[1].1, "exited with status 3 without an outcome");
    // The run's reason is the one that explains it.
    assert_eq!(
        execution.outcome.reason,
        "2 of 2 instances: exited with status 3 without an outcome"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn cancel_asks_first_and_kills_after_the_grace() {
    let bench = Bench::new();
    let mut presence = Presence::new(&bench.path("fifo"));
    let fifo = bench.path("fifo");
    let polite = bench.script(
        "polite",
        &format!("exec 3>{}\ntrap 'echo bye > asked; exit 0' TERM\necho up >&3\nwhile :; do sleep 0.05; done", fifo.display()),
    );
    let stubborn = bench.script(
        "stubborn",
        &format!(
            "exec 3>{}\ntrap '' TERM\necho up >&3\nwhile :; do sleep 0.05; done",
            fifo.display()
        ),
    );
    let request =
        bench.request_for(vec![group("polite", &polite, 1), group("stubborn", &stubborn, 1)]);
    let (control, _progress) = control();
    let cancel = control.cancel.clone();
    let runner = bench.runner();
    let run = tokio::spawn(async move { runner.execute(&request, &control).await.unwrap() });
    let mut presence = tokio::task::spawn_blocking(move || {
        presence.wait_for_lines(2);
        presence
    })
    .await
    .unwrap();
    cancel.cancel();
    let execution = run.await.unwrap();
    assert!(execution.instances.iter().all(|one| one.outcome.kind == OutcomeKind::Canceled));
    assert_eq!(execution.instances[0].exit_code, Some(0));
    assert_eq!(execution.instances[1].signal, Some(9));
    assert_eq!(bench.output("polite/0/asked"), "bye\n");
    presence.wait_for_the_last();
}

#[tokio::test(flavor = "multi_thread")]
async fn kill_does_not_wait() {
    let bench = Bench::new();
    let mut options = bench.options();
    options.grace = Duration::from_secs(3600);
    let request = bench.request("trap '' TERM; while :; do sleep 0.05; done", 3);
    let (control, mut progress) = control();
    let (cancel, kill) = (control.cancel.clone(), control.kill.clone());
    let runner = LocalExec::new(Arc::new(ground_runner::local_exec::IdleSync), options);
    let run = tokio::spawn(async move { runner.execute(&request, &control).await.unwrap() });
    while let Some(one) = progress.recv().await {
        if matches!(one, RunProgress::Instances { started: 3, .. }) {
            break;
        }
    }
    cancel.cancel();
    kill.cancel();
    let begin = Instant::now();
    let execution = run.await.unwrap();
    assert!(begin.elapsed() < Duration::from_secs(60));
    assert!(execution.instances.iter().all(|one| one.outcome.kind == OutcomeKind::Canceled));
}

/// Starts grandchildren that stay, leave the group, leave the session, and clear their environment.
fn family(fifo: &std::path::Path, tail: &str) -> String {
    let fifo = fifo.display();
    format!(
        "exec 3>{fifo}\n\
         sleep 1000 &\n\
         setsid sleep 1000 &\n\
         (setsid sh -c 'sleep 1000 & sleep 1000' &)\n\
         env -i PATH=\"$PATH\" setsid sleep 1000 &\n\
         echo up >&3\n{tail}"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_an_instance_outlives_the_run() {
    let bench = Bench::new();
    let mut presence = Presence::new(&bench.path("fifo"));
    let body = family(&bench.path("fifo"), SUCCESS);
    let execution = bench.run_script(&body, 3).await;
    assert!(execution.outcome.is_success(), "{}", execution.outcome);
    presence.wait_for_the_last();
    assert!(
        execution.caveats[0].ends_with("outlived their instance and were ended"),
        "{:?}",
        execution.caveats
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_outlives_a_run_that_nobody_waits_for() {
    let bench = Bench::new();
    let mut presence = Presence::new(&bench.path("fifo"));
    let body = family(&bench.path("fifo"), "while :; do sleep 0.05; done");
    let request = bench.request(&body, 2);
    let runner = bench.runner();
    let (control, _progress) = control();
    let run = tokio::spawn(async move { runner.execute(&request, &control).await });
    let mut presence = tokio::task::spawn_blocking(move || {
        presence.wait_for_lines(2);
        presence
    })
    .await
    .unwrap();
    run.abort();
    let _ = run.await;
    tokio::task::spawn_blocking(move || presence.wait_for_the_last()).await.unwrap();
}

/// Set in the process that plays the engine.
const ENGINE: &str = "PLAY_ENGINE_IN";

/// Plays the engine when it is started by the test below; by itself it does nothing.
#[tokio::test(flavor = "multi_thread")]
async fn engine_that_is_killed() {
    let Some(directory) = std::env::var_os(ENGINE) else {
        return;
    };
    let directory = std::path::PathBuf::from(directory);
    let bench = Bench::new();
    let mut request =
        bench.request(&family(&directory.join("fifo"), "while :; do sleep 0.05; done"), 3);
    request.outputs = directory.join("outputs");
    let runner = LocalExec::new(
        Arc::new(ground_runner::local_exec::IdleSync),
        ground_runner::local_exec::LocalExecOptions {
            temporary: directory.join("temporary"),
            ..bench.options()
        },
    );
    let (control, _progress) = control();
    runner.execute(&request, &control).await.unwrap();
}

#[test]
fn nothing_survives_the_engines_death() {
    let bench = Bench::new();
    let mut presence = Presence::new(&bench.path("fifo"));
    let mut engine = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "engine_that_is_killed", "--nocapture"])
        .env(ENGINE, bench.directory.path())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    presence.wait_for_lines(3);
    engine.kill().unwrap();
    engine.wait().unwrap();
    presence.wait_for_the_last();
    // The guard ends after its sweep and removes the temporary directories last.
    let marker = bench.path("temporary");
    let mut watched = Watched::new(&marker);
    watched.wait_until_empty();
    assert!(bench.path("outputs/g/0/stdout.log").exists());
}

/// Waits on inotify for a directory to become empty.
struct Watched {
    inotify: nix::sys::inotify::Inotify,
    path: std::path::PathBuf,
}

impl Watched {
    fn new(path: &std::path::Path) -> Self {
        use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
        let inotify = Inotify::init(InitFlags::empty()).unwrap();
        inotify.add_watch(path, AddWatchFlags::IN_DELETE).unwrap();
        Self { inotify, path: path.to_owned() }
    }

    fn wait_until_empty(&mut self) {
        while std::fs::read_dir(&self.path).unwrap().next().is_some() {
            self.inotify.read_events().unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_memory_limit_holds_and_is_named() {
    let bench = Bench::new();
    let mut request =
        bench.request(&format!("x=$(head -c 100000000 /dev/zero | tr '\\0' x); {SUCCESS}"), 1);
    request.groups[0].resources.memory_bytes = Some(32 << 20);
    let execution = bench.run(&request).await.unwrap();
    let outcome = &execution.instances[0].outcome;
    assert!(!outcome.is_success(), "{outcome}");
    if let Some(caveat) = execution.caveats.iter().find(|caveat| caveat.contains("RLIMIT_DATA")) {
        println!("skipped: memory limit by cgroup: {caveat}");
        return;
    }
    assert_eq!(outcome.kind, OutcomeKind::Crash);
    assert!(outcome.reason.contains("memory limit 32 MiB was reached"), "{outcome}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_processor_limit_slows_an_instance_down() {
    let bench = Bench::new();
    let mut request =
        bench.request(&format!("i=0; while [ $i -lt 60000 ]; do i=$((i+1)); done; {SUCCESS}"), 1);
    request.groups[0].resources.cpu_millis = Some(100);
    let execution = bench.run(&request).await.unwrap();
    if let Some(caveat) =
        execution.caveats.iter().find(|caveat| caveat.contains("processor limits"))
    {
        println!("skipped: processor limit by cgroup: {caveat}");
        return;
    }
    let one = &execution.instances[0];
    assert!(one.outcome.is_success(), "{}", one.outcome);
    let wall = (one.ended_ns - one.started_ns) as f64 * 1e-9;
    let used = one.cpu_user_s + one.cpu_system_s;
    // A tenth of a processor, and one period of credit at each end.
    assert!(used <= 0.1 * wall + 0.03, "{used} s of processor in {wall} s");
}

#[tokio::test(flavor = "multi_thread")]
async fn time_and_memory_used_are_counted() {
    let bench = Bench::new();
    let execution = bench
        .run_script(&format!("i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done; {SUCCESS}"), 1)
        .await;
    let one = &execution.instances[0];
    assert!(one.cpu_user_s > 0.01, "{}", one.cpu_user_s);
    assert!(one.max_rss_bytes < 1 << 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_of_the_engine_are_not_reaped_by_the_runner() {
    let bench = Bench::new();
    let mut child = std::process::Command::new("sh").args(["-c", "exit 7"]).spawn().unwrap();
    let execution = bench.run_script(SUCCESS, 20).await;
    assert!(execution.outcome.is_success());
    assert_eq!(child.wait().unwrap().code(), Some(7));
}
