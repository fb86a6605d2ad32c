//! The flow of the whole house: plan, run, samples, store, analysis, verdict, report.
//!
//! [`measure`] carries a sweep into the store; `commands::report::write` goes from there to a site.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use ground_runner::engine::{
    Engine, EngineConfig, EngineError, OutputsCollector, Ports, SweepControl, SweepRequest,
    SweepSummary,
};
use ground_runner::local_exec::{LocalExec, LocalExecOptions, ServerSync, make_room};
use ground_runner::runner::Runner;
use ground_runner::sync_service::{SyncServer, SyncServerError};
use ground_store::{CompactOptions, OpenError, OpenMode, Store};
use tokio::sync::mpsc;

use crate::error::CliError;
use crate::exit::Exit;
use crate::hints;
use crate::live::{self, View};
use crate::recorder::StoreRecorder;

/// Where a flow reads and writes.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    /// The store's location.
    pub(crate) store: String,
    /// Journals, builds, outputs.
    pub(crate) state: std::path::PathBuf,
}

/// Measuring failed.
#[derive(Debug, thiserror::Error)]
enum MeasureError {
    #[error(transparent)]
    Store(#[from] OpenError),
    #[error(transparent)]
    Sync(#[from] SyncServerError),
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Plan to store: builds every revision, runs the sweep in its order, records every attempt.
pub(crate) async fn measure(
    places: Places,
    request: SweepRequest,
    view: View,
) -> Result<SweepSummary, CliError> {
    let control = SweepControl::default();
    let interrupts = tokio::spawn(heed_interrupts(control.clone()));
    let (events, heard) = mpsc::unbounded_channel();
    let shown = tokio::spawn(live::show(view, heard));
    let measured = sweep(&places, &request, &control, events).await;
    interrupts.abort();
    // The view ends with the engine; what it could not show is no reason to fail.
    let _ = shown.await;
    measured.map_err(of_measure)
}

async fn sweep(
    places: &Places,
    request: &SweepRequest,
    control: &SweepControl,
    events: mpsc::UnboundedSender<ground_runner::engine::EngineEvent>,
) -> Result<SweepSummary, MeasureError> {
    // Instances have working directories of their own, in which a relative path means something else.
    let state = std::path::absolute(&places.state).unwrap_or_else(|_| places.state.clone());
    let store = Store::open(&places.store, OpenMode::Create).await?;
    // Before the sync service listens, so that its backlog is as long as the limit that this raises; where there is
    // no room, the runner says so with the run at hand.
    let most = request.runs.iter().map(|run| run.resolved.total_instances()).max().unwrap_or(0);
    if let Err(limit) = make_room(u64::from(most)) {
        tracing::warn!(%limit, "there is not enough room for all instances");
    }
    let sync = Arc::new(SyncServer::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?);
    let engine = engine(&state, store.clone(), sync, events);
    let summary = engine.run_sweep(request, control).await?;
    // Many small files slow every query down; they stay readable where they cannot be merged.
    if let Err(error) = store.compact(CompactOptions::default()).await {
        tracing::warn!(%error, "the store's small files could not be merged");
    }
    Ok(summary)
}

fn engine(
    state: &Path,
    store: Store,
    sync: Arc<SyncServer>,
    events: mpsc::UnboundedSender<ground_runner::engine::EngineEvent>,
) -> Engine {
    let runners: Vec<Arc<dyn Runner>> = vec![Arc::new(LocalExec::new(
        Arc::new(ServerSync::new(sync)),
        LocalExecOptions::default(),
    ))];
    Engine::new(
        EngineConfig {
            state_dir: state.to_owned(),
            cache_dir: state.join("cache"),
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        },
        Ports {
            runners,
            recorder: Arc::new(StoreRecorder(store)),
            collector: Arc::new(OutputsCollector),
            events,
        },
    )
}

/// The first interrupt stops cleanly, the second at once.
async fn heed_interrupts(control: SweepControl) {
    if tokio::signal::ctrl_c().await.is_err() {
        return;
    }
    eprintln!(
        "stopping: the run at work is asked to end, everything finished is kept; again kills it"
    );
    control.cancel.cancel();
    if tokio::signal::ctrl_c().await.is_ok() {
        control.kill.cancel();
    }
}

fn of_measure(error: MeasureError) -> CliError {
    match error {
        MeasureError::Store(error) => hints::of_open(error),
        MeasureError::Sync(error) => CliError::from_error(Exit::Broken, &error),
        MeasureError::Engine(error) => {
            let exit = match &error {
                EngineError::Empty { .. }
                | EngineError::RepeatedCell { .. }
                | EngineError::UnknownRunner { .. }
                | EngineError::PlanName { .. }
                | EngineError::Revision(_)
                | EngineError::Build(_) => Exit::WrongInput,
                _ => Exit::Broken,
            };
            let hint = error.hint();
            CliError::from_error(exit, &error).hint(hint)
        }
    }
}
