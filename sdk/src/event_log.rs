//! Events as JSON lines, in the Go SDK's shape.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::run_env::RunEnv;

/// The file of event lines in an instance's output directory.
const FILE_NAME: &str = "run.out";

/// What an instance reports; written as `{"success_event":{...}}`.
#[derive(Debug, Serialize)]
pub(crate) enum Event<'a> {
    #[serde(rename = "start_event")]
    Start { runenv: Start<'a> },
    #[serde(rename = "message_event")]
    Message { message: &'a str },
    #[serde(rename = "stage_start_event")]
    StageStart { name: &'a str, group: &'a str },
    #[serde(rename = "stage_end_event")]
    StageEnd { name: &'a str, group: &'a str },
    #[serde(rename = "success_event")]
    Success { group: &'a str },
    #[serde(rename = "failure_event")]
    Failure { group: &'a str, error: &'a str },
    #[serde(rename = "crash_event")]
    Crash { group: &'a str, error: &'a str, stacktrace: &'a str },
}

#[derive(Debug, Serialize)]
pub(crate) struct Start<'a> {
    plan: &'a str,
    case: &'a str,
    run: &'a str,
    params: &'a std::collections::BTreeMap<String, String>,
    instances: u64,
    outputs_path: &'a Path,
    temp_path: &'a Path,
    network: &'a str,
    group: &'a str,
    group_instances: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    repo: Option<&'a String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    branch: Option<&'a String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<&'a String>,
}

impl<'a> Start<'a> {
    pub(crate) fn of(env: &'a RunEnv) -> Self {
        Self {
            plan: &env.plan,
            case: &env.case,
            run: &env.run,
            params: &env.params,
            instances: env.instance_count,
            outputs_path: &env.outputs_path,
            temp_path: &env.temp_path,
            network: &env.subnet,
            group: &env.group,
            group_instances: env.group_instance_count,
            repo: env.labels.get("repo"),
            branch: env.labels.get("branch"),
            tag: env.labels.get("tag"),
        }
    }
}

#[derive(Serialize)]
struct Line<'a> {
    ts: i64,
    msg: &'a str,
    group_id: &'a str,
    run_id: &'a str,
    event: &'a Event<'a>,
}

/// Writes events to stdout and to `run.out`.
#[derive(Debug, Clone)]
pub(crate) struct EventLog {
    group: Arc<str>,
    run: Arc<str>,
    file: Option<Arc<Mutex<File>>>,
}

impl EventLog {
    /// Opens the log; without a file when it cannot be made, since stdout says the same.
    pub(crate) fn open(env: &RunEnv) -> Self {
        let path = env.outputs_path.join(FILE_NAME);
        let file = File::options().create(true).append(true).open(path).ok();
        Self {
            group: env.group.as_str().into(),
            run: env.run.as_str().into(),
            file: file.map(|file| Arc::new(Mutex::new(file))),
        }
    }

    pub(crate) fn group(&self) -> &str {
        &self.group
    }

    /// Writes one event; a log that cannot be written to is no reason to end the plan.
    pub(crate) fn write(&self, event: &Event<'_>) {
        let line = line(now_ns(), &self.group, &self.run, event);
        let _ = io::stdout().lock().write_all(line.as_bytes());
        if let Some(file) = &self.file {
            let _ = file.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes());
        }
    }
}

fn line(ts: i64, group_id: &str, run_id: &str, event: &Event<'_>) -> String {
    let line = Line { ts, msg: "", group_id, run_id, event };
    // Only a path that is no UTF-8 cannot be written, and that only in the start event.
    let mut text = serde_json::to_string(&line).unwrap_or_default();
    text.push('\n');
    text
}

/// Returns the time, nanoseconds since the epoch.
pub(crate) fn now_ns() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(event: &Event<'_>) -> String {
        line(7, "single", "r1", event)
    }

    /// Lines of the Go SDK as they were recorded.
    #[test]
    fn lines_have_the_go_sdks_shape() {
        let head = r#"{"ts":7,"msg":"","group_id":"single","run_id":"r1","event":"#;
        for (event, body) in [
            (
                Event::Message { message: "a \"b\"\n" },
                r#"{"message_event":{"message":"a \"b\"\n"}}"#,
            ),
            (Event::Success { group: "single" }, r#"{"success_event":{"group":"single"}}"#),
            (
                Event::Failure { group: "single", error: "no" },
                r#"{"failure_event":{"group":"single","error":"no"}}"#,
            ),
            (
                Event::Crash { group: "single", error: "no", stacktrace: "at x" },
                r#"{"crash_event":{"group":"single","error":"no","stacktrace":"at x"}}"#,
            ),
            (
                Event::StageStart { name: "network-initialized", group: "single" },
                r#"{"stage_start_event":{"name":"network-initialized","group":"single"}}"#,
            ),
            (
                Event::StageEnd { name: "s", group: "single" },
                r#"{"stage_end_event":{"name":"s","group":"single"}}"#,
            ),
        ] {
            assert_eq!(written(&event), format!("{head}{body}}}\n"));
        }
    }

    #[test]
    fn the_start_line_tells_the_environment() {
        let vars = [
            ("TEST_PLAN", "p"),
            ("TEST_CASE", "c"),
            ("TEST_RUN", "r1"),
            ("TEST_GROUP_ID", "g"),
            ("TEST_INSTANCE_COUNT", "2"),
            ("TEST_GROUP_INSTANCE_COUNT", "1"),
            ("TEST_INSTANCE_PARAMS", "k=v"),
            ("TEST_OUTPUTS_PATH", "/o"),
            ("TEST_TEMP_PATH", "/t"),
            ("TEST_SUBNET", "127.1.0.0/16"),
            ("TEST_TAG", "v1"),
        ];
        let lookup =
            |name: &str| vars.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        let env = RunEnv::from_lookup(lookup).unwrap();
        assert_eq!(
            written(&Event::Start { runenv: Start::of(&env) }),
            concat!(
                r#"{"ts":7,"msg":"","group_id":"single","run_id":"r1","event":{"start_event":{"runenv":"#,
                r#"{"plan":"p","case":"c","run":"r1","params":{"k":"v"},"instances":2,"#,
                r#""outputs_path":"/o","temp_path":"/t","network":"127.1.0.0/16","group":"g","#,
                r#""group_instances":1,"tag":"v1"}}}}"#,
                "\n"
            )
        );
    }
}
