//! The `local:exec` runner: instances as processes.
//!
//! Each instance leads a process group and session of its own, finds Testground's environment and nothing else of
//! the engine's, and works in its output directory. Nothing of a run outlives it, and nothing outlives the engine.
//!
//! # Limits
//! Memory and processor limits are held by cgroups, version 1 or 2, where this process may make them. Where it may
//! not, the memory limit falls back to `RLIMIT_DATA` of every single process (its private writable memory), the
//! processor limit to nothing; both are told as caveats.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt as _};
use ground_core::execution::{Execution, RunRequest};

use crate::runner::{RunControl, Runner, RunnerError};

mod cgroup;
mod collect;
mod environment;
mod guard;
mod launch;
mod limits;
mod peak;
mod prepare;
mod run;
mod spawner;
mod sweep;
mod sync_view;
mod table;

pub use limits::{LimitReached, make_room};
pub use sync_view::{IdleSync, ServerSync, SyncView};

/// How `local:exec` works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalExecOptions {
    /// How long instances that were asked to end may take before they are killed.
    pub grace: Duration,
    /// How long a run that has lost an instance goes on while all others wait at barriers and nothing moves.
    pub patience: Duration,
    /// Below this every instance gets a temporary directory, removed after the run.
    pub temporary: PathBuf,
}

impl Default for LocalExecOptions {
    fn default() -> Self {
        Self {
            grace: Duration::from_secs(5),
            patience: Duration::from_secs(5),
            temporary: std::env::temp_dir(),
        }
    }
}

/// Runs instances as processes of this machine.
#[derive(Clone)]
pub struct LocalExec {
    sync: Arc<dyn SyncView>,
    options: LocalExecOptions,
}

impl LocalExec {
    /// The runner's identifier.
    pub const ID: &'static str = "local:exec";

    /// Makes a runner whose instances meet at `sync`.
    pub fn new(sync: Arc<dyn SyncView>, options: LocalExecOptions) -> Self {
        Self { sync, options }
    }
}

impl Runner for LocalExec {
    fn id(&self) -> &'static str {
        Self::ID
    }

    fn execute<'a>(
        &'a self,
        request: &'a RunRequest,
        control: &'a RunControl,
    ) -> BoxFuture<'a, Result<Execution, RunnerError>> {
        run::execute(&self.sync, &self.options, request, control).boxed()
    }
}
