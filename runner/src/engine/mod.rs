//! The run engine: builds, orders, executes, records and resumes a sweep.
//!
//! The order of things is: resolve the revisions, build everything, put the runs into randomized balanced blocks
//! (`ground_core::sweep::schedule`), then for each run execute, collect, record, note in the journal. A journal that is
//! found ends nowhere but where it was cut off, so the same request resumes.

mod attempt;
mod clock;
mod contamination;
mod error;
mod event;
mod journal;
mod ports;
mod prepare;
mod request;
mod retention;
mod rule;
mod session;
mod state;
mod unbuilt;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::mpsc::UnboundedSender;
use tokio_util::sync::CancellationToken;

pub use clock::{Clock, SystemClock};
pub use contamination::{FOREIGN_SHARE, LOAD_BEFORE, PRESSURE_BEFORE, STEAL_SHARE};
pub use error::{EngineError, StorageTrouble};
pub use event::EngineEvent;
pub use journal::{JOURNAL_VERSION, JournalError};
pub use ports::{BoxError, Collected, Collector, OutputsCollector, Recorder};
pub use request::{Retention, RetryPolicy, SweepOptions, SweepRequest, SweepRun};
pub use rule::{BlockReport, Decision, StoppingRule};
pub use session::{FailedBuild, SweepEnd, SweepSummary};

use crate::build::Workshop;
use crate::fingerprint::{Environment, Linux};
use crate::runner::Runner;

/// Where an engine keeps what it needs.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// Journals and outputs.
    pub state_dir: PathBuf,
    /// Artifacts and what they are built in; may be shared by several engines.
    pub cache_dir: PathBuf,
    /// Version of the tool, for fingerprints and journals.
    pub tool_version: String,
}

/// What an engine works with.
pub struct Ports {
    /// Where instances live; a sweep names them by their identifiers.
    pub runners: Vec<Arc<dyn Runner>>,
    /// Where records go.
    pub recorder: Arc<dyn Recorder>,
    /// What reads the outputs of instances.
    pub collector: Arc<dyn Collector>,
    /// Where the engine tells what happens; nobody needs to listen.
    pub events: UnboundedSender<EngineEvent>,
}

/// How a sweep is stopped.
#[derive(Debug, Clone, Default)]
pub struct SweepControl {
    /// Stops cleanly: the run at work is asked to end, everything is saved, the same request resumes.
    pub cancel: CancellationToken,
    /// Stops at once: the run at work is killed.
    pub kill: CancellationToken,
}

/// Runs sweeps.
pub struct Engine {
    config: EngineConfig,
    runners: BTreeMap<String, Arc<dyn Runner>>,
    recorder: Arc<dyn Recorder>,
    collector: Arc<dyn Collector>,
    events: UnboundedSender<EngineEvent>,
    workshop: Workshop,
    clock: Arc<dyn Clock>,
    environment: Arc<dyn Environment>,
    rule: Option<Arc<dyn StoppingRule>>,
}

impl Engine {
    /// Makes an engine that measures this machine by its own clock.
    #[must_use]
    pub fn new(config: EngineConfig, ports: Ports) -> Self {
        let runners = ports.runners.into_iter().map(|runner| (runner.id().to_owned(), runner));
        Self {
            workshop: Workshop::new(config.cache_dir.clone()),
            environment: Arc::new(Linux::here(&config.tool_version)),
            clock: Arc::new(SystemClock::start()),
            runners: runners.collect(),
            recorder: ports.recorder,
            collector: ports.collector,
            events: ports.events,
            rule: None,
            config,
        }
    }

    /// Asks `rule` after each block whether its cell is decided.
    #[must_use]
    pub fn with_rule(mut self, rule: Arc<dyn StoppingRule>) -> Self {
        self.rule = Some(rule);
        self
    }

    /// Builds in `workshop`.
    #[must_use]
    pub fn with_workshop(mut self, workshop: Workshop) -> Self {
        self.workshop = workshop;
        self
    }

    /// Learns about the machine from `environment`.
    #[must_use]
    pub fn with_environment(mut self, environment: Arc<dyn Environment>) -> Self {
        self.environment = environment;
        self
    }

    /// Takes the time from `clock`.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Runs a sweep to its end, or resumes the one that the same request began.
    ///
    /// A request whose sweep is complete gathers as many repetitions once more. A build or a run that fails is part
    /// of the answer.
    ///
    /// # Errors
    /// [`EngineError`] when the request cannot be carried out at all, another engine runs the same sweep, or what was
    /// measured cannot be kept; everything that was recorded before stays, and the same request resumes.
    pub async fn run_sweep(
        &self,
        request: &SweepRequest,
        control: &SweepControl,
    ) -> Result<SweepSummary, EngineError> {
        let prepared = prepare::prepare(self, request, control).await?;
        let summary = session::Session::open(self, request, control, prepared)?.run().await?;
        self.tell(EngineEvent::SweepEnded(Box::new(summary.clone())));
        Ok(summary)
    }

    fn tell(&self, event: EngineEvent) {
        let _ = self.events.send(event);
    }
}

#[cfg(test)]
mod tests;
