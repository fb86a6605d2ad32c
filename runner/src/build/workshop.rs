//! Builds everything that a sweep needs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use ground_core::digest::{Digest, Digester};
use ground_core::execution::Artifact;
use tokio_util::sync::CancellationToken;

use super::cache::{Cache, Key, of_command};
use super::checkout::Checkout;
use super::lock::{FileLock, LockError};
use super::{BuildSpec, Builder, Fault, FaultKind, Job, Log, Product, builders, product};
use crate::revisions::{Place, Repository, RevisionError, Target, machine_name};

/// What goes into every key, so that a change of what is kept makes all keys new.
const KEY_FORMAT: &str = "ground build 1";

/// How many builds go on at the same time when nobody says: cargo and go use all processors by themselves.
const CONCURRENT_BUILDS: usize = 2;

/// A plan with everything that is to be built of it.
#[derive(Debug, Clone)]
pub struct BuildRequest {
    /// The plan's name.
    pub plan: String,
    /// The plan's directory.
    pub dir: PathBuf,
    /// The revisions.
    pub targets: Vec<Target>,
    /// What is built at each of them; equal ones are built once.
    pub specs: Vec<BuildSpec>,
    /// How many builds may go on at the same time.
    pub concurrent: Option<u32>,
    /// Ends all builds at once.
    pub cancel: CancellationToken,
}

/// How one build ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildOutcome {
    /// There is something to run.
    Ready {
        /// What.
        artifact: Artifact,
        /// Whether it was built before.
        cached: bool,
    },
    /// There is nothing to run.
    Failed {
        /// Whose fault it is.
        kind: FaultKind,
        /// What failed, in one line.
        summary: String,
        /// What to do about it; empty where nothing is known.
        hint: String,
        /// Everything that the tools said.
        log: PathBuf,
    },
}

/// What happens while things are built.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildEvent {
    /// Another process builds the same plan; it has this process id.
    Waiting {
        /// The process id, as it wrote it.
        holder: String,
    },
    /// A build began.
    Started {
        /// Index into [`BuildRequest::targets`].
        target: usize,
        /// Index into [`BuildRequest::specs`].
        spec: usize,
    },
    /// A build ended, or was found in the cache.
    Ended {
        /// Index into [`BuildRequest::targets`].
        target: usize,
        /// Index into [`BuildRequest::specs`].
        spec: usize,
        /// How.
        outcome: BuildOutcome,
        /// How long it took.
        took: Duration,
    },
}

/// The outcomes of all builds of a request.
#[derive(Debug, Clone, Default)]
pub struct Builds {
    outcomes: BTreeMap<(usize, usize), BuildOutcome>,
}

impl Builds {
    /// Returns how the build of a specification at a target ended, by their indices in the request.
    ///
    /// # Panics
    /// If the request had no such target or specification.
    #[must_use]
    pub fn outcome(&self, target: usize, spec: usize) -> &BuildOutcome {
        self.outcomes.get(&(target, spec)).expect("bug: a build that nobody asked for")
    }

    /// Returns all outcomes by the indices of target and specification.
    pub fn iter(&self) -> impl Iterator<Item = ((usize, usize), &BuildOutcome)> {
        self.outcomes.iter().map(|(key, outcome)| (*key, outcome))
    }
}

/// Building at all is impossible.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// There is no such builder.
    #[error("builder `{builder}` is not known; known are {}", known.join(", "))]
    UnknownBuilder {
        /// The builder that was asked for.
        builder: String,
        /// Those there are.
        known: Vec<String>,
    },
    /// The cache directory cannot be used.
    #[error("cache directory `{path}` cannot be used", path = path.display())]
    Cache {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The repository cannot be read.
    #[error(transparent)]
    Revision(#[from] RevisionError),
    /// Somebody stopped it.
    #[error("building was canceled")]
    Canceled,
}

/// A place to build in, with a cache that survives it.
pub struct Workshop {
    cache_dir: PathBuf,
    builders: BTreeMap<&'static str, Arc<dyn Builder>>,
    env: Vec<(String, String)>,
}

impl Workshop {
    /// Opens a workshop with all builders; `cache_dir` may be shared with other processes.
    #[must_use]
    pub fn new(cache_dir: PathBuf) -> Self {
        let builders = builders().into_iter().map(Arc::from);
        let builders = builders.map(|builder: Arc<dyn Builder>| (builder.id(), builder)).collect();
        Self { cache_dir, builders, env: Vec::new() }
    }

    /// Adds a builder, or replaces the one of the same identifier.
    #[must_use]
    pub fn with_builder(mut self, builder: Arc<dyn Builder>) -> Self {
        self.builders.insert(builder.id(), builder);
        self
    }

    /// Sets a variable of every tool that is called.
    #[must_use]
    pub fn with_env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Returns the language that a specification is written in; empty where nobody knows.
    #[must_use]
    pub fn lang(&self, spec: &BuildSpec) -> String {
        self.builders
            .get(spec.builder.as_str())
            .map_or_else(String::new, |builder| builder.lang(spec))
    }

    /// Builds every specification at every target, except what was built before.
    ///
    /// # Errors
    /// [`BuildError`] when nothing can be built at all; a build that fails is an outcome.
    pub async fn build_all(
        &self,
        request: &BuildRequest,
        events: &(dyn Fn(BuildEvent) + Send + Sync),
    ) -> Result<Builds, BuildError> {
        Session::open(self, request, events)?.run().await
    }
}

/// One request at work.
struct Session<'a> {
    workshop: &'a Workshop,
    request: &'a BuildRequest,
    events: &'a (dyn Fn(BuildEvent) + Send + Sync),
    cache: Cache,
    repository: Option<Repository>,
    /// Tells the plan's repository from others on this machine.
    name: String,
    env: Vec<(String, String)>,
}

/// A build that has to be done, or looked up.
#[derive(Clone, Copy)]
struct Task<'a> {
    target: usize,
    spec: usize,
    builder: &'a dyn Builder,
    key: Digest,
}

impl<'a> Session<'a> {
    fn open(
        workshop: &'a Workshop,
        request: &'a BuildRequest,
        events: &'a (dyn Fn(BuildEvent) + Send + Sync),
    ) -> Result<Self, BuildError> {
        let repository = Repository::find(&request.dir)?;
        let root = repository.as_ref().map_or(request.dir.as_path(), Repository::root);
        let name = machine_name(root);
        let cache = Cache::at(&workshop.cache_dir);
        let failed = |source| BuildError::Cache { path: workshop.cache_dir.clone(), source };
        std::fs::create_dir_all(&workshop.cache_dir).map_err(failed)?;
        hide_from_git(&workshop.cache_dir).map_err(failed)?;
        Ok(Self { workshop, request, events, cache, repository, name, env: workshop.env.clone() })
    }

    async fn run(mut self) -> Result<Builds, BuildError> {
        let mut builds = Builds::default();
        let mut open: Vec<Task<'a>> = Vec::new();
        for (index, spec) in self.request.specs.iter().enumerate() {
            if let Some(path) = &spec.artifact {
                let outcome = self.prebuilt(spec, path);
                for target in 0..self.request.targets.len() {
                    self.ended(&mut builds, (target, index), outcome.clone(), Duration::ZERO);
                }
                continue;
            }
            let builder = self.builder(spec)?;
            match self.toolchain(spec, builder).await {
                Err((fault, log)) => {
                    for target in 0..self.request.targets.len() {
                        let outcome = outcome_of(fault.clone(), log.clone());
                        self.ended(&mut builds, (target, index), outcome, Duration::ZERO);
                    }
                }
                Ok(toolchain) => {
                    for target in 0..self.request.targets.len() {
                        let key = self.key(target, spec, &toolchain)?;
                        open.push(Task { target, spec: index, builder, key });
                    }
                }
            }
        }
        open.retain(|task| !self.take_cached(&mut builds, task));
        if !open.is_empty() {
            let lock = self.lock().await?;
            self.env.push(lock.mark());
            self.build_open(&mut builds, &open).await;
        }
        if self.request.cancel.is_cancelled() { Err(BuildError::Canceled) } else { Ok(builds) }
    }

    fn builder(&self, spec: &BuildSpec) -> Result<&'a dyn Builder, BuildError> {
        let known = &self.workshop.builders;
        known.get(spec.builder.as_str()).map(AsRef::as_ref).ok_or_else(|| {
            BuildError::UnknownBuilder {
                builder: spec.builder.clone(),
                known: known.keys().map(|id| (*id).to_owned()).collect(),
            }
        })
    }

    /// Takes something that was built before, by hand or by an earlier composition.
    fn prebuilt(&self, spec: &BuildSpec, path: &str) -> BuildOutcome {
        let path = self.request.dir.join(path);
        match crate::revisions::of_file(&path) {
            Ok(digest) => {
                let command = vec![path.to_string_lossy().into_owned()];
                let artifact =
                    of_command(command, spec.builder.clone(), digest.to_string(), String::new());
                BuildOutcome::Ready { artifact, cached: true }
            }
            Err(error) => {
                let summary = format!("artifact `{}` cannot be read: {error}", path.display());
                outcome_of(
                    Fault::source(summary, "correct `run.artifact` of the group, or leave it out"),
                    PathBuf::new(),
                )
            }
        }
    }

    async fn toolchain(
        &self,
        spec: &BuildSpec,
        builder: &dyn Builder,
    ) -> Result<String, (Fault, PathBuf)> {
        let name = Digest::of(spec.canonical()).short();
        let path = self.workshop.cache_dir.join(format!("logs/toolchain-{}-{name}.log", self.name));
        let log =
            Log::create(path.clone()).map_err(|error| (Fault::io(&path, &error), path.clone()))?;
        let job = self.job(spec, Place::WorkTree, &self.root(), log);
        builder.toolchain(&job).await.map_err(|fault| (fault, path))
    }

    fn root(&self) -> PathBuf {
        let repository = self.repository.as_ref();
        repository.map_or_else(|| self.request.dir.clone(), |found| found.root().to_path_buf())
    }

    fn job<'j>(&'j self, spec: &'j BuildSpec, place: Place, root: &Path, log: Log) -> Job<'j> {
        let dir = match (&self.repository, place) {
            (Some(repository), Place::Commit) => root.join(repository.prefix()),
            _ => self.request.dir.clone(),
        };
        // Cargo tells two directories with the same package apart by nothing but times of change, so the worktree of
        // builds and the plan's own directory never share what is built incrementally.
        let place_name = match place {
            Place::WorkTree => "here",
            Place::Commit => "commits",
        };
        let spec_name = Digest::of(spec.canonical()).short();
        let scratch = format!("{}-{spec_name}-{place_name}", self.name);
        Job {
            spec,
            plan: &self.request.plan,
            dir,
            root: root.to_path_buf(),
            place,
            scratch: self.workshop.cache_dir.join("scratch").join(scratch),
            env: &self.env,
            log,
            cancel: self.request.cancel.clone(),
        }
    }

    /// Returns what a build is kept under: everything that its result depends on.
    fn key(&self, target: usize, spec: &BuildSpec, toolchain: &str) -> Result<Digest, BuildError> {
        let target = &self.request.targets[target];
        let mut key = Digester::new();
        key.field(KEY_FORMAT);
        key.field(&self.request.plan);
        key.field(spec.canonical());
        key.field(toolchain);
        match &self.repository {
            Some(repository) if !target.revision.commit.is_empty() => {
                key.field(repository.prefix());
                let inputs = spec.texts("build_inputs").ok().flatten().unwrap_or_default();
                key.field(repository.tree_digest(&target.revision.commit, &inputs)?.as_bytes());
                key.field(target.changes.map(|changes| changes.to_string()).unwrap_or_default());
            }
            _ => key.field(self.request.dir.as_os_str().as_encoded_bytes()),
        }
        Ok(key.finish())
    }

    fn cacheable(&self, task: &Task<'_>) -> bool {
        let target = &self.request.targets[task.target];
        !target.revision.commit.is_empty()
            && task.builder.cacheable(&self.request.specs[task.spec], target.place)
    }

    fn take_cached(&self, builds: &mut Builds, task: &Task<'_>) -> bool {
        let found = if self.cacheable(task) { self.cache.find(&task.key) } else { None };
        let Some(artifact) = found else { return false };
        let outcome = BuildOutcome::Ready { artifact, cached: true };
        self.ended(builds, (task.target, task.spec), outcome, Duration::ZERO);
        true
    }

    async fn lock(&self) -> Result<FileLock, BuildError> {
        let path = self.workshop.cache_dir.join("locks").join(&self.name);
        let waiting =
            |holder: &str| (self.events)(BuildEvent::Waiting { holder: holder.to_owned() });
        FileLock::take(&path, &self.request.cancel, waiting).await.map_err(|error| match error {
            LockError::Canceled { .. } => BuildError::Canceled,
            LockError::Io { path, source } => BuildError::Cache { path, source },
            LockError::Held { .. } => unreachable!("bug: waiting ends with the lock"),
        })
    }

    /// Builds what is `open`, target after target, since they share one directory.
    async fn build_open(&self, builds: &mut Builds, open: &[Task<'a>]) {
        let mut failed: BTreeMap<Digest, BuildOutcome> = BTreeMap::new();
        for tasks in open_by_target(open, self.request.targets.len()) {
            let mut left: Vec<Task<'a>> = Vec::new();
            let mut twins: Vec<Task<'a>> = Vec::new();
            for task in tasks {
                if let Some(outcome) = failed.get(&task.key) {
                    self.ended(builds, (task.target, task.spec), outcome.clone(), Duration::ZERO);
                } else if left.iter().any(|other| other.key == task.key) {
                    twins.push(task);
                } else if !self.take_cached(builds, &task) {
                    left.push(task);
                }
            }
            for (task, outcome, took) in self.build_target(left).await {
                if matches!(outcome, BuildOutcome::Failed { .. }) {
                    failed.insert(task.key, outcome.clone());
                }
                for twin in twins.iter().filter(|twin| twin.key == task.key) {
                    self.ended(builds, (twin.target, twin.spec), outcome.clone(), Duration::ZERO);
                }
                self.ended(builds, (task.target, task.spec), outcome, took);
            }
        }
    }

    /// Builds `tasks`, all of one target: first those that leave the source alone, side by side, then the others.
    async fn build_target(&self, tasks: Vec<Task<'a>>) -> Vec<(Task<'a>, BuildOutcome, Duration)> {
        let Some(first) = tasks.first() else { return Vec::new() };
        let target = &self.request.targets[first.target];
        let checkout = match (&self.repository, target.place) {
            (Some(repository), Place::Commit) => Some(Checkout::new(
                repository,
                self.workshop.cache_dir.join("worktrees").join(&self.name),
            )),
            _ => None,
        };
        let root = checkout.as_ref().map_or_else(|| self.root(), |c| c.dir().to_path_buf());
        if let Some(checkout) = checkout.clone() {
            let commit = target.revision.commit.clone();
            let moved = tokio::task::spawn_blocking(move || checkout.move_to(&commit)).await;
            if let Err(error) = moved.expect("bug: moving a worktree panicked") {
                let hint = "the repository or the cache directory may be damaged or full";
                let fault =
                    Fault::machinery(format!("cannot check out the revision: {error}"), hint);
                let failed =
                    |task| (task, outcome_of(fault.clone(), PathBuf::new()), Duration::ZERO);
                return tasks.into_iter().map(failed).collect();
            }
        }
        let (apart, within): (Vec<_>, Vec<_>) =
            tasks.into_iter().partition(|task| !task.builder.writes_source());
        let bound = self.request.concurrent.map_or(CONCURRENT_BUILDS, |n| n.max(1) as usize);
        let root = &root;
        let builds = apart.into_iter().map(|task| self.build(task, root));
        let mut done: Vec<_> =
            futures::stream::iter(builds).buffer_unordered(bound).collect().await;
        for task in within {
            done.push(self.build(task, root).await);
            if let Some(checkout) = checkout.clone() {
                let cleaned = tokio::task::spawn_blocking(move || checkout.clean()).await;
                if let Err(error) = cleaned.expect("bug: cleaning a worktree panicked") {
                    tracing::warn!(%error, "the worktree of builds cannot be cleaned");
                }
            }
        }
        done
    }

    async fn build(&self, task: Task<'a>, root: &Path) -> (Task<'a>, BuildOutcome, Duration) {
        let began = Instant::now();
        (self.events)(BuildEvent::Started { target: task.target, spec: task.spec });
        let path = self.workshop.cache_dir.join("logs").join(format!("{}.log", task.key));
        let outcome = match self.try_build(&task, root, &path).await {
            Ok(artifact) => BuildOutcome::Ready { artifact, cached: false },
            Err(fault) => outcome_of(fault, path),
        };
        (task, outcome, began.elapsed())
    }

    async fn try_build(&self, task: &Task<'a>, root: &Path, log: &Path) -> Result<Artifact, Fault> {
        if self.request.cancel.is_cancelled() {
            return Err(Fault::canceled());
        }
        let log = Log::create(log.to_path_buf()).map_err(|error| Fault::io(log, &error))?;
        let place = self.request.targets[task.target].place;
        let job = self.job(&self.request.specs[task.spec], place, root, log);
        std::fs::create_dir_all(&job.scratch).map_err(|error| Fault::io(&job.scratch, &error))?;
        let product = task.builder.build(&job).await?;
        let (cache, id) = (self.cache.clone(), task.builder.id());
        let key = Key { digest: task.key, whole: self.cacheable(task) };
        let kept = tokio::task::spawn_blocking(move || keep(&cache, &key, id, &product)).await;
        kept.expect("bug: keeping an artifact panicked")
            .map_err(|error| Fault::io(&self.workshop.cache_dir, &error))
    }

    fn ended(
        &self,
        builds: &mut Builds,
        at: (usize, usize),
        outcome: BuildOutcome,
        took: Duration,
    ) {
        builds.outcomes.insert(at, outcome.clone());
        (self.events)(BuildEvent::Ended { target: at.0, spec: at.1, outcome, took });
    }
}

/// Keeps `product`, unless it is something that stays where it is.
fn keep(cache: &Cache, key: &Key, builder: &str, product: &Product) -> std::io::Result<Artifact> {
    if !product.files.is_empty() {
        return cache.keep(key, builder, product);
    }
    let digest = match product.command.first() {
        Some(program) => crate::revisions::of_file(Path::new(program))?,
        None => product::digest(Path::new("/nonexistent"), &[])?,
    };
    let command = product.command.clone();
    Ok(of_command(command, builder.to_owned(), digest.to_string(), product.toolchain.clone()))
}

fn open_by_target<'a>(open: &[Task<'a>], targets: usize) -> Vec<Vec<Task<'a>>> {
    let mut by_target = vec![Vec::new(); targets];
    for task in open {
        by_target[task.target].push(*task);
    }
    by_target
}

fn outcome_of(fault: Fault, log: PathBuf) -> BuildOutcome {
    BuildOutcome::Failed { kind: fault.kind, summary: fault.summary, hint: fault.hint, log }
}

/// Makes git overlook the directory, so that what lies in it is no change of the repository around it.
pub(crate) fn hide_from_git(dir: &Path) -> std::io::Result<()> {
    let path = dir.join(".gitignore");
    if path.exists() { Ok(()) } else { std::fs::write(path, "*\n") }
}
