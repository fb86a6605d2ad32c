//! One run from the first start to the last trace removed.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ground_core::execution::{Execution, RunRequest};
use ground_core::id::InstanceId;
use nix::sched::{CpuSet, sched_getaffinity};
use nix::unistd::Pid;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::LocalExecOptions;
use super::cgroup::remove;
use super::collect::{Collection, Fate, Stop};
use super::environment::{Common, Who, environment, rfc3339};
use super::guard::{Guard, Remains};
use super::launch::{Files, Launch};
use super::peak::{PeakSampler, own_peak};
use super::prepare::{Prepared, prepare, remove_temporary};
use super::spawner::{self, Crew, ProcessEvent};
use super::sweep::{Mark, sweep};
use super::sync_view::SyncView;
use super::table::GroupTable;
use crate::clock::now_ns;
use crate::influx::Listener;
use crate::runner::{OpenBarrier, RunControl, RunProgress, RunnerError};

/// Threads that start instances: a second one hides the wait for the first one's child, more only contend.
const MAX_SPAWNERS: usize = 4;

/// Time between two reports of progress.
const PROGRESS: Duration = Duration::from_millis(200);

/// Reports of progress after which a barrier that is still open deserves names: 2 s.
const STALL: u32 = 10;

/// Instances up to which looking for names takes a few milliseconds only, so that it may happen during a run.
const IDENTIFY_AT_ONCE: usize = 500;

/// In large runs only one report of so many looks at barriers, which takes the sync service a while.
const SELDOM: u32 = 5;

/// Tells executions of one process apart.
static EXECUTIONS: AtomicU64 = AtomicU64::new(0);

/// Executes `request`; see [`Runner::execute`](crate::runner::Runner::execute).
pub(super) async fn execute(
    sync: &Arc<dyn SyncView>,
    options: &LocalExecOptions,
    request: &RunRequest,
    control: &RunControl,
) -> Result<Execution, RunnerError> {
    let token = token(request);
    let listener = Listener::start(&request.outputs)
        .await
        .map_err(|source| failed("the metric listener cannot be started", source))?;
    let common = Common {
        sync: sync.addr(),
        influx: listener.addr(),
        start_time: rfc3339(now_ns()),
        path: std::env::var("PATH").unwrap_or_else(|_| "/usr/local/bin:/usr/bin:/bin".to_owned()),
        token: token.clone(),
    };
    let (wanted, temporary) = (request.clone(), options.temporary.clone());
    let stage = tokio::task::spawn_blocking(move || Stage::set(wanted, temporary, common))
        .await
        .map_err(|source| failed("making the run ready", source))??;
    let instances: Vec<InstanceId> =
        stage.prepared.places.iter().map(|place| place.instance.clone()).collect();
    sync.begin_run(&request.run, &instances);
    let forgotten = Forgotten { sync, request };
    let mut watch = Watch::new(request, control, sync, options.grace, &stage);
    let followed = follow(&mut watch, &stage).await;
    let barriers = std::mem::take(&mut watch.barriers);
    let fates = std::mem::take(&mut watch.fates);
    drop(watch);
    listener.stop().await;
    let reported = sync.end_run(&request.run).await;
    drop(forgotten);
    let threads = followed?;
    let request = request.clone();
    tokio::task::spawn_blocking(move || {
        for thread in threads {
            let _ = thread.join();
        }
        stage.strike(request, &Observed { fates, barriers, reported })
    })
    .await
    .map_err(|source| failed("reading what the instances left", source))
}

/// What was seen of the run while it went on.
pub(super) struct Observed {
    pub(super) fates: Vec<Fate>,
    /// Barriers that were open when time was up.
    pub(super) barriers: Vec<OpenBarrier>,
    pub(super) reported: Vec<ground_core::event::Event>,
}

fn failed(what: &str, source: impl std::error::Error + Send + Sync + 'static) -> RunnerError {
    RunnerError {
        what: format!("{what}: {source}"),
        hint: String::new(),
        source: Some(Box::new(source)),
    }
}

/// Names this execution and no other, also not one of the same run by another engine.
fn token(request: &RunRequest) -> String {
    let count = EXECUTIONS.fetch_add(1, Ordering::SeqCst);
    let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().subsec_nanos();
    let run: String =
        request.run.as_str().chars().filter(char::is_ascii_alphanumeric).take(20).collect();
    format!("{run}-{}-{count}-{nanos:08x}", std::process::id())
}

/// Everything that stands before the first start and is gone after the last end.
pub(super) struct Stage {
    pub(super) prepared: Arc<Prepared>,
    crew: Arc<Crew>,
    guard: Guard,
    mark: Mark,
    peaks: PeakSampler,
}

impl Stage {
    fn set(request: RunRequest, temporary: PathBuf, common: Common) -> Result<Self, RunnerError> {
        let mut prepared = prepare(&request, &temporary, &common.token)?;
        let outputs = std::path::absolute(&request.outputs).unwrap_or(request.outputs.clone());
        let mark = Mark::new(&common.token, outputs);
        let table = GroupTable::new(prepared.places.len())
            .map_err(|source| failed("memory for the table of processes", source))?;
        let remains = Remains {
            mark: mark.clone(),
            temporary: vec![prepared.temporary.clone()],
            cgroups: prepared.cgroups.directories(),
        };
        let guard = Guard::start(&table, &remains)
            .map_err(|source| failed("the guard process cannot be started", source))?;
        let cgroups = std::mem::take(&mut prepared.instance_cgroups);
        let prepared = Arc::new(prepared);
        let launch = launcher(request, common, Arc::clone(&prepared), cgroups.clone());
        let crew = Arc::new(Crew {
            table,
            launch: Box::new(launch),
            cgroups,
            stop: AtomicBool::new(false),
            kill: AtomicBool::new(false),
        });
        let peaks = PeakSampler::start(&crew);
        Ok(Self { prepared, crew, guard, mark, peaks })
    }

    /// Ends what is left, removes every trace but the outputs, and reads those.
    fn strike(mut self, request: RunRequest, observed: &Observed) -> Execution {
        let floor = own_peak();
        self.peaks.stop();
        let leftovers = sweep(&self.mark, &self.crew.table.live());
        let mut caveats = self.prepared.caveats.clone();
        if leftovers > 0 {
            caveats.push(format!("{leftovers} processes outlived their instance and were ended"));
        }
        let collection = Collection {
            request: &request,
            places: &self.prepared.places,
            cgroups: &self.crew.cgroups,
            observed,
        };
        let mut execution =
            collection.collect(|slot, counted| self.peaks.resolve(slot, counted, floor));
        execution.caveats.splice(0..0, caveats);
        if let Err(error) = remove_temporary(&self.prepared.temporary) {
            let path = self.prepared.temporary.display();
            execution
                .caveats
                .push(format!("temporary directory `{path}` cannot be removed: {error}"));
        }
        for cgroup in self.prepared.cgroups.directories() {
            if let Err(error) = remove(&cgroup) {
                let path = cgroup.display();
                execution.caveats.push(format!("cgroup `{path}` cannot be removed: {error}"));
            }
        }
        self.guard.dismiss();
        execution
    }
}

fn launcher(
    request: RunRequest,
    common: Common,
    prepared: Arc<Prepared>,
    cgroups: Vec<super::cgroup::InstanceCgroup>,
) -> impl Fn(usize) -> Result<Launch, super::launch::ZeroByte> {
    let cpus = if request.pin { processors() } else { Vec::new() };
    move |slot| {
        let place = &prepared.places[slot];
        let group = &request.groups[place.group];
        let outputs = place.outputs.to_string_lossy();
        let temporary = place.temporary.to_string_lossy();
        let who = Who {
            group,
            instance: &place.instance,
            global: slot,
            outputs: &outputs,
            temporary: &temporary,
        };
        let env = environment(&request, &common, who);
        let program = &prepared.programs[place.group];
        let files = Files { directory: &outputs };
        let mut launch = Launch::new(program, &group.artifact.args, &env, &files)?;
        launch.cpu = (!cpus.is_empty()).then(|| cpus[slot % cpus.len()]);
        let cgroup = cgroups.get(slot);
        if let Some(cgroup) = cgroup {
            launch.enter_cgroups(&cgroup.procs)?;
        }
        if !cgroup.is_some_and(super::cgroup::InstanceCgroup::holds_memory) {
            launch.data_limit = group.resources.memory_bytes;
        }
        Ok(launch)
    }
}

/// Returns the processors that this process may use.
fn processors() -> Vec<usize> {
    let Ok(set) = sched_getaffinity(Pid::from_raw(0)) else {
        return Vec::new();
    };
    (0..CpuSet::count()).filter(|cpu| set.is_set(*cpu).unwrap_or(false)).collect()
}

/// Starts the instances and follows them until the last is gone.
async fn follow(watch: &mut Watch<'_>, stage: &Stage) -> Result<Vec<JoinHandle<()>>, RunnerError> {
    let (sender, mut events) = unbounded_channel();
    let spawners = std::thread::available_parallelism().map_or(1, usize::from).min(MAX_SPAWNERS);
    // Ends everything when this future is dropped half-way; harmless once all have ended.
    let _ender = Ender(&stage.crew);
    let threads = spawner::start(&stage.crew, spawners, &sender)
        .map_err(|source| failed("a thread that starts instances cannot be started", source))?;
    drop(sender);
    watch.until_all_ended(&mut events).await;
    Ok(threads)
}

/// Lets the sync service forget the run, also when nobody waits for its end any more.
struct Forgotten<'a> {
    sync: &'a Arc<dyn SyncView>,
    request: &'a RunRequest,
}

impl Drop for Forgotten<'_> {
    fn drop(&mut self) {
        // The service forgets at once; what was reported is of no interest.
        drop(self.sync.end_run(&self.request.run));
    }
}

struct Ender<'a>(&'a Crew);

impl Drop for Ender<'_> {
    fn drop(&mut self) {
        self.0.kill_all();
    }
}

/// What the run is waiting for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Instances to end by themselves, until a moment.
    Running(Instant),
    /// Instances to end as they were asked to, until a moment.
    Asked(Instant),
    /// The kernel.
    Killed,
}

struct Watch<'a> {
    request: &'a RunRequest,
    control: &'a RunControl,
    sync: &'a Arc<dyn SyncView>,
    grace: Duration,
    crew: Arc<Crew>,
    prepared: Arc<Prepared>,
    phase: Phase,
    fates: Vec<Fate>,
    barriers: Vec<OpenBarrier>,
    told: Option<RunProgress>,
    told_barriers: Vec<OpenBarrier>,
    /// Reports of progress in which the same barriers were open.
    stalled: u32,
    reports: u32,
}

impl<'a> Watch<'a> {
    fn new(
        request: &'a RunRequest,
        control: &'a RunControl,
        sync: &'a Arc<dyn SyncView>,
        grace: Duration,
        stage: &Stage,
    ) -> Self {
        // A timeout beyond what the clock can count is none.
        let now = Instant::now();
        let deadline =
            now.checked_add(request.timeout).unwrap_or(now + Duration::from_secs(365 * 86_400));
        Self {
            request,
            control,
            sync,
            grace,
            fates: vec![Fate::default(); stage.crew.table.len()],
            crew: Arc::clone(&stage.crew),
            prepared: Arc::clone(&stage.prepared),
            phase: Phase::Running(deadline),
            barriers: Vec::new(),
            told: None,
            told_barriers: Vec::new(),
            stalled: 0,
            reports: 0,
        }
    }

    async fn until_all_ended(&mut self, events: &mut UnboundedReceiver<ProcessEvent>) {
        let mut progress = interval(PROGRESS);
        progress.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let (due, armed) = match self.phase {
                Phase::Running(at) | Phase::Asked(at) => (at, true),
                Phase::Killed => (Instant::now(), false),
            };
            tokio::select! {
                biased;
                () = self.control.kill.cancelled(), if armed => self.kill(Stop::Canceled),
                () = self.control.cancel.cancelled(), if matches!(self.phase, Phase::Running(_)) => self.ask(),
                () = sleep_until(due), if armed => match self.phase {
                    Phase::Running(_) => self.time_is_up(),
                    Phase::Asked(_) | Phase::Killed => self.kill(Stop::Canceled),
                },
                event = events.recv() => match event {
                    Some(event) => self.note(event),
                    None => break,
                },
                _ = progress.tick() => self.tell(),
            }
        }
        self.tell();
    }

    fn note(&mut self, event: ProcessEvent) {
        match event {
            ProcessEvent::Started { slot, at_ns } => self.fates[slot].started_ns = Some(at_ns),
            ProcessEvent::Refused { slot, why } => {
                self.fates[slot].refused = Some(why);
                self.kill(Stop::NeighbourRefused);
            }
            ProcessEvent::Ended { slot, at_ns, reaped } => {
                self.fates[slot].ended = Some((at_ns, reaped));
            }
        }
    }

    /// Records `stop` for every instance that has not ended by itself.
    fn mark(&mut self, stop: Stop) {
        for fate in self.fates.iter_mut().filter(|fate| fate.ended.is_none()) {
            fate.stop.get_or_insert(stop);
        }
    }

    fn time_is_up(&mut self) {
        self.identify();
        self.barriers = self.sync.open_barriers(&self.request.run);
        self.kill(Stop::Timeout);
    }

    /// Lets the sync service put connections without a label down to their instances.
    fn identify(&self) {
        let places = self.prepared.places.iter().enumerate();
        let groups: Vec<(i32, InstanceId)> = places
            .filter_map(|(slot, place)| Some((self.crew.table.pid(slot)?, place.instance.clone())))
            .collect();
        self.sync.identify(&groups);
    }

    fn ask(&mut self) {
        self.mark(Stop::Canceled);
        self.crew.ask_all();
        self.phase = Phase::Asked(Instant::now() + self.grace);
    }

    fn kill(&mut self, stop: Stop) {
        self.mark(stop);
        self.crew.kill_all();
        self.phase = Phase::Killed;
    }

    /// Tells the engine what is new.
    fn tell(&mut self) {
        let progress = self.progress();
        if self.told.as_ref() != Some(&progress) {
            let _ = self.control.progress.send(progress.clone());
            self.told = Some(progress);
        }
        self.reports += 1;
        if self.fates.len() > IDENTIFY_AT_ONCE && !self.reports.is_multiple_of(SELDOM) {
            return;
        }
        let mut barriers = self.sync.open_barriers(&self.request.run);
        self.stalled = if barriers.is_empty() { 0 } else { self.stalled + 1 };
        if self.stalled == STALL && self.fates.len() <= IDENTIFY_AT_ONCE {
            self.identify();
            barriers = self.sync.open_barriers(&self.request.run);
        }
        if barriers != self.told_barriers {
            if barriers.len() != self.told_barriers.len() {
                self.stalled = 0;
            }
            let _ = self.control.progress.send(RunProgress::Barriers(barriers.clone()));
            self.told_barriers = barriers;
        }
    }

    fn progress(&self) -> RunProgress {
        let count = |test: &dyn Fn(&Fate) -> bool| {
            self.fates.iter().filter(|fate| test(fate)).count() as u64
        };
        let ended_well = |fate: &Fate| {
            fate.stop.is_none() && fate.ended.is_some_and(|(_, reaped)| reaped.exit_code == Some(0))
        };
        let succeeded = count(&ended_well);
        RunProgress::Instances {
            total: self.fates.len() as u64,
            started: count(&|fate| fate.started_ns.is_some()),
            succeeded,
            failed: count(&|fate| fate.ended.is_some() || fate.refused.is_some()) - succeeded,
        }
    }
}
