use std::path::PathBuf;
use std::time::Duration;

use ground_core::id::{RunId, SweepId};
use ground_core::outcome::Outcome;
use ground_core::revision::Revision;
use ground_core::sweep::{Cell, Slot};

use super::session::SweepSummary;
use crate::runner::RunProgress;

/// What happens in a sweep, for live views and machine output.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum EngineEvent {
    /// Another engine builds the same plan at the moment.
    BuildWaiting {
        /// Its process id, as it wrote it.
        holder: String,
    },
    /// A build began.
    Building {
        /// What is built.
        revision: Revision,
        /// By which builder.
        builder: String,
    },
    /// A build ended well, or was found in the cache.
    Built {
        /// What was built.
        revision: Revision,
        /// By which builder.
        builder: String,
        /// Whether it was built before.
        cached: bool,
        /// How long it took.
        took: Duration,
    },
    /// A build gave nothing; the sweep goes on without it.
    BuildFailed {
        /// What was built.
        revision: Revision,
        /// By which builder.
        builder: String,
        /// What failed, in one line.
        summary: String,
        /// What to do about it; empty where nothing is known.
        hint: String,
        /// Everything that the tools said.
        log: PathBuf,
    },
    /// The order stands; runs begin.
    SweepPlanned {
        /// The sweep.
        sweep: SweepId,
        /// Where its journal is.
        dir: PathBuf,
        /// The cells of the matrix.
        cells: Vec<Cell>,
        /// The revisions, baseline first.
        revisions: Vec<Revision>,
        /// All runs of the sweep as it stands.
        total: u64,
        /// Those done before.
        done: u64,
        /// The seed of order and runs.
        seed: u64,
        /// Whether the sweep was begun before and goes on now.
        resumed: bool,
    },
    /// A run began.
    RunStarted {
        /// The attempt.
        run: RunId,
        /// Which of the sweep's runs it is.
        slot: Slot,
        /// Counts tries of the same run, from 1.
        attempt: u32,
    },
    /// Something happened within a run.
    RunProgress {
        /// The attempt.
        run: RunId,
        /// What.
        progress: RunProgress,
    },
    /// A run ended; it is not recorded yet.
    RunEnded {
        /// The attempt.
        run: RunId,
        /// How.
        outcome: Outcome,
        /// How long it took.
        took: Duration,
    },
    /// A run is recorded and will never be repeated.
    Recorded {
        /// The attempt.
        run: RunId,
        /// Whether the record was found after a crash, instead of made now.
        found: bool,
        /// Runs that are done.
        done: u64,
        /// All runs of the sweep as it stands.
        total: u64,
        /// How much longer the sweep takes, as far as that can be told.
        eta: Option<Duration>,
    },
    /// A run cannot take place, since there is nothing to run.
    RunSkipped {
        /// Which of the sweep's runs it is.
        slot: Slot,
        /// Runs that are done.
        done: u64,
        /// All runs of the sweep as it stands.
        total: u64,
    },
    /// The stopping rule wants more blocks of a cell.
    BlocksAdded {
        /// The cell.
        cell: Cell,
        /// How many were added.
        blocks: u32,
    },
    /// The stopping rule needs no more blocks of a cell.
    CellDecided {
        /// The cell.
        cell: Cell,
        /// Why, in one line.
        reason: String,
    },
    /// The sweep ended.
    SweepEnded(Box<SweepSummary>),
}
