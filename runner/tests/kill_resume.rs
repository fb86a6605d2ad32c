//! The fault test: an engine that is killed at 50 moments of a sweep and resumed has every run exactly once.
//!
//! The engine runs in a child process, which is this test's own program; its runner answers at once and its recorder
//! keeps one file for each record, so that nearly all moments are within journal and recorder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use ground_core::composition::{ResolvedGroup, ResolvedRun};
use ground_core::execution::{Execution, InstanceResult, Resources, RunRequest};
use ground_core::id::{InstanceId, RunId};
use ground_core::metric::MetricSpec;
use ground_core::outcome::Outcome;
use ground_core::record::RunRecord;
use ground_core::sweep::Cell;
use ground_runner::engine::{
    BoxError, Collected, Collector, Engine, EngineConfig, Ports, Recorder, SweepControl, SweepEnd,
    SweepOptions, SweepRequest, SweepRun,
};
use ground_runner::runner::{RunControl, Runner, RunnerError};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

const KILLS: usize = 50;
const CELLS: usize = 2;
const COMMITS: usize = 3;
const REPETITIONS: u32 = 10;
const RUNS: usize = CELLS * COMMITS * REPETITIONS as usize;

/// The moments are drawn from this seed.
const SEED: u64 = 0x6b69_6c6c;

/// What the child finds its work by.
const LAB: &str = "GROUND_KILL_LAB";
const SWEEP: &str = "GROUND_KILL_SWEEP";

/// Tells the parent that something happened.
fn beat() {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(b"@\n").and_then(|()| out.flush());
}

fn append_line(path: &Path, line: &str) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
    file.write_all(format!("{line}\n").as_bytes()).unwrap();
}

fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

/// Succeeds at once and notes which run it executed.
struct Instant0 {
    executed: PathBuf,
}

impl Runner for Instant0 {
    fn id(&self) -> &'static str {
        "instant"
    }

    fn execute<'a>(
        &'a self,
        request: &'a RunRequest,
        _: &'a RunControl,
    ) -> BoxFuture<'a, Result<Execution, RunnerError>> {
        beat();
        append_line(&self.executed, request.run.as_str());
        let instance = InstanceResult {
            instance: InstanceId { group: "all".to_owned(), index: 0 },
            outcome: Outcome::success(),
            exit_code: Some(0),
            signal: None,
            started_ns: 1,
            ended_ns: 2,
            cpu_user_s: 0.0,
            cpu_system_s: 0.0,
            max_rss_bytes: 0,
            outputs: request.outputs.join("all/0"),
        };
        let execution = Execution {
            outcome: Outcome::success(),
            instances: vec![instance],
            events: Vec::new(),
            started_ns: 1,
            ended_ns: 2,
            caveats: Vec::new(),
        };
        Box::pin(async move { Ok(execution) })
    }
}

/// Keeps one file for each record and notes every append to one that is there already.
struct Files {
    dir: PathBuf,
}

impl Recorder for Files {
    fn contains<'a>(&'a self, run: &'a RunId) -> BoxFuture<'a, Result<bool, BoxError>> {
        let found = self.dir.join("records").join(run.as_str()).exists();
        Box::pin(async move { Ok(found) })
    }

    fn append<'a>(&'a self, record: RunRecord) -> BoxFuture<'a, Result<(), BoxError>> {
        beat();
        let run = &record.run;
        let draft = self.dir.join(format!("draft-{}", run.run));
        let _ = fs::remove_file(&draft);
        let text = format!(
            "{} {} {} {}",
            run.position, run.attempt, run.composition_run, run.revision.subject
        );
        fs::write(&draft, text).unwrap();
        // A link fails where a rename would replace: a second record of the same run shows.
        if fs::hard_link(&draft, self.dir.join("records").join(run.run.as_str())).is_err() {
            append_line(&self.dir.join("twins"), run.run.as_str());
        }
        beat();
        Box::pin(async { Ok(()) })
    }
}

struct Nothing;

impl Collector for Nothing {
    fn collect<'a>(
        &'a self,
        _: &'a RunRequest,
        _: &'a Execution,
        _: &'a BTreeMap<String, MetricSpec>,
    ) -> BoxFuture<'a, Result<Collected, BoxError>> {
        Box::pin(async { Ok(Collected::default()) })
    }
}

fn request(lab: &Path, seed: u64) -> SweepRequest {
    let run = |index: usize| {
        let id = format!("run{index}");
        let group = ResolvedGroup {
            id: "all".to_owned(),
            group_id: "all".to_owned(),
            count: 1,
            builder: "exec:bin".to_owned(),
            build_config: BTreeMap::new(),
            selectors: Vec::new(),
            dependencies: Vec::new(),
            artifact: Some("/bin/true".to_owned()),
            params: BTreeMap::new(),
            resources: Resources::default(),
            profiles: BTreeMap::new(),
        };
        let cell = Cell {
            composition_run: id.clone(),
            params: BTreeMap::new(),
            runner: "instant".to_owned(),
        };
        let resolved = ResolvedRun {
            id,
            plan: "demo".to_owned(),
            case: "case".to_owned(),
            runner: "instant".to_owned(),
            run_config: BTreeMap::new(),
            groups: vec![group],
            concurrent_builds: None,
            disable_metrics: false,
            timeout: None,
            metrics: BTreeMap::new(),
            warnings: Vec::new(),
        };
        SweepRun { cell, resolved }
    };
    SweepRequest {
        plan: "demo".to_owned(),
        dir: lab.join("plan"),
        bare: false,
        runs: (0..CELLS).map(run).collect(),
        revisions: vec![format!("HEAD~{}..HEAD", COMMITS - 1)],
        repetitions: REPETITIONS,
        seed: Some(seed),
        options: SweepOptions::default(),
    }
}

/// The engine; does nothing when it is run as an ordinary test.
#[test]
fn child() {
    let Ok(lab) = std::env::var(LAB) else { return };
    let lab = PathBuf::from(lab);
    let sweep = std::env::var(SWEEP).unwrap();
    let dir = lab.join(format!("sweep-{sweep}"));
    let (events, mut told) = tokio::sync::mpsc::unbounded_channel();
    let config = EngineConfig {
        state_dir: dir.join("state"),
        cache_dir: lab.join("cache"),
        tool_version: "test".to_owned(),
    };
    let ports = Ports {
        runners: vec![Arc::new(Instant0 { executed: dir.join("executed") })],
        recorder: Arc::new(Files { dir }),
        collector: Arc::new(Nothing),
        events,
    };
    let engine = Engine::new(config, ports);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let summary = runtime.block_on(async {
        tokio::spawn(async move {
            while told.recv().await.is_some() {
                beat();
            }
        });
        let request = request(&lab, sweep.parse().unwrap());
        engine.run_sweep(&request, &SweepControl::default()).await.unwrap()
    });
    assert_eq!((summary.end, summary.done), (SweepEnd::Complete, RUNS as u64));
}

fn spawn(lab: &Path, sweep: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(LAB, lab)
        .env(SWEEP, sweep.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Kills the child behind its `beats`-th beat and `spin` more; returns how it ended when it was faster.
fn kill_behind(mut child: Child, beats: u64, spin: Duration) -> Option<ExitStatus> {
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut seen = 0;
    let mut line = String::new();
    while seen < beats {
        line.clear();
        if out.read_line(&mut line).unwrap() == 0 {
            return Some(child.wait().unwrap());
        }
        seen += u64::from(line == "@\n");
    }
    let until = Instant::now() + spin;
    while Instant::now() < until {
        std::hint::spin_loop();
    }
    child.kill().unwrap();
    let status = child.wait().unwrap();
    // It may have come to its end just before.
    status.code().is_some().then_some(status)
}

fn prepare(lab: &Path) {
    let plan = lab.join("plan");
    fs::create_dir_all(&plan).unwrap();
    let git = |args: &[&str]| {
        let output = Command::new("git").args(args).current_dir(&plan).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    git(&["init", "-q", "-b", "main"]);
    git(&["config", "user.name", "Test"]);
    git(&["config", "user.email", "test@example.org"]);
    for number in 0..COMMITS {
        git(&["commit", "-q", "--allow-empty", "-m", &format!("commit{number}")]);
    }
}

fn records(dir: &Path) -> BTreeMap<String, String> {
    fs::read_dir(dir.join("records"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            let text = fs::read_to_string(entry.path()).unwrap();
            (entry.file_name().into_string().unwrap(), text)
        })
        .collect()
}

/// Returns whether the sweep came to its end, even if its engine was killed behind it.
fn is_ended(dir: &Path) -> bool {
    let Ok(mut sweeps) = fs::read_dir(dir.join("state/sweeps")) else { return false };
    sweeps.any(|sweep| {
        let journal = lines(&sweep.unwrap().path().join("journal.ndjson"));
        journal.last().is_some_and(|line| line.contains("\"ended\"") && line.ends_with('}'))
    })
}

/// Checks that every run of the matrix is there exactly once.
fn check_complete(dir: &Path) {
    let records = records(dir);
    assert_eq!(records.len(), RUNS);
    let positions: BTreeSet<u32> =
        records.values().map(|text| text.split(' ').next().unwrap().parse().unwrap()).collect();
    assert_eq!(positions, (0..RUNS as u32).collect());
    let mut combinations: BTreeMap<String, usize> = BTreeMap::new();
    for text in records.values() {
        let mut words = text.split(' ').skip(1);
        assert_eq!(words.next(), Some("1"), "nothing failed, so nothing has a second attempt");
        *combinations.entry(words.collect::<Vec<_>>().join(" ")).or_default() += 1;
    }
    assert_eq!(combinations.len(), CELLS * COMMITS);
    assert!(combinations.values().all(|&count| count == REPETITIONS as usize), "{combinations:?}");
    assert_eq!(lines(&dir.join("twins")), [""; 0], "a run was recorded twice");
}

#[test]
fn a_sweep_killed_at_fifty_moments_has_every_run_once() {
    let lab = tempfile::tempdir().unwrap();
    let lab = lab.path();
    prepare(lab);
    let began = Instant::now();
    let mut rng = ChaCha12Rng::seed_from_u64(SEED);
    let mut below = |bound: u64| rng.next_u64() % bound;
    let (mut kills, mut sweeps) = (0, 0u64);
    while kills < KILLS {
        sweeps += 1;
        let dir = lab.join(format!("sweep-{sweeps}"));
        fs::create_dir_all(dir.join("records")).unwrap();
        loop {
            let before = records(&dir);
            let executed_before = lines(&dir.join("executed")).len();
            // One kill in five comes early, while revisions are resolved and the journal is opened.
            let early = below(5) == 0;
            let (beats, spin) =
                if early { (0, below(120_000)) } else { (1 + below(75), below(2_000)) };
            // Behind the last kill the sweep may go to its end.
            let beats = if kills == KILLS { u64::MAX } else { beats };
            let status = kill_behind(spawn(lab, sweeps), beats, Duration::from_micros(spin));

            let after = records(&dir);
            assert!(
                before.iter().all(|(run, text)| after.get(run) == Some(text)),
                "a record was lost"
            );
            for run in &lines(&dir.join("executed"))[executed_before..] {
                assert!(!before.contains_key(run), "run {run} was recorded and executed again");
            }
            match status {
                None => kills += 1,
                Some(status) => assert!(status.success(), "the engine failed: {status}"),
            }
            if is_ended(&dir) {
                check_complete(&dir);
                break;
            }
            assert!(status.is_none(), "the engine ended and the sweep did not");
        }
    }
    let took = began.elapsed();
    println!("{kills} kills over {sweeps} sweeps of {RUNS} runs in {took:.1?}");
}
