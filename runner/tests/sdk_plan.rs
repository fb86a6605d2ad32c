//! A plan written with the SDK, run as processes that end in every way a process can.
//!
//! This program is both the tests and the plan, so it brings its own `main` instead of the usual one.

#![allow(clippy::print_stdout, reason = "tests say their names")]

mod sdk_service;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use ground_core::sample_file;
use ground_core::sync::key::KeySpace;
use ground_sdk::{Context, Direction, PlanResult, RunEnv, invoke_map};
use serde_json::{Value, json};

use sdk_service::Service;

/// Set where this program is to be the plan.
const GUEST: &str = "SDK_PLAN_GUEST";

fn main() -> ExitCode {
    if std::env::var_os(GUEST).is_some() {
        return guest();
    }
    let tests: &[(&str, fn())] = &[
        ("a_plan_of_three_instances_succeeds", a_plan_of_three_instances_succeeds),
        (
            "failure_panic_and_exit_are_told_apart_and_lose_no_metrics",
            failure_panic_and_exit_are_told_apart_and_lose_no_metrics,
        ),
        ("a_killed_instance_leaves_what_was_flushed", a_killed_instance_leaves_what_was_flushed),
        ("an_instance_that_cannot_be_set_up_says_why", an_instance_that_cannot_be_set_up_says_why),
    ];
    for (name, test) in tests {
        println!("test {name}");
        test();
    }
    ExitCode::SUCCESS
}

fn guest() -> ExitCode {
    invoke_map(&[("ok", ok), ("fail", fail), ("panic", panics), ("exit", exit), ("killed", killed)])
}

fn ok(env: &RunEnv, ctx: &Context) -> PlanResult {
    record(ctx)?;
    ctx.message(format!("{} with seed {}", env.name(), env.seed));
    let (_, names) = ctx.sync.publish_subscribe::<String>("names", env.name())?;
    let mut names: Vec<_> = names.take(env.instance_count as usize).collect::<Result<_, _>>()?;
    names.sort();
    ctx.message(names.join(" "));
    ctx.sync.signal_and_wait("done", env.instance_count)?;
    Ok(())
}

fn fail(_: &RunEnv, ctx: &Context) -> PlanResult {
    record(ctx)?;
    Err(Box::<dyn Error>::from("it did not work"))
}

fn panics(_: &RunEnv, ctx: &Context) -> PlanResult {
    record(ctx)?;
    panic!("out of luck: {}", 7)
}

fn exit(_: &RunEnv, ctx: &Context) -> PlanResult {
    record(ctx)?;
    std::process::exit(3)
}

/// Records, has that written, records again, and waits to be killed.
fn killed(_: &RunEnv, ctx: &Context) -> PlanResult {
    record(ctx)?;
    ctx.metrics.flush()?;
    record(ctx)?;
    ctx.message("kill me");
    loop {
        std::thread::park_timeout(Duration::from_secs(3600));
    }
}

fn record(ctx: &Context) -> PlanResult {
    let operations = ctx.metrics.counter("ops", "count", Direction::Higher)?;
    for _ in 0..1000 {
        operations.increment();
    }
    Ok(())
}

fn spawn(service: &Service, case: &str, index: u32, count: u32, outputs: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .env_clear()
        .env(GUEST, "1")
        .envs(service.environment(case, index, count, outputs))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// What a guest left: its exit, its event lines, what it said on stderr.
struct Left {
    status: ExitStatus,
    events: Vec<Value>,
    stderr: String,
}

fn wait(child: Child) -> Left {
    let output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let events = stdout.lines().map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!((&line["group_id"], &line["run_id"]), (&json!("g"), &json!("r1")));
        assert!(line["ts"].is_i64());
        line["event"].clone()
    });
    Left {
        status: output.status,
        events: events.collect(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

fn metrics(outputs: &Path) -> sample_file::SampleFile {
    sample_file::read(&fs::read(outputs.join("metrics.ground")).unwrap()).unwrap()
}

fn counted(outputs: &Path) -> f64 {
    let file = metrics(outputs);
    assert_eq!(file.definitions[0].name, "ops");
    file.samples.iter().flat_map(|(_, readings)| readings).map(|reading| reading.value).sum()
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event.as_object().unwrap().keys().next().unwrap().as_str()).collect()
}

fn a_plan_of_three_instances_succeeds() {
    let service = Service::start();
    let topic = KeySpace::new("r1", "guest", "ok").run_events();
    let mut published = service.server().handle().subscribe(&topic);
    let directories: Vec<_> = (0..3).map(|_| tempfile::tempdir().unwrap()).collect();
    let guests: Vec<_> = directories
        .iter()
        .zip(0..)
        .map(|(directory, index)| spawn(&service, "ok", index, 3, directory.path()))
        .collect();
    let mut numbers = Vec::new();
    for ((guest, directory), index) in guests.into_iter().zip(&directories).zip(0..) {
        let left = wait(guest);
        assert_eq!((left.status.code(), &*left.stderr), (Some(0), ""));
        let expected = [
            "start_event",
            "stage_start_event",
            "stage_end_event",
            "message_event",
            "message_event",
            "message_event",
            "success_event",
        ];
        assert_eq!(kinds(&left.events), expected);
        let text = |at: usize| left.events[at]["message_event"]["message"].as_str().unwrap();
        numbers.push(text(3).to_owned());
        assert_eq!(text(4), format!("g[{index}] with seed 42"));
        assert_eq!(text(5), "g[0] g[1] g[2]");
        assert_eq!(left.events[6], json!({"success_event": {"group": "g"}}));
        let lines = fs::read_to_string(directory.path().join("run.out")).unwrap();
        assert_eq!(lines.lines().count(), 7);
        assert_eq!(counted(directory.path()), 1000.0);
        assert!(metrics(directory.path()).ended_ns.is_some());
    }
    numbers.sort();
    let expected: Vec<_> =
        (1..=3).map(|n| format!("claimed sequence numbers; global={n}, group(g)={n}")).collect();
    // Every instance has a number of each kind; both are dense, though not always the same one.
    for (found, expected) in numbers.iter().zip(&expected) {
        assert_eq!(found.split(',').next(), expected.split(',').next());
    }
    let mut kinds = BTreeMap::<String, u32>::new();
    for _ in 0..9 {
        let payload = service.runtime.block_on(published.next()).unwrap();
        let event: BTreeMap<String, Value> = serde_json::from_str(&payload).unwrap();
        *kinds.entry(event.into_keys().next().unwrap()).or_default() += 1;
    }
    let expected = [("stage_end_event", 3), ("stage_start_event", 3), ("success_event", 3)];
    assert_eq!(kinds, expected.map(|(kind, count)| (kind.to_owned(), count)).into());
}

fn failure_panic_and_exit_are_told_apart_and_lose_no_metrics() {
    let service = Service::start();
    for (case, code, last) in
        [("fail", 1, "failure_event"), ("panic", 101, "crash_event"), ("exit", 3, "message_event")]
    {
        let directory = tempfile::tempdir().unwrap();
        let left = wait(spawn(&service, case, 0, 1, directory.path()));
        assert_eq!(left.status.code(), Some(code), "{case}: {}", left.stderr);
        assert_eq!(kinds(&left.events).last(), Some(&last));
        assert_eq!(counted(directory.path()), 1000.0, "{case}");
        assert!(metrics(directory.path()).ended_ns.is_some(), "{case}");
        let event = &left.events.last().unwrap()[last];
        match case {
            "fail" => assert_eq!(event, &json!({"group": "g", "error": "it did not work"})),
            "panic" => {
                let error = event["error"].as_str().unwrap();
                assert!(error.starts_with("panic: out of luck: 7 at "), "{error}");
                assert!(!event["stacktrace"].as_str().unwrap().is_empty());
                assert!(left.stderr.contains("out of luck: 7"), "the usual message stays");
            }
            _ => {}
        }
    }
}

fn a_killed_instance_leaves_what_was_flushed() {
    let service = Service::start();
    let directory = tempfile::tempdir().unwrap();
    let mut guest = spawn(&service, "killed", 0, 1, directory.path());
    let mut lines = BufReader::new(guest.stdout.take().unwrap()).lines();
    while !lines.next().unwrap().unwrap().contains("kill me") {}
    guest.kill().unwrap();
    guest.wait().unwrap();
    let found = counted(directory.path());
    // What came after the flush may have been written by the regular write of that second.
    assert!(found == 1000.0 || found == 2000.0, "{found}");
    assert_eq!(metrics(directory.path()).ended_ns, None);
}

fn an_instance_that_cannot_be_set_up_says_why() {
    let service = Service::start();
    let directory = tempfile::tempdir().unwrap();
    let left = wait(spawn(&service, "nonesuch", 0, 1, directory.path()));
    assert_eq!(left.status.code(), Some(2));
    let known = "known are `ok`, `fail`, `panic`, `exit`, `killed`";
    assert_eq!(left.stderr, format!("error: unknown testcase `nonesuch`; {known}\n"));
    assert_eq!(kinds(&left.events), ["failure_event"]);

    let output = Command::new(std::env::current_exe().unwrap())
        .env_clear()
        .env(GUEST, "1")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.starts_with("error: `TEST_PLAN` is not set"), "{stderr}");
}
