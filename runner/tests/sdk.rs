//! The SDK against the sync service, within this process and as processes of a plan.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use ground_core::sample_file;
use ground_core::sync::key::KeySpace;
use ground_runner::sync_service::SyncServer;
use ground_sdk::{RunEnv, SyncClient, SyncError};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// A service with a runtime of its own, since the SDK blocks.
struct Service {
    runtime: Runtime,
    server: Option<SyncServer>,
}

impl Service {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let server =
            runtime.block_on(async { SyncServer::bind("127.0.0.1:0".parse().unwrap()).unwrap() });
        Self { runtime, server: Some(server) }
    }

    fn server(&self) -> &SyncServer {
        self.server.as_ref().unwrap()
    }

    fn end(&mut self) {
        if let Some(server) = self.server.take() {
            self.runtime.block_on(server.shutdown());
        }
    }

    fn environment(
        &self,
        case: &str,
        index: u32,
        count: u32,
        outputs: &Path,
    ) -> BTreeMap<&'static str, String> {
        let port = self.server().local_addr().port();
        [
            ("TEST_PLAN", "guest".to_owned()),
            ("TEST_CASE", case.to_owned()),
            ("TEST_RUN", "r1".to_owned()),
            ("TEST_GROUP_ID", "g".to_owned()),
            ("TEST_INSTANCE_COUNT", count.to_string()),
            ("TEST_GROUP_INSTANCE_COUNT", count.to_string()),
            ("TEST_INSTANCE_PARAMS", String::new()),
            ("TEST_OUTPUTS_PATH", outputs.display().to_string()),
            ("TEST_SIDECAR", "false".to_owned()),
            ("SYNC_SERVICE_HOST", "127.0.0.1".to_owned()),
            ("SYNC_SERVICE_PORT", port.to_string()),
            ("GROUND_INSTANCE", format!("g[{index}]")),
            ("GROUND_INSTANCE_INDEX", index.to_string()),
            ("GROUND_SEED", "42".to_owned()),
        ]
        .into()
    }

    fn client(&self, index: u32) -> SyncClient {
        let vars = self.environment("case", index, 2, Path::new("/nowhere"));
        let env = RunEnv::from_lookup(|name| vars.get(name).cloned()).unwrap();
        SyncClient::connect(&env).unwrap()
    }

    fn spawn(&self, case: &str, index: u32, count: u32, outputs: &Path) -> Child {
        Command::new(guest())
            .env_clear()
            .envs(self.environment(case, index, count, outputs))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

/// Cargo builds a package's examples with its tests, beside them.
fn guest() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().and_then(Path::parent).unwrap().join("examples/sdk_guest")
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

#[test]
fn a_service_that_is_not_there_is_named() {
    let mut service = Service::start();
    let vars = service.environment("case", 0, 1, Path::new("/nowhere"));
    let address = service.server().local_addr();
    service.end();
    let env = RunEnv::from_lookup(|name| vars.get(name).cloned()).unwrap();
    let error = SyncClient::connect(&env).unwrap_err();
    assert_eq!(error.to_string(), format!("sync service at `{address}` cannot be reached"));
}

#[test]
fn what_takes_too_long_is_given_up_and_leaves_nothing_open() {
    let service = Service::start();
    let client = service.client(0);
    let hasty = client.within(Duration::from_millis(20));
    let error = hasty.barrier("never", 1).unwrap_err();
    assert_eq!(error.to_string(), "barrier `never` (1 signals) did not come in time");
    let mut messages = client.subscribe::<u32>("none").unwrap();
    let error = messages.receive_within(Duration::from_millis(1)).unwrap_err();
    assert!(matches!(error, SyncError::TimedOut { .. }));
    assert_eq!(client.signal("other").unwrap(), 1, "the connection lives on");
    assert_eq!(service.server().open_barriers(), []);
}

#[test]
fn a_service_that_ends_ends_every_wait() {
    let mut service = Service::start();
    let client = service.client(0);
    let waiting = std::thread::spawn({
        let client = client.clone();
        move || client.barrier("never", 1)
    });
    while service.server().open_barriers().is_empty() {
        std::thread::yield_now();
    }
    service.end();
    let error = waiting.join().unwrap().unwrap_err();
    assert!(matches!(error, SyncError::Closed { .. }), "{error}");
    assert!(client.signal("s").is_err());
}

#[test]
fn a_payload_of_another_form_is_told_and_passed_over() {
    let service = Service::start();
    let client = service.client(0);
    client.publish("t", "text").unwrap();
    let (seq, mut messages) = client.publish_subscribe::<u32>("t", &7).unwrap();
    assert_eq!(seq, 2);
    let error = messages.receive().unwrap_err();
    assert_eq!(error.to_string(), "a message of topic `t` is not of the expected form");
    assert_eq!(messages.receive().unwrap(), 7);
}

#[test]
fn signals_barriers_and_topics_work_between_threads_and_clients() {
    let service = Service::start();
    let (first, second) = (service.client(0), service.client(1));
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            let client = if thread % 2 == 0 { first.clone() } else { second.clone() };
            std::thread::spawn(move || {
                let seq = client.signal_and_wait("ready", 8).unwrap();
                client
                    .publish_and_wait("t", &json!({"seq": seq, "text": "é\"\n"}), "ready", 8)
                    .unwrap();
                seq
            })
        })
        .collect();
    let mut seqs: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    seqs.sort_unstable();
    assert_eq!(seqs, [1, 2, 3, 4, 5, 6, 7, 8]);
    let read = |client: &SyncClient| -> Vec<Value> {
        client.subscribe("t").unwrap().take(8).collect::<Result<_, _>>().unwrap()
    };
    let messages = read(&first);
    assert_eq!(messages, read(&second));
    assert!(messages.iter().all(|message| message["text"] == "é\"\n"));
    let big = "x".repeat(1 << 20);
    first.publish("big", &big).unwrap();
    assert_eq!(second.subscribe::<String>("big").unwrap().receive().unwrap(), big);
}

#[test]
fn a_client_tells_the_service_who_it_is_and_says_goodbye() {
    let service = Service::start();
    let client = service.client(7);
    std::thread::scope(|scope| {
        scope.spawn(|| client.within(Duration::from_secs(60)).barrier("s", 1));
        while service.server().open_barriers().is_empty() {
            std::thread::yield_now();
        }
        let open = service.server().open_barriers();
        assert_eq!(open[0].waiting[0].to_string(), "g[7]");
        service.server().handle().signal(&KeySpace::new("r1", "guest", "case").state("s"));
    });
    drop(client);
    let begin = Instant::now();
    while service.server().connection_count() > 0 {
        assert!(begin.elapsed() < Duration::from_secs(60));
    }
}

#[test]
fn a_plan_of_three_instances_succeeds() {
    let service = Service::start();
    let topic = KeySpace::new("r1", "guest", "ok").run_events();
    let mut published = service.server().handle().subscribe(&topic);
    let directories: Vec<_> = (0..3).map(|_| tempfile::tempdir().unwrap()).collect();
    let guests: Vec<_> = directories
        .iter()
        .zip(0..)
        .map(|(directory, index)| service.spawn("ok", index, 3, directory.path()))
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

#[test]
fn failure_panic_and_exit_are_told_apart_and_lose_no_metrics() {
    let service = Service::start();
    for (case, code, last) in
        [("fail", 1, "failure_event"), ("panic", 101, "crash_event"), ("exit", 3, "message_event")]
    {
        let directory = tempfile::tempdir().unwrap();
        let left = wait(service.spawn(case, 0, 1, directory.path()));
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

#[test]
fn a_killed_instance_leaves_what_was_flushed() {
    let service = Service::start();
    let directory = tempfile::tempdir().unwrap();
    let mut guest = service.spawn("killed", 0, 1, directory.path());
    let mut lines = BufReader::new(guest.stdout.take().unwrap()).lines();
    while !lines.next().unwrap().unwrap().contains("kill me") {}
    guest.kill().unwrap();
    guest.wait().unwrap();
    let found = counted(directory.path());
    // What came after the flush may have been written by the regular write of that second.
    assert!(found == 1000.0 || found == 2000.0, "{found}");
    assert_eq!(metrics(directory.path()).ended_ns, None);
}

#[test]
fn an_instance_that_cannot_be_set_up_says_why() {
    let service = Service::start();
    let directory = tempfile::tempdir().unwrap();
    let left = wait(service.spawn("nonesuch", 0, 1, directory.path()));
    assert_eq!(left.status.code(), Some(2));
    let known = "known are `ok`, `fail`, `panic`, `exit`, `killed`";
    assert_eq!(left.stderr, format!("error: unknown testcase `nonesuch`; {known}\n"));
    assert_eq!(kinds(&left.events), ["failure_event"]);

    let output = Command::new(guest()).env_clear().output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.starts_with("error: `TEST_PLAN` is not set"), "{stderr}");
}
