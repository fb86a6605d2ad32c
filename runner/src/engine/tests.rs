mod builds;
mod faults;
mod flow;
mod resume;
mod rules;

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use ground_core::composition::{ResolvedGroup, ResolvedRun};
use ground_core::execution::{Execution, InstanceResult, Resources, RunRequest};
use ground_core::id::{InstanceId, RunId};
use ground_core::metric::MetricSpec;
use ground_core::outcome::{Outcome, OutcomeKind};
use ground_core::record::{Fingerprint, Load, RunRecord};
use ground_core::sweep::Cell;
use tokio::sync::mpsc;

use super::*;
use crate::build::tests::Scratch;
use crate::fingerprint::Reading;
use crate::runner::{RunControl, RunnerError};

/// What a runner is told to answer.
type Answer = Box<dyn Fn(&RunRequest, &RunControl) -> Result<Execution, RunnerError> + Send + Sync>;

/// A runner that answers at once, by a list of answers first and with success afterwards.
#[derive(Default)]
struct FakeRunner {
    answers: Mutex<VecDeque<Answer>>,
    asked: Mutex<Vec<RunRequest>>,
    clock: Mutex<Option<Arc<FakeClock>>>,
}

impl Runner for FakeRunner {
    fn id(&self) -> &'static str {
        "fake"
    }

    fn execute<'a>(
        &'a self,
        request: &'a RunRequest,
        control: &'a RunControl,
    ) -> BoxFuture<'a, Result<Execution, RunnerError>> {
        self.asked.lock().unwrap().push(request.clone());
        if let Some(clock) = &*self.clock.lock().unwrap() {
            clock.pass(Duration::from_secs(2));
        }
        let answer = self.answers.lock().unwrap().pop_front();
        Box::pin(async move {
            match answer {
                Some(answer) => answer(request, control),
                None => Ok(ended(request, Outcome::success())),
            }
        })
    }
}

/// Returns an execution in which every instance ended alike.
fn ended(request: &RunRequest, outcome: Outcome) -> Execution {
    let instance = |group: &str, index| InstanceResult {
        instance: InstanceId { group: group.to_owned(), index },
        outcome: outcome.clone(),
        exit_code: Some(0),
        signal: None,
        started_ns: 1_000,
        ended_ns: 2_000,
        cpu_user_s: 0.1,
        cpu_system_s: 0.1,
        max_rss_bytes: 1 << 20,
        outputs: request.outputs.join(group).join(index.to_string()),
    };
    let groups = request.groups.iter();
    Execution {
        outcome: outcome.clone(),
        instances: groups
            .flat_map(|group| (0..group.count).map(|index| instance(&group.id, index)))
            .collect(),
        events: Vec::new(),
        started_ns: 1_000,
        ended_ns: 2_000,
        caveats: Vec::new(),
    }
}

fn with(kind: OutcomeKind, reason: &'static str) -> Answer {
    Box::new(move |request, _| Ok(ended(request, Outcome::new(kind, reason))))
}

/// Keeps records in memory; refuses as it is told, before or after keeping.
#[derive(Default)]
struct FakeRecorder {
    records: Mutex<Vec<RunRecord>>,
    /// How many appends go well before one is refused.
    refuse_after: Mutex<Option<(usize, std::io::ErrorKind)>>,
    /// How many appends go well before one is kept and yet reported as refused, like a death behind the append.
    die_after: Mutex<Option<usize>>,
}

impl Recorder for FakeRecorder {
    fn contains<'a>(&'a self, run: &'a RunId) -> BoxFuture<'a, Result<bool, BoxError>> {
        let found = self.records.lock().unwrap().iter().any(|record| record.run.run == *run);
        Box::pin(async move { Ok(found) })
    }

    fn append<'a>(&'a self, record: RunRecord) -> BoxFuture<'a, Result<(), BoxError>> {
        let mut records = self.records.lock().unwrap();
        let refused = *self.refuse_after.lock().unwrap();
        let died = *self.die_after.lock().unwrap();
        let answer = match (refused, died) {
            (Some((after, kind)), _) if records.len() >= after => {
                Err(BoxError::from(std::io::Error::from(kind)))
            }
            (_, Some(after)) if records.len() >= after => {
                records.push(record);
                Err("the engine died behind the append".into())
            }
            _ => {
                records.push(record);
                Ok(())
            }
        };
        Box::pin(async move { answer })
    }
}

/// Finds no metrics, or fails.
#[derive(Default)]
struct FakeCollector {
    fails: bool,
}

impl Collector for FakeCollector {
    fn collect<'a>(
        &'a self,
        _: &'a RunRequest,
        _: &'a Execution,
        _: &'a BTreeMap<String, MetricSpec>,
    ) -> BoxFuture<'a, Result<Collected, BoxError>> {
        let fails = self.fails;
        Box::pin(async move {
            let caveats = vec!["one line was no metric".to_owned()];
            if fails {
                Err("bad sector".into())
            } else {
                Ok(Collected { caveats, ..Collected::default() })
            }
        })
    }
}

/// A clock that moves when it is told to.
#[derive(Default)]
struct FakeClock {
    monotonic_ns: AtomicU64,
    wall_off_ns: AtomicI64,
}

impl FakeClock {
    fn pass(&self, time: Duration) {
        self.monotonic_ns.fetch_add(time.as_nanos() as u64, Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn wall_ns(&self) -> i64 {
        let monotonic = self.monotonic_ns.load(Ordering::SeqCst) as i64;
        1_700_000_000_000_000_000 + monotonic + self.wall_off_ns.load(Ordering::SeqCst)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_nanos(self.monotonic_ns.load(Ordering::SeqCst))
    }
}

/// A quiet machine, whose hypervisor takes a second between any two looks when it is told to.
#[derive(Default)]
struct FakeEnvironment {
    looks: AtomicU64,
    steals: bool,
}

impl Environment for FakeEnvironment {
    fn describe(&self) -> Fingerprint {
        Fingerprint {
            host: "bench".to_owned(),
            cpu_model: "Test CPU".to_owned(),
            cpus: 2,
            memory_bytes: 4 << 30,
            kernel: "Linux 6".to_owned(),
            ..Fingerprint::default()
        }
    }

    fn read(&self) -> Reading {
        let look = self.looks.fetch_add(1, Ordering::SeqCst) as f64;
        let steal_s = if self.steals { look } else { 0.0 };
        let load = Load { load1: look, cpu_pressure: 0.0, steal_s };
        Reading { load, busy_s: 0.0, own_s: 0.0, cpus: 2 }
    }
}

/// A repository, an engine's directories and everything it works with.
struct Lab {
    scratch: Scratch,
    dirs: tempfile::TempDir,
    runner: Arc<FakeRunner>,
    recorder: Arc<FakeRecorder>,
    clock: Arc<FakeClock>,
    environment: Arc<FakeEnvironment>,
    collector: Arc<FakeCollector>,
    rule: Option<Arc<dyn StoppingRule>>,
    control: SweepControl,
    events: Mutex<Vec<EngineEvent>>,
}

impl Lab {
    /// Makes a repository with `commits` commits.
    fn new(commits: usize) -> Self {
        let scratch = Scratch::new();
        for number in 0..commits {
            scratch.commit(&format!("commit {number}"));
        }
        let clock = Arc::new(FakeClock::default());
        let runner = Arc::new(FakeRunner::default());
        *runner.clock.lock().unwrap() = Some(clock.clone());
        Self {
            scratch,
            dirs: tempfile::tempdir().unwrap(),
            runner,
            recorder: Arc::default(),
            clock,
            environment: Arc::default(),
            collector: Arc::default(),
            rule: None,
            control: SweepControl::default(),
            events: Mutex::default(),
        }
    }

    fn request(&self, cells: usize, repetitions: u32) -> SweepRequest {
        let commits = self.scratch.git(&["rev-list", "--count", "HEAD"]).parse::<usize>().unwrap();
        SweepRequest {
            plan: "demo/gossip".to_owned(),
            dir: self.scratch.path(),
            bare: false,
            runs: (0..cells).map(run).collect(),
            revisions: vec![format!("HEAD~{}..HEAD", commits - 1)],
            repetitions,
            seed: Some(7),
            options: SweepOptions::default(),
        }
    }

    fn answer(&self, answers: impl IntoIterator<Item = Answer>) {
        self.runner.answers.lock().unwrap().extend(answers);
    }

    fn run(&self, request: &SweepRequest) -> Result<SweepSummary, EngineError> {
        let (events, mut told) = mpsc::unbounded_channel();
        let config = EngineConfig {
            state_dir: self.dirs.path().join("state"),
            cache_dir: self.dirs.path().join("cache"),
            tool_version: "0.1.0".to_owned(),
        };
        let ports = Ports {
            runners: vec![self.runner.clone()],
            recorder: self.recorder.clone(),
            collector: self.collector.clone(),
            events,
        };
        let mut engine = Engine::new(config, ports)
            .with_clock(self.clock.clone())
            .with_environment(self.environment.clone());
        if let Some(rule) = &self.rule {
            engine = engine.with_rule(rule.clone());
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let summary = runtime.block_on(engine.run_sweep(request, &self.control));
        while let Ok(event) = told.try_recv() {
            self.events.lock().unwrap().push(event);
        }
        summary
    }

    fn records(&self) -> Vec<RunRecord> {
        self.recorder.records.lock().unwrap().clone()
    }

    /// Returns how often each run is recorded, by cell, revision and block; attempts are told apart.
    fn runs(&self) -> BTreeMap<(String, String, u32, u32), usize> {
        let mut runs = BTreeMap::new();
        for record in self.records() {
            let run = record.run;
            let key = (run.composition_run, run.revision.subject, run.block, run.attempt);
            *runs.entry(key).or_default() += 1;
        }
        runs
    }
}

fn run(index: usize) -> SweepRun {
    let id = format!("run{index}");
    let group = |name: &str, count| ResolvedGroup {
        id: name.to_owned(),
        group_id: name.to_owned(),
        count,
        builder: "exec:bin".to_owned(),
        build_config: BTreeMap::new(),
        selectors: Vec::new(),
        dependencies: Vec::new(),
        artifact: Some("/bin/true".to_owned()),
        params: BTreeMap::from([("size".to_owned(), index.to_string())]),
        resources: Resources::default(),
        profiles: BTreeMap::new(),
    };
    SweepRun {
        cell: Cell {
            composition_run: id.clone(),
            params: BTreeMap::new(),
            runner: "fake".to_owned(),
        },
        resolved: ResolvedRun {
            id,
            plan: "demo/gossip".to_owned(),
            case: "spread".to_owned(),
            runner: "fake".to_owned(),
            run_config: BTreeMap::new(),
            groups: vec![group("seed", 1), group("leech", 2)],
            concurrent_builds: None,
            disable_metrics: false,
            timeout: None,
            metrics: BTreeMap::new(),
            warnings: Vec::new(),
        },
    }
}
