use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use ground_core::composition::ResolvedRun;
use ground_core::outcome::OutcomeKind;
use ground_core::sweep::Cell;

/// How long a run may take when neither composition nor manifest says: 10 minutes, as in Testground.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(600);

/// A sweep as it is asked for.
#[derive(Debug, Clone)]
pub struct SweepRequest {
    /// The plan's name.
    pub plan: String,
    /// The plan's directory.
    pub dir: PathBuf,
    /// Whether the plan is a bare executable without a manifest: its exit status 0 alone is success.
    pub bare: bool,
    /// What is run: one for each cell of the matrix.
    pub runs: Vec<SweepRun>,
    /// Revisions as [`crate::revisions::resolve`] takes them, baseline first.
    pub revisions: Vec<String>,
    /// How often each run is repeated at each revision.
    pub repetitions: u32,
    /// The seed of order and runs; drawn anew when absent.
    pub seed: Option<u64>,
    /// What does not change what is measured.
    pub options: SweepOptions,
}

/// One cell of the matrix with what is run in it.
#[derive(Debug, Clone)]
pub struct SweepRun {
    /// The cell.
    pub cell: Cell,
    /// The run with every default filled in.
    pub resolved: ResolvedRun,
}

/// How a sweep is carried out.
#[derive(Debug, Clone)]
pub struct SweepOptions {
    /// When a run is tried again.
    pub retries: RetryPolicy,
    /// How long a run may take that does not say.
    pub timeout: Duration,
    /// Whether instances are pinned to processors.
    pub pin: bool,
    /// `TEST_REPO`, `TEST_BRANCH`, `TEST_TAG` and `TEST_INSTANCE_ROLE` where they are known.
    pub labels: BTreeMap<String, String>,
    /// Which outputs are kept.
    pub retention: Retention,
}

impl Default for SweepOptions {
    fn default() -> Self {
        Self {
            retries: RetryPolicy::default(),
            timeout: DEFAULT_TIMEOUT,
            pin: false,
            labels: BTreeMap::new(),
            retention: Retention::default(),
        }
    }
}

/// When a run is tried again; every attempt is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How often a run is tried again in one session.
    pub retries: u32,
    /// Whether failures of the system under test are tried again, too, not only those of our machinery.
    ///
    /// This hides nothing, since every attempt is recorded, but it takes time from other runs.
    pub failures: bool,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { retries: 1, failures: false }
    }
}

impl RetryPolicy {
    /// Returns whether an outcome leaves the run to be tried again, now or when the sweep is resumed.
    pub(super) fn leaves_open(&self, kind: OutcomeKind, tries: u32) -> bool {
        match kind {
            OutcomeKind::InfraError | OutcomeKind::Canceled => true,
            OutcomeKind::Success => false,
            _ => self.failures && tries <= self.retries,
        }
    }
}

/// Which outputs of instances are kept on disk after their metrics are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Retention {
    /// All of them.
    #[default]
    All,
    /// Those of runs that did not succeed.
    Failed,
    /// None.
    None,
}
