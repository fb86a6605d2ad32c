//! Runs that cannot take place because there is nothing to run.

use ground_core::event::{Event, EventKind};
use ground_core::outcome::{Outcome, OutcomeKind};
use ground_core::record::RunRecord;
use ground_core::sweep::Slot;

use super::attempt;
use super::error::EngineError;
use super::session::Session;
use super::state::Stage;
use crate::build::{BuildOutcome, FaultKind};

/// How many bytes of a build's log go into the record.
const LOG_TAIL: usize = 16 * 1024;

impl Session<'_> {
    /// Records that a revision cannot be built, once for each of its cells; further repetitions are skipped.
    ///
    /// A failure of our machinery leaves the run to another session, which may be luckier.
    pub(super) async fn unbuilt(
        &mut self,
        slot: Slot,
        attempt: u32,
        failed: &BuildOutcome,
    ) -> Result<(), EngineError> {
        let BuildOutcome::Failed { kind, summary, log, .. } = failed else { return Ok(()) };
        if self.is_recorded_unbuilt(slot) {
            self.skip(slot);
            return Ok(());
        }
        let run = self.attempt_id(slot, attempt);
        self.start(slot, attempt, &run)?;
        let word = match kind {
            FaultKind::Source => OutcomeKind::Failure,
            FaultKind::Machinery => OutcomeKind::InfraError,
            FaultKind::Canceled => OutcomeKind::Canceled,
        };
        let outcome = Outcome::new(word, format!("build failed: {summary}"));
        let at_ns = self.engine.clock.wall_ns();
        let mut row = attempt::row(self, slot, (attempt, run), &[]);
        (row.started_ns, row.ended_ns, row.outcome) = (at_ns, at_ns, outcome);
        let message = Event { at_ns, instance: None, kind: EventKind::Message(tail(log)) };
        let record = RunRecord {
            run: row,
            instances: Vec::new(),
            metrics: Vec::new(),
            samples: Vec::new(),
            sketches: Vec::new(),
            points: Vec::new(),
            events: vec![message],
        };
        self.record(slot, record, word != OutcomeKind::Failure).await
    }

    /// Returns whether an earlier run of the same cell and revision has been recorded in this batch, or one before.
    fn is_recorded_unbuilt(&self, slot: Slot) -> bool {
        let twin = |other: &&ground_core::sweep::Slot| {
            other.position < slot.position
                && other.cell == slot.cell
                && other.revision == slot.revision
                && other.repetition < slot.repetition
        };
        let recorded = |other: &ground_core::sweep::Slot| {
            let tried = self.state.tried(other.position);
            tried.is_some_and(|tried| matches!(tried.stage, Stage::Recorded { .. }))
        };
        self.state.slots.iter().filter(twin).any(recorded)
    }
}

fn tail(log: &std::path::Path) -> String {
    let bytes = std::fs::read(log).unwrap_or_default();
    let from = bytes.len().saturating_sub(LOG_TAIL);
    String::from_utf8_lossy(&bytes[from..]).into_owned()
}
