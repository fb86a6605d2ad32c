//! What every runner is, and how the engine follows one at work.

use futures::future::BoxFuture;
use ground_core::execution::{Execution, RunRequest};
use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

/// Where instances live.
pub trait Runner: Send + Sync {
    /// Returns the identifier, such as `local:exec`.
    fn id(&self) -> &'static str;

    /// Executes one run to its end and tells how every instance fared.
    ///
    /// Failing instances are part of the answer; an error means that the machinery failed. Whatever the end, nothing
    /// of the run is left: no process, no cgroup, no state in the sync service.
    fn execute<'a>(
        &'a self,
        request: &'a RunRequest,
        control: &'a RunControl,
    ) -> BoxFuture<'a, Result<Execution, RunnerError>>;
}

/// How the engine follows a run and stops it.
#[derive(Debug, Clone)]
pub struct RunControl {
    /// Ends the run: instances are asked to stop, then killed after a grace period.
    pub cancel: CancellationToken,
    /// Ends the run at once.
    pub kill: CancellationToken,
    /// Where progress goes; nobody needs to listen.
    pub progress: UnboundedSender<RunProgress>,
}

/// What happens within a run, for live views.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RunProgress {
    /// Instances by state.
    Instances {
        /// Asked for.
        total: u64,
        /// Started so far.
        started: u64,
        /// Gone with success.
        succeeded: u64,
        /// Gone otherwise.
        failed: u64,
    },
    /// The barriers that somebody waits at.
    Barriers(Vec<OpenBarrier>),
}

/// A barrier that somebody waits at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenBarrier {
    /// The state's name, without the run's prefix.
    pub state: String,
    /// Signals so far.
    pub arrived: u64,
    /// Signals it waits for.
    pub target: u64,
    /// Instances that have not signalled, as far as they are known.
    pub missing: Vec<String>,
}

/// The machinery of a runner failed.
#[derive(Debug, thiserror::Error)]
#[error("{what}")]
pub struct RunnerError {
    /// What failed, in one line.
    pub what: String,
    /// What to do about it; empty where nothing is known.
    pub hint: String,
    /// What led to it.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}
