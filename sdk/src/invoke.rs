//! The way of an instance from its first event to its last.

use std::error::Error;
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use ground_core::sync::key;

use crate::event_log::{Event, EventLog, Start};
use crate::metrics::Metrics;
use crate::panic_hook::{self, Panic};
use crate::run_env::RunEnv;
use crate::sync::{SyncClient, SyncError};

/// What a plan's function returns; the error becomes the instance's failure.
pub type PlanResult = Result<(), Box<dyn Error>>;

/// One testcase of a plan.
pub type TestCase = fn(&RunEnv, &Context) -> PlanResult;

/// The plan failed.
const FAILED: u8 = 1;
/// The instance could not be set up: environment, output directory, sync service, testcase.
const NOT_SET_UP: u8 = 2;
/// The plan panicked; what Rust itself exits with.
const PANICKED: u8 = 101;

/// What a plan works with.
#[derive(Debug)]
#[non_exhaustive]
pub struct Context {
    /// The sync service.
    pub sync: SyncClient,
    /// The instance's metrics.
    pub metrics: Metrics,
    /// This instance's number in the run, from 1, in the order in which instances came up.
    pub global_seq: u64,
    /// The same within its group.
    pub group_seq: u64,
    log: EventLog,
}

impl Context {
    /// Reports free text as an event.
    pub fn message(&self, message: impl AsRef<str>) {
        self.log.write(&Event::Message { message: message.as_ref() });
    }

    /// Reports that a named stage began.
    ///
    /// # Errors
    /// When the sync service does not take it.
    pub fn stage_start(&self, name: &str) -> Result<(), SyncError> {
        report(&self.log, &self.sync, &Event::StageStart { name, group: self.log.group() })
    }

    /// Reports that a named stage ended.
    ///
    /// # Errors
    /// When the sync service does not take it.
    pub fn stage_end(&self, name: &str) -> Result<(), SyncError> {
        report(&self.log, &self.sync, &Event::StageEnd { name, group: self.log.group() })
    }
}

/// Runs a plan of one testcase, or one that looks at `env.case` itself, and returns what `main` is to exit with.
///
/// Connects to the sync service, waits for the network where a sidecar makes one, claims the instance's numbers, runs
/// `plan`, writes all metrics, and reports success, failure (the error returned) or crash (a panic, with its stack).
/// Exits with 0 on success, 1 on failure, 101 on a panic, 2 when the instance could not be set up.
pub fn invoke(plan: impl FnOnce(&RunEnv, &Context) -> PlanResult) -> ExitCode {
    panic_hook::install();
    match RunEnv::from_env() {
        Ok(env) => run(&env, plan),
        Err(error) => not_set_up(None, &error),
    }
}

/// Runs the plan that stands for the environment's testcase.
pub fn invoke_map(plans: &[(&str, TestCase)]) -> ExitCode {
    panic_hook::install();
    let env = match RunEnv::from_env() {
        Ok(env) => env,
        Err(error) => return not_set_up(None, &error),
    };
    match plans.iter().find(|(case, _)| *case == env.case) {
        Some((_, plan)) => run(&env, plan),
        None => {
            let known: Vec<_> = plans.iter().map(|(case, _)| format!("`{case}`")).collect();
            let error = format!("unknown testcase `{}`; known are {}", env.case, known.join(", "));
            not_set_up(Some(&env), &*Box::<dyn Error>::from(error))
        }
    }
}

fn run(env: &RunEnv, plan: impl FnOnce(&RunEnv, &Context) -> PlanResult) -> ExitCode {
    let context = match set_up(env) {
        Ok(context) => context,
        Err(error) => return not_set_up(Some(env), &*error),
    };
    let result = catch_unwind(AssertUnwindSafe(|| plan(env, &context)));
    // Before the last event: whoever sees that finds the file complete.
    let written = context.metrics.finish();
    let ending = match (result, written) {
        (Err(_), _) => Ending::Crash(panic_hook::take()),
        (Ok(Err(error)), _) => Ending::Failure(chain(&*error)),
        (Ok(Ok(())), Err(error)) => Ending::Failure(chain(&error)),
        (Ok(Ok(())), Ok(())) => Ending::Success,
    };
    close(&context, &ending)
}

/// How the plan's function ended.
enum Ending {
    Success,
    Failure(String),
    Crash(Panic),
}

fn close(context: &Context, ending: &Ending) -> ExitCode {
    let group = context.log.group();
    let (event, code) = match ending {
        Ending::Success => (Event::Success { group }, 0),
        Ending::Failure(error) => (Event::Failure { group, error }, FAILED),
        Ending::Crash(Panic { error, stack }) => {
            (Event::Crash { group, error, stacktrace: stack }, PANICKED)
        }
    };
    if let Err(error) = report(&context.log, &context.sync, &event) {
        complain(&format!("the outcome could not be published: {}", chain(&error)));
    }
    context.sync.close();
    ExitCode::from(code)
}

fn set_up(env: &RunEnv) -> Result<Context, Box<dyn Error>> {
    let log = EventLog::open(env);
    log.write(&Event::Start { runenv: Start::of(env) });
    let metrics = Metrics::create(&env.outputs_path)?;
    let sync = SyncClient::connect(env)?;
    let (name, group) = (key::NETWORK_INITIALIZED, &*env.group);
    report(&log, &sync, &Event::StageStart { name, group })?;
    if env.sidecar {
        sync.barrier(name, env.instance_count)?;
    }
    report(&log, &sync, &Event::StageEnd { name, group })?;
    let global_seq = sync.signal(key::INITIALIZED_GLOBAL)?;
    let group_seq = sync.signal(&key::initialized_group(group))?;
    let context = Context { sync, metrics, global_seq, group_seq, log };
    context.message(format!(
        "claimed sequence numbers; global={global_seq}, group({group})={group_seq}"
    ));
    Ok(context)
}

/// Writes an event and publishes it.
fn report(log: &EventLog, sync: &SyncClient, event: &Event<'_>) -> Result<(), SyncError> {
    log.write(event);
    sync.publish_event(event)
}

fn not_set_up(env: Option<&RunEnv>, error: &dyn Error) -> ExitCode {
    let text = chain(error);
    if let Some(env) = env {
        EventLog::open(env).write(&Event::Failure { group: &env.group, error: &text });
    }
    complain(&text);
    ExitCode::from(NOT_SET_UP)
}

/// Says something on stderr, which is where a runner looks for what no event could say.
fn complain(text: &str) {
    let _ = writeln!(std::io::stderr(), "error: {text}");
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
